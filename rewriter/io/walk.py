"""Finding the Dockerfiles of a folder."""

from __future__ import annotations

import os
import re
import stat
from typing import TYPE_CHECKING

from rewriter.io.gitcmd import ask_git, work_tree

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# Folders that hold what others wrote, or what a tool made: a change in them would be lost or is not ours to make.
VENDORED = frozenset(
    (
        *(
            ".git",
            ".hg",
            ".svn",
            ".direnv",
            ".nox",
            ".tox",
            ".venv",
            "venv",
            "virtualenv",
            "site-packages",
            "__pycache__",
        ),
        *("node_modules", "bower_components", "jspm_packages", ".bundle", ".eggs", "Carthage", "Godeps", "Pods"),
        *("vendor", "third_party", "third-party", "thirdparty", ".terraform"),
    )
)

# A letter after "containerfile" makes another word of it: ContainerFileSystem.cs is no Containerfile.
_NAME = re.compile(r"dockerfile(\..*)?|.*\.dockerfile|containerfile([^a-z].*)?", re.IGNORECASE | re.DOTALL)

# Endings that say that the file is something else: rules, a copy that a tool keeps, a text about Dockerfiles, a
# template that becomes a Dockerfile only later, data, or a program's own test.
_OTHER = re.compile(
    r"""(?: ~ | \.(?:
        dockerignore | orig | rej | bak | backup | old | save | sw[a-p] | tmp | part | patch | diff
        | adoc | asciidoc | html? | markdown | md | mdx | rst
        | ejs | envsubst | epp | erb | gotmpl | hbs | in | j2 | jinja2? | liquid | m4 | mako | mo?ustache | njk
        | template | tmpl | tpl | tt
        | asc | cfg | csv | gz | ini | json | json5 | jsonnet | lock | log | pdf | png | sha256 | sig
        | svg | tar | tgz | toml | xml | ya?ml | zip
        | (?:test|spec)\.[cm]?[jt]sx? | jsx | tsx
        ) )\Z""",
    re.IGNORECASE | re.VERBOSE,
)
# `Dockerfile.go` is the Dockerfile of the Go part; `dockerfile.go` is Go, and `DockerFile.cs` a class.
_SOURCE = re.compile(
    r"(?!Dockerfile|DOCKERFILE|Containerfile|CONTAINERFILE).*"
    r"\.(?:c|cc|clj|cpp|cs|cue|dart|dhall|el|ex|exs|go|h|hs|java|jl|js|kt|lua|mjs|ml|nix|php|pl|pm|ps1|py|pyi|r|rb|rs"
    r"|scala|sh|snap|swift|ts|vim|vue)\Z"
)

# Not `:(icase)`: with it git 2.39 lists no untracked file in an untracked folder when it is asked there.
_IN_ANY_CASE = tuple(
    "*" + "".join(f"[{letter.upper()}{letter}]" for letter in word) + "*" for word in ("dockerfile", "containerfile")
)


def is_dockerfile_name(name: str) -> bool:
    """Whether a file is taken for a Dockerfile: `Dockerfile`, `Dockerfile.*`, `*.Dockerfile`, `Containerfile*`.

    Upper and lower case are the same but for `dockerfile.go` and other sources. Not taken: `*.dockerignore`, backups,
    documentation, templates (`.j2`, `.tmpl`, `.erb`, `.in`, ...) and data.
    """
    if name.startswith("._") or _OTHER.search(name) or _SOURCE.match(name):
        return False
    return _NAME.fullmatch(name) is not None


def find_dockerfiles(path: Path) -> Iterator[Path]:
    """The Dockerfiles of `path`, sorted, each once, as paths that begin with `path`.

    A path that is no folder comes back as it is, whatever its name and whether it is there or not. A folder is searched
    without what git ignores, vendored folders, and other repositories inside of a repository; symbolic links to folders
    are not followed, and links to files only as far as the repository (without one: the folder) goes. Raises nothing: a
    folder that may not be read has no Dockerfiles.
    """
    if not path.is_dir():
        yield path
        return
    found: dict[str, Path] = {}
    for candidate, boundary in sorted(_candidates(path)):
        real = _real_file(candidate, boundary)
        # Of a file and the links to it, the file itself is the one to show.
        if real is not None and (real not in found or not candidate.is_symlink()):
            found[real] = candidate
    yield from sorted(found.values())


def _candidates(path: Path) -> Iterator[tuple[Path, str]]:
    """Files with the name of a Dockerfile, and the folder that a link must not leave."""
    listed = _listed_by_git(path)
    if listed is not None:
        yield from listed
        return
    todo = [path]
    while todo:
        folder = todo.pop()
        children = _children(folder)
        if folder != path and ".git" in children:
            listed = _listed_by_git(folder)
            if listed is not None:
                yield from listed
                continue
        for name, is_folder in children.items():
            if is_folder and name not in VENDORED:
                todo.append(folder / name)
            elif not is_folder and is_dockerfile_name(name):
                yield folder / name, os.path.realpath(path)


def _children(folder: Path) -> dict[str, bool]:
    """The names in a folder, and whether each is a folder itself."""
    try:
        with os.scandir(folder) as entries:
            return {entry.name: entry.is_dir(follow_symlinks=False) for entry in entries}
    except OSError:
        return {}


def _listed_by_git(folder: Path) -> list[tuple[Path, str]] | None:
    """The candidates under a folder of a git work tree; None if it is none, is itself ignored, or git cannot tell."""
    arguments = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    answer = ask_git([*arguments, "--", *_IN_ANY_CASE], folder)
    if answer is None:
        return None
    # Asked for by name, an ignored folder is read: git, which knows nothing in it, is then of no use.
    if not answer and ask_git(["check-ignore", "-q", "--", "."], folder) is not None:
        return None
    boundary = os.path.realpath(work_tree(folder) or folder)
    names = (os.fsdecode(name) for name in answer.split(b"\0") if name)
    return [(folder / name, boundary) for name in names if _is_candidate(name)]


def _is_candidate(name: str) -> bool:
    *folders, last = name.split("/")
    return is_dockerfile_name(last) and VENDORED.isdisjoint(folders)


def _real_file(path: Path, boundary: str) -> str | None:
    """The resolved path of a regular file; None if it is none, or a link out of `boundary`."""
    try:
        real = os.path.realpath(path, strict=True)
        if not stat.S_ISREG(os.stat(real).st_mode):
            return None
    except (OSError, ValueError):
        return None
    return real if not path.is_symlink() or os.path.commonpath((real, boundary)) == boundary else None
