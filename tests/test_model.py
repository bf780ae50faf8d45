"""Stages, scopes, states, image references and what a RUN runs."""

from __future__ import annotations

import random

import pytest

from rewriter.model.image_ref import ImageRef, parse_image
from rewriter.model.paths import Folders, glob
from rewriter.model.run import script_logical, shell_of, steps
from rewriter.model.scope import Layered, Scope
from rewriter.model.stages import Model
from rewriter.model.state import State
from rewriter.shell import Opaque
from rewriter.syntax import parse


def known_base(_: ImageRef) -> State:
    return State(env={"PATH": "/go/bin:/usr/bin", "GOPATH": "/go"}, base_known=True, workdir="/go")


def model(text: str, **build_args: str) -> Model:
    return Model(parse(text), build_args, base_state=known_base)


def final(text: str, **build_args: str) -> State:
    return model(text, **build_args).final.final_state


class TestStages:
    GRAPH = model(
        "FROM golang AS build\nRUN a\nFROM build AS test\nCOPY --from=other x y\nFROM alpine AS unused\n"
        "FROM build\nCOPY --from=0 /a /a\nRUN --mount=type=bind,from=test,target=/t true\n"
    )

    def test_parents(self) -> None:
        build, test, unused, last = self.GRAPH.stages
        assert (build.parent, test.parent, unused.parent, last.parent) == (None, build, None, build)
        assert last.root is build
        assert last.lineage == (build, last)
        assert (build.image, test.image) == (ImageRef("golang", "", ""), None)

    def test_sources(self) -> None:
        build, test, _, last = self.GRAPH.stages
        assert last.sources == (build, test)
        assert test.sources == ()

    def test_needed(self) -> None:
        assert self.GRAPH.needed() == {0, 1, 3}

    def test_target(self) -> None:
        found = Model(self.GRAPH.dockerfile, target="TEST")
        assert found.final.name == "test"
        assert found.needed() == {0, 1}
        assert Model(self.GRAPH.dockerfile, target="1").final.name == "test"
        assert Model(self.GRAPH.dockerfile, target="gone").final.index == 3

    def test_stage_of(self) -> None:
        text = self.GRAPH
        assert text.stage_of(text.dockerfile.instructions[1]) is text.stages[0]
        assert text.stage_of(text.stages[2].from_) is text.stages[2]
        lone = model("ARG A\nFROM a\n")
        assert lone.stage_of(lone.dockerfile.instructions[0]) is None

    def test_a_later_stage_takes_a_name_over(self) -> None:
        first, second, third, _ = model("FROM a AS x\nFROM b AS x\nFROM x\nFROM x AS y\n").stages
        assert third.parent is second
        assert first.name == second.name

    def test_names_are_lower_cased_but_from_is_looked_up_as_written(self) -> None:
        _, second, third, fourth = model(
            "FROM a AS Build\nFROM Build\nFROM build\nFROM c\nCOPY --from=BUILD x y\n"
        ).stages
        assert second.parent is None
        assert third.parent is not None
        assert [stage.index for stage in fourth.sources] == [0]

    def test_a_stage_of_its_own_or_later_name_is_an_image(self) -> None:
        first, second = model("FROM later AS first\nCOPY --from=first x y\nCOPY --from=1 x y\nFROM b AS later\n").stages
        assert (first.parent, first.sources, second.parent) == (None, (), None)

    @pytest.mark.parametrize("name", ["²", "٣", "9" * 5000, "-1", "+0"])
    def test_odd_numbers_are_no_stages(self, name: str) -> None:
        assert model("FROM a\nFROM b\n").find(name, 2) is None

    def test_names_from_arguments(self) -> None:
        stages = model("ARG BASE=build\nARG TAG\nFROM a AS build\nFROM ${BASE}\nFROM x:$TAG\nFROM $NONE:1\n").stages
        assert stages[1].parent is stages[0]
        assert (stages[2].image_text, stages[2].image, stages[2].final_state.workdir) == (None, None, None)
        assert stages[3].image_text == ":1"

    def test_a_reference_that_buildkit_rejects(self) -> None:
        assert model("FROM ${x\n").final.image_text is None


