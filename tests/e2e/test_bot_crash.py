"""The bot is killed at random points, again and again, and nothing is done twice, lost or left without a record.

``DFREWRITE_BOT_KILLS`` says how often (50), half over SQLite and half over PostgreSQL; nightly 1,000.
"""

from __future__ import annotations

import contextlib
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

from .postgres import postgres

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


def _host(forge: FakeForge) -> str:
    return forge.url.removeprefix("http://")


def _start(folder: Path, forge: FakeForge, place: Place, run: str, *, lease: float = 60.0) -> subprocess.Popen[bytes]:
    """The bot as its own process; ``lease``: seconds after which it takes another one for dead."""
    program = f"import rewriter.bot.run as run; run.LEASE = {lease}; import rewriter.cli as cli; cli.main()"
    host = _host(forge).upper().replace(".", "_").replace(":", "_")
    command = [sys.executable, "-c", program, "bot", "run", "--campaign", str(folder / "campaign.toml")]
    return subprocess.Popen(
        [*command, "--folder", str(place.folder), "--run", run, "--database", place.database],
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


def _hold(forge: FakeForge, place: Place) -> None:
    """What must hold at any moment."""
    if not place.folder.exists():
        return
    ledger = Ledger(place.ledger)
    recorded = {(each.repository, each.branch) for each in ledger.proposals() if each.forge == _host(forge)}
    ledger.close()
    with forge.state.lock:
        for repository in forge.state.repositories.values():
            assert sum(pull.state == "open" for pull in repository.pulls) <= 1, repository.name
            assert len(repository.pulls) <= 1, repository.name
            for branch in set(repository.branches()) - {"main"}:
                assert (str(repository.id), branch) in recorded, f"{repository.name} {branch}"


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_killed_at_random_points(tmp_path: Path, kind: str) -> None:
    with postgres() if kind == "postgresql" else contextlib.nullcontext("") as database:
        _kill_and_look(tmp_path, database)


def test_four_workers_share_a_run(tmp_path: Path) -> None:
    with postgres() as database, FakeForge(tmp_path / "forge", github, "/api/v3") as forge:
        (tmp_path / "campaign.toml").write_text(CAMPAIGN.format(url=forge.url))
        for number in range(REPOSITORIES):
            forge.state.add(f"acme/tides-{number}", FILES)
        place = Place(tmp_path / "state", database)
        workers = [_start(tmp_path, forge, place, "shared") for _ in range(4)]
        for worker in workers:
            _, errors = worker.communicate(timeout=120)
            assert worker.returncode == 0, errors.decode()
        assert [len(each.pulls) for each in forge.state.repositories.values()] == [1] * REPOSITORIES
        _hold(forge, place)


def test_a_dead_worker_is_taken_over(tmp_path: Path) -> None:
    """Its machine never comes back: another one does what it left, once its lease has run out."""
    with postgres() as database, FakeForge(tmp_path / "forge", github, "/api/v3") as forge:
        (tmp_path / "campaign.toml").write_text(CAMPAIGN.format(url=forge.url))
        for number in range(REPOSITORIES):
            forge.state.add(f"acme/tides-{number}", FILES)
        first = _start(tmp_path, forge, Place(tmp_path / "one", database), "shared", lease=4.0)
        while first.poll() is None and not any(each.pulls for each in forge.state.repositories.values()):
            time.sleep(0.01)
        assert _kill(first), "it was done before it could be killed"
        other = Place(tmp_path / "two", database)
        second = _start(tmp_path, forge, other, "shared", lease=4.0)
        _, errors = second.communicate(timeout=120)
        assert second.returncode == 0, errors.decode()
        assert b"takes over" in errors
        assert [len(each.pulls) for each in forge.state.repositories.values()] == [1] * REPOSITORIES
        _hold(forge, other)


def _kill_and_look(tmp_path: Path, database: str) -> None:
    chance = random.Random(20261126)
    kills = rounds = 0
    while kills < KILLS / 2:
        rounds += 1
        folder = tmp_path / f"round-{rounds}"
        place, run = Place(folder / "state", database), f"crash-{rounds}"
        with FakeForge(folder / "forge", github, "/api/v3") as forge:
            folder.mkdir(exist_ok=True)
            (folder / "campaign.toml").write_text(CAMPAIGN.format(url=forge.url))
            for number in range(REPOSITORIES):
                forge.state.add(f"acme/tides-{number}", FILES)
            closed = forge.state.add("acme/closed", FILES)
            life = 0.0
            while True:
                process = _start(folder, forge, place, run)
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
                _hold(forge, place)
            assert process.stderr is not None
            assert process.returncode == 0, process.stderr.read().decode()
            _hold(forge, place)
            for repository in forge.state.repositories.values():
                assert len(repository.pulls) == 1, f"{repository.name} was lost"
                assert repository is closed or repository.pulls[0].labels == ["docker"]
            assert not list((folder / "state").glob("clones-*"))
    print(f"\n{kills} kills in {rounds} rounds")
