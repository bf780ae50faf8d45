"""Engines before clients that are shell scripts: found, asked, obeyed within limits, and cleaned up after.

The scripts answer in recorded words and write down how they were called. Real engines are asked in
``tests/e2e/test_proof_engine.py``.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from rewriter.proof import find
from rewriter.proof.cli_engine import ROUNDS_OF_REMOVAL, kept_tag
from rewriter.proof.clients import complaint_in
from rewriter.proof.docker import DockerEngine
from rewriter.proof.engine import LABEL, BuildFailed, BuildRequest, Built, Engine, EngineError, Limits, RunRequest
from rewriter.proof.find import find_engine
from rewriter.proof.health import HealthTest, health_test
from rewriter.syntax import parse

LIMITS = Limits(build_seconds=30, output=10_000)

# What each client says to `version` or `info`, and that it has, or lacks, buildx.
ANSWERS = {
    "docker": """
version) echo '{"Client":{"Version":"28.2.2"},"Server":{"Version":"26.1.5+dfsg1","Os":"linux"}}' ;;
"buildx version") echo github.com/docker/buildx 0.13.1 ;;
"buildx inspect") printf 'Name: default\\nDriver: docker\\n\\nNodes:\\nBuildKit version: v0.14.1\\n' ;;
""",
    "old docker": """
version) echo '{"Client":{"Version":"20.10.24"},"Server":{"Version":"20.10.24+dfsg1","Os":"linux"}}' ;;
buildx*) echo "docker: 'buildx' is not a docker command." >&2; exit 1 ;;
build) echo Usage ;;
""",
    "bare docker": """
version) echo '{"Client":{"Version":"28.2.2"},"Server":{"Version":"20.10.24+dfsg1","Os":"linux"}}' ;;
buildx*) echo "docker: unknown command: docker buildx" >&2; exit 1 ;;
build) echo "ERROR: BuildKit is enabled but the buildx component is missing or broken." >&2; exit 1 ;;
""",
    "lonely docker": """
version) echo '{"Client":{"Version":"28.2.2"},"Server":null}'
  echo "Cannot connect to the Docker daemon at unix:///run/x.sock. Is the docker daemon running?" >&2; exit 1 ;;
""",
    "ancient docker": """
version) echo '{"Client":{"Version":"17.6.0"},"Server":{"Version":"17.6.0-ce","Os":"linux"}}' ;;
buildx*) exit 1 ;;
""",
    "windows docker": """version) echo '{"Server":{"Version":"28.2.2","Os":"windows"}}' ;;""",
    "podman as docker": """
version) echo "Emulate Docker CLI using podman." >&2; echo '{"Client":{"Version":"5.4.2"}}' ;;
""",
    "builderless docker": """
version) echo '{"Server":{"Version":"28.2.2","Os":"linux"}}' ;;
"buildx version") ;;
"buildx inspect") echo 'ERROR: no builder "mine" found' >&2; exit 1 ;;
""",
    "hanging docker": "version) sleep 1000 ;;",
    "podman": """info) echo '{"host":{"buildahVersion":"1.39.3"},"version":{"Version":"5.4.2"}}' ;;""",
    "broken podman": """info) echo 'time="x" level=error msg="runroot must be set"' >&2; exit 125 ;;""",
    "buildah": """
info) echo '{}' ;;
--version) echo 'buildah version 1.28.2 (image-spec 1.1.0-rc2, runtime-spec 1.0.2-dev)' ;;
""",
}
NOTHING_LISTED = """
ps|images) ;;
image) echo '[{}]' ;;
"""


@dataclass(frozen=True)
class Clients:
    """Folders with clients in them, which make the PATH."""

    home: Path

    def add(self, kind: str, more: str = "", folder: str = "one") -> Path:
        """A client of one of the kinds in ANSWERS, which says ``more`` besides; ``$A`` is the last argument."""
        name = "docker" if "docker" in kind else kind.split()[-1]
        program = self.home / folder / name
        program.parent.mkdir(exist_ok=True)
        script = f"""#!/bin/sh
