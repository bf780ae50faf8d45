"""A static site that was found, and what speaks against nginx in the place of its server, or against any."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

from rewriter.ecosystems.nginx_site import unfit_root
from rewriter.model.launch import is_builtin, tested_programs
from rewriter.shell import Opaque
from rewriter.userland.runtime import ROOT_NAMES

if TYPE_CHECKING:
    from rewriter.ecosystems.static_scripts import Leaf
    from rewriter.ecosystems.static_server import StaticServer
    from rewriter.model.files import StageFiles
    from rewriter.model.launch import Launch
    from rewriter.model.run import Step
    from rewriter.model.stages import Stage

_SETTINGS_OF_SERVE = frozenset({"serve.json", "now.json"})
_MAY_TRY_IPV6 = "asks localhost with wget, which may try IPv6 alone, where nginx does not listen"
_ASKERS = frozenset({"curl", "wget", "nc", "grep", "pgrep", "test", "["})

_IMPORTS = re.compile(
    r"""(?:\brequire|\bimport)\s{0,9}\(\s{0,9}["'](?:node:)?([^"']+)["']|"""
    r"""\bfrom\s{1,9}([\w.]+)\s{1,9}import|\bimport\s{1,9}([\w.]+)"""
)
_OF_THE_LANGUAGE = frozenset("http https net url fs process urllib socket sys os ssl json time".split())


@dataclass(slots=True)
class Site:
    """``folder`` is absolute in the image; ``maker`` is the command that writes it, None for what is built ahead."""

    server: StaticServer
    leaf: Leaf
    folder: str
    maker: Step | None
    known: bool
    """True when the tool that builds is known to write that folder."""
    dependency: bool = False
    """True when the server is a package of the project."""
    unseen: bool = False
    """True when the packages of the project are not seen."""
    development: bool = False
    """True when the server is one for developers, and only what it builds is carried."""
    health: str = ""
    """Why the HEALTHCHECK needs more than the folder; empty when it does not."""
    against_nginx: str = ""
    """Why nginx cannot take the server's place; empty when it can."""
    lines: tuple[str, ...] = ()
    """RUN lines that build ahead what the start command builds."""


def judged(
    site: Site,
    stage: Stage,
    files: StageFiles,
    launch: Launch,
    outside: tuple[tuple[tuple[str, ...], str], ...] = (),
) -> Site:
    """The site with what speaks against its ways; ``outside``: health checks of compose files, and which."""
    by_name = (where for words, where in outside if "wget" in " ".join(words) and "localhost" in " ".join(words))
    checks = (f"the health check of {where} {_MAY_TRY_IPV6}" for where in by_name)
    problems = chain(_against_nginx(site, stage, files, launch), checks)
    site.against_nginx = site.server.unrepeated or next(problems, "")
    health = tested_programs(stage)
    asks = health if not isinstance(health, Opaque) else ()
    site.health = next((problem for step in asks if (problem := _beyond(step))), "")
    return site


def _against_nginx(site: Site, stage: Stage, files: StageFiles, launch: Launch) -> Iterator[str]:
    """What nginx would do otherwise, or could not."""
    state, server = stage.final_state, site.server
    if server.outside:
        yield server.outside
    unfit = unfit_root(site.folder)
    if unfit or server.port is None:
        yield unfit or f"the port of {server.tool} is not written out"
    if state.user not in ROOT_NAMES:
        yield f"it runs as {state.user or 'an unknown user'}, and nginx starts as root there"
    instruction = launch.instruction
    end = instruction.args_start + len(instruction.args)
    if len(launch.steps) != 1 or launch.wrappers or (state.entrypoint is not None and state.cmd is not None):
        yield "its start command is more than the server"
    if not instruction.logical.whole(instruction.args_start, end):
        yield "its start command cannot be written anew where it stands"
    yield from _ports(server, stage)
    context = files.context
    for path in context.files() if context is not None and server.tool == "serve" else ():
        if posixpath.basename(path) in _SETTINGS_OF_SERVE and "node_modules/" not in path:
            yield f"{path} may set how serve answers"
    health = tested_programs(stage)
    for step in health if not isinstance(health, Opaque) else ():
        if step.name == "wget" and any("localhost" in (word or "") for word in step.argv):
            yield f"its HEALTHCHECK {_MAY_TRY_IPV6}"


def _ports(server: StaticServer, stage: Stage) -> Iterator[str]:
    exposed = {
        word.partition("/")[0]
        for instruction, state in stage.numbered()
        if instruction.name == "EXPOSE"
        for operand in instruction.operands
        if (word := state.expand(operand, instruction.escape)) is not None
    }
    if exposed and str(server.port) not in exposed:
        shown = ", ".join(sorted(exposed))
        yield f"{server.tool} listens at {server.port}, and EXPOSE names {shown}: which is right cannot be told"


def _beyond(step: Step) -> str:
    """Why a command of the HEALTHCHECK may need files of the project; empty for one that only asks the server."""
    if step.name in _ASKERS or is_builtin(step.name):
        return ""
    if step.name in ("node", "python", "python3") and step.argv[1:2] in (("-e",), ("--eval",), ("-c",), ("-p",)):
        imported = (name for found in _IMPORTS.findall("".join(word or "" for word in step.argv[2:])) for name in found)
        other = next((name for name in imported if name and name.partition(".")[0] not in _OF_THE_LANGUAGE), "")
        return f"its HEALTHCHECK imports {other}, which lies in the folders of the project" if other else ""
    return f"its HEALTHCHECK runs `{step.name}`, which may need more than what is served"
