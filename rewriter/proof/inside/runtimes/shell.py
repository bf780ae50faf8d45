"""What a shell certainly starts: the commands of ``sh -c``, and of a script, as far as its text tells."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from rewriter.model.launch import is_builtin
from rewriter.model.run import Step, script_steps
from rewriter.model.state import DEFAULT_PATH, State
from rewriter.proof.inside.filesystem import Found
from rewriter.proof.inside.trail import Call, Located, Problem
from rewriter.shell import Opaque
from rewriter.syntax import parse

if TYPE_CHECKING:
    from rewriter.proof.inside.libraries import Closure
    from rewriter.proof.inside.start import Walker
    from rewriter.syntax import Instruction

_MOST_TEXT = 200_000
_FUNCTION = re.compile(r"^[ \t]*(?:function[ \t]+([\w.-]+)|([\w.-]+)[ \t]*\(\))", re.MULTILINE)
_ALIAS = re.compile(r"\balias[ \t]+([\w.-]+)=")
_ARGUMENTS = frozenset({'"$@"', "$@", "$*", '"${@}"'})
_NO_WORK = frozenset({"set", ":", "true", "cd", "exit", "return", "test", "[", "[["})
"""Commands that leave nothing behind but the shell's own state, and where it is."""
_ENDING = frozenset({"exit", "return", "exec"})


def follow_shell(walker: Walker, call: Call, located: Located, closure: Closure) -> Problem | None:
    """Follows ``sh -c text name arguments`` or ``sh script arguments``."""
    rest = list(call.argv[1:])
    text = False
    while rest and rest[0][:1] in "-+" and rest[0] not in ("-", "--"):
        option = rest.pop(0)
        single = not option.startswith("--")
        if option == "--login" or (single and "l" in option):
            # /etc/profile sets a PATH of its own.
            call = replace(call, environment={**call.environment, "PATH": None})
        if single and option.endswith("o"):
            rest[:1] = []
        text = text or (single and option.startswith("-") and "c" in option)
    if rest and rest[0] in ("-", "--"):
        rest.pop(0)
    if not rest:
        walker.arrive(call, posixpath.basename(call.argv[0]), call.argv[1:], located.found)
        return None
    if text:
        return _follow_text(walker, call, rest[0], tuple(rest[2:]), "")
    return _follow_script(walker, call, rest[0], tuple(rest[1:]))


def _follow_script(walker: Walker, call: Call, name: str, arguments: tuple[str, ...]) -> Problem | None:
    if call.cwd is None and not name.startswith("/"):
        walker.trail.miss(f"where the script {name} lies is only known when it runs")
        return None
    found = walker.files.resolve(name, call.cwd or "/")
    if not isinstance(found, Found) or not found.node.is_file:
        why = f"{found.path} is no file" if isinstance(found, Found) else found.why
        return Problem(f"the shell is to run {name}, and {why}", name, key=f"missing {posixpath.basename(name)}")
    data = walker.image.read(found.node, _MOST_TEXT)
    if data is None:
        walker.trail.miss(f"{found.path} is too big a script to be read")
        return None
    walker.trail.texts[found.path] = "sh"
    text = data.decode("utf-8", "surrogateescape")
    walker.arrive(call, posixpath.basename(name), arguments, found)
    return _follow_text(walker, call, text, arguments, found.path)


def _follow_text(walker: Walker, call: Call, text: str, arguments: tuple[str, ...], path: str) -> Problem | None:
    """Follows the commands of a text; ``path`` is its script's, empty for ``sh -c``."""
    where = path or "the shell form"
    found = _steps(text, call)
    if isinstance(found, Opaque):
        walker.trail.miss(f"{where} is not understood ({found.reason}); what it starts was not looked at")
        walker.trail.beside += [text] if call.final else []
        return None
    own = {first or second for first, second in _FUNCTION.findall(text)} | set(_ALIAS.findall(text))
    resets = any(step.argv[:1] == ("set",) and "--" in step.argv for step in found)
    started = [step for step in found if _is_program(step, own)]
    for step in found:
        passes = any(raw in _ARGUMENTS for raw in _raws(step))
        ends = passes or _raws(step)[:1] == ["exec"] or (started and step is started[-1])
        if call.final and not ends and _raws(step) and _raws(step)[0] not in _NO_WORK:
            walker.trail.beside.append(" ".join(_raws(step)))
        if not step.certain and not passes:
            continue
        if any(step is one for one in started):
            last = step is started[-1] or "exec" in _raws(step)[:1]
            sub = _call_of(step, call, arguments, last)
            problem = walker.run(sub) if sub is not None else None
            if problem is not None:
                if last and step.certain and not (passes and resets):
                    return replace(problem, what=f"{where} starts {_shown(step, arguments)}, and {problem.what}")
                walker.trail.problems.append(replace(problem, what=f"{where}: {problem.what}"))
        if step.certain and step.argv[:1] == (None,) and not passes:
            walker.trail.miss(f"{where} starts a program whose name is only known when it runs")
        if step.certain and _raws(step)[:1] and _raws(step)[0] in _ENDING:
            break
    if any(not step.certain for step in found):
        walker.trail.miss(f"commands of {where} that run only in some cases were not looked at")
    return None


