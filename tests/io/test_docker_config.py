"""Credentials as `docker login` stores them, real helper programs, and files that no `docker login` wrote."""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path
from typing import Any

import pytest

from rewriter.io.docker_config import Credentials, DockerConfig
from rewriter.io.registry_names import HUB

HUB_KEY = "https://index.docker.io/v1/"


def auth(user: str = "me", secret: str = "geheim") -> dict[str, str]:
    return {"auth": base64.b64encode(f"{user}:{secret}".encode()).decode()}


class Home:
    """A folder with a config.json, and one of helpers."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.said: list[str] = []

    def write(self, content: Any) -> None:
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        (self.path / "config.json").write_bytes(data)

    def ask(self, host: str) -> tuple[str, str, str] | None:
        found = DockerConfig(self.path, self.said.append).credentials(host)
        return None if found is None else (found.user, found.secret, found.identity_token)

    def helper(self, name: str, script: str) -> None:
        program = self.path / "bin" / f"docker-credential-{name}"
        program.parent.mkdir(exist_ok=True)
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    return Home(tmp_path)


@pytest.mark.parametrize(
    ("name", "host"),
    [
        ("r.example", "r.example"),
        ("https://r.example", "r.example"),
        ("https://r.example/v2/", "r.example"),
        ("http://localhost:5000", "localhost:5000"),
        (HUB_KEY, HUB),
        ("docker.io", HUB),
        ("https://index.docker.io/v2/", HUB),
        ("registry-1.docker.io", HUB),
    ],
)
def test_names_of_registries(home: Home, name: str, host: str) -> None:
    home.write({"auths": {"other.example": auth("other"), name: auth()}})
    assert home.ask(host) == ("me", "geheim", "")
    assert home.ask("third.example") is None
    assert home.said == []


def test_the_very_name_comes_first(home: Home) -> None:
    home.write({"auths": {"https://r.example/v1/": auth("old"), "r.example": auth("new")}})
    assert home.ask("r.example") == ("new", "geheim", "")


def test_a_port_is_part_of_a_name(home: Home) -> None:
    home.write({"auths": {"r.example:5000": auth()}})
    assert home.ask("r.example") is None
    assert home.ask("r.example:5000") is not None


@pytest.mark.parametrize(
    ("entry", "found"),
    [
        (auth("me", "a:b:c"), ("me", "a:b:c", "")),
        ({"username": "me", "password": "geheim"}, ("me", "geheim", "")),
        ({"identitytoken": "token"}, ("", "", "token")),
        (auth() | {"identitytoken": "token"}, ("me", "geheim", "token")),
        ({"auth": ""}, None),
        ({}, None),
        ({"email": "me@example.org"}, None),
        ({"auth": 7}, None),
        ("text", None),
    ],
)
def test_entries(home: Home, entry: Any, found: tuple[str, str, str] | None) -> None:
    home.write({"auths": {"r.example": entry}})
    assert home.ask("r.example") == found
    assert home.said == []


@pytest.mark.parametrize("value", ["%%%", base64.b64encode(b"no colon").decode(), base64.b64encode(b"\xff:x").decode()])
def test_entries_that_cannot_be_read(home: Home, value: str) -> None:
    home.write({"auths": {"r.example": {"auth": value}}})
    assert home.ask("r.example") is None
    assert home.said == ["Docker's config.json holds credentials for r.example that cannot be read"]


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff", b"[" * 100_000, b" " * 4_000_001])
def test_files_that_cannot_be_read(home: Home, content: bytes) -> None:
    home.write(content)
    assert home.ask("r.example") is None
    assert home.said == [f"{home.path / 'config.json'} cannot be read; registries are asked without credentials"]


def test_no_file_at_all(home: Home) -> None:
    assert home.ask("r.example") is None
    assert home.said == []


def test_a_folder_in_its_place(home: Home) -> None:
    (home.path / "config.json").mkdir()
    assert home.ask("r.example") is None
    assert "cannot be read" in home.said[0]


def test_tables_that_are_none(home: Home) -> None:
    home.write({"auths": [], "credHelpers": "x", "credsStore": 7})
    assert home.ask("r.example") is None
    assert home.said == []


def test_helpers(home: Home) -> None:
    home.helper("one", 'read -r server; printf \'{"ServerURL":"%s","Username":"u","Secret":"%s"}\' $1 $server')
    home.helper("all", 'printf \'{"Username":"<token>","Secret":"identity"}\'')
    home.write(
        {"credHelpers": {"r.example": "one", "docker.io": "one"}, "credsStore": "all", "auths": {"r.example": {}}}
    )
    assert home.ask("r.example") == ("u", "r.example", "")
    assert home.ask(HUB) == ("u", HUB_KEY, "")
    assert home.ask("other.example") == ("", "", "identity")
    assert home.said == []


def test_a_helper_that_knows_nothing_leaves_the_file_to_speak(home: Home) -> None:
    home.helper("none", "echo 'credentials not found in native keychain'; exit 1")
    home.write({"credsStore": "none", "auths": {"r.example": auth()}})
    assert home.ask("r.example") == ("me", "geheim", "")
    assert home.ask("other.example") is None
    assert home.said == []


@pytest.mark.parametrize(
    ("script", "said"),
    [
        (
            "echo geheim; echo geheim >&2; exit 3",
            "docker-credential-odd failed (exit code 3); no credentials from it for r.example",
        ),
        (
            "echo geheim",
            "docker-credential-odd gave an answer that no helper gives; no credentials from it for r.example",
        ),
        (
            'echo \'{"Username": "geheim"}\'',
            "docker-credential-odd gave an answer that no helper gives; no credentials from it for r.example",
        ),
        (
            "echo '[]'",
            "docker-credential-odd gave an answer that no helper gives; no credentials from it for r.example",
        ),
        (
            "head -c 200000 /dev/zero",
            "docker-credential-odd gave an answer that no helper gives; no credentials from it for r.example",
        ),
    ],
)
def test_odd_helpers(home: Home, script: str, said: str) -> None:
    home.helper("odd", script)
    home.write({"credsStore": "odd"})
    assert home.ask("r.example") is None
    assert home.said == [said]


def test_a_helper_that_is_not_there(home: Home) -> None:
    home.write({"credsStore": "missing", "auths": {"r.example": auth()}})
    assert home.ask("r.example") == ("me", "geheim", "")
    assert home.said == ["docker-credential-missing cannot be run; r.example is asked without credentials"]


@pytest.mark.parametrize("name", ["../../bin/sh", "a b", "a;b", "é", "a/b"])
def test_a_helper_is_a_plain_name(home: Home, name: str) -> None:
    home.write({"credHelpers": {"r.example": name}})
    assert home.ask("r.example") is None
    assert home.said == ["Docker's config.json names a credential helper that cannot be called so; it is not asked"]


def test_an_empty_helper_switches_the_store_off(home: Home) -> None:
    home.helper("all", "exit 9")
    home.write({"credHelpers": {"r.example": ""}, "credsStore": "all", "auths": {"r.example": auth()}})
    assert home.ask("r.example") == ("me", "geheim", "")
    assert home.said == []


def test_each_registry_is_looked_up_once(home: Home) -> None:
    home.helper("count", f"echo x >> {home.path}/count; exit 1")
    home.write({"credsStore": "count"})
    config = DockerConfig(home.path, home.said.append)
    assert config.credentials("r.example") is config.credentials("r.example") is None
    assert (home.path / "count").read_text() == "x\n"


def test_where_the_file_is(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    home.write({"auths": {"r.example": auth()}})
    monkeypatch.setenv("DOCKER_CONFIG", str(home.path))
    assert DockerConfig().credentials("r.example") is not None
    monkeypatch.delenv("DOCKER_CONFIG")
    monkeypatch.setenv("HOME", str(home.path))
    assert DockerConfig().credentials("r.example") is None
    (home.path / ".docker").mkdir()
    (home.path / "config.json").rename(home.path / ".docker" / "config.json")
    assert DockerConfig().credentials("r.example") is not None


def test_secrets_do_not_print() -> None:
    credentials = Credentials("me", "geheim", "token")
    assert "geheim" not in f"{credentials!r} {credentials}"
    assert "token" not in repr(credentials)
