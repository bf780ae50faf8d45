"""The two configurations, field by field, and what a Dockerfile itself asks for."""

from __future__ import annotations

from pathlib import Path

import pytest

from rewriter.model.stages import Model
from rewriter.proof.archive import open_image
from rewriter.proof.asked import Asked, asked_of
from rewriter.proof.look import Looked, look
from rewriter.proof.verdict import Kind
from rewriter.syntax import parse
from tests.proof.elf_maker import go_program
from tests.proof.saved import Files, folder, program, save, text
from tests.proof.systems import ALPINE, DEBIAN, SERVER, jar, java, node, python

APP: Files = {**DEBIAN, "app/server": SERVER}
ASKED = Asked(instructions=frozenset({"WORKDIR", "USER", "EXPOSE"}))


def compare(
    tmp_path: Path,
    before: dict[str, object],
    after: dict[str, object],
    asked: Asked = ASKED,
    files: Files = APP,
    new_files: Files | None = None,
) -> Looked:
    """Looks at two images that start ``/app/server`` unless they say otherwise."""
    base: dict[str, object] = {"Cmd": ["/app/server"]}
    paths = [
        save(tmp_path / name, [held], {**base, **settings})
        for name, held, settings in (("b.tar", files, before), ("a.tar", new_files or files, after))
    ]
    with open_image(paths[0]) as old, open_image(paths[1]) as new:
        return look(old, new, asked)


def told(looked: Looked) -> list[str]:
    """The differences as sentences."""
    return [difference.what for difference in looked.differences]


def test_the_same_is_the_same(tmp_path: Path) -> None:
    settings: dict[str, object] = {
        "ExposedPorts": {"80/tcp": {}},
        "Volumes": {"/data/": {}},
        "Labels": {"a": "b", "dfrewrite.proof": "1"},
        "Healthcheck": {"Test": ["CMD", "/app/server"]},
        "StopSignal": "15",
        "User": "nobody",
    }
    other = {**settings, "Labels": {"a": "b", "dfrewrite.proof": "2"}, "StopSignal": "term", "Volumes": {"/data": {}}}
    looked = compare(tmp_path, settings, other, Asked(labels=frozenset({"a", "dfrewrite.proof"})))
    assert told(looked) == []
    assert "the configuration is the same in all that the Dockerfile asks for" in looked.seen


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({"ExposedPorts": {"80/tcp": {}, "81/tcp": {}}}, {"ExposedPorts": {"81/tcp": {}}}, "EXPOSE 80/tcp is lost"),
        ({"Volumes": {"/data": {}}}, {}, "VOLUME /data is lost"),
        ({"User": "nobody"}, {}, "it runs as root (0) and no longer as nobody (65534)"),
        ({"User": "5"}, {"User": "6"}, "it runs as user 6 and no longer as user 5"),
        ({"WorkingDir": "/app"}, {}, "the working directory is / and no longer /app"),
        ({"StopSignal": "SIGINT"}, {}, "the stop signal is SIGTERM and no longer SIGINT"),
        ({"Healthcheck": {"Test": ["CMD", "/app/server"]}}, {}, "HEALTHCHECK is lost"),
        (
            {"Healthcheck": {"Test": ["CMD", "/app/server"], "Interval": 1}},
            {"Healthcheck": {"Test": ["CMD", "/app/server"], "Interval": 2}},
            "the times of HEALTHCHECK are others",
        ),
        (
            {"Healthcheck": {"Test": ["CMD", "/app/server", "a"]}},
            {"Healthcheck": {"Test": ["CMD", "/app/server", "b"]}},
            "HEALTHCHECK is 'CMD /app/server b' and was 'CMD /app/server a'",
        ),
        ({"Cmd": ["/app/server", "a"]}, {}, "['/app/server'] is started and no longer ['/app/server', 'a']"),
        ({"Labels": {"a": "b"}}, {}, "the label a is lost"),
        ({"Labels": {"a": "b"}}, {"Labels": {"a": "c"}}, "the label a is 'c'"),
        ({"Env": ["A=1"]}, {}, "the variable A is not set and was '1'"),
        ({"Env": ["A=1"]}, {"Env": ["A=2"]}, "the variable A is '2' and was '1'"),
        ({"OnBuild": ["RUN x"]}, {}, "ONBUILD is lost"),
    ],
)
def test_what_the_dockerfile_asks_for_is_kept(
    tmp_path: Path, before: dict[str, object], after: dict[str, object], expected: str
) -> None:
    asked = Asked(
        env=frozenset({"A"}),
        labels=frozenset({"a"}),
        instructions=frozenset({"WORKDIR", "ONBUILD"}),
    )
    looked = compare(tmp_path, before, after, asked)
    assert told(looked) == [expected]
    assert looked.differences[0].kind is Kind.CONFIGURATION
    assert looked.differences[0].evidence


