"""What holds at a point of a stage: environment, arguments, working directory, user, shell, start command."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from rewriter.model.expansion import Expansion, ExpansionError, Variables, expand

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
        return Variables({**self.args, **self.env}, self.base_known)

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
        if path.startswith("/"):
            return clean(path)
        return None if self.workdir is None else clean(posixpath.join(self.workdir, path))

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
            added: dict[str, str | None] = {}
            for pair in instruction.pairs:
                key = self.expand(pair.key, instruction.escape)
                if key is None:  # an unknown name: anything may have changed
                    return replace(self, env=dict.fromkeys(self.env), base_known=False)
                added[key] = self.expand(pair.value or "", instruction.escape)
            return replace(self, env={**self.env, **added})
        if name == "ARG":
            return replace(self, args={**self.args, **self._declared(instruction, build_args, global_args)})
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
        for pair in instruction.pairs:
            key = self.expand(pair.key, instruction.escape) or pair.key
            if key in build_args:
                declared[key] = build_args[key]
            elif pair.value is not None:
                declared[key] = self.expand(pair.value, instruction.escape)
            else:
                # Without a value: the global one, else the builder's (predefined ones, or nothing at all).
                declared[key] = global_args.get(key)
        return declared


def clean(path: str) -> str:
    """A cleaned absolute path with one leading slash and none at the end."""
    cleaned = posixpath.normpath(path)
    return "/" + cleaned.lstrip("/")
