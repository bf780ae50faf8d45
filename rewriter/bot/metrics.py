"""Metrics of a worker, as Prometheus reads them. Imports prometheus-client: only for those who ask for metrics."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, start_http_server

from rewriter.bot.events import Event


class Metrics:
    """A listener that serves what it counts; see `rewriter.bot.events`."""

    def __init__(self, port: int, address: str) -> None:
        """Serves at once, ``/metrics``; port 0 is any that is free. Raises OSError."""
        registry = CollectorRegistry()
        prefix = "dfrewrite_bot"
        self._outcomes = Counter(f"{prefix}_files", "Dockerfiles by what came of them", ["outcome"], registry=registry)
        self._failures = Counter(f"{prefix}_failures", "Dockerfiles and repositories that failed", registry=registry)
        self._writes = Counter(f"{prefix}_writes", "Writes to a forge", ["identity"], registry=registry)
        waits = "Seconds for which a forge wanted to be left alone"
        self._waits = Counter(f"{prefix}_waits_seconds", waits, ["identity"], registry=registry)
        self._left = Gauge(f"{prefix}_repositories_left", "Repositories still to be visited", registry=registry)
        buckets = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800)
        visits = "Seconds from the beginning of a visit to its end, waits within it too"
        self._seconds = Histogram(f"{prefix}_visit_seconds", visits, buckets=buckets, registry=registry)
        self._server, _ = start_http_server(port, address, registry)

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._server.server_address[1])

    def __call__(self, event: Event) -> None:
        """Counts."""
        if event.name == "visit":
            self._outcomes.labels(event.text("outcome")).inc()
            self._failures.inc(1 if event.fields.get("failed") else 0)
        elif event.name == "write":
            self._writes.labels(event.text("identity")).inc()
        elif event.name == "wait":
            self._waits.labels(event.text("identity")).inc(event.number("seconds"))
        elif event.name == "queue":
            self._left.set(event.number("left"))
        elif event.name == "repository":
            self._seconds.observe(event.number("seconds"))

    def close(self) -> None:
        """Serves no longer."""
        self._server.shutdown()
        self._server.server_close()
