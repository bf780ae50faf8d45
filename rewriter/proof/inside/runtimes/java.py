"""What ``java`` runs: the jar or the class is there, has a main class, and is not made for a newer Java."""

from __future__ import annotations

import posixpath
import re
import zipfile
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rewriter.proof.inside.accounts import READ
from rewriter.proof.inside.filesystem import Found
from rewriter.proof.inside.trail import Call, Located, Problem, Runtime

if TYPE_CHECKING:
    from rewriter.proof.archive import Image
    from rewriter.proof.inside.libraries import Closure
    from rewriter.proof.inside.start import Walker

_WITH_VALUE = frozenset(
    "-cp -classpath --class-path -p --module-path --add-modules --add-opens --add-exports --add-reads --source "
    "--limit-modules --upgrade-module-path -d --describe-module".split()
)
_CLASS_PATH = frozenset({"-cp", "-classpath", "--class-path"})
_JAVA_VERSION = re.compile(r'^JAVA_VERSION="(?:1\.)?(\d+)', re.MULTILINE)
_CLASS_MAGIC = 0xCAFEBABE
_ZIP_MAGIC = b"PK\x03\x04"
_FIRST_CLASS_VERSION = 44
"""A class file of Java N has the major version 44 + N (JVM specification, 4.1)."""
_MOST_MANIFEST = 1_000_000
_MOST_ENTRIES = 200_000
_LONGEST_END = 22 + 65_535
"""Bytes of the record at the end of a zip, its comment included."""
_MOST_TABLE = 64 * 1024**2


@dataclass(frozen=True, slots=True)
class Jar:
    """What matters of a jar."""

    main: str
    """Main-Class of its manifest; empty without one."""
    classes: frozenset[str]
    """Names of its class files."""
    version: int
    """The Java that its main class is made for; 0 when that is not seen."""


def follow_java(walker: Walker, call: Call, located: Located, closure: Closure) -> Problem | None:
    """Follows ``java -jar file`` and ``java -cp path Class``."""
    words = list(call.argv[1:])
    class_path = call.environment.get("CLASSPATH") or "."
    jar: str | None = None
    while words and words[0].startswith(("-", "@")):
        option = words.pop(0)
        if option == "-jar" and words:
            jar = words.pop(0)
            break
        if option.startswith("-javaagent:"):
            agent = option.partition(":")[2].partition("=")[0]
            if walker.files.file(agent, call.cwd or "/") is None:
                return Problem(f"java is to load the agent {agent}, which is not there", agent, key=f"missing {agent}")
        elif option in ("-m", "--module") or option.startswith("@"):
            walker.trail.miss(f"what java starts by {option} was not looked at")
            words = words[1:] if option.startswith("-m") else words
        elif option in _WITH_VALUE and words:
            value = words.pop(0)
            class_path = value if option in _CLASS_PATH else class_path
        elif option.startswith("--class-path="):
            class_path = option.partition("=")[2]
    runs = _java_version(walker.image, located)
    entry = ""
    if jar is not None:
        found = _jar(walker, call, jar, runs)
        if isinstance(found, Problem):
            return found
        entry = found
        walker.arrive(call, "java", ("-jar", posixpath.basename(jar), *words), located.found)
    elif words:
        missing = _main_class(walker, call, words[0], class_path.split(":"), runs)
        if missing is not None:
            return missing
        walker.arrive(call, "java", tuple(words), located.found)
    walker.trail.runtimes.append(Runtime("java", str(runs or ""), entry, (), closure))
    return None


def _java_version(image: Image, located: Located) -> int:
    """The major version that the installation's ``release`` file names; 0 without one."""
    folder = posixpath.dirname(posixpath.dirname(located.found.path))
    for place in (folder, posixpath.dirname(folder)):
        match = _JAVA_VERSION.search(image.text(f"{place}/release") or "")
        if match:
            return int(match.group(1))
    return 0


