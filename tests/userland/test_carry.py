"""RUN instructions in the shapes that public Dockerfiles have, before and after."""

from __future__ import annotations

import pytest

from rewriter.transform import Certainty
from tests.userland.carrying import Carried, body, carried, carry, refused, rewritten, target

INSTALLS = {
    "one line": (
        "RUN apt-get update && apt-get install -y --no-install-recommends git make && rm -rf /var/lib/apt/lists/*\n",
        "RUN apk add --no-cache git make\n",
    ),
    "what else is deleted stays": (
        "RUN apt-get update -y && apt-get install -y --no-install-recommends git make "
        "&& rm -rf /var/lib/apt/lists/* /tmp/*\n",
        "RUN apk add --no-cache git make && rm -rf /tmp/*\n",
    ),
    "operators first": (
        "RUN apt-get update \\\n    && apt-get install -y --no-install-recommends \\\n        zlib1g-dev \\\n"
        "        make \\\n    && rm -rf /var/lib/apt/lists/* \\\n    && echo done\n",
        "RUN apk add --no-cache \\\n        zlib-dev \\\n        make \\\n    && echo done\n",
    ),
    "operators last": (
        "RUN apt-get update && \\\n    apt-get install -y --no-install-recommends make && \\\n    apt-get clean && \\\n"
        "    echo done\n",
        "RUN apk add --no-cache make && \\\n    echo done\n",
    ),
    "official style": (
        "RUN set -eux; \\\n\tapt-get update; \\\n\tapt-get install -y --no-install-recommends \\\n\t\tmake \\\n"
        "\t\tapt-transport-https \\\n\t; \\\n\trm -rf /var/lib/apt/lists/*; \\\n\techo done\n",
        "RUN set -eux; \\\n\tapk add --no-cache \\\n\t\tmake \\\n\t; \\\n\techo done\n",
    ),
    "comments travel with the lines": (
        "RUN apt-get update && apt-get install -y --no-install-recommends \\\n    # compilers \\\n    gcc \\\n"
        "    # not needed\n    apt-utils \\\n    # tls\n    libssl-dev \\\n # end\n && rm -rf /var/lib/apt/lists/*\n",
        "RUN apk add --no-cache \\\n    # compilers \\\n    gcc musl-dev \\\n    # not needed\n    # tls\n"
        "    openssl-dev\n # end\n",
    ),
    "a comment behind the last word": (
        "RUN apt-get update && apt-get install -y --no-install-recommends \\\n  make \\\n  # only for debconf\n"
        "  apt-utils\nCMD make\n",
        "RUN apk add --no-cache \\\n  make\n  # only for debconf\nCMD make\n",
    ),
    "comments between commands": (
        "RUN apt-get update && \\\n    # install\n    apt-get install -y --no-install-recommends make && \\\n"
        "    # clean\n    apt-get clean && \\\n    # say\n    echo done\n",
        "RUN \\\n    # install\n    apk add --no-cache make && \\\n    # clean\n    # say\n    echo done\n",
    ),
    "names are written once": (
        "RUN apt-get install -y --no-install-recommends build-essential g++ gcc libc6-dev\n",
        "RUN apk add --no-cache build-base g++ musl-dev gcc\n",
    ),
    "options before the command word": (
        "RUN apt-get -qq update && apt-get -qq -y --no-install-recommends install make\n",
        "RUN apk add --no-cache make\n",
    ),
    "apt": (
        "RUN apt update && apt install -y --no-install-recommends make && apt autoremove -y\n",
        "RUN apk add --no-cache make\n",
    ),
    "settings of apt": (
        "RUN apt-get install -y -o Dpkg::Options::=--force-confold -oAcquire::Retries=3 "
        '-o APT::Install-Recommends="false" git\n',
        "RUN apk add --no-cache git\n",
    ),
    "frontend before the command": (
        "RUN DEBIAN_FRONTEND=noninteractive apt-get update && \\\n"
        "    DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends make\n",
        "RUN apk add --no-cache make\n",
    ),
    "frontend through env": (
        "RUN env DEBIAN_FRONTEND=noninteractive apt-get install -yq --no-install-recommends make\n",
        "RUN apk add --no-cache make\n",
    ),
    "frontend exported": (
        "RUN export DEBIAN_FRONTEND=noninteractive A=1 && apt-get update && \\\n"
        "    apt-get install -y --no-install-recommends make\n",
        "RUN export A=1 && \\\n    apk add --no-cache make\n",
    ),
    "another variable stays": (
        "RUN DEBIAN_FRONTEND=noninteractive LC_ALL=C apt-get install -y --no-install-recommends make\n",
        "RUN LC_ALL=C apk add --no-cache make\n",
    ),
    "no blanks": (
        "RUN apt-get update&&apt-get install -y --no-install-recommends make&&rm -rf /var/lib/apt/lists/*&&make\n",
        "RUN apk add --no-cache make&&make\n",
    ),
    "no blanks at the line's end": (
        "RUN apt-get update &&\\\napt-get install -y --no-install-recommends\\\n make\\\n git &&\\\napt-get clean\n",
        "RUN apk add --no-cache\\\n make\\\n git\n",
    ),
    "words cut by a line's end": (
        "RUN apt-get update && apt-get ins\\\ntall -y --no-install-recommends ma\\\nke lib\\\nssl-dev\n",
        "RUN apk add --no-cache ma\\\nke openssl-dev\n",
    ),
    "quotes": (
        "RUN apt-get install -y --no-install-recommends \"make\" 'zlib1g-dev'\n",
        'RUN apk add --no-cache "make" zlib-dev\n',
    ),
    "lists of commands": (
        "RUN apt-get update; apt-get install -y --no-install-recommends make; apt-get clean; echo done\n",
        "RUN apk add --no-cache make; echo done\n",
    ),
    "a failing update may be passed over": (
        "RUN apt-get update || true; apt-get install -y --no-install-recommends make || exit 1\n",
        "RUN apk add --no-cache make || exit 1\n",
    ),
    "a block": (
        'RUN if [ -n "$DEV" ]; then apt-get update && apt-get install -y --no-install-recommends make; fi && echo x\n',
        'RUN if [ -n "$DEV" ]; then apk add --no-cache make; fi && echo x\n',
    ),
    "a subshell and a group": (
        "RUN (apt-get update && apt-get install -y --no-install-recommends make) && { apt-get clean; echo x; }\n",
        "RUN (apk add --no-cache make) && { echo x; }\n",
    ),
    "behind a block": (
        'RUN for x in a b; do echo "$x"; done && apt-get clean && rm -rf /var/lib/apt/lists/*\n',
        'RUN for x in a b; do echo "$x"; done\n',
    ),
    "before a block": (
        "RUN apt-get update && if [ -f x ]; then cat x; fi\n",
        "RUN if [ -f x ]; then cat x; fi\n",
    ),
    "redirects": (
        "RUN apt-get update > /dev/null 2>&1 && apt-get install -y --no-install-recommends make > /dev/null\n",
        "RUN apk add --no-cache make > /dev/null\n",
    ),
    "yes": ("RUN yes | apt-get install --no-install-recommends make\n", "RUN yes | apk add --no-cache make\n"),
    "time": (
        "RUN time apt-get update && time apt-get install -y --no-install-recommends make\n",
        "RUN time apk add --no-cache make\n",
    ),
    "preseeds": (
        "RUN echo 'tzdata tzdata/Areas select Europe' | debconf-set-selections \\\n && apt-get install -y make\n",
        "RUN apk add --no-cache make\n",
    ),
    "a variable of what goes": ("RUN ACCEPT_EULA=Y apt-get update && ./a\n", "RUN ./a\n"),
    "files that only Debian has": (
        "RUN rm /etc/localtime && unlink /etc/timezone && rm -f /etc/localtime && apt-get clean\n",
        "RUN rm -f /etc/localtime && rm -f /etc/timezone && rm -f /etc/localtime\n",
    ),
    "files that only Debian has, with others": (
        "RUN rm /etc/timezone /var/lib/apt/lists/* x && rm -rf /etc/localtime /var/lib/apt/lists/*\n",
        "RUN rm -f /etc/timezone x && rm -rf /etc/localtime\n",
    ),
    "as official images do": (
        "RUN apt-get purge -y --auto-remove -o APT::AutoRemove::RecommendsImportant=false && ./a\n",
        "RUN ./a\n",
    ),
    "hold": (
        "RUN apt-get install -y make && apt-mark hold make && dpkg-reconfigure -f noninteractive tzdata\n",
        "RUN apk add --no-cache make\n",
    ),
    "keep downloads": (
        "RUN rm -f /etc/apt/apt.conf.d/docker-clean; \\\n"
        "    echo 'Keep \"true\";' > /etc/apt/apt.conf.d/keep-cache && apt-get update && apt-get install -y make\n",
        "RUN apk add --no-cache make\n",
    ),
    "lists found and deleted": (
        "RUN apt-get install -y make && find /var/lib/apt/lists -type f -delete && rm -rf /var/lib/{apt,dpkg,cache}/\n",
        "RUN apk add --no-cache make\n",
    ),
    "compilers go again": (
        "RUN apt-get update && apt-get install -y --no-install-recommends gcc libffi-dev \\\n && pip install cffi \\\n"
        " && apt-get purge -y --auto-remove gcc libffi-dev && rm -rf /var/lib/apt/lists/*\n",
        "RUN apk add --no-cache gcc musl-dev libffi-dev \\\n && pip install cffi \\\n"
        " && apk del gcc musl-dev libffi-dev\n",
    ),
    "what two asked for stays": (
        "RUN apt-get install -y gcc g++ && apt-get purge -y --auto-remove gcc\n",
        "RUN apk add --no-cache gcc musl-dev g++ && apk del gcc\n",
    ),
    "blank lines": (
        "RUN apt-get update && \\\n\n    apt-get install -y make \\\n\n    apt-utils && \\\n    echo x\n",
        "RUN apk add --no-cache make && \\\n    echo x\n",
    ),
    "no final newline": (
        "RUN apt-get update && apt-get install -y make && apt-get clean",
        "RUN apk add --no-cache make",
    ),
    "line ends of Windows": (
        "RUN apt-get update \\\r\n    # why\r\n    && apt-get install -y \\\r\n    apt-utils \\\r\n    make\r\n",
        "RUN \\\r\n    # why\r\n    apk add --no-cache \\\r\n    make\r\n",
    ),
    "several on a line": (
        "RUN apt-get install -y --no-install-recommends \\\n    apt-utils git \\\n    apt-transport-https \\\n"
        "    make apt-utils zip \\\n    dialog apt-utils\n",
        "RUN apk add --no-cache \\\n    git \\\n    make zip\n",
    ),
    "a variable in another place": (
        "RUN apt-get install -y make && echo $PATH > /etc/x && ls *\n",
        "RUN apk add --no-cache make && echo $PATH > /etc/x && ls *\n",
    ),
    "heredoc": (
        "RUN <<EOF\nset -e\n# first\napt-get update\n\n# second\napt-get install -y --no-install-recommends \\\n"
        "    make \\\n    apt-utils\nrm -rf /var/lib/apt/lists/*\nEOF\nCMD make\n",
        "RUN <<EOF\nset -e\n# first\n# second\napk add --no-cache \\\n    make\nEOF\nCMD make\n",
    ),
    "heredoc with tabs": (
        "RUN <<-EOF\n\tapt-get update\n\tapt-get install -y make\n\tapt-get clean\n\tEOF\n",
        "RUN <<-EOF\n\tapk add --no-cache make\n\tEOF\n",
    ),
    "heredoc with a shebang": (
        "RUN <<EOF\n#!/bin/sh\napt-get update\napt-get install -y make\nEOF\n",
        "RUN <<EOF\n#!/bin/sh\napk add --no-cache make\nEOF\n",
    ),
    "flags": (
        "RUN --mount=type=secret,id=x apt-get update && apt-get install -y make\n",
        "RUN --mount=type=secret,id=x apk add --no-cache make\n",
    ),
}


