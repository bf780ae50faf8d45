"""Registries on loopback: Debian's docker-registry with and without authentication, and servers that give odd answers.

Images are pushed over HTTP as a client would, so that no engine is needed.
"""

from __future__ import annotations

import base64
import hashlib
import json
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

INDEX = "application/vnd.oci.image.index.v1+json"
OCI = "application/vnd.oci.image.manifest.v1+json"
DOCKER = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
USER, PASSWORD = "tester", "correct-horse"
SERVICE, ISSUER = "test registry", "test issuer"


def digest_of(data: bytes) -> str:
    """The digest as registries write it."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


@dataclass
class Pushing:
    """A client that pushes to one registry."""

    base: str
    client: httpx.Client

    def blob(self, name: str, data: bytes) -> dict[str, Any]:
        """Upload a blob; its descriptor without a media type."""
        begun = self.client.post(f"{self.base}/v2/{name}/blobs/uploads/")
        begun.raise_for_status()
        place = begun.headers["location"]
        joint = "&" if "?" in place else "?"
        done = self.client.put(f"{place}{joint}digest={digest_of(data)}", content=data)
        done.raise_for_status()
        return {"digest": digest_of(data), "size": len(data)}

    def manifest(self, name: str, tag: str, content: Mapping[str, Any]) -> dict[str, Any]:
        """Upload a manifest under a tag or its digest; its descriptor."""
        data = json.dumps(content).encode()
        place = tag or digest_of(data)
        headers = {"Content-Type": content["mediaType"]}
        self.client.put(f"{self.base}/v2/{name}/manifests/{place}", content=data, headers=headers).raise_for_status()
        return {"mediaType": content["mediaType"], "digest": digest_of(data), "size": len(data)}

    def image(self, name: str, tag: str, platform: str = "linux/amd64", layers: int = 2, kind: str = DOCKER) -> int:
        """Push a small image; the bytes that a pull of it transfers."""
        return int(self._image(name, tag, platform, layers, kind)["transferred"])

    def _image(self, name: str, tag: str, platform: str, layers: int, kind: str) -> dict[str, Any]:
        os, architecture, *variant = platform.split("/")
        config = {"os": os, "architecture": architecture, "rootfs": {"type": "layers", "diff_ids": []}, "for": tag}
        if variant:
            config["variant"] = variant[0]
        config_type = "application/vnd.oci.image.config.v1+json"
        layer_type = "application/vnd.oci.image.layer.v1.tar+gzip"
        if kind == DOCKER:
            config_type = "application/vnd.docker.container.image.v1+json"
            layer_type = "application/vnd.docker.image.rootfs.diff.tar.gzip"
        parts = [self.blob(name, f"{name} {platform} {n}".encode() * 100) for n in range(layers)]
        configured = self.blob(name, json.dumps(config).encode())
        manifest = {
            "schemaVersion": 2,
            "mediaType": kind,
            "config": {"mediaType": config_type, **configured},
            "layers": [{"mediaType": layer_type, **part} for part in parts],
        }
        made = self.manifest(name, tag, manifest)
        return {**made, "transferred": configured["size"] + sum(part["size"] for part in parts)}

    def index(self, name: str, tag: str, platforms: tuple[str, ...], kind: str = INDEX) -> dict[str, int]:
        """Push an image for several platforms, with an attestation beside; the bytes of each."""
        entries, sizes = [], {}
        for number, platform in enumerate(platforms):
            inner = self._image(name, "", platform, number + 1, OCI if kind == INDEX else DOCKER)
            os, architecture, *variant = platform.split("/")
            place = {"os": os, "architecture": architecture, **({"variant": variant[0]} if variant else {})}
            sizes[platform] = inner.pop("transferred")
            entries.append({**inner, "platform": place})
        if kind == INDEX:
            entries.append({**entries[0], "platform": {"os": "unknown", "architecture": "unknown"}})
        self.manifest(name, tag, {"schemaVersion": 2, "mediaType": kind, "manifests": entries})
        return sizes


@contextmanager
def running(folder: Path, auth: str = "") -> Iterator[str]:
    """docker-registry on a free port of loopback; its HOST:PORT. ``auth``: the YAML of that section."""
    folder.mkdir(parents=True, exist_ok=True)
    host = f"127.0.0.1:{free_port()}"
    config = folder / "config.yml"
    lines = [
        "version: 0.1",
        "log: {level: error}",
        f"storage: {{filesystem: {{rootdirectory: {folder / 'storage'}}}}}",
        f"http: {{addr: '{host}', secret: testing}}",
    ]
    config.write_text("\n".join(lines) + "\n" + auth)
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(["docker-registry", "serve", config], stdout=log, stderr=log)
        try:
            _wait(host, process, folder / "log")
            yield host
        finally:
            process.terminate()
            process.wait(10)


def _wait(host: str, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(200):
        assert process.poll() is None, log.read_text()
        try:
            httpx.get(f"http://{host}/v2/", trust_env=False)
        except httpx.TransportError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError(f"docker-registry does not answer: {log.read_text()}")


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def with_password(folder: Path) -> str:
    """The auth section for basic authentication of the test's user."""
    done = subprocess.run(["htpasswd", "-nbB", "-C", "4", USER, PASSWORD], capture_output=True, check=True)
    (folder / "htpasswd").write_bytes(done.stdout)
    return f"auth: {{htpasswd: {{realm: test, path: {folder / 'htpasswd'}}}}}\n"