echo "$*" >> {self.calls}
for A in "$@"; do case "$I" in --iidfile) ID=$A ;; --file) FILE=$A ;; esac; I=$A; done
case "$1" in buildx) W="$1 $2" ;; *) W=$1 ;; esac
case "$W" in
{more}
{ANSWERS[kind]}
{NOTHING_LISTED}
*) exit 64 ;;
esac
"""
        program.write_text(script, encoding="utf-8")
        program.chmod(0o755)
        return program

    @property
    def calls(self) -> Path:
        """Where every call is written, one a line."""
        return self.home / "calls"

    def called(self, beginning: str) -> list[str]:
        """The calls that begin so."""
        lines = self.calls.read_text(encoding="utf-8").splitlines() if self.calls.exists() else []
        return [line for line in lines if line.startswith(beginning)]


@pytest.fixture
def clients(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Clients:
    """No engine of this machine is found, only those that a test adds; temporary files are the test's own."""
    monkeypatch.setattr(find, "_USUAL_FOLDERS", ())
    tools = tmp_path / "tools"
    tools.mkdir()
    for tool in ("sh", "sleep", "cat", "head", "printf", "echo", "grep", "yes"):
        (tools / tool).symlink_to(next(Path(at, tool) for at in ("/bin", "/usr/bin") if Path(at, tool).exists()))
    monkeypatch.setenv("PATH", os.pathsep.join(str(tmp_path / folder) for folder in ("one", "two", "tools")))
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    return Clients(tmp_path)


def _found(name: str | None = None, limits: Limits = LIMITS) -> Engine:
    found = find_engine(name, limits)
    assert not isinstance(found, str), found
    return found


