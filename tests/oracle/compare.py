"""The verdict on one text: our reading against the oracle's."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from rewriter.source import decode
from tests.oracle.client import Oracle, Silence
from tests.oracle.known import BLANKS, TRANSLATIONS
from tests.oracle.later import explained, faults
from tests.oracle.reading import Command, Reading, Rejected, our_reading
from tests.oracle.stand_ins import shape, stand_in, why_not_faithful

Kind = Literal["equal", "both-reject", "known", "disagree", "no-verdict"]

_OUTER = re.compile(rf"[{BLANKS}]*[^\t\v\f\r ]+[\t\v\f\r ]+")
_BACKTICK = re.compile(r"\ufeff?(?:\s*#.*\n)*?\s*#\s*escape\s*=\s*`", re.IGNORECASE)


@dataclass(frozen=True)
class Verdict:
    """How two readings of a text stand to each other.

    ``detail`` is one line; for a known difference it starts with the name of its class and a colon.
    """

    kind: Kind
    detail: str = ""
    lines: tuple[int, ...] = ()


def verdict(data: bytes, oracle: Oracle) -> Verdict:
    """Compares what we read with what the oracle reads."""
    text = decode(data)
    changed = stand_in(text)
    try:
        if changed != text and shape(changed) != shape(text):
            why = why_not_faithful(text, changed)
            if why:
                return Verdict("no-verdict", why)
            return Verdict("disagree", "a byte that is no UTF-8, or a NUL, is not read as any other character")
        return _verdict(changed, oracle)
    except Silence as silence:
        return Verdict("no-verdict", str(silence))


def compare(ours: Reading, theirs: Reading) -> Verdict:
    """The first difference between two readings."""
    if isinstance(ours, Rejected) and isinstance(theirs, Rejected):
        return Verdict("both-reject", _line(f"{ours.reason} | {theirs.reason}"), (ours.line,))
    if isinstance(ours, Rejected):
        return Verdict("disagree", _line(f"line {ours.line}: only we reject it: {ours.reason}"), (ours.line,))
    if isinstance(theirs, Rejected):
        return Verdict("disagree", _line(f"only the oracle rejects it: {theirs.reason}"))
    for mine, other in zip(ours, theirs, strict=False):
        if mine != other:
            return Verdict("disagree", _difference(mine, other), (mine.start,))
    if len(ours) != len(theirs):
        return Verdict("disagree", f"{len(ours)} instructions against {len(theirs)}")
    return Verdict("equal")


def _difference(mine: Command, other: Command) -> str:
    fields = zip(Command._fields, mine, other, strict=True)
    name, a, b = next(field for field in fields if field[1] != field[2])
    return _line(f"line {mine.start}, {mine.keyword}: {name}: {a!r} against {b!r}")


def _line(text: str) -> str:
    text = " ".join(text.split("\n"))
    return text if len(text) <= 400 else text[:397] + "..."


def _verdict(text: str, oracle: Oracle) -> Verdict:
    ours, theirs = our_reading(text), oracle.read(text)
    first = _settled(ours, theirs, text, oracle)
    used: list[str] = []
    at, mine, other = text, ours, theirs
    for known in TRANSLATIONS if first.kind == "disagree" else ():
        translated = known.translate(at, mine, other)
        reading = our_reading(translated) if translated != at else mine
        if translated == at or _outline(reading) != _outline(ours):
            continue
        used.append(known.name)
        at, mine, other = translated, reading, oracle.read(translated)
        found = _settled(mine, other, at, oracle)
        if found.kind != "disagree":
            detail = found.detail if found.kind == "known" else first.detail
            return Verdict("known", ": ".join([*used, detail]), first.lines)
    return first


def _settled(ours: Reading, theirs: Reading, text: str, oracle: Oracle) -> Verdict:
    """The comparison; a rejection that only we make is known when it has a reason."""
    found = compare(ours, theirs)
    if isinstance(ours, Rejected) and not isinstance(theirs, Rejected):
        kind = explained(ours, theirs, lambda command: _trigger_fault(command, text, oracle))
        if kind:
            return Verdict("known", _line(f"{kind}: {ours.reason}"), (ours.line,))
    return found


def _outline(reading: Reading) -> object:
    """What a translation must leave as it is."""
    if isinstance(reading, Rejected):
        return "rejected"
    return [(command.keyword, command.trigger, command.start, command.end) for command in reading]


def _trigger_fault(command: Command, text: str, oracle: Oracle) -> bool:
    """True when what an ONBUILD holds is at fault, or no instruction, where it stands alone."""
    stage = "# escape=`\nFROM a\n" if _BACKTICK.match(text) else "FROM a\n"
    line = stage.count("\n") + 1
    alone = oracle.read(f"{stage}{_OUTER.sub('', command.original, count=1)}\n")
    return isinstance(alone, Rejected) or line in faults(alone) or alone[-1].start != line
