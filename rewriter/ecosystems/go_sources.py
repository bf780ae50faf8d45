"""What Go sources show about run time: files read, programs started, certificates, time zones, cgo.

Only the packages that a program's main package reaches inside its own module are parsed (tree-sitter-go); what its
dependencies do is not looked at, and callers say so.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import TYPE_CHECKING

from rewriter.context import BuildContext

if TYPE_CHECKING:
    from tree_sitter import Node, Parser

MOST_FILES = 2_000
"""Source files read for one program; past that the picture is incomplete and says so."""

_READS = {
    "os": {"Open", "OpenFile", "ReadFile", "ReadDir", "DirFS"},
    "ioutil": {"ReadFile", "ReadDir"},
    "filepath": {"Glob", "Walk", "WalkDir"},
    "http": {"Dir", "ServeFile", "ListenAndServeTLS"},
    "tls": {"LoadX509KeyPair"},
}
_READING_METHODS = frozenset(
    "ParseFiles ParseGlob LoadHTMLGlob LoadHTMLFiles ServeFiles Static StaticFile StaticFS SendFile AddConfigPath "
    "SetConfigFile SetConfigName ReadInConfig DecodeFile ListenAndServeTLS RunTLS".split()
)
_CERTIFICATES = {
    "http": {
        "Get",
        "Post",
        "Head",
        "PostForm",
        "NewRequest",
        "NewRequestWithContext",
        "Client",
        "DefaultClient",
        "Transport",
    },
    "tls": {"Dial", "DialWithDialer", "Client"},
    "x509": {"SystemCertPool"},
    "smtp": {"SendMail", "Dial", "NewClient"},
    "credentials": {"NewTLS", "NewClientTLSFromCert"},
}
_OTHER_SYSTEMS = frozenset(
    "aix android darwin dragonfly freebsd illumos ios js netbsd openbsd plan9 solaris wasip1 windows wasm".split()
)
_CONSTRAINT = re.compile(r"^//(?:go:build| \+build) +(.*)$", re.MULTILINE)
_MODULE = re.compile(r'^\s*module\s+"?([^\s"]+)"?', re.MULTILINE)
_REQUIRE = re.compile(
    r"^\s*(?:require\s+)?([^\s/()]+\.[^\s/()]+/[^\s()]+|[^\s()]+\.[a-z]+/?[^\s()]*)\s+(v[0-9][^\s]*)", re.MULTILINE
)
_GENERATE = re.compile(r"^//go:generate\s+(?:-command\s+)?(\S+)", re.MULTILINE)
_CGO_LIBRARIES = re.compile(r"#cgo\s[^\n]*?(?:pkg-config:|LDFLAGS:[^\n]*-l)\s*([^\n]*)")


@dataclass(slots=True)
class GoFile:
    """One parsed source file."""

    path: str
    package: str
    imports: frozenset[str]
    literals: dict[str, int] = field(default_factory=dict)
    """String literals with the line that holds them."""
    reads: list[tuple[str, int]] = field(default_factory=list)
    """Calls that read files at a path that is no literal."""
    read_paths: list[tuple[str, int]] = field(default_factory=list)
    """Literal paths of such calls."""
    programs: list[tuple[str | None, int]] = field(default_factory=list)
    """exec.Command and the like; None where the name is computed."""
    uses: dict[str, int] = field(default_factory=dict)
    """certificates, zones, stamp, plugins, whole (reads its working directory): what else was seen, with its line."""
    config_names: list[str] = field(default_factory=list)
    """Names of configuration files without extension (viper)."""
    c_libraries: str = ""
    generators: tuple[str, ...] = ()
    """First words of its //go:generate lines."""


@dataclass(frozen=True, slots=True)
class Module:
    """A go.mod: its folder in the context, the module path and what it requires."""

    folder: str
    path: str
    requires: dict[str, str]


@dataclass(frozen=True, slots=True)
class Program:
    """What the sources of one main package, and what it imports inside its module, show."""

    files: tuple[GoFile, ...]
    complete: bool

    def first(self, use: str) -> str | None:
        """Where something was first seen, as ``file:line``."""
        return next((f"{file.path}:{file.uses[use]}" for file in self.files if use in file.uses), None)

    @property
    def imports(self) -> frozenset[str]:
        """All import paths."""
        return frozenset().union(*(file.imports for file in self.files))


