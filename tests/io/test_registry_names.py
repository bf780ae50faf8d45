"""Whom to ask: references, hosts, mirrors, and addresses that servers point to."""

from __future__ import annotations

import pytest

from rewriter.io.registry_errors import BadNameError, RegistryError
from rewriter.io.registry_names import (
    HUB,
    Endpoint,
    endpoints,
    follow,
    is_address,
    is_loopback,
    is_plain,
    origin,
    parse_reference,
    read_mirror,
    repository_of,
)

DIGEST = "sha256:" + "0" * 64


@pytest.mark.parametrize(
    ("text", "image", "host", "path", "asked"),
    [
        ("golang", "golang", HUB, "library/golang", "latest"),
        ("golang:1.22", "golang", HUB, "library/golang", "1.22"),
        ("library/golang:1.22", "golang", HUB, "library/golang", "1.22"),
        ("docker.io/golang", "golang", HUB, "library/golang", "latest"),
        ("docker.io/library/golang", "golang", HUB, "library/golang", "latest"),
        ("index.docker.io/owner/name:x", "owner/name", HUB, "owner/name", "x"),
        ("owner/name", "owner/name", HUB, "owner/name", "latest"),
        ("ghcr.io/owner/name:v1", "ghcr.io/owner/name", "ghcr.io", "owner/name", "v1"),
        ("localhost:5000/a/b:c", "localhost:5000/a/b", "localhost:5000", "a/b", "c"),
        ("localhost/a", "localhost/a", "localhost", "a", "latest"),
        ("[::1]:5000/a", "[::1]:5000/a", "[::1]:5000", "a", "latest"),
        (f"golang:1.22@{DIGEST}", "golang", HUB, "library/golang", DIGEST),
    ],
)
def test_references(text: str, image: str, host: str, path: str, asked: str) -> None:
    reference = parse_reference(text)
    repository = reference.repository
    assert (repository.image, repository.host, repository.path, reference.at_registry) == (image, host, path, asked)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "nothing is no name of an image"),
        ("../x", "../x is no name of an image"),
        ("a:", "a:: nothing is no tag"),
        ("a:b c", "a:b c: b c is no tag"),
        ("a@", "a@: what stands behind @ is no digest"),
        ("a@sha256:1", "a@sha256:1: what stands behind @ is no digest"),
        ("GOLANG", "GOLANG is no name of an image"),
        ("https://a/b", "https://a/b is no name of an image"),
        ("a\x1b[2J", "that is no name of an image"),
        ("a" * 1000, "that is no name of an image"),
    ],
)
def test_names_that_cannot_be_asked_for(text: str, reason: str) -> None:
    with pytest.raises(BadNameError) as caught:
        parse_reference(text)
    assert str(caught.value) == reason


def test_references_are_shown_with_what_is_asked_for() -> None:
    assert [str(parse_reference(text)) for text in ("a", "a:b", f"a:b@{DIGEST}")] == ["a:latest", "a:b", f"a@{DIGEST}"]


@pytest.mark.parametrize("host", ["localhost", "localhost:5000", "127.0.0.1", "127.9.9.9:80", "[::1]", "[::1]:5000"])
def test_this_machine_is_asked_by_plain_http(host: str) -> None:
    assert is_loopback(host)
    assert endpoints(repository_of(f"{host}/a"), (), ())[-1].base == f"http://{host}"


@pytest.mark.parametrize(
    "host", ["localhost.example", "127.0.0.1.example", "128.0.0.1", "10.0.0.1:5000", "[::2]", "x.localhost", "0.0.0.0"]
)
def test_no_other_is(host: str) -> None:
    assert not is_loopback(host)
    assert endpoints(repository_of(f"{host}/a"), (), ())[-1].base == f"https://{host}"


