"""requirements files, setup.py and setup.cfg: what Python projects ask for in their own words."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from rewriter.manifests.reading import MOST_DEPENDENCIES, Unread, read_text
from rewriter.manifests.records import Dependency, Manifest

if TYPE_CHECKING:
    import ast
    from collections.abc import Iterable

    from rewriter.context import BuildContext

_NAME = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]{0,200})[ \t]*(?:\[([^\]\n]{0,500})\])?[ \t]*")
_SEPARATORS = re.compile(r"[-_.]+")
_MARKER = re.compile(r"(sys_platform|platform_system|os_name)[ ]*(==|!=)[ ]*['\"]([A-Za-z0-9_]{1,20})['\"]")
_LINUX = {"sys_platform": "linux", "platform_system": "Linux", "os_name": "posix"}

# Extras whose packages have machine code: PROJECT[EXTRA] brings these too.
_EXTRAS = {
    "psycopg[binary]": ("psycopg-binary",),
    "psycopg[c]": ("psycopg-c",),
    "uvicorn[standard]": ("httptools", "uvloop", "watchfiles", "websockets", "pyyaml"),
    "fastapi[all]": ("httptools", "uvloop", "watchfiles", "orjson", "ujson"),
    "fastapi[standard]": ("httptools", "uvloop", "watchfiles"),
    "pyjwt[crypto]": ("cryptography",),
    "python-jose[cryptography]": ("cryptography",),
    "passlib[bcrypt]": ("bcrypt",),
    "passlib[argon2]": ("argon2-cffi",),
    "django[argon2]": ("argon2-cffi",),
    "django[bcrypt]": ("bcrypt",),
    "redis[hiredis]": ("hiredis",),
    "gunicorn[gevent]": ("gevent",),
    "celery[gevent]": ("gevent",),
    "flask-mysqldb[mysql]": ("mysqlclient",),
    "sqlalchemy[postgresql]": ("psycopg2",),
    "sqlalchemy[mysql]": ("mysqlclient",),
    "sqlalchemy[asyncio]": ("greenlet",),
}


def normal_name(name: str) -> str:
    """A project's name as the index compares it."""
    return _SEPARATORS.sub("-", name).lower()


def requirement(text: str, where: str) -> tuple[Dependency, ...] | None:
    """One requirement (``name[extra]==1.2; marker``, ``name @ url``, an address) and what its extras bring.

    () when its marker rules Linux out; None when the text is no requirement.
    """
    text = text.strip()
    if address := _address(text):
        return (Dependency("pypi", address[0], "", where, origin=address[1]),)
    body, _, marker = text.partition(";")
    if (found := _NAME.match(body)) is None:
        return None
    if not marker_allows_linux(marker):
        return ()
    name, rest = normal_name(found[1]), body[found.end() :].strip().strip("()")
    if rest.startswith("@"):
        return (Dependency("pypi", name, "", where, origin=_origin(rest[1:].strip())),)
    if rest and rest[0] not in "=<>!~":
        return None
    own = Dependency("pypi", name, exact_version(rest), where)
    extras = [normal_name(extra.strip()) for extra in (found[2] or "").split(",") if extra.strip()]
    brought = [one for extra in extras for one in _EXTRAS.get(f"{name}[{extra}]", ())]
    return (own, *(Dependency("pypi", one, "", where, False) for one in brought))


def exact_version(specifier: str) -> str:
    """The version that ``==1.2`` pins; "" for anything wider."""
    wanted = specifier.strip()
    version = wanted.lstrip("=").strip()
    if not wanted.startswith("==") or "," in version or "*" in version or not version[:1].isalnum():
        return ""
    return version


def _address(text: str) -> tuple[str, str] | None:
    """Name and origin of a requirement that is only an address or a path."""
    plain = text.partition(" ")[0]
    if "://" not in plain.partition("[")[0] and not plain.startswith((".", "/", "git+", "file:")):
        return None
    name = text.partition("#egg=")[2].partition("&")[0].partition("[")[0].partition(" ")[0].partition(";")[0]
    if not name:
        stem = plain.partition("#")[0]
        if plain.startswith("git+"):
            # An @ before the path ends who asks, one within it begins the revision.
            scheme, separator, rest = stem.partition("://")
            host, slash, path = rest.partition("/")
            stem = f"{scheme}{separator}{host.rpartition('@')[2]}{slash}{path.partition('@')[0]}"
        name = posixpath.basename(stem.rstrip("/")).removesuffix(".git").partition("-")[0] or plain
    return normal_name(name).strip("-") or plain, _origin(plain)


def _origin(address: str) -> str:
    if address.startswith(("git+", "hg+", "svn+", "bzr+")):
        return "git"
    return "url" if address.startswith(("http:", "https:")) else "path"


