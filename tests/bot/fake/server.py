"""A forge on loopback: its API in one dialect, and real git behind it (``git http-backend``)."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import subprocess
import sys
import threading
import urllib.parse
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

from .state import FakeState


@dataclass(frozen=True)
class Asked:
    """One request to the API, as it came."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any
    sent: str = ""
    """The path as it was sent, with its escapes."""


@dataclass(frozen=True)
class Answer:
    """What a dialect answers."""

    status: int
    data: Any = None
    headers: dict[str, str] = field(default_factory=dict)


Dialect = Callable[[FakeState, Asked, str, str], Answer]
"""State, request, login (empty without a token), and the address of the server."""


class FakeForge:
    """Started on a port of its own; use as a context."""

    def __init__(self, folder: Path, dialect: Dialect, prefix: str) -> None:
        self.state = FakeState(folder)
        self.requests: list[Asked] = []
        self.answers: list[tuple[Asked, Answer]] = []
        """What the dialect answered, beside what it was asked."""
        self.redirects: set[str] = set()
        """Paths that a redirect led to: nobody need describe those."""
        self.trouble: Callable[[Asked], Answer | str | None] = lambda _: None
        """Asked first: an answer to give instead, ``"die"`` (it is done, and the connection cut), or None."""
        self.git_refuses = False
        """Whether git takes no token at all."""
        handler = type("Handler", (_Handler,), {"forge": self, "dialect": staticmethod(dialect), "prefix": prefix})
        self._server = _Server(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> FakeForge:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def writes(self) -> list[Asked]:
        """The requests that change something."""
        return [asked for asked in self.requests if asked.method != "GET"]


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Whoever asked may have been killed in the meantime."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    forge: ClassVar[FakeForge]
    dialect: ClassVar[Any]  # a function, which mypy takes for a method
    prefix: ClassVar[str]
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # a reply goes out in two parts, and the second would wait for 40 ms

    def log_message(self, *_: object) -> None:
        """Nothing."""

    def do_GET(self) -> None:
        self._serve()

    do_POST = do_PATCH = do_PUT = do_GET  # noqa: N815

    def _serve(self) -> None:
        parts = urllib.parse.urlsplit(self.path)
        length = int(self.headers.get("content-length") or 0)
        body = self.rfile.read(length) if length else b""
        if len(body) < length:
            self.close_connection = True  # whoever asked was killed in the middle of it
            return
        if self.headers.get("transfer-encoding", "").lower() == "chunked":
            body = self._chunks()
        if parts.path.startswith("/git/"):
            self._git(parts, body)
            return
        query = dict(urllib.parse.parse_qsl(parts.query))
        sent = parts.path.removeprefix(self.prefix)
        headers = {name.lower(): value for name, value in self.headers.items()}
        content = json.loads(body) if body else None
        asked = Asked(self.command, urllib.parse.unquote(sent), query, headers, content, sent)
        forge = self.forge
        with forge.state.lock:
            forge.requests.append(asked)
            trouble = forge.trouble(asked)
            if isinstance(trouble, Answer):
                answer = trouble
            else:
                secret = headers.get("authorization", "").rpartition(" ")[2] or headers.get("private-token", "")
                answer = self.dialect(forge.state, asked, forge.state.tokens.get(secret, ""), forge.url)
                forge.answers.append((asked, answer))
        if "Location" in answer.headers:
            target = urllib.parse.urlsplit(answer.headers["Location"]).path
            forge.redirects.add(target.removeprefix(self.prefix))
        if trouble == "die":
            self.close_connection = True
            self.connection.close()
            return
        self._answer(answer, headers)

    def _answer(self, answer: Answer, asked: dict[str, str]) -> None:
        content = b"" if answer.data is None else json.dumps(answer.data).encode()
        etag = f'W/"{hashlib.sha256(content).hexdigest()}"'
        status = answer.status
        if status == 200 and self.command == "GET" and asked.get("if-none-match") == etag:
            status, content = 304, b""
        self.send_response(status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if answer.status == 200 and self.command == "GET":
            self.send_header("ETag", etag)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _chunks(self) -> bytes:
        found = b""
        while size := int(self.rfile.readline().strip() or b"0", 16):
            found += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return found

    def _git(self, parts: urllib.parse.SplitResult, body: bytes) -> None:
        """Passes a request on to git itself, after looking who asks."""
        match = re.match(r"/git/(.+?)\.git(/.*)", parts.path)
        state = self.forge.state
        with state.lock:
            repository = state.named(match[1]) if match else None
        kind, _, shown = self.headers.get("authorization", "").partition(" ")
        secret = base64.b64decode(shown).decode().partition(":")[2] if kind == "Basic" else ""
        login = "" if self.forge.git_refuses else state.tokens.get(secret, "")
        pushes = "git-receive-pack" in self.path
        if repository is None or match is None or not login:
            self._plain(404 if login else 401)
            return
        if pushes and (login not in repository.pushers or repository.archived):
            self._plain(403)
            return
        environment = {
            **os.environ,
            "GIT_PROJECT_ROOT": str(repository.git.parent),
            "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": f"/{repository.git.name}{match[2]}",
            "REQUEST_METHOD": self.command,
            "QUERY_STRING": parts.query,
            "CONTENT_TYPE": self.headers.get("content-type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_CONTENT_ENCODING": self.headers.get("content-encoding", ""),
            "GIT_PROTOCOL": self.headers.get("git-protocol", ""),
            "REMOTE_USER": login,
            "REMOTE_ADDR": "127.0.0.1",
        }
        done = subprocess.run(["git", "http-backend"], env=environment, input=body, capture_output=True, check=False)
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        headers = [line.partition(": ")[::2] for line in head.decode().split("\r\n") if line]
        status = next((int(value.split()[0]) for name, value in headers if name == "Status"), 200)
        self.send_response(status)
        for name, value in headers:
            if name != "Status":
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _plain(self, status: int) -> None:
        self.send_response(status)
        if status == 401:
            self.send_header("WWW-Authenticate", 'Basic realm="git"')
        self.send_header("Content-Length", "0")
        self.end_headers()
