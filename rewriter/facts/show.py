"""The text of `facts show IMAGE`: what is known of one image, where it was read, and what the rules make of it."""

from __future__ import annotations

from rewriter.facts.counterparts import alpine_tag, debian_slim
from rewriter.facts.flavours import jre_tag, slim_tag, successor_tag
from rewriter.facts.images import CATALOGUE, short_name
from rewriter.facts.records import TagChoice
from rewriter.facts.show_values import chosen, config_lines, size_text, wrapped
from rewriter.facts.tags import UBUNTU_SUITES, parse_tag

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from rewriter.facts.image_facts import ImageFacts
    from rewriter.facts.images import Facts
    from rewriter.facts.records import Variants

_WIDTH = 14
_JAVA = frozenset({"java", "javac"})


def describe(image_ref: str, catalogue: Facts = CATALOGUE) -> str | None:
    """Plain text about an image reference, ending in a newline; None when nothing is known of such an image.

    No tag means `latest`; a digest is not looked at. Raises FactsError when the data file is not to be believed.
    """
    name, tag = _split(image_ref)
    facts = catalogue.image(name)
    if facts is None:
        return None
    lines = [f"{facts.name}:{tag}"]
    if facts.has(tag):
        lines += [f"  {label.ljust(_WIDTH)}{text}".rstrip() for label, text in _about(facts, tag, catalogue)]
    else:
        lines.append(f"  {'unknown'.ljust(_WIDTH)}this tag is not in the catalogue; known versions are:")
        lines += [f"  {''.ljust(_WIDTH)}{row}" for row in wrapped(facts.versions)]
    lines.append(f"  {'source'.ljust(_WIDTH)}{facts.source}")
    lines.append(f"  {''.ljust(_WIDTH)}list of {facts.as_of}, collected {facts.collected}")
    return "\n".join(lines) + "\n"


def _split(image_ref: str) -> tuple[str, str]:
    name = image_ref.partition("@")[0]
    slash, colon = name.rfind("/"), name.rfind(":")
    if colon > slash:
        return short_name(name[:colon]), name[colon + 1 :] or "latest"
    return short_name(name), "latest"


def _about(facts: ImageFacts, tag: str, catalogue: Facts) -> Iterator[tuple[str, str]]:
    family = facts.family(tag)
    if facts.kind:
        yield "kind", facts.kind + (f", of the {family} family" if family else "")
    yield "listed", _life(facts, tag)
    full = facts.full_version(tag)
    if full is not None and full != tag:
        yield "version", full
    variants = facts.variants(tag)
    yield from _stands_for(facts, tag)
    if variants is not None:
        yield from _beside(facts, tag, variants)
    yield from _ends(facts, tag, variants)
    if facts.name == "debian":
        slim = debian_slim(tag)
        if slim:
            yield "slim", f"debian:{slim}, {size_text(facts, slim)}"
    elif facts.name != "alpine":
        yield from _counterparts(facts, tag, catalogue)
    yield "size", size_text(facts, tag)
    yield from _inside(facts, tag)
    yield from config_lines(facts, tag)


def _life(facts: ImageFacts, tag: str) -> str:
    first, last = facts.life(tag)
    if not last:
        return f"since {first}, still rebuilt on {facts.as_of}"
    return f"{first} to {last}; no longer rebuilt, normally still pullable"


def _stands_for(facts: ImageFacts, tag: str) -> Iterator[tuple[str, str]]:
    label = "stands for"
    for what, since in facts.suites_over_time(tag):
        release = what[:1].isdecimal()
        system = "another system" if what == "-" else f"alpine {what}" if release else f"{_vendor(what)} {what}"
        yield label, f"{system} since {since}"
        label = ""


def _vendor(suite: str) -> str:
    return "Ubuntu" if suite in UBUNTU_SUITES else "Debian"


def _beside(facts: ImageFacts, tag: str, variants: Variants) -> Iterator[tuple[str, str]]:
    if variants.suites:
        yield "suites", ", ".join(variants.suites)
    if facts.name == "alpine":
        return
    if variants.alpine:
        yield "alpine", ", ".join(variants.alpine)
    if variants.floating and variants.floating_alpine:
        floating = "alpine" if tag == "latest" else f"{tag}-alpine"
        yield "" if variants.alpine else "alpine", f"{facts.name}:{floating} last stood for {variants.floating_alpine}"
    label = "further"
    for row in wrapped(variants.others) if variants.others else ():
        yield label, row
        label = ""


def _ends(facts: ImageFacts, tag: str, variants: Variants | None) -> Iterator[tuple[str, str]]:
    releases = variants.alpine if facts.name == "alpine" and variants is not None else ()
    for name in (tag, *releases, variants.bare_suite if variants is not None else None):
        if name is not None and facts.end_of_life(name) is not None:
            yield "free updates", _updates(facts, name)
            yield "", facts.end_of_life_source
            return


def _updates(facts: ImageFacts, version: str) -> str:
    end = facts.end_of_life(version)
    return f"{facts.name} {version} has free updates until {end[0]} ({end[1]})" if end is not None else ""


def _counterparts(facts: ImageFacts, tag: str, catalogue: Facts) -> Iterator[tuple[str, str]]:
    swap, split = alpine_tag(facts, tag), alpine_tag(facts, tag, pinned=True)
    yield "on alpine", chosen(facts, swap)
    yield "", swap.reason
    if isinstance(swap, TagChoice):
        yield "", size_text(facts, swap.tag)
    yield "for a split", chosen(facts, split)
    if split != swap:
        yield "", split.reason
    yield from _runtimes(facts, tag, catalogue, split.alpine if isinstance(split, TagChoice) else None)
    choices = [("on slim", slim_tag(facts, tag))]
    if _JAVA & facts.programs(tag):
        choices.append(("as JRE", jre_tag(facts, tag)))
    if facts.successor is not None:
        choices.append(("successor", successor_tag(facts, tag, catalogue)))
    for label, choice in choices:
        yield label, chosen(facts, choice)
        yield "", choice.reason
        other = catalogue.image(choice.image) if isinstance(choice, TagChoice) and choice.image else facts
        if isinstance(choice, TagChoice) and other is not None:
            yield "", size_text(other, choice.tag)


def _runtimes(facts: ImageFacts, tag: str, catalogue: Facts, release: str | None) -> Iterator[tuple[str, str]]:
    """What a split may run on: the alpine of the pin, the slim Debian of the same suite."""
    runtime = catalogue.image("alpine")
    if runtime is not None and release is not None and runtime.has(release):
        yield "", f"and alpine:{release} to run on, {size_text(runtime, release)}"
        yield "", _updates(runtime, release)
    suite = facts.suite(tag) or parse_tag(facts.name, tag).suite
    debian = catalogue.image("debian")
    if debian is not None and suite is not None and debian.has(f"{suite}-slim"):
        yield "or on Debian", f"debian:{suite}-slim to run on, {size_text(debian, f'{suite}-slim')}"
        yield "", _updates(debian, suite)


def _inside(facts: ImageFacts, tag: str) -> Iterator[tuple[str, str]]:
    layers = [layer for layer in ("curl", "scm", "full", "go") if layer in facts.carries(tag)]
    if layers:
        yield "layers", f"of buildpack-deps: {', '.join(layers)}"
    for label, names in (("packages", facts.packages(tag)), ("programs", tuple(sorted(facts.programs(tag))))):
        for row in wrapped(names) if names else ():
            yield label, row
            label = ""
    for user in facts.users(tag):
        uid, gid = ("?" if number is None else number for number in (user.uid, user.gid))
        yield "user", f"{user.name}, uid {uid}, gid {gid}"