class TestFinding:
    def test_docker_comes_first(self, clients: Clients) -> None:
        for kind in ("docker", "podman", "buildah"):
            clients.add(kind)
        engine = _found()
        assert (engine.name, engine.version, engine.limits) == ("docker", "26.1.5+dfsg1", LIMITS)

    @pytest.mark.parametrize(("name", "version"), [("podman", "5.4.2"), ("buildah", "1.28.2")])
    def test_one_is_asked_for(self, clients: Clients, name: str, version: str) -> None:
        for kind in ("docker", "podman", "buildah"):
            clients.add(kind)
        engine = _found(name)
        assert (engine.name, engine.version) == (name, version)

    def test_the_next_one_is_taken(self, clients: Clients) -> None:
        clients.add("lonely docker")
        clients.add("broken podman")
        clients.add("buildah")
        assert _found().name == "buildah"

    def test_another_client_of_that_name_is_taken(self, clients: Clients) -> None:
        clients.add("bare docker")
        clients.add("old docker", folder="two")
        engine = _found()
        assert engine.version == "20.10.24+dfsg1"
        assert engine.lacks(parse("FROM a\nRUN <<E\nE\n")) is not None

    def test_the_builder_says_how_new_it_is(self, clients: Clients) -> None:
        clients.add("docker")
        heredoc, exclude = parse("FROM a\nRUN <<E\nE\n"), parse("FROM a\nCOPY --exclude=x a b\n")
        assert _found().lacks(heredoc) is None
        came = "which came with Dockerfile 1.19"
        assert _found().lacks(exclude) == f"it knows no COPY --exclude (line 2), {came}"

    def test_none(self, clients: Clients) -> None:
        assert find_engine(None, LIMITS) == (
            "no build engine can be used: docker is not installed; podman is not installed; buildah is not installed"
        )

    @pytest.mark.parametrize(
        ("kind", "why"),
        [
            (
                "lonely docker",
                "Cannot connect to the Docker daemon at unix:///run/x.sock. Is the docker daemon running?",
            ),
            ("bare docker", "its client has no BuildKit: the buildx component is missing"),
            ("ancient docker", "its daemon (17.6.0-ce) is older than BuildKit"),
            ("windows docker", "the daemon builds for windows, and proofs need Linux"),
            ("podman as docker", "it is podman under docker's name: ask for --engine podman"),
            ("builderless docker", 'its builder does not answer: ERROR: no builder "mine" found'),
            ("broken podman", "runroot must be set"),
        ],
    )
    def test_why_not(self, clients: Clients, kind: str, why: str) -> None:
        program = clients.add(kind)
        assert find_engine(program.name, LIMITS) == f"no build engine can be used: {program}: {why}"

    @pytest.mark.parametrize(
        ("controllers", "asked"),
        [
            ('["cpu","memory","pids"]', "--memory 7 --memory-swap 7 --pids-limit 9 "),
            ('["memory"]', "--memory 7 --memory-swap 7 "),
            ('["pids"]', "--pids-limit 9 "),
            ("[]", ""),
            ("null", ""),
        ],
    )
    def test_limits_that_podman_cannot_set_are_not_asked_for(
        self, clients: Clients, controllers: str, asked: str
    ) -> None:
        host = f'{{"buildahVersion":"1.39.3","cgroupControllers":{controllers}}}'
        clients.add("podman", f"""info) echo '{{"host":{host},"version":{{"Version":"5.4.2"}}}}' ;;""")
        engine = _found("podman", Limits(memory=7, processes=9))
        with pytest.raises(EngineError):
            engine.start(RunRequest("x"))
        engine.clean()
        (call,) = clients.called("create")
        assert f" --log-driver none {asked}--network none" in call

    @pytest.mark.parametrize(
        ("inspected", "knows"),
        [
            ("Driver: docker\\n\\nBuildKit version: v0.0.0+unknown", False),
            ("Driver: docker-container\\nStatus: inactive", True),
            ("Driver: docker-container\\nBuildkit: v0.8.1", False),
        ],
    )
    def test_the_version_of_a_builder(self, clients: Clients, inspected: str, knows: bool) -> None:
        clients.add("docker", f"""buildx?inspect) printf 'Name: x\\n{inspected}\\n' ;;""")
        lack = _found().lacks(parse("FROM a\nCOPY --exclude=x a b\n"))
        assert (lack is None) is knows

    def test_one_that_does_not_answer(self, clients: Clients, monkeypatch: pytest.MonkeyPatch) -> None:
        program = clients.add("hanging docker")
        monkeypatch.setattr(find, "ANSWER_SECONDS", 0.3)
        why = "it does not answer within 0 seconds"
        assert find_engine("docker", LIMITS) == f"no build engine can be used: {program}: {why}"

    def test_an_unknown_name(self) -> None:
        assert find_engine("kaniko", LIMITS) == "no engine is called kaniko: docker, podman, buildah are known"

    def test_nothing_is_made_by_looking(self, clients: Clients) -> None:
        clients.add("docker")
        _found().clean()
        assert list((clients.home / "tmp").iterdir()) == []
        assert clients.called("ps") == []


BUILDS = 'build|"buildx build") cat "$FILE" > {home}/seen; printf sha256:0123456789abcdef > "$ID" ;;'


