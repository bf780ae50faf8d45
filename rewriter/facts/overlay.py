"""What a registry was seen to hold, laid over the shipped facts: one text file per image, one line per tag.

    # comments
    image     NAME                              as Docker Hub's official images are called, else with its host  (needed)
    registry  HOST[:PORT]                       who answered                                                    (needed)
    as-of     DATE                              the day of the tag list                                         (needed)
    complete  yes|no                            whether that list was the whole one: what it lacks is not there (needed)
    tag       TAG [DIGEST|- [PLATFORM=BYTES…]]  BYTES: what a pull transfers, the configuration and all layers

A tag without a digest is listed and was not looked at. `as-of` speaks for the list; digests and sizes may be newer.
Nothing is believed: what is odd raises FactsError with its line.
"""

from __future__ import annotations

from rewriter.facts.records import Record
from rewriter.facts.table import LONGEST_TAG
from rewriter.facts.values import OddLineError, is_date, read_lines

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

SUFFIX = ".tags"
"""Ends the names of overlay files, and tells them from whole image files (`.txt`) in the same folder."""
_HEAD = "# What the registry held on that day, written by `dfrewrite facts refresh`; wins over the shipped facts.\n"
_NEEDED = ("image", "registry", "as-of", "complete")
_LOWER = frozenset("abcdefghijklmnopqrstuvwxyz0123456789")
_TAG = _LOWER | frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ._-")
_HOST = _LOWER | frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ.-")
_HEX = frozenset("0123456789abcdef")
_ADDRESS = _HEX | frozenset("ABCDEF:.")
_LONGEST_NAME = 255  # characters, as registries have it
_MOST_BYTES = 10**15  # of one image: no disk holds more


class OverlayTag(Record):
    """One tag at a registry.

    `digest`: of what the tag named when it was looked at ("" = it was not). `sizes`: for each platform that was looked
    at ("linux/amd64") the bytes that a pull transfers.
    """

    __slots__ = ("digest", "sizes", "tag")
    tag: str
    digest: str
    sizes: Mapping[str, int]

    def __init__(self, tag: str, digest: str = "", sizes: Mapping[str, int] | None = None) -> None:
        self._fill(tag=tag, digest=digest, sizes=sizes or {})


class Overlay(Record):
    """What one registry holds of one image.

    `image`: the name without tag ("golang", "ghcr.io/owner/name"). `registry`: the host that answered. `as_of`: ISO
    date of the tag list. `complete`: whether that was the whole list, so that a tag missing from `tags` is not there.
    """

    __slots__ = ("as_of", "complete", "image", "registry", "tags")
    image: str
    registry: str
    as_of: str
    complete: bool
    tags: Mapping[str, OverlayTag]

    def __init__(self, image: str, registry: str, as_of: str, complete: bool, tags: Mapping[str, OverlayTag]) -> None:
        self._fill(image=image, registry=registry, as_of=as_of, complete=complete, tags=tags)


def overlay_path(image: str) -> str | None:
    """Where the overlay of an image lies below its folder; None for a name that no image can have.

    Slashes make folders, and the colon before a port becomes `_`, which no host name holds: two images never share a
    file, and no name leads out of the folder.
    """
    return f"{image.replace(':', '_')}{SUFFIX}" if is_image_name(image) else None


def is_image_name(image: str) -> bool:
    """Whether this is a possible repository: `[HOST[:PORT]/]part[/part…]`, without tag and digest."""
    if len(image) > _LONGEST_NAME:
        return False
    first, slash, rest = image.partition("/")
    if slash and is_host(first):
        image = rest
    return all(_is_part(part) for part in image.split("/"))


def is_host(word: str) -> bool:
    """Whether the first part of a reference names a registry: it has a dot or a port, or is `localhost`."""
    return is_registry(word) and (":" in word or "." in word or word == "localhost" or word != word.lower())


def is_registry(word: str) -> bool:
    """Whether a registry can be called so: `HOST[:PORT]`, where HOST is a name or an address, IPv6 in brackets."""
    host, bracket, port = word.rpartition("]")
    if bracket:
        good = host[:1] == "[" and len(host) < 42 and ":" in host and _ADDRESS.issuperset(host[1:])
    else:
        host, colon, port = word.partition(":")
        port = colon + port
        good = bool(host) and host[0] not in ".-" and host[-1] not in ".-" and ".." not in host
        good = good and len(host) < 254 and _HOST.issuperset(host)
    digits = port[1:]
    return good and (not port or (port[0] == ":" and digits.isascii() and digits.isdecimal() and len(digits) < 6))


