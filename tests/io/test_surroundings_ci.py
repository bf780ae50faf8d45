from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from tests.io.test_surroundings import found

if TYPE_CHECKING:
    from pathlib import Path

WORKFLOW = ".github/workflows/ci.yml"


def targets(tmp_path: Path, text: str, name: str = "build.sh", dockerfile: str = "Dockerfile") -> set[str]:
    seen = found(tmp_path, {name: text, "sub/Dockerfile": "", "sub/Dockerfile.dev": ""}, dockerfile)
    assert seen.context is None
    assert set(seen.surroundings.targets.values()) <= {name}
    return set(seen.surroundings.targets)


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("docker build --target dev .", {"dev"}),
        ("docker build --target=Dev -t x:y --build-arg A=b --no-cache .", {"dev"}),
        ("docker build -t x . --target dev", {"dev"}),
        ("docker buildx build --push --target dev .", {"dev"}),
        ("docker image build --target dev .", {"dev"}),
        ("sudo docker --context remote build --target dev .", {"dev"}),
        ("podman build --target dev .; buildah bud --target two .", {"dev", "two"}),
        ("DOCKER_BUILDKIT=1 docker build --target 'dev' \"$PWD\"", {"dev"}),
        ("docker build \\\n  --target \\\n  dev \\\n  .", {"dev"}),
        ("docker build --target dev . # don't", {"dev"}),
        ("echo it's; docker build --target dev .", {"dev"}),
        ("(cd x && docker build --target dev .)", {"dev"}),
        ("if docker build --target dev .; then echo ok; fi", {"dev"}),
        ('bash -c "docker build --target dev ."', {"dev"}),
        ("ssh host 'docker build --target dev .'", {"dev"}),
        ("ID=$(docker build -q --target dev .)", {"dev"}),
        ("ID=`docker build -q --target dev .`", {"dev"}),
        ("$DOCKER build --target dev .", {"dev"}),
        ("${ENGINE:-docker} build --target dev .", {"dev"}),
        ("buildctl build --frontend dockerfile.v0 --opt target=dev --local context=.", {"dev"}),
        ("docker buildx bake --set app.target=dev app", {"dev"}),
        ("/kaniko/executor --context dir:///workspace --dockerfile Dockerfile --target dev", {"dev"}),
        ("./docker-build.sh --target dev", {"dev"}),
        ("./docker-build.sh app --target dev", {"dev"}),
        ("exec docker build --target dev .", {"dev"}),
        ("docker exec dind docker build --target dev .", {"dev"}),
        ("docker build --sbom --target dev .", {"dev"}),
        ("docker build -q --target dev .", {"dev"}),
        ("docker buildx --builder b build --target dev .", {"dev"}),
        ("docker build --target ${STAGE} .", {"*"}),
        ("docker build --target=$STAGE .", {"*"}),
        ('docker build --target "$(cat stage)" .', {"*"}),
        ("docker build --target `cat stage` .", {"*"}),
        ("docker build ${STAGE:+--target $STAGE} .", {"*"}),
        ("docker build ${STAGE:+--target=$STAGE} .", {"*"}),
        ('docker build "${STAGE:+--target=$STAGE}" .', {"*"}),
        ('FLAGS="--no-cache --target dev"\ndocker build $FLAGS .', {"dev"}),
        ('FLAGS="$FLAGS --target $X"\ndocker build $FLAGS .', {"*"}),
        ('ARGS=(--target dev)\ndocker build "${ARGS[@]}" .', {"dev"}),
        ('ARGS=(\n  -t x\n  --target dev\n)\ndocker build "${ARGS[@]}" .', {"dev"}),
        ('ARGS+=("--target" "$1")\ndocker build "${ARGS[@]}" .', {"*"}),
        ("set -- --target dev\ndocker build $@ .", {"dev"}),
        ("docker build --target '' .", set()),
        ("docker build --target", set()),
        ("docker build .", set()),
        ("# docker build --target dev .", set()),
        ("echo docker build --target dev .", set()),
        ("echo 'usage: docker build --target dev .'", set()),
        ("docker build --target <stage> .", set()),
        ("docker run x cargo build --target $X", set()),
        ("docker run rust-image cargo build --target $X", set()),
        ("docker exec x make --target $X", set()),
        ("cargo build --target $X # for docker", set()),
        ("CARGO_FLAGS='--target $X'; docker build .", set()),
        ("docker ps; cmake --build . --target $X", set()),
        ("docker build --target dev https://github.com/a/b.git", set()),
        ("docker build --target dev - < Dockerfile", {"dev"}),
    ],
)
def test_shell(tmp_path: Path, command: str, expected: set[str]) -> None:
    assert targets(tmp_path, f"#!/bin/sh\n{command}\n") == expected


