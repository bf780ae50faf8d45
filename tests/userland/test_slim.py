"""What a command needs on a slim image that the full one had: real commands, and the packages that they ask for."""

from __future__ import annotations

import pytest

from rewriter.model.run import Step, steps
from rewriter.model.stages import Model
from rewriter.shell import Opaque
from rewriter.syntax import parse
from rewriter.userland.slim import (
    SlimNeeds,
    archived,
    installed_by,
    slim_computed,
    slim_needs,
    slim_package,
    slim_unasked,
)

FULL = frozenset({"curl", "scm", "full"})


def steps_of(run: str, before: str = "WORKDIR /app") -> tuple[Step, ...]:
    stage = Model(parse(f"FROM x\n{before}\n{run}\n")).stages[-1]
    found = steps(stage.instructions[-1], stage.states[-2])
    assert not isinstance(found, Opaque), found
    return found


def needs(
    run: str,
    suite: str = "bookworm",
    layers: frozenset[str] = FULL,
    installed: frozenset[str] = frozenset(),
    seen: frozenset[str] = frozenset(),
) -> SlimNeeds:
    result = SlimNeeds()
    for step in steps_of(run):
        result.add(slim_needs(step, layers, suite, installed=installed, seen=seen))
    return result


def packages(run: str) -> str:
    return " ".join(sorted(needs(run).packages))


