"""The ledger in a SQLite file: records, slots that all workers share, caps."""

from __future__ import annotations

import itertools
import sqlite3
import threading
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from rewriter.bot.database import DATABASE_ERRORS, words_of
from rewriter.bot.forge import Busy
from rewriter.bot.ledger import HOUR, Ledger, Proposal, Visit
from rewriter.bot.pace import Limits, SharedPace


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(f"sqlite:///{tmp_path}/bot.sqlite")


class FakeClock:
    """Time that passes only when somebody waits."""

    def __init__(self) -> None:
        self.time = 1_000_000.0

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        assert seconds >= 0
        self.time += seconds


def test_a_proposal_is_kept_and_replaced(ledger: Ledger) -> None:
    one = Proposal(
        "k", "github.com", "7", "acme/tides", "Dockerfile", "default", "dfrewrite/Dockerfile/default", "pushing"
    )
    assert ledger.proposal("k") is None
    ledger.record(one)
    ledger.record(replace(one, state="open", number=3, before_bytes=10**10, measured=True))
    assert ledger.proposal("k") == replace(one, state="open", number=3, before_bytes=10**10, measured=True)
    assert ledger.proposals_of("github.com", "7") == ledger.proposals()
    assert [each.state for each in ledger.proposals()] == ["open"]


def test_tables_of_another_version_are_not_touched(ledger: Ledger, tmp_path: Path) -> None:
    ledger.close()
    with closing(sqlite3.connect(tmp_path / "bot.sqlite")) as connection, connection:
        connection.execute("UPDATE about SET schema = 7")
        connection.execute("DROP TABLE workers")
    with pytest.raises(DATABASE_ERRORS) as raised:
        Ledger(f"sqlite:///{tmp_path}/bot.sqlite")
    assert words_of(raised.value) == (
        "the database cannot be used: its tables have version 7, and this dfrewrite knows version 1"
    )
    with closing(sqlite3.connect(tmp_path / "bot.sqlite")) as connection:
        assert connection.execute("SELECT name FROM sqlite_schema WHERE name = 'workers'").fetchall() == []


def test_visits_of_a_run(ledger: Ledger) -> None:
    for path, at in (("", 1.0), ("Dockerfile", 2.0)):
        ledger.visited(Visit("r1", "github.com", "7", "acme/tides", path, "opened", at=at))
    ledger.visited(Visit("r1", "github.com", "7", "acme/tides", "Dockerfile", "updated", at=3.0))
    ledger.visited(Visit("r2", "github.com", "7", "acme/tides", "", "left alone", at=4.0))
    assert [(visit.path, visit.outcome) for visit in ledger.visits("r1")] == [("", "opened"), ("Dockerfile", "updated")]
    assert ledger.runs() == ["r1", "r2"]


def test_replies_are_kept_by_their_address(ledger: Ledger) -> None:
    assert ledger.get("a") is None
    ledger.put("a", '"1"', b"\x00\xff")
    ledger.put("a", '"2"', b"{}")
    assert ledger.get("a") == ('"2"', b"{}")


def test_writes_are_a_second_apart_and_so_many_an_hour(ledger: Ledger) -> None:
    clock = FakeClock()
    pace = SharedPace(ledger, "us", clock, Limits(interval=1.0, hourly=450, longest_wait=20.0))
    times = []
    for _ in range(450):
        pace.before_write()
        times.append(clock.time)
    assert all(later - earlier >= 1.0 for earlier, later in itertools.pairwise(times))
    with pytest.raises(Busy) as caught:
        pace.before_write()
    assert caught.value.until == times[0] + HOUR
    assert "us has written 450 times within an hour" in str(caught.value)
    clock.time = caught.value.until
    pace.before_write()
    times.append(clock.time)
    for place, time in enumerate(times):
        assert sum(time <= other < time + HOUR for other in times[place:]) <= 450


def test_a_slot_that_is_too_far_away_is_given_back(ledger: Ledger) -> None:
    clock = FakeClock()
    pace = SharedPace(ledger, "us", clock, Limits(interval=100.0, hourly=10, longest_wait=20.0))
    pace.before_write()
    for _ in range(5):
        with pytest.raises(Busy):
            pace.before_write()
    clock.time += 100.0
    pace.before_write()


def test_one_identity_is_parked_while_another_goes_on(ledger: Ledger) -> None:
    clock = FakeClock()
    us, them = (SharedPace(ledger, name, clock) for name in ("us", "them"))
    us.park(clock.time + 60.0)
    us.park(clock.time + 30.0)  # does not shorten it
    with pytest.raises(Busy) as caught:
        us.before_read()
    assert caught.value.until == clock.time + 60.0
    with pytest.raises(Busy):
        us.before_write()
    them.before_read()
    them.before_write()
    clock.time += 60.0
    us.before_read()


def test_caps_of_a_run_and_an_hour(ledger: Ledger) -> None:
    def ask(run: str, key: str, now: float = 0.0) -> str:
        return ledger.reserve_opening(run, key, now, most=3, hourly=4)

    assert [ask("r1", key) for key in "abcab"] == [""] * 5  # what is asked again counts once
    assert ask("r1", "d") == "this run has opened 3, and per-run of the caps is 3"
    assert ask("r2", "a") == ""
    assert ask("r2", "b") == "4 were opened within an hour, and per-hour of the caps is 4"
    assert ask("r2", "b", HOUR + 1) == ""


def test_workers_share_slots_and_caps(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/bot.sqlite"
    slots: list[float] = []
    refusals: list[str] = []

    def work(name: int) -> None:
        mine = Ledger(url)
        for turn in range(20):
            slots.append(mine.reserve_write("us", 100.0, 1.0, 450))
            refusals.append(mine.reserve_opening("r", f"{name}-{turn}", 100.0, 50, 1000))
        mine.close()

    threads = [threading.Thread(target=work, args=(name,)) for name in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(slots) == [100.0 + number for number in range(80)]
    assert refusals.count("") == 50


def test_a_run_that_was_interrupted_is_gone_on_with(ledger: Ledger) -> None:
    assert ledger.begin_run("c", "2026-11-26", 1.0) == "2026-11-26"
    assert ledger.begin_run("c", "2026-11-27", 2.0) == "2026-11-26"
    assert ledger.begin_run("other", "2026-11-26", 2.0) == "2026-11-26.2"  # no two are called the same
    ledger.end_run("c", "2026-11-26", 3.0)
    assert ledger.begin_run("c", "2026-11-26", 4.0) == "2026-11-26.3"
    ledger.end_run("c", "2026-11-26.3", 5.0)
    assert ledger.begin_run("c", "2026-11-26", 6.0) == "2026-11-26.4"
    assert ledger.begin_run("c", "2026-11-26", 7.0, "mine") == "mine"
    ledger.end_run("c", "mine", 8.0)
    assert ledger.begin_run("c", "2026-11-28", 9.0) == "2026-11-26.4"


def test_a_clock_that_was_put_back_holds_nobody_up(ledger: Ledger) -> None:
    ahead, now = 2_000_000_000.0, 1_800_000_000.0
    ledger.reserve_write("i", ahead, 1.0, 450)
    assert ledger.reserve_write("i", now, 1.0, 450) == now
    assert ledger.reserve_opening("one", "key", ahead, 10, 1) == ""
    assert ledger.reserve_opening("two", "key", now, 10, 1) == ""
    assert (
        ledger.reserve_opening("three", "key", now, 10, 1)
        == "1 were opened within an hour, and per-hour of the caps is 1"
    )
