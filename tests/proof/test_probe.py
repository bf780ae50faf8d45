"""The probe against real servers on the loopback address, well-behaved and hostile ones."""

from __future__ import annotations

import base64
import contextlib
import json
import socket
import ssl
import subprocess
import sys
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from rewriter.proof import exchange as exchanging
from rewriter.proof import probe
from rewriter.proof.beside import script
from rewriter.proof.exchange import exchange

Speak = Callable[[socket.socket], None]
SECONDS = 5.0
"""How long an answer may take where it comes; on a busy machine that is much more than is needed."""


@contextlib.contextmanager
def serving(speak: Speak, context: ssl.SSLContext | None = None) -> Iterator[int]:
    """A server on a free port, each of whose connections ``speak`` handles."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0.05)
    done = threading.Event()
    threads: list[threading.Thread] = []

    def handle(connection: socket.socket) -> None:
        with contextlib.suppress(OSError), contextlib.closing(connection):
            connection.settimeout(SECONDS)
            speak(context.wrap_socket(connection, server_side=True) if context else connection)

    def accept() -> None:
        while not done.is_set():
            with contextlib.suppress(TimeoutError):
                threads.append(threading.Thread(target=handle, args=(listener.accept()[0],), daemon=True))
                threads[-1].start()

    acceptor = threading.Thread(target=accept)
    acceptor.start()
    try:
        yield listener.getsockname()[1]
    finally:
        done.set()
        acceptor.join()
        listener.close()


def saying(*parts: bytes, read: bool = True) -> Speak:
    """Reads the question, and says so."""

    def speak(connection: socket.socket) -> None:
        if read:
            connection.recv(65536)
        for part in parts:
            connection.sendall(part)

    return speak


def drip(connection: socket.socket, start: bytes, part: bytes) -> None:
    """Never ends."""
    connection.sendall(start)
    while True:
        connection.sendall(part)
        time.sleep(0.01)


def asked(speak: Speak, request: str = "GET /", seconds: float = SECONDS) -> dict[str, Any]:
    with serving(speak) as port:
        return exchange("127.0.0.1", port, False, request, seconds)


def body(answer: dict[str, Any]) -> bytes:
    return base64.b64decode(answer["body"])


class TestHttp:
    def test_a_body_with_a_length(self) -> None:
        answer = asked(saying(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-Y:  z \r\n\r\nhello and more"))
        assert (answer["kind"], answer["status"], body(answer), answer["length"]) == ("http", 200, b"hello", 5)
        assert answer["complete"]
        assert ["x-y", "z"] in answer["headers"]

    def test_chunks_are_put_together(self) -> None:
        parts = (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4;x=y\r\nhe", b"ll\r\n1\r", b"\no\r\n0\r\n\r\n")
        answer = asked(saying(*parts))
        assert (body(answer), answer["complete"]) == (b"hello", True)

    def test_a_body_that_ends_with_the_connection(self) -> None:
        answer = asked(saying(b"HTTP/1.0 200 OK\nServer: x\n\nhello"))
        assert (body(answer), answer["complete"]) == (b"hello", True)

    def test_a_body_that_is_cut_off_is_not_complete(self) -> None:
        answer = asked(saying(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello"))
        assert (body(answer), answer["complete"]) == (b"hello", False)

    @pytest.mark.parametrize("status", [204, 304])
    def test_an_answer_without_a_body_waits_for_none(self, status: int) -> None:
        def speak(connection: socket.socket) -> None:
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 %d X\r\nContent-Length: 9\r\n\r\n" % status)
            connection.recv(1)

        assert asked(speak)["complete"]

    def test_head_has_no_body(self) -> None:
        answer = asked(saying(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"), "HEAD /")
        assert (answer["status"], answer["complete"], answer["length"]) == (200, True, 0)

    def test_what_comes_before_the_answer_is_skipped(self) -> None:
        answer = asked(saying(b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n"))
        assert answer["status"] == 201

    def test_the_question_is_asked_as_it_should_be(self) -> None:
        got: list[bytes] = []

        def speak(connection: socket.socket) -> None:
            got.append(connection.recv(65536))
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

        asked(speak, "POST /a?b=c")
        assert got[0].startswith(b"POST /a?b=c HTTP/1.1\r\nHost: localhost:")
        assert b"Content-Length: 0\r\n" in got[0]


class TestHostileServers:
    """Each ends within its limits, and says what it was."""

    def test_a_body_without_an_end_is_read_so_far_only(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(exchanging, "BODY_LIMIT", 1_000_000)
        start = b"HTTP/1.1 200 OK\r\n\r\n"
        answer = asked(lambda connection: drip(connection, start, b"x" * 100_000))
        assert 1_000_000 <= answer["length"] < 1_200_000
        assert len(body(answer)) == exchanging.KEPT
        assert not answer["complete"]

    def test_a_body_that_drips_ends_in_time(self) -> None:
        begun = time.monotonic()
        answer = asked(lambda connection: drip(connection, b"HTTP/1.1 200 OK\r\n\r\n", b"x"), seconds=0.5)
        assert (answer["status"], answer["complete"]) == (200, False)
        assert time.monotonic() - begun < SECONDS

    def test_headers_without_an_end(self) -> None:
        answer = asked(lambda connection: drip(connection, b"HTTP/1.1 200 OK\r\n", b"X: " + b"y" * 10_000 + b"\r\n"))
        assert (answer["kind"], answer["complete"]) == ("http", False)

    def test_a_length_that_is_no_number(self) -> None:
        answer = asked(saying(b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\nhello"))
        assert (answer["complete"], body(answer)) == (True, b"hello")

    @pytest.mark.parametrize("chunk", [b"zz\r\nhello\r\n", b"-5\r\n", b"ffffffffff\r\nhello"])
    def test_chunks_that_are_none(self, chunk: bytes) -> None:
        answer = asked(saying(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk))
        assert not answer["complete"]

    def test_a_status_that_is_none(self) -> None:
        assert asked(saying(b"HTTP/1.1 OK\r\n\r\n"))["status"] == 0

    def test_garbage(self) -> None:
        answer = asked(saying(bytes(range(256)) * 40))
        assert (answer["kind"], answer["text"]) == ("bytes", bytes(range(10)).decode("latin-1"))

    def test_silence(self) -> None:
        def speak(connection: socket.socket) -> None:
            while connection.recv(100):
                pass

        assert asked(speak, seconds=0.3)["kind"] == "silent"

    def test_a_door_that_is_shut(self) -> None:
        assert asked(saying())["kind"] == "closed"

    def test_nobody(self) -> None:
        with serving(saying()) as port:
            pass
        assert exchange("127.0.0.1", port, False, "GET /", SECONDS)["kind"] == "refused"


class TestOtherProtocols:
    def test_the_first_line_of_a_greeting(self) -> None:
        answer = asked(saying(b"220 lab ", b"ready\r\nsecond line\r\n", read=False))
        assert (answer["kind"], answer["text"]) == ("bytes", "220 lab ready")

    def test_a_greeting_without_an_end_of_line(self) -> None:
        def speak(connection: socket.socket) -> None:
            connection.sendall(b"hello")
            while connection.recv(100):
                pass

        assert asked(speak)["text"] == "hello"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    folder = tmp_path_factory.mktemp("tls")
    command = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -keyout key -out crt"
    try:
        subprocess.run(command.split(), cwd=folder, capture_output=True, check=True)
    except FileNotFoundError:
        pytest.skip("openssl makes the certificate, and is not installed")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "crt", folder / "key")
    return context


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def task(port: int, *requests: str, **more: Any) -> dict[str, Any]:
    return {
        "host": "127.0.0.1",
        "port": port,
        "requests": requests or ["GET /"],
        "seconds": SECONDS,
        "patience": 0.0,
        "status": {},
        **more,
    }


class TestAsking:
    def test_each_question_twice(self) -> None:
        with serving(saying(OK)) as port:
            found = probe.ask(task(port, "GET /", "GET /x"))
        assert (found["tls"], len(found["answers"])) == (False, 2)
        (first, second), _ = found["answers"]
        assert (first["status"], second["status"], second["body"]) == (200, 200, None)

    def test_tls_is_found_out(self, certificate: ssl.SSLContext) -> None:
        with serving(saying(OK), certificate) as port:
            found = probe.ask(task(port))
        assert found["tls"]
        assert found["answers"][0][0]["status"] == 200
        assert found["answers"][0][0]["certificate"]

    def test_tls_where_there_is_none(self) -> None:
        with serving(saying(OK)) as port:
            found = probe.ask(task(port, tls=True))
        assert found["answers"][0][0]["kind"] == "no-tls"

    def test_400_alone_is_no_tls(self) -> None:
        with serving(saying(b"HTTP/1.1 400 No\r\nContent-Length: 0\r\n\r\n")) as port:
            found = probe.ask(task(port))
        assert (found["tls"], found["answers"][0][0]["status"]) == (False, 400)

    def test_a_server_that_warms_up_is_waited_for(self) -> None:
        answers = [b"", b"HTTP/1.1 503 Wait\r\nContent-Length: 0\r\n\r\n"]

        def speak(connection: socket.socket) -> None:
            saying(answers.pop() if answers else OK)(connection)

        with serving(speak) as port:
            found = probe.ask(task(port, patience=SECONDS, tls=False))
        assert found["answers"][0][0]["status"] == 200
        assert found["ready"] >= 2 * probe.AGAIN_SECONDS

    def test_the_answer_that_is_expected_is_waited_for(self) -> None:
        answers = [b"HTTP/1.1 404 Not yet\r\nContent-Length: 0\r\n\r\n"]

        def speak(connection: socket.socket) -> None:
            saying(answers.pop() if answers else OK)(connection)

        with serving(speak) as port:
            found = probe.ask(task(port, patience=SECONDS, status={"GET /": 200}))
        assert found["answers"][0][0]["status"] == 200

    def test_a_slow_server_is_not_asked_everything(self) -> None:
        with serving(saying(OK)) as port:
            found = probe.ask(task(port, "GET /", "GET /x", tls=False, most=0.0))
        assert len(found["answers"]) == 1

    def test_what_is_no_http_is_asked_once(self) -> None:
        with serving(saying(b"+hello\r\n", read=False)) as port:
            found = probe.ask(task(port, "GET /", "GET /x", tls=False))
        assert [first["text"] for first, _ in found["answers"]] == ["+hello"]


TABLES = {
    "tcp": """\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1
   1: 00000000:0BB8 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 2 1
   2: 0100007F:A1B2 0100007F:1F90 01 00000000:00000000 00:00000000 00000000     0        0 3 1