def _is_part(part: str) -> bool:
    """Lower-case letters and digits, joined by `.`, `_`, `__` or any number of `-`."""
    joint = ""
    for character in part:
        if character in _LOWER:
            if joint not in ("", ".", "_", "__") and set(joint) != {"-"}:
                return False
            joint = ""
        else:
            joint += character
    return joint == "" if part and part[0] in _LOWER else False


def is_tag(word: str) -> bool:
    """Whether a tag can be called so."""
    return 0 < len(word) <= LONGEST_TAG and _TAG.issuperset(word) and word[0] not in ".-"


def is_digest(word: str) -> bool:
    """Whether this is a digest: `sha256:` or `sha512:` and so many hexadecimal digits."""
    name, _, digits = word.partition(":")
    return len(digits) == {"sha256": 64, "sha512": 128}.get(name, -1) and _HEX.issuperset(digits)


def is_platform(word: str) -> bool:
    """Whether this is written like a platform: `os/architecture[/variant]`."""
    parts = word.split("/")
    return (
        2 <= len(parts) <= 3
        and len(word) < 64
        and all(part and (_LOWER | {"_", "."}).issuperset(part) for part in parts)
    )


def parse_overlay(text: str, file: str) -> Overlay:
    """What `text` says; `file` is only named in errors. Raises FactsError."""
    heads: dict[str, str] = {}
    tags: dict[str, OverlayTag] = {}

    def read(line: str, _number: int) -> None:
        if line[:4] == "tag ":
            tag = _read_tag(line)
            if tag.tag in tags:
                raise OddLineError(f"duplicate tag {tag.tag}")
            tags[tag.tag] = tag
        else:
            _read_head(line, heads)

    def finish() -> None:
        for key in _NEEDED:
            if key not in heads:
                raise OddLineError(f"missing {key}")

    read_lines(text, file, read, finish)
    return Overlay(heads["image"], heads["registry"], heads["as-of"], heads["complete"] == "yes", tags)


def _read_head(line: str, heads: dict[str, str]) -> None:
    words = line.split()
    key = words[0] if words else ""
    if key not in _NEEDED or line[0] != key[0]:
        raise OddLineError(f"unknown keyword '{key}'" if key != "tag" else "'tag' says nothing")
    if len(words) != 2:
        raise OddLineError(f"'{key}' has one value")
    if key in heads:
        raise OddLineError(f"duplicate {key}")
    value = words[1]
    if key == "image" and not is_image_name(value):
        raise OddLineError(f"'{value}' is no name of an image")
    if key == "registry" and not is_registry(value):
        raise OddLineError(f"'{value}' is no registry")
    if key == "as-of" and not is_date(value):
        raise OddLineError(f"malformed date '{value}'")
    if key == "complete" and value not in ("yes", "no"):
        raise OddLineError(f"complete is yes or no, not '{value}'")
    heads[key] = value


def _read_tag(line: str) -> OverlayTag:
    words = line.split()
    if len(words) < 2 or not is_tag(words[1]):
        raise OddLineError(f"'{' '.join(words[1:2])}' is no tag")
    digest = words[2] if len(words) > 2 else "-"
    if digest != "-" and not is_digest(digest):
        raise OddLineError(f"malformed digest '{digest}'")
    if digest == "-" and len(words) > 3:
        raise OddLineError("sizes without a digest")
    sizes: dict[str, int] = {}
    for word in words[3:]:
        platform, _, count = word.partition("=")
        if not is_platform(platform):
            raise OddLineError(f"malformed platform '{platform}'")
        if platform in sizes:
            raise OddLineError(f"duplicate platform {platform}")
        if not (count.isascii() and count.isdecimal() and len(count) < 17 and 0 < int(count) <= _MOST_BYTES):
            raise OddLineError(f"malformed number of bytes '{count}'")
        sizes[platform] = int(count)
    return OverlayTag(words[1], "" if digest == "-" else digest, sizes)


def render_overlay(overlay: Overlay) -> str:
    """The text that `parse_overlay` reads back: tags sorted, and the platforms of each."""
    lines = [
        f"image     {overlay.image}",
        f"registry  {overlay.registry}",
        f"as-of     {overlay.as_of}",
        f"complete  {'yes' if overlay.complete else 'no'}",
    ]
    for name in sorted(overlay.tags):
        tag = overlay.tags[name]
        words = [tag.digest, *(f"{platform}={tag.sizes[platform]}" for platform in sorted(tag.sizes))]
        lines.append(" ".join(["tag", name, *(words if tag.digest else [])]))
    return _HEAD + "\n".join(lines) + "\n"
