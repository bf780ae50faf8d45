"""The merged tree of several layers, and how paths are walked in it."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from rewriter.proof.archive import Image, open_image
from rewriter.proof.inside.accounts import EXECUTE, READ, WRITE, Identity, NoIdentity, identity
from rewriter.proof.inside.filesystem import Found, NotFound
from tests.proof.saved import Entry, Files, device, folder, hard, link, opened, save, text


def _open(tmp_path: Path, *layers: Files) -> Image:
    return open_image(save(tmp_path / "image.tar", layers))


def test_later_layers_replace_and_remove(tmp_path: Path) -> None:
    first: Files = {
        "a/": folder(0o700),
        "a/kept": "1",
        "a/gone": "1",
        "tree/": folder(),
        "tree/deep/": folder(),
        "tree/deep/x": "1",
        "file": "1",
        "was-folder/": folder(),
        "was-folder/x": "1",
        "was-link": link("a"),
    }
    second: Files = {
        "a/": folder(0o755),
        "a/.wh.gone": "",
        ".wh.tree": "",
        "file/": folder(),
        "file/now-a-folder": "2",
        "was-folder": "2",
        "was-link/": folder(),
        ".wh.never-there": "",
        ".wh..wh.plnk": "",
    }
    with _open(tmp_path, first, second) as image:
        files = image.files
        assert sorted(files.folder("/")) == ["a", "file", "was-folder", "was-link"]
        assert sorted(files.folder("/a")) == ["kept"]
        assert files.folder("/")["a"].mode & 0o777 == 0o755
        assert image.text("/file/now-a-folder") == "2"
        assert image.text("/was-folder") == "2"
        assert files.folder("/")["was-link"].is_folder


@pytest.mark.parametrize("order", [("mark", "new"), ("new", "mark")])
def test_an_opaque_folder_hides_what_was_below_it_and_not_what_comes_with_it(tmp_path: Path, order: tuple[str]) -> None:
    lower: Files = {"d/": folder(), "d/old": "1", "d/sub/": folder(), "d/sub/old": "1"}
    parts: dict[str, Files] = {
        "mark": {"d/.wh..wh..opq": ""},
        "new": {"d/": folder(), "d/new": "2", "d/sub/": folder(), "d/sub/new": "2"},
    }
    upper = {name: entry for part in order for name, entry in parts[part].items()}
    with _open(tmp_path, lower, upper) as image:
        assert sorted(image.files.folder("/d")) == ["new", "sub"]
        assert sorted(image.files.folder("/d/sub")) == ["new"]


@pytest.mark.parametrize("order", [(".wh.d", "d/"), ("d/", ".wh.d")])
def test_what_is_removed_and_made_again_in_one_layer_is_new(tmp_path: Path, order: tuple[str, str]) -> None:
    parts: Files = {".wh.d": "", "d/": folder()}
    upper = {name: parts[name] for name in order} | {"d/new": "2"}
    with _open(tmp_path, {"d/": folder(), "d/old": "1"}, upper) as image:
        assert sorted(image.files.folder("/d")) == ["new"]


def test_links_are_followed_inside_of_the_image(tmp_path: Path) -> None:
    files: Files = {
        "usr/bin/tool": text("t", 0o755),
        "bin": link("usr/bin"),
        "opt/absolute": link("/bin/tool"),
        "opt/up": link("../../../../bin/tool"),
        "opt/chain": link("absolute"),
        "opt/dangling": link("/nowhere/x"),
        "opt/self": link("self"),
        "opt/a": link("b"),
        "opt/b": link("a/c"),
    }
    with opened(tmp_path / "i.tar", files) as image:
        for path in ("/bin/tool", "/opt/absolute", "/opt/up", "/opt/chain", "/opt/../bin/./tool", "//usr//bin/tool"):
            found = image.files.resolve(path)
            assert isinstance(found, Found), path
            assert found.path == "/usr/bin/tool"
        assert image.files.find("tool", "/bin") is image.files.find("/usr/bin/tool")
        assert isinstance(image.files.resolve("/opt/absolute", follow_last=False), Found)
        reasons = {
            "/opt/dangling": "/nowhere is not there",
            "/opt/self": "the links at /opt/self lead in a circle",
            "/opt/a": "lead in a circle",
            "/usr/bin/tool/x": "/usr/bin/tool is no folder",
            "/usr/bin/tool/": "/usr/bin/tool is no folder",
            "/usr/none/../bin": "/usr/none is not there",
            "/" + "x" * 5000: "too long",
        }
        for path, reason in reasons.items():
            missing = image.files.resolve(path)
            assert isinstance(missing, NotFound), path
            assert reason in missing.why


def test_members_of_later_layers_below_a_link(tmp_path: Path) -> None:
    with _open(tmp_path, {"usr/lib/a": "1", "lib": link("usr/lib")}, {"lib/b": "2"}) as image:
        assert sorted(image.files.folder("/usr/lib")) == ["a", "b"]
        assert image.files.folder("/")["lib"].is_link


def test_hard_links_share_what_they_hold(tmp_path: Path) -> None:
    files: Files = {"a": text("x", 0o4755), "b": hard("a"), "c": hard("missing"), "null": device()}
    with _open(tmp_path, files, {"a": "new"}) as image:
        assert (image.text("/a"), image.text("/b")) == ("new", "x")
        node = image.files.file("/b")
        assert node is not None
        assert node.mode & 0o7777 == 0o4755
        assert image.files.find("/c") is None
        assert image.files.left_out == 1
        null = image.files.find("/null")
        assert null is not None
        assert stat.S_ISCHR(null.mode)
        assert (image.files.file("/null"), image.read(null, 10)) == (None, None)


def test_reading_is_bounded(tmp_path: Path) -> None:
    with opened(tmp_path / "i.tar", {"a": "0123456789", "empty": "", "bad": b"\xff"}) as image:
        node = image.files.file("/a")
        assert node is not None
        assert (image.head(node, 3), image.head(node, 99)) == (b"012", b"0123456789")
        assert (image.read(node, 10), image.read(node, 9)) == (b"0123456789", None)
        stream = image.open(node)
        assert stream is not None
        assert stream.seek(-3, 2) == 7
        assert stream.read() == b"789"
        assert (image.text("/empty"), image.text("/bad"), image.text("/none")) == ("", "\udcff", None)
        assert [path for path, _ in image.files.walk("/", 2)] == ["/a", "/bad"]


def test_deep_trees_need_no_deep_recursion(tmp_path: Path) -> None:
    deep = "/".join(["d"] * 2000)
    with _open(tmp_path, {f"{deep}/file": "1"}, {f"{'d/' * 3}.wh..wh..opq": ""}) as image:
        assert len(list(image.files.walk("/", 10_000))) == 3
    with _open(tmp_path, {f"{deep}/file": "1"}) as image:
        assert len(list(image.files.walk("/", 10_000))) == 2001


ACCOUNTS: Files = {
    "etc/passwd": "root:x:0:0:root:/root:/bin/sh\napp:x:1000:1001::/home/app:/bin/sh\nbroken\n7:x:8:9::/:\n",
    "etc/group": "root:x:0:\napp:x:1001:\nwheel:x:10:root,app\ndata:x:50:app\n",
}


@pytest.mark.parametrize(
    ("user", "expected"),
    [
        ("", Identity(0, 0, frozenset({10}), "root", "/root")),
        ("app", Identity(1000, 1001, frozenset({10, 50}), "app", "/home/app")),
        ("1000", Identity(1000, 1001, frozenset({10, 50}), "app", "/home/app")),
        ("app:wheel", Identity(1000, 10, frozenset(), "app", "/home/app")),
        ("1000:77", Identity(1000, 77, frozenset(), "app", "/home/app")),
        ("4242", Identity(4242, 0)),
        ("7", Identity(8, 9, frozenset(), "7", "/")),
    ],
)
def test_who_a_user_is(tmp_path: Path, user: str, expected: Identity) -> None:
    with opened(tmp_path / "i.tar", ACCOUNTS) as image:
        assert identity(image, user) == expected


@pytest.mark.parametrize(
    ("user", "why"),
    [
        ("nobody", "the user 'nobody' is not in /etc/passwd"),
        ("app:none", "the group 'none' is not in /etc/group"),
        ("99999999999", "the user id 99999999999 is out of range"),
    ],
)
def test_who_nobody_is(tmp_path: Path, user: str, why: str) -> None:
    with opened(tmp_path / "i.tar", ACCOUNTS) as image:
        assert identity(image, user) == NoIdentity(why)


def test_an_image_without_accounts_has_user_0(tmp_path: Path) -> None:
    with opened(tmp_path / "i.tar", {}) as image:
        assert identity(image, "") == Identity(0, 0)
        assert isinstance(identity(image, "root"), NoIdentity)


def test_rights(tmp_path: Path) -> None:
    files: Files = {
        "own": Entry(mode=0o700, uid=5, gid=9),
        "group": Entry(mode=0o640, uid=1, gid=6),
        "other": Entry(mode=0o604, uid=1, gid=1),
        "closed/": folder(0o700),
        "closed/file": text("", 0o777),
    }
    who = Identity(5, 6)
    with opened(tmp_path / "i.tar", files) as image:
        nodes = image.files.folder("/")
        assert who.may(nodes["own"], READ | WRITE | EXECUTE)
        assert who.may(nodes["group"], READ)
        assert not who.may(nodes["group"], WRITE)
        assert who.may(nodes["other"], READ)
        assert not who.may(nodes["other"], WRITE)
        assert not Identity(1, 1).may(nodes["group"], EXECUTE)
        found = image.files.resolve("/closed/file")
        assert isinstance(found, Found)
        assert not who.may_reach(found)
        root = Identity(0, 0)
        assert root.may_reach(found)
        assert root.may(nodes["group"], WRITE)
        assert not root.may(nodes["group"], EXECUTE)
