"""The report for a program."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rewriter.report.proof import proof_as_json
from rewriter.report.words import masked, placed

if TYPE_CHECKING:
    from rewriter.proof.verdict import Proof
    from rewriter.result import Forecast, Result, Step, Withheld
    from rewriter.transform import Change

SCHEMA = 1
"""Raised when a field changes its meaning or goes."""


def as_json(
    path: str,
    result: Result | None,
    diff: str,
    error: str | None,
    skipped: str = "",
    notes: tuple[str, ...] = (),
    proof: Proof | None = None,
) -> dict[str, Any]:
    """One file as plain data; every field is there, whatever came of the file."""
    told = {
        "path": path,
        "error": error,
        "skipped": skipped or None,
        "notes": list(notes),
        "proof": proof_as_json(proof) if proof is not None else None,
    }
    if result is None:
        empty: dict[str, Any] = {"changes": [], "left_alone": [], "withheld": [], "findings": [], "unsound": []}
        return {**told, "changed": False, "ignored": None, "forecast": None, "diff": "", **empty}
    return {
        **told,
        "changed": result.changed,
        "ignored": result.ignored or None,
        "changes": [_change(step, change) for step in result.steps for change in step.changes],
        "left_alone": [
            {"transform": step.transform.name, "line": line, "why": why}
            for step in result.steps
            for line, why in (placed(step, item) for item in step.declined)
        ],
        "withheld": [_withheld(step, item) for step in result.steps for item in step.withheld],
        "findings": [{"line": finding.line, "message": masked(finding.message)} for finding in result.findings],
        "forecast": _forecast(result.forecast),
        "unsound": list(result.unsound),
        "diff": diff,
    }


def _change(step: Step, change: Change) -> dict[str, Any]:
    evidence = [
        {"fact": masked(item.fact), "where": item.where, "certainty": item.certainty.name.lower()}
        for item in change.evidence
    ]
    return {
        "transform": step.transform.name,
        "level": str(change.level),
        "line": step.line(change.anchor),
        "why": masked(change.why),
        "evidence": evidence,
    }


def _withheld(step: Step, item: Withheld) -> dict[str, Any]:
    return {
        "transform": step.transform.name,
        "line": step.line(item.change.anchor),
        "level": str(item.change.level),
        "reason": masked(item.reason),
        "why": masked(item.change.why),
    }


def _forecast(forecast: Forecast | None) -> dict[str, Any] | None:
    if forecast is None:
        return None
    told: dict[str, Any] = {"estimate": forecast.estimate}
    for name, size in (("before", forecast.before), ("after", forecast.after)):
        told[f"{name}_mb"] = round(size.likely, 2) if size is not None else None
        told[f"{name}_range_mb"] = [round(size.low, 2), round(size.high, 2)] if size is not None else None
    return told