@pytest.mark.parametrize("name", INSTALLS)
def test_installs(name: str) -> None:
    before, after = INSTALLS[name]
    assert body(before) == after


def test_another_escape_token() -> None:
    before = "RUN apt-get update `\n    # why \\\n    && apt-get install -y `\n    apt-utils `\n    make\n"
    head = "# escape=`\nFROM debian\n"
    assert body(before, head=head) == "RUN `\n    # why \\\n    apk add --no-cache `\n    make\n"


YUM = {
    "yum": (
        "RUN yum -y update && yum install -y gcc make && yum clean all\n",
        "RUN apk add --no-cache gcc musl-dev make\n",
    ),
    "dnf": (
        "RUN dnf install -y --nodocs --setopt=install_weak_deps=False zlib-devel && dnf clean all && "
        "rm -rf /var/cache/dnf /var/cache/yum\n",
        "RUN apk add --no-cache zlib-dev\n",
    ),
    "microdnf": ("RUN microdnf install tar gzip && microdnf clean all\n", "RUN apk add --no-cache tar gzip\n"),
    "group": (
        'RUN yum makecache fast && yum groupinstall -y "Development Tools" && yum -y install git\n',
        "RUN apk add --no-cache build-base autoconf automake libtool pkgconf && apk add --no-cache git\n",
    ),
    "removed": (
        "RUN yum install -y gcc && make && yum remove -y gcc\n",
        "RUN apk add --no-cache gcc musl-dev && make && apk del gcc musl-dev\n",
    ),
    "values": ("RUN yum install -y -e 0 -d1 --setopt tsflags=nodocs which make\n", "RUN apk add --no-cache make\n"),
}  # fmt: skip


