"""How fast one identity writes, over real connections and by a clock of our own: never over the caps, never early."""

from __future__ import annotations

import contextlib
import http.server
import itertools
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rewriter.bot.campaign import Source
from rewriter.bot.connect import Connector
from rewriter.bot.forge import Busy, Forge, ForgeError, Repository, Unreachable
from rewriter.bot.ledger import Ledger
from rewriter.bot.pace import Limits
from tests.bot.fake.github import github
from tests.bot.fake.server import Answer, Asked, FakeForge
from tests.bot.fake.state import FakePull

HOUR = 3600.0


class Clock:
    """Stands still until somebody sleeps."""

    def __init__(self) -> None:
        self.time = 1_800_000_000.0

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.time += seconds


class Place:
    """One forge with one repository that has one pull request to write to, and when it was asked."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self.clock = clock
        self.writes: list[float] = []
        self.reads: list[float] = []
        self.trouble: Callable[[Asked], Answer | None] = lambda _: None
        self.server = FakeForge(folder, github, "/api/v3")
        self.server.trouble = self._asked
        repository = self.server.state.add("acme/tides", {"README.md": "x"})
        repository.pulls.append(FakePull(1, "t", "b", "main", "main", "bot"))

    def _asked(self, asked: Asked) -> Answer | None:
        (self.reads if asked.method == "GET" else self.writes).append(self.clock.now())
        return self.trouble(asked)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def place(tmp_path: Path, clock: Clock) -> Iterator[Place]:
    found = Place(tmp_path / "one", clock)
    with found.server:
        yield found


@pytest.fixture
def other(tmp_path: Path, clock: Clock) -> Iterator[Place]:
    found = Place(tmp_path / "other", clock)
    with found.server:
        yield found


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    found = Ledger(f"sqlite:///{tmp_path / 'ledger.sqlite'}")
    yield found
    found.close()


def _forge(place: Place, ledger: Ledger, limits: Limits | None = None) -> tuple[Forge, Repository]:
    environment = {"GITHUB_TOKEN": "t0ken-of-the-bot"}
    connector = Connector(ledger, place.clock, limits or Limits(), environment)
    forge = connector.connect(Source("github", place.server.url, owners=("acme",))).forge
    repository = forge.repository("acme/tides")
    assert repository is not None
    return forge, repository


def _write(forge: Forge, repository: Repository, clock: Clock) -> None:
    """As a workflow does it: who is busy is left alone until it is not."""
    while True:
        try:
            forge.label(repository, 1, ("docker",))
            return
        except Busy as busy:
            clock.sleep(busy.until - clock.now())


def test_a_thousand_writes_keep_to_the_caps(place: Place, ledger: Ledger, clock: Clock) -> None:
    forge, repository = _forge(place, ledger)
    for _ in range(1000):
        _write(forge, repository, clock)
    times = place.writes
    assert len(times) == 1000
    assert all(later - earlier >= 1.0 for earlier, later in itertools.pairwise(times))
    assert all(times[number + 450] - times[number] >= HOUR for number in range(len(times) - 450))
    # And no slower than it must be: 450 in each of two hours, and the rest at once.
    assert times[-1] - times[0] < 2 * HOUR + 450


def test_two_connections_of_one_identity_share_its_slots(place: Place, ledger: Ledger, clock: Clock) -> None:
    workers = [_forge(place, ledger, Limits(interval=1.0, hourly=20)) for _ in range(2)]
    for number in range(60):
        _write(*workers[number % 2], clock)
    times = place.writes
    assert all(times[number + 20] - times[number] >= HOUR for number in range(40))


@pytest.mark.parametrize(
    ("status", "headers", "message", "seconds"),
    [
        (403, {"Retry-After": "90"}, "You have exceeded a secondary rate limit.", 90.0),
        (429, {"Retry-After": "5"}, "Too many", 5.0),
        (403, {}, "You have exceeded a secondary rate limit.", 60.0),
        (429, {}, "Slow down", 60.0),
        (403, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1800000500"}, "API rate limit exceeded", 499.0),
    ],
)
def test_a_forge_that_wants_to_be_left_alone_is(
    place: Place, ledger: Ledger, clock: Clock, status: int, headers: dict[str, str], message: str, seconds: float
) -> None:
    forge, repository = _forge(place, ledger)
    refused: list[float] = []

    def trouble(asked: Asked) -> Answer | None:
        if asked.method == "POST" and not refused:
            refused.append(clock.now())
            return Answer(status, {"message": message}, headers)
        return None

    place.trouble = trouble
    _write(forge, repository, clock)
    assert len(place.writes) == 2
    assert place.writes[1] - refused[0] >= seconds
    assert [when for when in place.reads if refused[0] < when < refused[0] + seconds] == []


def test_who_is_refused_again_and_again_waits_longer_each_time(place: Place, ledger: Ledger, clock: Clock) -> None:
    forge, repository = _forge(place, ledger)
    left = [5]

    def trouble(asked: Asked) -> Answer | None:
        if asked.method == "POST" and left[0] > 0:
            left[0] -= 1
            return Answer(403, {"message": "You have exceeded a secondary rate limit."})
        return None

    place.trouble = trouble
    _write(forge, repository, clock)
    times = place.writes
    waits = [later - earlier for earlier, later in itertools.pairwise(times)]
    assert waits == pytest.approx([60, 120, 240, 480, 960])


def test_one_identity_is_parked_while_another_goes_on(place: Place, other: Place, ledger: Ledger, clock: Clock) -> None:
    parked, repository = _forge(place, ledger)
    free, theirs = _forge(other, ledger)
    place.trouble = lambda asked: (
        Answer(429, {"message": "no"}, {"Retry-After": "600"}) if asked.method == "POST" else None
    )
    with pytest.raises(Busy):
        parked.label(repository, 1, ("docker",))
    for _ in range(100):
        _write(free, theirs, clock)
        with pytest.raises(Busy):
            parked.label(repository, 1, ("docker",))
        with pytest.raises(Busy):
            parked.tip(repository, "main")
    assert len(other.writes) == 100
    assert other.writes[-1] - other.writes[0] == pytest.approx(99.0)
    assert len(place.writes) == 1


@pytest.mark.parametrize(
    "headers",
    [
        {"Retry-After": "999999999"},
        {"Retry-After": "Fri, 31 Dec 9999 23:59:59 GMT"},
        {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1e300"},
        {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "inf"},
        {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "nan"},
        {"X-RateLimit-Remaining": "nan", "X-RateLimit-Reset": "-inf"},
    ],
)
def test_nobody_is_sent_away_for_years(place: Place, ledger: Ledger, clock: Clock, headers: dict[str, str]) -> None:
    forge, repository = _forge(place, ledger)
    begin = clock.now()
    place.trouble = lambda asked: Answer(429, {"message": "no"}, headers) if asked.method == "POST" else None
    with pytest.raises(Busy) as raised:
        forge.label(repository, 1, ("docker",))
    assert begin + 1 <= raised.value.until <= begin + 24 * HOUR
    clock.time = raised.value.until
    place.trouble = lambda _: None
    forge.label(repository, 1, ("docker",))
    assert len(place.writes) == 2


def test_a_clock_that_was_put_back_parks_nobody(place: Place, ledger: Ledger, clock: Clock) -> None:
    forge, repository = _forge(place, ledger)
    ledger.park("github:" + place.server.url.removeprefix("http://"), clock.now() + 10_000 * HOUR)
    _write(forge, repository, clock)
    assert len(place.writes) == 1


def test_a_list_without_an_end_is_not_read_for_ever(place: Place, ledger: Ledger, clock: Clock) -> None:
    forge, _ = _forge(place, ledger)
    again = Answer(200, [], {"Link": f'<{place.server.url}/api/v3/orgs/acme/repos?page=1>; rel="next"'})
    place.trouble = lambda asked: again if asked.path == "/orgs/acme/repos" else None
    before = len(place.reads)
    with pytest.raises(ForgeError, match="names a next page that was read already"):
        list(forge.of_owner("acme"))
    assert len(place.reads) - before < 5


def test_an_answer_that_drips_is_not_waited_for(
    tmp_path: Path, ledger: Ledger, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A byte now and then, so that no single one takes long."""
    monkeypatch.setattr("rewriter.bot.forge_http._REPLY_SECONDS", 0.3)
    ended = threading.Event()

    class Dripping(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            with contextlib.suppress(OSError):
                while not ended.wait(0.05):
                    self.wfile.write(b" ")

        def log_message(self, *_: object) -> None:
            """Nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Dripping) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        connector = Connector(ledger, clock, Limits(), {"GITHUB_TOKEN": "t0ken-of-the-bot"})
        url = f"http://127.0.0.1:{server.server_address[1]}"
        forge = connector.connect(Source("github", url, owners=("acme",))).forge
        begin = time.monotonic()
        with pytest.raises(Unreachable, match="takes too long to answer"):
            forge.repository("acme/tides")
        assert time.monotonic() - begin < 5
        ended.set()
        server.shutdown()
