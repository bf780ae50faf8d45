"""What a campaign is to do: read from ``dfrewrite-bot.toml``, from the command line, or from both."""

from __future__ import annotations

import datetime
import difflib
import re
import string
import tomllib
import zoneinfo
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from rewriter.bot.identity import is_prefix
from rewriter.io.config import LEVELS, RUNTIMES

FILE_NAME = "dfrewrite-bot.toml"
FORGES = ("github", "gitlab", "gitea", "git", "folder")
DRAFTS = ("never", "until-proven", "always")
FORKS = ("never", "when-needed", "always")
GROUPS = ("file", "repository")
_MAX_SIZE = 1_000_000  # bytes
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_WINDOW = re.compile(r"(?:([a-z]{3})(?:-([a-z]{3}))? )?(\d\d):(\d\d)-(\d\d):(\d\d)\Z")


class CampaignError(Exception):
    """The campaign cannot be used; the message names the key, in one line."""


@dataclass(frozen=True, slots=True)
class Window:
    """When pull requests may be opened and updated: days of the week (0 is Monday) and minutes of the day."""

    days: frozenset[int]
    begin: int
    end: int

    def holds(self, when: datetime.datetime) -> bool:
        """Whether a time lies in it; one that passes midnight belongs to the day on which it begins."""
        minute, day = when.hour * 60 + when.minute, when.weekday()
        if self.begin <= self.end:
            return day in self.days and self.begin <= minute < self.end
        return (day in self.days and minute >= self.begin) or ((day - 1) % 7 in self.days and minute < self.end)


@dataclass(frozen=True, slots=True)
class Source:
    """Where repositories come from."""

    forge: str = "github"
    url: str = ""
    """Of a forge that is not the public one: ``https://git.example``."""
    owners: tuple[str, ...] = ()
    repositories: tuple[str, ...] = ()
    """Names on the forge; of ``git``: addresses; of ``folder``: folders that hold clones."""
    file: str = ""
    """A file with one repository a line."""
    search: str = ""
    """In the forge's own words; only what belongs to ``owners`` is taken."""
    topics: tuple[str, ...] = ()
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    archived: bool = False
    """Archived ones take no pull request: they can only be looked at in a dry run."""
    forks: bool = False


@dataclass(frozen=True, slots=True)
class Rewrite:
    """What is done to each Dockerfile; what a repository's own dfrewrite.toml says goes before."""

    recipe: str = "default"
    level: str | None = None
    select: tuple[str, ...] | None = None
    skip: tuple[str, ...] | None = None
    extend_select: tuple[str, ...] | None = None
    alpine: str | None = None
    runtime: str | None = None
    verify: bool = False
    network: str = ""
    """For the builds of a proof."""


@dataclass(frozen=True, slots=True)
class PullRequests:
    """How proposals are made."""

    group: str = "file"
    branch_prefix: str = "dfrewrite"
    base: str = ""
    """The branch to propose to, instead of the default branch."""
    draft: str = "never"
    fork: str = "never"
    labels: tuple[str, ...] = ()
    reviewers: tuple[str, ...] = ()
    title: str = ""
    body: str = ""
    commit: str = ""
    """Templates with ``$name``: see `rewriter.bot.body`."""
    suggestions: bool = False
    """A review comment on each hunk, with its reason."""
    recreate: bool = False
    opt_out: tuple[str, ...] = ()
    """Repositories (globs) that never want to hear from us."""
    dashboard: str = ""
    """A repository in which an issue lists all proposals."""


@dataclass(frozen=True, slots=True)
class Caps:
    """What must not be exceeded."""

    open_per_repository: int = 1
    per_run: int = 100
    per_hour: int = 50
    """Pull requests opened."""
    writes_per_hour: int = 450
    seconds_between_writes: float = 1.0
    workers: int = 4
    """Repositories at a time, in one process."""
    repository_seconds: float = 300.0
    repository_mb: int = 500


