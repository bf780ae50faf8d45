"""All requests of a proposal's life, judged a second time: by Prism (npm, @stoplight/prism-cli), which serves GitHub's
description and refuses what is not legal by it."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.bot.fake.github import github
from tests.bot.fake.server import Asked, FakeForge

from .bots import TOKEN, Bot, token_variable
from .described import github_document
from .fleet import GO, TEXT
from .machine import cache_home

pytestmark = pytest.mark.e2e

VERSION = "5.14.2"
STARTS = 120  # seconds at most
# To Prism a parameter of a path holds no slash; what GitHub takes as one is sent as one.
_WIDE = re.compile(r"(/contents/|/git/refs?/|/git/trees/|/compare/)(.+)")


@contextmanager
def _prism() -> Iterator[str]:
    """Its address."""
    folder = cache_home() / "prism"
    program = folder / "node_modules" / ".bin" / "prism"
    if not program.exists():
        command = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(folder)]
        subprocess.run([*command, f"@stoplight/prism-cli@{VERSION}"], check=True, capture_output=True)
    with socket.socket() as chosen:
        chosen.bind(("127.0.0.1", 0))
        port = chosen.getsockname()[1]
    command = [str(program), "mock", "--errors", "--host", "127.0.0.1", "--port", str(port), str(github_document())]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + STARTS
        while True:
            with socket.socket() as tried:
                if tried.connect_ex(("127.0.0.1", port)) == 0:
                    break
            assert process.poll() is None, "Prism ended at once"
            assert time.monotonic() < deadline, "Prism does not listen"
            time.sleep(0.2)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


def _objections(address: str, asked: Asked) -> list[str]:
    """What Prism has against a request."""
    path = _WIDE.sub(lambda match: match[1] + urllib.parse.quote(match[2], safe=""), asked.path)
    query = urllib.parse.urlencode(asked.query)
    # Not "accept": GitHub asks for a media type of its own there, which its description does not list.
    kept = ("authorization", "x-github-api-version", "content-type")
    headers = {name: value for name, value in asked.headers.items() if name in kept}
    data = None if asked.body is None else json.dumps(asked.body).encode()
    request = urllib.request.Request(
        f"{address}{urllib.parse.quote(path, safe='/%:')}{'?' if query else ''}{query}",
        data,
        headers,
        method=asked.method,
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as reply:
            violations, content = reply.headers.get("sl-violations", "[]"), b""
    except urllib.error.HTTPError as error:
        violations, content = error.headers.get("sl-violations", "[]"), error.read()
    refused = json.loads(content) if b"stoplight.io/prism/errors" in content else {}
    # Of its own examples of replies some are not legal, either: these are no matter of ours.
    told = [*json.loads(violations), *refused.get("validation", [])]
    found = [
        f"{asked.method} {asked.path}: {each['message']}"
        for each in told
        if each["severity"] == "Error" and each["location"][0] == "request"
    ]
    if refused and not refused["type"].endswith("#VIOLATIONS"):
        found.append(f"{asked.method} {asked.path}: {refused['title']}")
    return found


def _life(forge: FakeForge, folder: Path) -> None:
    """Opened with everything that goes with it, changed, closed; and once by a fork."""
    bot = Bot(forge, folder / "state")
    bot.set(labels=("docker",), reviewers=("jo", "@acme/team"), suggestions=True)
    repository = forge.state.add("acme/tides", GO)
    bot.run()
    repository.commit({"Dockerfile": TEXT.replace("1.18", "1.21")})
    bot.run()
    repository.commit({"Dockerfile": 'FROM scratch\nCOPY tides /\nCMD ["/tides"]\n'})
    bot.run()
    bot.set(fork="when-needed", draft="always")
    forge.state.add("acme/theirs", GO, pushers=set())
    bot.run()
    assert [len(each.pulls) for each in forge.state.repositories.values()] == [1, 1, 0]


def test_prism_has_nothing_against_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with FakeForge(tmp_path / "forge", github, "/api/v3") as forge:
        monkeypatch.setenv(token_variable(forge), TOKEN)
        _life(forge, tmp_path)
        requests = {(each.method, each.path, json.dumps([each.query, each.body])): each for each in forge.requests}
    assert {method for method, _, _ in requests} == {"GET", "POST", "PATCH"}
    with _prism() as address:
        illegal = Asked("GET", "/repos/a/b/pulls", {"state": "any"}, {"authorization": "Bearer x"}, None)
        assert _objections(address, illegal) != []
        unknown = Asked("GET", "/repos/a/b/nonsense", {}, {"authorization": "Bearer x"}, None)
        assert _objections(address, unknown) != []
        assert [what for each in requests.values() for what in _objections(address, each)] == []
