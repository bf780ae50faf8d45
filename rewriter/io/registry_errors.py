"""What can go wrong at a registry. No text here ever holds a credential, a token, or words of the server's own."""

from __future__ import annotations


class RegistryError(Exception):
    """A registry that did not answer, or not as a registry does: one line for the user."""


class Unreachable(RegistryError):
    """It could not be asked at all: no such host, no connection, no answer in time.

    `host` is whom to leave alone; `soon` says that it may be another matter in a moment, as nothing was answered.
    """

    def __init__(self, host: str, reason: str, *, soon: bool = False) -> None:
        super().__init__(f"{host} {reason}")
        self.host = host
        self.soon = soon


class Denied(RegistryError):
    """It answers, but not to us."""


class Absent(RegistryError):
    """It says, in the words of a registry, that there is no such thing."""


class BadNameError(RegistryError):
    """Not a name that can be asked for."""
