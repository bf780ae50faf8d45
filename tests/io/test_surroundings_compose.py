from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from rewriter.io.surroundings_compose import substitute
from rewriter.io.surroundings_yaml import YamlError, read_yaml
from tests.io.test_surroundings import found

if TYPE_CHECKING:
    from pathlib import Path


def compose(text: str, name: str = "docker-compose.yml", **files: str) -> dict[str, str]:
    return {name: text, **files}


@pytest.mark.parametrize(
    "build",
    [
        "build: .",
        "build: ./",
        "build: {context: .}",
        "build: {context: ., dockerfile: Dockerfile}",
        "build: {dockerfile: ./Dockerfile}",
        "build: ${DIR:-.}",
        "build: $PWD",
        "build: {context: '${PWD}', dockerfile: '${FILE-Dockerfile}'}",
    ],
)
def test_a_build_of_this_dockerfile(tmp_path: Path, build: str) -> None:
    seen = found(tmp_path, compose(f"services:\n  a:\n    command: serve\n    {build}\n"))
    assert seen.context == tmp_path
    assert seen.surroundings.commands == ((("serve",), "docker-compose.yml"),)


@pytest.mark.parametrize(
    "build",
    [
        "build: sub",
        "build: {context: ., dockerfile: sub/Dockerfile}",
        "build: {context: ., dockerfile: Missing}",
        "build: https://github.com/a/b.git",
        "build: git@github.com:a/b.git#main:sub",
        "build: {context: github.com/a/b}",
        'build: {context: ., dockerfile_inline: "FROM scratch"}',
        "image: golang",
        "build: null",
        "build: ''",
        "build: []",
        "build: ../..",
        "build: /etc",
        'build: "a\\0b"',
    ],
)
def test_a_build_of_something_else(tmp_path: Path, build: str) -> None:
    text = f"services:\n  a:\n    command: serve\n    {build}\n"
    seen = found(tmp_path, compose(text) | {"sub/Dockerfile": ""})
    assert seen.surroundings.commands == ()
    assert seen.context is None


@pytest.mark.parametrize("name", ["docker-compose.yml", "docker-compose.dev.yaml", "compose.yaml", "compose-ci.yml"])
def test_names(tmp_path: Path, name: str) -> None:
    seen = found(tmp_path, {name: "services: {a: {build: {context: ., target: Dev}}}\n"})
    assert seen.surroundings.targets == {"dev": name}


@pytest.mark.parametrize(
    ("target", "keys"),
    [
        ("dev", {"dev"}),
        ("BUILDER", {"builder"}),
        ("0", {"0"}),
        ("${TARGET}", {"*"}),
        ("$TARGET", {"*"}),
        ("${TARGET:?needed}", {"*"}),
        ("x-${TARGET:+y}", {"*"}),
        # The variable is there to be set.
        ("${TARGET:-dev}", {"dev", "*"}),
        ("${A:-${B:-dev}}", {"dev", "*"}),
        ("''", set()),
        ("null", set()),
        ("{a: b}", set()),
    ],
)
def test_targets(tmp_path: Path, target: str, keys: set[str]) -> None:
    seen = found(tmp_path, compose(f"services:\n  a:\n    build:\n      context: .\n      target: {target}\n"))
    assert set(seen.surroundings.targets) == keys


def test_a_dockerfile_that_is_not_known_may_be_this_one(tmp_path: Path) -> None:
    text = "services: {a: {build: {context: ., dockerfile: '${FILE}', target: dev}}}\n"
    seen = found(tmp_path, compose(text))
    assert set(seen.surroundings.targets) == {"dev"}
    assert seen.context is None
    text = "services: {a: {build: {context: '${DIR}', dockerfile: Dockerfile.dev, target: dev}}}\n"
    assert found(tmp_path, compose(text)).surroundings.targets == {}


def test_different_contexts(tmp_path: Path) -> None:
    text = "services: {a: {build: .}, b: {build: {context: .., dockerfile: api/Dockerfile}}}\n"
    seen = found(tmp_path, {"api/compose.yml": text, "api/Dockerfile": ""}, "api/Dockerfile")
    assert seen.context is None
    assert seen.notes == (
        "different build contexts are named, and none is taken: api (api/compose.yml), . (api/compose.yml)",
    )


