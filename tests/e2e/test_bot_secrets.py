"""A marked token: it is in no file, no output, no address, no argument of a process and no exception of whole runs."""

from __future__ import annotations

import base64
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.bot.fake.github import github
from tests.bot.fake.server import Answer, Asked, FakeForge

from .bots import token_variable
from .fleet import GO

pytestmark = pytest.mark.e2e

TOKEN = "ghp_MARKEDmarkedMARKED0123456789abcdef"
FORMS = (
    TOKEN,
    base64.b64encode(f"x-access-token:{TOKEN}".encode()).decode(),
    base64.b64encode(TOKEN.encode()).decode().rstrip("="),
    TOKEN[4:24],
)
"""As it is, as git sends it, and a good part of it."""


@dataclass
class Place:
    """A home, a folder for temporary files and a state, in which anything may be found afterwards."""

    folder: Path
    forge: FakeForge
    runs: int = 0

    def run(self, *options: str, token: str = TOKEN) -> subprocess.CompletedProcess[str]:
        """The bot as its own process, every program that it starts written down."""
        self.runs += 1
        environment = {
            name: value for name, value in os.environ.items() if "TOKEN" not in name and not name.startswith("GIT_")
        }
        for name in ("home", "tmp"):
            (self.folder / name).mkdir(exist_ok=True)
        environment |= {"HOME": str(self.folder / "home"), "TMPDIR": str(self.folder / "tmp")}
        # Variables that make programs print what they send.
        environment |= {"GIT_TRACE": "1", "GIT_CURL_VERBOSE": "1", "GIT_TRACE_CURL": "1", "GIT_TRACE_REDACT": "0"}
        environment[token_variable(self.forge)] = token
        trace = self.folder / f"programs-{self.runs}"
        strace = ["strace", "-f", "-qq", "-e", "trace=execve", "-s", "100000", "-o", str(trace)]
        command = [sys.executable, "-c", "import rewriter.cli as cli; cli.main()", "bot", "run", "--owner", "acme"]
        command += ["--url", self.forge.url, "--folder", str(self.folder / "state"), "--run", f"run-{self.runs}"]
        done = subprocess.run(
            [*strace, *command, *options], capture_output=True, text=True, check=False, env=environment, timeout=300
        )
        (self.folder / f"output-{self.runs}").write_text(done.stdout + done.stderr)
        assert "execve(" in trace.read_text()
        return done

    def holds_no_token(self) -> None:
        """Looks everywhere: outputs, arguments, the state, the home, and the repositories of the forge."""
        looked = 0
        for path in self.folder.rglob("*"):
            if path.is_file():
                looked += 1
                content = path.read_bytes()
                assert not [form for form in FORMS if form.encode() in content], path
        assert looked > 20


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with FakeForge(tmp_path / "forge", github, "/api/v3") as forge:
        forge.state.tokens = {TOKEN: "bot"}
        yield Place(tmp_path, forge)


def test_a_run_that_goes_well(place: Place) -> None:
    repository = place.forge.state.add("acme/tides", GO)
    assert place.run("--dry-run").returncode == 0
    done = place.run()
    assert done.returncode == 0, done.stderr
    assert len(repository.pulls) == 1
    place.holds_no_token()
    # That the search finds something at all: git was started, and was told nothing in its arguments.
    programs = (place.folder / "programs-2").read_text()
    assert re.search(r'execve\("[^"]*/git", \["git", .*"push"', programs)
    assert "extraHeader" not in programs


def _answers(status: int, message: str) -> Callable[[Asked], Answer | str | None]:
    return lambda asked: Answer(status, {"message": f"{message} {asked.headers.get('authorization', '')[:9]}"})


def _dies(_: Asked) -> str:
    return "die"


@pytest.mark.parametrize(
    "trouble",
    [_answers(401, "Bad credentials"), _answers(403, "no"), _answers(404, "none"), _answers(200, "odd"), _dies],
    ids=["401", "403", "404", "odd", "dies"],
)
def test_a_run_that_goes_wrong(place: Place, trouble: Callable[[Asked], Answer | str | None]) -> None:
    place.forge.state.add("acme/tides", GO)
    place.forge.trouble = trouble
    done = place.run()
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    place.holds_no_token()


def test_a_push_that_is_refused(place: Place) -> None:
    repository = place.forge.state.add("acme/tides", GO)
    hook = repository.git / "hooks" / "update"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\nenv >&2\nexit 1\n")
    hook.chmod(0o755)
    done = place.run()
    assert done.returncode == 2
    place.holds_no_token()


def test_a_token_that_git_is_refused(place: Place) -> None:
    """The API takes it, git does not."""
    place.forge.state.add("acme/tides", GO)
    place.forge.git_refuses = True
    done = place.run()
    assert done.returncode == 2
    place.holds_no_token()


def test_a_name_of_a_repository_that_is_an_address_with_the_token(place: Place) -> None:
    """Somebody pastes what git printed elsewhere."""
    address = place.forge.url.replace("http://", f"http://x:{TOKEN}@") + "/acme/tides"
    done = place.run(address)
    assert done.returncode == 2
    assert (
        done.stderr == "error: an address of a repository must not hold a user or a password: they are kept on disk\n"
    )
