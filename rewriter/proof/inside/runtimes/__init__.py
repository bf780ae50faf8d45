"""What programs do with their arguments: which file an interpreter runs, which program a wrapper starts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rewriter.model.run import SHELLS

if TYPE_CHECKING:
    from rewriter.proof.inside.start import Follower

_VERSIONED = re.compile(r"(python|ruby|php|perl|node|lua)(?:\d[\d.]*)?(?:-cli)?\Z")


def family(name: str) -> str:
    """``python3.11`` is python, ``nodejs`` is node; other names are themselves."""
    if name == "nodejs":
        return "node"
    match = _VERSIONED.match(name)
    return match.group(1) if match else name


def follower(invoked: str) -> Follower | None:
    """What follows the arguments of a program, by the bare name under which it is started."""
    # Imported here, because each of them imports the walker.
    from rewriter.proof.inside.runtimes import java, node, others, python, shell, wrappers

    name = family(invoked)
    if name in SHELLS:
        return shell.follow_shell
    if name in wrappers.WRAPPERS:
        return wrappers.follow_wrapper
    return {
        "python": python.follow_python,
        "node": node.follow_node,
        "java": java.follow_java,
        "ruby": others.follow_ruby,
        "php": others.follow_php,
        "perl": others.follow_perl,
        "dotnet": others.follow_dotnet,
    }.get(name)
