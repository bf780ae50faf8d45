"""What holds at a point of a stage: environment, arguments, working directory, user, shell, start command."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from rewriter.limits import LONGEST_PATH
from rewriter.model.expansion import Expansion, ExpansionError, Variables, expand, expand_all
from rewriter.model.scope import Layered, Scope

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rewriter.syntax import Instruction

DEFAULT_SHELL = ("/bin/sh", "-c")
DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_PLATFORM_ARGS = ("PLATFORM", "OS", "OSVERSION", "ARCH", "VARIANT")
PREDEFINED_ARGS = frozenset(f"{side}{part}" for side in ("BUILD", "TARGET") for part in _PLATFORM_ARGS) | {
    "TARGETSTAGE"
}
"""Global arguments that BuildKit sets; a stage sees them once it declares them."""


@dataclass(frozen=True, slots=True)
class State:
    """The effective settings at one point. A value of None is set to something the file does not tell."""

    env: Mapping[str, str | None] = field(default_factory=dict)
    args: Mapping[str, str | None] = field(default_factory=dict)
    base_known: bool = False
    """True when the base image's own environment is known and part of ``env``."""
    workdir: str | None = "/"
    user: str | None = ""
    shell: tuple[str, ...] = DEFAULT_SHELL
    cmd: Instruction | None = None
    cmd_inherited: bool = False
    """True when the CMD comes from the stage before: an ENTRYPOINT of this one then takes it away."""
    entrypoint: Instruction | None = None
    healthcheck: Instruction | None = None
    stopsignal: Instruction | None = None

    @property
    def variables(self) -> Variables:
        """ENV over ARG, as instructions expand them."""
        return Variables(Layered(self.args, self.env), self.base_known)

    def expand(self, raw: str, escape: str = "\\") -> str | None:
        """A word after expansion, or None when part of it is unknown or BuildKit rejects it."""
        return self.expansion(raw, escape).value

    def expansion(self, raw: str, escape: str = "\\") -> Expansion:
        """A word after expansion, with the names that took part."""
        try:
            return expand(raw, self.variables, escape)
        except ExpansionError:
            return Expansion("", False, frozenset())

    def absolute(self, path: str) -> str | None:
        """A path of the image made absolute against the working directory and cleaned; None when that is unknown."""
        if not path.startswith("/"):
            if self.workdir is None:
                return None
            path = posixpath.join(self.workdir, path)
        return clean(path) if len(path) <= LONGEST_PATH else None

    def path_folders(self) -> tuple[str, ...] | None:
        """The folders of PATH, or None when they are not known."""
        path = self.env.get("PATH", DEFAULT_PATH)
        return None if path is None else tuple(clean(folder) for folder in path.split(":") if folder.startswith("/"))

    def after(
        self, instruction: Instruction, build_args: Mapping[str, str], global_args: Mapping[str, str | None]
    ) -> State:
        """The state behind an instruction; one ENV line expands with the state before that line."""
        name = instruction.name
        if name == "ENV":
            pairs = instruction.pairs
            keys = list(expand_all((pair.key for pair in pairs), self.variables, instruction.escape))
            values = expand_all((pair.value or "" for pair in pairs), self.variables, instruction.escape)
            added = {key: value for key, value in zip(keys, values, strict=True) if key is not None}
            if None in keys:  # an unknown name: anything may have changed
                return replace(self, env=_scope(self.env).unknown(), base_known=False)
            return replace(self, env=_scope(self.env).setting(added))
        if name == "ARG":
            declared = self._declared(instruction, build_args, global_args)
            return replace(self, args=_scope(self.args).setting(declared))
        if name == "WORKDIR":
            path = self.expand(instruction.args, instruction.escape)
            return replace(self, workdir=None if path is None else self.absolute(path))
        if name == "USER":
            return replace(self, user=self.expand(instruction.args, instruction.escape))
        if name == "SHELL":
            return replace(self, shell=instruction.operands)
        if name == "ENTRYPOINT":
            return replace(self, entrypoint=instruction, cmd=None if self.cmd_inherited else self.cmd)
        if name == "CMD":
            return replace(self, cmd=instruction, cmd_inherited=False)
        if name == "HEALTHCHECK":
            return replace(self, healthcheck=instruction)
        if name == "STOPSIGNAL":
            return replace(self, stopsignal=instruction)
        return self

    def _declared(
        self, instruction: Instruction, build_args: Mapping[str, str], global_args: Mapping[str, str | None]
    ) -> dict[str, str | None]:
        declared: dict[str, str | None] = {}
        pairs = instruction.pairs
        keys = expand_all((pair.key for pair in pairs), self.variables, instruction.escape)
        values = expand_all((pair.value or "" for pair in pairs), self.variables, instruction.escape)
        for pair, expanded, value in zip(pairs, keys, values, strict=True):
            key = expanded or pair.key
            if key in build_args:
                declared[key] = build_args[key]
            elif pair.value is not None:
                declared[key] = value
            else:
                # Without a value: the global one, else the builder's (predefined ones, or nothing at all).
                declared[key] = global_args.get(key)
        return declared


def _scope(values: Mapping[str, str | None]) -> Scope:
    return values if isinstance(values, Scope) else Scope(values)


def clean(path: str) -> str:
    """A cleaned absolute path with one leading slash and none at the end."""
    cleaned = posixpath.normpath(path)
    return "/" + cleaned.lstrip("/")
