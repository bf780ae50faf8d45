"""Servers of static files as a start command calls them: which folder, which port, and what they answer.

Sources: the options of serve 11 to 14 and http-server 14 as their packages on the registry read them, Vite's "Preview
Options" and ``preview.ts`` of Vite 5, Python's ``http/server.py`` of 3.12; 2026-11.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rewriter.ecosystems.static_scripts import Leaf

_ANY_HOST = frozenset({"0.0.0.0", "::", "true", ""})
_SERVE_FLAGS = frozenset(
    "-s --single -n --no-clipboard -u --no-compression -L --no-request-logging -d --debug --no-etag "
    "--no-port-switching".split()
)
_PORT = re.compile(r"[1-9][0-9]{0,4}\Z")
_NEWEST_SERVE = 14
SERVERS = frozenset({"serve", "http-server", "vite", "python", "python3"})


@dataclass(slots=True)
class StaticServer:
    """What one start command serves, and how."""

    tool: str
    """As in a sentence: ``serve``, ``vite preview``."""
    folder: str | None
    """As it is written, relative to ``cwd``; None when the command does not name it."""
    cwd: str | None
    port: int | None = None
    """None when it cannot be told."""
    tries: tuple[str, ...] = ()
    """What it looks for, in nginx's words, the last being its answer when there is nothing."""
    lists: bool = False
    """True when it shows what lies in a folder without an index."""
    caching: str = ""
    """The value of Cache-Control that has browsers do what the server had them do."""
    compresses: bool = False
    charset: bool = True
    unrepeated: str = ""
    """Why nginx would not do the same, a clause; empty when it would."""
    outside: str = ""
    """What it reads beside the folder, a clause; empty when nothing."""
    local: bool = False
    """True when it listens within the container only."""
    notes: list[str] = field(default_factory=list)

    def refuse(self, reason: str) -> None:
        """Keeps the first reason against another server."""
        self.unrepeated = self.unrepeated or reason


def static_server(leaf: Leaf) -> StaticServer | str | None:
    """What a command serves; a reason when it serves something that cannot be told; None for other commands."""
    if leaf.name == "serve":
        return _serve(leaf)
    if leaf.name == "http-server":
        return _http_server(leaf)
    if leaf.name == "vite" and leaf.words[1:2] == ("preview",):
        return _vite_preview(leaf)
    if leaf.name in ("python", "python3") and leaf.words[1:3] == ("-m", "http.server"):
        return _python(leaf)
    return None


def _port(server: StaticServer, text: str) -> None:
    if _PORT.match(text) and int(text) < 65536:
        server.port = int(text)
    else:
        server.refuse(f"{server.tool} listens at {text!r}, which is not followed")


def by_variable(server: StaticServer, leaf: Leaf, default: int | None) -> None:
    """The port where no option says one: the variable PORT, or the tool's own."""
    if server.port is not None or server.unrepeated:
        return
    value = leaf.variables.get("PORT", "")
    if value:
        _port(server, value)
    elif value is None or default is None:
        server.refuse(f"the port of {server.tool} is not written out")
    else:
        server.port = default
    server.notes.append("the variable PORT no longer sets its port")


def _pairs(
    words: tuple[str, ...], valued: frozenset[str], optional: frozenset[str] = frozenset()
) -> Iterator[tuple[str, str]]:
    """(option, value) in order; an option without one has an empty value, an operand an empty option.

    ``optional``: options that take the next word unless that is an option itself.
    """
    rest = list(words)
    while rest:
        word = rest.pop(0)
        option, equals, value = word.partition("=")
        if not word.startswith("-") or word == "-":
            yield "", word
        elif not equals and (option in valued or (option in optional and rest and not rest[0].startswith("-"))):
            yield option, rest.pop(0) if rest else ""
        else:
            yield option, value


