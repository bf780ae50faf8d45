"""The base image of the runtime stage: candidates in order of preference, each with its vetoes; the best one wins.

Golden rule: the same libc and the same distribution release on both stages, unless the program is proven static.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from rewriter.ecosystems.artefacts import Artefact
from rewriter.ecosystems.ecosystem import Ecosystem
from rewriter.facts import (
    CATALOGUE,
    Facts,
    Refusal,
    alpine_release_eol,
    alpine_tag,
    debian_slim,
    debian_suite_eol,
    is_older_than,
    parse_tag,
)
from rewriter.facts.images import ImageFacts
from rewriter.model.image_ref import ImageRef, parse_image
from rewriter.model.stages import Stage
from rewriter.transform import Certainty, Evidence

DISTROLESS_STATIC = "gcr.io/distroless/static-debian13"
"""Certificates, time zones, /tmp and users, no shell. Source: GoogleContainerTools/distroless at 2026-08-21."""


@dataclass(frozen=True, slots=True)
class Builder:
    """The base of the builder: how its image word is to read, and what its programs link to."""

    image: str | None
    """The pinned image to write; None leaves the image as it stands."""
    alpine: str | None
    suite: str | None
    musl: bool
    evidence: tuple[Evidence, ...] = ()
    family: str = "debian"
    """debian or ubuntu, where it is not musl."""


@dataclass(slots=True)
class RuntimeBase:
    """A candidate."""

    image: str
    kind: str
    """alpine, slim, distroless or scratch."""
    vetoes: list[str] = field(default_factory=list)
    evidence: list[Evidence] = field(default_factory=list)
    programs: frozenset[str] = frozenset()
    """Programs of the image's own layer (``java``), beside those of its distribution."""
    environment: frozenset[str] = frozenset()
    """Names of ENV that the image sets as the builder's base does."""
    variables: Mapping[str, str] | None = None
    """ENV of the image with the values; None where it is not known, or of no concern."""
    setup: tuple[str, ...] = ()
    """One RUN that sets it up for what it starts, in lines."""
    announced: frozenset[str] = frozenset()
    """Differences of its configuration that are meant; see `Change.announced`."""
    lines: tuple[str, ...] = ()
    """ENV lines that make it behave as the builder's image does."""
    users: frozenset[str] = frozenset()
    """Users of the image's own layer (``node``)."""
    same_system: bool = False
    """True when it stands on the very system of the builder: users, their numbers and paths are the same."""

    @property
    def has_shell(self) -> bool:
        """True when it has /bin/sh and a package manager."""
        return self.kind in ("alpine", "slim")


def builder_of(
    facts: ImageFacts, image: ImageRef, alpine: str | None, pinnable: bool, portable: bool = False
) -> Builder | str:
    """How the stage's image is pinned, or why it is no base to build on.

    ``portable``: what it makes runs on any system, so that the builder may stand on any, and its tag stays.
    """
    tag = image.tag or "latest"
    shown = f"{facts.name}:{tag}"
    if not facts.has(tag):
        return f"{shown} is not in the catalogue"
    parsed = parse_tag(facts.name, tag)
    if facts.name == "golang" and parsed.rest:
        return f"{shown} is a variant of its own ({parsed.rest})"
    family = facts.family(tag)
    if family == "alpine":
        return _alpine_builder(facts, image, tag, alpine, pinnable and not portable)
    suite = facts.suite(tag)
    if portable and family in ("debian", "ubuntu", "rhel", "amazon", None):
        return Builder(None, None, suite, False, (), family or "debian")
    if family not in ("debian", "ubuntu") or suite is None:
        return f"which release of Debian {shown} stands on is not known"
    pinned = _with_suite(facts, tag, suite) if parsed.suite is None and pinnable else None
    evidence = Evidence(f"{shown} stands on {family.capitalize()} {suite}", f"{facts.source}, {facts.as_of}")
    return Builder(image.with_tag(pinned) if pinned else None, None, suite, False, (evidence,), family)


def _with_suite(facts: ImageFacts, tag: str, suite: str) -> str | None:
    """The tag of the same variant that names its suite: a bare one moves to another suite one day."""
    bare = tag.removesuffix("-slim")
    slim = tag != bare
    written = (f"{bare}-slim-{suite}", f"{bare}-{suite}-slim") if slim else (f"{bare}-{suite}",)
    plain = (suite,) if tag == "latest" else ()
    return next((name for name in (*plain, *written) if facts.has(name)), None)


def _alpine_builder(facts: ImageFacts, image: ImageRef, tag: str, alpine: str | None, pinnable: bool) -> Builder | str:
    choice = alpine_tag(facts, tag, alpine, pinned=True) if pinnable else alpine_tag(facts, tag)
    if isinstance(choice, Refusal):
        if alpine is not None:
            return choice.reason
        choice = alpine_tag(facts, tag)
        if isinstance(choice, Refusal):
            return choice.reason
        if facts.name == "alpine" and choice.alpine and facts.has(choice.alpine) and pinnable:
            known = Evidence(f"{facts.name}:{tag} is {choice.alpine}", f"{choice.source}, {choice.date}")
            return Builder(image.with_tag(choice.alpine), choice.alpine, None, True, (known,))
        moving = Evidence(
            f"{facts.name}:{tag} moves from version to version, so its alpine release cannot be pinned",
            "catalogue",
            Certainty.ASSUMED,
        )
        return Builder(None, choice.alpine, None, True, (moving,))
    write = image.with_tag(choice.tag) if pinnable and choice.tag != tag else None
    evidence = Evidence(f"{facts.name}:{choice.tag} exists", f"{choice.source}, {choice.date}")
    return Builder(write, choice.alpine, None, True, (evidence,))