def _jar(walker: Walker, call: Call, name: str, runs: int) -> str | Problem:
    if call.cwd is None and not name.startswith("/"):
        walker.trail.miss(f"where {name} lies is only known when it runs")
        return ""
    found = walker.files.resolve(name, call.cwd or "/")
    if not isinstance(found, Found):
        return Problem(f"java is to run {name}, and {found.why}", name, key=f"missing {posixpath.basename(name)}")
    if not call.identity.may_reach(found) or not call.identity.may(found.node, READ):
        return Problem(f"{call.identity} may not read {found.path}", found.path, key="denied")
    jar = read_jar(walker.image, found.path)
    if jar is None and walker.image.head(found.node, len(_ZIP_MAGIC)) == _ZIP_MAGIC:
        # With more than 65,535 entries, say: Java reads what is out of bounds here.
        walker.trail.miss(f"{found.path} is too big a jar, or a damaged one, and was not looked into")
        return found.path
    if jar is None:
        return Problem(f"{found.path} is no jar that can be read", found.path, key="jar")
    if not jar.main:
        evidence = (f"{len(jar.classes)} classes",)
        return Problem(
            f"{found.path} has no Main-Class in its manifest, so java -jar cannot run it", found.path, evidence
        )
    if runs and jar.version > runs:
        what = f"{found.path} is made for Java {jar.version}, and Java {runs} runs it"
        return Problem(what, found.path, (f"Main-Class: {jar.main}",), "java version")
    walker.trail.see(f"{found.path} has the main class {jar.main}")
    return found.path


def _main_class(walker: Walker, call: Call, name: str, class_path: list[str], runs: int) -> Problem | None:
    if call.cwd is None:
        return None
    member = f"{name.replace('.', '/')}.class"
    for entry in class_path:
        path = posixpath.normpath(posixpath.join(call.cwd, entry or "."))
        if entry.endswith("*"):
            folder = posixpath.dirname(path)
            jars = [f"{folder}/{each}" for each in sorted(walker.files.folder(folder)) if each.lower().endswith(".jar")]
        else:
            jars = [path]
        for jar_path in jars:
            node = walker.files.file(posixpath.join(path, member)) if jar_path == path else None
            if node is not None:
                version = _class_version(walker.image.head(node, 8))
                if runs and version > runs:
                    return Problem(f"{name} is made for Java {version}, and Java {runs} runs it", name)
                return None
            jar = read_jar(walker.image, jar_path) if walker.files.file(jar_path) is not None else None
            if jar is not None and member in jar.classes:
                return None
    evidence = (f"class path: {':'.join(class_path)}",)
    return Problem(
        f"java is to run the class {name}, which is nowhere in its class path", name, evidence, f"class {name}"
    )


def read_jar(image: Image, path: str) -> Jar | None:
    """The main class and the class files of a jar; None when it cannot be read within bounds."""
    node = image.files.file(path)
    stream = image.open(node) if node is not None else None
    if node is None or stream is None:
        return None
    stream.seek(max(0, node.size - _LONGEST_END))
    if not _is_bounded(stream.read()):
        return None
    try:
        with zipfile.ZipFile(stream) as archive:
            names = archive.namelist()
            main, starts = _manifest(archive)
            classes = frozenset(name for name in names if name.endswith(".class"))
            versions = [_member_version(archive, name, classes) for name in (main, starts) if name]
            return Jar(main, classes, max(versions, default=0))
    except (zipfile.BadZipFile, zlib.error, OSError, ValueError, NotImplementedError, RuntimeError, EOFError, KeyError):
        return None


def _is_bounded(tail: bytes) -> bool:
    """Whether the table of a zip is small enough to be read (APPNOTE 4.3.16, end of central directory record)."""
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or at + 22 > len(tail):
        return False
    entries = int.from_bytes(tail[at + 10 : at + 12], "little")
    size = int.from_bytes(tail[at + 12 : at + 16], "little")
    return entries != 0xFFFF and entries <= _MOST_ENTRIES and size <= _MOST_TABLE


def _manifest(archive: zipfile.ZipFile) -> tuple[str, str]:
    """Main-Class, and Start-Class as Spring Boot writes it, from the manifest; empty where they are not."""
    try:
        with archive.open("META-INF/MANIFEST.MF") as stream:
            text = stream.read(_MOST_MANIFEST).decode("utf-8", "replace")
    except KeyError:
        return "", ""
    lines = re.sub(r"\r?\n ", "", text).splitlines()
    values = {key.strip().lower(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
    return values.get("main-class", ""), values.get("start-class", "")


def _member_version(archive: zipfile.ZipFile, name: str, classes: frozenset[str]) -> int:
    member = f"{name.replace('.', '/')}.class"
    for candidate in (member, f"BOOT-INF/classes/{member}", f"WEB-INF/classes/{member}"):
        if candidate in classes:
            with archive.open(candidate) as stream:
                return _class_version(stream.read(8))
    return 0


def _class_version(head: bytes) -> int:
    if len(head) < 8 or int.from_bytes(head[:4], "big") != _CLASS_MAGIC:
        return 0
    return int.from_bytes(head[6:8], "big") - _FIRST_CLASS_VERSION