def _steps(text: str, call: Call) -> tuple[Step, ...] | Opaque:
    state = State(env=call.environment, workdir=call.cwd)
    found = script_steps(text, _anchor(), state)
    return found if isinstance(found, Opaque) else tuple(_activated(found))


def named_programs(text: str, environment: Mapping[str, str | None], cwd: str | None) -> Iterator[str]:
    """The programs that a script starts by a written name, in whatever case it does."""
    found = script_steps(text, _anchor(), State(env=environment, workdir=cwd))
    own = {first or second for first, second in _FUNCTION.findall(text)} | set(_ALIAS.findall(text))
    for step in () if isinstance(found, Opaque) else found:
        words = step.argv[1:] if step.argv[:1] == ("exec",) else step.argv
        name = words[0] if words else None
        if name and not name.startswith("-") and name not in own and not is_builtin(name):
            yield name


def _anchor() -> Instruction:
    """Steps belong to an instruction; those of an image's scripts to this one, of which nothing is ever read."""
    return parse("FROM scratch\nCMD true\n").instructions[-1]


def _activated(steps: tuple[Step, ...]) -> Iterator[Step]:
    """Steps behind ``. venv/bin/activate`` still know where they are, and which folder comes first in PATH."""
    known: tuple[str, Mapping[str, str | None]] | None = None
    for step in steps:
        if known is not None and step.cwd is None:
            step = replace(step, cwd=known[0], variables=known[1])
        script = step.argv[1] if len(step.argv) > 1 and step.argv[0] in (".", "source") else None
        if script is not None and script.endswith("/bin/activate") and step.cwd is not None:
            folder = posixpath.dirname(posixpath.join(step.cwd, script))
            path = step.variables.get("PATH", DEFAULT_PATH)
            known = (step.cwd, {**step.variables, "PATH": f"{folder}:{path}" if path is not None else None})
        yield step


def _is_program(step: Step, own: set[str]) -> bool:
    """True for a step that starts a program, as far as it can be seen."""
    if any(raw in _ARGUMENTS for raw in _raws(step)[:2]) and _raws(step)[0] in {*_ARGUMENTS, "exec"}:
        return True
    name = step.argv[0] if step.argv else None
    return bool(step.certain and name and not name.startswith("-") and name not in own and not is_builtin(name))


def _call_of(step: Step, call: Call, arguments: tuple[str, ...], last: bool) -> Call | None:
    """The call that a step makes; None when a word of it is only known at run time."""
    raws = _raws(step)[len(_raws(step)) - len(step.argv) :]
    argv: list[str] = []
    for word, raw in zip(step.argv, raws, strict=False):
        if raw in _ARGUMENTS:
            argv += arguments
        elif word is not None:
            argv.append(word)
        elif not argv:
            return None
        else:
            argv.append(raw)  # unknown words are kept as they are written
    if argv[:1] == ["exec"]:
        argv = argv[1:]
    if not argv or (argv[0].startswith("-") and any(raw in _ARGUMENTS for raw in raws)):
        return None
    environment: dict[str, str | None] = dict(step.variables)
    inner = replace(call, cwd=step.cwd, environment=environment, final=call.final and last)
    return inner.then(tuple(argv), by_shell=True)


def _raws(step: Step) -> list[str]:
    return [word.raw for word in step.command.words] if step.command is not None else []


def _shown(step: Step, arguments: tuple[str, ...]) -> str:
    """The name of the program that a step starts."""
    name = step.argv[0] if step.argv else None
    return name or (arguments[0] if arguments else "its arguments")
