"""The tables of what slim images lack: they hold together, and what is odd in them is refused."""

from __future__ import annotations

import pytest

from rewriter.facts.records import FactsError
from rewriter.facts.slim_gap import COMPUTED, SlimGap, computed_suite, merged, slim_gap, slim_suites
from rewriter.facts.slim_reader import parse_slim, parse_suites

FULL = frozenset({"full"})
SMALL = """# comment
suite     x
source    how it was made
as-of     2026-11-26
base      libc6 tar
perl-base strict
brings    build-essential gcc
layer     curl
package   curl asked
  needs     libcurl4
  programs  curl
package   libcurl4 pulled
  libraries libcurl.so.4
layer     scm
layer     full
package   gcc-12 pulled
  instead   gcc
  programs  gcc-12
package   gcc asked
  needs     gcc-12
  programs  gcc cc
  links     gcc
  paths     /usr/lib/gcc
layer     go
packages  gcc gcc-12
"""


@pytest.fixture(params=COMPUTED)
def gap(request: pytest.FixtureRequest) -> SlimGap:
    return slim_gap(str(request.param))


class TestShipped:
    def test_heads(self, gap: SlimGap) -> None:
        assert gap.source.startswith("Debian ")
        assert gap.as_of == "2026-11-26"
        assert gap.suite in COMPUTED

    def test_size(self, gap: SlimGap) -> None:
        """The image on buildpack-deps has some 400 packages, slim about 90."""
        assert 70 < len(gap.base) < 110
        assert 300 < len(gap.packages) < 400
        assert 350 < len(gap.programs) < 450
        assert len([name for name in gap.packages if name.endswith("-dev")]) > 60

    def test_every_program_comes_with_what_is_asked_for(self, gap: SlimGap) -> None:
        for package in gap.packages.values():
            assert package.name in gap.closure({package.instead}), package.name

    def test_names_are_of_packages(self, gap: SlimGap) -> None:
        tables = (gap.programs, gap.libraries, gap.links, gap.modules, gap.paths)
        assert {owner for table in tables for owner in table.values()} <= set(gap.packages)
        assert not gap.base & set(gap.packages)
        assert not gap.base & set(gap.brings)

    def test_paths_are_as_they_are_looked_up(self, gap: SlimGap) -> None:
        for path, owner in gap.paths.items():
            assert gap.path_package(path) == owner, path
            assert merged(path) == path

    def test_the_recipes_are_there(self, gap: SlimGap) -> None:
        asked = {package.name: package.layer for package in gap.packages.values() if package.asked}
        named = {"curl": "curl", "netbase": "curl", "git": "scm", "procps": "scm", "gcc": "full", "libssl-dev": "full"}
        assert {name: asked[name] for name in named} == named
        assert len(asked) >= 48  # some names of the recipes are virtual
        assert {"g++", "gcc", "libc6-dev", "make"} <= gap.go

    def test_what_pulled_what(self, gap: SlimGap) -> None:
        assert "perl" in gap.closure({"git"})
        assert "python3" in gap.closure({"mercurial"})
        assert "openssl" in gap.closure({"ca-certificates"})
        assert {"gcc", "g++", "make", "libc6-dev"} <= gap.closure({"build-essential"})

    def test_perl_base(self, gap: SlimGap) -> None:
        assert {"strict", "POSIX", "List::Util", "File::Temp", "Getopt::Long"} <= gap.perl_base
        assert not {"JSON::PP", "Data::Dumper", "Digest::SHA", "Time::HiRes"} & gap.perl_base

    @pytest.mark.parametrize(
        ("path", "package"),
        [
            ("/usr/include/openssl/ssl.h", "libssl-dev"),
            ("/usr/include/postgresql/libpq-fe.h", "libpq-dev"),
            ("/usr/include/zlib.h", "zlib1g-dev"),
            ("/usr/include/stdio.h", "libc6-dev"),
            ("/usr/lib/x86_64-linux-gnu/libpq.so.5", "libpq5"),
            ("/usr/lib/x86_64-linux-gnu/libpq.so.5.99", "libpq5"),
            ("/lib/aarch64-linux-gnu/libpq.so", "libpq-dev"),
            ("/usr/lib/x86_64-linux-gnu/libpq.a", "libpq-dev"),
            ("/usr/lib/x86_64-linux-gnu/libpq.x", ""),
            ("/usr/lib/x86_64-linux-gnu/pq.so.5", ""),
            ("/usr/lib/x86_64-linux-gnu/libc.so.6", ""),
            ("/bin/ps", "procps"),
            ("/usr/bin/git", "git"),
            ("/usr/bin/env", ""),
            ("/etc/services", "netbase"),
            ("/etc/ssl/certs/ca-certificates.crt", "ca-certificates"),
            ("/usr/share/mime", "shared-mime-info"),
            ("/usr/share/zoneinfo/UTC", ""),
            ("/usr/include", ""),
            ("/", ""),
            ("", ""),
            ("/" * 5000, ""),
            ("/usr/share/mime" + "/x" * 2000, "shared-mime-info"),
        ],
    )
    def test_paths(self, gap: SlimGap, path: str, package: str) -> None:
        assert gap.path_package(path) == package

    def test_layers(self, gap: SlimGap) -> None:
        every = gap.lost_packages(FULL)
        assert every == set(gap.packages)
        assert gap.lost_packages({"curl"}) < gap.lost_packages({"scm"}) < gap.lost_packages({"go"}) < every
        assert gap.lost_packages(()) == gap.lost_packages({"x"}) == frozenset()

    def test_globs(self, gap: SlimGap) -> None:
        assert gap.libraries_from("libpq") == ("libpq5",)
        assert gap.libraries_from("libnone") == ()


