"""From a draft and a runtime base to the finished plan: what moves, what is repeated, and the sentence why."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from rewriter.ecosystems.runtime_base import RuntimeBase, ageing
from rewriter.model.files import STANDARD_FOLDERS
from rewriter.model.run import Step, script_logical
from rewriter.model.stages import Stage
from rewriter.model.state import DEFAULT_SHELL
from rewriter.planning.carry import workdir_is_users
from rewriter.planning.environment import carried_environment, our_lines, stays_behind
from rewriter.planning.plan import CONFIGURATION, Draft, SplitPlan, stays_in_place
from rewriter.shell import Opaque
from rewriter.syntax import Instruction
from rewriter.transform import Evidence, Finding
from rewriter.userland.runtime import ROOT_NAMES

_MOVED_FROM_THE_END = CONFIGURATION | {"RUN", "ENV", "USER", "WORKDIR", "ARG", "SHELL"}
_SET = re.compile(r"(?<=\s)(\w+)=")
_BUILDER_NAMES = ("builder", "build", "go-builder", "compile")
_KEPT_AS_BUILDER = frozenset({*_BUILDER_NAMES, "build-env", "buildstage", "gobuild", "go-build"})


def assemble(draft: Draft, base: RuntimeBase, packages: dict[str, str]) -> SplitPlan | str:
    """The plan, or the reason why something cannot be carried."""
    stage, state = draft.stage, draft.stage.final_state
    if state.user is None:
        return "the user that it runs as is only known at build time"
    if state.workdir is None:
        return "its working directory is only known at build time"
    tail = _tail(draft)
    moved = [i for i in stage.instructions if i.name in CONFIGURATION or i in tail]
    repeated = _shaping(draft, tail)
    if isinstance(repeated, str):
        return repeated
    before, shaping = repeated
    start = draft.start
    if start is not None and not stays_in_place(stage, moved, start.instruction):
        return f"line {start.instruction.line}: the start command stands before what builds, and cannot be changed"
    environment = carried_environment(draft, base, moved, [*before, *shaping])
    if isinstance(environment, str):
        return environment
    draft.evidence += [*environment.evidence, *base.evidence]
    draft.evidence += [Evidence(f"{name} is installed: {reason}", "Dockerfile") for name, reason in packages.items()]
    # Always kept: nothing shows that a program does not look at it, or write beside itself.
    stays = not any(i.name == "WORKDIR" for i in tail)
    workdir = state.workdir if stays and state.workdir != "/" else None
    builder_name, runtime_name = _names(draft)
    draft.findings += _ageing(draft, base)
    return SplitPlan(
        stage=stage,
        builder=draft.builder,
        builder_name=builder_name,
        runtime=base,
        runtime_name=runtime_name,
        platform=stage.from_.flag("platform"),
        packages=tuple(sorted(packages)),
        recommends=draft.roles.recommends,
        environment=environment.lines,
        builder_lines=(*(draft.production.lines if draft.production is not None else ()), *draft.lines),
        first=tuple(before),
        shaping=tuple(shaping),
        shell=_shell(draft, tail),
        copies=tuple(draft.copies),
        workdir=workdir,
        workdir_is_users=workdir_is_users(stage),
        user=None if any(i.name == "USER" for i in tail) or state.user in ROOT_NAMES else state.user,
        moved=tuple(moved),
        start=start,
        announced=_announced(draft, base, environment.left),
        why=_why(draft, builder_name, base),
        evidence=tuple(dict.fromkeys(draft.evidence)),
        findings=tuple(draft.findings),
    )


def _announced(draft: Draft, base: RuntimeBase, left: frozenset[str]) -> frozenset[str]:
    """The start command that is written anew, the variables that only our lines set, and those that stay behind."""
    names = {name for line in our_lines(draft, base) for name in _SET.findall(line)} | left
    start = {draft.start.instruction.name} if draft.start is not None else set()
    return frozenset({f"ENV {name}" for name in names} | start) | base.announced


def _ageing(draft: Draft, base: RuntimeBase) -> Iterator[Finding]:
    page = draft.situation.facts.image("alpine")
    # The day on which the catalogue was collected: results depend on facts, never on a clock.
    remark = ageing(base.image, page.collected) if page is not None else None
    if remark:
        yield Finding(draft.stage.from_.start, remark)


def _why(draft: Draft, builder_name: str, base: RuntimeBase) -> str:
    targets = [copy.target for copy in draft.copies]
    shown = ", ".join(targets[:4]) + (f" and {len(targets) - 4} more" if len(targets) > 4 else "")
    stages = f"Builds in the stage {builder_name} and runs from {base.image}"
    return f"{stages}, which receives only what run time needs: {shown}."


def _tail(draft: Draft) -> tuple[Instruction, ...]:
    """The instructions behind the last one that builds: nothing of the build needs them, so they can move."""
    stage = draft.stage
    if draft.lines:
        return ()  # what is built ahead at the end needs the folder, the variables and the user that hold there
    # An owner named in a COPY must exist before it: then the RUN that makes him is repeated above instead.
    owned = any(copy.chown for copy in draft.copies)
    whole = tuple(
        run.instruction
        for run, steps in draft.roles.shaping
        if steps == run.steps and not owned and not any(_relative(step) for step in steps)
    )
    building = (n for n, i in enumerate(stage.instructions) if i.name in ("RUN", "COPY", "ADD") and i not in whole)
    last = max(building, default=-1)
    workdirs = [i for i in stage.instructions if i.name == "WORKDIR"]
    # A relative WORKDIR means another folder elsewhere: then all stay, and ours is written out.
    follows = bool(workdirs) and _is_absolute(workdirs[-1])
    return tuple(
        i
        for i in stage.instructions[last + 1 :]
        if i.name in _MOVED_FROM_THE_END
        and not (i.name == "ENV" and stays_behind(i, stage, draft.language))
        and not (i.name == "WORKDIR" and not (follows and _is_absolute(i)))
    )


def _is_absolute(workdir: Instruction) -> bool:
    return workdir.args.startswith("/") and "$" not in workdir.args


def _relative(step: Step) -> list[str]:
    """Operands of a file command that depend on the working directory."""
    parts = step.options_and_operands
    operands = parts[1] if parts is not None else ()
    operands = operands[1:] if step.name in ("chown", "chmod") else operands
    named = step.name in ("mkdir", "touch", "ln", "chown", "chmod")
    return [word for word in operands if named and not word.startswith("/")]


def _shaping(draft: Draft, tail: tuple[Instruction, ...]) -> tuple[list[str], list[str]] | str:
    """The RUN lines to repeat, those that stood before the last WORKDIR apart; or a reason."""
    before: list[str] = []
    after: list[str] = []
    there = _folders_before_copies(draft, working=True)
    sooner = _folders_before_copies(draft, working=False)
    for run, all_steps in draft.roles.shaping:
        if run.instruction in tail:
            continue
        kept: list[Step] = []
        last = run.state.workdir == draft.stage.final_state.workdir
        for step in all_steps:
            missing = _missing(step, there if last else sooner)
            if not missing:
                kept.append(step)
            elif step.name in ("ln", "touch") or not all(_is_copied(path, draft) for path in missing):
                line = run.instruction.line
                return f"line {line}: `{step.name} {missing[0]}`: the path is not there before it is copied"
        steps = tuple(kept)
        if not steps:
            continue
        problem = _unrepeatable(draft.stage, run.instruction, run.state.user, steps)
        if problem:
            return problem
        lines = after if last else before
        if steps == run.steps and not run.instruction.heredocs:
            lines.append(run.instruction.text.rstrip("\r\n"))
            continue
        logical = script_logical(run.instruction)
        if isinstance(logical, Opaque):
            return f"line {run.instruction.line}: {logical.reason}"
        texts = [logical.text[s.command.start : s.command.end] for s in steps if s.command is not None]
        lines.append(f"{run.instruction.keyword} " + " && ".join(texts))
    return before, after


def _folders_before_copies(draft: Draft, *, working: bool) -> frozenset[str]:
    """Folders that the runtime has before its COPY lines run: standard ones, homes, what mkdir makes, and WORKDIR for
    the commands that stand behind it."""
    found = set(STANDARD_FOLDERS)
    made = [(draft.stage.final_state.workdir or "/") if working else "/"]
    for _, steps in draft.roles.shaping:
        for step in steps:
            parts = step.options_and_operands
            if parts is None:
                continue
            if step.name == "mkdir":
                made += [path for operand in parts[1] if (path := step.absolute(operand)) is not None]
            elif step in draft.roles.users and parts[1]:
                made += [f"/home/{parts[1][-1]}", *(word for word in parts[1] if word.startswith("/"))]
    for path in made:
        while path != "/":
            found.add(path)
            path = posixpath.dirname(path)
    return frozenset(found)


def _missing(step: Step, there: frozenset[str]) -> list[str]:
    """Paths that a chown or chmod works on, and folders for a ln or touch, that are not there yet."""
    parts = step.options_and_operands
    if step.name in ("ln", "touch") and parts is not None:
        made = parts[1][-1:] if step.name == "ln" else parts[1]
        parents = [posixpath.dirname(path) for operand in made if (path := step.absolute(operand)) is not None]
        return [parent for parent in parents if parent not in there]
    if step.name not in ("chown", "chmod") or parts is None:
        return []
    paths = [step.absolute(operand) for operand in parts[1][1:]]
    return [path for path in paths if path is not None and path not in there]


def _is_copied(path: str, draft: Draft) -> bool:
    """True when a COPY --from brings the path, which then keeps its mode and gets its owner there."""
    return any(
        copy.source == path or copy.source.startswith(path.rstrip("/") + "/") or path.startswith(copy.source + "/")
        for copy in draft.copies
    )


def _unrepeatable(stage: Stage, instruction: Instruction, user: str | None, steps: tuple[Step, ...]) -> str | None:
    if user not in ROOT_NAMES:
        return f"line {instruction.line} shapes the system as the user {user}"
    for step in steps:
        relative = _relative(step)
        if relative and step.cwd != stage.final_state.workdir:
            return f"line {instruction.line}: `{step.name} {relative[0]}` depends on the working directory there"
        if not step.certain or step.command is None:
            return f"line {instruction.line}: `{step.name}` may run or not"
    return None


def _shell(draft: Draft, tail: tuple[Instruction, ...]) -> str | None:
    """The SHELL line in force, where a shell form of run time is read by it."""
    state = draft.stage.final_state
    check = state.healthcheck.trigger if state.healthcheck is not None else None
    starts = draft.launch.instruction.json is None and draft.start is None
    used = starts or (check is not None and check.name == "CMD" and check.json is None)
    if state.shell == DEFAULT_SHELL or not used or any(i.name == "SHELL" for i in tail):
        return None
    line = next((i for i in reversed(draft.stage.instructions) if i.name == "SHELL"), None)
    return line.text.rstrip("\r\n") if line is not None else None


def _names(draft: Draft) -> tuple[str, str | None]:
    """(name of the builder, name of the runtime). Who builds the old stage by its name gets the runtime."""
    stage = draft.stage
    if stage.written_name is not None and stage.name in _KEPT_AS_BUILDER:
        return stage.written_name, None
    taken = {other.name for other in draft.situation.model.stages}
    taken |= {other.image_word.lower() for other in draft.situation.model.stages}
    taken |= {(i.flag("from") or "").lower() for other in draft.situation.model.stages for i in other.instructions}
    free = (name for name in (*_BUILDER_NAMES, *(f"builder{n}" for n in range(2, 99))) if name not in taken)
    return next(free), stage.written_name
