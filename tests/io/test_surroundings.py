from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import textwrap
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rewriter.io.surroundings import Found, Repository, look_around
from rewriter.io.surroundings_bake import BakeError, read_bake
from rewriter.io.surroundings_ci import ci_uses
from rewriter.io.surroundings_compose import compose_uses, read_compose
from rewriter.io.surroundings_hcl import HclError
from rewriter.io.surroundings_scripts import script_uses
from rewriter.io.surroundings_yaml import YamlError

if TYPE_CHECKING:
    from pathlib import Path


def lay_out(root: Path, files: dict[str, str]) -> Path:
    for name, content in {"Dockerfile": "FROM golang AS app\n", **files}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(textwrap.dedent(content).encode())
    return root


def found(root: Path, files: dict[str, str], dockerfile: str = "Dockerfile") -> Found:
    return look_around(lay_out(root, files) / dockerfile, root)


def test_nothing_there(tmp_path: Path) -> None:
    nothing = found(tmp_path, {"main.go": "package main\n", "config.yml": "a: 1\n"})
    assert nothing.surroundings.targets == {}
    assert nothing.surroundings.commands == ()
    assert nothing.surroundings.mounts == ()
    assert nothing.context is None
    assert nothing.notes == ()


def test_nothing_there_loads_nothing(tmp_path: Path) -> None:
    lay_out(tmp_path, {"docker/a.txt": "", "scripts/build.sh": "go build\n"})
    code = (
        "import sys, pathlib; from rewriter.io.surroundings import look_around\n"
        f"look_around(pathlib.Path({str(tmp_path / 'Dockerfile')!r}), pathlib.Path({str(tmp_path)!r}))\n"
        "print(sorted({'yaml', 'json', 'shlex', 'rewriter.io.surroundings_scripts'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_outside_of_a_repository_only_the_folder_counts(tmp_path: Path) -> None:
    lay_out(
        tmp_path, {"docker-compose.yml": "services: {a: {build: {context: sub, target: x}}}\n", "sub/Dockerfile": ""}
    )
    assert look_around(tmp_path / "sub" / "Dockerfile", None).surroundings.targets == {}
    assert look_around(tmp_path / "sub" / "Dockerfile", tmp_path).surroundings.targets == {"x": "docker-compose.yml"}


def test_a_relative_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pathlib import Path

    lay_out(tmp_path, {"docker-compose.yml": "services: {a: {build: {context: ., target: x}}}\n"})
    monkeypatch.chdir(tmp_path)
    seen = look_around(Path("Dockerfile"), tmp_path)
    assert seen.surroundings.targets == {"x": "docker-compose.yml"}
    assert seen.context == tmp_path


@pytest.mark.parametrize("folder", ["", "services/api", "services", "docker", "deploy", "ci", ".devcontainer", "build"])
def test_where_it_looks(tmp_path: Path, folder: str) -> None:
    context = os.path.relpath(tmp_path, tmp_path / folder)
    compose = f"services: {{a: {{build: {{context: {context}, dockerfile: services/api/Dockerfile, target: X}}}}}}\n"
    name = os.path.join(folder, "compose.yaml")
    seen = found(tmp_path, {name: compose, "services/api/Dockerfile": ""}, "services/api/Dockerfile")
    assert seen.surroundings.targets == {"x": name}
    assert seen.context == tmp_path


@pytest.mark.parametrize("folder", ["other", "services/api/deep", "docker/deep"])
def test_where_it_does_not_look(tmp_path: Path, folder: str) -> None:
    context = os.path.relpath(tmp_path, tmp_path / folder)
    compose = f"services: {{a: {{build: {{context: {context}, dockerfile: services/api/Dockerfile, target: X}}}}}}\n"
    name = os.path.join(folder, "compose.yaml")
    seen = found(tmp_path, {name: compose, "services/api/Dockerfile": ""}, "services/api/Dockerfile")
    assert seen.surroundings.targets == {}


def test_every_file_is_read_once(tmp_path: Path) -> None:
    lay_out(
        tmp_path, {"docker-compose.yml": "services: {a: {build: {context: sub, target: x}}}\n", "sub/Dockerfile": ""}
    )
    repository = Repository(tmp_path)
    assert repository.look_around(tmp_path / "Dockerfile").surroundings.targets == {}
    (tmp_path / "docker-compose.yml").unlink()
    assert repository.look_around(tmp_path / "sub/Dockerfile").surroundings.targets == {"x": "docker-compose.yml"}


def test_compose_is_named_before_a_script(tmp_path: Path) -> None:
    files = {
        "Makefile": "all:\n\tdocker build --target app .\n",
        "deploy/compose.yml": "services: {a: {build: {context: .., target: app}}}\n",
    }
    assert found(tmp_path, files).surroundings.targets == {"app": "deploy/compose.yml"}


BUILD = "services: {a: {build: {context: ., target: x}}}\n"


def test_links_within_the_repository_are_followed(tmp_path: Path) -> None:
    lay_out(tmp_path, {"etc/real.yml": BUILD})
    (tmp_path / "compose.yml").symlink_to("etc/real.yml")
    assert look_around(tmp_path / "Dockerfile", tmp_path).surroundings.targets == {"x": "compose.yml"}


def test_a_linked_dockerfile_is_the_one_it_leads_to(tmp_path: Path) -> None:
    lay_out(tmp_path, {"compose.yml": "services: {a: {build: {context: ., dockerfile: Linked, target: x}}}\n"})
    (tmp_path / "Linked").symlink_to("Dockerfile")
    assert look_around(tmp_path / "Dockerfile", tmp_path).surroundings.targets == {"x": "compose.yml"}
    assert look_around(tmp_path / "Linked", tmp_path).surroundings.targets == {"x": "compose.yml"}


def test_no_link_leads_out(tmp_path: Path) -> None:
    outside, inside = tmp_path / "outside", tmp_path / "inside"
    lay_out(outside, {"compose.yml": BUILD.replace("context: .", "context: ..")})
    lay_out(inside, {})
    (inside / "docker-compose.yml").symlink_to(outside / "compose.yml")
    (inside / "docker").symlink_to(outside)
    seen = look_around(inside / "Dockerfile", inside)
    assert seen.surroundings.targets == {}
    assert seen.notes == ("docker-compose.yml: leads out of the repository and is not read",)


def test_a_context_outside_is_refused(tmp_path: Path) -> None:
    root = tmp_path / "root"
    seen = found(
        root, {"compose.yml": "services: {a: {build: {context: .., dockerfile: root/Dockerfile, target: x}}}\n"}
    )
    assert seen.context is None
    assert seen.surroundings.targets == {"x": "compose.yml"}
    assert seen.notes == ("compose.yml: its build context lies outside of the repository and is not looked at",)


def test_a_context_that_is_linked_outside_is_refused(tmp_path: Path) -> None:
    root = lay_out(
        tmp_path / "root", {"compose.yml": "services: {a: {build: {context: c, dockerfile: ../Dockerfile}}}\n"}
    )
    (root / "c").symlink_to(tmp_path)
    assert look_around(root / "Dockerfile", root).context is None


def test_what_is_no_file(tmp_path: Path) -> None:
    lay_out(tmp_path, {})
    os.mkfifo(tmp_path / "docker-compose.yml")
    (tmp_path / "compose.yml").mkdir()
    (tmp_path / "docker-bake.json").symlink_to("nowhere")
    (tmp_path / "Makefile").symlink_to("Makefile")
    seen = look_around(tmp_path / "Dockerfile", tmp_path)
    assert [note.partition(":")[0] for note in seen.notes] == [
        *("compose.yml", "docker-compose.yml", "docker-bake.json", "Makefile"),
    ]
    assert seen.notes[0] == "compose.yml: is no regular file"


def test_too_large(tmp_path: Path) -> None:
    files = {"compose.yml": BUILD + "#" * 1_000_000, "build.sh": "docker build --target x .\n" + "#" * 200_000}
    seen = found(tmp_path, files)
    assert seen.surroundings.targets == {}
    assert seen.notes == (
        "compose.yml: is larger than 1000 kB and is not read",
        "build.sh: is larger than 200 kB and is not read",
    )


def test_too_many(tmp_path: Path) -> None:
    lay_out(tmp_path, {f"s{n:03}.sh": f"docker build --target x{n} .\n" for n in range(203)})
    seen = look_around(tmp_path / "Dockerfile", tmp_path)
    assert len(seen.surroundings.targets) == 200
    assert seen.notes == (".: only 200 of 203 files were read",)


def test_too_much_together(tmp_path: Path) -> None:
    lay_out(tmp_path, {f"s{n:03}.sh": "#" * 199_000 + f"\ndocker build --target x{n} .\n" for n in range(30)})
    seen = look_around(tmp_path / "Dockerfile", tmp_path)
    assert len(seen.surroundings.targets) == 25
    assert seen.notes == ("s025.sh: too many scripts lie beside it, so it was not read",)


def test_not_utf8(tmp_path: Path) -> None:
    lay_out(tmp_path, {})
    (tmp_path / "compose.yml").write_bytes(b"services: {a: {build: \xff}}\n")
    (tmp_path / "build.sh").write_bytes(b"# \xff\ndocker build --target x .\n")
    seen = look_around(tmp_path / "Dockerfile", tmp_path)
    assert seen.surroundings.targets == {"x": "build.sh"}
    assert seen.notes == ("compose.yml: is not UTF-8",)


def test_hostile_names_can_be_printed(tmp_path: Path) -> None:
    lay_out(tmp_path, {"compose\n\x1b[31m\u202e.yml": BUILD, "docker-compose-{.yml": "services: ["})
    with open(os.path.join(os.fsencode(tmp_path), b"compose-\xff.yml"), "wb") as file:
        file.write(b"services: {a: {build: {context: ., target: y}}}\n")
    seen = look_around(tmp_path / "Dockerfile", tmp_path)
    assert seen.surroundings.targets == {"x": "compose\ufffd\ufffd[31m\ufffd.yml", "y": "compose-\ufffd.yml"}
    assert seen.notes[0].startswith("docker-compose-{.yml: line ")
    for text in (*seen.notes, *seen.surroundings.targets.values()):
        assert text.isprintable()
        text.encode()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_what_may_not_be_read(tmp_path: Path) -> None:
    lay_out(tmp_path, {"compose.yml": BUILD})
    (tmp_path / "compose.yml").chmod(0)
    assert look_around(tmp_path / "Dockerfile", tmp_path).notes == ("compose.yml: Permission denied",)


PIECES = [
    *(
        "docker build ",
        "--target ",
        "x",
        "target",
        "build: ",
        "services:\n",
        " ",
        "  ",
        "\n",
        "\t",
        "- ",
        ": ",
        '"',
        "'",
        "`",
    ),
    *(
        "${",
        "$(",
        "$$",
        "{{",
        "}}",
        "}",
        ")",
        "(",
        "{",
        "[",
        "]",
        "\\",
        "\\\n",
        "<<",
        "<<EOT\n",
        "EOT\n",
        "#",
        "/*",
        "*/",
        "%{",
    ),
    *(
        "&a ",
        "*a",
        "<<: ",
        "= ",
        "=",
        ";",
        "|",
        ">-\n",
        "!t ",
        "? ",
        "~",
        "\0",
        "\ufeff",
        "é",
        "inherits",
        ", ",
        "image: ",
    ),
]
texts = st.lists(st.sampled_from(PIECES), max_size=40).map("".join) | st.text()


@given(texts)
def test_no_text_is_too_odd(text: str) -> None:
    assert isinstance(list(script_uses("docker target " + text, "w", "/")), list)
    for read, fault in (
        (lambda: ci_uses("docker target: " + text, "w", "/"), YamlError),
        (lambda: compose_uses([read_compose("compose.yml", "w", text)], "/"), YamlError),
        (lambda: read_bake("docker-bake.hcl", "w", 'target "a" {' + text), HclError),
        (lambda: read_bake("docker-bake.json", "w", text), BakeError),
    ):
        with contextlib.suppress(fault):
            read()
