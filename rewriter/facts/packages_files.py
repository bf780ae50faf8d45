"""The strict readers of data/packages/*.txt; the forms are told in packages.py."""

from __future__ import annotations

from rewriter.facts.records import FactsError
from rewriter.facts.values import OddLineError, is_date, read_lines

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    Entry = tuple[str, tuple[int, ...], tuple[int, ...], tuple[str, ...], str]

ALWAYS: tuple[int, ...] = (9999,)
"""Later than every release."""
_MAPPING = ("is", "like")
_REASONED = ("drop", "omit", "refuse")
_FAMILIES = ("debian", "ubuntu", "alpine")


class Table:
    """apt.txt or yum.txt: by package, its lines as (keyword, first release, last release, Alpine names, note)."""

    __slots__ = ("groups", "packages")

    def __init__(self) -> None:
        self.packages: dict[str, tuple[Entry, ...]] = {}
        self.groups: dict[str, tuple[str, ...]] = {}


class Name:
    """One Alpine name: the releases that have it, whether a full list had it, and the newest recipe that names it."""

    __slots__ = ("first", "last", "read", "seen")

    def __init__(self, first: tuple[int, ...], last: tuple[int, ...], read: bool, seen: tuple[int, ...]) -> None:
        self.first = first
        self.last = last
        self.read = read
        self.seen = seen


class Names:
    """alpine_names.txt."""

    __slots__ = ("entries", "listed", "newest")

    def __init__(self) -> None:
        self.entries: dict[str, Name] = {}
        self.newest: tuple[int, ...] = ()
        self.listed: tuple[int, ...] = ()


def read_table(text: str, file: str) -> Table:
    """The table that `text` says. Raises FactsError."""
    table = Table()

    def line(words: list[str], rest: str) -> None:
        if words[0] == "group":
            _group(table, rest)
            return
        if words[0] not in (*_MAPPING, *_REASONED):
            raise OddLineError(f"unknown keyword '{words[0]}'")
        if len(words) < 3:
            raise OddLineError(f"'{words[0]}' says nothing")
        entry = _mapping(words, rest) if words[0] in _MAPPING else (words[0], (), ALWAYS, (), rest.split(None, 1)[1])
        before = table.packages.get(words[1], ())
        if before and (words[0] in _REASONED or before[0][0] in _REASONED):
            raise OddLineError(f"'{words[1]}' stands twice")
        if any(entry[1] <= other[2] and other[1] <= entry[2] for other in before):
            raise OddLineError(f"'{words[1]}' stands twice for one release")
        table.packages[words[1]] = (*before, entry)

    _each(text, file, line)
    return table


def _mapping(words: list[str], rest: str) -> Entry:
    body, bar, note = rest.partition(" | ")
    names = body.split()[1:]
    low: tuple[int, ...] = ()
    high = ALWAYS
    if names and ".." in names[0]:
        low, high = _range(names.pop(0))
    if not names or (bar and not note.strip()):
        raise OddLineError(f"'{words[0]}' names no package")
    return words[0], low, high, tuple(names), note.strip()


def _group(table: Table, rest: str) -> None:
    parts = rest.split('"')
    if len(parts) != 3 or parts[0] or not parts[1].strip() or not parts[2].split():
        raise OddLineError('a group line is: group "NAME" APK…')
    name = parts[1].strip().lower()
    if name in table.groups:
        raise OddLineError(f"the group '{name}' stands twice")
    table.groups[name] = tuple(parts[2].split())


def read_names(text: str, file: str) -> Names:
    """The Alpine names that `text` lists. Raises FactsError."""
    names = Names()

    def line(words: list[str], rest: str) -> None:
        if words[0] in ("newest", "listed"):
            if len(words) != 2 or getattr(names, words[0]):
                raise OddLineError(f"'{words[0]}' needs one release, once")
            setattr(names, words[0], _release(words[1]))
            return
        if len(words) not in (3, 4) or words[2] not in ("2020", "notes"):
            raise OddLineError("a name line is: NAME RANGE|* 2020|notes [RELEASE]")
        if words[0] in names.entries:
            raise OddLineError(f"'{words[0]}' stands twice")
        low, high = _range(words[1]) if words[1] != "*" else ((), ALWAYS)
        names.entries[words[0]] = Name(low, high, words[2] == "2020", _release(words[3]) if len(words) == 4 else ())

    _each(text, file, line)
    if not names.newest or not names.listed:
        raise FactsError(file, 1, "missing newest or listed")
    return names


