from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from rewriter.io.git import Commit, GitRefused, make_branch

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from tests.io.conftest import Repo

OLD, NEW = b"FROM a\nRUN b\n", b"FROM c\nRUN b\n"


def commit(*files: tuple[Path, bytes], subject: str = "swap the base", body: str = "Because.") -> Commit:
    return Commit(subject, body, dict(files))


def state(repo: Repo) -> tuple[object, ...]:
    """All that must not change: HEAD, status, the index byte for byte, and the work tree with its times."""
    index = Path(repo.text("rev-parse", "--path-format=absolute", "--git-path", "index"))
    tree = {}
    for folder, folders, names in os.walk(repo.path):
        folders[:] = [name for name in folders if name != ".git"]
        for name in names:
            status = os.lstat(os.path.join(folder, name))
            tree[os.path.join(folder, name)] = (status.st_mtime_ns, status.st_ino, status.st_mode, status.st_size)
    before = index.read_bytes(), index.stat().st_mtime_ns, tree
    head = (
        repo.git("rev-parse", "--symbolic-full-name", "HEAD"),
        repo.git("rev-parse", "HEAD"),
        repo.git("stash", "list"),
    )
    return *before, head, repo.git("--no-optional-locks", "status", "--porcelain", "--ignored")


def refs(repo: Repo) -> bytes:
    return repo.git("for-each-ref")


def refused(repo: Repo, *commits: Commit, name: str = "dfrewrite/x", at: Path | None = None) -> str:
    before = state(repo), refs(repo)
    with pytest.raises(GitRefused) as caught:
        make_branch(at or repo.path, name, commits)
    assert (state(repo), refs(repo)) == before
    message = str(caught.value)
    assert "\n" not in message
    assert message
    return message


def test_plain(repo: Repo) -> None:
    path = repo.commit("sub/Dockerfile", OLD)
    repo.commit("other", "x")
    before = state(repo)
    tip = make_branch(repo.path, "dfrewrite/x", [commit((path, NEW))])
    assert state(repo) == before
    assert repo.text("rev-parse", "dfrewrite/x") == tip
    assert repo.text("rev-parse", "dfrewrite/x^") == repo.text("rev-parse", "HEAD")
    assert repo.git("show", "dfrewrite/x:sub/Dockerfile") == NEW
    assert repo.text("diff", "--name-status", "HEAD", "dfrewrite/x") == "M\tsub/Dockerfile"
    assert repo.git("show", "-s", "--format=%an <%ae>%n%cn%n%B", tip) == (
        b"Tester <tester@example.org>\nTester\nswap the base\n\nBecause.\n\n"
    )
    assert repo.text("reflog", "show", "dfrewrite/x").endswith("branch: Created by dfrewrite")
    assert repo.text("fsck", "--strict", "--no-dangling") == ""
    assert repo.text("for-each-ref", "--format=%(upstream)", "refs/heads/dfrewrite/x") == ""


def test_one_commit_per_item(repo: Repo) -> None:
    one, two = repo.commit("one", OLD), repo.commit("two", OLD)
    commits = [
        commit((one, NEW), (two, NEW), subject="first", body=""),
        commit((one, NEW + b"USER x\n"), subject=" second\nline ", body="\n\nlong\n\ntext\n\n"),
    ]
    make_branch(repo.path, "b", commits)
    assert repo.text("log", "--format=%s", "main..b") == "second line\nfirst"
    assert repo.git("log", "--format=%B", "-1", "b") == b"second line\n\nlong\n\ntext\n\n"
    assert repo.git("log", "--format=%B", "-1", "b^") == b"first\n\n"
    assert repo.text("diff", "--name-only", "main", "b^") == "one\ntwo"
    assert repo.text("diff", "--name-only", "b^", "b") == "one"
    assert repo.git("show", "b:one") == NEW + b"USER x\n"
    assert repo.git("show", "b:two") == NEW


