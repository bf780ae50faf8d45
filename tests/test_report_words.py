"""What reports show of addresses that carry a password."""

from __future__ import annotations

import json

from rewriter import DictContext, rewrite
from rewriter.report.as_json import as_json
from rewriter.report.text import render_text
from rewriter.report.words import masked


def test_what_stands_before_the_host_is_masked() -> None:
    assert masked("line 4: pip fetches git+https://TOKEN@example.com/x with it") == (
        "line 4: pip fetches git+https://…@example.com/x with it"
    )
    assert masked("`https://u:pw@x/y.deb`, http://h/a@b and a@b") == "`https://…@x/y.deb`, http://h/a@b and a@b"


def test_no_report_repeats_it() -> None:
    text = (
        'FROM python:3.11-bookworm\nRUN pip install git+https://SECRET@example.com/x/words\nCMD ["python3", "a.py"]\n'
    )
    result = rewrite(text, context=DictContext({"a.py": "print(1)"}))
    assert result.changed
    assert "words" in str(result.steps)
    assert "SECRET" not in "\n".join(render_text("Dockerfile", result, None))
    told = as_json("Dockerfile", result, "", None)
    assert "SECRET" not in json.dumps(told)
    assert "…@example.com" in json.dumps(told, ensure_ascii=False)