@pytest.mark.parametrize("name", YUM)
def test_red_hat(name: str) -> None:
    before, after = YUM[name]
    assert body(before, target(family="rhel")) == after


DROPPED = [
    "RUN apt-get update\n",
    "RUN apt-get update && apt-get upgrade -y && apt-get clean\n",
    "RUN set -ex; apt-get update\n",
    "RUN apt-get install -y apt-utils && rm -rf /var/lib/apt/lists/*",
    "RUN export DEBIAN_FRONTEND=noninteractive; DEBIAN_FRONTEND=noninteractive; apt-get -f install\n",
    "RUN apt-get update || true\n",
    "RUN <<EOF\napt-get update\napt-get clean\nEOF\n",
    "RUN echo 'en_US.UTF-8 UTF-8' > /etc/locale.gen && locale-gen && update-locale LANG=en_US.UTF-8\n",
    "RUN localedef -i en_US -c -f UTF-8 -A /usr/share/locale/locale.alias en_US.UTF-8\n",
    "RUN sed -i 's/^# *\\(en_US.UTF-8\\)/\\1/' /etc/locale.gen && dpkg-reconfigure --frontend=noninteractive locales\n",
    "RUN apt-get purge -y nano && mkdir -p /var/lib/apt/lists/partial\n",
]


