"""Java and what else runs on its virtual machine: archives and class folders, which a JRE of the same version runs."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from rewriter.ecosystems.artefacts import Output, SystemNeeds
from rewriter.ecosystems.java_build import BUILDERS, java_outputs, normalised
from rewriter.ecosystems.java_runtime import java_bases, java_version
from rewriter.ecosystems.source_words import Calls
from rewriter.ecosystems.sourced import SourcedEcosystem
from rewriter.transform import Certainty, Evidence

if TYPE_CHECKING:
    from rewriter.ecosystems.artefacts import Artefact
    from rewriter.ecosystems.reads import RuntimeFiles
    from rewriter.ecosystems.runtime_base import Builder, RuntimeBase
    from rewriter.facts import Facts
    from rewriter.model.launch import Launch
    from rewriter.model.run import Step

_SKIPPED = frozenset("test tests target build .git .mvn gradle buildSrc node_modules resources".split())
_CALLS = Calls(
    reads=re.compile(
        r"\b(?:new File|new FileInputStream|new FileReader|Paths\.get|Path\.of|new RandomAccessFile|FileSystemResource)"
        r'\(\s*(?:"(?P<path>[^"\n]*)")?'
    ),
    starts=re.compile(r'(?:\bnew ProcessBuilder\(|\.exec\()\s*(?:"(?P<program>[^"\s\n]*+)[^"\n]*+")?'),
)
_VALUES = frozenset(
    "-cp -classpath --class-path -p --module-path --upgrade-module-path --add-modules --add-opens --add-exports "
    "--add-reads -jar -m --module".split()
)
"""Options of ``java`` whose value is the next word. Source: ``java --help`` of 17."""
_COMPILES = re.compile(
    rb"javax\.tools\.(?:ToolProvider|JavaCompiler)|com\.sun\.tools|tomcat-embed-jasper|jetty-jsp|apache-jsp|"
    rb"jdk\.jshell|com\.sun\.jdi|tools\.jar"
)
_LOADS = re.compile(rb"\bSystem\.load(?:Library)?\s*\(|\bNative\.load\s*\(|\bSymbolLookup\.libraryLookup\b")
_NAMES_OTHERS = re.compile(rb"<addClasspath>\s*true|<classpathPrefix>|[\"']?Class-Path[\"']?\s*[:>,]")
"""Settings with which an archive's own manifest names others beside it. Source: Maven Archiver Reference, 2026."""
_OF_SPRING = re.compile(r"(?:config/)?application[\w-]*\.(?:properties|ya?ml)\Z")
"""Read in the working directory beside the archive. Source: Spring Boot Reference, Externalized Configuration, 3.2."""
_DRAWS = re.compile(
    rb"java\.awt|javax\.imageio|javax\.swing|jasperreports|poi-ooxml|openhtmltopdf|itextpdf|pdfbox|batik|jfreechart|"
    rb"kaptcha|zxing|thumbnailator"
)
_LOOKED_AT = (".java", ".kt", ".groovy", ".scala", "pom.xml", ".gradle", ".gradle.kts", ".sbt")
_MOST = 2_000