class TestBuilding:
    def _request(self, **more: object) -> BuildRequest:
        return BuildRequest(b"FROM a\nRUN x\n", None, **more)  # type: ignore[arg-type]

    def test_the_request_reaches_the_client(self, clients: Clients, tmp_path: Path) -> None:
        clients.add("docker", BUILDS.format(home=tmp_path))
        engine = _found()
        request = self._request(
            target="t",
            build_args={"A": "1 2", "B": ""},
            secrets=["id=s,src=/s"],
            ssh=["default"],
            network="none",
            ignore_file=b"*.md\n",
        )
        built = engine.build(request, "before")
        assert isinstance(built, Built)
        assert built.image == "sha256:0123456789abcdef"
        assert (tmp_path / "seen").read_bytes() == request.dockerfile
        (call,) = clients.called("buildx build")
        folder = next((tmp_path / "tmp").glob("dfrewrite-*/build-*"))
        assert call.startswith(f"buildx build --load --progress=plain --label {LABEL}=v1-")
        assert f" --iidfile {folder}/id --file {folder}/Dockerfile --target t --network none --build-arg A=1 2" in call
        assert call.endswith(f" --build-arg B= --secret id=s,src=/s --ssh default {folder}/empty")
        assert (folder / "Dockerfile.dockerignore").read_bytes() == b"*.md\n"
        assert list((folder / "empty").iterdir()) == []
        engine.clean()
        assert list((tmp_path / "tmp").iterdir()) == []

    def test_podman_makes_images_of_dockers_kind(self, clients: Clients, tmp_path: Path) -> None:
        clients.add("podman", BUILDS.format(home=tmp_path))
        engine = _found("podman")
        request = BuildRequest(b"FROM a\n", tmp_path / "context", ignore_file=b"")
        assert isinstance(engine.build(request, "before"), Built)
        (call,) = clients.called("build")
        assert " --format docker --ignorefile " in call
        assert call.endswith(f" {tmp_path}/context")
        engine.clean()

    def test_a_failure_is_read(self, clients: Clients) -> None:
        clients.add("old docker", 'build) echo " > [2/2] RUN x:"; echo "executor failed: exit code: 3" >&2; exit 1 ;;')
        engine = DockerEngine(str(clients.home / "one" / "docker"), "20.10", LIMITS)
        failed = engine.build(self._request(), "before")
        engine.clean()
        assert isinstance(failed, BuildFailed)
        assert (failed.reason, failed.line) == ("RUN x ended with exit code 3", 2)
        assert failed.log.splitlines()[0] == " > [2/2] RUN x:"

    def test_a_fault_of_the_engine_is_raised(self, clients: Clients) -> None:
        clients.add("docker", 'buildx?build) echo "ERROR: write /var/x: no space left on device" >&2; exit 1 ;;')
        engine = _found()
        with pytest.raises(EngineError, match=r"^write /var/x: no space left on device$"):
            engine.build(self._request(), "before")
        engine.clean()

    def test_no_image_is_a_fault_of_the_engine(self, clients: Clients) -> None:
        clients.add("docker", "buildx?build) ;;")
        engine = _found()
        with pytest.raises(EngineError, match="names no image"):
            engine.build(self._request(), "before")
        engine.clean()

    def test_the_time_limit(self, clients: Clients, tmp_path: Path) -> None:
        clients.add("docker", f'buildx?build) echo "#5 [2/2] RUN x"; sleep 1000 & echo $! > {tmp_path}/pid; wait ;;')
        engine = _found(limits=Limits(build_seconds=0.5))
        began = time.monotonic()
        failed = engine.build(self._request(), "before")
        engine.clean()
        assert isinstance(failed, BuildFailed)
        assert (failed.reason, failed.line) == ("the build did not end within 0.5 seconds; it was at RUN x", 2)
        assert time.monotonic() - began < 15
        sleeping = Path(f"/proc/{(tmp_path / 'pid').read_text().strip()}/cmdline")
        assert not sleeping.exists() or not sleeping.read_bytes()

    def test_a_flood_of_output(self, clients: Clients) -> None:
        clients.add(
            "docker", "buildx?build) yes | head -c 30000000; echo; echo ERROR: failed to solve: the end; exit 1 ;;"
        )
        engine = _found()
        failed = engine.build(self._request(), "before")
        engine.clean()
        assert isinstance(failed, BuildFailed)
        assert failed.reason == "the end"
        assert len(failed.log) <= LIMITS.output + 100

    def test_a_client_that_vanishes(self, clients: Clients) -> None:
        program = clients.add("docker")
        engine = _found()
        program.unlink()
        with pytest.raises(EngineError, match=r"docker cannot be started: No such file or directory$"):
            engine.build(self._request(), "before")
        engine.clean()


