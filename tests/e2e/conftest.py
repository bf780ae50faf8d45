"""One engine with the stand-in base images for the whole run, and the tool that is under test."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from .base_images import GOLANG, make
from .bots import DIALECTS, TOKEN, Bot, files_with_token, judged_forge, token_variable
from .engine import Engine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.bot.fake.server import FakeForge


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


# A forge for the bot. Who needs another one makes a `forge` of its own, and has the `bot` for it all the same.


@pytest.fixture(params=DIALECTS)
def kind(request: pytest.FixtureRequest) -> str:
    """The dialect that is spoken."""
    return str(request.param)


@pytest.fixture
def forge(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> Iterator[FakeForge]:
    """What is asked of it, and what it replies, is judged in the end."""
    with judged_forge(tmp_path / "forge", kind) as found:
        monkeypatch.setenv(token_variable(found), TOKEN)
        yield found


@pytest.fixture(autouse=True)
def no_token_is_left(request: pytest.FixtureRequest) -> Iterator[None]:
    """Whatever a test does with the bot: afterwards its token stands in no file."""
    folder = request.getfixturevalue("tmp_path") if request.path.name.startswith("test_bot_") else None
    yield
    if folder is not None:
        assert files_with_token(folder) == []


@pytest.fixture
def bot(forge: FakeForge, tmp_path: Path, kind: str) -> Bot:
    """A campaign over all repositories of ``acme``."""
    return Bot(forge, tmp_path / "state", kind)
