"""The base images are fit for the tests: they hold what a rewritten image may rely on, and nothing that it may not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from . import alpine, debian, debian_full, golang, node, openjdk, python_image
from .base_images import DEBIAN_FULL, NODE, OPENJDK, PYTHON, is_stand_in, make

if TYPE_CHECKING:
    from pathlib import Path

    from .engine import Engine

pytestmark = pytest.mark.e2e

EXTENSION = """\
#include <Python.h>
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "grown", NULL, -1, NULL};
PyMODINIT_FUNC PyInit_grown(void) { return PyModule_Create(&module); }
"""


@pytest.fixture(scope="module")
def node_images(engine: Engine) -> None:
    make(engine, NODE)


@pytest.fixture(scope="module")
def python_images(engine: Engine) -> None:
    make(engine, PYTHON)


@pytest.fixture(scope="module")
def openjdk_images(engine: Engine) -> None:
    make(engine, OPENJDK)


@pytest.mark.parametrize("version", alpine.VERSIONS)
def test_alpine_is_small_and_has_musl_and_certificates(engine: Engine, version: str) -> None:
    script = "cat /etc/alpine-release && ls /lib/ld-musl-*.so.1 && head -c 27 /etc/ssl/certs/ca-certificates.crt"
    listed = engine.run(f"alpine:{version}", "sh", "-c", script)
    assert listed.returncode == 0, listed.stderr
    assert listed.stdout.startswith(f"{version}.")
    assert "\n/lib/ld-musl-" in listed.stdout
    assert engine.size(f"alpine:{version}") < 10_000_000


@pytest.mark.parametrize("tag", golang.ALPINE_TAGS)
def test_go_runs_on_alpine_without_a_c_compiler(engine: Engine, tag: str) -> None:
    assert engine.run(tag, "go", "env", "GOPATH").stdout == "/go\n"
    assert engine.run(tag, "gcc", "--version").returncode == 127


@pytest.mark.parametrize("tag", golang.DEBIAN_TAGS)
def test_go_on_debian_has_what_the_official_image_has(engine: Engine, tag: str) -> None:
    assert engine.run(tag, "go", "env", "GOPATH", "CGO_ENABLED").stdout == "/go\n1\n"
    for tool in ("gcc", "git", "make", "curl"):
        assert engine.run(tag, tool, "--version").returncode == 0, tool


def test_builder_and_runtime_have_one_glibc(engine: Engine) -> None:
    tags = ("debian:bullseye-slim", *golang.DEBIAN_TAGS)
    versions = {engine.run(tag, "getconf", "GNU_LIBC_VERSION").stdout for tag in tags}
    assert len(versions) == 1
    assert versions.pop().startswith("glibc ")


@pytest.mark.parametrize("tag", debian.TAGS)
def test_the_slim_image_cannot_build(engine: Engine, tag: str) -> None:
    for tool in ("go", "gcc", "git", "node", "python3"):
        assert engine.run(tag, tool, "--version").returncode == 127, tool


@pytest.mark.parametrize("tag", debian_full.TAGS)
def test_full_debian_has_manuals_and_translations_beside_what_the_slim_one_has(engine: Engine, tag: str) -> None:
    make(engine, DEBIAN_FULL)
    paths = ("/usr/share/doc/coreutils", "/usr/share/man/man1/ls.1.gz", "/usr/share/locale/de/LC_MESSAGES/coreutils.mo")
    assert engine.run(tag, "ls", "-d", *paths).stdout.split() == sorted(paths)
    assert engine.run(f"{tag}-slim", "ls", "-d", *paths).stdout == ""
    packages = ("sh", "-c", "dpkg-query --show | sha256sum")
    assert engine.run(tag, *packages).stdout == engine.run(f"{tag}-slim", *packages).stdout
    assert engine.config(tag)["Cmd"] == ["bash"]
    assert 1.2 < engine.size(tag) / engine.size(f"{tag}-slim") < 2


def test_images_that_are_there_are_not_made_again(engine: Engine, capsys: pytest.CaptureFixture[str]) -> None:
    families = (NODE, PYTHON, DEBIAN_FULL, OPENJDK)
    make(engine, *families)
    capsys.readouterr()
    make(engine, *families)
    assert capsys.readouterr().out == ""


@pytest.mark.usefixtures("node_images")
class TestNode:
    @pytest.mark.parametrize("tag", node.TAGS)
    def test_node_npm_and_yarn_lie_where_the_official_image_has_them(self, engine: Engine, tag: str) -> None:
        names = ("node", "npm", "npx", "yarn")
        more = "npm --version && yarn --version && id -u node && echo $NODE_VERSION"
        listed = engine.run(tag, "sh", "-c", f"{_where(*names)} && {more}").stdout.splitlines()
        assert listed[:4] == [f"/usr/local/bin/{name}" for name in names]
        assert listed[6:] == ["1000", engine.run(tag, "node", "--version").stdout.strip().removeprefix("v")]

    @pytest.mark.parametrize("tag", node.TAGS)
    def test_the_entry_point_takes_a_script_an_option_and_a_command(self, engine: Engine, tag: str) -> None:
        config = engine.config(tag)
        assert (config["Entrypoint"], config["Cmd"]) == (["docker-entrypoint.sh"], ["node"])
        assert engine.run(tag, "--print", "6 * 7").stdout == "42\n"
        assert engine.run(tag, "echo", "a command").stdout == "a command\n"

    def test_only_the_full_image_builds(self, engine: Engine) -> None:
        for tool in ("gcc", "g++", "make", "git", "curl", "python3"):
            assert engine.run(node.FULL_TAGS[0], tool, "--version").returncode == 0, tool
            assert engine.run(node.SLIM_TAGS[0], "sh", "-c", f"{tool} --version").returncode == 127, tool
        full, slim = (engine.size(tags[0]) for tags in (node.FULL_TAGS, node.SLIM_TAGS))
        assert slim < full / 3

    @pytest.mark.parametrize("tag", [node.FULL_TAGS[0], node.SLIM_TAGS[0]])
    def test_packages_come_from_the_registry(self, engine: Engine, tmp_path: Path, tag: str) -> None:
        lines = (
            f"FROM {tag}\nWORKDIR /app\nRUN npm install --no-save ms@2.1.3 && node -e 'console.log(require(\"ms\"))'\n"
        )
        engine.build(tmp_path, "dfrewrite-e2e:probe", lines)
        printed = engine.run("dfrewrite-e2e:probe", "node", "--print", "require('ms')('1s')")
        engine.remove("dfrewrite-e2e:probe")
        assert printed.stdout == "1000\n", printed.stderr


@pytest.mark.usefixtures("python_images")
class TestPython:
    @pytest.mark.parametrize("tag", python_image.TAGS)
    def test_python_lies_where_the_official_image_has_it(self, engine: Engine, tag: str) -> None:
        names = ("python", "python3", "python3.11", "pip")
        more = "python -c 'import sys, pip; print(sys.prefix, pip.__path__)'"
        listed = engine.run(tag, "sh", "-c", f"{_where(*names)} && {more}").stdout.splitlines()
        assert listed[:4] == [f"/usr/local/bin/{name}" for name in names]
        assert listed[4] == "/usr/local ['/usr/local/lib/python3.11/site-packages/pip']"
        assert engine.config(tag)["Cmd"] == ["python3"]

    @pytest.mark.parametrize("tag", python_image.TAGS)
    def test_all_of_the_standard_library_can_be_imported(self, engine: Engine, tag: str) -> None:
        modules = "bz2, ctypes, curses, dbm, hashlib, lzma, readline, sqlite3, ssl, uuid, venv, zlib, zoneinfo"
        script = f"import {modules}; print(ssl.OPENSSL_VERSION, zoneinfo.ZoneInfo('Europe/Paris'))"
        imported = engine.run(tag, "python", "-c", script)
        assert imported.returncode == 0, imported.stderr

    @pytest.mark.parametrize("tag", [python_image.FULL_TAGS[0], python_image.SLIM_TAGS[0]])
    def test_packages_come_from_the_index_into_a_virtual_environment(
        self, engine: Engine, tmp_path: Path, tag: str
    ) -> None:
        lines = (
            f"FROM {tag}\nRUN python -m venv /opt/venv\nENV PATH=/opt/venv/bin:$PATH\n"
            'RUN pip install MarkupSafe==3.0.2 && python -c "import markupsafe._speedups"\n'
        )
        engine.build(tmp_path, "dfrewrite-e2e:probe", lines)
        script = "import markupsafe._speedups; print(markupsafe._speedups.__file__)"
        printed = engine.run("dfrewrite-e2e:probe", "python", "-c", script)
        engine.remove("dfrewrite-e2e:probe")
        assert printed.stdout.startswith("/opt/venv/lib/python3.11/site-packages/markupsafe/"), printed.stderr

    def test_only_the_full_image_builds(self, engine: Engine, tmp_path: Path) -> None:
        (tmp_path / "grown.c").write_text(EXTENSION, encoding="utf-8")
        lines = (
            f"FROM {python_image.FULL_TAGS[0]}\nCOPY grown.c .\n"
            "RUN gcc -shared -fPIC $(python3-config --includes) -o grown.so grown.c && python -c 'import grown'\n"
        )
        engine.build(tmp_path, "dfrewrite-e2e:probe", lines)
        engine.remove("dfrewrite-e2e:probe")
        for tool in ("gcc", "make", "git", "curl"):
            assert engine.run(python_image.SLIM_TAGS[0], tool, "--version").returncode == 127, tool
        full, slim = (engine.size(tags[0]) for tags in (python_image.FULL_TAGS, python_image.SLIM_TAGS))
        assert slim < full / 3

    @pytest.mark.parametrize("tag", python_image.TAGS)
    def test_nothing_names_the_folder_that_a_stand_in_came_from(self, engine: Engine, tag: str) -> None:
        if not is_stand_in(engine, tag):
            pytest.skip("this image was pulled")
        script = "import sysconfig as s; print(*s.get_config_vars().values(), *s.get_paths().values(), sep='\\n')"
        told = engine.run(tag, "python", "-c", script).stdout
        assert "pyenv" not in told
        assert "/usr/local/lib" in told


@pytest.mark.usefixtures("openjdk_images")
class TestOpenJdk:
    @pytest.mark.parametrize("tag", openjdk.TAGS)
    def test_java_lies_where_the_official_image_has_it_and_trusts_certificates(self, engine: Engine, tag: str) -> None:
        script = (
            "command -v java && test -x $JAVA_HOME/bin/java && test -s $JAVA_HOME/lib/security/cacerts && echo $LANG"
        )
        listed = engine.run(tag, "sh", "-c", script)
        assert listed.stdout.splitlines() == [f"{openjdk.HOME}/bin/java", "C.UTF-8"], listed.stderr
        assert engine.run(tag, "java", "-version").returncode == 0

    def test_only_the_development_kit_compiles(self, engine: Engine) -> None:
        kits, runtimes = (*openjdk.JDK_TAGS, *openjdk.JDK_SLIM_TAGS), (*openjdk.JRE_TAGS, *openjdk.JRE_SLIM_TAGS)
        assert {engine.run(tag, "javac", "-version").returncode for tag in kits} == {0}
        assert {engine.run(tag, "javac", "-version").returncode for tag in runtimes} == {127}
        assert {str(engine.config(tag)["Cmd"]) for tag in kits} == {"['jshell']"}
        assert {str(engine.config(tag)["Cmd"]) for tag in runtimes} == {"['bash']"}

    def test_only_the_full_images_have_what_is_not_java(self, engine: Engine) -> None:
        programs = ("curl", "wget", "git", "ps")
        for full, slim, there in (("11", "11-slim", programs), ("11-jre", "11-jre-slim", programs[:2])):
            for name in programs:
                found = engine.run(f"openjdk:{full}", name, "--version").returncode == 0
                assert found is (name in there), name
                assert engine.run(f"openjdk:{slim}", name, "--version").returncode == 127, name
        assert engine.size("openjdk:11-jre-slim") < engine.size("openjdk:11-slim") < engine.size("openjdk:11") * 0.8


def _where(*names: str) -> str:
    """A shell's words for where programs lie; dash tells of one at a time."""
    return " && ".join(f"command -v {name}" for name in names)
