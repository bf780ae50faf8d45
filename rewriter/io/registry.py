"""Asks registries: which tags there are, what a tag names, how big it is. Reads only; the OCI distribution API.

A mirror is asked first where one is named; whatever it cannot say is asked of the registry itself.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from rewriter.facts.overlay import OverlayTag
from rewriter.io.registry_answers import (
    ACCEPT,
    INDEX_TYPES,
    MANIFEST_TYPES,
    Manifest,
    checked_digest,
    matches,
    read_manifest,
    read_platform,
    read_tags,
    says_absent,
)
from rewriter.io.registry_auth import Authenticator
from rewriter.io.registry_errors import Absent, Denied, RegistryError, Unreachable
from rewriter.io.registry_headers import next_link
from rewriter.io.registry_http import MOST_REDIRECTS, Answer, Ask, Http
from rewriter.io.registry_names import Endpoint, Reference, Repository, endpoints, follow, host_of, origin

if TYPE_CHECKING:
    from rewriter.io.docker_config import Credentials

MOST_PAGES = 1_000
MOST_TAGS = 200_000
_PAGE = 1_000  # tags asked for at once; a registry may give fewer
_MOST_PAGE_BYTES = 8_000_000
_MOST_MANIFEST_BYTES = 4_000_000

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class TagList:
    """The tags of a repository; `complete` when the registry itself gave them (a mirror may hold a part only)."""

    tags: tuple[str, ...]
    host: str
    complete: bool


class Registry:
    """Asks for the images of any registry, one request after the other."""

    def __init__(
        self,
        http: Http,
        credentials: Callable[[str], Credentials | None],
        mirrors: Sequence[str] = (),
        insecure: Collection[str] = (),
    ) -> None:
        """``credentials`` knows them by HOST[:PORT]; ``mirrors`` are addresses as ``read_mirror`` gives them;
        ``insecure`` are hosts that are asked by plain http."""
        self._http = http
        self._mirrors = list(mirrors)
        self._insecure = insecure
        self._auth = Authenticator(http, credentials, insecure)

    def tags(self, repository: Repository) -> TagList:
        """All tags. Raises RegistryError."""
        return self._first(repository, lambda endpoint: self._tags(endpoint, repository))

    def look_at(self, reference: Reference, platforms: Sequence[str], known: OverlayTag | None = None) -> OverlayTag:
        """Digest and sizes of one tag for some platforms. Raises RegistryError, namely Absent when it is not there.

        What is ``known`` is only asked for again when the digest is another, or a platform is missing.
        """
        return self._first(reference.repository, lambda at: self._look_at(at, reference, platforms, known))

    def exists(self, reference: Reference) -> bool:
        """Whether there is such a tag or digest; False only on the registry's own word. Raises RegistryError."""
        try:
            self._first(reference.repository, lambda endpoint: self._digest(endpoint, reference))
        except Absent:
            return False
        return True

    def _first(self, repository: Repository, ask: Callable[[Endpoint], _T]) -> _T:
        """The answer of the first endpoint that has one; the last is the registry itself, and its error counts."""
        *mirrors, own = endpoints(repository, self._mirrors, self._insecure)
        for mirror in mirrors:
            try:
                return ask(mirror)
            except RegistryError as error:
                if isinstance(error, Unreachable):
                    self._mirrors.remove(mirror.base)
                self._http.tell(f"mirror: {error}; asking {own.host}")
        return ask(own)

    def _tags(self, endpoint: Endpoint, repository: Repository) -> TagList:
        address = endpoint.address(repository, f"tags/list?n={_PAGE}")
        home, host, seen = origin(address), endpoint.host, {address}
        tags: dict[str, None] = {}
        while True:
            answer = self._read(endpoint, repository, address, "application/json", _MOST_PAGE_BYTES)
            before = len(tags)
            tags.update(dict.fromkeys(read_tags(answer, host)))
            try:
                link = next_link(answer.headers.get("link", ""))
            except ValueError:
                raise RegistryError(f"{host} names the next page of tags in a form that cannot be read") from None
            if link is None:
                return TagList(tuple(tags), host, complete=not endpoint.mirror)
            address = follow(answer.url, link, what="a next page of tags")
            if origin(address) != home:
                raise RegistryError(f"{host} names a next page of tags at another host, {host_of(address)}")
            if address in seen or len(tags) == before or len(seen) >= MOST_PAGES or len(tags) > MOST_TAGS:
                raise RegistryError(f"{host} lists tags without an end ({len(seen)} pages, {len(tags):,} tags)")
            seen.add(address)

    def _look_at(
        self, endpoint: Endpoint, reference: Reference, platforms: Sequence[str], known: OverlayTag | None
    ) -> OverlayTag:
        complete = known is not None and known.digest and all(platform in known.sizes for platform in platforms)
        # A HEAD is cheap, and does not count where pulls are counted.
        if known is not None and complete and self._digest(endpoint, reference) == known.digest:
            return known
        manifest = self._manifest(endpoint, reference.repository, reference.at_registry, reference.digest)
        sizes = {}
        for platform in platforms:
            size = self._size(endpoint, reference.repository, manifest, platform)
            if size:
                sizes[platform] = size
        return OverlayTag(reference.tag or "latest", manifest.digest, sizes)

    def _size(self, endpoint: Endpoint, repository: Repository, manifest: Manifest, platform: str) -> int | None:
        if manifest.config is not None:
            digest = manifest.config.digest
            address = endpoint.address(repository, f"blobs/{digest}")
            answer = self._read(endpoint, repository, address, "*/*", _MOST_MANIFEST_BYTES)
            checked_digest(answer.body, "", digest, endpoint.host)
            return manifest.compressed if matches(platform, read_platform(answer.body, endpoint.host)) else None
        fitting = [image for image in manifest.images if matches(platform, image.platform)]
        entry = min(fitting, key=lambda image: image.platform != platform, default=None)
        if entry is None:
            return None
        image = self._manifest(endpoint, repository, entry.digest, entry.digest)
        if image.config is None:
            raise RegistryError(f"{endpoint.host} answers with an index within an index")
        return image.compressed

    def _manifest(self, endpoint: Endpoint, repository: Repository, name: str, digest: str) -> Manifest:
        address = endpoint.address(repository, f"manifests/{name}")
        return read_manifest(
            self._read(endpoint, repository, address, ACCEPT, _MOST_MANIFEST_BYTES), endpoint.host, digest
        )

    def _digest(self, endpoint: Endpoint, reference: Reference) -> str:
        """What the registry says is the digest of a tag that is there. Raises Absent, RegistryError."""
        repository = reference.repository
        address = endpoint.address(repository, f"manifests/{reference.at_registry}")
        answer = self._ask(endpoint, repository, address, ACCEPT, _MOST_MANIFEST_BYTES, method="HEAD")
        said = answer.headers.get("docker-content-digest", "").strip()
        if answer.status == 200 and said and answer.content_type in (*INDEX_TYPES, *MANIFEST_TYPES):
            return said
        if answer.status not in (200, 404, 405):
            raise _refusal(answer, repository, address)
        # Only the body of an answer tells a registry's "no" from that of something in between.
        return self._manifest(endpoint, repository, reference.at_registry, reference.digest).digest

    def _read(self, endpoint: Endpoint, repository: Repository, address: str, accept: str, limit: int) -> Answer:
        """An answer of status 200. Raises RegistryError for any other."""
        answer = self._ask(endpoint, repository, address, accept, limit)
        if answer.status != 200:
            raise _refusal(answer, repository, address)
        return answer

    def _ask(
        self, endpoint: Endpoint, repository: Repository, address: str, accept: str, limit: int, method: str = "GET"
    ) -> Answer:
        """The answer behind authentication and redirects. A secret goes to the endpoint's own origin and nowhere
        else."""
        home, challenged, redirects = origin(endpoint.base), False, 0
        while True:
            headers = {"Accept": accept}
            at_home = origin(address) == home
            shown = self._auth.header(endpoint.base, repository.path) if at_home else None
            if shown is not None:
                headers["Authorization"] = shown
            answer = self._http.ask(Ask(address, limit, headers, method))
            if answer.status == 401 and at_home and not challenged:
                challenged = True
                self._auth.meet(endpoint.base, repository.path, answer.headers.get("www-authenticate", ""))
            elif answer.location:
                redirects += 1
                if redirects > MOST_REDIRECTS:
                    raise RegistryError(f"{endpoint.host} redirects more than {MOST_REDIRECTS} times")
                address = follow(address, answer.location)
            else:
                return answer


def _refusal(answer: Answer, repository: Repository, address: str) -> RegistryError:
    """What an answer of another status than 200 means."""
    host, name = host_of(answer.url), repository.path
    if answer.status == 401:
        return Denied(f"{host} does not show {name}: there is none, or it needs another `docker login {host}`")
    if answer.status == 403:
        return Denied(f"{host} does not allow to read {name} (403)")
    if answer.status == 404 and says_absent(answer):
        what = " with this tag or digest" if "/manifests/" in address else ""
        return Absent(f"{host} has no {name}{what}")
    return RegistryError(f"{host} answers {answer.status} to the question for {name}")