class TestOtherCommands:
    def test_an_image_that_cannot_be_saved(self, clients: Clients, tmp_path: Path) -> None:
        clients.add(
            "docker", 'save) echo half > "$3"; echo "Error response from daemon: No such image: x" >&2; exit 1 ;;'
        )
        engine = _found()
        words = r"^`docker save` failed: Error response from daemon: No such image: x$"
        with pytest.raises(EngineError, match=words):
            engine.save("x", tmp_path / "x.tar")
        assert not (tmp_path / "x.tar").exists()
        engine.clean()

    def test_a_container_that_cannot_be_made(self, clients: Clients) -> None:
        clients.add("docker", 'create) echo "WARNING: x" >&2; echo "Error response from daemon: bad" >&2; exit 1 ;;')
        engine = _found()
        with pytest.raises(EngineError, match=r"^`docker create` failed: Error response from daemon: bad$"):
            engine.start(RunRequest("x"))
        with pytest.raises(EngineError, match="no container abc belongs to this proof"):
            engine.state("abc")
        with pytest.raises(EngineError, match="a comma in its name"):
            engine.start(RunRequest("x", mounts={"/a,b": "/c"}))
        engine.clean()

    def test_an_image_that_is_not_there_is_not_fetched(self, clients: Clients) -> None:
        clients.add("docker", 'image) echo "Error: No such image: x" >&2; exit 1 ;;')
        engine = _found()
        with pytest.raises(EngineError, match=r"^`docker image inspect` failed: Error: No such image: x$"):
            engine.start(RunRequest("x"))
        engine.clean()
        assert clients.called("create") == []

    def test_an_answer_that_is_no_json(self, clients: Clients) -> None:
        clients.add("docker", "create) echo abc ;;\ncontainer) echo nonsense ;;\nstart) sleep 5 ;;")
        engine = _found()
        with pytest.raises(EngineError, match="does not answer in JSON"):
            engine.start(RunRequest("x"))
        engine.clean()

    def test_buildah_has_no_containers(self, clients: Clients) -> None:
        clients.add("buildah", "images) echo null ;;")
        engine = _found("buildah")
        with pytest.raises(EngineError, match="runs no containers"):
            engine.run(RunRequest("x"), 1)
        engine.remove("x")
        engine.clean()

    def test_scratch_is_private_and_removed(self, clients: Clients) -> None:
        clients.add("docker")
        engine = _found()
        folder = engine.scratch()
        assert folder == engine.scratch()
        assert folder.parent.stat().st_mode & 0o777 == 0o700
        (folder / "file").write_bytes(b"x")
        engine.clean()
        assert not folder.exists()


