"""The values in a data file, each checked before it is believed."""

from __future__ import annotations


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


def ranges(word: str, patches: dict[str, str]) -> tuple[tuple[int, int], ...]:
    """The pairs in "0-3,5" ("-" = none), which begin and end at one of `patches`. Raises OddLineError."""
    if word == "-":
        return ()
    pairs = []
    for part in word.split(","):
        low, dash, high = part.partition("-")
        high = high if dash else low
        if low not in patches or high not in patches:
            raise OddLineError(f"unknown patch in '{part}'")
        if int(high) < int(low):
            raise OddLineError(f"malformed range '{part}'")
        pairs.append((int(low), int(high)))
    return tuple(pairs)
