"""Where ``bundle config`` keeps what it is told: beside the application, which is carried, or in somebody's home.

Bundler reads both whenever the application starts: groups that were left out when gems were installed must be left out
then, too. Without ``--local`` and ``--global``, bundler 2.1 keeps a setting beside the application where it finds a
Gemfile, and in the home otherwise; older ones keep it in the home. Source: bundler, lib/bundler/cli/config.rb, 2.5.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from rewriter.facts import parse_tag
from rewriter.model.paths import below
from rewriter.userland.runtime import ROOT_NAMES

if TYPE_CHECKING:
    from rewriter.ecosystems.ecosystem import Ecosystem
    from rewriter.model.run import Step

HOME = "/root/.bundle"
_WITH_BUNDLER_2_1 = (2, 7)
"""The first Ruby that brings it. Source: its release notes, 2019-12."""


def settings_at_home(language: Ecosystem, bundler: list[Step]) -> dict[str, str] | str:
    """The folder of root's settings with the reason, where some are kept there; or why that cannot be told."""
    for step in bundler:
        words = [word for word in step.argv[1:] if word]
        if words[:1] != ["config"] or len(words) < 3 or "--local" in words:
            continue
        line = step.instruction.line
        if "--global" not in words and _gemfile_before(language, step):
            if _version(language) >= _WITH_BUNDLER_2_1:
                continue
            return f"line {line}: whether `bundle config` keeps this in a home is not known without --local"
        state = language.stage.state_at(step.instruction)
        if state.user not in ROOT_NAMES or {"HOME", "BUNDLE_USER_HOME", "BUNDLE_USER_CONFIG"} & {*step.variables}:
            return f"line {line}: in whose home `bundle config` keeps this is not known"
        return {HOME: f"line {line} keeps settings of bundler there"}
    return {}


def _gemfile_before(language: Ecosystem, step: Step) -> bool:
    """True when a COPY before the command brings the Gemfile of its working directory."""
    path = step.absolute("Gemfile")
    if path is None or language.files.origin(path) is None:
        return False
    brought = (copy for copy in language.files.copies if copy.instruction.start < step.instruction.start)
    return any(
        copy.target == path or (copy.kind == "dir" and below(posixpath.dirname(path), (copy.target or path,)))
        for copy in brought
    )


def _version(language: Ecosystem) -> tuple[int, ...]:
    image = language.stage.root.image
    version = parse_tag("ruby", image.tag).version if image is not None else None
    return tuple(int(part) for part in (version or "0").split(".")[:2] if part.isdigit())
