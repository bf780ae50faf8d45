"""Published descriptions of APIs as the judges of what we send, and of what the fake forge replies.

* GitHub: https://github.com/octokit/openapi, by npm.
* Gitea: the description in its own sources, by the module proxy of Go.
* GitLab: what its own client for Go knows, by the same; see `go_client`.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import re
import subprocess
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import jsonschema

from tests.bot.fake.server import Answer, Asked

from .go_client import described_by
from .machine import cache_home
from .npm import from_npm

GITHUB_VERSION = "23.0.2"
GITEA_VERSION = "v1.27.3"
GITLAB_VERSION = "v2.64.0"
_GITEA = "code.gitea.io/gitea"
_GITLAB = "gitlab.com/gitlab-org/api/client-go/v2"


@functools.cache
def described(kind: str) -> Description:
    """The judge of a dialect."""
    if kind == "github":
        return Description(json.loads(github_document().read_bytes()))
    if kind == "gitea":
        return Description(_openapi(json.loads(gitea_document().read_bytes())))
    return Description(json.loads(gitlab_document().read_bytes()))


def github_document() -> Path:
    """Fetched once, and kept in the cache folder."""
    return from_npm("@octokit/openapi", GITHUB_VERSION, "package/generated/api.github.com.json")


def gitea_document() -> Path:
    """Fetched once, and kept in the cache folder."""
    kept = cache_home() / "openapi" / f"gitea-{GITEA_VERSION}.json"
    if not kept.exists():
        with _go_module(_GITEA, GITEA_VERSION) as packed:
            text = packed.read(f"{_GITEA}@{GITEA_VERSION}/templates/swagger/v1_json.tmpl").decode()
        _keep(kept, re.sub(r"\{\{[^}]*\}\}", "", text).encode())
    return kept


def gitlab_document() -> Path:
    """Made once, and kept in the cache folder."""
    kept = cache_home() / "openapi" / f"gitlab-{GITLAB_VERSION}.json"
    if not kept.exists():
        with _go_module(_GITLAB, GITLAB_VERSION) as packed:
            own = re.compile(rf"{re.escape(_GITLAB)}@[^/]+/(?!\w+_test\.go)\w+\.go")
            sources = [packed.read(name).decode() for name in packed.namelist() if own.fullmatch(name)]
        _keep(kept, json.dumps(described_by(sources)).encode())
    return kept


@contextlib.contextmanager
def _go_module(module: str, version: str) -> Iterator[zipfile.ZipFile]:
    """A module of Go as the module proxy has it."""
    with tempfile.TemporaryDirectory() as folder:
        command = ["go", "mod", "download", "-json", f"{module}@{version}"]
        # Its sums are in no go.sum of ours, and its sources ask for a newer Go than may be here.
        own = {"GOFLAGS": "-mod=mod -modcacherw", "GOTOOLCHAIN": "local", "GOMODCACHE": f"{folder}/go"}
        done = subprocess.run(command, cwd=folder, env={**os.environ, **own}, check=True, capture_output=True)
        with zipfile.ZipFile(json.loads(done.stdout)["Zip"]) as packed:
            yield packed


def _keep(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.with_suffix(".part").write_bytes(content)
    path.with_suffix(".part").rename(path)


def _openapi(swagger: dict[str, Any]) -> dict[str, Any]:
    """A description of version 2 in the form of version 3, as far as we need it."""
    base = swagger["basePath"]
    paths: dict[str, Any] = {}
    for path, methods in swagger["paths"].items():
        paths[path.removeprefix(base)] = {
            method: _operation(swagger, operation) for method, operation in methods.items() if method != "parameters"
        }
    return {"paths": paths, "definitions": swagger["definitions"]}


def _operation(swagger: Mapping[str, Any], operation: Mapping[str, Any]) -> dict[str, Any]:
    parameters = operation.get("parameters", [])
    found: dict[str, Any] = {"parameters": [{**each, "schema": each} for each in parameters if each["in"] != "body"]}
    for each in parameters:
        if each["in"] == "body":
            found["requestBody"] = {"content": {"application/json": {"schema": each["schema"]}}}
    found["responses"] = {}
    for status, reply in operation["responses"].items():
        whole = swagger["responses"][reply["$ref"].rpartition("/")[2]] if "$ref" in reply else reply
        content = {"application/json": {"schema": whole["schema"]}} if "schema" in whole else {}
        found["responses"][status] = {"content": content}
    return found


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
            wide = ("{path}", "{ref}", "{basehead}", "{filepath}", "{branch}", "{sha}")
            shown = "".join("(.+)" if p in wide else "([^/]+)" if p[:1] == "{" else re.escape(p) for p in parts)
            found.append((re.compile(shown), item))
        return found

    def _operation(self, asked: Asked) -> Mapping[str, Any] | None:
        matching = [item for pattern, item in self._paths if pattern.fullmatch(asked.sent or asked.path)]
        return next((item[asked.method.lower()] for item in matching if asked.method.lower() in item), None)

    # --- requests

    def objections(self, asked: Asked) -> list[str]:
        """What is not legal about a request."""
        if asked.path.endswith("/graphql"):  # of another description
            return []
        operation = self._operation(asked)
        if operation is None:
            return [f"{asked.method} {asked.path} is not described"]
        found = self._of_query(operation, asked.query)
        content = self._of(operation.get("requestBody", {})).get("content", {}).get("application/json")
        if asked.body is not None and content is None and asked.body != {}:
            found.append("a body where none is described")
        elif content is not None and asked.body is not None:
            schema = self._of(content["schema"])
            errors = jsonschema.Draft202012Validator({**schema, **self._shared}).iter_errors(asked.body)
            found += [error.message for error in errors]
            known = set(schema.get("properties", {}))
            extra = {*asked.body} - known if known and isinstance(asked.body, dict) else set()
            found += [f"{name} is not described" for name in sorted(extra)]
        return [f"{asked.method} {asked.path}: {what}" for what in found]

    def _of_query(self, operation: Mapping[str, Any], query: Mapping[str, str]) -> list[str]:
        known = {each["name"]: each for each in map(self._of, operation.get("parameters", [])) if each["in"] == "query"}
        found = [f"the parameter {name} is not described" for name in query if name not in known]
        for name, value in query.items():
            schema = known.get(name, {}).get("schema", {})
            if "enum" in schema and value not in schema["enum"]:
                found.append(f"{name}={value} is none of {schema['enum']}")
            if schema.get("type") == "integer" and not value.isdigit():
                found.append(f"{name}={value} is no number")
            if schema.get("type") == "boolean" and value not in ("true", "false"):
                found.append(f"{name}={value} is neither true nor false")
        found += [f"{name} is missing" for name, each in known.items() if each.get("required") and name not in query]
        return found

    # --- replies

    def drift(self, asked: Asked, answer: Answer) -> list[str]:
        """What a reply of the fake forge holds that a real one would not. It may hold less."""
        operation = self._operation(asked)
        if operation is None or answer.status in (301, 307):
            return []
        responses = operation["responses"]
        if str(answer.status) not in responses:
            # That one may not, or is too fast, is described nowhere for each request.
            general = answer.status in (401, 403, 404, 423, 429) or answer.status >= 500
            return [] if general else [f"{asked.method} {asked.path}: {answer.status} is not described"]
        content = self._of(responses[str(answer.status)]).get("content", {}).get("application/json")
        if content is None or answer.data is None:
            return []
        schema = {**self._loose(content["schema"]), **self._loose_shared}
        errors = jsonschema.Draft202012Validator(schema).iter_errors(answer.data)
        found = [f"{'.'.join(map(str, error.path))}: {error.message[:200]}" for error in errors]
        found += [f"{name} is not described" for name in self._unknown(content["schema"], answer.data, "")]
        return [f"{asked.method} {asked.path} {answer.status}: {what}" for what in found]

    def _unknown(self, schema: Mapping[str, Any], data: Any, place: str) -> Iterator[str]:
        """The fields of a reply of which the description does not know."""
        if isinstance(data, list):
            for each in data[:3]:
                for variant in self._variants(schema):
                    if "items" in variant:
                        yield from self._unknown(variant["items"], each, place)
        elif isinstance(data, dict):
            properties: dict[str, Any] = {}
            for variant in self._variants(schema):
                properties = {**variant.get("properties", {}), **properties}
            for name, value in data.items():
                if properties and name not in properties:
                    yield f"{place}{name}"
                elif name in properties:
                    yield from self._unknown(properties[name], value, f"{place}{name}.")

    def _variants(self, schema: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        schema = self._of(schema)
        yield schema
        for name in ("allOf", "anyOf", "oneOf"):
            for each in schema.get(name, []):
                yield from self._variants(each)

    @cached_property
    def _shared(self) -> dict[str, Any]:
        """What references lead to."""
        return {name: self._document[name] for name in ("components", "definitions") if name in self._document}

    @cached_property
    def _loose_shared(self) -> dict[str, Any]:
        return {name: self._loose(value) for name, value in self._shared.items()}

    def _loose(self, schema: Any) -> Any:
        """A schema that demands no field, and not exactly one kind of several: both hang on what is left out."""
        if isinstance(schema, list):
            return [self._loose(each) for each in schema]
        if not isinstance(schema, Mapping):
            return schema
        found = {
            "anyOf" if name == "oneOf" else name: self._loose(value)
            for name, value in schema.items()
            if not (name == "required" and isinstance(value, list))
        }
        # Gitea says nowhere what may be null: of what Go knows, pointers and slices may.
        of_go = "definitions" in self._document and ("$ref" in found or found.get("type") == "array")
        if found.pop("nullable", None) is True or of_go:
            return {"anyOf": [found, {"type": "null"}]}
        return found

    def _of(self, value: Mapping[str, Any]) -> Mapping[str, Any]:
        """What a reference within the document leads to."""
        while "$ref" in value:
            found: Any = self._document
            for part in value["$ref"].removeprefix("#/").split("/"):
                found = found[part]
            value = found
        return value
