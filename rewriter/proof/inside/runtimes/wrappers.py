"""Programs that only start another one: inits, changes of user, ``env``."""

from __future__ import annotations

import posixpath
from dataclasses import replace
from typing import TYPE_CHECKING

from rewriter.proof.inside.accounts import NoIdentity, identity
from rewriter.proof.inside.trail import Call, Located, Problem

if TYPE_CHECKING:
    from rewriter.proof.inside.libraries import Closure
    from rewriter.proof.inside.start import Walker

WITH_VALUE = {
    "tini": frozenset({"-p", "-e"}),
    "tini-static": frozenset({"-p", "-e"}),
    "docker-init": frozenset({"-p", "-e"}),
    "catatonit": frozenset(),
    "dumb-init": frozenset({"-r", "--rewrite"}),
    "nohup": frozenset(),
    "setsid": frozenset(),
    "nice": frozenset({"-n", "--adjustment"}),
    "stdbuf": frozenset({"-i", "-o", "-e", "--input", "--output", "--error"}),
    "env": frozenset({"-u", "--unset", "-C", "--chdir"}),
    "gosu": frozenset(),
    "su-exec": frozenset(),
    "busybox": frozenset(),
}
"""Options of each that take the next word as their value, by its manual."""
WRAPPERS = frozenset(WITH_VALUE)


def follow_wrapper(walker: Walker, call: Call, located: Located, closure: Closure) -> Problem | None:
    """Follows the program behind the wrapper's own options."""
    name = posixpath.basename(call.argv[0])
    rest = list(call.argv[1:])
    while rest and rest[0].startswith("-") and rest[0] != "--":
        option = rest.pop(0)
        if name == "env" and option in ("-S", "--split-string"):
            rest[:1] = rest[0].split() if rest else []
        elif name == "env" and option.startswith("-S"):
            rest[:0] = option[2:].split()
        elif option in WITH_VALUE[name]:
            rest[:1] = []
    if rest and rest[0] == "--":
        rest.pop(0)
    if name == "env":
        call = _with_assignments(call, rest)
    elif name in ("gosu", "su-exec") and rest:
        wanted = rest.pop(0)
        who = identity(walker.image, wanted)
        if isinstance(who, NoIdentity):
            return Problem(f"{name} is to start as {wanted}, and {who.why}", wanted, key="user")
        walker.trail.see(f"{name} changes to {who}")
        walker.trail.beside += [f"{name} {wanted}"] if call.final else []
        call = replace(call, identity=who, environment={**call.environment, "HOME": who.home})
    if not rest:
        walker.arrive(call, name, call.argv[1:], located.found)
        return None
    if name == "busybox":
        # An applet is the same file under another name.
        return walker.hand_over(call.then(tuple(rest)), located, closure)
    return walker.run(call.then(tuple(rest)))


def _with_assignments(call: Call, rest: list[str]) -> Call:
    """Takes the leading NAME=value words off ``rest``."""
    environment = dict(call.environment)
    while rest and "=" in rest[0]:
        key, _, value = rest.pop(0).partition("=")
        environment[key] = value
    return replace(call, environment=environment)
