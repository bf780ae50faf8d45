"""Build contexts that were written to hurt: each ends in a right rewrite or in one clear reason.

Nothing here looks at a clock: the sizes are such that a square algorithm would make the suite unbearable.
"""

from __future__ import annotations

import pytest

from rewriter import Level, Options, Result, rewrite
from rewriter.context import DictContext
from rewriter.ecosystems.go_file import parse_go_file
from rewriter.ecosystems.go_sources import GoSources
from rewriter.ecosystems.rust import RustStage
from rewriter.ecosystems.source_words import Source, sources_of
from rewriter.model.files import StageFiles
from rewriter.model.stages import Model
from rewriter.syntax import parse
from tests.test_contract import reasons

GO = ("golang:1.21", "go build -o app .", "./app")
C = ("gcc:12", "make", "./app")
RUST = ("rust:1.75", "cargo build --release", "./target/release/app")
GRADLE = ("eclipse-temurin:17-jdk", "./gradlew build", "build/libs/app-1.0.jar")
NODE = ("node:18", "npm run build", "a.js")

CRATE = {"Cargo.toml": '[package]\nname = "app"\n', "Cargo.lock": "version = 3\n"}


def outcome(kind: tuple[str, str, str], files: dict[str, str], workdir: str = "/app") -> Result:
    """What comes of a common Dockerfile of one language with these files beside it."""
    image, build, program = kind
    start = {"eclipse-temurin:17-jdk": '"java", "-jar", ', "node:18": '"node", '}.get(image, "")
    text = f'FROM {image}\nWORKDIR {workdir}\nCOPY . .\nRUN {build}\nCMD [{start}"{program}"]\n'
    result = rewrite(text, context=DictContext(files), options=Options(level=Level.RISKY))
    assert result.unsound == ()
    return result


SPLITS = {
    "a go.mod of line ends": (
        GO,
        {"go.mod": "module x\n" + "\n" * 300_000, "main.go": "package main\nfunc main(){}\n"},
    ),
    "blocks in a go.mod that do not end": (
        GO,
        {"go.mod": "module x\n" + "replace (\n" * 90_000, "main.go": "package main\nfunc main(){}\n"},
    ),
    "a module path of many parts": (
        GO,
        {"go.mod": "module x\nrequire " + "a." * 300_000 + "\n", "main.go": "package main\nfunc main(){}\n"},
    ),
    "a line of #cgo": (
        GO,
        {
            "go.mod": "module x\n",
            "main.go": "package main\n// " + "#cgo LDFLAGS: " * 20_000 + '\nimport "C"\nfunc main(){}\n',
        },
    ),
    "a makefile without a colon": (
        C,
        {"Makefile": "app: main.c\n\tgcc -o app main.c\n" + "a\n" * 60_000, "main.c": ""},
    ),
    "a variable in a makefile that is everywhere": (
        C,
        {
            "Makefile": "app: main.c\n\tgcc -o app main.c\nA = " + "a " * 200_000 + "\nx:\n" + "\t$(A)\n" * 60_000,
            "main.c": "",
        },
    ),
    "variables in a makefile that hold one another": (
        C,
        {
            "Makefile": "app: main.c\n\tgcc -o app main.c\nA = $(A)$(A)$(A)\nx:\n" + "\t$(A)\n" * 5_000,
            "main.c": "",
        },
    ),
    "libraries of CMake that do not end": (
        C,
        {"Makefile": "app: main.c\n\tgcc -o app main.c\n" + "add_library(" * 60_000, "main.c": ""},
    ),
    "a build.gradle of line ends": (
        GRADLE,
        {
            "build.gradle": "\n" * 300_000 + "version = '1.0'\n",
            "settings.gradle": "rootProject.name = 'app'",
            "gradlew": "",
        },
    ),
    **{
        name: (RUST, {**CRATE, "src/main.rs": "fn main(){}\n" + text})
        for name, text in {
            "a source of calls": "Command::new(\n" * 60_000,
            "calls of a line that does not end": 'fs::dir("' * 60_000,
            "comments that do not end": "/*" * 300_000,
            "raw strings that do not end": 'r#"' * 200_000,
            "quotes of a line that does not end": '"\\' * 300_000,
            "the name of a program that does not end": 'Command::new("' + "a" * 300_000,
        }.items()
    },
}


@pytest.mark.parametrize("name", SPLITS)
def test_what_is_only_long_is_read(name: str) -> None:
    result = outcome(*SPLITS[name])
    assert "AS builder" in result.after, reasons(result)


