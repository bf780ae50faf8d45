"""Users and groups in busybox's words."""

from __future__ import annotations

import pytest

from tests.userland.carrying import body, carried, refused, target

DEBIAN = {
    "groupadd -r app": "addgroup -S app",
    "groupadd --system --gid 1500 app": "addgroup -S -g 1500 app",
    "groupadd -g 1000 app": "addgroup -g 1000 app",
    "groupadd -f app": "addgroup app",
    "groupadd --gid=1000 app": "addgroup -g 1000 app",
    "useradd app": "adduser -D -H app",
    "useradd -m app": "adduser -D app",
    "useradd -ms /bin/sh app": "adduser -D -s /bin/sh app",
    "useradd -lmU app": "adduser -D app",
    "useradd -m -u 1000 -g root -s /bin/sh app": "adduser -D -u 1000 -G root -s /bin/sh app",
    "useradd -u1000 app": "adduser -D -H -u 1000 app",
    "useradd -M -d /app app": "adduser -D -H -h /app app",
    "useradd -m -c 'The app' app": "adduser -D -g 'The app' app",
    "useradd app -m -u 1000": "adduser -D -u 1000 app",
    "useradd -r app": "addgroup -S app && adduser -S -D -H -G app -s /bin/sh app",
    "useradd -r -u 1500 -s /usr/sbin/nologin app": "addgroup -g 1500 -S app && adduser -S -D -H -G app -u 1500 "
    "-s /sbin/nologin app",
    "useradd -r -g nogroup app": "adduser -S -D -H -s /bin/sh -G nogroup app",
    "useradd --system --create-home --home-dir /srv --shell=/bin/false app": "addgroup -S app && adduser -S -D -G app "
    "-h /srv -s /bin/false app",
    "useradd -m -G audio,video app": "adduser -D app && addgroup app audio && addgroup app video",
    "groupadd -g 1000 app && useradd -u 1000 -g 1000 app": "addgroup -g 1000 app && adduser -D -H -u 1000 -G app app",
    "groupadd app && useradd -g app -N x": "addgroup app && adduser -D -H -G app x",
    "useradd x && usermod -aG audio x": "adduser -D -H x && addgroup x audio",
    "useradd x && usermod -a -G audio,video x": "adduser -D -H x && addgroup x audio && addgroup x video",
    "useradd x && userdel -r x": "adduser -D -H x && deluser --remove-home x",
    "groupadd x && groupdel x": "addgroup x && delgroup x",
    "adduser --disabled-password --gecos '' app": "adduser -D app",
    "adduser --disabled-password --gecos 'The app' --uid 1000 --shell /bin/sh app": "adduser -D -g 'The app' -u 1000 "
    "-s /bin/sh app",
    "adduser --disabled-login --no-create-home --home /app app": "adduser -D -H -h /app app",
    "adduser --system --group app": "addgroup -S app && adduser -S -D -G app app",
    "adduser --system --no-create-home --ingroup nogroup app": "adduser -S -D -H -G nogroup app",
    "adduser --system --quiet app": "adduser -S -D app",
    "addgroup --system --gid 1500 app": "addgroup -S -g 1500 app",
    "addgroup --gid 1000 g && adduser --disabled-password --gid 1000 x": "addgroup -g 1000 g && adduser -D -G g x",
    "adduser --disabled-password app && deluser --remove-home app": "adduser -D app && deluser --remove-home app",
    "useradd -m app && echo 'app:secret' | chpasswd": "adduser -D app && echo 'app:secret' | chpasswd",
}


@pytest.mark.parametrize("before", DEBIAN)
def test_debian(before: str) -> None:
    assert body(f"RUN {before}\n") == f"RUN {DEBIAN[before]}\n"


def test_words_stay_in_their_lines() -> None:
    before = (
        "RUN groupadd -r -g 1500 app \\\n  # the user\n  && useradd -r \\\n    -u 1500 \\\n    -g app \\\n    app\n"
    )
    after = (
        "RUN addgroup -S -g 1500 app \\\n  # the user\n  && adduser -S -D -H -s /bin/sh \\\n    -u 1500 \\\n"
        "    -G app \\\n    app\n"
    )
    assert body(before) == after


