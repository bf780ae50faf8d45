"""What a pull request says: its title, its body, its commits, and a remark on each hunk.

A campaign may give its own templates (`string.Template`): the title knows ``$summary``, ``$path``, ``$before`` and
``$after``; the body ``$body``, ``$path`` and ``$stop``; a commit ``$subject`` and ``$body``.
"""

from __future__ import annotations

import string
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rewriter.bot.identity import RETRY_LABEL
from rewriter.report.markdown import changes, findings, left_alone, sizes, verified
from rewriter.report.markup import code, escaped, prose, seen
from rewriter.source import decode, encode

if TYPE_CHECKING:
    from rewriter.proof.verdict import Proof
    from rewriter.result import Result
    from rewriter.transform import Transform

MOST_BODY = 60_000
"""Characters; GitHub takes 65,536, and the marker comes on top."""
MOST_TITLE = 120

# A forge breaks a paragraph wherever its text has a line end, so each is one line.
_STOP = (
    "---\n\n<details><summary>How this works, and how to stop it</summary>\n\n"
    "`dfrewrite` wrote this by reading the Dockerfile and the files beside it; it has no opinion, only reasons. "
    "It updates this branch when its result changes or the branch conflicts, and never once somebody else has pushed "
    f"to it. **Close this pull request and it will not come back**, unless somebody adds the label `{RETRY_LABEL}`.\n\n"
    "To stop it for good: `enabled = false` in a `dfrewrite.toml` at the top of the repository. To keep it from one "
    "stage: `# dfrewrite: ignore` above its `FROM`; from one file: `# dfrewrite: ignore-file` in it. Other settings "
    "(level, transforms, kind of runtime image) go into `dfrewrite.toml`, too.\n\n</details>"
)


@dataclass(frozen=True, slots=True)
class Change:
    """One Dockerfile that changes."""

    path: str
    result: Result
    proof: Proof | None = None


@dataclass(frozen=True, slots=True)
class Words:
    """A campaign's own templates; an empty one is ours."""

    title: str = ""
    body: str = ""
    commit: str = ""


def pull_title(found: Sequence[Change], words: Words) -> str:
    """One line: what is done, where, and what it brings."""
    transforms = _transforms(found)
    summary = transforms[-1].summary if transforms else "Rewrite"
    where = f"in {found[0].path}" if len(found) == 1 else f"in {len(found)} Dockerfiles"
    before, after = _in_words(found)
    brings = f": {before} to {after}" if before and after else ""
    ours = f"{summary} {where}{brings}"
    fields = {"summary": summary, "path": found[0].path, "before": before, "after": after}
    title = seen(string.Template(words.title).safe_substitute(fields) if words.title else ours)
    return title if len(title) <= MOST_TITLE else f"{title[: MOST_TITLE - 1]}…"


def pull_body(found: Sequence[Change], words: Words) -> str:
    """The body without its marker, of at most `MOST_BODY` characters; how to stop the bot is never cut."""
    sections = "\n".join(line for each in found for line in _section(each, alone=len(found) == 1))
    room = MOST_BODY - len(_STOP) - len(words.body) - 100
    if len(sections) > room:
        sections = (
            f"{sections[:room].rpartition(chr(10))[0]}\n\n… cut here: there is more than a pull request can hold."
        )
        sections += "\n</details>" * (sections.count("<details>") - sections.count("</details>"))
    if words.body:
        fields = {"body": sections, "path": code(found[0].path), "stop": _STOP}
        filled = string.Template(words.body).safe_substitute(fields)
        return filled if "$stop" in words.body or "${stop}" in words.body else f"{filled}\n\n{_STOP}"
    return f"{sections}\n\n{_STOP}"


def _section(change: Change, *, alone: bool) -> Iterator[str]:
    if not alone:
        yield f"## {code(change.path)}"
        yield ""
    yield from sizes(change.result.forecast, change.proof)
    yield from changes(change.result)
    yield from verified(change.proof, changed=True)
    yield from findings(change.result)
    yield from left_alone(change.result)


def commit_messages(found: Sequence[Change], words: Words) -> list[tuple[str, dict[str, str]]]:
    """One commit for each transform, in their order: its message, and the new text of each file that it changes."""
    commits: list[tuple[str, dict[str, str]]] = []
    for transform in _transforms(found):
        texts: dict[str, str] = {}
        reasons: list[str] = []
        for change in found:
            for step in change.result.steps:
                if step.transform is transform and step.before != step.after:
                    texts[change.path] = step.after
                    reasons += [f"{change.path}: {made.why}" for made in step.changes]
                    reasons += [f"To look at: {doubt}" for made in step.changes for doubt in made.doubts]
        subject, body = transform.summary, "\n".join(map(_plain, dict.fromkeys(reasons)))
        fields = {"subject": subject, "body": body}
        message = string.Template(words.commit).safe_substitute(fields) if words.commit else f"{subject}\n\n{body}"
        commits.append((message, texts))
    return commits


def _transforms(found: Sequence[Change]) -> list[Transform]:
    """Those that changed something, in the order of the chain."""
    made = {step.transform for change in found for step in change.result.steps if step.before != step.after}
    return sorted(made, key=lambda transform: (transform.phase, transform.name))


def sizes_of(found: Sequence[Change]) -> tuple[int | None, int | None, bool]:
    """Bytes before and after, of all files together, and whether all were measured; None where one is not known."""
    before, after, measured = 0, 0, True
    for change in found:
        proof, forecast = change.proof, change.result.forecast
        if proof is not None and proof.before is not None and proof.after is not None:
            before += proof.before.uncompressed
            after += proof.after.uncompressed
        elif forecast is not None and forecast.before is not None and forecast.after is not None:
            measured = False
            before += round(forecast.before.likely * 1e6)
            after += round(forecast.after.likely * 1e6)
        else:
            return None, None, False
    return before, after, measured


def _in_words(found: Sequence[Change]) -> tuple[str, str]:
    """The sizes for a title; empty where they are not known."""
    before, after, measured = sizes_of(found)
    if before is None or after is None:
        return "", ""
    return f"{'' if measured else 'about '}{before / 1e6:,.0f} MB", f"{after / 1e6:,.0f} MB"


def _plain(text: str) -> str:
    """A line of a commit message: one line, of characters that can be seen and stored."""
    return decode(encode(" ".join(text.split())))


def hunk_comments(change: Change) -> list[tuple[int, int, str]]:
    """For each hunk of the new text: its first and last line, and why it is there, as Markdown."""
    from rewriter.diff import make_patch
    from rewriter.report.hunks import ChangesByLine

    found = []
    by_line = ChangesByLine(change.result)
    for file in make_patch(change.result.before, change.result.after, "Dockerfile"):
        for hunk in file:
            made = by_line.of_hunk(hunk.target_start, hunk.target_length)
            added = [number for line in hunk if line.is_added and (number := line.target_line_no) is not None]
            if made and added:
                text = "\n\n".join(f"**{escaped(transform.summary)}** {prose(each.why)}" for transform, each in made)
                found.append((added[0], added[-1], text))
    return found
