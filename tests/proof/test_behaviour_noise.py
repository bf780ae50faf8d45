"""What the original itself says otherwise each time is no difference, and all else is one."""

from __future__ import annotations

import time

import pytest

from rewriter.proof.noise import MOST_LINES, Likeness, compare_texts, lines_of_body
from rewriter.proof.tokens import Sample

NOW = 1_795_000_000.0
"""Some moment, in 2026."""


def compared(olds: list[str], new: str, later: float = 5.0) -> Likeness:
    """Runs of the original one second and more apart, and a new text some seconds after the first."""
    return compare_texts([Sample(text, NOW + 2 * turn) for turn, text in enumerate(olds)], Sample(new, NOW + later))


def clock(form: str, at: float) -> str:
    return time.strftime(form, time.gmtime(NOW + at))


STAMP = "%Y/%m/%d %H:%M:%S"

SAME = {
    "all": (["a\nb\n"], "a\nb\n"),
    "no text": ([""], ""),
    "a clock": ([clock(f"{STAMP} up", 0), clock(f"{STAMP} up", 2)], clock(f"{STAMP} up", 5)),
    "a clock in one second": ([clock(f"{STAMP} up", 0)] * 2, clock(f"{STAMP} up", 5)),
    "a clock of minutes": ([clock("it is %H:%M", 0)] * 2, clock("it is %H:%M", 60)),
    "a clock of words": ([clock("%a, %d %b %Y %H:%M:%S GMT", 0)] * 2, clock("%a, %d %b %Y %H:%M:%S GMT", 5)),
    "a clock in fractions": ([clock("%Y-%m-%dT%H:%M:%S.123456Z", 0)], clock("%Y-%m-%dT%H:%M:%S.98Z", 5)),
    "a clock of another zone": ([clock("%H:%M:%S", 3600), clock("%H:%M:%S", 3602)], clock("%H:%M:%S", 3605)),
    "seconds since 1970": ([f"at {int(NOW)}"], f"at {int(NOW) + 5}"),
    "thousandths since 1970": ([f"at {int(NOW * 1000)}"], f"at {int(NOW * 1000) + 5123}"),
    "the time of a build": ([clock("built %b %d %H:%M:%S", -900)] * 2, clock("built %b %d %H:%M:%S", -100)),
    "a process id": (["pid 12 up", "pid 17 up"], "pid 234 up"),
    "a process id by chance the same": (["started, pid 14"] * 3, "started, pid 13"),
    "process ids in words and JSON": (['worker_pid=8 {"ppid": 7}'] * 2, 'worker_pid=12 {"ppid": 1}'),
    "a duration": (["took 3ms"], "took 14ms"),
    "a duration in fractions": (["in 1.25 seconds"], "in 0.7 seconds"),
    "a duration of Go": (["after 1m2.5s"], "after 800µs"),
    "an address": (["at 0xc000012345"], "at 0xc0000aaaaa"),
    "chance": (["id 3fa9c1d2e", "id aabbcc112"], "id 99ff00aa1"),
    "chance in letters": (["tok aGVsbG8=/x+1", "tok Zm9vYg+12=="], "tok QWxhZGRpbjpvcGVu"),
    "other words": (["today: why did it", "today: knock knock who"], "today: another thing entirely"),
    "the order of lines": (["a 1\nb 2\nc 3", "b 2\na 1\nc 3"], "c 3\nb 2\na 1"),
    "a line that is not always there": (["a\nwarn\nb", "a\nb"], "a\nb"),
    "a line that is, sometimes": (["a\nwarn\nb", "a\nb"], "a\nwarn\nb"),
    "more of what varies in number": (["a\nx 1\nb", "a\nx 1\nx 2\nb"], "a\nx 1\nx 2\nx 3\nb"),
}
OTHER = {
    "a word": (["a\nb\n"] * 2, "a\nc\n"),
    "a line more": (["a"] * 2, "a\nerror"),
    "a line less": (["a\nb"] * 2, "a"),
    "nothing": (["a"] * 2, ""),
    "a number": (["port 8080"] * 2, "port 8081"),
    "a number behind another word": (["rapid 8"] * 2, "rapid 9"),
    "a version": (["go1.18.3"] * 2, "go1.18.10"),
    "an account": (["uid=1000(app)"] * 2, "uid=0(root)"),
    "hours": (["open 08:00 to 17:00"] * 2, "open 09:00 to 17:00"),
    "the zone of a clock": ([clock(STAMP, 3600), clock(STAMP, 3602)], clock(STAMP, 5)),
    "the name of a zone": ([clock("%H:%M:%S CET", 0), clock("%H:%M:%S CET", 2)], clock("%H:%M:%S UTC", 5)),
    "a word beside noise": (["pid 12 well", "pid 17 well"], "pid 23 bad"),
    "a value of lines in any order": (["a 1\nb 2\nc 3", "b 2\na 1\nc 3"], "c 3\nb 2\na 9"),
    "a word after a line that varies": (["a\nwarn\nb", "a\nb"], "a\nwarn\nc"),
    "a whole second": (["timeout 30s"] * 2, "timeout 10s"),
}


