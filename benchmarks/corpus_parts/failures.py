"""Makes a minimal reproducer of every kind of failure, each in a folder of its own."""

from __future__ import annotations

import contextlib
import hashlib
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from benchmarks.corpus_parts.check import TEXT, Failure
from benchmarks.corpus_parts.outcomes import Outcome, failures_of, item_of
from benchmarks.corpus_parts.pool import Probe
from benchmarks.corpus_parts.reduce import Case, Reducer
from benchmarks.corpus_parts.sources import CONTEXT, Item, open_source
from benchmarks.corpus_parts.worker import Settings
from rewriter.context import MAX_READ
from rewriter.source import decode, encode

_MOST_BYTES = 30_000_000  # of one context's files
_MOST_SECONDS = 10.0  # that one try may take: what hangs for longer is taken to hang
_SLOW_TRIES = {"died": 500, "hung": 60}  # of what ends a worker, or takes the whole time limit


class Example(NamedTuple):
    """A failure, the file that shows it best, and how many runs show it."""

    failure: Failure
    item: Item
    size: int
    runs: int


def collect(outcomes: Iterable[Outcome]) -> list[Example]:
    """One example of each signature: without a context if there is one, and the smallest of these."""
    found: dict[tuple[str, str, str], Example] = {}
    for outcome in outcomes:
        item = item_of(outcome)
        size = outcome["marks"].get(TEXT, {}).get("bytes", 1 << 30)
        for failure in failures_of(outcome):
            known = found.get(failure.signature)
            example = Example(failure, item, size, 1 + (known.runs if known else 0))
            if known and (bool(known.item.identity), known.size) <= (bool(item.identity), size):
                example = known._replace(runs=example.runs)
            found[failure.signature] = example
    return sorted(found.values(), key=lambda example: example.failure.signature)


def write_reproducer(example: Example, folder: Path, settings: Settings, code: str, tries: int = 5_000) -> Path:
    """Reduces an example and writes it; one that was written for the same code stands. Raises WorkerError."""
    failure = example.failure
    name = hashlib.sha256("\0".join(failure.signature).encode("utf-8", "surrogateescape")).hexdigest()[:10]
    target = folder / f"{failure.kind}-{name}"
    note = target / "failure.txt"
    if note.is_file() and f"code: {code}\n" in note.read_text(encoding="utf-8"):
        return target
    case = _load(example.item)
    limits = settings._replace(seconds=min(settings.seconds, _MOST_SECONDS))
    with tempfile.TemporaryDirectory() as scratch, contextlib.closing(Probe(limits, Path(scratch))) as probe:
        found, state = _reduce(case, failure, probe, min(tries, _SLOW_TRIES.get(failure.kind, tries)))
    shutil.rmtree(target, ignore_errors=True)
    unwritten = _write(target, found)
    lines = [*_note(example, found, state, code), *(f"not written: {name!r}" for name in unwritten)]
    note.write_text("\n".join(lines) + "\n", encoding="utf-8", errors="backslashreplace")
    return target


def _reduce(case: Case, failure: Failure, probe: Probe, tries: int) -> tuple[Case, str]:
    def fails(tried: Case) -> bool:
        found = probe.failures(encode(tried.text), tried.files, failure.mark or TEXT)
        return any(each.signature == failure.signature for each in found)

    if not fails(case):
        return case, "not reduced: it does not fail when it is run by itself on a copy of its context"
    reducer = Reducer(fails, tries)
    found = reducer.reduce(case)
    return found, "minimal" if reducer.minimal else f"reduced, not minimal: {tries} tries were used up"


def _load(item: Item) -> Case:
    """The file with all of its context that can be read. Names alone stand for what cannot."""
    source = open_source(item.origin)
    try:
        text = decode(source.read(item.path) or b"")
        context = source.context(item.path) if item.identity else None
        if context is None:
            return Case(text)
        files: dict[str, bytes] = {}
        left = _MOST_BYTES
        for name in context.files():
            files[name] = (context.read(name) or b"") if left > 0 else b""
            left -= max(len(files[name]), 1)
            if left < -MAX_READ:
                break
        return Case(text, files)
    finally:
        source.close()


def _write(target: Path, case: Case) -> list[str]:
    """Writes the case; returns the names of files that cannot be here, such as one that is too long for the disk."""
    target.mkdir(parents=True)
    (target / "before.Dockerfile").write_bytes(encode(case.text))
    if case.files is not None:
        (target / CONTEXT).mkdir()
    unwritten: list[str] = []
    for name, content in (case.files or {}).items():
        path = target / CONTEXT / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        except OSError:
            unwritten.append(name)
    return unwritten


def _note(example: Example, case: Case, state: str, code: str) -> Iterable[str]:
    failure, item = example.failure, example.item
    yield f"kind: {failure.kind}"
    yield f"what: {failure.what}"
    yield f"where: {failure.where}"
    yield f"at: {failure.mark}"
    yield f"detail: {failure.detail}"
    yield f"source: {item.origin.name}: {item.path}" + (", with its context" if item.identity else "")
    yield f"runs that fail so: {example.runs}"
    yield f"reproducer: {state}"
    yield f"code: {code}"
    yield ""
    yield "To run it, from the top of the project:"
    yield "  python benchmarks/corpus.py --fresh <this folder>"
    if failure.mark not in ("", TEXT):
        context = f" --context {CONTEXT}" if case.files is not None else ""
        yield "or, in this folder:"
        yield f"  dfrewrite --level {failure.mark}{context} before.Dockerfile"
