"""DictContext, and DirectoryContext on real folders; what both promise is tested on both."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING, TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

import rewriter.context
import rewriter.io.context_dir
from rewriter.context import BuildContext, DictContext
from rewriter.io.context_dir import DirectoryContext

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager
    from pathlib import Path


def in_memory(_: Path, mapping: Mapping[str, bytes | str]) -> BuildContext:
    return DictContext(mapping)


def on_disk(folder: Path, mapping: Mapping[str, bytes | str]) -> BuildContext:
    lay_out(folder, mapping)
    return DirectoryContext(folder)


def lay_out(folder: Path, mapping: Mapping[str, bytes | str]) -> None:
    folder.mkdir(exist_ok=True)
    for name, content in mapping.items():
        path = folder / name
        if name.endswith("/"):
            path.mkdir(parents=True, exist_ok=True)
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)


@pytest.fixture(params=[in_memory, on_disk])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[Mapping[str, bytes | str]], BuildContext]:
    return lambda mapping: request.param(tmp_path / "context", mapping)


Make: TypeAlias = "Callable[[Mapping[str, bytes | str]], BuildContext]"


def test_files_contents_and_kinds(make: Make) -> None:
    context = make({"b/c.txt": "c", "a.txt": b"a\xff", "b-d": "", "empty/": "", ".git/HEAD": "ref", "b/.git/x": ""})
    assert context.files() == ("a.txt", "b-d", "b/c.txt")
    assert not context.truncated
    assert context.read("a.txt") == b"a\xff"
    assert context.read("/b/./c.txt") == b"c"
    assert context.read("../../b/c.txt") == b"c"
    assert [context.read(path) for path in ("b", "c.txt", "a.txt/x", "", ".", "nothing/at/all", "a\0b")] == [None] * 7
    assert [context.kind(path) for path in ("", ".", "/", "b", "b/", "empty", ".git")] == ["dir"] * 7
    assert [context.kind(path) for path in ("a.txt", "b/c.txt", "./b-d")] == ["file"] * 3
    assert [context.kind(path) for path in ("c", "a.txt/x", "b/d", "a\0b")] == [None] * 4


def test_size_limit(make: Make) -> None:
    context = make({"a": b"12345"})
    assert context.read("a", limit=4) is None
    assert context.read("a", limit=5) == b"12345"
    assert context.read("a", limit=4) is None
    assert make({"a": bytes(1_000_001)}).read("a") is None


def test_dockerignore(make: Make) -> None:
    mapping = {"a": "1", "out/b": "2", "out/keep/c": "3", "gone/d": "4", "gone/e/": "", ".git/HEAD": ""}
    context = make({**mapping, ".dockerignore": "a\nout\n!out/keep\ngone\n.dockerignore\n.git\n"})
    assert context.files() == ("out/keep/c",)
    assert [context.read(path) for path in ("a", "out/b", "out/keep/c")] == [None, None, b"3"]
    # the folder is ignored, and yet a COPY of it finds what the exception brings back
    assert context.kind("out") == "dir"
    assert [context.kind(path) for path in ("a", "out/b", "gone", "gone/e", "gone/d", ".git", ".git/HEAD")] == [
        None
    ] * 7


def test_exception_that_brings_nothing_back(make: Make) -> None:
    assert make({"out/b": "", ".dockerignore": "out\n!out/c\n"}).kind("out") is None


def test_a_broken_rule_is_named(make: Make) -> None:
    context = make({"a": "", ".dockerignore": "a\n[\n"})
    assert isinstance(context, DictContext | DirectoryContext)
    assert context.dockerignore.problems == ("line 2: malformed pattern '['",)
    assert context.files() == (".dockerignore",)


def test_listing_is_bounded(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rewriter.context, "MAX_FILES", 3)
    monkeypatch.setattr(rewriter.io.context_dir, "MAX_FILES", 3)
    context = make({f"f{number}": "" for number in range(3)})
    assert (len(context.files()), context.truncated) == (3, False)
    context = make({f"f{number}": "" for number in range(5)})
    assert (len(context.files()), context.truncated) == (3, True)


_NAMES = st.sampled_from(["a", "b", "c.py", "d", "é"])
_TREES = st.dictionaries(st.lists(_NAMES, min_size=1, max_size=4).map("/".join), st.binary(max_size=3), max_size=8)
_RULES = st.lists(st.sampled_from(["a", "*", "**/b", "!a/b", "!**/*.py", "d/*", "!d", "*/d", "!b/**", "é"]), max_size=4)


@given(_TREES, _RULES)
def test_memory_and_disk_agree(
    tmp_path_factory: pytest.TempPathFactory, tree: dict[str, bytes], rules: list[str]
) -> None:
    folders = {path[:at] for path in tree for at in range(len(path)) if path[at] == "/"}
    mapping = {path: content for path, content in tree.items() if path not in folders}
    mapping[".dockerignore"] = "\n".join(rules).encode()
    folder = tmp_path_factory.mktemp("tree")
    lay_out(folder, mapping)
    memory, disk = DictContext(mapping), DirectoryContext(folder)
    assert memory.files() == disk.files()
    for path in (*mapping, *folders, "nothing"):
        assert (memory.kind(path), memory.read(path)) == (disk.kind(path), disk.read(path)), path
    for path in disk.files():
        assert disk.kind(path) == "file"
        assert disk.read(path) == mapping[path]


def test_level_by_level(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rewriter.io.context_dir, "MAX_FILES", 2)
    lay_out(tmp_path, {"a/x/1": "", "a/x/2": "", "z": "", "b/3": ""})
    assert DirectoryContext(tmp_path).files() == ("b/3", "z")


def test_too_much_that_is_ignored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rewriter.io.context_dir, "_MAX_LOOKS", 3)
    lay_out(tmp_path, {".dockerignore": "**/*.o\n!**/x", "a.o": "", "b.o": "", "c.o": "", "z": ""})
    context = DirectoryContext(tmp_path)
    assert context.truncated
    assert context.files() == (".dockerignore",)


@pytest.mark.parametrize("name", ["Dockerfile", "sub/prod.Dockerfile"])
def test_rules_beside_the_dockerfile_come_first(tmp_path: Path, name: str) -> None:
    lay_out(
        tmp_path, {"a": "", "b": "", ".dockerignore": "a", name: "", name + ".dockerignore": "b\n*ockerf*\nsub\n.d*"}
    )
    assert DirectoryContext(tmp_path, tmp_path / name).files() == ("a",)
    assert "b" in DirectoryContext(tmp_path, tmp_path / "other").files()


def test_dockerfile_outside_of_the_context(tmp_path: Path) -> None:
    lay_out(tmp_path, {"docker/Dockerfile": "", "docker/Dockerfile.dockerignore": "a", "src/a": "", "src/b": ""})
    assert DirectoryContext(tmp_path / "src", tmp_path / "docker" / "Dockerfile").files() == ("b",)


def test_rules_may_be_a_link_within_the_context(tmp_path: Path) -> None:
    lay_out(tmp_path, {"a": "", "rules": "a", "sub/Dockerfile": ""})
    (tmp_path / "sub" / "Dockerfile.dockerignore").symlink_to("../rules")
    assert "a" not in DirectoryContext(tmp_path, tmp_path / "sub" / "Dockerfile").files()
    (tmp_path / ".dockerignore").symlink_to("rules")
    assert "a" not in DirectoryContext(tmp_path).files()
    (tmp_path / ".dockerignore").unlink()
    lay_out(tmp_path.with_name(tmp_path.name + "-outside"), {"rules": "a"})
    (tmp_path / ".dockerignore").symlink_to(f"../{tmp_path.name}-outside/rules")
    assert "a" in DirectoryContext(tmp_path).files()


def test_symbolic_links(tmp_path: Path) -> None:
    root = tmp_path / "root"
    lay_out(
        tmp_path,
        {"secret": "s", "root/real/a": "a", "root/ignored": "i", "root/.dockerignore": "ignored\n.dockerignore"},
    )
    links = {
        "file": "real/a",
        "dir": "real",
        "twice": "dir/a",
        "real/up": "../real/a",
        "real/back": "..",
        "out": "../secret",
        "absolute": str(tmp_path / "secret"),
        "absolute-in": str(root / "real/a"),
        "out-and-in": "../root/real/a",
        "loop": "loop",
        "ping": "pong",
        "pong": "ping",
        "dangling": "nothing",
        "hidden": "ignored",
        "through": "real/a/../a",
    }
    for name, target in links.items():
        (root / name).symlink_to(target)
    context = DirectoryContext(root)
    assert context.files() == ("file", "real/a", "real/up", "twice")
    assert {context.read(path) for path in (*context.files(), "dir/a", "dir/up", "real/back/real/a")} == {b"a"}
    assert context.kind("dir") == context.kind("real/back") == context.kind("dir/back/dir") == "dir"
    nowhere = (
        "out",
        "absolute",
        "absolute-in",
        "out-and-in",
        "loop",
        "ping",
        "dangling",
        "hidden",
        "through",
        "dir/../secret",
    )
    for path in nowhere:
        assert (context.read(path), context.kind(path)) == (None, None), path


def test_a_root_that_is_a_link(tmp_path: Path) -> None:
    lay_out(tmp_path, {"real/a": "a"})
    (tmp_path / "link").symlink_to("real")
    context = DirectoryContext(tmp_path / "link")
    assert (context.label, context.files(), context.read("a")) == (str(tmp_path / "link"), ("a",), b"a")


def test_a_root_that_is_not_there(tmp_path: Path) -> None:
    context = DirectoryContext(tmp_path / "nothing", tmp_path / "nothing" / "Dockerfile")
    assert (context.files(), context.truncated) == ((), False)
    assert (context.kind("a"), context.kind("."), context.read("a")) == (None, "dir", None)


def test_git_file_of_a_worktree(tmp_path: Path) -> None:
    lay_out(tmp_path, {".git": "gitdir: elsewhere", "a": ""})
    context = DirectoryContext(tmp_path)
    assert (context.files(), context.kind(".git")) == (("a",), "file")


def test_hostile_names(tmp_path: Path) -> None:
    names = [b"new\nline", b"not-utf8-\xff", b" ", b"-rf", b'quote"', "é".encode()]
    for name in names:
        with open(os.fsencode(tmp_path) + b"/" + name, "wb") as file:
            file.write(name)
    context = DirectoryContext(tmp_path)
    assert sorted(os.fsencode(name) for name in context.files()) == sorted(names)
    for listed in context.files():
        assert context.read(listed) == os.fsencode(listed)
        assert context.kind(listed) == "file"
    assert context.kind("x" * 300) is None


def test_pipes_and_sockets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("pipe")
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket")
        context = DirectoryContext(tmp_path)
        assert context.files() == ()
        assert [context.kind(path) or context.read(path) for path in ("pipe", "link", "socket")] == [None] * 3


def test_unreadable(public_folder: Path, as_nobody: Callable[[], AbstractContextManager[None]]) -> None:
    lay_out(public_folder, {"a": "a", "closed/b": "b", "locked": "c"})
    (public_folder / "locked").chmod(0)
    (public_folder / "closed").chmod(0)
    with as_nobody():
        context = DirectoryContext(public_folder)
        assert context.files() == ("a", "locked")
        assert (context.read("locked"), context.read("closed/b")) == (None, None)
        assert (context.kind("closed"), context.kind("closed/b")) == ("dir", None)


def test_contents_are_remembered(tmp_path: Path) -> None:
    lay_out(tmp_path, {"a": "a"})
    context = DirectoryContext(tmp_path)
    assert (context.read("a"), context.files()) == (b"a", ("a",))
    (tmp_path / "a").write_text("changed")
    (tmp_path / "b").write_text("new")
    assert (context.read("a"), context.files()) == (b"a", ("a",))


def test_contents_are_not_hoarded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rewriter.io.context_dir, "_MAX_REMEMBERED", 1)
    lay_out(tmp_path, {"a": "aa"})
    context = DirectoryContext(tmp_path)
    assert context.read("a") == b"aa"
    (tmp_path / "a").write_text("bb")
    assert context.read("a") == b"bb"


def test_rules_that_cannot_be_read(public_folder: Path, as_nobody: Callable[[], AbstractContextManager[None]]) -> None:
    lay_out(public_folder, {"a": "", ".dockerignore": "a", "Dockerfile": "", "Dockerfile.dockerignore/": ""})
    assert "a" not in DirectoryContext(public_folder, public_folder / "Dockerfile").files()
    (public_folder / ".dockerignore").chmod(0)
    with as_nobody():
        assert "a" in DirectoryContext(public_folder, public_folder / "Dockerfile").files()
