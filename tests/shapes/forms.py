"""Shapes of whole instructions: which there are, in which of the shell, JSON and heredoc forms."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rewriter.syntax import Instruction
from tests.shapes.tables import Table, row, search, sentences, table

if TYPE_CHECKING:
    from tests.shapes.view import View

_ALL = (
    "add arg cmd copy entrypoint env expose from healthcheck label maintainer onbuild run shell stopsignal user volume"
    " workdir"
).split()
_SHELL = re.compile(r"(?:^|/)(?:ba|z|a|k|da)?sh$")
_WITH_JSON = ("add", "cmd", "copy", "entrypoint", "run", "volume")

FOUND = {
    **{f"{name}: any": f"A {name.upper()} instruction." for name in _ALL if name != "from"},
    **{f"{name}: json": f"A {name.upper()} in its JSON form." for name in _WITH_JSON},
    **{f"{name}: plain": f"A {name.upper()} in its shell or plain form." for name in _WITH_JSON},
    **{f"{name}: invalid json": f"A {name.upper()} whose brackets hold no JSON: it is plain." for name in _WITH_JSON},
    **{f"{name}: json over lines": f"A {name.upper()} whose JSON stands on several lines." for name in _WITH_JSON},
    **{f"{name}: heredoc": f"A {name.upper()} with a heredoc." for name in ("add", "copy", "run")},
    **{
        f"onbuild: {name}": f"ONBUILD {name.upper()}." for name in _ALL if name not in ("from", "maintainer", "onbuild")
    },
    "json: empty": "An empty array.",
    "json: blanks": "Blanks between bracket and strings.",
    "json: no blank behind the comma": "Strings that no blank separates.",
    "json: of a shell": 'An exec form that calls a shell: `["sh", "-c", "…"]`.',
    "json: of another shell than sh": 'An exec form that calls bash or the like: `["bash", "-c", "…"]`.',
    "json: escapes": "A string with a backslash in it.",
    "json: variable": "A string with a `$` in it, which nothing expands there.",
    "json: single quotes": "Brackets that hold strings in single quotes.",
    "json: text behind": "Words behind the bracket, so that it is no JSON.",
    "json: unquoted": "Brackets that hold words without quotes.",
    "json: test command": "A shell form that starts with the command `[`.",
    "heredoc: script": "RUN of a heredoc alone.",
    "heredoc: shebang": "A heredoc that starts with `#!`.",
    "heredoc: shebang of a shell": "A heredoc that starts with `#!/bin/bash` or the like.",
    "heredoc: handed to a command": "RUN of a command that reads a heredoc of the instruction.",
    "heredoc: several": "An instruction with more than one heredoc.",
    "heredoc: dash": "`<<-`: leading tabs are dropped.",
    "heredoc: quoted": "A heredoc in which nothing is expanded.",
    "heredoc: variable in it": "A body with a `$`.",
    "heredoc: comment in it": "A body with a line that starts with `#`.",
    "heredoc: instruction in it": "A body with a line that looks like an instruction.",
    "heredoc: empty": "A body of no lines.",
    "heredoc: other name": "A terminator that is not EOF.",
    "heredoc: written by cat": "A shell's own `<<` behind cat or tee inside RUN.",
}

TABLE: Table = {
    **table(
        r"""
        healthcheck: none -- HEALTHCHECK NONE.
            HEALTHCHECK ~ (?i)^NONE
        healthcheck: json -- HEALTHCHECK CMD in JSON form.
            HEALTHCHECK ~ (?i)^CMD\s*\[
        healthcheck: shell -- HEALTHCHECK CMD in shell form.
            HEALTHCHECK ~ (?i)^CMD\s+[^\[\s]
        healthcheck: curl or wget -- A check that asks over HTTP.
            HEALTHCHECK has curl | wget
        healthcheck: exit -- A check with `|| exit 1`.
            HEALTHCHECK ~ \|\|\s*exit
        shell: bash -- SHELL of bash.
            SHELL has bash
        shell: pipefail -- SHELL with pipefail.
            SHELL has pipefail
        shell: login -- SHELL of a login shell.
            SHELL ~ "-l|"-[a-z]*l[a-z]*c
        shell: powershell -- SHELL of PowerShell.
            SHELL ~ (?i)powershell|pwsh
        shell: cmd -- SHELL of cmd.
            SHELL ~ (?i)"cmd
        shell: sh -- SHELL of sh.
            SHELL ~ "(?:/\w+)*/sh"
        shell: other program -- SHELL of anything else.
            SHELL ~ ^\[\s*"(?!(?:/[\w/]+/)?(?:ba|z|a)?sh"|cmd|powershell|pwsh)
        stopsignal: name -- A signal by its name.
            STOPSIGNAL ~ ^[A-Za-z]
        stopsignal: number -- A signal by its number.
            STOPSIGNAL ~ ^\d
        stopsignal: variable -- A signal that a variable names.
            STOPSIGNAL ~ \$
        maintainer: address -- A mail address in angle brackets.
            MAINTAINER ~ <[^>]*@[^>]*>
        maintainer: quoted -- Quotes in MAINTAINER.
            MAINTAINER ~ [\"']
        maintainer: name only -- A name and nothing else.
            MAINTAINER ~ ^[\w .-]+$
        maintainer: web address -- A URL in MAINTAINER.
            MAINTAINER ~ https?://
        """,
    ),
    **{
        f"healthcheck: --{flag}": row("heads", rf"(?i)^HEALTHCHECK.*--{flag}=", f"HEALTHCHECK --{flag}.")
        for flag in ("interval", "timeout", "retries", "start-period", "start-interval")
    },
}

DESCRIPTIONS = FOUND | sentences(TABLE)


def found(view: View) -> Iterator[str]:
    """The shapes of the instructions of a text."""
    yield from search(TABLE, view)
    for name, instructions in view.named.items():
        if name != "FROM":
            yield f"{name.lower()}: any"
        for instruction in instructions:
            yield from _form(instruction)
    for text in view.shell_texts:
        if "<<" in text and re.search(r"\b(?:cat|tee)\b[^\n]*<<-?\s*[\"'\\]?\w", text):
            yield "heredoc: written by cat"


def _form(instruction: Instruction) -> Iterator[str]:
    name = instruction.name.lower()
    if name == "onbuild" and instruction.trigger is not None:
        yield f"onbuild: {instruction.trigger.name.lower()}"
    if name not in (*_WITH_JSON, "shell"):
        return
    for heredoc in instruction.heredocs:
        yield f"{name}: heredoc"
        body = instruction.source[heredoc.body.start : heredoc.body.end]
        yield from _heredoc(body, heredoc.chomp, heredoc.expand, heredoc.name)
    if len(instruction.heredocs) > 1:
        yield "heredoc: several"
    if name == "run" and instruction.heredocs:
        yield "heredoc: script" if len(instruction.words) == 1 else "heredoc: handed to a command"
    args = instruction.args
    if instruction.json is not None:
        yield from _json(name, args, [string.value for string in instruction.json])
        if "\n" in instruction.text.rstrip():
            yield f"{name}: json over lines"
    elif name != "shell":
        if not instruction.heredocs:
            yield f"{name}: plain"
        if args.startswith("["):
            yield from _no_json(name, args)


def _heredoc(body: str, chomp: bool, expand: bool, name: str) -> Iterator[str]:
    if chomp:
        yield "heredoc: dash"
    if not expand:
        yield "heredoc: quoted"
    if body.startswith("#!"):
        yield "heredoc: shebang"
        if re.match(r"#!.*sh\b", body):
            yield "heredoc: shebang of a shell"
    if "$" in body:
        yield "heredoc: variable in it"
    if re.search(r"^\s*#(?!!)", body, re.MULTILINE):
        yield "heredoc: comment in it"
    if re.search(r"^(?:RUN|COPY|FROM|ENV|CMD|ADD|USER)\s", body, re.MULTILINE):
        yield "heredoc: instruction in it"
    if not body:
        yield "heredoc: empty"
    if name != "EOF":
        yield "heredoc: other name"


def _json(name: str, args: str, values: list[str]) -> Iterator[str]:
    if name != "shell":
        yield f"{name}: json"
    if not values:
        yield "json: empty"
    if re.match(r"\[\s+\S", args):
        yield "json: blanks"
    if '","' in args:
        yield "json: no blank behind the comma"
    if name != "shell" and len(values) > 2 and _SHELL.search(values[0]) and values[1].endswith("c"):
        yield "json: of a shell"
        if posixpath.basename(values[0]) != "sh":
            yield "json: of another shell than sh"
    if "\\" in args:
        yield "json: escapes"
    if any("$" in value for value in values):
        yield "json: variable"


def _no_json(name: str, args: str) -> Iterator[str]:
    if name == "run" and re.match(r"\[\[?\s", args) and not re.match(r"\[\s+['\"][^'\"]*['\"]\s*[,\]]", args):
        yield "json: test command"
        return
    yield f"{name}: invalid json"
    if re.match(r"\[\s*'", args):
        yield "json: single quotes"
    elif re.match(r"\[\s*[^\"\s]", args):
        yield "json: unquoted"
    if not args.endswith("]"):
        yield "json: text behind"
