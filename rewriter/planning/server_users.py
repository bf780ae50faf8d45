"""Users that the configuration of a web server names, and that Alpine does not have: it would not start."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator

from rewriter.model.files import StageFiles
from rewriter.planning.mentions import copied_files
from rewriter.planning.need_types import Needs
from rewriter.userland.runtime import known_user

_ENDINGS = (".conf", ".template", ".tmpl", ".j2", ".cfg")
_USER = re.compile(
    rb"^[ \t]*(?:user|User|Group)[ \t]+[\"']?([A-Za-z_][\w-]*)(?:[ \t]+([A-Za-z_][\w-]*))?[\"']?[ \t]*;?", re.M
)
_MOST_FILES = 300
_LARGEST = 1_000_000  # bytes of one file


def serving_needs(files: StageFiles, users: Container[str], needs: Needs) -> None:
    """Vetoes and doubts of what a server reads when it starts."""
    for where, name in unknown_users(files, users):
        needs.vetoes.append(f"{where} names the user {name}, whom Alpine does not have")
    for where, name in odd_interpreters(files):
        needs.vetoes.append(f"{where} is run by {name}, which the server's image on Alpine does not have")
    for name in unseen_settings(files):
        needs.doubts.append(f"{name} is not in the build context: the users that it names were not seen")


def unknown_users(files: StageFiles, users: Container[str]) -> Iterator[tuple[str, str]]:
    """(where, name) of the users and groups that the copied configuration names and that are not known."""
    for where, text in _texts(files):
        for match in _USER.finditer(text):
            for name in (found.decode("ascii") for found in match.groups() if found):
                if name not in users and not known_user(name, "alpine"):
                    yield where, name


def odd_interpreters(files: StageFiles) -> Iterator[tuple[str, str]]:
    """(where, program) of copied scripts below a folder of CGI programs that Alpine's image has no interpreter for."""
    context = files.context
    for copy in files.copies:
        if context is None or "cgi-bin" not in (copy.target or copy.destination or ""):
            continue
        for path in copied_files(context, files):
            inside = copy.source == "." or path == copy.source or path.startswith(f"{copy.source}/")
            first = (context.read(path, _LARGEST) or b"").partition(b"\n")[0] if inside else b""
            words = first[2:].split() if first.startswith(b"#!") else []
            name = words[-1 if words[:1] == [b"/usr/bin/env"] else 0].rpartition(b"/")[2] if words else b""
            if name not in (b"", b"sh", b"ash"):
                yield path, name.decode("ascii", "replace")


def unseen_settings(files: StageFiles) -> Iterator[str]:
    """Configuration that is copied and is not in the context: its users were not seen."""
    for copy in files.copies:
        if files.context is not None and copy.source.endswith(_ENDINGS) and files.context.kind(copy.source) is None:
            yield copy.source


def _texts(files: StageFiles) -> Iterator[tuple[str, bytes]]:
    for stage in files.stage.lineage:
        for instruction in stage.instructions:
            if instruction.heredocs:
                yield f"line {instruction.line}", instruction.text.encode("utf-8", "surrogateescape")
    context = files.context
    if context is None:
        return
    names = [path for path in copied_files(context, files) if path.endswith(_ENDINGS)]
    for path in names[:_MOST_FILES]:
        yield path, context.read(path, _LARGEST) or b""
