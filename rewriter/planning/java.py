"""The Java run-time environment in place of the development kit, where nothing compiles at run time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from rewriter.facts import Refusal, jre_tag
from rewriter.model.launch import Launch, launch_of, tested_programs
from rewriter.model.run import Step
from rewriter.planning.swap import Base, Swap, find_base, first_of, looked_up, relied_on, written
from rewriter.shell import Opaque
from rewriter.situation import Situation
from rewriter.transform import Certainty, Evidence

_JDK_PROGRAMS = frozenset(
    "jar jarsigner javac javadoc javap jcmd jconsole jdb jdeprscan jdeps jhsdb jimage jinfo jlink jmap jmod jpackage "
    "jps jshell jstack jstat jstatd native2ascii rmic schemagen serialver wsgen wsimport xjc".split()
)
"""Programs that the JDK has and the JRE lacks. Source: the bin folders of Debian's openjdk-11-jdk-headless and
openjdk-17-jdk-headless against the jre-headless packages, 2026-11; those of Java 8 from its documentation of tools."""
_BUILDERS = frozenset(
    "mvn mvnw gradle gradlew ant sbt lein kotlinc scalac groovyc bazel make cmake ninja configure gcc g++ cc c++ R "
    "Rscript node-gyp".split()
)
"""Tools that compile Java, or C against the headers of the JDK (jni.h)."""
_JDK_MODULES = tuple(
    f"jdk.{name}" for name in "compiler jshell javadoc jdi jlink jartool jdeps jconsole jcmd jstatd attach".split()
)
"""Modules that only the development kit has. Source: ``java --list-modules`` of Debian's openjdk-17-jdk-headless and
openjdk-17-jre-headless, 2026-11."""
_WITHIN_JDK = re.compile(r"/jre(?:/|\b)")
"""A path through the JRE that lies within a JDK up to Java 8: alone, the JRE has no such folder."""
_READ_TEXT = frozenset("eval su trap watch".split())
"""Commands that run a text, whose words are then looked at one by one."""
_COMPILES_AT_RUN_TIME = re.compile(
    rb"javax\.tools\.(?:ToolProvider|JavaCompiler)|com\.sun\.tools|tomcat-embed-jasper|jetty-jsp|apache-jsp"
    rb"|spring-boot-devtools|jdk\.jshell|com\.sun\.jdi|tools\.jar"
)
"""Names that show that a program compiles, or looks into other processes, when it runs."""
_SOURCES = (".java", ".kt", ".groovy", ".scala", "pom.xml", ".gradle", ".gradle.kts", ".jsp")
_MOST_SOURCES = 2_000


def plan_jre(situation: Situation) -> Swap | str | None:
    """The JRE tag of the same version for the final image's base, or the reason against it; None without a JDK."""
    stage = situation.model.final
    if not _concerns(situation):
        return None
    base = find_base(situation, stage)
    if isinstance(base, str):
        return base
    choice = jre_tag(base.facts, base.tag)
    if isinstance(choice, Refusal):
        return choice.reason
    new_text = written(base, choice, "-jre")
    if new_text is None:
        return f"its version comes from an ARG, and {base.facts.name}:{choice.tag} is not that with -jre behind it"
    launch = launch_of(stage, situation.files(stage))
    if isinstance(launch, str):
        return launch
    vetoes = list(_vetoes(situation, base, launch))
    # Imported here: few files have a JDK.
    from rewriter.planning.recipe import cannot_install, lost_on_jre

    packages, more = lost_on_jre(base, choice.tag, _steps(situation, launch))
    vetoes += [*more, *cannot_install(base, packages)]
    relied = relied_on(situation, stage, copies=False)
    if relied or vetoes:
        return relied or first_of(vetoes)
    added = (Evidence(f"{name} is added: {reason}", "Dockerfile") for name, reason in packages.items())
    evidence = (looked_up(choice, base.facts.name), *base.place.evidence, _unseen(situation), *added)
    why = f"{base.shown} becomes {base.facts.name}:{choice.tag}: it runs Java, and compiles nothing when it runs."
    return Swap(base, new_text, choice, "jre", why, evidence, packages)


def _concerns(situation: Situation) -> bool:
    """True for an image that brings Java, and whose tags may so have JRE twins."""
    image = situation.model.final.root.image
    facts = situation.facts.image(image.short_name) if image is not None else None
    return facts is not None and image is not None and "java" in facts.programs(image.tag or "latest")


