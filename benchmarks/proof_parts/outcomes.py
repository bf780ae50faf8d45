"""The file of outcomes: one JSON line for each application, kept from one run to the next.

An outcome counts as long as nothing changed that it depends on: the application, how it was asked for, the engine, and
the code of the product. ``fingerprint`` is short for all but the application.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rewriter.proof.verdict import Difference, Kind, Measured, Proof, Verdict

ROOT = Path(__file__).resolve().parents[2]
_CODE = ("rewriter", "transforms", "benchmarks/proof_parts")

Outcome = dict[str, Any]
"""``name``, ``path``, ``key``, ``seconds``, ``transforms``;
``ours`` and ``theirs``, each a proof or null."""


def fingerprint(*asked: str) -> str:
    """Short for the code, and for what was asked for."""
    seen = hashlib.sha256("\0".join(asked).encode())
    for folder in _CODE:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                seen.update(f"{path.relative_to(ROOT)}\0".encode() + path.read_bytes() + b"\0")
    return seen.hexdigest()[:16]


def to_json(proof: Proof) -> dict[str, Any]:
    """A proof as it is written."""
    differences = [asdict(each) | {"kind": each.kind.value} for each in proof.differences]
    return asdict(proof) | {"verdict": proof.verdict.value, "differences": differences}


def from_json(found: dict[str, Any]) -> Proof:
    """The proof that was written."""
    differences = tuple(
        Difference(Kind(each["kind"]), each["what"], each["subject"], tuple(each["evidence"]))
        for each in found["differences"]
    )
    before, after = (Measured(**found[side]) if found[side] else None for side in ("before", "after"))
    return Proof(
        Verdict(found["verdict"]),
        found["reason"],
        differences,
        before,
        after,
        tuple(found["seen"]),
        tuple(found["not_seen"]),
        found["engine"],
        found["log"],
    )


class Outcomes:
    """The file itself. A line that was cut off is passed over; of one application the last line counts."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._known: dict[str, Outcome] = {}
        if path.is_file():
            for line in path.read_text(encoding="utf-8").splitlines():
                try:
                    found = json.loads(line)
                except ValueError:
                    continue
                self._known[found["path"]] = found

    def get(self, path: str, key: str) -> Outcome | None:
        """What came of an application, if it still counts."""
        found = self._known.get(path)
        return found if found is not None and found["key"] == key else None

    def add(self, outcome: Outcome) -> None:
        """Take an outcome in place of any other of its application; the file is whole at every moment."""
        self._known[outcome["path"]] = outcome
        self.path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self.path.with_name(self.path.name + ".new")
        lines = (json.dumps(each, ensure_ascii=False) + "\n" for each in self._known.values())
        fresh.write_text("".join(lines), encoding="utf-8")
        os.replace(fresh, self.path)
