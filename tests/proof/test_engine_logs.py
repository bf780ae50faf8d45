"""Why a build failed, read from what engines print: the logs in ``engine_logs`` were recorded from those engines.

``CASE.txt`` is a Dockerfile that fails (``stopped`` was interrupted), ``CASE.ENGINE.log`` what the engine said to it.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from rewriter.proof import buildah_log, buildkit_log
from rewriter.proof.messages import (
    Failure,
    end_of,
    ended_with,
    is_engines_fault,
    one_line,
    start_error,
    telling_line,
    text_of,
)
from rewriter.syntax import Dockerfile, tile

LOGS = Path(__file__).parent / "engine_logs"
DOCKER = ("docker-20.10", "docker-26.1")
PODMAN = ("podman-5.4", "buildah-1.28")

NO_HOST = (
    'the base image example/not-there:1 could not be had: failed to do request: Head "https://registry-1.docker.io/v2/'
    'example/not-there/manifests/1": dial tcp: lookup registry-1.docker.io on 192.0.2.53:53: no such host'
)
NO_REGISTRY = (
    'the base image example/not-there:1 could not be had: short-name "example/not-there:1" did not resolve to an alias '
    'and no unqualified-search registries are defined in "/etc/containers/registries.conf"'
)
EXPECTED: dict[str, dict[tuple[str, ...], Failure]] = {
    "exit-code": {
        DOCKER + PODMAN: Failure('RUN echo one; echo "fatal: two" >&2; exit 3 ended with exit code 3: fatal: two', 3)
    },
    "no-artefact": {
        DOCKER[:1]: Failure('COPY --from=first /nothere /x: "/nothere" not found', 5),
        DOCKER[1:]: Failure('COPY --from=first /nothere /x: "/nothere": not found', 5),
        PODMAN: Failure('COPY --from=first /nothere /x: "/nothere": no such file or directory', 5),
    },
    "no-base": {DOCKER: Failure(NO_HOST, 1, True), PODMAN: Failure(NO_REGISTRY, 1, True)},
    "no-program": {
        DOCKER: Failure("RUN no-such-thing ended with exit code 127: /bin/sh: no-such-thing: not found", 3),
        PODMAN: Failure("RUN no-such-$WHAT ended with exit code 127: /bin/sh: no-such-thing: not found", 3),
    },
    "no-shell": {
        DOCKER + PODMAN: Failure(
            'RUN true could not be started: exec: "/bin/sh": stat /bin/sh: no such file or directory', 3
        )
    },
    "no-source": {
        DOCKER[:1]: Failure('COPY nothing.txt /a: "/nothing.txt" not found', 3),
        DOCKER[1:]: Failure('COPY nothing.txt /a: "/nothing.txt": not found', 3),
        PODMAN: Failure('COPY nothing.txt /a: "/nothing.txt": no such file or directory', 3),
    },
    "unknown-instruction": {
        DOCKER[:1]: Failure("line 3: unknown instruction: RUNN", 3),
        DOCKER[1:]: Failure("line 3: unknown instruction: RUNN (did you mean RUN?)", 3),
        PODMAN: Failure("unknown instruction RUNN", 3),
    },
}
CASES = [
    (case, engine, failure)
    for case, by_engine in EXPECTED.items()
    for engines, failure in by_engine.items()
    for engine in engines
]


def _log(case: str, engine: str) -> tuple[str, Dockerfile]:
    log = (LOGS / f"{case}.{engine}.log").read_text(encoding="utf-8")
    return log, tile((LOGS / f"{case}.txt").read_text(encoding="utf-8"))


@pytest.mark.parametrize(("case", "engine", "failure"), CASES, ids=[f"{case}.{engine}" for case, engine, _ in CASES])
def test_failure(case: str, engine: str, failure: Failure) -> None:
    read = buildkit_log.read_failure if engine in DOCKER else buildah_log.read_failure
    assert read(*_log(case, engine)) == failure


def test_every_log_is_read() -> None:
    stopped = {f"stopped.{engine}.log" for engine in (*DOCKER, "podman-5.4")}
    assert {path.name for path in LOGS.glob("*.log")} == {f"{case}.{engine}.log" for case, engine, _ in CASES} | stopped


@pytest.mark.parametrize("engine", [*DOCKER, "podman-5.4"])
def test_the_step_at_which_a_build_was_stopped(engine: str) -> None:
    current = buildkit_log.current_step if engine in DOCKER else buildah_log.current_step
    assert current(*_log("stopped", engine)) == ("RUN echo begun; sleep 77", 2)


def test_an_empty_log_says_nothing() -> None:
    nothing = Failure("the engine says nothing about it", engines_fault=True)
    assert [buildkit_log.read_failure("", None), buildah_log.read_failure("", None)] == [nothing, nothing]
    assert [buildkit_log.current_step("", None), buildah_log.current_step("", None)] == [("", None), ("", None)]


class TestLines:
    """The line where BuildKit names none."""

    def _line(self, dockerfile: str, step: str, error: str = "exit code: 1") -> int | None:
        log = f"#5 {step}\n#5 ERROR: executor failed: {error}\n------\n > {step}:\n------\nexecutor failed: {error}\n"
        return buildkit_log.read_failure(log, tile(dockerfile)).line

    def test_is_counted_in_its_stage(self) -> None:
        two = "FROM a AS one\nRUN x\nENV A=b\nRUN x\nFROM b\nWORKDIR /w\nRUN x\n"
        assert self._line(two, "[one 2/3] RUN x") == 2
        assert self._line(two, "[one 3/3] RUN x") == 4
        assert self._line(two, "[stage-1 3/3] RUN x") == 7

    def test_platforms_stand_before_stages(self) -> None:
        assert self._line("FROM a AS one\nRUN x\nRUN x\n", "[linux/arm64 one 3/3] RUN x") == 3
        assert self._line("FROM a\nRUN x\nRUN x\n", "[linux/arm/v7 3/3] RUN x") == 3

    def test_is_found_by_its_words_where_a_base_image_adds_steps(self) -> None:
        assert self._line("FROM a\nRUN x\nRUN one \\\n  two\n", "[5/5] RUN one   two") == 3
        assert self._line("FROM a\nRUN x\nRUN x\n", "[5/5] RUN x") is None

    def test_of_a_base_image(self) -> None:
        error = "not found"
        assert self._line(
            "FROM a\nFROM golang\n", "[internal] load metadata for docker.io/library/golang:latest", error
        )
        assert self._line("FROM x.org/a:1\n", "[internal] load metadata for x.org/a:1", error) == 1
        assert self._line("FROM ${X}\n", "[internal] load metadata for x.org/a:1", error) is None


def test_a_missing_tag_is_the_dockerfiles_fault() -> None:
    error = "docker.io/library/alpine:9.9: not found"
    log = f" > [internal] load metadata for docker.io/library/alpine:9.9:\n------\nERROR: failed to solve: {error}\n"
    failure = buildkit_log.read_failure(log, tile("FROM alpine:9.9\n"))
    assert failure.reason == f"the base image alpine:9.9 could not be had: {error}"
    assert failure.line == 1
    assert not failure.engines_fault


def test_a_front_end_that_cannot_be_fetched_is_not() -> None:
    step = "resolve image config for docker-image://docker.io/docker/dockerfile:1"
    failure = buildkit_log.read_failure(f" > {step}:\n------\nERROR: failed to solve: unauthorized\n", None)
    assert failure == Failure(
        "the front end of # syntax= docker/dockerfile:1 could not be had: unauthorized", None, True
    )


def test_a_runtime_that_can_run_nothing_is_not() -> None:
    words = "cgroups in hybrid mode not supported"
    log = (
        "STEP 1/2: FROM a\nSTEP 2/2: RUN true\nerror running container: from /usr/bin/crun creating container for "
        f'[/bin/sh -c true]: {words}\n: exit status 1\nError: building at STEP "RUN true": while running runtime: '
        "exit status 1\n"
    )
    failure = buildah_log.read_failure(log, tile("FROM a\nRUN true\n"))
    assert failure == Failure(f"RUN true could not be started: {words}", 2, True)


def test_what_a_run_prints_does_not_pass_for_the_builders_words() -> None:
    log = (
        "STEP 1/2: FROM a\nSTEP 2/2: RUN x\nError: mine\nError: also mine\n"
        'Error: building at STEP "RUN x": while running runtime: exit status 4\n'
    )
    failure = buildah_log.read_failure(log, tile("FROM a\nRUN x\n"))
    assert failure.reason == "RUN x ended with exit code 4"
    assert failure.line == 2


class TestWords:
    @pytest.mark.parametrize(
        ("lines", "telling"),
        [
            ([], ""),
            (["", "  "], ""),
            (["one", "two"], "two"),
            (["cc: fatal error: no input files", "compilation terminated.", "make: *** [all] Error 1"], None),
            (["error TS2304: Cannot find name 'x'.", "done"], "error TS2304: Cannot find name 'x'."),
            (
                ["npm ERR! missing script: build", "npm ERR! A complete log of this run"],
                "npm ERR! missing script: build",
            ),
            (["E: Unable to locate package foo", ""], "E: Unable to locate package foo"),
        ],
    )
    def test_the_telling_line(self, lines: list[str], telling: str | None) -> None:
        assert telling_line(lines) == (lines[0] if telling is None else telling)

    def test_one_line_keeps_both_ends(self) -> None:
        assert one_line(" a\n\tb ") == "a b"
        cut = one_line("x" * 400 + "the end")
        assert len(cut) <= 301
        assert cut.startswith("xxx")
        assert cut.endswith("the end")

    def test_nothing_reaches_a_terminal(self) -> None:
        printed = b"\x1b[31mred\x1b[0m \x1b]0;title\x07\x1b]8;;http://x\x1b\\a\x00b\x07\r\nnext\rlast \xe2\x80\xae\xff"
        assert text_of(printed) == "red ab\nnext\nlast \ufffd"

    def test_the_end_of_a_log_starts_with_a_line(self) -> None:
        assert end_of(b"short\nlog\n") == "short\nlog\n"
        assert end_of(b"a line\n" * 10_000).startswith("a line\n")

    def test_memory(self) -> None:
        assert ended_with("RUN x", 137, []) == "RUN x ended with exit code 137 (killed, as by a lack of memory)"

    def test_start_errors_lose_what_passed_them_on(self) -> None:
        docker = (
            "failed to create task for container: failed to create shim task: OCI runtime create failed: runc create "
            'failed: unable to start container process: exec: "/x": stat /x: no such file or directory: unknown'
        )
        podman = (
            f"unable to start container {'0a' * 32}: runc: runc create failed: unable to start container process: "
            'exec: "/x": stat /x: no such file or directory: OCI runtime attempted to invoke a command that was not '
            "found"
        )
        assert start_error(docker) == start_error(podman) == 'exec: "/x": stat /x: no such file or directory'
        assert start_error('exec: "a": : OCI runtime b  "" : unknown: unknown\n') == 'exec: "a":'

    def test_start_errors_with_odd_names(self) -> None:
        assert start_error("a" + ": OCI b  " * 10_000 + "!").endswith(": OCI b !")
        assert start_error("a" + " " * 300_000 + "b") == "a b"

    @pytest.mark.parametrize(
        ("message", "fault"),
        [
            ("dial tcp: lookup x: no such host", True),
            ("Cannot connect to the Docker daemon at unix:///x", True),
            ("write /x: no space left on device", True),
            ("manifest unknown", False),
            ('"/x": not found', False),
        ],
    )
    def test_faults_of_the_engine(self, message: str, fault: bool) -> None:
        assert is_engines_fault(message) is fault
