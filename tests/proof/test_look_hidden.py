"""What no request shows: settings of a build, files and programs of rare paths, a company's own certificates."""

from __future__ import annotations

from pathlib import Path

import pytest

from rewriter.proof.archive import open_image
from rewriter.proof.asked import Asked
from rewriter.proof.inside.contents import Contents
from rewriter.proof.look import look
from tests.proof.saved import Files, folder, link, opened, program, save, text
from tests.proof.systems import ALPINE, BUNDLE, DEBIAN, node, python
from tests.proof.test_look import STATIC, Pair, go, look_at


def test_paths_beside_words_without_end(tmp_path: Path) -> None:
    data = program(b"a" * 400_000 + b"\0bin/a\0x" + b"/b" * 3 + b"*c\0" + b"0" * 400_000 + b"/d")
    with opened(tmp_path / "image.tar", {"a": data}) as image:
        paths = Contents(image).paths("/a").split(b"\n")
    assert {path[-9:] for path in paths} == {b"bin/a", b"x/b/b/b*c", b"0000000/d"}


SETTINGS = {"Cmd": ["/app/server"], "WorkingDir": "/app"}
OWN = "-----BEGIN CERTIFICATE-----\n" + "B" * 64 + "\n-----END CERTIFICATE-----\n"
PUBLIC = BUNDLE + "-----END CERTIFICATE-----\n"
TRUSTED: Files = {"etc/ssl/certs/ca-certificates.crt": PUBLIC + OWN}
UNTRUSTED: Files = {"etc/ssl/certs/ca-certificates.crt": PUBLIC}
CLIENT = go("net/http.(*Client).do")
MAIL: Files = {"app/templates/mail/a.txt": "your tea is on its way"}
WORDS: Files = {"usr/local/share/shop/words.txt": "good morning"}


def built(*settings: str, package: str = "example.com/shop") -> Files:
    """A program of Go that notes how it was built."""
    lines = [f"path\t{package}", "mod\texample.com/shop\t(devel)\t", *(f"build\t{each}" for each in settings)]
    return go(holds="\n".join(["", *lines, ""]).encode())


def script(text: str) -> Files:
    """A program in Python."""
    return {"app/app.py": text}


