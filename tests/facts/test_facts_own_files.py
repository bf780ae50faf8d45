"""Files of the user's own folder of facts that are not what they seem."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from rewriter.facts import FactsError
from rewriter.facts.loader import load_overlay, load_own
from rewriter.facts.overlay import Overlay, OverlayTag, render_overlay


def overlay(image: str) -> str:
    tag = OverlayTag("1", f"sha256:{0:064}", {})
    return render_overlay(Overlay(image, "registry.example", "2026-11-26", True, {"1": tag}))


def test_one_that_is_right(tmp_path: Path) -> None:
    (tmp_path / "shop.tags").write_text(overlay("shop"))
    found = load_overlay("shop", str(tmp_path))
    assert found is not None
    assert list(found.tags) == ["1"]
    assert load_overlay("other", str(tmp_path)) is None


def test_one_that_tells_of_another_image(tmp_path: Path) -> None:
    (tmp_path / "shop.tags").write_text(overlay("other"))
    with pytest.raises(FactsError, match="tells of other, and not of shop"):
        load_overlay("shop", str(tmp_path))


@pytest.mark.parametrize("name", ["shop.tags", "shop.txt"])
def test_one_that_never_ends(tmp_path: Path, name: str) -> None:
    load = load_overlay if name.endswith(".tags") else load_own
    os.mkfifo(tmp_path / name)
    with pytest.raises(FactsError, match="no regular file"):
        load("shop", str(tmp_path))
    (tmp_path / name).unlink()
    (tmp_path / name).symlink_to("/dev/zero")
    with pytest.raises(FactsError, match="no regular file"):
        load("shop", str(tmp_path))
    (tmp_path / name).unlink()
    with (tmp_path / name).open("wb") as file:
        file.truncate(60_000_000)
    with pytest.raises(FactsError, match="larger than 50 MB"):
        load("shop", str(tmp_path))


def test_a_folder_of_that_name(tmp_path: Path) -> None:
    (tmp_path / "shop.tags").mkdir()
    assert load_overlay("shop", str(tmp_path)) is None
