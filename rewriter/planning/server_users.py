"""Users that the configuration of a web server names, and that Alpine does not have: it would not start."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator

from rewriter.model.files import StageFiles
from rewriter.planning.mentions import copied_files
from rewriter.userland.runtime import known_user

_ENDINGS = (".conf", ".template", ".tmpl", ".j2", ".cfg")
_USER = re.compile(
    rb"^[ \t]*(?:user|User|Group)[ \t]+[\"']?([A-Za-z_][\w-]*)(?:[ \t]+([A-Za-z_][\w-]*))?[\"']?[ \t]*;?", re.M
)
_MOST_FILES = 300
_LARGEST = 1_000_000  # bytes of one file


def unknown_users(files: StageFiles, users: Container[str]) -> Iterator[tuple[str, str]]:
    """(where, name) of the users and groups that the copied configuration names and that are not known."""
    for where, text in _texts(files):
        for match in _USER.finditer(text):
            for name in (found.decode("ascii") for found in match.groups() if found):
                if name not in users and not known_user(name, "alpine"):
                    yield where, name


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
