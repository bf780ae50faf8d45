"""One split, planned whole: what the runtime stage is, what it receives, and what moves there."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, field

from rewriter.ecosystems.go import Artefact, GoStage
from rewriter.model.files import Copy
from rewriter.model.run import Step
from rewriter.model.stages import Stage
from rewriter.model.state import DEFAULT_PATH, DEFAULT_SHELL
from rewriter.planning.base import golang_facts, version_doubt
from rewriter.planning.cgo import cgo_verdict
from rewriter.planning.environment import carried_environment, stays_behind
from rewriter.planning.launch import Launch, launch_of, tested_programs
from rewriter.planning.needs import DEV_TOOLS, launch_needs
from rewriter.planning.roles import Roles, assets, sort_roles
from rewriter.planning.runtime_base import Builder, RuntimeBase, ageing, builder_of, candidates
from rewriter.planning.runtime_files import RuntimeFiles, runtime_files, source_only
from rewriter.shell import Opaque
from rewriter.situation import Situation
from rewriter.syntax import Instruction
from rewriter.transform import Certainty, Evidence, Finding

_MOVED = frozenset({"EXPOSE", "LABEL", "MAINTAINER", "STOPSIGNAL", "HEALTHCHECK", "CMD", "ENTRYPOINT", "VOLUME"})
_BUILDER_NAMES = ("builder", "build", "go-builder", "compile")
_PLAIN_PATH = re.compile(r"/[A-Za-z0-9_./@%+=:,~-]*\Z")


@dataclass(frozen=True, slots=True)
class CopyFrom:
    """One COPY --from line."""

    source: str
    target: str
    chown: str = ""


@dataclass(slots=True)
class SplitPlan:
    """Everything one split needs; ``render`` turns it into edits."""

    stage: Stage
    builder: Builder
    builder_name: str
    runtime: RuntimeBase
    runtime_name: str | None
    platform: str | None
    packages: tuple[str, ...]
    environment: tuple[str, ...]
    """ARG and ENV lines of the runtime, as they are written there."""
    shaping: tuple[str, ...]
    shell: str | None
    copies: tuple[CopyFrom, ...]
    workdir: str | None
    user: str | None
    moved: tuple[Instruction, ...]
    why: str
    evidence: tuple[Evidence, ...]
    findings: tuple[Finding, ...]


@dataclass(slots=True)
class _Draft:
    """What is collected on the way to a plan."""

    copies: list[CopyFrom] = field(default_factory=list)
    evidence: list[Evidence] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


def plan_split(situation: Situation, builder: Builder | None = None) -> SplitPlan | str:
    """The split of the final stage, or the reason against it.

    ``builder`` stands for a base that a swap is about to give the stage; None takes the stage's own.
    """
    stage = situation.model.final
    unfit = _unfit(situation, stage)
    if unfit:
        return unfit
    facts = golang_facts(situation, stage)
    if isinstance(facts, str):
        return facts
    image = stage.image
    assert image is not None  # golang_facts said so
    if builder is None:
        found = builder_of(facts, image, situation.options.alpine, "$" not in stage.image_word)
        if isinstance(found, str):
            return found
        builder = found
    go, files = situation.go(stage), situation.files(stage)
    launch = launch_of(stage, files)
    if isinstance(launch, str):
        return launch
    draft = _Draft(evidence=[*version_doubt(stage), *builder.evidence])
    artefacts = _artefacts(stage, go, launch, draft)
    if isinstance(artefacts, str):
        return artefacts
    sources = _source_folders(go, artefacts)
    roles = sort_roles(stage, go, sources)
    if roles.refused:
        more = f" (and {len(roles.refused) - 1} more)" if len(roles.refused) > 1 else ""
        return roles.refused[0] + more
    reads = runtime_files(go, artefacts, launch)
    if reads.vetoes:
        return reads.vetoes[0]
    cgo = cgo_verdict(go, artefacts, builder.alpine)
    if cgo.libraries:
        return f"{cgo.libraries}: which C libraries run time needs is not mapped yet"
    draft.evidence += [*cgo.evidence, *reads.evidence]
    problem = _carry(stage, go, launch, sources, roles, reads, draft)
    if problem:
        return problem
    runtime = _choose(situation, stage, go, launch, builder, artefacts, roles, reads)
    if isinstance(runtime, str):
        return runtime
    base, packages = runtime
    return _assemble(situation, stage, builder, base, packages, launch, roles, reads, artefacts, draft)


def _unfit(situation: Situation, stage: Stage) -> str | None:
    model = situation.model
    surroundings = situation.options.surroundings
    if stage is not model.stages[-1]:
        return "the target is not the last stage: a stage behind it would change what the file builds by default"
    if not situation.go(stage).is_go:
        if len(model.stages) > 1:
            return "already multi-stage: the final stage does not compile anything"
        return f"the stage is not built on a golang image ({stage.image_word})"
    if stage.parent is not None:
        return f"the final stage is built on the stage {stage.image_word}, whose instructions cannot be moved out of it"
    if any(instruction.name == "ONBUILD" for instruction in stage.instructions):
        return "ONBUILD: what child images run in it is not known"
    if stage.name is not None:
        # "*": something builds a target whose name was not readable.
        by = surroundings.targets.get(stage.name) or surroundings.targets.get("*")
        if by:
            return f"the stage {stage.name} is built as a target by {by}: its content must stay"
    platform = stage.from_.flag("platform")
    if platform and "$" in platform:
        return f"--platform={platform} builds for another platform than it runs on, which is not followed yet"
    return None


def _artefacts(stage: Stage, go: GoStage, launch: Launch, draft: _Draft) -> tuple[Artefact, ...] | str:
    """The programs to carry, and the COPY for the one that the entry point starts."""
    for step in launch.all_steps:
        words = [word for word in step.argv if word]
        tool = next((word for word in words if posixpath.basename(word) in DEV_TOOLS | {"go"}), None)
        if step.name in DEV_TOOLS or step.name == "go" or any(re.match(r"go (?:run|build|test)\b", word) for word in words):
            return f"the start command runs `{tool or words[0]}` (line {step.instruction.line}): the image needs the toolchain at run time"
        if tool in ("go", "dlv"):
            return f"the start command names `{tool}` (line {step.instruction.line}): the image needs the toolchain at run time"
    started: list[Artefact] = []
    for step in launch.all_steps:
        artefact = _started(stage, go, step, draft)
        if artefact is not None:
            started.append(artefact)
    if not started:
        first = launch.steps[0]
        made = ", ".join(artefact.path for artefact in go.artefacts)
        return f"no Go command is seen to make what {launch.instruction.name} on line {launch.instruction.line} starts ({' '.join(word or '…' for word in first.argv[:3])}); seen: {made or 'nothing'}"
    by_path = {artefact.path: artefact for artefact in started}
    originals = {artefact.copied_from for artefact in started}
    carried = {copy.source for copy in draft.copies}
    for artefact in go.artefacts:
        if _own(artefact) and artefact.path not in by_path and artefact.path not in carried:
            if artefact.path.startswith("/tmp/") or artefact.path in originals:
                continue
            by_path[artefact.path] = artefact
            draft.copies.append(CopyFrom(artefact.path, artefact.path))
    return tuple(by_path.values())


def _own(artefact: Artefact) -> bool:
    """True for a program of the context's own module, False for a tool that was installed."""
    from rewriter.ecosystems.go_build import parse_go

    command = parse_go(artefact.step)
    return command is not None and command.verb == "build"