@pytest.mark.parametrize(
    ("run", "wanted"),
    [
        # the programs themselves, wherever they stand
        ("RUN git describe", "git"),
        ("RUN /usr/bin/git describe", "git"),
        ("RUN a=$(git describe) && echo $a", "git"),
        ("RUN if true; then svn info; fi", "subversion"),
        ("RUN gcc --version", "gcc"),
        ("RUN cc --version && c++ --version", "g++ gcc"),
        ("RUN unzip x.zip && xz -d y.xz && patch -p1 < z", "patch unzip xz-utils"),
        ("RUN convert a.png b.jpg", "imagemagick"),
        ("RUN file x | grep ELF", "file"),
        ("RUN pg_config --version; mysql_config --libs", "default-libmysqlclient-dev libpq-dev"),
        ("RUN openssl req -x509", "openssl"),
        ("RUN python3 -c 1", "python3"),
        ("RUN python -c 1", ""),
        ("RUN m4 x; as y.s; dpkg-architecture", "binutils dpkg-dev m4"),
        ("RUN node x.js && tar xzf a.tgz && sed -i s/a/b/ c && adduser x", ""),
        ('CMD ["hg", "serve"]', "mercurial"),
        ("HEALTHCHECK CMD curl -f http://localhost/ || exit 1", "curl"),
        ('HEALTHCHECK CMD ["wget", "-qO-", "127.0.0.1:80"]', "wget"),
        ("ENTRYPOINT ps aux", "procps"),
        # what runs other programs
        ("RUN ls | xargs -n 1 -P4 patch -p1", "patch"),
        ("RUN ls | xargs -I{} -n1 unzip {}", "unzip"),
        ("RUN find . -type f -exec file {} \\;", "file"),
        ("RUN find . -exec file {} + -exec unzip {} +", "file unzip"),
        ("RUN find . -exec file", "file"),
        ("RUN env A=b B=c git status", "git"),
        ("RUN env -u A git status", "git"),
        ("RUN sudo -u app -E svn info", "subversion"),
        ("RUN exec timeout -k 5 30s hg id -n file:///x", "mercurial"),
        ("RUN timeout --signal KILL 30 file x", "file"),
        ("RUN nice -n 5 nohup setsid stdbuf -oL file x", "file"),
        ("RUN chroot -- /x file y", "file"),
        ("RUN gosu app file x && su-exec app unzip y", "file unzip"),
        ("RUN flock -w 5 /lock file x; flock /lock -c 'unzip y'", "file unzip"),
        ("RUN sh -c 'git status; sh -c \"svn info file:///x\"'", "git subversion"),
        ("RUN bash -lc 'file x'", "file"),
        ("RUN su - app -c 'file x' && su --command 'unzip y' app", "file unzip"),
        ("RUN eval 'file x' && trap 'unzip x' EXIT", "file unzip"),
        ("RUN trap - EXIT", ""),
        ('CMD ["sh", "-c", "exec git daemon"]', "git"),
        ('CMD ["tini", "--", "git", "daemon"]', "git"),
        # who asks whether a program is there depends on the answer
        ("RUN command -v unzip >/dev/null || exit 1", "unzip"),
        ("RUN which -a hg; type svn; hash file", "file mercurial subversion"),
        ("RUN command git status", "git"),
        # builtins of the shell are no programs; xargs has no builtins
        ("RUN kill -9 $$; wait; test -f x", ""),
        ("RUN ls | xargs kill", "procps"),
        ('CMD ["/bin/kill", "1"]', "procps"),
        # certificates and ssh
        ("RUN curl -fsSL https://x/y -o z", "ca-certificates curl"),
        ("RUN curl $URL", "ca-certificates curl"),
        ("RUN curl http://x/y", "ca-certificates curl"),
        ("RUN curl -fsSLk https://x/y; curl --insecure https://x", "curl"),
        ("RUN curl -okapi https://x", "ca-certificates curl"),
        ("RUN wget -k https://x", "ca-certificates wget"),
        ("RUN wget --no-check-certificate https://x", "wget"),
        ("RUN curl http://localhost:80/ http://x/", "ca-certificates curl"),
        ("RUN curl --version", "curl"),
        ("RUN git clone https://h/a/b", "ca-certificates git"),
        ("RUN git -C /x -c a=b clone --depth 1 https://h/a/b /dst", "ca-certificates git"),
        ("RUN git clone git@h:a/b.git /dst", "git openssh-client"),
        ("RUN git clone ssh://h/a", "git openssh-client"),
        ("RUN git clone /src /dst; git clone git://h/a; git clone file:///x", "git"),
        ("RUN git config --global url.https://a.insteadOf ssh://a", "git"),
        ("RUN git", "git"),
        ("RUN git submodule update --init", "ca-certificates git"),
        ("RUN --mount=type=ssh npm ci", "git openssh-client"),
        ("RUN svn co https://h/a; svn info", "ca-certificates subversion"),
        ("RUN svn co svn+ssh://h/a", "openssh-client subversion"),
        ("RUN hg clone http://h/a", "mercurial"),
        ("RUN ssh-keyscan h >> x", "openssh-client"),
        ("RUN rsync -a h:/x /y", "openssh-client"),
        ("RUN rsync -a /x /y", ""),
        # package managers whose words name a repository
        ("RUN pip install git+https://h/a@v1", "ca-certificates git"),
        ("RUN pip3.11 install 'x @ git+ssh://git@h/y'", "git openssh-client"),
        ("RUN pip install -e hg+file:///x#egg=x", "mercurial"),
        ("RUN python3.9 -m pip install x@git+https://h/y", "ca-certificates git"),
        ("RUN python3 -m venv git+https://h/y", "python3"),
        ("RUN pip install --index-url https://u:p@h/simple flask 'a+b' -r r.txt", ""),
        ("RUN npm install git+ssh://git@h/a.git", "ca-certificates git openssh-client"),
        ("RUN npm install -g @angular/cli lodash ./x /y file:z && npm ci && npm run a/b", ""),
        ("RUN npm i owner/name#semver:^1", "ca-certificates git"),
        ("RUN yarn global add github:owner/name", "ca-certificates git"),
        ("RUN pnpm add https://h/a.git", "ca-certificates git"),
        ("RUN npm install https://registry.x/a/-/a-1.tgz", ""),
        # compressors of tar
        ("RUN tar -xJf a.tar -C /Jj", "xz-utils"),
        ("RUN tar xjf a", "bzip2"),
        ("RUN tar --xz -xf a; tar -I bzip2 -xf b", "bzip2 xz-utils"),
        ("RUN tar --use-compress-program=/usr/bin/xz -xf a", "xz-utils"),
        ("RUN tar xf a.tar.xz && tar -C /x -xf b.tbz2", "bzip2 xz-utils"),
        ("RUN tar -xf/tmp/Jre.tar.gz -C/opt/Java && tar czf a.tgz --exclude=J b", ""),
        # gpg brings its helpers
        ("RUN gpg --recv-keys X", "gnupg"),
        ("RUN apt-key adv --recv-keys X", "gnupg"),
        # perl: the interpreter is there
        (
            "RUN perl -pe 's/a/b/' x && perl -MList::Util=sum -e 1 && perl -Mstrict -we 'use warnings; require POSIX;'",
            "",
        ),
        ("RUN perl -MJSON::PP -e 1", "perl"),
        ("RUN perl -M-Data::Dumper -e 1", "perl"),
        ("RUN perl -e 'use Data::Dumper; print 1'", "perl"),
        ("RUN perl -e 'BEGIN{require Digest::SHA}'", "perl"),
        ("RUN perl build.pl -MFoo", "perl"),
        ("RUN perl $X", "perl"),
        ("RUN perl -e", ""),
        # compilers and what they look for
        ("RUN gcc -o a a.c -lpq -lz -lnone", "gcc libpq-dev zlib1g-dev"),
        ("RUN pkg-config --cflags libpq 'openssl libcurl'", "libcurl4-openssl-dev libpq-dev libssl-dev pkg-config"),
        ("RUN ./configure", "gcc make"),
        ("RUN cargo build --release", "gcc libc6-dev"),
        ("RUN cargo fmt", ""),
        ("RUN rustc a.rs", "gcc libc6-dev"),
        # paths
        ("RUN cp /usr/lib/x86_64-linux-gnu/libpq.so.5 /out/", "libpq5"),
        ("RUN cp /usr/lib/aarch64-linux-gnu/libpq.so.5.15 /out/", "libpq5"),
        ("RUN ls /usr/lib/x86_64-linux-gnu/libz.so /lib/x86_64-linux-gnu/libpng.a", "libpng-dev zlib1g-dev"),
        ("RUN cp /usr/lib/x86_64-linux-gnu/libjpeg* /out", "libjpeg62-turbo"),
        ("RUN x -I/usr/include/libxml2 --with-ssl=/usr/include/openssl", "libssl-dev libxml2-dev"),
        ("RUN x A=/usr/share/perl5/Error.pm:/etc/services", "liberror-perl netbase"),
        ("RUN cat < /etc/mime.types", "media-types"),
        ("RUN cp my.crt /usr/local/share/ca-certificates/", "ca-certificates"),
        ("RUN cat a > /etc/ssl/certs/b.pem", "ca-certificates"),
        ("RUN sed -i s/a/b/ /etc/ImageMagick-6/policy.xml", "imagemagick"),
        ("RUN rm -rf /usr/include/openssl && mkdir -p /etc/ssl/certs && echo /etc/services", ""),
        (
            "RUN ls /usr/lib/x86_64-linux-gnu/libc.so.6 /usr/local/lib/libpq.so.5 /usr/share/zoneinfo/UTC /etc/passwd",
            "",
        ),
        ("RUN LD_PRELOAD='/usr/lib/x86_64-linux-gnu/libxml2.so.2 /x/y.so' node z", "libxml2"),
        ("RUN CFLAGS='-O2 -I/usr/include/libxml2' x", "libxml2-dev"),
        ("RUN NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt x", "ca-certificates"),
        ("RUN OPENSSL_CONF=/etc/ssl/openssl.cnf x", "openssl"),
        ("RUN pre-commit run && composer install", "git unzip"),
        ("RUN sudo A=b file x", "file"),
        ("RUN export LD_PRELOAD=/usr/lib/x86_64-linux-gnu/libxml2.so.2; node z", "libxml2"),
    ],
)
def test_packages(run: str, wanted: str) -> None:
    assert packages(run) == wanted