@pytest.mark.parametrize("run", DROPPED)
def test_nothing_is_left(run: str) -> None:
    answer = carried("FROM debian\n" + run)
    assert answer.drops
    assert answer.edits == ()
    assert answer.packages == ()
    assert answer.handled


LEFT_ALONE = [
    "RUN make install\n",
    "RUN set -e; true\n",
    "RUN echo apt-get update > notes && rm -rf /tmp/*\n",
    "RUN pip install -r requirements.txt && find . -name '*.pyc' -delete\n",
    "RUN export A=1; mkdir -p /var/lib/app; chmod +x x\n",
    "RUN apk add --no-cache git\n",
    'RUN ["make", "install"]\n',
    "RUN sed -i s/a/b/ /etc/hosts\n",
    "RUN cat <<EOF > /x\napt-get update\nEOF\n",
]


@pytest.mark.parametrize("run", LEFT_ALONE)
def test_what_is_not_debian_s_is_left_alone(run: str) -> None:
    assert carry("FROM debian\n" + run) is None


REFUSED = {
    "RUN apt-get install -y nginx=1.18.*\n": "`nginx=1.18.*` pins a version",
    "RUN apt-get update && \\\n    apt-get install -y git/bullseye-x\n": "line 3: `git/bullseye-x` is a file",
    "RUN apt-get install -y -t buster-backports git\n": "`-t` of `apt-get`",
    "RUN apt-get install -y --target-release x git\n": "`--target-release` of `apt-get`",
    "RUN apt-get install -y -o Dir=/x git\n": "`-o` of `apt-get`",
    "RUN apt-get install -y -sq git\n": "`-sq` of `apt-get`",
    "RUN apt-get install -y libc6:i386\n": "`libc6:i386` names an architecture",
    "RUN apt-get install -y ./x.deb\n": "`./x.deb` is a file",
    "RUN apt-get install -y $PACKAGES\n": "`$PACKAGES` in its package list",
    "ARG P=git\nRUN apt-get install -y $P\n": "`$P` in its package list",
    "RUN apt-get install -y $(cat list)\n": "`$(cat list)` in its package list",
    "RUN apt-get install -y 'linux-*'\n": "`linux-*` is a pattern",
    "RUN apt-get install -y python3.[0-9]\n": "`python3.[0-9]` is a pattern",
    "RUN apt-get install -y no-such-thing\n": "the package `no-such-thing` is not known",
    "RUN apt-get install -y systemd\n": "the package `systemd` needs systemd",
    "RUN apt-get build-dep -y x\n": "`apt-get build-dep` cannot",
    "RUN apt-get source x\n": "`apt-get source` cannot",
    "RUN apt-get -y\n": "`apt-get` is called without a command",
    "RUN apt-get update | tee log\n": "`tee log` stands in a pipe",
    "RUN apt-get update > log\n": "what `apt-get` writes",
    "RUN apt-get update & make\n": "beside `&`",
    "RUN ! apt-get update && echo x\n": "beside `!`",
    "RUN make || apt-get clean\n": "beside `||`",
    "RUN make; apt-get update || make x\n": "beside `||`",
    "RUN make && apt-get update || apt-get clean; make\n": "beside `||`",
    "RUN if make; then apt-get update; fi; make\n": "stands alone in a block",
    "RUN f() { apt-get update; }; f; make\n": "stands alone in a block",
    "RUN f() { apt-get install -y \"$@\"; }; f git\n": "in its package list",
    "RUN (apt-get update); make\n": "stands alone in a block",
    "RUN add-apt-repository ppa:x/y\n": "`add-apt-repository ppa:x/y` adds a repository",
    "RUN curl -s https://x/key | apt-key add -\n": "`apt-key add` trusts a repository",
    "RUN curl -sL https://deb.nodesource.com/setup_18.x | bash -\n": "`deb.nodesource.com` is a third-party",
    "RUN echo deb http://x >> /etc/apt/sources.list\n": "`/etc/apt/sources.list` is about /etc/apt",
    "RUN echo deb | tee /etc/apt/sources.list.d/x.list\n": "is about /etc/apt",
    "RUN wget https://x/y.deb\n": "`https://x/y.deb` is a package",
    "RUN dpkg -i y\n": "`dpkg -i` handles",
    "RUN dpkg --add-architecture i386\n": "`dpkg --add-architecture` handles",
    'RUN arch="$(dpkg --print-architecture)"; echo $arch\n': "`dpkg --print-architecture` handles",
    'RUN set -eux; \\\n    saved="$(apt-mark showmanual)"; apt-get update\n': "line 3: `apt-mark showmanual` tells",
    "RUN x=$(apt-get install -y git)\n": "stands in a substitution",
    'RUN ["apt-get", "install", "-y", "git"]\n': "`apt-get` stands in a JSON form",
    'RUN ["bash", "-c", "apt-get install -y git"]\n': "stands in a JSON form",
    'RUN bash -c "apt-get update && x"\n': "`bash` runs `apt-get`",
    "RUN cat list | xargs apt-get install -y\n": "`xargs` runs `apt-get`",
    "RUN sudo apt-get update && sudo apt-get install -y git\n": "`sudo` is not known to be on Alpine",
    "RUN if command -v apt-get; then make; fi\n": "`command` asks whether `apt-get`",
    "RUN update-alternatives --install a b c 1\n": "`update-alternatives --install` has no counterpart",
    "RUN service nginx start\n": "`service nginx` starts a service",
    "RUN a2enmod rewrite\n": "`a2enmod rewrite` is Debian's way",
    "RUN locale-gen de_DE.UTF-8\n": "the locale `de_DE.UTF-8`",
    "ENV LC_ALL=fr_FR.UTF-8\nRUN locale-gen en_US.UTF-8\n": "the locale `fr_FR.UTF-8` (LC_ALL)",
    "ENV LC_COLLATE=en_US.UTF-8\nRUN locale-gen en_US.UTF-8\n": "the locale `en_US.UTF-8` (LC_COLLATE)",
    "RUN echo Europe/Paris > /etc/timezone && dpkg-reconfigure tzdata\n": "sets the time zone",
    "RUN dpkg-reconfigure openssh-server && make\n": "`dpkg-reconfigure openssh-server` has no counterpart",
    "RUN apt-get update && \\\n    # nothing else\n    apt-get clean\n": "nothing of it remains but `# nothing else`",
    "RUN rm -rf /var/lib/apt/$(cat x); make\n": "`cat x` runs within `rm -rf",
    "RUN echo $(cat x) | debconf-set-selections; make\n": "`cat x` runs within `debconf-set-selections`",
    "RUN set -e; [ -f x ] && apt-get update; make\n": "`apt-get update` ends a list whose failure would end the script",
    "RUN set -e; make && apt-get update; apt-get clean; make\n": "`apt-get update` ends a list whose failure",
    'SHELL ["/bin/sh", "-ec"]\nRUN make && apt-get update; make\n': "ends a list whose failure",
    "RUN set -o errexit; make && apt-get update; make\n": "ends a list whose failure",
    "RUN if make; apt-get clean; then make; fi\n": "`apt-get clean` stands last in a block",
    "RUN (make; apt-get clean) || make x\n": "`apt-get clean` stands last in a block",
    "RUN while apt-get install -y make; apt-get clean; do make; done\n": "`apt-get clean` stands last in a block",
    "RUN lsb_release -cs\n": "names the release of Debian",
    "RUN apt-mark showmanual > x\n": "`apt-mark showmanual` tells",
}  # fmt: skip


