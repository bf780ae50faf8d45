"""`facts refresh` and the checks before writing, against real registries on loopback and servers that answer oddly."""

from __future__ import annotations

import base64
import email.utils
import gzip
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from random import Random
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from rewriter.facts import CATALOGUE
from rewriter.facts.overlay import Overlay, OverlayTag, parse_overlay
from rewriter.io.docker_config import Credentials
from rewriter.io.registry import Registry
from rewriter.io.registry_check import Asked as Asked_
from rewriter.io.registry_check import Checker, fetch
from rewriter.io.registry_errors import Absent, Denied, RegistryError, Unreachable
from rewriter.io.registry_http import MOST_REDIRECTS, Http, Times
from rewriter.io.registry_names import HUB, Reference, Repository, parse_reference, repository_of
from rewriter.io.registry_refresh import Wish, refreshed
from rewriter.result import Result
from rewriter.situation import Options

from .registry import (
    DOCKER_LIST,
    INDEX,
    OCI,
    PASSWORD,
    USER,
    Asked,
    Odd,
    Pushing,
    Reply,
    TokenServer,
    certificate,
    digest_of,
    free_port,
    running,
    saying,
    serving,
    with_password,
)

pytestmark = pytest.mark.e2e

GO = Path(__file__).parent.parent.parent / "examples" / "go-service"
QUICK = Times(connect=2.0, read=1.0, whole=2.0, attempts=3, backoff=0.01, longest_wait=2.0)


