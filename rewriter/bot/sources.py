"""Which repositories a campaign visits: named, listed in a file, of owners, found by a search, or local clones."""

from __future__ import annotations

import fnmatch
import os
import urllib.parse
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

from rewriter.bot.campaign import Campaign, CampaignError, Source
from rewriter.bot.forge import Forge, Missing, Repository

_MAX_SIZE = 10_000_000  # bytes of a list of repositories


def repositories(
    campaign: Campaign, forges: tuple[Forge, ...], missing: Callable[[int, str], None] = lambda _place, _name: None
) -> Iterator[tuple[int, Repository]]:
    """The repositories of all sources, each once, with the place of its source; ``missing`` is told of those that were
    named and are not there. May raise CampaignError and what forges raise."""
    seen: set[tuple[str, str]] = set()
    for place, (source, forge) in enumerate(zip(campaign.sources, forges, strict=True)):
        for repository in _of(source, forge, partial(missing, place)):
            key = (repository.forge, repository.id)
            if key not in seen and is_wanted(source, repository):
                seen.add(key)
                yield place, repository


def _of(source: Source, forge: Forge, missing: Callable[[str], None]) -> Iterator[Repository]:
    for name in (*source.repositories, *_listed(source.file)):
        _check_name(source, name)
        found = forge.repository(name)
        if found is not None:
            yield found
        else:
            missing(name)
    if source.search:
        yield from forge.search(source.search)
    elif not source.repositories and not source.file:
        for owner in source.owners:
            yield from _of_owner(forge, owner)


def _of_owner(forge: Forge, owner: str) -> Iterator[Repository]:
    try:
        yield from forge.of_owner(owner)
    except Missing:
        raise CampaignError(f"there is no owner {owner!r} on {forge.host}, or this identity may not see it") from None


def _check_name(source: Source, name: str) -> None:
    """Raises CampaignError for a name that is none, without repeating it: it may hold a password."""
    address = urllib.parse.urlsplit(name) if "://" in name else None
    if address is not None and (address.password or ("@" in address.netloc and address.scheme.startswith("http"))):
        raise CampaignError("an address of a repository must not hold a user or a password: they are kept on disk")
    if address is not None and source.forge not in ("git", "folder"):
        raise CampaignError(f"a repository of {source.forge} is named as owner/name, and not by its address")
    if address is None and source.forge not in ("git", "folder") and "/" not in name:
        raise CampaignError(f"{name!r} is no owner/name; for all that an owner has, there is --owner")


def _listed(path: str) -> list[str]:
    """The names in a file, one a line; what stands behind # is a remark. Raises CampaignError."""
    if not path:
        return []
    try:
        content = Path(path).read_bytes()[: _MAX_SIZE + 1]
        if len(content) > _MAX_SIZE:
            raise CampaignError(f"{path}: is larger than 10 MB")
        text = content.decode()
    except OSError as error:
        raise CampaignError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise CampaignError(f"{path}: is not UTF-8") from None
    names = (line.partition("#")[0].strip() for line in text.splitlines())
    return [name for name in names if name]


def with_names(source: Source) -> Source:
    """The same source with the names that its file lists, so that their owners count as named. Raises CampaignError."""
    names = _listed(source.file)
    # One that lists nothing keeps its file: without it, it would be a source of all that its owners have.
    return replace(source, repositories=(*source.repositories, *names), file="") if names else source


def belongs(repository: Repository, owners: Iterable[str]) -> bool:
    """Whether a repository is of one of them, or of a group within a group of theirs."""
    name = repository.name.lower()
    return any(name.startswith(f"{owner.lower().rstrip('/')}/") for owner in owners)


def by_owner(source: Source) -> Iterator[Source]:
    """The same source as several with one owner each. Raises CampaignError."""
    names = (*source.repositories, *_listed(source.file))
    owners = dict.fromkeys((*source.owners, *(name.rpartition("/")[0] for name in names)))
    for owner in owners:
        own = tuple(name for name in names if name.rpartition("/")[0].lower() == owner.lower())
        if own or not names or source.search:
            yield replace(source, owners=(owner,), repositories=own, file="")


def is_wanted(source: Source, repository: Repository) -> bool:
    """Whether a repository passes the filters of its source. What belongs to nobody that was named never does."""
    name = repository.name.lower()
    if source.search and not belongs(repository, source.owners):
        return False
    if (repository.archived and not source.archived) or (repository.fork and not source.forks):
        return False
    if source.topics and not {*source.topics} & {*repository.topics}:
        return False
    if source.include and not any(fnmatch.fnmatchcase(name, each.lower()) for each in source.include):
        return False
    return not any(fnmatch.fnmatchcase(name, each.lower()) for each in source.exclude)


def local_clones(folder: Path) -> Iterator[Path]:
    """The git repositories in a folder, bare or not, by name; links are not followed."""
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda entry: entry.name):
            path = Path(entry.path)
            if entry.is_dir(follow_symlinks=False) and ((path / ".git").is_dir() or (path / "HEAD").is_file()):
                yield path
