"""The engines of a proof, for real: docker, and podman and buildah where they are installed and can run something here.

Each is asked the same; what only one of them can, says so. Nothing is removed but what these tests made.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from rewriter.proof.buildah import BuildahEngine
from rewriter.proof.cli_engine import kept_tag
from rewriter.proof.docker import DockerEngine
from rewriter.proof.engine import LABEL, BuildFailed, BuildRequest, Built, EngineError, Limits, RunRequest
from rewriter.proof.find import find_engine
from rewriter.proof.identity import folder_of
from rewriter.proof.interrupt import guarded
from rewriter.proof.podman import PodmanEngine
from rewriter.syntax import parse

if TYPE_CHECKING:
    from .engine import Engine as TestEngine

pytestmark = pytest.mark.e2e

AnyEngine = DockerEngine | PodmanEngine | BuildahEngine

BASE = "alpine:3.17"
LIMITS = Limits(build_seconds=60, stop_seconds=2, output=200_000)
ENDLESS = "987654321"
"""How long the programs sleep that these tests look for afterwards."""
AT_ONCE = 4
"""Proofs that are killed beside one another: they mostly wait, and must not touch what is another's."""

STORAGE = '[storage]\ndriver = "vfs"\ngraphroot = "{home}/graph"\nrunroot = "{home}/run"\n'
CONTAINERS = (
    '[engine]\ncgroup_manager = "cgroupfs"\nevents_logger = "file"\n'
    '[containers]\ndefault_ulimits = ["nofile=1024:1024", "nproc=4096:4096"]\n'
)


@dataclass(frozen=True)
class Place:
    """An engine of one kind with the variables that lead to it, and the program that lists what it holds."""

    kind: str
    variables: dict[str, str]
    lister: str

    def listed(self, what: str, label: str) -> list[str]:
        """``ps --all`` or ``images``: what carries the label."""
        words = [self.lister, *what.split(), "--quiet", "--filter", f"label={label}"]
        environment = {**os.environ, **self.variables}
        # Podman cannot list images while another process removes one, and says so in more than one way.
        deadline = time.monotonic() + 60
        while True:
            done = subprocess.run(words, capture_output=True, text=True, check=False, env=environment)
            if done.returncode == 0:
                return done.stdout.split()
            assert self.kind != "docker", done.stderr
            assert time.monotonic() < deadline, done.stderr
            time.sleep(0.2)

    def left_of(self, identity: str, endless: str = ENDLESS) -> list[str]:
        """Everything that a proof left: containers, images, files, mounts, processes that sleep so long."""
        label = f"{LABEL}={identity}"
        found = [f"container {one}" for one in self.listed("ps --all", label)]
        found += [f"image {one}" for one in self.listed("images", label)]
        found += [str(folder_of(identity))] if folder_of(identity).exists() else []
        found += ["a mount"] if identity in Path("/proc/mounts").read_text(encoding="utf-8") else []
        return found + _processes(identity) + _processes(endless)


def _processes(word: str) -> list[str]:
    """The processes with a word in their command line, the ones of this test run apart."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
        except OSError:
            continue
        if word in line and "pytest" not in line:
            found.append(f"process {path.parent.name}: {line[:200]}")
    return found


@pytest.fixture(scope="session")
def docker(engine: TestEngine) -> Place:
    """The engine of the tests, as a user's own would be reached."""
    client = {"DOCKER_HOST": f"unix://{engine.socket}", "DOCKER_CONFIG": str(engine.home / "client")}
    return Place("docker", client, shutil.which("docker") or "docker")