class TestArguments:
    def test_only_from_sees_a_global(self) -> None:
        text = "ARG V=1\nFROM a:$V\nENV A=x$V\n"
        assert model(text).final.image_text == "a:1"
        assert final(text).env["A"] == "x"

    def test_a_redeclared_one_takes_the_global(self) -> None:
        assert final("ARG V=1\nFROM a\nARG V\nENV A=$V\n").env["A"] == "1"

    def test_a_default_beats_the_global(self) -> None:
        assert final("ARG V=1\nFROM a\nARG V=2\nENV A=$V\n").env["A"] == "2"

    def test_a_build_argument_beats_all(self) -> None:
        text = "ARG V=1\nFROM a:$V\nARG V=2\nENV A=$V\n"
        assert final(text, V="3").env["A"] == "3"
        assert model(text, V="3").final.image_text == "a:3"

    def test_env_beats_arg_on_either_side(self) -> None:
        assert final("FROM a\nARG V=1\nENV V=2\nENV A=$V\n").env["A"] == "2"
        assert final("FROM a\nENV V=2\nARG V=1\nENV A=$V\n", V="3").env["A"] == "2"

    def test_a_global_may_use_the_one_before(self) -> None:
        assert model("ARG A=1 B=${A}x\nARG C=$B-y\nFROM a:$C\n").final.image_text == "a:1x-y"

    def test_a_child_inherits_arguments_but_a_sibling_does_not(self) -> None:
        text = "FROM a AS x\nARG V=1\nFROM x\nENV A=$V\nFROM b\nENV A=$V\n"
        _, child, sibling = model(text).stages
        assert (child.final_state.env["A"], sibling.final_state.env["A"]) == ("1", "")

    def test_one_without_a_value_is_unknown(self) -> None:
        assert final("FROM a\nARG V\nENV A=$V\n").env["A"] is None

    def test_predefined_ones_are_unknown(self) -> None:
        assert model("FROM --platform=$BUILDPLATFORM a:$TARGETARCH\n").final.image_text is None
        assert final("FROM a\nARG TARGETARCH\nENV A=$TARGETARCH\n").env["A"] is None


class TestEnvironment:
    def test_a_line_expands_with_the_state_before_it(self) -> None:
        state = final("FROM a\nENV A=1\nENV A=2 B=$A\n")
        assert (state.env["A"], state.env["B"]) == ("2", "1")

    def test_names_and_values_lose_their_quotes(self) -> None:
        state = final('FROM a\nENV "A B"=\'x y\' C=d\\ e\nENV F $C "g"\n')
        assert (state.env["A B"], state.env["C"], state.env["F"]) == ("x y", "d e", "d e g")

    def test_a_known_base(self) -> None:
        state = final("FROM golang\nENV PATH=$PATH:/x A=$NONE\n")
        assert (state.env["PATH"], state.env["A"]) == ("/go/bin:/usr/bin:/x", "")
        assert state.path_folders() == ("/go/bin", "/usr/bin", "/x")

    def test_an_unknown_base(self) -> None:
        state = Model(parse("FROM a\nENV A=$NONE B=1\nENV C=$B\n")).final.final_state
        assert (state.env["A"], state.env["C"], state.workdir, state.user) == (None, "1", None, None)

    def test_an_unknown_name_leaves_nothing_known(self) -> None:
        state = final("FROM a\nARG K\nENV A=1\nENV $K=2\nENV B=$A C=$D\n")
        assert (state.env["A"], state.env["B"], state.env["C"]) == (None, None, None)

    def test_an_unknown_path(self) -> None:
        assert final("FROM a\nARG P\nENV PATH=$P\n").path_folders() is None

    def test_what_buildkit_rejects_is_unknown(self) -> None:
        assert final("FROM a\nENV A=${B\n").env["A"] is None


