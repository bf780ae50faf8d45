"""What registries say, and what only looks like it."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from rewriter.io.registry_answers import (
    INDEX_TYPES,
    MANIFEST_TYPES,
    Descriptor,
    checked_digest,
    matches,
    read_manifest,
    read_platform,
    read_tags,
    says_absent,
)
from rewriter.io.registry_errors import RegistryError
from rewriter.io.registry_http import Answer

OCI, DOCKER = MANIFEST_TYPES
INDEX, LIST = INDEX_TYPES
ONE, TWO = "sha256:" + "1" * 64, "sha256:" + "2" * 64


def answer(content: Any, kind: str = "application/json", status: int = 200, **headers: str) -> Answer:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, {"content-type": kind, **named}, body, "https://r.example/v2/")


def image(**other: Any) -> dict[str, Any]:
    layers = [{"digest": ONE, "size": 100}, {"digest": TWO, "size": 20}]
    return {"schemaVersion": 2, "config": {"digest": ONE, "size": 3}, "layers": layers} | other


def test_tags() -> None:
    assert read_tags(answer({"name": "a", "tags": ["1", "b"]}), "r.example") == ("1", "b")
    assert read_tags(answer({"name": "a", "tags": None}), "r.example") == ()
    assert read_tags(answer({"name": "a"}, "application/json; charset=utf-8"), "r.example") == ()


@pytest.mark.parametrize(
    ("content", "kind", "reason"),
    [
        (b"<html>", "text/html", "r.example answers with text/html where a tag list belongs"),
        (b"{}", "", "r.example answers with something of no type where a tag list belongs"),
        (b"{}", "text/\x1b", "r.example answers with something of no type where a tag list belongs"),
        (
            b'{"name": "a", "ta',
            "application/json",
            "r.example answers with a tag list that is no JSON, or not all of it",
        ),
        (b"\xff\xfe", "application/json", "r.example answers with a tag list that is no JSON, or not all of it"),
        (b"[" * 100_000, "application/json", "r.example answers with a tag list that is no JSON, or not all of it"),
        ([], "application/json", "r.example answers with something that is not a tag list"),
        ({"tags": []}, "application/json", "r.example answers with something that is no tag list"),
        ({"name": "a", "tags": "ab"}, "application/json", "r.example answers with something that is no tag list"),
        ({"name": "a", "tags": [1]}, "application/json", "r.example lists a tag that cannot be called so"),
        ({"name": "a", "tags": ["../../x"]}, "application/json", "r.example lists a tag that cannot be called so"),
        ({"name": "a", "tags": ["a\nb"]}, "application/json", "r.example lists a tag that cannot be called so"),
        ({"name": "a", "tags": ["\ud800"]}, "application/json", "r.example lists a tag that cannot be called so"),
    ],
)
def test_odd_tags(content: Any, kind: str, reason: str) -> None:
    with pytest.raises(RegistryError) as caught:
        read_tags(answer(content, kind), "r.example")
    assert str(caught.value) == reason


@pytest.mark.parametrize("kind", MANIFEST_TYPES)
def test_images(kind: str) -> None:
    content = json.dumps(image(mediaType=kind)).encode()
    manifest = read_manifest(answer(content, kind), "r.example")
    assert manifest.digest == f"sha256:{hashlib.sha256(content).hexdigest()}"
    assert manifest.config == Descriptor(ONE, 3)
    assert manifest.compressed == 123
    assert not manifest.images


@pytest.mark.parametrize("kind", INDEX_TYPES)
def test_indexes(kind: str) -> None:
    entries = [
        {"digest": ONE, "size": 5, "platform": {"os": "linux", "architecture": "arm64", "variant": "v8"}},
        {"digest": TWO, "size": 5, "platform": {"os": "Linux", "architecture": "amd64"}},
        {"digest": TWO, "size": 5, "platform": {"os": "a b", "architecture": 1}},
        {"digest": TWO, "size": 5},
    ]
    manifest = read_manifest(answer({"schemaVersion": 2, "manifests": entries}, kind), "r.example")
    assert manifest.config is None
    assert manifest.compressed == 0
    assert [entry.platform for entry in manifest.images] == ["linux/arm64/v8", "linux/amd64", "", ""]


@pytest.mark.parametrize(
    ("content", "kind", "reason"),
    [
        (b"{}", "text/html", "answers with text/html where a manifest belongs"),
        (
            b"{}",
            "application/vnd.docker.distribution.manifest.v1+prettyjws",
            "answers with application/vnd.docker.distribution.manifest.v1+prettyjws (the old schema 1, which names no "
            "sizes) where a manifest belongs",
        ),
        (b'{"schemaVersion": 2, "conf', OCI, "answers with a manifest that is no JSON, or not all of it"),
        (image(schemaVersion=1), OCI, "answers with a manifest that is not what its type says"),
        (image(mediaType=INDEX), OCI, "answers with a manifest that is not what its type says"),
        (image(layers=None), OCI, "answers with a manifest without a list of what is in it"),
        (
            image(layers=[{"digest": ONE, "size": 1}] * 10_001),
            OCI,
            "answers with a manifest without a list of what is in it",
        ),
        (image(config=None), OCI, "answers with a manifest in which a digest or a size is odd"),
        (image(layers=[7]), OCI, "answers with a manifest in which a digest or a size is odd"),
        (
            image(layers=[{"digest": ONE, "size": -1}]),
            OCI,
            "answers with a manifest in which a digest or a size is odd",
        ),
        (
            image(layers=[{"digest": ONE, "size": True}]),
            OCI,
            "answers with a manifest in which a digest or a size is odd",
        ),
        (
            image(layers=[{"digest": ONE, "size": 1.5}]),
            OCI,
            "answers with a manifest in which a digest or a size is odd",
        ),
        (
            image(layers=[{"digest": ONE, "size": 10**15}]),
            OCI,
            "answers with a manifest in which a digest or a size is odd",
        ),
        (image(layers=[{"digest": "x", "size": 1}]), OCI, "answers with a manifest in which a digest or a size is odd"),
        (
            image(layers=[{"digest": ONE, "size": 10**14}] * 2),
            OCI,
            "answers with a manifest of more bytes than any image has",
        ),
        ({"schemaVersion": 2}, INDEX, "answers with a manifest without a list of what is in it"),
    ],
)
def test_odd_manifests(content: Any, kind: str, reason: str) -> None:
    with pytest.raises(RegistryError) as caught:
        read_manifest(answer(content, kind), "r.example")
    assert str(caught.value) == f"r.example {reason}"


def test_digests_are_believed_when_they_are_right() -> None:
    body = json.dumps(image()).encode()
    right = f"sha256:{hashlib.sha256(body).hexdigest()}"
    longer = f"sha512:{hashlib.sha512(body).hexdigest()}"
    assert read_manifest(answer(body, OCI, docker_content_digest=right), "r.example", right).digest == right
    assert checked_digest(body, longer, "", "r.example") == longer
    for said, wanted in ((ONE, ""), (right, ONE), (right.upper(), ""), ("", "sha256:x"), ("md5:x", "")):
        with pytest.raises(RegistryError, match="digest"):
            read_manifest(answer(body, OCI, docker_content_digest=said), "r.example", wanted)


def test_platforms() -> None:
    assert read_platform(b'{"os": "linux", "architecture": "arm", "variant": "v7"}', "r.example") == "linux/arm/v7"
    for body in (b"{}", b'{"os": "linux"}', b'{"os": "linux", "architecture": "a b"}', b"[]", b"x"):
        with pytest.raises(RegistryError, match="configuration"):
            read_platform(body, "r.example")
    assert matches("linux/arm64", "linux/arm64/v8")
    assert matches("linux/arm/v7", "linux/arm/v7")
    assert not matches("linux/arm", "linux/arm64")
    assert not matches("linux/arm/v7", "linux/arm")
    assert not matches("linux/arm64/v8", "linux/arm64")


def test_only_a_registry_says_that_there_is_none() -> None:
    assert says_absent(answer({"errors": [{"code": "MANIFEST_UNKNOWN", "message": "x"}]}))
    assert says_absent(answer({"errors": [{"code": "NAME_UNKNOWN"}]}))
    odd: list[Any] = [b"<html>404", {}, {"errors": []}, {"errors": [{"code": "DENIED"}]}, {"errors": [1]}, [], b""]
    assert not any(says_absent(answer(content)) for content in odd)
    assert not says_absent(answer({"errors": [{"code": ["x"]}]}))
    assert not says_absent(answer({"errors": [{"code": "NAME_UNKNOWN"}, {"code": "UNAUTHORIZED"}]}))
