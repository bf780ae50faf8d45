"""One engine with the stand-in base images for the whole run, and the tool that is under test."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from .base_images import GOLANG, make
from .engine import Engine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    """The engine with the images for Go, stopped at the end if it was started here.

    A test that needs other base images asks for them (``base_images.make_for``), so that no other has to wait.
    """
    engine = Engine()
    mine = engine.start()
    try:
        make(engine, GOLANG)
        yield engine
        engine.prune()
    finally:
        if mine:
            engine.stop()


@pytest.fixture(scope="session")
def dfrewrite() -> Callable[..., subprocess.CompletedProcess[str]]:
    """The installed command, run as its own process as a user runs it."""
    command = Path(sys.executable).with_name("dfrewrite")
    assert command.is_file(), "install the package into this environment first: pip install -e '.[dev]'"

    def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run([command, *arguments], capture_output=True, text=True, check=False, timeout=120)

    return run
