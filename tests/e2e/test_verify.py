"""`--verify` and `prove` as a user runs them: only what was seen to work is written, and nothing is left over."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from rewriter.proof.cli_engine import KEPT_REPOSITORY
from rewriter.proof.engine import LABEL

from .engine import Engine

pytestmark = pytest.mark.e2e

APPS = Path(__file__).parent / "apps"
DFREWRITE = Path(sys.executable).with_name("dfrewrite")
# As in the article's second step: only the base image is another one.
SWAP = ("--select", "alpine_base")


@dataclass(frozen=True)
class Place:
    """A folder with a Dockerfile, the engine that the tool finds, and a folder for temporary files of its own."""

    folder: Path
    engine: Engine
    temporary: Path

    @property
    def environment(self) -> dict[str, str]:
        client = {"DOCKER_HOST": f"unix://{self.engine.socket}", "DOCKER_CONFIG": str(self.engine.home / "client")}
        return {**os.environ, **client, "TMPDIR": str(self.temporary)}

    @property
    def dockerfile(self) -> Path:
        return self.folder / "Dockerfile"

    def run(self, *arguments: str, seconds: float = 900) -> subprocess.CompletedProcess[str]:
        command = [str(DFREWRITE), *arguments]
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            check=False,
            timeout=seconds,
            cwd=self.folder,
            env=self.environment,
        )
        assert self.left_over() == [], done.stderr
        return done

    def verify(self, *arguments: str) -> tuple[int, dict[str, Any]]:
        """The exit code, and what the report says of the one file."""
        done = self.run("--verify", "--network", "host", "--format", "json", *arguments)
        (file,) = json.loads(done.stdout)["files"]
        return done.returncode, file

    def left_over(self, process: int | None = None) -> list[str]:
        """What is left in the folder for temporary files, of mounts below it, and of one process in the engine."""
        found = [path.name for path in self.temporary.iterdir()]
        found += [line for line in Path("/proc/mounts").read_text().splitlines() if str(self.temporary) in line]
        if process is not None:
            label = f'{{{{index .Config.Labels "{LABEL}"}}}}'
            for what in (("ps", "--all"), ("images",)):
                names = self.docker(*what, "--quiet", "--no-trunc", "--filter", f"label={LABEL}").split()
                # Of other proofs some may be gone by now: what is printed of the rest counts.
                words = ["docker", "inspect", "--format", label, *names]
                listed = subprocess.run(words, capture_output=True, text=True, check=False, env=self.environment)
                found += [f"{what[0]}: {line}" for line in listed.stdout.splitlines() if f"-{process}-" in line]
        return found

    def docker(self, *arguments: str) -> str:
        command = ["docker", *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True, env=self.environment).stdout


@pytest.fixture
def place(engine: Engine, tmp_path: Path) -> Place:
    for name in ("project", "temporary"):
        (tmp_path / name).mkdir()
    return Place(tmp_path / "project", engine, tmp_path / "temporary")


def megabytes(file: dict[str, Any], side: str) -> float:
    return float(file["proof"][side]["uncompressed"] / 1e6)


class TestTheArticle:
    """Its three steps, with a real Go program: a gigabyte, a third of it, ten megabytes."""

    @pytest.fixture
    def article(self, place: Place) -> Place:
        shutil.copytree(APPS / "article", place.folder, dirs_exist_ok=True)
        return place

    def test_its_own_file_is_repaired(self, article: Place) -> None:
        code, file = article.verify("--apply")
        proof = file["proof"]
        assert (code, proof["verdict"]) == (0, "repaired"), proof
        assert "cannot start: /myapp is not there" in proof["reason"]
        assert "COPY --from=builder /build/myapp /myapp\n" in article.dockerfile.read_text()
        print(f"\nthe article's own file: {megabytes(file, 'before'):.1f} -> {megabytes(file, 'after'):.1f} MB")

    def test_its_twin_with_a_right_entry_point_is_proven_step_by_step(self, article: Place) -> None:
        text = article.dockerfile.read_text().replace('["/myapp"]', '["/build/myapp"]')
        article.dockerfile.write_text(text)
        sizes = []
        for options in (SWAP, ()):
            code, file = article.verify(*options)
            assert (code, file["proof"]["verdict"]) == (0, "proven"), file["proof"]
            assert any("port 8080 answers GET / with 200" in line for line in file["proof"]["same"]), file["proof"]
            sizes += [megabytes(file, "before"), megabytes(file, "after")]
        before, swapped, _, split = sizes
        print(f"\nthe three steps: {before:.1f} -> {swapped:.1f} -> {split:.1f} MB")
        # The stand-ins are somewhat smaller than the real images; what the build adds is the same.
        assert before > 500
        assert swapped < 0.5 * before
        assert split < 15
        assert article.dockerfile.read_text() == text, "a dry run wrote the file"


# The words are read by a dependency, which the rewriting does not look into: the split leaves them behind.
HIDDEN_FILE = {
    "Dockerfile": 'FROM golang:1.18\nWORKDIR /app\nCOPY . .\nRUN go build -mod=vendor -o app .\nCMD ["./app"]\n',
    "go.mod": "module example.com/app\n\ngo 1.18\n\nrequire example.com/greet v1.0.0\n",
    "main.go": 'package main\n\nimport "example.com/greet"\n\nfunc main() { println(greet.Hello()) }\n',
    "vendor/modules.txt": "# example.com/greet v1.0.0\n## explicit; go 1.18\nexample.com/greet\n",
    "vendor/example.com/greet/greet.go": (
        'package greet\n\nimport "os"\n\nfunc Hello() string {\n'
        '\twords, err := os.ReadFile("words/hello.txt")\n\tif err != nil {\n\t\tpanic(err)\n\t}\n'
        "\treturn string(words)\n}\n"
    ),
    "words/hello.txt": "good morning",
}
HELLO = {
    "Dockerfile": 'FROM golang:1.18\nWORKDIR /app\nCOPY . .\nRUN go build -o app .\nCMD ["./app"]\n',
    "go.mod": "module example.com/app\n\ngo 1.18\n",
    "main.go": 'package main\n\nfunc main() { println("hello") }\n',
}


def fill(place: Place, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = place.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


class TestVerify:
    def test_what_differs_is_dropped_and_the_rest_is_proven_and_written(self, place: Place) -> None:
        fill(place, HIDDEN_FILE)
        code, file = place.verify("--apply")
        assert (code, file["proof"]["verdict"]) == (0, "proven"), file["proof"]
        assert [change["transform"] for change in file["changes"]] == ["alpine_base"]
        (dropped,) = file["withheld"]
        assert dropped["transform"] == "split_stages"
        assert "/app/words/hello.txt" in dropped["reason"]
        expected = HIDDEN_FILE["Dockerfile"].replace("golang:1.18", "golang:1.18-alpine3.17")
        assert place.dockerfile.read_text() == expected

    def test_one_level_more_is_tried_and_what_is_proven_is_written(self, place: Place) -> None:
        fill(place, HELLO | {"Dockerfile": HELLO["Dockerfile"].replace("COPY", "ARG SUFFIX=\nCOPY")})
        code, plain = place.run("--level", "safe", "--format", "json").returncode, place.verify("--level", "safe")
        assert code == 0
        assert plain[0] == 0
        assert plain[1]["proof"]["verdict"] == "proven"

    def test_an_original_that_does_not_build_is_told_with_its_line(self, place: Place) -> None:
        fill(place, HELLO | {"main.go": "package main\n\nfunc main() { missing() }\n"})
        code, file = place.verify("--apply")
        assert (code, file["proof"]["verdict"], file["changed"]) == (4, "baseline-broken", False)
        assert file["proof"]["reason"].startswith("the original does not build: line 4: ")
        assert "undefined: missing" in file["proof"]["reason"]
        assert place.dockerfile.read_text() == HELLO["Dockerfile"]
        code, file = place.verify("--apply", "--allow-broken-baseline")
        assert (code, file["proof"]["verdict"], file["changed"]) == (0, "baseline-broken", True)
        assert place.dockerfile.read_text() != HELLO["Dockerfile"]

    def test_what_the_engine_does_not_know_is_not_run(self, place: Place) -> None:
        fill(place, HELLO | {"Dockerfile": HELLO["Dockerfile"].replace("CMD", "RUN <<EOF\ntrue\nEOF\nCMD")})
        code, file = place.verify("--apply")
        if file["proof"]["engine"].startswith("docker 20.10"):
            assert (code, file["proof"]["verdict"]) == (4, "not-run")
            assert "it knows no heredocs (line 5), which came with Dockerfile 1.4" in file["proof"]["reason"]
            assert "<<EOF" in place.dockerfile.read_text()
        else:
            assert (code, file["proof"]["verdict"]) == (0, "proven")

    def test_images_are_kept_when_asked_and_only_then(self, place: Place) -> None:
        def kept() -> set[str]:
            listing = ("images", "--format", "{{.Repository}}:{{.Tag}}", "--filter", f"reference={KEPT_REPOSITORY}")
            return set(place.docker(*listing).split())

        fill(place, HELLO)
        before = kept()
        place.verify()
        assert kept() == before
        place.verify("--keep")
        new = kept() - before
        place.docker("image", "rm", *new)
        assert sorted(tag.partition(":")[2].partition("-")[0] for tag in new) == ["after", "before"]


class TestProve:
    def test_any_two_files(self, place: Place) -> None:
        fill(place, HELLO)
        (place.folder / "Dockerfile.right").write_text(
            "FROM golang:1.18-alpine3.17 AS build\nWORKDIR /src\nCOPY . .\nRUN CGO_ENABLED=0 go build -o app .\n"
            'FROM scratch\nWORKDIR /app\nCOPY --from=build /src/app .\nCMD ["./app"]\n'
        )
        (place.folder / "Dockerfile.wrong").write_text(
            "FROM golang:1.18-alpine3.17 AS build\nWORKDIR /src\nCOPY . .\nRUN CGO_ENABLED=0 go build -o app .\n"
            'FROM scratch\nWORKDIR /app\nCOPY --from=build /src/main.go .\nCMD ["./app"]\n'
        )
        right = place.run("prove", "--network", "host", "Dockerfile", "Dockerfile.right")
        print(f"\n{right.stdout}")
        assert right.returncode == 0, right.stdout
        assert ": proven\n" in right.stdout
        assert "the same standard error: 1 line" in right.stdout
        wrong = place.run("prove", "--network", "host", "--format", "json", "Dockerfile", "Dockerfile.wrong")
        proof = json.loads(wrong.stdout)
        assert (wrong.returncode, proof["verdict"]) == (4, "differs")
        assert proof["reason"] == "/app/app is not there"


class TestStopped:
    """Signals at moments of chance: nothing of ours is left, and no Dockerfile is changed by half."""

    @pytest.mark.parametrize("name", ["INT", "TERM", "KILL"])
    def test_nothing_is_left(self, place: Place, name: str) -> None:
        chance = random.Random(name)
        fill(place, HELLO | {"Dockerfile": HELLO["Dockerfile"].replace("RUN", f"RUN echo {time.time()} && sleep 2 &&")})
        before = place.dockerfile.read_bytes()
        command = [str(DFREWRITE), "--verify", "--apply", "--network", "host"]
        for _ in range(4):
            moment = chance.uniform(0.3, 12)
            with subprocess.Popen(
                command, cwd=place.folder, env=place.environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
            ) as running:
                time.sleep(moment)
                running.send_signal(signal.Signals[f"SIG{name}"])
                said = running.communicate(timeout=60)[1].decode()
            deadline = time.monotonic() + 30
            while place.left_over(running.pid) and time.monotonic() < deadline:
                time.sleep(0.5)
            assert place.left_over(running.pid) == [], f"{name} after {moment:.2f} s"
            if running.returncode == 0:
                continue  # it was quicker than the signal
            assert place.dockerfile.read_bytes() == before
            assert running.returncode == (130 if name == "INT" else -signal.Signals[f"SIG{name}"])
            assert "Traceback" not in said
            assert name == "KILL" or "interrupted; every file is whole" in said
