"""Child processes end within their limits, whatever they do; real ones, started with this interpreter and the shell."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
import tracemalloc
from pathlib import Path

import pytest

from rewriter.proof.identity import folder_of, identity_of, is_over, new_identity, started
from rewriter.proof.process import LEFT_OUT, Child, Kept, signal_group

KEEP = 10_000


def _shell(script: str, *, keep: int = KEEP, stdin: bytes | None = None, merged: bool = False) -> Child:
    return Child(["sh", "-c", script], os.environ, keep=keep, stdin=stdin, merged=merged)


def _gone(pid: int) -> bool:
    """A process that ended; one that nobody waits for stays as a zombie, which counts as well."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except OSError:
        return True
    return state == "Z"


class TestKept:
    @pytest.mark.parametrize("size", [0, 1, 9, 10])
    def test_what_fits_is_kept_whole(self, size: int) -> None:
        kept = Kept(10)
        kept.add(b"0123456789"[:size])
        assert kept.read() == (b"0123456789"[:size], False)

    @pytest.mark.parametrize("step", [1, 3, 7, 100_000, 1_000_000])
    def test_of_more_the_ends_are(self, step: int) -> None:
        data = bytes(range(256)) * 4000
        kept = Kept(1000)
        for start in range(0, len(data), step):
            kept.add(data[start : start + step])
        assert kept.read() == (data[:500] + LEFT_OUT + data[-500:], True)

    def test_memory_does_not_grow(self) -> None:
        kept = Kept(1000)
        tracemalloc.start()
        for _ in range(2000):
            kept.add(b"x" * 65_536)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 2_000_000


class TestChild:
    def test_both_outputs_and_the_exit_code(self) -> None:
        child = _shell("echo out; echo err >&2; exit 3")
        assert child.wait(10)
        done = child.finished()
        assert (done.exit_code, done.stdout, done.stderr, done.cut) == (3, b"out\n", b"err\n", False)
        assert 0 < done.seconds < 10

    def test_merged_outputs_keep_their_order(self) -> None:
        child = _shell("echo 1; echo 2 >&2; echo 3", merged=True)
        assert child.wait(10)
        assert child.finished().stdout == b"1\n2\n3\n"

    def test_its_input(self) -> None:
        child = _shell("cat", stdin=b"\0abc")
        assert child.wait(10)
        assert child.finished().stdout == b"\0abc"

    def test_without_input_it_reads_the_end(self) -> None:
        assert _shell("cat").wait(10)

    def test_an_input_that_nobody_reads_blocks_nobody(self) -> None:
        assert _shell("true", stdin=b"x" * 10_000_000).wait(10)

    def test_a_signal(self) -> None:
        child = _shell("kill -9 $$")
        assert child.wait(10)
        assert child.finished().exit_code == -9

    def test_a_long_output_never_blocks_it(self) -> None:
        child = _shell("head -c 50000000 /dev/zero; echo; echo the end")
        assert child.wait(60)
        done = child.finished()
        assert done.cut
        assert done.stdout.startswith(b"\0\0\0")
        assert done.stdout.endswith(b"\nthe end\n")
        assert len(done.stdout) == KEEP + len(LEFT_OUT)

    def test_what_it_printed_so_far(self) -> None:
        child = _shell("echo begun; exec sleep 1000")
        deadline = time.monotonic() + 10
        while not child.finished().stdout and time.monotonic() < deadline:
            time.sleep(0.01)
        assert child.finished().stdout == b"begun\n"
        assert child.runs
        child.kill()

    def test_the_limit(self) -> None:
        child = _shell("sleep 1000")
        assert not child.wait(0.1)
        child.kill()
        assert not child.runs
        assert child.finished(in_time=False).exit_code is None

    def test_its_children_are_killed_with_it(self) -> None:
        child = _shell("trap '' TERM; sleep 1000 & echo $!; wait")
        deadline = time.monotonic() + 10
        while not child.finished().stdout and time.monotonic() < deadline:
            time.sleep(0.01)
        grandchild = int(child.finished().stdout)
        child.kill()
        while not _gone(grandchild) and time.monotonic() < deadline:
            time.sleep(0.01)
        assert _gone(grandchild)
        assert not signal_group(child.group, 0) or _gone(grandchild)

    def test_a_grandchild_that_holds_the_output_open_holds_nobody_up(self) -> None:
        child = _shell("echo done; (sleep 1000) & exit 0")
        assert child.wait(10)
        began = time.monotonic()
        assert child.finished().stdout == b"done\n"
        assert time.monotonic() - began < 5
        child.kill()

    def test_a_program_that_is_not_there(self) -> None:
        open_before = len(os.listdir("/proc/self/fd"))
        with pytest.raises(OSError, match="No such file"):
            Child(["/no/such/program"], os.environ, keep=1)
        assert len(os.listdir("/proc/self/fd")) <= open_before

    def test_no_files_stay_open(self) -> None:
        _shell("true").wait(10)
        open_before = len(os.listdir("/proc/self/fd"))
        for _ in range(5):
            child = _shell("true")
            child.wait(10)
            child.finished()
        assert len(os.listdir("/proc/self/fd")) <= open_before

    def test_it_outlives_its_owner_without_a_broken_pipe(self, tmp_path: Path) -> None:
        script = f"sleep 0.5; echo a word || exit 9; echo lived > {tmp_path / 'mark'}"
        owner = (
            "import os, sys; from rewriter.proof.process import Child\n"
            f"Child(['sh', '-c', {script!r}], os.environ, keep=10); os.kill(os.getpid(), 9)"
        )
        subprocess.run([sys.executable, "-c", owner], check=False)
        deadline = time.monotonic() + 10
        while not (tmp_path / "mark").exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        assert (tmp_path / "mark").exists()