class Machine:
    """A home of its own, and the command as its user runs it."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.facts = home / "data" / "dfrewrite" / "facts"
        self.work = home / "work"
        self.work.mkdir()

    def run(self, *arguments: str | Path, stdin: bytes = b"") -> subprocess.CompletedProcess[str]:
        """Run dfrewrite; what it prints is never a secret."""
        kept = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
        env = kept | {"HOME": str(self.home), "XDG_DATA_HOME": str(self.home / "data")}
        env |= {"DOCKER_CONFIG": str(self.home / "docker")}
        command = [Path(sys.executable).with_name("dfrewrite"), *arguments]
        done = subprocess.run(
            command, capture_output=True, input=stdin, cwd=self.work, env=env, check=False, timeout=60
        )
        out, err = done.stdout.decode(), done.stderr.decode()
        for secret in (PASSWORD, "long-lived-identity", "eyJ"):
            assert secret not in out + err
        return subprocess.CompletedProcess(command, done.returncode, out, err)

    def refresh(self, *arguments: str | Path, code: int = 0) -> str:
        """`facts refresh`; all that it printed."""
        done = self.run("facts", "refresh", *arguments)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    def log_in(self, host: str, entry: dict[str, str] | None = None) -> None:
        """What `docker login` leaves behind."""
        both = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        folder = self.home / "docker"
        folder.mkdir(exist_ok=True)
        (folder / "config.json").write_text(json.dumps({"auths": {host: entry or {"auth": both}}}))

    def overlay(self, image: str) -> Overlay:
        """What was written about an image."""
        path = self.facts / f"{image.replace(':', '_')}.tags"
        return parse_overlay(path.read_text(), path.name)

    def files(self) -> dict[str, bytes]:
        """All that lies in the folder of facts."""
        return {str(p.relative_to(self.facts)): p.read_bytes() for p in sorted(self.facts.rglob("*")) if p.is_file()}


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pushing]:
    """docker-registry without a password."""
    with running(tmp_path_factory.mktemp("registry")) as host, httpx.Client(trust_env=False) as client:
        yield Pushing(f"http://{host}", client)


def host_of(pushing: Pushing) -> str:
    return pushing.base.removeprefix("http://")


class TestARealRegistry:
    def test_tags_and_sizes(self, machine: Machine, plain: Pushing) -> None:
        name = f"{host_of(plain)}/base/python"
        small = plain.image("base/python", "3.12")
        many = plain.index("base/python", "latest", ("linux/amd64", "linux/arm64/v8", "linux/arm/v7"))
        lists = plain.index("base/python", "3.12-slim", ("linux/arm64", "linux/amd64"), DOCKER_LIST)
        old = plain.image("base/python", "3.12.1-rc1", kind=OCI)
        said = machine.refresh(name)
        assert said.startswith(f"{name}: 4 tags new (3.12, 3.12-slim, 3.12.1-rc1, latest) (4 tags, as of 20")
        assert f"written to {machine.facts}" in said
        overlay = machine.overlay(name)
        assert (overlay.image, overlay.registry, overlay.complete) == (name, host_of(plain), True)
        assert overlay.tags["3.12"].sizes == {"linux/amd64": small}
        assert overlay.tags["latest"].sizes == {"linux/amd64": many["linux/amd64"]}
        assert overlay.tags["3.12-slim"].sizes == {"linux/amd64": lists["linux/amd64"]}
        assert overlay.tags["3.12.1-rc1"] == OverlayTag("3.12.1-rc1")
        assert "nothing changed" in machine.refresh()
        said = machine.refresh(
            f"{name}:3.12.1-rc1", f"{name}:latest", "--platform", "linux/arm/v7", "--platform=linux/arm64"
        )
        assert "2 sizes changed (latest on linux/arm/v7 not known → " in said
        tags = machine.overlay(name).tags
        assert tags["latest"].sizes == {
            "linux/amd64": many["linux/amd64"],
            "linux/arm64": many["linux/arm64/v8"],
            "linux/arm/v7": many["linux/arm/v7"],
        }
        assert tags["3.12.1-rc1"].digest
        assert tags["3.12.1-rc1"].sizes == {}
        machine.refresh(f"{name}:3.12.1-rc1")
        assert machine.overlay(name).tags["3.12.1-rc1"].sizes == {"linux/amd64": old}

    def test_what_changed_is_told(self, machine: Machine, plain: Pushing) -> None:
        name = f"{host_of(plain)}/moving"
        plain.image("moving", "1.0")
        plain.image("moving", "1.1")
        machine.refresh(name)
        plain.image("moving", "1.1", layers=3)
        plain.image("moving", "1.2")
        found = plain.client.get(f"{plain.base}/v2/moving/tags/list").json()["tags"]
        assert sorted(found) == ["1.0", "1.1", "1.2"]
        said = machine.refresh(name)
        assert re.search(
            r"moving: 1 tag new \(1\.2\); 1 tag rebuilt \(1\.1\); 1 size changed \(1\.1 on linux/amd64 ", said
        )
        path = machine.facts / f"{name.replace(':', '_')}.tags"
        path.write_text(path.read_text() + "tag 0.9\n")
        assert "1 tag gone (0.9)" in machine.refresh(name)
        assert "0.9" not in machine.overlay(name).tags

    def test_named_tags_alone_leave_the_list(self, machine: Machine, plain: Pushing) -> None:
        name = f"{host_of(plain)}/named"
        plain.image("named", "1")
        plain.image("named", "2")
        machine.refresh(f"{name}:1")
        overlay = machine.overlay(name)
        assert (list(overlay.tags), overlay.complete) == (["1"], False)
        before = machine.files()
        said = machine.refresh(f"{name}:3", code=2)
        assert said == f"error: {name}: {host_of(plain)} has no named with this tag or digest\n"
        assert machine.files() == before
        machine.refresh(name, "--sizes", "0")
        overlay = machine.overlay(name)
        assert (list(overlay.tags), overlay.complete) == (["1", "2"], True)
        assert overlay.tags["2"].digest == ""

    def test_many_tags(self, machine: Machine, plain: Pushing) -> None:
        manifest = {"schemaVersion": 2, "mediaType": INDEX, "manifests": []}
        for number in range(60):
            plain.manifest("many", f"t{number}", manifest)
        said = machine.refresh(f"{host_of(plain)}/many")
        assert "60 tags new" in said
        assert len(machine.overlay(f"{host_of(plain)}/many").tags) == 60

    def test_pages(self, plain: Pushing) -> None:
        for number in range(7):
            plain.manifest("pages", f"t{number}", {"schemaVersion": 2, "mediaType": INDEX, "manifests": []})

        def small_pages(asked: Asked) -> Reply:
            # docker-registry 2.8 gives all tags at once; this server makes pages of three of them.
            found = plain.client.get(f"{plain.base}/v2/pages/tags/list").json()
            last = parse_qs(urlsplit(asked.path).query).get("last", [""])[0]
            rest = sorted(tag for tag in found["tags"] if tag > last)
            target = f"/v2/pages/tags/list?last={rest[2]}&n=3" if len(rest) > 3 else ""
            absolute = f"http://{asked.headers['host']}{target}" if last else target
            link = {"Link": f'<{absolute}>; rel="next"'} if target else {}
            return Reply(headers=link, body=json.dumps({**found, "tags": rest[:3]}).encode())

        with serving(small_pages) as odd, Http(QUICK) as http:
            tags = Registry(http, nobody).tags(repository_of(f"{odd.host}/pages"))
        assert tags.tags == tuple(f"t{number}" for number in range(7))
        assert tags.complete
        assert odd.paths() == [f"/v2/pages/tags/list?{query}" for query in ("n=1000", "last=t2&n=3", "last=t5&n=3")]

    def test_several_images_where_one_fails(self, machine: Machine, plain: Pushing) -> None:
        plain.image("good", "1.0")
        good, bad = f"{host_of(plain)}/good", f"{host_of(plain)}/bad"
        said = machine.refresh(bad, "Not/A/Name", good, f"x@sha256:{'0' * 64}", code=2)
        assert f"error: {bad}: {host_of(plain)} has no bad" in said
        assert "error: Not/A/Name is no name of an image" in said
        assert "a digest never changes" in said
        assert f"{good}: 1 tag new (1.0)" in said
        assert [path for path in machine.files() if "bad" in path] == []

    def test_nothing_to_refresh(self, machine: Machine) -> None:
        said = machine.refresh()
        assert said == f"there are no images in {machine.facts} yet: name one, as in `dfrewrite facts refresh golang`\n"
        assert not machine.facts.exists()

    def test_where_it_is_written(self, machine: Machine, plain: Pushing) -> None:
        plain.image("place", "1.0")
        name = f"{host_of(plain)}/place"
        machine.refresh(name, "--facts", "here")
        assert list((machine.work / "here").rglob("*.tags"))
        (machine.work / "dfrewrite.toml").write_text('facts = "configured"\n')
        machine.refresh(name)
        assert list((machine.work / "configured").rglob("*.tags"))
        assert not machine.facts.exists()
        shown = machine.run("facts", "show", f"{name}:1.0")
        assert shown.returncode == 0, shown.stderr
        assert name in shown.stdout

    def test_an_overlay_that_cannot_be_read_is_left(self, machine: Machine, plain: Pushing) -> None:
        plain.image("mine", "1.0")
        name = f"{host_of(plain)}/mine"
        machine.refresh(name)
        path = machine.facts / f"{name.replace(':', '_')}.tags"
        path.write_text("my own words\n")
        assert "line 1: unknown keyword 'my'" in machine.refresh(name, code=2)
        assert path.read_text() == "my own words\n"


@pytest.fixture(scope="module")
def with_basic(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pushing]:
    folder = tmp_path_factory.mktemp("guarded")
    auth = httpx.BasicAuth(USER, PASSWORD)
    with running(folder, with_password(folder)) as host, httpx.Client(trust_env=False, auth=auth) as client:
        pushing = Pushing(f"http://{host}", client)
        pushing.image("private", "1.0")
        yield pushing


class TestPasswords:
    def test_with_the_password(self, machine: Machine, with_basic: Pushing) -> None:
        machine.log_in(host_of(with_basic))
        assert "1 tag new (1.0)" in machine.refresh(f"{host_of(with_basic)}/private")

    def test_without_one(self, machine: Machine, with_basic: Pushing) -> None:
        host = host_of(with_basic)
        said = machine.refresh(f"{host}/private", code=2)
        assert said == f"error: {host}/private: {host} asks for a password: `docker login {host}` stores one\n"

    def test_with_a_wrong_one(self, machine: Machine, with_basic: Pushing) -> None:
        host = host_of(with_basic)
        machine.log_in(host, {"username": USER, "password": "wrong-" + PASSWORD[::-1]})
        said = machine.refresh(f"{host}/private", code=2)
        assert said.startswith(f"error: {host}/private: {host} does not show private: ")
        assert PASSWORD[::-1] not in said
        assert not machine.facts.exists()


@pytest.fixture(scope="module")
def tokens(tmp_path_factory: pytest.TempPathFactory) -> TokenServer:
    return TokenServer(tmp_path_factory.mktemp("tokens"))


@pytest.fixture(scope="module")
def server(tokens: TokenServer) -> Iterator[Odd]:
    with serving(tokens.respond) as odd:
        yield odd


@pytest.fixture(scope="module")
def guarded(tokens: TokenServer, server: Odd, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pushing]:
    names = ("public/x", "private/x")
    mine = tokens.token([{"type": "repository", "name": name, "actions": ["pull", "push"]} for name in names])
    header = {"Authorization": f"Bearer {mine}"}
    with (
        running(tmp_path_factory.mktemp("registry"), tokens.auth(server.host)) as host,
        httpx.Client(trust_env=False, headers=header) as client,
    ):
        pushing = Pushing(f"http://{host}", client)
        for name in names:
            pushing.index(name, "1.0", ("linux/amd64",))
        yield pushing


class TestTokens:
    def test_anybody_gets_a_token_for_what_is_public(
        self, machine: Machine, guarded: Pushing, tokens: TokenServer
    ) -> None:
        before = tokens.given
        assert "1 tag new (1.0)" in machine.refresh(f"{host_of(guarded)}/public/x")
        assert tokens.given == before + 1  # and it serves for the list and the manifests

    def test_nobody_gets_one_for_the_rest(self, machine: Machine, guarded: Pushing) -> None:
        said = machine.refresh(f"{host_of(guarded)}/private/x", code=2)
        assert f"{host_of(guarded)} does not show private/x" in said

    def test_with_a_password(self, machine: Machine, guarded: Pushing, server: Odd) -> None:
        machine.log_in(host_of(guarded))
        assert "1 tag new (1.0)" in machine.refresh(f"{host_of(guarded)}/private/x")
        asked = server.asked[-1]
        assert asked.method == "GET"
        assert asked.path == "/token?scope=repository%3Aprivate%2Fx%3Apull&service=test+registry"
        assert asked.headers["authorization"].startswith("Basic ")

    def test_with_a_wrong_password(self, machine: Machine, guarded: Pushing, server: Odd) -> None:
        machine.log_in(host_of(guarded), {"username": USER, "password": "wrong"})
        said = machine.refresh(f"{host_of(guarded)}/private/x", code=2)
        assert f"{server.host}, the token server of {host_of(guarded)}, refuses the stored credentials (401)" in said

    def test_with_an_identity_token(
        self, machine: Machine, guarded: Pushing, server: Odd, tokens: TokenServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        machine.log_in(host_of(guarded), {"identitytoken": tokens.refresh_token})
        monkeypatch.setattr(tokens, "key_of_answer", "access_token")
        assert "1 tag new (1.0)" in machine.refresh(f"{host_of(guarded)}/private/x")
        assert server.asked[-1].method == "POST"
        assert "authorization" not in server.asked[-1].headers

    def test_a_token_that_ended_is_asked_for_anew(
        self, guarded: Pushing, tokens: TokenServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        before = tokens.given
        monkeypatch.setattr(tokens, "life", 0.02)
        with Http(QUICK) as http:
            registry = Registry(http, nobody)
            reference = parse_reference(f"{host_of(guarded)}/public/x:1.0")
            assert registry.exists(reference)
            time.sleep(0.05)
            assert registry.exists(reference)
        assert tokens.given == before + 2

    def test_one_that_lasts_is_kept(self, guarded: Pushing, tokens: TokenServer) -> None:
        before = tokens.given
        with Http(QUICK) as http:
            registry = Registry(http, nobody)
            for _ in range(3):
                assert registry.exists(parse_reference(f"{host_of(guarded)}/public/x:1.0"))
            assert not registry.exists(parse_reference(f"{host_of(guarded)}/public/x:2.0"))
        assert tokens.given == before + 1


def nobody(_: str) -> Credentials | None:
    return None


def known(_: str) -> Credentials | None:
    return Credentials(USER, PASSWORD)


def manifest_of(layers: int = 2) -> bytes:
    config = {"digest": digest_of(CONFIG), "size": len(CONFIG)}
    parts = [{"digest": "sha256:" + "1" * 64, "size": 10}] * layers
    return json.dumps({"schemaVersion": 2, "mediaType": OCI, "config": config, "layers": parts}).encode()


CONFIG = b'{"os": "linux", "architecture": "amd64"}'


def well(asked: Asked) -> Reply:
    """A small registry that is as it should be, with one image."""
    if "/tags/list" in asked.path:
        return Reply(body=b'{"name": "a", "tags": ["1.0"]}')
    if "/blobs/" in asked.path:
        return Reply(headers={"Content-Type": "application/octet-stream"}, body=CONFIG)
    body = manifest_of()
    return Reply(headers={"Content-Type": OCI, "Docker-Content-Digest": digest_of(body)}, body=body)


class Client:
    """The client alone, with little patience; remembers what it told."""

    def __init__(self, times: Times = QUICK, credentials: Callable[[str], Credentials | None] = nobody) -> None:
        self.told: list[str] = []
        self.http = Http(times, self.told.append)
        self.registry = Registry(self.http, credentials)

    def tags(self, host: str) -> tuple[str, ...]:
        return self.registry.tags(repository_of(f"{host}/a")).tags

    def look(self, host: str) -> OverlayTag:
        return self.registry.look_at(parse_reference(f"{host}/a:1.0"), ["linux/amd64"])

    def fails(self, ask: Callable[[str], object], host: str, kind: type[RegistryError] = RegistryError) -> str:
        """The error's words, behind the host."""
        with pytest.raises(kind) as caught:
            ask(host)
        assert PASSWORD not in str(caught.value)
        return str(caught.value).removeprefix(f"{host} ")