def _vetoes(situation: Situation, base: Base, launch: Launch) -> list[str]:
    stage = situation.model.final
    found: list[str] = []
    health = tested_programs(stage)
    if isinstance(health, Opaque):
        return [f"its HEALTHCHECK is not understood: {health.reason}"]
    if not any(step.name == "java" for step in _started(situation, launch)):
        found.append("what it starts is not seen to be `java`")
    runs = situation.go(stage).runs
    found += [f"line {run.instruction.line}: {run.steps.reason}" for run in runs if isinstance(run.steps, Opaque)]
    for step in _steps(situation, launch):
        word = _development(step)
        if word:
            found.append(f"line {step.instruction.line}: `{word}` is part of the JDK, or builds with it")
    found += _unknown_builders(situation, base)
    for instruction in (i for each in stage.lineage for i in each.instructions):
        if instruction.name in ("RUN", "COPY", "ADD", "CMD", "ENTRYPOINT", "VOLUME", "WORKDIR"):
            inside = _WITHIN_JDK.search(instruction.logical.text)
            if inside:
                found.append(f"line {instruction.line} names a path within the JDK ({inside.group()})")
    for name, value in stage.final_state.env.items():
        # A folder of PATH that is not there is passed over.
        if name not in ("JAVA_HOME", "PATH") and value and ("tools.jar" in value or "/jre" in value):
            found.append(f"ENV {name} names a path of the JDK ({value})")
        if value and "jdwp" in value:
            found.append(f"ENV {name} starts a debugger, which is part of the JDK")
    context = situation.context
    names = [path for path in context.files() if path.endswith(_SOURCES)] if context is not None else []
    for path in names[:_MOST_SOURCES]:
        match = _COMPILES_AT_RUN_TIME.search((context.read(path) if context is not None else None) or b"")
        if match:
            found.append(f"{path} mentions {match.group().decode()}: it may compile when it runs")
    return found


def _unknown_builders(situation: Situation, base: Base) -> list[str]:
    """Commands of RUN that are neither Debian's nor the image's own: they may build with the JDK."""
    from rewriter.facts.slim_gap import slim_gap
    from rewriter.userland.runtime import is_common

    stage = situation.model.final
    known = base.facts.programs(base.tag) | slim_gap(base.facts.suite(base.tag) or "").programs.keys()
    found = []
    for run in situation.go(stage).runs:
        for step in run.steps if isinstance(run.steps, tuple) else ():
            word = step.argv[0] if step.argv else None
            script = _context_path(step, situation) if word and "/" in word else None
            if step.name and script is None and step.name not in known and not is_common(step.name):
                found.append(f"line {step.instruction.line}: what `{word}` builds with is not known")
    return found


def _context_path(step: Step, situation: Situation) -> str | None:
    """The file of the context that a command names by a path: a script is looked into elsewhere."""
    path = step.absolute(step.argv[0] or "")
    return situation.files(situation.model.final).origin(path) if path is not None else None


def _steps(situation: Situation, launch: Launch) -> tuple[Step, ...]:
    """All commands of the final image that are understood: of RUN, of its start and of its HEALTHCHECK."""
    stage = situation.model.final
    steps = [step for run in situation.go(stage).runs if isinstance(run.steps, tuple) for step in run.steps]
    health = tested_programs(stage)
    found = (*steps, *launch.all_steps, *(() if isinstance(health, Opaque) else health))
    return (*found, *_inner(situation, found))


def _inner(situation: Situation, steps: tuple[Step, ...]) -> Iterator[Step]:
    """The commands of scripts of the context that the steps run."""
    from rewriter.planning.run_scripts import context_scripts

    stage = situation.model.final
    for step in steps:
        for script in context_scripts(step, situation.files(stage), stage.final_state):
            yield from script.steps


def _started(situation: Situation, launch: Launch) -> Iterator[Step]:
    """The commands of the start, and what a script among them is told to start by its first word."""
    steps = tuple(launch.all_steps)
    yield from steps
    for step in steps:
        inner = tuple(_inner(situation, (step,)))
        yield from inner
        if inner:
            yield replace(step, argv=step.argv[1:])


def _development(step: Step) -> str | None:
    """The word of a command that needs the development kit."""
    names = _JDK_PROGRAMS | _BUILDERS
    words = [word for word in step.argv if word is not None]
    if step.name in _READ_TEXT:
        words = [part for word in words for part in word.replace(";", " ").split()]
    for word in words:
        base = word.rpartition("/")[2]
        if base in names or "-agentlib:jdwp" in word or word in ("-javaagent", "--source"):
            return word
        if "tools.jar" in word or any(module in word for module in _JDK_MODULES):
            return word
        # `java Main.java` compiles that file (since Java 11).
        if step.name == "java" and word.endswith(".java"):
            return word
    return None


def _unseen(situation: Situation) -> Evidence:
    context = situation.context
    seen = context is not None and any(path.endswith(_SOURCES) for path in context.files())
    if seen:
        fact = "its dependencies were not looked at: one of them may compile when it runs (JSP, javax.tools)"
    else:
        fact = "whether it compiles anything when it runs (JSP, javax.tools) could not be seen: there are no sources"
    return Evidence(fact, "build context", Certainty.ASSUMED)
