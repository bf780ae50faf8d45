"""Which file Python runs, where it searches for modules, and whether a virtual environment fits it."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rewriter.proof.inside.accounts import READ
from rewriter.proof.inside.filesystem import Found
from rewriter.proof.inside.runtimes.packages import MANAGERS
from rewriter.proof.inside.trail import Call, Located, Problem, Runtime

if TYPE_CHECKING:
    from rewriter.proof.inside.filesystem import FileTree
    from rewriter.proof.inside.libraries import Closure
    from rewriter.proof.inside.start import Walker

_WITH_VALUE = frozenset({"-W", "-X", "--check-hash-based-pycs"})
_NUMBERED = re.compile(r"python(\d+\.\d+)")
_IN_LIBRARY = re.compile(r"libpython(\d+\.\d+)")
_MODULE = re.compile(r"([A-Za-z_][\w.]*):[\w.()]+\Z")
_SERVERS = frozenset("gunicorn uvicorn hypercorn daphne waitress-serve".split())
_ADDS_MODULES = re.compile(r"editable|sys\.path|meta_path|path_hooks")
"""What a line of a .pth file holds that makes further modules known; those that setuptools leaves behind do not."""
_SUFFIXES = (".py", ".pyc", ".so")


@dataclass(frozen=True, slots=True)
class Home:
    """Where an interpreter belongs to."""

    version: str
    """As 3.11; empty when the files do not tell."""
    prefix: str
    environment: str | None
    """The folder of its virtual environment."""


def follow_python(walker: Walker, call: Call, located: Located, closure: Closure) -> Problem | None:
    """Follows ``python file``, ``python -m module`` and ``python -c text``."""
    home = home_of(walker, located, closure)
    if isinstance(home, Problem):
        return home
    flags, rest = _options(call.argv[1:])
    folders = search_folders(walker, call, home, isolated=bool(flags & {"I", "E"}))
    entry = ""
    if rest[:1] == ("-c",) or not rest or rest == ("-",):
        walker.arrive(call, "python", call.argv[1:], located.found)
        walker.trail.miss("what a Python text on the command line imports was not looked at")
    elif rest[0] == "-m" and len(rest) > 1:
        found = _module_file(walker, call, rest[1], folders)
        if isinstance(found, Problem):
            return found
        entry = found
        walker.arrive(call, "python", rest, located.found)
    else:
        script = _script_file(walker, call, rest[0])
        if isinstance(script, Problem):
            return script
        entry = script
        name = posixpath.basename(rest[0])
        walker.arrive(call, *(("python", rest) if name.endswith(".py") else (name, rest[1:])), located.found)
        missing = _application(walker, call, name, rest[1:], folders)
        if missing is not None:
            return missing
    if entry:
        walker.trail.texts[entry] = "python"
        walker.trail.see(f"{entry}, which {located.invoked} runs, is there")
        folders = (posixpath.dirname(entry), *folders) if rest[0] != "-m" else folders
    walker.trail.runtimes.append(Runtime("python", home.version, entry, folders, closure))
    return None


def _options(words: tuple[str, ...]) -> tuple[set[str], tuple[str, ...]]:
    """The single-letter flags, and what stands from ``-m``, ``-c`` or the script on."""
    flags: set[str] = set()
    at = 0
    while at < len(words) and words[at].startswith("-") and words[at] not in ("-", "-m", "-c"):
        word = words[at]
        for letter in "mc":  # -um module
            if not word.startswith("--") and word.endswith(letter) and len(word) > 2:
                return flags | set(word[1:-1]), (f"-{letter}", *words[at + 1 :])
        flags |= set(word[1:]) if not word.startswith("--") else set()
        at += 2 if word in _WITH_VALUE else 1
    return flags, words[at:]


def home_of(walker: Walker, located: Located, closure: Closure) -> Home | Problem:
    """Where an interpreter belongs to; the problem when its library or its environment does not fit."""
    files = walker.files
    real = located.found.path
    numbered = _NUMBERED.search(posixpath.basename(real))
    linked = next((match for each in closure.objects for match in [_IN_LIBRARY.search(each)] if match), None)
    version = (numbered or linked or [""] * 2)[1]
    prefix = posixpath.dirname(posixpath.dirname(real)) or "/"
    if not version:
        own = [match[1] for name in files.folder(f"{prefix}/lib") for match in [_NUMBERED.fullmatch(name)] if match]
        version = own[0] if len(own) == 1 else ""
    environment = None
    for folder in (posixpath.dirname(located.invoked), posixpath.dirname(posixpath.dirname(located.invoked))):
        if files.file(f"{folder}/pyvenv.cfg") is not None:
            environment = folder
    if environment is not None:
        base = _base(walker, environment)
        if base is not None and files.find(base) is None:
            what = f"the virtual environment {environment} is made on the Python in {base}, which is not there"
            return Problem(what, environment, (f"{environment}/pyvenv.cfg: home = {base}",), "venv")
        prefix = posixpath.dirname(base) if base is not None and prefix == environment else prefix
        own = [name for name in files.folder(f"{environment}/lib") if _NUMBERED.fullmatch(name)]
        if version and own and f"python{version}" not in own:
            what = (
                f"the virtual environment {environment} holds its packages in lib/{own[0]}, and its interpreter "
                f"{real} is Python {version}, which does not look there"
            )
            return Problem(what, environment, (f"{located.invoked} leads to {real}",), "venv")
    if version and not _has_library(files, prefix, version):
        what = f"{real} finds no standard library: {prefix}/lib/python{version} is not there"
        return Problem(what, f"{prefix}/lib/python{version}", key="standard library")
    return Home(version, prefix, environment)


def _base(walker: Walker, environment: str) -> str | None:
    text = walker.image.text(f"{environment}/pyvenv.cfg") or ""
    pairs = (line.partition("=") for line in text.split("\n"))
    return next((value.strip() for key, _, value in pairs if key.strip() == "home"), None)


def _has_library(files: FileTree, prefix: str, version: str) -> bool:
    places = (f"lib/python{version}/os.py", f"lib/python{version}/os.pyc", f"lib64/python{version}/os.py")
    zipped = f"{prefix}/lib/python{version.replace('.', '')}.zip"
    return any(files.file(f"{prefix}/{place}") for place in places) or files.file(zipped) is not None


def search_folders(walker: Walker, call: Call, home: Home, *, isolated: bool) -> tuple[str, ...]:
    """The folders of sys.path that are there, but for the script's own; ``.pth`` files are followed."""
    listed = [] if isolated else (call.environment.get("PYTHONPATH") or "").split(":")
    folders = [posixpath.normpath(posixpath.join(call.cwd or "/", each)) for each in listed if each]
    library = f"lib/python{home.version}"
    folders += [f"{home.prefix}/{library}", f"{home.prefix}/{library}/lib-dynload"]
    user = f"{call.environment.get('HOME') or '/'}/.local/{library}/site-packages"
    if home.environment is not None:
        folders.append(f"{home.environment}/{library}/site-packages")
    else:
        folders += [user, f"{home.prefix}/{library}/site-packages", f"/usr/local/{library}/dist-packages"]
        folders += ["/usr/lib/python3/dist-packages"]
    found = [folder for folder in dict.fromkeys(folders) if walker.files.folder(folder)]
    return tuple(dict.fromkeys([*found, *(more for folder in found for more in _pth(walker, folder))]))