@pytest.fixture
def client() -> Iterator[Client]:
    client = Client()
    with client.http:
        yield client


class TestOddAnswers:
    def test_the_small_registry_is_one(self, client: Client) -> None:
        with serving(well) as odd:
            assert client.tags(odd.host) == ("1.0",)
            assert client.look(odd.host) == OverlayTag(
                "1.0", digest_of(manifest_of()), {"linux/amd64": 20 + len(CONFIG)}
            )
        assert {asked.headers["accept-encoding"] for asked in odd.asked} == {"identity"}
        assert all("cookie" not in asked.headers for asked in odd.asked)

    @pytest.mark.parametrize(
        ("reply", "kind", "reason"),
        [
            (Reply(403), Denied, "does not allow to read a (403)"),
            (Reply(404, {"Content-Type": "text/html"}, b"<html>"), RegistryError, "answers 404 to the question for a"),
            (Reply(404, {}, b'{"errors": [{"code": "NAME_UNKNOWN"}]}'), Absent, "has no a"),
            (Reply(500), RegistryError, "answers 500 to the question for a"),
            (Reply(418), RegistryError, "answers 418 to the question for a"),
            (Reply(204), RegistryError, "answers 204 to the question for a"),
            (Reply(401), Denied, "asks for an authentication that is not known here"),
            (
                Reply(401, {"WWW-Authenticate": "Digest realm=x"}),
                Denied,
                "asks for an authentication that is not known here",
            ),
            (Reply(302), RegistryError, "answers 302 to the question for a"),
            (
                Reply(body=b"<html>", headers={"Content-Type": "text/html"}),
                RegistryError,
                "answers with text/html where a tag list belongs",
            ),
            (
                Reply(body=b'{"name": "a", "tags": ["x'),
                RegistryError,
                "answers with a tag list that is no JSON, or not all of it",
            ),
            (Reply(body=b'{"name": "a"', length=50), RegistryError, "broke off in the middle of its answer"),
            (Reply(body=b" " * 8_000_001), RegistryError, "answers with more than 8 MB"),
            (
                Reply(body=gzip.compress(b"{}"), headers={"Content-Encoding": "gzip"}),
                RegistryError,
                "answers in an encoding that was not asked for",
            ),
            (
                Reply(body=b'{"name": "a", "tags": ["b"]}', headers={"Link": "nonsense; rel=next"}),
                RegistryError,
                "names the next page of tags in a form that cannot be read",
            ),
            (
                Reply(body=b'{"name": "a", "tags": ["b"]}', headers={"Link": "<http://b.example/x>; rel=next"}),
                RegistryError,
                "names a next page of tags at another host, b.example",
            ),
            (
                Reply(body=b'{"name": "a", "tags": ["b"]}', headers={"Link": "<file:///x>; rel=next"}),
                RegistryError,
                "answers with a next page of tags to an address that is not followed",
            ),
        ],
    )
    def test_of_tag_lists(self, client: Client, reply: Reply, kind: type[RegistryError], reason: str) -> None:
        with serving(lambda _: reply) as odd:
            assert client.fails(client.tags, odd.host, kind) == reason
        assert len(odd.asked) == 1  # none of these is worth another try

    @pytest.mark.parametrize("link", ["</v2/a/tags/list?n=1000>", "</v2/a/tags/list?last={count}>"])
    def test_pages_without_an_end(self, client: Client, link: str) -> None:
        count = 0

        def respond(_: Asked) -> Reply:
            nonlocal count
            count += 1
            page = json.dumps({"name": "a", "tags": [f"t{min(count, 20)}"]}).encode()
            return Reply(headers={"Link": f"{link.format(count=count)}; rel=next"}, body=page)

        with serving(respond) as odd:
            assert "lists tags without an end" in client.fails(client.tags, odd.host)
        assert len(odd.asked) <= 21

    def test_more_pages_than_any_has(self, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("rewriter.io.registry.MOST_PAGES", 5)

        def respond(asked: Asked) -> Reply:
            number = len(asked.path)
            page = json.dumps({"name": "a", "tags": [f"t{number}"]}).encode()
            return Reply(headers={"Link": f"<{asked.path}x>; rel=next"}, body=page)

        with serving(respond) as odd:
            assert client.fails(client.tags, odd.host) == "lists tags without an end (5 pages, 5 tags)"

    @pytest.mark.parametrize(
        ("reply", "reason"),
        [
            (
                Reply(headers={"Content-Type": OCI}, body=manifest_of()[:-40]),
                "answers with a manifest that is no JSON, or not all of it",
            ),
            (
                Reply(headers={"Content-Type": OCI}, body=manifest_of(), length=5_000),
                "broke off in the middle of its answer",
            ),
            (Reply(headers={"Content-Type": OCI}, body=b" " * 4_000_001), "answers with more than 4 MB"),
            (
                Reply(headers={"Content-Type": "text/html"}, body=b"<html>"),
                "answers with text/html where a manifest belongs",
            ),
            (
                Reply(headers={"Content-Type": OCI, "Docker-Content-Digest": digest_of(b"other")}, body=manifest_of()),
                f"answers with something that does not have the digest {digest_of(b'other')[:19]}…",
            ),
        ],
    )
    def test_of_manifests(self, client: Client, reply: Reply, reason: str) -> None:
        with serving(lambda _: reply) as odd:
            assert client.fails(client.look, odd.host) == reason

    def test_what_an_index_names_must_be_what_comes(self, client: Client) -> None:
        entry = {"digest": digest_of(b"other"), "size": 5, "platform": {"os": "linux", "architecture": "amd64"}}
        index = json.dumps({"schemaVersion": 2, "manifests": [entry]}).encode()

        def respond(asked: Asked) -> Reply:
            if asked.path.endswith("/1.0"):
                return Reply(headers={"Content-Type": INDEX}, body=index)
            return Reply(headers={"Content-Type": OCI}, body=manifest_of())

        with serving(respond) as odd:
            assert "does not have the digest" in client.fails(client.look, odd.host)

    def test_an_index_within_an_index(self, client: Client) -> None:
        inner = json.dumps({"schemaVersion": 2, "manifests": []}).encode()
        entry = {"digest": digest_of(inner), "size": 5, "platform": {"os": "linux", "architecture": "amd64"}}
        index = json.dumps({"schemaVersion": 2, "manifests": [entry]}).encode()

        def respond(asked: Asked) -> Reply:
            return Reply(headers={"Content-Type": INDEX}, body=index if asked.path.endswith("/1.0") else inner)

        with serving(respond) as odd:
            assert client.fails(client.look, odd.host) == "answers with an index within an index"

    def test_a_configuration_that_is_another(self, client: Client) -> None:
        def respond(asked: Asked) -> Reply:
            return Reply(body=b"{}") if "/blobs/" in asked.path else well(asked)

        with serving(respond) as odd:
            assert "does not have the digest" in client.fails(client.look, odd.host)

    def test_no_registry_at_all(self, client: Client) -> None:
        host = f"127.0.0.1:{free_port()}"
        assert client.fails(client.tags, host, Unreachable) == "cannot be reached: connection refused"
        assert client.fails(client.tags, "no.such.host.invalid", Unreachable).startswith("cannot be reached: ")

    def test_a_server_that_hangs_up(self, client: Client) -> None:
        with serving(lambda _: Reply(hangs_up=True)) as odd:
            said = client.fails(client.tags, odd.host, Unreachable)
        assert said == "cannot be reached: it does not speak HTTP, or hung up"
        assert len(odd.asked) == QUICK.attempts


GOOD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 25\r\n\r\n" + b'{"name":"a","tags":["1"]}'


class TestGarbage:
    @pytest.mark.parametrize(
        ("data", "reason"),
        [
            (b"", "cannot be reached: it does not speak HTTP, or hung up"),
            (b"\0" * 100, "cannot be reached: it does not speak HTTP, or hung up"),
            (b"SSH-2.0-OpenSSH_9.2\r\n", "cannot be reached: it does not speak HTTP, or hung up"),
            (b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n", "cannot be reached: it does not speak HTTP, or hung up"),
            (b"HTTP/1.1 200 OK\r\nX: " + b"a" * 200_000, "cannot be reached: it does not speak HTTP, or hung up"),
            (b"HTTP/1.1 100 Continue\r\n\r\n" * 99, "cannot be reached: it does not speak HTTP, or hung up"),
            (b"HTTP/1.1 999 x\r\n\r\n", "answers 999 to the question for a"),
            (
                b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
                "broke off in the middle of its answer",
            ),
            (
                b"HTTP/1.1 302 Found\r\nLocation: http://\xff\r\n\r\n",
                "answers with a redirect to an address that is not followed",
            ),
            (
                GOOD[:-3].replace(b"Content-Length: 25\r\n", b""),
                "answers with a tag list that is no JSON, or not all of it",
            ),
        ],
    )
    def test_one_clear_line(self, client: Client, data: bytes, reason: str) -> None:
        with saying(data) as host:
            assert client.fails(client.tags, host) == reason

    def test_nothing_else_ever_escapes(self, client: Client) -> None:
        client.http.times = Times(read=1.0, whole=1.0, attempts=1)
        random = Random(1)
        for _ in range(60):
            data = bytearray(GOOD.replace(b"\r\n\r\n", b"\r\nLink: <x>; rel=next\r\n\r\n"))
            for _ in range(random.randint(1, 6)):
                data[random.randrange(len(data))] = random.choice(b'\r\n\0 :;<>"{}[]\xff019aH')
            with saying(bytes(data)) as host, suppress(RegistryError):
                assert set("".join(client.tags(host))) <= set("019aH")


class TestTime:
    @pytest.mark.parametrize(
        ("reply", "reason"),
        [
            (Reply(silence=3.0), "takes too long to answer"),
            (Reply(body=[(0.0, b"{"), (3.0, b"}")]), "takes too long to answer"),
            (Reply(body=[(0.3, b" ")] * 30), "takes longer than 2 seconds"),
            (Reply(body=[(0.3, b" ")] * 30, length=-1), "takes longer than 2 seconds"),
        ],
    )
    def test_a_slow_server(self, client: Client, reply: Reply, reason: str) -> None:
        with serving(lambda _: reply) as odd:
            assert client.fails(client.tags, odd.host, Unreachable) == reason
        assert len(odd.asked) == 1

    @pytest.mark.parametrize("status", [429, 502, 503, 504])
    def test_a_busy_server_is_asked_again(self, client: Client, status: int) -> None:
        replies = [Reply(status, {"Retry-After": "0"}), Reply(status), Reply(body=b'{"name": "a", "tags": ["1"]}')]
        with serving(lambda _: replies.pop(0)) as odd:
            assert client.tags(odd.host) == ("1",)
        assert client.told == [f"{odd.host} answers {status}; asking again in 0.0 s"] * 2

    def test_but_not_for_ever(self, client: Client) -> None:
        with serving(lambda _: Reply(503)) as odd:
            assert client.fails(client.tags, odd.host) == "answers 503 to the question for a"
        assert len(odd.asked) == QUICK.attempts

    def test_it_is_left_alone_for_as_long_as_it_asks(self, client: Client) -> None:
        moments: list[float] = []

        def respond(asked: Asked) -> Reply:
            moments.append(time.monotonic())
            then = email.utils.formatdate(time.time() + 1.9, usegmt=True)
            return Reply(429, {"Retry-After": ("1", then)[len(moments) - 1]}) if len(moments) < 3 else well(asked)

        with serving(respond) as odd:
            assert client.tags(odd.host) == ("1.0",)
        assert moments[1] - moments[0] >= 1
        assert client.told[0] == f"{odd.host} answers 429; asking again in 1.0 s"
        assert len(client.told) == 2

    def test_it_is_left_alone_for_good_when_it_asks_for_too_long(self, client: Client) -> None:
        with serving(lambda _: Reply(429, {"Retry-After": "86400"})) as odd:
            reason = client.fails(client.tags, odd.host)
        assert reason == "answers 429 and asks to be left alone for 86,400 seconds"
        assert len(odd.asked) == 1

    def test_what_is_left_is_told_once(self, client: Client) -> None:
        def respond(asked: Asked) -> Reply:
            reply = well(asked)
            limits = {"ratelimit-limit": "100;w=21600", "ratelimit-remaining": "3;w=21600"}
            return Reply(reply.status, {**reply.headers, **limits}, reply.body)

        with serving(respond) as odd:
            client.tags(odd.host)
            client.look(odd.host)
        assert client.told == [f"{odd.host}: 3 of 100 requests left in 360 minutes"]

    def test_the_command_line_bounds_it(self, machine: Machine) -> None:
        with serving(lambda _: Reply(body=[(0.2, b" ")] * 50)) as odd:
            said = machine.refresh(f"{odd.host}/a", "--timeout", "1", code=2)
        assert said == f"error: {odd.host}/a: {odd.host} takes longer than 1 seconds\n"
        assert not machine.facts.exists()

    def test_one_that_takes_no_more_connections(self, client: Client) -> None:
        with socket.socket() as full:
            full.bind(("127.0.0.1", 0))
            full.listen(0)
            host = f"127.0.0.1:{full.getsockname()[1]}"
            waiting = [socket.socket() for _ in range(4)]
            for one in waiting:
                one.setblocking(False)
                one.connect_ex(full.getsockname())
            client.http.times = Times(connect=0.2, attempts=2, backoff=0.01)
            assert client.fails(client.tags, host, Unreachable) == "cannot be reached: no connection in time"
            for one in waiting:
                one.close()

    @pytest.mark.parametrize(
        ("name", "value"), [("HTTPS_PROXY", "odd://u:geheim@p.example"), ("SSL_CERT_FILE", "/no/file")]
    )
    def test_an_environment_that_cannot_be_used(
        self, client: Client, monkeypatch: pytest.MonkeyPatch, name: str, value: str
    ) -> None:
        monkeypatch.setenv(name, value)
        said = client.fails(client.tags, "r.example")
        assert said == "the proxy or the certificates that the environment names cannot be used"


class TestWhatBecomesOfAnOverlay:
    """The rules of `refreshed`, with a registry that says what a test wants."""

    KNOWN = OverlayTag("known", "sha256:" + "1" * 64, {"linux/amd64": 5})

    def refreshed(self, odd: Odd, client: Client, old: Overlay | None, *tags: str, mirror: bool = False) -> Overlay:
        host = HUB if mirror else odd.host
        registry = Registry(client.http, nobody, [f"http://{odd.host}"])
        wish = Wish(Repository("a", host, "a"), tags, sizes=-1 if tags else 0)
        return refreshed(wish, old, registry, "2026-08-01")

    @staticmethod
    def lists(*listed: str, there: tuple[str, ...] = ()) -> Callable[[Asked], Reply]:
        def respond(asked: Asked) -> Reply:
            if "/tags/list" in asked.path:
                return Reply(body=json.dumps({"name": "a", "tags": listed}).encode())
            if "/manifests/" in asked.path and asked.path.rpartition("/")[2] not in there:
                return Reply(404, {}, b'{"errors": [{"code": "MANIFEST_UNKNOWN"}]}')
            return well(asked)

        return respond

    def old(self, *tags: OverlayTag, complete: bool = True) -> Overlay:
        return Overlay("a", "r.example", "2026-01-01", complete, {tag.tag: tag for tag in tags})

    def test_the_whole_list_takes_the_place_of_the_old(self, client: Client) -> None:
        with serving(self.lists("new")) as odd:
            new = self.refreshed(odd, client, self.old(self.KNOWN))
            assert new == Overlay("a", odd.host, "2026-08-01", True, {"new": OverlayTag("new")})

    def test_what_was_looked_at_is_looked_at_again(self, client: Client) -> None:
        with serving(self.lists("known", "new", there=("known",))) as odd:
            new = self.refreshed(odd, client, self.old(self.KNOWN))
        assert new.tags["known"].digest == digest_of(manifest_of())
        assert new.tags["new"].digest == ""

    def test_a_tag_that_is_listed_but_not_there_is_left_out(self, client: Client) -> None:
        with serving(self.lists("known", "new")) as odd:
            assert list(self.refreshed(odd, client, self.old(self.KNOWN)).tags) == ["new"]

    def test_a_mirror_only_adds(self, client: Client) -> None:
        with serving(self.lists("new", there=("known",))) as odd:
            new = self.refreshed(odd, client, self.old(self.KNOWN), mirror=True)
            assert (new.registry, new.as_of, new.complete) == ("r.example", "2026-01-01", True)
            assert sorted(new.tags) == ["known", "new"]
            new = self.refreshed(odd, client, self.old(self.KNOWN, complete=False), mirror=True)
            assert (new.registry, new.as_of, new.complete) == (odd.host, "2026-08-01", False)
            assert sorted(new.tags) == ["known", "new"]

    def test_a_named_tag_that_is_gone(self, client: Client) -> None:
        with serving(self.lists()) as odd:
            new = self.refreshed(odd, client, self.old(self.KNOWN, OverlayTag("other")), "known")
            assert (list(new.tags), new.as_of, new.complete) == (["other"], "2026-01-01", True)
            with pytest.raises(Absent):
                self.refreshed(odd, client, self.old(self.KNOWN), "never")

    def test_a_named_tag_alone(self, client: Client) -> None:
        with serving(self.lists(there=("1.0",))) as odd:
            new = self.refreshed(odd, client, None, "1.0")
        assert (list(new.tags), new.as_of, new.complete) == (["1.0"], "2026-08-01", False)


class TestRedirects:
    def test_a_password_is_not_taken_to_another_host(self) -> None:
        client = Client(credentials=known)
        with serving(well) as other:

            def respond(asked: Asked) -> Reply:
                if "authorization" not in asked.headers:
                    return Reply(401, {"WWW-Authenticate": 'Basic realm="x"', "Set-Cookie": "session=geheim; Path=/"})
                return Reply(
                    307, {"Location": f"http://{other.host}{asked.path}", "Set-Cookie": "session=geheim; Path=/"}
                )

            with serving(respond) as odd, client.http:
                assert client.tags(odd.host) == ("1.0",)
                assert client.look(odd.host).sizes
        assert all(asked.headers["authorization"].startswith("Basic ") for asked in odd.asked[1:])
        assert len(other.asked) == 3
        for asked in (*other.asked, *odd.asked):
            assert "cookie" not in asked.headers
        for asked in other.asked:
            assert "authorization" not in asked.headers

    def test_a_token_neither(self) -> None:
        client = Client(credentials=known)

        def token(asked: Asked) -> Reply:
            return Reply(body=b'{"token": "a.b.c"}')

        with serving(well) as other, serving(token) as tokens:

            def respond(asked: Asked) -> Reply:
                if "authorization" not in asked.headers:
                    challenge = f'Bearer realm="http://{tokens.host}/token",service="x"'
                    return Reply(401, {"WWW-Authenticate": challenge})
                assert asked.headers["authorization"] == "Bearer a.b.c"
                return Reply(302, {"Location": f"//{other.host}/v2/a/tags/list"})

            with serving(respond) as odd, client.http:
                assert client.tags(odd.host) == ("1.0",)
        assert [asked.headers.get("authorization") for asked in other.asked] == [None]
        assert tokens.asked[0].headers["authorization"].startswith("Basic ")

    def test_nothing_is_shown_to_a_host_that_one_was_led_to(self) -> None:
        client = Client(credentials=known)
        with (
            serving(lambda _: Reply(401, {"WWW-Authenticate": "Basic realm=x"})) as other,
            serving(lambda _: Reply(307, {"Location": f"http://{other.host}/"})) as odd,
            client.http,
        ):
            client.fails(client.tags, odd.host, Denied)
        assert [asked.headers.get("authorization") for asked in other.asked] == [None]

    def test_another_port_is_another_host(self) -> None:
        # Both are 127.0.0.1; that the two tests above hold at all rests on that.
        with serving(well) as one, serving(well) as two:
            assert one.host.partition(":")[0] == two.host.partition(":")[0]
            assert one.host != two.host

    def test_within_the_host_one_stays_known(self) -> None:
        client = Client(credentials=known)

        def respond(asked: Asked) -> Reply:
            if "authorization" not in asked.headers:
                return Reply(401, {"WWW-Authenticate": 'Basic realm="x"'})
            return Reply(308, {"Location": "/moved/tags/list"}) if "moved" not in asked.path else well(asked)

        with serving(respond) as odd, client.http:
            assert client.tags(odd.host) == ("1.0",)
        assert "authorization" in odd.asked[-1].headers

    def test_not_round_and_round(self, client: Client) -> None:
        with serving(lambda asked: Reply(302, {"Location": f"{asked.path}x"})) as odd:
            assert client.fails(client.tags, odd.host) == f"redirects more than {MOST_REDIRECTS} times"
        assert len(odd.asked) == MOST_REDIRECTS + 1

    @pytest.mark.parametrize("location", ["file:///etc/passwd", "ftp://b.example/", "http://u:p@b.example/"])
    def test_not_anywhere(self, client: Client, location: str) -> None:
        with serving(lambda _: Reply(302, {"Location": location})) as odd:
            reason = client.fails(client.tags, odd.host)
        assert reason == "answers with a redirect to an address that is not followed"


class TestTokenServers:
    @pytest.mark.parametrize(
        ("reply", "reason"),
        [
            (Reply(body=b"{}"), "gives no token"),
            (Reply(body=b'{"token": 7}'), "gives no token"),
            (Reply(body=b'{"token": "a\\r\\nX-Other: b"}'), "gives no token"),
            (Reply(body=b'{"token": ""}'), "gives no token"),
            (Reply(body=b"[]"), "gives no token"),
            (Reply(body=b"<html>"), "gives no token"),
            (Reply(500), "answers 500"),
            (Reply(302, {"Location": "http://b.example/"}), "answers 302"),
            (Reply(401), "asks for a password: `docker login {host}` stores one"),
        ],
    )
    def test_odd_answers(self, client: Client, reply: Reply, reason: str) -> None:
        with serving(lambda _: reply) as tokens:
            challenge = {"WWW-Authenticate": f'Bearer realm="http://{tokens.host}/t?a=b"'}
            with serving(lambda _: Reply(401, challenge)) as odd:
                said = client.fails(client.tags, odd.host)
        where = f"{tokens.host}, the token server of {odd.host}, "
        assert said.removeprefix(where) == reason.format(host=odd.host)
        assert tokens.asked[0].path == "/t?a=b&scope=repository%3Aa%3Apull"

    @pytest.mark.parametrize(
        ("realm", "reason"),
        [
            ("", "names no token server"),
            ("/token", "names no token server"),
            ("http://b.example/token", "names a token server on plain http, which is not asked"),
            ("ftp://b.example/token", "answers with the address of a token server to an address that is not followed"),
            ("https://u:p@b.example/", "answers with the address of a token server to an address that is not followed"),
        ],
    )
    def test_odd_places(self, realm: str, reason: str) -> None:
        client = Client(credentials=known)
        with serving(lambda _: Reply(401, {"WWW-Authenticate": f'Bearer realm="{realm}"'})) as odd, client.http:
            assert client.fails(client.tags, odd.host) == reason

    def test_a_registry_that_never_has_enough(self, client: Client) -> None:
        with serving(lambda _: Reply(body=b'{"token": "t", "expires_in": "soon"}')) as tokens:
            challenge = {"WWW-Authenticate": f'Bearer realm="http://{tokens.host}/"'}
            with serving(lambda _: Reply(401, challenge)) as odd:
                assert "does not show a" in client.fails(client.tags, odd.host, Denied)
        assert len(odd.asked) == 2


class TestMirrors:
    def test_a_mirror_answers_for_docker_hub(self, client: Client) -> None:
        with serving(well) as mirror:
            registry = Registry(client.http, nobody, [f"http://{mirror.host}/prefix"])
            found = registry.tags(repository_of("golang"))
        assert found.tags == ("1.0",)
        assert found.host == mirror.host
        assert not found.complete  # a mirror may hold a part only
        assert client.told == []
        assert mirror.paths() == ["/prefix/v2/library/golang/tags/list?n=1000"]

    def test_one_that_fails_leaves_the_registry_to_answer(self, monkeypatch: pytest.MonkeyPatch) -> None:
        with serving(lambda _: Reply(500)) as mirror, serving(well) as own:
            monkeypatch.setattr("rewriter.io.registry_names.HUB", own.host)
            told: list[str] = []
            with Http(QUICK, told.append) as http:
                registry = Registry(http, nobody, [f"http://{mirror.host}"])
                found = registry.tags(Repository("a", own.host, "library/a"))
                assert registry.exists(Reference(Repository("a", own.host, "library/a"), "1.0"))
        assert found.tags == ("1.0",)
        assert found.complete
        assert told[0] == f"mirror: {mirror.host} answers 500 to the question for library/a; asking {own.host}"

    def test_one_that_is_gone_is_asked_once(self, monkeypatch: pytest.MonkeyPatch) -> None:
        with serving(well) as own:
            monkeypatch.setattr("rewriter.io.registry_names.HUB", own.host)
            told: list[str] = []
            with Http(QUICK, told.append) as http:
                registry = Registry(http, nobody, [f"http://127.0.0.1:{free_port()}"])
                for _ in range(3):
                    assert registry.tags(Repository("a", own.host, "a")).tags == ("1.0",)
        assert len(told) == 1
        assert "cannot be reached: connection refused" in told[0]

    def test_it_serves_while_docker_hub_is_away(self, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        away = f"127.0.0.1:{free_port()}"
        for module in ("registry_names", "registry_check"):
            monkeypatch.setattr(f"rewriter.io.{module}.HUB", away)
        with serving(TestChecksBeforeWriting.answering("1")) as mirror:
            checker = Checker(Asked_(tags=True, mirrors=(mirror.host,)), client.told.append)
            for image, good in (("a:2", False), ("a:1", True)):
                reason = checker.objection(Result("FROM scratch\n", f"FROM {image}\n"), Options(), CATALOGUE)
                assert (reason == "") is good

    def test_the_command_line_names_them(self, machine: Machine) -> None:
        with serving(well) as mirror:
            said = machine.refresh("golang:1.0", "--mirror", mirror.host)
            assert "golang: 1 tag new (1.0)" in said
            (machine.work / "dfrewrite.toml").write_text(f'registry-mirrors = ["http://{mirror.host}"]\n')
            assert "nothing changed" in machine.refresh("golang:1.0")
        assert not machine.overlay("golang").complete
        said = machine.refresh("golang", "--mirror", "https://u:geheim@m.example", code=2)
        assert said.startswith("error: a mirror is an address such as")
        assert "geheim" not in said


class TestTls:
    @pytest.fixture
    def tls(self, tmp_path: Path) -> tuple[Path, Path]:
        return certificate(tmp_path)

    def test_a_certificate_that_is_trusted(
        self, client: Client, tls: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("SSL_CERT_FILE", str(tls[1]))
        with serving(well, tls) as mirror:
            registry = Registry(client.http, nobody, [f"https://{mirror.host}"])
            assert registry.exists(parse_reference("golang:1.0"))
            assert registry.tags(repository_of("golang")).host == mirror.host
        assert client.told == []

    def test_one_that_is_not(self, client: Client, tls: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
        with serving(well, tls) as mirror, serving(well) as own:
            monkeypatch.setattr("rewriter.io.registry_names.HUB", own.host)
            registry = Registry(client.http, known, [f"https://{mirror.host}"])
            assert registry.tags(Repository("a", own.host, "a")).host == own.host
        assert "certificate verify failed" in client.told[0]
        assert mirror.asked == []

    def test_a_slow_one(self, tls: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("SSL_CERT_FILE", str(tls[1]))
        with serving(lambda _: Reply(body=[(0.2, b" ")] * 50), tls) as mirror, serving(well) as own:
            monkeypatch.setattr("rewriter.io.registry_names.HUB", own.host)
            client = Client(Times(whole=0.7))
            with client.http:
                registry = Registry(client.http, nobody, [f"https://{mirror.host}"])
                assert registry.tags(Repository("a", own.host, "a")).host == own.host
        assert client.told == [f"mirror: {mirror.host} takes longer than 0.7 seconds; asking {own.host}"]

    def test_it_does_not_lead_to_plain_http(
        self, client: Client, tls: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("SSL_CERT_FILE", str(tls[1]))
        with serving(well) as own:
            monkeypatch.setattr("rewriter.io.registry_names.HUB", own.host)
            with serving(lambda _: Reply(307, {"Location": f"http://{own.host}/v2/x"}), tls) as mirror:
                registry = Registry(client.http, known, [f"https://{mirror.host}"])
                registry.tags(Repository("a", own.host, "a"))
            challenge = {"WWW-Authenticate": f'Bearer realm="http://{own.host}/token"'}
            with serving(lambda _: Reply(401, challenge), tls) as other:
                registry = Registry(client.http, known, [f"https://{other.host}"])
                registry.tags(Repository("a", own.host, "a"))
        assert "answers with a redirect from https to http, which is not followed" in client.told[0]
        assert "answers with the address of a token server from https to http, which is not followed" in client.told[1]
        assert own.paths() == ["/v2/a/tags/list?n=1000"] * 2


class TestChecksBeforeWriting:
    @pytest.fixture
    def app(self, machine: Machine) -> Path:
        shutil.copytree(GO, machine.work / "app")
        return machine.work / "app" / "Dockerfile"

    @staticmethod
    def answering(*tags: str) -> Callable[[Asked], Reply]:
        def respond(asked: Asked) -> Reply:
            if asked.path.rpartition("/")[2] in tags:
                return well(asked)
            return Reply(404, {}, b'{"errors": [{"code": "MANIFEST_UNKNOWN"}]}')

        return respond

    def test_what_is_there_is_written(self, machine: Machine, app: Path) -> None:
        with serving(self.answering("1.18-alpine3.17", "3.17")) as mirror:
            done = machine.run(app, "--apply", "--check-tags", "--mirror", mirror.host)
        assert done.returncode == 0, done.stderr
        assert "FROM golang:1.18-alpine3.17" in app.read_text()
        assert sorted({path.rpartition("library/")[2] for path in mirror.paths()}) == [
            "alpine/manifests/3.17",
            "golang/manifests/1.18-alpine3.17",
        ]
        assert {asked.method for asked in mirror.asked} == {"HEAD"}

    @pytest.mark.parametrize("option", ["--apply", "--patch=p", "--check"])
    def test_what_cannot_be_asked_is_not(self, machine: Machine, app: Path, option: str) -> None:
        before = app.read_bytes()
        environment = {"HTTPS_PROXY": f"http://127.0.0.1:{free_port()}"}
        done = self.without_the_world(machine, environment, app, option, "--check-tags")
        assert done.returncode == 4, done.stdout + done.stderr
        assert "golang:1.18-alpine3.17 is not checked: registry-1.docker.io cannot be reached" in done.stderr
        assert app.read_bytes() == before
        patch = machine.work / "p"
        assert not patch.exists() or patch.read_bytes() == b""

    @staticmethod
    def without_the_world(
        machine: Machine, environment: dict[str, str], *arguments: str | Path
    ) -> subprocess.CompletedProcess[str]:
        env = os.environ | {"HOME": str(machine.home), "XDG_DATA_HOME": str(machine.home)} | environment
        command = [Path(sys.executable).with_name("dfrewrite"), *arguments]
        return subprocess.run(
            command, capture_output=True, text=True, cwd=machine.work, env=env, check=False, timeout=60
        )

    def test_standard_input(self, machine: Machine) -> None:
        text = b'FROM golang:1.18\nCOPY . .\nRUN CGO_ENABLED=0 go build -o /app .\nCMD ["/app"]\n'
        plain = machine.run("-", "--select", "alpine_base", stdin=text)
        assert "alpine" in plain.stdout, plain.stderr
        with serving(self.answering("1.18-alpine3.17", "1.18-alpine", "3.17")) as mirror:
            good = machine.run("-", "--select", "alpine_base", "--check-tags", "--mirror", mirror.host, stdin=text)
        assert (good.returncode, good.stdout) == (0, plain.stdout)
        bad = machine.run("-", "--select", "alpine_base", "--check-tags", "--mirror", "ftp://x", stdin=text)
        assert (bad.returncode, bad.stdout.encode()) == (4, text)
        assert "Dockerfile: not to be written: a mirror is an address" in bad.stderr

    def test_an_answer_is_kept_and_a_dead_host_left_alone(self, client: Client) -> None:
        def objection(checker: Checker, *images: str) -> str:
            text = "".join(f"FROM {image}\n" for image in images)
            return checker.objection(Result("FROM scratch\n", text), Options(), CATALOGUE)

        with serving(self.answering("1")) as odd:
            checker = Checker(Asked_(tags=True), client.told.append)
            assert objection(checker, f"{odd.host}/a:1") == objection(checker, f"{odd.host}/a:1") == ""
            assert objection(checker, f"{odd.host}/a:2") == f"{odd.host}/a:2 is not at {odd.host}"
            assert len(odd.asked) == 3
            with serving(lambda _: Reply(403)) as strict:
                reason = objection(checker, f"{strict.host}/a:1")
                assert reason == f"{strict.host}/a:1 is not checked: {strict.host} does not allow to read a (403)"
        with serving(lambda _: Reply(hangs_up=True)) as dead:
            reason = f"is not checked: {dead.host} cannot be reached: it does not speak HTTP, or hung up"
            assert objection(checker, f"{dead.host}/a:1") == f"{dead.host}/a:1 {reason}"
            asked = len(dead.asked)
            assert objection(checker, f"{dead.host}/b:2") == f"{dead.host}/b:2 {reason}"
            assert len(dead.asked) == asked > 1

    def test_an_index_at_an_address(self) -> None:
        text = b"P:bash\n\n"
        result = Result("FROM alpine:3.20\n", "FROM alpine:3.20\nRUN apk add bash\n")
        with serving(lambda asked: Reply(body=text) if asked.path == "/v3.20/APKINDEX" else Reply(404)) as odd:
            good = Checker(Asked_(packages=(f"http://{odd.host}/v{{release}}/APKINDEX",)), print)
            assert good.objection(result, Options(), CATALOGUE) == good.objection(result, Options(), CATALOGUE) == ""
            assert odd.paths() == ["/v3.20/APKINDEX"]
            bad = Checker(Asked_(packages=(f"http://{odd.host}/x?key=geheim",)), print)
            reason = bad.objection(result, Options(), CATALOGUE)
        assert reason == (
            f"the apk package bash is not checked: {odd.host} answers 404 to the question for a package index"
        )

    def test_a_registry_of_ones_own(self, machine: Machine, plain: Pushing) -> None:
        host = host_of(plain)
        plain.image("base/go", "1.0")
        with Http(QUICK) as http:
            registry = Registry(http, nobody)
            assert registry.exists(parse_reference(f"{host}/base/go:1.0"))
            assert not registry.exists(parse_reference(f"{host}/base/go:2.0"))
            assert not registry.exists(parse_reference(f"{host}/base/none:1.0"))
            assert not registry.exists(parse_reference(f"{host}/base/go@sha256:{'0' * 64}"))

    def test_packages_from_an_address(self, machine: Machine) -> None:
        text = b"P:bash\n\n"
        (machine.work / "APKINDEX").write_bytes(text)
        with tarfile.open(machine.work / "index.tar.gz", "w:gz") as tar:
            tar.add(machine.work / "APKINDEX", "APKINDEX")
        packed = (machine.work / "index.tar.gz").read_bytes()

        def respond(asked: Asked) -> Reply:
            if asked.path == "/v3.17/APKINDEX.tar.gz":
                return Reply(302, {"Location": "/elsewhere"})
            return (
                Reply(200, {"Content-Type": "application/gzip"}, packed) if asked.path == "/elsewhere" else Reply(404)
            )

        with serving(respond) as odd, Http(QUICK) as http:
            assert fetch(http, f"http://{odd.host}/v3.17/APKINDEX.tar.gz") == packed
            with pytest.raises(RegistryError, match="answers 404 to the question for a package index"):
                fetch(http, f"http://{odd.host}/x")
        with (
            serving(lambda asked: Reply(302, {"Location": f"{asked.path}x"})) as odd,
            Http(QUICK) as http,
            pytest.raises(RegistryError, match="redirects more than 5 times"),
        ):
            fetch(http, f"http://{odd.host}/x")


def test_a_dry_run_loads_nothing_of_this(machine: Machine) -> None:
    shutil.copytree(GO, machine.work / "app")
    code = (
        "import sys, rewriter.cli as c\ntry: c.main()\nfinally: print(sorted(m for m in sys.modules), file=sys.stderr)"
    )
    env = os.environ | {"HOME": str(machine.home), "XDG_DATA_HOME": str(machine.home)}
    done = subprocess.run(
        [sys.executable, "-c", code, machine.work / "app"], capture_output=True, text=True, env=env, check=True
    )
    assert "'rewriter.session'" in done.stderr
    for name in ("httpx", "httpcore", "ssl", "socket", "rewriter.io.registry", "rewriter.io.registry_http"):
        assert f"'{name}'" not in done.stderr