def test_nearest() -> None:
    wanted = {"bookworm": "bookworm", "buster": "bullseye", "sid": "trixie", "jammy": "bookworm", "": "bookworm"}
    assert {suite: computed_suite(suite) for suite in wanted} == wanted
    assert slim_gap("buster") is slim_gap("bullseye")
    assert slim_suites().programs["buster", "python"] == "python"


def test_small() -> None:
    gap = parse_slim(SMALL, "slim/x.txt")
    assert (gap.suite, gap.source) == ("x", "how it was made")
    assert gap.base == {"libc6", "tar"}
    assert gap.closure({"build-essential", "none"}) == {"build-essential", "gcc", "gcc-12", "none"}
    assert gap.packages["gcc-12"].instead == "gcc"
    assert gap.lost("gcc", {"go"})
    assert not gap.lost("gcc", {"scm"})
    assert gap.lost("libcurl4", {"go"})


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("suite     x\n", "", "missing suite"),
        ("source    how it was made\n", "", "missing source"),
        ("as-of     2026-11-26\n", "", "missing as-of"),
        ("base      libc6 tar\n", "", "missing base"),
        ("as-of     2026-11-26", "as-of     26.11.2026", "malformed keyword 'as-of'"),
        ("suite     x", "suite     x y", "malformed keyword 'suite'"),
        ("suite     x", "suite     y", "another name"),
        ("suite     x\n", "suite x\nsuite x\n", "duplicate suite"),
        ("base      libc6 tar", "base      libc6 libc6", "stands twice"),
        ("base      libc6 tar", "base libc6\nbase libc6", "stands twice"),
        ("perl-base strict", "perl-base strict strict", "stands twice"),
        ("brings    build-essential gcc", "brings    build-essential", "empty"),
        ("brings    build-essential gcc", "brings a gcc\nbrings a gcc", "duplicate"),
        ("brings    build-essential gcc", "brings    build-essential none", "unknown package none"),
        ("layer     scm\n", "", "layers stand in the order"),
        ("layer     scm", "layer     scm\nlayer     scm", "layers stand in the order"),
        ("packages  gcc gcc-12", "packages  gcc\nlayer x", "layers stand in the order"),
        ("layer     go\npackages  gcc gcc-12\n", "", "missing layer go"),
        ("packages  gcc gcc-12\n", "", "missing layer go"),
        ("packages  gcc gcc-12", "packages  none", "unknown package none"),
        ("package   curl asked", "package   curl", "a package line is"),
        ("package   curl asked", "package   curl maybe", "a package line is"),
        ("package   curl asked", "package   tar asked", "duplicate package tar"),
        ("package   gcc asked", "package   curl asked", "duplicate package curl"),
        ("layer     curl\n", "package   z asked\nlayer     curl\n", "a package line is"),
        ("packages  gcc gcc-12", "packages gcc\n  programs x", "belongs under a package"),
        ("layer     curl\n", "  programs x\nlayer     curl\n", "belongs under a package"),
        ("  instead   gcc", "  instead   gcc x", "malformed keyword 'instead'"),
        ("  instead   gcc", "  instead   none", "unknown package none"),
        ("  instead   gcc", "  instead   gcc\n  instead gcc", "malformed keyword 'instead'"),
        ("  needs     libcurl4", "  needs     none", "unknown package none"),
        ("  programs  gcc-12", "  programs  curl", "curl is said to be of curl too"),
        ("  paths     /usr/lib/gcc", "  paths     usr/lib", "malformed"),
        ("  programs  gcc-12", "  programs  /usr/bin/x", "malformed"),
        ("  programs  gcc-12", "  programmes  x", "unknown or malformed keyword"),
        ("  programs  gcc-12", "  programs", "says nothing"),
        ("layer     scm", "\t \nlayer scm", "says nothing"),
        ("layer     scm", "base      x\nlayer scm", "belongs above the layers"),
        ("perl-base strict", "perl strict", "unknown or malformed keyword 'perl'"),
        ("layer     scm", "packages x\nlayer     scm", "unknown keyword 'packages'"),
    ],
)
def test_odd_tables_are_refused(old: str, new: str, reason: str) -> None:
    assert old in SMALL
    with pytest.raises(FactsError, match=reason.replace("(", r"\(")) as error:
        parse_slim(SMALL.replace(old, new, 1), "slim/x.txt")
    assert error.value.file == "slim/x.txt"
    assert error.value.line >= 1


