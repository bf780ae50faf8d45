"""Reading `dfrewrite.toml`."""

from __future__ import annotations

import difflib
import os
import re
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from rewriter.io.files import FileError, read_regular

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

FILE_NAME = "dfrewrite.toml"
LEVELS = ("safe", "review", "risky")
RUNTIMES = ("alpine", "slim", "distroless", "scratch")
FORMATS = ("text", "diff", "json", "sarif", "github", "markdown")
_MAX_SIZE = 1_000_000  # bytes


class ConfigError(FileError):
    """The configuration cannot be used; `reason` names the key."""


@dataclass(frozen=True, slots=True)
class Config:
    """The options of the command line as a file gives them; None where it says nothing. `path` is that file."""

    path: Path | None = None
    level: str | None = None
    select: tuple[str, ...] | None = None
    skip: tuple[str, ...] | None = None
    extend_select: tuple[str, ...] | None = None
    alpine: str | None = None
    runtime: str | None = None
    context: Path | None = None
    target: str | None = None
    build_arg: Mapping[str, str] | None = None
    format: str | None = None
    probe: tuple[str, ...] | None = None
    smoke: tuple[str, ...] | None = None
    enabled: bool | None = None
    facts: Path | None = None
    registry_mirrors: tuple[str, ...] | None = None
    check_tags: bool | None = None
    check_packages: tuple[str, ...] | None = None


def load_config(start: Path, explicit: Path | None = None) -> Config:
    """The configuration for a file or folder: `explicit`, or the nearest dfrewrite.toml from `start` upwards.

    The search ends at the root of the repository. Outside of one only the folder itself is looked at: what lies above
    it is nobody's project. A relative `context`, `facts` or file in `check-packages` is relative to the file that names
    it. Without a file, an empty Config.

    Raises ConfigError: the file is missing (if explicit), unreadable, no TOML, or has an unknown key or a wrong value.
    """
    path = explicit or _find(start)
    if path is None:
        return Config()
    import tomllib  # only now: most runs have no configuration

    from rewriter.manifests.reading import has_endless_keys

    try:
        content = read_regular(path, _MAX_SIZE)
        if content is None:
            raise ConfigError(path, "is larger than 1 MB")
        text = content.decode()
        if has_endless_keys(text):
            raise ConfigError(path, "has keys of too many parts")
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(path, f"is no valid TOML: {error}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(path, f"is not UTF-8 (byte {error.start})") from error
    except RecursionError as error:
        raise ConfigError(path, "is nested too deeply") from error
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise ConfigError(path, reason) from error
    return Config(path=path, **{_field(key): _read_value(path, key, value) for key, value in table.items()})


def load_foreign_config(start: Path, top: Path) -> Config:
    """The configuration of a repository of somebody else, whose top is given: what it says about its own Dockerfiles.

    What it would have this machine ask or read (facts, registries, lists of packages) is not for it to say. Raises
    ConfigError also for a file, or a context, outside of the repository.
    """
    root = os.path.realpath(top)
    path = _find(start)
    if path is not None and not _within(path, root):
        raise ConfigError(path, "is a link that leads out of the repository")
    config = load_config(start)
    if config.context is not None and not _within(config.context, root):
        raise ConfigError(config.path or start, "'context' leads out of the repository")
    return replace(config, facts=None, registry_mirrors=None, check_tags=None, check_packages=None, format=None)


def _within(path: Path, root: str) -> bool:
    return os.path.commonpath((os.path.realpath(path), root)) == root


def _find(start: Path) -> Path | None:
    folder = Path(os.path.realpath(start if start.is_dir() else start.parent))
    found: Path | None = None
    for parent in (folder, *folder.parents):
        if found is None and os.path.lexists(parent / FILE_NAME):
            found = parent / FILE_NAME
        if os.path.lexists(parent / ".git"):
            return found
    return folder / FILE_NAME if os.path.lexists(folder / FILE_NAME) else None


def _field(key: str) -> str:
    return key.replace("-", "_")


def _read_value(path: Path, key: str, value: Any) -> Any:
    if key not in _READERS:
        near = difflib.get_close_matches(key, _READERS, n=1)
        raise ConfigError(path, f"unknown key '{key}'" + (f", did you mean '{near[0]}'?" if near else ""))
    try:
        read = _READERS[key](value)
    except ValueError as error:
        raise ConfigError(path, f"'{key}' {error}") from error
    if key == "check-packages":
        return tuple(source if "://" in source else str(path.parent / source) for source in read)
    return path.parent / read if key in ("context", "facts") else read


def _one_of(choices: tuple[str, ...]) -> Callable[[Any], str]:
    def read(value: Any) -> str:
        if value in choices and isinstance(value, str):
            return value
        near = difflib.get_close_matches(value, choices, n=1) if isinstance(value, str) else []
        hint = f", did you mean '{near[0]}'?" if near else ""
        raise ValueError(f"must be one of {', '.join(choices)}, not {_show(value)}{hint}")

    return read


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError(f"must be a text in quotes, not {_show(value)}")
    return value


def _version(value: Any) -> str:
    # As a number, 3.20 would be 3.2.
    if not isinstance(value, str) or not re.fullmatch(r"[0-9]+\.[0-9]+", value):
        raise ValueError(f'must be a version in quotes, such as "3.20", not {_show(value)}')
    return value


def _names(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(name, str) and name for name in value):
        raise ValueError(f'must be a list of names, such as ["split_stages"], not {_show(value)}')
    return tuple(value)


def _texts(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(text, str) and text.strip() for text in value):
        shown = "one with an empty item" if isinstance(value, list) else _show(value)
        raise ValueError(f'must be a list of texts, such as ["/healthz"], not {shown}')
    return tuple(value)


def _commands(value: Any) -> tuple[str, ...]:
    import shlex

    commands = _texts(value)
    for command in commands:
        try:
            shlex.split(command)
        except ValueError as error:
            raise ValueError(f"holds no command: {error} in {command!r}") from error
    return commands


def _table(value: Any) -> Mapping[str, str]:
    if not isinstance(value, dict):
        raise ValueError(f"must be a table, not {_show(value)}")
    for name, content in value.items():
        if not isinstance(content, str):
            raise ValueError(f"must give texts in quotes, not {_show(content)} for '{name}'")
    return MappingProxyType(dict(value))


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"must be true or false, not {_show(value)}")
    return value


def _show(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict | list):
        return "a table" if isinstance(value, dict) else "a list"
    return repr(value)


_READERS: dict[str, Callable[[Any], Any]] = {
    "level": _one_of(LEVELS),
    "select": _names,
    "skip": _names,
    "extend-select": _names,
    "alpine": _version,
    "runtime": _one_of(RUNTIMES),
    "context": _text,
    "target": _text,
    "build-arg": _table,
    "format": _one_of(FORMATS),
    "probe": _texts,
    "smoke": _commands,
    "enabled": _flag,
    "facts": _text,
    "registry-mirrors": _texts,
    "check-tags": _flag,
    "check-packages": _texts,
}
