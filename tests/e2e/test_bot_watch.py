"""The command as it is watched: its log, its metrics while it runs, its dashboard, and what is told afterwards."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bot.fake.server import Answer, Asked, FakeForge

from .bots import TOKEN, judged_forge, token_variable
from .fleet import GO

pytestmark = pytest.mark.e2e

CAMPAIGN = """
name = "watched"

[[source]]
forge = "{kind}"
url = "{url}"
owners = ["acme"]

[caps]
seconds-between-writes = 0.0

[pull-request]
dashboard = "$owner/board"
"""


@pytest.fixture
def forge(tmp_path: Path, kind: str) -> Iterator[FakeForge]:
    with judged_forge(tmp_path / "forge", kind) as found:
        (tmp_path / "campaign.toml").write_text(CAMPAIGN.format(kind=kind, url=found.url))
        yield found


def _command(folder: Path, forge: FakeForge, *words: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", "import rewriter.cli as cli; cli.main()", "bot", *words]
    return subprocess.Popen(
        [*command, "--folder", str(folder / "state")],
        env={**os.environ, token_variable(forge): TOKEN},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _run(folder: Path, forge: FakeForge, *options: str) -> subprocess.Popen[str]:
    return _command(folder, forge, "run", "--campaign", str(folder / "campaign.toml"), *options)


def _ended(process: subprocess.Popen[str], code: int = 0) -> tuple[str, str]:
    output, errors = process.communicate(timeout=120)
    assert process.returncode == code, errors
    return output, errors


def test_a_dashboard_is_kept(forge: FakeForge, tmp_path: Path) -> None:
    board = forge.state.add("acme/board", {"README.md": "x"})
    tides = forge.state.add("acme/tides", GO)
    forge.state.add("acme/empty")
    output, _ = _ended(_run(tmp_path, forge, "--dry-run"))
    assert "would keep a dashboard in acme/board" in output
    assert board.issues == []
    _ended(_run(tmp_path, forge))
    (issue,) = board.issues
    assert issue.title == "dfrewrite: proposals for acme"
    assert "acme/tides" in issue.body
    assert "**it is empty** (1): `acme/empty`" in issue.body
    before = len(forge.writes())
    _ended(_run(tmp_path, forge))
    # Only what came of the visits is another thing now.
    assert [asked.method for asked in forge.writes()[before:]] in ([], ["PATCH"], ["PUT"])
    forge.state.merge(tides, tides.pulls[0])
    _ended(_run(tmp_path, forge))
    assert len(board.issues) == 1
    assert "## Open" not in board.issues[0].body


def test_a_dashboard_elsewhere_is_told_before_anything_is_done(forge: FakeForge, tmp_path: Path) -> None:
    tides = forge.state.add("acme/tides", GO)
    forge.state.add("kim/board", {"README.md": "x"})
    for name in ("kim/board", "acme/bord"):
        wrong = ("--set", f"pull-request.dashboard={name}")
        for more in ((), ("--dry-run",)):
            _, errors = _ended(_run(tmp_path, forge, *wrong, *more), 2)
            words = f"error: pull-request: the dashboard '{name}' is no repository of those that were named"
            assert words in errors.splitlines()
    assert (tides.pulls, forge.writes()) == ([], [])


def test_files_that_are_taken_away_end_it(forge: FakeForge, tmp_path: Path) -> None:
    forge.state.add("acme/board", {"README.md": "x"})
    tides = forge.state.add("acme/tides", GO)

    def somebody_tidies_up(asked: Asked) -> None:
        if asked.method == "POST":
            for path in (tmp_path / "state").glob("workflows.sqlite*"):
                path.unlink()

    forge.trouble = somebody_tidies_up
    _, errors = _ended(_run(tmp_path, forge), 2)
    gone = tmp_path / "state" / "workflows.sqlite"
    assert f"error: {gone}: it was removed while the bot worked with it" in errors.splitlines()
    forge.trouble = lambda _: None
    _ended(_run(tmp_path, forge, "--run", "again"))
    assert len(tides.pulls) == 1


def test_a_log_and_metrics_while_it_runs(forge: FakeForge, tmp_path: Path) -> None:
    forge.state.add("acme/board", {"README.md": "x"})
    for number in range(3):
        forge.state.add(f"acme/tides-{number}", GO)
    refused: list[Asked] = []

    def trouble(asked: Asked) -> Answer | str | None:
        if asked.method == "POST" and not refused:
            refused.append(asked)
            return Answer(429, {"message": "Too many"}, {"Retry-After": "6"})
        return None

    forge.trouble = trouble
    process = _run(tmp_path, forge, "--log", str(tmp_path / "log"), "--metrics-port", "0")
    process.terminate()
    process.communicate(timeout=60)
    port = _free_port()
    process = _run(tmp_path, forge, "--log", str(tmp_path / "log"), "--metrics-port", str(port))
    while not refused:
        assert process.poll() is None
        time.sleep(0.02)
    time.sleep(0.5)
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as reply:
        metrics = reply.read().decode()
    waited = r'dfrewrite_bot_waits_seconds_total\{identity="\w+:127\.0\.0\.1:\d+"\} (6\.0|5\.9\d*)'
    assert re.search(waited, metrics), metrics
    assert re.search(r"dfrewrite_bot_repositories_left [1-4]\.0", metrics)
    _, errors = _ended(process)
    assert "4 of 4 repositories, 3 opened" in errors
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics")
    lines = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
    assert all(line["campaign"] == "watched" for line in lines)
    told = {line["event"] for line in lines}
    assert told == {"discovered", "queue", "visit", "repository", "write", "wait", "dashboard"}
    opened = [line for line in lines if line["event"] == "visit" and line["outcome"] == "opened"]
    assert {line["repository"] for line in opened} == {f"acme/tides-{number}" for number in range(3)}
    assert TOKEN not in (tmp_path / "log").read_text()


def _free_port() -> int:
    import socket

    with socket.socket() as chosen:
        chosen.bind(("127.0.0.1", 0))
        return int(chosen.getsockname()[1])


def test_who_interrupts_it_is_told_how_to_go_on(forge: FakeForge, tmp_path: Path) -> None:
    repository = forge.state.add("acme/tides", GO)
    forge.state.add("acme/board", {"README.md": "x"})
    asked: list[Asked] = []

    def trouble(each: Asked) -> Answer | str | None:
        if each.method == "POST":
            asked.append(each)
            return Answer(429, {"message": "Too many"}, {"Retry-After": "3"})
        return None

    forge.trouble = trouble
    process = _run(tmp_path, forge)
    while not asked:
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert re.search(r"interrupted; the same command goes on with the run \S+\n", errors)
    assert "Traceback" not in errors
    forge.trouble = lambda _: None
    _ended(_run(tmp_path, forge))
    assert len(repository.pulls) == 1
    output, _ = _ended(_command(tmp_path, forge, "report"))
    assert output.startswith("run ")
    assert "opened: not proposed yet (1)" in output
