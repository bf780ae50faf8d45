"""Symbolic links of the build context: what a carried folder links to has to be carried, too."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from rewriter.api import rewrite
from rewriter.io.context_dir import DirectoryContext

if TYPE_CHECKING:
    from pathlib import Path

DOCKERFILE = b'FROM golang:1.22\nWORKDIR /app\nCOPY . .\nRUN go build -o server .\nCMD ["./server"]\n'
MAIN = (
    'package main\n\nimport "net/http"\n\nfunc main() {\n\thttp.Handle("/", http.FileServer(http.Dir("static")))\n}\n'
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in {
        "go.mod": "module ferries\n\ngo 1.22\n",
        "main.go": MAIN,
        "static/a.css": "",
        "shared/b": "",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def split(folder: Path) -> tuple[bool, list[str]]:
    result = rewrite(DOCKERFILE, context=DirectoryContext(folder))
    step = next(step for step in result.steps if step.transform.name == "split_stages")
    return bool(step.changes), [declined.why for declined in step.declined]


@pytest.mark.parametrize("target", ["../shared", "../shared/b", "../main.go"])
def test_a_link_to_what_stays_behind_is_refused(folder: Path, target: str) -> None:
    (folder / "static" / "lib").symlink_to(target)
    done, reasons = split(folder)
    assert not done
    assert any("static/lib is a link to" in reason for reason in reasons)


@pytest.mark.parametrize("target", ["a.css", "../static/a.css", "nowhere", "/etc/hosts"])
def test_a_link_within_the_folder_or_out_of_the_context_is_none_of_its_business(folder: Path, target: str) -> None:
    (folder / "static" / "lib").symlink_to(target)
    assert split(folder) == (True, [])


def test_a_link_elsewhere_does_not_matter(folder: Path) -> None:
    (folder / "shared" / "up").symlink_to("../main.go")
    assert split(folder) == (True, [])