class TestSettings:
    def test_workdir_is_relative_to_the_last(self) -> None:
        stage = model("FROM a\nWORKDIR x\nWORKDIR /y/\nWORKDIR z/../w\nENV W=v\nWORKDIR $W\n").final
        assert [state.workdir for state in stage.states] == ["/go", "/go/x", "/y", "/y/w", "/y/w", "/y/w/v"]

    def test_an_unknown_workdir_stays_so_until_an_absolute_one(self) -> None:
        stage = model("FROM a\nARG W\nWORKDIR $W\nWORKDIR x\nWORKDIR /y\nWORKDIR x\n").final
        assert [state.workdir for state in stage.states[2:]] == [None, None, "/y", "/y/x"]
        assert stage.states[3].absolute("z") is None

    def test_a_child_inherits(self) -> None:
        state = final(
            'FROM a AS x\nUSER u:$G\nSHELL ["/bin/bash", "-c"]\nWORKDIR /w\nENTRYPOINT e\nHEALTHCHECK NONE\nFROM x\n'
        )
        assert (state.user, state.shell, state.workdir) == ("u:", ("/bin/bash", "-c"), "/w")
        assert state.entrypoint is not None
        assert state.healthcheck is not None

    def test_last_wins(self) -> None:
        state = final("FROM a\nCMD x\nCMD y\nENTRYPOINT b\nENTRYPOINT c\nSTOPSIGNAL 9\n")
        assert state.cmd is not None
        assert state.entrypoint is not None
        assert (state.cmd.args, state.entrypoint.args) == ("y", "c")
        assert state.stopsignal is not None

    def test_an_entrypoint_takes_an_inherited_cmd_away(self) -> None:
        assert final("FROM a AS x\nCMD c\nFROM x\nENTRYPOINT e\n").cmd is None
        assert final("FROM a AS x\nCMD c\nFROM x\nCMD d\nENTRYPOINT e\n").cmd is not None
        assert final("FROM a\nCMD c\nENTRYPOINT e\n").cmd is not None
        assert final("FROM a AS x\nCMD c\nFROM x\n").cmd is not None

    def test_state_at(self) -> None:
        stage = model("FROM a\nUSER x\nRUN y\n").final
        assert stage.state_at(stage.instructions[1]).user == "x"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("golang", ("golang", "", "")),
        ("golang:1.22-alpine", ("golang", "1.22-alpine", "")),
        ("localhost:5000/a/b", ("localhost:5000/a/b", "", "")),
        ("localhost:5000/a/b:c@sha256:0", ("localhost:5000/a/b", "c", "sha256:0")),
        ("a@sha256:0", ("a", "", "sha256:0")),
        ("", ("", "", "")),
    ],
)
def test_image_references(text: str, expected: tuple[str, str, str]) -> None:
    assert parse_image(text) == expected


def test_short_names() -> None:
    for name in (
        "golang",
        "library/golang",
        "docker.io/golang",
        "docker.io/library/golang:1",
        "index.docker.io/golang",
    ):
        assert parse_image(name).short_name == "golang"
    assert parse_image("ghcr.io/library/golang").short_name == "ghcr.io/library/golang"
    assert parse_image("docker.io/golang:1").with_tag("2") == "docker.io/golang:2"


class TestRun:
    @staticmethod
    def steps(run: str, before: str = "") -> list[tuple[tuple[str | None, ...], str | None]]:
        stage = model(f"FROM a\n{before}{run}\n").final
        found = steps(stage.instructions[-1], stage.states[-2])
        assert not isinstance(found, Opaque), found
        return [(step.argv, step.cwd) for step in found]

    def test_cd_and_assignments(self) -> None:
        assert self.steps("RUN cd /x && A=y && (cd z; a $A) && b; cd $NONE; c") == [
            (("cd", "/x"), "/go"),
            ((), "/x"),
            (("cd", "z"), "/x"),
            (("a", "y"), "/x/z"),
            (("b",), "/x"),
            (("cd", None), "/x"),
            (("c",), None),
        ]

    def test_environment(self) -> None:
        assert self.steps("RUN a $A $B", "ENV A=1\nARG B=2\n") == [(("a", "1", "2"), "/go")]

    def test_wrappers(self) -> None:
        assert [argv for argv, _ in self.steps("RUN time a && env B=c exec d e && command -v f")] == [
            ("a",),
            ("d", "e"),
            ("command", "-v", "f"),
        ]

    @pytest.mark.parametrize(
        "run", ['RUN ["a", "b"]', 'RUN ["sh", "-c", "a b"]', "RUN <<EOF\na b\nEOF", "HEALTHCHECK CMD a b"]
    )
    def test_forms(self, run: str) -> None:
        assert self.steps(run) == [(("a", "b"), "/go")]

    def test_heredocs_beside_a_command(self) -> None:
        assert self.steps("RUN cat <<EOF > x && b\n$(c)\nEOF") == [(("cat",), "/go"), (("c",), "/go"), (("b",), "/go")]

    def test_a_tabbed_heredoc(self) -> None:
        assert self.steps("RUN <<-EOF\n\ta\n\t\tb\n\tEOF") == [(("a",), "/go"), (("b",), "/go")]

    def test_another_language(self) -> None:
        stage = model('FROM a\nRUN <<EOF\n#!/usr/bin/python3\nx\nEOF\nSHELL ["pwsh", "-c"]\nRUN a\n').final
        assert isinstance(script_logical(stage.instructions[0]), Opaque)
        assert shell_of(stage.final_state) is None
        assert isinstance(steps(stage.instructions[2], stage.final_state), Opaque)

    def test_certainty(self) -> None:
        stage = model("FROM a\nRUN a || b && c; if d; then e; fi\n").final
        found = steps(stage.instructions[0], stage.states[0])
        assert not isinstance(found, Opaque)
        assert {step.name: step.certain for step in found} == {"a": True, "b": False, "c": True, "d": False, "e": False}