@pytest.mark.parametrize(
    ("before", "after", "allowed"),
    [
        ({"ExposedPorts": {"80/tcp": {}}}, {}, "EXPOSE"),
        ({"User": "5"}, {}, "USER"),
        ({"Env": ["A=1"]}, {}, "ENV A"),
        ({"Labels": {"a": "b"}}, {}, "LABEL a"),
        ({"Healthcheck": {"Test": ["CMD", "/app/server"]}}, {}, "HEALTHCHECK"),
        ({"Cmd": ["/app/server", "a"]}, {}, "CMD"),
        ({"StopSignal": "SIGINT"}, {}, "STOPSIGNAL"),
    ],
)
def test_what_a_rewrite_announces_is_allowed(
    tmp_path: Path, before: dict[str, object], after: dict[str, object], allowed: str
) -> None:
    asked = Asked(env=frozenset({"A"}), labels=frozenset({"a"}), allowed=frozenset({allowed}))
    assert told(compare(tmp_path, before, after, asked)) == []


def test_what_only_the_base_image_set_may_go(tmp_path: Path) -> None:
    before: dict[str, object] = {
        "Env": ["GOPATH=/go", "GOLANG_VERSION=1.18", "SOMETHING=1"],
        "WorkingDir": "/go",
        "Labels": {"org.opencontainers.image.version": "1"},
        "Shell": ["/bin/bash", "-c"],
    }
    looked = compare(tmp_path, before, {"ExposedPorts": {"80/tcp": {}}}, Asked())
    assert told(looked) == []
    notes = " ".join([*looked.seen, *looked.not_seen])
    for part in ("SOMETHING", "the working directory is / and was /go", "EXPOSE 80/tcp is new", "SHELL differs"):
        assert part in notes


def test_an_inherited_working_directory_where_the_program_lies(tmp_path: Path) -> None:
    files = {**APP, "go/server": SERVER, "server": SERVER}
    looked = compare(
        tmp_path, {"WorkingDir": "/go", "Cmd": ["./server"]}, {"WorkingDir": "/", "Cmd": ["./server"]}, Asked(), files
    )
    assert told(looked) == ["the working directory is / and no longer /go, and './server' is looked for in it"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (["/bin/sh", "-c", "/app/server a"], ["/app/server", "a"]),
        (["/bin/sh", "-c", "exec ./server a"], ["./server", "a"]),
        (["/usr/bin/tini", "--", "/app/server", "a"], ["/app/server", "a"]),
        (["/entry.sh", "/app/server", "a"], ["/app/server", "a"]),
    ],
)
def test_another_way_to_the_same_program(tmp_path: Path, before: list[str], after: list[str]) -> None:
    files: Files = {**APP, "usr/bin/tini": SERVER, "entry.sh": program('#!/bin/sh\nexec "$@"\n')}
    settings: dict[str, object] = {"WorkingDir": "/app"}
    looked = compare(tmp_path, {**settings, "Cmd": before}, {**settings, "Cmd": after}, files=files)
    assert told(looked) == []
    assert any("both start 'server a' in the end" in sentence for sentence in looked.seen)
    assert any("signals" in sentence for sentence in looked.not_seen)


def test_entry_point_and_command_change_places(tmp_path: Path) -> None:
    before: dict[str, object] = {"Entrypoint": ["/app/server"], "Cmd": ["a"]}
    looked = compare(tmp_path, before, {"Cmd": ["/app/server", "a"]})
    assert told(looked) == []
    assert any("docker run" in sentence for sentence in looked.not_seen)


def test_a_healthcheck_that_cannot_succeed(tmp_path: Path) -> None:
    settings: dict[str, object] = {"Healthcheck": {"Test": ["CMD-SHELL", "curl -f http://localhost/"]}}
    looked = compare(tmp_path, settings, settings, new_files={**ALPINE, "app/server": SERVER})
    (difference,) = looked.differences
    assert difference.kind is Kind.HEALTH
    assert difference.what == (
        "the HEALTHCHECK 'curl -f http://localhost/' cannot succeed: the shell form starts curl, "
        "and curl is in no folder of PATH"
    )
    none = compare(tmp_path, settings, settings, new_files={"app/server": SERVER})
    assert "/bin/sh is not there" in told(none)[0]


def test_another_machine(tmp_path: Path) -> None:
    paths = [
        save(tmp_path / f"{name}.tar", [{"x": "1"}], {"Cmd": ["/x"]}, architecture=name) for name in ("amd64", "arm64")
    ]
    with open_image(paths[0]) as old, open_image(paths[1]) as new:
        assert "the image is for linux/arm64 and was for linux/amd64" in told(look(old, new, Asked()))


# --- the environment ---


@pytest.mark.parametrize(
    ("name", "files"),
    [
        ("PYTHONPATH", {**python(), "app/main": text("")}),
        ("LANG", {**python(), "app/main": text("")}),
        ("NODE_ENV", {**node(), "app/main": text("")}),
    ],
)
def test_inherited_variables_that_an_interpreter_reads(tmp_path: Path, name: str, files: Files) -> None:
    language = "node" if "NODE" in name else "python"
    settings: dict[str, object] = {"Cmd": [language, "/app/main"]}
    looked = compare(tmp_path, {**settings, "Env": [f"{name}=/x"]}, settings, Asked(), files)
    assert told(looked) == [f"the variable {name} is not set and was '/x'; {language} reads it"]
    if name == "NODE_ENV":
        added = compare(tmp_path, settings, {**settings, "Env": [f"{name}=production"]}, Asked(), files)
        assert told(added) == [f"the variable {name} is 'production' and was not set; {language} reads it"]