BRANCHES = '#!/bin/sh\nif [ -n "$DUMP" ]; then curl x; fi\nexec /app/server\n'
LATE_REQUIRE = "function print() {\n  const pdf = require('pdf')\n}\n"
CALLS_GIT: Files = {"usr/bin/git": "x"}
PYTHON_CMD = ("python", "/app/app.py")
WRONG = [
    Pair(
        "a company's certificate",
        {**DEBIAN, **CLIENT, **TRUSTED, "usr/local/share/ca-certificates/company.crt": OWN},
        {**ALPINE, **CLIENT, **UNTRUSTED},
        expected=(
            "the certificate of /usr/local/share/ca-certificates/company.crt, which the original trusts, is not among "
            "the new image's, and /app/server opens connections itself (net/http.(*Client).do is in it)",
        ),
    ),
    Pair(
        "a certificate that was added to the bundle",
        {**DEBIAN, **CLIENT, **TRUSTED, "usr/share/ca-certificates/mozilla/a.crt": PUBLIC},
        {**ALPINE, **CLIENT, **UNTRUSTED},
        expected=(
            "the certificate of /etc/ssl/certs/ca-certificates.crt, which the original trusts, is not among "
            "the new image's, and /app/server opens connections itself (net/http.(*Client).do is in it)",
        ),
    ),
    Pair(
        "a folder whose files are named when it runs",
        {**DEBIAN, **go(holds=b"opentemplates/mail/close"), **MAIL},
        {**ALPINE, **go(holds=b"opentemplates/mail/close")},
        settings={"WorkingDir": "/app"},
        expected=("/app/templates/mail/a.txt is not there, and /app/server names templates/mail/",),
    ),
    Pair(
        "a file below /usr/local",
        {**DEBIAN, **go(holds=b"x/usr/local/share/shop/words.txty"), **WORDS},
        {**ALPINE, **go(holds=b"x/usr/local/share/shop/words.txty")},
        expected=(
            "/usr/local/share/shop/words.txt is not there, and /app/server names /usr/local/share/shop/words.txt",
        ),
    ),
    Pair(
        "build tags",
        {**DEBIAN, **built("-tags=prod,sqlite")},
        {**ALPINE, **built("-tags=sqlite")},
        expected=("/app/server is built with the tags sqlite and was built with prod, sqlite",),
    ),
    Pair(
        "a value of the linker",
        {**DEBIAN, **built("-ldflags=\"-s -w -X main.version=v2 -X 'main.date=today'\"")},
        {**ALPINE, **built('-ldflags="-X main.version= -X main.date=tomorrow"')},
        expected=("/app/server is built without a value for main.version",),
    ),
    Pair(
        "another package",
        {**DEBIAN, **built("-compiler=gc")},
        {**ALPINE, **built("-compiler=gc", package="example.com/shop/cmd/tool")},
        expected=(
            "/app/server is built of the package example.com/shop/cmd/tool, and the original's program of "
            "example.com/shop",
        ),
    ),
    Pair(
        "a module that a function imports",
        {**python(), **script("def late():\n    with x:\n        import plot\n"), "app/plot.py": ""},
        {**python(), **script("def late():\n    with x:\n        import plot\n")},
        cmd=PYTHON_CMD,
        expected=("/app/app.py imports plot, which is not there",),
    ),
    Pair(
        "a program that Python starts",
        {**python(), **script("import os, subprocess\nsubprocess.run(['git', 'log'])\nos.system('ls')\n"), **CALLS_GIT},
        {**python(), **script("import os, subprocess\nsubprocess.run(['git', 'log'])\nos.system('ls')\n")},
        cmd=PYTHON_CMD,
        expected=("/app/app.py starts git, which is not there",),
    ),
    Pair(
        "a program that Node starts",
        {**node(), "app/a.js": "const {execFile} = require('child_process')\nexecFile('git', [])\n", **CALLS_GIT},
        {**node(), "app/a.js": "const {execFile} = require('child_process')\nexecFile('git', [])\n"},
        cmd=("node", "/app/a.js"),
        expected=("/app/a.js starts git, which is not there",),
    ),
    Pair(
        "a program that a script starts in some cases",
        {**DEBIAN, **STATIC, "entry": program(BRANCHES)},
        {**ALPINE, **STATIC, "entry": program(BRANCHES)},
        cmd=("/entry",),
        expected=("/entry starts curl, which is not there",),
    ),
    Pair(
        "a folder whose files Python names when it runs",
        {**python(), **script("print(open(f'views/{x}.html'))\n"), "app/views/a.html": "a view"},
        {**python(), **script("print(open(f'views/{x}.html'))\n")},
        cmd=PYTHON_CMD,
        settings={"WorkingDir": "/app"},
        expected=("/app/views/a.html is not there, and /app/app.py names 'views/{x}.html'",),
    ),
    Pair(
        "a module that a function requires",
        {**node(), "app/a.js": LATE_REQUIRE, "app/node_modules/pdf/index.js": ""},
        {**node(), "app/a.js": LATE_REQUIRE},
        cmd=("node", "/app/a.js"),
        expected=("/app/a.js imports pdf, which is not there",),
    ),
    Pair(
        "a program that Go starts",
        {**DEBIAN, **go("os/exec.Command", holds=b"x/usr/bin/pdftotexty"), "usr/bin/pdftotext": "x"},
        {**ALPINE, **go("os/exec.Command", holds=b"x/usr/bin/pdftotexty")},
        expected=("/app/server starts /usr/bin/pdftotext, which is not there",),
    ),
]


@pytest.mark.parametrize("pair", WRONG, ids=lambda pair: pair.name.replace(" ", "_"))
def test_wrong(tmp_path: Path, pair: Pair) -> None:
    looked = look_at(tmp_path, pair.before, pair.after, {"Cmd": list(pair.cmd), **pair.settings})
    assert tuple(difference.what for difference in looked.differences) == pair.expected


