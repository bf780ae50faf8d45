"""What came of all applications, as a table and as totals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from benchmarks.proof_parts.outcomes import Outcome, from_json
from rewriter.proof.verdict import Measured, Proof, Verdict

HEAD = ("application", "ours", "theirs", "original", "ours", "theirs", "smaller", "theirs/ours")
LEFT_ALONE = "left alone"


def table(outcomes: Sequence[Outcome]) -> list[str]:
    """A line for each application, sizes in megabytes (10^6 bytes, as an engine reports them)."""
    rows = [HEAD, *(_row(outcome) for outcome in outcomes)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    # Words to the left, numbers to the right.
    return [
        "  ".join(
            cell.ljust(width) if column < 3 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def totals(outcomes: Sequence[Outcome]) -> list[str]:
    """How many were built and came to what, and the sizes of those that hold, added up."""
    pairs = [(proof_of(outcome, "ours"), proof_of(outcome, "theirs")) for outcome in outcomes]
    built = sum(any(proof is not None and proof.before is not None for proof in pair) for pair in pairs)
    lines = [f"{len(outcomes)} applications: {built} originals built"]
    for who, proofs, otherwise in (
        ("ours", [ours for ours, _ in pairs], LEFT_ALONE),
        ("by hand", [theirs for _, theirs in pairs], "without one"),
    ):
        lines += _totals_of(who, [proof for proof in proofs if proof is not None], proofs.count(None), otherwise)
    both = [(ours, theirs) for ours, theirs in pairs if ours and theirs and ours.verdict.holds and theirs.verdict.holds]
    if both:
        ours_size, theirs_size = (sum(_bytes(proof.after) or 0 for proof in side) for side in zip(*both, strict=True))
        lines.append(f"where both hold ({len(both)}): ours {_mb(ours_size)} MB, by hand {_mb(theirs_size)} MB")
    return lines


def _totals_of(who: str, proofs: Sequence[Proof], none: int, otherwise: str) -> list[str]:
    counts = Counter(proof.verdict for proof in proofs)
    parts = [f"{sum(proof.after is not None for proof in proofs)} built"]
    parts += [f"{counts[verdict]} {verdict.value}" for verdict in Verdict if counts[verdict]]
    parts += [f"{none} {otherwise}"] if none else []
    lines = [f"{who}: {', '.join(parts)}"]
    held = [proof for proof in proofs if proof.verdict.holds and proof.before and proof.after]
    if held:
        before, after = (sum(_bytes(each) or 0 for each in side) for side in zip(*map(_sides, held), strict=True))
        lines.append(f"  of those that hold: {_mb(before)} MB → {_mb(after)} MB, {before / after:.1f}×")
    return lines


def details(outcomes: Sequence[Outcome]) -> list[str]:
    """Why a proof does not hold, and each of its differences."""
    lines = []
    for outcome in outcomes:
        for side, who in (("ours", "ours"), ("theirs", "by hand")):
            proof = proof_of(outcome, side)
            if proof is None or proof.verdict.holds:
                continue
            lines.append(f"{outcome['name']}, {who}: {proof.verdict.value}: {proof.reason}")
            for difference in proof.differences:
                lines.append(f"  {difference.kind.value}: {difference.what}")
                lines += [f"    {line}" for line in difference.evidence]
    return lines


def proof_of(outcome: Outcome, side: str) -> Proof | None:
    """``ours`` or ``theirs``; None where there was nothing to prove."""
    return from_json(outcome[side]) if outcome[side] is not None else None


def _row(outcome: Outcome) -> tuple[str, ...]:
    ours, theirs = proof_of(outcome, "ours"), proof_of(outcome, "theirs")
    before = next((size for proof in (ours, theirs) if proof and (size := _bytes(proof.before))), None)
    small, hand = (_bytes(proof.after) if proof else None for proof in (ours, theirs))
    return (
        outcome["name"],
        ours.verdict.value if ours else LEFT_ALONE,
        theirs.verdict.value if theirs else "-",
        *(f"{_mb(size)} MB" if size else "-" for size in (before, small, hand)),
        f"{before / small:.1f}×" if before and small else "-",
        f"{hand / small:.2f}" if hand and small else "-",
    )


def _sides(proof: Proof) -> tuple[Measured | None, Measured | None]:
    return proof.before, proof.after


def _bytes(measured: Measured | None) -> int | None:
    return measured.uncompressed if measured is not None else None


def _mb(size: float) -> str:
    return f"{size / 1e6:,.1f}"
