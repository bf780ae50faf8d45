from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from rewriter.io.config import Config, ConfigError, load_config

if TYPE_CHECKING:
    from tests.io.conftest import Repo

ALL = """
level = "safe"
select = ["split_stages", "swap_base"]
skip = []
extend-select = ["static_binary"]
alpine = "3.20"
runtime = "slim"
context = "sub/dir"
target = "prod"
format = "json"
enabled = false

[build-arg]
VERSION = "1.2"
EMPTY = ""
"""


def test_all_keys(tmp_path: Path) -> None:
    path = tmp_path / "dfrewrite.toml"
    path.write_text(ALL)
    assert load_config(tmp_path) == Config(
        path=path,
        level="safe",
        select=("split_stages", "swap_base"),
        skip=(),
        extend_select=("static_binary",),
        alpine="3.20",
        runtime="slim",
        context=tmp_path / "sub" / "dir",
        target="prod",
        build_arg={"VERSION": "1.2", "EMPTY": ""},
        format="json",
        enabled=False,
    )


def test_nothing_found(tmp_path: Path, repo: Repo) -> None:
    assert load_config(tmp_path) == load_config(repo.path) == load_config(tmp_path / "nothing") == Config()


def test_search_upwards(repo: Repo, tmp_path: Path) -> None:
    (tmp_path / "dfrewrite.toml").write_text('level = "risky"')  # above the repository
    dockerfile = repo.write("a/b/Dockerfile")
    assert load_config(dockerfile) == Config()
    repo.write("dfrewrite.toml", 'level = "safe"')
    assert load_config(dockerfile).level == "safe"
    assert load_config(dockerfile.parent).path == repo.path / "dfrewrite.toml"
    repo.write("a/dfrewrite.toml", 'target = "x"')
    assert load_config(dockerfile) == Config(path=repo.path / "a" / "dfrewrite.toml", target="x")
    assert load_config(repo.path).level == "safe"


def test_without_a_repository_only_the_folder_itself(tmp_path: Path) -> None:
    (tmp_path / "dfrewrite.toml").write_text('level = "safe"')
    (tmp_path / "sub").mkdir()
    assert load_config(tmp_path).level == "safe"
    assert load_config(tmp_path / "sub") == Config()


def test_relative_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "dfrewrite.toml").write_text('level = "safe"')
    monkeypatch.chdir(tmp_path)
    assert load_config(Path()).level == load_config(Path("Dockerfile")).level == "safe"


def test_explicit(tmp_path: Path) -> None:
    (tmp_path / "dfrewrite.toml").write_text('level = "safe"')
    other = tmp_path / "other.toml"
    other.write_text('context = "/abs"')
    assert load_config(tmp_path, other) == Config(path=other, context=Path("/abs"))
    with pytest.raises(ConfigError, match="No such file"):
        load_config(tmp_path, tmp_path / "missing.toml")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('leve = "safe"', "unknown key 'leve', did you mean 'level'?"),
        ("extend_select = []", "unknown key 'extend_select', did you mean 'extend-select'?"),
        ("[build-args]", "unknown key 'build-args', did you mean 'build-arg'?"),
        ("xyz = 1", "unknown key 'xyz'"),
        ('level = "high"', "'level' must be one of safe, review, risky, not 'high'"),
        ('level = "risk"', "'level' must be one of safe, review, risky, not 'risk', did you mean 'risky'?"),
        ("level = 1", "'level' must be one of safe, review, risky, not 1"),
        ("level = true", "'level' must be one of safe, review, risky, not true"),
        ("level = []", "'level' must be one of safe, review, risky, not a list"),
        ('runtime = "debian"', "'runtime' must be one of alpine, slim, distroless, scratch, not 'debian'"),
        ('format = "xml"', "'format' must be one of text, diff, json, sarif, github, markdown, not 'xml'"),
        ("alpine = 3.20", "'alpine' must be a version in quotes, such as \"3.20\", not 3.2"),
        ('alpine = "edge"', "'alpine' must be a version in quotes, such as \"3.20\", not 'edge'"),
        ('select = "a"', "'select' must be a list of names, such as [\"split_stages\"], not 'a'"),
        ("skip = [1]", "'skip' must be a list of names, such as [\"split_stages\"], not a list"),
        ('context = ""', "'context' must be a text in quotes, not ''"),
        ("target = {}", "'target' must be a text in quotes, not a table"),
        ('build-arg = "A=1"', "'build-arg' must be a table, not 'A=1'"),
        ("build-arg = { A = 1 }", "'build-arg' must give texts in quotes, not 1 for 'A'"),
        ("enabled = 1", "'enabled' must be true or false, not 1"),
        ("level", "is no valid TOML: Expected '=' after a key in a key/value pair (at end of document)"),
    ],
)
def test_errors(tmp_path: Path, text: str, reason: str) -> None:
    path = tmp_path / "dfrewrite.toml"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load_config(tmp_path)
    assert (caught.value.path, caught.value.reason) == (path, reason)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b'level = "\xff"', "is not UTF-8 (byte 9)"),
        (b"#" * 1_000_001, "is larger than 1 MB"),
        (b"a = " + b"[" * 100_000, "is nested too deeply"),
        (b"a." * 100_000 + b"a = 1", "has keys of too many parts"),
    ],
)
def test_hostile_content(tmp_path: Path, content: bytes, reason: str) -> None:
    (tmp_path / "dfrewrite.toml").write_bytes(content)
    with pytest.raises(ConfigError, match=r"dfrewrite\.toml: ") as caught:
        load_config(tmp_path)
    assert caught.value.reason == reason


def test_no_regular_file(tmp_path: Path) -> None:
    (tmp_path / "dfrewrite.toml").mkdir()
    with pytest.raises(ConfigError):
        load_config(tmp_path)


def test_tomllib_is_loaded_only_for_a_file(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from rewriter.io.config import load_config\n"
        "load_config(Path(sys.argv[1])); print('tomllib' in sys.modules)"
    )
    answer = subprocess.run([sys.executable, "-c", code, tmp_path], capture_output=True, text=True, check=True)
    assert answer.stdout == "False\n"