class GoSources:
    """The Go sources of a build context, parsed when asked for."""

    def __init__(self, context: BuildContext) -> None:
        self.context = context

    @cached_property
    def folders(self) -> dict[str, tuple[str, ...]]:
        """Folders with Go sources that a Linux build could use, tests and vendored code left out."""
        found: dict[str, list[str]] = {}
        for path in self.context.files():
            if path.endswith(".go") and not path.endswith("_test.go") and _counts(path):
                found.setdefault(posixpath.dirname(path) or ".", []).append(path)
        return {folder: tuple(paths) for folder, paths in found.items()}

    def module_of(self, folder: str) -> Module | None:
        """The module that a folder of the context belongs to."""
        while True:
            data = self.context.read(posixpath.normpath(posixpath.join(folder, "go.mod")))
            if data is not None:
                return _module(folder, data.decode("utf-8", "replace"))
            if folder in (".", ""):
                return None
            folder = posixpath.dirname(folder) or "."

    @cached_property
    def main_packages(self) -> tuple[str, ...]:
        """Folders whose package is ``main``."""
        return tuple(folder for folder in self.folders if any(f.package == "main" for f in self.package(folder)))

    def package(self, folder: str) -> tuple[GoFile, ...]:
        """The parsed files of a folder."""
        if folder not in self._parsed:
            files = (self._parse(path) for path in self.folders.get(folder, ()))
            self._parsed[folder] = tuple(file for file in files if file is not None)
        return self._parsed[folder]

    @cached_property
    def _parsed(self) -> dict[str, tuple[GoFile, ...]]:
        return {}

    def program(self, folder: str | None) -> Program:
        """A main package with what it reaches inside the module; None takes all packages of the context."""
        module = self.module_of(folder) if folder is not None else None
        todo = [folder] if folder is not None else list(self.folders)
        seen: dict[str, tuple[GoFile, ...]] = {}
        count = 0
        while todo and count <= MOST_FILES:
            current = todo.pop()
            if current in seen:
                continue
            seen[current] = self.package(current)
            count += len(seen[current])
            todo += [inner for file in seen[current] for inner in self._inner(file.imports, module)]
        files = tuple(file for package in seen.values() for file in package)
        return Program(files, not todo and not self.context.truncated)

    def _inner(self, imports: frozenset[str], module: Module | None) -> Iterator[str]:
        for path in imports:
            if module is not None and (path == module.path or path.startswith(module.path + "/")):
                folder = posixpath.normpath(posixpath.join(module.folder, path[len(module.path) + 1 :] or "."))
                if folder in self.folders:
                    yield folder
            elif module is None:
                # GOPATH style: an import that ends in a folder of the context is taken for it.
                yield from (folder for folder in self.folders if folder != "." and path.endswith("/" + folder))

    def _parse(self, path: str) -> GoFile | None:
        data = self.context.read(path)
        return None if data is None else parse_go_file(path, data)


def _counts(path: str) -> bool:
    parts = path.split("/")
    if any(part in ("vendor", "testdata", "node_modules") or part.startswith(("_", ".")) for part in parts):
        return False
    suffixes = parts[-1].removesuffix(".go").split("_")[1:]
    return not any(suffix in _OTHER_SYSTEMS for suffix in suffixes)


def _module(folder: str, text: str) -> Module | None:
    match = _MODULE.search(text)
    if match is None:
        return None
    plain = re.sub(r"//[^\n]*", "", text)
    body = re.sub(r"(?ms)^\s*(?:replace|exclude|retract)\s*(?:\(.*?^\s*\)|[^\n(]*$)", "", plain)
    return Module(folder, match.group(1), dict(_REQUIRE.findall(body)))


@cache
def _parser() -> Parser:
    import tree_sitter_go
    from tree_sitter import Language, Parser

    return Parser(Language(tree_sitter_go.language()))


