"""GitContext over real repositories: it answers as DirectoryContext does for a checkout, without one."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

import rewriter.io.context_dir
import rewriter.io.context_git
import rewriter.io.git_objects
import rewriter.io.git_tree
from rewriter.io.context_dir import DirectoryContext
from rewriter.io.context_git import GitContext
from rewriter.io.git_objects import GitObjects
from rewriter.io.git_tree import GitTree

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from tests.io.conftest import Repo

POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"


def commit(repo: Repo, files: Mapping[str, bytes | str], links: Mapping[str, str] | None = None) -> None:
    for name, content in files.items():
        repo.write(name, content)
    for name, target in (links or {}).items():
        (repo.path / name).parent.mkdir(parents=True, exist_ok=True)
        (repo.path / name).symlink_to(target)
    repo.git("add", "-A", "-f")
    repo.git("commit", "-q", "--allow-empty", "-m", "files")


def entries_in(repo: Repo, *lines: str) -> str:
    """The id of a commit whose tree holds entries that git itself would never write, as `<mode> <name> <id>` each."""
    data = b""
    for line in lines:
        mode, name, oid = line.split(" ")
        data += f"{mode} {name}\0".encode() + bytes.fromhex(oid)
    answer = subprocess.run(
        ["git", "hash-object", "-t", "tree", "--literally", "-w", "--stdin"],
        cwd=repo.path,
        input=data,
        capture_output=True,
        check=True,
    )
    return repo.text("commit-tree", "-m", "hostile", answer.stdout.decode().strip())


@pytest.fixture
def open_tree() -> Iterator[Callable[..., GitTree]]:
    opened: list[GitTree] = []

    def open_one(path: Path, commit: str = "HEAD") -> GitTree:
        opened.append(GitTree(path, commit))
        return opened[-1]

    yield open_one
    for tree in opened:
        tree.close()


_FOLDERS = st.lists(st.sampled_from(["a", "b", "é"]), max_size=3)
_PATHS = st.tuples(_FOLDERS, st.sampled_from(["a", "b", "c.py", "d", ".x"])).map(lambda p: "/".join([*p[0], p[1]]))
_TARGETS = st.sampled_from(["a", "b", "..", "../a", "a/b", "../../b", "/a", "c.py", "b/../a", ".", "nothing", "a//b/"])
_RULES = st.lists(
    st.sampled_from(["a", "*", "**/b", "!a/b", "!**/*.py", "d/*", "!d", "*/d", "!b/**", "é", ".git"]), max_size=4
)


@given(
    files=st.dictionaries(_PATHS, st.binary(max_size=3), max_size=8),
    links=st.dictionaries(_PATHS, _TARGETS, max_size=4),
    rules=_RULES,
    own=st.none() | _RULES,
    place=st.tuples(st.sampled_from(["", "a", "a/b", "d", "nothing"]), st.sampled_from(["", "a", "b", "a/b"])),
)
def test_agrees_with_a_checkout(
    tmp_path_factory: pytest.TempPathFactory,
    files: dict[str, bytes],
    links: dict[str, str],
    rules: list[str],
    own: list[str] | None,
    place: tuple[str, str],
) -> None:
    folder, beside = place
    dockerfile = f"{beside}/Dockerfile" if beside else "Dockerfile"
    files = {**files, f"{folder}/.dockerignore" if folder else ".dockerignore": "\n".join(rules).encode()}
    if own is not None:
        files[dockerfile + ".dockerignore"] = "\n".join(own).encode()
    top = tmp_path_factory.mktemp("checkout")
    names = {*lay_out(top, files), *link(top, links)}
    git = ["git", "-C", str(top), "-c", "core.autocrlf=false"]
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "add", "-A", "-f"], check=True)
    subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "all"], check=True)
    with GitTree(top) as tree:
        ours = GitContext(tree, folder, dockerfile)
        theirs = DirectoryContext(top / folder, top / dockerfile)
        assert ours.files() == theirs.files()
        assert ours.truncated == theirs.truncated
        assert ours.dockerignore.problems == theirs.dockerignore.problems
        above = {name[:at] for name in names for at, char in enumerate(name) if char == "/"}
        whole = {*names, *above, ".git", "", "nothing", "../a", "a/../b", f"{dockerfile}.dockerignore"}
        for path in whole | {name.removeprefix(folder + "/") for name in whole}:
            assert (ours.kind(path), ours.read(path)) == (theirs.kind(path), theirs.read(path)), path


def lay_out(top: Path, files: Mapping[str, bytes]) -> Iterator[str]:
    """Writes the files that fit beside those written before."""
    for name, content in sorted(files.items(), key=lambda item: (item[0].count("/"), item[0]), reverse=True):
        path = top / name
        if not path.exists() and not any(parent.is_file() for parent in path.parents):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            yield name


def link(top: Path, links: Mapping[str, str]) -> Iterator[str]:
    for name, target in links.items():
        path = top / name
        if path.parent.is_dir() and not os.path.lexists(path):
            path.symlink_to(target)
            yield name


def test_bare_or_not_and_at_a_commit(repo: Repo, tmp_path: Path, open_tree: Callable[..., GitTree]) -> None:
    commit(repo, {"sub/a": "1"})
    repo.git("tag", "-a", "-m", "one", "v1")
    commit(repo, {"sub/a": "2", "sub/b": "3"})
    repo.git("clone", "-q", "--bare", ".", str(tmp_path / "bare"))
    for path in (repo.path, repo.path / "sub", tmp_path / "bare"):
        tree = open_tree(path)
        assert GitContext(tree, "sub").files() == ("a", "b")
        assert GitContext(tree, "/sub/").read("a") == b"2"
        old = GitContext(open_tree(path, "v1"), "sub")
        assert (old.files(), old.read("a")) == (("a",), b"1")
    repo.write("sub/a", "not committed")
    assert GitContext(open_tree(repo.path), "sub").read("a") == b"2"
    assert GitContext(open_tree(repo.path, repo.text("rev-parse", "HEAD:sub"))).files() == ("a", "b")
    assert GitContext(open_tree(tmp_path / "bare", "v1"), "sub").label == f"{tmp_path / 'bare'}@v1:sub"


@pytest.mark.parametrize(
    "name", ["nothing", "HEAD:sub/a", "HEAD\nHEAD", "HEAD\0x", "x" * 70_000, "--help", "", "HEAD blob 1", "\ud800"]
)
def test_no_such_commit(repo: Repo, open_tree: Callable[..., GitTree], name: str) -> None:
    commit(repo, {"sub/a": "1"})
    tree = open_tree(repo.path, name)
    context = GitContext(tree, "", "sub/Dockerfile")
    assert (tree.root, context.files(), context.truncated) == (None, (), False)
    assert (context.kind("sub"), context.kind("."), context.read("sub/a")) == (None, "dir", None)
    assert context.dockerignore.patterns == ()


def test_no_repository(tmp_path: Path, open_tree: Callable[..., GitTree], monkeypatch: pytest.MonkeyPatch) -> None:
    assert GitContext(open_tree(tmp_path)).files() == ()
    assert GitContext(open_tree(tmp_path / "nothing")).files() == ()
    monkeypatch.setenv("PATH", str(tmp_path))
    assert GitContext(open_tree(tmp_path)).files() == ()


def test_no_such_folder(repo: Repo, open_tree: Callable[..., GitTree]) -> None:
    commit(repo, {"a": "1", ".dockerignore": "*"}, {"out": "../else", "around": "around"})
    for folder in ("nothing", "a", "out", "around"):
        context = GitContext(open_tree(repo.path), folder, f"{folder}/Dockerfile")
        assert (context.files(), context.kind("a"), context.kind("."), context.read("a")) == ((), None, "dir", None)


def test_the_folder_of_git_is_there_and_empty(repo: Repo, open_tree: Callable[..., GitTree]) -> None:
    commit(repo, {"a": "", "sub/a": ""})
    tree = open_tree(repo.path)
    assert [GitContext(tree).kind(path) for path in (".git", ".git/HEAD", "sub/.git")] == ["dir", None, None]
    assert GitContext(tree, "sub").kind(".git") is None
    commit(repo, {".dockerignore": ".git"})
    assert GitContext(open_tree(repo.path)).kind(".git") is None


def test_symbolic_links(repo: Repo, open_tree: Callable[..., GitTree]) -> None:
    links = {"file": "real/a", "real/up": "../real/a", "out": "../secret", "real/back": ".."}
    links |= {"dir": "real", "ping": "pong", "pong": "ping", "odd": "real/a/"}
    commit(repo, {"real/a": "a", "secret": "s"}, {f"root/{name}": target for name, target in links.items()})
    commit(repo, {"root/real/a": "a"})
    context = GitContext(open_tree(repo.path), "root")
    assert context.files() == ("file", "odd", "real/a", "real/up")
    assert {context.read(path) for path in (*context.files(), "dir/a", "real/back/dir/up")} == {b"a"}
    assert [context.read(path) for path in ("out", "ping", "../secret", "dir/../secret")] == [None] * 4
    assert context.kind("real/back") == context.kind("dir") == "dir"
    led = dict(context.links())
    assert (led["dir"], led["file"], led["real/up"], led["real/back"]) == ("real", "real/a", "real/a", "")
    assert led["out"] == led["ping"] == ""


def test_rules_beside_the_dockerfile_come_first(repo: Repo, open_tree: Callable[..., GitTree]) -> None:
    commit(
        repo,
        {"src/a": "", "src/b": "", "src/.dockerignore": "a\n.*", "src/sub/Dockerfile.dockerignore": "b\nsub\n.*"}
        | {"docker/Dockerfile.dockerignore": "src\n*", "docker/D.dockerignore": "\xff["},
    )
    tree = open_tree(repo.path)
    assert GitContext(tree, "src").files() == ("b", "sub/Dockerfile.dockerignore")
    assert GitContext(tree, "src", "src/other").files() == ("b", "sub/Dockerfile.dockerignore")
    assert GitContext(tree, "src", "src/sub/Dockerfile").files() == ("a",)
    assert GitContext(tree, "src", "docker/Dockerfile").files() == ()
    assert "a" in GitContext(tree, "src", "docker/D").files()
    assert GitContext(tree, "src", "docker/D").dockerignore.problems
    assert GitContext(tree, "src", "nothing/Dockerfile").files() == ("b", "sub/Dockerfile.dockerignore")


def test_submodules_are_empty_folders(new_repo: Callable[[str], Repo], open_tree: Callable[..., GitTree]) -> None:
    inner, outer = new_repo("inner"), new_repo("outer")
    inner.commit("a")
    outer.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(inner.path), "sub")
    outer.git("commit", "-q", "-m", "submodule")
    context = GitContext(open_tree(outer.path))
    assert context.files() == (".gitmodules",)
    assert (context.kind("sub"), context.kind("sub/a"), context.read("sub/a")) == ("dir", None, None)


def test_a_pointer_is_not_the_content(repo: Repo, open_tree: Callable[..., GitTree]) -> None:
    commit(repo, {"big.bin": POINTER, "about-lfs.txt": "The " + POINTER})
    context = GitContext(open_tree(repo.path))
    assert context.files() == ("about-lfs.txt", "big.bin")
    assert (context.kind("big.bin"), context.read("big.bin")) == ("file", None)
    assert context.read("about-lfs.txt") == b"The " + POINTER.encode()


def test_size_limit(repo: Repo, open_tree: Callable[..., GitTree]) -> None:
    commit(repo, {"a": "12345", "large": bytes(1_000_001), "b": "b"})
    context = GitContext(open_tree(repo.path))
    assert [context.read("a", limit=limit) for limit in (4, 5, 4)] == [None, b"12345", None]
    assert [context.read("large"), context.read("b"), context.read("large")] == [None, b"b", None]
    assert context.read("large", limit=2_000_000) == bytes(1_000_001)


def test_listing_is_bounded(repo: Repo, open_tree: Callable[..., GitTree], monkeypatch: pytest.MonkeyPatch) -> None:
    commit(repo, {"a/x/1": "", "a/x/2": "", "z": "", "b/3": "", "b/x/4": ""})
    for module in (rewriter.io.context_git, rewriter.io.context_dir):
        monkeypatch.setattr(module, "MAX_FILES", 2)
    context = GitContext(open_tree(repo.path))
    assert (context.files(), context.truncated) == (DirectoryContext(repo.path).files(), True)
    assert context.files() == ("b/3", "z")
    assert not GitContext(open_tree(repo.path), "a").truncated
    assert GitContext(open_tree(repo.path), "a/x").files() == ("1", "2")


def test_too_much_that_is_ignored(
    repo: Repo, open_tree: Callable[..., GitTree], monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (rewriter.io.context_git, rewriter.io.context_dir):
        monkeypatch.setattr(module, "_MAX_LOOKS", 3)
    commit(repo, {".dockerignore": "**/*.o\n!**/x", "a.o": "", "b.o": "", "c.o": "", "z": ""})
    context, checkout = GitContext(open_tree(repo.path)), DirectoryContext(repo.path)
    assert (context.files(), context.truncated) == (checkout.files(), checkout.truncated)


def test_little_is_hoarded(repo: Repo, open_tree: Callable[..., GitTree], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rewriter.io.git_tree, "_MAX_REMEMBERED", 1)
    monkeypatch.setattr(rewriter.io.git_tree, "_MAX_ENTRIES", 0)
    commit(repo, {"sub/a": "aa"})
    context = GitContext(open_tree(repo.path))
    assert [context.read("sub/a"), context.read("sub/a"), context.files()] == [b"aa", b"aa", ("sub/a",)]


def test_hostile_names(repo: Repo, open_tree: Callable[..., GitTree]) -> None:
    names = [b"new\nline", b"not-utf8-\xff", b" ", b"-rf", b'quote"', "é".encode()]
    for name in names:
        with open(os.fsencode(repo.path) + b"/" + name, "wb") as file:
            file.write(name)
    commit(repo, {})
    context = GitContext(open_tree(repo.path))
    assert sorted(os.fsencode(name) for name in context.files()) == sorted(names)
    for listed in context.files():
        assert (context.read(listed), context.kind(listed)) == (os.fsencode(listed), "file")


def test_trees_that_git_would_not_write(repo: Repo, open_tree: Callable[..., GitTree]) -> None:
    commit(repo, {"a": "a", "sub/b": "b", "nul": "a\0", "empty": "", "long": "./" * 2048 + "a"})
    blob, sub = repo.text("rev-parse", "HEAD:a"), repo.text("rev-parse", "HEAD:sub")
    lines = [f"100644 {name} {blob}" for name in ("a", "..", ".", "x/y", ".git", ".GIT", "")]
    odd = [f"40000 sub {sub}", f"40000 blob {blob}", f"100644 tree {sub}", f"60000 device {blob}", f"9 mode {blob}"]
    links = [f"120000 to-{name} {repo.text('rev-parse', 'HEAD:' + name)}" for name in ("nul", "empty", "long", "a")]
    context = GitContext(open_tree(repo.path, entries_in(repo, *lines, *odd, *links)))
    assert context.files() == ("a", "sub/b", "to-a", "tree")
    assert [context.read(path) for path in ("a", "tree", "blob/x", "device", "mode")] == [b"a"] + [None] * 4
    assert (context.kind(".git"), context.kind("blob"), context.kind("device")) == ("dir", "dir", None)


def test_a_tree_that_holds_itself_many_times(repo: Repo, open_tree: Callable[..., GitTree]) -> None:
    commit(repo, {"a": "a"})
    found = entries_in(repo, f"100644 a {repo.text('rev-parse', 'HEAD:a')}")
    for _ in range(12):
        inner = repo.text("rev-parse", found + "^{tree}")
        found = entries_in(repo, *(f"40000 {name} {inner}" for name in "abcdefghij"))
    context = GitContext(open_tree(repo.path, found))
    assert context.truncated
    assert context.read("a/b/c/d/e/f/g/h/i/j/a/b/a") == b"a"


def test_missing_and_damaged_objects(repo: Repo, open_tree: Callable[..., GitTree]) -> None:
    commit(repo, {"gone": "gone", "damaged": "damaged", "sub/a": "a", "fine": "fine"})
    for name in ("gone", "sub", "damaged"):
        oid = repo.text("rev-parse", f"HEAD:{name}")
        path = repo.path / ".git" / "objects" / oid[:2] / oid[2:]
        path.chmod(0o600)
        if name == "damaged":
            path.write_bytes(b"not zlib")
        else:
            path.unlink()
    context = GitContext(open_tree(repo.path))
    assert context.files() == ("damaged", "fine", "gone")
    assert [context.read(name) for name in ("gone", "damaged", "sub/a", "fine")] == [None, None, None, b"fine"]
    assert (context.kind("gone"), context.kind("sub"), context.kind("sub/a")) == ("file", "dir", None)


def test_ids_of_256_bits(tmp_path: Path, open_tree: Callable[..., GitTree]) -> None:
    git = ["git", "-C", str(tmp_path)]
    subprocess.run([*git, "init", "-q", "--object-format=sha256"], check=True)
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a").write_text("a")
    subprocess.run([*git, "add", "-A"], check=True)
    subprocess.run([*git, "commit", "-q", "-m", "a"], check=True)
    context = GitContext(open_tree(tmp_path))
    assert (context.files(), context.read("sub/a")) == (("sub/a",), b"a")


def test_a_repository_runs_nothing(repo: Repo, tmp_path: Path, open_tree: Callable[..., GitTree]) -> None:
    marker = tmp_path / "ran"
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\necho ran >>{marker}\ncat\n")
    program.chmod(0o755)
    commit(repo, {"a": "a", ".gitattributes": "* filter=evil diff=evil ident text eol=crlf"})
    for name in ("core.fsmonitor", "core.pager", "pager.cat-file", "filter.evil.smudge", "filter.evil.process"):
        repo.git("config", name, str(program))
    for name in ("diff.evil.textconv", "core.sshCommand", "core.alternateRefsCommand"):
        repo.git("config", name, str(program))
    for hook in ("post-checkout", "reference-transaction", "post-index-change"):
        (repo.path / ".git" / "hooks" / hook).write_bytes(program.read_bytes())
        (repo.path / ".git" / "hooks" / hook).chmod(0o755)
    context = GitContext(open_tree(repo.path))
    assert (context.files(), context.read("a")) == ((".gitattributes", "a"), b"a")
    assert not marker.exists()


@pytest.mark.parametrize("url", ["file://", "", "ext::"])
@pytest.mark.parametrize("older", [False, True])
def test_a_partial_clone_fetches_nothing(
    repo: Repo,
    tmp_path: Path,
    open_tree: Callable[..., GitTree],
    monkeypatch: pytest.MonkeyPatch,
    url: str,
    older: bool,
) -> None:
    if older:  # one that does not know this variable
        monkeypatch.delitem(rewriter.io.git_objects._VARIABLES, "GIT_NO_LAZY_FETCH")
    commit(repo, {"a": "a", "b": "b"})
    repo.git("config", "uploadpack.allowFilter", "true")
    repo.git("clone", "-q", "--bare", "--filter=blob:none", f"file://{repo.path}", str(tmp_path / "partial"))
    marker = tmp_path / "ran"
    program = tmp_path / "program"
    program.write_text(f'#!/bin/sh\necho ran >>{marker}\nexec git-upload-pack "$@"\n')
    program.chmod(0o755)
    for name, value in {
        "remote.origin.url": f"ext::{program} {repo.path}" if url == "ext::" else f"{url}{repo.path}",
        "remote.origin.uploadpack": str(program),
        "protocol.allow": "always",
        "protocol.ext.allow": "always",
        "protocol.file.allow": "always",
    }.items():
        subprocess.run(["git", "config", name, value], cwd=tmp_path / "partial", check=True)
    context = GitContext(open_tree(tmp_path / "partial"))
    assert context.files() == ("a", "b")
    assert (context.read("a"), context.read("b"), context.kind("a")) == (None, None, "file")
    assert not marker.exists()


def test_variables_of_a_hook_point_elsewhere(
    new_repo: Callable[[str], Repo], open_tree: Callable[..., GitTree], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, other = new_repo("asked"), new_repo("other")
    commit(asked, {"a": "a"})
    commit(other, {"b": "b"})
    monkeypatch.setenv("GIT_DIR", str(other.path / ".git"))
    assert GitContext(open_tree(asked.path)).files() == ("a",)


def test_replaced_objects_are_not_what_the_id_says(repo: Repo, open_tree: Callable[..., GitTree]) -> None:
    commit(repo, {"a": "a", "b": "b"})
    repo.git("replace", repo.text("rev-parse", "HEAD:a"), repo.text("rev-parse", "HEAD:b"))
    assert GitContext(open_tree(repo.path)).read("a") == b"a"


def test_the_process_is_started_again(repo: Repo) -> None:
    commit(repo, {"a": "a", "b": "b", "c": "c"})
    objects = GitObjects(repo.path)
    assert objects.get("HEAD:a", 10) is not None
    assert objects._process is not None
    objects._process._process.kill()
    objects._process._process.wait()
    assert objects.get("HEAD:b", 10) is not None
    objects.close()
    objects.close()
    found = objects.get("HEAD:c", 10)
    assert found is not None
    assert (found.kind, found.content) == ("blob", b"c")
    objects.close()


def test_a_git_that_does_not_answer(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rewriter.io.git_objects._PATIENCE", 0.2)
    commit(repo, {"a": "a"})
    oid = repo.text("rev-parse", "HEAD:a")
    path = repo.path / ".git" / "objects" / oid[:2] / oid[2:]
    path.unlink()
    os.mkfifo(path)
    with GitTree(repo.path) as tree:
        assert GitContext(tree).files() == ("a",)
        assert GitContext(tree).read("a") is None


def test_no_process_is_left_behind(repo: Repo) -> None:
    commit(repo, {"a": "a"})
    objects = GitObjects(repo.path)
    assert objects.get("HEAD:a", 10) is not None
    assert objects._process is not None
    process = objects._process._process
    del objects
    assert process.poll() is not None
