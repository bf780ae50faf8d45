"""What the slim tag of a base lacks for the commands, the dependencies and the sources of a stage."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from rewriter.ecosystems.go import GoStage
from rewriter.facts import Refusal, slim_tag
from rewriter.manifests.needs import slim_needs as dependency_needs
from rewriter.model.launch import Launch, tested_programs
from rewriter.model.run import Step
from rewriter.model.stages import Stage
from rewriter.planning.declared import declared_by
from rewriter.planning.mentions import mentions
from rewriter.planning.need_types import Declared
from rewriter.planning.recipe import lost_on_slim
from rewriter.planning.run_scripts import ContextScript, context_scripts
from rewriter.planning.scripts import called_scripts, fed, runs_scripts
from rewriter.planning.slim_apt import compiled_gems, compilers, relied_on_apt
from rewriter.planning.slim_reads import (
    compiled_unseen,
    copied_needs,
    debugger_started,
    documentation_read,
    untranslated,
    version_from_git,
)
from rewriter.planning.swap import Base, version_of
from rewriter.shell import Opaque
from rewriter.situation import Situation
from rewriter.transform import Certainty, Evidence
from rewriter.userland.runtime import is_common
from rewriter.userland.slim import OLD_SUITES, SlimNeeds, installed_by, slim_needs, slim_package, slim_unasked
from rewriter.userland.slim import Swap as SlimSwap


@dataclass(slots=True)
class StageNeeds:
    """Packages with the reason for each, vetoes, and what could not be seen."""

    packages: dict[str, str] = field(default_factory=dict)
    vetoes: list[str] = field(default_factory=list)
    evidence: list[Evidence] = field(default_factory=list)

    def want(self, package: str, reason: str) -> None:
        self.packages.setdefault(package, reason)

    def doubt(self, fact: str, where: str) -> None:
        if all(item.fact != fact for item in self.evidence):
            self.evidence.append(Evidence(fact, where, Certainty.ASSUMED))

    def take(self, found: SlimNeeds) -> None:
        for package, reason in found.packages.items():
            self.want(package, reason)
        self.vetoes += found.vetoes
        for doubt in found.doubts:
            self.doubt(doubt, "Dockerfile")


def stage_needs(situation: Situation, base: Base, launch: Launch | None) -> StageNeeds:
    """What is to be added, what speaks against the swap, and what is open; ``launch`` None: the image's own."""
    stage = situation.model.final
    needs = StageNeeds()
    go = situation.go(stage)
    layers = base.facts.carries(base.tag)
    suite = base.facts.suite(base.tag) or ""
    own = frozenset(base.facts.packages(_slim_tag(base)))
    programs = base.facts.programs(base.tag)
    health = tested_programs(stage)
    if isinstance(health, Opaque):
        needs.vetoes.append(f"its HEALTHCHECK is not understood: {health.reason}")
        health = ()
    scripts = launch.scripts if launch is not None else ()
    started = tuple(launch.all_steps) if launch is not None else ()
    installed: frozenset[str] = frozenset()
    steps = _built(go, needs)
    inner = {id(step): _scripts(step, situation) for step in (*steps, *started, *health)}
    read_too = (script.path for found in inner.values() for script in found)
    seen = frozenset((*(script.path for script in scripts), *read_too))
    for step in (*steps, *started, *health):
        for each in _with_scripts(step, inner[id(step)], situation, needs):
            for read in (documentation_read(each), compiled_unseen(each) if "full" in layers else None):
                if read is not None:
                    needs.vetoes.append(f"line {each.instruction.line}: {read}")
            if fed(each):
                needs.vetoes.append(
                    f"line {each.instruction.line}: what `{each.name}` is given to run is not looked at"
                )
            needs.take(slim_needs(each, layers, suite, own, installed, programs, seen))
        installed = frozenset() if _removes(step) else installed | installed_by(step)
    swap = SlimSwap(layers, suite, own, installed, programs, seen)
    declared = declared_by(situation, base, go)
    known = programs | declared.programs | swap.gap.programs.keys()
    _unknown((*steps, *started, *health), known, bool(installed), needs)
    if suite in OLD_SUITES:
        needs.doubt(f"slim images of {suite} lack ping and ip: programs that start them were not seen", "Dockerfile")
    _started(launch, layers, suite, needs)
    if base.facts.name != "node":  # which brings its own certificates, and looks up services itself
        needs.take(slim_unasked(layers, suite, own, installed))
    settled = _dependencies(declared, base, suite, swap.have, needs)
    _of_apt(stage, steps, declared, swap, needs, settled=settled)
    _copied(situation, base, suite, swap.have, needs)
    _of_the_recipe(situation, base, (*steps, *started, *health), swap.have, needs)
    _sources(situation, swap, needs)
    return needs


def _built(go: GoStage, needs: StageNeeds) -> list[Step]:
    """The commands of all RUN instructions; one that is not understood is a veto."""
    steps: list[Step] = []
    for run in go.runs:
        if isinstance(run.steps, Opaque):
            needs.vetoes.append(f"line {run.instruction.line}: {run.steps.reason}")
        else:
            steps += run.steps
    return steps


def _of_apt(
    stage: Stage, steps: list[Step], declared: Declared, swap: SlimSwap, needs: StageNeeds, *, settled: bool
) -> None:
    """What the apt lines of the stage tell; ``settled``: it is known of every dependency whether it compiles."""
    needs.vetoes += relied_on_apt(steps, swap)
    needs.vetoes += compiled_gems(stage, steps, declared)
    for package, reason in (compilers(steps, declared) if not settled else {}).items():
        if package not in swap.have:
            needs.want(package, reason)
    if "build-essential" in needs.packages:
        for package in ("g++", "gcc", "libc6-dev", "make"):
            needs.packages.pop(package, None)