def test_paths_from_the_root(tmp_path: Path) -> None:
    text = "services: {a: {build: {context: ., dockerfile: docker/Dockerfile}}}\n"
    seen = found(tmp_path, {"docker/compose.yml": text, "docker/Dockerfile": ""}, "docker/Dockerfile")
    assert seen.context == tmp_path


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("command: air -c .air.toml", [("air", "-c", ".air.toml")]),
        ('command: ["go", "run", "."]', [("go", "run", ".")]),
        ("command: sh -c 'go run . && x'", [("sh", "-c", "go run . && x")]),
        ("command: it's", [("it's",)]),
        ("command: serve ${PORT} ${HOST:-all} $$X", [("serve", "${PORT}", "all", "$X")]),
        ("entrypoint: /e\n    command: [a, null, {b: c}, 1]", [("/e",), ("a", "1")]),
        ("command: []", []),
        ("command: ''", []),
        ("command: null", []),
        ("command: {a: b}", []),
    ],
)
def test_commands(tmp_path: Path, written: str, words: list[tuple[str, ...]]) -> None:
    seen = found(tmp_path, compose(f"services:\n  a:\n    build: .\n    {written}\n"))
    assert [command for command, _ in seen.surroundings.commands] == words


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ('test: ["CMD", "curl", "-f", "http://localhost:${PORT:-80}"]', [("curl", "-f", "http://localhost:80")]),
        ('test: ["CMD-SHELL", "curl localhost || exit 1"]', [("sh", "-c", "curl localhost || exit 1")]),
        ("test: curl localhost", [("sh", "-c", "curl localhost")]),
        ('test: ["NONE"]', []),
        ("test: []", []),
        ("interval: 5s", []),
        ("disable: true", []),
    ],
)
def test_health_checks(tmp_path: Path, written: str, words: list[tuple[str, ...]]) -> None:
    seen = found(tmp_path, compose(f"services:\n  a:\n    build: .\n    healthcheck:\n      {written}\n"))
    assert [command for command, _ in seen.surroundings.health] == words


def test_mounts(tmp_path: Path) -> None:
    text = """
        services:
          a:
            build: .
            volumes:
              - .:/app
              - ./src:/app/src/:ro
              - /var/run/x.sock:/var/run/x.sock
              - ~/.cache:/root/.cache
              - ${PWD}/conf:/conf
              - ${DIR:-./data}:/data
              - ${UNKNOWN}:/unknown
              - .:/go/src/${NAME}
              - .:/go/src-${NAME}/x
              - .:${WHERE}
              - named:/named
              - /anonymous
              - {type: bind, source: ., target: /long}
              - {type: volume, source: v, target: /volume}
              - {source: ., target: /odd}
              - .:relative
              - .
              - null
              - [x]
    """
    seen = found(tmp_path, compose(text))
    assert [path for path, _ in seen.surroundings.mounts] == [
        *(
            "/app",
            "/app/src",
            "/var/run/x.sock",
            "/root/.cache",
            "/conf",
            "/data",
            "/unknown",
            "/go/src",
            "/go",
            "/long",
        ),
    ]


def test_overrides_are_laid_over_their_base(tmp_path: Path) -> None:
    files = {
        "docker-compose.yml": "services: {a: {build: api, command: serve}, b: {image: x, command: other}}\n",
        "docker-compose.override.yml": """
            services:
              a: {command: air, volumes: [".:/app"], build: {target: dev}}
              b: {command: never}
        """,
        "api/Dockerfile": "",
    }
    seen = found(tmp_path, files, "api/Dockerfile")
    assert seen.context == tmp_path / "api"
    assert seen.surroundings.targets == {"dev": "docker-compose.override.yml"}
    assert seen.surroundings.mounts == (("/app", "docker-compose.override.yml"),)
    assert seen.surroundings.commands == (
        (("serve",), "docker-compose.yml"),
        (("air",), "docker-compose.override.yml"),
    )
    assert found(tmp_path, files).surroundings.targets == {}


def test_another_file_can_stand_alone(tmp_path: Path) -> None:
    files = {
        "docker-compose.yml": "services: {a: {build: {context: ., dockerfile: Dockerfile.dev}}}\n",
        "docker-compose.prod.yml": "services: {a: {build: ., command: prod}}\n",
        "Dockerfile.dev": "",
    }
    for name in ("Dockerfile", "Dockerfile.dev"):
        assert found(tmp_path, files, name).surroundings.commands == ((("prod",), "docker-compose.prod.yml"),)


def test_a_reset_build(tmp_path: Path) -> None:
    files = {
        "compose.yml": "services: {a: {build: .}}\n",
        "compose.x.yml": "services:\n  a:\n    build: !reset null\n    command: other\n",
    }
    assert found(tmp_path, files).surroundings.commands == ()


