"""The bot is killed at random points, again and again, and nothing is done twice, lost or left without a record.

``DFREWRITE_BOT_KILLS`` says how often (50); the nightly run takes 1,000.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from rewriter.bot.ledger import Ledger
from rewriter.bot.run import Place
from tests.bot.fake.github import github
from tests.bot.fake.server import FakeForge

pytestmark = pytest.mark.e2e

KILLS = int(os.environ.get("DFREWRITE_BOT_KILLS", "50"))
REPOSITORIES = 12
LONGEST_LIFE = 3.0
"""Seconds; a run that is left alone takes about as long."""
FILES: dict[str, str | None] = {
    "Dockerfile": 'FROM golang:1.18\nWORKDIR /app\nCOPY . .\nRUN go build -o /app/tides .\nCMD ["/app/tides"]\n',
    "go.mod": "module example.com/tides\n\ngo 1.18\n",
    "main.go": "package main\n\nfunc main() {}\n",
}
CAMPAIGN = """
name = "crash"

[[source]]
url = "{url}"
owners = ["acme"]

[caps]
seconds-between-writes = 0.0
writes-per-hour = 1000000
per-run = 1000
per-hour = 1000000

[pull-request]
labels = ["docker"]

[author]
email = "bot@example.com"
"""


def _start(folder: Path, forge: FakeForge, name: str) -> subprocess.Popen[bytes]:
    host = forge.url.removeprefix("http://").upper().replace(".", "_").replace(":", "_")
    command = [sys.executable, "-m", "rewriter.cli", "bot", "run", "--campaign", str(folder / "campaign.toml")]
    return subprocess.Popen(
        [*command, "--folder", str(folder / "state"), "--run", name],
        env={**os.environ, f"DFREWRITE_TOKEN_{host}": "t0ken-of-the-bot"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


def _kill(process: subprocess.Popen[bytes]) -> bool:
    """Kills it and all that it started; False when it had ended by itself."""
    if process.poll() is not None:
        return False
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    return True


def _hold(forge: FakeForge, folder: Path) -> None:
    """What must hold at any moment."""
    place = Place(folder / "state")
    if not (place.folder / "ledger.sqlite").exists():
        return
    ledger = Ledger(place.ledger)
    recorded = {(each.repository, each.branch) for each in ledger.proposals()}
    ledger.close()
    with forge.state.lock:
        for repository in forge.state.repositories.values():
            assert sum(pull.state == "open" for pull in repository.pulls) <= 1, repository.name
            assert len(repository.pulls) <= 1, repository.name
            for branch in set(repository.branches()) - {"main"}:
                assert (str(repository.id), branch) in recorded, f"{repository.name} {branch}"


def test_killed_at_random_points(tmp_path: Path) -> None:
    chance = random.Random(20261126)
    kills = rounds = 0
    while kills < KILLS:
        rounds += 1
        folder = tmp_path / f"round-{rounds}"
        with FakeForge(folder / "forge", github, "/api/v3") as forge:
            folder.mkdir(exist_ok=True)
            (folder / "campaign.toml").write_text(CAMPAIGN.format(url=forge.url))
            for number in range(REPOSITORIES):
                forge.state.add(f"acme/tides-{number}", FILES)
            closed = forge.state.add("acme/closed", FILES)
            life = 0.0
            while True:
                process = _start(folder, forge, "crash")
                # A process that is killed while it starts does nothing: lives grow, so that a round comes to its end.
                deadline = time.monotonic() + chance.uniform(0.2, LONGEST_LIFE + life)
                while process.poll() is None and time.monotonic() < deadline:
                    time.sleep(0.01)
                    if closed.pulls and closed.pulls[0].state == "open" and chance.random() < 0.05:
                        forge.state.close(closed, closed.pulls[0])
                if not _kill(process):
                    break
                kills += 1
                life += 0.2
                _hold(forge, folder)
            assert process.stderr is not None
            assert process.returncode == 0, process.stderr.read().decode()
            _hold(forge, folder)
            for repository in forge.state.repositories.values():
                assert len(repository.pulls) == 1, f"{repository.name} was lost"
                assert repository is closed or repository.pulls[0].labels == ["docker"]
            assert not list((folder / "state").glob("clones-*"))
    print(f"\n{kills} kills in {rounds} rounds")
