"""Packages by their names on Alpine, libraries of run time, and the strict readers behind them."""

from __future__ import annotations

import copy
import pickle
from pkgutil import get_data

import pytest

from rewriter.facts import packages
from rewriter.facts.packages import (
    Droppable,
    Mapped,
    Refused,
    apk_for,
    group_packages,
    known_apk,
    program_apk,
    runtime_library,
)
from rewriter.facts.packages_files import read_names, read_programs, read_runtime, read_table
from rewriter.facts.records import FactsError
from rewriter.userland.alpine import PACKAGES
from rewriter.userland.gnu import GNU

HEAD = "source here\ncollected 2026-11-23\n"


def shipped(file: str) -> str:
    return (get_data("rewriter.facts", f"data/packages/{file}") or b"").decode()


READ_ON_3_11 = {
    "git": ("git",),
    "build-essential": ("build-base",),
    "gcc": ("gcc", "musl-dev"),
    "g++": ("g++", "musl-dev"),
    "libpq-dev": ("postgresql-dev",),
    "zlib1g-dev": ("zlib-dev",),
    "libssl-dev": ("openssl-dev",),
    "python3-pip": ("python3",),
    "fonts-liberation": ("ttf-liberation",),
    "xz-utils": ("xz",),
    "dnsutils": ("bind-tools",),
    "tini": ("tini",),
}


@pytest.mark.parametrize("name", READ_ON_3_11)
def test_names_of_the_release_that_was_read(name: str) -> None:
    answer = apk_for(name, "3.11")
    assert isinstance(answer, Mapped)
    assert (answer.names, answer.certainty) == (READ_ON_3_11[name], "read")


def test_newer_releases_are_assumed_unless_a_recipe_names_the_package() -> None:
    assert apk_for("rsync", "3.20") == Mapped(("rsync",), "assumed", "")
    assert apk_for("zlib1g-dev", "3.23") == Mapped(("zlib-dev",), "read", "")
    assert apk_for("rsync", "3.8") == Mapped(("rsync",), "assumed", "")
    floating = apk_for("zlib1g-dev", None)
    assert isinstance(floating, Mapped)
    assert apk_for("zlib1g-dev", "edge") == floating


DRIFT = {
    ("libpq-dev", "3.14"): ("postgresql-dev",),
    ("libpq-dev", "3.15"): ("libpq-dev",),
    ("python3-pip", "3.12"): ("py3-pip",),
    ("python-dev", "3.15"): ("python2-dev",),
    ("python-dev", "3.16"): None,
    ("fonts-dejavu", "3.16"): ("ttf-dejavu",),
    ("fonts-dejavu", "3.17"): ("font-dejavu",),
    ("libssl1.1", "3.16"): ("libssl1.1",),
    ("libssl1.1", "3.17"): ("openssl1.1-compat",),
    ("libssl1.1", "3.20"): None,
    ("libssl3", "3.16"): None,
    ("libssl3", "3.17"): ("libssl3",),
    ("docker-compose", "3.18"): None,
    ("postgresql-client-16", "3.18"): None,
    ("postgresql-client-16", "3.19"): ("postgresql16-client",),
    ("openjdk-17-jre-headless", "3.14"): None,
    ("openjdk-17-jre-headless", "3.18"): ("openjdk17-jre-headless",),
    ("php8.2-curl", "3.18"): ("php82-curl",),
    ("php8.2-curl", "3.17"): None,
    ("libatk1.0-0", "3.16"): ("atk",),
    ("libatk1.0-0", "3.17"): ("at-spi2-core",),
}


@pytest.mark.parametrize(("name", "release"), DRIFT)
def test_names_that_change_with_the_release(name: str, release: str) -> None:
    answer = apk_for(name, release)
    names = DRIFT[name, release]
    if names is None:
        assert isinstance(answer, Refused)
        assert answer.reason.startswith("has no counterpart in this release of Alpine")
    else:
        assert isinstance(answer, Mapped)
        assert answer.names == names


def test_a_refusal_says_what_is_known() -> None:
    reason = "has no counterpart in this release of Alpine (Python 2, which Alpine has up to 3.15 only)"
    assert apk_for("python-dev", "3.16") == Refused(reason)


def test_three_outcomes() -> None:
    assert apk_for("apt-utils", "3.18") == Droppable("only speaks to debconf")
    assert apk_for("locales", "3.18") == Droppable(
        "musl has the C.UTF-8 locale alone; texts of other locales are not translated", "assumed"
    )
    refused = (
        "wkhtmltopdf systemd nginx apache2 supervisor mysql-server default-jdk gcc-multilib cron libc6 gosu php-cli"
    )
    for name in (*refused.split(), "google-chrome-stable", "msodbcsql17", "devscripts"):
        assert isinstance(apk_for(name, "3.18"), Refused), name


FOUND = {
    "libaom-dev": "aom-dev",
    "libmnl-dev": "libmnl-dev",
    "python3-redis": "py3-redis",
    "fonts-noto-extra": "font-noto-extra",
    "postgresql-client-15": "postgresql15-client",
    "libaom0": "aom",
    "libnghttp2-14": "nghttp2-libs",
}