def marker_allows_linux(marker: str) -> bool:
    """False when a marker asks for another system; what is not understood allows it."""
    if " or " in marker:
        return True
    asked = _MARKER.findall(marker)
    return all((value == _LINUX[variable]) == (sign == "==") for variable, sign, value in asked)


def read_requirements(context: BuildContext, path: str) -> Manifest:
    """A requirements file of pip; the files that ``-r`` names come as `includes`, all other options as `settings`.

    It is complete when a resolver wrote it (pip-compile and uv say so) or when every line has a hash.
    """
    text = read_text(context, path)
    if isinstance(text, Unread):
        return Manifest(path, "pypi", unread=text.reason)
    found: list[Dependency] = []
    includes: list[str] = []
    settings: list[tuple[str, str]] = []
    hashed = True
    for line in _logical_lines(text):
        if line.startswith("-"):
            _option(line, path, found, includes, settings)
            continue
        body, hashes, _ = line.partition(" --hash")
        got = requirement(body.partition(" --")[0], path)
        if got is None:
            return Manifest(path, "pypi", unread=f"has a line that is no requirement: {line[:60]}")
        hashed = hashed and bool(hashes)
        found.extend(got)
        if len(found) > MOST_DEPENDENCIES:
            return Manifest(path, "pypi", unread="names too many packages")
    compiled = "autogenerated by pip-compile" in text or "autogenerated by uv" in text
    complete = bool(found) and (compiled or hashed) and all(one.version or one.origin for one in found if one.direct)
    return Manifest(path, "pypi", tuple(found), complete, settings=tuple(settings), includes=tuple(includes))


def _logical_lines(text: str) -> list[str]:
    lines = []
    for line in text.replace("\\\n", " ").split("\n"):
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        lines.append(stripped.partition(" #")[0].partition("\t#")[0].rstrip())
    return lines


def _option(
    line: str, path: str, found: list[Dependency], includes: list[str], settings: list[tuple[str, str]]
) -> None:
    name, value = _option_words(line)
    if name in ("-r", "--requirement"):
        includes.append(posixpath.normpath(posixpath.join(posixpath.dirname(path), value)))
    elif name in ("-e", "--editable"):
        found.extend(requirement(value, path) or ())
    else:
        settings.append((name.lstrip("-"), value))


def _option_words(line: str) -> tuple[str, str]:
    for short in ("-r", "-c", "-e", "-i", "-f"):
        if line.startswith(short) and not line.startswith("--"):
            return short, line[len(short) :].lstrip(" =").strip("\"'")
    name, _, value = line.replace("=", " ", 1).partition(" ")
    return name, value.strip().strip("\"'")


def read_setup_py(context: BuildContext, path: str) -> Manifest:
    """The literal ``install_requires`` of a setup.py, read and never run; ``ext_modules`` comes as a setting."""
    text = read_text(context, path, 300_000)
    if isinstance(text, Unread):
        return Manifest(path, "pypi", unread=text.reason)
    import ast

    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return Manifest(path, "pypi", unread="is not valid Python")
    found: list[Dependency] = []
    settings: list[tuple[str, str]] = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        for keyword in node.keywords:
            if keyword.arg in ("ext_modules", "cffi_modules", "rust_extensions"):
                settings.append((keyword.arg, "set"))
            if keyword.arg != "install_requires":
                continue
            texts = _literal_strings(keyword.value)
            if texts is None:
                settings.append(("install_requires", "computed"))
                continue
            found.extend(_all(texts, path))
    return Manifest(path, "pypi", tuple(found), settings=tuple(settings))


def _literal_strings(node: ast.expr) -> list[str] | None:
    import ast

    if not isinstance(node, ast.List | ast.Tuple):
        return None
    texts = [item.value for item in node.elts if isinstance(item, ast.Constant) and isinstance(item.value, str)]
    return texts if len(texts) == len(node.elts) else None


def read_setup_cfg(context: BuildContext, path: str) -> Manifest:
    """``install_requires`` of a setup.cfg."""
    text = read_text(context, path, 300_000)
    if isinstance(text, Unread):
        return Manifest(path, "pypi", unread=text.reason)
    import configparser

    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(text)
    except configparser.Error:
        return Manifest(path, "pypi", unread="is not a valid setup.cfg")
    lines = parser.get("options", "install_requires", fallback="").split("\n")
    return Manifest(path, "pypi", tuple(_all((line for line in lines if line.strip()), path)))


def _all(texts: Iterable[str], path: str) -> list[Dependency]:
    return [one for text in texts for one in requirement(text, path) or ()]
