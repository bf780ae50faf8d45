"""One question to a server over a raw connection, plain or TLS, and what it says to it. A part of the probe.

It is run beside a container too (see ``probe.py``), so it imports nothing but the standard library.

A server may be hostile. Every wait ends at a deadline, and what is read is bounded: headers that do not end, a body
that drips or never ends, and what is no HTTP at all are all answers like others, and say what they are.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import select
import socket
import ssl
import time
from typing import Any

HEAD_LIMIT = 64 * 1024
"""Bytes of status line and headers."""
BODY_LIMIT = 10_000_000
"""Bytes of a body that are read and hashed; the rest is left unread."""
KEPT = 64 * 1024
"""Bytes of a body that are given back."""
LINE_LIMIT = 256
"""Bytes given back of what a server says that speaks no HTTP."""
CONNECT_SECONDS = 3.0
HANDSHAKE_SECONDS = 5.0
GREETING_SECONDS = 0.3
"""How long after its first bytes a server that speaks no HTTP may take to finish its line."""
NO_BODY = (204, 304)


class Link:
    """A connection, perhaps TLS, whose every wait ends at one deadline (of time.monotonic)."""

    def __init__(self, host: str, port: int, tls: bool, deadline: float) -> None:
        self.deadline = deadline
        self.ended = self.late = False
        self.certificate = False
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.socket: socket.socket = socket.socket(family, socket.SOCK_STREAM)
        try:
            self.socket.settimeout(CONNECT_SECONDS)
            self.socket.connect((host, port))
            self.socket.setblocking(False)
            if tls:
                self._shake_hands()
        except BaseException:
            self.socket.close()
            raise

    def _shake_hands(self) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
        secure = context.wrap_socket(self.socket, server_hostname="localhost", do_handshake_on_connect=False)
        self.socket = secure
        self.deadline, whole = min(self.deadline, time.monotonic() + HANDSHAKE_SECONDS), self.deadline
        while True:
            try:
                secure.do_handshake()
                break
            except ssl.SSLWantReadError:
                if not self._wait():
                    raise TimeoutError("no TLS handshake") from None
        self.deadline = whole
        self.certificate = secure.getpeercert(binary_form=True) is not None

    def _wait(self) -> bool:
        left = self.deadline - time.monotonic()
        return left > 0 and bool(select.select([self.socket], [], [], left)[0])

    def send(self, data: bytes) -> None:
        """Send what is short enough for the socket's buffer; a server that closed already is met by ``receive``."""
        with contextlib.suppress(OSError):  # those of TLS are OSErrors, too
            self.socket.sendall(data)

    def receive(self) -> bytes:
        """What came next; empty when the server closed (``ended``) or the deadline passed (``late``)."""
        while True:
            if time.monotonic() >= self.deadline:
                self.late = True
                return b""
            try:
                data = self.socket.recv(65536)
            except (BlockingIOError, ssl.SSLWantReadError):
                self._wait()
                continue
            except OSError:
                data = b""
            self.ended = not data
            return data


class Body:
    """Counts, hashes and keeps the start of a body; ``full`` says that it is over the limit."""

    def __init__(self) -> None:
        self.length = 0
        self.kept = b""
        self.hash = hashlib.sha256()

    @property
    def full(self) -> bool:
        return self.length >= BODY_LIMIT

    def add(self, data: bytes) -> None:
        self.length += len(data)
        self.hash.update(data)
        if len(self.kept) < KEPT:
            self.kept += data[: KEPT - len(self.kept)]


def read_sized(link: Link, data: bytes, size: int, body: Body) -> tuple[bool, bytes]:
    """Read so many bytes into the body, ``data`` first; whether all of them came, and what is left of ``data``."""
    while size > 0 and not body.full:
        if not data:
            data = link.receive()
            if not data:
                return False, b""
        part, data = data[:size], data[size:]
        body.add(part)
        size -= len(part)
    return size == 0, data


def read_chunks(link: Link, data: bytes, body: Body) -> bool:
    """Read a chunked body; True when its last chunk came."""
    while not body.full:
        while b"\n" not in data:
            more = link.receive()
            if not more or len(data) > HEAD_LIMIT:
                return False
            data += more
        line, _, data = data.partition(b"\n")
        word = line.split(b";")[0].strip()
        if not word:
            continue
        try:
            size = int(word, 16)
        except ValueError:
            return False
        if size <= 0:
            return size == 0
        whole, data = read_sized(link, data, size, body)
        if not whole:
            return False
    return False


