"""Which tag stands for the same thing on alpine, or on slim: looked up, never composed and hoped for."""

from __future__ import annotations

from rewriter.facts.images import CATALOGUE
from rewriter.facts.records import Refusal, TagChoice
from rewriter.facts.tags import parse_tag

TYPE_CHECKING = False
if TYPE_CHECKING:
    from rewriter.facts.images import ImageFacts
    from rewriter.facts.records import Variants
    from rewriter.facts.tags import ParsedTag


def alpine_tag(facts: ImageFacts, tag: str, alpine: str | None = None, pinned: bool = False) -> TagChoice | Refusal:
    """The alpine tag of the same version as `tag`, or why there is none.

    `alpine` names the wanted release X.Y and pins to it. `pinned`: to the newest alpine that the tag ever had. Neither:
    the floating `-alpine` where the tag is still rebuilt, else the pin. The suite of a tag is dropped, its version is
    never changed.
    """
    tag = tag or "latest"
    name = facts.name
    if facts.name == "alpine":
        return _alpine_itself(facts, tag, alpine, pinned)
    if not facts.has(tag):
        return Refusal(f"{name}:{tag} is not in the catalogue, so that no counterpart can be looked up")
    parsed = parse_tag(name, tag)
    if parsed.rest or parsed.flavour == "slim":
        return Refusal(f"the {parsed.rest or 'slim'} variant of {name} has no alpine counterpart")
    variants = facts.variants(parsed.version or "latest")
    if variants is None or not (variants.alpine or variants.floating):
        return Refusal(f"{name}:{tag} never had an alpine variant")
    if "." not in (parsed.version or ""):
        return _moving(facts, tag, parsed, variants, alpine, pinned)
    if alpine is None and parsed.alpine:
        return _choice(facts, tag, parsed.alpine, "it already is pinned to an alpine release")
    return _of_version(facts, tag, parsed, variants, alpine, pinned)


def _of_version(
    facts: ImageFacts, tag: str, parsed: ParsedTag, variants: Variants, alpine: str | None, pinned: bool
) -> TagChoice | Refusal:
    version, name = parsed.version or "", facts.name
    had = f"it had {', '.join(variants.alpine)}" if variants.alpine else "it only had the unnumbered alpine tag"
    if alpine is not None:
        wanted = f"{version}-alpine{alpine}"
        if alpine in variants.alpine and facts.has(wanted):
            why = f"alpine {alpine} was asked for, and {name}:{version} had it"
            stopped = facts.full_version(wanted)
            if stopped != facts.full_version(version):
                why = f"{why}, but only up to {stopped}"
            return _choice(facts, wanted, alpine, why)
        return Refusal(f"{name}:{version} never had alpine {alpine}; {had}")
    floating = f"{version}-alpine"
    if not pinned and facts.listed(floating):
        return _choice(
            facts, floating, variants.floating_alpine, f"{name}:{floating} is still rebuilt (list of {facts.as_of})"
        )
    if not pinned and tag == floating:
        return _choice(facts, tag, variants.floating_alpine, "it already is an alpine image")
    if variants.alpine:
        newest = variants.alpine[-1]
        why = "" if facts.listed(version) else f"{name}:{version} is no longer rebuilt; "
        return _choice(facts, f"{version}-alpine{newest}", newest, f"{why}alpine {newest} is the newest that it had")
    if pinned:
        return Refusal(f"{name}:{version} cannot be pinned to an alpine release; {had}")
    why = f"{name}:{version} is no longer rebuilt, and no numbered alpine tag of it exists"
    return _choice(facts, floating, variants.floating_alpine, why)


def _moving(
    facts: ImageFacts, tag: str, parsed: ParsedTag, variants: Variants, alpine: str | None, pinned: bool
) -> TagChoice | Refusal:
    """`latest`, `1`, a suite alone: which version that is, only a registry knows."""
    name = facts.name
    prefix = f"{parsed.version}-" if parsed.version else ""
    if not facts.listed(tag):
        return Refusal(f"{name}:{tag} is frozen at an older version than {name}:{prefix}alpine now stands for")
    if pinned:
        return Refusal(f"{name}:{tag} moves from version to version, so that no alpine release can be pinned for it")
    if alpine is not None:
        wanted = f"{prefix}alpine{alpine}"
        if facts.listed(wanted):
            return _choice(facts, wanted, alpine, f"alpine {alpine} was asked for; the version keeps moving")
        return Refusal(f"{name}:{wanted} is not rebuilt; {', '.join(variants.alpine)} are")
    if parsed.flavour == "alpine":
        return _choice(facts, tag, parsed.alpine or variants.floating_alpine, "it already is an alpine image")
    choice = f"{prefix}alpine"
    why = f"{name}:{choice} moves from version to version exactly as {name}:{tag} does"
    return _choice(facts, choice, variants.floating_alpine, why)


def _alpine_itself(facts: ImageFacts, tag: str, alpine: str | None, pinned: bool) -> TagChoice | Refusal:
    if not facts.has(tag):
        return Refusal(f"alpine:{tag} is not in the catalogue, so that no counterpart can be looked up")
    own = parse_tag("alpine", tag).alpine
    if alpine is not None and alpine != own:
        if "." in alpine and facts.has(alpine):
            return _choice(facts, alpine, alpine, f"alpine {alpine} was asked for")
        return Refusal(f"alpine:{alpine} is not in the catalogue as an alpine release")
    if own is None and pinned:
        return Refusal(f"alpine:{tag} moves from release to release, so that none can be pinned for it")
    variants = facts.variants(tag)
    known = own or (variants.alpine[-1] if variants is not None and variants.alpine else None)
    return _choice(facts, tag, known, "it already is alpine")


def _choice(facts: ImageFacts, tag: str, alpine: str | None, reason: str) -> TagChoice:
    return TagChoice(tag, alpine, reason, facts.source, facts.as_of)


def debian_slim(suite: str) -> str | None:
    """The slim tag of `debian` for a suite or a version ("bullseye" or "11"); None when it never existed."""
    facts = CATALOGUE.image("debian")
    tag = f"{suite}-slim"
    return tag if facts is not None and suite and facts.has(tag) else None


def alpine_release_eol(release: str) -> str | None:
    """ISO date of the last day with free updates for an alpine release ("3.17"); None when it is not known."""
    return _end_of_life("alpine", release)


def debian_suite_eol(suite: str) -> str | None:
    """ISO date of the last day of Debian's long-term support for a suite ("bullseye"); None when it is not known."""
    return _end_of_life("debian", suite)


def _end_of_life(image: str, version: str) -> str | None:
    facts = CATALOGUE.image(image)
    end = facts.end_of_life(version) if facts is not None else None
    return end[0] if end is not None else None
