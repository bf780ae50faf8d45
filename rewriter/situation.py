"""One reading of a text: the tree and all that is derived from it, lazily and once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

from rewriter.facts import CATALOGUE, Facts
from rewriter.model.image_ref import ImageRef
from rewriter.model.stages import Model, Stage, unknown_base
from rewriter.model.state import State
from rewriter.surroundings import Surroundings
from rewriter.syntax import Dockerfile, parse
from rewriter.transform import Level, Phase

if TYPE_CHECKING:
    from rewriter.context import BuildContext
    from rewriter.ecosystems.ecosystem import Ecosystem
    from rewriter.ecosystems.go import GoStage
    from rewriter.ecosystems.go_sources import GoSources
    from rewriter.model.files import StageFiles
    from rewriter.model.run import Run


@dataclass(frozen=True, slots=True)
class Options:
    """What the user asked for."""

    level: Level = Level.REVIEW
    alpine: str | None = None
    """The alpine release (X.Y) to pin, or None for the newest that the tag ever had."""
    runtime: str | None = None
    """alpine, slim, distroless or scratch; None lets the evidence choose."""
    target: str | None = None
    build_args: Mapping[str, str] = field(default_factory=dict)
    surroundings: Surroundings = field(default_factory=Surroundings)


class Situation:
    """What transforms plan on."""

    def __init__(
        self,
        text: str,
        context: BuildContext | None = None,
        options: Options | None = None,
        facts: Facts | None = None,
    ) -> None:
        self.text = text
        self.context = context
        self.options = options or Options()
        self.facts = facts or CATALOGUE
        self.ahead: frozenset[Phase] = frozenset()
        """Phases of the transforms that run after this one."""
        self.dockerfile: Dockerfile = parse(text)

    @cached_property
    def model(self) -> Model:
        """Stages, scopes and states."""
        return Model(self.dockerfile, self.options.build_args, self.options.target, self._base_state)

    def _base_state(self, image: ImageRef) -> State:
        known = self.facts.image(image.short_name)
        if image.repository == "scratch":
            return State(base_known=True)
        tag = image.tag or "latest"
        if known is None:
            return unknown_base(image)
        config = known.config_of(tag)
        if not known.config_known_of(tag):
            # What these tags set differs from release to release; the user of such an image does not.
            told = (
                known.config_known
                and known.kind in ("language", "service", "build-tool", "runtime")
                and config.user != "-"
            )
            return replace(unknown_base(image), user=config.user if told else None)
        return State(env=dict(config.env), base_known=True, workdir=config.workdir or "/", user=config.user)

    @cached_property
    def sources(self) -> GoSources | None:
        """The Go sources of the context; None when there is no context or it holds none."""
        from rewriter.ecosystems.go_sources import GoSources

        if self.context is None:
            return None
        sources = GoSources(self.context)
        return sources if sources.folders else None

    @cached_property
    def _files(self) -> dict[int, StageFiles]:
        return {}

    def files(self, stage: Stage) -> StageFiles:
        """The files of a stage, as far as they are known."""
        from rewriter.model.files import StageFiles

        if stage.index not in self._files:
            self._files[stage.index] = StageFiles(stage, self.context)
        return self._files[stage.index]

    def runs(self, stage: Stage) -> tuple[Run, ...]:
        """Every RUN of a stage and its parents."""
        from rewriter.model.run import runs_of

        if stage.index not in self._runs:
            self._runs[stage.index] = runs_of(stage)
        return self._runs[stage.index]

    @cached_property
    def _runs(self) -> dict[int, tuple[Run, ...]]:
        return {}

    @cached_property
    def _ecosystems(self) -> dict[int, Ecosystem | None]:
        return {}

    def ecosystem(self, stage: Stage) -> Ecosystem | None:
        """The language that a stage builds in; None when none is recognised."""
        from rewriter.ecosystems.find import ecosystem_of

        if stage.index not in self._ecosystems:
            self._ecosystems[stage.index] = ecosystem_of(self, stage)
        return self._ecosystems[stage.index]

    @cached_property
    def _go(self) -> dict[int, GoStage]:
        return {}

    def go(self, stage: Stage) -> GoStage:
        """What a stage does with Go."""
        from rewriter.ecosystems.go import GoStage

        if stage.index not in self._go:
            self._go[stage.index] = GoStage(stage, self.files(stage), self.sources, self.runs(stage))
        return self._go[stage.index]
