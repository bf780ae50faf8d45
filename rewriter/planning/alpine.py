"""The alpine tag of the final image's base, with the packages, commands and users that change with it; or why not."""

from __future__ import annotations

from collections.abc import Iterator

from rewriter.ecosystems.go import GoStage
from rewriter.ecosystems.go_cgo import cgo_verdict
from rewriter.ecosystems.go_file import GoFile
from rewriter.facts import Refusal, TagChoice, alpine_tag, parse_tag
from rewriter.model.launch import Launch, launch_of, tested_programs
from rewriter.model.stages import Stage
from rewriter.planning.alpine_image import (
    check_globalization,
    check_user,
    compiled_by_pecl,
    kept_users,
    machines_of,
    missing,
    renumbered,
    resolver_of,
    serves,
    weaknesses,
)
from rewriter.planning.carry_stage import CarriedStage, carry_stage, family_of, moved_programs
from rewriter.planning.downloads import portable_copy, portable_programs
from rewriter.planning.need_types import Declared, Known, Needs
from rewriter.planning.needs import build_needs, folder_needs, health_needs, launch_needs, mention_needs
from rewriter.planning.needs_go import source_needs
from rewriter.planning.swap import (
    Base,
    Swap,
    find_base,
    first_of,
    is_tool,
    looked_up,
    relied_on,
    written,
)
from rewriter.shell import Opaque
from rewriter.situation import Situation
from rewriter.transform import Certainty, Evidence

_INSTALLERS = frozenset(
    "pip pip3 python python3 uv poetry pipenv pdm conda mamba npm yarn pnpm bundle gem composer pecl "
    "docker-php-ext-install mvn mvnw gradle gradlew cargo dotnet mix".split()
)
_JUDGED = frozenset({"cargo", "maven", "npm", "nuget", "packagist", "pypi", "rubygems"})
"""Registries whose packages are known to work on musl or not; a release of Erlang, for one, brings a run-time system
that must come from the same distribution (facts of hex packages are no answer)."""
_SERVES_FILES = frozenset({"nginx", "httpd", "caddy"})
_OWN_FOLDERS = {"nginx": ("/usr/share/nginx",)}


def plan_alpine(situation: Situation, stage: Stage, *, splits: bool) -> Swap | str:
    """The swap of a stage's base to alpine, or the reason against it.

    ``splits`` says that only the build will run on this base: what run time needs is then not asked of it.
    """
    base = find_base(situation, stage)
    if isinstance(base, str):
        return base
    choice = _choice(situation, base)
    if isinstance(choice, str):
        return choice
    new_text = written(base, choice, "-alpine")
    if new_text is None:
        return f"its version comes from an ARG, and {base.facts.name}:{choice.tag} is not that with -alpine behind it"
    go = situation.go(stage)
    carried = carry_stage(go.runs, base, choice)
    declared = _declared(situation, base, go)
    needs = _needs(situation, base, choice, carried, declared, splits)
    if isinstance(needs, str):
        return needs
    evidence = list(_judged(situation, stage, base, choice, declared, needs))
    evidence += machines_of(base, choice, needs) + ([] if go.is_go else resolver_of(choice))
    moved = moved_programs(stage, carried.installed, situation.dockerfile.text)
    if isinstance(moved, str):
        needs.vetoes.append(moved)
        moved = ()
    relied = relied_on(situation, stage)
    if relied:
        return relied
    taken = next((name for name in needs.packages if name in carried.removed), None)
    if taken is not None:
        needs.vetoes.append(f"line {carried.removed[taken]} takes {taken} away, and {needs.packages[taken]}")
    vetoes = [*carried.vetoes, *needs.vetoes]
    if vetoes:
        return first_of(vetoes)
    packages = missing(needs.packages.items(), carried.installed - needs.early)
    evidence = [
        looked_up(choice, base.facts.name),
        *base.place.evidence,
        *evidence,
        *carried.evidence,
        *(Evidence(f"{package} is added: {reason}", "Dockerfile") for package, reason in packages.items()),
    ]
    why = f"{base.place.text} becomes {new_text}: {choice.reason or 'the same version on Alpine'}."
    edits = (*carried.edits, *moved)
    weak = () if splits else weaknesses(situation, base, choice)  # a split tells of its runtime
    return Swap(base, new_text, choice, "alpine", why, tuple(dict.fromkeys(evidence)), packages, edits, findings=weak)


