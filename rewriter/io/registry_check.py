"""Asks the outside before anything is written: is each new image at its registry, is each new package in the index."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rewriter.checks import NewPackage, new_packages, new_references
from rewriter.io.apkindex import MAX_PACKED, NoIndexError, PackageNames, read_source, shown
from rewriter.io.files import FileError
from rewriter.io.registry_connect import connect
from rewriter.io.registry_errors import BadNameError, RegistryError, Unreachable
from rewriter.io.registry_http import MOST_REDIRECTS, Ask, Http
from rewriter.io.registry_names import HUB, follow, host_of, is_address, parse_reference
from rewriter.situation import Situation

if TYPE_CHECKING:
    from rewriter.facts import Facts
    from rewriter.io.registry import Registry
    from rewriter.result import Result
    from rewriter.situation import Options

_MARK = "{release}"


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be checked, and whom to ask."""

    tags: bool = False
    packages: tuple[str, ...] = ()
    """Files, folders or addresses of indexes; `{release}` in them stands for the Alpine release."""
    mirrors: tuple[str, ...] = ()
    insecure: tuple[str, ...] = ()


class Checker:
    """Checks the rewrites of one run. Every answer is kept; a host that cannot be reached is asked once."""

    def __init__(self, asked: Asked, tell: Callable[[str], None]) -> None:
        """``tell`` is told, a line each, why it takes so long."""
        self._asked = asked
        self._http = Http(tell=tell)
        self._registry: Registry | None = None
        self._references: dict[str, str] = {}
        self._unreachable: dict[str, str] = {}
        self._indexes: dict[str, PackageNames | str] = {}

    def objection(self, result: Result, options: Options, facts: Facts) -> str:
        """Why a rewrite must not be written; empty when nothing speaks against it.

        What goes wrong outside is such a reason, and nothing is raised.
        """
        if not result.changed:
            return ""
        before, after = (Situation(text, None, options, facts) for text in (result.before, result.after))
        return next(filter(None, self._objections(before, after)), "")

    def _objections(self, before: Situation, after: Situation) -> Iterator[str]:
        """A reason, or the empty text, for everything that is new; nothing is asked beyond the first that is taken."""
        if self._asked.tags:
            news = new_references(before, after)
            yield from news.unknown
            yield from (self._reference(name) for name in news.names)
        if self._asked.packages:
            news = new_packages(before, after)
            yield from news.unknown
            yield from (self._package(package) for package in news.packages)

    def _reference(self, name: str) -> str:
        if name not in self._references:
            self._references[name] = self._ask(name)
        return self._references[name]

    def _ask(self, name: str) -> str:
        host = ""
        try:
            reference = parse_reference(name)
            host = reference.repository.host
            if host in self._unreachable:
                return f"{name} is not checked: {self._unreachable[host]}"
            if self._registry is None:
                self._registry = connect(self._http, self._asked.mirrors, self._asked.insecure)
            return "" if self._registry.exists(reference) else f"{name} is not at {host}"
        except BadNameError as error:
            return str(error)
        except Unreachable as error:
            if not (host == HUB and self._asked.mirrors):  # a mirror may have the next one
                self._unreachable[host] = str(error)
            return f"{name} is not checked: {error}"
        except RegistryError as error:
            return f"{name} is not checked: {error}"

    def _package(self, package: NewPackage) -> str:
        where, problems = [], []
        for source in self._asked.packages:
            if _MARK in source and package.release is None:
                problems.append(f"{shown(source)} needs the Alpine release, which is not known here")
                continue
            place = source.replace(_MARK, package.release or "")
            index = self._index(place)
            if isinstance(index, str):
                problems.append(index)
            elif package.name in index:
                return ""
            where.append(shown(place))
        if problems:
            return f"the apk package {package.name} is not checked: {problems[0]}"
        return f"the apk package {package.name} is not in {', '.join(where)}"

    def _index(self, place: str) -> PackageNames | str:
        """The names at a place, or why there are none."""
        if place not in self._indexes:
            try:
                self._indexes[place] = read_source(place, self._fetch)
            except (FileError, NoIndexError, RegistryError) as error:
                self._indexes[place] = str(error)
        return self._indexes[place]

    def _fetch(self, address: str) -> bytes:
        """Raises RegistryError."""
        return fetch(self._http, address)


def fetch(http: Http, address: str) -> bytes:
    """The bytes at an address, redirects followed; nothing secret is sent. Raises RegistryError."""
    if not is_address(address):
        raise RegistryError(f"{shown(address)} is no address of a package index")
    for _ in range(MOST_REDIRECTS + 1):
        answer = http.ask(Ask(address, MAX_PACKED))
        if answer.status == 200:
            return answer.body
        if not answer.location:
            raise RegistryError(f"{host_of(address)} answers {answer.status} to the question for a package index")
        address = follow(address, answer.location)
    raise RegistryError(f"{host_of(address)} redirects more than {MOST_REDIRECTS} times")
