"""Texts of several runs compared: what the original itself prints otherwise each time is no difference.

The original's own runs are laid side by side, line by line and then token by token. What differs between them is
noise, and the new text may say anything there; all the rest it must say as well. See ``tokens.py`` for what is the
same although it is spelled otherwise: clock readings, durations, addresses, process ids.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher

from rewriter.proof.tokens import Class, Line, Sample, same

MOST_LINES = 2000
"""Lines that are compared; SequenceMatcher takes time with the square of them."""
_MOST_CHARACTERS = 2000
"""Of one line, likewise."""
_MOST_PAIRS = 50_000
"""Pairs of equal lines or tokens that SequenceMatcher is given: many equal lines cost it most."""
_RANDOM_WORD = 8
_TICK_SECONDS = 2.0
"""Between two runs: then a clock that is printed with seconds shows something else."""
_DELIMITERS = tuple("\"'<>&?;,()[]{}=|")
_SHOWN = 200

Block = tuple[str, int, int, int, int]
"""As difflib's opcodes: equal, replace, delete or insert, and the ranges in the old and in the new."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """How a new text compares with an original's."""

    equal: bool
    old: str = ""
    """The first line that differs, as the original has it; empty when the new text has a line more."""
    new: str = ""
    line: int = 0
    """Its number in the original, from 1; 0 when the original's lines have no fixed order."""
    varying: int = 0
    """Lines that the original itself prints otherwise each time."""
    lines: int = 0
    cut: bool = False
    """True when only the first lines were compared."""
    reordered: bool = False
    """True when all lines are there, in another order than in any run of the original."""


class _Base:
    """One run of the original, and which of its tokens and lines its other runs do not repeat."""

    def __init__(self, lines: Sequence[Line], others: Sequence[Sequence[Line]]) -> None:
        self.lines = lines
        self.loose: list[set[int]] = [set() for _ in lines]
        """By line, the tokens that vary."""
        self.ticking: list[set[int]] = [set() for _ in lines]
        """By line, the tokens that differ from run to run in any way, clock readings included."""
        self.free = [False] * len(lines)
        """Lines that are not in every run."""
        self.open = [False] * (len(lines) + 1)
        """Places where some run has lines more."""
        for other in others:
            self._learn(other)
        nows = {line.now for each in (lines, *others) for line in each}
        if nows and max(nows) - min(nows) >= _TICK_SECONDS:
            self._find_stamps()

    def _learn(self, other: Sequence[Line]) -> None:
        for tag, first, last, start, end in _blocks(self.lines, other):
            if tag == "equal" or (tag == "replace" and last - first == end - start):
                for at, line in zip(range(first, last), other[start:end], strict=True):
                    self.loose[at] |= _loose(self.lines[at], line)
                    self.ticking[at] |= _ticking(self.lines[at], line)
            else:
                self.open[first] = self.open[last] = True
                self.free[first:last] = [True] * (last - first)

    def _find_stamps(self) -> None:
        """A time of day with seconds that stood still was written by the build; another build writes another one."""
        for line, loose, ticking in zip(self.lines, self.loose, self.ticking, strict=True):
            stamps = {at for at, token in enumerate(line.tokens) if token.kind is Class.TIME and ":" in token.text[4:]}
            loose |= stamps - ticking

    @property
    def varying(self) -> int:
        """How many lines the runs do not share; those that only show the clock are shared."""
        return sum(free or bool(loose) for free, loose in zip(self.free, self.loose, strict=True))

    def first_difference(self, new: Sequence[Line]) -> tuple[int, str, str] | None:
        """Line index, the old line and the new one; None when nothing but noise differs."""
        for tag, first, last, start, end in _blocks(self.lines, new):
            if tag == "insert":
                if not self._is_open(first, last):
                    return first, "", new[start].text
            elif last - first == end - start:
                for at, line in zip(range(first, last), new[start:end], strict=True):
                    if not self.free[at] and not _fits(self.lines[at], self.loose[at], line):
                        return at, self.lines[at].text, line.text
            else:
                solid = next((at for at in range(first, last) if not self.free[at]), None)
                if solid is not None:
                    # Of a block that changed its length, the new line at the same place is shown, if there is one.
                    shown = start + solid - first
                    return solid, self.lines[solid].text, new[shown].text if shown < end else ""
                if end - start > last - first and not self._is_open(first, last):
                    return first, "", new[start].text
        return None

    def _is_open(self, first: int, last: int) -> bool:
        return any(self.open[first : last + 1]) or any(self.free[max(0, first - 1) : last + 1])


def _blocks(old: Sequence[Line], new: Sequence[Line]) -> list[Block]:
    """What stays, changes, goes and comes from one text's lines to another's, by their shapes."""
    return _align([line.shape for line in old], [line.shape for line in new])


def _align(before: Sequence[str], after: Sequence[str]) -> list[Block]:
    """difflib's opcodes, the equal head and tail taken off first; line by line where there is too much to align."""
    head = 0
    while head < min(len(before), len(after)) and before[head] == after[head]:
        head += 1
    tail = 0
    while tail < min(len(before), len(after)) - head and before[-1 - tail] == after[-1 - tail]:
        tail += 1
    end, stop = len(before) - tail, len(after) - tail
    blocks: list[Block] = [("equal", 0, head, 0, head)]
    counts, others = Counter(before[head:end]), Counter(after[head:stop])
    if sum(count * others[shape] for shape, count in counts.items()) > _MOST_PAIRS:
        length = min(end, stop) - head
        blocks.append(("replace", head, head + length, head, head + length))
        blocks.append(("delete" if stop - head == length else "insert", head + length, end, head + length, stop))
    else:
        middle = SequenceMatcher(None, before[head:end], after[head:stop], autojunk=False).get_opcodes()
        blocks += [(tag, a + head, b + head, c + head, d + head) for tag, a, b, c, d in middle]
    blocks.append(("equal", end, len(before), stop, len(after)))
    return [block for block in blocks if block[1] < block[2] or block[3] < block[4]]


