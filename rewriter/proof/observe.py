"""Runs an image once as a user would, and writes down what it does until it is stopped.

Nothing is decided by a sleep: a container has settled when it has ended, or when the set of its listening sockets has
not changed for a moment, asked in its own network namespace. What a run of the original showed shortens the looks at
others: its ports are waited for, and its answers. Raises EngineError for what is the engine's own fault.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rewriter.proof.beside import Beside, Neighbour, ProbeError
from rewriter.proof.engine import ContainerState, Engine, EngineError, Output, RunRequest
from rewriter.proof.observation import How, Observation, Port, Service, Stopped, answers_of

FIRST_SECONDS = 0.4
"""A program that ends at once is not worth a container beside it."""
QUIET_SECONDS = 0.6
"""How long the listening sockets must stay the same."""
LOOK_SECONDS = 2.0
"""At most between two looks at whether the container still runs."""
MOST_PORTS = 16
WARM_SECONDS = 5.0
"""How long a server may answer 503, or nothing, until that counts as its answer."""
HEALTH_PAUSE = 0.3
ASK_SECONDS = 90.0
"""How long all ports may be asked in all; a hostile server takes as long as each answer may take."""
ROUNDS = 3
"""How often ports that came late are asked, too."""


@dataclass(frozen=True, slots=True)
class Wrap:
    """Something else that is started in place of the image's own program, for a trace."""

    entrypoint: Sequence[str]
    mounts: Mapping[str, str] = field(default_factory=dict)
    writable: Mapping[str, str] = field(default_factory=dict)


def observe(
    engine: Engine,
    image: str,
    how: How,
    *,
    beside: Beside | None = None,
    like: Observation | None = None,
    patient: bool = False,
    wrap: Wrap | None = None,
) -> Observation:
    """Run the image once and look.

    ``like`` is what the original did: it is waited for, a few times as long as it took then, or with ``patient`` as
    long as the limits allow. With ``wrap`` only ports and HTTP are looked at.
    """
    run = _Run(engine, image, how, beside or Beside(engine), like, patient, wrap)
    try:
        return run.observe()
    finally:
        run.remove()


