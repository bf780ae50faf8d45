"""Files that were written to hurt: each gives one reason, quickly, and never an exception."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rewriter.context import DictContext
from rewriter.manifests import Manifest, read_manifest, read_manifests
from rewriter.manifests.musl import musl_verdict
from rewriter.manifests.needs import Needs, alpine_needs, slim_needs
from rewriter.manifests.reading import MOST_BYTES, MOST_DEPENDENCIES
from rewriter.manifests.risks import context_risks, elf_interpreter
from rewriter.manifests.verdicts import MOST_REMARKS, Remark, relevant

NAMES = (
    "go.mod package.json package-lock.json npm-shrinkwrap.json yarn.lock pnpm-lock.yaml bun.lock requirements.txt "
    "pyproject.toml poetry.lock uv.lock Pipfile Pipfile.lock setup.py setup.cfg environment.yml pom.xml "
    "build.gradle build.gradle.kts settings.gradle gradle/libs.versions.toml Cargo.toml Cargo.lock "
    "Gemfile.lock Gemfile composer.json composer.lock mix.exs mix.lock App.csproj packages.lock.json "
    "Directory.Packages.props "
).split()
IMAGES = "python node ruby php rust golang eclipse-temurin mcr.microsoft.com/dotnet/sdk elixir debian swift".split()


def judge_all(files: dict[str, bytes | str]) -> None:
    """Reads and judges, and holds on the way what every answer has to keep."""
    context = DictContext(files)
    manifests = read_manifests(context)
    assert [manifest.path for manifest in manifests] == list(files)
    for manifest in manifests:
        hold_manifest(manifest)
    for image in IMAGES:
        unread = {manifest.path for manifest in relevant(manifests, image) if manifest.unread}
        verdict = musl_verdict(manifests, image=image, version="3.11")
        hold_remarks(verdict.refusals)
        hold_remarks(verdict.doubts)
        assert unread <= {remark.where for remark in verdict.refusals}
        hold_needs(slim_needs(manifests, image=image, suite="bookworm"))
        alpine = alpine_needs(manifests, image=image)
        hold_needs(alpine)
        assert unread == {remark.where for remark in alpine.refusals}
    hold_remarks(context_risks(context, sources=True))


def hold_manifest(manifest: Manifest) -> None:
    if manifest.unread:
        assert manifest == Manifest(manifest.path, manifest.ecosystem, unread=manifest.unread)
        assert "\n" not in manifest.unread
        assert len(manifest.unread) < 200
    for one in manifest.dependencies:
        texts = (one.ecosystem, one.name, one.version, one.where, one.origin, *one.libc, *one.wheels)
        assert {type(text) for text in texts} == {str}
        assert {type(one.direct), type(one.dev)} == {bool}
        assert one.native in (True, False, None)
        assert one.where == manifest.path
        assert one.origin in ("", "git", "url", "path")
    assert all(
        type(text) is str for text in (*manifest.includes, *(text for pair in manifest.settings for text in pair))
    )


def hold_remarks(remarks: tuple[Remark, ...]) -> None:
    """Each once, a line for a terminal, and not too many."""
    assert len(set(remarks)) == len(remarks) <= MOST_REMARKS
    for remark in remarks:
        assert remark.reason
        assert remark.where
        for text in (remark.dependency, remark.where, remark.reason):
            assert text.isprintable()
            assert len(text) <= 400


def hold_needs(needs: Needs) -> None:
    hold_remarks(needs.doubts)
    hold_remarks(needs.refusals)
    for packages in (needs.build, needs.run):
        assert list(packages) == sorted(packages)
        for package, why in packages.items():
            assert re.fullmatch(r"[a-z0-9][a-z0-9.+-]+", package)
            assert why
            assert why.isprintable()
            assert len(why) <= 400


@pytest.mark.parametrize("name", NAMES)
class TestEveryFile:
    def test_too_large(self, name: str) -> None:
        manifest = read_manifest(DictContext({name: b" " * (MOST_BYTES + 1)}), name)
        assert manifest is not None
        assert "larger than" in manifest.unread
        assert manifest.dependencies == ()

    @pytest.mark.parametrize("content", [b"\0" * 100, b"\x7fELF\x02\x01\0\0", "{}".encode("utf-16")])
    def test_binary(self, name: str, content: bytes) -> None:
        manifest = read_manifest(DictContext({name: content}), name)
        assert manifest is not None
        assert manifest.unread == "is a binary file"

    def test_not_utf_8(self, name: str) -> None:
        manifest = read_manifest(DictContext({name: b"caf\xe9"}), name)
        assert manifest is not None
        assert manifest.unread == "is not UTF-8"

    def test_missing(self, name: str) -> None:
        manifest = read_manifest(DictContext({}), name)
        assert manifest is not None
        assert manifest.unread

    @pytest.mark.parametrize(
        "text",
        [
            "[" * 200_000,
            '{"a":' * 200_000,
            "a = " + "[" * 100_000,
            "<a>" * 100_000,
            "(" * 100_000,
            "-" * 150_000 + "1",
            "a." * 100_000 + "b = 1",
            "[" + "a." * 100_000 + "b]",
            "a" * 1_000_000,
            "a: " * 100_000,
            '"' * 100_000,
            '"\\' * 100_000,
            "\\\n" * 100_000,
            "//\n" * 100_000,
            "/*" * 100_000,
            "gem '" * 50_000,
            '{"lockfileVersion": ' + "9" * 10_000 + "}",
            "${a}" * 50_000,
        ],
        ids=lambda text: text[:6],
    )
    def test_deep_or_long(self, name: str, text: str) -> None:
        judge_all({name: text})

    @pytest.mark.parametrize("value", [None, 1, "x", [], [1, None, []], {"a": None}, {"": {"": [{}]}}, True])
    def test_values_of_another_type(self, name: str, value: object) -> None:
        keys = (
            "dependencies devDependencies packages lockfileVersion default develop require require-dev platform "
            "scripts workspaces engines packages-dev project tool package metadata workspace target versions libraries "
            "plugins"
        ).split()
        judge_all({name: json.dumps(dict.fromkeys(keys, value))})
        packages = {"node_modules/a": value}
        judge_all({name: json.dumps({"lockfileVersion": 2, "packages": packages, "package": [value]})})
        judge_all({name: json.dumps({"dependencies": {"a": value, "b": {"c": value}}, "default": {"a": value}})})


@pytest.mark.parametrize("name", ["Cargo.lock", "uv.lock", "poetry.lock", "pyproject.toml", "Cargo.toml", "Pipfile"])
@pytest.mark.parametrize("value", ["1", '"x"', "[]", "[1, {}]", "{a = 1}", "true", "1979-05-27"])
def test_toml_values_of_another_type(name: str, value: str) -> None:
    keys = "package project tool workspace dependencies target packages metadata build-system dependency-groups".split()
    judge_all({name: "\n".join(f"{key} = {value}" for key in keys)})
    inner = "name version source files wheels sdist category groups dependencies".split()
    judge_all({name: "[[package]]\n" + "\n".join(f"{key} = {value}" for key in inner)})
    judge_all({name: "[tool.poetry]\n" + f"dependencies = {value}\ngroup = {value}\n"})


def test_entities_are_refused_before_anything_is_parsed() -> None:
    bomb = '<!DOCTYPE a [<!ENTITY b "bb"><!ENTITY c "&b;&b;">]><project>&c;</project>'
    manifest = read_manifest(DictContext({"pom.xml": bomb}), "pom.xml")
    assert manifest is not None
    assert "document type" in manifest.unread


def test_properties_that_name_each_other() -> None:
    text = (
        "<project><properties><a>${b}${b}</a><b>${a}${a}</b></properties><dependencies><dependency>"
        "<groupId>g</groupId><artifactId>${a}</artifactId></dependency></dependencies></project>"
    )
    manifest = read_manifest(DictContext({"pom.xml": text}), "pom.xml")
    assert manifest is not None
    assert len(manifest.dependencies) == 1


def test_files_that_include_each_other() -> None:
    files = {f"requirements/{at}.txt": "".join(f"-r {to}.txt\n" for to in range(50)) for at in range(50)}
    assert (
        len(read_manifests(DictContext({"requirements.txt": "-r requirements/0.txt\n-r requirements.txt\n"} | files)))
        == 51
    )


def test_references_out_of_the_context() -> None:
    files = {"requirements.txt": "-r ../../etc/passwd\n-r /etc/passwd\n", "package.json": '{"workspaces": ["../../*"]}'}
    assert {manifest.path for manifest in read_manifests(DictContext(files))} == {"requirements.txt", "package.json"}


def test_too_many_packages() -> None:
    packages = {f"node_modules/p{number}": {"version": "1.0.0"} for number in range(MOST_DEPENDENCIES + 1)}
    text = json.dumps({"lockfileVersion": 3, "packages": packages})
    manifest = read_manifest(DictContext({"package-lock.json": text}), "package-lock.json")
    assert manifest is not None
    assert manifest.unread == "names too many packages"


def test_toml_that_takes_quadratic_time() -> None:
    key = "a" + ".a" * 95
    for text in ("".join(f"b{number}{key}=1\n" for number in range(5_000)), "a = 1\n" * 700_000):
        manifest = read_manifest(DictContext({"uv.lock": text}), "uv.lock")
        assert manifest is not None
        assert "too many parts" in manifest.unread or "larger than 4 MB" in manifest.unread


def test_an_entry_without_an_end() -> None:
    text = "# yarn lockfile v1\n\na@1:\n  version 1.0.0\n" + "  b c\n" * 10_000
    manifest = read_manifest(DictContext({"yarn.lock": text}), "yarn.lock")
    assert manifest is not None
    assert "cannot be understood" in manifest.unread


def test_what_all_manifests_may_hold_together_is_bounded() -> None:
    big = "# " + "x" * (MOST_BYTES - 100) + "\nflask\n"
    files = {f"requirements/{at}.txt": big for at in range(8)}
    unread = [manifest.unread for manifest in read_manifests(DictContext(files))]
    assert unread[0] == ""
    assert "larger than" in unread[-1]


def test_names_cannot_speak_to_the_terminal() -> None:
    lock = {"lockfileVersion": 3, "packages": {"node_modules/\x1b[31m\nevil\ud800": {"hasInstallScript": True}}}
    manifests = read_manifests(DictContext({"package-lock.json": json.dumps(lock)}))
    (remark,) = musl_verdict(manifests, image="node").doubts
    assert remark.dependency.isprintable()
    assert remark.dependency.encode("utf-8")


@pytest.mark.parametrize("entry", [{"resolved": "git+https://x/y.git"}, {"gypfile": True, "hasInstallScript": True}])
def test_names_cannot_speak_in_the_reason_for_a_package_either(entry: dict[str, object]) -> None:
    lock = {"lockfileVersion": 3, "packages": {f"node_modules/\x1b[31m\nevil\ud800{'x' * 1000}": entry}}
    manifests = read_manifests(DictContext({"package-lock.json": json.dumps(lock)}))
    for needs in (slim_needs(manifests, image="node", suite="bookworm"), alpine_needs(manifests, image="node")):
        assert needs.build
        hold_needs(needs)


def test_an_unread_file_is_a_refusal() -> None:
    manifests = read_manifests(DictContext({"package-lock.json": "{"}))
    assert [remark.where for remark in musl_verdict(manifests, image="node").refusals] == ["package-lock.json"]
    assert [remark.where for remark in slim_needs(manifests, image="node", suite="bookworm").refusals] == [
        "package-lock.json"
    ]


@pytest.mark.parametrize("length", [0, 3, 4, 20, 63, 64, 100])
def test_elf_files_that_were_cut(length: int) -> None:
    header = b"\x7fELF\x02\x01" + b"\xff" * 200
    assert isinstance(elf_interpreter(header[:length]), str)


@given(st.binary(max_size=300))
def test_any_bytes_as_elf(content: bytes) -> None:
    assert isinstance(elf_interpreter(b"\x7fELF" + content), str)


PIECES = st.sampled_from(
    [
        *"{}[]()<>\"'\\:,=#@/.;-+*&|~^!%$ \n\t",
        "a",
        "1.0",
        "name",
        "version",
        "git+https://x",
        "==",
        "lockfileVersion",
        "é",
    ]
)


@given(st.sampled_from(NAMES), st.lists(PIECES, max_size=80).map("".join))
def test_any_text(name: str, text: str) -> None:
    judge_all({name: text})
    judge_all({name: "# yarn lockfile v1\n" + text})
    judge_all({name: "lockfileVersion: '6.0'\npackages:\n\n  " + text})
    judge_all({name: "[[package]]\n" + text})
