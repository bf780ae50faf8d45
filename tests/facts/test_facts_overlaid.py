"""A registry's answer laid over the shipped facts, and data files of the user's own."""

from pathlib import Path

import pytest

from rewriter.facts import CATALOGUE, Facts, FactsError, ImageFacts, Refusal, TagChoice, alpine_tag, slim_tag
from rewriter.facts.loader import SHIPPED, load_overlay, load_own
from rewriter.facts.overlay import Overlay, OverlayTag, render_overlay

MB = 1_000_000


def _overlay(image: str, tags: dict[str, int], complete: bool = False) -> Overlay:
    rows = {tag: OverlayTag(tag, "", {"linux/amd64": size} if size else {}) for tag, size in tags.items()}
    return Overlay(image, "registry.example", "2026-11-20", complete, rows)


def _with(image: str, tags: dict[str, int], complete: bool = False) -> ImageFacts:
    overlay = _overlay(image, tags, complete)
    facts = Facts(overlay=lambda name: overlay if name == image else None).image(image)
    assert facts is not None
    return facts


def test_a_new_version_is_as_good_as_a_known_one() -> None:
    tags = {"1.28-alpine": 0, "1.28": 0, "1.28-alpine3.25": 0, "1.28.0": 0, "1.28.0-alpine3.25": 70 * MB}
    golang = _with("golang", tags)
    for tag in tags:
        assert golang.has(tag)
        assert golang.listed(tag)
        assert golang.life(tag) == ("2026-11-20", "")
    assert golang.has("1.18")
    assert not golang.has("1.28-bookworm")
    choice = alpine_tag(golang, "1.28", pinned=True)
    assert isinstance(choice, TagChoice)
    assert (choice.tag, choice.alpine) == ("1.28-alpine3.25", "3.25")
    assert "registry.example, seen on 2026-11-20" in golang.source
    shipped = CATALOGUE.image("golang")
    assert shipped is not None
    assert not shipped.has("1.28")


def test_a_variant_without_its_bare_tag() -> None:
    golang = _with("golang", {"1.28-alpine": 0})
    assert golang.has("1.28-alpine")
    assert not golang.has("1.28")


def test_a_new_variant_and_a_new_patch_of_a_known_version() -> None:
    node = _with("node", {"24-alpine3.25": 0, "24.99.0-alpine3.25": 0, "24.99.0": 0, "18.4.0-trixie": 0, "fancy": 0})
    for tag in ("24-alpine3.25", "24.99.0-alpine3.25", "24.99.0", "18.4.0-trixie", "fancy", "18.4.0"):
        assert node.has(tag), tag
    assert not node.has("18.4-trixie")
    assert not node.has("24.99.0-slim")
    wanted = alpine_tag(node, "24", "3.25")
    assert isinstance(wanted, TagChoice)
    assert wanted.tag == "24-alpine3.25"


def test_a_tag_that_the_data_call_never() -> None:
    php = _with("php", {"8.2-alpine3.15": 0})
    assert php.has("8.2-alpine3.15")


def test_that_a_registry_holds_a_tag_does_not_make_it_rebuilt() -> None:
    golang = _with("golang", {"1.18": 0, "1.18-alpine": 0, "1.18-alpine3.17": 0})
    assert not golang.listed("1.18-alpine")
    choice = alpine_tag(golang, "1.18")
    assert isinstance(choice, TagChoice)
    assert choice.tag == "1.18-alpine3.17"


def test_a_whole_list_wins_over_the_shipped_one() -> None:
    golang = _with("golang", {"1.18": 0, "1.18-alpine3.16": 0, "1.18-alpine": 0}, complete=True)
    assert golang.has("1.18")
    assert not golang.has("1.18-alpine3.17")
    assert not golang.has("1.17")
    choice = alpine_tag(golang, "1.18")
    assert isinstance(choice, TagChoice)
    assert choice.tag == "1.18-alpine3.16"
    python = _with("python", {"3.9": 0, "3.9-slim-trixie": 0}, complete=True)
    slim = slim_tag(python, "3.9")
    assert isinstance(slim, TagChoice)
    assert slim.tag == "3.9-slim-trixie"
    assert isinstance(alpine_tag(python, "3.9"), Refusal)