class JavaStage(SourcedEcosystem):
    """What one stage does with Java."""

    name = "Java"
    calls = _CALLS
    skipped = _SKIPPED
    portable = True
    tools = BUILDERS | {"java"}
    settings = frozenset("JAVA_HOME MAVEN_* GRADLE_* ANT_* SBT_* M2_HOME JAVA_VERSION MVN_* KOTLIN_*".split())
    caches = ("/root/.m2", "/root/.gradle", "/home/gradle/.gradle", "/root/.ivy2", "/root/.sbt", "/root/.cache")
    folders = ("/usr/share/maven", "/opt/gradle", "/opt/java/openjdk", "/usr/local/openjdk-*")
    source_names = (".java", ".kt", ".kts", ".groovy", ".scala", ".gradle", ".sbt")
    build_files = frozenset(
        "pom.xml mvnw mvnw.cmd gradlew gradlew.bat gradle.properties settings.xml lombok.config build.xml "
        "maven-wrapper.properties checkstyle.xml".split()
    )
    source_folders = frozenset("src .mvn gradle buildSrc project".split())

    def recognised(self) -> bool:
        """When something that compiles Java is called."""
        return any(normalised(step)[0] in BUILDERS for step in self.steps if step.argv)

    def outputs(self, step: Step) -> Iterator[Output]:
        """The archives and class folders of Maven, Gradle, javac and jar."""
        return java_outputs(step, self.files)

    def leaves(self, step: Step) -> str | None:
        """Builders write into the project and their caches; what Java itself runs is not seen."""
        name, words = normalised(step)
        if name == "java" and words[:1] not in (["-version"], ["--version"]):
            return "what `java` leaves for run time cannot be told"
        if any("spring-boot:run" in word or word == "bootRun" for word in words):
            return f"`{name}` starts the application in the build"
        return "" if name in self.tools else None

    def starts(self, step: Step) -> tuple[str, ...] | str:
        """The archive behind -jar, or the class path."""
        if step.name != "java":
            return self._start_script(step)
        words, found = list(step.argv[1:]), list[str]()
        path = "."
        while words:
            word = words.pop(0)
            if word is None or not word.startswith("-"):
                if word is None:
                    continue
                break
            option, equals, value = word.partition("=")
            if option not in _VALUES:
                continue
            following: str | None = value if equals else words.pop(0) if words else None
            if option == "-jar":
                return (following,) if following else "which archive it starts is only known at run time"
            if option in ("-cp", "-classpath", "--class-path"):
                if following is None:
                    return "its class path is only known at run time"
                path = following
            elif option in ("-p", "--module-path", "-m", "--module"):
                return "it starts a module, whose path is not followed"
        for part in path.split(":"):
            found.append(part.removesuffix("*").rstrip("/") or "." if part != "*" else ".")
        return self._class_path(step, found)

    def _start_script(self, step: Step) -> tuple[str, ...]:
        """The script that Gradle installs beside the archives, and which calls java; nothing for other programs."""
        word = step.argv[0]
        path = step.absolute(word) if word is not None and "/" in word else None
        artefact = self.artefact_at(path) if path is not None else None
        return (word,) if word is not None and artefact is not None and artefact.kind == "dir" else ()

    def _class_path(self, step: Step, parts: list[str]) -> tuple[str, ...] | str:
        for part in parts:
            path = step.absolute(part)
            if path is None or (self.artefact_at(path) is None and self.files.kind(path) is None):
                return f"its class path names {part}, which nothing is seen to make"
        return tuple(part if "/" in part else f"./{part}" for part in parts)

    def toolchain(self, step: Step) -> str:
        """A builder as the start command."""
        name, words = normalised(step)
        return " ".join([name, *words[:1]]) if name in BUILDERS else ""

    def reads(self, artefacts: tuple[Artefact, ...], launch: Launch, made: Mapping[str, str]) -> RuntimeFiles:
        """By the strings and calls of the sources; resources lie in the archive."""
        found = super().reads(artefacts, launch, made)
        compiles = self._mentions(_COMPILES)
        if compiles:
            found.vetoes.append(f"{compiles}: it may compile when it runs, for which a JRE has no compiler")
        loads = self._mentions(_LOADS)
        if loads:
            found.vetoes.append(f"{loads}: it loads a library of machine code, which is not followed")
        found.paths.update(self._configurations())
        others = self._mentions(_NAMES_OTHERS) if any(step.name == "java" for step in launch.all_steps) else ""
        if others and not all(artefact.kind == "dir" for artefact in artefacts):
            found.vetoes.append(f"{others}: its archive looks for others beside it, which are not followed")
        if self.sources:
            fact = "what its dependencies read at run time was not looked at"
            found.evidence.append(Evidence(fact, "build files", Certainty.ASSUMED))
        return found

    def _configurations(self) -> Iterator[tuple[str, str]]:
        """Files of the working directory in which Spring Boot looks for its settings."""
        workdir, context = self.stage.final_state.workdir, self.files.context
        home = self.files.origin(workdir) if workdir is not None else None
        prefix = "" if home in (None, ".") else f"{home}/"
        for path in context.files() if context is not None and home is not None else ():
            if path.startswith(prefix) and _OF_SPRING.match(path[len(prefix) :]):
                yield posixpath.join(workdir or "/", path[len(prefix) :]), "Spring Boot reads it when it starts"

    def _mentions(self, pattern: re.Pattern[bytes]) -> str:
        context = self.files.context
        paths = [path for path in context.files() if path.endswith(_LOOKED_AT)] if context is not None else []
        for path in paths[:_MOST]:
            match = pattern.search((context.read(path, 1_000_000) if context is not None else None) or b"")
            if match:
                return f"{path} mentions {match.group().decode('ascii', 'replace')}"
        return ""

    def needs(self, base: RuntimeBase, builder: Builder) -> SystemNeeds:
        """Fonts where it draws; on Alpine, that no library of it brings code for glibc."""
        from rewriter.manifests import manifest_folders, read_manifests
        from rewriter.manifests.musl import musl_verdict

        needs = SystemNeeds()
        draws = self._mentions(_DRAWS)
        if draws and base.kind == "alpine":
            needs.vetoes.append(f"{draws}: it draws, for which fonts and libraries are not known there")
        elif draws:
            needs.packages.update(dict.fromkeys(("fontconfig", "fonts-dejavu-core"), f"{draws}: it draws"))
        if base.kind != "alpine":
            return needs
        context = self.files.context
        folders = manifest_folders(context) if context is not None else ()
        read = [m for f in folders if context is not None for m in read_manifests(context, f)]
        manifests = [manifest for manifest in read if manifest.ecosystem == "maven"]
        verdict = musl_verdict(tuple(manifests), image="eclipse-temurin", version="")
        needs.vetoes += [str(remark) for remark in verdict.refusals]
        if not manifests:
            needs.vetoes.append("whether its archives bring libraries for glibc (JNI) could not be seen")
        return needs

    def bases(self, facts: Facts, builder: Builder, artefacts: tuple[Artefact, ...]) -> list[RuntimeBase]:
        """The JRE of the same version."""
        return java_bases(facts, builder, self.stage, java_version(self.stage))

    def own_program(self, artefact: Artefact) -> bool:
        """Of several archives only those that are started are carried."""
        return False
