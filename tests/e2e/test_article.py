"""The promise of the tool, kept by real images: what was built before and after `dfrewrite --apply` answers alike.

Each application is copied to a scratch folder, built and run, rewritten there, and built and run again.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from .engine import DidNotStartError, Engine

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterator

    Dfrewrite = Callable[..., subprocess.CompletedProcess[str]]

pytestmark = pytest.mark.e2e

APPS = Path(__file__).parent / "apps"
EXAMPLE = Path(__file__).parents[2] / "examples" / "go-service"
BEFORE, AFTER = "dfrewrite-e2e:before", "dfrewrite-e2e:after"
FROM = re.compile(r"^FROM (\S+)", re.MULTILINE)
# A Go service on alpine is some ten megabytes; whatever is bigger carries a part of a toolchain.
STATIC_SERVICE_BYTES = 30_000_000


class Project:
    """An application in a folder of its own, with what the tests do to it."""

    def __init__(self, folder: Path, engine: Engine, dfrewrite: Dfrewrite) -> None:
        self.folder = folder
        self.engine = engine
        self.dfrewrite = dfrewrite

    @property
    def dockerfile(self) -> str:
        return (self.folder / "Dockerfile").read_text(encoding="utf-8")

    def build(self, tag: str) -> None:
        self.engine.build(self.folder, tag)

    def rewrite(self, *options: str) -> None:
        """Apply the rewrite; what the dry run said before, and that a second run finds nothing, is checked as well."""
        before = self.dockerfile
        dry = self.dfrewrite(*options, self.folder)
        assert dry.returncode == 0, dry.stdout + dry.stderr
        assert self.dockerfile == before, "a dry run wrote the file"
        applied = self.dfrewrite("--apply", *options, self.folder)
        assert applied.returncode == 0, applied.stdout + applied.stderr
        print(f"\n--- after dfrewrite --apply {' '.join(options)}\n{self.dockerfile}---")
        assert self.dockerfile != before, f"nothing was rewritten:\n{applied.stdout}"
        again = self.dfrewrite("--check", *options, self.folder)
        assert again.returncode == 0, f"a second run would change it again:\n{again.stdout}"

    def print_sizes(self) -> tuple[int, int]:
        before, after = self.engine.size(BEFORE), self.engine.size(AFTER)
        print(f"before {before / 1e6:.1f} MB, after {after / 1e6:.1f} MB: {before / after:.0f} times smaller")
        return before, after


@pytest.fixture
def project(tmp_path: Path, engine: Engine, dfrewrite: Dfrewrite, request: pytest.FixtureRequest) -> Iterator[Project]:
    """The application whose folder the test is given, freshly copied."""
    folder = tmp_path / "project"
    shutil.copytree(request.param, folder)
    yield Project(folder, engine, dfrewrite)
    engine.remove(BEFORE, AFTER)


@pytest.mark.parametrize("project", [EXAMPLE], indirect=True, ids=["go-service"])
def test_the_example_serves_the_same_pages_from_a_small_image(project: Project) -> None:
    pages = ("/", "/healthz", "/teas/sencha", "/teas/coffee")
    project.build(BEFORE)
    with project.engine.serve(BEFORE) as service:
        before = [service.get(page) for page in pages]
    assert [answer.status for answer in before] == [200, 200, 200, 404]
    assert "<h1>Sencha</h1>" in before[2].body

    project.rewrite()
    project.build(AFTER)
    with project.engine.serve(AFTER) as service:
        after = [service.get(page) for page in pages]
    assert after == before

    builder, runtime = FROM.findall(project.dockerfile)
    assert (builder, runtime) == ("golang:1.18-alpine3.17", "alpine:3.17")
    size_before, size_after = project.print_sizes()
    assert size_after < STATIC_SERVICE_BYTES < size_before / 10


@pytest.mark.parametrize("version", ["3.17", "3.16"])
@pytest.mark.parametrize("project", [APPS / "article"], indirect=True, ids=["article"])
def test_the_articles_own_file_starts_once_it_is_rewritten(project: Project, version: str) -> None:
    """Its entry point names /myapp, and the build makes /build/myapp: it builds and does not start."""
    project.build(BEFORE)
    with pytest.raises(DidNotStartError, match="no such file or directory") as stopped, project.engine.serve(BEFORE):
        pass
    assert stopped.value.exit_code == 127

    project.rewrite(*([] if version == "3.17" else ["--alpine", version]))
    project.build(AFTER)
    with project.engine.serve(AFTER) as service:
        answer = service.get("/tea")
    assert (answer.status, answer.body.split(" is ")[0]) == (200, "/tea")

    assert FROM.findall(project.dockerfile) == [f"golang:1.18-alpine{version}", f"alpine:{version}"]
    size_before, size_after = project.print_sizes()
    assert size_after < STATIC_SERVICE_BYTES < size_before / 10


@pytest.mark.parametrize("project", [APPS / "cgo"], indirect=True, ids=["cgo"])
def test_a_binary_that_needs_glibc_still_finds_it(project: Project) -> None:
    """A stage that compiles C keeps its Debian, and the runtime is the slim image of the same release."""
    project.build(BEFORE)
    before = project.engine.run(BEFORE)
    assert before.stdout.startswith("2 + 3 = 5, glibc ")

    project.rewrite()
    project.build(AFTER)
    after = project.engine.run(AFTER)
    assert (after.returncode, after.stdout, after.stderr) == (0, before.stdout, before.stderr)

    assert "alpine" not in project.dockerfile
    size_before, size_after = project.print_sizes()
    assert size_after < size_before / 3
