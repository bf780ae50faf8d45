"""The values in a data file, each checked before it is believed."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


class OddLineError(ValueError):
    """What is wrong with the line at hand; becomes a FactsError where file and line are known."""


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


def ranges(word: str, places: Mapping[str, int]) -> tuple[tuple[int, int], ...]:
    """The places of the pairs in "0-3,5" ("-" = none), which begin and end at one of the patches. Raises OddLineError.

    A pair of patches that hold dashes is joined by two dots.
    """
    if word == "-":
        return ()
    pairs = []
    for part in word.split(","):
        if part in places:
            pairs.append((places[part], places[part]))
            continue
        low, _, high = part.partition(".." if ".." in part else "-")
        if low not in places or high not in places:
            raise OddLineError(f"unknown patch in '{part}'")
        if places[high] < places[low]:
            raise OddLineError(f"malformed range '{part}'")
        pairs.append((places[low], places[high]))
    return tuple(pairs)
