"""Edits of one RUN, in file offsets: words replaced or cut where they stand, comment lines kept.

Everything is asked for in offsets of the shell text; what lies between two words in the file (continuations, comment
lines) is found here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rewriter.edit import Edit, ordered
from rewriter.userland.carried import Refusal

if TYPE_CHECKING:
    from rewriter.shell import ShellWord
    from rewriter.syntax import Instruction, Logical, Span

BLANKS = " \t"
_UNSOUND = "its lines could not be rewritten soundly"


class Layout:
    """Collects the edits of one instruction; `text` is its shell text."""

    def __init__(self, instruction: Instruction, logical: Logical) -> None:
        self.source = instruction.source
        self.logical = logical
        self.text = logical.text
        self.escape = instruction.escape
        self.comments: list[tuple[int, int]] = [(span.start, span.end) for span in instruction.comments]
        self.body = any(h.body.start <= logical.offset(0) < h.body.end for h in instruction.heredocs)
        """True when the shell text is a heredoc's body: lines end commands there."""
        self._edits: list[Edit] = []
        self._cuts: list[tuple[int, int]] = []

    def replace(self, word: ShellWord, text: str) -> None:
        """Writes `text` where a word stands."""
        if text == word.raw:
            return
        span = self.logical.span(word.start, word.end)
        if not self.logical.whole(word.start, word.end) and self._inside(span):
            raise Refusal(f"`{word.raw}` is cut by a comment")
        self._edits.append(Edit(span.start, span.end, text))

    def cut_words(self, words: list[ShellWord]) -> None:
        """Takes out words that follow each other; the line that they leave empty goes with them."""
        start, end = words[0].start, words[-1].end
        first, last = self.logical.offset(start), self.logical.offset(end - 1) + 1
        line = self.source.rfind("\n", 0, first) + 1
        behind = self._content_end(last)
        leads = not self.source[line:first].strip() and "\n" not in self.source[first:last]
        if leads and self.source[last:behind].lstrip(BLANKS)[:1] not in ("", *"&|;)<>"):
            # The next word of the line takes their place.
            rest = self.source[last:behind]
            self._cuts.append((first, last + len(rest) - len(rest.lstrip(BLANKS))))
            return
        self.cut(self.blanks_before(start), end)

    def cut_ahead(self, start: int, end: int) -> None:
        """Takes out the first words of a command, up to the next one."""
        while end < len(self.text) and (self.text[end] in BLANKS or self.text.startswith("\\\n", end)):
            end += 1 if self.text[end] in BLANKS else 2
        self.cut(start, end, upto=True)

    def blanks_before(self, position: int) -> int:
        """Where the blanks and continuations before a position of the shell text begin."""
        while position:
            if self.text[position - 1] in BLANKS:
                position -= 1
            elif self.text[max(position - 2, 0) : position] == "\\\n":
                position -= 2
            else:
                break
        return position

    def one_line(self, start: int, end: int) -> bool:
        """True when a range of the shell text lies in one line of the file."""
        return "\n" not in self.source[self.logical.offset(start) : self.logical.offset(end - 1)]

    def breaks_behind(self, start: int, end: int) -> bool:
        """True when a range of the shell text, an operator, ends its line of the file."""
        return "\n" in self.source[self.logical.offset(start) : self.logical.offset(end)]

    def cut(self, start: int, end: int, comments: list[tuple[int, int]] | None = None, *, upto: bool = False) -> None:
        """Takes out a range of the shell text with the continuations in it; its comment lines stay in their order.

        `comments`: further ones, in offsets of the shell text (the lines of a heredoc's body). `upto`: what stands at
        `end` takes the place, so the continuations before it go too.
        """
        first = self.logical.offset(start - 1) + 1 if start and not upto else self.logical.offset(start)
        last = self.logical.offset(end) if upto else self.logical.offset(end - 1) + 1
        self._cuts.append((first, last))
        further = [(self.logical.offset(a), self.logical.offset(b - 1) + 1) for a, b in comments or ()]
        self.comments += [span for span in further if span not in self.comments]

    def _cut_edits(self) -> list[Edit]:
        """The edits of all cuts; those that touch are one."""
        merged: list[tuple[int, int]] = []
        for first, last in sorted(self._cuts):
            if merged and first <= merged[-1][1]:
                merged[-1] = (merged[-1][0], max(last, merged[-1][1]))
            else:
                merged.append((first, last))
        edits = []
        for first, last in merged:
            lines = sorted(span for span in self.comments if first <= span[0] and span[1] <= last)
            kept = "".join(self.source[a:b] for a, b in lines)
            edits.append(self._keeping(first, last, kept) if kept else Edit(first, last, ""))
        return edits

    def _keeping(self, first: int, last: int, comments: str) -> Edit:
        """The edit that cuts a range of the file but leaves comment lines in its place."""
        source = self.source
        line_end = source.index("\n", first) + 1
        tail = source[self._content_end(first) : line_end]
        if source[first - 1] not in BLANKS and not self.body:
            tail = f" {tail}"
        if not source[source.rfind("\n", 0, first) + 1 : first].strip():
            first, tail = source.rfind("\n", 0, first) + 1, ""
        behind = self._content_end(last)
        next_line = source.find("\n", last) + 1 or len(source)
        indent = source[(at := source.rfind("\n", 0, last) + 1) : at + _indent(source[at:last])]
        if rest := source[last:behind].lstrip(BLANKS):
            return Edit(first, behind - len(rest), f"{tail}{comments}{indent}")
        if self.body or source[behind:next_line].strip():
            return Edit(first, next_line, f"{tail}{comments}")
        # Nothing follows: the line before ends the instruction now, and the comment lines stand below it.
        newline = "\r\n" if tail.endswith("\r\n") else "\n"
        return Edit(first, behind, f"{newline}{comments.rstrip(chr(10)).rstrip(chr(13))}")

    def _content_end(self, position: int) -> int:
        """Where the content of the line at a position ends: before its continuation, or its line end."""
        end = self.source.find("\n", position)
        end = len(self.source) if end < 0 else end
        line = self.source[position:end].rstrip("\r")
        if self.body:
            return position + len(line) - line.endswith("\\")
        trimmed = line.rstrip(BLANKS)
        if trimmed.endswith(self.escape) and not trimmed.endswith(self.escape * 2):
            return position + len(trimmed) - 1
        return position + len(line)

    def _inside(self, span: Span) -> bool:
        return any(span.start <= a and b <= span.end for a, b in self.comments)

    def edits(self) -> tuple[Edit, ...]:
        """All edits by place. Those that touch are one, and none has an empty text: it keeps the character before."""
        merged: list[Edit] = []
        for edit in sorted([*self._edits, *self._cut_edits()], key=lambda edit: (edit.start, edit.end)):
            if merged and edit.start < merged[-1].end:
                raise Refusal(_UNSOUND)
            if merged and edit.start == merged[-1].end:
                before = merged.pop()
                edit = Edit(before.start, edit.end, before.text + edit.text)
            merged.append(edit)
        result = []
        for edit in merged:
            if not edit.text:
                edit = Edit(edit.start - 1, edit.end, self.source[edit.start - 1])
            result.append(edit)
        return ordered(result)


def _indent(text: str) -> int:
    return len(text) - len(text.lstrip(BLANKS))
