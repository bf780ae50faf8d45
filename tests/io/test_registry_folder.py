"""The user's folder of facts: where it is, what is written to it, what is read from it, and what never leaves it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from rewriter.facts import CATALOGUE
from rewriter.facts.overlay import Overlay, OverlayTag, render_overlay
from rewriter.io.config import Config, ConfigError, load_config
from rewriter.io.files import Unreadable, Unwritable
from rewriter.io.registry_facts import Outside, facts_folder, facts_of
from rewriter.io.registry_folder import known_images, read_overlay, write_overlay
from rewriter.session import Exit, Request, Session

GO = Path(__file__).parent.parent.parent / "examples" / "go-service"
DAY = "2026-08-01"


def overlay(image: str = "golang", *tags: str, complete: bool = False) -> Overlay:
    return Overlay(image, "r.example", DAY, complete, {tag: OverlayTag(tag) for tag in tags or ("9.9",)})


@pytest.mark.parametrize("image", ["golang", "owner/name", "ghcr.io/o/n", "localhost:5000/a"])
def test_what_is_written_is_read_back(tmp_path: Path, image: str) -> None:
    folder = tmp_path / "not" / "there" / "yet"
    assert read_overlay(folder, image) is None
    path = write_overlay(folder, overlay(image))
    assert path.is_relative_to(folder)
    assert read_overlay(folder, image) == overlay(image)
    assert known_images(folder) == [image]
    assert [file.name for file in path.parent.iterdir()] == [path.name]  # nothing half made lies beside it


def test_names_that_no_image_has(tmp_path: Path) -> None:
    assert read_overlay(tmp_path, "../x") is None
    with pytest.raises(Unwritable, match="cannot be read back"):
        write_overlay(tmp_path / "facts", overlay("../x"))
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_written_that_could_not_be_read_back(tmp_path: Path) -> None:
    odd = Overlay("a", "r.example", DAY, True, {"other": OverlayTag("b")})
    with pytest.raises(Unwritable, match="would not say what it is meant to say"):
        write_overlay(tmp_path, odd)
    large = Overlay("a", "r.example", DAY, True, {"b": OverlayTag("b", "sha256:" + "0" * 64, {"l/a": 10**16})})
    with pytest.raises(Unwritable, match="malformed number of bytes"):
        write_overlay(tmp_path, large)
    assert list(tmp_path.iterdir()) == []


def test_links_do_not_lead_out_of_the_folder(tmp_path: Path) -> None:
    folder, outside = tmp_path / "facts", tmp_path / "outside"
    folder.mkdir()
    outside.mkdir()
    (folder / "owner").symlink_to(outside)
    (folder / "golang.tags").symlink_to(outside / "file")
    for image in ("owner/name", "golang"):
        with pytest.raises(Unwritable, match="leads out of the folder"):
            write_overlay(folder, overlay(image))
    assert list(outside.iterdir()) == []


def test_the_folder_itself_may_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "facts").symlink_to(tmp_path / "real")
    write_overlay(tmp_path / "facts", overlay())
    assert read_overlay(tmp_path / "real", "golang") == overlay()


def test_what_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "facts").write_text("a file")
    with pytest.raises(Unwritable):
        write_overlay(tmp_path / "facts", overlay())
    assert read_overlay(tmp_path / "facts", "golang") is None
    assert known_images(tmp_path / "facts") == []
    (tmp_path / "golang.tags").mkdir()
    with pytest.raises(Unwritable):
        write_overlay(tmp_path, overlay())
    with pytest.raises(Unreadable):
        read_overlay(tmp_path, "golang")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"\xff", "is not UTF-8"),
        (b"nonsense", "line 1: unknown keyword 'nonsense'"),
        (render_overlay(overlay("python")).encode(), "is about python, which has another name"),
    ],
)
def test_odd_overlays(tmp_path: Path, data: bytes, reason: str) -> None:
    (tmp_path / "golang.tags").write_bytes(data)
    with pytest.raises(Unreadable, match=reason):
        read_overlay(tmp_path, "golang")
    assert known_images(tmp_path) == []


def test_an_overlay_that_is_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rewriter.io.registry_folder.MAX_OVERLAY", 10)
    write_overlay(tmp_path, overlay())
    with pytest.raises(Unreadable, match="larger than"):
        read_overlay(tmp_path, "golang")


def test_known_images_are_sorted_and_other_files_left_out(tmp_path: Path) -> None:
    for image in ("z", "ghcr.io/o/n", "a"):
        write_overlay(tmp_path, overlay(image))
    (tmp_path / "README.md").write_text("mine")
    (tmp_path / "copy.tags").write_bytes((tmp_path / "a.tags").read_bytes())
    assert known_images(tmp_path) == ["a", "ghcr.io/o/n", "z"]
    assert known_images(tmp_path / "nowhere") == []


def test_where_the_folder_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    assert facts_folder(None, None) == tmp_path / ".local" / "share" / "dfrewrite" / "facts"
    monkeypatch.setenv("XDG_DATA_HOME", "relative")
    assert facts_folder(None, None) == tmp_path / ".local" / "share" / "dfrewrite" / "facts"
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    assert facts_folder(None, None) == tmp_path / "data" / "dfrewrite" / "facts"
    assert facts_folder(None, Path("b")) == Path("b")
    assert facts_folder(Path("a"), Path("b")) == Path("a")


def test_the_configuration(tmp_path: Path) -> None:
    path = tmp_path / "dfrewrite.toml"
    path.write_text(
        'facts = "own"\nregistry-mirrors = ["https://m.example"]\ncheck-tags = true\n'
        f'check-packages = ["https://a.example/{{release}}", "index", "{tmp_path}/other"]\n'
    )
    assert load_config(tmp_path) == Config(
        path=path,
        facts=tmp_path / "own",
        registry_mirrors=("https://m.example",),
        check_tags=True,
        check_packages=("https://a.example/{release}", str(tmp_path / "index"), str(tmp_path / "other")),
    )


@pytest.mark.parametrize(
    "line",
    [
        'facts = ""',
        "facts = 1",
        'registry-mirrors = "x"',
        "check-tags = 1",
        'check-packages = "x"',
        "check-packages = [1]",
    ],
)
def test_odd_values_in_the_configuration(tmp_path: Path, line: str) -> None:
    (tmp_path / "dfrewrite.toml").write_text(line)
    with pytest.raises(ConfigError, match=line.partition(" ")[0]):
        load_config(tmp_path)


def test_no_folder_is_the_shipped_catalogue(tmp_path: Path) -> None:
    assert facts_of(tmp_path / "nothing") is CATALOGUE


def test_the_overlay_wins_over_the_shipped_facts(tmp_path: Path) -> None:
    write_overlay(tmp_path, overlay("golang", "9.9", "9.9-alpine"))
    write_overlay(tmp_path, overlay("r.example/own", "1.0"))
    facts = facts_of(tmp_path)
    golang, own, alpine = facts.image("golang"), facts.image("r.example/own"), facts.image("alpine")
    assert golang is not None
    assert golang.has("9.9-alpine")
    assert golang.has("1.18")
    assert own is not None
    assert own.has("1.0")
    assert not own.has("2.0")
    assert alpine is not None
    assert facts.image("unknown/image") is None


def test_a_whole_file_of_ones_own(tmp_path: Path) -> None:
    (tmp_path / "r.example").mkdir()
    text = f"image r.example/own\nsource me\nas-of {DAY}\ncollected {DAY}\nversion 1.0 {DAY}..\n"
    (tmp_path / "r.example" / "own.txt").write_text(text)
    own = facts_of(tmp_path).image("r.example/own")
    assert own is not None
    assert own.has("1.0")


def test_what_is_wrong_with_a_file_of_the_users_is_told_as_such(tmp_path: Path) -> None:
    (tmp_path / "golang.tags").write_text("nonsense")
    (tmp_path / "alpine.txt").write_text("nonsense x")
    for name, line in (("golang.tags", "line 1"), ("alpine.txt", "line 1")):
        with pytest.raises(Unreadable) as caught:
            facts_of(tmp_path).image(name.partition(".")[0])
        assert caught.value.path == tmp_path / name
        assert line in caught.value.reason


def test_a_file_that_nobody_may_read(tmp_path: Path) -> None:
    (tmp_path / "golang.tags").symlink_to("golang.tags")
    with pytest.raises(Unreadable):
        facts_of(tmp_path).image("golang")


def test_a_session_reads_each_folder_once(tmp_path: Path) -> None:
    outside = Outside(Request(), lambda _: None)
    config = Config(facts=tmp_path)
    assert outside.facts(config) is outside.facts(config) is not CATALOGUE
    assert Outside(Request(facts=tmp_path / "no"), lambda _: None).facts(config) is CATALOGUE
    assert outside.checker(config) is None


def test_an_odd_overlay_leaves_the_dockerfile_and_is_no_fault_of_ours(tmp_path: Path) -> None:
    facts = tmp_path / "facts"
    facts.mkdir()
    (facts / "golang.tags").write_text("nonsense")
    (tmp_path / "APKINDEX").write_text("P:x\n")
    shutil.copytree(GO, tmp_path / "app")
    path = tmp_path / "app" / "Dockerfile"
    session = Session(Request(facts=facts, check_packages=(os.fspath(tmp_path / "APKINDEX"),)))
    outcome = session.rewrite_file(path)
    assert outcome.code == Exit.UNUSABLE
    assert outcome.error is not None
    assert "golang.tags: line 1" in outcome.error
