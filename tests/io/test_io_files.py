from __future__ import annotations

import contextlib
import os
import stat
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from rewriter.io.files import (
    MAX_DOCKERFILE,
    Changed,
    Unreadable,
    Unwritable,
    read_dockerfile,
    read_regular,
    write_atomically,
    write_output,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from pathlib import Path


def names(folder: Path) -> list[str]:
    return sorted(os.listdir(folder))


def test_read(tmp_path: Path) -> None:
    content = b"\xef\xbb\xbfFROM a\r\n\xff\0"
    (tmp_path / "Dockerfile").write_bytes(content)
    (tmp_path / "link").symlink_to("Dockerfile")
    assert read_dockerfile(tmp_path / "Dockerfile") == read_dockerfile(tmp_path / "link") == content


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("missing", "does not exist"),
        ("folder", "is a folder, no file"),
        ("pipe", "is a pipe, no file"),
        ("dangling", "is a symbolic link to nothing"),
        ("loop", "is a symbolic link that leads back to itself"),
        ("file/below", "not a directory"),
        ("large", "is larger than 5 MB"),
        ("a\0b", "is no possible file name"),
        ("x" * 300, "file name too long"),
    ],
)
def test_unreadable(tmp_path: Path, name: str, reason: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "dangling").symlink_to("nothing")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "large").write_bytes(bytes(MAX_DOCKERFILE + 1))
    with pytest.raises(Unreadable) as caught:
        read_dockerfile(tmp_path / name)
    assert (caught.value.path, caught.value.reason) == (tmp_path / name, reason)
    assert str(caught.value) == f"{tmp_path / name}: {reason}"


def test_devices_and_growing_files(tmp_path: Path) -> None:
    (tmp_path / "zero").symlink_to("/dev/zero")
    with pytest.raises(Unreadable, match="is a device, no file"):
        read_dockerfile(tmp_path / "zero")
    (tmp_path / "largest").write_bytes(bytes(MAX_DOCKERFILE))
    assert len(read_dockerfile(tmp_path / "largest")) == MAX_DOCKERFILE


def test_no_permission(public_folder: Path, as_nobody: Callable[[], AbstractContextManager[None]]) -> None:
    path = public_folder / "Dockerfile"
    path.write_bytes(b"a")
    path.chmod(0)
    with as_nobody(), pytest.raises(Unreadable, match="permission denied"):
        read_dockerfile(path)


def test_write(tmp_path: Path) -> None:
    path = tmp_path / "Dockerfile"
    path.write_bytes(b"old")
    path.chmod(0o754)
    write_atomically(path, b"new\r\n\xff", b"old")
    assert path.read_bytes() == b"new\r\n\xff"
    assert stat.S_IMODE(path.stat().st_mode) == 0o754
    assert names(tmp_path) == ["Dockerfile"]


def test_nothing_to_write(tmp_path: Path) -> None:
    path = tmp_path / "Dockerfile"
    path.write_bytes(b"same")
    before = path.stat()
    write_atomically(path, b"same", b"same")
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "real").write_bytes(b"old")
    (tmp_path / "Dockerfile").symlink_to("sub/real")
    write_atomically(tmp_path / "Dockerfile", b"new", b"old")
    assert os.readlink(tmp_path / "Dockerfile") == "sub/real"
    assert (tmp_path / "sub" / "real").read_bytes() == b"new"
    assert names(tmp_path / "sub") == ["real"]


def test_extended_attributes(tmp_path: Path) -> None:
    path = tmp_path / "Dockerfile"
    path.write_bytes(b"old")
    try:
        os.setxattr(path, "user.note", b"kept")
    except OSError:
        pytest.skip("a file system without extended attributes")
    write_atomically(path, b"new", b"old")
    assert os.getxattr(path, "user.note") == b"kept"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_owner_stays(tmp_path: Path) -> None:
    path = tmp_path / "Dockerfile"
    path.write_bytes(b"old")
    os.chown(path, 1234, 4321)
    write_atomically(path, b"new", b"old")
    assert (path.stat().st_uid, path.stat().st_gid, path.read_bytes()) == (1234, 4321, b"new")


@pytest.mark.skipif(os.geteuid() != 0, reason="needs files of another user")
def test_a_file_that_would_change_its_owner(
    public_folder: Path, as_nobody: Callable[[], AbstractContextManager[None]]
) -> None:
    path = public_folder / "Dockerfile"
    path.write_bytes(b"old")
    path.chmod(0o666)
    public_folder.chmod(0o777)
    with as_nobody(), pytest.raises(Unwritable, match="could not be given back"):
        write_atomically(path, b"new", b"old")
    assert (path.read_bytes(), names(public_folder)) == (b"old", ["Dockerfile"])


