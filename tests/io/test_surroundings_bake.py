from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import pytest

from rewriter.io.surroundings_hcl import HclError, read_hcl
from tests.io.test_surroundings import found

if TYPE_CHECKING:
    from pathlib import Path

HCL = "docker-bake.hcl"


def targets(tmp_path: Path, text: str, name: str = HCL) -> set[str]:
    return set(found(tmp_path, {name: text}).surroundings.targets)


def test_hcl(tmp_path: Path) -> None:
    text = """
        // the default
        group "default" { targets = ["app"] }
        variable "TAG" { default = "latest" }
        function "f" { params = [a] result = "${a}}" }
        target "app" {
          context    = "."   # here
          dockerfile = "Dockerfile" /* not "Dockerfile.dev" */
          tags       = ["me/app:${TAG}", "target = \\"no\\""]
          args       = { target = "neither" }
          target     = "Prod"
        }
        target "dev" { target = "dev" }
    """
    seen = found(tmp_path, {HCL: text})
    assert seen.surroundings.targets == {"prod": HCL, "dev": HCL}
    assert seen.context == tmp_path
    assert seen.notes == ()


@pytest.mark.parametrize(
    "value",
    [
        "NAME",
        '"${NAME}"',
        '"%{ if x }a%{ endif }"',
        'x ? "a" : "b"',
        'f("a")',
        '"a" + "b"',
        "<<EOT\na\nEOT",
        '["a"]',
        "1",
    ],
)
def test_what_would_have_to_be_evaluated(tmp_path: Path, value: str) -> None:
    assert targets(tmp_path, f'target "a" {{\n  target = {value}\n}}\n') == {"*"}


@pytest.mark.parametrize("value", ["null", '""'])
def test_no_target(tmp_path: Path, value: str) -> None:
    assert targets(tmp_path, f'target "a" {{\n  target = {value}\n}}\n') == set()


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ('dockerfile = "Dockerfile.other"', set()),
        ('dockerfile = NAME', {"x"}),
        ('context = DIR', {"x"}),
        ('context = "${DIR}/sub"', {"x"}),
        ('context = "sub"', set()),
        ('context = "https://example.org/a.git"', set()),
        ('dockerfile-inline = <<EOT\nFROM scratch\nEOT\n', set()),
        ('dockerfile-inline = "FROM scratch"', set()),
    ],
)  # fmt: skip
def test_which_dockerfile(tmp_path: Path, body: str, expected: set[str]) -> None:
    assert targets(tmp_path, f'target "a" {{\n  target = "x"\n  {body}\n}}\n') == expected


def test_inheritance(tmp_path: Path) -> None:
    text = """
        target "_common" { args = { A = "1" } }
        target "_sub" { context = "sub" }
        target "a" { inherits = ["_common", "_sub"], target = "a" }
        target "b" {
          inherits = [
            "_sub",  # comes first
            "a",
          ]
          target = "b"
          context = "."
        }
        target "c" { inherits = "b" }
    """
    text = text.replace('"_sub"], target', '"_sub"]\n target')
    assert targets(tmp_path, text) == {"b"}
    assert targets(tmp_path, 'target "a" { inherits = ["missing"] }') == {"*"}
    assert targets(tmp_path, 'target "a" { inherits = [X] }') == {"*"}
    assert targets(tmp_path, 'target "a" { inherits = ["a"] }') == {"*"}


def test_parents_do_not_speak_of_the_context(tmp_path: Path) -> None:
    text = 'target "p" { target = "x" }\ntarget "a" {\n inherits = ["p"]\n context = "sub"\n'
    text += ' dockerfile = "../Dockerfile"\n}\n'
    assert found(tmp_path, {HCL: text, "sub/x": ""}).context == tmp_path / "sub"


def test_much_inheritance_costs_nothing(tmp_path: Path) -> None:
    lines = ['target "t0" { target = "x" }']
    lines += [f'target "t{n}" {{ inherits = ["t{n - 1}", "t{n - 1}", "t{n - 1}"] }}' for n in range(1, 400)]
    start = time.monotonic()
    assert "x" in targets(tmp_path, "\n".join(lines))
    assert time.monotonic() - start < 2


