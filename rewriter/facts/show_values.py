"""How sizes, choices and configurations are written in `facts show`."""

from __future__ import annotations

from rewriter.facts.records import TagChoice

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from rewriter.facts.image_facts import ImageFacts
    from rewriter.facts.records import Refusal

_LONGEST_ROW = 90


def chosen(facts: ImageFacts, choice: TagChoice | Refusal) -> str:
    """The reference that was chosen, or "none"."""
    return f"{choice.image or facts.name}:{choice.tag}" if isinstance(choice, TagChoice) else "none"


def size_text(facts: ImageFacts, tag: str) -> str:
    """The size of a tag with its quality, date and origin; an estimate is "about"."""
    size = facts.size(tag)
    if size is None:
        return "not known"
    about = "about " if size.quality == "estimate" else ""
    pulled = f", {size.compressed:.1f} MB to pull" if size.compressed is not None else ""
    note = f"; {size.note}" if size.note else ""
    return f"{about}{size.megabytes:.1f} MB{pulled} ({size.quality}, {size.date}{note})"


def config_lines(facts: ImageFacts, tag: str) -> Iterator[tuple[str, str]]:
    """The inherited configuration, or that it is not known."""
    if not facts.config_known_of(tag):
        said = facts.said("unread", tag)
        yield "carries", "not known" + (f": {said[-1]}" if said else "")
        return
    config = facts.config_of(tag)
    yield "carries", f"WORKDIR {config.workdir}, USER {config.user}"
    yield "", f"ENTRYPOINT {_exec(config.entrypoint)}, CMD {_exec(config.cmd)}"
    if config.expose:
        yield "", f"EXPOSE {' '.join(config.expose)}"
    if config.stopsignal:
        yield "", f"STOPSIGNAL {config.stopsignal}"
    if config.volumes:
        yield "", f"VOLUME {' '.join(config.volumes)}"
    for name, value in config.env.items():
        yield "", f"ENV {name}={value}"
    for name in config.sets:
        yield "", f"ENV {name}, which changes with every release"


def _exec(words: tuple[str, ...]) -> str:
    return "[" + ", ".join(f'"{word}"' for word in words) + "]" if words else "none"


def wrapped(words: tuple[str, ...]) -> Iterator[str]:
    """The words in rows, joined by commas."""
    row = ""
    for word in words:
        if row and len(row) + len(word) > _LONGEST_ROW:
            yield row + ","
            row = ""
        row = f"{row}, {word}" if row else word
    yield row