@dataclass(frozen=True, slots=True)
class Author:
    """Who commits."""

    name: str = "dfrewrite"
    email: str = "dfrewrite@users.noreply.github.com"
    signing_key: str = ""
    """The path of an SSH key: then commits are signed with it."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """When it may write to a forge."""

    windows: tuple[Window, ...] = ()
    """None: at any time."""
    timezone: str = "UTC"

    def opens_at(self, now: float) -> float:
        """The first time from ``now`` on that lies in a window, to the minute; seconds since the epoch."""
        zone = zoneinfo.ZoneInfo(self.timezone)
        if not self.windows:
            return now
        when = datetime.datetime.fromtimestamp(now, zone)
        if any(window.holds(when) for window in self.windows):
            return now
        start = now - now % 60
        for minute in range(1, 8 * 24 * 60):
            later = start + 60 * minute
            if any(window.holds(datetime.datetime.fromtimestamp(later, zone)) for window in self.windows):
                return later
        raise CampaignError("schedule: no window ever opens")


@dataclass(frozen=True, slots=True)
class Campaign:
    """Everything about one campaign."""

    name: str = "campaign"
    sources: tuple[Source, ...] = ()
    rewrite: Rewrite = field(default_factory=Rewrite)
    pulls: PullRequests = field(default_factory=PullRequests)
    caps: Caps = field(default_factory=Caps)
    author: Author = field(default_factory=Author)
    schedule: Schedule = field(default_factory=Schedule)


def load_campaign(path: Path) -> Campaign:
    """Reads a campaign. Raises CampaignError: missing, no TOML, an unknown key, a wrong value."""
    try:
        with path.open("rb") as file:
            content = file.read(_MAX_SIZE + 1)
        if len(content) > _MAX_SIZE:
            raise CampaignError(f"{path}: is larger than 1 MB")
        table = tomllib.loads(content.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise CampaignError(f"{path}: is no valid TOML: {error}") from None
    except OSError as error:
        raise CampaignError(f"{path}: {error.strerror}") from None
    try:
        return campaign_of(table)
    except CampaignError as error:
        raise CampaignError(f"{path}: {error}") from None


def campaign_of(table: Mapping[str, Any]) -> Campaign:
    """A campaign from a table as TOML gives it. Raises CampaignError."""
    sections = {"name": str, "source": list, "rewrite": dict, "pull-request": dict, "caps": dict, "author": dict}
    for key, value in table.items():
        _known(key, (*sections, "schedule"), "")
        expected = sections.get(key, dict)
        if not isinstance(value, expected):
            words = {str: "a text in quotes", list: "a list of tables, [[source]]", dict: "a table"}
            raise CampaignError(f"'{key}' must be {words[expected]}")
    sources = table.get("source", [])
    if not all(isinstance(source, dict) for source in sources):
        raise CampaignError("'source' must be a list of tables, [[source]]")
    return Campaign(
        name=table.get("name", "campaign"),
        sources=tuple(_section(Source, source, "source") for source in sources),
        rewrite=_section(Rewrite, table.get("rewrite", {}), "rewrite"),
        pulls=_section(PullRequests, table.get("pull-request", {}), "pull-request"),
        caps=_section(Caps, table.get("caps", {}), "caps"),
        author=_section(Author, table.get("author", {}), "author"),
        schedule=_schedule(table.get("schedule", {})),
    )


def _schedule(table: Mapping[str, Any]) -> Schedule:
    for key in table:
        _known(key, ("windows", "timezone"), "schedule")
    windows, zone = table.get("windows", []), table.get("timezone", "UTC")
    if not isinstance(windows, list) or not all(isinstance(each, str) for each in windows):
        raise CampaignError("schedule: 'windows' must be a list of texts, such as [\"mon-fri 08:00-18:00\"]")
    try:
        zoneinfo.ZoneInfo(zone)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, TypeError, OSError):
        raise CampaignError(f"schedule: there is no time zone {zone!r}") from None
    return Schedule(tuple(window_of(each) for each in windows), zone)


def window_of(text: str) -> Window:
    """``mon-fri 08:00-18:00``, ``sat 22:00-06:00``, or ``08:00-18:00`` for every day. Raises CampaignError."""
    found = _WINDOW.match(text.strip().lower())
    problem = CampaignError(f"schedule: {text!r} is no window such as 'mon-fri 08:00-18:00'")
    if found is None:
        raise problem
    first, last, *numbers = found.groups()
    hours = [int(number) for number in numbers]
    if any(day is not None and day not in _DAYS for day in (first, last)) or hours[0] > 23 or hours[2] > 24:
        raise problem
    if hours[1] > 59 or hours[3] > 59 or hours[2] * 60 + hours[3] > 24 * 60:
        raise problem
    days = frozenset(range(7))
    if first is not None:
        begin, end = _DAYS.index(first), _DAYS.index(last or first)
        days = frozenset((begin + step) % 7 for step in range((end - begin) % 7 + 1))
    return Window(days, hours[0] * 60 + hours[1], hours[2] * 60 + hours[3])


_CHOICES: Mapping[str, tuple[str, ...]] = {
    "forge": FORGES,
    "draft": DRAFTS,
    "fork": FORKS,
    "group": GROUPS,
    "level": LEVELS,
    "runtime": RUNTIMES,
}
_TEMPLATES = ("title", "body", "commit")


def _section(kind: Callable[..., Any], table: Mapping[str, Any], name: str) -> Any:
    """A dataclass from a table whose keys are its fields with dashes."""
    known = {each.name.replace("_", "-"): str(each.type) for each in fields(kind)}  # type: ignore[arg-type]
    values = {}
    for key, value in table.items():
        _known(key, tuple(known), name)
        try:
            values[key.replace("-", "_")] = _value(key, value, known[key])
        except ValueError as error:
            raise CampaignError(f"{name}: '{key}' {error}") from None
    return kind(**values)


def _value(key: str, value: Any, kind: str) -> Any:
    if key in _CHOICES and value not in _CHOICES[key]:
        raise ValueError(f"must be one of {', '.join(_CHOICES[key])}, not {value!r}")
    if kind.startswith("tuple"):
        if not isinstance(value, list) or not all(isinstance(each, str) and each for each in value):
            raise ValueError(f"must be a list of texts, not {value!r}")
        return tuple(value)
    if kind == "bool":
        if not isinstance(value, bool):
            raise ValueError(f"must be true or false, not {value!r}")
        return value
    if kind in ("int", "float"):
        if isinstance(value, bool) or not isinstance(value, int if kind == "int" else (int, float)) or value < 0:
            raise ValueError(f"must be a number, not {value!r}")
        return value
    if not isinstance(value, str):
        raise ValueError(f"must be a text in quotes, not {value!r}")
    if key == "branch-prefix" and not is_prefix(value):
        raise ValueError(f"must be the beginning of a branch's name, not {value!r}")
    if key in _TEMPLATES and not string.Template(value).is_valid():
        raise ValueError("is no valid template: a $ that is meant as one is written $$")
    return value


def _known(key: str, known: tuple[str, ...], section: str) -> None:
    if key not in known:
        near = difflib.get_close_matches(key, known, n=1)
        where = f"{section}: " if section else ""
        raise CampaignError(f"{where}unknown key '{key}'" + (f", did you mean '{near[0]}'?" if near else ""))
