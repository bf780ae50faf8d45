"""Files of the original that the new program names and the new image lacks: templates, settings, static pages.

A name counts when it stands in the program word for word: in a binary, a path with a folder in it, or a pattern
(``templates/*.html``) that the file matches; in a script, a quoted string. A file whose text is in the binary
as well was built into it (``go:embed``) and is no loss.
"""

from __future__ import annotations

import fnmatch
import posixpath
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rewriter.proof.inside.trail import Problem

if TYPE_CHECKING:
    from rewriter.proof.archive import Image
    from rewriter.proof.asked import Asked
    from rewriter.proof.inside.start import Side

_MOST_CANDIDATES = 20_000
_MOST_CHECKED = 500
"""Named files that are looked for in the binary itself."""
_MOST_TEXTS = 2_000
_MOST_TEXT = 1_000_000
_MOST_INSTALLED = 50_000_000
"""Bytes of apk's list of what is installed; an image with 1,000 packages has some 3 MB."""
_SAMPLE = 200
_LEAST_SAMPLE = 8
_SYSTEM = frozenset("bin boot dev lib lib32 lib64 libx32 media mnt proc run sbin sys tmp usr var".split())
"""Folders of the top that belong to the distribution; what an image adds to them is not guessed at, but for these."""
_OWN_PLACES = ("/usr/local/share", "/usr/local/etc", "/usr/local/lib", "/var/www", "/var/lib")
"""Where programs of one's own keep their files; of base images only the layers on top of them count."""
_SOURCES = re.compile(
    r".*\.(?:go|mod|sum|c|h|cc|cpp|hpp|s|rs|java|kt|scala|md|rst|lock|map|log|pyc|o|a|class|d\.ts)\Z"
    r"|(?:.*/)?(?:Dockerfile|Makefile|LICENSE|README|CHANGELOG|Containerfile|\.git|\.docker)[^/]*\Z"
    r"|(?:.*/)?\.(?:bashrc|bash_logout|profile)\Z",
    re.IGNORECASE,
)
_SKIPPED = frozenset(".git .github node_modules site-packages dist-packages __pycache__ testdata vendor .cache".split())
_SYSTEM_SETTINGS = re.compile(
    r"/etc/(?:(?:passwd|group|shadow|gshadow|subuid|subgid)-?|hosts|hostname|resolv\.conf|nsswitch\.conf|mtab|localtime|"
    r"timezone|ld\.so\.(?:cache|conf)|environment|machine-id|mime\.types|services|protocols|ssl/.*|pki/.*|ca-certificates.*)"
)
"""What systems write themselves, what engines mount, and what has rules of its own elsewhere."""
_QUOTED = re.compile(r"""(['"`])([^'"`\n]{2,300})\1""")
_LANGUAGES = {
    "python": (".py",),
    "node": (".js", ".mjs", ".cjs", ".ts"),
    "ruby": (".rb", ".ru", ".erb"),
    "php": (".php",),
    "perl": (".pl", ".pm"),
    "sh": (".sh",),
}


def lost_files(before: Side, after: Side, asked: Asked) -> list[Problem]:
    """A problem for each folder with lost files that the program names; a note on the other folders that are gone."""
    missing = list(_missing(before, after, asked))
    if not missing:
        return []
    named = {**_named_in_binaries(before, after, missing), **_named_in_texts(after, missing)}
    problems = []
    for folder in dict.fromkeys(posixpath.dirname(name) for name in named):
        inside = [name for name in named if posixpath.dirname(name) == folder]
        reason = named[inside[0]]
        more = f" (and {len(inside) - 1} more of {folder})" if len(inside) > 1 else ""
        shown = posixpath.join(after.cwd, inside[0])
        problems.append(
            Problem(f"{shown}{more} is not there, and {reason}", shown, tuple(inside[:8]), f"file {folder}")
        )
    system = ("/etc/", *(f"{place}/" for place in _OWN_PLACES))
    _note_rest(after, [name for name in missing if name not in named and not name.startswith(system)])
    return problems


