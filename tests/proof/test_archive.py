"""Saved images in all their layouts, damaged and hostile ones among them."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from rewriter.proof.archive import ArchiveError, open_image
from rewriter.proof.engine import EngineError
from rewriter.proof.inside.image_config import Healthcheck
from rewriter.proof.inside.sources import CHECKPOINT_EVERY, DamagedError, FileSource, Unzipped
from rewriter.proof.measure import measure
from tests.proof.saved import (
    Entry,
    Files,
    configuration,
    docker_archive,
    folder,
    gzipped,
    layer,
    link,
    oci_archive,
    save,
    text,
    write,
)

LAYERS: list[Files] = [
    {"etc/": folder(), "etc/motd": "old\n", "etc/gone": "x"},
    {"etc/motd": "new\n", "etc/.wh.gone": "", "app": text("#!/bin/sh\n", 0o755)},
]
SETTINGS = {"Cmd": ["/app"], "Env": ["PATH=/bin", "EMPTY=", "A=b=c"]}


def _same(data: bytes) -> bytes:
    return data


@pytest.mark.parametrize("pack", [_same, gzipped], ids=["plain", "gzip"])
@pytest.mark.parametrize("layout", ["docker", "docker and oci", "oci", "oci with an attestation"])
def test_layouts(tmp_path: Path, layout: str, pack: Callable[[bytes], bytes]) -> None:
    plain = [layer(files) for files in LAYERS]
    config = configuration(plain, SETTINGS)
    packed = [pack(each) for each in plain]
    docker = docker_archive(packed, config) if "docker" in layout else {}
    oci = oci_archive(packed, config, attested="attestation" in layout) if "oci" in layout else {}
    with open_image(write(tmp_path / "image.tar", {**oci, **docker})) as image:
        assert image.config.argv == ("/app",)
        assert image.config.env == {"PATH": "/bin", "EMPTY": "", "A": "b=c"}
        assert image.text("/etc/motd") == "new\n"
        assert sorted(image.files.folder("/etc")) == ["motd"]
        assert [each.size for each in image.layers] == [len(each) for each in plain]


def test_a_layer_that_was_saved_before_is_a_link(tmp_path: Path) -> None:
    tar = layer({"a": "1"})
    members = docker_archive([tar, tar], configuration([tar, tar]))
    first, second = [name for name in members if name.endswith("layer.tar")]
    members[second] = link(f"../{first}")
    with open_image(write(tmp_path / "image.tar", members)) as image:
        assert len(image.layers) == 2
        assert image.text("/a") == "1"


def test_the_whole_configuration(tmp_path: Path) -> None:
    settings = {
        "Entrypoint": ["/e"],
        "Cmd": ["c"],
        "User": "app:1",
        "WorkingDir": "/w",
        "ExposedPorts": {"80/tcp": {}, "53/udp": {}, "90": {}},
        "Volumes": {"/data": {}},
        "Labels": {"a": "b"},
        "Healthcheck": {"Test": ["CMD", "true"], "Interval": 5, "Retries": 2},
        "StopSignal": "SIGINT",
        "Shell": ["/bin/bash", "-c"],
        "OnBuild": ["RUN x"],
    }
    with open_image(save(tmp_path / "image.tar", [{}], settings, architecture="arm64")) as image:
        config = image.config
    assert config.argv == ("/e", "c")
    assert (config.user, config.workdir, config.stop_signal) == ("app:1", "/w", "SIGINT")
    assert config.exposed_ports == {"80/tcp", "53/udp", "90/tcp"}
    assert config.volumes == {"/data"}
    assert config.healthcheck == Healthcheck(("CMD", "true"), interval=5, retries=2)
    assert (config.shell, config.on_build) == (("/bin/bash", "-c"), ("RUN x",))
    assert (config.architecture, config.os, config.labels) == ("arm64", "linux", {"a": "b"})


@pytest.mark.parametrize(
    ("magic", "method"), [(b"\x28\xb5\x2f\xfd", "zstd"), (b"\xfd7zXZ\0", "xz"), (b"BZh9", "bzip2")]
)
def test_what_cannot_be_unpacked_is_said(tmp_path: Path, magic: bytes, method: str) -> None:
    data = magic + bytes(600)
    with pytest.raises(ArchiveError) as raised:
        open_image(write(tmp_path / "image.tar", oci_archive([data], configuration([data]))))
    assert f"layer 1 of 1: it is compressed with {method}" in str(raised.value)


def test_a_gzip_stream_is_read_anywhere(tmp_path: Path) -> None:
    data = b"".join(hashlib.sha256(number.to_bytes(4, "big")).digest() for number in range(400_000))
    assert len(data) > 3 * CHECKPOINT_EVERY
    # Two members, the second one cut off from the first in the middle of a read, and padding behind.
    path = tmp_path / "data.gz"
    path.write_bytes(gzipped(data[:5_000_000]) + gzipped(data[5_000_000:]) + bytes(700))
    source = Unzipped(FileSource(path), 10**9)
    for offset in (0, 9_000_000, 100, 4_999_990, len(data) - 10, 8_000_001, 12_000_000, 3):
        assert source.read_at(offset, 500) == data[offset : offset + 500]
    assert source.read_at(len(data), 10) == b""
    assert source.length() == len(data)
    with pytest.raises(DamagedError, match="more than"):
        Unzipped(FileSource(path), 1_000_000).read_at(2_000_000, 1)


def test_what_is_no_image(tmp_path: Path) -> None:
    tar = layer({"a": "1"})
    good = docker_archive([tar], configuration([tar]))
    cases: dict[str, tuple[Files, str]] = {
        "nothing": ({"a": "b"}, "neither a manifest.json nor an index.json"),
        "no JSON": ({**good, "manifest.json": "{"}, "manifest.json is no JSON"),
        "deep JSON": ({**good, "manifest.json": "[" * 100_000}, "manifest.json is no JSON"),
        "no image": ({**good, "manifest.json": "[]"}, "lists no image"),
        "two images": (
            {**good, "manifest.json": json.dumps([{"Config": "a", "Layers": []}, {"Config": "b", "Layers": []}])},
            "holds 2 images",
        ),
        "a layer too few": ({**good, "abc.json": configuration([tar, tar])}, "speaks of 2 layers, and it has 1"),
        "no configuration": ({name: part for name, part in good.items() if name != "abc.json"}, "is not in it"),
        "a list as Env": ({**good, "abc.json": configuration([tar], {"Env": {"a": 1}})}, "Env in its configuration"),
        "a number as User": ({**good, "abc.json": configuration([tar], {"User": 7})}, "User in its configuration"),
    }
    for name, (members, expected) in cases.items():
        with pytest.raises(ArchiveError) as raised:
            open_image(write(tmp_path / "image.tar", members))
        assert expected in str(raised.value), name
        assert "\n" not in str(raised.value)
    with pytest.raises(EngineError, match="No such file"):
        open_image(tmp_path / "missing.tar")


def test_layers_that_are_damaged(tmp_path: Path) -> None:
    tar = layer({"a": "1" * 2000, "b": "2"})
    lying = bytearray(tar)
    lying[124:136] = b"77777777777\0"
    huge = bytearray(tar)
    huge[124:136] = b"\x80" + b"\xff" * 11
    cases = {
        "cut": (tar[:900], "it ends inside of 'a'"),
        "cut in a header": (tar[:2700], "it ends inside of a header"),
        "garbage": (b"x" * 1024, "is none"),
        "a changed header": (tar[:10] + b"x" + tar[11:], "wrong checksum"),
        "a size that lies": (_checked(lying), "it ends inside of 'a'"),
        "a size beyond all": (_checked(huge), "out of range"),
        "a broken gzip": (gzipped(tar)[:60] + b"xxxxxxxx" + gzipped(tar)[68:], "gzip stream is damaged"),
        "a cut gzip": (gzipped(tar)[:-20], "gzip stream ends too early"),
    }
    for name, (data, expected) in cases.items():
        with pytest.raises(ArchiveError) as raised:
            open_image(write(tmp_path / "image.tar", docker_archive([data], configuration([data]))))
        assert expected in str(raised.value), name


def _checked(header: bytearray) -> bytes:
    """A tar whose first header has a right checksum again."""
    header[148:156] = b" " * 8
    header[148:156] = f"{sum(header[:512]):06o}\0 ".encode()
    return bytes(header)


def test_a_gzip_bomb_is_cut_short(tmp_path: Path) -> None:
    machine = zlib.compressobj(9, wbits=31)
    start = layer({"a": Entry()})[:512]
    data = machine.compress(start) + b"".join(machine.compress(bytes(1024 * 1024)) for _ in range(64)) + machine.flush()
    with open_image(write(tmp_path / "image.tar", docker_archive([data], configuration([data])))) as image:
        assert image.layers[0].size == 512 + 64 * 1024 * 1024
        assert list(image.files.folder("/")) == ["a"]


def test_entries_are_counted(tmp_path: Path) -> None:
    path = save(tmp_path / "image.tar", [{f"f{number}": "" for number in range(300)}])
    with open_image(path, most_entries=300) as image:
        assert image.files.entries == 300
    with pytest.raises(ArchiveError, match="more than 299 files"):
        open_image(path, most_entries=299)


def test_names_that_lead_out_are_left_out(tmp_path: Path) -> None:
    files: Files = {
        "../../etc/passwd": "x",
        "a/../../b": "x",
        "/absolute": "kept below the root",
        "/".join(["deep"] * 800) + "/file": "x",
        "/".join(["deeper"] * 1000): "x",
        "loop/a": link("b"),
        "loop/b": link("a"),
        "loop/a/inside": "x",
        "etc/": folder(),
        "out": link("../../../../../etc"),
        "out/shadow": "in the image's own etc",
        "file": "x",
        "file/below": "x",
        "hard": Entry(kind=tarfile.LNKTYPE, link="../../../../etc/hostname"),
    }
    with open_image(save(tmp_path / "image.tar", [files])) as image:
        assert image.text("/absolute") == "kept below the root"
        assert image.text("/etc/shadow") == "in the image's own etc"
        assert sorted(image.files.folder("/")) == ["absolute", "deep", "etc", "file", "loop", "out"]
        assert image.files.left_out == 6


def test_long_names_owners_and_attributes(tmp_path: Path) -> None:
    long = "d" * 90 + "/" + "n" * 200
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as archive:
        member = tarfile.TarInfo(long)
        member.size, member.uid = 3, 3_000_000
        archive.addfile(member, io.BytesIO(b"abc"))
        target = tarfile.TarInfo("link")
        target.type, target.linkname = tarfile.SYMTYPE, long
        archive.addfile(target)
    gnu = buffer.getvalue()
    capability = bytes.fromhex("0100000200040000000000000000000000000000")
    pax = layer({"é" * 120: Entry(b"pax", mode=0o4755, uid=7, gid=8, xattrs={"security.capability": capability})})
    with open_image(write(tmp_path / "i.tar", docker_archive([gnu, pax], configuration([gnu, pax])))) as image:
        assert image.text("/link") == "abc"
        assert image.files.folder("/" + "d" * 90)["n" * 200].uid == 3_000_000
        node = image.files.folder("/")["é" * 120]
        assert (node.mode & 0o7777, node.uid, node.gid, node.capability) == (0o4755, 7, 8, capability)


def test_sizes(tmp_path: Path) -> None:
    data = b"".join(hashlib.sha256(number.to_bytes(4, "big")).hexdigest().encode() for number in range(150_000))
    tars = [layer({"big": data}), layer({"small": "x"})]
    with open_image(write(tmp_path / "image.tar", docker_archive(tars, configuration(tars)))) as image:
        sizes = measure(image)
        assert (sizes.uncompressed, sizes.layers) == (sum(map(len, tars)), 2)
        expected = sum(len(gzipped(tar)) for tar in tars)
        assert sizes.compressed is not None
        assert abs(sizes.compressed - expected) < expected / 500
        assert measure(image, compressed=False) == sizes._replace(compressed=None)
