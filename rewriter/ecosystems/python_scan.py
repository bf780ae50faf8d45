"""What sources, configuration and dependencies of a Python application say about where it may run."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from rewriter.ecosystems.application import application_folders
from rewriter.model.paths import below

if TYPE_CHECKING:
    from rewriter.ecosystems.ecosystem import Ecosystem
    from rewriter.manifests import Manifest
    from rewriter.model.launch import Launch
    from rewriter.model.run import Step

_COMPILES = frozenset(
    "torch triton theano theano-pymc pytensor aesara pycuda pyopencl pythran pyximport brian2 cppyy weave numba-scipy "
    "xformers deepspeed cupy".split()
)
"""Packages that start a C compiler when they run. Sources: their own documentation, 2026-11."""
COLLECTS = frozenset({"collectstatic", "compress"})
_MANAGE = frozenset("collectstatic compilemessages check compress test compilejsi18n assets".split())
"""Commands of Django's manage.py that write into the project, or nothing."""
_MODULES = frozenset("pip venv virtualenv compileall pytest unittest flake8 mypy black build wheel spacy".split())
"""``python -m``: what installs into the environment, writes beside the sources, or nothing."""
_SETUP = frozenset("install develop build build_ext bdist_wheel test egg_info".split())
_CONFIGURATION = (".ini", ".conf", ".cfg", ".sh", ".yml", ".yaml", ".toml", ".py", ".service", ".json")
_PLACES = re.compile(rb"/usr/local/(?:bin/(?!docker-|[\w.-]+\.sh\b)[a-zA-Z][\w.-]*|lib/python)|/usr/bin/python")
_PATH = re.compile(rb"\bPATH\s*=\s*[\"']?/[^\"'\s$%]{0,1000}(?=[\"'\s,]|\Z)")
"""A search path that is written out whole."""
_WITHOUT_PATH = frozenset({"sudo", "doas", "su", "runuser", "cron", "crond", "login", "sshd"})
"""They set PATH anew for what they start. Sources: sudoers(5) secure_path, login.defs(5), crontab(5), Debian 12."""
_STATIC = re.compile(rb"^[ \t]*(?:STATIC_ROOT|COMPRESS_ROOT)\b[^=\n]*=([^\n#]*)", re.MULTILINE)
_OUTSIDE = re.compile(rb"[\"'](/[^\"']*)[\"']|\.parent\b|[\"']\.\./?|\bpardir\b|\bdirname\(|\benviron\b|env\(|config\(")
_LARGEST = 200_000  # bytes of a file that is looked through
_MOST = 3_000
_SKIPPED = ("node_modules/", ".git/", "venv/", ".venv/", "docs/", ".github/")


def harmless(step: Step) -> bool:
    """True for what Python runs in a build without leaving anything outside of the carried folders."""
    words = list(step.argv[1:])
    while words and words[0] in ("-u", "-B", "-O", "-W", "ignore"):
        words.pop(0)
    if not words or words[0] in ("--version", "-V"):
        return True
    first, second = words[0], words[1] if len(words) > 1 else None
    if first == "-m":
        return second in _MODULES
    if first is not None and first.rpartition("/")[2] == "manage.py":
        return second in _MANAGE
    return first == "setup.py" and second in _SETUP


def compiles_at_run_time(manifests: Iterable[Manifest]) -> str:
    """A dependency that starts a compiler when it runs; empty when none is known to."""
    names = {one.name for manifest in manifests for one in manifest.dependencies if not one.dev}
    return min(names & _COMPILES, default="")


def absolute_paths(language: Ecosystem) -> str | None:
    """A file of the context that names what pip would have installed into the system; None when there is none."""
    context = language.files.context
    if context is None:
        return None
    paths = (path for path in context.files() if _configures(path) and not path.startswith(_SKIPPED))
    for count, path in enumerate(paths):
        if count >= _MOST:
            return "its configuration is too much to be looked through for paths of the system's Python"
        data = context.read(path, _LARGEST) or b""
        for found in _PLACES.finditer(data):
            shown = found.group().decode("ascii", "replace")
            if language.files.origin(shown) is None:
                return f"{path} names {shown}, which is the system's Python and not that of an environment"
        reset = _PATH.search(data)
        if reset:
            shown = reset.group().decode("utf-8", "replace").replace('"', "")
            return f"{path} sets {shown}, where the programs of an environment are not found"
    return None


def _configures(path: str) -> bool:
    name = path.rpartition("/")[2]
    return name.endswith(_CONFIGURATION) or ("." not in name and not name.startswith(("LICENSE", "Dockerfile")))


def hides_environment(path: str) -> bool:
    """True for a value of PATH in which the system's own programs come before what was in it, or nothing else does."""
    before, found, _ = path.strip("\"'").replace("${PATH}", "$PATH").partition("$PATH")
    return not found or bool({"/usr/local/bin", "/usr/bin", "/bin"} & {*before.split(":")})


def starts_without_path(launch: Launch) -> str | None:
    """A command of the launch that starts others with a search path of its own; None when there is none."""
    for step in launch.all_steps:
        emptied = step.name == "env" and {"-i", "-", "--ignore-environment"} & {*step.argv[1:2]}
        if step.name in _WITHOUT_PATH or emptied:
            line = step.instruction.line
            return f"line {line}: `{step.name}` starts programs without the PATH on which an environment is found"
    return None


def static_files_elsewhere(language: Ecosystem) -> str | None:
    """A setting of Django that puts collected files outside of the project; None when none is seen to."""
    context = language.files.context
    for path in context.files() if context is not None else ():
        if not path.endswith(".py") or context is None or path.startswith(_SKIPPED):
            continue
        for setting in _STATIC.finditer(context.read(path, _LARGEST) or b""):
            outside = _OUTSIDE.search(setting[1])
            if outside and not (outside[1] and _is_carried(outside[1].decode("utf-8", "replace"), language)):
                return f"{path} puts static files at {setting[1].strip().decode('utf-8', 'replace')}"
    return None


def _is_carried(place: str, language: Ecosystem) -> bool:
    folders = application_folders(language)
    return not isinstance(folders, str) and below(place.rstrip("/") or "/", tuple(folders))
