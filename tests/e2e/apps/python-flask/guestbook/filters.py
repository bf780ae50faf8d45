"""What templates may do to a text."""

from __future__ import annotations

import markdown
from markupsafe import Markup


def to_html(text: str) -> Markup:
    """Markdown as safe HTML."""
    return Markup(markdown.markdown(text))