def _choice(situation: Situation, base: Base) -> TagChoice | str:
    """The alpine tag that takes the place of the base's, looked up."""
    facts, tag = base.facts, base.tag
    if facts.family(tag) == "alpine":
        return "its base is alpine already" if facts.name == "alpine" else f"{base.shown} is an alpine image already"
    if facts.refuse_alpine:
        return facts.refuse_alpine
    if facts.kind == "language" and facts.name != "golang" and _registry(base) is None:
        return f"what programs on {facts.name} need of the C library is not known"
    choice = alpine_tag(facts, tag, situation.options.alpine if base.place.pinned else None)
    if isinstance(choice, Refusal):
        return choice.reason
    if base.place.pinned:
        return choice
    parsed = parse_tag(facts.name, tag)
    floating = f"{parsed.version}-alpine"
    if parsed.suite:
        return f"its version comes from an ARG, which names the suite {parsed.suite} as well: -alpine cannot follow it"
    if not facts.has(floating):
        return f"{facts.name}:{floating} is not in the catalogue"
    return TagChoice(floating, choice.alpine, choice.reason, choice.source, choice.date)


def _known(go: GoStage, base: Base, choice: TagChoice, carried: CarriedStage, declared: Declared) -> Known:
    """What is on the image that the stage moves to."""
    # A folder as high as /usr/share/fonts holds more than what was copied there.
    copied = (copy.target for copy in go.files.copies if copy.target and copy.target.count("/") > 3)
    return Known(
        own=frozenset({*base.facts.programs(choice.tag), *go.made_names, *declared.programs, *portable_programs(go)}),
        handled=frozenset(carried.handled),
        installed=frozenset({*carried.installed, *base.facts.packages(choice.tag)}),
        since=carried.since,
        release=choice.alpine,
        family=family_of(base),
        users=frozenset(carried.users) | kept_users(base, choice),
        renumbered=renumbered(base, choice),
        folders=(*_OWN_FOLDERS.get(base.facts.name, ()), *copied),
    )


def _needs(
    situation: Situation, base: Base, choice: TagChoice, carried: CarriedStage, declared: Declared, splits: bool
) -> Needs | str:
    stage = situation.model.final
    go = situation.go(stage)
    known = _known(go, base, choice, carried, declared)
    needs = build_needs(go, known)
    for package, reason in carried.wants.items():
        needs.want(package, reason)
    compiled_by_pecl(go, base, needs)
    if stage.final_state.env.get("TZ", "") != "":
        needs.want("tzdata", "ENV TZ")
    _copied(situation, stage, base, needs)
    check_user(stage, base, needs, None if splits else known.users)
    if base.facts.name in _SERVES_FILES:
        from rewriter.planning.server_users import serving_needs

        serving_needs(situation.files(stage), known.users | {base.facts.name}, needs)
        folder_needs(go, known, needs)
    check_globalization(stage, base, needs)
    if splits:
        return needs
    launch = launch_of(stage, situation.files(stage))
    health = tested_programs(stage)
    if isinstance(health, Opaque):
        return f"its HEALTHCHECK is not understood: {health.reason}"
    if go.is_go:
        source_needs(go, needs)
    else:
        mention_needs(situation.files(stage), needs, base.facts.suite(base.tag) or "")
    if isinstance(launch, Launch):
        run_time = launch_needs(launch, health, go, known)
        needs.vetoes += run_time.vetoes
        for package, reason in run_time.packages.items():
            needs.want(package, reason)
    elif serves(base, stage):
        health_needs(health, go, known, needs)  # what it starts is the image's own
    elif is_tool(stage):
        return "nothing says what the image is for (no ENTRYPOINT, no CMD): whoever uses it may need what alpine lacks"
    else:
        needs.vetoes.append(launch)
    return needs


def _judged(
    situation: Situation, stage: Stage, base: Base, choice: TagChoice, declared: Declared, needs: Needs
) -> Iterator[Evidence]:
    """What libc the program and its dependencies need."""
    go = situation.go(stage)
    if go.is_go:
        yield from _judged_go(situation, go, choice, needs)
    else:
        needs.vetoes += [
            f"{fact} could not be seen, and it may need glibc ({where})" for fact, where in declared.unseen
        ]
        copies = [copy for copy in situation.files(stage).copies if copy.source]
        if situation.context is None and copies:
            line, fact = f"line {copies[0].instruction.line}", "could not be seen: there is no build context"
            if base.facts.name in _SERVES_FILES:
                yield Evidence(f"what it copies into the image {fact}", line, Certainty.ASSUMED)
            else:
                needs.vetoes.append(f"whether what it copies ({line}) needs glibc {fact}")
    for doubt in declared.doubts:
        yield Evidence(doubt, "build context", Certainty.ASSUMED)
    for doubt in dict.fromkeys(needs.doubts):
        yield Evidence(doubt, "Dockerfile", Certainty.ASSUMED)
    if declared.manifests:
        yield from _dependencies(base, declared, needs)
    if situation.context is not None and not go.is_go:
        from rewriter.manifests.risks import context_risks
        from rewriter.planning.recipe import lost_on_alpine

        needs.vetoes += lost_on_alpine(base, situation.context)
        if base.facts.name not in _SERVES_FILES:
            fact = "programs and libraries that its code, or that of its dependencies, loads by a computed name"
            yield Evidence(f"{fact} were not seen", "build context", Certainty.ASSUMED)
        needs.vetoes += [f"{remark.where}: {remark.reason}" for remark in context_risks(situation.context)]


