"""A saved image, opened for a look: ``docker save`` (old and new), ``podman save``, OCI; nothing is unpacked."""

from __future__ import annotations

import io
import json
import posixpath
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from rewriter.proof.engine import EngineError
from rewriter.proof.inside.filesystem import FileTree
from rewriter.proof.inside.image_config import Config, parse_config
from rewriter.proof.inside.sources import DamagedError, FileSource, Part, Unzipped
from rewriter.proof.inside.tar import members

if TYPE_CHECKING:
    from types import TracebackType

    from _typeshed import WriteableBuffer

    from rewriter.proof.inside.filesystem import Node
    from rewriter.proof.inside.sources import Source

MOST_ENTRIES = 2_000_000
"""Members of all layers together; the biggest public images have some 500,000."""
MOST_UNPACKED = 64 * 10**9
"""Bytes of one unpacked layer."""
_MOST_JSON = 8 * 1024**2
_MOST_LAYERS = 512
_MOST_PARTS = 20_000
_NOT_READ = {b"\x28\xb5\x2f\xfd": "zstd", b"\xfd7zX": "xz", b"BZh": "bzip2"}


class ArchiveError(EngineError):
    """A saved image that cannot be read. The message is one line."""


class Layer(NamedTuple):
    """One layer: its unpacked tar."""

    source: Source
    size: int


class Content(io.RawIOBase):
    """The content of one file of an image, to be read and sought in."""

    def __init__(self, source: Source, offset: int, size: int) -> None:
        self._part = Part(source, offset, size)
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._part.size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def readinto(self, buffer: WriteableBuffer) -> int:
        view = memoryview(buffer).cast("B")
        data = self._part.read_at(self._at, len(view))
        view[: len(data)] = data
        self._at += len(data)
        return len(data)


