"""Which base image the final image's chain starts from: its alpine counterpart, or why not."""

from __future__ import annotations

import re
from dataclasses import dataclass

from rewriter.ecosystems.go_file import GoFile
from rewriter.facts import Refusal, TagChoice, alpine_tag, parse_tag
from rewriter.facts.images import ImageFacts
from rewriter.model.image_ref import parse_image
from rewriter.model.stages import Stage
from rewriter.planning.cgo import cgo_verdict
from rewriter.planning.launch import Launch, launch_of, tested_programs
from rewriter.planning.needs import Needs, build_needs, launch_needs, source_needs
from rewriter.shell import Opaque
from rewriter.situation import Situation
from rewriter.syntax import Instruction, Span
from rewriter.transform import Certainty, Evidence

_VERSION_ARG = re.compile(r"(?P<repository>[^$]*golang):\$(?:\{(?P<braced>\w+)\}|(?P<plain>\w+))\Z")
_WHOLE_ARG = re.compile(r"\$(?:\{(?P<braced>\w+)\}|(?P<plain>\w+))\Z")


@dataclass(frozen=True, slots=True)
class ImagePlace:
    """Where an image reference is written: in the FROM, or in the ARG that the FROM names."""

    span: Span
    pinned: bool
    """False when the tag's version comes from an ARG: only a floating suffix can be appended."""
    text: str
    """What stands there now."""
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class AlpineSwap:
    """The swap of one stage: what is written where, and what it entails."""

    stage: Stage
    place: ImagePlace
    new_text: str
    choice: TagChoice
    packages: dict[str, str]
    evidence: tuple[Evidence, ...]


def image_place(situation: Situation, stage: Stage) -> ImagePlace | str:
    """Where the stage's image is to be edited, or why it cannot be."""
    from_ = stage.from_
    word = from_.words[0]
    if not from_.logical.whole(word.start, word.end):
        return "its image name runs over a line continuation"
    inner = image_span(stage)
    if inner is None:
        return f"its image {word.text} is written with quotes in an odd place"
    span, text = inner, stage.from_.source[inner.start : inner.end]
    if "$" not in text:
        return ImagePlace(span, True, text, ())
    if text != word.text:
        return f"its image {word.text} is written with quotes and variables"
    match = _VERSION_ARG.match(word.text)
    if match:
        return ImagePlace(span, False, word.text, version_doubt(stage))
    match = _WHOLE_ARG.match(word.text)
    if match:
        return _argument_place(situation, match["braced"] or match["plain"], from_)
    return f"its image {word.text} is put together from variables"


def _argument_place(situation: Situation, name: str, from_: Instruction) -> ImagePlace | str:
    pattern = re.compile(rf"\$(?:{re.escape(name)}\b|\{{{re.escape(name)}\b)")
    holders = [i for i in situation.dockerfile.instructions if i is not from_ and pattern.search(i.logical.text)]
    redeclared = [
        i
        for s in situation.model.stages
        for i in s.instructions
        if i.name == "ARG" and any(p.key == name for p in i.pairs)
    ]
    if holders or redeclared:
        return f"ARG {name} is used elsewhere too (line {(holders or redeclared)[0].line})"
    for instruction in situation.model.global_instructions:
        for pair in instruction.pairs:
            if pair.key == name and pair.value and not any(char in pair.value for char in "$'\"\\`"):
                start = pair.end - len(pair.value)
                doubt = Evidence(
                    f"the image comes from ARG {name}: a build that sets it was not looked at",
                    f"line {instruction.line}",
                    Certainty.ASSUMED,
                )
                return ImagePlace(instruction.span(start, pair.end), True, pair.value, (doubt,))
    return f"its image comes from ARG {name}, whose default could not be read"


def image_span(stage: Stage) -> Span | None:
    """The file span of the reference in FROM, without the quotes around it; None when it holds others."""
    word = stage.from_.words[0]
    quoted = len(word.text) > 2 and word.text[0] in "'\"" and word.text[-1] == word.text[0]
    start, end = (word.start + 1, word.end - 1) if quoted else (word.start, word.end)
    text = word.text[1:-1] if quoted else word.text
    return None if any(char in text for char in "'\"\\`") else stage.from_.span(start, end)


def version_doubt(stage: Stage) -> tuple[Evidence, ...]:
    """What stays open when the image of a stage is put together from variables."""
    if "$" not in stage.image_word:
        return ()
    fact = f"the image {stage.image_word} comes from an ARG: other values than its default were not looked up"
    return (Evidence(fact, f"line {stage.from_.line}", Certainty.ASSUMED),)


def golang_facts(situation: Situation, stage: Stage) -> ImageFacts | str:
    """The catalogue's page for the base image of a stage, or why it is none of ours."""
    image = stage.root.image
    if image is None:
        return f"its base image {stage.root.image_word} is only known at build time"
    facts = situation.facts.image(image.short_name)
    if image.short_name == "alpine":
        return "its base is alpine already"
    if facts is None or image.short_name != "golang":
        return f"{stage.root.image_word} is none of the images that are swapped (golang)"
    if image.digest:
        return f"{stage.root.image_word} is pinned by digest: another tag would drop the pin"
    return facts