SUITES = "source a b\nas-of 2026-11-26\narchived a b\nlive c\nnearest bookworm a b\nprogram python python a\n"


def test_suites() -> None:
    suites = parse_suites(SUITES + "man-pages a x y\n", "suites.txt")
    assert suites.archived == {"a", "b"}
    assert dict(suites.nearest) == {"a": "bookworm", "b": "bookworm"}
    assert dict(suites.programs) == {("a", "python"): "python"}
    assert dict(suites.man_pages) == {"a": ("x", "y")}


@pytest.mark.parametrize(
    ("extra", "reason"),
    [
        ("archived c", "duplicate"),
        ("live b", "duplicate"),
        ("nearest bookworm a", "duplicate"),
        ("nearest none d", "unknown or malformed"),
        ("nearest bookworm", "unknown or malformed"),
        ("program python x a", "duplicate"),
        ("program python x", "unknown or malformed"),
        ("man-pages a", "unknown or malformed"),
        ("man-pages a x\nman-pages a y", "duplicate"),
        ("source again", "unknown or malformed"),
        ("as-of 2026-11-26", "unknown or malformed"),
        ("archived", "unknown or malformed"),
        ("  ", "unknown or malformed"),
        ("other x", "unknown or malformed"),
    ],
)
def test_odd_suites_are_refused(extra: str, reason: str) -> None:
    with pytest.raises(FactsError, match=reason) as error:
        parse_suites(f"{SUITES}{extra}\n", "suites.txt")
    assert error.value.line >= 7


@pytest.mark.parametrize("text", ["", "source x\n", "as-of 2026-11-26\n", "as-of today\nsource x\n"])
def test_suites_need_source_and_date(text: str) -> None:
    with pytest.raises(FactsError):
        parse_suites(text, "suites.txt")


def test_paths_of_other_machines_and_unmerged_ones() -> None:
    assert merged("/lib/arm-linux-gnueabihf/libz.so.1") == "/usr/lib/x86_64-linux-gnu/libz.so.1"
    assert merged("/usr/include/aarch64-linux-gnu") == "/usr/include/x86_64-linux-gnu"
    assert merged("/bin/sh") == "/usr/bin/sh"
    assert merged("/library") == "/library"
