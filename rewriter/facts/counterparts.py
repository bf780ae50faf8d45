"""Which tag stands for the same thing on alpine: looked up, never composed and hoped for."""

from __future__ import annotations

from rewriter.facts.images import CATALOGUE
from rewriter.facts.records import Refusal, TagChoice
from rewriter.facts.shapes import on_alpine, shape
from rewriter.facts.tags import parse_tag

TYPE_CHECKING = False
if TYPE_CHECKING:
    from rewriter.facts.image_facts import ImageFacts
    from rewriter.facts.shapes import Shape
    from rewriter.facts.table import Found


class Asked:
    """A tag that exists, and what the rules ask of it."""

    __slots__ = ("facts", "found", "shape", "tag")

    def __init__(self, facts: ImageFacts, tag: str, found: Found) -> None:
        self.facts = facts
        self.tag = tag
        self.found = found
        self.shape: Shape = shape(found.variant)

    @property
    def rows(self) -> tuple[str, ...]:
        """The variants of the same version and patch."""
        return self.facts.siblings(self.found)

    @property
    def name(self) -> str:
        """The reference as a user knows it."""
        return f"{self.facts.name}:{self.tag}"

    @property
    def moving(self) -> bool:
        """Whether it moves from version to version (`latest`, `lts`, python's `3`)."""
        return self.found.version.moving

    @property
    def plain(self) -> str:
        """The tag of the same flavour without suite and system; the tag itself where there is none."""
        plain = self.found.sibling("-".join(self.shape.words))
        return plain if self.facts.has(plain) else self.tag

    def stood_for(self, variant: str) -> str:
        """What a variant of the same version and patch last stood for ("" = not known)."""
        return self.found.version.stood_for(variant, self.found.patch)

    def behind(self, tag: str, plain: str) -> str:
        """Why `tag` is an older version than `plain`, which this one stands for ("" = not as far as is known)."""
        own, other = self.facts.full_version(plain), self.facts.full_version(tag)
        if own == other or own is None or other is None or self.found.patch in self.found.version.patches:
            return ""
        if self.found.version.name not in (own, other):
            return f"{self.facts.name}:{tag} stopped at {other}, while {self.facts.name}:{plain} stands for {own}"
        # Which patches had that variant is not known: then it must have been rebuilt as long.
        until, stopped = self.facts.life(plain)[1], self.facts.life(tag)[1]
        if stopped and (not until or stopped < until):
            return f"{self.facts.name}:{tag} was last rebuilt before {stopped}, {self.facts.name}:{plain} after that"
        return ""

    def choice(self, tag: str, alpine: str | None, reason: str) -> TagChoice | Refusal:
        """The choice, unless the data warn of that tag."""
        trap = self.facts.trap(tag)
        if trap and tag != self.tag:
            return Refusal(f"{self.facts.name}:{tag} exists, but {trap}")
        return TagChoice(tag, alpine, reason, self.facts.source, self.facts.as_of)


def asked(facts: ImageFacts, tag: str) -> Asked | Refusal:
    """The tag (`latest` for ""), looked up."""
    tag = tag or "latest"
    found = facts.table.find(tag)
    if found is None:
        return Refusal(f"{facts.name}:{tag} is not in the catalogue, so that no counterpart can be looked up")
    return Asked(facts, tag, found)


def alpine_tag(facts: ImageFacts, tag: str, alpine: str | None = None, pinned: bool = False) -> TagChoice | Refusal:
    """The alpine tag of the same version and flavour as `tag`, or why there is none.

    `alpine` names the wanted release X.Y and pins to it. `pinned`: to the newest alpine that the tag ever had. Neither:
    the floating `-alpine` where the tag is still rebuilt, else the pin. The suite of a tag is dropped, its version is
    never changed.
    """
    own = asked(facts, tag)
    if isinstance(own, Refusal):
        return own
    if facts.name == "alpine":
        return _alpine_itself(own, alpine, pinned)
    if own.shape.alpine is None and not pinned and alpine is None and facts.family(own.tag) == "alpine":
        return own.choice(own.tag, own.stood_for(own.found.variant) or None, "it already is an alpine image")
    if facts.refuse_alpine and own.shape.alpine is None:
        return Refusal(f"{own.name} stays as it is: {facts.refuse_alpine}")
    forms = on_alpine(own.rows, own.shape.words)
    if own.shape.slim and forms:
        return Refusal(f"{own.name} is a slim image already: nothing is swapped")
    if own.moving and not facts.listed(own.tag):
        floating = own.found.sibling(forms.get("", "alpine"))
        return Refusal(f"{own.name} is frozen at an older version than {facts.name}:{floating} now stands for")
    if not forms or own.shape.slim:
        return Refusal(_without(own))
    if own.moving:
        return _moving(own, forms, alpine, pinned)
    if alpine is None and own.shape.alpine:
        return own.choice(own.tag, own.shape.alpine, "it already is pinned to an alpine release")
    if alpine is not None:
        return _wanted(own, forms, alpine)
    return _newest(own, forms, pinned)