def test_hosts_that_the_user_names_are_asked_by_plain_http() -> None:
    assert is_plain("r.example:5000", ["r.example:5000"])
    assert is_plain("r.example:5000", ["r.example"])
    assert not is_plain("r.example:5001", ["r.example:5000"])
    assert not is_plain("r.example", ["r.example:5000"])


def test_mirrors_answer_for_docker_hub_alone() -> None:
    mirrors = ("https://m.example/prefix",)
    assert endpoints(repository_of("golang"), mirrors, ()) == (
        Endpoint("https://m.example/prefix", mirror=True),
        Endpoint(f"https://{HUB}"),
    )
    assert endpoints(repository_of("ghcr.io/a/b"), mirrors, ()) == (Endpoint("https://ghcr.io"),)
    address = Endpoint("https://m.example/prefix", mirror=True).address(repository_of("golang"), "tags/list")
    assert address == "https://m.example/prefix/v2/library/golang/tags/list"


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("https://m.example", "https://m.example"),
        ("https://m.example/a/", "https://m.example/a"),
        ("m.example", "https://m.example"),
        ("localhost:5000", "http://localhost:5000"),
        ("http://127.0.0.1:5000/", "http://127.0.0.1:5000"),
        ("http://in.example", "http://in.example"),
        ("in.example/a", "http://in.example/a"),
    ],
)
def test_mirrors(text: str, address: str) -> None:
    assert read_mirror(text, ["in.example"]) == address


@pytest.mark.parametrize(
    "text",
    [
        *(
            "ftp://m.example",
            "http://m.example",
            "https://",
            "https://m.example?a=b",
            "https://m.example#x",
            "m example",
        ),
        *("https://user:geheim@m.example", "user:geheim@m.example", "https://m.example:port", "https://[::1", ""),
    ],
)
def test_mirrors_that_are_none(text: str) -> None:
    with pytest.raises(BadNameError) as caught:
        read_mirror(text)
    assert "geheim" not in str(caught.value)


def test_an_origin_is_scheme_host_and_port() -> None:
    assert origin("https://a.example/x") == origin("https://a.example:443/y") == ("https", "a.example", 443)
    assert origin("https://A.example") == origin("https://a.example")
    assert len({origin(a) for a in ("http://a.example", "https://a.example", "https://a.example:1", "https://b")}) == 4
    with pytest.raises(RegistryError):
        origin("https://a.example:none")


@pytest.mark.parametrize(
    ("location", "target"),
    [
        ("/v2/b", "https://a.example/v2/b"),
        ("b?c=d", "https://a.example/v2/b?c=d"),
        ("//b.example/c", "https://b.example/c"),
        ("https://b.example:8443/c#d", "https://b.example:8443/c"),
        (" /b ", "https://a.example/b"),
        ("?last=x&n=2", "https://a.example/v2/tags?last=x&n=2"),
    ],
)
def test_where_servers_point_to(location: str, target: str) -> None:
    assert follow("https://a.example/v2/tags", location) == target


@pytest.mark.parametrize(
    "location",
    [
        *(
            "http://a.example/",
            "file:///etc/passwd",
            "ftp://a.example",
            "javascript:x",
            "https://user:geheim@b.example/",
        ),
        *("https://b.example:port/", "https://[::1", "https://b.example/a b", "https://bé.example/"),
        *("https://b.example\\@c.example/", "https://b.example/\x00", "https://b.example@c.example/"),
    ],
)
def test_where_nobody_follows(location: str) -> None:
    with pytest.raises(RegistryError) as caught:
        follow("https://a.example/v2/", location)
    assert str(caught.value).startswith("a.example answers with a redirect ")
    assert "geheim" not in str(caught.value)


def test_plain_http_may_lead_to_plain_http() -> None:
    assert follow("http://localhost:5000/a", "http://b.example/c") == "http://b.example/c"


def test_addresses() -> None:
    assert is_address("https://a.example/x?y")
    assert not any(
        is_address(text) for text in ("a.example", "file:///x", "https://u:p@a.example", "https://", "", "é")
    )
