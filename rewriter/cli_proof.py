"""What the command line says about proofs: the options of ``--verify``, and the command ``prove``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rewriter.cli_values import FILE, FOLDER, command_lines, pairs, texts

if TYPE_CHECKING:
    from rewriter.proof.verify import Verifier

CONFIGURABLE = ("probe", "smoke")
"""Options that a configuration may give as well, and that differ from file to file."""
ALLOW_BROKEN = "--allow-broken-baseline"
_WIDTH = 100  # of a line of progress, in characters


def proof_options() -> list[click.Parameter]:
    """The options that say how images are built, run and compared."""
    option = click.Option
    several: dict[str, Any] = {"multiple": True}
    seconds, engines = click.FloatRange(min=0.1), click.Choice(["docker", "podman", "buildah"])
    return [
        option(["--engine"], type=engines, help="The build engine (default: the first that answers)."),
        option(
            ["--probe"],
            metavar="[METHOD] PATH",
            callback=texts,
            help="Ask servers for this, too, beside GET /.",
            **several,
        ),
        option(["--smoke"], metavar="COMMAND", callback=command_lines, help="Run this in both containers.", **several),
        option(["--secret"], metavar="SPEC", help="Passed to the builds.", **several),
        option(["--ssh"], metavar="SPEC", help="Passed to the builds.", **several),
        option(["--network"], metavar="MODE", help="The network of RUN: host, none (default: the engine's)."),
        option(["--no-cache"], is_flag=True, help="Build from nothing, to measure cold builds."),
        option(["--keep"], is_flag=True, help="Leave the images, as dfrewrite-kept:before-… and :after-…."),
        option(["--build-timeout"], type=seconds, metavar="SECONDS", help="For each build (default: 1800)."),
        option(["--start-timeout"], type=seconds, metavar="SECONDS", help="Until a program listens (default: 20)."),
        option(["--memory"], type=click.IntRange(min=16), metavar="MB", help="Of each container (default: 2000)."),
    ]


def refuse_without_verify(options: dict[str, Any]) -> None:
    """Raises click.UsageError for an option about proofs, for nothing is proven; takes the others out."""
    given = _taken_from(options) | {name: options[name] for name in CONFIGURABLE}
    for name, value in given.items():
        if value:
            raise click.UsageError(f"--{name.replace('_', '-')} says how to prove: it needs --verify")


def verifier_of(options: dict[str, Any]) -> Verifier:
    """Takes the options about proofs out of all of them, but for those that a configuration may give as well."""
    from rewriter.proof.engine import Limits
    from rewriter.proof.verify import Settings, Verifier

    own = _taken_from(options)
    memory = own["memory"] * 1_000_000 if own["memory"] is not None else None
    limits = {"build_seconds": own["build_timeout"], "start_seconds": own["start_timeout"], "memory": memory}
    settings = Settings(
        engine=own["engine"],
        limits=Limits(**{name: value for name, value in limits.items() if value is not None}),
        secrets=own["secret"],
        ssh=own["ssh"],
        network=own["network"],
        no_cache=own["no_cache"],
        keep=own["keep"],
        allow_broken=bool(own.get(_parameter(ALLOW_BROKEN))),
    )
    return Verifier(settings, progress)


def _taken_from(options: dict[str, Any]) -> dict[str, Any]:
    names = [str(parameter.name) for parameter in proof_options()] + [_parameter(ALLOW_BROKEN)]
    return {name: options.pop(name) for name in names if name in options and name not in CONFIGURABLE}


def _parameter(option: str) -> str:
    return option.removeprefix("--").replace("-", "_")


def progress(message: str) -> None:
    """Say on standard error what takes so long; on a terminal in one line that goes away again (an empty message)."""
    from rewriter.terminal import visible

    line = visible(message)
    if sys.stderr.isatty():
        print(f"\r\x1b[K{line[:_WIDTH]}", end="", file=sys.stderr, flush=True)
    elif line:
        print(line, file=sys.stderr, flush=True)


@click.command(params=proof_options())
@click.argument("before", type=FILE)
@click.argument("after", type=FILE)
@click.option("--context", type=FOLDER, metavar="DIR", help="The build context of both (default: their folders).")
@click.option("--target", metavar="STAGE", help="The stage that is built of both.")
@click.option("--target-after", metavar="STAGE", help="The stage of AFTER, if it is called otherwise.")
@click.option("--build-arg", "build_args", multiple=True, callback=pairs, metavar="K=V", help="A build argument.")
@click.option(
    "--allow", multiple=True, metavar="WHAT", help="A difference that is meant: USER, ENV NAME, LABEL NAME, …"
)
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text", help="How to report.")
def prove(
    before: Path,
    after: Path,
    context: Path | None,
    target: str | None,
    target_after: str | None,
    build_args: dict[str, str],
    allow: tuple[str, ...],
    format_: str,
    **options: Any,
) -> int:
    """Build the Dockerfiles BEFORE and AFTER, look into both images, run both, and say whether AFTER does the same.

    Exit codes: 0 proven or repaired, 2 unreadable, 4 anything else.
    """
    from rewriter.io.files import FileError, read_dockerfile
    from rewriter.proof.observation import How
    from rewriter.proof.verify import Trial
    from rewriter.session import Exit
    from rewriter.terminal import say, write_proof

    how = How(probes=options.pop("probe") or (), smoke=options.pop("smoke") or ())
    verifier = verifier_of(options)
    trials = []
    try:
        for path, stage in ((before, target), (after, target_after or target)):
            trials.append(Trial(path, read_dockerfile(path), context or path.parent, stage, build_args, how))
    except FileError as error:
        say(f"error: {error}")
        return Exit.UNUSABLE
    proof = verifier.prove(trials[0], trials[1], frozenset(allow))
    write_proof(proof, as_json=format_ == "json")
    return Exit.DONE if proof.verdict.holds else Exit.UNPROVEN