LATE = script("def late():\n    try:\n        import plot\n    except ImportError:\n        pass\n")
TRIMMED = built("-trimpath=true")
RIGHT = [
    Pair(
        "a company's certificate that is there, too",
        {**DEBIAN, **CLIENT, **TRUSTED, "usr/local/share/ca-certificates/company.crt": OWN},
        {**ALPINE, **CLIENT, **TRUSTED},
    ),
    Pair(
        "a certificate that was never trusted",
        {**DEBIAN, **CLIENT, **UNTRUSTED, "usr/local/share/ca-certificates/company.crt": OWN},
        {**ALPINE, **CLIENT, **UNTRUSTED},
    ),
    Pair(
        "the folder of a package",
        {
            **DEBIAN,
            **go(holds=b"/src/web/static/x.go"),
            "app/web/static/x.go": "",
            "app/web/static/notes": "some notes",
        },
        {**ALPINE, **go(holds=b"/src/web/static/x.go")},
        settings={"WorkingDir": "/app"},
    ),
    Pair(
        "tags in another order",
        {**DEBIAN, **built("-tags=prod,sqlite")},
        {**ALPINE, **built('-tags="sqlite prod"')},
    ),
    Pair("values that are not noted", {**DEBIAN, **built("-ldflags=-X main.a=b")}, {**ALPINE, **TRIMMED}),
    Pair(
        "values of another day",
        {**DEBIAN, **built("-ldflags=-X main.date=1")},
        {**ALPINE, **built('-ldflags="-s -w -X main.date=2"')},
    ),
    Pair(
        "a package that is given by its files",
        {**DEBIAN, **built("-compiler=gc", package="command-line-arguments")},
        {**ALPINE, **built("-compiler=gc")},
    ),
    Pair("a module that may be missing", {**python(), **LATE, "app/plot.py": ""}, {**python(), **LATE}, cmd=PYTHON_CMD),
    Pair(
        "a word that starts nothing",
        {**python(), **script("import subprocess\nprint('git')\n"), **CALLS_GIT},
        {**python(), **script("import subprocess\nprint('git')\n")},
        cmd=PYTHON_CMD,
    ),
    Pair(
        "a module that is required in some cases",
        {**node(), "app/a.js": f"if (process.env.DEV) {{ {LATE_REQUIRE} }}", "app/node_modules/pdf/index.js": ""},
        {**node(), "app/a.js": f"if (process.env.DEV) {{ {LATE_REQUIRE} }}"},
        cmd=("node", "/app/a.js"),
    ),
    Pair(
        "a path of a program that starts none",
        {**DEBIAN, **go(holds=b"x/usr/bin/pdftotexty"), "usr/bin/pdftotext": "x"},
        {**ALPINE, **go(holds=b"x/usr/bin/pdftotexty")},
    ),
]


@pytest.mark.parametrize("pair", RIGHT, ids=lambda pair: pair.name.replace(" ", "_"))
def test_right(tmp_path: Path, pair: Pair) -> None:
    looked = look_at(tmp_path, pair.before, pair.after, {"Cmd": list(pair.cmd), **pair.settings})
    assert looked.differences == ()


def test_files_of_the_base_image_below_usr_local_are_not_missed(tmp_path: Path) -> None:
    named = go(holds=b"x/usr/local/share/shop/words.txty")
    before, after = {**DEBIAN, **named, **WORDS}, {**ALPINE, **named}
    looked = look_at(tmp_path, before, after, {"Cmd": ["/app/server"]}, asked=Asked(layers=0))
    assert looked.differences == ()


def test_a_folder_for_temporary_files_is_noted(tmp_path: Path) -> None:
    temporary = go("os.CreateTemp")
    looked = look_at(tmp_path, {**DEBIAN, **temporary, "tmp/": folder(0o1777)}, temporary, {"Cmd": ["/app/server"]})
    assert looked.differences == ()
    assert "/tmp is not in the new image, and /app/server may make files there (os.CreateTemp is in it)" in (
        looked.not_seen
    )


def test_programs_that_go_starts_by_a_bare_name_are_noted(tmp_path: Path) -> None:
    starts = go("os/exec.Command")
    looked = look_at(tmp_path, {**DEBIAN, **starts}, {**ALPINE, **starts, **STATIC, **starts}, {"Cmd": ["/app/server"]})
    assert any("can start other programs" in sentence for sentence in looked.not_seen)


