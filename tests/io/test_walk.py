from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from rewriter.io.walk import find_dockerfiles, is_dockerfile_name

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from tests.io.conftest import Repo

TAKEN = (
    *("Dockerfile", "dockerfile", "DOCKERFILE", "DockerFile", "Dockerfile.prod", "dockerfile.prod"),
    *("Dockerfile.alpine3.20", "Dockerfile.go", "Dockerfile.python", "Dockerfile.py", "Dockerfile.test"),
    *("Dockerfile.test.alpine", "Dockerfile.txt", "prod.Dockerfile", "prod.dockerfile", "a.b.DOCKERFILE"),
    *(".dockerfile", "Containerfile", "containerfile", "Containerfile.dev", "Containerfile-dev"),
    *("CONTAINERFILE_2", "Dockerfile.nix"),
)
NOT_TAKEN = (
    *("Dockerfile.dockerignore", "prod.Dockerfile.dockerignore", "Containerfile.dockerignore"),
    *("Dockerfile~", "Dockerfile.orig", "Dockerfile.rej", "Dockerfile.bak", "Dockerfile.swp"),
    *("Dockerfile.md", "Dockerfile.j2", "dockerfile.J2", "Dockerfile.tmpl", "Dockerfile.template"),
    *("Dockerfile.erb", "Dockerfile.in", "Dockerfile.mustache", "Dockerfile.yml", "Dockerfile.patch"),
    *("prod.Dockerfile.j2", "Containerfile.in", "Dockerfile.test.ts", "dockerfile.go", "dockerfile.py"),
    *("DockerFile.cs", "containerfile_test.go", "ContainerFileSystem.cs", "Containerfiles"),
    *("._a.Dockerfile", "Dockerfile-dev", "mydockerfile", "Dockerfiles", "docker-compose.yml", "Makefile"),
)


@pytest.mark.parametrize("name", TAKEN)
def test_taken(name: str) -> None:
    assert is_dockerfile_name(name)


@pytest.mark.parametrize("name", [*NOT_TAKEN, "Dockerfile\n~", ""])
def test_not_taken(name: str) -> None:
    assert not is_dockerfile_name(name)


def found(path: Path) -> list[str]:
    paths = list(find_dockerfiles(path))
    assert paths == sorted(paths)
    return [each.relative_to(path).as_posix() for each in paths]


def lay_out(folder: Path, *files: str) -> None:
    for name in files:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"FROM scratch\n")


TREE = ("Dockerfile", "b/Dockerfile.dev", "b/c/x.dockerfile", "a/Containerfile", "README.md", "b/Dockerfile.j2")
VENDORED = ("vendor/x/Dockerfile", "b/node_modules/p/Dockerfile", ".venv/Dockerfile", "third_party/Dockerfile")


def test_plain_folder(tmp_path: Path) -> None:
    lay_out(tmp_path, *TREE, *VENDORED)
    assert found(tmp_path) == ["Dockerfile", "a/Containerfile", "b/Dockerfile.dev", "b/c/x.dockerfile"]


def test_named_paths_are_always_taken(tmp_path: Path) -> None:
    lay_out(tmp_path, "vendor/x/Dockerfile", "vendor/Makefile")
    for path in (tmp_path / "vendor" / "Makefile", tmp_path / "nothing"):
        assert list(find_dockerfiles(path)) == [path]
    assert found(tmp_path / "vendor") == ["x/Dockerfile"]


def test_paths_as_the_user_writes_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, repo: Repo) -> None:
    lay_out(tmp_path / "plain", *TREE)
    monkeypatch.chdir(tmp_path / "plain")
    assert [str(path) for path in find_dockerfiles(Path())][:2] == ["Dockerfile", "a/Containerfile"]
    repo.write("sub/Dockerfile")
    monkeypatch.chdir(repo.path)
    assert [str(path) for path in find_dockerfiles(Path())] == ["sub/Dockerfile"]
    monkeypatch.chdir(repo.path / "sub")
    assert [str(path) for path in find_dockerfiles(Path(".."))] == ["../sub/Dockerfile"]


def test_an_untracked_folder_is_searched_from_within(repo: Repo) -> None:
    lay_out(repo.path, "new/deep/Dockerfile", "new/deep/DOCKERFILE.dev", "new/containerfile")
    assert found(repo.path / "new" / "deep") == ["DOCKERFILE.dev", "Dockerfile"]
    assert found(repo.path / "new") == ["containerfile", "deep/DOCKERFILE.dev", "deep/Dockerfile"]


def test_git_decides(repo: Repo) -> None:
    lay_out(repo.path, *TREE, *VENDORED, "build/Dockerfile", "forced/Dockerfile", "gone/Dockerfile")
    repo.write(".gitignore", "/build/\n/forced/\nx.*\n")
    repo.git("add", ".")
    repo.git("add", "-f", "forced")
    repo.git("commit", "-q", "-m", "all")
    (repo.path / "gone" / "Dockerfile").unlink()
    lay_out(repo.path, "new/Dockerfile")
    assert found(repo.path) == [
        "Dockerfile",
        "a/Containerfile",
        "b/Dockerfile.dev",
        "forced/Dockerfile",
        "new/Dockerfile",
    ]
    assert found(repo.path / "b") == ["Dockerfile.dev"]


def test_an_ignored_folder_asked_for_by_name(repo: Repo) -> None:
    lay_out(repo.path, "build/x/Dockerfile")
    repo.write(".gitignore", "build\n")
    assert found(repo.path) == []
    assert found(repo.path / "build") == ["x/Dockerfile"]
    assert found(repo.path / "build" / "x") == ["Dockerfile"]


