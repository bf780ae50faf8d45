"""What sources, configuration and dependencies of a Python application say about where it may run."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rewriter.ecosystems.ecosystem import Ecosystem
    from rewriter.manifests import Manifest
    from rewriter.model.run import Step

_COMPILES = frozenset(
    "torch triton theano theano-pymc pytensor aesara pycuda pyopencl pythran pyximport brian2 cppyy weave numba-scipy "
    "xformers deepspeed cupy".split()
)
"""Packages that start a C compiler when they run. Sources: their own documentation, 2026-11."""
_MANAGE = frozenset("collectstatic compilemessages check compress test compilejsi18n assets".split())
"""Commands of Django's manage.py that write into the project, or nothing."""
_MODULES = frozenset("pip venv virtualenv compileall pytest unittest flake8 mypy black build wheel spacy".split())
"""``python -m``: what installs into the environment, writes beside the sources, or nothing."""
_SETUP = frozenset("install develop build build_ext bdist_wheel test egg_info".split())
_CONFIGURATION = (".ini", ".conf", ".cfg", ".sh", ".yml", ".yaml", ".toml", ".py", ".service", ".json")
_PLACES = re.compile(rb"/usr/local/(?:bin/(?:python|gunicorn|uwsgi|celery|uvicorn|flask)[\w.]*|lib/python)")
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
    paths = (path for path in context.files() if path.endswith(_CONFIGURATION) and not path.startswith(_SKIPPED))
    for count, path in enumerate(paths):
        if count >= _MOST:
            return "its configuration is too much to be looked through for paths of the system's Python"
        data = context.read(path, _LARGEST) or b""
        found = _PLACES.search(data)
        if found:
            shown = found.group().decode("ascii", "replace")
            return f"{path} names {shown}, which is the system's Python and not that of an environment"
    return None