@pytest.mark.parametrize(
    ("command", "root", "sub", "dev"),
    [
        ("docker build --target x .", True, False, False),
        ("docker build --target x sub", False, True, False),
        ("docker build -f Dockerfile --target x .", True, False, False),
        ("docker build -fsub/Dockerfile.dev --target x .", False, False, True),
        ("docker build --file=sub/Dockerfile --target x .", False, True, False),
        ("docker build -f Missing --target x .", False, False, False),
        ("docker build -f ./none/Dockerfile.dev --target x .", False, False, False),
        ("cd sub && docker build --target x .", True, True, False),
        ("cd sub\ndocker build -f Dockerfile.dev --target x .", False, False, True),
        ("docker build -f $DIR/Dockerfile.dev --target x .", False, False, True),
        ('docker build -f "$FILE" --target x .', True, True, True),
        ("docker build -f /src/sub/Dockerfile --target x .", True, True, False),
        ("docker build --target x $DIR", True, True, False),
        ("docker build --target x $FLAGS sub", False, True, False),
        ("docker build --target x ../sub", False, True, False),
        ("docker build --target x ../other/sub", False, False, False),
        ("docker build --target x elsewhere", False, False, False),
    ],
)
def test_which_dockerfile(tmp_path: Path, command: str, root: bool, sub: bool, dev: bool) -> None:
    for name, expected in (("Dockerfile", root), ("sub/Dockerfile", sub), ("sub/Dockerfile.dev", dev)):
        assert bool(targets(tmp_path, f"{command}\n", dockerfile=name)) is expected, name


@pytest.mark.parametrize("name", ["Makefile", "makefile", "GNUmakefile", "docker.mk", "sub/Makefile"])
def test_make(tmp_path: Path, name: str) -> None:
    text = """
        FLAGS := --pull --target flag
        build:
        \t@docker build --target one .
        \t-$(DOCKER) build $(FLAGS) --target two \\
        \t  --target three .
        docker-four: ; docker build --target four .
    """
    dockerfile = "sub/Dockerfile" if "/" in name else "Dockerfile"
    assert targets(tmp_path, text, name, dockerfile) == {"flag", "one", "two", "three", "four"}
    for line in (
        "docker build --target $(T) .",
        "docker build $(if $(T),--target $(T)) .",
        "docker build --target $$T .",
    ):
        assert targets(tmp_path, f"all:\n\t{line}\n", name, dockerfile) == {"*"}


def test_jenkins(tmp_path: Path) -> None:
    text = '''
        pipeline { stages { stage('x') { steps {
          // docker build --target comment .
          sh 'docker build --target one .'
          sh """
            docker build --target two \\
              .
            docker build --target ${params.X} .
          """
          script { docker.build("img:${env.TAG}", "--target three -f sub/../Dockerfile .") }
        } } } }
    '''
    assert targets(tmp_path, text, "Jenkinsfile") == {"one", "two", "three", "*"}


@pytest.mark.parametrize("name", ["justfile", ".justfile", "Justfile"])
def test_just(tmp_path: Path, name: str) -> None:
    assert targets(tmp_path, "a:\n  @docker build --target dev .\n", name) == {"dev"}
    assert targets(tmp_path, "a t:\n  docker build --target {{ t }} .\n", name) == {"*"}


def step(body: str) -> str:
    return f"on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: actions/checkout@v4\n{body}"


def with_(text: str, uses: str = "docker/build-push-action@v6") -> str:
    return step(f"      - uses: {uses}\n        with: {{{text}}}\n")