def read_to_end(link: Link, data: bytes, body: Body) -> bool:
    """Read until the server closes; True when it did."""
    while not body.full:
        if data:
            body.add(data)
        data = link.receive()
        if not data:
            return link.ended
    return False


def is_whole(head: bytes) -> bool:
    """Whether the blank line that ends the headers came."""
    return b"\r\n\r\n" in head or b"\n\n" in head


def read_head(link: Link, data: bytes) -> tuple[list[str], bytes, bool]:
    """The lines of a head, what came after it, and whether it ended."""
    while not is_whole(data) and len(data) < HEAD_LIMIT:
        more = link.receive()
        if not more:
            break
        data += more
    if not is_whole(data):
        return data[:LINE_LIMIT].decode("latin-1").splitlines(), b"", False
    ends = [(at, len(end)) for end in (b"\r\n\r\n", b"\n\n") for at in [data.find(end)] if at >= 0]
    at, length = min(ends)
    return data[:at].decode("latin-1").replace("\r\n", "\n").split("\n"), data[at + length :], True


def read_start(link: Link) -> bytes:
    """The first bytes: enough to tell HTTP from anything else; of that, the first line."""
    data = b""
    while len(data) < 5 or not data.startswith(b"HTTP/"):
        if data and not b"HTTP/".startswith(data[:5]):
            if b"\n" in data or len(data) >= LINE_LIMIT:
                break
            link.deadline = min(link.deadline, time.monotonic() + GREETING_SECONDS)
        more = link.receive()
        if not more:
            break
        data += more
    return data


def exchange(host: str, port: int, tls: bool, request: str, seconds: float) -> dict[str, Any]:
    """Connect, ask once, and say what came: ``kind`` is http, bytes, closed, silent, refused or no-tls."""
    method, _, path = request.partition(" ")
    try:
        link = Link(host, port, tls, time.monotonic() + seconds)
    except (ssl.SSLError, TimeoutError, ConnectionResetError) as error:
        return {"kind": "no-tls" if tls else "refused", "text": str(error)}
    except OSError as error:
        return {"kind": "refused", "text": str(error)}
    try:
        link.send(f"{method} {path} HTTP/1.1\r\n{_fields(method, port)}\r\n".encode("latin-1", "replace"))
        return {**_answer(link, method), "certificate": link.certificate}
    finally:
        link.socket.close()


def _fields(method: str, port: int) -> str:
    fields = f"Host: localhost:{port}\r\nUser-Agent: dfrewrite\r\nAccept: */*\r\nConnection: close\r\n"
    return fields + ("Content-Length: 0\r\n" if method in ("POST", "PUT", "PATCH") else "")


def _answer(link: Link, method: str) -> dict[str, Any]:
    data = read_start(link)
    if not data:
        return {"kind": "closed" if link.ended else "silent"}
    if not data.startswith(b"HTTP/"):
        line = data[:LINE_LIMIT].split(b"\n")[0]
        return {"kind": "bytes", "text": line.decode("latin-1").rstrip("\r")}
    while True:
        lines, data, whole = read_head(link, data)
        words = lines[0].split(None, 2) if lines else []
        status = int(words[1]) if len(words) > 1 and words[1].isdigit() else 0
        if not whole or not 100 <= status < 200 or status == 101:
            break
    headers = [[name.strip().lower(), value.strip()] for name, _, value in (line.partition(":") for line in lines[1:])]
    body = Body()
    complete = whole
    if whole and method != "HEAD" and status not in NO_BODY and status != 101:
        complete = _read_body(link, data, dict(headers), body)
    return {
        "kind": "http",
        "status": status,
        "headers": headers,
        "complete": complete,
        "length": body.length,
        "sha256": body.hash.hexdigest(),
        "body": base64.b64encode(body.kept).decode(),
    }


def _read_body(link: Link, data: bytes, headers: dict[str, str], body: Body) -> bool:
    if "chunked" in headers.get("transfer-encoding", "").lower():
        return read_chunks(link, data, body)
    size = headers.get("content-length", "")
    if size.isdigit():
        return read_sized(link, data, int(size), body)[0]
    return read_to_end(link, data, body)
