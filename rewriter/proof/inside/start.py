"""Follows what a container of an image starts, from ENTRYPOINT and CMD to the last program that the files tell of."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rewriter.model.run import SHELLS
from rewriter.model.state import DEFAULT_PATH, DEFAULT_SHELL
from rewriter.proof.elf import MAGIC, Damaged
from rewriter.proof.inside.accounts import EXECUTE, READ, ROOT, Identity, NoIdentity, identity, permissions
from rewriter.proof.inside.contents import Contents
from rewriter.proof.inside.filesystem import Found, NotFound
from rewriter.proof.inside.libraries import Libraries
from rewriter.proof.inside.trail import DEEPEST, Call, Located, Problem, Trail

if TYPE_CHECKING:
    from rewriter.proof.archive import Image
    from rewriter.proof.inside.libraries import Closure

Follower = Callable[["Walker", Call, Located, "Closure"], Problem | None]
"""What a program does with its arguments, for one family of programs; see ``rewriter.proof.inside.runtimes``."""

_LONGEST_FIRST_LINE = 255
"""Bytes of a ``#!`` line that Linux reads (BINPRM_BUF_SIZE, less its end)."""
_MOST_CALLS = 300
_MOST_SEARCHED = 200_000


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two images, its start followed."""

    image: Image
    trail: Trail
    identity: Identity
    """Who starts it; user 0 where USER names nobody, which ``trail.broken`` tells."""
    libraries: Libraries
    contents: Contents

    @property
    def cwd(self) -> str:
        return self.image.config.workdir or "/"


def follow_start(image: Image) -> Side:
    """What a container of the image starts, and the first thing that keeps it from starting."""
    config = image.config
    trail = Trail(config.argv)
    found = identity(image, config.user)
    who = found if isinstance(found, Identity) else ROOT
    walker = Walker(image, trail, who)
    if isinstance(found, NoIdentity):
        trail.broken = Problem(f"USER is {config.user}, and {found.why}", config.user, key="user")
    elif not config.argv:
        trail.broken = Problem("it has neither ENTRYPOINT nor CMD", key="nothing")
    else:
        problem = walker.run(Call(config.argv, config.workdir or "/", with_defaults(config.env, who), who))
        shell = posixpath.basename(config.argv[0])
        if problem is not None and shell in SHELLS and problem.key == f"missing {shell}":
            problem = replace(problem, what=f"the start command needs a shell, and {problem.what}")
        trail.broken = problem
    return Side(image, trail, who, walker.libraries, Contents(image))


def follow_healthcheck(side: Side) -> Problem | None:
    """Why the HEALTHCHECK of an image cannot succeed; None when nothing was found, or there is none."""
    check = side.image.config.healthcheck
    if check is None or check.test[0] == "NONE" or len(check.test) < 2:
        return None
    argv = check.test[1:]
    if check.test[0] == "CMD-SHELL":
        argv = (*(side.image.config.shell or DEFAULT_SHELL), *argv)
    environment = with_defaults(side.image.config.env, side.identity)
    trail = Trail(argv)
    problem = Walker(side.image, trail, side.identity).run(Call(argv, side.cwd, environment, side.identity))
    return problem or next(iter(trail.problems), None)


def with_defaults(environment: Mapping[str, str], who: Identity) -> dict[str, str | None]:
    """An image's environment with what every engine adds to it."""
    return {"PATH": DEFAULT_PATH, "HOME": who.home, **environment}


