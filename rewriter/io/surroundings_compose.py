"""What compose files say of the builds, commands, health checks and bind mounts of their services."""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from rewriter.io.surroundings_uses import ANY_TARGET, UNKNOWN, Use, target_keys
from rewriter.io.surroundings_yaml import Plain, as_list, as_table, as_text, read_yaml

_BASE = re.compile(r"(?:docker-)?compose\.ya?ml\Z")

_MAX_SERVICES = 500
_MAX_ITEMS = 200  # volumes of a service, words of a command
_MAX_TEXT = 4096
_MAX_DEPTH = 10  # of defaults within defaults, and of services that extend services
_VARIABLE = re.compile(r"\$(?:\$|(?P<braced>\{)|(?P<name>[A-Za-z_][A-Za-z0-9_]*))")
_BRACED = re.compile(r"\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?::?(?P<operator>[-+?]).*)?\Z", re.DOTALL)

Service = Mapping[str, Plain]


@dataclass(frozen=True, slots=True)
class ComposeFile:
    """The services of one file, with `extends` resolved."""

    name: str
    where: str
    services: Mapping[str, Service]


def read_compose(name: str, where: str, text: str) -> ComposeFile:
    """Reads one file. Raises YamlError."""
    services: dict[str, Service] = {}
    for document in read_yaml(text):
        table = as_table(document)
        # The first format had the services at the top.
        listed = as_table(table["services"]) if "services" in table else table
        found = {key: value for key, value in list(listed.items())[:_MAX_SERVICES] if isinstance(value, dict)}
        services.update((key, _extended(key, found, name, _MAX_DEPTH)) for key in found)
    return ComposeFile(name, where, services)


def compose_uses(files: list[ComposeFile], folder: str) -> tuple[Use, ...]:
    """The uses of all compose files of one folder, each alone and as an override of the folder's base files."""
    bases = [file for file in files if _BASE.match(file.name)]
    uses: list[Use] = []
    for file in sorted(files, key=lambda file: (file not in bases, file.name)):
        readings: list[Mapping[str, Service]] = []
        beneath = [] if file in bases else bases
        built = {name for base in beneath for name, service in base.services.items() if service.get("build")}
        readings.append(
            {name: service for name, service in file.services.items() if _stands_alone(service, name in built)}
        )
        for base in beneath:
            shared = [name for name in file.services if name in base.services]
            readings.append({name: _merged(base.services[name], file.services[name]) for name in shared})
        for services in readings:
            uses += _uses(services, file.where, folder)
    return tuple(dict.fromkeys(uses))


def _stands_alone(service: Service, has_base: bool) -> bool:
    build = service.get("build")
    return not has_base or isinstance(build, str) or "context" in as_table(build)


def _uses(services: Mapping[str, Service], where: str, folder: str) -> Iterator[Use]:
    images: dict[str, list[Use]] = {}
    for service in services.values():
        build = _build(service)
        if build is None:
            continue
        use = _use(service, build, where, folder)
        yield use
        image = as_text(service.get("image"))
        if image:
            images.setdefault(image, []).append(use)
    for service in services.values():
        # A second service often runs the image that the first one builds.
        if _build(service) is None:
            for built in images.get(as_text(service.get("image")) or "", ())[:_MAX_ITEMS]:
                commands, mounts, health = tuple(_commands(service)), tuple(_mounts(service)), tuple(_health(service))
                yield replace(built, targets=(), commands=commands, mounts=mounts, health=health)


def _use(service: Service, build: Service, where: str, folder: str) -> Use:
    target = as_text(build.get("target"))
    keys = target_keys(substitute(target)) if target else ()
    if target and _VARIABLE.search(target):
        keys = tuple(dict.fromkeys((*keys, ANY_TARGET)))  # a variable is there to be set: its default is one of several
    return Use(
        where,
        folder,
        context=_path(as_text(build.get("context"))),
        dockerfile=_path(as_text(build.get("dockerfile"))),
        targets=keys,
        names_context=True,
        commands=tuple(_commands(service)),
        mounts=tuple(_mounts(service)),
        health=tuple(_health(service)),
    )


def _build(service: Service) -> Service | None:
    """The build as a table; None when there is none, or none that reads a Dockerfile."""
    build = service.get("build")
    if isinstance(build, str) and build:
        return {"context": build, "dockerfile": service.get("dockerfile")}
    return build if isinstance(build, dict) and build and not build.get("dockerfile_inline") else None