class TokenServer:
    """Gives tokens that docker-registry believes: JWTs signed by the openssl program."""

    def __init__(self, folder: Path) -> None:
        self.key, self.certificate = folder / "key.pem", folder / "certificate.pem"
        made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=test"]
        subprocess.run([*made, "-keyout", self.key, "-out", self.certificate], capture_output=True, check=True)
        der = subprocess.run(
            ["openssl", "x509", "-in", self.certificate, "-outform", "DER"], capture_output=True, check=True
        )
        self._chain = base64.b64encode(der.stdout).decode()
        self.life = 300
        self.key_of_answer = "token"
        self.refresh_token = "long-lived-identity"
        self.given = 0

    def auth(self, host: str) -> str:
        """The auth section of the registry's configuration, when this server listens at ``host``."""
        return (
            f"auth: {{token: {{realm: 'http://{host}/token', service: {SERVICE}, issuer: {ISSUER}, "
            f"rootcertbundle: {self.certificate}}}}}\n"
        )

    def respond(self, asked: Asked) -> Reply:
        """Anybody may pull `public/…`; the rest needs the password, or the identity token in a form."""
        query = parse_qs(asked.body.decode() if asked.method == "POST" else urlsplit(asked.path).query)
        known = query.get("refresh_token") == [self.refresh_token] if asked.method == "POST" else False
        header = asked.headers.get("authorization")
        if header is not None:
            both = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
            if header != f"Basic {both}":
                return Reply(401, {}, b'{"errors": [{"code": "UNAUTHORIZED"}]}')
            known = True
        if query.get("service") != [SERVICE]:
            return Reply(400, {}, b"{}")
        access = []
        for scope in query.get("scope", []):
            kind, name, actions = scope.split(":")
            if known or name.startswith("public/"):
                access.append({"type": kind, "name": name, "actions": actions.split(",")})
        self.given += 1
        return Reply(200, {}, json.dumps({self.key_of_answer: self.token(access), "expires_in": self.life}).encode())

    def token(self, access: list[dict[str, Any]]) -> str:
        """A signed token for some access."""
        now = int(time.time())
        claims = {"iss": ISSUER, "sub": USER, "aud": SERVICE, "exp": now + 300, "nbf": now - 10, "iat": now, "jti": "1"}
        head = {"typ": "JWT", "alg": "RS256", "x5c": [self._chain]}
        text = ".".join(_url64(json.dumps(part).encode()) for part in (head, {**claims, "access": access}))
        signed = subprocess.run(
            ["openssl", "dgst", "-sha256", "-sign", self.key], input=text.encode(), capture_output=True, check=True
        )
        return f"{text}.{_url64(signed.stdout)}"


