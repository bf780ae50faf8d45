"""Which programs cargo leaves behind, and where.

``cargo build`` writes to ``target/<profile folder>/<binary>``, below ``target/<triple>`` with ``--target``; ``target``
lies beside the Cargo.toml of the workspace, or where CARGO_TARGET_DIR or --target-dir say. ``cargo install`` writes to
``bin`` below --root, CARGO_INSTALL_ROOT or CARGO_HOME. Binaries are those of ``[[bin]]``, of ``src/main.rs`` (the
package's name) and of ``src/bin``. Source: The Cargo Book, 1.80.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rewriter.ecosystems.artefacts import Ahead, Linkage, Output
from rewriter.manifests.cargo import legal_name
from rewriter.manifests.reading import Unread, mapping, read_toml, sequence, string, strings

if TYPE_CHECKING:
    from rewriter.model.files import StageFiles
    from rewriter.model.run import Step

_VALUES = frozenset(
    "--bin --example --package -p --profile --target --target-dir --manifest-path --root --features -F --jobs -j "
    "--color --config -Z --git --branch --tag --rev --path --version --vers --registry --index --exclude".split()
)
_PROFILES = {"dev": "debug", "test": "debug", "bench": "release"}
_PLAIN = re.compile(r"[A-Za-z0-9_./@=,:+-]+\Z")
_CARGO_HOME = "/usr/local/cargo"


@dataclass(frozen=True, slots=True)
class _Cargo:
    """A command of cargo taken apart; an option whose value is only known at run time has None."""

    verb: str
    options: dict[str, str | None]
    operands: tuple[str, ...]
    known: bool


def _parse(step: Step) -> _Cargo | None:
    words = list(step.argv[1:])
    while words and (words[0] or "").startswith("+"):
        words.pop(0)
    if step.name != "cargo" or not words or words[0] is None:
        return None
    verb, options, operands, known = words.pop(0) or "", dict[str, str | None](), list[str](), True
    while words:
        word = words.pop(0)
        if word is None:
            known = False
        elif word == "--":
            break
        elif word.startswith("-"):
            name, equals, value = word.partition("=")
            if equals:
                options[name] = value
            elif name in _VALUES:
                options[name] = words.pop(0) if words else None
            else:
                options[name] = ""
        else:
            operands.append(word)
    return _Cargo({"b": "build", "r": "run"}.get(verb, verb), options, tuple(operands), known)


def own_crate(step: Step) -> bool:
    """True unless a command installs a crate by its name."""
    cargo = _parse(step)
    return cargo is None or cargo.verb != "install" or "--path" in cargo.options


def cargo_outputs(step: Step, files: StageFiles) -> Iterator[Output]:
    """What one command leaves behind."""
    cargo = _parse(step)
    if cargo is None or step.cwd is None:
        return
    if cargo.verb in ("build", "rustc", "zigbuild", "auditable"):
        yield from _built(step, cargo, files)
    elif cargo.verb == "install":
        yield from _installed(step, cargo, files)


def _built(step: Step, cargo: _Cargo, files: StageFiles) -> Iterator[Output]:
    folder = _folder(step, cargo, files)
    if folder is None:
        return
    triple = cargo.options.get("--target")
    linkage = Linkage.STATIC if triple and "musl" in triple and "-crt-static" not in _flags(step) else Linkage.NATIVE
    home = _home(step, cargo)
    names = _binaries(home, cargo, files) if home is not None else None
    for name in names or ():
        yield Output(posixpath.join(folder, name), None, files.origin(home or "/"), linkage)
    if not names:
        yield Output(None, folder, None, linkage)


def _folder(step: Step, cargo: _Cargo, files: StageFiles) -> str | None:
    """The folder that the programs come to; None when part of it is only known at run time."""
    options, home = cargo.options, _home(step, cargo)
    target = options.get("--target-dir", step.variables.get("CARGO_TARGET_DIR", ""))
    triple = options.get("--target", step.variables.get("CARGO_BUILD_TARGET", ""))
    profile = options.get("--profile", "release" if {"--release", "-r"} & options.keys() else "dev")
    if None in (home, target, triple, profile) or not cargo.known or step.cwd is None:
        return None
    beside = f"{_workspace(home or '/', files)}/target"
    root = posixpath.normpath(posixpath.join(step.cwd, target)) if target else beside
    return posixpath.join(root, triple or "", _PROFILES.get(profile or "", profile or ""))


def _home(step: Step, cargo: _Cargo) -> str | None:
    """The folder of the Cargo.toml that a command is about."""
    manifest = cargo.options.get("--manifest-path", "Cargo.toml")
    path = step.absolute(cargo.options.get("--path") or ".") if cargo.verb == "install" else None
    if path is not None:
        return path
    place = step.absolute(manifest) if manifest is not None else None
    return posixpath.dirname(place) if place is not None else None


def _workspace(home: str, files: StageFiles) -> str:
    """The outermost folder above with a ``[workspace]`` in its Cargo.toml, else the folder itself."""
    found, folder = home, home
    while True:
        if "workspace" in _toml(folder, files):
            found = folder
        if folder == "/":
            return found if found != "/" else ""
        folder = posixpath.dirname(folder)


def _toml(folder: str, files: StageFiles) -> dict[str, Any]:
    origin = files.origin(posixpath.join(folder, "Cargo.toml"))
    data = read_toml(files.context, origin) if origin is not None and files.context is not None else None
    return {} if data is None or isinstance(data, Unread) else data


def _binaries(home: str, cargo: _Cargo, files: StageFiles) -> list[str]:
    """Names of the programs of the packages that a command builds; empty when they are not seen."""
    if "--bin" in cargo.options:
        name = cargo.options["--bin"]
        return [name] if name and legal_name(name) else []
    wanted = cargo.options.get("-p", cargo.options.get("--package", ""))
    if wanted is None or files.context is None:
        return []
    data = _toml(home, files)
    alone = "package" in data and not wanted and "--workspace" not in cargo.options
    folders = [] if alone else _members(home, data, files)
    found: list[str] = []
    for folder in (home, *folders):
        package = string(mapping(_toml(folder, files).get("package")).get("name"))
        if package and (not wanted or package == wanted):
            found += _of_package(folder, package, files)
    return [name for name in dict.fromkeys(found) if legal_name(name)]


def _members(home: str, data: dict[str, Any], files: StageFiles) -> list[str]:
    space = mapping(data.get("workspace"))
    patterns = strings(space.get("default-members")) or strings(space.get("members"))
    found: list[str] = []
    context, origin = files.context, files.origin(home)
    for pattern in patterns[:200]:
        if not pattern.endswith("/*"):
            found.append(posixpath.normpath(posixpath.join(home, pattern)))
        elif context is not None and origin is not None:
            prefix = posixpath.normpath(posixpath.join(origin, pattern[:-2])).removeprefix("./") + "/"
            inner = {p[len(prefix) :].split("/")[0] for p in context.files() if p.startswith(prefix)}
            found += [posixpath.join(home, pattern[:-2], name) for name in sorted(inner)]
    return found


def _of_package(folder: str, package: str, files: StageFiles) -> Iterator[str]:
    data = _toml(folder, files)
    listed = [string(mapping(each).get("name")) for each in sequence(data.get("bin"))]
    yield from (name for name in listed if name)
    context = files.context
    if context is None or mapping(data.get("package")).get("autobins") is False:
        return
    if files.kind(posixpath.join(folder, "src/main.rs")) == "file":
        yield package
    prefix = (files.origin(posixpath.join(folder, "src/bin")) or "\0") + "/"
    for path in context.files():
        if path.startswith(prefix):
            name, _, rest = path[len(prefix) :].partition("/")
            if rest == "main.rs" or (not rest and name.endswith(".rs")):
                yield name.removesuffix(".rs")


def _installed(step: Step, cargo: _Cargo, files: StageFiles) -> Iterator[Output]:
    root = cargo.options.get("--root", step.variables.get("CARGO_INSTALL_ROOT") or step.variables.get("CARGO_HOME"))
    folder = step.absolute(posixpath.join(root or _CARGO_HOME, "bin"))
    if folder is None or not cargo.known:
        return
    home = _home(step, cargo)
    if "--path" not in cargo.options:
        for name in (operand.partition("@")[0] for operand in cargo.operands):
            if legal_name(name):
                yield Output(posixpath.join(folder, name), None)
        return
    names = _binaries(home, cargo, files) if home is not None else []
    for name in names:
        yield Output(posixpath.join(folder, name), None, files.origin(home or "/"))
    if not names:
        yield Output(None, folder)


def _flags(step: Step) -> str:
    return step.variables.get("RUSTFLAGS") or ""


def run_ahead(step: Step, files: StageFiles) -> Ahead | str:
    """``cargo build`` for a ``cargo run``, and the program that it makes."""
    cargo = _parse(step)
    words = [word for word in step.argv[2:] if word is not None]
    if cargo is None or not cargo.known or len(words) != len(step.argv) - 2:
        return "what `cargo run` is given is only known at run time"
    flags = words[: words.index("--")] if "--" in words else words
    arguments = words[words.index("--") + 1 :] if "--" in words else list(cargo.operands)
    flags = [word for word in flags if word not in arguments] if "--" not in words else flags
    if not all(_PLAIN.match(word) for word in flags):
        return "its words would need quoting in a RUN"
    folder, home = _folder(step, cargo, files), _home(step, cargo)
    names = _binaries(home, cargo, files) if home is not None else []
    if folder is None or len(names) != 1:
        return "which program it starts cannot be told"
    path = posixpath.join(folder, names[0])
    doubt = "the program becomes process 1 in the place of `cargo run`, and gets the signals itself"
    line = " ".join(["RUN cargo build", *flags])
    return Ahead((line,), (path, *arguments), Output(path, None, files.origin(home or "/")), doubt)