def test_inherited_variables_of_java(tmp_path: Path) -> None:
    files: Files = {**java(), "app.jar": jar("a.B", {"a.B": 11})}
    settings: dict[str, object] = {"Cmd": ["java", "-jar", "/app.jar"]}
    before = {**settings, "Env": ["JAVA_HOME=/opt/java", "LANG=C.UTF-8", "JAVA_VERSION=17"]}
    looked = compare(tmp_path, before, settings, Asked(), files)
    assert told(looked) == ["the variable LANG is not set and was 'C.UTF-8'; java reads it"]


def test_inherited_variables_that_the_program_names(tmp_path: Path) -> None:
    files: Files = {
        **DEBIAN,
        "app/server": program(go_program(holds=b"xSHOP_HOMEx")),
        "run": program("#!/bin/sh\necho $GREETING\n"),
    }
    before: dict[str, object] = {"Env": ["SHOP_HOME=/srv", "OTHER_HOME=/srv"]}
    assert told(compare(tmp_path, before, {}, Asked(), files)) == [
        "the variable SHOP_HOME is not set and was '/srv'; /app/server names it"
    ]
    script: dict[str, object] = {"Cmd": ["/run"]}
    assert told(compare(tmp_path, {**script, "Env": ["GREETING=hi"]}, script, Asked(), files)) == [
        "the variable GREETING is not set and was 'hi'; /run names it"
    ]
    shell: dict[str, object] = {"Cmd": ["/bin/sh", "-c", "/app/server ${PORT}"]}
    assert told(compare(tmp_path, {**shell, "Env": ["PORT=1"]}, shell, Asked(), files)) == [
        "the variable PORT is not set and was '1'; the start command names it: /app/server ${PORT}"
    ]


def test_variables_of_tools_that_are_gone(tmp_path: Path) -> None:
    names = ["GO111MODULE", "CGO_ENABLED", "DEBIAN_FRONTEND", "PIP_NO_CACHE_DIR", "GOPATH"]
    before: dict[str, object] = {"Env": [f"{name}=1" for name in names]}
    asked = Asked(env=frozenset(names))
    assert told(compare(tmp_path, before, {}, asked)) == []
    with_go: Files = {**APP, "usr/local/bin/go": SERVER}
    found = told(compare(tmp_path, before, {}, asked, new_files=with_go))
    assert [what.split()[2] for what in found] == ["GO111MODULE", "CGO_ENABLED", "GOPATH"]


def test_path(tmp_path: Path) -> None:
    files: Files = {**APP, "venv/bin/tool": SERVER, "gone/": folder()}
    before: dict[str, object] = {"Env": ["PATH=/venv/bin:/gone:/usr/local/go/bin:/usr/bin"]}
    after: dict[str, object] = {"Env": ["PATH=/usr/bin"]}
    asked = Asked(env=frozenset({"PATH"}), path_folders=("/venv/bin", "/gone"))
    assert told(compare(tmp_path, before, after, asked, files)) == ["PATH no longer has /venv/bin, which holds tool"]
    assert told(compare(tmp_path, before, after, Asked(), files)) == []


# --- what a Dockerfile asks for ---


def asked(text: str, target: str | None = None) -> Asked:
    return asked_of(Model(parse(text), {}, target))


def test_what_is_read_of_a_dockerfile() -> None:
    found = asked(
        """\
ARG VERSION=1
FROM golang:1.18 AS base
ENV A=1 PATH=/opt/bin:$PATH
LABEL "a b"=c
WORKDIR /app
FROM other AS unused
ENV NOT=1
USER nobody
FROM base
ARG NAME=B
ENV ${NAME}_X=2
ENV PATH="/venv/bin:${PATH}"
RUN true
COPY . .
EXPOSE 80
HEALTHCHECK NONE
"""
    )
    assert found.env == {"A", "PATH", "B_X"}
    assert found.path_folders == ("/opt/bin", "/venv/bin")
    assert found.labels == {"a b"}
    assert found.instructions == {"WORKDIR", "EXPOSE", "HEALTHCHECK"}
    assert (found.layers, found.known) == (3, True)


def test_the_target_decides() -> None:
    text = "FROM a AS first\nENV A=1\nFROM b\nENV B=1\n"
    assert asked(text).env == {"B"}
    assert asked(text, "first").env == {"A"}


def test_a_name_that_only_the_build_knows(tmp_path: Path) -> None:
    found = asked("FROM a\nARG NAME\nENV ${NAME}=1\n")
    assert not found.known
    assert told(compare(tmp_path, {"Env": ["X=1"]}, {}, found)) == ["the variable X is not set and was '1'"]