def test_json(tmp_path: Path) -> None:
    content = {
        "group": {"default": {"targets": ["a"]}},
        "target": {
            "a": {"context": ".", "dockerfile": "Dockerfile", "target": "one", "tags": ["x"], "args": {"target": "no"}},
            "b": {"inherits": ["a"], "target": "${X}"},
            "c": {"context": "sub", "target": "three", "dockerfile": None},
            "d": 1,
        },
    }
    seen = found(tmp_path, {"docker-bake.json": json.dumps(content)})
    assert set(seen.surroundings.targets) == {"one", "*"}
    assert seen.context == tmp_path
    listed = {"target": [{"a": {"target": "one"}}, {"b": {"target": ["x"]}}, 3]}
    assert targets(tmp_path, json.dumps(listed), "docker-bake.json") == {"one", "*"}


def test_overrides(tmp_path: Path) -> None:
    files = {
        "docker-bake.hcl": 'target "a" {\n context = "sub"\n dockerfile = "../Dockerfile"\n target = "one"\n}\n',
        "docker-bake.override.json": '{"target": {"a": {"target": "two"}}}',
        "docker-bake.override.hcl": 'target "b" { dockerfile = "sub/Dockerfile" }',
        "sub/Dockerfile": "",
    }
    seen = found(tmp_path, files)
    assert seen.surroundings.targets == {"one": "docker-bake.hcl", "two": "docker-bake.override.json"}


@pytest.mark.parametrize(
    ("name", "text", "note"),
    [
        (HCL, 'target "a" {', "line 1: the bracket is not closed"),
        (HCL, '\ntarget "a {\n}', "line 2: the text in quotes does not end"),
        (HCL, 'target "a" {\n x = "${"b', "line 2: the text in quotes does not end"),
        (HCL, 'target "a" {\n x = <<EOT\n', "line 2: the heredoc does not end"),
        (HCL, "x = [" * 50_000, "line 1: the bracket is not closed"),
        (HCL, 'x = "' + "${" * 50_000, "line 1: the text in quotes does not end"),
        (HCL, 'x = "' + "$" * 50_000, "line 1: the text in quotes does not end"),
        ("docker-bake.json", "{", "line 1: Expecting property name enclosed in double quotes"),
        ("docker-bake.json", "[" * 100_000, "is nested too deeply"),
    ],
)
def test_malformed(tmp_path: Path, name: str, text: str, note: str) -> None:
    seen = found(tmp_path, {name: text})
    assert seen.surroundings.targets == {}
    assert seen.notes == (f"{name}: {note}",)


@pytest.mark.parametrize(
    "text", ["[]", "null", "1", '{"target": 1}', '{"target": {"a": {"target": "\\u0000\\ud800"}}}']
)
def test_odd_json(tmp_path: Path, text: str) -> None:
    assert targets(tmp_path, text, "docker-bake.json") <= {"*"}


def test_odd_paths(tmp_path: Path) -> None:
    for path in ("\\u0000", "\\ud800", "a" * 5000, "/".join("a" * 2000), "../" * 50 + "etc", "~/x"):
        text = f'{{"target": {{"a": {{"context": "{path}", "target": "x"}}}}}}'
        seen = found(tmp_path, {"docker-bake.json": text})
        assert seen.context is None
        assert set(seen.surroundings.targets) <= {"x"}


def test_the_scanner() -> None:
    text = """a = 1
        block one "two" { k = "v\\n\\u00e9\\"" l = 2
          "quoted" = "yes", m : "no"
          n = ["a", "b",]
          o = []
          p = ["a" "b"]
          q = "$${x} 100% $5"
          inner { k = "inner" }
        } } stray
        target "t" { k = "v" }"""
    first, second = read_hcl(text)
    assert (first.kind, first.labels) == ("block", ("one", "two"))
    assert first.attributes == {
        "k": None,  # one line holds one attribute
        "quoted": None,
        "n": ("a", "b"),
        "o": (),
        "p": None,
        "q": "$${x} 100% $5",
    }
    assert second.attributes == {"k": "v"}
    assert read_hcl('x {\n k = "v\\n\\u00e9\\""\n}')[0].attributes == {"k": 'v\né"'}
    with pytest.raises(HclError):
        read_hcl("a {")
