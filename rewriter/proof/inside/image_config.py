"""The configuration of an image, read from its JSON (OCI image specification 1.1, config.md, and Docker's own)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from rewriter.proof.inside.sources import DamagedError


@dataclass(frozen=True, slots=True)
class Healthcheck:
    """A HEALTHCHECK; times in nanoseconds, 0 for the engine's default."""

    test: tuple[str, ...]
    """``NONE``, or ``CMD`` and its arguments, or ``CMD-SHELL`` and a text for the shell."""
    interval: int = 0
    timeout: int = 0
    start_period: int = 0
    start_interval: int = 0
    retries: int = 0


@dataclass(frozen=True, slots=True)
class Config:
    """What an image promises to whoever starts it. Empty is not set."""

    entrypoint: tuple[str, ...] = ()
    cmd: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    """In its order; the last of several of one name."""
    user: str = ""
    workdir: str = ""
    exposed_ports: frozenset[str] = frozenset()
    """As ``8080/tcp``."""
    volumes: frozenset[str] = frozenset()
    labels: Mapping[str, str] = field(default_factory=dict)
    healthcheck: Healthcheck | None = None
    stop_signal: str = ""
    shell: tuple[str, ...] = ()
    on_build: tuple[str, ...] = ()
    architecture: str = ""
    """As Go names it: amd64, arm64 …"""
    os: str = ""

    @property
    def argv(self) -> tuple[str, ...]:
        """What a container starts: ENTRYPOINT with CMD as its arguments."""
        return self.entrypoint + self.cmd


def parse_config(data: bytes) -> tuple[Config, int | None]:
    """The configuration, and how many layers it speaks of (None when it does not say). Raises DamagedError."""
    try:
        whole = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise DamagedError("its configuration is no JSON") from error
    top = _mapping(whole, "configuration")
    inner = _mapping(top.get("config"), "config")
    diff_ids = _mapping(top.get("rootfs"), "rootfs").get("diff_ids")
    config = Config(
        entrypoint=_strings(inner, "Entrypoint"),
        cmd=_strings(inner, "Cmd"),
        env=_environment(_strings(inner, "Env")),
        user=_string(inner, "User"),
        workdir=_string(inner, "WorkingDir"),
        exposed_ports=frozenset(_port(key) for key in _mapping(inner.get("ExposedPorts"), "ExposedPorts")),
        volumes=frozenset(_mapping(inner.get("Volumes"), "Volumes")),
        labels={key: str(value) for key, value in _mapping(inner.get("Labels"), "Labels").items()},
        healthcheck=_healthcheck(_mapping(inner.get("Healthcheck"), "Healthcheck")),
        stop_signal=_string(inner, "StopSignal"),
        shell=_strings(inner, "Shell"),
        on_build=_strings(inner, "OnBuild"),
        architecture=_string(top, "architecture"),
        os=_string(top, "os"),
    )
    return config, len(diff_ids) if isinstance(diff_ids, list) else None


def _mapping(value: object, name: str) -> dict[str, object]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise DamagedError(f"{name} in its configuration is no object")
    return value


def _string(values: Mapping[str, object], name: str) -> str:
    value = values.get(name) or ""
    if not isinstance(value, str):
        raise DamagedError(f"{name} in its configuration is no text")
    return value


def _strings(values: Mapping[str, object], name: str) -> tuple[str, ...]:
    value = values.get(name) or []
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise DamagedError(f"{name} in its configuration is no list of texts")
    return tuple(value)


def _environment(entries: tuple[str, ...]) -> dict[str, str]:
    pairs = (entry.partition("=") for entry in entries)
    return {name: value for name, _, value in pairs if name}


def _port(key: str) -> str:
    return key if "/" in key else f"{key}/tcp"


def _healthcheck(values: Mapping[str, object]) -> Healthcheck | None:
    """None without one; ``HEALTHCHECK NONE`` is one."""
    test = _strings(values, "Test")
    if not test:
        return None
    names = ("Interval", "Timeout", "StartPeriod", "StartInterval", "Retries")
    numbers = [values.get(name) for name in names]
    return Healthcheck(test, *(number if isinstance(number, int) else 0 for number in numbers))