""",
    "tcp6": """\
  sl  local_address                         remote_address                        st
   0: 00000000000000000000000000000000:0050 00000000000000000000000000000000:0000 0A 00000000:00000000
   1: 00000000000000000000000001000000:0051 00000000000000000000000000000000:0000 0A 00000000:00000000
   2: 0000000000000000FFFF00000100007F:0052 00000000000000000000000000000000:0000 0A 00000000:00000000
""",
    "udp": """\
  sl  local_address rem_address   st
   0: 00000000:0035 00000000:0000 07 00000000:00000000
   1: 0100007F:0036 0100007F:0037 01 00000000:00000000
""",
    "unix": """\
Num       RefCount Protocol Flags    Type St Inode Path
0000000000000000: 00000002 00000000 00010000 0001 01 123 /run/a b.sock
0000000000000000: 00000002 00000000 00000000 0001 01 124 /run/client.sock
0000000000000000: 00000002 00000000 00010000 0001 01 125
""",
}


@pytest.mark.skipif(sys.byteorder != "little", reason="the tables are those of a little-endian machine")
def test_the_tables_of_the_kernel_are_read() -> None:
    assert probe.listening(TABLES) == [
        ["tcp", "3000", "all", "127.0.0.1"],
        ["tcp", "80", "all", "127.0.0.1"],
        ["tcp", "8080", "loopback", "127.0.0.1"],
        ["tcp", "81", "loopback", "::1"],
        ["tcp", "82", "loopback", "127.0.0.1"],
        ["udp", "53", "all", "127.0.0.1"],
        ["unix", "/run/a b.sock", "", ""],
    ]


@pytest.mark.skipif(not Path("/proc/self/net/tcp").exists(), reason="only Linux has these tables")
class TestOnThisMachine:
    def test_a_port_that_opens_is_seen(self) -> None:
        before = {tuple(port) for port in probe.now_listening()}
        with serving(saying()) as port:
            after = {tuple(each) for each in probe.now_listening()}
        assert ("tcp", str(port), "loopback", "127.0.0.1") in after - before

    def test_a_port_is_waited_for(self) -> None:
        with socket.socket() as late:
            late.bind(("127.0.0.1", 0))
            timer = threading.Timer(0.3, late.listen)
            timer.start()
            wanted = ["tcp", str(late.getsockname()[1])]
            found = probe.watch({"seconds": SECONDS, "quiet": 0.0, "wanted": [wanted]})
            timer.join()
        assert wanted in [port[:2] for port in found["ports"]]

    def test_one_that_never_opens_is_not(self) -> None:
        found = probe.watch({"seconds": 0.2, "quiet": 0.0, "wanted": [["tcp", "1"]]})
        assert not found["stable"]

    def test_the_script_needs_nothing_of_this_project(self, tmp_path: Path) -> None:
        with serving(saying(OK)) as port:
            job = {"do": "ask", "ports": [task(port)]}
            command = [sys.executable, "-I", "-S", "-c", script(), json.dumps(job)]
            done = subprocess.run(command, capture_output=True, check=True, cwd=tmp_path, env={})
        answer = json.loads(zlib.decompress(base64.b64decode(done.stdout)))
        assert answer["ports"][0]["answers"][0][0]["status"] == 200
