"""Two images side by side: what is worse in the new one is told with its cause, and what is right is left in peace."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from rewriter.proof.archive import open_image
from rewriter.proof.asked import Asked
from rewriter.proof.look import Looked, look
from rewriter.proof.verdict import Kind
from tests.proof.elf_maker import elf, go_program, library
from tests.proof.saved import Entry, Files, folder, link, program, save, text
from tests.proof.systems import ALPINE, BUNDLE, DEBIAN, GLIBC_SYSTEM, SERVER, jar, java, node, on_glibc, python

CAPABILITY = bytes.fromhex("0100000200040000000000000000000000000000")
NO_CERTIFICATES: Files = {name: entry for name, entry in ALPINE.items() if "certs" not in name}
STATIC: Files = {"app/server": SERVER}


def look_at(
    tmp_path: Path,
    before: Files,
    after: Files,
    settings: Mapping[str, object],
    new_settings: Mapping[str, object] | None = None,
    asked: Asked | None = None,
) -> Looked:
    """Saves both images and looks."""
    old_path = save(tmp_path / "before.tar", [before], settings)
    new_path = save(tmp_path / "after.tar", [after], settings if new_settings is None else new_settings)
    with open_image(old_path) as old, open_image(new_path) as new:
        return look(old, new, asked or Asked(env=frozenset({"TZ"}), layers=1))


@dataclass(frozen=True)
class Pair:
    """Two images of one configuration; ``expected`` are the sentences of the differences."""

    name: str
    before: Files
    after: Files
    cmd: tuple[str, ...] = ("/app/server",)
    settings: Mapping[str, object] = field(default_factory=dict)
    expected: tuple[str, ...] = ()


def go(*functions: str, holds: bytes = b"") -> Files:
    """A program in Go at /app/server."""
    return {"app/server": program(go_program("main.main", *functions, holds=holds))}


HTTPS = go("net/http.(*Client).do")
ZONE = go("time.LoadLocation", holds=b"xEurope/Parisy")
OWN_ZONES = go("time.LoadLocation", "time/tzdata.loadFromEmbeddedTZData", holds=b"xEurope/Parisy")
TEMPLATES = go(holds=b"static/a.csstemplates/*.htmlmisc")
TEMPLATE: Files = {"app/templates/index.html": "<p>a template of some length</p>"}
PSYCOPG = "venv/lib/python3.11/site-packages/psycopg2/_psycopg.cpython-311-x86_64-linux-gnu.so"
VENV: Files = {
    "venv/pyvenv.cfg": "home = /usr/local/bin\n",
    "venv/bin/python": link("/usr/local/bin/python"),
    "venv/lib/python3.11/site-packages/flask/__init__.py": "",
    "app/app.py": "import flask\n",
}
EXPRESS: Files = {
    "app/server.js": "const a = require('express')\nconst b = require('./lib')\n",
    "app/lib/index.js": "",
    "app/node_modules/express/index.js": "",
}


def addon(*needed: str, glibc: bool = True) -> bytes:
    """A compiled module."""
    return elf(needed=[*needed, "libc.so.6"], versions_needed={"libc.so.6": ["GLIBC_2.17"]} if glibc else {})


WRONG = [
    Pair(
        "a program of glibc on musl",
        {**DEBIAN, "app/server": program(on_glibc())},
        {**ALPINE, "app/server": program(on_glibc())},
        expected=(
            "/app/server is linked against glibc, and the image has musl: its loader /lib64/ld-linux-x86-64.so.2 "
            "is not there",
        ),
    ),
    Pair(
        "a glibc that is too old",
        {
            **DEBIAN,
            "lib/x86_64-linux-gnu/libc.so.6": library("libc.so.6", "GLIBC_2.17", "GLIBC_2.34"),
            "app/server": program(on_glibc(wants="GLIBC_2.34")),
        },
        {**DEBIAN, "app/server": program(on_glibc(wants="GLIBC_2.34"))},
        expected=("/app/server needs GLIBC_2.34, and /lib/x86_64-linux-gnu/libc.so.6 provides GLIBC up to 2.31",),
    ),
    Pair(
        "a shell form without a shell",
        {**DEBIAN, **STATIC},
        STATIC,
        cmd=("/bin/sh", "-c", "/app/server $PORT"),
        expected=("the start command needs a shell, and /bin/sh is not there",),
    ),
    Pair(
        "a script for bash without bash",
        {**DEBIAN, **STATIC, "entry": program('#!/bin/bash\nexec "$@"\n')},
        {**ALPINE, **STATIC, "entry": program('#!/bin/bash\nexec "$@"\n')},
        cmd=("/entry", "/app/server"),
        expected=("/entry asks for /bin/bash, and /bin/bash is not there",),
    ),
    Pair(
        "a command of the entry script",
        {**DEBIAN, **STATIC, "entry": program('#!/bin/sh\ncurl x\nexec "$@"\n')},
        {**ALPINE, **STATIC, "entry": program('#!/bin/sh\ncurl x\nexec "$@"\n')},
        cmd=("/entry", "/app/server"),
        expected=("/entry: curl is in no folder of PATH",),
    ),
    Pair(
        "a user without an account",
        {**DEBIAN, **STATIC, "etc/passwd": "shop:x:1:1::/:\n"},
        {**ALPINE, **STATIC},
        settings={"User": "shop"},
        expected=("USER is shop, and the user 'shop' is not in /etc/passwd",),
    ),
    Pair(
        "certificates for a program that opens connections",
        {**DEBIAN, **HTTPS},
        {**NO_CERTIFICATES, **HTTPS},
        expected=(
            "the certificates of authorities (/etc/ssl/certs/ca-certificates.crt in the original) are not there, and "
            "/app/server opens connections itself (net/http.(*Client).do is in it)",
        ),
    ),
    Pair(
        "certificates for a program that loads libcurl",
        {
            **DEBIAN,
            "app/server": program(on_glibc("libcurl.so")),
            "usr/lib/x86_64-linux-gnu/libcurl.so": elf(
                soname="libcurl.so", holds=b"\0/etc/ssl/certs/ca-certificates.crt\0"
            ),
        },
        {
            **GLIBC_SYSTEM,
            "app/server": program(on_glibc("libcurl.so")),
            "usr/lib/x86_64-linux-gnu/libcurl.so": elf(
                soname="libcurl.so", holds=b"\0/etc/ssl/certs/ca-certificates.crt\0"
            ),
        },
        expected=(
            "the certificates of authorities (/etc/ssl/certs/ca-certificates.crt in the original) are not there, and "
            "/usr/lib/x86_64-linux-gnu/libcurl.so, which /app/server loads, names that file",
        ),
    ),
    Pair(
        "certificates for Python",
        {**python(), "app/app.py": "import urllib.request\n"},
        {
            name: entry
            for name, entry in {**python(), "app/app.py": "import urllib.request\n"}.items()
            if "certs" not in name
        },
        cmd=("python", "/app/app.py"),
        expected=(
            "the certificates of authorities (/etc/ssl/certs/ca-certificates.crt in the original) are not there, and "
            "/app/app.py imports urllib.request",
        ),
    ),
    Pair(
        "time zones by name",
        {**DEBIAN, **ZONE},
        {**ALPINE, **ZONE},
        expected=(
            "/usr/share/zoneinfo is not there, and /app/server loads the time zone Europe/Paris "
            "(time.LoadLocation is in it)",
        ),
    ),
    Pair(
        "time zones by TZ",
        {**DEBIAN, **STATIC},
        {**ALPINE, **STATIC},
        settings={"Env": ["TZ=Europe/Paris"]},
        expected=("/usr/share/zoneinfo is not there, and TZ=Europe/Paris names a time zone for /app/server",),
    ),
    Pair(
        "the image's own time zone",
        {**DEBIAN, **STATIC, "etc/localtime": link("/usr/share/zoneinfo/Europe/Paris")},
        {**DEBIAN, **STATIC},
        expected=("the local time zone is UTC and no longer Europe/Paris",),
    ),
    Pair(
        "a template that a pattern names",
        {**DEBIAN, **TEMPLATES, **TEMPLATE},
        {**ALPINE, **TEMPLATES},
        settings={"WorkingDir": "/app"},
        expected=("/app/templates/index.html is not there, and /app/server names templates/*.html",),
    ),
    Pair(
        "a file that the program names",
        {**DEBIAN, **go(holds=b"xconf/shop.tomly"), "app/conf/shop.toml": "a = 'some length'"},
        {**ALPINE, **go(holds=b"xconf/shop.tomly")},
        settings={"WorkingDir": "/app"},
        expected=("/app/conf/shop.toml is not there, and /app/server names conf/shop.toml",),
    ),
    Pair(
        "a file of /etc that the Dockerfile made",
        {**DEBIAN, **go(holds=b"x/etc/shop.hostsy"), "etc/shop.hosts": "1.2.3.4 shop"},
        {**ALPINE, **go(holds=b"x/etc/shop.hostsy")},
        expected=("/etc/shop.hosts is not there, and /app/server names /etc/shop.hosts",),
    ),
    Pair(
        "one that has the name of a package's",
        {
            **ALPINE,
            **go(holds=b"x/etc/shop/hostsy"),
            "etc/shop/hosts": "1.2.3.4 shop",
            "lib/apk/db/installed": "P:base\nF:etc/other\nR:hosts\nF:usr\nR:hosts\n",
        },
        {**ALPINE, **go(holds=b"x/etc/shop/hostsy")},
        expected=("/etc/shop/hosts is not there, and /app/server names /etc/shop/hosts",),
    ),
    Pair(
        "a page that a script names",
        {**node(), "app/server.js": "read('views/page.html')\n", "app/views/page.html": "<p>"},
        {**node(), "app/server.js": "read('views/page.html')\n"},
        cmd=("node", "server.js"),
        settings={"WorkingDir": "/app"},
        expected=("/app/views/page.html is not there, and /app/server.js names 'views/page.html'",),
    ),
    Pair(
        "a package of Python",
        {**python(), **VENV},
        {name: entry for name, entry in {**python(), **VENV}.items() if "flask" not in name},
        cmd=("/venv/bin/python", "/app/app.py"),
        expected=("/app/app.py imports flask, which is not there",),
    ),
    Pair(
        "a package for another Python",
        {**python(), **VENV, "usr/local/lib/python3.11/site-packages/flask/__init__.py": ""},
        {
            **python("3.12"),
            "usr/local/lib/python3.11/site-packages/flask/__init__.py": "",
            "app/app.py": "import flask\n",
        },
        cmd=("python", "/app/app.py"),
        expected=("/app/app.py imports flask, which is not there",),
    ),
    Pair(
        "a module of the program itself",
        {
            **python(),
            "app/app.py": "from . import x\nfrom pkg import a\nimport os\n",
            "app/pkg/__init__.py": "import helpers\n",
            "app/helpers.py": "",
        },
        {
            **python(),
            "app/app.py": "from . import x\nfrom pkg import a\nimport os\n",
            "app/pkg/__init__.py": "import helpers\n",
        },
        cmd=("python", "/app/app.py"),
        expected=("/app/pkg/__init__.py imports helpers, which is not there",),
    ),
    Pair(
        "packages of Node",
        {**node(), **EXPRESS},
        {
            name: entry
            for name, entry in {**node(), **EXPRESS}.items()
            if "express" not in name and "lib/index" not in name
        },
        cmd=("node", "server.js"),
        settings={"WorkingDir": "/app"},
        expected=(
            "/app/server.js imports express, which is not there",
            "/app/server.js imports ./lib, which is not there",
        ),
    ),
    Pair(
        "a library for a wheel",
        {
            **python(),
            **VENV,
            PSYCOPG: addon("libpq.so.5"),
            "usr/lib/x86_64-linux-gnu/libpq.so.5": library("libpq.so.5"),
        },
        {**python(), **VENV, PSYCOPG: addon("libpq.so.5")},
        cmd=("/venv/bin/python", "/app/app.py"),
        expected=(f"/{PSYCOPG} needs libpq.so.5, which is not there",),
    ),
    Pair(
        "a wheel of glibc on musl",
        {**python(), **VENV, PSYCOPG: addon()},
        {**python(system=ALPINE), **VENV, PSYCOPG: addon()},
        cmd=("/venv/bin/python", "/app/app.py"),
        expected=(f"/{PSYCOPG} is linked against glibc, and it is loaded by a program that runs on musl",),
    ),
    Pair(
        "an addon of glibc on musl",
        {**node(), **EXPRESS, "app/node_modules/bcrypt/bcrypt.node": addon()},
        {**node(ALPINE), **EXPRESS, "app/node_modules/bcrypt/bcrypt.node": addon()},
        cmd=("node", "/app/server.js"),
        expected=(
            "/app/node_modules/bcrypt/bcrypt.node is linked against glibc, and it is loaded by a program that runs on "
            "musl",
        ),
    ),
    Pair(
        "the wrong jar",
        {**java(), "app.jar": jar("a.Main", {"a.Main": 11, "a.Other": 11})},
        {**java(), "app.jar": jar("b.Main", {"b.Main": 11})},
        cmd=("java", "-jar", "/app.jar"),
        expected=("/app.jar starts the class b.Main, and the original's jar a.Main",),
    ),
    Pair(
        "a jar without its libraries",
        {**java(), "app.jar": jar("a.Main", {"a.Main": 11, "a.Other": 11, "c.D": 8})},
        {**java(), "app.jar": jar("a.Main", {"a.Main": 11})},
        cmd=("java", "-jar", "/app.jar"),
        expected=("app.jar lacks the class a/Other.class (and 1 more) that the original's has",),
    ),
    Pair(
        "a library that needs cgo",
        {**DEBIAN, "app/server": program(on_glibc())},
        {**ALPINE, **go(holds=b"go-sqlite3 requires cgo to work. This is a stub")},
        expected=("/app/server is built without cgo and holds go-sqlite3 as a stub that fails at its first use",),
    ),
    Pair(
        "capabilities of the program",
        {**DEBIAN, "app/server": Entry(SERVER.content, mode=0o755, xattrs={"security.capability": CAPABILITY})},
        {**ALPINE, **STATIC},
        settings={"User": "nobody"},
        expected=("/app/server has lost the capabilities that it has in the original",),
    ),
    Pair(
        "the setuid bit of a helper",
        {**DEBIAN, **STATIC, "app/helper": Entry(b"x", mode=0o4755)},
        {**ALPINE, **STATIC, "app/helper": Entry(b"x", mode=0o755)},
        expected=("/app/helper has lost the setuid bit that it has in the original",),
    ),
    Pair(
        "the owner of a volume",
        {**DEBIAN, **STATIC, "data/": folder().owned(65534)},
        {**ALPINE, **STATIC, "data/": folder()},
        settings={"User": "nobody", "Volumes": {"/data": {}}},
        expected=("nobody (65534) may not write in /data, where the original's user may (a volume)",),
    ),
    Pair(
        "the owner of the working directory",
        {**DEBIAN, **STATIC, "app/": folder().owned(65534)},
        {**ALPINE, **STATIC, "app/": folder()},
        settings={"User": "nobody", "WorkingDir": "/app"},
        expected=("nobody (65534) may not write in /app, where the original's user may",),
    ),
    Pair(
        "a folder that the program names",
        {**DEBIAN, **go(holds=b"x/spool/shopy"), "spool/shop/": folder().owned(65534)},
        {**ALPINE, **go(holds=b"x/spool/shopy")},
        settings={"User": "nobody"},
        expected=("nobody (65534) may not write in /spool/shop, where the original's user may (/app/server names it)",),
    ),
    Pair(
        "files that the user cannot read",
        {**DEBIAN, **STATIC, "app/key": "k", "app/key2": "k"},
        {**ALPINE, **STATIC, "app/key": text("k", 0o600), "app/key2": text("k", 0o600)},
        settings={"User": "nobody", "WorkingDir": "/app"},
        expected=("nobody (65534) may not read /app/key (and 1 more)",),
    ),
]


@pytest.mark.parametrize("pair", WRONG, ids=lambda pair: pair.name.replace(" ", "_"))
def test_wrong(tmp_path: Path, pair: Pair) -> None:
    looked = look_at(tmp_path, pair.before, pair.after, {"Cmd": list(pair.cmd), **pair.settings})
    assert tuple(difference.what for difference in looked.differences) == pair.expected
    assert looked.before_broken is None


UNCERTAIN: Files = {
    "app/app.py": "try:\n    import ujson\nexcept ImportError:\n    import json\nif 0:\n    import dev\n"
}
BOTH: Files = {
    "app/node_modules/a-linux-x64/a.node": addon(),
    "app/node_modules/a-linuxmusl-x64/a.node": addon(glibc=False),
}
JEST: Files = {"app/node_modules/jest/index.js": "", "app/node_modules/jest/x.node": addon("libgone.so")}
SOURCES: Files = {"app/main.go": "package main", "app/internal/x/x.go": "", "app/README.md": "", "app/a.txt": ""}
PUBLIC: Files = {"app/": folder(), "app/static/a": "x"}
RIGHT = [
    Pair(
        "a package's settings (apk)",
        {
            **ALPINE,
            **go(holds=b"x/etc/shop/hostsy"),
            "etc/shop/hosts": "x",
            "lib/apk/db/installed": "F:etc/shop\nR:hosts",
        },
        {**ALPINE, **go(holds=b"x/etc/shop/hostsy")},
    ),
    Pair(
        "a package's settings (dpkg)",
        {
            **DEBIAN,
            **go(holds=b"x/etc/shop/hostsy"),
            "etc/shop/hosts": "x",
            "var/lib/dpkg/info/shop.list": "/.\n/etc\n/etc/shop/hosts\n",
        },
        {**ALPINE, **go(holds=b"x/etc/shop/hostsy")},
    ),
    Pair("a static program on alpine", {**DEBIAN, **STATIC}, {**ALPINE, **STATIC}),
    Pair("a static server on scratch", {**DEBIAN, **STATIC}, STATIC),
    Pair("a client with its certificates", {**DEBIAN, **HTTPS}, {**HTTPS, "etc/ssl/cert.pem": BUNDLE}),
    Pair("a program with its own time zones", {**DEBIAN, **ZONE}, {**ALPINE, **OWN_ZONES}),
    Pair("a zone that nobody names", {**DEBIAN, **go("time.LoadLocation")}, {**ALPINE, **go("time.LoadLocation")}),
    Pair("a zone that is the default", {**DEBIAN, **STATIC}, {**ALPINE, **STATIC}, settings={"Env": ["TZ=UTC"]}),
    Pair(
        "templates that are built in",
        {**DEBIAN, **go(holds=b"templates/*.html templates/index.html <p>a template of some length</p>"), **TEMPLATE},
        {**ALPINE, **go(holds=b"templates/*.html templates/index.html <p>a template of some length</p>")},
        settings={"WorkingDir": "/app"},
    ),
    Pair(
        "sources that nobody names",
        {**DEBIAN, **STATIC, **SOURCES},
        {**ALPINE, **STATIC},
        settings={"WorkingDir": "/app"},
    ),
    Pair(
        "another Debian with a virtual environment",
        {**python(), **VENV, PSYCOPG: addon()},
        {**python(), **VENV, PSYCOPG: addon()},
        cmd=("/venv/bin/python", "/app/app.py"),
    ),
    Pair(
        "imports that are not certain",
        {**python(), **UNCERTAIN, "app/dev.py": "", "usr/local/lib/python3.11/site-packages/ujson.py": ""},
        {**python(), **UNCERTAIN},
        cmd=("python", "/app/app.py"),
    ),
    Pair(
        "addons for both libcs",
        {**node(), **EXPRESS, **BOTH},
        {**node(ALPINE), **EXPRESS, **BOTH},
        cmd=("node", "/app/server.js"),
    ),
    Pair(
        "development packages that are gone",
        {**node(), **EXPRESS, **JEST},
        {**node(), **EXPRESS},
        cmd=("node", "/app/server.js"),
    ),
    Pair(
        "setuid programs of another distribution",
        {**DEBIAN, **STATIC, "bin/su": Entry(b"x", mode=0o4755)},
        {**ALPINE, **STATIC, "bin/su": Entry(b"x", mode=0o755)},
    ),
    Pair(
        "capabilities that root does not need",
        {**DEBIAN, "app/server": Entry(SERVER.content, mode=0o755, xattrs={"security.capability": CAPABILITY})},
        {**ALPINE, **STATIC},
    ),
    Pair(
        "a user without more rights than before",
        {**DEBIAN, **STATIC, **PUBLIC, "go/": folder(0o777), "home/x/": folder().owned(65534)},
        {**ALPINE, **STATIC, **PUBLIC},
        settings={"User": "nobody", "WorkingDir": "/app"},
    ),
    Pair(
        "the same jar",
        {**java(), "a.jar": jar("a.B", {"a.B": 8})},
        {**java("21"), "a.jar": jar("a.B", {"a.B": 8})},
        cmd=("java", "-jar", "/a.jar"),
    ),
]


@pytest.mark.parametrize("pair", RIGHT, ids=lambda pair: pair.name.replace(" ", "_"))
def test_right(tmp_path: Path, pair: Pair) -> None:
    looked = look_at(tmp_path, pair.before, pair.after, {"Cmd": list(pair.cmd), **pair.settings})
    assert looked.differences == ()
    assert (looked.before_broken, looked.after_broken) == (None, None)
    assert looked.seen


def test_a_rewrite_that_repairs(tmp_path: Path) -> None:
    looked = look_at(tmp_path, {**DEBIAN, "build/app": SERVER}, {**ALPINE, "app": SERVER}, {"Entrypoint": ["/app"]})
    assert looked.differences == ()
    assert looked.after_broken is None
    assert looked.before_broken is not None
    assert looked.before_broken.kind is Kind.START
    assert looked.before_broken.what == "/app is not there"
    assert looked.before_broken.evidence == ("a file of that name lies at /build/app",)


def test_both_broken_is_no_difference(tmp_path: Path) -> None:
    looked = look_at(tmp_path, DEBIAN, ALPINE, {"Cmd": ["/app"]})
    assert looked.differences == ()
    assert looked.before_broken is not None
    assert looked.after_broken is not None


def test_the_evidence_names_the_other_version(tmp_path: Path) -> None:
    pair = next(pair for pair in WRONG if pair.name == "a package for another Python")
    looked = look_at(tmp_path, pair.before, pair.after, {"Cmd": list(pair.cmd)})
    assert looked.differences[0].evidence[1] == (
        "it lies in /usr/local/lib/python3.11/site-packages, which Python 3.12 does not search"
    )


def test_what_is_gone_and_not_named_is_noted(tmp_path: Path) -> None:
    before: Files = {**DEBIAN, **STATIC, "app/static/site.css": "x", "app/static/img/a.png": "x"}
    looked = look_at(tmp_path, before, {**NO_CERTIFICATES, **STATIC}, {"Cmd": ["/app/server"], "WorkingDir": "/app"})
    assert looked.differences == ()
    assert any(
        sentence.startswith("the original has static, and the new image has not") for sentence in looked.not_seen
    )
    assert any("nothing was seen that opens a connection" in sentence for sentence in looked.not_seen)


def test_several_modules_that_lack_one_library_are_one_difference(tmp_path: Path) -> None:
    modules: Files = {PSYCOPG.replace("_psycopg", name): addon("libpq.so.5") for name in ("a", "b", "c")}
    pq: Files = {"usr/lib/x86_64-linux-gnu/libpq.so.5": library("libpq.so.5")}
    before: Files = {**python(), **VENV, **modules, **pq}
    looked = look_at(tmp_path, before, {**python(), **VENV, **modules}, {"Cmd": ["/venv/bin/python", "/app/app.py"]})
    (difference,) = looked.differences
    assert difference.what.endswith("needs libpq.so.5, which is not there (and 2 more)")
    assert (difference.kind, difference.subject, len(difference.evidence)) == (Kind.FILES, "libpq.so.5", 4)