def _loose(line: Line, other: Line) -> set[int]:
    """The tokens of a line that another run has otherwise; both neighbours of what it has in addition."""
    loose: set[int] = set()
    for tag, first, last, start, end in _token_blocks(line, other):
        if tag == "insert":
            loose |= {at for at in (first - 1, first) if 0 <= at < len(line.tokens)}
        elif tag == "delete" or last - first != end - start:
            loose |= set(range(first, last))
        else:
            pairs = zip(range(first, last), other.tokens[start:end], strict=True)
            loose |= {at for at, token in pairs if not same(line.tokens[at], line.now, token, other.now)}
    return _whole_words(line, loose)


def _ticking(line: Line, other: Line) -> set[int]:
    if line.shape != other.shape:
        return set(range(len(line.tokens)))
    return {at for at, token in enumerate(line.tokens) if token.text != other.tokens[at].text}


def _fits(line: Line, loose: set[int], new: Line) -> bool:
    for tag, first, last, start, end in _token_blocks(line, new):
        if tag == "insert":
            if not loose & {first - 1, first}:
                return False
        elif tag == "delete" or last - first != end - start:
            if not loose >= set(range(first, last)):
                return False
        elif not all(
            at in loose or same(line.tokens[at], line.now, token, new.now)
            for at, token in zip(range(first, last), new.tokens[start:end], strict=True)
        ):
            return False
    return True


def _token_blocks(line: Line, other: Line) -> list[Block]:
    if line.shape == other.shape:
        return [("equal", 0, len(line.tokens), 0, len(other.tokens))]
    return _align([token.shape for token in line.tokens], [token.shape for token in other.tokens])


def _whole_words(line: Line, loose: set[int]) -> set[int]:
    """The loose tokens, with all of a word of which they are half or more: a random word has another form each time."""
    groups: list[list[int]] = [[]]
    for at, token in enumerate(line.tokens):
        if token.text.isspace() or token.text in _DELIMITERS:
            groups.append([])
        else:
            groups[-1].append(at)
    whole = set(loose)
    for group in groups:
        length = sum(len(line.tokens[at].text) for at in group)
        varying = sum(len(line.tokens[at].text) for at in group if at in loose)
        if length >= _RANDOM_WORD and varying * 2 >= length:
            whole |= set(group)
    return whole


def compare_texts(originals: Sequence[Sample], new: Sample, *, any_order: bool = False) -> Likeness:
    """Compare a new text with those of the original's runs, of which there is at least one.

    With ``any_order`` the same lines in another order are equal: the order of a map that is walked may well be the
    same in a few runs of the original by chance.
    """
    texts = [list(_limited(sample.lines)) for sample in (*originals, new)]
    cut = any(len(sample.lines) > MOST_LINES for sample in (*originals, new))
    shuffled = _varies_in_order(texts[:-1])
    found = _compare(_sorted(texts) if shuffled else texts)
    if not found.equal and any_order and not shuffled:
        other = _compare(_sorted(texts))
        found = replace(other, reordered=True) if other.equal else found
    return replace(found, cut=cut, line=0 if shuffled else found.line)


def _compare(texts: Sequence[Sequence[Line]]) -> Likeness:
    """The last of the texts with the others: equal to one of them, but for noise, or the first difference."""
    *olds, after = texts
    first: Likeness | None = None
    for index, lines in enumerate(olds):
        base = _Base(lines, [*olds[:index], *olds[index + 1 :]])
        found = base.first_difference(after)
        if found is None:
            return Likeness(True, varying=base.varying, lines=len(lines))
        at, was, now = found
        first = first or Likeness(False, _shown(was), _shown(now), at + 1, base.varying, len(lines))
    assert first is not None, "no original to compare with"
    return first


def _sorted(texts: Sequence[Sequence[Line]]) -> list[list[Line]]:
    return [sorted(lines, key=lambda line: (line.shape, line.text)) for lines in texts]


def _limited(lines: Sequence[Line]) -> Sequence[Line]:
    return [
        line if len(line.text) <= _MOST_CHARACTERS else Line(line.text[:_MOST_CHARACTERS], line.now)
        for line in lines[:MOST_LINES]
    ]


def _varies_in_order(texts: Sequence[Sequence[Line]]) -> bool:
    """Whether the runs have the same lines in another order: a map that is walked, or two threads."""
    shapes = [[line.shape for line in lines] for lines in texts]
    return any(other != shapes[0] for other in shapes) and all(sorted(other) == sorted(shapes[0]) for other in shapes)


def _shown(line: str) -> str:
    line = line.strip()
    return line if len(line) <= _SHOWN else line[:_SHOWN] + "…"


def lines_of_body(content_type: str, text: str) -> str:
    """A body with line breaks where its parts end, so that it can be compared part by part: JSON and markup."""
    kind = content_type.partition(";")[0].strip().lower()
    if "json" in kind or text[:1] in ("{", "["):
        try:
            return json.dumps(json.loads(text), indent=0, sort_keys=True, ensure_ascii=False)
        except (ValueError, RecursionError):
            return text
    if "html" in kind or "xml" in kind:
        return text.replace(">", ">\n")
    return text
