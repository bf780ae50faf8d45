"""What bash reads and Alpine's ash does not, or reads as something else without a word.

Source: busybox 1.35.0 ash run on 2026-11-23. What ash reads as bash does (`[[`, `local`, `source`, `${a//b/c}`,
`set -o pipefail`, `&>`, `$'…'`) is not told here.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rewriter.shell import Command

BUILTINS = frozenset(
    "declare typeset pushd popd dirs shopt coproc mapfile readarray enable caller compgen complete bind disown "
    "select".split()
)
"""Words of bash alone."""
_BRACES = re.compile(r"(?<![$\\])\{([^{}\s'\"]*)\}")
_CASES = re.compile(r"\$\{[A-Za-z_][A-Za-z0-9_]*(?:\[[^]]*\])?(?:\^\^?|,,?)[^}]*\}|\$\{!|\$\{[A-Za-z_]\w*@")
_ARRAY = re.compile(r"\$\{[#!]?[A-Za-z_]\w*\[")
_VARIABLES = re.compile(r"\$\{?(BASH\w*|SECONDS|PIPESTATUS|FUNCNAME|EPOCH\w*|DIRSTACK)\b")


def bash_only(command: Command) -> str | None:
    """The first word of a command that needs bash, or None."""
    name = command.name
    if name in BUILTINS:
        return name
    for redirect in command.redirects:
        if redirect.operator == "<<<":
            return "<<<"
    if command.operator == "|&":
        return "|&"
    for word in command.assignments:
        if re.match(r"\w+(?:\[[^]]*\])?\+?=\(|\w+\[|\w+\+=", word.raw):
            return word.raw
    for word in (*command.assignments, *command.words):
        if found := _in_word(word.raw, quoted=word.raw.startswith("'")):
            return found
    raws = [word.raw for word in command.words[1:]]
    if name == "read" and any(raw.startswith("-") and set(raw) & set("aNiud") for raw in raws):
        return "read " + raws[0]
    if name == "export" and "-f" in raws:
        return "export -f"
    if name == "printf" and any("%q" in raw or "%(" in raw for raw in raws[:1]):
        return "printf " + raws[0]
    return None


def _in_word(raw: str, *, quoted: bool) -> str:
    if quoted:
        return ""
    for pattern in (_CASES, _ARRAY, _VARIABLES):
        if match := pattern.search(raw):
            return match.group()
    bare = re.sub(r'(\\.)|"(?:[^"\\]|\\.)*+"|\'[^\']*\'', r"\1", raw)
    return next((found.group() for found in _BRACES.finditer(bare) if "," in found[1] or ".." in found[1]), "")
