"""The grammar of tags: what the words of a tag mean, without asking whether such a tag ever existed."""

from __future__ import annotations

from rewriter.facts.records import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal

    Flavour = Literal["alpine", "slim", ""]

# Debian's suites and the names that move over them. Source: docker-library/official-images library/debian, 2026-08-21.
_SUITES = ("squeeze", "wheezy", "jessie", "stretch", "buster", "bullseye", "bookworm", "trixie", "forky", "sid")
_MOVING = ("stable", "oldstable", "oldoldstable", "testing", "unstable", "experimental", "rc-buggy")
DEBIAN_SUITES = frozenset((*_SUITES, *_MOVING))
# Ubuntu's, oldest first. Source: docker-library/official-images library/ubuntu and library/buildpack-deps, 2026-08-21.
_UBUNTU = (
    "lucid precise quantal raring saucy trusty utopic vivid wily xenial yakkety zesty artful bionic cosmic disco eoan "
    "focal groovy hirsute impish jammy kinetic lunar mantic noble oracular plucky questing resolute stonking"
)
UBUNTU_SUITES = frozenset(_UBUNTU.split())
SUITES = DEBIAN_SUITES | UBUNTU_SUITES


class ParsedTag(Record):
    """A tag taken apart; `rest` holds, dash-joined, the words that are none of the others (`onbuild`, `20230109`)."""

    __slots__ = ("alpine", "flavour", "rest", "suite", "version")
    version: str | None
    flavour: Flavour
    alpine: str | None
    suite: str | None
    rest: str

    def __init__(self, version: str | None, flavour: Flavour, alpine: str | None, suite: str | None, rest: str) -> None:
        self._fill(version=version, flavour=flavour, alpine=alpine, suite=suite, rest=rest)


def parse_tag(image_name: str, tag: str) -> ParsedTag:
    """Take a tag apart; never raises. The order of its words does not matter, but for the version, which is first.

    "" and `latest` have no version. An image named `alpine` is always of that flavour: its version is the release.
    `alpine-3.22` (eclipse-temurin) is read as `alpine3.22`.
    """
    version: str | None = None
    flavour: Flavour = ""
    alpine: str | None = None
    suite: str | None = None
    rest: list[str] = []
    words = ["rc-buggy", *tag[9:].split("-")] if f"{tag}-".startswith("rc-buggy-") else tag.split("-")
    for position, word in enumerate(words):
        if position and alpine is None and words[position - 1] == flavour == "alpine" and is_release(word):
            alpine = word
            continue
        if (word == "latest" and position == 0) or not word:
            continue
        if position == 0 and _is_version(word):
            version = word
        elif word == "slim" and not flavour:
            flavour = "slim"
        elif word == "alpine" and not flavour:
            flavour = "alpine"
        elif word.startswith("alpine") and not flavour and is_release(word[6:]):
            flavour, alpine = "alpine", word[6:]
        elif word in SUITES and suite is None:
            suite = word
        else:
            rest.append(word)
    if image_name.rpartition("/")[2] == "alpine":
        flavour = "alpine"
        alpine = ".".join(version.split(".")[:2]) if version and "." in version else None
    return ParsedTag(version, flavour, alpine, suite, "-".join(rest))


def _is_version(word: str) -> bool:
    # Eight digits are a build date (alpine:20230208). Pre-releases (1.18rc1) begin like versions and are named as such.
    return word[0].isdecimal() and word.isascii() and not (len(word) == 8 and word.isdecimal())


def is_release(word: str) -> bool:
    """Whether `word` is written like an alpine release, X.Y."""
    major, dot, minor = word.partition(".")
    return bool(dot) and major.isdecimal() and minor.isdecimal()


def numbers(version: str) -> tuple[int, ...]:
    """The leading numbers of a version, for comparing: "1.18.4" is (1, 18, 4), "1.18rc1" is (1,), "" is ()."""
    found: list[int] = []
    for part in version.split("."):
        if not (part.isascii() and part.isdecimal()):
            break
        found.append(int(part))
    return tuple(found)


def all_numbers(version: str) -> tuple[int, ...]:
    """All numbers in a version, in order: "8u212-b04" is (8, 212, 4), "17.0.2_8" is (17, 0, 2, 8), "" is ()."""
    spaced = "".join(char if char.isascii() and char.isdecimal() else " " for char in version)
    return tuple(int(word) for word in spaced.split())


def is_older_than(release: str, other: str) -> bool:
    """Whether version `release` comes before `other`, number by number: 3.9 is older than 3.10."""
    return numbers(release) < numbers(other)
