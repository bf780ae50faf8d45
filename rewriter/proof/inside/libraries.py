"""Which libraries a program loads, found as its own loader finds them; and what is missing.

glibc: DT_RPATH, LD_LIBRARY_PATH, DT_RUNPATH, /etc/ld.so.cache, the folders that the loader was built with (ld.so(8));
/etc/ld.so.conf is read by ldconfig alone, never by the loader. musl: LD_LIBRARY_PATH, DT_RPATH and DT_RUNPATH alike,
/etc/ld-musl-ARCH.path or its own list; the names of its own parts stand for itself (musl 1.2.5, ldso/dynlink.c).
Libraries for newer processors (glibc-hwcaps) are passed over: they have a twin for all.
"""

from __future__ import annotations

import io
import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rewriter.proof.elf import MACHINES, Damaged, Elf, read_elf
from rewriter.proof.inside.accounts import EXECUTE, READ, Identity
from rewriter.proof.inside.filesystem import Found
from rewriter.proof.inside.loaders import MUSL_LOADER, System

if TYPE_CHECKING:
    from rewriter.proof.archive import Image
    from rewriter.proof.inside.filesystem import Node

_MOST_OBJECTS = 600
_MOST_AT_ONCE = 64 * 1024**2
_MUSL_OWN = re.compile(r"lib(?:c|pthread|rt|m|dl|util|xnet)\.")


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that a program asks for and the image does not give: one sentence, and what it is about."""

    what: str
    subject: str
    evidence: tuple[str, ...] = ()


@dataclass(slots=True)
class Closure:
    """A program and all that it loads at its start."""

    path: str
    libc: str = ""
    """glibc, musl, or empty for a static program."""
    objects: dict[str, Elf] = field(default_factory=dict)
    """By path, itself first."""
    faults: list[Fault] = field(default_factory=list)


class Libraries:
    """The ELF files of one image, each read once."""

    def __init__(self, image: Image, identity: Identity, environment: Mapping[str, str]) -> None:
        self._image = image
        self._identity = identity
        self._environment = environment
        self._read: dict[int, Elf | Damaged] = {}
        self._systems: dict[str, System] = {}

    def elf(self, node: Node) -> Elf | Damaged:
        """What an ELF file of the image says."""
        found = self._read.get(id(node))
        if found is None:
            # In one piece: the parts that are read lie far apart, and a gzip stream is slow to be read to and fro.
            data = self._image.read(node, _MOST_AT_ONCE)
            stream = io.BytesIO(data) if data is not None else self._image.open(node)
            found = read_elf(stream) if stream is not None else Damaged("it is stored sparse")
            self._read[id(node)] = found
        return found

    def libc(self) -> str:
        """The libc that the image brings: ``musl``, ``glibc`` or ``no libc``."""
        if any(MUSL_LOADER.fullmatch(name) for name in self._image.files.folder("/lib")):
            return "musl"
        folders = ["/lib64", "/usr/lib64", "/lib", "/usr/lib"]
        folders += [f"/lib/{name}" for name in self._image.files.folder("/lib") if name.endswith("-gnu")]
        return "glibc" if any(self._image.files.file(f"{folder}/libc.so.6") for folder in folders) else "no libc"

    def of_program(self, path: str, elf: Elf) -> Closure:
        """All that an executable loads."""
        closure = Closure(path, objects={path: elf})
        wrong = self._machine_fault(path, elf)
        if wrong is not None:
            closure.faults.append(wrong)
        elif elf.interpreter is not None:
            system = self._system(elf.interpreter)
            if isinstance(system, str):
                closure.faults.append(self._loader_fault(path, elf, system))
            else:
                closure.libc = system.libc
                self._load(closure, system)
        return closure

    def of_module(self, path: str, elf: Elf, program: Closure) -> Closure:
        """All that a library loads when a program opens it at run time, besides what the program has loaded already."""
        closure = Closure(path, objects={path: elf})
        wrong = self._machine_fault(path, elf)
        interpreter = program.objects[program.path].interpreter
        system = self._system(interpreter) if interpreter else ""
        if wrong is not None:
            closure.faults.append(wrong)
        elif not isinstance(system, str):
            closure.libc = system.libc
            self._load(closure, system, program)
        return closure

    def _load(self, closure: Closure, system: System, program: Closure | None = None) -> None:
        """Follows DT_NEEDED in breadth, as loaders do."""
        there = program.objects if program is not None else {}
        loaded = {elf.soname or posixpath.basename(path): path for path, elf in there.items()}
        parents = {closure.path: program.path} if program is not None else {}
        objects = {**there, **closure.objects}
        todo = [closure.path]
        for path in todo:  # grows on the way
            elf = objects[path]
            if system.libc == "musl" and not system.stand_in and elf.wants_glibc:
                closure.faults.append(_glibc_on_musl(path, elf))
                continue
            for name in elf.needed:
                if name in loaded or (system.libc == "musl" and _MUSL_OWN.match(name)):
                    continue
                chain = list(_chain(path, parents, objects))
                found = self._search(name, chain, elf, system)
                if found is None:
                    closure.faults.append(self._library_fault(path, name, system))
                    loaded[name] = ""
                    continue
                library, library_elf = found
                loaded[name] = library
                loaded.setdefault(library_elf.soname, library)
                if library not in objects and len(objects) < _MOST_OBJECTS:
                    objects[library] = closure.objects[library] = library_elf
                    parents[library] = path
                    todo.append(library)
        if system.libc == "glibc":
            closure.faults.extend(_version_faults(closure.objects, objects, loaded))

    def _search(self, name: str, chain: list[tuple[str, Elf]], elf: Elf, system: System) -> tuple[str, Elf] | None:
        if "/" in name:
            candidates: Iterator[str] = iter([name])
        else:
            candidates = system.candidates(name, chain, self._environment.get("LD_LIBRARY_PATH", ""))
        for candidate in candidates:
            found = self._image.files.resolve(candidate)
            if not isinstance(found, Found) or not found.node.is_file:
                continue
            if not self._identity.may_reach(found) or not self._identity.may(found.node, READ):
                continue
            library = self.elf(found.node)
            if isinstance(library, Elf) and library.machine == elf.machine:
                return found.path, library
        return None

    def _system(self, interpreter: str) -> System | str:
        """How the loader finds libraries; or why there is none (one clause)."""
        if interpreter in self._systems:
            return self._systems[interpreter]
        found = self._image.files.resolve(interpreter)
        if not isinstance(found, Found):
            return found.why
        if not found.node.is_file:
            return f"{found.path} is no file"
        if not self._identity.may_reach(found) or not self._identity.may(found.node, EXECUTE):
            return f"{self._identity} may not execute {found.path}"
        system = System(self._image, interpreter, found)
        self._systems[interpreter] = system
        return system

    def _machine_fault(self, path: str, elf: Elf) -> Fault | None:
        architecture = self._image.config.architecture
        fitting = MACHINES.get(architecture)
        if fitting is None or elf.machine in fitting:
            return None
        name = elf.machine[0].removeprefix("EM_").lower()
        return Fault(f"{path} is made for {name} ({elf.machine[1]} bit), and the image for {architecture}", path)

    def _loader_fault(self, path: str, elf: Elf, why: str) -> Fault:
        loader = elf.interpreter or ""
        wanted = "musl" if "ld-musl" in loader else "glibc"
        own = self.libc()
        evidence = (f"{path}: interpreter {loader}", *(f"{path}: NEEDED {name}" for name in elf.needed[:8]))
        if wanted == own:
            return Fault(f"{path} asks for the loader {loader}, and {why}", path, evidence)
        what = f"{path} is linked against {wanted}, and the image has {own}: its loader {loader} is not there"
        return Fault(what, path, evidence)

    def _library_fault(self, path: str, name: str, system: System) -> Fault:
        elsewhere = [
            folder
            for folder in _USUAL_FOLDERS
            if self._image.files.file(f"{folder}/{name}") is not None and folder not in system.folders
        ]
        evidence = (f"{path}: NEEDED {name}", f"searched: {', '.join(system.folders)}")
        what = f"{path} needs {name}, which is not there"
        if elsewhere and system.libc == "glibc":
            cache = "a folder that /etc/ld.so.cache does not list (ldconfig was not run)"
            what = f"{path} needs {name}, which lies in {elsewhere[0]}, {cache}"
        elif elsewhere:
            what = f"{path} needs {name}, which lies in {elsewhere[0]}, where musl's loader does not look"
        return Fault(what, name, evidence)


_USUAL_FOLDERS = ("/usr/local/lib", "/usr/local/lib64", "/opt/lib", "/lib", "/usr/lib", "/lib64", "/usr/lib64")


def _chain(path: str, parents: dict[str, str], objects: Mapping[str, Elf]) -> Iterator[tuple[str, Elf]]:
    yield path, objects[path]
    while path in parents:
        path = parents[path]
        yield path, objects[path]


def _glibc_on_musl(path: str, elf: Elf) -> Fault:
    versions = [version for each in elf.versions_needed.values() for version in each if version.startswith("GLIBC_")]
    what = f"{path} is linked against glibc, and it is loaded by a program that runs on musl"
    return Fault(what, path, (f"{path}: needs {', '.join(sorted(versions)[:6])}",))


def _version_faults(
    loading: Mapping[str, Elf], objects: Mapping[str, Elf], loaded: Mapping[str, str]
) -> Iterator[Fault]:
    """Versions that a library does not have; one without any versions is taken as it is, as glibc does."""
    for path, elf in loading.items():
        for name, versions in elf.versions_needed.items():
            library = loaded.get(name, "")
            provided = objects[library].versions if library in objects else frozenset()
            missing = [version for version in versions if provided and version not in provided]
            if missing:
                yield _version_fault(path, missing, library or name, provided)


def _version_fault(path: str, missing: list[str], library: str, provided: frozenset[str]) -> Fault:
    newest = max(missing, key=_numbers)
    family = newest.partition("_")[0] + "_"
    best = max((version for version in provided if version.startswith(family)), key=_numbers, default="")
    if not best:
        upto = f"has no {family}* at all"
    elif _numbers(best) < _numbers(newest):
        upto = f"provides {family.rstrip('_')} up to {best.removeprefix(family)}"
    else:
        upto = "does not provide that version"
    evidence = (f"{path}: needs {', '.join(sorted(missing, key=_numbers))}",)
    return Fault(f"{path} needs {newest}, and {library} {upto}", posixpath.basename(library), evidence)


def _numbers(version: str) -> tuple[bool, list[int]]:
    """Sorts GLIBC_2.9 before GLIBC_2.34, and names without numbers first."""
    digits = re.findall(r"\d+", version.partition("_")[2])
    return bool(re.search(r"_\d+(\.\d+)*\Z", version)), [int(each[:9]) for each in digits]