@pytest.mark.parametrize(
    ("text", "root", "sub", "dev"),
    [
        ("target: x", True, False, False),
        ("context: ., target: x", True, False, False),
        ("context: ./sub, target: x", False, True, False),
        ("context: ., file: sub/Dockerfile.dev, target: x", False, False, True),
        ("context: sub, file: sub/Dockerfile.dev, target: x", False, False, True),
        ('context: "{{defaultContext}}:sub", target: x', False, True, False),
        ('context: "${{ github.workspace }}/sub", target: x', False, True, False),
        ('file: "${{ github.workspace }}/Dockerfile", target: x', True, False, False),
        ('file: "sub/Dockerfile.${{ matrix.x }}", target: x', True, True, True),
        ('file: "${{ matrix.x }}/Dockerfile.dev", target: x', False, False, True),
        ("file: Missing, target: x", False, False, False),
    ],
)
def test_build_push_action(tmp_path: Path, text: str, root: bool, sub: bool, dev: bool) -> None:
    for name, expected in (("Dockerfile", root), ("sub/Dockerfile", sub), ("sub/Dockerfile.dev", dev)):
        assert targets(tmp_path, with_(text), WORKFLOW, name) == ({"x"} if expected else set()), name


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (with_('target: "${{ matrix.target }}"'), {"*"}),
        (with_("target: ''"), set()),
        (with_('extra-args: "--target dev"', "redhat-actions/buildah-build@v2"), {"dev"}),
        (with_("target: x", "some/rust-action@v1") + "# docker\n", set()),
        (with_("file: cover.out, target: x", "codecov/codecov-action@v4") + "# docker\n", set()),
        (step("      - run: docker build --target dev .\n"), {"dev"}),
        (step("      - run: |\n          docker build \\\n            --target dev .\n"), {"dev"}),
        (step("      - run: >-\n          docker build\n          --target dev\n          .\n"), {"dev"}),
        (step("      - run: docker build --target ${{ matrix.stage }} .\n"), {"*"}),
        (step("      - run: cargo build --target ${{ matrix.arch }}\n      - run: docker ps\n"), set()),
        (step("      - run: docker build .\n        env: {FLAGS: --target dev}\n"), {"dev"}),
    ],
)
def test_workflows(tmp_path: Path, body: str, expected: set[str]) -> None:
    assert targets(tmp_path, body, WORKFLOW) == expected


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        (".gitlab-ci.yml", "a: {script: [docker build --target dev .]}", {"dev"}),
        (".gitlab-ci.yml", "a: {script: [!reference [b, script], docker build --target dev .]}", {"dev"}),
        (".gitlab-ci.yml", "a: {image: kaniko, script: [/kaniko/executor --target dev]}", {"dev"}),
        (".circleci/config.yml", "jobs: {a: {steps: [{run: {command: docker build --target dev .}}]}}", {"dev"}),
        (".circleci/config.yml", "jobs: {a: {steps: [{run: 'docker build --target << parameters.t >> .'}]}}", {"*"}),
        (".circleci/config.yml", "jobs: {a: {steps: [{docker/build: {extra_build_args: --target dev}}]}}", {"dev"}),
        ("azure-pipelines.yml", "steps: [{script: docker build --target dev .}]", {"dev"}),
        ("azure-pipelines.yml", "steps: [{task: Docker@2, inputs: {arguments: --target dev}}]", {"dev"}),
        ("Taskfile.yml", "tasks: {a: {cmds: ['docker build --target dev .']}}", {"dev"}),
        ("Taskfile.yaml", "tasks: {a: {cmds: ['docker build --target {{.T}} .']}}", {"*"}),
        ("cloudbuild.yaml", "steps: [{name: gcr.io/cloud-builders/docker, args: [build, --target, dev, .]}]", {"dev"}),
        ("skaffold.yaml", "build: {artifacts: [{image: x, docker: {target: dev}}]}", {"dev"}),
        ("skaffold.yaml", "build: {artifacts: [{image: x, context: sub, docker: {target: dev}}]}", set()),
        ("skaffold.yaml", "build: {artifacts: [{image: x, docker: {dockerfile: sub/Dockerfile, target: dev}}]}", set()),
        ("skaffold.yaml", "---\nb: [{context: sub, kaniko: {dockerfile: ../Dockerfile, target: dev}}]", {"dev"}),
        (".drone.yml", "steps: [{image: plugins/docker, settings: {target: dev}}]", {"dev"}),
        (".github/workflows/docker-compose.yml", "a: {run: docker build --target dev .}", {"dev"}),
        (".github/workflows/x.yaml", "a: *x\nb: docker build --target dev .", {"dev"}),
    ],
)  # fmt: skip
def test_other_systems(tmp_path: Path, name: str, text: str, expected: set[str]) -> None:
    assert targets(tmp_path, text + "\n", name) == expected


def test_malformed_yaml_is_read_as_text(tmp_path: Path) -> None:
    seen = found(tmp_path, {".gitlab-ci.yml": "a: [\nscript:\n  - docker build --target dev .\n\tx: y\n"})
    assert seen.surroundings.targets == {"dev": ".gitlab-ci.yml"}
    assert len(seen.notes) == 1
    assert seen.notes[0].startswith(".gitlab-ci.yml: line ")


@pytest.mark.parametrize(
    "line",
    [
        "docker build --target " + "$(" * 40_000,
        "docker build --target " + "${" * 40_000 + "}" * 40_000,
        "docker build --target x " + "'\"`" * 30_000,
        "docker build --target x " + "\\" * 99_999,
        'docker build --target x "' + "\\ " * 50_000,
        "docker build " + "--target x " * 15_000 + ".",
        "docker build " + "--target " * 20_000 + ".",
        "docker " * 20_000 + "--target x",
        "docker run " * 15_000 + "--target x",
        "a " * 90_000 + "docker build --target x .",
        "X=" * 50_000 + " docker build --target x .",
        "docker build --target x " + "{{" * 50_000,
        "docker build --target x " + "<< a " * 30_000,
        "docker build --target x; " * 6000,
        "a[" * 60_000 + " docker --target",
        ("'docker build --target x " * 3 + '"') * 2000,
        "docker build --target " + "a" * 100_000,
        "docker build --target \0\x1b[0m .",
    ],
)
def test_hostile_lines(tmp_path: Path, line: str) -> None:
    start = time.monotonic()
    for name in ("build.sh", WORKFLOW):
        seen = found(tmp_path, {name: line + "\n"})
        assert set(seen.surroundings.targets) <= {"x", "*"}
    assert time.monotonic() - start < 5


def test_shared_parts_are_looked_at_once(tmp_path: Path) -> None:
    lines = ["a0: &a0 {run: docker build --target x .}"]
    lines += [f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 60)]
    start = time.monotonic()
    assert targets(tmp_path, "\n".join(lines) + "\n", WORKFLOW) == {"x"}
    assert time.monotonic() - start < 2
