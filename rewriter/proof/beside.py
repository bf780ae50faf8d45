"""A container of the proof's own beside another one, in its network namespace, that runs the probe there.

It is made of nothing: an image without a layer, in which this machine's Python is shown read-only. Where that cannot
work (an engine on another machine, another architecture), a public Python image serves if the engine has it.
"""

from __future__ import annotations

import base64
import inspect
import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rewriter.proof import exchange, probe
from rewriter.proof.engine import BuildRequest, Engine, EngineError, RunRequest
from rewriter.proof.own_python import own_python

_EMPTY = b'FROM scratch\nLABEL org.opencontainers.image.title="probe"\n'
_PUBLIC = "python:3-alpine"
_LIFE_SECONDS = 900
"""How long the container beside stays when nobody removes it."""
_MOST_TRIES = 2
"""With a container that goes on; what fails once may have been the machine, which was busy."""
_CHECK_SECONDS = 30.0
_START_SECONDS = 15.0
"""Added to what a task may take: on a busy machine an engine needs seconds to start a command."""
# Both modules are handed over as text, under their own names, so that the one can import the other.
_SCRIPT = """
import json, sys, types
for name, text in json.loads({modules!r}):
    module = sys.modules[name] = types.ModuleType(name)
    exec(compile(text, name, "exec"), module.__dict__)
print(sys.modules[{main!r}].main(json.loads(sys.argv[1])))
"""


class ProbeError(Exception):
    """The probe gave no answer. The message is one line."""


@dataclass(frozen=True, slots=True)
class _Kind:
    """One way of having a Python beside a container."""

    image: str
    command: tuple[str, ...]
    mounts: Mapping[str, str]


class Neighbour:
    """A running container beside another one. Remove it when done."""

    def __init__(self, engine: Engine, container: str, command: Sequence[str]) -> None:
        self.container = container
        self._engine = engine
        self._command = command

    def watch(
        self, seconds: float, quiet: float, wanted: Sequence[tuple[str, str]] = ()
    ) -> tuple[list[list[str]], bool]:
        """What listens, as ``probe.listening`` tells it, and whether that was stable before ``seconds`` passed."""
        answer = self._do({"do": "watch", "seconds": seconds, "quiet": quiet, "wanted": list(wanted)}, seconds)
        return answer["ports"], answer["stable"]

    def ask(self, ports: Sequence[dict[str, Any]], seconds: float) -> list[dict[str, Any]]:
        """The answers of some ports, see ``probe.ask``; ``seconds`` is the most that all of it takes."""
        answers: list[dict[str, Any]] = self._do({"do": "ask", "ports": list(ports)}, seconds)["ports"]
        return answers

    def _do(self, task: dict[str, Any], seconds: float) -> dict[str, Any]:
        command = (*self._command, "-c", script(), json.dumps(task))
        output = self._engine.execute(self.container, command, seconds + _START_SECONDS)
        try:
            answer: dict[str, Any] = json.loads(zlib.decompress(base64.b64decode(output.stdout, validate=False)))
        except (ValueError, zlib.error) as error:
            said = output.stderr.decode("utf-8", "replace").strip().splitlines()
            late = "no answer in time" if output.exit_code is None else f"exit code {output.exit_code}"
            raise ProbeError(f"the probe failed: {said[-1] if said else late}") from error
        return answer

    def remove(self) -> None:
        """Kill and remove the container."""
        self._engine.remove(self.container)


class Beside:
    """Starts containers beside others; what works on this engine is found out once."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._kind: _Kind | None = None
        self._why_not: list[str] = []
        self._tries = 0

    @property
    def works(self) -> bool:
        """True once a neighbour could be had: then it is known how, and is no lasting fault when there is none."""
        return self._kind is not None

    def join(self, container: str) -> Neighbour | str:
        """A neighbour of a running container, or one clause why there is none: the container ended, perhaps."""
        if self._kind is not None:
            return self._start(self._kind, container)
        if self._tries == _MOST_TRIES:
            return "; ".join(self._why_not)
        self._tries, self._why_not = self._tries + 1, []
        for kind in (self._of_our_own(), _Kind(_PUBLIC, ("python3", "-I", "-S"), {})):
            if isinstance(kind, str):
                self._why_not.append(kind)
                continue
            neighbour = self._start(kind, container)
            if isinstance(neighbour, Neighbour):
                self._kind = kind
                return neighbour
            if not self._engine.state(container).running:
                self._tries -= 1
                return neighbour
            self._why_not.append(f"{_said(kind)} does not start: {neighbour}")
        return "; ".join(self._why_not)

    def _of_our_own(self) -> _Kind | str:
        python = own_python()
        if isinstance(python, str):
            return python
        built = self._engine.build(BuildRequest(_EMPTY, None), "probe")
        image = getattr(built, "image", None)
        if image is None:
            return "an image made of nothing cannot be built"
        return _Kind(image, python.command, {folder: folder for folder in python.folders})

    def _start(self, kind: _Kind, container: str) -> Neighbour | str:
        stay = (*kind.command, "-c", f"import time; time.sleep({_LIFE_SECONDS})")
        request = RunRequest(kind.image, network_of=container, entrypoint=stay, mounts=kind.mounts)
        try:
            started = self._engine.start(request)
        except EngineError as error:
            return str(error)
        neighbour = Neighbour(self._engine, started, kind.command)
        why = self._check(neighbour, kind)
        if why is None:
            return neighbour
        neighbour.remove()
        return why

    def _check(self, neighbour: Neighbour, kind: _Kind) -> str | None:
        """Why a new neighbour is of no use, or None. Asked of each: a container may end while it is joined."""
        state = self._engine.state(neighbour.container)
        if not state.running:
            return state.error or f"exit code {state.exit_code}"
        if self._kind is not None:
            return None
        try:
            tried = self._engine.execute(neighbour.container, (*kind.command, "-c", "print(7)"), _CHECK_SECONDS)
        except EngineError as error:
            return str(error)
        return None if tried.stdout.strip() == b"7" else "its Python does not run"


def _said(kind: _Kind) -> str:
    return f"the image {_PUBLIC}" if kind.image == _PUBLIC else "this machine's Python in a container"


def script() -> str:
    """The probe as one text that needs nothing but the standard library."""
    modules = [(module.__name__, inspect.getsource(module)) for module in (exchange, probe)]
    parents = [("rewriter", ""), ("rewriter.proof", "")]
    return _SCRIPT.format(modules=json.dumps([*parents, *modules]), main=probe.__name__)