@pytest.mark.parametrize("run", REFUSED)
def test_refusals_name_the_word_and_the_line(run: str) -> None:
    reason = refused("FROM debian\n" + run)
    assert REFUSED[run] in reason
    assert reason.startswith("line ")


RED_HAT_REFUSED = {
    "RUN yum install -y epel-release\n": "the package `epel-release` adds a repository",
    "RUN yum install -y https://x/y.rpm\n": "is a file",
    "RUN yum localinstall -y y.rpm\n": "`yum localinstall` cannot",
    "RUN yum install -y glibc.i686\n": "names an architecture",
    "RUN yum install -y --enablerepo=powertools make\n": "`--enablerepo=powertools` of `yum`",
    "RUN yum update -y make\n": "`yum update` cannot",
    "RUN yum groupinstall -y Base\n": "the group `Base` is not known",
    "RUN dnf install -y @x\n": "the group `@x` is not known",
    "RUN dnf module enable nodejs:18\n": "`dnf module` cannot",
    "RUN rpm --import x\n": "`rpm --import` handles",
    "RUN yum-config-manager --add-repo x\n": "adds a repository",
    "RUN yum install -y libfoo-dev\n": "is not known by its name",
}


@pytest.mark.parametrize("run", RED_HAT_REFUSED)
def test_red_hat_refusals(run: str) -> None:
    assert RED_HAT_REFUSED[run] in refused("FROM centos\n" + run, target(family="rhel"))