def _started(stage: Stage, go: GoStage, step: Step, draft: _Draft) -> Artefact | None:
    word = step.argv[0] if step.argv else None
    if not word:
        return None
    if "/" not in word:
        for folder in stage.final_state.path_folders() or ():
            artefact = go.artefact_at(posixpath.join(folder, word))
            if artefact is not None:
                target = artefact.path if folder in DEFAULT_PATH.split(":") else f"/usr/local/bin/{word}"
                _found(artefact, target, draft)
                return artefact
        return None
    path = step.absolute(word)
    if path is None:
        return None
    artefact = go.artefact_at(path)
    if artefact is not None:
        _found(artefact, path, draft)
        return artefact
    twin = go.artefact_named(posixpath.basename(path))
    if twin is None or go.files.origin(path) is not None or go.files.is_folder_before(path, stage.instructions[-1]):
        return None
    line = step.instruction.line
    message = f"{step.instruction.name} starts {path}, which nothing makes: the build writes {twin.path}; the image does not start as it stands"
    draft.findings.append(Finding(step.instruction.start, message))
    draft.evidence.append(Evidence(f"{path} is made by nothing and shares its name with {twin.path}", f"line {line}", Certainty.ASSUMED))
    _found(twin, path, draft)
    return twin


def _found(artefact: Artefact, target: str, draft: _Draft) -> None:
    copy = CopyFrom(artefact.path, target)
    if copy not in draft.copies:
        draft.copies.append(copy)
    if not artefact.sure:
        doubt = f"the name of the program comes from the start command: nothing shows that {artefact.path} is what the build makes"
        draft.evidence.append(Evidence(doubt, f"line {artefact.step.instruction.line}", Certainty.ASSUMED))