@pytest.fixture(scope="session")
def podman(docker: Place, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """Podman with a store of its own, which holds the base image; skipped where it cannot run a container."""
    if shutil.which("podman") is None:
        pytest.skip("podman is not installed")
    home = tmp_path_factory.mktemp("podman")
    (home / "storage.conf").write_text(STORAGE.format(home=home), encoding="utf-8")
    (home / "containers.conf").write_text(CONTAINERS, encoding="utf-8")
    variables = {
        "CONTAINERS_STORAGE_CONF": str(home / "storage.conf"),
        "CONTAINERS_CONF": str(home / "containers.conf"),
    }
    # Podman reads DOCKER_CONFIG, too, and insists on a file there.
    environment = {**os.environ, **variables}
    archive = home / "base.tar"
    saved = [docker.lister, "save", "--output", str(archive), BASE]
    subprocess.run(saved, check=True, env={**os.environ, **docker.variables})
    for command in (
        ["podman", "load", "--input", str(archive)],
        ["podman", "run", "--rm", "--network=none", "--memory=64m", f"localhost/{BASE}", "true"],
    ):
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
        if done.returncode != 0:
            pytest.skip(f"podman runs no containers on this machine: {done.stderr.strip()}")
    yield Place("podman", variables, "podman")
    subprocess.run(["podman", "system", "reset", "--force"], capture_output=True, check=False, env=environment)


@pytest.fixture(params=["docker", "podman", "buildah"])
def place(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Place:
    """Each kind of engine in turn."""
    if request.param == "buildah" and shutil.which("buildah") is None:
        pytest.skip("buildah is not installed")
    found: Place = request.getfixturevalue("docker" if request.param == "docker" else "podman")
    for name, value in found.variables.items():
        monkeypatch.setenv(name, value)
    return replace(found, kind=request.param)


@pytest.fixture
def with_containers(place: Place) -> None:
    """Only for engines that run containers."""
    if place.kind == "buildah":
        pytest.skip("buildah runs no containers")


@pytest.fixture
def proof(place: Place) -> Iterator[AnyEngine]:
    """An engine as the tool finds it; afterwards, nothing of its proof is left."""
    found = _open(place)
    yield found
    found.clean()
    assert place.left_of(found.identity) == []


def _open(place: Place, limits: Limits = LIMITS) -> AnyEngine:
    return _find(place.kind, limits)


def _find(kind: str, limits: Limits = LIMITS) -> AnyEngine:
    found = find_engine(kind, limits)
    assert not isinstance(found, str), found
    assert isinstance(found, DockerEngine | PodmanEngine | BuildahEngine)
    return found


def _build(engine: AnyEngine, lines: str, context: Path | None = None, base: str = BASE) -> Built | BuildFailed:
    text = f"FROM {base}\n{lines}\n".encode()
    return engine.build(BuildRequest(text, context, network="host"), "before")


def _image(engine: AnyEngine, lines: str, context: Path | None = None) -> str:
    built = _build(engine, lines, context)
    assert isinstance(built, Built), built
    return built.image


class TestBuilds:
    def test_an_image_is_built_and_saved(self, proof: AnyEngine, place: Place, tmp_path: Path) -> None:
        (tmp_path / "context").mkdir()
        (tmp_path / "context" / "file").write_bytes(b"x")
        built = _build(proof, "COPY file /there", tmp_path / "context")
        assert isinstance(built, Built), built
        assert built.image.startswith("sha256:")
        assert 0 < built.seconds < 60
        assert len(place.listed("images", f"{LABEL}={proof.identity}")) == 1
        proof.save(built.image, tmp_path / "saved.tar")
        with tarfile.open(tmp_path / "saved.tar") as archive:
            assert "manifest.json" in archive.getnames()

    def test_what_the_request_says_is_done(self, proof: AnyEngine, tmp_path: Path) -> None:
        (tmp_path / "kept").write_bytes(b"")
        (tmp_path / "ignored").write_bytes(b"")
        (tmp_path / "secret").write_bytes(b"hush")
        text = f"""FROM {BASE} AS one
ARG WORD
COPY . /context
RUN test "$WORD" = "a b" && test ! -e /context/ignored && test -e /context/kept
RUN --mount=type=secret,id=mine test "$(cat /run/secrets/mine)" = hush
FROM one AS two
RUN false
"""
        request = BuildRequest(
            text.encode(),
            tmp_path,
            ignore_file=b"ignored\n",
            target="one",
            build_args={"WORD": "a b"},
            secrets=[f"id=mine,src={tmp_path / 'secret'}"],
            network="host",
        )
        built = proof.build(request, "before")
        assert isinstance(built, Built), built

    @pytest.mark.parametrize(
        ("lines", "reason", "line"),
        [
            ("RUN echo one; \\\n  echo error: two >&2; \\\n  exit 3", "exit 3 ended with exit code 3: error: two", 2),
            ("WORKDIR /w\nCOPY missing /x", "COPY missing /x: ", 3),
            (
                f"FROM {BASE} AS last\nENV A=b\nRUN no-such-program",
                "exit code 127: /bin/sh: no-such-program: not found",
                4,
            ),
            ("RUNN true", "unknown instruction", 2),
        ],
    )
    def test_a_failure_says_why_and_where(self, proof: AnyEngine, lines: str, reason: str, line: int) -> None:
        failed = _build(proof, lines)
        assert isinstance(failed, BuildFailed)
        assert reason in failed.reason
        assert failed.line == line
        assert failed.log

    def test_a_base_image_that_cannot_be_fetched_is_no_fault_of_a_dockerfile(self, proof: AnyEngine) -> None:
        with pytest.raises(EngineError, match=r"^the base image localhost:1/no/such(:latest)? could not be had: "):
            _build(proof, "RUN true", base="localhost:1/no/such")

    def test_a_run_that_never_ends(self, proof: AnyEngine) -> None:
        proof.limits = replace(LIMITS, build_seconds=4)
        began = time.monotonic()
        failed = _build(proof, f"RUN echo begun; sleep {ENDLESS}")
        assert isinstance(failed, BuildFailed)
        assert failed.reason == f"the build did not end within 4 seconds; it was at RUN echo begun; sleep {ENDLESS}"
        assert failed.line == 2
        assert time.monotonic() - began < 20
        deadline = time.monotonic() + 5
        while _processes(ENDLESS) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert _processes(ENDLESS) == []

    def test_a_run_that_floods(self, proof: AnyEngine) -> None:
        failed = _build(proof, f"RUN yes 0123456789 | head -c 100000000; echo; echo error: {time.time()}; exit 4")
        assert isinstance(failed, BuildFailed)
        assert "ended with exit code 4: error: " in failed.reason
        assert failed.line == 2
        assert len(failed.log) <= LIMITS.output

    def test_a_hostile_context(self, proof: AnyEngine, tmp_path: Path) -> None:
        (tmp_path / "outside").write_bytes(b"not for the image")
        context = tmp_path / "context"
        (context / "deep").mkdir(parents=True)
        (context / "absolute").symlink_to(tmp_path / "outside")
        (context / "relative").symlink_to("../outside")
        (context / "loop").symlink_to("loop")
        os.mkfifo(context / "fifo")
        os.mkfifo(context / "deep" / "fifo")
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(str(context / "socket"))
        _image(proof, "COPY . /context\nRUN ! grep -r 'not for' /context/absolute /context/relative", context)
        for name in ("absolute", "relative"):
            failed = _build(proof, f"COPY {name} /there", context)
            assert isinstance(failed, BuildFailed)
            assert failed.line == 2

    def test_images_may_be_kept(self, proof: AnyEngine, place: Place) -> None:
        image = _image(proof, "RUN true")
        proof.clean(keep_images=True)
        tag = kept_tag("before", image)
        environment = {**os.environ, **place.variables}
        kept = subprocess.run(
            [place.lister, "image", "inspect", tag], capture_output=True, check=False, env=environment
        )
        subprocess.run([place.lister, "image", "rm", tag], capture_output=True, check=True, env=environment)
        assert kept.returncode == 0

    def test_what_an_old_builder_does_not_know(self, docker: Place, monkeypatch: pytest.MonkeyPatch) -> None:
        for name, value in docker.variables.items():
            monkeypatch.setenv(name, value)
        with guarded(engine := _open(docker)):
            if not engine.version.startswith("20.10"):
                pytest.skip(f"Docker {engine.version} knows it")
            for lines, lack in (
                ("RUN <<E\ntrue\nE", "it knows no heredocs (line 2), which came with Dockerfile 1.4"),
                ("COPY --link a /b", "it knows no COPY --link (line 2), which came with Dockerfile 1.4"),
                ("RUN --mount=type=cache,target=/x true", None),
            ):
                assert engine.lacks(parse(f"FROM a\n{lines}\n")) == lack
            lack = engine.lacks(parse("# syntax=localhost:1/no/such\nFROM a\n"))
            assert lack is not None
            assert lack.startswith("its Dockerfile names a front end (# syntax=localhost:1/no/such)")


@pytest.mark.usefixtures("with_containers")
class TestContainers:
    def test_a_program_that_ends(self, proof: AnyEngine) -> None:
        image = _image(proof, 'CMD ["sh", "-c", "echo out; echo err >&2; echo $WORD; exit 7"]')
        container = proof.start(RunRequest(image, environment={"WORD": "a b"}))
        state = proof.wait(container, 20)
        assert (state.running, state.exit_code, state.out_of_memory, state.error) == (False, 7, False, "")
        output = proof.output(container)
        assert (output.exit_code, output.stdout, output.stderr, output.cut) == (7, b"out\na b\n", b"err\n", False)
        proof.remove(container)
        proof.remove(container)

    def test_a_container_is_alone_and_bounded(self, proof: AnyEngine, tmp_path: Path) -> None:
        (tmp_path / "file").write_bytes(b"shown")
        (tmp_path / "mine").mkdir(mode=0o777)
        image = _image(proof, "")
        script = "ls /sys/class/net; cat /m/file; touch /m/new 2>&1 || touch /w/new; hostname; ping -c1 proof | head -1"
        writable = {str(tmp_path / "mine"): "/w"}
        request = RunRequest(image, entrypoint=["sh", "-c", script], mounts={str(tmp_path): "/m"}, writable=writable)
        printed = proof.run(request, 20).stdout.decode()
        assert printed.startswith("lo\nshowntouch: /m/new: Read-only file system\nproof\nPING proof (127.0.0.1)")
        assert not (tmp_path / "new").exists()
        assert (tmp_path / "mine" / "new").exists()

    def test_one_container_beside_another(self, proof: AnyEngine) -> None:
        image = _image(proof, 'CMD ["sh", "-c", "echo hello | nc -l -p 8080; sleep 5"]')
        container = proof.start(RunRequest(image))
        beside = RunRequest(image, entrypoint=["sh", "-c", "sleep 0.5; nc 127.0.0.1 8080"], network_of=container)
        assert proof.run(beside, 20).stdout == b"hello\n"

    def test_input_and_limits_of_a_run(self, proof: AnyEngine) -> None:
        image = _image(proof, "")
        assert proof.run(RunRequest(image, entrypoint=["cat"], stdin=b"\0given"), 20).stdout == b"\0given"
        cut_off = proof.run(RunRequest(image, entrypoint=["sh", "-c", "echo begun; sleep 1000"]), 1.5)
        assert (cut_off.exit_code, cut_off.stdout) == (None, b"begun\n")

    @pytest.mark.parametrize(
        ("lines", "error"),
        [
            ('ENTRYPOINT ["/no/such"]', 'exec: "/no/such": stat /no/such: no such file or directory'),
            ("USER nobody-at-all\nCMD true", "nobody-at-all"),
            ("COPY a /a\nENTRYPOINT []\nCMD []", "the image names no program: it has neither ENTRYPOINT nor CMD"),
        ],
    )
    def test_a_program_that_cannot_be_started(self, proof: AnyEngine, tmp_path: Path, lines: str, error: str) -> None:
        (tmp_path / "a").write_bytes(b"")
        container = proof.start(RunRequest(_image(proof, lines, tmp_path)))
        state = proof.state(container)
        assert not state.running
        assert error in state.error
        assert state.exit_code is not None
        assert state.exit_code > 125
        assert proof.wait(container, 1) == state
        assert proof.output(container).stdout == b""
        assert proof.stop(container)[0] == state
        proof.remove(container)

    def test_the_health_check(self, proof: AnyEngine) -> None:
        lines = 'HEALTHCHECK --timeout=2s CMD test -e /well || { echo ill; sleep 50; }\nCMD ["sleep", "60"]'
        container = proof.start(RunRequest(_image(proof, lines)))
        ill = proof.check_health(container, 20)
        assert ill is not None
        assert (ill.exit_code, ill.stdout) == (None, b"ill\n")
        assert proof.execute(container, ["touch", "/well"], 10).exit_code == 0
        well = proof.check_health(container, 20)
        assert well is not None
        assert well.exit_code == 0
        assert proof.execute(container, ["/no/such"], 10).exit_code in (126, 127)
        without = proof.start(RunRequest(_image(proof, "HEALTHCHECK NONE\nCMD sleep 60")))
        assert proof.check_health(without, 5) is None
        proof.stop(without)
        with pytest.raises(EngineError, match=r"^`\w+ exec` failed: "):
            proof.execute(without, ["true"], 10)

    def test_stopping(self, proof: AnyEngine) -> None:
        lines = """STOPSIGNAL SIGUSR1\nCMD ["sh", "-c", "trap 'echo bye; exit 5' USR1; while :; do sleep 0.1; done"]"""
        container = proof.start(RunRequest(_image(proof, lines)))
        time.sleep(0.3)
        state, seconds = proof.stop(container)
        assert (state.running, state.exit_code) == (False, 5)
        assert seconds < 2
        assert proof.output(container).stdout == b"bye\n"

    def test_a_container_that_never_stops(self, proof: AnyEngine) -> None:
        image = _image(proof, "")
        stubborn = ["sh", "-c", "trap '' TERM INT; while :; do sleep 1; done"]
        container = proof.start(RunRequest(image, entrypoint=stubborn))
        state, seconds = proof.stop(container)
        assert (state.running, state.exit_code) == (False, 137)
        assert 1.8 < seconds < 10

    def test_one_that_eats_memory(self, proof: AnyEngine) -> None:
        proof.limits = replace(LIMITS, memory=32 * 1024**2)
        image = _image(proof, "")
        eats = ["sh", "-c", "a=x; while :; do a=$a$a; done"]
        container = proof.start(RunRequest(image, entrypoint=eats))
        state = proof.wait(container, 30)
        assert (state.running, state.exit_code) == (False, 137)
        # Podman 4.3 with conmon 2.1.6 does not see it where there are cgroups of version 1.
        assert state.out_of_memory or (proof.name, proof.version[:3]) == ("podman", "4.3")
        assert not Path("oom").exists(), "podman's monitor writes it where it was started"

    def test_one_that_forks_without_end(self, proof: AnyEngine) -> None:
        proof.limits = replace(LIMITS, processes=30)
        image = _image(proof, "")
        forks = ["sh", "-c", "f() { f | f & }; f; sleep 1; exit 0"]
        output = proof.run(RunRequest(image, entrypoint=forks), 20)
        assert b"can't fork" in output.stderr

    def test_one_that_floods(self, proof: AnyEngine) -> None:
        image = _image(proof, "")
        floods = ["sh", "-c", "echo first; yes 0123456789 | head -c 100000000; echo; echo last"]
        output = proof.run(RunRequest(image, entrypoint=floods), 60)
        assert output.exit_code == 0
        assert output.cut
        assert output.stdout.startswith(b"first\n")
        assert output.stdout.endswith(b"\nlast\n")
        assert len(output.stdout) < LIMITS.output


class TestKilled:
    """A proof is sent signals at moments of chance; whatever it was at, nothing is left of it."""

    @pytest.mark.parametrize("signals", ["INT", "TERM INT TERM", "KILL"])
    def test_nothing_is_left(self, place: Place, signals: str) -> None:
        chance = random.Random(signals)
        rounds = 10 if place.kind == "docker" else 4
        moments = [(str(int(ENDLESS) + turn), chance.uniform(0.2, 6), chance.uniform(0, 0.2)) for turn in range(rounds)]
        with ThreadPoolExecutor(AT_ONCE) as pool:
            left = list(pool.map(lambda moment: _left_by_a_killed_one(place, signals.split(), *moment), moments))
        assert left == [[]] * rounds, moments

    def test_a_later_run_removes_what_a_killed_one_left(self, place: Place) -> None:
        with _worker(place, ENDLESS, "unwatched") as worker:
            assert worker.stdout is not None
            identity = worker.stdout.readline().strip()
            assert worker.stdout.readline() == "built\n"
            worker.kill()
        assert place.left_of(identity) != []
        with guarded(engine := _open(place)):
            engine.scratch()
            assert place.left_of(identity) == []


def _left_by_a_killed_one(place: Place, signals: Sequence[str], endless: str, moment: float, pause: float) -> list[str]:
    """What is left of a proof that is sent signals after so many seconds, with pauses between them."""
    with _worker(place, endless) as worker:
        assert worker.stdout is not None
        identity = worker.stdout.readline().strip()
        time.sleep(moment)
        for name in signals:
            worker.send_signal(signal.Signals[f"SIG{name}"])
            time.sleep(pause)
        worker.wait(60)
    # Who cleans up after a killed one looks more than once: its own clients count as left until they have ended.
    deadline = time.monotonic() + 120
    looks: list[list[str]] = []
    while looks[-2:] != [[], []] and time.monotonic() < deadline:
        time.sleep(0.5)
        looks.append(place.left_of(identity, endless))
    return looks[-1]


def _worker(place: Place, endless: str, *words: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.e2e.test_proof_engine", place.kind, endless, *words]
    environment = {**os.environ, **place.variables}
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment)


def _work(kind: str, endless: str, *, watched: bool) -> None:
    """A proof's work: two builds with containers, and a third that never ends."""
    engine = _find(kind)
    print(engine.identity, flush=True)
    if not watched:
        engine.scratch()
        assert engine._client.watch is not None
        engine._client.watch.close()
    with guarded(engine):
        for turn in range(2):
            image = _image(engine, f'RUN sleep 0.2; echo {turn} {time.time()}\nCMD ["sleep", "{endless}"]')
            if kind != "buildah":
                container = engine.start(RunRequest(image))
                engine.start(RunRequest(image))
                engine.execute(container, ["true"], 10)
                engine.run(RunRequest(image, network_of=container, entrypoint=["sleep", "0.1"]), 10)
            print("built", flush=True)
            if not watched:
                time.sleep(60)
        _build(engine, f"RUN echo {time.time()}; sleep {endless}")


if __name__ == "__main__":
    _work(sys.argv[1], sys.argv[2], watched="unwatched" not in sys.argv)
