"""Builds applications three times and proves two: the original, what dfrewrite makes of it, and what an expert made.

``python benchmarks/proof.py DIR…`` takes every application in some folders: a Dockerfile with its folder as build
context and, if it is there, a multi-stage one that a person wrote for it (``Dockerfile.multistage`` or
``Dockerfile.multi``). Each is proven against the original on a real engine. It prints verdicts and sizes, and exits 1
if any image does something else than its original. Outcomes are kept as long as the application, the options, the
engine and the code stay the same, so that a run that was ended goes on from where it was. A base image that was built
anew under its old name is not noticed: ``--fresh``.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.proof_parts.apps import App, AppError, find_apps
from benchmarks.proof_parts.outcomes import Outcome, Outcomes, fingerprint, to_json
from benchmarks.proof_parts.table import LEFT_ALONE, details, proof_of, table, totals
from rewriter.api import rewrite
from rewriter.io.context_dir import DirectoryContext
from rewriter.proof.engine import BuildRequest, Engine, Limits
from rewriter.proof.find import ENGINES, find_engine
from rewriter.proof.interrupt import guarded
from rewriter.proof.prover import Prover
from rewriter.proof.verdict import Proof, Verdict
from rewriter.situation import Options
from rewriter.source import encode
from rewriter.syntax import DockerfileError
from rewriter.transform import Level

USAGE, INTERRUPTED = 2, 130


def prove(app: App, engine: Engine, *, network: str | None, level: Level, compressed: bool) -> Outcome:
    """Builds and proves one application; what is built stays until the engine cleans up."""
    started = time.monotonic()
    text = app.dockerfile.read_bytes()
    beside = app.dockerfile.with_name(f"{app.dockerfile.name}.dockerignore")
    request = BuildRequest(
        text,
        app.folder,
        ignore_file=beside.read_bytes() if beside.is_file() else None,
        build_args=app.build_args,
        network=network,
    )
    options = Options(level=level, build_args=app.build_args)
    ours: Proof | None = None
    theirs: Proof | None = None
    transforms: list[str] = []
    with Prover(engine, request, app.how, compressed=compressed) as prover:
        try:
            result = rewrite(text, context=DirectoryContext(app.folder, app.dockerfile), options=options)
        except DockerfileError as error:
            ours = Proof(Verdict.NOT_RUN, f"it is no Dockerfile: {error}")
        else:
            transforms = list(dict.fromkeys(transform.name for transform, _ in result.changes))
            if transforms:
                ours = prover.prove(encode(result.after), result.announced)
        if app.by_hand is not None:
            # What the expert meant to change is allowed to the expert alone.
            theirs = prover.prove(app.by_hand.read_bytes(), app.allowed)
    return {
        "name": app.name,
        "path": app.path,
        "seconds": round(time.monotonic() - started, 1),
        "transforms": transforms,
        "ours": to_json(ours) if ours else None,
        "theirs": to_json(theirs) if theirs else None,
    }


def run(apps: Sequence[App], outcomes: Outcomes, parsed: argparse.Namespace) -> list[Outcome] | str:
    """The outcomes of all applications, those that are missing made now; a string says why there is no engine."""
    found: list[Outcome] = []
    for number, app in enumerate(apps, start=1):
        limits = Limits(start_seconds=app.start_seconds) if app.start_seconds else Limits()
        # Each has an engine of its own, so that its images are gone before the next one is built.
        engine = find_engine(parsed.engine, limits)
        if isinstance(engine, str):
            return engine
        asked = (engine.name, engine.version, str(parsed.network), parsed.level, str(parsed.compressed))
        key = f"{app.digest()}-{fingerprint(*asked)}"
        known = outcomes.get(app.path, key) if not parsed.fresh else None
        if known is None:
            level = Level[parsed.level.upper()]
            with guarded(engine):
                known = prove(app, engine, network=parsed.network, level=level, compressed=parsed.compressed)
            known["key"] = key
            outcomes.add(known)
            said = f"{known['seconds']:.0f} s"
        else:
            said = "known from an earlier run"
        found.append(known)
        print(f"{number}/{len(apps)} {app.name}: {verdicts(known)} ({said})", file=sys.stderr, flush=True)
    return found


def verdicts(outcome: Outcome) -> str:
    """One line on an application."""
    ours, theirs = proof_of(outcome, "ours"), proof_of(outcome, "theirs")
    parts = [f"ours {ours.verdict.value}" if ours else LEFT_ALONE]
    if theirs:
        parts.append(f"by hand {theirs.verdict.value}")
    return ", ".join(parts)


def parse_arguments(arguments: list[str] | None) -> argparse.Namespace:
    """Reads the command line; leaves the program with 2 if it is wrong."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "dfrewrite" / "proof"
    parser = argparse.ArgumentParser(description="Proves what dfrewrite and experts make of applications.")
    parser.add_argument("folders", nargs="+", type=Path, metavar="DIR", help="applications, or folders of them")
    parser.add_argument("--engine", choices=ENGINES, help="build with this engine (default: the first that answers)")
    parser.add_argument("--network", choices=("host", "none"), help="the network of RUN (default: the engine's)")
    parser.add_argument("--level", choices=[level.name.lower() for level in Level], default="review")
    parser.add_argument("--compressed", action="store_true", help="measure the compressed size as well, which is slow")
    parser.add_argument(
        "--json",
        type=Path,
        default=cache / "outcomes.jsonl",
        metavar="FILE",
        help="where outcomes are written, a JSON line each, and found again by the next run (default: %(default)s)",
    )
    parser.add_argument("--fresh", action="store_true", help="prove all applications again")
    parsed = parser.parse_args(arguments)
    for folder in parsed.folders:
        if not folder.is_dir():
            parser.error(f"{folder} is no folder")
    return parsed


def main(arguments: list[str] | None = None) -> int:
    """Runs everything; returns the exit code."""
    parsed = parse_arguments(arguments)
    try:
        apps = [app for folder in parsed.folders for app in find_apps(folder)]
    except AppError as error:
        print(error, file=sys.stderr)
        return USAGE
    if not apps:
        print("there is no application: no file called Dockerfile", file=sys.stderr)
        return USAGE
    found = run(apps, Outcomes(parsed.json), parsed)
    if isinstance(found, str):
        print(found, file=sys.stderr)
        return USAGE
    print("\n".join([*table(found), "", *totals(found)]))
    if lines := details(found):
        print("\n" + "\n".join(lines))
    proofs = [proof_of(outcome, side) for outcome in found for side in ("ours", "theirs")]
    return 1 if any(proof is not None and proof.verdict is Verdict.DIFFERS for proof in proofs) else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
