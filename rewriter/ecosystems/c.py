"""C and C++: programs of a compiler, of make and of CMake, with the libraries that they are linked against."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from rewriter.ecosystems.artefacts import Links, Output, SystemNeeds
from rewriter.ecosystems.c_build import COMPILERS, c_outputs, linked_libraries, makefile_texts, shared_library
from rewriter.ecosystems.source_words import Calls
from rewriter.ecosystems.sourced import SourcedEcosystem
from rewriter.transform import Evidence

if TYPE_CHECKING:
    from rewriter.ecosystems.artefacts import Artefact
    from rewriter.ecosystems.reads import RuntimeFiles
    from rewriter.ecosystems.runtime_base import Builder, RuntimeBase
    from rewriter.model.launch import Launch
    from rewriter.model.run import Step

_SKIPPED = frozenset({"test", "tests", "build", ".git", "third_party", "examples"})
_CALLS = Calls(
    reads=re.compile(
        r"\b(?:fopen|open|opendir|ifstream(?:\s+\w+)?|fstream(?:\s+\w+)?|std::filesystem::path(?:\s+\w+)?)\s*[({]\s*"
        r'(?:"(?P<path>[^"\n]*)")?'
    ),
    starts=re.compile(
        r'\b(?:system|popen|execlp?e?|execvp?e?|posix_spawnp?)\s*\(\s*(?:"(?P<program>[^"\s\n]*+)[^"\n]*+")?'
    ),
    temporary=re.compile(r"\b(?:mkstemp|mkdtemp|tmpfile|tmpnam)\s*\("),
    certificates=re.compile(r"\b(?:curl_easy_init|SSL_CTX_new|SSL_CTX_set_default_verify_paths)\s*\("),
)
_INSTRUMENTS = re.compile(r"-fsanitize=\w+|-fopenacc\b|-fprofile-\w+|--coverage\b|(?<![\w-])-pg\b")
_OPENMP = re.compile(r"find_package\s*\(\s*OpenMP\b|dependency\s*\(\s*['\"]openmp", re.IGNORECASE)
_GENERATES = re.compile(
    r"configure_file|file\s*\(\s*(?:COPY|WRITE|GENERATE)|add_custom_(?:command|target)", re.IGNORECASE
)
_BASE_LIBRARIES = frozenset("c m pthread dl rt util resolv crypt stdc++ gcc gcc_s stdc++fs nsl anl".split())
"""Libraries of glibc, of the compiler, and what every Debian has. Source: libc6 and libstdc++6 of bookworm."""
_PLUS_PLUS = frozenset({"g++", "clang++", "c++"})


class CStage(SourcedEcosystem):
    """What one stage does with C or C++."""

    name = "C"
    calls = _CALLS
    skipped = _SKIPPED
    tools = COMPILERS | frozenset(
        "ar ranlib ld as strip objcopy autoreconf autoconf automake libtoolize configure".split()
    )
    settings = frozenset("CFLAGS CXXFLAGS CPPFLAGS LDFLAGS MAKEFLAGS CMAKE_* LIBRARY_PATH CPATH C_INCLUDE_PATH".split())
    source_names = (".c", ".cc", ".cpp", ".cxx", ".h", ".hh", ".hpp", ".hxx", ".s", ".S")
    build_files = frozenset(
        "CMakeLists.txt makefile GNUmakefile configure configure.ac Makefile.am Makefile.in config.h.in meson.build "
        "build.ninja compile_commands.json".split()
    )
    source_folders = frozenset("src include lib cmake m4 third_party".split())
    strippable = True

    def recognised(self) -> bool:
        """When a compiler or what drives one is called, on Debian, Ubuntu, Alpine or gcc's own image."""
        image = self.stage.root.image
        known = image is not None and image.short_name in ("gcc", "debian", "ubuntu", "alpine", "buildpack-deps")
        return known and any(step.name in COMPILERS for step in self.steps)

    def outputs(self, step: Step) -> Iterator[Output]:
        """The programs of compilers, make and CMake."""
        return c_outputs(step, self.files)

    def leaves(self, step: Step) -> str | None:
        """What is installed lies in many places; a shared library is loaded by anything."""
        words = [word for word in step.argv if word is not None]
        if step.name in ("make", "ninja", "cmake", "meson") and {"install", "--install"} & {*words}:
            return "where its installation puts files cannot be told"
        if step.name in COMPILERS and ("-shared" in words or "-dynamiclib" in words):
            return "it builds a shared library, and what loads it at run time cannot be told"
        return super().leaves(step)

    def reads(self, artefacts: tuple[Artefact, ...], launch: Launch, made: Mapping[str, str]) -> RuntimeFiles:
        """By the strings and calls of the sources."""
        found = super().reads(artefacts, launch, made)
        loads = next((s for s in self.sources if re.search(r"\bdlopen\s*\(", s.text)), None)
        if loads is not None:
            found.vetoes.append(f"{loads.path} loads libraries when it runs (dlopen)")
        shared = shared_library(self)
        if shared:
            found.vetoes.append(f"it builds a shared library ({shared}), which its program may load")
        return found

    @property
    def generates(self) -> bool:
        """When CMake writes or copies files."""
        return any(_GENERATES.search(text) for text in makefile_texts(self))

    def links(self, artefacts: tuple[Artefact, ...], builder: Builder) -> Links:
        """The libraries that -l names, in commands and makefiles; those of ``-dev`` packages are found by these."""
        if artefacts and all(artefact.static for artefact in artefacts):
            return Links(evidence=(Evidence("it is linked statically", "Dockerfile"),))
        named = linked_libraries(self) - _BASE_LIBRARIES
        return Links(f"it links {', '.join(f'-l{name}' for name in sorted(named))}" if named else "")

    def needs(self, base: RuntimeBase, builder: Builder) -> SystemNeeds:
        """The libraries of the compiler itself."""
        needs = SystemNeeds()
        static = bool(self.artefacts) and all(artefact.static for artefact in self.artefacts)
        plus = self._plus_plus
        flags = " ".join(word or "" for step in self.steps for word in step.argv) + " ".join(makefile_texts(self))
        if base.kind == "alpine" and builder.musl and not static and plus:
            needs.packages["libstdc++"] = "C++ links against it"
        instruments = _INSTRUMENTS.search(flags)
        if instruments:
            needs.vetoes.append(f"{instruments.group()} asks for a library of the compiler, whose package is not known")
        if ("-fopenmp" in flags or _OPENMP.search(flags)) and not static:
            needs.packages["libgomp1" if base.kind == "slim" else "libgomp"] = "-fopenmp links against it"
        image = self.stage.root.image
        full = image is not None and image.short_name in ("gcc", "buildpack-deps")
        if "libgomp1" in needs.packages and full:
            needs.vetoes.append("gcc's image has a newer libgomp than its Debian")
        if plus and full and "-static" not in flags:
            needs.vetoes.append("gcc's image has a newer libstdc++ than its Debian: link it with -static-libstdc++")
        named = sorted(linked_libraries(self) - _BASE_LIBRARIES)
        if full and named and not static:
            needs.vetoes.append(f"it links -l{named[0]}, which the full image brings: its package is not known")
        if not self.sources:
            needs.vetoes.append("which libraries it is linked against cannot be told without its sources")
        return needs

    @property
    def _plus_plus(self) -> bool:
        endings = (".cc", ".cpp", ".cxx")
        return any(step.name in _PLUS_PLUS for step in self.steps) or any(
            s.path.endswith(endings) for s in self.sources
        )