def _source_folders(go: GoStage, artefacts: tuple[Artefact, ...]) -> tuple[str, ...]:
    """Folders of the image that hold sources: what lies there is build time unless something says otherwise."""
    folders = {artefact.step.cwd for artefact in artefacts} | {
        copy.target for copy in go.files.copies if copy.source == "." or copy.source.endswith((".go", "/go.mod", "go.mod"))
    }
    folders |= {posixpath.dirname(copy.target) for copy in go.files.copies if copy.target and copy.source.endswith(("go.mod", ".go"))}
    return tuple(sorted(folder for folder in folders if folder and folder not in ("/", "/usr/local/bin", "/bin", "/usr/bin")))


def _carry(
    stage: Stage, go: GoStage, launch: Launch, sources: tuple[str, ...], roles: Roles, reads: RuntimeFiles, draft: _Draft
) -> str | None:
    """Adds the COPY --from lines for everything but programs; a reason when something cannot be placed."""
    paths: dict[str, str] = dict(reads.paths)
    for script in launch.scripts:
        paths[script.path] = "entry script"
    seen = go.files.context is not None
    only = {copy.source: source_only(go, copy.source) for copy in go.files.copies} if seen else {}
    for copy in assets(go.files.copies, sources, only):
        if copy.target is None:
            return f"line {copy.instruction.line}: where {copy.source or 'a source of it'} lands cannot be told"
        paths[copy.target] = f"line {copy.instruction.line} copies it"
    for instruction, state in stage.numbered():
        if instruction.name in ("COPY", "ADD") and (instruction.flag("from") is not None or instruction.heredocs):
            target = state.absolute(state.expand(instruction.operands[-1], instruction.escape) or "") if instruction.operands else None
            if target is None or instruction.operands[-1].endswith("/") or go.files.is_folder_before(target, instruction):
                return f"line {instruction.line}: what it copies into {instruction.operands[-1]} cannot be told apart"
            paths[target] = f"line {instruction.line} copies it"
    for path, instruction in roles.produced:
        paths[path] = f"line {instruction.line} makes it"
    known = {copy.source for copy in draft.copies}
    for path, reason in sorted(paths.items()):
        if path in known or any(other != path and path.startswith(other + "/") for other in paths):
            continue
        if path in ("/", *sources) and path not in reads.paths:
            return f"{reason} into {path}, among the sources: what run time needs of it cannot be told"
        draft.copies.append(CopyFrom(path, path))
    draft.copies[:] = [_owned(copy, roles, stage) for copy in draft.copies]
    odd = next((copy for copy in draft.copies if not _PLAIN_PATH.match(copy.source) or not _PLAIN_PATH.match(copy.target)), None)
    return f"the path {odd.source!r} has characters that a COPY would read otherwise" if odd else None


def _owned(copy: CopyFrom, roles: Roles, stage: Stage) -> CopyFrom:
    """With --chown where the stage gave the path to somebody."""
    for run, steps in roles.shaping:
        for step in steps:
            parts = step.options_and_operands
            if step.name != "chown" or parts is None or len(parts[1]) < 2:
                continue
            recursive = any("R" in option for option in parts[0])
            for operand in parts[1][1:]:
                path = step.absolute(operand)
                if path is not None and (path == copy.source or (recursive and copy.source.startswith(path.rstrip("/") + "/"))):
                    return CopyFrom(copy.source, copy.target, parts[1][0])
    return copy


def _choose(
    situation: Situation, stage: Stage, go: GoStage, launch: Launch, builder: Builder,
    artefacts: tuple[Artefact, ...], roles: Roles, reads: RuntimeFiles,
) -> tuple[RuntimeBase, dict[str, str]] | str:
    """The best runtime base without a veto, and the packages that it needs."""
    health = tested_programs(stage)
    if isinstance(health, Opaque):
        return f"its HEALTHCHECK is not understood: {health.reason}"
    options = situation.options
    image = stage.image
    tag = image.tag if image is not None else ""
    bases = candidates(situation.facts, builder, artefacts, options.runtime, options.alpine, tag)
    reasons: list[str] = []
    for base in bases:
        packages = _packages(base, builder, go, launch, health, roles, reads)
        if not base.vetoes:
            return base, packages
        reasons.append(f"{base.image}: {base.vetoes[0]}")
    return "no runtime image fits; " + "; ".join(reasons)


