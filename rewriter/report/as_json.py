"""The report for a program."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rewriter.result import Result

SCHEMA = 1
"""Raised when a field changes its meaning or goes."""


def as_json(
    path: str, result: Result | None, diff: str, error: str | None, skipped: str = "", notes: tuple[str, ...] = ()
) -> dict[str, Any]:
    """One file as plain data; every field is there, whatever came of the file."""
    told = {"path": path, "error": error, "skipped": skipped or None, "notes": list(notes)}
    if result is None:
        empty: dict[str, Any] = {"changes": [], "left_alone": [], "withheld": [], "findings": [], "unsound": []}
        return {**told, "changed": False, "ignored": None, "forecast": None, "diff": "", **empty}
    forecast = result.forecast
    return {
        **told,
        "changed": result.changed,
        "ignored": result.ignored or None,
        "changes": [
            {
                "transform": step.transform.name,
                "level": str(change.level),
                "line": step.line(change.anchor),
                "why": change.why,
                "evidence": [
                    {"fact": item.fact, "where": item.where, "certainty": item.certainty.name.lower()}
                    for item in change.evidence
                ],
            }
            for step in result.steps
            for change in step.changes
        ],
        "left_alone": [
            {"transform": step.transform.name, "line": step.line(item.anchor), "why": item.why}
            for step in result.steps
            for item in step.declined
        ],
        "withheld": [
            {
                "transform": step.transform.name,
                "line": step.line(item.change.anchor),
                "level": str(item.change.level),
                "reason": item.reason,
                "why": item.change.why,
            }
            for step in result.steps
            for item in step.withheld
        ],
        "findings": [{"line": finding.line, "message": finding.message} for finding in result.findings],
        "forecast": None
        if forecast is None
        else {"before_mb": forecast.before, "after_mb": forecast.after, "estimate": forecast.estimate},
        "unsound": list(result.unsound),
        "diff": diff,
    }