def _missing(before: Side, after: Side, asked: Asked) -> Iterator[str]:
    """Files of the original's working directory (relative names) or beside the system's folders (absolute ones)."""
    cwd = posixpath.normpath(before.cwd)
    tops = [cwd] if cwd != "/" else []
    tops += [f"/{name}" for name in sorted(before.image.files.folder("/")) if name not in _SYSTEM and f"/{name}" != cwd]
    count, oldest = 0, len(before.image.layers) - asked.layers
    packaged = packaged_settings(before.image)
    tops += [place for place in _OWN_PLACES if not f"{cwd}/".startswith(f"{place}/")]
    for top in tops:
        for path, node in before.image.files.walk(top, 10 * _MOST_CANDIDATES):
            parts = path.split("/")
            if not node.is_file or _SOURCES.match(path) or not _SKIPPED.isdisjoint(parts) or parts[1] in ("root", "go"):
                continue
            name = path[len(cwd) + 1 :] if top == cwd else path
            if top != cwd and path.startswith(f"{cwd}/"):
                continue
            if top in _OWN_PLACES and node.layer < oldest:
                continue
            if top == "/etc" and (node.layer < oldest or _SYSTEM_SETTINGS.match(path) or path in packaged):
                continue
            if after.image.files.find(name, after.cwd) is None:
                count += 1
                if count > _MOST_CANDIDATES:
                    after.trail.miss(
                        f"more than {_MOST_CANDIDATES} files of the original are gone; the rest was not looked at"
                    )
                    return
                yield name


def _named_in_binaries(before: Side, after: Side, missing: list[str]) -> dict[str, str]:
    """Why each file is missed, by its name; those that are built in are taken out of ``missing``."""
    named: dict[str, str] = {}
    folders: dict[str, list[str]] = {}
    for name in missing:
        folders.setdefault(posixpath.dirname(name), []).append(name)
    for path in after.trail.programs:
        if after.trail.entry is None or after.trail.entry.path != path:
            continue
        if any(runtime.program is not None and runtime.program.path == path for runtime in after.trail.runtimes):
            continue
        paths, data, checked = after.contents.paths(path), after.contents.of(path) or b"", 0
        embedded: set[str] = set()
        for folder, names in folders.items():
            place = folder.encode("utf-8", "surrogateescape") + b"/"
            if len(folder) < 2 or place not in paths:
                continue
            found = re.findall(re.escape(place) + rb"[\w./-]{0,60}[*?][\w.*?-]{0,60}", paths)
            patterns = [pattern.decode("ascii", "replace") for pattern in found[:50]]
            gone = _is_named_folder(before, after, folder)
            for name in names:
                said = next(filter(None, (_pattern_of(name, each) for each in patterns)), None)
                if said is None and name.encode("utf-8", "surrogateescape") in paths:
                    said = name
                said = said or (f"{folder}/" if gone else None)
                if said is None:
                    continue
                checked += 1
                if checked <= _MOST_CHECKED and not _is_embedded(before, name, data):
                    named[name] = f"{path} names {said}"
                elif checked <= _MOST_CHECKED:
                    embedded.add(name)
        missing[:] = [name for name in missing if name not in embedded]
        if embedded:
            after.trail.see(
                f"{path} holds the text of {min(embedded)} and {len(embedded) - 1} more files of the original"
            )
    return named


def _is_named_folder(before: Side, after: Side, folder: str) -> bool:
    """Whether a folder's bare name, its slash behind it, is enough: ``"templates/mail/" + name``.

    It is for one that is gone altogether and lies in another, so that its name is no common word. Where Go sources lie
    in it, the name is that of a package, and stands in the program for that reason.
    """
    if "/" not in folder.strip("/") or after.image.files.folder(folder, after.cwd):
        return False
    whole = posixpath.normpath(posixpath.join(before.cwd, folder))
    return not any(path.endswith(".go") for path, _ in before.image.files.walk(whole, _MOST_TEXTS))


