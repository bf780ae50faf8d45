"""What commands that are not Debian's own need on Alpine."""

from __future__ import annotations

import pytest

from rewriter.model.run import Step, steps
from rewriter.model.stages import Model
from rewriter.shell import Opaque
from rewriter.syntax import parse
from rewriter.userland.needs import alpine_needs


def steps_of(run: str, before: str = "") -> tuple[Step, ...]:
    stage = Model(parse(f"FROM x\n{before}RUN {run}\n")).stages[-1]
    found = steps(stage.instructions[-1], stage.states[-2])
    assert not isinstance(found, Opaque), found
    return found


def needs(run: str, *installed: str, before: str = "", family: str = "debian") -> str | tuple[str, ...]:
    return alpine_needs(steps_of(run, before)[0], frozenset(installed), family)


NEEDS: dict[str, tuple[str, ...]] = {
    "grep -qE x y": (),
    "wget -qO- http://x": (),
    "wget -qO/dev/null http://x": (),
    "wget -NO x http://x": ("wget",),
    "grep -P x y": ("grep",),
    "sed -i s/a/b/ f": (),
    "sed -z s/a/b/ f": ("sed",),
    "sed 's/a/\\U&/' f": ("sed",),
    "find . -name x -type f -delete": (),
    "find . -name x -exec chmod -R 755 {} +": (),
    "find . -exec rm -rf {} ';' -printf x": ("findutils",),
    "find . -newermt 2020-01-01": ("findutils",),
    "find /usr/local -depth '(' -type d -a -name test ')'": (),
    "xargs -r -n 1 rm": (),
    "xargs -d x rm": ("findutils",),
    "tar -xzf x --strip-components=1 -C /y": (),
    "tar xzf x": (),
    "tar --transform s/a/b/ -cf x y": ("tar",),
    "tar -I zstd -xf x": ("tar",),
    "wget -q -O x https://y": (),
    "wget -N https://y": ("wget",),
    "wget --progress=dot https://y": ("wget",),
    "curl -fsSL https://y": ("curl",),
    "mktemp -d": (),
    "mktemp --suffix=.x": ("coreutils",),
    "ln -sf a b": (),
    "ln -r a b": ("coreutils",),
    "readlink -f x": (),
    "readlink -e x": ("coreutils",),
    "stat --format=%s x": ("coreutils",),
    "du --max-depth=1": ("coreutils",),
    "df --output=x": ("coreutils",),
    "realpath --relative-to=/a b": ("coreutils",),
    "date -d yesterday": ("coreutils",),
    "sha256sum -c x": (),
    "sha256sum --check --status x": ("coreutils",),
    "base64 -d x": (),
    "base64 --decode x": ("coreutils",),
    "rm --recursive x": ("coreutils",),
    "cp --parents a b": ("coreutils",),
    "chmod --reference=a b": ("coreutils",),
    "gzip --keep x": ("gzip",),
    "ps": (),
    "ps aux": ("procps",),
    "ps -ef": ("procps",),
    "column -t": ("util-linux",),
    "ss -ltn": ("iproute2",),
    "watch -c x": ("procps",),
    "killall -r x": ("psmisc",),
    "getent passwd x": (),
    "jq . x": ("jq",),
    "envsubst": ("gettext",),
    "psql -c x": ("postgresql-client",),
    "nc -z db 5432": (),
    "nc -N db 5432": ("netcat-openbsd",),
    "dig x": ("bind-tools",),
    "ping -c 1 x": (),
    "git clone x": ("git",),
    "gcc -c x.c": ("build-base",),
    "autoreconf -i": ("autoconf",),
    "pg_config --version": ("libpq-dev",),
    "bash-completion": (),
    "update-ca-certificates": ("ca-certificates",),
    "python3 x.py": ("python3",),
    "ldconfig": (),
    "ldconfig /usr/local/lib": (),
    "ldconfig -v": (),
    "true": (),
    "[ -f x ]": (),
    "A=1": (),
    "ln -snf /usr/share/zoneinfo/Europe/Paris /etc/localtime": ("tzdata",),
    "echo x": (),
    "install -d -m 0755 /x": (),
    "seq 1 3": (),
    "seq -f %03g 3": ("coreutils",),
    "head -n 1 x": (),
    "diff -u a b": (),
    "diff --color a b": ("diffutils",),
    "chpasswd": (),
    "env A=1 make_it": (),
    "ln -sf /usr/bin/python3 /usr/bin/python": (),
    "timeout 5 true": (),
}


@pytest.mark.parametrize("run", NEEDS)
def test_packages(run: str) -> None:
    assert needs(run, "bash-completion", "make_it") == NEEDS[run]