@pytest.mark.parametrize("name", SAME)
def test_the_same(name: str) -> None:
    found = compared(*SAME[name])
    assert found.equal, found


@pytest.mark.parametrize("name", OTHER)
def test_a_difference(name: str) -> None:
    assert not compared(*OTHER[name]).equal


def test_the_first_line_that_differs_is_told() -> None:
    found = compared(["a\nport 8080\nc"] * 2, "a\nport 80\nd")
    assert (found.old, found.new, found.line) == ("port 8080", "port 80", 2)


def test_how_much_varies_is_told() -> None:
    found = compared(["a\nid 1\nid 2", "a\nid 7\nid 2"], "a\nid 5\nid 2")
    assert (found.equal, found.varying, found.lines) == (True, 1, 3)


def test_another_order_of_all_lines_is_told() -> None:
    olds, new = [Sample("a 1\nb 2\n", NOW)] * 2, Sample("b 2\na 1\n", NOW)
    assert not compare_texts(olds, new).equal
    found = compare_texts(olds, new, any_order=True)
    assert (found.equal, found.reordered) == (True, True)
    assert not compare_texts(olds, Sample("b 2\na 7\n", NOW), any_order=True).equal


def test_a_clock_is_compared_and_so_no_noise() -> None:
    assert compared([clock(STAMP, 0), clock(STAMP, 2)], clock(STAMP, 5)).varying == 0


def test_a_long_text_is_compared_in_its_beginning() -> None:
    text = "\n".join(f"line {number}" for number in range(MOST_LINES + 10))
    found = compared([text] * 2, text + "\nmore")
    assert found.equal
    assert found.cut


@pytest.mark.parametrize("lines", [["x y", "q"], ["x y"], ["1 2", "x 3", "x"]])
def test_many_lines_that_are_alike_take_no_time(lines: list[str]) -> None:
    one = "\n".join(lines[number % len(lines)] for number in range(MOST_LINES))
    other = "\n".join(lines[number * 7 % 5 % len(lines)] for number in range(MOST_LINES - 300))
    begun = time.process_time()
    compared([one, other], one[50:])
    assert time.process_time() - begun < 10


class TestBodies:
    def test_json_is_compared_by_its_meaning(self) -> None:
        old, new = (lines_of_body("application/json", text) for text in ('{"a": 1, "b": [1, 2]}', '{"b":[1,2],"a":1}'))
        assert old == new

    def test_json_of_another_value(self) -> None:
        old, new = (lines_of_body("application/json", text) for text in ('{"a": 1}', '{"a": 2}'))
        assert not compared([old, old], new).equal

    def test_what_only_says_that_it_is_json(self) -> None:
        assert lines_of_body("application/json", "{not") == "{not"

    def test_markup_is_compared_element_by_element(self) -> None:
        form = '<p>{}</p><input type="hidden" value="{}"><p>end</p>'
        olds = [
            lines_of_body("text/html; charset=utf-8", form.format("hello", token)) for token in ("a1b2c3d4", "99ff")
        ]
        same = lines_of_body("text/html", form.format("hello", "77aa77aa77"))
        other = lines_of_body("text/html", form.format("bye", "77aa77aa77"))
        assert compared(olds, same).equal
        assert compared(olds, other).new == "bye</p>"
