"""What is prepared for a repository of somebody else: nothing in it reaches out of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from rewriter.bot.campaign import Campaign, Rewrite
from rewriter.bot.prepare import Left, Prepared, prepare
from rewriter.bot.tokens import take, token_for

SWAPPED = 'FROM golang:1.18\nWORKDIR /app\nCOPY . .\nRUN go build -o /app/tides .\nCMD ["/app/tides"]\n'
FILES = {"Dockerfile": SWAPPED, "go.mod": "module example.com/tides\n\ngo 1.18\n", "main.go": "package main\n"}


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    folder = tmp_path / "clone"
    (folder / ".git").mkdir(parents=True)
    for name, text in FILES.items():
        (folder / name).write_text(text)
    return folder


def _prepare(clone: Path) -> tuple[list[Prepared], list[Left]]:
    return prepare(clone, "git.example", "1", Campaign())


def test_a_proposal_names_its_files_from_the_top(clone: Path) -> None:
    ((found,), left) = _prepare(clone)
    assert (found.path, found.branch, left) == ("Dockerfile", "dfrewrite/Dockerfile/default", [])
    assert [list(files) for _, files in found.commits] == [["Dockerfile"], ["Dockerfile"]]
    assert str(clone) not in found.body + found.diff + found.title


@pytest.mark.parametrize("context", ["..", "/", "../elsewhere", "link"])
def test_a_context_outside_of_the_repository_is_refused(clone: Path, context: str) -> None:
    (clone / "link").symlink_to("/etc")
    (clone / "dfrewrite.toml").write_text(f'context = "{context}"\n')
    ((), (left,)) = _prepare(clone)
    assert left.why == "dfrewrite.toml: 'context' leads out of the repository"


def test_a_configuration_that_is_a_link_to_elsewhere_is_refused(clone: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.toml").write_text('password = "x"\n')
    (clone / "dfrewrite.toml").symlink_to("../secret.toml")
    ((), (left,)) = _prepare(clone)
    assert left.why == "dfrewrite.toml: is a link that leads out of the repository"


def test_a_dockerfile_that_is_a_link_to_elsewhere_is_not_read(clone: Path, tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text(SWAPPED)
    (clone / "Dockerfile").unlink()
    (clone / "Dockerfile").symlink_to("../Dockerfile")
    assert _prepare(clone) == ([], [])


def test_what_a_repository_says_of_this_machine_does_not_count(clone: Path, tmp_path: Path) -> None:
    """Else it could have it ask any host, or read any file."""
    (clone / "dfrewrite.toml").write_text(
        'check-tags = true\nregistry-mirrors = ["http://127.0.0.1:9"]\n'
        f'check-packages = ["{tmp_path}/packages"]\nfacts = "{tmp_path}/facts"\nlevel = "review"\n'
    )
    ((found,), left) = _prepare(clone)
    assert (found.path, left) == ("Dockerfile", [])


def test_what_a_repository_wants_for_itself_goes_before_the_campaign(clone: Path) -> None:
    campaign = Campaign(rewrite=Rewrite(level="review", skip=("strip_binary",), alpine="3.16", runtime="alpine"))
    ((found,), _) = prepare(clone, "git.example", "1", campaign)
    assert "FROM golang:1.18-alpine3.16" in found.diff
    assert "AS builder" in found.diff
    (clone / "dfrewrite.toml").write_text('skip = ["split_stages"]\nalpine = "3.15"\n')
    ((found,), _) = prepare(clone, "git.example", "1", campaign)
    assert "FROM golang:1.18-alpine3.15" in found.diff
    assert "AS builder" not in found.diff


def test_what_a_campaign_skips_is_skipped_beside_what_a_repository_skips(clone: Path) -> None:
    (clone / "dfrewrite.toml").write_text('skip = ["split_stages"]\n')
    campaign = Campaign(rewrite=Rewrite(skip=("alpine_base", "slim_base")))
    assert prepare(clone, "git.example", "1", campaign)[0] == []


def test_what_is_started_later_inherits_no_token() -> None:
    environment = {
        "GITHUB_TOKEN": "a",
        "DFREWRITE_TOKEN_GIT_EXAMPLE": "b",
        "DFREWRITE_APP_PRIVATE_KEY": "c",
        "PATH": "/",
    }
    whole = take(environment)
    assert environment == {"PATH": "/"}
    assert token_for("gitea", "git.example", whole) is not None
    assert token_for("github", "github.com", whole) is not None
    assert token_for("github", "github.com", environment) is None