def _pth(walker: Walker, folder: str) -> list[str]:
    """Folders that the .pth files of a site folder add; a line with ``import`` may do anything and is told of."""
    added = []
    for name in sorted(walker.files.folder(folder)):
        if not name.endswith((".pth", ".egg-link")):
            continue
        for line in (walker.image.text(f"{folder}/{name}", 20_000) or "").split("\n")[:50]:
            line = line.strip()
            if line.startswith(("import ", "import\t")):
                if not _ADDS_MODULES.search(name + line) or "nspkg" in name:
                    continue
                walker.trail.miss(f"{folder}/{name} runs code that may add modules")
            elif line and not line.startswith("#") and walker.files.folder(line, folder):
                added.append(posixpath.normpath(posixpath.join(folder, line)))
    return added


def find_module(files: FileTree, name: str, folders: tuple[str, ...]) -> str | None:
    """The file or folder of a dotted module, by the first folder that has its first part."""
    first, _, rest = name.partition(".")
    for folder in folders:
        inside = files.folder(folder)
        if inside.get(first) is not None and files.folder(f"{folder}/{first}"):
            path = f"{folder}/{first}"
            return find_module(files, rest, (path,)) if rest else path
        for candidate in inside:
            if candidate.startswith(f"{first}.") and candidate.endswith(_SUFFIXES) and not rest:
                return f"{folder}/{candidate}"
    return None


def _module_file(walker: Walker, call: Call, name: str, folders: tuple[str, ...]) -> str | Problem:
    """The file that ``python -m name`` runs; empty when it is compiled, or code decides where modules are."""
    own = (call.cwd, *folders) if call.cwd is not None else folders
    found = find_module(walker.files, name, own)
    if found is None:
        if any("may add modules" in sentence for sentence in walker.trail.unseen) or call.cwd is None:
            return ""
        evidence = (f"searched: {', '.join(own)}",)
        return Problem(f"python -m {name} finds no module {name}", name, evidence, f"module {name}")
    if walker.files.folder(found):
        main = f"{found}/__main__.py"
        if walker.files.file(main) is None and walker.files.file(f"{found}/__main__.pyc") is None:
            return Problem(f"python -m {name}: {found} has no __main__.py", found, key=f"module {name}")
        return main if walker.files.file(main) is not None else ""
    return found if found.endswith(".py") else ""


def _script_file(walker: Walker, call: Call, name: str) -> str | Problem:
    if call.cwd is None and not name.startswith("/"):
        walker.trail.miss(f"where {name} lies is only known when it runs")
        return ""
    found = walker.files.resolve(name, call.cwd or "/")
    if not isinstance(found, Found):
        return Problem(f"python is to run {name}, and {found.why}", name, key=f"missing {posixpath.basename(name)}")
    if found.node.is_folder:
        main = f"{found.path}/__main__.py"
        return main if walker.files.file(main) is not None else Problem(f"{found.path} has no __main__.py", main)
    if not call.identity.may_reach(found) or not call.identity.may(found.node, READ):
        return Problem(f"{call.identity} may not read {found.path}", found.path, key="denied")
    return found.path


def _application(
    walker: Walker, call: Call, server: str, words: tuple[str, ...], folders: tuple[str, ...]
) -> Problem | None:
    """``gunicorn module:app``: the module is looked for in the working directory first."""
    if server not in _SERVERS or server in MANAGERS or call.cwd is None or any("chdir" in word for word in words):
        return None
    named = next((match[1] for word in words for match in [_MODULE.match(word)] if match), None)
    if named is None or any(word.startswith(("--pythonpath", "--app-dir")) for word in words):
        return None
    found = find_module(walker.files, named, (call.cwd, *folders))
    if found is None:
        return Problem(f"{server} is to load {named}, and no such module is there", named, key=f"module {named}")
    if found.endswith(".py"):
        walker.trail.texts[found] = "python"
    return None
