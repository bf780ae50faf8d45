"""The text of `facts show IMAGE`: what is known of one image, where it was read, and what the rules make of it."""

from __future__ import annotations

from rewriter.facts.counterparts import alpine_tag, debian_slim
from rewriter.facts.images import CATALOGUE, short_name
from rewriter.facts.records import TagChoice
from rewriter.facts.tags import parse_tag

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from rewriter.facts.images import Facts, ImageFacts
    from rewriter.facts.records import ImageConfig, Refusal, Variants

_WIDTH = 14


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
        lines += [f"  {''.ljust(_WIDTH)}{row}" for row in _wrapped(facts.versions)]
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
    yield "listed", _life(facts, tag)
    full = facts.full_version(tag)
    if full is not None and full != tag:
        yield "version", full
    variants = facts.variants(tag)
    if variants is not None:
        yield from _beside(facts, tag, variants)
    yield from _ends(facts, tag, variants)
    if facts.name == "debian":
        slim = debian_slim(tag)
        if slim:
            yield "slim", f"debian:{slim}, {_size(facts, slim)}"
    elif facts.name != "alpine":
        yield from _counterparts(facts, tag, catalogue)
    yield "size", _size(facts, tag)
    yield from _config(facts.config_of(tag))


def _life(facts: ImageFacts, tag: str) -> str:
    first, last = facts.life(tag)
    if not last:
        return f"since {first}, still rebuilt on {facts.as_of}"
    return f"{first} to {last}; no longer rebuilt, normally still pullable"


def _beside(facts: ImageFacts, tag: str, variants: Variants) -> Iterator[tuple[str, str]]:
    label = "stands for"
    for suite, since in variants.bare_suites_over_time:
        yield label, f"Debian {suite} since {since}"
        label = ""
    if variants.suites:
        yield "suites", ", ".join(variants.suites)
    if facts.name == "alpine":
        return
    if variants.alpine:
        yield "alpine", ", ".join(variants.alpine)
    if variants.floating and variants.floating_alpine:
        floating = "alpine" if tag == "latest" else f"{tag}-alpine"
        yield "" if variants.alpine else "alpine", f"{facts.name}:{floating} last stood for {variants.floating_alpine}"
    if variants.others:
        yield "further", ", ".join(variants.others)


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
    yield "on alpine", _chosen(facts, swap)
    yield "", swap.reason
    if isinstance(swap, TagChoice):
        yield "", _size(facts, swap.tag)
    yield "for a split", _chosen(facts, split)
    if split != swap:
        yield "", split.reason
    runtime = catalogue.image("alpine")
    release = split.alpine if isinstance(split, TagChoice) else None
    if runtime is not None and release is not None and runtime.has(release):
        yield "", f"and alpine:{release} to run on, {_size(runtime, release)}"
        yield "", _updates(runtime, release)
    variants = facts.variants(tag)
    suite = variants.bare_suite if variants is not None else parse_tag(facts.name, tag).suite
    debian = catalogue.image("debian")
    if debian is not None and suite is not None and debian.has(f"{suite}-slim"):
        yield "or on Debian", f"debian:{suite}-slim to run on, {_size(debian, f'{suite}-slim')}"
        yield "", _updates(debian, suite)


def _chosen(facts: ImageFacts, choice: TagChoice | Refusal) -> str:
    return f"{facts.name}:{choice.tag}" if isinstance(choice, TagChoice) else "none"


def _size(facts: ImageFacts, tag: str) -> str:
    size = facts.size(tag)
    if size is None:
        return "not known"
    about = "about " if size.quality == "estimate" else ""
    pulled = f", {size.compressed:.1f} MB to pull" if size.compressed is not None else ""
    note = f"; {size.note}" if size.note else ""
    return f"{about}{size.megabytes:.1f} MB{pulled} ({size.quality}, {size.date}{note})"


def _config(config: ImageConfig) -> Iterator[tuple[str, str]]:
    yield "carries", f"WORKDIR {config.workdir}, USER {config.user}"
    yield "", f"ENTRYPOINT {_exec(config.entrypoint)}, CMD {_exec(config.cmd)}"
    for name, value in config.env.items():
        yield "", f"ENV {name}={value}"
    for name in config.sets:
        yield "", f"ENV {name}, which changes with every release"


def _exec(words: tuple[str, ...]) -> str:
    return "[" + ", ".join(f'"{word}"' for word in words) + "]" if words else "none"


def _wrapped(words: tuple[str, ...]) -> Iterator[str]:
    row = ""
    for word in words:
        if row and len(row) + len(word) > 90:
            yield row + ","
            row = ""
        row = f"{row}, {word}" if row else word
    yield row