def _pattern_of(name: str, found: str) -> str | None:
    """The pattern at the start of ``found`` that a name fits; other strings of the program follow it at once."""
    match = re.match(r"([^*?]*[*?]+)(\.?)(\w{0,5})", found)
    if match is None:
        return None
    start, dot, end = match.groups()
    patterns = [start + dot + end[:length] for length in range(1, len(end) + 1)] if dot else [start]
    return next((pattern for pattern in patterns if fnmatch.fnmatchcase(name, pattern)), None)


def _is_embedded(before: Side, name: str, data: bytes) -> bool:
    node = before.image.files.find(name, before.cwd)
    sample = before.image.head(node, _SAMPLE) if node is not None else b""
    return len(sample) >= _LEAST_SAMPLE and sample in data


def _named_in_texts(after: Side, missing: list[str]) -> dict[str, str]:
    named: dict[str, str] = {}
    strings = _strings(after)
    if not strings:
        return named
    there = {posixpath.basename(path) for path, _ in after.image.files.walk(after.cwd, _MOST_CANDIDATES)}
    for name in missing:
        base = posixpath.basename(name)
        spellings = [name, f"./{name}", f"/{name}", posixpath.join(after.cwd, name)]
        if "." in base and base not in there and not name.startswith("/"):
            spellings += ["/".join(name.split("/")[-depth:]) for depth in range(1, name.count("/") + 1)]
        found = next((each for each in spellings if each in strings), None)
        folder = posixpath.dirname(name)
        if found is None and folder and not after.image.files.folder(folder, after.cwd):
            starts = (f"{folder}/", f"./{folder}/", f"{posixpath.join(after.cwd, folder)}/")
            found = next((each for each in strings if each.startswith(starts)), None)
        if found is not None:
            named[name] = f"{strings[found]} names {found!r}"
    return named


def _strings(side: Side) -> dict[str, str]:
    """The quoted strings of the program's own texts, with the file that holds each."""
    found: dict[str, str] = {}
    paths = list(side.trail.texts)
    suffixes = tuple(end for language in set(side.trail.texts.values()) for end in _LANGUAGES.get(language, ()))
    if posixpath.normpath(side.cwd) != "/" and suffixes:
        beside = side.image.files.walk(side.cwd, _MOST_TEXTS)
        paths += [path for path, node in beside if node.is_file and path.endswith(suffixes)]
    for path in dict.fromkeys(paths):
        if not _SKIPPED.isdisjoint(path.split("/")):
            continue
        for _, string in _QUOTED.findall(side.image.text(path, _MOST_TEXT) or ""):
            found.setdefault(string, path)
    return found


def packaged_settings(image: Image) -> frozenset[str]:
    """The files below /etc that dpkg or apk knows as a package's."""
    found: set[bytes] = set()
    for name, node in image.files.folder("/var/lib/dpkg/info").items():
        if name.endswith((".list", ".conffiles")):
            lines = (image.read(node, _MOST_TEXT) or b"").split(b"\n")
            found.update(line for line in lines if line.startswith(b"/etc/"))
    installed = image.files.file("/lib/apk/db/installed")
    folder = b""
    for line in (image.read(installed, _MOST_INSTALLED) or b"").split(b"\n") if installed is not None else ():
        if line.startswith(b"F:"):
            folder = line[2:]
        elif line.startswith(b"R:") and (folder + b"/").startswith(b"etc/"):
            found.add(b"/%b/%b" % (folder, line[2:]))
    return frozenset(path.decode("utf-8", "surrogateescape") for path in found)


def _note_rest(after: Side, missing: list[str]) -> None:
    """Folders that are gone altogether, and of which nothing says that they are needed."""
    folders = dict.fromkeys(posixpath.dirname(name) for name in missing if "/" in name.strip("/"))
    gone = [folder for folder in folders if not after.image.files.folder(folder, after.cwd)]
    tops = [each for each in gone if posixpath.dirname(each) not in gone][:8]
    if tops:
        after.trail.miss(
            f"the original has {', '.join(tops)}, and the new image has not; nothing was seen that names files in there"
        )