def _packages(
    base: RuntimeBase, builder: Builder, go: GoStage, launch: Launch, health: tuple[Step, ...], roles: Roles, reads: RuntimeFiles
) -> dict[str, str]:
    """Packages of the runtime with their reasons; adds vetoes to the base."""
    from rewriter.userland.runtime import program_package

    packages: dict[str, str] = {}
    if not base.has_shell:
        bare = [
            (launch.shell or launch.scripts, "the start command needs a shell"),
            (health, "the HEALTHCHECK needs tools"),
            (roles.shaping, "the stage shapes the system with RUN"),
            (roles.packages, "the stage installs packages"),
            (reads.programs, "the program starts other programs"),
            (base.kind == "scratch" and reads.zones, "the program reads time zones"),
            (base.kind == "scratch" and not (go.stage.final_state.user or "0").replace(":", "").isdigit() and go.stage.final_state.user not in ("", "root"), "the user is named, and scratch has no users"),
        ]
        base.vetoes += [reason for condition, reason in bare if condition]
        return packages
    same_family = (base.kind == "alpine") == builder.musl
    if roles.users and not same_family:
        base.vetoes.append(f"line {roles.users[0].instruction.line}: `{roles.users[0].name}` takes other words there")
    if base.kind == "slim" and any(step.name in ("adduser", "addgroup") for step in roles.users) and builder.suite in ("trixie", "forky", "sid"):
        base.vetoes.append("adduser is not part of its Debian release")
    if base.kind == "alpine" or builder.musl:
        needs = launch_needs(launch, health, go)
        base.vetoes += needs.vetoes
        packages.update(needs.packages)
    else:
        for step in (*launch.all_steps, *health):
            package = program_package(step.name, base.kind)
            if package is None and go.artefact_at(step.absolute(step.argv[0] or "") or "") is None if step.argv else False:
                pass
            if package:
                packages.setdefault(package, f"line {step.instruction.line} calls {step.name}")
    for name, where in roles.packages.items():
        if name in ("ca-certificates", "tzdata") or not _provably_unused(name, go, reads):
            packages.setdefault("xz" if base.kind == "alpine" and name == "xz-utils" else name, where)
    for name, where in reads.programs.items():
        package = program_package(posixpath.basename(name), base.kind)
        if package is None:
            base.vetoes.append(f"{where} starts `{name}`, which is not known there")
        elif package:
            packages.setdefault(package, f"{where} starts {name}")
    if reads.certificates or (base.kind == "slim" and go.requires(None)):
        packages.setdefault("ca-certificates", reads.certificates or "its dependencies may check certificates")
    zone = go.stage.final_state.env.get("TZ", "")
    if reads.zones or zone != "":
        packages.setdefault("tzdata", reads.zones or "ENV TZ")
    return packages


def _provably_unused(name: str, go: GoStage, reads: RuntimeFiles) -> bool:
    """True when the sources were seen to start nothing whose name is computed, and not this."""
    if go.sources is None or any("could not be seen" in item.fact or "computes" in item.fact for item in reads.evidence if "programs" in item.fact or "could not" in item.fact):
        return False
    return name not in {posixpath.basename(program) for program in reads.programs}