def test_variables_stay_variables() -> None:
    head = "FROM debian\nARG UID=1000\nARG NAME=me\n"
    before = 'RUN groupadd -g ${UID} $NAME && useradd -u "$UID" -g ${UID} -G audio $NAME\n'
    after = 'RUN addgroup -g ${UID} $NAME && adduser -D -H -u "$UID" -G $NAME $NAME && addgroup $NAME audio\n'
    assert body(before, head=head) == after
    system = "RUN useradd -r -u $UID $NAME\n"
    assert body(system, head=head) == (
        "RUN addgroup -g $UID -S $NAME && adduser -S -D -H -G $NAME -s /bin/sh -u $UID $NAME\n"
    )


def test_a_number_that_is_not_known() -> None:
    answer = carried("FROM debian\nARG UID\nRUN useradd -u $UID app\n")
    assert [e.fact for e in answer.evidence] == ["the number $UID of app is only known at run time"]


def test_numbers_that_change_are_doubted() -> None:
    facts = [e.fact for e in carried("FROM debian\nRUN groupadd -r g && useradd -r -g g u\n").evidence]
    assert facts == ["the group g gets another number on Alpine", "the user u gets another number on Alpine"]
    (nogroup, number) = carried("FROM debian\nRUN adduser --system u\n").evidence
    assert "65533" in nogroup.fact
    assert "another number" in number.fact
    assert carried("FROM debian\nRUN useradd -u 1000 u\n").evidence == ()


def test_shells_that_need_a_package() -> None:
    text = "FROM debian\nRUN useradd -ms /bin/bash app\n"
    assert carried(text).wants == {"bash": "line 2 names /bin/bash"}
    assert carried(text, target(has=frozenset({"bash"}))).wants == {}
    assert carried("FROM debian\nRUN apt-get install -y bash && useradd -s /bin/bash app\n").wants == {}
    assert body("RUN useradd -s /usr/bin/bash app\n") == "RUN adduser -D -H -s /bin/bash app\n"


def test_shadow_is_wanted_where_busybox_has_nothing() -> None:
    to = target(users=frozenset({"node"}), groups=frozenset({"node"}))
    text = "FROM node\nRUN usermod -u 1001 node && groupmod -g 1001 node && apt-get update\n"
    assert carried(text, to).wants == {"shadow": "line 2 calls usermod"}
    assert body(text.partition("\n")[2], to) == "RUN usermod -u 1001 node && groupmod -g 1001 node\n"


def test_accounts_of_before() -> None:
    to = target(users=frozenset({"node"}), groups=frozenset({"node", "app"}))
    assert body("RUN useradd -g app -G node x\n", to) == "RUN adduser -D -H -G app x && addgroup x node\n"
    assert body("RUN userdel node\n", to) == "RUN deluser node\n"
    assert "is on Alpine already" in refused("FROM node\nRUN useradd node\n", to)
    assert "is on Alpine already" in refused("FROM node\nRUN groupadd app\n", to)
    answer = carried("FROM node\nRUN groupadd g && useradd -g g u\n")
    assert (answer.users, answer.groups) == (frozenset({"u"}), frozenset({"g"}))
    assert carried("FROM node\nRUN useradd u\n").groups == frozenset({"u"})


def test_red_hat() -> None:
    to = target(family="rhel")
    assert body("RUN useradd app\n", to) == "RUN adduser -D app\n"
    assert body("RUN adduser -r app\n", to) == "RUN addgroup -S app && adduser -S -D -H -G app -s /bin/sh app\n"
    assert body("RUN useradd -M app\n", to) == "RUN adduser -D -H app\n"