def _unknown(steps: tuple[Step, ...], known: frozenset[str], installs: bool, needs: StageNeeds) -> None:
    """Commands of which nobody knows what they are: a package that the stage installs may bring them, or the image."""
    for step in steps:
        name = step.name
        if name and "/" not in (step.argv[0] or "") and not installs and name not in known and not is_common(name):
            needs.doubt(
                f"line {step.instruction.line}: what `{name}` is, and what it needs, is not known", "Dockerfile"
            )


def _started(launch: Launch | None, layers: frozenset[str], suite: str, needs: StageNeeds) -> None:
    """What the start command calls before the program itself."""
    debugger = next(filter(None, map(debugger_started, launch.all_steps)), None) if launch is not None else None
    if debugger is not None:
        needs.vetoes.append(f"it starts in `{debugger}`: who debugs in it may need what slim lacks")
    for name in sorted(launch.wrappers) if launch is not None else ():
        package = slim_package(name, layers, suite)
        if package:
            needs.want(package, f"the start command uses {name}")


def _removes(step: Step) -> bool:
    """True for an apt command that takes packages away, and perhaps what came with them."""
    verbs = {"remove", "purge", "autoremove", "auto-remove", "--purge", "--auto-remove"}
    return step.name in ("apt", "apt-get", "aptitude") and not verbs.isdisjoint(word for word in step.argv if word)


def _scripts(step: Step, situation: Situation) -> tuple[ContextScript, ...]:
    stage = situation.model.final
    return context_scripts(step, situation.files(stage), stage.final_state)


def _with_scripts(
    step: Step, scripts: tuple[ContextScript, ...], situation: Situation, needs: StageNeeds
) -> Iterator[Step]:
    """A command, and those of the scripts of the context and of package.json that it runs."""
    yield step
    for script in scripts:
        yield from script.steps
    if runs_scripts(step):
        stage = situation.model.final
        inner = called_scripts(step, situation.files(stage), stage.final_state)
        if isinstance(inner, str):
            needs.doubt(inner, f"line {step.instruction.line}")
        else:
            yield from inner


def _slim_tag(base: Base) -> str:
    """The slim tag of a base that is known to have one."""
    choice = slim_tag(base.facts, base.tag)
    return base.tag if isinstance(choice, Refusal) else choice.tag


def _dependencies(declared: Declared, base: Base, suite: str, there: frozenset[str], needs: StageNeeds) -> bool:
    """What the dependencies need; True when nothing is open and nothing of them is compiled."""
    for fact, where in declared.unseen:
        needs.doubt(f"{fact}: whether something of it is compiled, which slim cannot, could not be seen", where)
    if not declared.manifests:
        return not declared.unseen
    found = dependency_needs(declared.manifests, image=base.facts.name, suite=suite, version=version_of(base))
    for package, reason in (*found.build.items(), *found.run.items()):
        if package not in there:
            needs.want(package, reason)
    needs.vetoes += [str(remark) for remark in found.refusals]
    for remark in found.doubts:
        needs.doubt(str(remark), remark.where)
    open_questions = [remark for remark in found.doubts if remark.dependency or "compile" in remark.reason]
    return not (declared.unseen or found.build or open_questions)


def _copied(situation: Situation, base: Base, suite: str, there: frozenset[str], needs: StageNeeds) -> None:
    """What comes from other stages, and what no package brings back."""
    copied = copied_needs(situation, base, suite)
    for package, reason in copied.packages.items():
        if package not in there:
            needs.want(package, reason)
    for fact, where in copied.doubts:
        needs.doubt(fact, where)
    versioned = version_from_git(situation) if "scm" in base.facts.carries(base.tag) else None
    if versioned is not None and "git" not in there:
        needs.want("git", f"{versioned} takes the version from git")
    for fact in untranslated(situation.model.final):
        needs.doubt(fact, "Dockerfile")


def _of_the_recipe(
    situation: Situation, base: Base, steps: tuple[Step, ...], there: frozenset[str], needs: StageNeeds
) -> None:
    """What the full image installs beside buildpack-deps."""
    lost = lost_on_slim(base, steps, situation.context)
    for package, reason in lost.packages.items():
        if package not in there:
            needs.want(package, reason)
    for fact in lost.doubts:
        needs.doubt(fact, "build context")


def _sources(situation: Situation, swap: SlimSwap, needs: StageNeeds) -> None:
    """What the program itself starts: seen by name, where there are sources; never wholly."""
    if not swap.layers:
        return
    if situation.context is None:
        needs.doubt("which programs it starts could not be seen: there is no build context", "build context")
        return
    for mention in mentions(situation.files(situation.model.final), _Lost(swap)):
        where = f"{mention.path}:{mention.line}"
        package = swap.program(mention.program)
        if package is None:
            needs.vetoes.append(f"{where} starts `{mention.program}`, which slim lacks")
        elif package:
            needs.want(package, f"{where} starts {mention.program}")
    needs.doubt(
        "programs and libraries that its code, or that of its dependencies, loads by a computed name were not seen",
        "build context",
    )


@dataclass(frozen=True, slots=True)
class _Lost:
    """The programs that a swap loses."""

    swap: SlimSwap

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self.swap.program(name) != ""