def candidates(
    facts: Facts,
    builder: Builder,
    language: Ecosystem,
    artefacts: tuple[Artefact, ...],
    wanted: str | None,
    alpine: str | None,
) -> list[RuntimeBase]:
    """Candidates for the runtime, best first; with ``wanted`` that kind alone."""
    static = bool(artefacts) and all(artefact.static for artefact in artefacts)
    found = language.bases(facts, builder, artefacts)
    if found is None:
        found = [
            _alpine(facts, builder, language, static, alpine),
            _slim(builder, static),
            RuntimeBase(DISTROLESS_STATIC, "distroless", _static_only(static)),
            RuntimeBase("scratch", "scratch", _static_only(static)),
        ]
    if wanted is not None:
        return [base for base in found if base.kind == wanted]
    return [base for base in found if base.has_shell]


def own_image(facts: Facts, builder: Builder, stage: Stage) -> RuntimeBase:
    """The runtime of an interpreted application: the builder's own image, when that is slim or alpine.

    Then interpreter, libc, release and users are the same on both sides. Of a full image the swaps that run before the
    split make a slim one, and know what it lacks: where they refuse, so does the split.
    """
    image = stage.root.image
    page = facts.image(image.short_name) if image is not None else None
    if image is None or page is None:
        return RuntimeBase("", "slim", ["its image is none of the catalogue"])
    tag = image.tag or "latest"
    kind = "alpine" if builder.musl else "slim"
    base = RuntimeBase(builder.image or stage.root.image_word, kind, same_system=True, programs=page.programs(tag))
    base.users = frozenset(user.name for user in page.users(tag))
    base.environment = frozenset(page.config_of(tag).env) if page.config_known_of(tag) else frozenset()
    if "full" in page.carries(tag) and kind == "slim":
        base.vetoes.append("it is a full image, whose slim tag was not found to do as well (slim_base says why)")
    return base


def _static_only(static: bool) -> list[str]:
    return [] if static else ["the program is not proven static"]


def _alpine(facts: Facts, builder: Builder, language: Ecosystem, static: bool, alpine: str | None) -> RuntimeBase:
    page = facts.image("alpine")
    release = builder.alpine or alpine
    if release is None and not builder.musl:
        release = newest_alpine(facts, language)
    base = RuntimeBase(f"alpine:{release}" if release else "alpine", "alpine", variables={})
    if release is None or page is None or not page.has(release):
        base.vetoes.append("no alpine release to pair with it is in the catalogue")
    elif not builder.musl and not static:
        base.vetoes.append("the program may need glibc, which alpine does not have")
    if page is not None:
        base.evidence.append(Evidence(f"{base.image} exists", f"{page.source}, {page.as_of}"))
    return base


def newest_alpine(facts: Facts, language: Ecosystem) -> str | None:
    """The newest alpine release that the builder's own version was ever built on; None when it has no such tag."""
    image = language.stage.root.image
    page = facts.image(image.short_name) if image is not None else None
    if image is None or page is None:
        return None
    variants = page.variants(parse_tag(page.name, image.tag).version or "latest")
    return variants.alpine[-1] if variants is not None and variants.alpine else None


def _slim(builder: Builder, static: bool) -> RuntimeBase:
    if builder.musl and not static:
        return RuntimeBase("debian", "slim", ["the program is linked against musl, which Debian does not have"])
    if builder.family == "ubuntu":
        return _ubuntu(builder)
    tag = debian_slim(builder.suite) if builder.suite is not None else None
    if tag is None:
        return RuntimeBase("debian", "slim", ["no debian:*-slim of the builder's release is in the catalogue"])
    return RuntimeBase(f"debian:{tag}", "slim", [], [Evidence(f"debian:{tag} exists", "catalogue")], variables={})


def _ubuntu(builder: Builder) -> RuntimeBase:
    """Ubuntu's only image; it has no slim one, and is as small as Debian's."""
    page = CATALOGUE.image("ubuntu")
    if page is None or builder.suite is None or not page.has(builder.suite):
        return RuntimeBase("ubuntu", "slim", ["no ubuntu of the builder's release is in the catalogue"])
    evidence = Evidence(f"ubuntu:{builder.suite} exists", f"{page.source}, {page.as_of}")
    return RuntimeBase(f"ubuntu:{builder.suite}", "slim", [], [evidence])


def ageing(image: str, today: str, newer: str = "Go image") -> str | None:
    """What is weak about a base that is bound to an image's version: end of life, no DNS over TCP."""
    ref = parse_image(image)
    if ref.repository == "debian":
        end = debian_suite_eol(ref.tag.removesuffix("-slim"))
        gone = end is not None and end < today
        return f"{image} has had no updates since {end}: a newer {newer} would bring a newer Debian" if gone else None
    if ref.repository != "alpine" or not ref.tag:
        return None
    remarks = []
    end = alpine_release_eol(ref.tag)
    if end is not None and end < today:
        remarks.append(f"has had no updates since {end}")
    if is_older_than(ref.tag, "3.18"):
        remarks.append("knows no DNS over TCP (musl before 1.2.4)")
    return f"{image} {' and '.join(remarks)}: a newer {newer} would bring a newer alpine" if remarks else None
