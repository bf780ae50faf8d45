"""Repositories of every shape, each with what a first visit must come to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from tests.bot.fake.state import FakeRepository, Files

GO: dict[str, str | None] = {
    "Dockerfile": 'FROM golang:1.18\nWORKDIR /app\nCOPY . .\nRUN go build -o /app/tides .\nCMD ["/app/tides"]\n',
    "go.mod": "module example.com/tides\n\ngo 1.18\n",
    "main.go": "package main\n\nfunc main() {}\n",
}
PYTHON: dict[str, str | None] = {
    "Dockerfile": "FROM python:3.11\nWORKDIR /app\nCOPY . .\nRUN pip install flask\nCMD python app.py\n",
    "app.py": "import flask\n\nflask.Flask(__name__).run()\n",
}
NODE: dict[str, str | None] = {
    "Dockerfile": 'FROM node:20\nWORKDIR /app\nCOPY . .\nRUN npm ci --omit=dev\nCMD ["node", "server.js"]\n',
    "package.json": '{"name": "tides", "dependencies": {"ms": "2.1.3"}}\n',
    "package-lock.json": '{"name": "tides", "lockfileVersion": 3, "packages": {}}\n',
    "server.js": "require('http').createServer((_, r) => r.end('ok')).listen(8080)\n",
}
TEXT = GO["Dockerfile"] or ""
DONE = 'FROM scratch\nCOPY tides /\nCMD ["/tides"]\n'


def _nothing(_: FakeRepository) -> None:
    """Nothing more is done to it."""


@dataclass(frozen=True)
class Shape:
    """A kind of repository."""

    name: str
    files: Files
    outcome: str = "opened"
    """What the visit comes to, for the file that it is about; ``unseen``: it is not even visited."""
    why: str = ""
    """A part of the reason."""
    more: dict[str, object] = field(default_factory=dict)
    """Of `FakeRepository`."""
    change: Callable[[FakeRepository], None] = _nothing
    """Done to it when it is there."""


def _refuse_pushes(repository: FakeRepository) -> None:
    """Protects all branches but main: what a server does when a rule forbids a branch."""
    hook = repository.git / "hooks" / "update"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text('#!/bin/sh\necho "GH006: Protected branch update failed for $1." >&2\nexit 1\n')
    hook.chmod(0o755)


def _branch_in_the_way(repository: FakeRepository) -> None:
    """Git cannot have a branch below the name of another."""
    repository.run("update-ref", "refs/heads/dfrewrite", repository.tip("main"))


def _rename_default(repository: FakeRepository) -> None:
    repository.run("update-ref", "refs/heads/trunk", repository.tip("main"))
    repository.run("symbolic-ref", "HEAD", "refs/heads/trunk")
    repository.run("update-ref", "-d", "refs/heads/main")
    repository.default_branch = "trunk"


def _at(path: str) -> Files:
    """A service with its Dockerfile, and all that belongs to it, in a folder or under another name."""
    folder, _, name = path.rpartition("/")
    place = f"{folder}/" if folder else ""
    return {f"{place}{name if key == 'Dockerfile' else key}": text for key, text in GO.items()}


SHAPES = (
    Shape("go", GO),
    Shape("python", PYTHON),
    Shape("node", NODE),
    Shape("large", {**GO, **{f"doc/{n // 100}/{n}.md": f"{n}\n" for n in range(5000)}}),
    Shape("trunk", GO, change=_rename_default),
    Shape("in-a-folder", _at("services/api/Dockerfile")),
    Shape("deep", _at("/".join(f"level-{n}" for n in range(40)) + "/Dockerfile")),
    Shape("named", _at("Dockerfile.dev")),
    Shape("containerfile", _at("Containerfile")),
    Shape("blank-in-path", _at("my service/Dockerfile")),
    Shape("umlaut-in-path", _at("dienste/größe/Dockerfile")),
    Shape("option-in-path", _at("--help/Dockerfile")),
    Shape("shell-in-path", _at("$(touch pwned);x/Dockerfile")),
    Shape("quote-in-path", _at("a\"b'c/Dockerfile")),
    Shape("line-end-in-path", _at("a\nb/Dockerfile")),
    Shape("crlf", {**GO, "Dockerfile": TEXT.replace("\n", "\r\n")}),
    Shape("bom", {**GO, "Dockerfile": "\ufeff" + TEXT}),
    Shape("mention", {**GO, "Dockerfile": f"# @everyone <img src=x> #1 ``` --> \n{TEXT}"}),
    Shape("executable", {**GO, "Dockerfile": ("100755", TEXT)}),
    Shape(
        "submodule",
        {**GO, "vendor/x": ("160000", "1" * 40), ".gitmodules": '[submodule "x"]\npath = vendor/x\nurl = ..\n'},
    ),
    Shape("filtered", {**GO, ".gitattributes": "* filter=lfs eol=crlf working-tree-encoding=UTF-16\n"}),
    Shape("link-inside", {**GO, "docker/Dockerfile": ("120000", "../Dockerfile")}),
    Shape("empty", {}, "left alone", "it is empty"),
    Shape("no-dockerfile", {"README.md": "x"}, "left alone", "it has no Dockerfile"),
    Shape("done", {**GO, "Dockerfile": DONE}, "left alone", ""),
    Shape("archived", GO, "unseen", more={"archived": True}),
    Shape("forked", GO, "unseen", more={"fork": True}),
    Shape("no-rights", GO, "left alone", "may not push", {"pushers": set()}),
    Shape("opted-out", {**GO, "dfrewrite.toml": "enabled = false\n"}, "left alone", "enabled = false"),
    Shape("bad-configuration", {**GO, "dfrewrite.toml": "enabled = = 1\n"}, "left alone", "is no valid TOML"),
    Shape("pragma", {**GO, "Dockerfile": f"# dfrewrite: ignore-file\n{TEXT}"}, "left alone", "its pragma asks"),
    Shape("protected", GO, "failed", "the push was refused", change=_refuse_pushes),
    Shape("branch-in-the-way", GO, "failed", "", change=_branch_in_the_way),
    Shape("unreadable", {**GO, "Dockerfile": "FROM\nRUN <<\n"}, "left alone", "line 1"),
    Shape("binary", {**GO, "Dockerfile": ("100644", b"\x7fELF\x00\x01\x02" * 99)}, "left alone", ""),
    Shape("link-outside", {"Dockerfile": ("120000", "/etc/passwd")}, "left alone", "no Dockerfile"),
    Shape("link-loop", {"Dockerfile": ("120000", "Dockerfile")}, "left alone", ""),
    Shape(
        "context-outside", {**GO, "dfrewrite.toml": 'context = "../.."\n'}, "left alone", "leads out of the repository"
    ),
)
"""The first ones are as most repositories are; each is there once, and the first three fill up a fleet."""
