"""Compiled modules of Python, Node and Ruby that the new image cannot load, and the original can."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from rewriter.proof.elf import Elf
from rewriter.proof.inside.libraries import Fault
from rewriter.proof.inside.trail import Problem

if TYPE_CHECKING:
    from rewriter.proof.inside.filesystem import Node
    from rewriter.proof.inside.start import Side
    from rewriter.proof.inside.trail import Runtime

MOST_MODULES = 500
"""Compiled modules of one runtime that are looked at."""
_MOST_ENTRIES = 300_000
_ABI = re.compile(r"\.(?:cpython-|abi)[\w-]*(?=\.so\Z)|\.cpython-[\w-]+(?=\.so\Z)")
_TAG = re.compile(r"\.cpython-(\d)(\d+)[\w]*-")
_LIBC = re.compile(r"[-_.]?(?:linux[-_.]?)?(?:musl|gnu|glibc)(?:eabi(?:hf)?)?|[-_.]linux\b")
"""What tells a package's build for one libc from that for another: ``a-linux-x64`` and ``a-linuxmusl-x64``."""
_GEM_FOLDERS = ("/usr/local/bundle", "/usr/local/lib/ruby/gems", "/var/lib/gems", "/usr/lib/ruby/gems")


class _Module(NamedTuple):
    name: str
    """Its path below the folder where it was found, without what names an ABI."""
    path: str
    node: Node


def lost_modules(before: Side, after: Side) -> list[Problem]:
    """A problem for each library that compiled modules lack in the new image alone."""
    lost: dict[str, list[tuple[_Module, Fault]]] = {}
    for runtime in after.trail.runtimes:
        old = before.trail.counterpart(runtime)
        if old is None:
            continue
        modules = list(_modules(after, runtime))
        if len(modules) > MOST_MODULES:
            after.trail.miss(f"of {len(modules)} compiled modules of {runtime.name}, {MOST_MODULES} were looked at")
        faulty = {module: fault for module in modules[:MOST_MODULES] if (fault := _fault(after, runtime, module))}
        if modules and not faulty:
            after.trail.see(f"{len(modules)} compiled modules of {runtime.name} find the libraries that they need")
        loadable = {_LIBC.sub("", module.name) for module in modules if module not in faulty}
        there = {module.name: module for module in _modules(before, old)} if faulty else {}
        for module, fault in faulty.items():
            twin = there.get(module.name)
            if _LIBC.sub("", module.name) in loadable or twin is None or _fault(before, old, twin) is not None:
                continue
            lost.setdefault(fault.subject if fault.subject != module.path else "", []).append((module, fault))
    return [_problem(subject, found) for subject, found in lost.items()]


def _problem(subject: str, found: list[tuple[_Module, Fault]]) -> Problem:
    (module, fault), *others = found
    more = f" (and {len(others)} more)" if others else ""
    evidence = (*fault.evidence, *(other.what for _, other in others[:5]))
    return Problem(f"{fault.what}{more}", subject or module.path, evidence, f"module {subject or module.name}")


def _modules(side: Side, runtime: Runtime) -> Iterator[_Module]:
    suffixes = (".node",) if runtime.name == "node" else (".so",)
    seen: set[int] = set()
    for folder in _folders(side, runtime):
        for path, node in side.image.files.walk(folder, _MOST_ENTRIES):
            if node.is_file and path.endswith(suffixes) and id(node) not in seen:
                seen.add(id(node))
                yield _Module(_ABI.sub("", path[len(folder) :]), path, node)


def _folders(side: Side, runtime: Runtime) -> list[str]:
    """Folders with modules of third parties; what a language brings itself is its image's business."""
    if runtime.name == "python":
        own = posixpath.dirname(runtime.entry)
        found = [each for each in runtime.search if each.endswith(("/site-packages", "/dist-packages"))]
        return found + (
            [own] if own not in ("", "/", "/usr/bin", "/usr/local/bin") and not own.endswith("/bin") else []
        )
    if runtime.name == "node":
        return [folder for folder in runtime.search if side.image.files.folder(folder)][:1]
    if runtime.name == "ruby":
        named = side.image.config.env.get("GEM_HOME") or ""
        return [folder for folder in dict.fromkeys((named, *_GEM_FOLDERS)) if side.image.files.folder(folder)]
    return []


def _fault(side: Side, runtime: Runtime, module: _Module) -> Fault | None:
    """Why a module cannot be loaded."""
    if runtime.program is None:
        return None
    tag = _TAG.search(posixpath.basename(module.path))
    if tag and runtime.name == "python" and runtime.version and f"{tag[1]}.{tag[2]}" != runtime.version:
        what = f"{module.path} is made for Python {tag[1]}.{tag[2]}, and Python {runtime.version} runs"
        return Fault(what, module.path)
    elf = side.libraries.elf(module.node)
    if not isinstance(elf, Elf):
        return None
    return next(iter(side.libraries.of_module(module.path, elf, runtime.program).faults), None)
