"""The library's front door."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from rewriter.chain import run_chain
from rewriter.discovery import chosen
from rewriter.situation import Options
from rewriter.source import decode, encode

if TYPE_CHECKING:
    from rewriter.context import BuildContext
    from rewriter.facts import Facts
    from rewriter.result import Result
    from rewriter.transform import Transform


class HasContent(Protocol):
    """What is read of a ``dockerfile_parse.DockerfileParser``."""

    @property
    def content(self) -> str:
        """The whole Dockerfile."""


def rewrite(
    dockerfile: str | bytes | HasContent,
    *,
    context: BuildContext | None = None,
    options: Options | None = None,
    transforms: Sequence[Transform] | None = None,
    facts: Facts | None = None,
) -> Result:
    """Rewrites one Dockerfile given as text, as bytes, or as dockerfile-parse's ``DockerfileParser``.

    Reads nothing but its arguments and the shipped facts (or ``facts``) and writes nothing: ``Result.after`` is the
    new text. Raises DockerfileError with line and reason when BuildKit would not accept the file.
    """
    if isinstance(dockerfile, bytes):
        text = decode(dockerfile)
    elif isinstance(dockerfile, str):
        text = decode(encode(dockerfile))
    else:
        text = dockerfile.content
    return run_chain(text, chosen() if transforms is None else transforms, context, options, facts=facts)