def plan_alpine(situation: Situation, stage: Stage, *, splits: bool) -> AlpineSwap | str:
    """The swap of a golang stage to alpine, or the reason against it.

    ``splits`` says that only the build will run on this base: what run time needs is then not asked of it.
    """
    facts = golang_facts(situation, stage)
    if isinstance(facts, str):
        return facts
    if any(instruction.name == "ONBUILD" for each in stage.lineage for instruction in each.instructions):
        return "ONBUILD: what child images run on it is not known"
    place = image_place(situation, stage.root)
    if isinstance(place, str):
        return place
    choice = _alpine_choice(situation, stage, facts, place)
    if isinstance(choice, str):
        return choice
    needs = _needs(situation, stage, splits)
    if isinstance(needs, str):
        return needs
    user = stage.final_state.user
    if user is None or (not splits and not _alpine_user(user)):
        needs.vetoes.append(f"USER {user or 'is only known at build time, and'} is not known to exist on Alpine")
    made = situation.go(stage).artefacts
    static = bool(made) and all(artefact.static for artefact in made)
    cgo = cgo_verdict(situation.go(stage), made if static else (), choice.alpine)
    looked_up = next((f.path for f in _sources(situation) if "users" in f.uses), None)
    if looked_up:
        needs.vetoes.append(f"{looked_up} looks users up, and Alpine has others")
    relied = _relied_on(situation, stage)
    if relied:
        return relied
    vetoes = [*needs.vetoes, *([cgo.veto] if cgo.veto else [])]
    if vetoes:
        more = f" (and {len(vetoes) - 1} more)" if len(vetoes) > 1 else ""
        return vetoes[0] + more
    if cgo.compiler:
        needs.want("build-base", cgo.compiler)
    new_text = place.text + "-alpine" if not place.pinned else parse_image(place.text).with_tag(choice.tag)
    evidence = (
        Evidence(
            f"golang:{choice.tag} exists" + (f": {choice.reason}" if choice.reason else ""),
            f"{choice.source}, {choice.date}",
        ),
        *place.evidence,
        *cgo.evidence,
        *(Evidence(f"{package} is added: {reason}", "Dockerfile") for package, reason in needs.packages.items()),
    )
    return AlpineSwap(stage.root, place, new_text, choice, needs.packages, evidence)


def _alpine_choice(situation: Situation, stage: Stage, facts: ImageFacts, place: ImagePlace) -> TagChoice | str:
    """The alpine tag that takes the place of the stage's, looked up."""
    image = stage.root.image
    tag = (image.tag if image is not None else "") or "latest"
    parsed = parse_tag("golang", tag)
    if parsed.flavour == "alpine":
        return f"golang:{tag} is an alpine image already"
    choice = alpine_tag(facts, tag, situation.options.alpine if place.pinned else None)
    if isinstance(choice, Refusal):
        return choice.reason
    if place.pinned:
        return choice
    floating = f"{parsed.version}-alpine"
    if parsed.suite or not facts.has(floating):
        return f"golang:{floating} is not in the catalogue"
    return TagChoice(floating, choice.alpine, choice.reason, choice.source, choice.date)


def _relied_on(situation: Situation, stage: Stage) -> str | None:
    """Who else builds on the stages of the final image: they were not asked whether Alpine suits them."""
    lineage = stage.lineage
    for other in situation.model.stages:
        if other in lineage:
            continue
        name = other.name or str(other.index)
        if lineage[0] in other.lineage:
            return f"the stage {name} stands on the same base"
        if any(source in lineage for source in other.sources):
            return f"the stage {name} copies from it, and may have another libc"
    for each in lineage:
        by = situation.options.surroundings.builder_of(each.name, each.index)
        if by and len(situation.model.stages) > 1:
            return f"the stage {each.name or each.index} is built as a target by {by}: its content must stay"
    return None


def _sources(situation: Situation) -> tuple[GoFile, ...]:
    return situation.sources.program(None).files if situation.sources is not None else ()


def _alpine_user(user: str) -> bool:
    """True for a user that golang's alpine image has as the full one does; a low number may be somebody else there."""
    name = user.partition(":")[0]
    return name in ("", "root", "nobody", "0", "65534") or (name.isdigit() and int(name) >= 1000)


def _needs(situation: Situation, stage: Stage, splits: bool) -> Needs | str:
    go = situation.go(stage)
    needs = build_needs(go)
    if splits:
        return needs
    launch = launch_of(stage, situation.files(stage))
    health = tested_programs(stage)
    if isinstance(health, Opaque):
        return f"its HEALTHCHECK is not understood: {health.reason}"
    state = stage.final_state
    source_needs(go, needs)
    if isinstance(launch, Launch):
        run_time = launch_needs(launch, health, go)
        needs.vetoes += run_time.vetoes
        for package, reason in run_time.packages.items():
            needs.want(package, reason)
    elif state.cmd is None and state.entrypoint is None:
        return "nothing says what the image is for (no ENTRYPOINT, no CMD): whoever uses it may need what alpine lacks"
    else:
        needs.vetoes.append(launch)
    return needs