class TestWhatItTells:
    def test_packages_that_stay_and_that_go(self) -> None:
        answer = carried(
            "FROM debian\nRUN apt-get install -y gcc libpq-dev && make && apt-get purge -y --auto-remove gcc\n"
        )
        assert answer.packages == ("postgresql-dev",)
        assert answer.removed == ("gcc", "musl-dev")

    def test_the_certificates_that_were_recommended(self) -> None:
        answer = carried("FROM debian\nRUN apt-get install -y curl\n")
        assert answer.packages == ("curl", "ca-certificates")
        assert body("RUN apt-get install -y curl ca-certificates\n") == "RUN apk add --no-cache curl ca-certificates\n"
        has = target(has=frozenset({"ca-certificates"}))
        assert body("RUN apt-get install -y curl\n", has) == "RUN apk add --no-cache curl\n"
        assert body("RUN apt-get install -y --no-install-recommends curl\n") == "RUN apk add --no-cache curl\n"

    def test_what_git_recommends_is_doubted(self) -> None:
        doubts = [e.fact for e in carried("FROM debian\nRUN apt-get install -y git\n").evidence if e.certainty > 1]
        assert doubts == ["apt also installed what git recommends: openssh-client, less and patch"]

    def test_a_package_is_evidence(self) -> None:
        (evidence,) = carried("FROM debian\nRUN apt-get install -y zlib1g-dev\n").evidence
        assert evidence.fact == "apt package zlib1g-dev is zlib-dev on Alpine"
        assert evidence.certainty is Certainty.READ
        (newer,) = carried("FROM debian\nRUN apt-get install -y rsync\n", target("3.20")).evidence
        assert newer.certainty is Certainty.ASSUMED

    def test_updates_are_doubted(self) -> None:
        (evidence,) = carried("FROM debian\nRUN apt-get update && apt-get dist-upgrade -y && make\n").evidence
        assert evidence.fact.startswith("`apt-get dist-upgrade` is left out")
        assert (evidence.where, evidence.certainty) == ("line 2", Certainty.ASSUMED)

    def test_a_hidden_failure_is_doubted(self) -> None:
        text = "FROM debian\nRUN make; apt-get clean\n"
        answer = carried(text)
        assert rewritten(text, answer) == "FROM debian\nRUN make\n"
        assert [e.fact for e in answer.evidence] == ["`make` now decides whether the instruction succeeds"]
        assert carried("FROM debian\nRUN set -e; make; apt-get clean\n").evidence == ()
        for run in ("set -e; { make; }; apt-get clean", "set -e; a && make; apt-get clean", "a \\\n; apt-get clean"):
            assert "now decides" in carried(f"FROM debian\nRUN {run}\n").evidence[0].fact
        installed = carried("FROM debian\nRUN apt-get update; apt-get install -y zip; apt-get clean\n")
        assert "now decides" not in str(installed.evidence)
        negated = carried("FROM debian\nRUN ! apt-get install -y zip; apt-get clean\n")
        assert "now decides" in str(negated.evidence)

    def test_a_removal_of_what_was_not_installed_is_doubted(self) -> None:
        text = "FROM debian\nRUN apt-get install -y make && apt-get remove -y nano make\n"
        answer = carried(text)
        assert rewritten(text, answer) == "FROM debian\nRUN apk add --no-cache make && apk del make\n"
        doubts = [e.fact for e in answer.evidence if e.certainty > 1]
        assert doubts[0].startswith("`nano` is not removed")
        assert doubts[1].startswith("`apk del` also takes")

    def test_what_the_image_has_is_not_deleted(self) -> None:
        has = target(has=frozenset({"ca-certificates"}))
        run = "RUN apt-get install -y make ca-certificates && apt-get purge -y --auto-remove make ca-certificates\n"
        assert body(run, has) == "RUN apk add --no-cache make ca-certificates && apk del make\n"

    def test_conditional_installs_are_not_promised(self) -> None:
        answer = carried('FROM debian\nRUN if [ -n "$A" ]; then apt-get install -y make; fi\n')
        assert answer.packages == ()

    def test_handled_commands(self) -> None:
        answer = carried("FROM debian\nRUN apt-get update && make && apt-get install -y zip\n")
        assert answer.handled == {0, 26}

    def test_a_cache_mount_keeps_downloads(self) -> None:
        assert body("RUN apt-get install -y make\n", cached=True) == "RUN apk add --update-cache make\n"

    def test_time_zones(self) -> None:
        zone = "ln -snf /usr/share/zoneinfo/$TZ /etc/localtime && echo $TZ > /etc/timezone"
        text = f"FROM debian\nRUN {zone} && apt-get update\n"
        answer = carried(text)
        assert list(answer.wants) == ["tzdata"]
        assert "apt-get" not in rewritten(text, answer)
        installed = "FROM debian\nRUN apt-get install -y tzdata && ln -snf /usr/share/zoneinfo/$TZ /etc/localtime\n"
        assert carried(installed).wants == {}

    def test_sudo_where_it_is(self) -> None:
        has = target(has=frozenset({"sudo"}))
        after = body("RUN sudo apt-get update && sudo DEBIAN_FRONTEND=x apt-get -y install make\n", has)
        assert after == "RUN sudo apk add --no-cache make\n"
        assert "`sudo` runs `apt-get`" in refused("FROM debian\nRUN sudo -u root apt-get update\n", has)
        after = body("RUN sudo apt-get update && sudo -E apt-get install -y make\n", target(has=frozenset({"sudo"})))
        assert after == "RUN sudo -E apk add --no-cache make\n"

    def test_answers_are_values(self) -> None:
        assert isinstance(carry("FROM debian\nRUN apt-get update\n"), Carried)