@pytest.mark.parametrize(
    "run",
    [
        "RUN make",
        "RUN gmake -j4",
        "RUN gcc-12 -c a.c",
        "RUN g++ a.cpp",
        "RUN cmake ..",
        "RUN autoreconf -fi",
        "RUN ./autogen.sh",
        "RUN node-gyp rebuild",
        "RUN cpanm Moose",
        "RUN pyenv install 3.12",
        "RUN cd /x && dpkg -i x.deb",
        "RUN dpkg -i x.deb; rm -f y && apt-get install -y z",
        "RUN pip install --no-binary :all: psycopg2",
        "RUN ls | xargs -n1 make -C",
        "RUN sh -c 'make all'",
    ],
)
def test_unread_compiles_are_vetoes(run: str) -> None:
    found = needs(run)
    assert len(found.vetoes) == 1
    assert "is not known" in found.vetoes[0] or "`dpkg` installs" in found.vetoes[0]
    assert "line 3" in found.vetoes[0]


def test_a_stage_that_lists_its_headers_leaves_a_doubt() -> None:
    known = frozenset({"build-essential", "libpq-dev=15"})
    found = needs("RUN make -j4", installed=known)
    assert (found.packages, found.vetoes) == ({}, [])
    assert "beside those that the stage installs" in found.doubts[0]
    assert needs("RUN make", installed=frozenset({"build-essential"})).vetoes
    assert needs("RUN make", installed=frozenset({"make", "libpq-dev"})).vetoes


