"""The library's front door, and promises that hold for any input."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from dockerfile_parse import DockerfileParser

from rewriter import DictContext, DockerfileError, Level, Options, rewrite

SINGLE = 'FROM golang:1.22\nWORKDIR /app\nCOPY . .\nRUN go build -o server .\nCMD ["./server"]\n'
SOURCES = {
    "go.mod": "module example.com/server\n\ngo 1.22\n",
    "main.go": 'package main\n\nimport "net/http"\n\nfunc main() { _ = http.ListenAndServe(":80", nil) }\n',
}


def test_text_bytes_and_a_dockerfile_parser_are_taken(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text(SINGLE)
    parser = DockerfileParser(str(tmp_path))
    results = [rewrite(SINGLE), rewrite(SINGLE.encode()), rewrite(parser)]
    assert len({result.after for result in results}) == 1
    assert results[0].after.count("FROM ") == 2
    assert (tmp_path / "Dockerfile").read_text() == SINGLE


def test_what_was_read_makes_a_change_safe() -> None:
    result = rewrite(SINGLE, context=DictContext(SOURCES))
    assert [change.level for _, change in result.changes] == [Level.SAFE, Level.SAFE]
    unseen = rewrite(SINGLE)
    assert {change.level for _, change in unseen.changes} == {Level.REVIEW}


def test_the_level_holds_back_what_was_not_read() -> None:
    result = rewrite(SINGLE, options=Options(level=Level.SAFE))
    assert not result.changed
    assert [withheld.transform for step in result.steps for withheld in step.withheld] == [
        "alpine_base",
        "split_stages",
    ]


def test_the_same_input_gives_the_same_bytes() -> None:
    context = DictContext(SOURCES)
    assert len({rewrite(SINGLE, context=context).after for _ in range(3)}) == 1


def test_no_file_is_no_dockerfile() -> None:
    with pytest.raises(DockerfileError, match="line 2"):
        rewrite("FROM a\nNONSENSE\n")


def test_importing_the_library_loads_nothing_heavy() -> None:
    heavy = ["git", "yaml", "unidiff", "dockerfile_parse", "tree_sitter", "tomllib"]
    code = f"import sys, rewriter.cli; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
