"""The comparison of our splits with those of the files' own authors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from benchmarks.pairs import Shape, grouped, main, shape_of

if TYPE_CHECKING:
    from pathlib import Path

SINGLE = 'FROM golang:1.22\nWORKDIR /app\nCOPY . .\nRUN go build -o /app/server .\nCMD ["/app/server"]\n'
MULTI = SINGLE.replace("1.22", "1.22 AS build") + "FROM scratch\nCOPY --from=build /app/server /\n"
SOURCES = {"go.mod": "module example.org/server\n\ngo 1.22\n", "main.go": "package main\n\nfunc main() {}\n"}


def _pair(folder: Path, single: str, about: str = "") -> None:
    (folder / "context").mkdir(parents=True)
    for name, text in {**SOURCES, "Dockerfile": single}.items():
        (folder / "context" / name).write_text(text, encoding="utf-8")
    (folder / "multi.Dockerfile").write_text(MULTI, encoding="utf-8")
    (folder / "pair.toml").write_text(about, encoding="utf-8")


def test_prints_both_sides_and_the_sums(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _pair(tmp_path / "go-one", SINGLE, 'language = "go"\n')
    _pair(tmp_path / "go-two", SINGLE.replace("golang", "example.org/golang"), 'language = "go"\n')
    _pair(tmp_path / "go-three", SINGLE, 'language = "go"\ncomparable = false\nwhy = "another program"\n')
    assert main([str(tmp_path)]) == 0
    printed = capsys.readouterr().out
    assert "2 pairs: 1 split, 0 of them on the same kind of image as theirs; 1 left alone" in printed
    assert "1 alpine against scratch" in printed
    assert "another program" in printed
    assert main([str(tmp_path), "--show", "go-one"]) == 0
    printed = capsys.readouterr().out
    assert "+COPY --from=builder /app/server /app/server" in printed
    assert MULTI in printed


def test_says_that_there_is_no_such_pair(tmp_path: Path) -> None:
    assert main([str(tmp_path)]) == 2


@pytest.mark.parametrize(
    ("image", "family"),
    [
        ("scratch", "scratch"),
        ("gcr.io/distroless/static-debian12", "distroless"),
        ("nginx:1.25-alpine", "web server"),
        ("eclipse-temurin:21-jre-alpine", "jre"),
        ("mcr.microsoft.com/dotnet/core/aspnet:3.1", ".NET runtime"),
        ("microsoft/dotnet:2.1-runtime", ".NET runtime"),
        ("alpine:3.20", "alpine"),
        ("python:3.12-slim", "slim"),
        ("ubuntu:22.04", "full"),
    ],
)
def test_knows_kinds_of_images(image: str, family: str) -> None:
    assert Shape(2, image, ()).family == family


def test_reads_the_last_stage_through_its_parents() -> None:
    assert shape_of('FROM a AS x\nFROM debian:12-slim AS y\nCOPY --from=x /p /p\nFROM y\nCMD ["/p"]\n') == Shape(
        3, "debian:12-slim", ("/p",)
    )


def test_groups_reasons() -> None:
    assert grouped("line 3: what `git clone` brings may matter at run time") == grouped(
        "line 9: what `svn checkout` brings may matter at run time"
    )
