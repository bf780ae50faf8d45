"""One Go source file, parsed with tree-sitter-go: what it imports, names, reads and starts."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

from rewriter.shell import Opaque, parse_shell

if TYPE_CHECKING:
    from tree_sitter import Node, Parser

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
OTHER_SYSTEMS = frozenset(
    "aix android darwin dragonfly freebsd illumos ios js netbsd openbsd plan9 solaris wasip1 windows wasm".split()
)
_CONSTRAINT = re.compile(r"^//(?:go:build| \+build) +(.*)$", re.MULTILINE)
_TEMPORARY = {"os": {"CreateTemp", "MkdirTemp", "TempDir"}, "ioutil": {"TempFile", "TempDir"}}
_GENERATE = re.compile(r"^//go:generate\s+(?:-command\s+)?(\S+)", re.MULTILINE)
_TOKENS = re.compile(rb"""//[^\n]*|/\*.*?\*/|`[^`]*`|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|/\*|`""", re.DOTALL)
_CGO = re.compile(r"#cgo[ \t]([^\n]*)")


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
    whole: bool = True
    """False when it could not be parsed to its end."""
    c_libraries: str = ""
    generators: tuple[str, ...] = ()
    """First words of its //go:generate lines."""


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
        if "ignore" in words or (words & OTHER_SYSTEMS and "linux" not in words and "!" not in constraint):
            return None
    if not _is_closed(data):
        return GoFile(path, "", frozenset(), whole=False)
    root = _parser().parse(data).root_node
    package = next((child.children[1].text or b"" for child in root.children if child.type == "package_clause"), b"")
    imports: list[str] = []
    file = GoFile(path, package.decode(), frozenset(), whole=not root.has_error)
    file.c_libraries = _linked(data.decode("utf-8", "replace")) if b'"C"' in data else ""
    file.generators = tuple(_GENERATE.findall(data.decode("utf-8", "replace"))) if b"//go:generate" in data else ()
    _scan(root, file, imports)
    file.imports = frozenset(imports)
    return file


def _is_closed(data: bytes) -> bool:
    """Whether every comment and raw string ends: many that do not take the parser the square of their number."""
    return not any(found[0] in (b"/*", b"`") for found in _TOKENS.finditer(data))


def _linked(text: str) -> str:
    """The first libraries beside libc that its ``#cgo`` lines name."""
    for match in _CGO.finditer(text):
        options, _, value = match[1].partition(":")
        before, _, named = value.rpartition("-l") if options.endswith("LDFLAGS") else ("", "", "")
        libraries: str = (value if options.endswith("pkg-config") else named if before else "").strip()
        if libraries:
            return libraries
    return ""


def _scan(root: Node, file: GoFile, imports: list[str]) -> None:
    todo = [root]
    while todo:
        node = todo.pop()
        kind = node.type
        if kind == "import_spec":
            path = node.child_by_field_name("path")
            if path is not None:
                imports.append(_literal(path) or "")
                alias = node.child_by_field_name("name")
                if imports[-1] == "os/exec" and alias is not None and alias.text not in (b"exec", b"_"):
                    # Called under another name: what it starts is not followed.
                    file.programs.append((None, node.start_point[0] + 1))
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
    elif name in _TEMPORARY.get(operand, ()) or name in ("ParseMultipartForm", "FormFile"):
        file.uses.setdefault("temporary", line)
    elif operand == "user" and name in ("Lookup", "LookupId", "LookupGroup", "LookupGroupId"):
        file.uses.setdefault("users", line)
    elif (operand, name) == ("time", "LoadLocation"):
        file.uses.setdefault("zones", line)
    elif (operand, name) == ("debug", "ReadBuildInfo"):
        file.uses.setdefault("stamp", line)
    elif operand == "plugin" and name == "Open":
        file.uses.setdefault("plugins", line)


def _is_everything(path: str) -> bool:
    """True for the working directory itself, or a pattern over it."""
    rest = path.removeprefix("./")
    return rest in ("", ".") or rest[0] in "*?["


def _programs(words: list[str | None]) -> list[str | None]:
    """The programs that exec.Command starts: those of the script for ``sh -c script``."""
    if not words or words[0] is None or posixpath.basename(words[0]) not in ("sh", "bash"):
        return words[:1] or [None]
    if "-c" not in words[1:2]:
        return [words[0], None]  # a script: what it starts is not seen
    script = parse_shell(words[2]) if len(words) > 2 and words[2] is not None else Opaque("computed")
    if isinstance(script, Opaque):
        return [words[0], None]
    return [words[0], *(command.name for command in script.commands if command.words)]


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
        file.programs += [(program, line) for program in _programs([_literal(value) for value in values])]
    elif operand in ("os", "syscall") and name in ("StartProcess", "Exec"):
        file.programs.append((_literal(values[0]) if values else None, line))
    elif operand == "godotenv" and name in ("Load", "Read", "Overload") and not values:
        file.literals.setdefault(".env", line)
    elif name in _READS.get(operand, ()) or name in _READING_METHODS:
        paths = [_literal(value) for value in values if value.type not in ("func_literal", "nil")][:2]
        if name == "SetConfigName" and paths and paths[0]:
            file.config_names.append(paths[0])
        elif name != "AddConfigPath" and any(path is not None and _is_everything(path) for path in paths):
            file.uses.setdefault("whole", line)
        elif not any(path is not None for path in paths) and name != "ReadInConfig":
            file.reads.append((f"{operand}.{name}" if operand else name, line))
        else:
            file.read_paths += [(path, line) for path in paths if path]