def _assemble(
    situation: Situation, stage: Stage, builder: Builder, base: RuntimeBase, packages: dict[str, str],
    launch: Launch, roles: Roles, reads: RuntimeFiles, artefacts: tuple[Artefact, ...], draft: _Draft,
) -> SplitPlan | str:
    state = stage.final_state
    owned = any(copy.chown for copy in draft.copies)
    whole = () if owned else tuple(run.instruction for run, steps in roles.shaping if steps == run.steps)
    tail = tuple(i for i in _tail(stage, whole) if i.name != "ENV" or not stays_behind(i, stage, situation.go(stage)))
    moved = [i for i in stage.instructions if i.name in _MOVED or i in tail]
    user = state.user if state.user not in ("", "root", "0") else None
    if state.user is None:
        return "the user that it runs as is only known at build time"
    shaping: list[str] = []
    for run, steps in roles.shaping:
        if run.instruction in tail:
            continue
        problem = _shaping_text(stage, run.instruction, run.state.user or "", steps, run.steps, shaping)
        if problem:
            return problem
    needs_shell = launch.instruction.json is None or (state.healthcheck is not None and state.healthcheck.trigger is not None and state.healthcheck.trigger.json is None)
    shell = None
    if state.shell != DEFAULT_SHELL and needs_shell:
        shell = next((i for i in reversed(stage.instructions) if i.name == "SHELL"), None)
    environment = carried_environment(stage, moved, shaping, reads, situation.go(stage))
    if isinstance(environment, str):
        return environment
    draft.evidence += environment.evidence
    workdir = None
    if state.workdir is None:
        return "its working directory is only known at build time"
    if not any(i.name == "WORKDIR" and i.args.startswith("/") and "$" not in i.args for i in tail):
        workdir = state.workdir if _workdir_matters(state.workdir, launch, draft, shaping) else None
    names = {s.name for s in situation.model.stages if s.name} | {n.lower() for s in situation.model.stages for n in (s.image_word,)}
    keeps_name = stage.name in (*_BUILDER_NAMES, "build-env", "buildstage", "gobuild", "go-build")
    builder_name = stage.written_name if keeps_name and stage.written_name else next(n for n in (*_BUILDER_NAMES, *(f"builder{k}" for k in range(2, 99))) if n not in names)
    carried = [copy.target for copy in draft.copies]
    shown = ", ".join(carried[:4]) + (f" and {len(carried) - 4} more" if len(carried) > 4 else "")
    why = f"Builds in the stage {builder_name} and runs from {base.image}, which receives only what run time needs: {shown}."
    remark = ageing(base.image, _FACTS_DAY)
    if remark:
        draft.findings.append(Finding(stage.from_.start, remark))
    draft.evidence += [*base.evidence, *(Evidence(f"{p} is installed: {reason}", "Dockerfile") for p, reason in packages.items())]
    if stage.final_state.env.get("GODEBUG") is None and any(not a.static for a in artefacts) and not base.has_shell:
        return "the program is not proven static"
    return SplitPlan(
        stage, builder, builder_name, base,
        None if keeps_name else stage.written_name, stage.from_.flag("platform"),
        tuple(sorted(packages)), environment.lines, tuple(shaping), shell.text.rstrip("\r\n") if shell else None,
        tuple(draft.copies), workdir, None if any(i.name == "USER" for i in tail) else user,
        tuple(moved), why, tuple(dict.fromkeys(draft.evidence)), tuple(draft.findings),
    )


_FACTS_DAY = "2026-11-23"
"""The day on which the catalogue was collected: results depend on facts, never on a clock."""


def _tail(stage: Stage, shaping: tuple[Instruction, ...]) -> tuple[Instruction, ...]:
    """The instructions behind the last one that builds: nothing of the build needs them.

    ``shaping`` are RUN instructions of which every command is for run time.
    """
    builds = (n for n, i in enumerate(stage.instructions) if i.name in ("RUN", "COPY", "ADD") and i not in shaping)
    last = max(builds, default=-1)
    return tuple(i for i in stage.instructions[last + 1 :] if i.name in (*_MOVED, "RUN", "ENV", "USER", "WORKDIR", "ARG", "SHELL"))


def _shaping_text(
    stage: Stage, instruction: Instruction, user: str, steps: tuple[Step, ...], all_steps: tuple[Step, ...] | Opaque, out: list[str]
) -> str | None:
    if user not in ("", "root", "0"):
        return f"line {instruction.line} shapes the system as the user {user}"
    for step in steps:
        relative = [w for w in step.argv[1:] if w and not w.startswith(("/", "-")) and step.name in ("mkdir", "touch", "ln")]
        relative += [w for w in step.argv[2:] if w and not w.startswith(("/", "-")) and step.name in ("chown", "chmod")]
        if relative and step.cwd != stage.final_state.workdir:
            return f"line {instruction.line}: `{step.name} {relative[0]}` depends on the working directory there"
        if not step.certain or step.command is None:
            return f"line {instruction.line}: `{step.name}` may run or not"
    if isinstance(all_steps, tuple) and len(steps) == len(all_steps) and not instruction.heredocs:
        out.append(instruction.source[instruction.start : instruction.end].rstrip("\r\n"))
        return None
    from rewriter.model.run import script_logical

    logical = script_logical(instruction)
    if isinstance(logical, Opaque):
        return f"line {instruction.line}: {logical.reason}"
    texts = [logical.text[step.command.start : step.command.end] for step in steps if step.command is not None]
    out.append(f"{_keyword(stage, 'RUN')} " + " && ".join(texts))
    return None


def _keyword(stage: Stage, name: str) -> str:
    return name.lower() if stage.from_.keyword.islower() else name


def _workdir_matters(workdir: str, launch: Launch, draft: _Draft, shaping: list[str]) -> bool:
    """False only when the files were seen and nothing depends on the working directory."""
    if workdir == "/":
        return False
    if shaping or any(item.certainty is not Certainty.READ for item in draft.evidence):
        return True
    below = any(copy.target.startswith(workdir.rstrip("/") + "/") for copy in draft.copies[1:])
    relative = any(word and not word.startswith("/") for step in launch.all_steps for word in step.argv)
    return below or relative or launch.shell


__all__ = ["Copy", "CopyFrom", "SplitPlan", "plan_split"]