def _registry(base: Base) -> str | None:
    """The registry whose packages are judged for a base; None for a language of which none is."""
    from rewriter.manifests.verdicts import ecosystem_of

    found = ecosystem_of(base.facts.name)
    return found if found in _JUDGED else None


def _declared(situation: Situation, base: Base, go: GoStage) -> Declared:
    """What the stage installs of other languages; an image of Go rarely does, and its scripts are not taken over."""
    steps = (step for run in go.runs if isinstance(run.steps, tuple) for step in run.steps)
    if go.is_go and not any(step.name in _INSTALLERS for step in steps):
        return Declared()
    from rewriter.planning.declared import declared_by

    return declared_by(situation, base, go)


def _dependencies(base: Base, declared: Declared, needs: Needs) -> Iterator[Evidence]:
    """What the dependencies need of libc, and which packages."""
    from rewriter.manifests.musl import musl_verdict
    from rewriter.manifests.needs import alpine_needs

    verdict = musl_verdict(declared.manifests, image=base.facts.name, version=base.tag)
    added = alpine_needs(declared.manifests, image=base.facts.name, version=base.tag)
    needs.vetoes += [str(remark) for remark in (*verdict.refusals, *added.refusals)]
    if "pypi" in declared.ecosystems:
        # What is not seen of Python is as good a reason for slim as what is known.
        unseen = [remark for remark in verdict.doubts if not remark.dependency]
        needs.vetoes += [f"{remark}: slim is the better base" for remark in unseen]
    for remark in (*verdict.doubts, *added.doubts):
        yield Evidence(str(remark), remark.where, Certainty.ASSUMED)
    wanted = {**added.run, **added.build}
    for package, reason in wanted.items():
        needs.want(package, reason)
    reasons = [*wanted.values(), *map(str, added.doubts)]
    if base.facts.name == "rust" and reasons:
        needs.vetoes.append(f"{reasons[0]}: Rust links statically on Alpine, and slim is the better base")


def _judged_go(situation: Situation, go: GoStage, choice: TagChoice, needs: Needs) -> Iterator[Evidence]:
    made = go.artefacts
    static = bool(made) and all(artefact.static for artefact in made)
    cgo = cgo_verdict(go, made if static else (), choice.alpine)
    looked_up_in = next((f.path for f in _go_sources(situation) if "users" in f.uses), None)
    if looked_up_in:
        needs.vetoes.append(f"{looked_up_in} looks users up, and Alpine has others")
    if cgo.veto:
        needs.vetoes.append(cgo.veto)
    if cgo.compiler:
        needs.want("build-base", cgo.compiler)
    yield from cgo.evidence


def _go_sources(situation: Situation) -> tuple[GoFile, ...]:
    return situation.sources.program(None).files if situation.sources is not None else ()


def _copied(situation: Situation, stage: Stage, base: Base, needs: Needs) -> None:
    """What comes from other stages was made with their libc."""
    if situation.go(stage).is_go or base.facts.name in _SERVES_FILES:
        return
    java = "java" in base.facts.programs(base.tag)
    for each in stage.lineage:
        for instruction in each.instructions:
            name = instruction.flag("from") if instruction.name == "COPY" else None
            if not name or portable_copy(instruction):
                continue
            source = situation.model.find(name, each.index)
            image = source.root.image if source is not None else None
            page = situation.facts.image(image.short_name) if image is not None else None
            musl = page is not None and image is not None and page.family(image.tag or "latest") == "alpine"
            archive = java and all(word.endswith((".jar", ".war")) for word in instruction.operands[:-1])
            if not musl and not archive:
                needs.vetoes.append(f"line {instruction.line}: what it copies from {name} may need glibc")
