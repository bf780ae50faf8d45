"""Compiled languages whose sources are searched for their strings and calls, which is what `source_words` finds."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

from rewriter.ecosystems.ecosystem import Ecosystem
from rewriter.ecosystems.source_words import Calls, Source, source_reads, sources_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rewriter.ecosystems.artefacts import Artefact
    from rewriter.ecosystems.reads import RuntimeFiles
    from rewriter.model.launch import Launch


class SourcedEcosystem(Ecosystem):
    """What is known from the sources alone; a language adds what its dependencies ask for."""

    calls: ClassVar[Calls] = Calls()
    """Names of its calls."""
    skipped: ClassVar[frozenset[str]] = frozenset()
    """Names of folders whose sources are no part of the program: tests, outputs, what others wrote."""

    @cached_property
    def sources(self) -> tuple[Source, ...]:
        """The project's own sources, as the build context has them."""
        return tuple(sources_of(self, self.skipped, all_quotes=self.calls.all_quotes))

    @property
    def sources_seen(self) -> bool:
        """True when the build context holds sources."""
        return bool(self.sources)

    @cached_property
    def literals(self) -> frozenset[str]:
        """All strings of the sources."""
        return frozenset(literal for source in self.sources for literal in source.literals)

    @property
    def generates(self) -> bool:
        """True when the build itself may write files that run time reads, beside its programs."""
        return False

    def reads(self, artefacts: tuple[Artefact, ...], launch: Launch, made: Mapping[str, str]) -> RuntimeFiles:
        """By the strings and calls of the sources."""
        return source_reads(self, launch, made, self.sources, self.calls, generates=self.generates)