def test_signals_to_a_group_that_is_gone() -> None:
    child = _shell("true")
    child.wait(10)
    assert not signal_group(child.group, signal.SIGKILL)


class TestIdentity:
    def test_of_a_process_that_runs(self) -> None:
        identity = new_identity()
        assert not is_over(identity)
        assert identity != new_identity()
        assert identity_of(folder_of(identity)) == identity

    def test_its_folder_is_where_the_user_says_and_else_on_a_disk(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(tempfile, "tempdir", "/tmp")
        monkeypatch.setenv("TMPDIR", "/tmp")
        assert folder_of("v1").parent == Path("/tmp")
        monkeypatch.delenv("TMPDIR")
        assert folder_of("v1").parent == Path("/var/tmp" if os.access("/var/tmp", os.W_OK) else "/tmp")
        monkeypatch.setattr(tempfile, "tempdir", "/elsewhere")
        assert folder_of("v1").parent == Path("/elsewhere")

    def test_of_one_that_is_gone(self) -> None:
        script = "from rewriter.proof.identity import new_identity; print(new_identity())"
        told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
        assert is_over(told.strip())

    def test_of_another_one_that_has_the_number_now(self) -> None:
        form, host, pid, _, began, chance = new_identity().split("-")
        assert started(int(pid)) is not None
        assert is_over("-".join([form, host, pid, "1", began, chance]))

    def test_of_another_machine_that_cannot_be_asked(self) -> None:
        form, _, _, _, began, chance = new_identity().split("-")
        assert not is_over(f"{form}-0123456789ab-4194304-1-{began}-{chance}")
        assert is_over(f"{form}-0123456789ab-{os.getpid()}-1-{int(began) - 8 * 24 * 3600}-{chance}")

    @pytest.mark.parametrize("name", ["", "x", "v1", "v1-a-b-c-d-e", "v2-0123456789ab-1-1-1-00000000", "v1-../../etc"])
    def test_of_nobody(self, name: str) -> None:
        assert not is_over(name)