def read_runtime(text: str, file: str) -> dict[tuple[str, str, str], tuple[str, ...]]:
    """By (package, family, suite or `*`): the run-time packages. Raises FactsError."""
    found: dict[tuple[str, str, str], tuple[str, ...]] = {}
    suites: dict[str, tuple[str, ...]] = {}

    def line(words: list[str], rest: str) -> None:
        if words[0] == "suites":
            if len(words) < 3 or words[1] not in _FAMILIES or words[1] in suites:
                raise OddLineError("a suites line is: suites FAMILY SUITE…, once a family")
            suites[words[1]] = tuple(words[2:])
            return
        if len(words) < 4 or words[1] not in suites:
            raise OddLineError("a library line is: NAME FAMILY SUITE,…|* PACKAGE…|-")
        for suite in _suites(words[2], suites[words[1]]):
            key = (words[0], words[1], suite)
            if key in found:
                raise OddLineError(f"'{words[0]}' stands twice for {words[1]} {suite}")
            found[key] = tuple(words[3:]) if words[3:] != ["-"] else ()

    _each(text, file, line)
    return found


def _suites(asked: str, known: tuple[str, ...]) -> tuple[str, ...]:
    if asked == "*":
        return ("*",)
    low, dots, high = asked.partition("..")
    named = (low, high) if dots else tuple(asked.split(","))
    odd = next((suite for suite in named if suite and suite not in known), None)
    if odd is not None or not any(named):
        raise OddLineError(f"unknown suite '{odd or asked}'")
    if not dots:
        return named
    return known[known.index(low) if low else 0 : known.index(high) + 1 if high else len(known)]


def read_programs(text: str, file: str) -> dict[str, tuple[str, str]]:
    """By program: (keyword, package). Raises FactsError."""
    found: dict[str, tuple[str, str]] = {}

    def line(words: list[str], rest: str) -> None:
        if len(words) != 3 or words[0] not in ("implicit", "program"):
            raise OddLineError("a line is: implicit|program NAME APK")
        if words[1] in found:
            raise OddLineError(f"'{words[1]}' stands twice")
        found[words[1]] = (words[0], words[2])

    _each(text, file, line)
    return found


def _each(text: str, file: str, line: Callable[[list[str], str], None]) -> None:
    """Calls `line` with the words of each line, and what stands behind the first; needs source and date."""
    head: set[str] = set()

    def read(written: str, _number: int) -> None:
        words = written.split()
        if not words or written[0].isspace():
            raise OddLineError("a line that starts with blanks")
        rest = written.split(None, 1)[1].strip() if len(words) > 1 else ""
        if words[0] in ("source", "collected"):
            if not rest or words[0] in head or (words[0] == "collected" and not is_date(rest)):
                raise OddLineError(f"'{words[0]}' is odd, or stands twice")
            head.add(words[0])
        else:
            line(words, rest)

    def finish() -> None:
        for key in ("source", "collected"):
            if key not in head:
                raise OddLineError(f"missing {key}")

    read_lines(text, file, read, finish)


def _range(text: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
    low, dots, high = text.partition("..")
    if not dots or not (low or high):
        raise OddLineError(f"not a range of releases: {text}")
    first, last = (_release(low) if low else ()), (_release(high) if high else ALWAYS)
    if first > last:
        raise OddLineError(f"the range {text} runs backwards")
    return first, last


def _release(text: str) -> tuple[int, ...]:
    parts = text.split(".")
    if len(parts) != 2 or not all(part.isascii() and part.isdecimal() for part in parts):
        raise OddLineError(f"not a release: {text}")
    return tuple(int(part) for part in parts)