def test_from_a_subfolder_and_by_relative_path(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    path = repo.commit("sub/Dockerfile", OLD)
    make_branch(path.parent, "b", [commit((path, NEW))])
    make_branch(path, "c", [commit((path, NEW))])
    monkeypatch.chdir(path.parent)
    make_branch(Path(), "d", [commit((Path("Dockerfile"), NEW))])
    make_branch(Path(".."), "e", [commit((Path("../sub/Dockerfile"), NEW))])
    trees = {repo.text("rev-parse", f"{name}^{{tree}}") for name in "bcde"}
    assert len(trees) == 1
    assert repo.git("show", "e:sub/Dockerfile") == NEW


def test_through_a_linked_folder(repo: Repo, tmp_path: Path) -> None:
    repo.commit("sub/Dockerfile", OLD)
    (tmp_path / "alias").symlink_to("repo/sub")
    make_branch(tmp_path / "alias", "b", [commit((tmp_path / "alias" / "Dockerfile", NEW))])
    assert repo.git("show", "b:sub/Dockerfile") == NEW


def test_worktree(repo: Repo, tmp_path: Path) -> None:
    repo.commit("Dockerfile", OLD)
    repo.git("worktree", "add", "-q", "-b", "side", str(tmp_path / "tree"))
    tree = type(repo)(tmp_path / "tree")
    path = tree.commit("Dockerfile", OLD + b"USER x\n")
    before = state(repo), state(tree)
    make_branch(tree.path, "b", [commit((path, NEW))])
    assert (state(repo), state(tree)) == before
    assert repo.text("rev-parse", "b^") == repo.text("rev-parse", "side")
    refused(repo, commit((path, NEW)), name="c")  # the file is the other work tree's


def test_submodule(repo: Repo, new_repo: Callable[[str], Repo]) -> None:
    other = new_repo("other")
    other.commit("Dockerfile", OLD)
    repo.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(other.path), "sub")
    repo.git("commit", "-q", "-m", "sub")
    sub = type(repo)(repo.path / "sub")
    path = sub.path / "Dockerfile"
    before = state(repo), state(sub)
    make_branch(sub.path, "b", [commit((path, NEW))])
    assert (state(repo), state(sub)) == before
    assert sub.git("show", "b:Dockerfile") == NEW
    assert repo.text("branch", "--list", "b") == ""
    assert "is not in the last commit" in refused(repo, commit((path, NEW)))
    # and what the outer repository commits keeps the submodule
    make_branch(repo.path, "c", [commit((repo.path / ".gitmodules", b"# new\n"))])
    assert repo.text("diff", "--name-only", "HEAD", "c") == ".gitmodules"


def test_detached_head_and_a_dirty_neighbour(repo: Repo) -> None:
    path = repo.commit("Dockerfile", OLD)
    repo.commit("staged", "1")
    repo.commit("dirty", "1")
    repo.git("checkout", "-q", "--detach")
    repo.write("staged", "2")
    repo.git("add", "staged")
    repo.write("dirty", "2")
    repo.write("untracked", "2")
    before = state(repo)
    make_branch(repo.path, "b", [commit((path, NEW))])
    assert state(repo) == before
    assert repo.text("diff", "--name-only", "HEAD", "b") == "Dockerfile"


def test_in_the_middle_of_a_rebase(repo: Repo) -> None:
    path = repo.commit("Dockerfile", OLD)
    repo.commit("x", "1")
    repo.git("switch", "-q", "-c", "side", "HEAD^")
    repo.commit("x", "2")
    repo.git("rebase", "main", check=False)
    assert (repo.path / ".git" / "rebase-merge").exists()
    before = state(repo)
    make_branch(repo.path, "b", [commit((path, NEW))])
    assert state(repo) == before


def test_hooks_do_not_run(repo: Repo, tmp_path: Path) -> None:
    path = repo.commit("Dockerfile", OLD)
    for hook in ("pre-commit", "commit-msg", "post-commit", "reference-transaction", "post-index-change"):
        script = repo.path / ".git" / "hooks" / hook
        script.parent.mkdir(exist_ok=True)
        script.write_text(f"#!/bin/sh\ntouch '{tmp_path}/ran-{hook}'\nexit 1\n")
        script.chmod(0o755)
    make_branch(repo.path, "b", [commit((path, NEW))])
    assert list(tmp_path.glob("ran-*")) == []
    assert repo.git("show", "b:Dockerfile") == NEW
    repo.git("branch", "c", check=False)
    assert (tmp_path / "ran-reference-transaction").exists()  # git itself would have run it


