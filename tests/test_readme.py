"""README says what the code says."""

from __future__ import annotations

from pathlib import Path

from rewriter.discovery import all_transforms

README = Path(__file__).parent.parent / "README.md"


def test_the_table_of_transforms_is_current() -> None:
    rows = [f"| `{t.name}` | {t.summary} | {'yes' if t.default else 'no'} |" for t in all_transforms()]
    table = "\n".join(["| name | what it does | by default |", "|---|---|---|", *rows])
    text = README.read_text(encoding="utf-8")
    assert table in text


def test_every_option_of_the_configuration_is_named() -> None:
    from dataclasses import fields

    from rewriter.io.config import Config

    text = README.read_text(encoding="utf-8")
    for field in fields(Config):
        if field.name != "path":
            assert f"`{field.name.replace('_', '-')}`" in text