@pytest.mark.parametrize("name", FOUND)
def test_rules_for_other_names(name: str) -> None:
    answer = apk_for(name, "3.18")
    assert isinstance(answer, Mapped)
    assert answer.names == (FOUND[name],)
    assert answer.certainty == "assumed"


@pytest.mark.parametrize(
    "name",
    ["", "x", "libfoo-dev", "lib-dev", "python3-", "fonts-", "lib6", "openjdk-x-y", "openjdk-11", "libc", "é" * 9,
     "postgresql-client-", "postgresql-client-9x", "../../etc/passwd", "lib" + "1" * 5000, "a" * 100_000],
)  # fmt: skip
def test_other_names_are_refused(name: str) -> None:
    assert apk_for(name, "3.18") == Refused("is not known by its name on Alpine")


def test_red_hat() -> None:
    assert apk_for("zlib-devel", "3.11", "rhel") == Mapped(("zlib-dev",), "read", "")
    assert apk_for("which", "3.18", "rhel") == Droppable("busybox has which")
    assert apk_for("epel-release", "3.18", "rhel") == Refused("adds a repository")
    assert apk_for("libaom-dev", "3.18", "rhel") == Refused("is not known by its name on Alpine")
    assert group_packages("Development Tools") == ("build-base", "autoconf", "automake", "libtool", "pkgconf")
    assert group_packages(" development tools ") is not None
    assert group_packages("Base") is None


RUNTIME = {
    ("libpq-dev", "debian", "bookworm"): ("libpq5",),
    ("libssl-dev", "debian", "bullseye"): ("libssl1.1",),
    ("libssl-dev", "debian", "bookworm"): ("libssl3",),
    ("libssl-dev", "debian", "trixie"): ("libssl3t64",),
    ("libssl-dev", "ubuntu", "focal"): ("libssl1.1",),
    ("libssl-dev", "ubuntu", "noble"): ("libssl3t64",),
    ("libffi-dev", "debian", "bullseye"): ("libffi7",),
    ("libffi-dev", "debian", "bookworm"): ("libffi8",),
    ("default-libmysqlclient-dev", "debian", "bookworm"): ("libmariadb3",),
    ("libjpeg-dev", "ubuntu", "jammy"): ("libjpeg-turbo8",),
    ("libc6-dev", "debian", "bookworm"): (),
    ("openssl-dev", "alpine", "3.16"): ("libssl1.1", "libcrypto1.1"),
    ("openssl-dev", "alpine", "3.17"): ("libssl3", "libcrypto3"),
    ("libpq-dev", "alpine", "3.18"): ("libpq",),
    ("libpq-dev", "alpine", "3.14"): None,
    ("libssl-dev", "debian", "sid"): None,
    ("libssl-dev", "fedora", "39"): None,
    ("libfoo-dev", "debian", "bookworm"): None,
    ("libboost-all-dev", "debian", "bookworm"): None,
}


@pytest.mark.parametrize(("name", "family", "suite"), RUNTIME)
def test_run_time_libraries(name: str, family: str, suite: str) -> None:
    assert runtime_library(name, family, suite) == RUNTIME[name, family, suite]


def test_many_build_time_packages_are_known() -> None:
    found = read_runtime(shipped("runtime.txt"), "runtime.txt")
    assert len({name for name, family, _ in found if family == "debian" and name.endswith("-dev")}) >= 60
    assert len({name for name, family, _ in found if family == "alpine"}) >= 60


def test_programs() -> None:
    assert program_apk("psql") == "postgresql-client"
    assert program_apk("envsubst") == "gettext"
    assert program_apk("git") == "git"
    assert program_apk("git", implicit=False) is None
    assert program_apk("jq", implicit=False) == "jq"
    assert program_apk("no-such-program") is None


def test_every_alpine_name_is_in_the_list() -> None:
    """What may be proposed exists: in a range of releases where one is told, in any release elsewhere."""
    names = read_names(shipped("alpine_names.txt"), "alpine_names.txt")
    proposed: set[str] = set()
    for file in ("apt.txt", "yum.txt"):
        table = read_table(shipped(file), file)
        proposed |= {apk for lines in table.packages.values() for line in lines for apk in line[3]}
        proposed |= {apk for group in table.groups.values() for apk in group}
    proposed |= {apk for _, apk in read_programs(shipped("programs.txt"), "programs.txt").values()}
    runtime = read_runtime(shipped("runtime.txt"), "runtime.txt")
    proposed |= {apk for (_, family, _), apks in runtime.items() if family == "alpine" for apk in apks}
    proposed |= {name for name, family, _ in runtime if family == "alpine"}
    proposed |= {*PACKAGES.values(), *GNU.values(), "bash", "zsh", "shadow", "tzdata", "ca-certificates", "sudo"}
    assert proposed - set(names.entries) == set()


def test_every_mapped_line_holds_somewhere() -> None:
    for file, family in (("apt.txt", "debian"), ("yum.txt", "rhel")):
        for name, lines in read_table(shipped(file), file).packages.items():
            if lines[0][0] in ("is", "like"):
                releases = [f"3.{minor}" for minor in range(9, 25)]
                assert any(isinstance(apk_for(name, release, family), Mapped) for release in releases), name


