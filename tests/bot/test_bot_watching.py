"""What people see of the bot: progress, log, metrics, reports and the dashboard's words."""

from __future__ import annotations

import io
import json
import re
import urllib.request
from pathlib import Path

import pytest
from click.testing import CliRunner

from rewriter.bot.as_page import render as render_page
from rewriter.bot.dashboard import MOST
from rewriter.bot.dashboard import render as render_dashboard
from rewriter.bot.events import Event, Events, JsonLog
from rewriter.bot.ledger import Ledger, Proposal, Visit
from rewriter.bot.metrics import Metrics
from rewriter.bot.progress import Progress
from rewriter.bot.summary import as_data, general, summarise
from rewriter.cli_bot_reports import report, status

HOSTILE = "<script>alert(1)</script> @everyone | `x` \u202e\x1b[31m --> #1 ![x](http://x)"


class Clock:
    """Stands still."""

    def __init__(self) -> None:
        self.time = 1_800_000_000.0

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += seconds


def _visit(name: str, outcome: str, why: str, path: str = "Dockerfile", **more: object) -> Visit:
    return Visit("run-1", "git.example", name, name, path, outcome, why, at=1_800_000_000.0, **more)  # type: ignore[arg-type]


def _proposal(name: str, state: str = "open", before: int | None = 900_000_000, **more: object) -> Proposal:
    found = Proposal(f"k-{name}", "git.example", name, name, "Dockerfile", "default", "dfrewrite/Dockerfile/default")
    after = before // 10 if before is not None else None
    url = f"https://git.example/{name}/pull/1"
    from dataclasses import replace

    return replace(found, state=state, before_bytes=before, after_bytes=after, url=url, **more)  # type: ignore[arg-type]


VISITS = [
    _visit("acme/a", "opened", "not proposed yet", url="https://git.example/acme/a/pull/1"),
    _visit("acme/b", "nothing", "#7 was merged"),
    _visit("acme/c", "nothing", "#12 was merged"),
    _visit("acme/d", "nothing", "somebody else pushed to #3 (0123456789ab)"),
    _visit("acme/e", "failed", "the push was refused", failed=True),
    _visit("acme/f", "left alone", "it is empty", path=""),
]
PROPOSALS = [_proposal("acme/a"), _proposal("acme/b", "merged", measured=True), _proposal("acme/g", "closed")]


def test_outcomes_are_grouped_by_reason_failures_first() -> None:
    found = summarise("run-1", VISITS, PROPOSALS)
    assert [(group.outcome, group.reason, len(group.places)) for group in found.groups] == [
        ("failed", "the push was refused", 1),
        ("nothing", "its pull request was merged", 2),
        ("left alone", "it is empty", 1),
        ("nothing", "somebody else pushed to its pull request", 1),
        ("opened", "not proposed yet", 1),
    ]
    assert (found.repositories, found.outcomes["nothing"]) == (6, 3)
    assert (found.measured.saved, found.forecast.saved) == (810_000_000, 810_000_000)
    assert found.states == {"open": 1, "merged": 1, "closed": 1}
    assert sum(found.hours.values()) == 1


def test_a_reason_that_quotes_no_number_stays_as_it_is() -> None:
    assert general("ubuntu:22.04 never had a slim variant") == "ubuntu:22.04 never had a slim variant"


def test_the_page_holds_everything_and_runs_nothing() -> None:
    visits = [*VISITS, _visit(HOSTILE, "failed", HOSTILE, path=HOSTILE, failed=True, url="javascript:alert(1)")]
    page = "".join(render_page(summarise(HOSTILE, visits, [*PROPOSALS, _proposal(HOSTILE)])))
    assert "its pull request was merged" in page
    assert "810 MB" in page
    assert "<rect" in page
    assert "<script" not in page
    assert 'href="javascript' not in page
    assert "\u202e" not in page
    assert "\x1b" not in page


def test_the_data_says_the_same() -> None:
    data = json.loads(json.dumps(as_data(summarise("run-1", VISITS, PROPOSALS))))
    saved = {"proposals": 1, "before": 900_000_000, "after": 90_000_000, "saved": 810_000_000}
    assert data["saved"]["measured"] == saved
    assert data["groups"][0]["files"] == [
        {"repository": "acme/e", "path": "Dockerfile", "why": "the push was refused", "url": ""}
    ]


def test_the_dashboard_is_bounded_and_harmless() -> None:
    visits = [_visit(f"acme/{number}", "left alone", f"reason {number}") for number in range(5000)]
    visits.append(_visit(HOSTILE, "failed", HOSTILE, failed=True))
    body = render_dashboard(summarise("run-1", visits, [*PROPOSALS, _proposal(HOSTILE)]))
    assert len(body) <= MOST
    assert "lines more than an issue can hold" in body
    assert "## Open" in body
    # All of it is in spans of code, or escaped.
    plain = re.sub(r"(`+)(?!`).*?(?<!`)\1(?!`)", "", body)
    assert "<script" not in plain
    assert "@everyone" not in plain
    assert "\u202e" not in body