def test_executable_stays_executable(repo: Repo) -> None:
    repo.write("Dockerfile", OLD).chmod(0o755)
    path = repo.commit("Dockerfile", OLD)
    make_branch(repo.path, "b", [commit((path, NEW))])
    assert repo.text("ls-tree", "b", "Dockerfile").startswith("100755 ")


@pytest.mark.parametrize(
    "name", ["ünï/Dockerfile", "a b", "new\nline", "*", os.fsdecode(b"\xff"), ":(top)x", "-x", 'q"']
)
def test_names(repo: Repo, name: str) -> None:
    path = repo.commit("x/y", OLD).parent.parent / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(OLD)
    repo.git("add", ".")
    repo.git("commit", "-q", "-m", "all")
    before = state(repo)
    make_branch(repo.path, "b", [commit((path, NEW))])
    assert state(repo) == before
    assert os.fsdecode(repo.git("diff", "-z", "--name-only", "HEAD", "b")) == name + "\0"


def changed_lines(repo: Repo, branch: str) -> list[bytes]:
    lines = repo.git("diff", "-U0", "HEAD", branch).split(b"\n")
    return [line for line in lines if line[:1] in b"+-" and line[:3] not in (b"+++", b"---", b"")]


CRLF_OLD, CRLF_NEW = OLD.replace(b"\n", b"\r\n"), NEW.replace(b"\n", b"\r\n")


@pytest.mark.parametrize("how", ["core.autocrlf=true", "* text=auto eol=crlf", "* text eol=crlf", "* -text", ""])
def test_line_endings(repo: Repo, how: str) -> None:
    """Whatever git makes of line endings, the commit has the lines that we changed and no other."""
    if how.startswith("core"):
        repo.git("config", *how.split("="))
    elif how:
        repo.commit(".gitattributes", how + "\n")
    path = repo.commit("Dockerfile", CRLF_OLD)
    stored = repo.git("cat-file", "blob", "HEAD:Dockerfile")
    assert (b"\r" in stored) == (how in ("* -text", ""))
    before = state(repo)
    make_branch(repo.path, "b", [commit((path, CRLF_NEW))])
    assert state(repo) == before
    end = b"\r" if b"\r" in stored else b""
    assert changed_lines(repo, "b") == [b"-FROM a" + end, b"+FROM c" + end]
    repo.git("switch", "-q", "b")
    assert path.read_bytes() == CRLF_NEW
    assert repo.git("status", "--porcelain") == b""


def test_line_endings_that_git_would_like_to_normalise(repo: Repo) -> None:
    path = repo.commit("Dockerfile", CRLF_OLD)
    repo.git("config", "core.autocrlf", "true")  # from now on, but what is stored is stored
    make_branch(repo.path, "b", [commit((path, CRLF_NEW))])
    assert changed_lines(repo, "b") == [b"-FROM a\r", b"+FROM c\r"]


def test_line_endings_as_stored_under_autocrlf(repo: Repo) -> None:
    repo.git("config", "core.autocrlf", "true")
    path = repo.commit("Dockerfile", OLD)
    make_branch(repo.path, "b", [commit((path, NEW))])
    assert changed_lines(repo, "b") == [b"-FROM a", b"+FROM c"]


def test_safecrlf_does_not_stand_in_the_way(repo: Repo) -> None:
    repo.git("config", "core.autocrlf", "true")
    path = repo.commit("Dockerfile", CRLF_OLD)
    repo.git("config", "core.safecrlf", "true")
    make_branch(repo.path, "b", [commit((path, CRLF_NEW + b"USER x\n"))])
    assert repo.git("show", "b:Dockerfile") == NEW + b"USER x\n"