def test_anchors_merges_and_extends(tmp_path: Path) -> None:
    text = """
        x-build: &build {context: ., target: one}
        x-common: &common
          build: *build
          volumes: [".:/app"]
        services:
          a:
            <<: *common
            command: a
          b:
            extends: a
            build: {target: two}
          c:
            extends: {service: b, file: ./docker-compose.yml}
            command: c
          d:
            extends: {service: a, file: elsewhere.yml}
            command: d
          e: {extends: e, build: {context: ., target: five}}
          f: {extends: missing}
          g: {<<: [{command: g}, {command: h}, *common, x]}
    """
    seen = found(tmp_path, compose(text))
    assert set(seen.surroundings.targets) == {"one", "two", "five"}
    assert [words for words, _ in seen.surroundings.commands] == [("a",), ("c",), ("g",)]


def test_a_service_that_runs_the_same_image(tmp_path: Path) -> None:
    text = """
        services:
          worker: {image: me/app, command: work}
          web: {build: ., image: me/app}
          db: {image: postgres, command: other}
    """
    assert found(tmp_path, compose(text)).surroundings.commands == ((("work",), "docker-compose.yml"),)


def test_the_first_format(tmp_path: Path) -> None:
    text = "web:\n  build: .\n  dockerfile: Dockerfile.web\n  command: serve\n"
    files = compose(text) | {"Dockerfile.web": ""}
    assert found(tmp_path, files, "Dockerfile.web").surroundings.commands == ((("serve",), "docker-compose.yml"),)
    assert found(tmp_path, files).surroundings.commands == ()


MERGES = "a0: &a0 {x: build}\n"
MERGES += "".join(f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 9)}]}}\n" for n in range(1, 9))


@pytest.mark.parametrize(
    "text",
    [
        "services: [build",
        "services:\n\ta: build\n",
        "%build\n",
        "build: " + "[" * 5000,
        "- " * 5000 + "build",
        "? " * 5000 + "build",
        "build: " + "{a: " * 5000,
        MERGES + "x: {<<: [" + "*a8, " * 60_000 + "]}",
        "a: &a {x: build}\n<<: [" + "*a, " * 60_000 + "]",
        "build: \0",
    ],
)  # fmt: skip
def test_malformed(tmp_path: Path, text: str) -> None:
    seen = found(tmp_path, compose(text) | {"compose.yml": "services: {a: {build: {context: ., target: x}}}\n"})
    assert len(seen.notes) == 1
    assert seen.notes[0].startswith("docker-compose.yml: ")
    assert seen.notes[0].isprintable()
    assert seen.surroundings.targets == {"x": "compose.yml"}


@pytest.mark.parametrize(
    "text",
    [
        "", "---\n---\n", "- a\n", "a", "services:\n", "services: []\n", "services: {a: x}\nbuild: 1",
        "&a [*a, build]", "services: &a {a: *a, build: *a}", "? [build]\n: x\n", "a: *nowhere\nbuild: 1\n",
        "!!python/object/apply:os.system ['build']", "a: &a {b: &b build}\n---\nc: *b\n",
        "services: {? {a: b} : {build: .}}",
    ],
)  # fmt: skip
def test_odd_but_harmless(tmp_path: Path, text: str) -> None:
    seen = found(tmp_path, compose(text))
    assert seen.notes == ()
    assert seen.context is None


def test_shared_parts_cost_nothing(tmp_path: Path) -> None:
    lines = ["a0: &a0 {command: x, build: .}"] + [f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 60)]
    start = time.monotonic()
    assert found(tmp_path, compose("\n".join(lines))).notes == ()
    assert time.monotonic() - start < 2


def test_yaml_is_nothing_but_texts() -> None:
    text = "a: 1.0\nb: yes\nc: 2020-01-01\nd: ~\ne: '~'\nf: !!str null\n<<: {a: 2, g: 3}\n'<<': {h: 4}\n"
    assert read_yaml(text) == [
        {"g": "3", "a": "1.0", "b": "yes", "c": "2020-01-01", "d": None, "e": "~", "f": "null", "<<": {"h": "4"}}
    ]
    with pytest.raises(YamlError, match="line 2: "):
        read_yaml("a: 1\n b: 2\n")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a", "a"),
        ("$$a", "$a"),
        ("${A-b}c", "bc"),
        ("${A:-}", ""),
        ("${A:-${B}}", "$"),
        ("${A", "$"),
        ("${}", "$"),
        ("${A:-x}${B}$C/d", "x$$/d"),
        ("$1", "$1"),
        ("${A:-" * 2000, "$"),
        ("$A" * 3000, "$"),
    ],
)
def test_variables(text: str, value: str) -> None:
    assert substitute(text) == value
