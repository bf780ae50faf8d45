"""The other ways to a smaller or a living base: the slim tag, the JRE of a JDK, the image that took another's place.

As for alpine: the same version on the same suite, looked up; a reason where there is none.
"""

from __future__ import annotations

from rewriter.facts.counterparts import Asked, asked
from rewriter.facts.images import CATALOGUE
from rewriter.facts.records import Refusal, TagChoice
from rewriter.facts.shapes import shape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from rewriter.facts.image_facts import ImageFacts
    from rewriter.facts.images import Facts
    from rewriter.facts.shapes import Shape


def slim_tag(facts: ImageFacts, tag: str) -> TagChoice | Refusal:
    """The slim tag of the same version, flavour and suite as `tag`, or why there is none.

    A tag without a suite takes the one without where both stood for the same suite, else the one with that suite.
    """
    own = asked(facts, tag)
    if isinstance(own, Refusal):
        return own
    if own.shape.alpine is not None or facts.name == "alpine":
        return Refusal(f"{own.name} is an alpine image: slim is for those on Debian or Ubuntu")
    if own.shape.slim:
        return Refusal(f"{own.name} is a slim image already: nothing is swapped")
    if facts.refuse_slim:
        return Refusal(f"{own.name} stays as it is: {facts.refuse_slim}")
    if own.shape.system:
        return Refusal(f"{own.name} stands on {own.shape.system}, for which there is no slim variant")
    rows = [row for row in own.rows if shape(row).slim and shape(row).words == own.shape.words]
    if not rows:
        flavour = "-".join(own.shape.words)
        ever = any(shape(row).slim and not shape(row).words for row in own.found.version.rows)
        if flavour and ever:
            return Refusal(f"the {flavour} variant of {facts.name} has no slim counterpart")
        return Refusal(f"{own.name} never had a slim variant")
    return _on_the_same_system(own, rows, "slim")


def jre_tag(facts: ImageFacts, tag: str) -> TagChoice | Refusal:
    """The JRE tag of the same version, flavour and system as the JDK `tag`, or why there is none."""
    own = asked(facts, tag)
    if isinstance(own, Refusal):
        return own
    if any(_is_java(word, "jre") for word in own.shape.words):
        return Refusal(f"{own.name} is a JRE already: nothing is swapped")
    if facts.kind == "build-tool":
        return Refusal(f"{own.name} is there to build, and no JRE can compile")
    words = [f"jre{word[3:]}" if _is_java(word, "jdk") else word for word in own.shape.words]
    if words == list(own.shape.words):
        words.append("jre")
    rows = [
        row for row in own.rows if _same_but_words(shape(row), own.shape) and sorted(shape(row).words) == sorted(words)
    ]
    if not rows:
        return Refusal(f"{own.name} never had a JRE variant")
    return _on_the_same_system(own, rows, "JRE")


def _is_java(word: str, what: str) -> bool:
    return word.startswith(what) and (word == what or word[3:].isdecimal())


def _same_but_words(one: Shape, other: Shape) -> bool:
    return (one.slim, one.alpine, one.system) == (other.slim, other.alpine, other.system)


def _on_the_same_system(own: Asked, rows: list[str], what: str) -> TagChoice | Refusal:
    """Of the variants that are right but for the suite, the one that stands on that of the asked tag."""
    facts, found = own.facts, own.found
    if own.moving and not facts.listed(own.tag):
        return Refusal(f"{own.name} is frozen at an older version than its {what} variant now stands for")
    suite = own.shape.suite or facts.suite(own.tag) or own.stood_for(found.variant)
    alpine = None if own.shape.alpine is None else own.shape.alpine or own.stood_for(found.variant)
    floating = [row for row in rows if not shape(row).suite]
    named = [row for row in rows if suite and shape(row).suite == suite]
    fixed = alpine if alpine is not None else suite
    if not fixed and not own.shape.system:
        return Refusal(f"on which system {own.name} stood is not known, so that no {what} variant can be matched to it")
    same = [row for row in floating if own.shape.system or _system(own, row) == fixed]
    chosen = named if own.shape.suite else [*same, *named]
    on = "another system than Debian or Ubuntu" if fixed == "-" else fixed or own.shape.system
    if not chosen:
        return Refusal(f"{own.name} stands on {on}, for which there is no {what} variant")
    tag = found.sibling(chosen[0])
    behind = own.behind(tag, own.tag)
    if behind:
        return Refusal(behind)
    on = f"alpine {fixed}" if alpine else "the same system" if fixed == "-" else on
    return own.choice(tag, alpine or None, f"{facts.name}:{tag} is the {what} variant of the same version on {on}")


def _system(own: Asked, row: str) -> str:
    written = shape(row).alpine or shape(row).suite
    name = own.found.version.name
    return written or own.stood_for(row) or (name if name in own.facts.table.suites else "")


def successor_tag(facts: ImageFacts, tag: str, catalogue: Facts = CATALOGUE) -> TagChoice | Refusal:
    """The tag of the image that took the place of this one, of the same major version; or why there is none.

    Only openjdk is mapped, to eclipse-temurin: JDK to JDK, JRE to JRE, alpine to alpine, all else to Ubuntu.
    """
    own = asked(facts, tag)
    if isinstance(own, Refusal):
        return own
    if facts.successor is None:
        return Refusal(f"{facts.name} has no successor in the catalogue")
    image, reason = facts.successor
    other = catalogue.image(image)
    if other is None or facts.name != "openjdk":
        return Refusal(f"{facts.name}: {reason}; which tag of {image} takes the place of {own.name} is not known")
    words = own.shape.words or ("jdk",)
    if words not in (("jdk",), ("jre",)) or own.moving:
        return Refusal(f"which tag of {image} takes the place of {own.name} is not known")
    major = own.found.version.name
    flavour = words[0] if own.shape.alpine is None else f"{words[0]}-alpine"
    patch = own.found.patch
    exact = next((p for p in _patches(other, major) if patch and p.rpartition("_")[0] == patch), "")
    chosen = f"{major}.{exact}-{flavour}" if exact and other.has(f"{major}.{exact}-{flavour}") else f"{major}-{flavour}"
    if not other.has(chosen):
        return Refusal(f"{own.name} has no counterpart: {image}:{chosen} never existed")
    trap = other.trap(chosen)
    if trap:
        return Refusal(f"{image}:{chosen} exists, but {trap}")
    why = f"{reason}; {_what_changes(own, other, chosen, bool(patch) and not exact)}"
    alpine = _alpine_of(other, chosen)
    return TagChoice(chosen, alpine, why, other.source, other.as_of, image)


def _patches(other: ImageFacts, major: str) -> tuple[str, ...]:
    version = other.table.versions.get(major)
    return tuple(version.patches) if version is not None else ()


def _alpine_of(other: ImageFacts, tag: str) -> str | None:
    found = other.table.find(tag)
    if found is None or shape(found.variant).alpine is None:
        return None
    return found.version.stood_for(found.variant, found.patch) or None


def _what_changes(own: Asked, other: ImageFacts, chosen: str, patch_lost: bool) -> str:
    before, after = own.facts.family(own.tag), other.family(chosen)
    changes = ["the vendor and its defaults (class data sharing, certificates) change"]
    if before != after:
        suite = other.suite(chosen)
        changes.append(f"the distribution changes from {before or 'an unknown one'} to {after or 'an unknown one'}")
        if suite:
            changes[-1] += f" ({suite})"
    if patch_lost:
        changes.append(f"{other.name} does not have that very patch, so it becomes {other.full_version(chosen)}")
    return ", ".join(changes)
