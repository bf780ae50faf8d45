"""A run over a campaign: discover, queue, work, tell. And the dry run, which only looks."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import os
import shutil
import socket
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from rewriter.bot.campaign import Campaign
from rewriter.bot.connect import Connector, WallClock, spread
from rewriter.bot.dashboard import find_dashboards, write_dashboards
from rewriter.bot.decide import Do
from rewriter.bot.events import Events, Listener
from rewriter.bot.forge import Busy, Forge, ForgeError, Repository
from rewriter.bot.git_run import GitFailed, Remote
from rewriter.bot.ledger import Ledger, Visit
from rewriter.bot.pace import Limits
from rewriter.bot.sources import repositories
from rewriter.bot.task import Survey, Task, Tools
from rewriter.bot.visit import Visitor

if TYPE_CHECKING:
    from rewriter.proof.verify import Verifier

LEASE = 60.0
"""Seconds after which a worker that was not seen is dead, and its work is taken over."""
_LOOK_SECONDS = 0.2
_PART = 20
"""How much longer than a look it waits for the next one."""
_BEAT = 5.0
"""Seconds between two signs of life of a worker that waits."""
_T = TypeVar("_T")
_WORKFLOWS = "workflows.sqlite"
_MOST_WORKERS = 100
_NOT_THERE = "there is no such repository, or it cannot be reached or seen with this identity"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a run keeps its things."""

    folder: Path
    """For clones, locks and SQLite files."""
    database: str = ""
    """A PostgreSQL URL, shared by all workers; empty: SQLite in the folder."""

    @property
    def ledger(self) -> str:
        """The URL of the ledger."""
        return _psycopg(self.database) if self.database else f"sqlite:///{self.folder / 'ledger.sqlite'}"

    @property
    def workflows(self) -> str:
        """The URL of the workflows."""
        return self.database or f"sqlite:///{self.folder / _WORKFLOWS}"

    def check(self) -> None:
        """Raises OSError when the workflows are gone: DBOS would wait for them without end."""
        path = self.folder / _WORKFLOWS
        if not self.database and not path.is_file():
            raise OSError(errno.ENOENT, "it was removed while the bot worked with it", str(path))


def _psycopg(url: str) -> str:
    scheme, _, rest = url.partition("://")
    return f"postgresql+psycopg://{rest}" if scheme in ("postgres", "postgresql") else url


def default_folder() -> Path:
    """``$XDG_STATE_HOME/dfrewrite/bot``."""
    state = os.environ.get("XDG_STATE_HOME", "")
    return (Path(state) if state else Path.home() / ".local" / "state") / "dfrewrite" / "bot"


@contextlib.contextmanager
def worker_name(folder: Path) -> Iterator[str]:
    """A name for this worker that no other process has, and that the next one in this folder takes over."""
    place = hashlib.sha256(os.fsencode(folder.resolve())).hexdigest()[:8]
    for number in range(_MOST_WORKERS):
        with (folder / f"worker-{number}.lock").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                continue
            yield f"{socket.gethostname()}-{place}-{number}"
            return
    raise OSError(f"there are {_MOST_WORKERS} workers on this machine already")


@contextlib.contextmanager
def tools_for(
    campaign: Campaign,
    place: Place,
    *,
    certificates: str = "",
    environment: Mapping[str, str] | None = None,
    listeners: Sequence[Listener] = (),
) -> Iterator[Tools]:
    """What visits are made with, and nothing left of it afterwards but the ledger. Raises CampaignError."""
    # What repositories hold is kept in it, and not all of them are public.
    place.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    ledger, clock = Ledger(place.ledger), WallClock()
    events = Events(clock, list(listeners))
    clones = Path(tempfile.mkdtemp(prefix=f"clones-{os.getpid()}-", dir=place.folder))
    try:
        environment = os.environ if environment is None else environment
        campaign = spread(campaign, environment)
        limits = Limits(campaign.caps.seconds_between_writes, campaign.caps.writes_per_hour)
        connector = Connector(ledger, clock, limits, environment, certificates, events.tell)
        connected = [connector.connect(source) for source in campaign.sources]
        by_forge = {id(each.forge): each for each in connected}

        def remote(forge: Forge, repository: Repository) -> Remote:
            return by_forge[id(forge)].remote(repository)

        forges = tuple(each.forge for each in connected)
        identities = tuple(each.identity for each in connected)
        verifier = _verifier(campaign) if campaign.rewrite.verify else None
        yield Tools(campaign, forges, identities, remote, ledger, clock, events, clones, verifier)
    finally:
        shutil.rmtree(clones, ignore_errors=True)
        ledger.close()


def _verifier(campaign: Campaign) -> Callable[[], Verifier]:
    """What proves rewrites by building. A file that does not build here as it is can be a draft where drafts are asked
    for, and is left alone otherwise."""
    from rewriter.proof.verify import Settings, Verifier

    wished = campaign.rewrite
    settings = Settings(network=wished.network or None, allow_broken=campaign.pulls.draft == "until-proven")
    return lambda: Verifier(settings)