def _url64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


@dataclass(frozen=True)
class Asked:
    """One request that a server of ours got; header names in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Reply:
    """What to answer. ``body`` may be a list of parts, with a pause in seconds before each."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | list[tuple[float, bytes]] = b""
    length: int | None = None
    """Content-Length, where it is not that of the body; -1: none is told, and the body ends with the connection."""
    silence: float = 0.0
    """Seconds before anything is said."""
    hangs_up: bool = False
    """Whether nothing is said at all."""


@dataclass
class Odd:
    """A server that answers as a test wants; remembers what it was asked."""

    host: str
    asked: list[Asked] = field(default_factory=list)

    def paths(self) -> list[str]:
        """What was asked for, in order."""
        return [one.path for one in self.asked]


def certificate(folder: Path) -> tuple[Path, Path]:
    """A key, and a certificate for 127.0.0.1 that only those trust who are told to."""
    key, made = folder / "tls-key.pem", folder / "tls.pem"
    names = ["-subj", "/CN=test", "-addext", "subjectAltName=IP:127.0.0.1"]
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *names]
    subprocess.run([*command, "-keyout", key, "-out", made], capture_output=True, check=True)
    return key, made


@contextmanager
def serving(respond: Callable[[Asked], Reply], tls: tuple[Path, Path] | None = None) -> Iterator[Odd]:
    """An HTTP server on a free port of loopback; with key and certificate an HTTPS server."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    server.daemon_threads = True
    odd = Odd(f"127.0.0.1:{server.server_address[1]}")

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            length = int(self.headers.get("content-length") or 0)
            headers = {name.lower(): value for name, value in self.headers.items()}
            asked = Asked(self.command, self.path, headers, self.rfile.read(length))
            odd.asked.append(asked)
            self.answer(respond(asked))

        do_GET = do_HEAD = do_POST = handle_any  # noqa: N815

        def answer(self, reply: Reply) -> None:
            time.sleep(reply.silence)
            if reply.hangs_up:
                self.close_connection = True
                return
            parts = [(0.0, reply.body)] if isinstance(reply.body, bytes) else reply.body
            length = sum(len(part) for _, part in parts) if reply.length is None else reply.length
            self.send_response(reply.status)
            for name, value in {"Content-Type": "application/json", **reply.headers}.items():
                self.send_header(name, value)
            if length >= 0:
                self.send_header("Content-Length", str(length))
            self.end_headers()
            if self.command == "HEAD":
                return
            try:
                for pause, part in parts:
                    time.sleep(pause)
                    self.wfile.write(part)
                    self.wfile.flush()
            except OSError:
                self.close_connection = True
            if reply.length is not None:
                self.close_connection = True

        def log_message(self, *_: object) -> None:
            """Nothing: a test has its own words."""

    server.RequestHandlerClass = Handler
    if tls is not None:
        secure = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        secure.load_cert_chain(tls[1], tls[0])
        server.socket = secure.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield odd
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def saying(data: bytes) -> Iterator[str]:
    """A server that answers whatever it is asked with the same bytes, HTTP or not, and hangs up; its HOST:PORT."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            with suppress(OSError):  # closed at the end
                while True:
                    connection, _ = server.accept()
                    with connection, suppress(OSError):
                        connection.recv(65536)
                        connection.sendall(data)

        threading.Thread(target=answer, daemon=True).start()
        try:
            yield f"127.0.0.1:{server.getsockname()[1]}"
        finally:
            server.shutdown(socket.SHUT_RDWR)
