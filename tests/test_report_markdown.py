"""The report for a reviewer: what it says, and that nobody's text can say anything in it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rewriter import DictContext, rewrite
from rewriter.bot.body import MOST_BODY, Change, Words, commit_messages, hunk_comments, pull_body, pull_title
from rewriter.diff import make_patch
from rewriter.report.markdown import render_markdown
from rewriter.report.markup import code, escaped, fence, prose

GO = 'FROM golang:1.18\nWORKDIR /app\nCOPY . .\nRUN go build -o /app/tides .\nCMD ["/app/tides"]\n'
CONTEXT = DictContext(
    {"go.mod": "module example.com/tides\n\ngo 1.18\n", "main.go": "package main\n\nfunc main() {}\n"}
)
RESULT = rewrite(GO, context=CONTEXT)


def test_the_parts_of_a_report() -> None:
    patch = make_patch(RESULT.before, RESULT.after, "Dockerfile")
    text = "\n".join(render_markdown("a/Dockerfile", RESULT, patch))
    assert text.startswith("## `a/Dockerfile`\n\n**965 MB → 7 MB** (a forecast of the base images alone;")
    for part in (
        "### Swap the base image to its alpine tag",
        "### Split the build from the runtime",
        "```diff\n--- a/Dockerfile",
        "<details><summary>Left alone, and why</summary>",
        "**Not verified by building.**",
    ):
        assert part in text
    assert text.count("<details>") == text.count("</details>")


def test_a_pull_request() -> None:
    found = [Change("a/Dockerfile", RESULT)]
    assert pull_title(found, Words()) == "Split the build from the runtime in a/Dockerfile: about 965 MB to 7 MB"
    body = pull_body(found, Words())
    assert "```diff" not in body  # the forge shows it
    assert "`enabled = false` in a `dfrewrite.toml`" in body
    subjects = [message.partition("\n")[0] for message, _ in commit_messages(found, Words())]
    assert subjects == ["Swap the base image to its alpine tag", "Split the build from the runtime"]
    assert [texts["a/Dockerfile"] for _, texts in commit_messages(found, Words())][-1] == RESULT.after
    assert [(first, last) for first, last, _ in hunk_comments(found[0])] == [(1, 8)]


def test_templates_of_a_campaign() -> None:
    found = [Change("Dockerfile", RESULT)]
    words = Words("chore: $summary ($before to $after)", "Dear team,\n\n$body", "chore: $subject\n\n$body")
    assert pull_title(found, words) == "chore: Split the build from the runtime (about 965 MB to 7 MB)"
    body = pull_body(found, words)
    assert body.startswith("Dear team,")
    assert "How this works, and how to stop it" in body  # whatever the template says
    assert commit_messages(found, words)[0][0].startswith("chore: Swap the base image")


def test_a_body_is_cut_in_order() -> None:
    body = pull_body([Change(f"{number}/Dockerfile", RESULT) for number in range(200)], Words())
    assert len(body) <= MOST_BODY
    assert body.count("<details>") == body.count("</details>")
    assert body.rstrip().endswith("</details>")
    assert "cut here" in body


HOSTILE = st.text(st.sampled_from("`*_[]()<>#@!&\\\n\r\t-=~|/.: abZ1\u202e\u200b\x1b\x00\udcff'\""), max_size=60)


@given(HOSTILE)
def test_plain_text_stays_plain(text: str) -> None:
    for shown in (escaped(text), prose(text.replace("`", ""))):
        assert "\n" not in shown
        assert not re.search(r"[@#]\w", shown)  # nobody is called, nothing is linked
        assert not re.search(r"(?<!\\)[<>\[\]*_]", shown)
        assert "<" not in shown
        assert shown.replace("\u2060", "").isprintable()
        shown.encode()


@given(HOSTILE)
def test_a_span_of_code_ends_where_it_should(text: str) -> None:
    shown = code(text)
    ticks = re.match(r"`+", shown)
    assert ticks is not None
    inner = shown[len(ticks[0]) : -len(ticks[0])]
    assert shown.endswith(ticks[0])
    assert ticks[0] not in re.findall(r"`+", inner)
    assert "\n" not in shown


@given(st.lists(HOSTILE, max_size=4))
def test_a_fence_is_closed_once(lines: list[str]) -> None:
    first, *inner, last = fence(lines, "diff")
    assert first.removesuffix("diff") == last
    assert all(not line.strip().startswith(last) for line in inner)
    assert all("\n" not in line for line in inner)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("needs `@nestjs/cli`, a package", "needs `@nestjs/cli`, a package"),
        ("@team look at #12 and GH-3", "@\u2060team look at \\#\u206012 and GH\u2060-3"),
        ("<!-- hidden --> <b>", "&lt;\\!-- hidden --&gt; &lt;b&gt;"),
        ("a `broken", "a \\`broken"),
    ],
)
def test_what_becomes_of_some(text: str, shown: str) -> None:
    assert prose(text) == shown


def test_on_the_command_line(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text(GO)
    (tmp_path / "bad.Dockerfile").write_text("NOTHING\n")
    command = [sys.executable, "-m", "rewriter.cli", "--format", "markdown", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "### Swap the base image to its alpine tag" in done.stdout
    assert "Left out: line 1: unknown instruction" in done.stdout