def _without(own: Asked) -> str:
    flavour = "-".join((*own.shape.words, *(("slim",) if own.shape.slim else ())))
    ever = [row for row in own.found.version.rows if shape(row).alpine is not None and shape(row).words == ()]
    if flavour and (own.shape.slim or ever):
        return f"the {flavour} variant of {own.facts.name} has no alpine counterpart"
    if own.moving and ever:
        return f"no alpine variant of {own.name} is rebuilt any more"
    return f"{own.name} never had an alpine variant"


def _wanted(own: Asked, forms: dict[str, str], alpine: str) -> TagChoice | Refusal:
    name = f"{own.facts.name}:{own.plain}"
    if not alpine or alpine not in forms:
        return Refusal(f"{name} never had alpine {alpine}; {_had(forms)}")
    wanted = own.found.sibling(forms[alpine])
    why = f"alpine {alpine} was asked for, and {name} had it"
    stopped = own.facts.full_version(wanted)
    if stopped != own.facts.full_version(own.plain):
        why = f"{why}, but only up to {stopped}"
    return own.choice(wanted, alpine, why)


def _had(forms: dict[str, str]) -> str:
    releases = [release for release in forms if release]
    return f"it had {', '.join(releases)}" if releases else "it only had the unnumbered alpine tag"


def _newest(own: Asked, forms: dict[str, str], pinned: bool) -> TagChoice | Refusal:
    facts, name = own.facts, f"{own.facts.name}:{own.plain}"
    newest = [release for release in forms if release][-1:]
    stands = own.stood_for(forms[""]) if "" in forms else ""
    floating = own.found.sibling(forms[""]) if "" in forms else ""
    if not pinned and floating and facts.listed(floating):
        return own.choice(floating, stands or None, f"{facts.name}:{floating} is still rebuilt (list of {facts.as_of})")
    if not pinned and own.tag == floating:
        return own.choice(own.tag, stands or None, "it already is an alpine image")
    if newest:
        tag, alpine = own.found.sibling(forms[newest[0]]), newest[0]
        why = "" if facts.listed(own.plain) else f"{name} is no longer rebuilt; "
        why = f"{why}alpine {alpine} is the newest that it had"
    elif pinned:
        return Refusal(f"{name} cannot be pinned to an alpine release; {_had(forms)}")
    else:
        tag, alpine = floating, stands
        why = f"{name} is no longer rebuilt, and no numbered alpine tag of it exists"
    # Of a tag that only differs by its suite the version counts that the flavour has without it.
    behind = own.behind(tag, own.tag if own.shape.alpine is not None else own.plain)
    return Refusal(behind) if behind else own.choice(tag, alpine or None, why)


def _moving(own: Asked, forms: dict[str, str], alpine: str | None, pinned: bool) -> TagChoice | Refusal:
    """`latest`, `1`, a suite alone: which version that is, only a registry knows."""
    name = own.facts.name
    if pinned:
        return Refusal(f"{own.name} moves from version to version, so that no alpine release can be pinned for it")
    if alpine is not None:
        if alpine and alpine in forms:
            why = f"alpine {alpine} was asked for; the version keeps moving"
            return own.choice(own.found.sibling(forms[alpine]), alpine, why)
        wanted = own.found.sibling("-".join((*own.shape.words, f"alpine{alpine}")))
        return Refusal(f"{name}:{wanted} is not rebuilt; {', '.join(filter(None, forms))} are")
    if own.shape.alpine is not None:
        alpine = own.shape.alpine or own.stood_for(own.found.variant)
        return own.choice(own.tag, alpine or None, "it already is an alpine image")
    if "" not in forms:
        return Refusal(f"{own.name} moves from version to version, and no unnumbered alpine tag does so with it")
    choice = own.found.sibling(forms[""])
    behind = own.behind(choice, own.plain)
    if behind:
        return Refusal(behind)
    why = f"{name}:{choice} moves from version to version exactly as {own.name} does"
    return own.choice(choice, own.stood_for(forms[""]) or None, why)


def _alpine_itself(own: Asked, alpine: str | None, pinned: bool) -> TagChoice | Refusal:
    facts = own.facts
    release = parse_tag("alpine", own.tag).alpine
    if alpine is not None and alpine != release:
        if "." in alpine and facts.has(alpine):
            return own.choice(alpine, alpine, f"alpine {alpine} was asked for")
        return Refusal(f"alpine:{alpine} is not in the catalogue as an alpine release")
    if release is None and pinned:
        return Refusal(f"{own.name} moves from release to release, so that none can be pinned for it")
    variants = facts.variants(own.tag)
    known = release or (variants.alpine[-1] if variants is not None and variants.alpine else None)
    return own.choice(own.tag, known, "it already is alpine")


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
