"""The facts about packages: the reader believes nothing odd, and what is shipped is read, sorted and sourced."""

from __future__ import annotations

import pytest

from rewriter.facts.dependencies import DEPENDENCIES, ECOSYSTEMS, DependencyFacts, in_range, numbers
from rewriter.facts.dependencies_reader import parse_dependencies
from rewriter.facts.records import FactsError

GOOD = """\
ecosystem  npm
# a comment
source  here  2026-11-26 a place
source  there 2026-11-25 another place

pure    here  plain @scope/*
musl    here  always later>=1.2
glibc   there never
package sharp there
  refuse   <0.20 too old
  doubt    >=0.20,<0.33 it is compiled
  fine     >=0.33 it has binaries
  compiles <0.20
  phase    build
  build-apt gcc make
  run-apt  bullseye libssl1.1
  run-apt  bookworm libssl3
"""


def facts(text: str = GOOD) -> DependencyFacts:
    return DependencyFacts(lambda ecosystem: text)


def kind(name: str, version: str = "") -> str | None:
    package = facts().package("npm", name)
    verdict = package.verdict(version) if package is not None else None
    return verdict.kind if verdict is not None else None


@pytest.mark.parametrize(
    ("name", "version", "expected"),
    [
        ("plain", "", "fine"),
        ("@scope/anything", "1.0", "fine"),
        ("@scoped", "1.0", None),
        ("unknown", "1.0", None),
        ("always", "0.1", "fine"),
        ("later", "1.2.0", "fine"),
        ("later", "1.1.9", "refuse"),
        ("later", "", "doubt"),
        ("never", "9", "refuse"),
        ("sharp", "0.19.5", "refuse"),
        ("sharp", "v0.32.0", "doubt"),
        ("sharp", "0.33.0-rc.1", "fine"),
        ("sharp", "", "refuse"),
        ("sharp", "latest", None),
    ],
)
def test_verdict(name: str, version: str, expected: str | None) -> None:
    assert kind(name, version) == expected


def test_a_package_tells_what_it_needs_and_who_says_so() -> None:
    sharp = facts().package("npm", "sharp")
    assert sharp is not None
    assert sharp.packages("build-apt") == ("gcc", "make")
    assert sharp.packages("run-apt", "bookworm") == ("libssl3",)
    assert sharp.packages("run-apt", "trixie") is None
    assert sharp.packages("run-apk") == ()
    assert (sharp.phase, sharp.source, sharp.date) == ("build", "another place", "2026-11-25")
    assert (sharp.compiles("0.19"), sharp.compiles("0.20"), sharp.compiles("")) == (True, False, True)
    verdict = sharp.verdict("0.33.0")
    assert verdict is not None
    assert (verdict.reason, verdict.source, verdict.date) == ("it has binaries", "another place", "2026-11-25")


HEAD = "ecosystem npm\nsource s 2026-11-26 a place\n"


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("ecosystem pypi\n", 1, "the first line is"),
        ("source s 2026-11-26 x\n", 1, "the first line is"),
        (HEAD + "pure s a\npure s a\n", 4, "duplicate package a"),
        (HEAD + "pure s a a\n", 3, "duplicate package a"),
        (HEAD + "pure t a\n", 3, "missing source 't'"),
        (HEAD + "package a t\n", 3, "missing source 't'"),
        (HEAD + "pure s\n", 3, "names no package"),
        (HEAD + "pure s a>=1\n", 3, "malformed version"),
        (HEAD + "musl s a>=x\n", 3, "malformed version"),
        (HEAD + "pure s Upper\n", 3, "lower case"),
        (HEAD + "what s a\n", 3, "unknown or incomplete statement 'what'"),
        (HEAD + "package a\n", 3, "unknown or incomplete"),
        (HEAD + "package a s\n", 4, "says nothing"),
        (HEAD + "package a s\npackage b s\n", 4, "says nothing"),
        (HEAD + "package a s\n  refuse *\n", 4, "unknown or incomplete"),
        (HEAD + "package a s\n  refuse 1.0 reason\n", 4, "malformed range"),
        (HEAD + "package a s\n  refuse <x reason\n", 4, "malformed range"),
        (HEAD + "package a s\n  refuse <1, reason\n", 4, "malformed range"),
        (HEAD + "package a s\n  phase later\n", 4, "unknown or incomplete"),
        (HEAD + "package a s\n  phase run\n  phase run\n", 5, "unknown or incomplete"),
        (HEAD + "package a s\n  run-apt bookworm\n", 4, "names no package, or speaks twice"),
        (HEAD + "package a s\n  run-apt x\n  run-apt y\n", 5, "names no package, or speaks twice"),
        (HEAD + "package a s\n  run-yum x\n", 4, "unknown or incomplete"),
        (HEAD + "  refuse * reason\n", 3, "outside of a package"),
        (HEAD + "source s 2026-11-26 again\n", 3, "duplicate source s"),
        (HEAD, 3, "names no package"),
        (HEAD + "source t 2026-11-26 x\npure s a\n", 5, "source t is never used"),
        ("ecosystem npm\nsource s 2026-13-26 x\n", 2, "malformed date"),
        ("ecosystem npm\nsource s 2026-11-26\n", 2, "a source line is"),
        ("", 1, "names no package"),
    ],
)
def test_odd_lines(text: str, line: int, reason: str) -> None:
    with pytest.raises(FactsError) as caught:
        parse_dependencies(text, "npm", "npm.txt")
    assert (caught.value.file, caught.value.line) == ("npm.txt", line)
    assert reason in caught.value.reason


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("1.2.3", (1, 2, 3)),
        ("v1.20.0", (1, 20)),
        ("1.2rc1", (1, 2)),
        ("1.2.0-rc.1", (1, 2)),
        ("2023.12.25", (2023, 12, 25)),
        ("", ()),
        ("latest", ()),
        ("9" * 50, (99_999_999_999,)),
        ("1.٣", (1,)),
    ],
)
def test_numbers(version: str, expected: tuple[int, ...]) -> None:
    assert numbers(version) == expected