def parse_go_file(path: str, data: bytes) -> GoFile | None:
    """One source file; None for one that a build constraint leaves out (``ignore``, another system)."""
    head = data[:4000].decode("utf-8", "replace")
    for constraint in _CONSTRAINT.findall(head.partition("\npackage ")[0]):
        words = set(re.split(r"[^A-Za-z0-9_!]+", constraint))
        if "ignore" in words or (words & _OTHER_SYSTEMS and "linux" not in words and "!" not in constraint):
            return None
    root = _parser().parse(data).root_node
    package = next((child.children[1].text or b"" for child in root.children if child.type == "package_clause"), b"")
    imports: list[str] = []
    file = GoFile(path, package.decode(), frozenset())
    libraries = _CGO_LIBRARIES.search(data.decode("utf-8", "replace")) if b'"C"' in data else None
    file.c_libraries = libraries.group(1).strip() if libraries else ""
    file.generators = tuple(_GENERATE.findall(data.decode("utf-8", "replace"))) if b"//go:generate" in data else ()
    _scan(root, file, imports)
    file.imports = frozenset(imports)
    return file


def _scan(root: Node, file: GoFile, imports: list[str]) -> None:
    todo = [root]
    while todo:
        node = todo.pop()
        kind = node.type
        if kind == "import_spec":
            path = node.child_by_field_name("path")
            if path is not None:
                imports.append(_literal(path) or "")
            continue
        if kind in ("interpreted_string_literal", "raw_string_literal"):
            text = _literal(node)
            if text:
                file.literals.setdefault(text, node.start_point[0] + 1)
            continue
        if kind == "call_expression":
            _call(node, file)
        elif kind in ("selector_expression", "qualified_type"):
            _selector(node, file)
        todo.extend(node.named_children)


def _literal(node: Node) -> str | None:
    if node.type not in ("interpreted_string_literal", "raw_string_literal"):
        return None
    return (node.text or b"")[1:-1].decode("utf-8", "replace")


def _names(node: Node) -> tuple[str, str]:
    """(operand, name) of ``operand.name``; empty where it is no plain selector."""
    operand = node.child_by_field_name("operand") or node.child_by_field_name("package")
    name = node.child_by_field_name("field") or node.child_by_field_name("name")
    if operand is None or name is None:
        return "", ""
    plain = operand.type in ("identifier", "package_identifier")
    return (operand.text or b"").decode() if plain else "", (name.text or b"").decode()


def _selector(node: Node, file: GoFile) -> None:
    operand, name = _names(node)
    line = node.start_point[0] + 1
    if name in _CERTIFICATES.get(operand, ()):
        file.uses.setdefault("certificates", line)
    elif (operand, name) == ("time", "LoadLocation"):
        file.uses.setdefault("zones", line)
    elif (operand, name) == ("debug", "ReadBuildInfo"):
        file.uses.setdefault("stamp", line)
    elif operand == "plugin" and name == "Open":
        file.uses.setdefault("plugins", line)


def _call(node: Node, file: GoFile) -> None:
    function = node.child_by_field_name("function")
    arguments = node.child_by_field_name("arguments")
    if function is None or arguments is None or function.type != "selector_expression":
        return
    operand, name = _names(function)
    values = arguments.named_children
    line = node.start_point[0] + 1
    if operand == "exec" and name in ("Command", "CommandContext", "LookPath"):
        values = values[1:] if name == "CommandContext" else values
        file.programs.append((_literal(values[0]) if values else None, line))
    elif operand in ("os", "syscall") and name in ("StartProcess", "Exec"):
        file.programs.append((_literal(values[0]) if values else None, line))
    elif operand == "godotenv" and name in ("Load", "Read", "Overload") and not values:
        file.literals.setdefault(".env", line)
    elif name in _READS.get(operand, ()) or name in _READING_METHODS:
        paths = [_literal(value) for value in values if value.type not in ("func_literal", "nil")][:2]
        if name == "SetConfigName" and paths and paths[0]:
            file.config_names.append(paths[0])
        elif name != "AddConfigPath" and any(path in (".", "./", "") for path in paths):
            file.uses.setdefault("whole", line)
        elif not any(path is not None for path in paths) and name != "ReadInConfig":
            file.reads.append((f"{operand}.{name}" if operand else name, line))
        else:
            file.read_paths += [(path, line) for path in paths if path]
