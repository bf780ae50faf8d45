"""What every swap of a base image has in common: which image it is, who else relies on it, what is then edited."""

from __future__ import annotations

from dataclasses import dataclass, field

from rewriter.edit import Edit
from rewriter.facts import TagChoice, parse_tag
from rewriter.facts.images import ImageFacts
from rewriter.model.image_ref import ImageRef, parse_image
from rewriter.model.stages import Stage
from rewriter.planning.image_place import ImagePlace, image_place
from rewriter.planning.render import insert_after, package_line
from rewriter.situation import Situation
from rewriter.transform import Evidence

_PLATFORMS = tuple(f"linux/{name}" for name in "amd64 arm64 arm 386 ppc64le s390x".split())
"""What nearly every official image is built for, in all its variants; mips64le and riscv64 are not."""


@dataclass(frozen=True, slots=True)
class Base:
    """The image that a stage's chain starts from, with its page of the catalogue."""

    stage: Stage
    """The first stage of the chain: the one whose FROM names the image."""
    facts: ImageFacts
    image: ImageRef
    place: ImagePlace

    @property
    def tag(self) -> str:
        """The tag, ``latest`` where none is written."""
        return self.image.tag or "latest"

    @property
    def shown(self) -> str:
        """The image as a person calls it."""
        return f"{self.facts.name}:{self.tag}"


@dataclass(frozen=True, slots=True)
class Swap:
    """A base image that takes the place of another one, and what it entails."""

    base: Base
    new_text: str
    """What is written where the image stood."""
    choice: TagChoice
    kind: str
    """alpine, slim, jre or successor: what is new about it."""
    why: str
    evidence: tuple[Evidence, ...]
    packages: dict[str, str] = field(default_factory=dict)
    """Packages to install, each with its reason."""
    edits: tuple[Edit, ...] = ()
    """What changes within the RUN instructions."""
    announced: frozenset[str] = frozenset()
    findings: tuple[str, ...] = ()
    """What is weak about the new base, whatever is swapped."""


def find_base(situation: Situation, stage: Stage) -> Base | str:
    """The base of a stage, or why it is none that can be swapped."""
    root = stage.root
    image = root.image
    if image is None:
        return f"its base image {root.image_word} is only known at build time"
    if image.repository == "scratch":
        return "it is built from scratch: there is no base to swap"
    facts = situation.facts.image(image.short_name)
    if facts is None:
        return f"{root.image_word} is none of the images in the catalogue"
    if image.digest:
        return f"{root.image_word} is pinned by digest: another tag would drop the pin"
    if not facts.has(image.tag or "latest"):
        return f"{facts.name}:{image.tag or 'latest'} is not in the catalogue, so that no counterpart can be looked up"
    platform = root.from_.flag("platform") or ""
    if "$" not in platform and platform and not platform.lower().startswith(_PLATFORMS):
        return f"--platform={platform}: for which machines other tags are built is not known"
    if any(instruction.name == "ONBUILD" for each in stage.lineage for instruction in each.instructions):
        return "ONBUILD: what child images run on it is not known"
    place = image_place(situation, root)
    return place if isinstance(place, str) else Base(root, facts, image, place)


def written(base: Base, choice: TagChoice, suffix: str) -> str | None:
    """What is to be written for a choice; None when the place, which names a version by an ARG, cannot hold it.

    There only ``suffix`` can be put behind the version, and the choice must be what that comes to.
    """
    if base.place.pinned:
        repository = choice.image or parse_image(base.place.text).repository
        return f"{repository}:{choice.tag}"
    if choice.image or choice.tag != f"{base.tag}{suffix}":
        return None
    return f"{base.place.text}{suffix}"


def relied_on(situation: Situation, stage: Stage, *, copies: bool = True) -> str | None:
    """Who else builds on the stages of the final image: they were not asked whether the new base suits them.

    ``copies`` says that copying from it counts as well, because the new base has another libc.
    """
    lineage = stage.lineage
    for other in situation.model.stages:
        if other in lineage:
            continue
        name = other.name or str(other.index)
        if lineage[0] in other.lineage:
            return f"the stage {name} stands on the same base"
        if copies and any(source in lineage for source in other.sources):
            return f"the stage {name} copies from it, and may have another libc"
    for each in lineage:
        by = situation.options.surroundings.builder_of(each.name, each.index)
        if by and len(situation.model.stages) > 1:
            return f"the stage {each.name or each.index} is built as a target by {by}: its content must stay"
    return None


def version_of(base: Base) -> str:
    """The version that a tag names or last stood for ("3.10", "18"); "" where that is not known."""
    return base.facts.full_version(base.tag) or parse_tag(base.facts.name, base.tag).version or ""


def is_tool(stage: Stage) -> bool:
    """True when the file does not say what the image starts."""
    return stage.final_state.cmd is None and stage.final_state.entrypoint is None


_SERVERS = frozenset({"php-fpm", "apache2-foreground"})


def starts_by_itself(base: Base, stage: Stage) -> bool:
    """True for a server whose image starts it, where the file says nothing else (nginx, httpd, redis)."""
    command = base.facts.config_of(base.tag).cmd
    serves = base.facts.kind == "service" or (bool(command) and command[0] in _SERVERS)
    return is_tool(stage) and serves


def looked_up(choice: TagChoice, name: str) -> Evidence:
    """The evidence that a tag exists."""
    reason = f": {choice.reason}" if choice.reason else ""
    return Evidence(f"{choice.image or name}:{choice.tag} exists{reason}", f"{choice.source}, {choice.date}")


def first_of(reasons: list[str]) -> str:
    """The first reason, and how many more there are."""
    distinct = list(dict.fromkeys(reasons))
    return distinct[0] + (f" (and {len(distinct) - 1} more)" if len(distinct) > 1 else "")


def swap_edits(situation: Situation, swap: Swap) -> tuple[Edit, ...]:
    """The image, the commands that change with it, and one line for the packages that nothing installs yet."""
    span = swap.base.place.span
    edits = [Edit(span.start, span.end, swap.new_text), *swap.edits]
    if swap.packages:
        kind = "alpine" if swap.kind == "alpine" else "slim"
        line = package_line(swap.base.stage, sorted(swap.packages), kind)
        edits.append(insert_after(situation.dockerfile, swap.base.stage.from_, [line]))
    return tuple(edits)
