"""The report for code scanning: SARIF 2.1.0, https://docs.oasis-open.org/sarif/sarif/v2.1.0/.

Findings are results, and so are changes, with the fix that makes them; the rules are the pages of the transforms.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any

from rewriter.edit import Edit, ordered
from rewriter.report.words import masked, visible
from rewriter.source import BOM

if TYPE_CHECKING:
    from rewriter.result import LocatedFinding, Result, Step
    from rewriter.transform import Change, Transform

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
PRAGMA = "pragma"
"""The rule of what is found in a pragma and not by a transform."""
_PLAIN = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/")
_STOP = "\u2060"
"""A word joiner, which is not seen: between the two brackets of a link it makes them text."""


def driver(version: str, transforms: Iterable[Transform]) -> dict[str, Any]:
    """The tool and its rules."""
    rules = [_rule(transform.name, transform.page) for transform in transforms]
    rules.append(
        _rule(PRAGMA, "A pragma that says nothing\n\nA comment looks like a pragma, and nothing follows from it.")
    )
    return {"name": "dfrewrite", "semanticVersion": version, "rules": rules}


def _rule(name: str, page: str) -> dict[str, Any]:
    summary = page.strip().splitlines()[0]
    return {
        "id": name,
        "shortDescription": {"text": summary},
        "help": {"text": page.strip()},
        "defaultConfiguration": {"level": "note"},
    }


def results(path: str, result: Result, rules: Sequence[str]) -> Iterator[dict[str, Any]]:
    """What is wrong and what changes in one file, by line; ``rules`` are the names of `driver`'s, in its order."""
    place = artifact(path)
    found = [*_findings(result.findings, place), *_changes(result, place)]
    for each in sorted(found, key=_line):
        yield {"ruleId": each["ruleId"], "ruleIndex": rules.index(each["ruleId"]), **each}


def _line(result: dict[str, Any]) -> int:
    return int(result["locations"][0]["physicalLocation"]["region"]["startLine"])


def _findings(findings: Iterable[LocatedFinding], place: dict[str, str]) -> Iterator[dict[str, Any]]:
    for finding in findings:
        yield {
            "ruleId": finding.transform or PRAGMA,
            "level": "warning",
            "message": message(finding.message),
            "locations": [_location(place, finding.line)],
        }


def _changes(result: Result, place: dict[str, str]) -> Iterator[dict[str, Any]]:
    for step in result.steps:
        together: list[dict[str, Any]] | None = None
        for change in step.changes:
            own = step.before == result.before
            if not own and together is None:
                together = replacements(result.before, _between(result.before, step.after))
            made = replacements(result.before, change.edits) if own else together
            told = {
                "ruleId": step.transform.name,
                "level": "note",
                "message": message(change.why),
                "locations": [_location(place, step.line(change.anchor))],
                "properties": {"level": str(change.level), "doubts": [masked(doubt) for doubt in change.doubts]},
            }
            yield {**told, "fixes": [_fix(step, change, place, made, own)]} if made else told


def _fix(step: Step, change: Change, place: dict[str, str], made: list[dict[str, Any]], own: bool) -> dict[str, Any]:
    """What a later transform edits is what an earlier one made, so its fix brings all up to it."""
    text = change.why if own else f"{step.transform.summary}, with all changes before it"
    return {
        "description": message(text),
        "artifactChanges": [{"artifactLocation": place, "replacements": made}],
    }


def replacements(text: str, edits: Iterable[Edit]) -> list[dict[str, Any]]:
    """Edits as regions of the text and what stands there instead; none for a file that is no UTF-8."""
    edits = ordered(edits)
    if not _is_utf8(text) or not all(_is_utf8(edit.text) for edit in edits):
        return []
    found = []
    for edit in edits:
        (first, start), (last, end) = _position(text, edit.start), _position(text, edit.end)
        region = {"startLine": first, "startColumn": start, "endLine": last, "endColumn": end}
        found.append({"deletedRegion": region, "insertedContent": {"text": edit.text}})
    return found


def _position(text: str, offset: int) -> tuple[int, int]:
    """Line and column from 1, in characters; a byte order mark is none of them."""
    line = text.count("\n", 0, offset) + 1
    column = offset - (text.rfind("\n", 0, offset) + 1) + 1
    marked = line == 1 and text.startswith(BOM)
    return line, max(1, column - marked)


def _between(before: str, after: str) -> Iterator[Edit]:
    """Edits of whole lines from one text to another."""
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    starts = [0]
    for line in old:
        starts.append(starts[-1] + len(line))
    for kind, first, last, start, end in SequenceMatcher(None, old, new).get_opcodes():
        if kind != "equal":
            yield Edit(starts[first], starts[last], "".join(new[start:end]))


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _location(place: dict[str, str], line: int) -> dict[str, Any]:
    return {"physicalLocation": {"artifactLocation": place, "region": {"startLine": line}}}


def notification(path: str, text: str, level: str) -> dict[str, Any]:
    """What could not be read, or a fault of ours."""
    return {
        "level": level,
        "message": message(text),
        "locations": [{"physicalLocation": {"artifactLocation": artifact(path)}}],
    }


def message(text: str) -> dict[str, str]:
    """Plain text: its braces are no placeholders, and its brackets no links."""
    shown = visible(masked(" ".join(text.split()))) or "-"
    return {"text": shown.replace("{", "{{").replace("}", "}}").replace("](", f"]{_STOP}(")}


def _encoded(path: str) -> str:
    data = path.encode("utf-8", "surrogateescape")
    return "".join(chr(byte) if byte in _PLAIN else f"%{byte:02X}" for byte in data)


def artifact(path: str) -> dict[str, str]:
    """Where a file lies: below the root of the sources, or somewhere else on this machine."""
    if path.startswith("/"):
        return {"uri": f"file://{_encoded(path)}"}
    return {"uri": _encoded(path), "uriBaseId": "%SRCROOT%"}
