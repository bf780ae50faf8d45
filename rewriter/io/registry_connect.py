"""A registry client as the command line wants it: mirrors checked, credentials from Docker's own configuration."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Sequence

from rewriter.io.docker_config import DockerConfig
from rewriter.io.registry import Registry
from rewriter.io.registry_http import Http, Times
from rewriter.io.registry_names import read_mirror


def connect(http: Http, mirrors: Sequence[str], insecure: Collection[str]) -> Registry:
    """The client. Raises BadNameError for a mirror that is none."""
    addresses = [read_mirror(mirror, insecure) for mirror in mirrors]
    return Registry(http, DockerConfig(tell=http.tell).credentials, addresses, insecure)


def times(timeout: float | None) -> Times:
    """The times of a request; a whole one of at most ``timeout`` seconds leaves its parts no more."""
    usual = Times()
    if timeout is None:
        return usual
    return Times(min(usual.connect, timeout), min(usual.read, timeout), timeout)


def today() -> str:
    """The ISO date, in UTC."""
    return datetime.datetime.now(datetime.UTC).date().isoformat()
