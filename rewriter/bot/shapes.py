"""Taking a forge's JSON apart: what is not of the shape that it is described to have is an error, and no crash."""

from __future__ import annotations

from typing import Any

from rewriter.bot.forge import Unreachable


class Shape:
    """One object of a reply."""

    def __init__(self, value: Any, what: str) -> None:
        """``what``: words for the error. Raises Unreachable for what is no object."""
        if not isinstance(value, dict):
            raise Unreachable(f"the forge's answer holds no {what}")
        self._value = value
        self._what = what

    def text(self, name: str, default: str | None = None) -> str:
        """A text; an absent or null one is ``default``, which must be given where it may be so."""
        found = self._value.get(name)
        if found is None and default is not None:
            return default
        if not isinstance(found, str):
            raise self._odd(name)
        return found

    def number(self, name: str, default: int | None = None) -> int:
        """A whole number; as `text`."""
        found = self._value.get(name)
        if found is None and default is not None:
            return default
        if not isinstance(found, int) or isinstance(found, bool):
            raise self._odd(name)
        return found

    def flag(self, name: str, default: bool = False) -> bool:
        """A truth value; an absent or null one is ``default``."""
        found = self._value.get(name)
        if found is None:
            return default
        if not isinstance(found, bool):
            raise self._odd(name)
        return found

    def maybe_flag(self, name: str) -> bool | None:
        """A truth value, or None where the forge does not know it (yet)."""
        return None if self._value.get(name) is None else self.flag(name)

    def inner(self, name: str) -> Shape:
        """An object within."""
        return Shape(self._value.get(name), f"{name} of {self._what}")

    def maybe(self, name: str) -> Shape | None:
        """An object within, where there is one."""
        return None if self._value.get(name) is None else self.inner(name)

    def each(self, name: str) -> list[Shape]:
        """The objects of a list within; none where it is absent."""
        return items(self._value.get(name) or [], f"{name} of {self._what}")

    def texts(self, name: str) -> tuple[str, ...]:
        """The texts of a list within."""
        found = self._value.get(name) or []
        if not isinstance(found, list):
            raise self._odd(name)
        return tuple(each for each in found if isinstance(each, str))

    def _odd(self, name: str) -> Unreachable:
        return Unreachable(f"the forge's answer has an odd {name!r} of {self._what}")


def items(value: Any, what: str) -> list[Shape]:
    """The objects of a list. Raises Unreachable."""
    if not isinstance(value, list):
        raise Unreachable(f"the forge's answer is no list of {what}")
    return [Shape(each, what) for each in value]
