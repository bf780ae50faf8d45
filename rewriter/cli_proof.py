"""What the command line says about proofs: the options of ``--verify``, and the command ``prove``."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rewriter.cli_values import FILE, FOLDER, command_lines, pairs, requests

if TYPE_CHECKING:
    from rewriter.proof.observation import How
    from rewriter.proof.verify import Trial, Verifier

CONFIGURABLE = ("probe", "smoke")
"""Options that a configuration may give as well, and that differ from file to file."""
ALLOW_BROKEN = "--allow-broken-baseline"
_WEEK = 7 * 24 * 3600  # seconds


def proof_options() -> list[click.Parameter]:
    """The options that say how images are built, run and compared."""
    option = click.Option
    several: dict[str, Any] = {"multiple": True}
    memory = click.IntRange(min=16, max=10_000_000)
    seconds, engines = click.IntRange(min=1, max=_WEEK), click.Choice(["docker", "podman", "buildah"])
    return [
        option(["--engine"], type=engines, help="The build engine (default: the first that answers)."),
        option(["--probe"], metavar="REQUEST", callback=requests, help="Ask servers '[METHOD] PATH', too.", **several),
        option(["--smoke"], metavar="COMMAND", callback=command_lines, help="Run this in both containers.", **several),
        option(["--secret"], metavar="SPEC", help="Passed to the builds.", **several),
        option(["--ssh"], metavar="SPEC", help="Passed to the builds.", **several),
        option(["--network"], metavar="MODE", help="The network of RUN: host, none (default: the engine's)."),
        option(["--no-cache"], is_flag=True, help="Build from nothing, to measure cold builds."),
        option(["--keep"], is_flag=True, help="Leave the images, as dfrewrite-kept:before-… and :after-…."),
        option(["--build-timeout"], type=seconds, metavar="SECONDS", help="For each build (default: 1800)."),
        option(["--start-timeout"], type=seconds, metavar="SECONDS", help="Until a program listens (default: 20)."),
        option(["--memory"], type=memory, metavar="MB", help="Of each container (default: 2000)."),
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
    from rewriter.report.words import visible

    line = visible(message)
    # Whoever read it may have gone away: that ends no proof.
    with contextlib.suppress(OSError):
        if sys.stderr.isatty():
            width = os.get_terminal_size(sys.stderr.fileno()).columns - 1
            print(f"\r\x1b[K{line[:width]}", end="", file=sys.stderr, flush=True)
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
    from rewriter.io.files import FileError
    from rewriter.proof.observation import How
    from rewriter.session import Exit
    from rewriter.syntax import DockerfileError
    from rewriter.terminal import say, write_proof

    how = How(probes=options.pop("probe") or (), smoke=options.pop("smoke") or ())
    verifier = verifier_of(options)
    trials = []
    for path, stage in ((before, target), (after, target_after or target)):
        try:
            trials.append(_trial(path, context or path.parent, stage, build_args, how))
        except (FileError, DockerfileError) as error:
            reason = str(error) if isinstance(error, FileError) else f"{path}: {error}"
            say(f"error: {reason}")
            if format_ == "json":
                import json

                click.echo(json.dumps({"error": reason}))
            return Exit.UNUSABLE
    proof = verifier.prove(trials[0], trials[1], frozenset(allow))
    code = Exit.DONE if proof.verdict.holds else Exit.UNPROVEN
    try:
        write_proof(proof, as_json=format_ == "json")
    except BrokenPipeError:
        os._exit(code)  # the verdict stands, whether or not it is read
    return code


def _trial(path: Path, context: Path, stage: str | None, build_args: dict[str, str], how: How) -> Trial:
    """Raises FileError or DockerfileError for what cannot be built at all, before anything is."""
    from rewriter.io.files import read_dockerfile
    from rewriter.proof.verify import Trial
    from rewriter.session import refuse_odd
    from rewriter.situation import Options, Situation
    from rewriter.source import decode
    from rewriter.syntax import DockerfileError

    data = read_dockerfile(path)
    refuse_odd(data)
    model = Situation(decode(data), options=Options(build_args=build_args)).model
    if stage is not None and model.find(stage, len(model.stages)) is None:
        raise DockerfileError(1, f"there is no stage {stage!r} to build")
    return Trial(path, data, context, stage, build_args, how)