def _commands(service: Service) -> Iterator[tuple[str, ...]]:
    for key in ("entrypoint", "command"):
        value = service.get(key)
        if isinstance(value, str):
            text = substitute(value, keep=True)
            try:
                words = shlex.split(text)
            except ValueError:
                words = text.split()
        else:
            words = [substitute(word, keep=True) for word in as_list(value)[:_MAX_ITEMS] if isinstance(word, str)]
        if words:
            yield tuple(words[:_MAX_ITEMS])


def _health(service: Service) -> Iterator[tuple[str, ...]]:
    """The command of a health check; a text is one for a shell."""
    test = as_table(service.get("healthcheck")).get("test")
    words = (
        ["CMD-SHELL", test] if isinstance(test, str) else [w for w in as_list(test)[:_MAX_ITEMS] if isinstance(w, str)]
    )
    kind, *rest = [substitute(word, keep=True) for word in words] or [""]
    if rest and kind in ("CMD", "CMD-SHELL"):
        yield tuple(rest) if kind == "CMD" else ("sh", "-c", rest[0])


def _mounts(service: Service) -> Iterator[str]:
    for volume in as_list(service.get("volumes"))[:_MAX_ITEMS]:
        if isinstance(volume, str):
            source, _, rest = substitute(volume).partition(":")
            target = rest.partition(":")[0] if source.startswith((".", "/", "~", UNKNOWN)) else ""
        else:
            table = as_table(volume)
            target = substitute(as_text(table.get("target")) or "") if table.get("type") == "bind" else ""
        if target.startswith("/"):
            # What is known of the path; a folder above it hides no less.
            known = target.partition(UNKNOWN)[0]
            path = posixpath.normpath("/" + (known if known == target else posixpath.dirname(known)).lstrip("/"))
            if path != "/":
                yield path


def _extended(name: str, services: Mapping[str, Service], file: str, depth: int) -> Service:
    service = services[name]
    extends = service.get("extends")
    base = as_text(extends) or as_text(as_table(extends).get("service"))
    other = as_text(as_table(extends).get("file"))
    if base is None or base not in services or depth == 0 or (other is not None and posixpath.normpath(other) != file):
        return service
    return _merged(_extended(base, services, file, depth - 1), service)


def _merged(base: Service, over: Service) -> Service:
    """A service with another one laid over it, as far as it matters here."""
    merged = {**base, **over}
    if "build" in over and over["build"] is not None:
        merged["build"] = {**_parts(base), **_parts(over)}
    merged["volumes"] = [*as_list(base.get("volumes"))[:_MAX_ITEMS], *as_list(over.get("volumes"))[:_MAX_ITEMS]]
    return merged


def _parts(service: Service) -> Service:
    build = service.get("build")
    if isinstance(build, str):
        return {"context": build, **({"dockerfile": service["dockerfile"]} if "dockerfile" in service else {})}
    return as_table(build)


def _path(text: str | None) -> str | None:
    return substitute(text) if text else None


def substitute(text: str, keep: bool = False, depth: int = _MAX_DEPTH) -> str:
    """A text with the variables replaced by their defaults; the others by UNKNOWN, or with `keep` left as written."""
    if "$" not in text:
        return text
    if len(text) > _MAX_TEXT or depth == 0:
        return text if keep else UNKNOWN
    parts: list[str] = []
    position = 0
    while match := _VARIABLE.search(text, position):
        parts.append(text[position : match.start()])
        position = _closing(text, match.end()) if match["braced"] else match.end()
        parts.append(_value(text[match.start() : position], match["name"], keep, depth))
    return "".join((*parts, text[position:]))


def _value(written: str, name: str | None, keep: bool, depth: int) -> str:
    unknown = written if keep else UNKNOWN
    if written == "$$":
        return "$"
    braced = _BRACED.match(written[1:-1]) if name is None and written.endswith("}") else None
    if braced is not None:
        name = braced["name"]
        if braced["operator"] == "-":
            return substitute(written[written.index("-", 2 + len(name)) + 1 : -1], keep, depth - 1)
    return "." if name == "PWD" and not keep else unknown


def _closing(text: str, position: int) -> int:
    """The place behind the brace that closes the one before `position`."""
    depth = 1
    while position < len(text) and depth:
        depth += {"{": 1, "}": -1}.get(text[position], 0)
        position += 1
    return position