@pytest.mark.parametrize("current", [b"other", b"expected and more", b"", b"expecte"])
def test_changed_in_the_meantime(tmp_path: Path, current: bytes) -> None:
    path = tmp_path / "Dockerfile"
    path.write_bytes(current)
    with pytest.raises(Changed, match="has changed since it was read"):
        write_atomically(path, b"new", b"expected")
    assert (path.read_bytes(), names(tmp_path)) == (current, ["Dockerfile"])


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("missing", "does not exist"),
        ("folder", "is a folder, no file"),
        ("pipe", "is a pipe, no file"),
        ("dangling", "is a symbolic link to nothing"),
        ("a\0b", "is no possible file name"),
    ],
)
def test_unwritable(tmp_path: Path, name: str, reason: str) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "dangling").symlink_to("nothing")
    before = names(tmp_path)
    with pytest.raises(Unwritable) as caught:
        write_atomically(tmp_path / name, b"new", b"")
    assert caught.value.reason == reason
    assert names(tmp_path) == before


@pytest.mark.parametrize(("file_mode", "folder_mode"), [(0o444, 0o777), (0o644, 0o555)])
def test_read_only(
    public_folder: Path,
    as_nobody: Callable[[], AbstractContextManager[None]],
    file_mode: int,
    folder_mode: int,
) -> None:
    folder = public_folder / "folder"
    folder.mkdir()
    folder.chmod(0o777)
    with as_nobody():
        path = folder / "Dockerfile"
        path.write_bytes(b"old")
        path.chmod(file_mode)
    folder.chmod(folder_mode)
    with as_nobody(), pytest.raises(Unwritable, match="permission denied"):
        write_atomically(path, b"new", b"old")
    assert (path.read_bytes(), names(folder)) == (b"old", ["Dockerfile"])


FULL = """
import resource, signal, sys
from pathlib import Path
from rewriter.io.files import Unwritable, write_atomically
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    write_atomically(Path(sys.argv[1]), bytes(5000), b"old")
except Unwritable as error:
    print(error.reason)
"""


def test_no_room_for_the_new_file(tmp_path: Path) -> None:
    path = tmp_path / "Dockerfile"
    path.write_bytes(b"old")
    answer = subprocess.run([sys.executable, "-c", FULL, path], capture_output=True, text=True, check=True)
    assert answer.stdout == "file too large\n"
    assert (path.read_bytes(), names(tmp_path)) == (b"old", ["Dockerfile"])


INTERRUPTED = """
import os, signal, sys
from pathlib import Path
from rewriter.io.files import write_atomically
path, old, new, outcomes = Path(sys.argv[1]), b"old" * 100_000, b"new" * 100_000, set()
def interrupt(*_):
    raise KeyboardInterrupt
signal.signal(signal.SIGALRM, interrupt)
for step in range(1, 150):
    path.write_bytes(old)
    try:
        signal.setitimer(signal.ITIMER_REAL, step * 2e-5)
        write_atomically(path, new, old)
        signal.setitimer(signal.ITIMER_REAL, 0)
    except KeyboardInterrupt:
        pass
    assert os.listdir(path.parent) == [path.name], os.listdir(path.parent)
    outcomes.add(path.read_bytes())
assert old in outcomes and outcomes <= {old, new}
"""


def test_interrupted(tmp_path: Path) -> None:
    """A real signal, at many moments: the file is the old or the new one, whole, and nothing lies beside it."""
    subprocess.run([sys.executable, "-c", INTERRUPTED, tmp_path / "Dockerfile"], check=True, timeout=60)


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="needs a list of the open files")
def test_nothing_stays_open(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"old")
    os.mkfifo(tmp_path / "pipe")
    before = os.listdir("/proc/self/fd")
    for name in ("file", "pipe", ".", "missing"):
        for _ in range(3):
            with contextlib.suppress(OSError):
                read_regular(tmp_path / name, 2)
            with contextlib.suppress(OSError):
                read_regular(tmp_path / name, 20)
    write_atomically(tmp_path / "file", b"new", b"old")
    assert len(os.listdir("/proc/self/fd")) == len(before)


def test_output(tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    write_output(path, b"one")
    assert stat.S_IMODE(path.stat().st_mode) == 0o666 & ~_umask()
    path.chmod(0o600)
    write_output(path, b"two")
    assert (path.read_bytes(), stat.S_IMODE(path.stat().st_mode), names(tmp_path)) == (b"two", 0o600, ["report.html"])
    (tmp_path / "link").symlink_to("new.html")
    write_output(tmp_path / "link", b"three")
    assert (tmp_path / "new.html").read_bytes() == b"three"
    write_output(type(path)("/dev/null"), b"four")


def test_output_that_cannot_be_written(tmp_path: Path) -> None:
    for path in (tmp_path / "nothing" / "report", tmp_path):
        with pytest.raises(Unwritable):
            write_output(path, b"")
    assert names(tmp_path) == []


def _umask() -> int:
    umask = os.umask(0)
    os.umask(umask)
    return umask
