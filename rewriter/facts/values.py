"""The values in a data file, each checked before it is believed."""

from __future__ import annotations

from rewriter.facts.records import FactsError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from rewriter.facts.table import Patch


class OddLineError(ValueError):
    """What is wrong with the line at hand; becomes a FactsError where file and line are known."""


def read_lines(text: str, file: str, read: Callable[[str, int], None], finish: Callable[[], None]) -> None:
    """Hands each line that is neither empty nor a comment to `read`, with its number, and asks `finish` at the end.

    Raises FactsError for an OddLineError of these: of that line, for `finish` of the last one.
    """
    number = 0
    try:
        for number, line in enumerate(text.split("\n"), 1):
            if line and line[0] != "#":
                read(line, number)
        finish()
    except OddLineError as odd:
        raise FactsError(file, number, str(odd)) from None


def is_date(word: str) -> bool:
    """Whether `word` is written like a date, YYYY-MM-DD."""
    year, month, day = word[:4], word[5:7], word[8:]
    if len(word) != 10 or word[4] != "-" or word[7] != "-" or not word.isascii():
        return False
    return (year + month + day).isdecimal() and "01" <= month <= "12" and "01" <= day <= "31"


def megabytes(word: str) -> float:
    """A size in MB (10^6 bytes), above zero. Raises OddLineError."""
    whole, dot, fraction = word.partition(".")
    if not whole.isdecimal() or (dot and not fraction.isdecimal()) or float(word) <= 0:
        raise OddLineError(f"malformed number '{word}'")
    return float(word)


def ranges(word: str, patches: Mapping[str, Patch]) -> tuple[tuple[int, int], ...]:
    """The places of the pairs in "0-3,5" ("-" = none), which begin and end at one of the patches. Raises OddLineError.

    A pair of patches that hold dashes is joined by two dots.
    """
    if word == "-":
        return ()
    pairs = []
    for part in word.split(","):
        if part in patches:
            pairs.append((patches[part].place, patches[part].place))
            continue
        low, _, high = part.partition(".." if ".." in part else "-")
        if low not in patches or high not in patches:
            raise OddLineError(f"unknown patch in '{part}'")
        first, last = patches[low].place, patches[high].place
        if last < first:
            raise OddLineError(f"malformed range '{part}'")
        pairs.append((first, last))
    return tuple(pairs)
