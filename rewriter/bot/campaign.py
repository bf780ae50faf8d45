"""What a campaign is to do: read from ``dfrewrite-bot.toml``, from the command line, or from both."""

from __future__ import annotations

import difflib
import tomllib
import zoneinfo
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from rewriter.bot.schedule import Schedule, window_of
from rewriter.bot.values import value_of

_MAX_SIZE = 1_000_000  # bytes


class CampaignError(Exception):
    """The campaign cannot be used; the message names the key, in one line."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where repositories come from."""

    forge: str = "github"
    url: str = ""
    """Of a forge that is not the public one: ``https://git.example``."""
    owners: tuple[str, ...] = ()
    """Organisations, groups or users; of ``folder``: folders that hold clones."""
    repositories: tuple[str, ...] = ()
    """Names on the forge; of ``git``: addresses; of ``folder``: clones."""
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
    """Templates with ``$name``: see `rewriter.bot.values`."""
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
class Campaign:
    """Everything about one campaign."""

    name: str = "campaign"
    sources: tuple[Source, ...] = ()
    rewrite: Rewrite = field(default_factory=Rewrite)
    pulls: PullRequests = field(default_factory=PullRequests)
    caps: Caps = field(default_factory=Caps)
    author: Author = field(default_factory=Author)
    schedule: Schedule = field(default_factory=Schedule)


def load_campaign(path: Path | None, settings: Sequence[str] = ()) -> Campaign:
    """Reads a campaign, with ``settings`` such as ``caps.per-run=5`` over it; without a path they are all that is said.

    Raises CampaignError: missing, no TOML, an unknown key, a wrong value.
    """
    table = _read(path) if path is not None else {}
    for setting in settings:
        _set(table, setting)
    try:
        return campaign_of(table)
    except CampaignError as error:
        raise CampaignError(f"{path}: {error}" if path is not None and not settings else str(error)) from None


def _set(table: dict[str, Any], setting: str) -> None:
    """A value is TOML; what is none is a text."""
    name, equals, text = setting.partition("=")
    section, dot, key = name.strip().partition(".")
    if not equals or not section:
        raise CampaignError(f"{setting!r} is no setting such as caps.per-run=5")
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except (tomllib.TOMLDecodeError, RecursionError):
        value = text.strip()
    if not dot:
        table[section] = value
        return
    inner = table.setdefault(section, {})
    if not isinstance(inner, dict):
        raise CampaignError(f"'{section}' has no single key {key!r}")
    inner[key] = value


def _read(path: Path) -> dict[str, Any]:
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
    return table


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
        rewrite=_rewrite(table.get("rewrite", {})),
        pulls=_section(PullRequests, table.get("pull-request", {}), "pull-request"),
        caps=_section(Caps, table.get("caps", {}), "caps"),
        author=_section(Author, table.get("author", {}), "author"),
        schedule=_schedule(table.get("schedule", {})),
    )


def _rewrite(table: Mapping[str, Any]) -> Rewrite:
    from rewriter.discovery import UnknownTransformError, chosen

    found: Rewrite = _section(Rewrite, table, "rewrite")
    try:
        chosen(found.select or (), found.skip or (), found.extend_select or ())
    except UnknownTransformError as error:
        raise CampaignError(f"rewrite: {error}") from None
    return found


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
    try:
        return Schedule(tuple(window_of(each) for each in windows), zone)
    except ValueError as error:
        raise CampaignError(f"schedule: {error}") from None


def _section(kind: Callable[..., Any], table: Mapping[str, Any], name: str) -> Any:
    """A dataclass from a table whose keys are its fields with dashes."""
    known = {each.name.replace("_", "-"): str(each.type) for each in fields(kind)}  # type: ignore[arg-type]
    values = {}
    for key, value in table.items():
        _known(key, tuple(known), name)
        try:
            values[key.replace("-", "_")] = value_of(key, value, known[key])
        except ValueError as error:
            raise CampaignError(f"{name}: '{key}' {error}") from None
    return kind(**values)


def _known(key: str, known: tuple[str, ...], section: str) -> None:
    if key not in known:
        near = difflib.get_close_matches(key, known, n=1)
        where = f"{section}: " if section else ""
        raise CampaignError(f"{where}unknown key '{key}'" + (f", did you mean '{near[0]}'?" if near else ""))