def test_changed_line_endings_are_a_change(repo: Repo) -> None:
    path = repo.commit("Dockerfile", OLD)
    path.write_bytes(CRLF_OLD)
    assert "has uncommitted changes" in refused(repo, commit((path, CRLF_NEW)))


def test_uncommitted_changes(repo: Repo) -> None:
    path = repo.commit("Dockerfile", OLD)
    path.write_bytes(NEW)
    assert "has uncommitted changes" in refused(repo, commit((path, OLD)))
    repo.git("add", "Dockerfile")
    assert "has staged changes" in refused(repo, commit((path, OLD)))
    path.write_bytes(OLD)  # staged only
    assert "has staged changes" in refused(repo, commit((path, NEW)))
    repo.git("reset", "-q", "--hard")
    path.chmod(0o755)
    assert "has uncommitted changes" in refused(repo, commit((path, NEW)))
    repo.git("config", "core.fileMode", "false")
    make_branch(repo.path, "b", [commit((path, NEW))])
    assert repo.text("ls-tree", "b", "Dockerfile").startswith("100644 ")


def test_gone(repo: Repo) -> None:
    path = repo.commit("Dockerfile", OLD)
    path.unlink()
    assert "has uncommitted changes" in refused(repo, commit((path, NEW)))
    repo.git("rm", "-q", "--cached", "Dockerfile")
    assert "has staged changes" in refused(repo, commit((path, NEW)))


def test_too_large(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    path = repo.commit("Dockerfile", OLD)
    monkeypatch.setattr("rewriter.io.git._MAX_SIZE", 3)
    assert "is too large" in refused(repo, commit((path, NEW)))


def test_conflict(repo: Repo) -> None:
    path = repo.commit("Dockerfile", OLD)
    repo.git("switch", "-q", "-c", "other")
    repo.commit("Dockerfile", b"x\n")
    repo.git("switch", "-q", "main")
    repo.commit("Dockerfile", b"y\n")
    repo.git("merge", "other", check=False)
    assert "has staged changes" in refused(repo, commit((path, NEW)))


def test_not_tracked(repo: Repo, tmp_path: Path) -> None:
    repo.commit(".gitignore", "ignored\n")
    for name in ("untracked", "ignored", "added", "intended"):
        repo.write(name, OLD)
    repo.git("add", "added")
    repo.git("add", "-N", "intended")
    for name in ("untracked", "ignored", "added", "intended", "missing"):
        assert "is not in the last commit" in refused(repo, commit((repo.path / name, NEW)))
    assert "lies outside of the repository" in refused(repo, commit((tmp_path / "Dockerfile", NEW)))


def test_links_and_folders(repo: Repo) -> None:
    repo.commit("real/Dockerfile", OLD)
    (repo.path / "Dockerfile").symlink_to("real/Dockerfile")
    repo.git("add", ".")
    repo.git("commit", "-q", "-m", "link")
    for name in ("Dockerfile", "real"):
        assert "is a symbolic link or a folder" in refused(repo, commit((repo.path / name, NEW)))
    (repo.path / "real" / "Dockerfile").unlink()
    (repo.path / "real" / "Dockerfile").symlink_to("../other")
    assert "has uncommitted changes" in refused(repo, commit((repo.path / "real" / "Dockerfile", NEW)))


def test_filters_are_refused_and_not_run(repo: Repo, tmp_path: Path) -> None:
    path = repo.commit("Dockerfile", OLD)
    repo.commit(".gitattributes", "Dockerfile filter=lfs\n")
    repo.git("config", "filter.lfs.clean", f"touch '{tmp_path}/ran'; cat")
    assert "passes through the git filter 'lfs'" in refused(repo, commit((path, NEW)))
    (tmp_path / "ran").unlink(missing_ok=True)  # status runs it
    with pytest.raises(GitRefused):
        make_branch(repo.path, "b", [commit((path, NEW))])
    assert not (tmp_path / "ran").exists()
    repo.commit(".gitattributes", "Dockerfile -filter\n")
    make_branch(repo.path, "b", [commit((path, NEW))])


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("main", "the branch 'main' exists already"),
        ("a..b", "'a..b' is no valid name for a branch"),
        ("-x", "'-x' is no valid name for a branch"),
        ("", "'' is no valid name for a branch"),
        ("HEAD", "'HEAD' is no valid name for a branch"),
        ("a b", "'a b' is no valid name for a branch"),
        ("@{-1}", "'@{-1}' is no valid name for a branch"),
        ("a.lock", "'a.lock' is no valid name for a branch"),
        ("main/x", "git update-ref: "),
    ],
)
def test_branch_names(repo: Repo, name: str, reason: str) -> None:
    path = repo.commit("Dockerfile", OLD)
    repo.git("switch", "-q", "-c", "side")
    message = refused(repo, commit((path, NEW)), name=name)
    assert message.startswith(reason)


