"""SARIF judged by its schema, which Microsoft's matchers for it bring along."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from .npm import from_npm
from .test_pages import hostile_folder

pytestmark = pytest.mark.e2e

APPS = Path(__file__).with_name("apps")


@pytest.fixture(scope="module")
def schema() -> Any:
    path = from_npm("@microsoft/jest-sarif", "1.0.0-beta.0", "package/lib/schemas/sarif-2.1.0-rtm.5.json")
    return json.loads(path.read_bytes())


def test_it_is_valid(schema: Any, dfrewrite: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path) -> None:
    hostile_folder(tmp_path)
    log = json.loads(dfrewrite("--format", "sarif", APPS, tmp_path).stdout)
    validator = jsonschema.Draft4Validator(schema, format_checker=jsonschema.FormatChecker())
    assert [f"{list(error.path)}: {error.message}" for error in validator.iter_errors(log)] == []
    results = log["runs"][0]["results"]
    assert len(results) > 50
    assert any("fixes" in result for result in results)
    assert log["runs"][0]["invocations"][0]["toolExecutionNotifications"]
