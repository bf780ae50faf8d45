"""The command line: parses, calls, prints; decides nothing.

Imports are made where they are used: ``main`` first sees to it that an interruption, even while modules load, ends the
program in order.
"""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    import click

    from rewriter.session import Session
    from rewriter.sinks import Sink

COMMANDS = ("list", "explain", "facts", "prove", "bot")
"""What is no path; `rewriter.commands` has them, and is loaded for them alone."""
_NAMED_LATER = "\0"
_HELP = """Rewrite Dockerfiles into what an expert would have written.

PATHS are files or folders (default: this folder), or - for standard input. Without an option that writes, this is a
dry run: it shows the diff, each hunk with its reason, what was left alone and why, findings, and a size forecast.
"""
_EPILOG = (
    "Commands: dfrewrite list | explain NAME | facts show IMAGE | facts refresh [IMAGE…] | prove BEFORE AFTER | "
    "bot run | bot status | bot report (a path of such a name is written ./list). "
    "Exit codes: 0 done, 1 --check found changes, 2 usage or unreadable input, 3 a fault of dfrewrite, "
    "4 not proven, 130 interrupted."
)


def main() -> None:
    """The entry point; gives the exit codes of the contract."""
    from rewriter.io import interruption

    interruption.end_at_once()
    try:
        if sys.stdout is None or sys.stdin is None or sys.stderr is None:
            raise OSError(errno.EBADF, "standard input, output and error must be open")
        code = _run(sys.argv[1:])
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader went away (`| head`): nothing to say to it, and nothing to say about it.
        os._exit(0)
    except OSError as error:
        _last_words(f"error: {error.strerror or error}", 2)
    except Exception as error:  # a crash is our bug, and says so in one line
        _last_words(f"fault of dfrewrite: {type(error).__name__}: {' '.join(str(error).split())}", 3)
    interruption.done()
    sys.exit(code)


def _run(arguments: list[str]) -> int:
    import click

    from rewriter.io import interruption

    if arguments and arguments[0] in COMMANDS:
        from rewriter.commands import commands

        command: click.Command = commands
    else:
        command = _rewriting()
        # `--branch` takes a value only behind `=`: what follows it is a path.
        end = arguments.index("--") if "--" in arguments else len(arguments)
        named = [f"--branch={_NAMED_LATER}" if argument == "--branch" else argument for argument in arguments[:end]]
        arguments = [*named, *arguments[end:]]
    try:
        return command.main(arguments, prog_name="dfrewrite", standalone_mode=False) or 0
    except click.ClickException as error:
        error.show()
        return 2
    except SystemExit as error:
        # How click ends when nobody reads what it prints.
        raise BrokenPipeError from error
    except click.Abort as error:
        # Within a proof a signal is an exception, so that all that was built is removed; by now it is.
        interruption.end(getattr(error.__cause__, "number", signal.SIGINT))


def _last_words(message: str, code: int) -> None:
    """One line and the end; what could not be written is not tried again."""
    with contextlib.suppress(OSError, ValueError):
        print(message, file=sys.stderr, flush=True)
    os._exit(code)


def _rewriting() -> click.Command:
    """The command that rewrites."""
    import pathlib

    import click

    from rewriter import __version__
    from rewriter.cli_facts import check_options
    from rewriter.cli_proof import ALLOW_BROKEN, proof_options
    from rewriter.cli_values import FILE, FOLDER, names, pairs, release, report
    from rewriter.io.config import FORMATS

    config = click.Path(path_type=pathlib.Path, exists=True, dir_okay=False)
    runtimes = click.Choice(["alpine", "slim", "distroless", "scratch"])
    transforms: dict[str, Any] = {"multiple": True, "callback": names, "metavar": "NAME,…"}
    branch = "Make a git branch with one commit per transform; nothing else is written."
    broken = "With --verify, also change what does not even build as it is: nothing can be compared."
    option = click.Option
    params: list[click.Parameter] = [
        click.Argument(["paths"], nargs=-1, type=FILE),
        option(["--apply"], is_flag=True, help="Write exactly what the dry run shows."),
        option(["--patch"], type=FILE, metavar="FILE", help="Write a patch that `git apply` takes."),
        option(["--report"], callback=report, metavar="FILE", help="Also write a report: .html, .md, .json, .sarif."),
        option(["--branch"], metavar="[=NAME]", help=branch),
        option(["--check"], is_flag=True, help="Exit 1 if anything would change; print a summary only."),
        option(
            ["--level"],
            type=click.Choice(["safe", "review", "risky"]),
            help="The highest level to apply (default: review).",
        ),
        option(["--select"], help="Only these transforms.", **transforms),
        option(["--skip"], help="Not these transforms.", **transforms),
        option(["--extend-select"], help="Also these opt-in transforms.", **transforms),
        option(["--alpine"], callback=release, metavar="X.Y", help="The alpine release to pin."),
        option(["--runtime"], type=runtimes, help="The kind of runtime image."),
        option(["--context"], type=FOLDER, metavar="DIR", help="The build context."),
        option(["--target"], metavar="STAGE", help="The stage that is built."),
        option(["--build-arg", "build_args"], multiple=True, callback=pairs, metavar="K=V", help="A build argument."),
        option(
            ["--format", "format_"],
            type=click.Choice(FORMATS),
            help="How to report (default: text).",
        ),
        option(["--config"], type=config, metavar="FILE", help="Instead of dfrewrite.toml."),
        option(["--verify"], is_flag=True, help="Build and run before and after; change only what is proven."),
        option([ALLOW_BROKEN], is_flag=True, help=broken),
        *proof_options(),
        *check_options(),
    ]
    command = click.Command("dfrewrite", callback=_rewrite, params=params, help=_HELP, epilog=_EPILOG)
    return click.version_option(__version__, prog_name="dfrewrite")(command)


