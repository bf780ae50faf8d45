"""The base image of the runtime stage: candidates in order of preference, each with its vetoes; the best one wins.

Golden rule: the same libc and the same distribution release on both stages, unless the program is proven static.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from rewriter.ecosystems.go import Artefact
from rewriter.facts import (
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


@dataclass(slots=True)
class RuntimeBase:
    """A candidate."""

    image: str
    kind: str
    """alpine, slim, distroless or scratch."""
    vetoes: list[str] = field(default_factory=list)
    evidence: list[Evidence] = field(default_factory=list)

    @property
    def has_shell(self) -> bool:
        """True when it has /bin/sh and a package manager."""
        return self.kind in ("alpine", "slim")


def builder_of(facts: ImageFacts, image: ImageRef, alpine: str | None, pinnable: bool) -> Builder | str:
    """How the stage's golang image is pinned, or why it is no base to build on."""
    tag = image.tag or "latest"
    parsed = parse_tag("golang", tag)
    if not facts.has(tag):
        return f"golang:{tag} is not in the catalogue"
    if parsed.rest:
        return f"golang:{tag} is a variant of its own ({parsed.rest})"
    if parsed.flavour == "alpine":
        return _alpine_builder(facts, image, tag, alpine, pinnable)
    variants = facts.variants(parsed.version or "latest")
    suite = parsed.suite or (variants.bare_suite if variants is not None else None)
    if suite is None:
        return f"which Debian release golang:{tag} stands on is not known"
    pinned = f"{parsed.version}-{suite}" if parsed.version is not None else suite
    write = parsed.suite is None and pinnable and facts.has(pinned)
    evidence = Evidence(f"golang:{tag} stands on Debian {suite}", f"{facts.source}, {facts.as_of}")
    return Builder(image.with_tag(pinned) if write else None, None, suite, False, (evidence,))


def _alpine_builder(facts: ImageFacts, image: ImageRef, tag: str, alpine: str | None, pinnable: bool) -> Builder | str:
    choice = alpine_tag(facts, tag, alpine, pinned=True) if pinnable else alpine_tag(facts, tag)
    if isinstance(choice, Refusal):
        if alpine is not None:
            return choice.reason
        choice = alpine_tag(facts, tag)
        if isinstance(choice, Refusal):
            return choice.reason
        moving = Evidence(
            f"golang:{tag} moves from version to version, so its alpine release cannot be pinned",
            "catalogue",
            Certainty.ASSUMED,
        )
        return Builder(None, choice.alpine, None, True, (moving,))
    write = image.with_tag(choice.tag) if pinnable and choice.tag != tag else None
    evidence = Evidence(f"golang:{choice.tag} exists", f"{choice.source}, {choice.date}")
    return Builder(write, choice.alpine, None, True, (evidence,))


def candidates(
    facts: Facts,
    builder: Builder,
    artefacts: tuple[Artefact, ...],
    wanted: str | None,
    alpine: str | None,
    golang_tag: str,
) -> list[RuntimeBase]:
    """Candidates for the runtime, best first; with ``wanted`` that kind alone."""
    static = bool(artefacts) and all(artefact.static for artefact in artefacts)
    found = [
        _alpine(facts, builder, static, alpine, golang_tag),
        _slim(builder, static),
        RuntimeBase(DISTROLESS_STATIC, "distroless", _static_only(static)),
        RuntimeBase("scratch", "scratch", _static_only(static)),
    ]
    if wanted is not None:
        return [base for base in found if base.kind == wanted]
    return [base for base in found if base.has_shell]


def _static_only(static: bool) -> list[str]:
    return [] if static else ["the program is not proven static (CGO_ENABLED=0 is not set where it is built)"]


def _alpine(facts: Facts, builder: Builder, static: bool, alpine: str | None, golang_tag: str) -> RuntimeBase:
    page = facts.image("alpine")
    release = builder.alpine or alpine
    if release is None and not builder.musl:
        golang = facts.image("golang")
        variants = golang.variants(parse_tag("golang", golang_tag).version or "latest") if golang is not None else None
        release = variants.alpine[-1] if variants is not None and variants.alpine else None
    base = RuntimeBase(f"alpine:{release}" if release else "alpine", "alpine")
    if release is None or page is None or not page.has(release):
        base.vetoes.append("no alpine release to pair with it is in the catalogue")
    elif not builder.musl and not static:
        base.vetoes.append("the program may need glibc, which alpine does not have")
    if page is not None:
        base.evidence.append(Evidence(f"{base.image} exists", f"{page.source}, {page.as_of}"))
    return base


def _slim(builder: Builder, static: bool) -> RuntimeBase:
    if builder.musl and not static:
        return RuntimeBase("debian", "slim", ["the program is linked against musl, which Debian does not have"])
    tag = debian_slim(builder.suite) if builder.suite is not None else None
    if tag is None:
        return RuntimeBase("debian", "slim", ["no debian:*-slim of the builder's release is in the catalogue"])
    return RuntimeBase(f"debian:{tag}", "slim", [], [Evidence(f"debian:{tag} exists", "catalogue")])


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