def test_without_headers_in_the_full_image_there_is_only_a_doubt() -> None:
    found = needs("RUN make", layers=frozenset({"curl", "scm"}))
    assert (found.packages, found.vetoes, len(found.doubts)) == ({}, [], 1)
    assert packages("RUN make") == "make"
    assert needs("RUN gcc a.c", layers=frozenset({"go"})).packages == {"gcc": "line 3 calls gcc"}
    assert needs("RUN unzip a", layers=frozenset({"go"})).packages == {}


@pytest.mark.parametrize(
    ("run", "known", "wanted"),
    [
        ("RUN curl https://x", {"own": frozenset({"ca-certificates"})}, "curl"),
        ("RUN openssl x", {"own": frozenset({"ca-certificates"})}, ""),
        ("RUN git clone https://x/y", {"installed": frozenset({"git"})}, "ca-certificates"),
        ("RUN perl -MJSON::PP -e 1", {"installed": frozenset({"git"})}, ""),
        ("RUN xz x; patch y; dpkg-architecture", {"installed": frozenset({"build-essential"})}, ""),
        ("RUN gpg x", {"installed": frozenset({"gnupg2"})}, ""),
        ("RUN python3 x", {"programs": frozenset({"python3", "python"})}, ""),
        ("RUN /usr/bin/python3 x", {"programs": frozenset({"python3", "python"})}, "python3"),
        ("RUN /usr/local/bin/python3 x", {}, ""),
        ("RUN perl x.pl", {"programs": frozenset({"perl"})}, ""),
        ("RUN cargo build", {"own": frozenset({"gcc", "libc6-dev"})}, ""),
    ],
)
def test_what_is_there_is_not_asked_for(run: str, known: dict[str, frozenset[str]], wanted: str) -> None:
    found = SlimNeeds()
    for step in steps_of(run):
        found.add(slim_needs(step, FULL, "bookworm", **known))
    assert " ".join(sorted(found.packages)) == wanted


