"""The environment of both images: what the Dockerfile sets must stay, what its base image set must where it is read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rewriter.model.state import DEFAULT_PATH
from rewriter.proof.inside.trail import Problem

if TYPE_CHECKING:
    from rewriter.proof.asked import Asked
    from rewriter.proof.inside.start import Side

_BUILD_TOOLS = {
    re.compile(
        r"GO(?:PATH|PROXY|SUMDB|PRIVATE|NOPROXY|NOSUMDB|FLAGS|TOOLCHAIN|OS|ARCH|ARM|ARM64|AMD64|BIN|CACHE|MODCACHE)|"
        r"GO111MODULE|GOLANG_VERSION|GOROOT|GOEXPERIMENT|GOINSECURE|GOVCS|CGO_\w+"
    ): ("go",),
    re.compile(r"CC|CXX|C(?:PP|XX)?FLAGS|LDFLAGS|PKG_CONFIG_PATH"): ("cc", "gcc", "clang"),
    re.compile(r"DEBIAN_FRONTEND"): ("apt-get",),
    re.compile(r"GIT_\w+"): ("git",),
    re.compile(r"MAVEN_\w+"): ("mvn",),
    re.compile(r"GRADLE_\w+"): ("gradle",),
    re.compile(r"CARGO_\w+|RUSTUP_\w+|RUST_VERSION"): ("cargo", "rustup"),
    re.compile(r"PIP_\w+"): ("pip", "pip3"),
    re.compile(r"POETRY_\w+"): ("poetry",),
    re.compile(r"YARN_\w+"): ("yarn",),
    re.compile(r"COMPOSER_\w+"): ("composer",),
}
"""Variables that only some tool reads; one whose tools are all gone cannot be missed."""
_ABOUT_THE_IMAGE = re.compile(r"(?:\w+_)?(?:VERSION|SHA\d*|SHA\w*|URL|KEYS?|DIGEST|DOWNLOAD\w*|RELEASE|DEPS|ASC_URL)\Z")
"""What official images say of themselves; programs do not read it. Only for what a base image set."""
_READ_BY = {
    "python": re.compile(r"PYTHON\w+|LANG|LC_\w+|TZ|SSL_CERT_\w+|LD_\w+|VIRTUAL_ENV|DJANGO_SETTINGS_MODULE|FLASK_\w+"),
    "node": re.compile(r"NODE_\w+|TZ|SSL_CERT_\w+|LD_\w+"),
    "java": re.compile(r"LANG|LC_\w+|TZ|JAVA_TOOL_OPTIONS|JDK_JAVA_OPTIONS|CLASSPATH|LD_\w+|CATALINA_\w+"),
    "ruby": re.compile(r"LANG|LC_\w+|TZ|GEM_\w+|BUNDLE_\w+|RUBY(?:OPT|LIB)|RAILS_\w+|RACK_\w+|SSL_CERT_\w+|LD_\w+"),
    "php": re.compile(r"LANG|LC_\w+|TZ|PHP_INI_\w+|SSL_CERT_\w+|LD_\w+"),
    "perl": re.compile(r"LANG|LC_\w+|TZ|PERL\w+|LD_\w+"),
    "dotnet": re.compile(r"LANG|LC_\w+|TZ|ASPNETCORE_\w+|DOTNET_\w+|SSL_CERT_\w+|LD_\w+"),
    "": re.compile(r"TZ|SSL_CERT_(?:FILE|DIR)|LD_LIBRARY_PATH|LD_PRELOAD|MALLOC_\w+"),
}
"""Variables that an interpreter, or (the empty name) any program's libraries read unasked."""
_READ_IN_TEXTS = re.compile(r"[A-Za-z_]\w{2,}")


