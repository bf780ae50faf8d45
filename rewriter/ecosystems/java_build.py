"""Which archives and class folders the builders of Java leave behind, and where.

Maven: ``target/<finalName>.<packaging>``, where finalName is by default ``artifactId-version``; Gradle:
``build/libs/<name>-<version>.jar``, with ``-all`` of the shadow plugin, ``build/install/<name>`` of installDist.
Source: the documentation of Maven's super POM, of Gradle 8's Java, application and shadow plugins.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element

from rewriter.ecosystems.artefacts import Linkage, Output
from rewriter.manifests.reading import Unread, child_text, local_name, read_text, read_xml

if TYPE_CHECKING:
    from rewriter.model.files import StageFiles
    from rewriter.model.run import Step

BUILDERS = frozenset("mvn mvnw gradle gradlew javac jar ant sbt kotlinc scalac groovyc lein mill".split())
_MAVEN = frozenset({"package", "install", "verify", "deploy"})
_GRADLE_JARS = frozenset({"build", "assemble", "jar", "bootJar", "shadowJar", "bootRepackage"})
_NAMING = frozenset({"finalName", "outputFile", "jarName", "warName", "descriptor", "destFile", "destfile", "tofile"})
_RENAMING = re.compile(
    r"versions:|-D(?:revision|changelist|sha1|version|newVersion|(?:\w+\.)*finalName)\b|-P|--activate"
)
_PROPERTY = re.compile(r"\$\{([\w.-]+)\}")
_SHELLS = frozenset({"sh", "bash"})
_MOST_MODULES = 200


def normalised(step: Step) -> tuple[str, list[str]]:
    """The program and its words; that of ``sh mvnw …`` is mvnw."""
    words = [word for word in step.argv if word is not None]
    name = step.name
    if name in _SHELLS and len(words) > 1 and posixpath.basename(words[1]) in ("mvnw", "gradlew"):
        name, words = posixpath.basename(words[1]), words[1:]
    return name, words[1:]


def java_outputs(step: Step, files: StageFiles) -> Iterator[Output]:
    """What one command leaves behind."""
    name, words = normalised(step)
    if step.cwd is None:
        return
    if name in ("mvn", "mvnw"):
        yield from _maven(step, words, files)
    elif name in ("gradle", "gradlew"):
        yield from _gradle(step, words, files)
    elif name == "javac":
        folder = _value(words, "-d")
        yield Output(step.absolute(folder or "."), None, linkage=Linkage.PORTABLE, kind="dir")
    elif name == "jar" and words and words[0].lstrip("-").startswith("c"):
        archive = next((word for word in words[1:] if word.endswith((".jar", ".war"))), "")
        yield Output(step.absolute(archive) if archive else None, None, linkage=Linkage.PORTABLE)
    elif name in ("cp", "mv"):
        yield from _renamed(step)


def _renamed(step: Step) -> Iterator[Output]:
    """``cp target/*.jar /app.jar`` fails where the pattern has two matches: then the one match has the new name."""
    raws = [word.raw for word in step.command.words] if step.command is not None else []
    patterns = [raw for raw in raws if raw.endswith(".jar") and "*" in raw]
    target = step.argv[-1] or ""
    operands = [raw for raw in raws[1:] if not raw.startswith("-")]
    if len(patterns) == 1 and len(operands) == 2 and target.endswith(".jar"):
        yield Output(step.absolute(target), None, linkage=Linkage.PORTABLE)


def _value(words: list[str], *names: str) -> str:
    for place, word in enumerate(words):
        option, equals, value = word.partition("=")
        if option in names:
            return value if equals else (words[place + 1] if place + 1 < len(words) else "")
    return ""


def _maven(step: Step, words: list[str], files: StageFiles) -> Iterator[Output]:
    copies = any(word.startswith("dependency:copy-dependencies") for word in words)
    if not _MAVEN & {*words} and not copies:
        return
    pom = _value(words, "-f", "--file") or "pom.xml"
    home = posixpath.dirname(step.absolute(pom) or "/pom.xml")
    if copies:
        folder = next((w.partition("=")[2] for w in words if w.startswith("-DoutputDirectory=")), "target/dependency")
        yield Output(posixpath.normpath(posixpath.join(home, folder)), None, linkage=Linkage.PORTABLE, kind="dir")
    if not _MAVEN & {*words}:
        return
    prefix = ""
    for folder, root in _modules(home, files):
        yield from _of_pom(folder, root)
        if folder == home:
            prefix = _prefix(root, words)
    # Archives with a classifier of a plugin lie beside it.
    yield Output(None, posixpath.join(home, "target"), linkage=Linkage.PORTABLE, prefix=prefix)
    yield Output(posixpath.join(home, "target/classes"), None, linkage=Linkage.PORTABLE, kind="dir")
    yield Output(posixpath.join(home, "target/quarkus-app"), None, linkage=Linkage.PORTABLE, kind="dir")


def _modules(home: str, files: StageFiles) -> Iterator[tuple[str, Element]]:
    todo, seen = [home], set[str]()
    for folder in todo:  # grows on the way
        if folder in seen or len(seen) > _MOST_MODULES:
            continue
        seen.add(folder)
        origin = files.origin(posixpath.join(folder, "pom.xml"))
        root = read_xml(files.context, origin) if origin is not None and files.context is not None else None
        if root is None or isinstance(root, Unread):
            continue
        yield folder, root
        for element in root.iter():
            if local_name(element) == "module" and element.text:
                todo.append(posixpath.normpath(posixpath.join(folder, element.text.strip())))


def _of_pom(folder: str, root: Element) -> Iterator[Output]:
    packaging = child_text(root, "packaging") or "jar"
    if packaging not in ("jar", "war"):
        return
    resolved = _final_name(root)
    if resolved is not None:
        path = posixpath.join(folder, "target", f"{resolved}.{packaging}")
        yield Output(path, None, linkage=Linkage.PORTABLE)
        # The name that the assembly plugin gives to an archive with all dependencies.
        if any(local_name(e) == "descriptorRef" and e.text == "jar-with-dependencies" for e in root.iter()):
            joined = posixpath.join(folder, "target", f"{resolved}-jar-with-dependencies.jar")
            yield Output(joined, None, linkage=Linkage.PORTABLE)


def _final_name(root: Element) -> str | None:
    build = next((child for child in root if local_name(child) == "build"), None)
    name = child_text(build, "finalName") if build is not None else ""
    return _resolved(name or "${project.artifactId}-${project.version}", root)


def _prefix(root: Element, words: list[str]) -> str:
    """What the names of all archives of a project begin with; empty where a parent, plugin or option may name one."""
    parent = next((child for child in root if local_name(child) == "parent"), None)
    foreign = parent is not None and child_text(parent, "groupId") != "org.springframework.boot"
    named = any(local_name(element) in _NAMING for element in root.iter())
    return "" if foreign or named or any(_RENAMING.match(word) for word in words) else _final_name(root) or ""


def _resolved(text: str, root: Element, depth: int = 0) -> str | None:
    """A text with its properties; None when one is set elsewhere."""
    parent = next((child for child in root if local_name(child) == "parent"), None)
    properties = next((child for child in root if local_name(child) == "properties"), None)
    own = {local_name(child): (child.text or "").strip() for child in (properties if properties is not None else ())}
    inherited = child_text(parent, "version") if parent is not None else ""
    own["project.artifactId"] = own["artifactId"] = child_text(root, "artifactId")
    own["project.version"] = own["version"] = child_text(root, "version") or inherited
    own["project.name"] = child_text(root, "name") or own["artifactId"]
    for name in _PROPERTY.findall(text):
        value = own.get(name) or None
        if value is None:
            return None
        text = text.replace(f"${{{name}}}", value)
    if not _PROPERTY.search(text):
        return text if "/" not in text else None
    return _resolved(text, root, depth + 1) if depth < 5 else None


_NAME = re.compile(r"""rootProject\.name\s*=\s*["']([\w.-]+)["']""")
_INCLUDES = re.compile(
    r"""^[ \t]*include(?:[ \t]*\(([^()]*)\)|[ \t]+((?:["'][\w.:-]+["'][ \t]*,?\s*)+))""", re.MULTILINE
)
_QUOTED = re.compile(r"""["']([\w.:-]+)["']""")
_VERSION = re.compile(r"""^[ \t]*version\s*(?:=\s*)?["']([\w.+-]+)["']""", re.MULTILINE)
_ARCHIVE = re.compile(
    r"""(?:archiveFileName(?:\.set\(|\s*=)|\barchiveName(?:\s*=)?)\s*["']([\w.+-]+\.jar)["']|"""
    r"""(?:archivesBaseName|archivesName|archiveBaseName)(?:\.set\(|\s*=)\s*["']([\w.-]+)["']"""
)


def _gradle(step: Step, words: list[str], files: StageFiles) -> Iterator[Output]:
    tasks = {word.rpartition(":")[2] for word in words if not word.startswith("-")}
    home = step.absolute(_value(words, "-p", "--project-dir") or ".")
    if home is None:
        return
    named = (word.strip(":").rpartition(":")[0] for word in words if ":" in word[1:] and not word.startswith("-"))
    project = next(named, "").replace(":", "/")
    # A task that names no project runs in all of them.
    for each in [project] if project else ["", *_gradle_projects(home, files)]:
        yield from _of_gradle(home, each, tasks, files)


def _of_gradle(home: str, project: str, tasks: set[str], files: StageFiles) -> Iterator[Output]:
    """What tasks leave in one project; its path is empty for the root."""
    folder = posixpath.join(home, project) if project else home
    if "installDist" in tasks or "installShadowDist" in tasks:
        name = _gradle_name(home, project, files)
        if name:
            place = posixpath.join(folder, "build/install", name)
            yield Output(place, None, kind="dir", linkage=Linkage.PORTABLE)
    # A task of the project's own that makes an archive is called so: fatJar, uberJar.
    if not (tasks & _GRADLE_JARS or any(task.endswith("Jar") for task in tasks)):
        return
    libs = posixpath.join(folder, "build/libs")
    text = _script(folder, files)
    archive = _ARCHIVE.search(text)
    if archive and archive[1]:
        yield Output(posixpath.join(libs, archive[1]), None, linkage=Linkage.PORTABLE)
    name, version = (archive[2] if archive else "") or _gradle_name(home, project, files), _VERSION.search(text)
    if name and version:
        tail = "-all" if "shadowJar" in tasks else ""
        yield Output(posixpath.join(libs, f"{name}-{version[1]}{tail}.jar"), None, linkage=Linkage.PORTABLE)
    yield Output(None, libs, linkage=Linkage.PORTABLE)


def _gradle_projects(home: str, files: StageFiles) -> tuple[str, ...]:
    """The paths of the projects that the settings include, from the root."""
    included = " ".join(" ".join(found) for found in _INCLUDES.findall(_settings(home, files)))
    paths = (name.strip(":").replace(":", "/") for name in _QUOTED.findall(included))
    return tuple(dict.fromkeys(paths))[:_MOST_MODULES]


def _gradle_name(home: str, project: str, files: StageFiles) -> str:
    if project:
        return posixpath.basename(project)
    found = _NAME.search(_settings(home, files))
    return found[1] if found else ""


def _settings(home: str, files: StageFiles) -> str:
    return _first_of(home, ("settings.gradle", "settings.gradle.kts"), files)


def _script(folder: str, files: StageFiles) -> str:
    return _first_of(folder, ("build.gradle", "build.gradle.kts"), files)


def _first_of(folder: str, names: tuple[str, ...], files: StageFiles) -> str:
    """The text of the first of some files that is there and not empty."""
    for name in names:
        origin = files.origin(posixpath.join(folder, name))
        text = read_text(files.context, origin) if origin is not None and files.context is not None else ""
        if isinstance(text, str) and text:
            return text
    return ""