@pytest.mark.parametrize(
    ("version", "wanted", "expected"),
    [
        ("1.0", "*", True),
        ("", "*", True),
        ("", ">=1", False),
        ("main", "<9", False),
        ("1.10", ">1.9", True),
        ("1.9", "<=1.9.0", True),
        ("1.9.1", "==1.9.1", True),
        ("1.9.1", ">=1,<1.9", False),
    ],
)
def test_in_range(version: str, wanted: str, expected: bool) -> None:
    assert in_range(version, wanted) is expected


# How many packages each registry has to tell of at least.
LEAST = {
    "npm": 60,
    "pypi": 120,
    "rubygems": 30,
    "maven": 40,
    "cargo": 30,
    "nuget": 20,
    "go": 15,
    "packagist": 15,
    "hex": 10,
}


class TestShipped:
    @pytest.mark.parametrize("ecosystem", ECOSYSTEMS)
    def test_is_read(self, ecosystem: str) -> None:
        table = DEPENDENCIES.table(ecosystem)
        assert len(table) >= LEAST[ecosystem]
        for name, package in table.items():
            assert package.name == name
            assert package.source
            assert package.date >= "2026"

    @pytest.mark.parametrize("ecosystem", ECOSYSTEMS)
    def test_every_package_that_compiles_says_what_it_needs(self, ecosystem: str) -> None:
        for package in DEPENDENCIES.table(ecosystem).values():
            if package.compiled:
                names = [names for which, _, names in package.needs if which.startswith("build-")]
                assert names, package.name

    @pytest.mark.parametrize("ecosystem", ECOSYSTEMS)
    def test_every_pinned_version_gets_one_verdict(self, ecosystem: str) -> None:
        for package in DEPENDENCIES.table(ecosystem).values():
            for version in ("0.0.1", "3.5", "99.0"):
                assert package.verdict(version) is not None, (package.name, version)

    @pytest.mark.parametrize(
        ("ecosystem", "name", "version", "expected"),
        [
            ("pypi", "torch", "2.1.0", "refuse"),
            ("pypi", "requests", "2.31.0", "fine"),
            ("pypi", "cryptography", "34.0", "refuse"),
            ("pypi", "cryptography", "41.0", "fine"),
            ("pypi", "nvidia-cublas-cu12", "12.1", "refuse"),
            ("pypi", "scikit-learn", "1.3.0", "refuse"),
            ("npm", "sharp", "0.33.5", "fine"),
            ("npm", "sodium-native", "3.0.0", "refuse"),
            ("maven", "org.xerial.snappy:snappy-java", "1.1.10.5", "fine"),
            ("maven", "org.springframework.boot:spring-boot-starter-web", "", "fine"),
            ("maven", "org.bytedeco:javacv", "", "refuse"),
            ("cargo", "libz-sys", "1.1.12", "fine"),
            ("rubygems", "pg", "1.5.4", "fine"),
            ("packagist", "ext-oci8", "", "refuse"),
            ("nuget", "microsoft.data.sqlclient", "5.1.1", "refuse"),
            ("go", "github.com/godror/godror", "0.40.0", "refuse"),
            ("hex", "exla", "0.6.0", "refuse"),
        ],
    )
    def test_what_is_known(self, ecosystem: str, name: str, version: str, expected: str) -> None:
        package = DEPENDENCIES.package(ecosystem, name)
        assert package is not None
        verdict = package.verdict(version)
        assert verdict is not None
        assert verdict.kind == expected

    def test_an_unknown_registry_is_empty(self) -> None:
        assert DEPENDENCIES.table("../../etc/passwd") == {}
        assert DEPENDENCIES.package("brew", "wget") is None