def test_sizes_of_the_registry_win() -> None:
    golang = _with("golang", {"1.18-alpine3.16": 111 * MB})
    size = golang.size("1.18-alpine3.16")
    assert size is not None
    assert (size.megabytes, size.compressed, size.quality) == (328.79, 111.0, "measured")
    own = _with("registry.example/base", {"1": 10 * MB, "2": 0})
    reckoned = own.size("1")
    assert reckoned is not None
    assert (reckoned.megabytes, reckoned.compressed, reckoned.quality) == (26.0, 10.0, "estimate")
    assert reckoned.note == "reckoned from what a pull transfers"
    assert own.size("2") is None


def test_an_image_known_by_the_overlay_alone() -> None:
    own = _with("registry.example/base/python", {"3.9": 0, "3.9-alpine": 0, "latest": 0, "weird": 0})
    assert own.name == "registry.example/base/python"
    assert own.has("3.9-alpine")
    assert own.has("weird")
    assert not own.has("3.8")
    assert not own.config_known
    assert own.family("3.9") is None
    choice = alpine_tag(own, "3.9")
    assert isinstance(choice, TagChoice)
    assert choice.tag == "3.9-alpine"


def test_many_tags_at_once() -> None:
    tags = {f"9.{minor}.{patch}-alpine": 0 for minor in range(40) for patch in range(100)}
    own = _with("golang", tags)
    assert own.has("9.39.99-alpine")
    assert not own.has("9.39.99")


def _folder(tmp_path: Path) -> Facts:
    folder = str(tmp_path)
    return Facts(overlay=lambda name: load_overlay(name, folder), own=lambda name: load_own(name, folder))


def test_both_kinds_are_read_from_a_folder(tmp_path: Path) -> None:
    (tmp_path / "golang.tags").write_text(render_overlay(_overlay("golang", {"1.28": 0})))
    (tmp_path / "registry.example" / "base").mkdir(parents=True)
    text = (Path(SHIPPED) / "rockylinux.txt").read_text()
    own = text.replace("image      rockylinux", "image      registry.example/base/python")
    (tmp_path / "registry.example" / "base" / "python.txt").write_text(own)
    facts = _folder(tmp_path)
    golang, python, node = (facts.image(name) for name in ("golang", "registry.example/base/python", "node"))
    assert golang is not None
    assert golang.has("1.28")
    assert python is not None
    assert python.has("9-minimal")
    assert node is not None
    assert node.overlay is None
    assert facts.image("registry.example/base/ruby") is None


def test_an_own_file_takes_the_place_of_the_shipped_one(tmp_path: Path) -> None:
    text = (Path(SHIPPED) / "rockylinux.txt").read_text().replace("image      rockylinux", "image      node")
    (tmp_path / "node.txt").write_text(text)
    node = _folder(tmp_path).image("node")
    assert node is not None
    assert node.has("9-minimal")
    assert not node.has("18")


@pytest.mark.parametrize(("file", "text"), [("golang.tags", "nonsense\n"), ("golang.txt", "nonsense\n")])
def test_odd_files_are_refused(tmp_path: Path, file: str, text: str) -> None:
    (tmp_path / file).write_text(text)
    with pytest.raises(FactsError, match=file):
        _folder(tmp_path).image("golang")


@pytest.mark.parametrize("name", ["../golang", "a//b", "x" * 5000, "", "NUL\0", "UP"])
def test_hostile_names_read_nothing(tmp_path: Path, name: str) -> None:
    (tmp_path.parent / "golang.txt").write_text("nonsense\n")
    assert load_own(name, str(tmp_path)) is None
    assert load_overlay(name, str(tmp_path)) is None
    assert _folder(tmp_path).image(name) is None
