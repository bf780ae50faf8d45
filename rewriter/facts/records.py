"""The records that the catalogue answers with: small, read-only, comparable by value.

They are slotted classes and not dataclasses because `import dataclasses` alone costs three times what this whole
package may cost.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Literal, NoReturn

    Quality = Literal["measured", "estimate"]


class FactsError(Exception):
    """A data file says something that cannot be believed: `file` and `line` (from 1) say where, `reason` says what."""

    def __init__(self, file: str, line: int, reason: str) -> None:
        super().__init__(file, line, reason)
        self.file = file
        self.line = line
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.reason}"


class Record:
    """Base of the records: the fields are the slots, set once by the constructor (AttributeError afterwards)."""

    __slots__: tuple[str, ...] = ()

    def _fill(self, **values: object) -> None:
        for name, value in values.items():
            object.__setattr__(self, name, value)

    def _values(self) -> tuple[object, ...]:
        return tuple(getattr(self, name) for name in self.__slots__)

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"{type(self).__name__}.{name} is read-only")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"{type(self).__name__}.{name} is read-only")

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Record) or type(other) is not type(self):
            return NotImplemented
        return self._values() == other._values()

    def __hash__(self) -> int:
        return hash((type(self).__name__, str(self._values())))

    def __repr__(self) -> str:
        fields = ", ".join(f"{name}={getattr(self, name)!r}" for name in self.__slots__)
        return f"{type(self).__name__}({fields})"

    def __reduce__(self) -> tuple[object, ...]:
        # Copying and pickling would otherwise go through the forbidden __setattr__.
        return _rebuild, (type(self), self._values())


def _rebuild(kind: type[Record], values: tuple[object, ...]) -> Record:
    record = kind.__new__(kind)
    record._fill(**dict(zip(kind.__slots__, values, strict=True)))
    return record


class Size(Record):
    """How big an image is on amd64; MB = 10^6 bytes.

    `megabytes`: unpacked on disk. `compressed`: what a pull transfers (None: not known). `quality`: an estimate is to
    be shown as "about". `date`: ISO date of the measured image. `source`: where the figure was read. `note`: "" when it
    was measured for this very tag, else from which tag it was taken.
    """

    __slots__ = ("compressed", "date", "megabytes", "note", "quality", "source")
    megabytes: float
    compressed: float | None
    quality: Quality
    date: str
    source: str
    note: str

    def __init__(
        self, megabytes: float, compressed: float | None, quality: Quality, date: str, source: str, note: str = ""
    ) -> None:
        self._fill(megabytes=megabytes, compressed=compressed, quality=quality, date=date, source=source, note=note)


class Variants(Record):
    """What exists, or existed, beside a bare tag.

    `alpine`: numbered alpine releases ("3.17"), oldest first. `suites`: Debian suites, oldest first. `others`: further
    variants ("slim"). `bare_suite`: the last suite that the bare tag stood for (None: not known, or not Debian);
    `bare_suites_over_time`: each suite with the ISO date since when. `maintained`: the bare tag was still listed, hence
    rebuilt, when the list was read. `floating`: an unnumbered `-alpine` exists; `floating_alpine`: the release that it
    last stood for (None: not known).
    """

    __slots__ = (
        "alpine",
        "bare_suite",
        "bare_suites_over_time",
        "floating",
        "floating_alpine",
        "maintained",
        "others",
        "suites",
    )
    alpine: tuple[str, ...]
    suites: tuple[str, ...]
    bare_suite: str | None
    bare_suites_over_time: tuple[tuple[str, str], ...]
    maintained: bool
    floating: bool
    floating_alpine: str | None
    others: tuple[str, ...]

    def __init__(
        self,
        alpine: tuple[str, ...],
        suites: tuple[str, ...],
        bare_suite: str | None,
        bare_suites_over_time: tuple[tuple[str, str], ...],
        maintained: bool,
        floating: bool = False,
        floating_alpine: str | None = None,
        others: tuple[str, ...] = (),
    ) -> None:
        self._fill(
            alpine=alpine,
            suites=suites,
            bare_suite=bare_suite,
            bare_suites_over_time=bare_suites_over_time,
            maintained=maintained,
            floating=floating,
            floating_alpine=floating_alpine,
            others=others,
        )


class ImageConfig(Record):
    """What an image carries in its configuration, hence what a Dockerfile inherits without saying so.

    `entrypoint` and `cmd` are exec forms, () when there is none. `user` is "root" where the image names none. `sets`
    names the variables whose value changes with every release and is therefore not told (`GOLANG_VERSION`), some of
    which this very tag may lack; they are not in `env`. `expose`: ports as `80/tcp`. `stopsignal`: "" when none is set.
    `volumes`: paths.
    """

    __slots__ = ("cmd", "entrypoint", "env", "expose", "sets", "stopsignal", "user", "volumes", "workdir")
    env: Mapping[str, str]
    workdir: str
    entrypoint: tuple[str, ...]
    cmd: tuple[str, ...]
    user: str
    sets: tuple[str, ...]
    expose: tuple[str, ...]
    stopsignal: str
    volumes: tuple[str, ...]

    def __init__(
        self,
        env: Mapping[str, str],
        workdir: str,
        entrypoint: tuple[str, ...],
        cmd: tuple[str, ...],
        user: str,
        sets: tuple[str, ...] = (),
        expose: tuple[str, ...] = (),
        stopsignal: str = "",
        volumes: tuple[str, ...] = (),
    ) -> None:
        self._fill(
            env=env,
            workdir=workdir,
            entrypoint=entrypoint,
            cmd=cmd,
            user=user,
            sets=sets,
            expose=expose,
            stopsignal=stopsignal,
            volumes=volumes,
        )


class ImageUser(Record):
    """A user that an image adds to those of its distribution; `uid` and `gid` None where the number is not known."""

    __slots__ = ("gid", "name", "uid")
    name: str
    uid: int | None
    gid: int | None

    def __init__(self, name: str, uid: int | None, gid: int | None) -> None:
        self._fill(name=name, uid=uid, gid=gid)


class TagChoice(Record):
    """A tag that exists, chosen by the rules.

    `alpine`: the alpine release that it stands for (None: not known, or no alpine). `reason`: one sentence for the
    user, without a full stop. `source` and `date`: where the tag was read and the ISO date of that list. `image`: the
    other repository, when it is a tag of another one ("" = the same).
    """

    __slots__ = ("alpine", "date", "image", "reason", "source", "tag")
    tag: str
    alpine: str | None
    reason: str
    source: str
    date: str
    image: str

    def __init__(self, tag: str, alpine: str | None, reason: str, source: str, date: str, image: str = "") -> None:
        self._fill(tag=tag, alpine=alpine, reason=reason, source=source, date=date, image=image)


class Refusal(Record):
    """Why there is no such tag: `reason` is one clear sentence for the user, without a full stop."""

    __slots__ = ("reason",)
    reason: str

    def __init__(self, reason: str) -> None:
        self._fill(reason=reason)