class _Run:
    """One container and what was seen of it so far."""

    def __init__(
        self,
        engine: Engine,
        image: str,
        how: How,
        beside: Beside,
        like: Observation | None,
        patient: bool,
        wrap: Wrap | None,
    ) -> None:
        self.engine, self.how, self.beside, self.like, self.patient = engine, how, beside, like, patient
        self.wrap = wrap
        self.image = image
        self.container: str | None = None
        self.neighbour: Neighbour | None = None
        self.ports: tuple[Port, ...] | None = ()
        self.not_seen: list[str] = []

    def remove(self) -> None:
        """Remove both containers."""
        if self.neighbour is not None:
            self.neighbour.remove()
        if self.container is not None:
            self.engine.remove(self.container)

    def observe(self) -> Observation:
        request = RunRequest(self.image, environment=self.how.environment)
        if self.wrap is not None:
            request = RunRequest(
                self.image,
                environment=self.how.environment,
                entrypoint=self.wrap.entrypoint,
                mounts=self.wrap.mounts,
                writable=self.wrap.writable,
            )
        begun = time.monotonic()
        container = self.container = self.engine.start(request)
        state = self._settle(container, begun)
        at, seconds = time.time(), time.monotonic() - begun
        first = self.engine.output(container)
        if not state.running:
            smoke = self._smoke_alone()
            return Observation(
                True, state, state, at, seconds, first, first, (), smoke=smoke, not_seen=tuple(self.not_seen)
            )
        services = self._ask()
        health = self._check_health(container) if self.wrap is None else None
        smoke = self._smoke_within(container) if self.wrap is None else ()
        if health is not None or smoke or not services:
            self._look_again()
        last = self.engine.state(container)
        output = self.engine.output(container)
        stop = self._stop(container) if last.running else None
        return Observation(
            False, state, last, at, seconds, first, output, self.ports, services, health, smoke, stop,
            tuple(self.not_seen),
        )  # fmt: skip

    # --- until it has settled ---

    def _settle(self, container: str, begun: float) -> ContainerState:
        """Until the container has ended, listens, or its time is over."""
        limit = begun + self._patience()
        state = self.engine.wait(container, FIRST_SECONDS)
        if not state.running:
            return state
        joined = self.beside.join(container)
        if isinstance(joined, str):
            state = self.engine.wait(container, max(0.0, limit - time.monotonic()))
            if state.running:
                self.ports = None
                self.not_seen.append(f"ports and what answers on them: {joined}")
            return state
        self.neighbour = joined
        # A traced program is waited for as long as it takes to listen at all: what it lacks is known by then.
        wanted = [port.key for port in self.like.ports or ()] if self.like and not self.wrap else []
        while True:
            left = max(0.0, limit - time.monotonic())
            stable = self._watch(min(left, LOOK_SECONDS), wanted)
            state = self.engine.state(container)
            if not state.running or stable or time.monotonic() >= limit:
                return state

    def _patience(self) -> float:
        """How long the container may take to settle, in seconds."""
        most = self.engine.limits.start_seconds
        if self.like is None:
            return most
        if self.like.ended:
            return max(most, 3 * self.like.seconds)
        return most if self.patient or not self.like.ports else min(most, 3.0 + 3 * self.like.seconds)

    def _watch(self, seconds: float, wanted: Sequence[tuple[str, str]]) -> bool:
        """Look at the ports; True when they are those that are wanted, and stay."""
        assert self.neighbour is not None
        try:
            found, stable = self.neighbour.watch(seconds, QUIET_SECONDS, wanted)
        except (ProbeError, EngineError) as error:
            self._lose(error)
            return True
        self.ports = tuple(sorted(Port(*port) for port in found))
        return stable

    def _lose(self, error: Exception) -> None:
        """Go on without the probe. A container that ended takes its neighbour's answers with it, and says so itself."""
        self.ports = None
        self.not_seen.append(f"ports and what answers on them: {error}")

    # --- what it answers ---

    def _ask(self) -> tuple[Service, ...]:
        services: dict[str, Service] = {}
        until = time.monotonic() + ASK_SECONDS
        for _ in range(ROUNDS):
            tcp = {port.name: port for port in self.ports or () if port.protocol == "tcp"}
            new = [port for name, port in tcp.items() if name not in services][: MOST_PORTS - len(services)]
            if not new:
                break
            for port in new:
                left = until - time.monotonic()
                found = self._ask_port(port, left) if left > 0 else None
                if found is None:
                    break
                services[port.name] = found
        rest = [port.said for port in self.ports or () if port.protocol == "tcp" and port.name not in services]
        if rest:
            self.not_seen.append(f"what answers on {', '.join(rest[:4])}: too many ports, or too slow ones")
        return tuple(services.values())

    def _look_again(self) -> None:
        """Read the ports once more; what listened before and does not now is kept, for its answers are known."""
        if self.neighbour is None or self.ports is None:
            return
        before = self.ports
        self._watch(0.0, ())
        if self.ports is not None:
            self.ports = tuple(sorted({*before, *self.ports}))

    def _keep(self, listening: Sequence[Sequence[str]]) -> None:
        """Add what listened after a port was asked."""
        self.ports = tuple(sorted({*(self.ports or ()), *(Port(*port) for port in listening)}))

    def _ask_port(self, port: Port, most: float) -> Service | None:
        assert self.neighbour is not None
        known = next((each for each in self.like.services if each.port == port.name), None) if self.like else None
        patience = WARM_SECONDS
        if known is not None:
            patience = 6.0 + 20 * known.ready if self.patient else 2.0 + 5 * known.ready
        task: dict[str, Any] = {
            "host": port.host,
            "port": int(port.name),
            "requests": self.how.requests,
            "seconds": self.how.request_seconds,
            "patience": patience,
            "most": most,
            "tls": known.tls if known else None,
            "status": {request: first.status for request, first, _ in known.answers} if known and not self.wrap else {},
        }
        longest = most + 4 * self.how.request_seconds + patience
        try:
            (answer,) = self.neighbour.ask([task], longest)
        except (ProbeError, EngineError) as error:
            self._lose(error)
            return None
        now = time.time()
        self._keep(answer["listening"])
        if len(answer["answers"]) < len(self.how.requests) and answer["answers"][0][0]["kind"] == "http":
            self.not_seen.append(f"what else {port.said} answers: it takes too long")
        pairs = zip(self.how.requests, answer["answers"], strict=False)
        return Service(
            port.name,
            answer["tls"],
            answer["ready"],
            tuple((request, *answers_of(first, second, now)) for request, (first, second) in pairs),
        )

    # --- commands ---

    def _check_health(self, container: str) -> Output | None:
        """The HEALTHCHECK, again while it fails and there is hope: never long where the original's fails, too."""
        most = self.engine.limits.start_seconds
        hopeless = self.like is not None and (self.like.health is None or self.like.health.exit_code != 0)
        until = time.monotonic() + (0.0 if hopeless else most if self.patient or self.like is None else most / 2)
        while True:
            try:
                found = self.engine.check_health(container, most)
            except EngineError as error:
                found = self._of_the_dead(container, error)
            if found is None or found.exit_code == 0 or time.monotonic() >= until:
                return found
            if not self.engine.wait(container, HEALTH_PAUSE).running:
                return found

    def _smoke_within(self, container: str) -> tuple[tuple[str, Output], ...]:
        done = []
        for line in self.how.smoke:
            try:
                output = self.engine.execute(container, self.how.words(line), self.how.smoke_seconds)
            except EngineError as error:
                output = self._of_the_dead(container, error)
            done.append((line, output))
        return tuple(done)

    def _of_the_dead(self, container: str, error: EngineError) -> Output:
        """Of a command in a container that has ended meanwhile; in one that runs, the engine's error stands."""
        if self.engine.state(container).running:
            raise error
        return Output(None, b"", b"the program had ended")

    def _smoke_alone(self) -> tuple[tuple[str, Output], ...]:
        if self.wrap is not None:
            return ()
        done = []
        for line in self.how.smoke:
            request = RunRequest(self.image, environment=self.how.environment, entrypoint=self.how.words(line))
            done.append((line, self.engine.run(request, self.how.smoke_seconds)))
        return tuple(done)

    def _stop(self, container: str) -> Stopped | None:
        """Ask it to stop; not when the original had to be killed, for then nothing is to be learned."""
        if self.wrap is not None or (self.like is not None and self.like.stop is not None and self.like.stop.killed):
            return None
        state, seconds = self.engine.stop(container)
        killed = state.exit_code == 137 and seconds >= self.engine.limits.stop_seconds
        return Stopped(state, seconds, killed)