class Walker:
    """Follows one image's start; notes what it sees in the trail."""

    def __init__(self, image: Image, trail: Trail, who: Identity) -> None:
        self.image = image
        self.files = image.files
        self.trail = trail
        self.libraries = Libraries(image, who, image.config.env)
        self._calls = 0

    def run(self, call: Call) -> Problem | None:
        """Follows one call; the reason when it cannot succeed."""
        self._calls += 1
        if call.depth > DEEPEST or self._calls > _MOST_CALLS:
            self.trail.miss(f"what {call.argv[0]} starts is not followed any further")
            return None
        located = self.locate(call)
        if not isinstance(located, Located):
            return located
        node = located.found.node
        head = self.image.head(node, _LONGEST_FIRST_LINE)
        if head.startswith(MAGIC):
            return self._binary(call, located)
        if head.startswith(b"#!"):
            return self._script(call, located, head)
        if call.by_shell and head and b"\0" not in head:
            return self.run(call.then(("/bin/sh", located.invoked, *call.argv[1:])))
        if node.offset < 0 and node.size:
            self.trail.miss(f"{located.found.path} is stored sparse and was not looked into")
            return None
        what = f"{located.found.path} is neither an ELF file nor a script with #!: exec format error"
        return Problem(what, located.found.path, (f"it starts with {head[:16]!r}",), "format")

    # --- where a program lies ---

    def locate(self, call: Call) -> Located | Problem | None:
        """The file of a program; the reason when there is none; None when only running tells."""
        name = call.argv[0]
        if "/" in name:
            if call.cwd is None and not name.startswith("/"):
                self.trail.miss(f"where {name} lies is only known when it runs")
                return None
            found = self._executable(posixpath.join(call.cwd or "/", name), call.identity)
            if isinstance(found, Problem) and found.key.startswith("missing "):
                return replace(found, evidence=self._elsewhere(posixpath.basename(name)))
            return found
        folders = call.environment.get("PATH", DEFAULT_PATH)
        if folders is None or not name:
            self.trail.miss(f"where {name or 'the program'} lies depends on a PATH that is only known at run time")
            return None
        denied: Problem | None = None
        for folder in folders.split(":"):
            found = self._executable(posixpath.join(call.cwd or "/", folder or ".", name), call.identity)
            if isinstance(found, Located):
                return found
            denied = denied or (found if found.key == "denied" else None)
        if denied is not None:
            return denied
        evidence = (f"PATH={folders}", *self._elsewhere(name))
        return Problem(f"{name} is in no folder of PATH", name, evidence, f"missing {name}")

    def _executable(self, path: str, who: Identity) -> Located | Problem:
        found = self.files.resolve(path)
        name = posixpath.basename(path)
        clean = posixpath.normpath(path)
        if isinstance(found, NotFound):
            lost = found.why.removesuffix(" is not there")
            there = found.why == lost or not f"{clean}/".startswith(f"{lost}/")
            what = f"{clean} leads nowhere: {found.why}" if there else f"{clean} is not there"
            return Problem(what, clean, key=f"missing {name}")
        if not found.node.is_file:
            kind = "a folder" if found.node.is_folder else "no file"
            return Problem(f"{clean} is {kind}", clean, key=f"missing {name}")
        if not who.may_reach(found):
            closed = next(folder for folder in found.via if not who.may(folder, EXECUTE))
            evidence = (f"a folder on the way: {permissions(closed)}",)
            return Problem(f"{who} may not enter a folder on the way to {found.path}", found.path, evidence, "denied")
        if not who.may(found.node, EXECUTE):
            evidence = (f"{found.path}: {permissions(found.node)}",)
            return Problem(f"{who} may not execute {found.path}", found.path, evidence, "denied")
        parent = self.files.resolve(path, follow_last=False)
        return Located(parent.path if isinstance(parent, Found) else found.path, found)

    def _elsewhere(self, name: str) -> tuple[str, ...]:
        """A hint: files of that name in places where nobody looks."""
        hits = (
            path for path, node in self.files.walk("/", _MOST_SEARCHED) if node.is_file and path.endswith("/" + name)
        )
        return tuple(f"a file of that name lies at {path}" for path, _ in zip(hits, range(3), strict=False))

    # --- what it is ---

    def _binary(self, call: Call, located: Located) -> Problem | None:
        path = located.found.path
        closure = self.trail.programs.get(path)
        if closure is None:
            elf = self.libraries.elf(located.found.node)
            if isinstance(elf, Damaged):
                return Problem(f"{path} is no ELF file that can be started: {elf.why}", path, key="format")
            if not elf.executable:
                return Problem(f"{path} is an ELF file, but no program", path, key="format")
            closure = self.libraries.of_program(path, elf)
            self.trail.programs[path] = closure
        if closure.faults:
            first, *others = closure.faults
            evidence = (*first.evidence, *(other.what for other in others[:8]))
            return Problem(first.what, first.subject, evidence, f"load {posixpath.basename(path)}")
        count = len(closure.objects) - 1
        if closure.objects[path].is_static:
            self.trail.see(f"{path} is static and needs no library")
        else:
            libraries = f"{count} librar{'y' if count == 1 else 'ies'}"
            self.trail.see(f"{path} has its loader and what it loads ({closure.libc}, {libraries})")
        return self.hand_over(call, located, closure)

    def hand_over(self, call: Call, located: Located, closure: Closure) -> Problem | None:
        """What a program starts in its turn, or which file it reads; notes it as the end when it does neither."""
        from rewriter.proof.inside.runtimes import follower

        follow = follower(posixpath.basename(call.argv[0]))
        if follow is not None:
            return follow(self, call, located, closure)
        self.arrive(call, posixpath.basename(call.argv[0]), call.argv[1:], located.found)
        return None

    def arrive(self, call: Call, name: str, arguments: tuple[str, ...], entry: Found | None) -> None:
        """Notes the program that is started in the end."""
        if call.final:
            self.trail.core = (name, *arguments)
            self.trail.entry = entry

    def _script(self, call: Call, located: Located, head: bytes) -> Problem | None:
        from rewriter.proof.inside.runtimes.packages import MANAGERS, follow_manager

        path = located.found.path
        line = head[2:].partition(b"\n")[0].strip(b" \t").decode("utf-8", "surrogateescape")
        interpreter, _, argument = line.replace("\t", " ", 1).partition(" ")
        argument = argument.strip(" \t")
        if not interpreter.strip("\r"):
            return Problem(f"the #! line of {path} names no interpreter", path, key="interpreter")
        if line.endswith("\r"):
            what = f"the #! line of {path} ends in CR LF: the kernel looks for {(argument or interpreter)!r}"
            return Problem(what, path, (repr(line),), "interpreter")
        if not call.identity.may(located.found.node, READ):
            what = f"{call.identity} may not read the script {path}"
            return Problem(what, path, (permissions(located.found.node),), "denied")
        started = call.then((interpreter, *([argument] if argument else []), located.invoked, *call.argv[1:]))
        manager = posixpath.basename(call.argv[0]) in MANAGERS
        problem = self.run(replace(started, final=call.final and not manager))
        if problem is None and manager:
            return follow_manager(self, call)
        if problem is not None and problem.subject == posixpath.normpath(interpreter):
            evidence = (f"#!{line}", *problem.evidence)
            return Problem(f"{path} asks for {interpreter}, and {problem.what}", interpreter, evidence, problem.key)
        if problem is not None and posixpath.basename(interpreter) == "env" and problem.subject == argument:
            return Problem(f"{path} asks for {argument}, and {problem.what}", argument, problem.evidence, problem.key)
        return problem