def test_every_repository_of_a_folder(tmp_path: Path, new_repo: Callable[[str], Repo]) -> None:
    for name in ("work/one", "work/two"):
        repo = new_repo(name)
        lay_out(repo.path, "Dockerfile", "out/Dockerfile")
        repo.write(".gitignore", "out\n")
    assert found(tmp_path / "work") == ["one/Dockerfile", "two/Dockerfile"]


def test_what_only_looks_like_a_repository(tmp_path: Path) -> None:
    lay_out(tmp_path, "sub/Dockerfile")
    (tmp_path / "sub" / ".git").write_text("gitdir: nowhere")
    assert found(tmp_path) == found(tmp_path / "sub" / "..") == ["sub/Dockerfile"]


def test_other_repositories_inside_are_left_out(repo: Repo, new_repo: Callable[[str], Repo]) -> None:
    other = new_repo("other")
    other.commit("Dockerfile")
    repo.commit("Dockerfile")
    repo.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(other.path), "sub")
    new_repo("repo/untracked").commit("Dockerfile")
    assert found(repo.path) == ["Dockerfile"]
    assert found(repo.path / "sub") == ["Dockerfile"]
    assert found(repo.path / "untracked") == ["Dockerfile"]


def test_worktree(repo: Repo, tmp_path: Path) -> None:
    repo.commit("Dockerfile")
    repo.git("worktree", "add", "-q", str(tmp_path / "tree"))
    assert found(tmp_path / "tree") == ["Dockerfile"]


def test_merge_conflict_is_listed_once(repo: Repo) -> None:
    repo.commit("Dockerfile", "FROM a\n")
    repo.git("switch", "-q", "-c", "other")
    repo.commit("Dockerfile", "FROM b\n")
    repo.git("switch", "-q", "main")
    repo.commit("Dockerfile", "FROM c\n")
    repo.git("merge", "other", check=False)
    assert found(repo.path) == ["Dockerfile"]


def test_links(tmp_path: Path) -> None:
    root = tmp_path / "root"
    lay_out(tmp_path, "root/docker/Dockerfile.prod", "root/docker/base", "outside/Dockerfile")
    links = {
        "Dockerfile": "docker/Dockerfile.prod",
        "z.Dockerfile": "docker/Dockerfile.prod",
        "a/Dockerfile": "../docker/base",
        "b/Dockerfile": "../docker/base",
        "Dockerfile.out": "../outside/Dockerfile",
        "Dockerfile.dangling": "nothing",
        "Dockerfile.loop": "Dockerfile.loop",
        "Dockerfile.dir": "docker",
        "docker/up": "..",
        "again": "docker",
    }
    for name, target in links.items():
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).symlink_to(target)
    expected = ["a/Dockerfile", "docker/Dockerfile.prod"]
    assert found(root) == expected
    subprocess.run(["git", "init", "-q"], cwd=root, check=True)
    assert found(root) == expected
    # within a repository a link may lead out of the folder that was asked for
    assert found(root / "b") == ["Dockerfile"]
    (tmp_path / "alias").symlink_to("root")
    assert found(tmp_path / "alias") == expected


def test_no_regular_files(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").mkdir()
    os.mkfifo(tmp_path / "Dockerfile.pipe")
    assert found(tmp_path) == []


def test_hostile_names(repo: Repo) -> None:
    for name in (b"new\nline", b"\xff", b"-x", b'quo"te', b" ", b"*", b":(icase)"):
        folder = os.fsencode(repo.path) + b"/" + name
        os.mkdir(folder)
        with open(folder + b"/Dockerfile", "wb"):
            pass
    assert len(found(repo.path)) == 7
    repo.git("add", ".")
    assert len(found(repo.path)) == 7
    subprocess.run(["rm", "-rf", repo.path / ".git"], check=True)
    assert len(found(repo.path)) == 7


def test_unreadable_folder(public_folder: Path, as_nobody: Callable[[], AbstractContextManager[None]]) -> None:
    lay_out(public_folder, "Dockerfile", "closed/Dockerfile")
    (public_folder / "closed").chmod(0)
    with as_nobody():
        assert found(public_folder) == ["Dockerfile"]


def test_without_git(repo: Repo, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    lay_out(repo.path, "Dockerfile", "ignored/Dockerfile", ".git/Dockerfile")
    repo.write(".gitignore", "ignored\n")
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    assert found(repo.path) == ["Dockerfile", "ignored/Dockerfile"]


def test_a_repository_runs_nothing_of_its_own(repo: Repo, tmp_path: Path) -> None:
    script = tmp_path / "script"
    script.write_text(f"#!/bin/sh\ntouch {tmp_path / 'ran'}\n")
    script.chmod(0o755)
    repo.write("Dockerfile")
    repo.git("config", "core.fsmonitor", str(script))
    repo.git("config", "core.hooksPath", str(tmp_path))
    assert found(repo.path) == ["Dockerfile"]
    assert not (tmp_path / "ran").exists()
    repo.git("status")
    assert (tmp_path / "ran").exists()  # git itself would have run it


def test_the_environment_of_a_hook_does_not_mislead(
    repo: Repo, new_repo: Callable[[str], Repo], monkeypatch: pytest.MonkeyPatch
) -> None:
    repo.write("Dockerfile")
    other = new_repo("other")
    monkeypatch.setenv("GIT_DIR", str(other.path / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(other.path / ".git" / "index"))
    monkeypatch.setenv("GIT_LITERAL_PATHSPECS", "1")
    assert found(repo.path) == ["Dockerfile"]


def test_index_is_left_alone(repo: Repo) -> None:
    path = repo.commit("Dockerfile")
    os.utime(path, (1, 1))  # git would like to write the new time into its index
    before = (repo.path / ".git" / "index").read_bytes()
    assert found(repo.path) == ["Dockerfile"]
    assert (repo.path / ".git" / "index").read_bytes() == before