class TestFilesOfTheContext:
    """``COPY file`` where ``COPY --from=build`` was meant."""

    def looked(self, tmp_path: Path, name: str, was: str, now: str, lies: str) -> tuple[str, ...]:
        """What differs, for a file of the working directory as it was, is, and lies in the context."""
        context = tmp_path / "context"
        context.mkdir()
        (context / Path(name).name).write_text(lies, encoding="utf-8")
        before = save(tmp_path / "before.tar", [{**DEBIAN, **STATIC, name: was}], SETTINGS)
        after = save(tmp_path / "after.tar", [{**ALPINE, **STATIC, name: now}], SETTINGS)
        with open_image(before) as old, open_image(after) as new:
            return tuple(each.what for each in look(old, new, Asked(), context).differences)

    def test_one_that_the_build_changes(self, tmp_path: Path) -> None:
        what = "/app/a.json is as it lies in the context, and the original's build changes it"
        assert self.looked(tmp_path, "app/a.json", "host = db", "host = localhost", "host = localhost") == (what,)

    def test_one_that_no_build_changes(self, tmp_path: Path) -> None:
        assert self.looked(tmp_path, "app/a.json", "host = db", "host = db", "host = db") == ()

    def test_one_that_both_builds_make(self, tmp_path: Path) -> None:
        assert self.looked(tmp_path, "app/a.json", "built at 1", "built at 2", "built at") == ()

    def test_one_that_package_managers_write(self, tmp_path: Path) -> None:
        assert self.looked(tmp_path, "app/package-lock.json", "{ }", "{}", "{}") == ()


def test_a_file_elsewhere_that_the_user_cannot_read(tmp_path: Path) -> None:
    settings = {"Cmd": ["/app/server"], "User": "nobody"}
    before: Files = {**DEBIAN, **STATIC, "etc/shop/key": text("k", 0o600).owned(65534)}
    looked = look_at(tmp_path, before, {**ALPINE, **STATIC, "etc/shop/key": text("k", 0o600)}, settings)
    assert [each.what for each in looked.differences] == ["nobody (65534) may not read /etc/shop/key"]


def test_another_home_is_noted(tmp_path: Path) -> None:
    account: Files = {"etc/passwd": "root:x:0:0::/root:/bin/sh\nshop:x:5:0::/home/shop:/bin/sh\n"}
    settings = {"Cmd": ["/app/server"], "User": "5"}
    looked = look_at(tmp_path, {**DEBIAN, **STATIC, **account}, {**ALPINE, **STATIC}, settings)
    assert looked.differences == ()
    assert "HOME is / and no longer /home/shop: whether that matters was not seen" in looked.not_seen


class TestWhatAStartDoesBeside:
    """An entry script that is left out, although the same program is started in the end."""

    SCRIPT = '#!/bin/sh\nset -e\nexport MODE=fast\nif [ -n "$X" ]; then ls /a > /b; fi\nexec "$@"\n'

    def what(self, tmp_path: Path, old: list[str], new: list[str], env: tuple[str, ...] = ()) -> list[str]:
        files: Files = {**DEBIAN, **STATIC, "entry": program(self.SCRIPT), "bin/ls": link("/usr/bin/env")}
        settings = ({"Entrypoint": old}, {"Entrypoint": new, "Env": list(env)})
        return [each.what for each in look_at(tmp_path, files, files, *settings).differences]

    def test_its_commands(self, tmp_path: Path) -> None:
        does = "what the original's start does beside it: `ls /a`"
        assert self.what(tmp_path, ["/entry", "/app/server"], ["/app/server"], ("MODE=fast",)) == [
            f"['/app/server'] is started without {does}"
        ]

    def test_its_variables(self, tmp_path: Path) -> None:
        old = ["/bin/sh", "-c", "export MODE=fast; exec /app/server"]
        does = "what the original's start does beside it: `export MODE=fast`"
        assert self.what(tmp_path, old, ["/app/server"]) == [f"['/app/server'] is started without {does}"]
        assert self.what(tmp_path, old, ["/app/server"], ("MODE=fast",)) == []

    @pytest.mark.parametrize("text", ["exec /app/server", "/app/server", "set -e; cd /app && exec /app/server"])
    def test_nothing(self, tmp_path: Path, text: str) -> None:
        assert self.what(tmp_path, ["/bin/sh", "-c", text], ["/app/server"]) == []
