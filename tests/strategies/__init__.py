"""Generated Dockerfiles: whole files by grammar, Go builds, and lines full of what the reader must not trip over."""

from __future__ import annotations

from hypothesis import strategies as st

from tests.strategies.files import dockerfiles, go_dockerfiles
from tests.strategies.hostile import HARD_PIECES, hard_texts

__all__ = ["HARD_PIECES", "any_text", "dockerfiles", "go_dockerfiles", "hard_texts"]


def any_text() -> st.SearchStrategy[str]:
    """Every kind of generated text."""
    return dockerfiles() | go_dockerfiles() | hard_texts()