def _serve(leaf: Leaf) -> StaticServer | str:
    """https://www.npmjs.com/package/serve: a folder without names of files in its answers, or one page for all."""
    server = StaticServer("serve", ".", leaf.cwd, compresses=True, caching="no-cache", lists=True)
    folders: list[str] = []
    single = False
    for option, value in _pairs(leaf.words[1:], frozenset({"-l", "--listen", "-p", "-c", "--config"})):
        if not option:
            folders.append(value)
        elif option in ("-l", "--listen", "-p"):
            if server.port is not None:
                server.refuse("serve listens at more than one place")
            host, _, port = value.removeprefix("tcp://").rpartition(":") if "://" in value else ("", "", value)
            if host not in _ANY_HOST:
                server.refuse(f"serve listens at {value} only")
            _port(server, port)
        elif option in ("-c", "--config"):
            server.outside = f"serve reads its configuration {value}"
        elif option.startswith("--ssl"):
            server.outside = f"serve reads a certificate ({option})"
        elif option not in _SERVE_FLAGS:
            server.refuse(f"what `serve {option}` does is not repeated there")
        single = single or option in ("-s", "--single")
        server.compresses = server.compresses and option not in ("-u", "--no-compression")
    if len(folders) > 1:
        return f"`{' '.join(leaf.words[:5])}` names more than one folder"
    server.folder = folders[0] if folders else "."
    # With -s a page for all paths; else index.html of a folder, the name with .html, the page 404.html.
    server.tries = ("$uri", "/index.html") if single else ("$uri", "$uri/index.html", "$uri.html", "=404")
    server.lists = not single
    # 5000 before 13, 3000 since then.
    by_variable(server, leaf, _serve_port(leaf.version))
    return server


def _serve_port(version: str) -> int | None:
    found = re.match(r"[\^~]?([0-9]+)(?:\.|\Z)", version) if version not in ("", "latest") else None
    if version not in ("", "latest") and found is None:
        return None
    return 3000 if int(found[1] if found else _NEWEST_SERVE) >= 13 else 5000


def _http_server(leaf: Leaf) -> StaticServer | str:
    """https://www.npmjs.com/package/http-server. Its options are read without a list of those that take a value."""
    server = StaticServer("http-server", None, leaf.cwd, lists=True, caching="max-age=3600")
    server.tries = ("$uri", "$uri/", "$uri.html", "=404")
    words = [re.sub(r"\A(-[pc])=?(-?[0-9]+)\Z", r"\1=\2", word) for word in leaf.words[1:]]
    for option, value in _pairs(tuple(words), frozenset({"-p", "--port", "-a", "-d", "-c"})):
        if not option:
            if server.folder is not None:
                return f"`{' '.join(leaf.words[:5])}` names more than one folder"
            server.folder = value
        elif option in ("-p", "--port"):
            _port(server, value)
        elif option == "-a":
            if value not in _ANY_HOST:
                server.refuse(f"http-server listens at {value} only")
        elif option == "-c":
            server.caching = "no-cache, no-store, must-revalidate" if value == "-1" else f"max-age={value}"
            if not re.fullmatch(r"-1|[0-9]+", value):
                return f"how `http-server {option}` is read cannot be told"
        elif option == "-d":
            server.lists = value != "false"
        elif option in ("-S", "--tls", "--ssl", "-C", "--cert", "-K", "--key"):
            server.outside = f"http-server reads a certificate ({option})"
        else:
            # A word behind it may be its value and not the folder.
            return f"what `http-server {option}` does is not followed"
    by_variable(server, leaf, 8080)
    return server


def _vite_preview(leaf: Leaf) -> StaticServer:
    """https://vite.dev/guide/cli: the folder of ``vite build``, one page for all that is not there.

    What the configuration says of port, host and folder is added by whoever reads that.
    """
    server = StaticServer("vite preview", None, leaf.cwd, compresses=True, caching="no-cache")
    server.tries = ("$uri", "$uri.html", "$uri/index.html", "/index.html")
    vite_options(server, leaf.words[2:])
    return server


def vite_options(server: StaticServer, words: tuple[str, ...]) -> None:
    """What ``vite`` and ``vite preview`` have in common: without --host they listen within the container only."""
    server.local = True
    for option, value in _pairs(words, frozenset({"--port", "--outDir"}), frozenset({"--host"})):
        if option == "--port":
            _port(server, value)
        elif option == "--outDir":
            server.folder = value
        elif option == "--host":
            server.local = value not in _ANY_HOST
        elif option != "--strictPort":
            server.refuse(f"what `{server.tool} {option or value}` does is not followed")


def _python(leaf: Leaf) -> StaticServer | str:
    """https://docs.python.org/3/library/http.server.html: the working directory, or the one behind --directory."""
    server = StaticServer("http.server", ".", leaf.cwd, lists=True, charset=False)
    server.tries = ("$uri", "$uri/", "=404")
    valued = frozenset({"-b", "--bind", "-d", "--directory", "-p", "--protocol"})
    for option, value in _pairs(leaf.words[3:], valued):
        if not option:
            _port(server, value)
        elif option in ("-b", "--bind"):
            if value not in _ANY_HOST:
                server.refuse(f"http.server listens at {value} only")
        elif option in ("-d", "--directory"):
            server.folder = value
        else:
            return f"what `http.server {option}` does is not followed"
    if server.port is None and not server.unrepeated:
        server.port = 8000
    return server
