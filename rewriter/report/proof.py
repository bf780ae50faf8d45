"""What building came to: the verdict with its evidence, and the measured sizes as a small table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rewriter.proof.verdict import Difference, Measured, Proof
    from rewriter.report.text import Style

_MOST_LINES = 12
"""Of what was the same and what was not looked at; JSON has all."""
_LOG_LINES = 12


def proof_lines(proof: Proof, style: Style) -> Iterator[str]:
    """The proof for a person, line by line, without line ends."""
    by = f" ({proof.engine})" if proof.engine else ""
    reason = f": {proof.reason}" if proof.reason else ""
    yield style(f"Proof{by}: {proof.verdict.value}{reason}", "note" if proof.verdict.holds else "error")
    for difference in proof.differences:
        yield from (style(line, "") for line in _difference(difference, first=difference is proof.differences[0]))
    if proof.log and not proof.verdict.holds:
        yield style("  the end of its log:", "note")
        yield from (style(f"    {line}", "") for line in proof.log.strip().splitlines()[-_LOG_LINES:])
    if proof.before is not None:
        yield from (style(line, "") for line in _size_table(proof.before, proof.after))
    for title, lines in (("the same", proof.seen), ("not looked at", proof.not_seen)):
        yield from (style(line, "") for line in _listed(title, lines))


def _difference(difference: Difference, *, first: bool) -> Iterator[str]:
    """The first one is the reason, and is not said twice."""
    if not first:
        yield f"  {difference.kind.value}: {difference.what}"
    for line in difference.evidence:
        yield f"    {line}"


def _listed(title: str, lines: tuple[str, ...]) -> Iterator[str]:
    if lines:
        yield f"  {title}:"
        yield from (f"    {line}" for line in lines[:_MOST_LINES])
        if len(lines) > _MOST_LINES:
            yield f"    and {len(lines) - _MOST_LINES} more"


SIZES = ("", "before", "after", "left")
"""The heads of `size_rows`."""


def size_rows(before: Measured, after: Measured | None) -> Iterator[tuple[str, str, str, str]]:
    """The measured sizes (MB are 10^6 bytes) and times of both images, and how much is left of the original."""
    new = _figures(after) if after is not None else ("-",) * 5
    shares = (
        _share(before.uncompressed, after.uncompressed if after else None),
        _share(before.compressed, after.compressed if after else None),
    )
    yield from zip(_NAMES, _figures(before), new, (*shares, "", "", ""), strict=True)


_NAMES = ("uncompressed", "compressed", "layers", "build", "build again, cached")


def _figures(image: Measured) -> tuple[str, ...]:
    sizes = _megabytes(image.uncompressed), _megabytes(image.compressed)
    return *sizes, str(image.layers), _seconds(image.build_seconds), _seconds(image.warm_seconds)


def _size_table(before: Measured, after: Measured | None) -> Iterator[str]:
    yield f"  {'':20} {'before':>12} {'after':>12}".rstrip()
    for name, old, new, share in size_rows(before, after):
        yield f"  {name:20} {old:>12} {new:>12} {share:>8}".rstrip()


def _megabytes(size: int | None) -> str:
    return "-" if size is None else f"{size / 1e6:.1f} MB"


def _seconds(seconds: float | None) -> str:
    return "-" if seconds is None else f"{seconds:.1f} s"


def _share(before: int | None, after: int | None) -> str:
    return f"{100 * after / before:.1f} %" if before and after is not None else ""


def proof_as_json(proof: Proof) -> dict[str, Any]:
    """The proof as plain data: sizes in bytes, times in seconds."""
    return {
        "verdict": proof.verdict.value,
        "reason": proof.reason or None,
        "engine": proof.engine or None,
        "differences": [
            {"kind": each.kind.value, "what": each.what, "subject": each.subject, "evidence": list(each.evidence)}
            for each in proof.differences
        ],
        "before": asdict(proof.before) if proof.before is not None else None,
        "after": asdict(proof.after) if proof.after is not None else None,
        "same": list(proof.seen),
        "not_looked_at": list(proof.not_seen),
        "log": proof.log or None,
    }