def lost_variables(before: Side, after: Side, asked: Asked) -> list[Problem]:
    """A problem for each variable that is gone, or another, and was asked for or is read."""
    old, new = before.image.config.env, after.image.config.env
    problems: list[Problem] = []
    passed: list[str] = []
    for name, value in old.items():
        if name == "PATH" or new.get(name) == value or asked.allows(f"ENV {name}"):
            continue
        own = asked.sets_variable(name) or not asked.known
        reader = _reader(after, name, value)
        if _has_no_tool(after, name) and not (reader and own):
            continue
        if own or (reader and not _ABOUT_THE_IMAGE.match(name)):
            problems.append(_changed(name, value, new.get(name), reader))
        elif not _ABOUT_THE_IMAGE.match(name):
            passed.append(name)
    if passed:
        after.trail.miss(
            f"the base image's {', '.join(passed)} {'is' if len(passed) == 1 else 'are'} not what the original's was; "
            "nothing was seen that reads it"
        )
    return [*problems, *_added(before, after, asked), *_lost_folders(before, after, asked)]


def _changed(name: str, value: str, now: str | None, reader: str | None) -> Problem:
    became = "is not set" if now is None else f"is {now[:100]!r}"
    because = f"; {reader}" if reader else ""
    what = f"the variable {name} {became} and was {value[:100]!r}{because}"
    return Problem(what, name, (f"original: {name}={value[:500]}",), f"env {name}")


def _has_no_tool(side: Side, name: str) -> bool:
    """True for a variable that only build tools read, none of which is left."""
    tools = next((tools for pattern, tools in _BUILD_TOOLS.items() if pattern.fullmatch(name)), None)
    folders = (side.image.config.env.get("PATH") or DEFAULT_PATH).split(":")
    return tools is not None and not any(side.image.files.file(f"{f}/{tool}") for f in folders for tool in tools)


def _reader(side: Side, name: str, value: str) -> str | None:
    """Who reads a variable, as a clause."""
    languages = [runtime.name for runtime in side.trail.runtimes]
    for language in (*languages, ""):
        if _READ_BY.get(language, _READ_BY[""]).fullmatch(name) and not _is_neutral(name, value):
            return f"{language or 'the libraries of every program'} read{'s' if language else ''} it"
    if not _READ_IN_TEXTS.fullmatch(name) or name in ("HOME", "PATH"):
        return None
    for path in side.trail.texts:
        if re.search(rf"\b{re.escape(name)}\b", side.image.text(path) or ""):
            return f"{path} names it"
    entry = side.trail.entry.path if side.trail.entry is not None else ""
    running = {runtime.program.path for runtime in side.trail.runtimes if runtime.program is not None}
    if len(name) > 4 and entry and entry not in running and side.contents.holds(entry, name.encode()):
        return f"{entry} names it"
    return next((f"the start command names it: {word}" for word in side.trail.argv if _expands(word, name)), None)


def _expands(word: str, name: str) -> bool:
    return re.search(rf"\$(?:{name}\b|\{{{name}\b)", word) is not None


def _is_neutral(name: str, value: str) -> bool:
    """A time zone that is the default is none."""
    return name == "TZ" and value in ("", "UTC", "Etc/UTC")


def _added(before: Side, after: Side, asked: Asked) -> Iterator[Problem]:
    """Variables that are new, and change what an interpreter does."""
    for name, value in after.image.config.env.items():
        if name in before.image.config.env or asked.allows(f"ENV {name}") or _ABOUT_THE_IMAGE.match(name):
            continue
        readers = [each.name for each in after.trail.runtimes if _READ_BY[each.name].fullmatch(name)]
        if readers and not name.startswith(("LANG", "LC_")) and not _is_neutral(name, value):
            what = f"the variable {name} is {value[:100]!r} and was not set; {readers[0]} reads it"
            yield Problem(what, name, (f"new: {name}={value[:500]}",), f"env {name}")


def _lost_folders(before: Side, after: Side, asked: Asked) -> Iterator[Problem]:
    """Folders that the Dockerfile put into PATH; one that the new image does not have holds no program there."""
    had = (before.image.config.env.get("PATH") or DEFAULT_PATH).split(":")
    has = (after.image.config.env.get("PATH") or DEFAULT_PATH).split(":")
    own = [folder for folder in had if folder not in has and (folder in asked.path_folders or not asked.known)]
    for folder in own:
        programs = [name for name, node in after.image.files.folder(folder).items() if not node.is_folder]
        if programs and not asked.allows("ENV PATH"):
            evidence = (f"original: PATH={':'.join(had)}", f"new: PATH={':'.join(has)}")
            yield Problem(f"PATH no longer has {folder}, which holds {programs[0]}", "PATH", evidence, f"path {folder}")
