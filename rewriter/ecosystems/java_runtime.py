"""The JRE that runs what a JDK compiled: the same major version, by a tag that exists."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rewriter.ecosystems.runtime_base import RuntimeBase
from rewriter.transform import Evidence

if TYPE_CHECKING:
    from rewriter.ecosystems.runtime_base import Builder
    from rewriter.facts import Facts
    from rewriter.model.stages import Stage

_NAMED = re.compile(r"(?:openjdk|jdk|temurin|corretto|semeru|ibmjava|sapmachine|liberica|zulu|graalvm\w{0,20})-?(\d+)")
_OWN = frozenset(
    "openjdk eclipse-temurin amazoncorretto ibmjava sapmachine ibm-semeru-runtimes java adoptopenjdk".split()
)
_NEWEST_LONG_LIVED = "jammy"


def java_version(stage: Stage) -> int | None:
    """The major version of Java in a stage's image, as its tag names it; None when it does not."""
    image = stage.root.image
    if image is None:
        return None
    found = _NAMED.search(image.tag)
    if found is None and image.short_name in _OWN:
        found = re.match(r"(\d+)", image.tag)
    return int(found[1]) if found else None


def java_bases(facts: Facts, builder: Builder, stage: Stage, version: int | None) -> list[RuntimeBase]:
    """Candidates, best first: on Ubuntu's release of the builder where there is one, then on Alpine."""
    page = facts.image("eclipse-temurin")
    if version is None or page is None:
        return [RuntimeBase("eclipse-temurin", "slim", [f"which Java {stage.root.image_word} has is not known"])]
    suites = (builder.suite,) if builder.family == "ubuntu" and builder.suite else (_NEWEST_LONG_LIVED,)
    tags = [f"{version}-jre-{suite}" for suite in suites] + [f"{version}-jre"]
    found: list[RuntimeBase] = []
    for kind, names in (("slim", tags), ("alpine", [f"{version}-jre-alpine"])):
        tag = next((name for name in names if page.has(name)), None)
        if tag is None:
            found.append(RuntimeBase(f"eclipse-temurin:{version}-jre", kind, ["no such JRE is in the catalogue"]))
            continue
        evidence = Evidence(f"eclipse-temurin:{tag} exists", f"{page.source}, {page.as_of}")
        base = RuntimeBase(f"eclipse-temurin:{tag}", kind, [], [evidence], programs=page.programs(tag))
        base.variables = page.config_of(tag).env if page.config_known_of(tag) else None
        base.environment = frozenset(base.variables or ()) | {"JAVA_HOME"}
        found.append(base)
    return found
