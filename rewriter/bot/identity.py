"""Who a proposal is: its key, the branch that carries it, and the marker in the body of its pull request.

The three are what makes a rerun open nothing twice: they depend on the forge, the repository, the Dockerfile and the
recipe, and on nothing that changes with a version of this program.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict, dataclass

WHOLE = "."
"""The path of a proposal that takes all Dockerfiles of a repository together."""
RETRY_LABEL = "dfrewrite:retry"
"""On a pull request that was closed unmerged: somebody wants it proposed once more."""
TRAILER = "Dfrewrite-Key"
"""The trailer of every commit of ours: with the committer it tells our commits from everybody else's."""
PART = "Dfrewrite-Part"
"""The trailer that counts them, ``1/2``: it tells a branch from which somebody took a commit away."""
_MOST_SLUG = 80  # characters; some file systems beneath a forge take 255 bytes for a reference's whole path
_PLAIN = re.compile(r"[A-Za-z0-9_]+(?:[.-][A-Za-z0-9_]+)*\Z")
_PREFIX = re.compile(r"[A-Za-z0-9_]+(?:[./-][A-Za-z0-9_]+)*\Z")
_OTHERS = re.compile(r"[^A-Za-z0-9_]+")
_MARKER = re.compile(r"<!-- dfrewrite (\{[^\n]*\}) -->")
_FIELDS = ("key", "path", "recipe", "base", "output", "tip", "proven")


@dataclass(frozen=True, slots=True)
class Key:
    """What there is at most one open pull request for."""

    forge: str
    """The host, in lower case: `github.com`."""
    repository: str
    """The forge's own id of the repository, which survives a change of its name."""
    path: str
    """Of the Dockerfile, from the top of the repository; `WHOLE` for all of them together."""
    recipe: str
    """The name of what is done: a campaign's transforms and options."""

    @property
    def digest(self) -> str:
        """The key in 32 hexadecimal digits."""
        text = "\0".join((self.forge, self.repository, self.path, self.recipe))
        return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:32]

    def branch(self, prefix: str = "dfrewrite") -> str:
        """The name of its branch: ``dfrewrite/<path-slug>/<recipe>``."""
        return f"{prefix}/{slug('all' if self.path == WHOLE else self.path)}/{slug(self.recipe)}"


def is_prefix(text: str) -> bool:
    """Whether branches may begin with a text: git takes it for one name, and a forge for a branch."""
    parts = text.split("/")
    return _PREFIX.match(text) is not None and parts[0] != "refs" and not any(part.endswith(".lock") for part in parts)


def slug(text: str) -> str:
    """A path or a name as one part of a branch's name that git accepts; different texts give different slugs.

    What is plain stays readable (``services/api/Dockerfile`` is ``services--api--Dockerfile``); what is not gets a few
    digits of its hash.
    """
    parts = text.split("/")
    if all(_PLAIN.match(part) and not part.endswith(".lock") for part in parts) and len(text) <= _MOST_SLUG:
        return "--".join(parts)
    digits = hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:8]
    readable = _OTHERS.sub("-", text)[:_MOST_SLUG].strip("-")
    return f"{readable}-{digits}" if readable else digits


@dataclass(frozen=True, slots=True)
class Marker:
    """What a pull request's body says, hidden, about what it proposes."""

    key: str
    """`Key.digest`."""
    path: str
    recipe: str
    base: str
    """The hash of what was rewritten: the ids of the Dockerfiles' blobs."""
    output: str
    """The hash of what it was rewritten to."""
    tip: str
    """The id of the last commit that we pushed."""
    proven: str = ""
    """``yes`` when it was built, and did its job."""

    def render(self) -> str:
        """The marker as a comment of HTML, in one line."""
        text = json.dumps(asdict(self), sort_keys=True).replace("--", "-\\u002d").replace(">", "\\u003e")
        return f"<!-- dfrewrite {text} -->"


def find_marker(body: str) -> Marker | None:
    """The last marker of a body; None when there is none, or none that can be read."""
    for text in reversed(_MARKER.findall(body)):
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            continue
        if isinstance(found, dict) and all(isinstance(found.get(name), str) for name in _FIELDS):
            return Marker(**{name: found[name] for name in _FIELDS})
    return None