def test_nothing_to_commit(repo: Repo) -> None:
    path = repo.commit("Dockerfile", OLD)
    assert refused(repo) == "there is nothing to commit"
    assert refused(repo, commit((path, NEW)), commit((path, NEW), subject="again")) == (
        "the commit 'again' would change nothing"
    )


def test_no_identity(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    path = repo.commit("Dockerfile", OLD)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    assert refused(repo, commit((path, NEW))) == "git does not know who commits: set user.name and user.email"
    monkeypatch.setenv("EMAIL", "someone@example.org")
    refused(repo, commit((path, NEW)))
    for person in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{person}_NAME", person.title())
        monkeypatch.setenv(f"GIT_{person}_EMAIL", "a@example.org")
    make_branch(repo.path, "b", [commit((path, NEW))])
    assert repo.text("log", "-1", "--format=%an %cn", "b") == "Author Committer"


def test_no_place_for_a_branch(tmp_path: Path, repo: Repo, new_repo: Callable[[str], Repo]) -> None:
    plain = tmp_path / "plain"
    plain.mkdir()
    (plain / "Dockerfile").write_bytes(OLD)
    with pytest.raises(GitRefused, match="not a git repository"):
        make_branch(plain, "b", [commit((plain / "Dockerfile", NEW))])
    with pytest.raises(GitRefused, match="git cannot be run in"):
        make_branch(tmp_path / "nothing" / "x", "b", [commit((plain / "Dockerfile", NEW))])
    path = repo.write("Dockerfile", OLD)
    with pytest.raises(GitRefused, match="has no commit yet"):
        make_branch(repo.path, "b", [commit((path, NEW))])
    repo.commit("Dockerfile", OLD)
    subprocess.run(["git", "clone", "-q", "--bare", repo.path, tmp_path / "bare"], check=True)
    for folder in (tmp_path / "bare", repo.path / ".git"):
        with pytest.raises(GitRefused, match="must be run in a work tree"):
            make_branch(folder, "b", [commit((path, NEW))])


def test_git_is_missing(repo: Repo, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = repo.commit("Dockerfile", OLD)
    with monkeypatch.context() as patch:
        patch.setenv("PATH", str(tmp_path / "nothing"))
        with pytest.raises(GitRefused, match="git cannot be run"):
            make_branch(repo.path, "b", [commit((path, NEW))])
        code = "import rewriter.io.git"
        subprocess.run([sys.executable, "-c", code], check=True)


def test_the_environment_of_a_hook_does_not_mislead(
    repo: Repo, new_repo: Callable[[str], Repo], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = repo.commit("Dockerfile", OLD)
    other = new_repo("other")
    other.commit("Dockerfile", b"other\n")
    before = state(repo), state(other), refs(other)
    with monkeypatch.context() as patch:
        for name, value in {
            "GIT_DIR": ".git",
            "GIT_WORK_TREE": ".",
            "GIT_INDEX_FILE": ".git/index",
            "GIT_OBJECT_DIRECTORY": ".git/objects",
            "GIT_COMMON_DIR": ".git",
        }.items():
            patch.setenv(name, str(other.path / value))
        patch.setenv("GIT_NAMESPACE", "elsewhere")
        make_branch(repo.path, "b", [commit((path, NEW))])
    assert (state(repo), state(other), refs(other)) == before
    assert repo.git("show", "b:Dockerfile") == NEW


def test_split_index_and_other_settings(repo: Repo) -> None:
    path = repo.commit("Dockerfile", OLD)
    for key, value in {
        "core.splitIndex": "true",
        "core.untrackedCache": "true",
        "i18n.commitEncoding": "latin1",
        "core.quotePath": "false",
        "core.logAllRefUpdates": "false",
    }.items():
        repo.git("config", key, value)
    listing = sorted(os.listdir(repo.path / ".git"))
    before = state(repo)
    make_branch(repo.path, "b", [commit((path, NEW), body="ü — \udcff")])
    assert state(repo) == before
    assert sorted(os.listdir(repo.path / ".git")) == sorted({*listing, "logs"} if "logs" in listing else listing)
    raw = repo.git("cat-file", "commit", "b")
    assert b"encoding" not in raw
    assert raw.endswith("ü — \\udcff\n".encode())


def test_sha256(tmp_path: Path, new_repo: Callable[[str], Repo]) -> None:
    repo = new_repo("plain")
    other = type(repo)(tmp_path / "long")
    subprocess.run(["git", "init", "-q", "--object-format=sha256", other.path], check=True)
    path = other.commit("Dockerfile", OLD)
    assert len(make_branch(other.path, "b", [commit((path, NEW))])) == 64


def test_sparse_checkout(repo: Repo) -> None:
    path = repo.commit("in/Dockerfile", OLD)
    repo.commit("out/Dockerfile", OLD)
    repo.git("sparse-checkout", "set", "--cone", "--sparse-index", "in")
    assert not (repo.path / "out").exists()
    make_branch(repo.path, "b", [commit((path, NEW))])
    assert repo.text("diff", "--name-only", "HEAD", "b") == "in/Dockerfile"
    assert "has uncommitted changes" in refused(repo, commit((repo.path / "out" / "Dockerfile", NEW)), name="c")


@pytest.fixture
def signing_key(tmp_path: Path) -> Path:
    key = tmp_path / "key"
    try:
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    except OSError:
        pytest.skip("no ssh-keygen")
    return key


def test_signed_where_asked_for(repo: Repo, signing_key: Path) -> None:
    path = repo.commit("Dockerfile", OLD)
    repo.git("config", "gpg.format", "ssh")
    repo.git("config", "user.signingKey", str(signing_key))
    make_branch(repo.path, "b", [commit((path, NEW))])
    assert b"gpgsig" not in repo.git("cat-file", "commit", "b")
    repo.git("config", "commit.gpgSign", "true")
    make_branch(repo.path, "c", [commit((path, NEW))])
    assert b"\ngpgsig -----BEGIN SSH SIGNATURE" in repo.git("cat-file", "commit", "c")
    signing_key.unlink()
    assert refused(repo, commit((path, NEW))).startswith("git commit-tree: ")


@pytest.mark.skipif(os.geteuid() != 0, reason="needs a repository of another user")
def test_a_repository_of_another_user(
    public_folder: Path, repo: Repo, as_nobody: Callable[[], AbstractContextManager[None]]
) -> None:
    other = type(repo)(public_folder)
    other.git("init", "-q")
    path = other.commit("Dockerfile", OLD)
    for folder, _, names in os.walk(public_folder):
        for name in ("", *names):
            os.lchown(os.path.join(folder, name), 1234, 1234)
    with pytest.raises(GitRefused, match="dubious ownership"):
        make_branch(public_folder, "b", [commit((path, NEW))])


def test_imported_only_where_it_is_needed() -> None:
    modules = ", ".join(f"rewriter.io.{name}" for name in ("walk", "patch", "files", "config", "context_dir"))
    code = f"import sys, {modules}; print('git' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout == b"False\n"


def test_permissions_of_the_work_tree_do_not_matter(repo: Repo) -> None:
    path = repo.commit("Dockerfile", OLD)
    path.chmod(0o400)
    make_branch(repo.path, "b", [commit((path, NEW))])
    assert stat.S_IMODE(path.stat().st_mode) == 0o400