class TestScopes:
    def test_one_on_another(self) -> None:
        first = Scope({"A": "1", "B": "2"})
        second = first.setting({"C": "3", "A": "4"})
        third = second.without("B").setting({"D": None})
        assert dict(first) == {"A": "1", "B": "2"}
        assert list(second.items()) == [("A", "4"), ("B", "2"), ("C", "3")]
        assert dict(third) == {"A": "4", "C": "3", "D": None}
        assert (len(second), len(third), "B" in third, third.get("B", "none")) == (3, 3, False, "none")

    def test_two_on_the_same(self) -> None:
        base = Scope().setting({"A": "1"})
        left, right = base.setting({"A": "2"}), base.setting({"B": "3"})
        assert (dict(base), dict(left), dict(right)) == ({"A": "1"}, {"A": "2"}, {"A": "1", "B": "3"})

    def test_what_may_have_changed_is_unknown_and_what_is_set_behind_it_is_not(self) -> None:
        scope = Scope({"A": "1"}).setting({"B": "2"}).unknown().setting({"C": "3"})
        assert dict(scope) == {"A": None, "B": None, "C": "3"}
        assert dict(scope.setting({"A": "4"})) == {"A": "4", "B": None, "C": "3"}
        assert dict(Scope(scope).setting({"B": "5"}).unknown()) == {"A": None, "B": None, "C": None}

    def test_it_is_a_mapping_like_any_other_whatever_is_done_to_it(self) -> None:
        chance = random.Random(1)
        known: list[tuple[Scope, dict[str, str | None]]] = [(Scope(), {})]
        for step in range(2000):
            scope, plain = chance.choice(known[-30:])
            name = chance.choice("ABCDE")
            kind = chance.random()
            if kind < 0.6:
                known.append((scope.setting({name: str(step)}), {**plain, name: str(step)}))
            elif kind < 0.8:
                known.append((scope.without(name), {n: value for n, value in plain.items() if n != name}))
            else:
                known.append((scope.unknown(), dict.fromkeys(plain)))
        assert all(dict(scope) == plain for scope, plain in known)

    def test_layers(self) -> None:
        layered = Layered({"A": "1", "B": "2"}, {"C": "3", "A": None})
        assert list(layered.items()) == [("A", None), ("B", "2"), ("C", "3")]
        assert (len(layered), "D" in layered) == (3, False)


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        ("*.go", "main.go", True),
        ("*.go", "a/main.go", False),
        ("a/*/c", "a/b/c", True),
        ("a?c", "abc", True),
        ("a?c", "a/c", False),
        ("[a-c]x", "bx", True),
        ("[^a-c]x", "bx", False),
        ("[^a]x", "/x", False),
        ("[[]x", "[x", True),
        ("*a*b*", "xxaxxbxx", True),
        ("*a*b", "xbxa", False),
        ("a**b", "axxb", True),
        ("*ab", "aab", True),
        ("[", "[", True),
    ],
)
def test_patterns_of_copy(pattern: str, path: str, expected: bool) -> None:
    assert (glob(pattern).fullmatch(path) is not None) == expected


def test_folders() -> None:
    folders = Folders(["/usr/bin"])
    folders.add("/a/b", 3)
    folders.add("/a", 5)
    folders.add(None, 1)
    found = [folders.since(path) for path in ("/", "/usr", "/usr/bin", "/a", "/a/b", "/b", "a")]
    assert found == [0, 0, 0, 3, 3, None, None]
