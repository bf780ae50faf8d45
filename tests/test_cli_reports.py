"""`--report` and the formats for other programs, as a user runs them."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.test_cli import ARTICLE, SPLIT, dfrewrite, git

PARTS = {
    "report.html": "<h1>What dfrewrite makes of these Dockerfiles</h1>",
    "report.md": "## `Dockerfile`\n",
    "report.json": '"path": "Dockerfile"',
    "report.SARIF": '"version": "2.1.0"',
}


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    (tmp_path / "Dockerfile").write_text(ARTICLE)
    git(tmp_path, "init", "-q")
    return tmp_path


@pytest.mark.parametrize("name", PARTS)
def test_the_ending_says_what_is_written(repository: Path, name: str) -> None:
    done = dfrewrite(f"--report={name}", cwd=repository)
    assert (done.returncode, done.stderr) == (0, "")
    assert "965 MB → 7 MB (base images only" in done.stdout
    assert "1 file would change; nothing was written" in done.stdout
    assert PARTS[name] in (repository / name).read_text()
    assert sorted(path.name for path in repository.iterdir()) == [".git", "Dockerfile", name]


@pytest.mark.parametrize("name", ["report.txt", "report", "-", ".html"])
def test_other_endings_are_wrong_usage(repository: Path, name: str) -> None:
    done = dfrewrite(f"--report={name}", "--apply", cwd=repository)
    assert done.returncode == 2
    assert (repository / "Dockerfile").read_text() == ARTICLE


def test_it_goes_with_what_writes(repository: Path) -> None:
    done = dfrewrite("--report=r.json", "--apply", "--patch=out.patch", "--format=sarif", cwd=repository)
    assert done.returncode == 0
    assert len(json.loads(done.stdout)["runs"][0]["results"]) == 4
    assert json.loads((repository / "r.json").read_text())["files"][0]["changed"]
    assert (repository / "Dockerfile").read_text() == SPLIT
    assert (repository / "out.patch").read_text().startswith("diff --git")


def test_it_goes_with_a_branch(repository: Path) -> None:
    git(repository, "add", ".")
    git(repository, "-c", "user.name=a", "-c", "user.email=a@example.com", "commit", "-qm", "one")
    done = dfrewrite("--report=r.md", "--branch", cwd=repository)
    assert (done.returncode, "branch dfrewrite/rewrite: 2 commits" in done.stderr) == (0, True), done.stderr
    assert "### Split the build" in (repository / "r.md").read_text()
    assert (repository / "Dockerfile").read_text() == ARTICLE


def test_it_goes_with_check_and_tells_of_all_files(repository: Path) -> None:
    (repository / "bad.Dockerfile").write_text("NOTHING\n")
    done = dfrewrite("--check", "--report=r.md", cwd=repository)
    assert done.returncode == 2
    assert done.stdout.splitlines()[-1] == "2 read, 1 would change"
    assert "Left out: line 1: unknown instruction" in (repository / "r.md").read_text()


def test_it_goes_with_standard_input(tmp_path: Path) -> None:
    done = dfrewrite("-", "--report=r.html", "--format=github", cwd=tmp_path, stdin=ARTICLE.encode())
    assert (done.returncode, done.stdout) == (0, SPLIT)
    assert done.stderr.startswith("::warning file=Dockerfile,line=10,endLine=10,")
    assert "1 Dockerfile read, 1 with changes." in (tmp_path / "r.html").read_text()


def test_what_cannot_be_written_is_said(repository: Path) -> None:
    (repository / "old.html").mkdir()
    for name in ("nowhere/r.html", "old.html"):
        done = dfrewrite(f"--report={name}", cwd=repository)
        assert done.returncode == 2
        assert f"error: {name}: " in done.stderr
        assert dfrewrite("-", f"--report={name}", cwd=repository, stdin=ARTICLE.encode()).returncode == 2


def test_an_older_report_is_replaced_as_a_whole(repository: Path) -> None:
    (repository / "r.html").write_text("old" * 100_000)
    (repository / "r.html").chmod(0o600)
    dfrewrite("--report=r.html", cwd=repository)
    text = (repository / "r.html").read_text()
    assert text.startswith("<!DOCTYPE html>")
    assert text.endswith("</html>\n")
    assert (repository / "r.html").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("top", [".", "deep/er"])
def test_places_are_told_from_the_top_of_the_repository(repository: Path, top: str) -> None:
    folder = repository / "deep" / "er"
    folder.mkdir(parents=True)
    (folder / "a b.Dockerfile").write_text(ARTICLE)
    (folder / "bad.Dockerfile").write_text("NOTHING\n")
    target = os.path.relpath(folder, repository / top)
    log = json.loads(dfrewrite("--format", "sarif", target, cwd=repository / top).stdout)["runs"][0]
    places = [each["locations"][0]["physicalLocation"]["artifactLocation"] for each in log["results"]]
    assert {place["uri"] for place in places} == {"deep/er/a%20b.Dockerfile"}
    (told,) = log["invocations"][0]["toolExecutionNotifications"]
    assert told["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "deep/er/bad.Dockerfile"
    commands = dfrewrite("--format", "github", target, cwd=repository / top).stdout.splitlines()
    assert (
        commands[-1]
        == "::error file=deep/er/bad.Dockerfile,title=dfrewrite%3A not read::line 1: unknown instruction 'NOTHING'"
    )


def test_the_configuration_knows_the_formats(repository: Path) -> None:
    for name, begins in (("sarif", "{\n"), ("github", "::warning file=Dockerfile")):
        (repository / "dfrewrite.toml").write_text(f'format = "{name}"\n')
        assert dfrewrite(cwd=repository).stdout.startswith(begins)


def test_many_files_are_one_document(tmp_path: Path) -> None:
    for number in range(5):
        (tmp_path / f"{number}.Dockerfile").write_text(ARTICLE if number % 2 else "FROM scratch\n")
    dfrewrite("--report=r.sarif", cwd=tmp_path)
    results = json.loads((tmp_path / "r.sarif").read_text())["runs"][0]["results"]
    places = [each["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for each in results]
    assert list(dict.fromkeys(places)) == ["1.Dockerfile", "3.Dockerfile"]


def test_no_file_is_a_report_too(tmp_path: Path) -> None:
    for name in PARTS:
        assert dfrewrite(f"--report={name}", cwd=tmp_path).returncode == 0
    assert json.loads((tmp_path / "report.json").read_text())["files"] == []
    assert json.loads((tmp_path / "report.SARIF").read_text())["runs"][0]["results"] == []
    assert "0 Dockerfiles read" in (tmp_path / "report.html").read_text()