VETOES = {
    "unknown-program x": "`unknown-program` is not known to work the same on Alpine",
    "$CMD x": "`$CMD` is only known at run time",
    "make": "runs the commands of a Makefile",
    "bash -c x": "runs a script",
    ". ./x": "runs a script",
    "su - x -c y": "runs a script",
    "service nginx start": "no init system",
    "systemctl enable x": "needs systemd",
    "cron -f": "another cron",
    "supervisord -n": "another configuration",
    "gosu x y": "not in every release",
    "apt-get update": "installs Debian packages",
    "locale -a": "lists locales",
    "ldconfig /opt/lib": "`ldconfig /opt/lib` names a folder",
    "ldconfig $X": "names a folder that musl does not look into",
    "hostname -I": "`hostname -I` is not known to busybox",
    "echo 'a\\nb' > x": "`echo` with backslashes",
    "ln -s /usr/bin/nodejs /usr/bin/node": "`/usr/bin/node` may be there already",
    "ln -sf /usr/bin/nodejs /usr/local/bin/node": "`/usr/bin/nodejs` may be there already on Alpine, or lie elsewhere",
    "ln -sf /bin/bash /bin/sh": "`/bin/sh` may be there already",
    "sudo -u x git pull": "`sudo` is called with options",
    "sudo": "`sudo` is called with options",
    "sudo service x start": "no init system",
    "passwd --stdin x": "`passwd --stdin` is not known to busybox",
}


@pytest.mark.parametrize("run", VETOES)
def test_vetoes(run: str) -> None:
    answer = needs(run)
    assert isinstance(answer, str)
    assert VETOES[run] in answer


def test_what_is_installed_is_not_needed() -> None:
    assert needs("jq .", "jq") == ()
    assert needs("grep -P x", "grep") == ()
    assert needs("sha256sum --check x", "coreutils") == ()
    assert needs("htop", "htop") == ()
    assert needs("sudo git pull") == ("sudo", "git")
    assert needs("sudo git pull", "sudo", "git") == ()
    assert needs("sudo -E -H jq .", "sudo") == ("jq",)


def test_pip_of_alpine_s_own_python() -> None:
    assert "refused by Alpine's own Python" in needs("pip3 install x", "py3-pip")
    assert needs("pip3 install --break-system-packages x", "py3-pip") == ()
    assert needs("pip3 install x", "py3-pip", before="ENV PIP_BREAK_SYSTEM_PACKAGES=1\n") == ()


BASHISMS = {
    "mkdir -p /a/{b,c}": "{b,c}",
    "touch f{1..3}": "{1..3}",
    "cat <<< word": "<<<",
    "a=(1 2)": "a=(1 2)",
    "a+=x": "a+=x",
    'echo "${a^^}"': "${a^^",
    'echo "${a,,}"': "${a,,",
    'echo "${!a}"': "${!",
    'echo "${a[0]}"': "${a[",
    "declare x": "declare",
    "pushd /x": "pushd",
    "shopt -s x": "shopt",
    "read -a x": "read -a",
    "export -f x": "export -f",
    "printf %q x": "printf %q",
    "echo $SECONDS": "$SECONDS",
    "echo ${BASH_SOURCE}": "${BASH_SOURCE",
}


@pytest.mark.parametrize("run", BASHISMS)
def test_bash_of_red_hat(run: str) -> None:
    answer = needs(run, family="rhel")
    assert isinstance(answer, str)
    assert answer.startswith(f"`{BASHISMS[run]}")
    assert "only known to bash" in answer


FINE = ["mkdir -p '/a/{b,c}'", 'echo "{b,c}"', "echo ${a//b/c}", "[[ a == a* ]]", "local x", "echo $RANDOM",
        "awk '{print $1,$2}' x", "echo a{b", "a=1"]  # fmt: skip


@pytest.mark.parametrize("run", FINE)
def test_what_ash_reads_as_well(run: str) -> None:
    assert needs(run, family="rhel") == ()


def test_bash_is_wanted_where_it_is_named() -> None:
    shell = 'SHELL ["/bin/bash", "-o", "pipefail", "-c"]\n'
    assert needs("mkdir -p /a/{b,c}", before=shell) == ("bash",)
    assert needs("mkdir -p /a/{b,c}", "bash", before=shell) == ()
    assert needs("shopt -s x", "bash", before=shell) == ()
    assert needs("echo 'a\\nb' > x", "bash", before=shell) == ()
    pipe = steps_of("git x |& cat")[1]
    assert "`|&`" in alpine_needs(pipe, frozenset(), "rhel")
