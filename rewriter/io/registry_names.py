"""Whom to ask for an image, and how: hosts, repositories, addresses. Nothing is asked here."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urljoin, urlsplit

from rewriter.facts.images import short_name
from rewriter.facts.overlay import is_digest, is_host, is_image_name, is_registry, is_tag
from rewriter.io.registry_errors import BadNameError, RegistryError

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

HUB = "registry-1.docker.io"
"""Who answers for docker.io."""


@dataclass(frozen=True, slots=True)
class Repository:
    """One repository of one registry."""

    image: str
    """The name as the facts have it: `golang`, `owner/name`, `ghcr.io/owner/name`."""
    host: str
    """HOST[:PORT] of the registry."""
    path: str
    """The name at the registry: `library/golang`."""


@dataclass(frozen=True, slots=True)
class Reference:
    """An image as somebody names it: at most one of `tag` and `digest` is asked for, the digest first."""

    repository: Repository
    tag: str = ""
    digest: str = ""

    @property
    def at_registry(self) -> str:
        """What the registry is asked for."""
        return self.digest or self.tag or "latest"

    def __str__(self) -> str:
        name = self.repository.image
        return f"{name}@{self.digest}" if self.digest else f"{name}:{self.tag or 'latest'}"


def parse_reference(text: str) -> Reference:
    """Takes `[HOST/]NAME[:TAG][@DIGEST]` apart. Raises BadNameError, also for a name that no image can have."""
    rest, at, digest = text.partition("@")
    slash = rest.rfind("/")
    colon = rest.find(":", slash + 1)
    name, tag = (rest, "") if colon < 0 else (rest[:colon], rest[colon + 1 :])
    shown = text if len(text) <= 300 and text.isprintable() else "that"
    if not is_image_name(name):
        raise BadNameError(f"{shown or 'nothing'} is no name of an image")
    if colon >= 0 and not is_tag(tag):
        raise BadNameError(f"{shown}: {tag or 'nothing'} is no tag")
    if at and not is_digest(digest):
        raise BadNameError(f"{shown}: what stands behind @ is no digest")
    return Reference(repository_of(name), tag, digest)


def repository_of(name: str) -> Repository:
    """The repository of an image name without tag, which must be a possible one."""
    image = short_name(name)
    host, slash, path = image.partition("/")
    if slash and is_host(host):
        return Repository(image, host, path)
    return Repository(image, HUB, image if slash else f"library/{image}")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An address that answers for a registry: the registry itself, or a mirror of it."""

    base: str
    """`https://host[:port][/prefix]`, without a slash at its end."""
    mirror: bool = False

    @property
    def host(self) -> str:
        """HOST[:PORT]."""
        return urlsplit(self.base).netloc

    def address(self, repository: Repository, what: str) -> str:
        """The address of `tags/list`, `manifests/…` or `blobs/…`."""
        return f"{self.base}/v2/{repository.path}/{what}"


def endpoints(repository: Repository, mirrors: Sequence[str], insecure: Collection[str]) -> tuple[Endpoint, ...]:
    """Whom to ask, in order; mirrors only answer for Docker Hub, as Docker has it."""
    own = Endpoint(f"{'http' if is_plain(repository.host, insecure) else 'https'}://{repository.host}")
    return (*(Endpoint(mirror, True) for mirror in mirrors), own) if repository.host == HUB else (own,)


def read_mirror(text: str, insecure: Collection[str] = ()) -> str:
    """The address of a mirror, as `endpoints` wants it: `https://host[:port][/prefix]`, or a bare host.

    Raises BadNameError: another scheme, a query, plain http to a host that was not named as insecure, or a user name
    or password in it (which is then not shown).
    """
    if "://" not in text:
        text = f"{'http' if is_plain(text.partition('/')[0], insecure) else 'https'}://{text}"
    parts = _split(text)
    if parts is None or parts.query or parts.fragment or parts.scheme not in ("http", "https"):
        raise BadNameError(
            "a mirror is an address such as https://mirror.example, without user name, password or query"
        )
    if parts.scheme == "http" and not is_plain(parts.netloc, insecure):
        raise BadNameError(f"the mirror {parts.netloc} is asked by http only with --insecure-registry {parts.netloc}")
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"


def is_plain(host: str, insecure: Collection[str]) -> bool:
    """Whether HOST[:PORT] is asked by plain http: this machine itself, or a host that the user named."""
    return is_loopback(host) or host in insecure or host_name(host) in insecure


def is_loopback(host: str) -> bool:
    """Whether HOST[:PORT] is this machine: localhost, 127.0.0.0/8 or [::1]. Names are not looked up."""
    name = host_name(host)
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name.strip("[]")).is_loopback
    except ValueError:
        return False


def host_name(host: str) -> str:
    """HOST[:PORT] without the port."""
    return host if host.endswith("]") else host.rpartition(":")[0] or host


def origin(address: str) -> tuple[str, str, int]:
    """Scheme, host and port: what must be the same for a secret to be sent. Raises RegistryError."""
    parts = _split(address)
    if parts is None or parts.hostname is None:
        raise RegistryError("an address cannot be read")
    return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme, 0)


def host_of(address: str) -> str:
    """HOST[:PORT] of an address that was checked before: what may be shown of it."""
    return urlsplit(address).netloc


def follow(address: str, location: str, *, what: str = "a redirect") -> str:
    """The address that a server points to, absolute, without fragment.

    Raises RegistryError: no http(s), from https to http, a user name or password in it, or not readable at all.
    """
    host = host_of(address)
    try:
        target = urljoin(address, location.strip())
    except ValueError:
        target = ""
    parts = _split(target)
    if parts is None or parts.scheme not in ("http", "https"):
        raise RegistryError(f"{host} answers with {what} to an address that is not followed")
    if parts.scheme == "http" and address.startswith("https:"):
        raise RegistryError(f"{host} answers with {what} from https to http, which is not followed")
    return parts._replace(fragment="").geturl()


def is_address(text: str) -> bool:
    """Whether this is an http(s) address that names no user."""
    parts = _split(text)
    return parts is not None and parts.scheme in ("http", "https")


def _split(address: str) -> SplitResult | None:
    """The parts of an absolute address; None for one that is odd or names a user."""
    if not address.isascii() or not address.isprintable() or " " in address or "\\" in address:
        return None
    try:
        parts = urlsplit(address)
        _ = parts.port  # raises when it is no number
    except ValueError:
        return None
    return parts if is_registry(parts.netloc) else None
