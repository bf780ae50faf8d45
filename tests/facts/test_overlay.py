"""The overlay: a strict reader of what it writes itself, and names that never lead out of its folder."""

from __future__ import annotations

import posixpath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rewriter.facts.overlay import (
    Overlay,
    OverlayTag,
    is_digest,
    is_host,
    is_image_name,
    is_platform,
    is_registry,
    is_tag,
    overlay_path,
    parse_overlay,
    render_overlay,
)
from rewriter.facts.records import FactsError

DIGEST = "sha256:" + "0a" * 32
HEAD = "image a\nregistry r.example\nas-of 2026-08-01\ncomplete yes\n"


def test_is_read_back_and_sorted() -> None:
    tags = {
        "b": OverlayTag("b"),
        "1.2": OverlayTag("1.2", DIGEST, {"linux/arm64": 7, "linux/amd64": 12345}),
        "old": OverlayTag("old", "sha512:" + "0" * 128),
    }
    overlay = Overlay("ghcr.io/o/n", "ghcr.io", "2026-08-01", False, tags)
    text = render_overlay(overlay)
    assert text.startswith("# ")
    assert text.splitlines()[1:] == [
        "image     ghcr.io/o/n",
        "registry  ghcr.io",
        "as-of     2026-08-01",
        "complete  no",
        f"tag 1.2 {DIGEST} linux/amd64=12345 linux/arm64=7",
        "tag b",
        f"tag old sha512:{'0' * 128}",
    ]
    assert parse_overlay(text, "n.tags") == overlay
    assert parse_overlay(text.replace("\n", "\r\n"), "n.tags") == overlay


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("", 1, "missing image"),
        (HEAD.replace("image a\n", ""), 4, "missing image"),
        (HEAD.replace("registry r.example\n", ""), 4, "missing registry"),
        (HEAD.replace("as-of 2026-08-01\n", ""), 4, "missing as-of"),
        (HEAD.replace("complete yes\n", ""), 4, "missing complete"),
        (HEAD + "image a", 5, "duplicate image"),
        (HEAD.replace("image a", "image a b"), 1, "'image' has one value"),
        (HEAD.replace("image a", "image"), 1, "'image' has one value"),
        (HEAD.replace("image a", "image ../a"), 1, "'../a' is no name of an image"),
        (HEAD.replace("r.example", "r/x"), 2, "'r/x' is no registry"),
        (HEAD.replace("2026-08-01", "2026-8-1"), 3, "malformed date '2026-8-1'"),
        (HEAD.replace("yes", "perhaps"), 4, "complete is yes or no, not 'perhaps'"),
        (HEAD + "colour red", 5, "unknown keyword 'colour'"),
        (HEAD + " image a", 5, "unknown keyword 'image'"),
        (HEAD + "   ", 5, "unknown keyword ''"),
        (HEAD + "tag", 5, "'tag' says nothing"),
        (HEAD + "tag ", 5, "'' is no tag"),
        (HEAD + "tag -x", 5, "'-x' is no tag"),
        (HEAD + "tag a/b", 5, "'a/b' is no tag"),
        (HEAD + "\n# a comment\ntag a\ntag a", 8, "duplicate tag a"),
        (HEAD + "tag a sha256:0", 5, "malformed digest 'sha256:0'"),
        (HEAD + "tag a - linux/amd64=1", 5, "sizes without a digest"),
        (HEAD + f"tag a {DIGEST} amd64=1", 5, "malformed platform 'amd64'"),
        (HEAD + f"tag a {DIGEST} linux/amd64", 5, "malformed number of bytes ''"),
        (HEAD + f"tag a {DIGEST} linux/amd64=0", 5, "malformed number of bytes '0'"),
        (HEAD + f"tag a {DIGEST} linux/amd64=-1", 5, "malformed number of bytes '-1'"),
        (HEAD + f"tag a {DIGEST} linux/amd64=٣", 5, "malformed number of bytes '٣'"),
        (HEAD + f"tag a {DIGEST} linux/amd64=9999999999999999", 5, "malformed number of bytes '9999999999999999'"),
        (HEAD + f"tag a {DIGEST} linux/amd64={'9' * 5000}", 5, f"malformed number of bytes '{'9' * 5000}'"),
        (HEAD + f"tag a {DIGEST} l/a=1 l/a=2", 5, "duplicate platform l/a"),
    ],
)
def test_what_is_odd_is_refused_with_its_line(text: str, line: int, reason: str) -> None:
    with pytest.raises(FactsError) as caught:
        parse_overlay(text, "a.tags")
    assert (caught.value.file, caught.value.line, caught.value.reason) == ("a.tags", line, reason)


