"""What a registry says, read strictly: tag lists, manifests, indexes, error codes. Nothing is asked here."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rewriter.facts.overlay import is_digest, is_platform, is_tag
from rewriter.io.registry_errors import RegistryError

if TYPE_CHECKING:
    from rewriter.io.registry_http import Answer

INDEX_TYPES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)
MANIFEST_TYPES = (
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
ACCEPT = ", ".join((*INDEX_TYPES, *MANIFEST_TYPES))
_ABSENT_CODES = frozenset({"MANIFEST_UNKNOWN", "NAME_UNKNOWN", "NOT_FOUND"})
_MOST_PARTS = 10_000  # layers of an image, manifests of an index
_MOST_BYTES = 10**14  # of one layer, and of all of an image


@dataclass(frozen=True, slots=True)
class Descriptor:
    """What a manifest refers to: `size` in bytes; `platform` as `os/architecture[/variant]`, "" when not said."""

    digest: str
    size: int
    platform: str = ""


@dataclass(frozen=True, slots=True)
class Manifest:
    """One image, or several of them for different platforms."""

    digest: str
    config: Descriptor | None
    """Of an image; None for an index."""
    layers: tuple[Descriptor, ...] = ()
    images: tuple[Descriptor, ...] = ()
    """Of an index."""

    @property
    def compressed(self) -> int:
        """Bytes that a pull transfers: configuration and layers."""
        return (self.config.size if self.config is not None else 0) + sum(layer.size for layer in self.layers)


def read_tags(answer: Answer, host: str) -> tuple[str, ...]:
    """The tags of one page. Raises RegistryError."""
    if "json" not in answer.content_type:
        raise RegistryError(f"{host} answers with {_shown(answer.content_type)} where a tag list belongs")
    content = _object(answer.body, host, "a tag list")
    tags = content.get("tags", ())
    tags = () if tags is None else tags
    if not isinstance(content.get("name"), str) or not isinstance(tags, list | tuple):
        raise RegistryError(f"{host} answers with something that is no tag list")
    for tag in tags:
        if not isinstance(tag, str) or not is_tag(tag):
            raise RegistryError(f"{host} lists a tag that cannot be called so")
    return tuple(tags)


def read_manifest(answer: Answer, host: str, wanted: str = "") -> Manifest:
    """The manifest that came; ``wanted`` is its digest when it was asked for by that.

    Raises RegistryError: not the type of a manifest, another digest than said or asked for, not readable.
    """
    kind = answer.content_type
    if kind not in INDEX_TYPES and kind not in MANIFEST_TYPES:
        old = " (the old schema 1, which names no sizes)" if "manifest.v1" in kind else ""
        raise RegistryError(f"{host} answers with {_shown(kind)}{old} where a manifest belongs")
    digest = checked_digest(answer.body, answer.headers.get("docker-content-digest", "").strip(), wanted, host)
    content = _object(answer.body, host, "a manifest")
    if content.get("schemaVersion") != 2 or content.get("mediaType", kind) != kind:
        raise RegistryError(f"{host} answers with a manifest that is not what its type says")
    if kind in INDEX_TYPES:
        entries = _list(content.get("manifests"), host)
        return Manifest(digest, None, images=tuple(_descriptor(entry, host) for entry in entries))
    layers = tuple(_descriptor(layer, host) for layer in _list(content.get("layers"), host))
    manifest = Manifest(digest, _descriptor(content.get("config"), host), layers)
    if manifest.compressed > _MOST_BYTES:
        raise RegistryError(f"{host} answers with a manifest of more bytes than any image has")
    return manifest


def read_platform(body: bytes, host: str) -> str:
    """The platform that an image's configuration names, `os/architecture[/variant]`. Raises RegistryError."""
    content = _object(body, host, "a configuration")
    platform = _platform(content)
    if not platform:
        raise RegistryError(f"{host} answers with a configuration that names no platform")
    return platform


def checked_digest(body: bytes, said: str, wanted: str, host: str) -> str:
    """The digest of what came. Raises RegistryError when the server's word, or what was asked for, is another."""
    for digest in filter(None, (wanted, said)):
        if not is_digest(digest):
            raise RegistryError(f"{host} names a digest that is none")
        name, _, digits = digest.partition(":")
        if hashlib.new(name, body).hexdigest() != digits:
            raise RegistryError(f"{host} answers with something that does not have the digest {digest[:19]}…")
    return wanted or said or f"sha256:{hashlib.sha256(body).hexdigest()}"


def matches(wanted: str, platform: str) -> bool:
    """Whether an image for `platform` is what is meant by `wanted`, which may leave the variant out."""
    return platform == wanted or (platform.startswith(f"{wanted}/") and wanted.count("/") == 1)


def says_absent(answer: Answer) -> bool:
    """Whether a 404 is a registry's word that there is no such thing: its error code says so."""
    try:
        errors = json.loads(answer.body)["errors"]
        codes = {error["code"] for error in errors}
    except (ValueError, KeyError, TypeError, RecursionError):
        return False
    return bool(codes) and codes <= _ABSENT_CODES


def _platform(content: Mapping[str, Any]) -> str:
    parts = [content.get("os"), content.get("architecture"), content.get("variant") or ""]
    platform = "/".join(part for part in parts if isinstance(part, str)).rstrip("/").lower()
    return platform if is_platform(platform) else ""


def _descriptor(entry: object, host: str) -> Descriptor:
    if isinstance(entry, Mapping):
        digest, size, platform = entry.get("digest"), entry.get("size"), entry.get("platform")
        good = isinstance(digest, str) and is_digest(digest)
        good = good and isinstance(size, int) and not isinstance(size, bool) and 0 <= size <= _MOST_BYTES
        if good and isinstance(digest, str) and isinstance(size, int):
            return Descriptor(digest, size, _platform(platform) if isinstance(platform, Mapping) else "")
    raise RegistryError(f"{host} answers with a manifest in which a digest or a size is odd")


def _list(value: object, host: str) -> list[object]:
    if not isinstance(value, list) or len(value) > _MOST_PARTS:
        raise RegistryError(f"{host} answers with a manifest without a list of what is in it")
    return value


def _object(body: bytes, host: str, what: str) -> Mapping[str, Any]:
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        raise RegistryError(f"{host} answers with {what} that is no JSON, or not all of it") from None
    if not isinstance(content, dict):
        raise RegistryError(f"{host} answers with something that is not {what}")
    return content


def _shown(kind: str) -> str:
    return kind if kind and len(kind) < 80 and kind.isprintable() else "something of no type"