def look(tools: Tools, run: str) -> Iterator[tuple[Task, Survey | str]]:
    """The dry run: what would be done in each repository, or why it cannot be told. Nothing is written to a forge."""
    visitor = Visitor(tools)
    missing: list[Task] = []

    def note(source: int, name: str) -> None:
        missing.append(Task(run, source, name, name))

    for place, repository in repositories(tools.campaign, tools.forges, note):
        task = Task(run, place, repository.id, repository.name)
        try:
            yield task, visitor.survey(task)
        except (ForgeError, GitFailed) as error:
            yield task, str(error)
        finally:
            visitor.forget(task)
    yield from ((task, _NOT_THERE) for task in missing)


def work(tools: Tools, place: Place, run: str) -> Counter[str]:
    """Visits all repositories of a campaign; how often what came of it."""
    from rewriter.bot import workflow

    campaign = tools.campaign
    clean(place.folder)
    with worker_name(place.folder) as worker:
        workflow.launch(place.workflows, worker, tools)
        try:
            dashboards = _patiently(tools, worker, lambda: find_dashboards(tools))
            count = _patiently(tools, worker, lambda: _enqueued(tools, run))
            tools.events.tell("discovered", repositories=count)
            _until_done(tools, place, run, worker, count)
            # The first worker that sees the end tells the others' part, too.
            if tools.ledger.end_run(campaign.name, run, tools.clock.now()):
                _patiently(tools, worker, lambda: write_dashboards(tools, run, dashboards))
        finally:
            workflow.stop()
    return Counter(visit.outcome for visit in tools.ledger.visits(run))


def _enqueued(tools: Tools, run: str) -> int:
    """Queues a visit to each repository that is not queued yet; how many there are."""
    from rewriter.bot import workflow

    found = repositories(tools.campaign, tools.forges, partial(_missing, tools, run))
    tasks = (Task(run, source, repository.id, repository.name) for source, repository in found)
    return workflow.enqueue(tasks, tools.campaign.name, lambda task: tools.identities[task.source])


def _patiently(tools: Tools, worker: str, work: Callable[[], _T]) -> _T:
    """Does what may be done again from its beginning, and waits where a forge wants to be left alone."""
    while True:
        try:
            return work()
        except Busy as busy:
            until = busy.until
        while (now := tools.clock.now()) < until:
            tools.ledger.beat(worker, now)
            tools.clock.sleep(min(_BEAT, until - now))


def _missing(tools: Tools, run: str, source: int, name: str) -> None:
    """Writes down that a repository which was named is not there."""
    host, now = tools.forges[source].host, tools.clock.now()
    tools.ledger.visited(Visit(run, host, name, name, "", "failed", _NOT_THERE, failed=True, at=now))


def _until_done(tools: Tools, place: Place, run: str, worker: str, total: int) -> None:
    """Waits, and takes over what dead workers leave. Raises OSError when the run's files are taken away."""
    from rewriter.bot import workflow

    last = -1
    while True:
        now = tools.clock.now()
        tools.ledger.beat(worker, now)
        dead = [name for name in tools.ledger.take_dead(now, LEASE) if name != worker]
        if dead:
            tools.events.tell("takeover", workers=", ".join(dead), repositories=workflow.adopt(dead))
        place.check()
        begin = time.monotonic()
        left = workflow.unfinished(tools.campaign.name, run)
        took = time.monotonic() - begin
        if left != last:
            tools.events.tell("queue", left=left, total=max(left, total))
            last = left
        if left == 0:
            return
        # To count ten thousand takes a while: looking must not be what the time goes into.
        tools.clock.sleep(min(_BEAT, max(_LOOK_SECONDS, _PART * took)))


def clean(folder: Path) -> None:
    """Removes the clones of processes that are gone."""
    for path in folder.glob("clones-*-*"):
        owner = path.name.split("-")[1]
        if owner.isdigit() and not Path(f"/proc/{owner}").exists() and Path("/proc").exists():
            shutil.rmtree(path, ignore_errors=True)


def told(task: Task, found: Survey | str) -> Iterator[str]:
    """A dry run's words about one repository."""
    if isinstance(found, str):
        yield f"{task.name}: {found}"
        return
    if found.ended:
        yield f"{task.name}: left alone, {found.ended}"
        return
    for plan in found.plans:
        verb = {Do.OPEN: "would open", Do.UPDATE: "would update", Do.CLOSE: "would close"}.get(plan.do, plan.do.value)
        title = f": {plan.prepared.title}" if plan.prepared is not None and plan.do is not Do.NOTHING else ""
        yield f"{task.name}: {verb} {plan.branch}{title} ({plan.why})"
    for left in found.left:
        yield f"{task.name}: {left.path} left alone, {left.why}"
