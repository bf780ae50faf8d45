"""Manifests and sources that somebody wrote to hurt: they end in a reason or in a right split, and in time.

Each would take minutes or fail if it were read carelessly; no time is measured, a test that hangs is told by its name.
"""

from __future__ import annotations

import json
from typing import NamedTuple

import pytest

from rewriter import DictContext, Level, Options, rewrite
from rewriter.source import encode


class Case(NamedTuple):
    dockerfile: str
    files: dict[str, str]
    reason: str
    """Why it is not split; empty when it is."""


GO = 'FROM golang:1.21-bookworm\nWORKDIR /app\nCOPY . .\nRUN go build -o s .\nCMD ["./s"]\n'
RUST = 'FROM rust:1.75-bookworm\nWORKDIR /app\nCOPY . .\nRUN cargo build --release\nCMD ["./target/release/app"]\n'
NODE = 'FROM node:18-slim\nWORKDIR /app\nCOPY package.json ./\nRUN npm install\nCOPY . .\nCMD ["npm", "start"]\n'
C = 'FROM gcc:12\nWORKDIR /app\nCOPY . .\nRUN make\nCMD ["./app"]\n'
GRADLE = (
    "FROM eclipse-temurin:17-jdk\nWORKDIR /app\nCOPY . .\nRUN ./gradlew build\n"
    'CMD ["java", "-jar", "build/libs/app.jar"]\n'
)
MAIN_GO = "package main\nfunc main() {}\n"
MAIN_C = "int main(void) { return 0; }\n"
MAIN_RS = "fn main() {}\n"
CARGO = '[package]\nname = "app"\nversion = "1.0.0"\n'

CASES = {
    "a go.mod of empty lines": Case(GO, {"go.mod": "module x\nrequire (\n" + "\n" * 300_000, "main.go": MAIN_GO}, ""),
    "a go.mod of replace blocks": Case(GO, {"go.mod": "module x\n" + "replace (\n" * 30_000, "main.go": MAIN_GO}, ""),
    "a go.mod of one long word": Case(GO, {"go.mod": "module x\n" + "a." * 50_000, "main.go": MAIN_GO}, ""),
    "cgo's flags on one line": Case(
        GO,
        {
            "go.mod": "module x\n",
            "main.go": f'package main\n{"// #cgo LDFLAGS: " * 50_000}\nimport "C"\nfunc main() {{}}\n',
        },
        'main.go: import "C" with',
    ),
    "a makefile without a colon": Case(
        C, {"Makefile": "app: main.c\n\tgcc -o app main.c\n" + "a\n" * 60_000, "main.c": MAIN_C}, ""
    ),
    "a makefile of one long line": Case(
        C, {"Makefile": "app: main.c\n\tgcc -o app main.c\n" + "a " * 60_000, "main.c": MAIN_C}, ""
    ),
    "a build.gradle of empty lines": Case(GRADLE, {"build.gradle": "\n" * 60_000, "gradlew": ""}, ""),
    "a source of calls": Case(RUST, {"Cargo.toml": CARGO, "src/main.rs": MAIN_RS + "Command::new(" * 60_000}, ""),
    "a key of TOML with 20,000 parts": Case(
        RUST, {"Cargo.toml": f"{CARGO}{'a.' * 20_000}a = 1\n", "src/main.rs": MAIN_RS}, "keys of too many parts"
    ),
    "a crate whose name is a path": Case(RUST, {"Cargo.toml": CARGO.replace("app", "/"), "src/main.rs": MAIN_RS}, ""),
    "half a character in a script": Case(
        NODE, {"package.json": json.dumps({"scripts": {"start": "node \ud800.js"}})}, "it holds half a character"
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_ends_in_order(case: Case) -> None:
    context = DictContext({path: text.encode() for path, text in case.files.items()})
    result = rewrite(case.dockerfile, context=context, options=Options(level=Level.RISKY))
    assert result.unsound == ()
    (split,) = (step for step in result.steps if step.transform.name == "split_stages")
    if case.reason:
        assert any(case.reason in declined.why for declined in split.declined), split.declined
        assert not split.changes
    else:
        assert split.changes, split.declined
    assert encode(result.after)
