"""Images as an engine saves them, made of a few files; no engine takes part."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from rewriter.proof.archive import Image, open_image

Config = Mapping[str, object]


@dataclass(frozen=True)
class Entry:
    """One member of a layer."""

    content: bytes = b""
    kind: bytes = tarfile.REGTYPE
    mode: int = 0o644
    uid: int = 0
    gid: int = 0
    link: str = ""
    xattrs: Mapping[str, bytes] = field(default_factory=dict)

    def owned(self, uid: int, gid: int = 0) -> Entry:
        """The same with another owner."""
        return replace(self, uid=uid, gid=gid)


def text(content: str, mode: int = 0o644) -> Entry:
    """A file."""
    return Entry(content.encode(), mode=mode)


def program(content: bytes | str) -> Entry:
    """An executable file."""
    return Entry(content.encode() if isinstance(content, str) else content, mode=0o755)


def folder(mode: int = 0o755) -> Entry:
    """An empty folder."""
    return Entry(kind=tarfile.DIRTYPE, mode=mode)


def link(target: str) -> Entry:
    """A symbolic link."""
    return Entry(kind=tarfile.SYMTYPE, mode=0o777, link=target)


def hard(target: str) -> Entry:
    """A hard link."""
    return Entry(kind=tarfile.LNKTYPE, link=target)


def device() -> Entry:
    """A character device."""
    return Entry(kind=tarfile.CHRTYPE)


Files = Mapping[str, Entry | str | bytes]


def layer(files: Files) -> bytes:
    """The tar of a layer, members in the order given; a bare text or bytes is a file."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, value in files.items():
            entry = value if isinstance(value, Entry) else Entry(value.encode() if isinstance(value, str) else value)
            archive.addfile(_member(name, entry), io.BytesIO(entry.content))
    return buffer.getvalue()


def _member(name: str, entry: Entry) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.mode, member.linkname = entry.kind, entry.mode, entry.link
    member.uid, member.gid, member.size = entry.uid, entry.gid, len(entry.content)
    # Latin-1 keeps any byte apart; tarfile writes it as it stands.
    xattrs = {f"SCHILY.xattr.{key}": value.decode("utf-8", "surrogateescape") for key, value in entry.xattrs.items()}
    member.pax_headers = dict(xattrs)
    return member


def configuration(layers: Sequence[bytes], settings: Config | None = None, **top: object) -> bytes:
    """The JSON of a configuration; ``settings`` are those of its ``config``."""
    ids = [f"sha256:{hashlib.sha256(each).hexdigest()}" for each in layers]
    document = {"architecture": "amd64", "os": "linux", "config": dict(settings or {}), "rootfs": {"diff_ids": ids}}
    return json.dumps({**document, **top}).encode()


def docker_archive(layers: Sequence[bytes], config: bytes) -> dict[str, Entry]:
    """The members of what ``docker save`` wrote up to Docker 24."""
    names = [f"{hashlib.sha256(each).hexdigest()[:12]}{index}/layer.tar" for index, each in enumerate(layers)]
    manifest = [{"Config": "abc.json", "RepoTags": None, "Layers": names}]
    parts = {name: Entry(each) for name, each in zip(names, layers, strict=True)}
    return {**parts, "abc.json": Entry(config), "manifest.json": Entry(json.dumps(manifest).encode())}


def oci_archive(layers: Sequence[bytes], config: bytes, *, attested: bool = False) -> dict[str, Entry]:
    """The members of an OCI archive as podman and BuildKit write them."""
    blobs: dict[str, Entry] = {}
    manifest = {"config": _blob(blobs, config), "layers": [_blob(blobs, each) for each in layers]}
    listed = [_blob(blobs, json.dumps(manifest).encode())]
    if attested:
        other = _blob(blobs, b'{"layers": [], "config": {}}')
        listed.append({**other, "platform": {"os": "unknown", "architecture": "unknown"}})
        listed = [_blob(blobs, json.dumps({"manifests": listed}).encode())]
    index = json.dumps({"manifests": listed}).encode()
    return {**blobs, "index.json": Entry(index), "oci-layout": Entry(b"{}")}


def _blob(blobs: dict[str, Entry], data: bytes) -> dict[str, object]:
    digest = hashlib.sha256(data).hexdigest()
    blobs[f"blobs/sha256/{digest}"] = Entry(data)
    return {"digest": f"sha256:{digest}", "size": len(data)}


def write(path: Path, members: Files) -> Path:
    """Writes an archive."""
    path.write_bytes(layer(members))
    return path


def save(path: Path, layers: Iterable[Files], settings: Config | None = None, **top: object) -> Path:
    """Writes an image of some layers as ``docker save`` does."""
    tars = [layer(files) for files in layers]
    return write(path, docker_archive(tars, configuration(tars, settings, **top)))


def opened(path: Path, files: Files, settings: Config | None = None, **top: object) -> Image:
    """An opened image of one layer; to be closed by whoever asked for it."""
    return open_image(save(path, [files], settings, **top))


def gzipped(data: bytes) -> bytes:
    """The bytes, gzipped."""
    return gzip.compress(data, mtime=0)
