"""How far a start is followed, and what keeps it from succeeding: one image at a time."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rewriter.proof.inside.start import Side, follow_start
from tests.proof.elf_maker import elf, go_program
from tests.proof.saved import Entry, Files, folder, link, opened, program, text
from tests.proof.systems import ALPINE, DEBIAN, SERVER, jar, java, node, on_glibc, python


def start(tmp_path: Path, files: Files, *cmd: str, **settings: object) -> Side:
    """The start of an image."""
    with opened(tmp_path / "i.tar", files, {"Cmd": list(cmd), **settings}) as image:
        return follow_start(image)


def broken(tmp_path: Path, files: Files, *cmd: str, **settings: object) -> str:
    """Why an image does not start; empty when it does."""
    problem = start(tmp_path, files, *cmd, **settings).trail.broken
    return problem.what if problem is not None else ""


APP: Files = {**DEBIAN, "app/server": SERVER}


@pytest.mark.parametrize(
    ("cmd", "settings"),
    [
        (["/app/server"], {}),
        (["./server", "x"], {"WorkingDir": "/app"}),
        (["server"], {"WorkingDir": "/app", "Env": ["PATH=/bin::/none"]}),
        (["server"], {"Env": ["PATH=/app"]}),
        (["/bin/sh", "-c", "exec /app/server --port $PORT"], {}),
        (["/bin/sh", "-c", "cd /app && ./server"], {}),
        (["/bin/sh", "-ec", "export A=1; /app/server"], {}),
        (["env", "-u", "B", "A=1", "/app/server"], {}),
    ],
)
def test_what_starts(tmp_path: Path, cmd: list[str], settings: dict[str, object]) -> None:
    side = start(tmp_path, APP, *cmd, **settings)
    assert side.trail.broken is None
    assert side.trail.entry is not None
    assert side.trail.entry.path == "/app/server"
    assert side.trail.core is not None
    assert side.trail.core[0] == "server"


@pytest.mark.parametrize(
    ("cmd", "files", "expected"),
    [
        ([], {}, "it has neither ENTRYPOINT nor CMD"),
        (["/server"], {}, "/server is not there"),
        (["server"], {}, "server is in no folder of PATH"),
        (["/app"], {}, "/app is a folder"),
        (["/x"], {"x": link("/gone")}, "/x leads nowhere: /gone is not there"),
        (["/x"], {"x": link("x")}, "/x leads nowhere: the links at /x lead in a circle"),
        (["/x"], {"x": text("#!/bin/sh\n")}, "root (0) may not execute /x"),
        (["/x"], {"x": program("echo hello\n")}, "/x is neither an ELF file nor a script with #!: exec format error"),
        (["/x"], {"x": program("")}, "exec format error"),
        (["/x"], {"x": program(b"\x7fELF garbage")}, "/x is no ELF file that can be started: it is damaged"),
        (["/x"], {"x": program(elf(kind=1))}, "/x is an ELF file, but no program"),
        (["/x"], {"x": program("#!\n")}, "the #! line of /x names no interpreter"),
        (["/x"], {"x": program("#!/bin/zsh -e\n")}, "/x asks for /bin/zsh, and /bin/zsh is not there"),
        (["/x"], {"x": program("#! /usr/bin/env ruby\n")}, "/x asks for ruby, and ruby is in no folder of PATH"),
        (["/x"], {"x": program("#!/bin/sh\r\necho\r\n")}, "ends in CR LF: the kernel looks for '/bin/sh\\r'"),
        (["/x"], {"x": program("#!/x\n")}, ""),
        (["/bin/sh", "-c", "./gone --flag"], {}, "the shell form starts ./gone, and /gone is not there"),
        (["/bin/ash", "-c", "x"], {}, "/bin/ash is not there"),
    ],
)
def test_what_does_not_start(tmp_path: Path, cmd: list[str], files: Files, expected: str) -> None:
    found = broken(tmp_path, {**APP, **files}, *cmd)
    assert expected in found
    assert bool(found) is bool(expected)


def test_users(tmp_path: Path) -> None:
    files: Files = {**APP, "etc/passwd": "app:x:7:7::/:\n", "root/": folder(0o700), "root/server": SERVER}
    assert broken(tmp_path, files, "/app/server", User="app") == ""
    assert (
        broken(tmp_path, files, "/app/server", User="shop") == "USER is shop, and the user 'shop' is not in /etc/passwd"
    )
    what = "app (7) may not enter a folder on the way to /root/server"
    assert broken(tmp_path, files, "/root/server", User="app") == what
    private: Files = {**files, "app/server": Entry(SERVER.content, mode=0o744)}
    assert broken(tmp_path, private, "/app/server", User="7") == "app (7) may not execute /app/server"


@pytest.mark.parametrize("user", ["app", "gone"])
def test_programs_that_change_the_user(tmp_path: Path, user: str) -> None:
    files: Files = {**APP, "etc/passwd": "app:x:7:7::/:\n", "usr/bin/gosu": SERVER, "usr/bin/tini": SERVER}
    found = broken(tmp_path, files, "tini", "-p", "SIGTERM", "--", "gosu", user, "/app/server")
    assert found == ("" if user == "app" else "gosu is to start as gone, and the user 'gone' is not in /etc/passwd")


def script(body: str, first: str = "#!/bin/sh") -> Entry:
    """An entry script."""
    return program(f"{first}\nset -e\n{body}\n")


@pytest.mark.parametrize(
    ("body", "expected", "core"),
    [
        ('exec "$@"', "", ("server", "x")),
        ('if [ "$1" = a ]; then set -- b; fi\nexec "$@"', "", ("server", "x")),
        ("exec /app/server y", "", ("server", "y")),
        ("exec /gone", "/entry starts /gone, and /gone is not there", None),
        ("curl x\n/app/server", "", ("server",)),
        ('helper() { gone; }\nhelper\nexec "$@"', "", ("server", "x")),
        ('case $1 in x) gone;; esac\nexec "$@"', "", ("server", "x")),
        ('command -v gone || true\nexec "$@"', "", ("server", "x")),
        (". /opt/venv/bin/activate\nexec server", "", ("server",)),
        ("exec $UNKNOWN", "", None),
        ("exit 0\ngone", "", None),
        ("if then", "", None),
    ],
)
def test_entry_scripts(tmp_path: Path, body: str, expected: str, core: tuple[str, ...] | None) -> None:
    files: Files = {**APP, "entry": script(body), "opt/venv/bin/server": SERVER}
    side = start(tmp_path, files, "/app/server", "x", Entrypoint=["/entry"])
    assert (side.trail.broken.what if side.trail.broken else "") == expected
    if core is not None:
        assert side.trail.core == core


def test_a_command_of_a_script_that_is_missing_is_a_part_that_fails(tmp_path: Path) -> None:
    side = start(tmp_path, {**APP, "entry": script('jq .\nexec "$@"')}, "/app/server", Entrypoint=["/entry"])
    assert side.trail.broken is None
    assert [problem.what for problem in side.trail.problems] == ["/entry: jq is in no folder of PATH"]


@pytest.mark.parametrize("body", ["if then", "$X", "for a in b; do gone; done"])
def test_what_is_not_seen_is_said(tmp_path: Path, body: str) -> None:
    assert start(tmp_path, {**APP, "entry": script(body)}, "/entry").trail.unseen


def test_programs_that_call_each_other_end(tmp_path: Path) -> None:
    files: Files = {**APP, "a": script("exec /b"), "b": script("exec /a"), "c": script("/c\n/c\n/c")}
    assert broken(tmp_path, files, "/a") == ""
    assert broken(tmp_path, files, "/c") == ""


# --- Python ---

VENV: Files = {
    "venv/pyvenv.cfg": "home = /usr/local/bin\nversion = 3.11.4\n",
    "venv/bin/python": link("/usr/local/bin/python3.11"),
    "venv/lib/python3.11/site-packages/flask/__init__.py": "",
    "venv/bin/gunicorn": program("#!/venv/bin/python\nfrom gunicorn import run\n"),
    "app/app.py": "import flask\n",
    "app/pkg/__init__.py": "",
    "app/pkg/__main__.py": "",
}


@pytest.mark.parametrize(
    ("cmd", "expected"),
    [
        (["python", "app.py"], ""),
        (["/venv/bin/python", "-u", "-W", "ignore", "app.py"], ""),
        (["python", "-m", "pkg"], ""),
        (["python3", "-m", "flask.none"], "python -m flask.none finds no module flask.none"),
        (["python", "main.py"], "python is to run main.py, and /app/main.py is not there"),
        (["python", "-c", "print(1)"], ""),
        (["gunicorn", "-b", ":80", "app:app"], ""),
        (["gunicorn", "main:app"], "gunicorn is to load main, and no such module is there"),
        (["python", "pkg"], ""),
    ],
)
def test_python(tmp_path: Path, cmd: list[str], expected: str) -> None:
    files = {**python(), **VENV}
    assert broken(tmp_path, files, *cmd, WorkingDir="/app", Env=["PATH=/venv/bin:/usr/local/bin"]) == expected


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (
            {"venv/bin/python": link("/usr/bin/python3")},
            "/venv/bin/python leads nowhere: /usr/bin/python3 is not there",
        ),
        (
            {"venv/pyvenv.cfg": "home = /opt/python/bin\n"},
            "the virtual environment /venv is made on the Python in /opt/python/bin, which is not there",
        ),
    ],
)
def test_virtual_environments_that_do_not_fit(tmp_path: Path, files: Files, expected: str) -> None:
    assert broken(tmp_path, {**python(), **VENV, **files}, "/venv/bin/python", "/app/app.py") == expected


def test_a_virtual_environment_of_another_python(tmp_path: Path) -> None:
    files = {**python("3.12"), **VENV, "venv/bin/python": link("/usr/local/bin/python")}
    assert broken(tmp_path, files, "/venv/bin/python", "/app/app.py") == (
        "the virtual environment /venv holds its packages in lib/python3.11, and its interpreter "
        "/usr/local/bin/python3.12 is Python 3.12, which does not look there"
    )


def test_a_python_without_its_library(tmp_path: Path) -> None:
    files = {name: entry for name, entry in python().items() if "usr/local/lib" not in name}
    what = "/usr/local/bin/python3.11 finds no standard library: /usr/local/lib/python3.11 is not there"
    assert broken(tmp_path, files, "python", "-c", "1") == what


# --- Node ---


@pytest.mark.parametrize(
    ("cmd", "expected", "core"),
    [
        (["node", "server.js", "x"], "", ("node", "server.js", "x")),
        (["node", "--enable-source-maps", "-r", "./lib", "server"], "", ("node", "server")),
        (["node", "."], "", ("node", ".")),
        (["node", "gone.js"], "node is to run gone.js, and /app/gone.js is not there", None),
        (
            ["node", "-r", "dotenv/config", "server.js"],
            "node is to load dotenv/config first, and it is not there",
            None,
        ),
        (["npm", "start"], "", ("node", "server.js")),
        (["npm", "run", "tool"], "", ("tool",)),
        (["npm", "run", "gone"], "npm runs the script 'gone', which /app/package.json does not have", None),
        (["npm", "run", "bad"], "the shell form starts ts-node, and ts-node is in no folder of PATH", None),
    ],
)
def test_node(tmp_path: Path, cmd: list[str], expected: str, core: tuple[str, ...] | None) -> None:
    scripts = {"start": "NODE_ENV=production node server.js", "tool": "tool", "bad": "ts-node x.ts"}
    files: Files = {
        **node(),
        "app/server.js": "",
        "app/lib/index.js": "",
        "app/package.json": json.dumps({"main": "server.js", "scripts": scripts}),
        "app/node_modules/.bin/tool": program(go_program()),
    }
    side = start(tmp_path, files, *cmd, WorkingDir="/app")
    found = side.trail.broken.what if side.trail.broken is not None else ""
    assert expected in found
    assert bool(found) is bool(expected)
    if core is not None:
        assert side.trail.core == core


def test_npm_without_node(tmp_path: Path) -> None:
    files = {name: entry for name, entry in node().items() if not name.endswith("/node")}
    files["app/package.json"] = "{}"
    assert "node is in no folder of PATH" in broken(tmp_path, files, "npm", "start", WorkingDir="/app")


# --- Java and the others ---


@pytest.mark.parametrize(
    ("cmd", "expected"),
    [
        (["java", "-Xmx1g", "-jar", "/app/app.jar"], ""),
        (["java", "-jar", "gone.jar"], "java is to run gone.jar, and /app/gone.jar is not there"),
        (["java", "-jar", "plain.jar"], "/app/plain.jar has no Main-Class in its manifest"),
        (["java", "-jar", "new.jar"], "/app/new.jar is made for Java 21, and Java 17 runs it"),
        (["java", "-jar", "bad.jar"], "/app/bad.jar is no jar that can be read"),
        (["java", "-jar", "huge.jar"], ""),
        (["java", "-cp", "lib/*:.", "com.example.Main"], ""),
        (
            ["java", "-cp", "/none", "com.example.Main"],
            "the class com.example.Main, which is nowhere in its class path",
        ),
        (["java", "-javaagent:/agent.jar=x", "-jar", "app.jar"], "the agent /agent.jar, which is not there"),
    ],
)
def test_java(tmp_path: Path, cmd: list[str], expected: str) -> None:
    files: Files = {
        **java(),
        "app/app.jar": jar("com.example.Main", {"com.example.Main": 11}),
        "app/lib/a.jar": jar(None, {"com.example.Main": 11}),
        "app/plain.jar": jar(None, {"com.example.Main": 11}),
        "app/new.jar": jar("com.example.Main", {"com.example.Main": 21}),
        "app/bad.jar": "PK no zip",
        "app/huge.jar": b"PK\x03\x04" + bytes(100) + b"PK\x05\x06" + b"\xff" * 18,  # more than can be told
    }
    found = broken(tmp_path, files, *cmd, WorkingDir="/app")
    assert expected in found
    assert bool(found) is bool(expected)


def test_dotnet(tmp_path: Path) -> None:
    settings = {"runtimeOptions": {"framework": {"name": "Microsoft.NETCore.App", "version": "8.0.0"}}}
    files: Files = {
        **DEBIAN,
        "usr/share/dotnet/dotnet": program(on_glibc()),
        "usr/bin/dotnet": link("/usr/share/dotnet/dotnet"),
        "app/app.dll": "MZ",
        "app/app.runtimeconfig.json": json.dumps(settings),
    }
    shared = "usr/share/dotnet/shared/Microsoft.NETCore.App"
    good: Files = {**files, f"{shared}/8.0.4/": folder()}
    assert broken(tmp_path, good, "dotnet", "app.dll", WorkingDir="/app") == ""
    old: Files = {**files, f"{shared}/6.0.1/": folder()}
    what = "/app/app.dll asks for Microsoft.NETCore.App 8.0.0, and the image has no 8.0 of it"
    assert broken(tmp_path, old, "dotnet", "app.dll", WorkingDir="/app") == what
    assert "/app/b.dll is not there" in broken(tmp_path, good, "dotnet", "b.dll", WorkingDir="/app")


@pytest.mark.parametrize("language", ["ruby", "php", "perl"])
def test_other_languages(tmp_path: Path, language: str) -> None:
    files: Files = {**DEBIAN, f"usr/bin/{language}": program(on_glibc()), "app/main": ""}
    assert broken(tmp_path, files, language, "-w", "main", WorkingDir="/app") == ""
    expected = f"{language} is to run gone, and /app/gone is not there"
    assert broken(tmp_path, files, language, "gone", WorkingDir="/app") == expected


def test_busybox_is_what_it_is_called(tmp_path: Path) -> None:
    files: Files = {**ALPINE, "app/server": SERVER, "entry": script('exec "$@"')}
    assert broken(tmp_path, files, "/app/server", Entrypoint=["/entry"]) == ""
    assert (
        broken(tmp_path, files, "busybox", "sh", "-c", "/gone") == "the shell form starts /gone, and /gone is not there"
    )