@pytest.mark.parametrize(
    ("image", "path"),
    [
        ("golang", "golang.tags"),
        ("owner/name", "owner/name.tags"),
        ("ghcr.io/owner/name", "ghcr.io/owner/name.tags"),
        ("localhost:5000/a/b", "localhost_5000/a/b.tags"),
        ("localhost/a", "localhost/a.tags"),
        ("[::1]:5000/a", "[__1]_5000/a.tags"),
        ("a.b-c--d__e_f/g1", "a.b-c--d__e_f/g1.tags"),
    ],
)
def test_places_of_overlays(image: str, path: str) -> None:
    assert overlay_path(image) == path


@pytest.mark.parametrize(
    "image",
    [
        *(
            "",
            "/",
            "a/",
            "/a",
            "a//b",
            ".",
            "..",
            "../a",
            "a/../b",
            "a/..",
            "./a",
            "~",
            "/etc/passwd",
            "a\\b",
            "a\0",
            "a b",
        ),
        *(
            ".a",
            "a.",
            "a..b",
            "a___b",
            "a-_b",
            "a_",
            "-a",
            "a-",
            "_a",
            "A",
            "Golang",
            "é",
            "a\nb",
            "a:1",
            "a@b",
            "a:b/c",
        ),
        *("h.example:/a", "h.example:99999999/a", "h..x/a", ".h.x/a", "[../..]/a", "[::/etc]/a", "[]:1/a", "[::1/a"),
        *("a" * 256, "h.example/", "%2e%2e/a", "a/%2e%2e", "::1/a", "-h.example/a"),
    ],
)
def test_names_that_no_image_has(image: str) -> None:
    assert not is_image_name(image)
    assert overlay_path(image) is None


@given(st.text(alphabet="aA0./-_:[]@ \\\0é~", max_size=30))
def test_no_name_leads_out_of_the_folder(image: str) -> None:
    path = overlay_path(image)
    if path is not None:
        assert posixpath.normpath(path) == path
        assert not path.startswith(("/", ".."))
        assert "\0" not in path
        assert ":" not in path


@given(st.lists(st.text(alphabet="a0./-_:", min_size=1, max_size=12), min_size=2, max_size=2, unique=True))
def test_two_images_never_share_a_file(images: list[str]) -> None:
    first, second = (overlay_path(image) for image in images)
    assert first is None or first != second


def test_the_parts_of_names() -> None:
    assert [word for word in ("a.b", "a:1", "localhost", "A", "[::1]") if is_host(word)] == [
        "a.b",
        "a:1",
        "localhost",
        "A",
        "[::1]",
    ]
    assert not any(is_host(word) for word in ("a", "owner", "", ":1", "a:", "a:b", "a_b.c", "[a]"))
    assert is_registry("registry")
    assert not is_registry("user@registry.example")
    assert is_tag("1.2_a-B")
    assert is_tag("_" * 128)
    assert not any(is_tag(word) for word in ("", "a" * 129, ".a", "-a", "a:b", "a/b", "é"))
    assert is_digest(DIGEST)
    assert not any(is_digest(word) for word in ("", "sha256:", DIGEST[:-1], DIGEST.upper(), "md5:" + "0" * 32))
    assert is_platform("linux/arm/v7")
    assert not any(is_platform(word) for word in ("linux", "linux/", "/amd64", "a/b/c/d", "Linux/amd64", "a b/c"))


_TAGS = st.text(alphabet="ab09._-", min_size=1, max_size=8).filter(is_tag)
_SIZES = st.dictionaries(st.sampled_from(["linux/amd64", "linux/arm64", "linux/arm/v7"]), st.integers(1, 10**15))


@given(st.dictionaries(_TAGS, st.one_of(st.none(), _SIZES), max_size=8), st.booleans())
def test_whatever_is_written_is_read_back(found: dict[str, dict[str, int] | None], complete: bool) -> None:
    tags = {
        name: OverlayTag(name) if sizes is None else OverlayTag(name, DIGEST, sizes) for name, sizes in found.items()
    }
    overlay = Overlay("a/b", "r.example:5000", "2026-08-01", complete, tags)
    assert parse_overlay(render_overlay(overlay), "b.tags") == overlay