REFUSED = {
    "useradd -p x app": "`-p` of `useradd`",
    "useradd -o -u 1000 app": "`-o` of `useradd`",
    "useradd -K A=1 app": "`-K` of `useradd`",
    "useradd -e 2030-01-01 app": "`-e` of `useradd`",
    "useradd -mk /x app": "`-k` of `useradd`",
    "useradd --badname app": "`--badname` of `useradd`",
    "useradd --system=x app": "`--system` of `useradd`",
    "useradd -u1.0 app": "`-u1.0` of `useradd`",
    "useradd -u": "ends with an option that needs a value",
    "useradd": "names no account",
    "useradd a b": "names no account, or several",
    "useradd äpp": "`äpp` is no name for an account on Alpine",
    "groupadd a+b": "`a+b` is no name for an account on Alpine",
    "useradd $(id)": "`$(id)` of `useradd` is only known at run time",
    "useradd -g other app": "the group other is not known",
    "useradd -g 1234 app": "the group 1234 is only a number",
    "useradd -G sudo app": "the group sudo is not known",
    "useradd -N app": "`useradd -N` puts app",
    "useradd -u 33 app": "33 belongs to the user xfs",
    "useradd -r -u 999 app": "999 belongs to the group ping",
    "useradd games": "the user games is on Alpine already",
    "useradd -s /bin/fish app": "the shell `/bin/fish`",
    "useradd app && useradd app": "the user app is made twice",
    "groupadd app && useradd app": "the group app is there already",
    "groupadd www-data": "the group www-data is on Alpine already",
    "groupadd -g 82 web": "82 belongs to the group www-data",
    "groupadd -o -g 1 web": "`-o` of `groupadd`",
    "adduser app": "asks for a password",
    "adduser --force-badname --disabled-login app": "`--force-badname` of `adduser`",
    "adduser app audio": "the user app is not known",
    "addgroup root docker": "the group docker is not known",
    "usermod -aG docker app": "the user app is not known",
    "useradd app && usermod -aG docker app": "the group docker is not known",
    "usermod -u 1000 www-data": "`usermod` changes www-data",
    "useradd app && usermod -o -u 0 app": "`usermod` with such options",
    "groupmod -g 1000 www-data": "`groupmod` changes www-data",
    "userdel games": "`userdel` deletes games",
    "deluser": "`deluser` deletes nothing",
    "useradd app && userdel --selinux-user app": "`userdel --selinux-user`",
    "make || useradd -r app": "two commands where there is room for one",
    "useradd -r app > log": "two commands where there is room for one",
    "useradd app && usermod -aG audio,video app > log": "two commands where there is room for one",
    "gpasswd -a a b": "does not exist on Alpine",
    "chsh -s /bin/bash": "does not exist on Alpine",
}


@pytest.mark.parametrize("command", REFUSED)
def test_refusals(command: str) -> None:
    assert REFUSED[command] in refused(f"FROM debian\nRUN {command}\n")


def test_two_words_for_a_user_that_is_there() -> None:
    to = target(users=frozenset({"node"}))
    assert body("RUN adduser node audio && apt-get update\n", to) == "RUN adduser node audio\n"
    assert body("RUN addgroup node audio && apt-get update\n", to) == "RUN addgroup node audio\n"


def test_what_means_the_same_is_taken_care_of() -> None:
    to = target(users=frozenset({"node"}), groups=frozenset({"node"}))
    alone = carried("FROM node\nRUN usermod -u 1500 node && adduser node audio\n", to)
    assert alone.edits == ()
    assert len(alone.handled) == 2
    assert alone.wants == {"shadow": "line 2 calls usermod"}
    assert len(carried("FROM debian\nRUN useradd app && adduser app audio\n").handled) == 2


def test_numbers_on_ubuntu() -> None:
    facts = [item.fact for item in carried("FROM ubuntu\nRUN useradd -m app\n", target(family="ubuntu")).evidence]
    assert facts == ["the user app may get another number on Alpine"]
    assert carried("FROM ubuntu\nRUN useradd -m -u 1001 app\n", target(family="ubuntu")).evidence == ()
    assert carried("FROM debian\nRUN useradd -m app\n").evidence == ()
