"""The file of outcomes: one JSON line for each file in each context, kept from one run to the next.

An outcome counts as long as nothing changed that it depends on: the code and the data of the product, what examines
it, and the versions of the libraries on both sides. `fingerprint` is short for all of that.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Collection, Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, TextIO

from benchmarks.corpus_parts.check import ROOT, Failure
from benchmarks.corpus_parts.pool import Examined
from benchmarks.corpus_parts.sources import Item, Origin

_CODE = ("rewriter", "transforms", "tests/oracle", "tests/shapes", "benchmarks/corpus_parts")
_LIBRARIES = (
    "dockerfile",
    "dockerfile-parse",
    "tree-sitter",
    "tree-sitter-bash",
    "tree-sitter-go",
    "unidiff",
    "PyYAML",
)

Outcome = dict[str, Any]


def fingerprint(levels: tuple[str, ...]) -> str:
    """Short for everything that outcomes depend on besides the files themselves."""
    seen = hashlib.sha256(f"{sys.version}\0{' '.join(levels)}\0".encode())
    for name in _LIBRARIES:
        try:
            seen.update(f"{name} {version(name)}\0".encode())
        except PackageNotFoundError:
            continue
    for folder in _CODE:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                seen.update(f"{path.relative_to(ROOT)}\0".encode() + path.read_bytes() + b"\0")
    return seen.hexdigest()[:16]


def outcome(examined: Examined, code: str) -> Outcome:
    """An outcome as it is written."""
    item = examined.item
    return {
        "key": item.key,
        "code": code,
        "origin": list(item.origin),
        "path": item.path,
        "digest": item.digest,
        "context": item.identity,
        "marks": examined.facts,
        "failures": [failure._asdict() for failure in examined.failures],
    }


def item_of(found: Outcome) -> Item:
    """The file that an outcome is about."""
    kind, path, name = found["origin"]
    return Item(Origin(kind, path, name), found["path"], found["digest"], found["context"])


def failures_of(found: Outcome) -> list[Failure]:
    """What failed."""
    return [Failure(**failure) for failure in found["failures"]]


class Outcomes:
    """The file itself. When it is opened, outcomes of other code and of the keys `without` are dropped, as is a line
    that was cut off. Only keys are kept in memory.
    """

    def __init__(self, path: Path, code: str, without: Collection[str] = ()) -> None:
        self.path = path
        self.code = code
        self.keys: set[str] = set()
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_name(path.name + ".new")
        with open(fresh, "w", encoding="ascii") as file:
            for line, found in self._lines():
                if found["code"] == code and found["key"] not in self.keys and found["key"] not in without:
                    self.keys.add(found["key"])
                    file.write(line)
        os.replace(fresh, path)
        self._file: TextIO = open(path, "a", encoding="ascii")  # noqa: SIM115 (closed by close)

    def add(self, found: Outcome) -> None:
        """Writes one outcome. Should the program be killed, at most the last one is lost."""
        self._file.write(json.dumps(found, separators=(",", ":")) + "\n")
        self._file.flush()
        self.keys.add(found["key"])

    def read(self) -> Iterator[Outcome]:
        """All outcomes, one after another."""
        return (found for _, found in self._lines())

    def _lines(self) -> Iterator[tuple[str, Outcome]]:
        try:
            file = open(self.path, encoding="ascii")  # noqa: SIM115 (closed below)
        except FileNotFoundError:
            return
        with file:
            for line in file:
                try:
                    found = json.loads(line)
                except ValueError:
                    continue
                if line.endswith("\n") and isinstance(found, dict) and {"key", "code", "failures"} <= found.keys():
                    yield line, found

    def forget(self) -> None:
        """Drops all outcomes."""
        self._file.truncate(0)
        self.keys.clear()

    def close(self) -> None:
        """Closes the file."""
        self._file.close()
