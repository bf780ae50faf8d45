"""The probe: watches what listens in a network namespace and asks it, from within.

It is run beside a container with ``exchange.py`` in front of it (see ``beside.py``), so both import the standard
library alone. Its task is JSON; its answer is JSON, deflated and in base64, on standard output.
"""

from __future__ import annotations

import base64
import json
import os
import socket
import sys
import time
import zlib
from typing import Any

from rewriter.proof.exchange import exchange

LOOK_SECONDS = 0.02
AGAIN_SECONDS = 0.1
WARMING_UP = (0, 502, 503, 504)
"""Answers of a server that is perhaps not ready yet; 0 is no answer at all."""
FIRST_PASSING_PORT = 32768
"""From here on, Linux hands out ports by itself (ip_local_port_range)."""
LISTENS, UNCONNECTED, ACCEPTS = "0A", "07", 0x10000
"""The states in /proc/net of a TCP socket that listens, of a UDP socket without a peer, a flag of a Unix socket."""


def ask(task: dict[str, Any]) -> dict[str, Any]:
    """Ask one port all of its requests, twice each, and find out first whether it speaks TLS.

    A request is repeated while its answer is not the one that is expected (``status`` in the task, by request), or
    while the server seems to be warming up, until ``patience`` seconds have passed in all. After ``most`` seconds, no
    further request is begun.
    """
    host, port, seconds = task["host"], task["port"], task["seconds"]
    tls, answers = task.get("tls"), list[list[dict[str, Any]]]()
    begun = time.monotonic()
    until = begun + task["patience"]
    ready = 0.0
    for request in task["requests"]:
        if answers and time.monotonic() - begun > task.get("most", 3600.0):
            break
        wanted = task["status"].get(request)
        while True:
            tls_now, answer = _once(host, port, tls, request, seconds)
            status = answer.get("status", 0)
            fine = status not in WARMING_UP if wanted is None else status == wanted
            if fine or time.monotonic() >= until or (wanted is None and answer["kind"] in ("bytes", "silent")):
                break
            time.sleep(AGAIN_SECONDS)
        tls = tls_now
        ready = max(ready, time.monotonic() - begun) if fine else ready
        again = exchange(host, port, tls, request, seconds) if answer["kind"] == "http" else answer
        if again.get("sha256") and again.get("sha256") == answer.get("sha256"):
            again = {**again, "body": None}
        answers.append([answer, again])
        if answer["kind"] != "http":
            break
    return {"port": port, "tls": bool(tls), "ready": ready, "answers": answers, "listening": now_listening()}


def _once(host: str, port: int, tls: bool | None, request: str, seconds: float) -> tuple[bool, dict[str, Any]]:
    """One exchange; TLS is tried where plain text got no answer, or HTTP's 400, which TLS ports often give."""
    answer = exchange(host, port, bool(tls), request, seconds)
    if tls is not None or answer["kind"] == "refused" or (answer["kind"] == "http" and answer["status"] != 400):
        return bool(tls), answer
    secure = exchange(host, port, True, request, seconds)
    return (False, answer) if secure["kind"] in ("no-tls", "refused") else (True, secure)


def scope(address: str) -> str:
    """Who can reach an address of /proc/net: ``all``, ``loopback``, or the address itself."""
    words = [bytes.fromhex(address[at : at + 8]) for at in range(0, len(address), 8)]
    raw = b"".join(word[::-1] if sys.byteorder == "little" else word for word in words)
    mapped = raw[-4:] if raw[:12] == b"\0" * 10 + b"\xff\xff" else raw
    if not any(raw) or not any(mapped):
        return "all"
    if (len(mapped) == 4 and mapped[0] == 127) or raw == b"\0" * 15 + b"\1":
        return "loopback"
    return socket.inet_ntop(socket.AF_INET if len(mapped) == 4 else socket.AF_INET6, mapped)


def listening(tables: dict[str, str]) -> list[list[str]]:
    """[protocol, port or path, scope, host to connect to] of every listening socket in the tables of /proc/net."""
    found = set()
    for name in ("tcp", "tcp6", "udp", "udp6"):
        for line in tables.get(name, "").splitlines()[1:]:
            words = line.split()
            if len(words) < 4 or words[3] != (LISTENS if name.startswith("tcp") else UNCONNECTED):
                continue
            address, _, port = words[1].partition(":")
            only_v6 = name.endswith("6") and scope(address) == "loopback" and not int(address[:24], 16)
            host = "::1" if only_v6 else "127.0.0.1"
            found.add((name[:3], str(int(port, 16)), scope(address), host))
    for line in tables.get("unix", "").splitlines()[1:]:
        words = line.split(None, 7)
        if len(words) == 8 and int(words[3], 16) & ACCEPTS:
            found.add(("unix", words[7], "", ""))
    return sorted(map(list, found))


def is_passing(protocol: str, name: str) -> bool:
    """Whether a socket is perhaps a client's: UDP sockets of clients look like those of servers, but for the port."""
    return protocol == "udp" and int(name) >= FIRST_PASSING_PORT


def now_listening() -> list[list[str]]:
    """What listens in this network namespace."""
    tables = {}
    for name in ("tcp", "tcp6", "udp", "udp6", "unix"):
        try:
            with open(os.path.join("/proc/self/net", name), encoding="utf-8", errors="replace") as table:
                tables[name] = table.read()
        except OSError:
            continue
    return listening(tables)


def watch(task: dict[str, Any]) -> dict[str, Any]:
    """Wait until something listens, all that is wanted does, and nothing changed for ``quiet`` seconds.

    Wanted are [protocol, port or path] pairs. ``stable`` is False when ``seconds`` passed before that.
    """
    deadline = time.monotonic() + task["seconds"]
    wanted = {(protocol, name) for protocol, name in task["wanted"] if not is_passing(protocol, name)}
    seen, since = now_listening(), time.monotonic()
    while True:
        there = {(protocol, name) for protocol, name, *_ in seen if not is_passing(protocol, name)}
        if there and wanted <= there and time.monotonic() - since >= task["quiet"]:
            return {"ports": seen, "stable": True}
        if time.monotonic() >= deadline:
            return {"ports": seen, "stable": False}
        time.sleep(LOOK_SECONDS)
        now = now_listening()
        if now != seen:
            seen, since = now, time.monotonic()


def main(task: dict[str, Any]) -> str:
    """Do one task and give the answer as one line of text."""
    answer = watch(task) if task["do"] == "watch" else {"ports": [ask(one) for one in task["ports"]]}
    return base64.b64encode(zlib.compress(json.dumps(answer).encode())).decode()