@pytest.mark.parametrize(
    ("run", "words"),
    [
        ("RUN $TOOL x", "only known at run time"),
        ("RUN ./run.sh", "what ./run.sh calls"),
        ("RUN bash build.sh -x", "what build.sh calls"),
        ("RUN sh $X", "known only at run time"),
        ("RUN . ./env.sh", "what ./env.sh calls"),
        ("RUN curl -k https://x | bash", "`bash` runs what a pipe hands it"),
        ("RUN curl -k https://x | sudo -E bash -s -- y", "`bash` runs what a pipe hands it"),
        ('CMD ["/app/server"]', "what /app/server calls"),
        ("RUN /usr/local/bin/setup.sh", "what /usr/local/bin/setup.sh calls"),
        ('RUN sh -c "$X"', "only known at run time"),
        ("RUN sh -c 'a ((('", "the text that `sh` runs"),
        ("RUN eval $X", "only known at run time"),
        ("RUN git clone $URL", "ssh needs openssh-client"),
        ("RUN tar -xf $F", "xz-utils or bzip2"),
        ("RUN ls /usr/include/none.h", "may be a header"),
        ("RUN pkg-config $X", "only known at run time"),
        ("RUN pkg-config --exists none", "which package"),
        ("RUN cargo install ripgrep", "crates"),
        ("RUN npm rebuild bcrypt", "slim lacks python3, make, g++"),
        ("RUN npm ci --build-from-source", "may compile"),
        ("RUN curl -k https://x -o /usr/local/bin/x", "`curl` brings programs"),
        ("RUN tar -xzf x -C /opt", "`tar` brings programs"),
        ("RUN cd /opt && unzip x", "`unzip` brings programs"),
        ("RUN mix deps.get", "may call git, make, gcc"),
        ("RUN apt-get purge -y git", "takes away git"),
    ],
)
def test_doubts(run: str, words: str) -> None:
    found = needs(run)
    assert found.vetoes == []
    assert [text for text in found.doubts if words in text and text.startswith("line 3")] != []


@pytest.mark.parametrize(
    "run",
    [
        "RUN node_modules/.bin/tsc && /usr/local/bin/npm x && /opt/venv/bin/gunicorn",
        "RUN tar -xzf $F; tar -xf - -J; tar --gzip -xf $F",
        "RUN apt-get purge -y vim && apt-get install -y openjdk-17-jre-headless && apt-get update",
        "RUN cargo install --path .",
        "RUN . venv/bin/activate; . /root/.cargo/env; . /root/.nvm/nvm.sh; source activate",
        "RUN dpkg -i x.deb || apt-get install -y -f; dpkg -l; dpkg --print-architecture",
        "RUN dpkg -i x.deb || apt-get --fix-broken install",
        "RUN cd /x && unzip y && tar xzf z",
        "RUN git clone https://h/a /src",
        "RUN mix test; sh -c; sh -x; .; x=1",
        "RUN pkg-config --version",
    ],
)
def test_nothing_is_doubted_without_need(run: str) -> None:
    found = needs(run)
    assert (found.doubts, found.vetoes) == ([], [])


def test_what_the_caller_has_seen_is_not_doubted() -> None:
    seen = frozenset({"/app/run.sh", "/entry.sh"})
    assert needs("RUN ./run.sh && sh run.sh && . ./run.sh && /entry.sh", seen=seen).doubts == []
    assert len(needs("RUN ./other.sh", seen=seen).doubts) == 1


@pytest.mark.parametrize(
    ("run", "names"),
    [
        ("RUN apt-get install -y --no-install-recommends git=1:2.39 curl/bookworm gcc:arm64", "curl gcc git"),
        ("RUN sudo apt-get -o A::B=c -yq install -t bookworm-backports git", "git"),
        ("RUN sh -c 'apt install git'", "git"),
        ("RUN apt-get install ./x.deb /y.deb vim- $A -t", ""),
        ("RUN apt-get update && apt-get remove git && apt-get && yum install git", ""),
    ],
)
def test_installed_by(run: str, names: str) -> None:
    assert " ".join(sorted(name for step in steps_of(run) for name in installed_by(step))) == names


@pytest.mark.parametrize("suite", ["wheezy", "jessie", "stretch", "buster"])
def test_old_slim_images_lack_the_folder_of_manual_pages(suite: str) -> None:
    install = "apt-get install -y --no-install-recommends openjdk-11-jre-headless"
    assert "/usr/share/man/man1" in needs(f"RUN {install}", suite).vetoes[0]
    assert needs(f"RUN mkdir -p /usr/share/man/man1 && {install}", suite).vetoes == []
    assert needs("RUN apt-get install -y vim", suite).vetoes == []


