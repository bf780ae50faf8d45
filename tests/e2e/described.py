"""GitHub's own description of its API as the judge of requests: https://github.com/octokit/openapi, by npm."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cached_property
from typing import Any

import jsonschema

from tests.bot.fake.server import Asked

from .npm import from_npm

VERSION = "23.0.2"
_MEMBER = "package/generated/api.github.com.json"


def github_description() -> Description:
    """Fetched once, and kept in the cache folder."""
    return Description(json.loads(from_npm("@octokit/openapi", VERSION, _MEMBER)))


class Description:
    """An OpenAPI document."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document

    @cached_property
    def _paths(self) -> list[tuple[re.Pattern[str], Mapping[str, Any]]]:
        """Patterns of paths, those with the fewest parameters first: `/user` before `/{name}`."""
        ordered = sorted(self._document["paths"].items(), key=lambda item: item[0].count("{"))
        found = []
        for path, item in ordered:
            parts = re.split(r"(\{\w+\})", path)
            # A path of a file or a name of a reference may hold slashes.
            wide = ("{path}", "{ref}", "{basehead}")
            shown = "".join("(.+)" if p in wide else "([^/]+)" if p[:1] == "{" else re.escape(p) for p in parts)
            found.append((re.compile(shown), item))
        return found

    def objections(self, asked: Asked) -> list[str]:
        """What is not legal about a request."""
        if asked.path == "/graphql":
            return []
        matching = [item for pattern, item in self._paths if pattern.fullmatch(asked.path)]
        operation = next((item[asked.method.lower()] for item in matching if asked.method.lower() in item), None)
        if operation is None:
            return [f"{asked.method} {asked.path} is not described"]
        found = [f"{asked.method} {asked.path}: {what}" for what in self._query(operation, asked.query)]
        content = self._of(operation.get("requestBody", {})).get("content", {}).get("application/json")
        if asked.body is not None and content is None and asked.body != {}:
            found.append(f"{asked.method} {asked.path}: a body where none is described")
        elif content is not None and asked.body is not None:
            schema = {**self._of(content["schema"]), "components": self._document["components"]}
            errors = jsonschema.Draft202012Validator(schema).iter_errors(asked.body)
            found += [f"{asked.method} {asked.path}: {error.message}" for error in errors]
            known = set(schema.get("properties", {}))
            extra = {*asked.body} - known if known and isinstance(asked.body, dict) else set()
            found += [f"{asked.method} {asked.path}: {name} is not described" for name in sorted(extra)]
        return found

    def _query(self, operation: Mapping[str, Any], query: Mapping[str, str]) -> list[str]:
        known = {each["name"]: each for each in map(self._of, operation.get("parameters", [])) if each["in"] == "query"}
        found = [f"the parameter {name} is not described" for name in query if name not in known]
        for name, value in query.items():
            schema = known.get(name, {}).get("schema", {})
            if "enum" in schema and value not in schema["enum"]:
                found.append(f"{name}={value} is none of {schema['enum']}")
            if schema.get("type") == "integer" and not value.isdigit():
                found.append(f"{name}={value} is no number")
        found += [f"{name} is missing" for name, each in known.items() if each.get("required") and name not in query]
        return found

    def _of(self, value: Mapping[str, Any]) -> Mapping[str, Any]:
        """What a reference within the document leads to."""
        while "$ref" in value:
            found: Any = self._document
            for part in value["$ref"].removeprefix("#/").split("/"):
                found = found[part]
            value = found
        return value