class TestCleaning:
    def test_what_carries_the_label_goes(self, clients: Clients) -> None:
        listed = """
ps) case "$*" in *=*=*) grep -q '^rm' {calls} || printf 'c1\\nc2\\n' ;; esac ;;
images) case "$*" in *=*=*) printf 'sha256:aa\\nsha256:bb\\n' ;; esac ;;
"image") case "$2" in inspect) echo '[{{"Id":"sha256:aa","RepoTags":["dfrewrite-proof:x"]}},
  {{"Id":"sha256:bb","RepoTags":["dfrewrite-proof:y","mine:1"]}}]' ;; esac ;;
"""
        clients.add("docker", listed.format(calls=clients.calls))
        engine = _found()
        engine.scratch()
        engine.clean()
        assert clients.called("rm") == ["rm --force --volumes c1 c2"]
        removed = ["image rm --force sha256:aa", "image rm --force dfrewrite-proof:y"]
        assert clients.called("image rm") == removed * ROUNDS_OF_REMOVAL  # this client lists them for ever
        assert len(clients.called("ps --all --quiet --no-trunc --filter label=dfrewrite.proof=v1-")) == 2

    def test_an_engine_that_fails_at_everything_stops_nothing(self, clients: Clients) -> None:
        clients.add("docker", "ps|images) exit 1 ;;")
        engine = _found()
        folder = engine.scratch()
        engine.clean()
        engine.clean()
        assert not folder.exists()

    def test_it_may_be_used_again(self, clients: Clients, tmp_path: Path) -> None:
        clients.add("docker", BUILDS.format(home=tmp_path) + "\nimage|tag) ;;")
        engine = _found()
        for _ in range(2):
            assert isinstance(engine.build(BuildRequest(b"FROM a\n", None), "before"), Built)
            engine.clean(keep_images=True)
        assert len(clients.called("tag sha256:0123456789abcdef dfrewrite-kept:before-0123456789ab")) == 2
        assert kept_tag("a b", "sha256:0123456789abcdef") == "dfrewrite-kept:a-b-0123456789ab"

    def test_the_leavings_of_a_killed_run(self, clients: Clients, tmp_path: Path) -> None:
        script = "from rewriter.proof.identity import new_identity; print(new_identity())"
        gone = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.strip()
        for name in (f"dfrewrite-{gone}", "dfrewrite-v1-unknown"):
            (tmp_path / "tmp" / name / "deep").mkdir(parents=True)
        labelled = json.dumps([{"Config": {"Labels": {LABEL: identity}}} for identity in (gone, "v1-other")])
        more = f"""
ps) case "$*" in *={LABEL}) echo c1 ;; *={gone}) grep -q '^rm' {clients.calls} || echo c1 ;; esac ;;
container) echo '{labelled}' ;;
"""
        clients.add("docker", more)
        engine = _found()
        engine.scratch()
        assert clients.called("rm") == ["rm --force --volumes c1"]
        assert not (tmp_path / "tmp" / f"dfrewrite-{gone}").exists()
        assert (tmp_path / "tmp" / "dfrewrite-v1-unknown").exists()
        engine.clean()

    def test_somebody_cleans_up_after_a_kill(self, clients: Clients, tmp_path: Path) -> None:
        removed = tmp_path / "removed"
        more = f"""
buildx?build) sleep 1000 ;;
ps) case "$*" in *=*=*) [ -e {removed} ] || echo c1 ;; esac ;;
rm) echo "$*" > {removed} ;;
"""
        clients.add("docker", more)
        script = (
            f"import os, tempfile; tempfile.tempdir = {str(tmp_path / 'tmp')!r}\n"
            "from rewriter.proof.engine import *; from rewriter.proof.docker import DockerEngine\n"
            f"engine = DockerEngine({str(tmp_path / 'one' / 'docker')!r}, '26.1', Limits(), buildx=True)\n"
            "engine.build(BuildRequest(b'FROM a', None), 'before')"
        )
        environment = os.environ | {"TMPDIR": str(tmp_path / "tmp")}
        with subprocess.Popen([sys.executable, "-c", script], env=environment) as proof:
            deadline = time.monotonic() + 20
            while not clients.called("buildx build") and time.monotonic() < deadline:
                time.sleep(0.05)
            assert list((tmp_path / "tmp").iterdir())
            proof.kill()
        while list((tmp_path / "tmp").iterdir()) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert list((tmp_path / "tmp").iterdir()) == []
        assert removed.read_text().startswith("rm --force --volumes c1")


@pytest.mark.parametrize(
    ("image", "test"),
    [
        ({"Config": {}}, None),
        ({"Config": None}, None),
        ({"Config": {"Healthcheck": {"Test": ["NONE"]}}}, None),
        ({"Config": {"Healthcheck": {"Test": []}}}, None),
        ({"Config": {"Healthcheck": {"Test": ["CMD", "a", "b"]}}}, HealthTest(("a", "b"), 30.0)),
        (
            {"Config": {"Healthcheck": {"Test": ["CMD-SHELL", "a b"], "Timeout": 2_500_000_000}}},
            HealthTest(("/bin/sh", "-c", "a b"), 2.5),
        ),
        (
            {"Config": {"Healthcheck": {"Test": ["CMD-SHELL", "a"]}, "Shell": ["/bin/bash", "-eu", "-c"]}},
            HealthTest(("/bin/bash", "-eu", "-c", "a"), 30.0),
        ),
        ({"Config": {}, "HealthCheck": {"Test": ["CMD", "a"], "Timeout": 1_000_000_000}}, HealthTest(("a",), 1.0)),
    ],
)
def test_health(image: dict[str, object], test: HealthTest | None) -> None:
    assert health_test(image) == test


@pytest.mark.parametrize(
    ("printed", "line"),
    [
        ("", ""),
        ("one\n\ntwo\n", "two"),
        ("WARNING: x\nError response from daemon: y\n\nRun 'docker create --help'\n", "Error response from daemon: y"),
        ('time="2026-01-01" level=error msg="no"', "no"),
    ],
)
def test_what_a_client_complains_of(printed: str, line: str) -> None:
    assert complaint_in(printed) == line