REFUSED = {
    "a key of many parts": (
        RUST,
        {"Cargo.toml": '[package]\nname = "app"\n' + "a." * 20_000 + "a = 1\n", "src/main.rs": "fn main(){}\n"},
        "Cargo.toml has keys of too many parts",
    ),
    "a package that is called as the root": (
        RUST,
        {"Cargo.toml": '[package]\nname = "/"\n[[bin]]\nname = "app"\n', "src/main.rs": "fn main(){}\n"},
        "Cargo.toml gives something the name '/', which cargo does not take",
    ),
    "a program that lies elsewhere": (
        RUST,
        {"Cargo.toml": '[package]\nname = "app"\n[[bin]]\nname = "../../x"\n', "src/main.rs": "fn main(){}\n"},
        "Cargo.toml gives something the name '../../x', which cargo does not take",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused(name: str) -> None:
    kind, files, reason = REFUSED[name]
    result = outcome(kind, files)
    assert "AS builder" not in result.after
    assert any(reason in why for why in reasons(result)), reasons(result)


@pytest.mark.parametrize(
    "command",
    ["gcc -o / main.c", "gcc -o app main.c && cp app /", "cargo install /", "cargo install --root / --path ."],
)
def test_no_program_is_the_root(command: str) -> None:
    files = {"main.c": "", "Cargo.toml": '[package]\nname = "app"\n', "src/main.rs": "fn main(){}\n"}
    for image in ("gcc:12", "rust:1.75"):
        result = outcome((image, command, "/"), files, workdir="/")
        assert "COPY --from=builder / " not in result.after


def test_requirements_of_a_go_mod() -> None:
    text = (
        "module example.com/app // a comment\n"
        "require example.com/one v1.0.0\n"
        "require (\n\texample.com/two/v2 v2.0.0 // indirect\n\tgopkg.in/three.v3 v3.0.0\n)\n"
        "replace example.com/two/v2 v2.0.0 => example.com/four v4.0.0\n"
        "exclude (\n\texample.com/five v5.0.0\n)\n"
        "retract (\n\tv1.0.0\n\t[v1.1.0, v1.2.0]\n)\n"
        "replace example.com/one => ../one\n"
    )
    context = DictContext({"go.mod": text, "main.go": "package main\n"})
    module = GoSources(context).module_of(".")
    assert module is not None
    assert module.path == "example.com/app"
    assert module.requires == {
        "example.com/one": "v1.0.0",
        "example.com/two/v2": "v2.0.0",
        "gopkg.in/three.v3": "v3.0.0",
    }


@pytest.mark.parametrize(
    ("makefile", "program"),
    [
        ("include rules.mk\napp: main.c\n\tcc -o $@ main.c\n", "app"),
        ("OUT = -o $(@)\napp other: main.c\n\tcc $(OUT) main.c\n", "app"),
        ("all: \\\n  app\nNAME=app\n$(NAME): main.c\n\n\t@echo it\n\tcc main.c \\\n\t\t-o $@\n", "app"),
        ("A = $(B)\nB = $(C)\nC = app\nall:\n\tcc -o bin/$(A) main.c\n", "bin/app"),
    ],
)
def test_programs_of_a_makefile(makefile: str, program: str) -> None:
    result = outcome(("gcc:12", "make", f"./{program}"), {"Makefile": makefile, "main.c": ""})
    assert f"COPY --from=builder /app/{program} /app/{program}\n" in result.after, reasons(result)


@pytest.mark.parametrize(
    ("comment", "libraries"),
    [
        ("#cgo LDFLAGS: -lfoo", "foo"),
        ("#cgo linux,amd64 LDFLAGS: -L/usr/lib -lfoo -lbar", "bar"),
        ("#cgo pkg-config: gtk+-3.0 cairo", "gtk+-3.0 cairo"),
        ("#cgo CFLAGS: -DX=1", ""),
        ("#cgo CFLAGS: -I.\n// #cgo LDFLAGS: -lm", "m"),
        ("#cgo LDFLAGS: -static", ""),
        ("#cgo", ""),
    ],
)
def test_libraries_of_cgo(comment: str, libraries: str) -> None:
    file = parse_go_file("main.go", f'package main\n\n// {comment}\nimport "C"\n'.encode())
    assert file is not None
    assert file.c_libraries == libraries


@pytest.mark.parametrize("text", ["", "\n", "a", "a\nb\n", "\n\na"])
def test_places_in_a_source(text: str) -> None:
    source = Source("a.rs", text, {})
    places = [source.where(offset) for offset in range(len(text) + 1)]
    assert places == [f"a.rs:{text[:offset].count(chr(10)) + 1}" for offset in range(len(text) + 1)]


@pytest.mark.parametrize(
    ("text", "strings"),
    [
        ('a("x"); // "no"\nb("y")', {"x": 1, "y": 2}),
        ('/* "no" \n */ "x" /* "y"', {"x": 2, "y": 2}),
        ('r#"a "quoted" word"# "x" r##"b"# "##', {'a "quoted" word': 1, "x": 1, 'b"# ': 1}),
        ('r#"a" "x"\n"y"', {"a": 1, "x": 1, "y": 2}),
        (r'"a\"b" "x" "open \"', {r"a\"b": 1, "x": 1}),
        ('"open\n"x"', {"x": 2}),
        ('\'"\' "x"', {"x": 1}),
    ],
)
def test_strings_of_a_source(text: str, strings: dict[str, int]) -> None:
    context = DictContext({"a.rs": text})
    stage = Model(parse("FROM rust:1.75\nCOPY . .\n")).final
    language = RustStage(stage, StageFiles(stage, context))
    (source,) = sources_of(language, frozenset(), all_quotes=False)
    assert source.literals == strings


HALF = r"\ud800"


@pytest.mark.parametrize("script", [HALF, f"node {HALF}.js", r"echo \uDFFF\uD800 && node \ud83d\ude00.js"])
def test_half_a_character_in_a_script(script: str) -> None:
    package = f'{{"scripts": {{"build": "{script}", "{HALF}": "{HALF}"}}, "dependencies": {{"{HALF}": "{HALF}"}}}}'
    result = outcome(NODE, {"package.json": package, "a.js": ""})
    assert result.after.encode("utf-8")
    for why in reasons(result):
        assert why.encode("utf-8")


@pytest.mark.parametrize(
    ("source", "whole"),
    [
        ("package a\n" + "ENV A=$A\n/*" * 80_000, False),
        ("package a\n" + "`a\n" * 100_001, False),
        ("package a\nvar x = `a` /* b */ + \"/*\" // `\nvar y = '`'\n", True),
        ('package a\nvar x = "a\\"/*"\n', True),
    ],
)
def test_a_go_source_whose_comments_do_not_end_is_not_read(source: str, whole: bool) -> None:
    file = parse_go_file("a.go", source.encode())
    assert file is not None
    assert file.whole is whole
