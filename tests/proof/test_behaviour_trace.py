"""What strace writes, read; and which of the original's files the new image lacks."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from rewriter.proof.own_python import Program, loader_among, outermost, own_python
from rewriter.proof.trace import Trace, lacking, read_trace


def traced(*lines: str) -> Trace:
    return read_trace(f"7 {line}\n" for line in lines)


def opened(path: str, folder: str = "/app") -> str:
    return f'openat(AT_FDCWD<{folder}>, "{path}", O_RDONLY|O_CLOEXEC) = 3<{path}>'


def missing(path: str, folder: str = "/app", error: str = "ENOENT (No such file or directory)") -> str:
    return f'openat(AT_FDCWD<{folder}>, "{path}", O_RDONLY|O_CLOEXEC) = -1 {error}'


def lack(before: Trace, after: Trace, said: str = "") -> list[str]:
    return [each.path for each in lacking(before, after, said)]


class TestReading:
    def test_relative_names_are_made_whole(self) -> None:
        assert set(traced(opened("page.html")).there) == {"/app/page.html"}
        assert set(traced('openat(5</srv>, "a/../b", O_RDONLY) = 6</srv/b>').there) == {"/srv/b"}

    def test_old_calls_name_no_folder(self) -> None:
        lines = (
            opened("x"),
            'stat("y", {st_mode=S_IFREG|0644, ...}) = 0',
            'chdir("/other") = 0',
            'access("z", R_OK) = 0',
        )
        assert set(traced(*lines).there) == {"/app/x", "/app/y", "/other", "/other/z"}

    def test_calls_in_two_parts(self) -> None:
        lines = [
            '7 openat(AT_FDCWD</app>, "a", O_RDONLY <unfinished ...>',
            '8 openat(AT_FDCWD</app>, "b", O_RDONLY) = 3</app/b>',
            "7 <... openat resumed>) = -1 ENOENT (No such file or directory)",
        ]
        trace = read_trace(lines)
        assert set(trace.there) == {"/app/b"}
        assert set(trace.failed) == {"/app/a"}

    def test_names_in_octal(self) -> None:
        assert set(traced(opened(r"/caf\303\251 \"x\"")).there) == {'/café "x"'}

    def test_other_lines_are_nothing(self) -> None:
        assert traced("+++ exited with 0 +++", "", "nonsense", 'readlink("" = ', "getcwd() = 5").is_empty

    def test_programs(self) -> None:
        trace = traced('execve("/bin/sh", ["sh", "-c", "\\"x\\""], 0x7ffe /* 5 vars */) = 0')
        assert trace.there["/bin/sh"].executed


class TestLacking:
    def test_what_the_original_opened_and_the_new_program_could_not(self) -> None:
        before = traced(opened("page.html"), opened("/etc/app.conf"), missing("other"))
        after = traced(missing("page.html"), missing("other"), missing("third"))
        (found,) = lacking(before, after)
        assert found.clause == "the new image lacks /app/page.html, which the old one opened"

    def test_not_what_was_found_in_the_end(self) -> None:
        assert lack(traced(opened("x")), traced(missing("x"), opened("x"))) == []

    def test_not_what_programs_look_for_by_habit(self) -> None:
        habits = ["/proc/self/x", "/etc/ld.so.cache", "/usr/lib/locale/C.utf8/LC_TIME", "/app/__pycache__/a.pyc"]
        assert lack(traced(*map(opened, habits)), traced(*map(missing, habits))) == []

    def test_not_a_library_that_lies_elsewhere(self) -> None:
        before = traced(opened("/lib/x86_64-linux-gnu/libz.so.1"), opened("/lib/x86_64-linux-gnu/libm.so.6"))
        after = traced(
            missing("/lib/x86_64-linux-gnu/libz.so.1"),
            opened("/usr/lib/libz.so.1"),
            missing("/lib/x86_64-linux-gnu/libm.so.6"),
        )
        assert lack(before, after) == ["/lib/x86_64-linux-gnu/libm.so.6"]

    def test_what_may_not_be_opened(self) -> None:
        (found,) = lacking(traced(opened("x")), traced(missing("x", error="EACCES (Permission denied)")))
        assert found.clause == "the program may not open /app/x, which the original may"

    def test_another_working_folder(self) -> None:
        (found,) = lacking(traced(opened("page.html")), traced(missing("page.html", "/")))
        assert found.clause == "the program looks for /page.html, and the original finds it as /app/page.html"

    def test_a_program(self) -> None:
        line = 'execve("/usr/bin/env", ["env"], 0x7ffe)'
        (found,) = lacking(traced(f"{line} = 0"), traced(f"{line} = -1 ENOENT (No such file or directory)"))
        assert found.clause == "the new image cannot run /usr/bin/env: it, its interpreter or its loader is missing"

    def test_the_most_telling_first(self) -> None:
        paths = ["/etc/some.conf", "/usr/share/zoneinfo/Europe/Paris", "/app/page.html", "/usr/lib/libx.so.1"]
        before, after = traced(*map(opened, paths)), traced(*map(missing, paths))
        assert lack(before, after) == paths[::-1]
        assert lack(before, after, "open /etc/some.conf: no")[0] == "/etc/some.conf"


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
def test_a_real_trace(tmp_path: Path) -> None:
    (tmp_path / "there").touch()
    out = tmp_path / "trace"
    command = ["strace", "-f", "-qq", "-y", "-e", "trace=%file", "-o", str(out), "sh", "-c", "cat there; cat gone"]
    subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
    with out.open() as file:
        trace = read_trace(file)
    assert str(tmp_path / "there") in trace.there
    assert str(tmp_path / "gone") in trace.failed


class TestOwnPython:
    def test_it_runs_by_its_loader(self) -> None:
        python = own_python()
        if isinstance(python, str):
            pytest.skip(python)
        done = subprocess.run([*python.command, "-c", "import ssl; print(7)"], capture_output=True, check=True, env={})
        assert done.stdout == b"7\n"

    def test_all_that_it_names_is_shown(self) -> None:
        python = own_python()
        if isinstance(python, str):
            pytest.skip(python)
        assert isinstance(python, Program)
        for word in python.command:
            if word.startswith("/"):
                assert all(
                    any(f"{path}/".startswith(f"{folder}/") for folder in python.folders) for path in word.split(":")
                )

    def test_folders_in_folders_are_left_out(self) -> None:
        assert outermost(["/b/c", "/a", "/b", "/bc", "/a/"]) == ("/a", "/b", "/bc")

    @pytest.mark.parametrize(
        ("paths", "loader"),
        [
            (["/lib/libc.so.6", "/lib/ld-linux-x86-64.so.2"], "/lib/ld-linux-x86-64.so.2"),
            (["/lib/ld-musl-x86_64.so.1"], "/lib/ld-musl-x86_64.so.1"),
            (["/lib64/ld64.so.2"], "/lib64/ld64.so.2"),
            (["/lib/libld.so"], None),
        ],
    )
    def test_loaders(self, paths: list[str], loader: str | None) -> None:
        assert loader_among(paths) == loader
