"""GitLab's own client for Go as a description of GitLab's API.

GitLab publishes its OpenAPI document with its sources alone, and no registry of packages has it. The client
(https://gitlab.com/gitlab-org/api/client-go) says as much of each call that it knows: method and path, what may be
asked and said, and the fields of the reply with their types. What is made of it has the form of an OpenAPI document.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

_STRUCT = re.compile(r"^type (\w+) struct ?\{(?:\}|\n(.*?)^\})", re.MULTILINE | re.DOTALL)
_NAMED = re.compile(r"^type (\w+) (?:= )?((?!struct)[\w.\[\]*]+)$", re.MULTILINE)
_MARSHALS = re.compile(r"^func \((?:\w+ )?\*?(\w+)\) MarshalJSON\(\)", re.MULTILINE)
_ROUTE = re.compile(r'^(?:var )?\s*(route\w+)\s*= route\("([^"]+)"\)', re.MULTILINE)
_CALL = re.compile(
    r"^func \(s \*\w+\) \w+\((?P<asked>.*)\) .*\{\n(?:(?!^\}).*\n)*?"
    r".*\bdo\[(?P<reply>.+)\]\(\s*s\.client,\n(?P<how>(?:\t\t.*\n)+)",
    re.MULTILINE,
)
_FIELD = re.compile(r"^\t(?P<name>\w+)\s+(?P<type>[^`\s][^`]*?)\s+`(?P<tag>.*)`", re.MULTILINE)
_NESTED = re.compile(r"^\t(?P<name>\w+)\s+(?:\[\]|\*)*struct \{\n(?:\t\t.*\n|\n)*\t\} `(?P<tag>.*)`", re.MULTILINE)
_EMBEDDED = re.compile(r"^\t\*?(?P<name>[A-Z]\w+)(?: `.*`)?$", re.MULTILINE)
_SCALARS = {
    **dict.fromkeys(("string", "time.Time", "[]byte"), "string"),
    **dict.fromkeys(("int", "int64", "uint", "uint64", "int32"), "integer"),
    **dict.fromkeys(("float64", "float32"), "number"),
    "bool": "boolean",
}


@dataclass(frozen=True)
class _Struct:
    embedded: tuple[str, ...]
    fields: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """Types and tags by the names of Go."""


def described_by(sources: Iterable[str]) -> dict[str, Any]:
    """An OpenAPI document, with ``definitions``, of the client's sources."""
    return _Client("\n".join(sources)).document()


class _Client:
    def __init__(self, source: str) -> None:
        self._source = source
        self._structs = {match[1]: _struct(match[2] or "") for match in _STRUCT.finditer(source)}
        self._named = {match[1]: match[2] for match in _NAMED.finditer(source)}
        self._own_form = {match[1] for match in _MARSHALS.finditer(source)}

    def document(self) -> dict[str, Any]:
        routes = {match[1]: _path(match[2]) for match in _ROUTE.finditer(self._source)}
        paths: dict[str, Any] = {}
        for call in _CALL.finditer(self._source):
            how = call["how"]
            route = re.search(r"withPath\((\w+)", how)
            method = re.search(r"withMethod\(http\.Method(\w+)\)", how)
            if route is None or route[1] not in routes:
                continue
            verb = method[1].lower() if method else "get"
            options = re.search(r"\bopt \*(\w+)", call["asked"]) if "withAPIOpts(opt)" in how else None
            operation = self._operation(verb, options[1] if options else "", call["reply"])
            # The first of several that call the same: the others are for other forms of the reply.
            paths.setdefault(routes[route[1]], {}).setdefault(verb, operation)
        return {"paths": paths, "definitions": {name: self._schema_of(name) for name in self._structs}}

    def _operation(self, verb: str, options: str, reply: str) -> dict[str, Any]:
        found: dict[str, Any] = {"parameters": []}
        if options and verb in ("get", "delete"):
            for name, schema in self._fields(options, "url"):
                found["parameters"].append({"name": name, "in": "query", "schema": schema})
        elif options:
            found["requestBody"] = {"content": {"application/json": {"schema": self._reference(options)}}}
        content = {} if reply in ("none", "bytes.Buffer") else {"application/json": {"schema": self._schema(reply)}}
        found["responses"] = {status: {"content": content} for status in ("200", "201", "202", "204")}
        return found

    def _schema_of(self, name: str) -> dict[str, Any]:
        # Go reads null as nothing, so that it does not say where null may be.
        properties = {key: {**schema, "nullable": True} for key, schema in self._fields(name, "json")}
        return {"type": "object", "properties": properties}

    def _fields(self, name: str, tags: str) -> Iterator[tuple[str, dict[str, Any]]]:
        while name in self._named:
            name = self._named[name]
        struct = self._structs[name]
        for embedded in struct.embedded:
            if embedded in self._structs:
                yield from self._fields(embedded, tags)
        for type_, tag in struct.fields.values():
            match = re.search(rf'\b{tags}:"([^",]+)', tag)
            if match is not None and match[1] != "-":
                yield match[1], self._schema(type_)

    def _reference(self, name: str) -> dict[str, Any]:
        return {"$ref": f"#/definitions/{name}"}

    def _schema(self, type_: str) -> dict[str, Any]:
        if type_ in _SCALARS:
            return {"type": _SCALARS[type_]}
        if type_.startswith("*"):
            return self._schema(type_[1:])
        if type_.startswith("[]"):
            return {"type": "array", "items": self._schema(type_[2:])}
        if type_.startswith("map["):
            return {"type": "object"}
        if type_ in self._own_form:
            return {}
        if type_ in self._structs:
            return self._reference(type_)
        return self._schema(self._named[type_]) if type_ in self._named else {}


def _struct(body: str) -> _Struct:
    fields = {match["name"]: ("any", match["tag"]) for match in _NESTED.finditer(body)}
    rest = _NESTED.sub("", body)
    fields |= {match["name"]: (match["type"], match["tag"]) for match in _FIELD.finditer(rest)}
    return _Struct(tuple(match["name"] for match in _EMBEDDED.finditer(rest)), fields)


def _path(route: str) -> str:
    """With a parameter for each verb of Go's Printf, which has the name of what stands before it."""
    return "/" + re.sub(r"(\w+)/%\w", r"\1/{\1}", route)
