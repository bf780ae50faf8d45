"""What the command line answers to the likeliest mistakes: one line, and nothing is done."""

from __future__ import annotations

import socket
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from rewriter.bot.campaign import CampaignError, campaign_of
from rewriter.cli_bot import bot

NOWHERE = "http://127.0.0.1:9"


@pytest.fixture(autouse=True)
def _environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GITHUB_TOKEN", "GH_TOKEN", "GITLAB_TOKEN", "DFREWRITE_DATABASE", "DFREWRITE_APP_ID"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("words", "token", "line"),
    [
        ([], "", "error: nothing names a repository: give names, --owner, --file or --campaign"),
        (
            ["acme/x"],
            "",
            "error: there is no token for github.com in the environment: GITHUB_TOKEN, or GH_TOKEN, or "
            "DFREWRITE_TOKEN_GITHUB_COM, or those of an App, DFREWRITE_APP_ID and DFREWRITE_APP_PRIVATE_KEY",
        ),
        (["acme/x", "--url", "nonsense"], "x", "error: --url must be an address such as https://git.example"),
        (["acme/x", "--url", NOWHERE], "x", "error: 127.0.0.1:9 cannot be reached (ConnectError)"),
        (
            ["--owner", "acme", "--url", NOWHERE, "--dry-run"],
            "x",
            "error: 127.0.0.1:9 cannot be reached (ConnectError)",
        ),
        (["--search", "x"], "x", "error: a search needs --owner: repositories of others are never touched"),
        (["--file", "none", "--url", NOWHERE], "x", "error: none: No such file or directory"),
        (["--forge", "folder", "none"], "", "error: none: No such file or directory"),
        (["--forge", "folder", ".", "--log", "none/log"], "", "error: none/log: No such file or directory"),
        (["--forge", "folder", ".", "--set", "caps.x=1"], "", "error: caps: unknown key 'x'"),
        (["acme"], "x", "error: 'acme' is no owner/name; for all that an owner has, there is --owner"),
        (["acme/x"], "a b", "error: GITHUB_TOKEN holds no token: there is a space in it, or what is no ASCII"),
        (["acme/x"], "caf\u00e9", "error: GITHUB_TOKEN holds no token: there is a space in it, or what is no ASCII"),
        (["--url", NOWHERE], "x", "error: --forge and --url need names beside them, --owner, --file or --search"),
        (["acme/x", "--set", "author.signing-key=none"], "x", "error: author: there is no file none to sign with"),
        (["--forge", "folder", ".", "--dry-run"], "", "no repository was found"),
    ],
)
def test_a_mistake_is_named_in_one_line(
    words: list[str], token: str, line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", token)
    done = CliRunner().invoke(bot, ["run", *words], standalone_mode=False)
    assert done.stderr.splitlines()[-1:] == [line], done.exception
    assert done.return_value == (2 if line.startswith("error: ") else 0)


def test_a_port_that_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        words = ["run", "--forge", "folder", ".", "--metrics-port", str(port)]
        done = CliRunner().invoke(bot, words, standalone_mode=False)
    assert (done.return_value, done.stderr) == (2, f"error: 127.0.0.1:{port}: Address already in use\n")


def _campaign(*sources: str) -> Path:
    path = Path("campaign.toml")
    path.write_text("\n".join(f"[[source]]\nforge = 'folder'\n{source}" for source in sources))
    return path


def test_names_on_the_command_line_keep_the_filters_of_the_campaign(tmp_path: Path) -> None:
    for name in ("tides", "legacy-tides"):
        git = tmp_path / "clones" / name
        git.mkdir(parents=True)
        subprocess.run(["git", "init", "--quiet", str(git)], check=True)
    path = _campaign("owners = ['elsewhere']\nexclude = ['*/legacy-*']")
    done = CliRunner().invoke(bot, ["run", "clones", "--campaign", str(path), "--dry-run"], standalone_mode=False)
    assert (done.return_value, done.stdout) == (0, "clones/tides: left alone, it is empty\n"), done.stderr
    path = _campaign("owners = ['a']", "owners = ['b']")
    done = CliRunner().invoke(bot, ["run", "clones", "--campaign", str(path), "--dry-run"], standalone_mode=False)
    assert done.stderr.startswith("error: the campaign has several sources")


@pytest.mark.parametrize(
    ("database", "line"),
    [
        ("nonsense", "a database is named as postgresql://user:password@host/name"),
        ("mysql://u:geheim@h/d", "a database is named as postgresql://user:password@host/name"),
        ("postgresql://u:geheim@127.0.0.1:9/d", "the database cannot be used: connection failed"),
    ],
)
@pytest.mark.parametrize("command", [["run", "--forge", "folder", "."], ["status"], ["report"]])
def test_a_database_that_cannot_be_used(command: list[str], database: str, line: str) -> None:
    done = CliRunner().invoke(bot, [*command, "--database", database])
    assert line in done.stderr
    assert "geheim" not in done.output
    assert done.exit_code in (0, 1)  # as click gives it; in the program it is 2


@pytest.mark.parametrize("prefix", ["../x", "-x", "a b", "", "x/", "a..b", "x.lock", "é", "/x", "x."])
def test_a_prefix_that_git_would_not_take(prefix: str) -> None:
    with pytest.raises(CampaignError, match=r"^pull-request: 'branch-prefix' must be the beginning"):
        campaign_of({"pull-request": {"branch-prefix": prefix}})


@pytest.mark.parametrize("url", ["git.example", "ftp://git.example", "https://u:geheim@git.example", "https://x/?a=b"])
def test_an_address_that_is_none_of_a_forge(url: str) -> None:
    with pytest.raises(CampaignError, match=r"^source: 'url' must be an address") as error:
        campaign_of({"source": [{"url": url}]})
    assert "geheim" not in str(error.value)