class Image:
    """An opened image; close it, or use it as a context manager."""

    def __init__(self, file: FileSource, config: Config, layers: tuple[Layer, ...], files: FileTree) -> None:
        self.config = config
        self.layers = layers
        self.files = files
        self._file = file

    def __enter__(self) -> Image:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Closes the archive; closing twice is no error."""
        self._file.close()

    def open(self, node: Node) -> io.BufferedReader | None:
        """The content of a regular file; None for another kind, or for one that is stored sparse."""
        if not node.is_file or (node.offset < 0 and node.size):
            return None
        source: Source = self.layers[node.layer].source
        return io.BufferedReader(Content(source, node.offset, node.size), 64 * 1024)

    def head(self, node: Node, size: int) -> bytes:
        """The first bytes of a file; none of what is no file."""
        if not node.is_file or node.offset < 0:
            return b""
        return self.layers[node.layer].source.read_at(node.offset, min(size, node.size))

    def read(self, node: Node, most: int) -> bytes | None:
        """A whole file; None when it is bigger than ``most`` bytes or no file that can be read."""
        if not node.is_file or node.size > most or (node.offset < 0 and node.size):
            return None
        return self.head(node, most)

    def text(self, path: str, most: int = 1_000_000) -> str | None:
        """A text file, links followed; None when there is none, or it is bigger than ``most`` bytes."""
        node = self.files.file(path)
        data = self.read(node, most) if node is not None else None
        return None if data is None else data.decode("utf-8", "surrogateescape")


def open_image(path: Path, most_entries: int = MOST_ENTRIES) -> Image:
    """Reads what a saved image holds. Raises ArchiveError, one line, for what is no such archive or cannot be read."""
    try:
        file = FileSource(path)
    except OSError as error:
        raise ArchiveError(f"{path.name}: {error.strerror}") from error
    try:
        return _Opener(file, most_entries).image()
    except (DamagedError, OSError) as error:
        file.close()
        raise ArchiveError(f"the saved image {path.name} cannot be read: {error}") from error
    except BaseException:
        file.close()
        raise


class _Opener:
    """Reads the table of an archive, then its layers."""

    def __init__(self, file: FileSource, most_entries: int) -> None:
        self._file = file
        self._most_entries = most_entries
        whole: Source = file
        if file.read_at(0, 2) == b"\x1f\x8b":
            whole = Unzipped(file, MOST_UNPACKED)
        self._parts: dict[str, Part] = {}
        self._links: dict[str, str] = {}
        for number, member in enumerate(members(whole)):
            if number > _MOST_PARTS:
                raise DamagedError(f"it has more than {_MOST_PARTS} parts")
            name = posixpath.normpath(member.name)
            if member.kind in "07" and member.offset >= 0:
                self._parts[name] = Part(whole, member.offset, member.size)
            elif member.kind == "2":
                self._links[name] = posixpath.normpath(posixpath.join(posixpath.dirname(name), member.link))
            elif member.kind == "1":
                self._links[name] = posixpath.normpath(member.link)

    def image(self) -> Image:
        config_name, names = self._docker() if "manifest.json" in self._parts else self._oci()
        if len(names) > _MOST_LAYERS:
            raise DamagedError(f"it has {len(names)} layers")
        config, expected = parse_config(self._bytes(config_name))
        if expected is not None and expected != len(names):
            raise DamagedError(f"its configuration speaks of {expected} layers, and it has {len(names)}")
        files = FileTree()
        layers: list[Layer] = []
        for number, name in enumerate(names, 1):
            try:
                layers.append(self._layer(self._part(name), len(layers), files))
            except DamagedError as error:
                raise DamagedError(f"layer {number} of {len(names)}: {error}") from error
        return Image(self._file, config, tuple(layers), files)

    def _docker(self) -> tuple[str, list[str]]:
        """The names of configuration and layers by Docker's manifest.json."""
        images = self._json("manifest.json")
        if not isinstance(images, list) or not images or not all(isinstance(image, dict) for image in images):
            raise DamagedError("its manifest.json lists no image")
        if len({str(image.get("Config")) for image in images}) > 1:
            raise DamagedError(f"it holds {len(images)} images, and one is expected")
        layers = images[0].get("Layers")
        if not isinstance(layers, list):
            raise DamagedError("its manifest.json names no layers")
        return str(images[0].get("Config")), [str(name) for name in layers]

    def _oci(self) -> tuple[str, list[str]]:
        """The names of configuration and layers by an OCI index, nested ones followed."""
        if "index.json" not in self._parts:
            raise DamagedError("it has neither a manifest.json nor an index.json")
        name = "index.json"
        for _ in range(4):
            document = self._object(name)
            layers = document.get("layers")
            if isinstance(layers, list):
                return _digest_path(document.get("config")), [_digest_path(layer) for layer in layers]
            listed = document.get("manifests")
            entries = [entry for entry in listed if isinstance(entry, dict)] if isinstance(listed, list) else []
            images = [entry for entry in entries if not _is_attestation(entry)]
            present = [path for path in map(_digest_path, images) if path in self._parts]
            if len(set(present)) != 1:
                raise DamagedError(f"its {name} holds {len(set(present))} images, and one is expected")
            name = present[0]
        raise DamagedError("its indexes are nested too deeply")

    def _layer(self, part: Part, number: int, files: FileTree) -> Layer:
        start = part.read_at(0, 4)
        for magic, method in _NOT_READ.items():
            if start.startswith(magic):
                raise DamagedError(f"it is compressed with {method}, which cannot be read here")
        unzipped = Unzipped(part, MOST_UNPACKED) if start.startswith(b"\x1f\x8b") else None
        source: Source = unzipped or part
        for member in members(source):
            if files.entries >= self._most_entries:
                raise DamagedError(f"the image has more than {self._most_entries} files")
            files.apply(member, number)
        return Layer(source, part.size if unzipped is None else unzipped.length())

    def _part(self, name: str) -> Part:
        name = posixpath.normpath(name)
        for _ in range(8):
            if name not in self._links:
                break
            name = self._links[name]
        if name not in self._parts:
            raise DamagedError(f"{name[:100]!r}, which it names, is not in it")
        return self._parts[name]

    def _bytes(self, name: str) -> bytes:
        part = self._part(name)
        if part.size > _MOST_JSON:
            raise DamagedError(f"{name} has {part.size} bytes")
        return part.read_at(0, part.size)

    def _json(self, name: str) -> object:
        try:
            document: object = json.loads(self._bytes(name))
        except (ValueError, RecursionError) as error:
            raise DamagedError(f"{name} is no JSON") from error
        return document

    def _object(self, name: str) -> dict[str, object]:
        document = self._json(name)
        if not isinstance(document, dict):
            raise DamagedError(f"{name} is no JSON object")
        return document


def _digest_path(descriptor: object) -> str:
    digest = descriptor.get("digest") if isinstance(descriptor, Mapping) else None
    method, colon, value = str(digest).partition(":")
    if not colon:
        raise DamagedError("a descriptor in it names no digest")
    return f"blobs/{method}/{value}"


def _is_attestation(entry: Mapping[str, object]) -> bool:
    """BuildKit puts provenance beside an image, as a manifest for the platform "unknown/unknown"."""
    platform = entry.get("platform")
    return isinstance(platform, Mapping) and platform.get("os") == "unknown"