def _rewrite(
    paths: tuple[Path, ...],
    apply: bool,
    patch: Path | None,
    report: Path | None,
    branch: str | None,
    check: bool,
    format_: str | None,
    verify: bool,
    **asked: Any,
) -> int:
    import pathlib

    import click

    from rewriter.cli_proof import refuse_without_verify, verifier_of
    from rewriter.session import Exit, Request, Session
    from rewriter.sinks import Pass
    from rewriter.terminal import Summary, format_of, say, write

    if branch is not None and (apply or patch or check):
        raise click.UsageError("--branch writes only the branch: it excludes --apply, --patch and --check")
    if patch is not None and str(patch) == "-":
        raise click.UsageError("--patch takes a file; --format diff prints the patch")
    if check and (apply or patch):
        raise click.UsageError("--check writes nothing: it excludes --apply and --patch")
    if not verify:
        refuse_without_verify(asked)
    verifier = verifier_of(asked) if verify else None
    session = Session(Request(**asked), verifier, say)
    if any(str(path) == "-" for path in paths):
        if len(paths) > 1 or apply or patch or check or verify or branch is not None:
            raise click.UsageError(
                "- (standard input) excludes all but --format, --report and the options that steer the rewrite"
            )
        return _from_stdin(session, format_, report)
    format_ = format_ or _configured_format(session, paths) or "text"
    into = _sinks(apply, patch, branch)
    dry = not into
    into += [_report_file(report)] if report is not None else []
    done = Pass(Summary() if check else format_of(format_), into, counts=check)
    done.over(session, list(paths) or [pathlib.Path()])
    if check and done.changed:
        done.count(Exit.WOULD_CHANGE)
    if format_ == "text" and done.changed and not check and dry:
        plural = "s" if done.changed > 1 else ""
        done.tell(write, f"{done.changed} file{plural} would change; nothing was written (--apply writes).")
    if done.unheard:
        os._exit(done.code)  # an orderly end would try once more to print
    return done.code


def _sinks(apply: bool, patch: Path | None, branch: str | None) -> list[Sink]:
    from rewriter.sinks import Branch, InPlace, PatchFile

    into: list[Sink] = [PatchFile(patch)] if patch is not None else []
    into += [InPlace()] if apply else []
    into += [Branch("dfrewrite/rewrite" if branch == _NAMED_LATER else branch)] if branch is not None else []
    return into


def _report_file(path: Path) -> Sink:
    from rewriter.documents import KEPT
    from rewriter.sinks import ReportFile

    return ReportFile(path, KEPT[path.suffix.lower()]())


def _configured_format(session: Session, paths: tuple[Path, ...]) -> str | None:
    import pathlib

    from rewriter.io.files import FileError

    first = paths[0] if paths else pathlib.Path()
    try:
        return session.config(first if first.is_dir() else first.parent).format
    except FileError:
        return None  # told with the file that it belongs to


def _from_stdin(session: Session, format_: str | None, report: Path | None) -> int:
    import pathlib

    from rewriter.discovery import UnknownTransformError
    from rewriter.io.context_dir import DirectoryContext
    from rewriter.io.files import MAX_DOCKERFILE, FileError
    from rewriter.session import Exit, check_context, worst
    from rewriter.source import encode
    from rewriter.terminal import format_of, say

    data = sys.stdin.buffer.read(MAX_DOCKERFILE + 1)
    if len(data) > MAX_DOCKERFILE:
        say(f"error: standard input is larger than {MAX_DOCKERFILE // 1_000_000} MB")
        return Exit.UNUSABLE
    try:
        config = session.config(pathlib.Path.cwd())
        options, transforms = session.settings(config)
        check_context(config)
    except (FileError, UnknownTransformError) as error:
        say(f"error: {error}")
        sys.stdout.buffer.write(data)
        return Exit.UNUSABLE
    if config.enabled is False:
        sys.stdout.buffer.write(data)
        say(f"left as it is, {config.path} says enabled = false")
        return Exit.DONE
    folder = session.request.context or config.context
    context = DirectoryContext(folder) if folder is not None else None
    outcome = session.rewrite_data(data, None, "Dockerfile", transforms, context, options, config=config)
    sys.stdout.buffer.write(data if outcome.result is None else encode(outcome.result.after))
    sys.stdout.buffer.flush()
    printed = format_of(format_ or config.format or "text", err=True)
    printed.show(outcome)
    printed.finish()
    if report is not None:
        kept = _report_file(report)
        troubles = [*kept.take(outcome), *kept.finish()]
        for trouble in troubles:
            say(f"error: {trouble}")
        if troubles:
            return worst([outcome.code, Exit.UNUSABLE])
    return outcome.code


if __name__ == "__main__":
    main()
