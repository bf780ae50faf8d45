"""The command line: parses, calls, prints; decides nothing."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rewriter import __version__
from rewriter.commands import commands
from rewriter.terminal import styled, visible, write, write_lines

if TYPE_CHECKING:
    from rewriter.session import Outcome, Session

_NAMED_LATER = "\0"


def _names(_ctx: click.Context, _param: click.Parameter, value: tuple[str, ...]) -> tuple[str, ...] | None:
    names = tuple(name.strip() for part in value for name in part.split(",") if name.strip())
    return names if value else None


def _pairs(_ctx: click.Context, _param: click.Parameter, value: tuple[str, ...]) -> dict[str, str]:
    pairs = {}
    for item in value:
        key, equals, text = item.partition("=")
        if not equals or not key:
            raise click.BadParameter(f"{item!r} is not of the form K=V")
        pairs[key] = text
    return pairs


def _release(_ctx: click.Context, _param: click.Parameter, value: str | None) -> str | None:
    parts = value.split(".") if value is not None else ["3", "0"]
    if len(parts) != 2 or not all(part.isascii() and part.isdigit() for part in parts):
        raise click.BadParameter(f"{value!r} is not of the form X.Y")
    return value


@click.command(
    epilog="Commands: dfrewrite list | explain NAME | facts show IMAGE (a path of such a name is written ./list). "
    "Exit codes: 0 done, 1 --check found changes, 2 usage or unreadable input, 3 a fault of dfrewrite, 130 interrupted."
)
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--apply", is_flag=True, help="Write exactly what the dry run shows.")
@click.option("--patch", type=click.Path(path_type=Path), metavar="FILE", help="Write a patch that `git apply` takes.")
@click.option(
    "--branch", metavar="[=NAME]", help="Make a git branch with one commit per transform; nothing else is written."
)
@click.option("--check", is_flag=True, help="Exit 1 if anything would change; print a summary only.")
@click.option(
    "--level", type=click.Choice(["safe", "review", "risky"]), help="The highest level to apply (default: review)."
)
@click.option("--select", multiple=True, callback=_names, metavar="NAME,…", help="Only these transforms.")
@click.option("--skip", multiple=True, callback=_names, metavar="NAME,…", help="Not these transforms.")
@click.option("--extend-select", multiple=True, callback=_names, metavar="NAME,…", help="Also these opt-in transforms.")
@click.option("--alpine", callback=_release, metavar="X.Y", help="The alpine release to pin.")
@click.option(
    "--runtime", type=click.Choice(["alpine", "slim", "distroless", "scratch"]), help="The kind of runtime image."
)
@click.option(
    "--context", type=click.Path(path_type=Path, exists=True, file_okay=False), metavar="DIR", help="The build context."
)
@click.option("--target", metavar="STAGE", help="The stage that is built.")
@click.option("--build-arg", "build_args", multiple=True, callback=_pairs, metavar="K=V", help="A build argument.")
@click.option("--format", "format_", type=click.Choice(["text", "diff", "json"]), help="How to report (default: text).")
@click.option(
    "--config",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="FILE",
    help="Instead of dfrewrite.toml.",
)
@click.version_option(__version__, prog_name="dfrewrite")
def rewrite(
    paths: tuple[Path, ...],
    apply: bool,
    patch: Path | None,
    branch: str | None,
    check: bool,
    format_: str | None,
    **asked: Any,
) -> None:
    """Rewrite Dockerfiles into what an expert would have written.

    PATHS are files or folders (default: this folder), or - for standard input. Without an option that writes, this is a
    dry run: it shows the diff, each hunk with its reason, what was left alone and why, findings, and a size forecast.
    """
    from rewriter.session import Exit, Request, Session, worst

    if branch is not None and (apply or patch or check):
        raise click.UsageError("--branch writes only the branch: it excludes --apply, --patch and --check")
    if patch == Path("-"):
        raise click.UsageError("--patch takes a file; --format diff prints the patch")
    if check and (apply or patch):
        raise click.UsageError("--check writes nothing: it excludes --apply and --patch")
    session = Session(Request(**asked))
    if any(str(path) == "-" for path in paths):
        if len(paths) > 1 or apply or patch or check or branch is not None:
            raise click.UsageError(
                "- (standard input) excludes all but --format and the options that steer the rewrite"
            )
        sys.exit(_from_stdin(session, format_))
    files = session.files(list(paths) or [Path()])
    outcomes = [session.rewrite_file(path) for path in files]
    codes = [outcome.code for outcome in outcomes]
    if not outcomes:
        click.echo("no Dockerfile found", err=True)
    format_ = format_ or _configured_format(session, paths) or "text"
    if check:
        _print_summary(outcomes)
        codes += [Exit.WOULD_CHANGE for outcome in outcomes if outcome.patch is not None]
    else:
        _report(outcomes, format_)
        changed = [outcome for outcome in outcomes if outcome.patch is not None]
        codes += _write(changed, apply, patch, branch)
        if format_ == "text" and changed and not apply and patch is None and branch is None:
            count = len(changed)
            write(f"{count} file{'s' if count > 1 else ''} would change; nothing was written (--apply writes).")
    sys.exit(worst(codes))


def _configured_format(session: Session, paths: tuple[Path, ...]) -> str | None:
    from rewriter.io.files import FileError

    first = paths[0] if paths else Path()
    try:
        return session.config(first if first.is_dir() else first.parent).format
    except FileError:
        return None  # told with the file that it belongs to


def _write(changed: list[Outcome], apply: bool, patch: Path | None, branch: str | None) -> list[Any]:
    from rewriter import sinks
    from rewriter.session import Exit

    problems: list[str] = []
    if patch is not None:
        problems += sinks.write_patch_file(patch, changed)
    if apply:
        problems += sinks.apply(changed)
    if branch is not None and changed:
        name = "dfrewrite/rewrite" if branch == _NAMED_LATER else branch
        said, problems = sinks.make_branch(name, changed)
        if said:
            click.echo(said, err=True)
    for problem in problems:
        click.echo(f"error: {problem}", err=True)
    return [Exit.UNUSABLE] if problems else []


def _from_stdin(session: Session, format_: str | None) -> int:
    from rewriter.discovery import UnknownTransformError
    from rewriter.io.context_dir import DirectoryContext
    from rewriter.io.files import MAX_DOCKERFILE, FileError
    from rewriter.session import Exit, check_context

    data = sys.stdin.buffer.read(MAX_DOCKERFILE + 1)
    if len(data) > MAX_DOCKERFILE:
        raise click.UsageError(f"standard input is larger than {MAX_DOCKERFILE // 1_000_000} MB")
    try:
        config = session.config(Path.cwd())
        options, transforms = session.settings(config)
        check_context(config)
    except (FileError, UnknownTransformError) as error:
        click.echo(f"error: {error}", err=True)
        sys.stdout.buffer.write(data + sys.stdin.buffer.read())
        return int(Exit.UNUSABLE)
    if config.enabled is False:
        sys.stdout.buffer.write(data)
        click.echo(f"left as it is, {config.path} says enabled = false", err=True)
        return int(Exit.DONE)
    folder = session.request.context or config.context
    context = DirectoryContext(folder) if folder is not None else None
    outcome: Outcome = session.rewrite_data(data, None, "Dockerfile", transforms, context, options)
    after = outcome.result.after if outcome.result is not None else None
    sys.stdout.buffer.write(data if after is None else after.encode("utf-8", "surrogateescape"))
    sys.stdout.buffer.flush()
    _report([outcome], format_ or config.format or "text", err=True)
    return int(outcome.code)


def _report(outcomes: list[Outcome], format_: str, *, err: bool = False) -> None:
    if format_ == "json":
        import json

        from rewriter.report.as_json import SCHEMA, as_json

        files = [as_json(o.shown, o.result, str(o.patch or ""), o.error, o.skipped, o.notes) for o in outcomes]
        write(json.dumps({"schema": SCHEMA, "version": __version__, "files": files}, indent=2), err=err)
        return
    for outcome in outcomes:
        if outcome.error is not None:
            click.echo(f"error: {visible(outcome.shown)}: {visible(outcome.error)}", err=True)
        for note in outcome.notes:
            click.echo(f"note: {visible(note)}", err=True)
    if format_ == "diff":
        from rewriter.sinks import git_diff

        for outcome in outcomes:
            if outcome.patch is not None:
                write(git_diff(outcome), end="", err=err)
        return
    from rewriter.report.text import render_text

    for outcome in outcomes:
        if outcome.skipped:
            write(f"{outcome.shown}: left out, {outcome.skipped}", err=err)
        elif outcome.result is not None:
            write_lines(render_text(outcome.shown, outcome.result, outcome.patch, styled), err=err)
            write("", err=err)


def _print_summary(outcomes: list[Outcome]) -> None:
    changed = [outcome for outcome in outcomes if outcome.patch is not None]
    for outcome in outcomes:
        if outcome.error is not None:
            click.echo(f"error: {visible(outcome.shown)}: {visible(outcome.error)}", err=True)
    for outcome in changed:
        names = ", ".join(transform.name for transform, _ in outcome.result.changes) if outcome.result else ""
        write(f"would change {outcome.shown} ({names})")
    write(f"{len(outcomes)} read, {len(changed)} would change")


def main() -> None:
    """The entry point; gives the exit codes of the contract."""
    arguments = sys.argv[1:]
    try:
        if sys.stdout is None or sys.stdin is None or sys.stderr is None:
            raise OSError(errno.EBADF, "standard input, output and error must be open")
        if arguments and arguments[0] in commands.commands:
            commands(arguments, prog_name="dfrewrite", standalone_mode=False)
            sys.stdout.flush()
            return
        # `--branch` takes a value only behind `=`: what follows it is a path.
        arguments = [f"--branch={_NAMED_LATER}" if argument == "--branch" else argument for argument in arguments]
        rewrite(arguments, prog_name="dfrewrite", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except (KeyboardInterrupt, click.Abort):
        from rewriter.session import Exit

        click.echo("interrupted; every file is whole", err=True)
        sys.exit(Exit.INTERRUPTED)
    except BrokenPipeError:
        # The reader went away (`| head`): nothing to say to it, and nothing to say about it.
        os._exit(0)
    except OSError as error:
        _last_words(f"error: {error.strerror or error}", 2)
    except Exception as error:  # a crash is our bug, and says so in one line
        _last_words(f"fault of dfrewrite: {type(error).__name__}: {' '.join(str(error).split())}", 3)


def _last_words(message: str, code: int) -> None:
    """One line and the end; what could not be written is not tried again."""
    with contextlib.suppress(OSError, ValueError):
        click.echo(message, err=True)
    os._exit(code)


if __name__ == "__main__":
    main()