def test_known_names() -> None:
    assert known_apk("git")
    assert known_apk("python2", "3.15")
    assert not known_apk("python2", "3.16")
    assert not known_apk("no-such-package")


def test_answers_are_records() -> None:
    answer = apk_for("git", "3.11")
    assert pickle.loads(pickle.dumps(answer)) == copy.copy(answer) == answer
    with pytest.raises(AttributeError):
        answer.reason = "x"


def test_nothing_is_read_before_it_is_asked_for() -> None:
    import subprocess
    import sys

    code = (
        "import sys; import rewriter.facts.packages as p; print(p._tables, p._names, p._runtime, p._programs);"
        "p.runtime_library('libpq-dev', 'debian', 'bookworm'); print(len(p._tables), len(p._names));"
        "print('dataclasses' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["{} [] [] []", "0 0", "False"]
    assert packages.apk_for is apk_for


ODD_TABLES = {
    "git git": "unknown keyword 'git'",
    "is git": "'is' says nothing",
    "is git 3.9..3.10": "names no package",
    "is git git |": "",
    "is git git | ": "",
    "is git 3.x..": "",
    "is git 3.x.. git": "not a release: 3.x",
    "is git .. git": "not a range of releases",
    "is git 3.10..3.9 git": "runs backwards",
    "is git git\nis git git": "stands twice for one release",
    "is git ..3.9 git\nlike git 3.9.. x": "stands twice for one release",
    "is git git\ndrop git x": "stands twice",
    "drop git x\nrefuse git y": "stands twice",
    "drop git": "says nothing",
    "group git x": 'a group line is: group "NAME" APK…',
    'group "" x': 'a group line is: group "NAME" APK…',
    'group "A b"': 'a group line is: group "NAME" APK…',
    'group "A b" x\ngroup "a B" y': "the group 'a b' stands twice",
    " is git git": "starts with blanks",
    "\t": "starts with blanks",
    "source again": "'source' is odd, or stands twice",
}


@pytest.mark.parametrize("line", [line for line, reason in ODD_TABLES.items() if reason])
def test_odd_tables(line: str) -> None:
    with pytest.raises(FactsError) as caught:
        read_table(HEAD + line, "apt.txt")
    assert ODD_TABLES[line] in caught.value.reason
    assert caught.value.file == "apt.txt"
    assert caught.value.line == 2 + len(line.split("\n"))


def test_heads_are_needed() -> None:
    for text, reason in (
        ("collected 2026-11-23\n", "missing source"),
        ("source x\n", "missing collected"),
        ("source x\ncollected yesterday\n", "'collected' is odd"),
        ("source\ncollected 2026-11-23\n", "'source' is odd"),
        ("", "missing source"),
    ):
        with pytest.raises(FactsError, match=reason):
            read_table(text, "apt.txt")


NAMES = HEAD + "newest 3.24\nlisted 3.11\n"


def test_odd_names() -> None:
    assert read_names(NAMES + "git * 2020 3.24\n", "n").entries["git"].seen == (3, 24)
    for line, reason in (
        ("git *", "a name line is"),
        ("git * maybe", "a name line is"),
        ("git 3 2020", "not a range"),
        ("git * 2020 new", "not a release"),
        ("git * 2020\ngit * 2020", "stands twice"),
        ("newest 3.25", "needs one release, once"),
    ):
        with pytest.raises(FactsError, match=reason):
            read_names(NAMES + line, "n")
    with pytest.raises(FactsError, match="missing newest or listed"):
        read_names(HEAD, "n")
    with pytest.raises(FactsError, match="needs one release"):
        read_names(HEAD + "newest 3.24 3.25", "n")


def test_odd_libraries() -> None:
    good = HEAD + "suites debian a b c\n"
    assert read_runtime(good + "x debian b.. y z\n", "r") == {
        ("x", "debian", "b"): ("y", "z"),
        ("x", "debian", "c"): ("y", "z"),
    }
    assert set(read_runtime(good + "x debian ..b -\n", "r").values()) == {()}
    for line, reason in (
        ("x debian a", "a library line is"),
        ("x ubuntu a y", "a library line is"),
        ("x debian d y", "unknown suite 'd'"),
        ("x debian .. y", "unknown suite"),
        ("x debian a..d y", "unknown suite 'd'"),
        ("x debian a,b y\nx debian b z", "stands twice for debian b"),
        ("suites debian d", "once a family"),
        ("suites fedora d", "once a family"),
        ("suites ubuntu", "once a family"),
    ):
        with pytest.raises(FactsError, match=reason):
            read_runtime(good + line, "r")


def test_odd_programs() -> None:
    for line, reason in (
        ("program jq", "a line is"),
        ("some jq jq", "a line is"),
        ("program jq jq\nimplicit jq jq", "stands twice"),
    ):
        with pytest.raises(FactsError, match=reason):
            read_programs(HEAD + line, "p")
