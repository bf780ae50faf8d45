"""Why a text is no Dockerfile."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rewriter.syntax import DockerfileError

_KINDS = {
    "rejected: template": (r"unknown instruction '(?:\{\{|\{%|<%)", "A template whose markers start a line."),
    "rejected: unknown instruction": ("unknown instruction", "A line that starts with no keyword."),
    "rejected: no instructions": ("no instructions", "Nothing but comments and blank lines, or nothing."),
    "rejected: no FROM": ("no FROM", "Global arguments without a stage."),
    "rejected: instruction before FROM": ("before FROM", "A fragment, or an instruction above the first FROM."),
    "rejected: words of FROM": ("requires either one argument, or three", "Too many words behind FROM."),
    "rejected: name of a stage": ("build stage|is reserved", "A stage is called what it cannot be called."),
    "rejected: no destination": ("no destination", "COPY or ADD of one word."),
    "rejected: heredoc as destination": ("heredoc as destination", "A heredoc where the destination stands."),
    "rejected: no arguments": (
        "requires at least one argument|requires exactly one|missing command",
        "An instruction without the words that it needs.",
    ),
    "rejected: ENV without a value": (
        "must have two arguments|can't find =|can not be blank",
        "Words of ENV, LABEL or ARG that are no pairs.",
    ),
    "rejected: unknown flag": ("unknown flag", "A flag that the instruction does not have."),
    "rejected: flag twice": ("duplicate flag", "A flag that may stand once stands twice."),
    "rejected: value of a flag": (
        "missing a value|expecting boolean|is a blank in a flag",
        "A flag without its value, or with a wrong one.",
    ),
    "rejected: JSON of something else": ("only string type|JSON form", "An exec form that is no array of strings."),
    "rejected: directive": (
        "escape token|parser directive",
        "A directive that stands twice or says what it cannot say.",
    ),
    "rejected: heredoc without end": ("unterminated heredoc", "No line ends a heredoc."),
    "rejected: line too long": ("longer than", "A line past the length that the builder reads."),
    "rejected: HEALTHCHECK": ("NONE takes|unknown type", "A HEALTHCHECK that is neither CMD nor NONE."),
    "rejected: ONBUILD": ("ONBUILD trigger", "A trigger that cannot be one."),
}

OTHER = "rejected: other"
DESCRIPTIONS = {name: sentence for name, (_, sentence) in _KINDS.items()} | {OTHER: "Any other reason."}


def kind(error: DockerfileError) -> str:
    """The class of a reason."""
    return next((name for name, (pattern, _) in _KINDS.items() if re.search(pattern, error.reason)), OTHER)