def test_progress_is_one_line_on_a_terminal_and_few_elsewhere() -> None:
    stream = io.StringIO()
    progress = Progress(stream)
    for left in range(100, -1, -1):
        progress(Event("visit", 1.0 + left / 1000, {"outcome": "opened", "failed": False}))
        progress(Event("queue", 1.0 + left / 1000, {"left": left, "total": 100}))
    lines = stream.getvalue().splitlines()
    assert len(lines) <= 3
    assert lines[-1] == "100 of 100 repositories, 101 opened"


def test_progress_says_for_whom_it_waits() -> None:
    progress = Progress(io.StringIO())
    progress(Event("queue", 10.0, {"left": 1, "total": 2}))
    progress(Event("wait", 10.0, {"identity": "github:git.example", "seconds": 90.0}))
    assert progress.line(20.0) == "1 of 2 repositories, github:git.example is left alone for 80 s"


def test_the_log_is_a_line_of_json_for_each_event(tmp_path: Path) -> None:
    log = JsonLog(tmp_path / "log", campaign="c")
    events = Events(Clock(), [log])
    events.tell("visit", repository=HOSTILE, outcome="failed", failed=True, why="x\ny")
    events.tell("wait", identity="i", seconds=3.0)
    first, second = (json.loads(line) for line in (tmp_path / "log").read_text().splitlines())
    log.close()
    assert first == {
        "time": "2027-01-15T08:00:00.000+00:00",
        "level": "error",
        "event": "visit",
        "campaign": "c",
        "repository": HOSTILE,
        "outcome": "failed",
        "failed": True,
        "why": "x\ny",
    }
    assert (second["level"], second["seconds"]) == ("warning", 3.0)


def test_metrics_are_served_to_prometheus() -> None:
    metrics = Metrics(0, "127.0.0.1")
    try:
        events = Events(Clock(), [metrics])
        events.tell("visit", outcome="opened", failed=False)
        events.tell("visit", outcome="failed", failed=True)
        events.tell("write", identity='odd"one')
        events.tell("wait", identity="i", seconds=60.0)
        events.tell("queue", left=7, total=9)
        events.tell("repository", seconds=1.5)
        with urllib.request.urlopen(f"http://127.0.0.1:{metrics.port}/metrics") as reply:
            lines = reply.read().decode().splitlines()
    finally:
        metrics.close()
    for line in (
        'dfrewrite_bot_files_total{outcome="opened"} 1.0',
        "dfrewrite_bot_failures_total 1.0",
        'dfrewrite_bot_writes_total{identity="odd\\"one"} 1.0',
        'dfrewrite_bot_waits_seconds_total{identity="i"} 60.0',
        "dfrewrite_bot_repositories_left 7.0",
        'dfrewrite_bot_visit_seconds_bucket{le="2.5"} 1.0',
    ):
        assert line in lines


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    ledger = Ledger(f"sqlite:///{tmp_path / 'ledger.sqlite'}")
    for visit in VISITS:
        ledger.visited(visit)
    for proposal in PROPOSALS:
        ledger.record(proposal)
    ledger.close()
    return tmp_path


def test_the_commands(folder: Path) -> None:
    run = CliRunner().invoke
    done = run(status, ["--folder", str(folder)], standalone_mode=False)
    assert "open (1)" in done.output
    assert "last run run-1: 6 repositories; 3 nothing" in done.output
    assert json.loads(run(status, ["--folder", str(folder), "--json"], standalone_mode=False).output)["run"] == "run-1"
    done = run(report, ["--folder", str(folder)], standalone_mode=False)
    assert "failed: the push was refused (1)\n  acme/e Dockerfile\n" in done.output
    files = ["--html", str(folder / "page.html"), "--json", str(folder / "data.json")]
    assert run(report, ["--folder", str(folder), *files], standalone_mode=False).return_value == 0
    assert (folder / "page.html").read_text().endswith("</html>\n")
    assert json.loads((folder / "data.json").read_text())["repositories"] == 6
    done = run(report, ["--folder", str(folder), "--run", "other"], standalone_mode=False)
    assert (done.return_value, done.stderr) == (2, "error: there was no run other; there were run-1\n")
    done = run(report, ["--folder", str(folder), "--html", str(folder / "no" / "page")], standalone_mode=False)
    assert done.return_value == 2
    assert done.stderr.startswith("error: ")