def test_a_preload_of_the_environment() -> None:
    (step,) = steps_of("CMD node x", "ENV LD_PRELOAD=/usr/lib/x86_64-linux-gnu/libxml2.so.2")
    assert list(slim_needs(step, FULL, "bookworm").packages) == ["libxml2"]


def test_no_layer_no_need() -> None:
    found = needs("RUN make && git x && $Y", layers=frozenset())
    assert (found.packages, found.vetoes, found.doubts) == ({}, [], [])


def test_another_version_is_a_veto() -> None:
    assert "another version" in needs("RUN gcc-12 --version", "jammy").vetoes[0]
    assert slim_package("gcc-12", FULL, "jammy") is None
    assert slim_package("gcc-12", FULL, "bookworm") == "gcc"
    assert slim_package("gcc", FULL, "jammy") == "gcc"


@pytest.mark.parametrize(
    ("program", "suite", "package"),
    [
        ("python", "buster", "python"),
        ("python2.7", "stretch", "python"),
        ("python", "bullseye", ""),
        ("bzr", "stretch", "bzr"),
        ("bzr", "buster", ""),
        ("python3", "buster", "python3"),
        ("pkg-config", "bookworm", "pkg-config"),
        ("pkg-config", "trixie", "pkgconf"),
        ("adduser", "bookworm", ""),
        ("adduser", "trixie", "adduser"),
        ("adduser", "forky", "adduser"),
        ("perl", "bookworm", ""),
        ("cpan", "bookworm", "perl"),
        ("", "bookworm", ""),
        ("a\x00b", "bookworm", ""),
    ],
)
def test_suites_differ(program: str, suite: str, package: str) -> None:
    assert slim_package(program, FULL, suite) == package


def test_layers_hold_those_below() -> None:
    assert slim_package("curl", frozenset({"full"}), "bookworm") == "curl"
    assert slim_package("git", frozenset({"go"}), "bookworm") == "git"
    assert slim_package("git", frozenset({"curl"}), "bookworm") == ""
    assert slim_package("gcc", frozenset({"scm"}), "bookworm") == ""
    assert slim_package("gcc", frozenset({"unknown"}), "bookworm") == ""


@pytest.mark.parametrize(
    ("path", "suite", "packages"),
    [
        ("/etc/ssl/certs/ca-certificates.crt", "bookworm", ["ca-certificates"]),
        ("/usr/lib/x86_64-linux-gnu/../x86_64-linux-gnu/libpq.so.5", "bullseye", ["libpq5"]),
        ("/usr/lib/x86_64-linux-gnu/libwebp.so.6", "bullseye", ["libwebp6"]),
        ("/usr/lib/x86_64-linux-gnu/libwebp.so.6", "bookworm", []),
        ("/app/x", "bookworm", []),
    ],
)
def test_paths(path: str, suite: str, packages: list[str]) -> None:
    found = SlimNeeds()
    for step in steps_of(f"RUN cat {path}"):
        found.add(slim_needs(step, FULL, suite))
    assert list(found.packages) == packages


def test_what_nobody_asks_for() -> None:
    found = slim_unasked(FULL, "bookworm")
    assert list(found.packages) == ["ca-certificates"]
    assert [text for text in found.doubts if "netbase, media-types" in text] != []
    assert slim_unasked(FULL, "bookworm", own=frozenset({"ca-certificates", "netbase"})).packages == {}
    assert slim_unasked(frozenset(), "bookworm") == SlimNeeds()


def test_archived() -> None:
    assert [
        suite for suite in ("jessie", "stretch", "buster", "bullseye", "trixie", "jammy", "") if archived(suite)
    ] == [
        "jessie",
        "stretch",
        "buster",
    ]
    assert slim_computed("trixie")
    assert not slim_computed("buster")


def test_each_is_told_once() -> None:
    found = needs("RUN git a && git b && make && make && $X && $X")
    assert found.packages == {"git": "line 3 calls git", "make": "line 3 calls make"}
    assert len(found.vetoes) == len(found.doubts) == 1
