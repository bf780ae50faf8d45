"""Which build engine answers on this machine: docker, podman, buildah, in that order, or the one that is asked for."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rewriter.proof import features
from rewriter.proof.buildah import BuildahEngine
from rewriter.proof.cli_engine import CommandEngine
from rewriter.proof.clients import Client, complaint_in
from rewriter.proof.docker import DockerEngine
from rewriter.proof.engine import Engine, EngineError, Limits
from rewriter.proof.messages import one_line, text_of
from rewriter.proof.podman import PodmanEngine
from rewriter.proof.process import Finished

ENGINES = ("docker", "podman", "buildah")

ANSWER_SECONDS = 20.0
"""How long a client may take to say whether its engine is there; a remote one may be slow, or not answer at all."""

# Where clients lie that are not on PATH, or behind another one of that name.
_USUAL_FOLDERS = (
    *("/usr/bin", "/usr/local/bin", "/opt/homebrew/bin", "/opt/podman/bin", "~/.docker/bin", "/snap/bin"),
    "/Applications/Docker.app/Contents/Resources/bin",
)
_CONTROLLERS = {"memory": "memory", "pids": "processes"}
_NO_BUILDX = "buildx component is missing"


def find_engine(name: str | None, limits: Limits) -> Engine | str:
    """The engine called ``name``, or the first that answers; a string of one line says why there is none.

    What the environment says about engines holds for them (DOCKER_HOST, DOCKER_CONTEXT, CONTAINER_HOST, …).
    """
    if name is not None and name not in ENGINES:
        return f"no engine is called {name}: {', '.join(ENGINES)} are known"
    reasons = []
    for kind in (name,) if name is not None else ENGINES:
        found = _FINDERS[kind](limits)
        if not isinstance(found, str):
            return found
        reasons.append(found)
    return one_line(f"no build engine can be used: {'; '.join(reasons)}", 1000)


def reopen(kind: str, program: str, identity: str) -> CommandEngine:
    """The engine of a proof that is over, to clean up after it."""
    makers: dict[str, Callable[..., CommandEngine]] = {
        "docker": DockerEngine,
        "podman": PodmanEngine,
        "buildah": BuildahEngine,
    }
    return makers[kind](program, "", Limits(), identity)


def _find_docker(limits: Limits) -> Engine | str:
    reasons: dict[str, str] = {}
    for client in _clients("docker"):
        found = _open_docker(client, limits)
        if not isinstance(found, str):
            return found
        reasons.setdefault(found, client)
    return "; ".join(f"{client}: {why}" for why, client in reasons.items()) or "docker is not installed"


def _open_docker(client: str, limits: Limits) -> Engine | str:
    """The engine behind one docker client, or why it is of no use."""
    done = _run(client, "version", "--format", "{{json .}}")
    answer = _json(done)
    server = answer.get("Server") or {}
    if "podman" in text_of(done.stdout + done.stderr).lower():
        return "it is podman under docker's name: ask for --engine podman"
    if not server:
        return _silence(done, "no daemon answers")
    version = str(server.get("Version", ""))
    if server.get("Os", "linux") != "linux":
        return f"the daemon builds for {server['Os']}, and proofs need Linux"
    if _run(client, "buildx", "version").exit_code == 0:
        inspected = _run(client, "buildx", "inspect")
        if inspected.exit_code != 0:
            return f"its builder does not answer: {complaint_in(text_of(inspected.stderr))}"
        return DockerEngine(client, version, limits, buildx=True, buildkit=_builder(text_of(inspected.stdout)))
    if _NO_BUILDX in text_of((help_text := _run(client, "build", "--help")).stderr + help_text.stdout):
        return "its client has no BuildKit: the buildx component is missing"
    if features.buildkit_of_engine(features.version_of(version) or features.NEWEST) == (0, 0):
        return f"its daemon ({version}) is older than BuildKit"
    return DockerEngine(client, version, limits)


def _builder(inspected: str) -> features.Version | None:
    """The BuildKit that ``buildx inspect`` names; None for the daemon's own where it names none, or 0.0.0."""
    pairs = [
        (key.strip().lower(), value.strip())
        for key, _, value in (line.partition(":") for line in inspected.splitlines())
    ]
    said = dict(reversed(pairs))
    version = features.version_of(said.get("buildkit version") or said.get("buildkit") or "")
    # A builder beside the daemon that is not started yet has no version, but it is not the daemon's.
    return version or (None if said.get("driver", "docker") == "docker" else features.NEWEST)


def _find_podman(limits: Limits) -> Engine | str:
    clients = _clients("podman")
    if not clients:
        return "podman is not installed"
    done = _run(clients[0], "info", "--format", "json")
    info = _json(done)
    if not info:
        return f"{clients[0]}: {_silence(done, 'it does not answer')}"
    version = str((info.get("version") or {}).get("Version", ""))
    host = info.get("host") or {}
    buildah = features.version_of(str(host.get("buildahVersion", "")))
    # A user's own podman may be given no say over memory or processes; rootless ones on cgroups of version 1 never are.
    controllers = host.get("cgroupControllers", list(_CONTROLLERS)) or []
    unbounded = tuple(limit for controller, limit in _CONTROLLERS.items() if controller not in controllers)
    return PodmanEngine(clients[0], version, limits, buildah=buildah, unbounded=unbounded)


def _find_buildah(limits: Limits) -> Engine | str:
    clients = _clients("buildah")
    if not clients:
        return "buildah is not installed"
    done = _run(clients[0], "info")
    if done.exit_code != 0:
        return f"{clients[0]}: {_silence(done, 'it does not answer')}"
    words = text_of(_run(clients[0], "--version").stdout).split()
    return BuildahEngine(clients[0], words[2] if len(words) > 2 else "", limits)


_FINDERS: dict[str, Callable[[Limits], Engine | str]] = {
    "docker": _find_docker,
    "podman": _find_podman,
    "buildah": _find_buildah,
}


def _clients(name: str) -> list[str]:
    """All programs of that name, those on PATH first, each once."""
    folders = [*os.environ.get("PATH", os.defpath).split(os.pathsep), *map(os.path.expanduser, _USUAL_FOLDERS)]
    found: dict[str, str] = {}
    for folder in folders:
        program = shutil.which(name, path=folder) if folder else None
        if program is not None:
            found.setdefault(str(Path(program).resolve()), os.path.abspath(program))
    return list(found.values())


def _run(program: str, *arguments: str) -> Finished:
    """Run a client to its end; one that cannot be started has failed, and says why on its standard error."""
    try:
        return Client(Path(program).name, program, _variables).attempt(arguments, ANSWER_SECONDS)
    except EngineError as error:
        return Finished(127, b"", str(error).encode(), False, 0.0)


def _variables() -> dict[str, str]:
    return os.environ | {"DOCKER_BUILDKIT": "1"}


def _json(done: Finished) -> dict[str, Any]:
    try:
        answer = json.loads(done.stdout)
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}


def _silence(done: Finished, otherwise: str) -> str:
    if done.exit_code is None:
        return f"it does not answer within {ANSWER_SECONDS:.0f} seconds"
    return complaint_in(text_of(done.stderr)).removeprefix("Error: ") or otherwise
