"""What is read of the files that declare dependencies: the words that the readers and the judges share."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Dependency:
    """One package that a manifest, a lock file or an install command names.

    ``ecosystem``: the registry (npm, pypi, maven, cargo, rubygems, packagist, nuget, go, hex, …). ``name``: normalised
    as the registry does it. ``version``: the exact version, "" where none is pinned. ``where``: the file that names it.
    ``direct``: named by the project itself, not only by another package. ``native``: True: seen to compile or to bring
    machine code; False: seen not to; None: not shown. ``libc``: the libcs that the lock has binaries for.
    ``wheels``: file names of the distributions that a Python lock lists; of a gem with binaries, whether its source is
    listed as well. ``origin``: "" for the registry, else how it comes: ``git``, ``url``, ``path``. ``dev``: said to be
    for development only. ``links``: a crate that is there to link a library of the system, by its name or by the tools
    that its build looks for one with.
    """

    ecosystem: str
    name: str
    version: str = ""
    where: str = ""
    direct: bool = True
    native: bool | None = None
    libc: tuple[str, ...] = ()
    wheels: tuple[str, ...] = ()
    origin: str = ""
    dev: bool = False
    links: bool = False


@dataclass(frozen=True, slots=True)
class Manifest:
    """One file that declares dependencies.

    ``complete``: it is a lock: everything that will be installed stands in it. ``unread``: "" when it was understood,
    else why not, as a clause. ``settings``: what else of it matters here, such as RuntimeIdentifier or PLATFORMS.
    ``includes``: paths of files that it refers to (workspaces, modules, -r).
    """

    path: str
    ecosystem: str
    dependencies: tuple[Dependency, ...] = ()
    complete: bool = False
    unread: str = ""
    settings: tuple[tuple[str, str], ...] = ()
    includes: tuple[str, ...] = ()

    def setting(self, name: str) -> str:
        """The last value of a setting; "" where there is none."""
        return next((value for key, value in reversed(self.settings) if key == name), "")
