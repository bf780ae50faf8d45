from __future__ import annotations

import difflib
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rewriter.io.files import Unwritable
from rewriter.io.patch import patch_root, path_in_patch, quote_git_path, write_patch

if TYPE_CHECKING:
    from tests.io.conftest import Repo


def diff(name: str, before: bytes, after: bytes) -> str:
    """A plain unified diff, lines ending as in the file."""
    old, new = (text.decode("utf-8", "surrogateescape") for text in (before, after))
    out = []
    for line in difflib.unified_diff(split(old), split(new), f"a/{name}", f"b/{name}"):
        out.append(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n")
    return "".join(out)


def split(text: str) -> list[str]:
    return re.findall(r"[^\n]*\n|[^\n]+", text)


TEXTS = {
    "plain": (b"FROM a\nRUN b\n", b"FROM c\nRUN b\n"),
    "crlf": (b"FROM a\r\nRUN b\r\n", b"FROM c\r\nRUN b\r\nUSER x\r\n"),
    "mixed": (b"FROM a\r\nRUN b\nCMD c\r\n", b"FROM c\r\nRUN b\nCMD d\r\n"),
    "no newline at the end": (b"FROM a\nRUN b", b"FROM c\nRUN b"),
    "newline added": (b"FROM a\nRUN b", b"FROM a\nRUN b\n"),
    "newline taken": (b"FROM a\nRUN b\n", b"FROM a\nRUN b"),
    "crlf without the last": (b"FROM a\r\nRUN b", b"FROM c\r\nRUN d"),
    "not utf-8": (b"FROM a\n# \xff\xe9\n", b"FROM c\n# \xff\xe9\n"),
    "bom": (b"\xef\xbb\xbfFROM a\n", b"\xef\xbb\xbfFROM c\n"),
    "form feed and friends": (b"FROM a\n# \x0c\x85\xe2\x80\xa8\rx\n", b"FROM c\n# \x0c\x85\xe2\x80\xa8\rx\n"),
}
NAMES = [
    "Dockerfile",
    "sub/dir/Dockerfile",
    "with space/Dockerfile.a b",
    "ünïcode/Dockerfile",
    'quo"te',
    "back\\slash",
    "tab\there",
    "new\nline",
    os.fsdecode(b"not-utf8-\xff"),
    "-dash",
    "a/b/a/Dockerfile",
    "\x01\x7f",
    " leading",
    "trailing ",
]


@pytest.mark.parametrize("kind", TEXTS)
def test_git_applies_it(repo: Repo, tmp_path: Path, kind: str) -> None:
    before, after = TEXTS[kind]
    path = repo.commit("Dockerfile", before)
    write_patch(tmp_path / "x.patch", [("Dockerfile", diff("Dockerfile", before, after))])
    repo.git("apply", "--check", str(tmp_path / "x.patch"))
    repo.git("apply", str(tmp_path / "x.patch"))
    assert path.read_bytes() == after


@pytest.mark.parametrize("name", NAMES, ids=repr)
def test_any_name(repo: Repo, tmp_path: Path, name: str) -> None:
    before, after = TEXTS["plain"]
    path = repo.commit(name, before)
    write_patch(tmp_path / "x.patch", [(path_in_patch(path, patch_root(path)), diff("whatever", before, after))])
    repo.git("apply", "--index", str(tmp_path / "x.patch"))
    assert path.read_bytes() == after
    repo.git("apply", "-R", str(tmp_path / "x.patch"))
    assert path.read_bytes() == before


@pytest.mark.parametrize("name", NAMES, ids=repr)
def test_names_as_git_quotes_them(repo: Repo, name: str) -> None:
    repo.commit(name)
    assert repo.git("ls-files").decode().rstrip("\n") == quote_git_path(name)


def test_several_files(repo: Repo, tmp_path: Path) -> None:
    before, after = TEXTS["crlf"]
    for name in ("a/Dockerfile", "b/Dockerfile"):
        repo.commit(name, before)
    diffs = [(name, diff(name, before, after)) for name in ("a/Dockerfile", "b/Dockerfile")]
    write_patch(tmp_path / "x.patch", [diffs[0], ("c/Dockerfile", ""), diffs[1]])
    repo.git("apply", str(tmp_path / "x.patch"))
    assert [(repo.path / name).read_bytes() for name, _ in diffs] == [after, after]


def test_within_a_subfolder(repo: Repo, tmp_path: Path) -> None:
    before, after = TEXTS["plain"]
    path = repo.commit("sub/Dockerfile", before)
    assert patch_root(path) == patch_root(path.parent) == repo.path
    write_patch(tmp_path / "x.patch", [("sub/Dockerfile", diff("sub/Dockerfile", before, after))])
    subprocess.run(["git", "apply", tmp_path / "x.patch"], cwd=path.parent, check=True)
    assert path.read_bytes() == after


def test_autocrlf(repo: Repo, tmp_path: Path) -> None:
    repo.git("config", "core.autocrlf", "true")
    before, after = TEXTS["crlf"]
    path = repo.commit("Dockerfile", before)
    write_patch(tmp_path / "x.patch", [("Dockerfile", diff("Dockerfile", before, after))])
    repo.git("apply", "--check", str(tmp_path / "x.patch"))
    repo.git("apply", str(tmp_path / "x.patch"))
    assert path.read_bytes() == after


def test_outside_of_a_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before, after = TEXTS["plain"]
    (tmp_path / "sub").mkdir()
    path = tmp_path / "sub" / "Dockerfile"
    path.write_bytes(before)
    monkeypatch.chdir(tmp_path)
    assert patch_root(path) == tmp_path
    name = path_in_patch(Path("sub/Dockerfile"), patch_root(path))
    assert name == "sub/Dockerfile"
    write_patch(Path("x.patch"), [(name, diff(name, before, after))])
    subprocess.run(["git", "apply", "x.patch"], cwd=tmp_path, check=True)
    assert path.read_bytes() == after
    if shutil.which("patch"):
        path.write_bytes(before)
        subprocess.run(["patch", "-p1", "-s", "-i", "x.patch"], cwd=tmp_path, check=True)
        assert path.read_bytes() == after


def test_a_link_is_patched_where_it_leads(repo: Repo) -> None:
    repo.commit("docker/prod")
    (repo.path / "Dockerfile").symlink_to("docker/prod")
    assert path_in_patch(repo.path / "Dockerfile", repo.path) == "docker/prod"


def test_out_of_reach(tmp_path: Path, repo: Repo) -> None:
    for path in (tmp_path / "Dockerfile", repo.path / ".." / "..x", tmp_path):
        with pytest.raises(Unwritable, match="where no patch reaches"):
            path_in_patch(path, repo.path)
    assert path_in_patch(repo.path / "..x", repo.path) == "..x"


def test_git_headers_are_replaced(repo: Repo, tmp_path: Path) -> None:
    before, after = TEXTS["plain"]
    repo.commit("Dockerfile", before)
    repo.write("Dockerfile", after)
    text = repo.git("diff", "--no-index", "--no-color", "/dev/null", "Dockerfile", check=False).decode()
    assert text.startswith("diff --git ")
    text = "diff --git a/x b/x\n" + diff("x", before, after)
    write_patch(tmp_path / "x.patch", [("Dockerfile", text)])
    assert (tmp_path / "x.patch").read_bytes().count(b"diff --git") == 1
    repo.git("apply", "-R", str(tmp_path / "x.patch"))


def test_standard_output(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    write_patch("-", [("Dockerfile", diff("Dockerfile", *TEXTS["crlf"]))])
    assert capsysbinary.readouterr().out.startswith(
        b"diff --git a/Dockerfile b/Dockerfile\n--- a/Dockerfile\n+++ b/Dockerfile\n"
        b"@@ -1,2 +1,3 @@\n-FROM a\r\n+FROM c\r\n"
    )


def test_nothing_to_patch(tmp_path: Path) -> None:
    (tmp_path / "x.patch").write_text("an older patch")
    write_patch(tmp_path / "x.patch", [])
    assert (tmp_path / "x.patch").read_bytes() == b""


def test_no_diff_and_no_place(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="the diff of a does not begin"):
        write_patch(tmp_path / "x.patch", [("a", "@@ -1 +1 @@\n")])
    with pytest.raises(Unwritable):
        write_patch(tmp_path / "nothing" / "x.patch", [])
    assert list(tmp_path.iterdir()) == []


@given(st.binary(min_size=1))
def test_quoting_loses_nothing(name: bytes) -> None:
    quoted = quote_git_path(os.fsdecode(name))
    if not quoted.startswith('"'):
        assert os.fsencode(quoted) == name
        return
    letters = {"a": 7, "b": 8, "t": 9, "n": 10, "v": 11, "f": 12, "r": 13, '"': 34, "\\": 92}
    parts = re.findall(r"\\([0-7]{3})|\\(.)|(.)", quoted[1:-1])
    assert bytes(int(o, 8) if o else letters[e] if e else ord(c) for o, e, c in parts) == name
    assert quoted.isascii()
    assert quoted.isprintable()
