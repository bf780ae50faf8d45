"""The words of a variant by what they mean: on which system, and which flavour of the image.

`slim-bullseye`, `bullseye-slim` and `slim` are one flavour on different systems; so are `fpm-alpine3.18` and `fpm`. The
images write the words in different orders; a variant is therefore looked for by its shape, never put together.
"""

from __future__ import annotations

from rewriter.facts.records import Record
from rewriter.facts.tags import SUITES, is_release, numbers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

# Names of systems that stand in variants, with or without a number behind them. Source: all variants of the data files.
_SYSTEMS = ("oraclelinux", "almalinux", "amazonlinux", "centos", "debian", "fedora", "oracle", "rhel", "ubi", "ubuntu")
# azul-zulu writes Debian's number; the suites are those of library/debian.
_NUMBERED = {"debian10": "buster", "debian11": "bullseye", "debian12": "bookworm", "debian13": "trixie"}


class Shape(Record):
    """A variant taken apart.

    `words`: what is left as flavour, in order (`fpm`, `jre`). `slim`: a Debian or Ubuntu image without the extras.
    `alpine`: None when it is no alpine, "" when it is the unnumbered one, else the release. `suite`: the Debian or
    Ubuntu suite that is written ("" = none). `system`: another system that is written (`oraclelinux8`, `ubi9-minimal`).
    """

    __slots__ = ("alpine", "slim", "suite", "system", "words")
    words: tuple[str, ...]
    slim: bool
    alpine: str | None
    suite: str
    system: str

    def __init__(self, words: tuple[str, ...], slim: bool, alpine: str | None, suite: str, system: str) -> None:
        self._fill(words=words, slim=slim, alpine=alpine, suite=suite, system=system)


_known: dict[str, Shape] = {}


def shape(variant: str) -> Shape:
    """The shape of a variant ("" = the bare tag); asked often, so kept."""
    if variant not in _known:
        if len(_known) > 5000:  # all data files together have fewer; hostile text must not fill the memory
            _known.clear()
        _known[variant] = _shape(variant)
    return _known[variant]


def _shape(variant: str) -> Shape:
    words: list[str] = []
    system: list[str] = []
    alpine: str | None = None
    suite = ""
    slim = False
    before = ""
    for word in variant.split("-") if variant else ():
        if before == "alpine" and is_release(word):
            alpine = word
        elif (before in ("ubuntu", "debian") and numbers(word)) or (before.startswith("ubi") and word == "minimal"):
            system.append(word)
        elif word in SUITES:
            suite = word
        elif word.startswith("alpine") and alpine is None and (word == "alpine" or is_release(word[6:])):
            alpine = word[6:]
        elif word == "slim":
            slim = True
        elif _is_system(word):
            system.append(word)
            suite = _NUMBERED.get(word, suite)
        else:
            words.append(word)
        before = word
    if slim and alpine is not None:  # nginx's alpine-slim is a flavour of its own
        words.append("slim")
        slim = False
    return Shape(tuple(words), slim, alpine, suite, "-".join(system))


def _is_system(word: str) -> bool:
    if word in _SYSTEMS or (word.startswith("al2") and word[2:].isdecimal()):
        return True
    return any(word.startswith(name) and word[len(name) :].isdecimal() for name in _SYSTEMS)


def on_alpine(variants: Iterable[str], words: tuple[str, ...]) -> dict[str, str]:
    """The alpine variants of a flavour, by their release ("" = the unnumbered one), oldest release first."""
    found = {}
    for variant in variants:
        own = shape(variant)
        if own.alpine is not None and own.words == words:
            found[own.alpine] = variant
    return dict(sorted(found.items(), key=lambda item: numbers(item[0])))
