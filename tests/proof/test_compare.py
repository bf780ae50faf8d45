"""Observations compared: no engine, only what was seen."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from typing import cast

import pytest

from rewriter.proof import behaviour
from rewriter.proof.behaviour import Subject, seen_every_time, with_files
from rewriter.proof.beside import Beside
from rewriter.proof.compare import Compared, compare
from rewriter.proof.complaints import new_complaints, telling_line
from rewriter.proof.engine import ContainerState, Engine, EngineError, Output
from rewriter.proof.observation import Answer, How, Observation, Port, Service, Stopped, request_of
from rewriter.proof.trace import Lacking
from rewriter.proof.verdict import Kind

NOW = 1_795_000_000.0
RUNS = ContainerState(True, None)


def ended(code: int = 0, stdout: bytes = b"", stderr: bytes = b"", error: str = "") -> Observation:
    state = ContainerState(False, code, error=error)
    output = Output(code, stdout, stderr)
    return Observation(True, state, state, NOW, 1.0, output, output)


def port(name: str, protocol: str = "tcp", scope: str = "all") -> Port:
    return Port(protocol, name, scope, "127.0.0.1")


def http(body: bytes = b"hello\n", status: int = 200, **headers: str) -> Answer:
    fields = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return Answer("http", NOW, "", status, fields, body, len(body), hashlib.sha256(body).hexdigest())


def served(*answers: Answer, request: str = "GET /", tls: bool = False) -> Observation:
    """A server on port 80 that gives these answers, or the one twice."""
    first, second = (answers * 2)[:2]
    service = Service("80", tls, 0.1, ((request, first, second),))
    return replace(running(port("80")), services=(service,))


def running(*ports: Port, log: bytes = b"", stop: Stopped | None = None) -> Observation:
    output = Output(None, b"", log)
    return Observation(False, RUNS, RUNS, NOW, 1.0, output, output, ports, stop=stop)


def stopped(code: int, *, killed: bool = False) -> Observation:
    return running(port("80"), stop=Stopped(ContainerState(False, code), 10.0 if killed else 0.1, killed))


def only(found: Compared, kind: Kind) -> str:
    """What the one difference is."""
    assert [each.kind for each in found.differences] == [kind], found.differences
    return found.differences[0].what


def same(found: Compared) -> bool:
    return not found.differences


class TestProgramsThatEnd:
    def test_equal(self) -> None:
        found = compare([ended(stdout=b"a\n")] * 2, ended(stdout=b"a\n"))
        assert same(found)
        assert found.seen == ("the program ends with exit code 0", "the same standard output: 1 line")
        assert found.not_seen == ()

    def test_exit_code(self) -> None:
        found = compare([ended()] * 2, ended(1, stderr=b"warming up\nopen x: no such file or directory\n"))
        what = "the program ends with exit code 1 instead of 0: it says `open x: no such file or directory`"
        assert only(found, Kind.OUTPUT) == what

    @pytest.mark.parametrize("stream", ["stdout", "stderr"])
    def test_output(self, stream: str) -> None:
        found = compare([ended(**{stream: b"a\nb\n"})] * 2, ended(**{stream: b"a\nc\n"}))  # type: ignore[arg-type]
        words = {"stdout": "standard output", "stderr": "standard error"}[stream]
        assert only(found, Kind.OUTPUT) == f"the program prints `c` instead of `b` (line 2 of {words})"
        assert found.differences[0].evidence == ("- b", "+ c")

    def test_an_exit_code_that_varies_may_be_any_of_them(self) -> None:
        assert same(compare([ended(0), ended(1)], ended(1)))

    def test_too_much_noise_is_told(self) -> None:
        found = compare([ended(stdout=b"1"), ended(stdout=b"2")], ended(stdout=b"3"))
        assert same(found)
        assert "1 of 1 lines of standard output vary" in found.not_seen[0]

    def test_lines_in_another_order_are_told(self) -> None:
        found = compare([ended(stdout=b"a\nb\n")] * 2, ended(stdout=b"b\na\n"))
        assert same(found)
        assert "in another order" in found.not_seen[0]

    def test_an_error_in_both_is_told(self) -> None:
        found = compare([ended(1, stderr=b"no database")] * 2, ended(1, stderr=b"no database"))
        assert same(found)
        assert "when all is well" in found.not_seen[0]

    def test_one_that_cannot_be_started(self) -> None:
        found = compare([ended()] * 2, ended(127, error='exec: "/app": no such file or directory'))
        what = 'the program cannot be started (exec: "/app": no such file or directory)'
        assert only(found, Kind.START) == f"{what} instead of ending with exit code 0"

    def test_one_that_goes_on(self) -> None:
        found = compare([ended()] * 2, running(port("80")))
        assert only(found, Kind.START) == "the program listens on port 80/tcp instead of ending with exit code 0"

    def test_one_run_of_two_that_ends_is_enough(self) -> None:
        assert same(compare([running(), ended()], ended()))

    def test_memory(self) -> None:
        state = ContainerState(False, 137, out_of_memory=True)
        found = compare([ended()] * 2, replace(ended(137), state=state, last=state))
        assert "memory" in found.differences[0].what

    def test_memory_that_the_original_lacks_too(self) -> None:
        state = ContainerState(False, 137, out_of_memory=True)
        run = replace(ended(137), state=state, last=state)
        assert same(compare([run, run], run))


class TestAnOriginalThatDoesNotStart:
    BROKEN = ended(127, error="/app: no such file or directory")

    def test_is_repaired_by_a_server(self) -> None:
        found = compare([self.BROKEN] * 2, running(port("80")))
        assert found.repaired
        assert same(found)

    def test_is_repaired_by_a_program_that_ends_well(self) -> None:
        assert compare([self.BROKEN] * 2, ended()).repaired

    def test_is_not_repaired_by_one_that_fails(self) -> None:
        found = compare([self.BROKEN] * 2, ended(1))
        assert not found.repaired
        assert only(found, Kind.START).startswith("the program starts, which the original's does not, and ends with")

    def test_nor_by_one_that_does_not_start_either(self) -> None:
        found = compare([self.BROKEN] * 2, self.BROKEN)
        assert same(found)
        assert not found.repaired
        assert found.undecided == "neither image can start: /app: no such file or directory"

    @pytest.mark.parametrize("words", [b"exec /app: exec format error", b"standard_init_linux.go:228: no such file"])
    def test_the_runtimes_own_words(self, words: bytes) -> None:
        assert ended(1, stderr=words).failed_to_start
        assert not ended(1, stderr=b"connected\n" + words).failed_to_start


class TestLimits:
    def test_memory_that_both_lack_decides_nothing(self) -> None:
        killed = replace(ended(137), last=ContainerState(running=False, exit_code=137, out_of_memory=True))
        assert "more memory than the limit of the proof, in both images" in compare([killed] * 2, killed).undecided
        assert not compare([ended(137)] * 2, ended(137)).undecided

    def test_two_programs_that_do_not_listen(self) -> None:
        assert not compare([running()] * 2, running()).listens
        assert compare([running(port("80"))] * 2, running(port("80"))).listens
        assert compare([ended(0)] * 2, ended(0)).listens
        assert not compare([ended(1)] * 2, ended(1)).listens


class TestPorts:
    def test_equal(self) -> None:
        found = compare([running(port("80"))] * 2, running(port("80")))
        assert same(found)
        assert "it listens on port 80/tcp" in found.seen

    def test_one_that_is_missing(self) -> None:
        found = compare([running(port("80"), port("81"))] * 2, running(port("80")))
        assert only(found, Kind.PORTS) == "nothing listens on port 81/tcp, where the original does"

    def test_one_too_many(self) -> None:
        found = compare([running(port("80"))] * 2, running(port("80"), port("81")))
        assert only(found, Kind.PORTS) == "the program listens on port 81/tcp, where the original does not"

    def test_loopback(self) -> None:
        found = compare([running(port("80"))] * 2, running(port("80", scope="loopback")))
        what = "port 80/tcp listens on the loopback address only instead of all addresses"
        assert only(found, Kind.PORTS) == what

    def test_both_families_are_one(self) -> None:
        assert same(compare([running(port("80"))] * 2, running(port("80"), replace(port("80"), host="::1"))))

    def test_one_that_the_original_has_only_sometimes(self) -> None:
        olds = [running(port("80")), running(port("80"), port("81"))]
        assert same(compare(olds, running(port("80"))))
        assert same(compare(olds, running(port("80"), port("81"))))

    def test_ports_by_chance(self) -> None:
        olds = [running(port("80"), port("40001")), running(port("80"), port("40002"))]
        assert same(compare(olds, running(port("80"), port("40003"))))

    def test_sockets_of_a_client(self) -> None:
        assert same(compare([running(port("80"))] * 2, running(port("80"), port("40001", "udp"))))

    def test_the_program_itself_when_it_ends(self) -> None:
        found = compare([running(port("80"))] * 2, ended(1, stderr=b"panic: no\n"))
        what = "the program ends with exit code 1 instead of listening on port 80/tcp: it says `panic: no`"
        assert only(found, Kind.START) == what

    def test_an_end_after_the_questions(self) -> None:
        dead = replace(running(port("80")), last=ContainerState(False, 3))
        assert "after its ports were asked" in only(compare([running(port("80"))] * 2, dead), Kind.START)

    def test_nobody_could_look(self) -> None:
        blind = replace(running(), ports=None, not_seen=("ports: no Python",))
        found = compare([running(port("80"))] * 2, blind)
        assert same(found)
        assert "ports: no Python" in found.not_seen

    def test_a_run_in_which_nobody_could_look_is_left_aside(self) -> None:
        blind = replace(running(), ports=None)
        found = compare([running(port("80")), blind], running())
        assert only(found, Kind.PORTS) == "nothing listens on port 80/tcp, where the original does"


class TestHttp:
    def test_equal(self) -> None:
        found = compare([served(http())] * 2, served(http()))
        assert same(found)
        assert "port 80 answers GET / with 200" in found.seen

    def test_status(self) -> None:
        found = compare([served(http())] * 2, served(http(b"oh\n", 500)))
        assert only(found, Kind.HTTP) == "GET / on port 80 is answered with 500 instead of with 200"
        assert found.differences[0].evidence == ("oh",)

    def test_body(self) -> None:
        found = compare([served(http())] * 2, served(http(b"bye\n")))
        assert only(found, Kind.HTTP) == "GET / on port 80 has another body: line 1 is `bye` instead of `hello`"

    def test_a_body_that_varies(self) -> None:
        olds = [served(http(b"id 1\nx\n"), http(b"id 2\nx\n")), served(http(b"id 3\nx\n"), http(b"id 4\nx\n"))]
        assert same(compare(olds, served(http(b"id 5\nx\n"), http(b"id 6\nx\n"))))
        assert not same(compare(olds, served(http(b"id 5\ny\n"), http(b"id 6\nx\n"))))

    def test_a_long_body_whose_start_is_the_same(self) -> None:
        def long(word: bytes) -> Answer:
            whole = b"line\n" * 9 + word
            return replace(http(whole), body=b"line\n" * 9)

        found = compare([served(long(b"one"))] * 2, served(long(b"three")))
        what = "GET / on port 80 has another body behind its first 45 bytes: 50 bytes instead of 48"
        assert only(found, Kind.HTTP) == what
        found = compare([served(long(b"1"), long(b"2"))] * 2, served(long(b"3")))
        assert same(found)
        assert "compared in its first 45 bytes only" in found.not_seen[0]

    def test_a_count_of_visits(self) -> None:
        run = served(http(b"visit 1"), http(b"visit 2"))
        assert same(compare([run, run], run))

    def test_bytes(self) -> None:
        found = compare([served(http(b"\0\1"))] * 2, served(http(b"\0\2\3")))
        assert only(found, Kind.HTTP) == "GET / on port 80 has another body: 3 bytes instead of 2"

    def test_bytes_that_vary_are_told(self) -> None:
        found = compare([served(http(b"\0\1"), http(b"\0\2"))] * 2, served(http(b"\0\3")))
        assert same(found)
        assert "varies from run to run" in found.not_seen[0]

    @pytest.mark.parametrize("name", ["content-type", "location", "cache-control", "access-control-allow-origin"])
    def test_headers(self, name: str) -> None:
        old, new = (served(replace(http(), headers=((name, value),))) for value in "ab")
        assert only(compare([old] * 2, new), Kind.HTTP) == f"GET / on port 80 has the header {name} `b` instead of `a`"
        assert "none instead of `a`" in only(compare([old] * 2, served(http())), Kind.HTTP)

    def test_headers_that_do_not_matter(self) -> None:
        assert same(compare([served(http(date="a", server="b"))] * 2, served(http(date="c", etag="d"))))

    def test_names_of_cookies(self) -> None:
        olds = [served(http(set_cookie=f"sid={value}; Path=/")) for value in "ab"]
        assert same(compare(olds, served(http(set_cookie="sid=c"))))
        assert not same(compare(olds, served(http(set_cookie="other=c"))))

    def test_tls(self) -> None:
        assert "speaks no TLS" in only(compare([served(http(), tls=True)] * 2, served(http())), Kind.HTTP)
        deaf = served(Answer("no-tls", NOW), tls=True)
        assert "speaks no TLS" in only(compare([served(http(), tls=True)] * 2, deaf), Kind.HTTP)
        assert "speaks TLS" in only(compare([served(http())] * 2, served(http(), tls=True)), Kind.HTTP)

    def test_another_protocol(self) -> None:
        olds = [served(Answer("bytes", NOW, f"220 ready, session {token}")) for token in ("1a2b3c", "d4e5f60")]
        assert same(compare(olds, served(Answer("bytes", NOW, "220 ready, session 77aa77a"))))
        found = compare(olds, served(Answer("bytes", NOW, "500 not today")))
        assert "with the line `500 not today` instead of with the line `220 ready" in only(found, Kind.HTTP)

    def test_no_answer(self) -> None:
        found = compare([served(http())] * 2, served(Answer("closed", NOW)))
        what = "GET / on port 80 is answered by closing the connection instead of with 200"
        assert only(found, Kind.HTTP) == what


class TestHealthAndStop:
    @staticmethod
    def healthy(code: int | None) -> Observation:
        return replace(running(port("80")), health=Output(code, b"", b"curl: not found" if code else b""))

    def test_health(self) -> None:
        found = compare([self.healthy(0)] * 2, self.healthy(127))
        what = "the HEALTHCHECK fails with exit code 127, which passes in the original: it says `curl: not found`"
        assert only(found, Kind.HEALTH) == what
        assert "the HEALTHCHECK passes" in compare([self.healthy(0)] * 2, self.healthy(0)).seen

    def test_health_that_is_lost(self) -> None:
        assert "has no HEALTHCHECK" in only(compare([self.healthy(0)] * 2, running(port("80"))), Kind.HEALTH)

    def test_health_that_fails_in_both_is_told(self) -> None:
        found = compare([self.healthy(1)] * 2, self.healthy(1))
        assert same(found)
        assert "fails in both" in found.not_seen[0]

    @pytest.mark.parametrize(("old", "new"), [(0, 0), (0, 143), (143, 0), (2, 2)])
    def test_an_orderly_end(self, old: int, new: int) -> None:
        assert same(compare([stopped(old)] * 2, stopped(new)))

    def test_an_end_with_an_error(self) -> None:
        found = compare([stopped(0)] * 2, stopped(1))
        assert only(found, Kind.STOP) == "the program ends with exit code 1 on the stop signal instead of 0"

    def test_one_that_has_to_be_killed(self) -> None:
        found = compare([stopped(0)] * 2, stopped(137, killed=True))
        assert "is killed after 10 s; the original ends in 0.1 s with exit code 0" in only(found, Kind.STOP)

    def test_one_that_no_longer_has_to_be_killed(self) -> None:
        found = compare([stopped(137, killed=True)] * 2, stopped(0))
        assert same(found)
        assert "the new one ends by itself" in found.not_seen[0]


class TestLogs:
    SERVER = running(port("80"), log=b"listening\n")

    def log(self, line: bytes, *ports: Port) -> Observation:
        return running(*ports, log=b"listening\n" + line)

    def test_a_harmless_line(self) -> None:
        assert same(compare([self.SERVER] * 2, self.log(b"using 4 workers\n", port("80"))))

    @pytest.mark.parametrize(
        "line",
        [
            b"panic: no\n",
            b"Traceback (most recent call last):\n  File x\nKeyError: 'y'\n",
            b"x509: certificate signed by unknown authority\n",
            b"unknown time zone Europe/Paris\n",
            b"error while loading shared libraries: libssl.so.3: cannot open shared object file\n",
            b"worker failed to start\n" * 3,
        ],
    )
    def test_a_line_that_nobody_prints_when_all_is_well(self, line: bytes) -> None:
        found = compare([self.SERVER] * 2, self.log(line, port("80")))
        assert "which the original does not" in only(found, Kind.OUTPUT)

    def test_a_complaint_once_is_told(self) -> None:
        found = compare([self.SERVER] * 2, self.log(b"optional.conf not found\n", port("80")))
        assert same(found)
        assert "optional.conf not found" in found.not_seen[0]

    def test_silence(self) -> None:
        """A log that goes to a file, and no longer to standard output."""
        found = compare([self.SERVER] * 2, running(port("80")))
        assert only(found, Kind.OUTPUT) == "the program prints nothing; the original prints `listening`"
        assert same(compare([self.SERVER, running(port("80"))], running(port("80"))))

    def test_a_complaint_of_the_original_too(self) -> None:
        old = self.log(b"panic: 1\n", port("80"))
        found = compare([old] * 2, self.log(b"panic: 2\n", port("80")))
        assert same(found)

    def test_all_lines_of_a_program_that_shows_nothing_else(self) -> None:
        old = running(log=b"turn 1\nturn 2\n")
        assert same(compare([old] * 2, running(log=b"turn 1\n")))
        found = compare([old] * 2, running(log=b"tour 1\nturn 2\nturn 3\n"))
        assert "prints `tour 1` instead of `turn 1`" in only(found, Kind.OUTPUT)

    def test_a_program_that_shows_nothing_else_and_falls_silent(self) -> None:
        found = compare([running(log=b"turn 1\nturn 2\n"), running(log=b"turn 1\n")], running())
        what = "the program prints nothing; the original prints `turn 1`"
        assert only(found, Kind.OUTPUT) == what
        assert same(compare([running(log=b"turn 1\n"), running()], running()))

    def test_the_line_that_tells(self) -> None:
        def told(text: bytes) -> str:
            return telling_line(Output(1, b"", text))

        assert told(b"a\nTraceback (most recent call last):\n  File x\nKeyError: 'y'\n") == "KeyError: 'y'"
        assert told(b"starting\nerror: no such file\nbye\n") == "error: no such file"
        assert told(b"a\nb\n") == "b"
        assert told(b"") == ""

    def test_one_complaint_of_each_kind(self) -> None:
        new = Output(1, b"", b"turn 1 failed to x\nturn 2 failed to x\npanic: no\n")
        assert new_complaints([Output(0, b"", b"")], new, fatal=False) == ["panic: no", "turn 1 failed to x"]


class TestCommands:
    @staticmethod
    def did(code: int | None, stdout: bytes = b"", stderr: bytes = b"") -> Observation:
        return replace(running(port("80")), smoke=(("check it", Output(code, stdout, stderr)),))

    def test_equal(self) -> None:
        found = compare([self.did(0, b"a")] * 2, self.did(0, b"a"))
        assert same(found)
        assert "`check it` comes to exit code 0 and prints the same" in found.seen

    def test_exit_code(self) -> None:
        found = compare([self.did(0)] * 2, self.did(1, stderr=b"error: no"))
        what = "`check it` comes to exit code 1 instead of exit code 0: it says `error: no`"
        assert only(found, Kind.SMOKE) == what

    def test_output(self) -> None:
        found = compare([self.did(0, b"a")] * 2, self.did(0, b"b"))
        assert "`check it` prints `b` instead of `a`" in only(found, Kind.SMOKE)

    def test_after_a_program_that_ended(self) -> None:
        old, new = (replace(ended(), smoke=(("x", Output(code, b"", b"")),)) for code in (0, 1))
        assert "`x` comes to exit code 1" in only(compare([old, old], new), Kind.SMOKE)


class TestOriginal:
    """Both are run one after the other; here the runs are given."""

    BLIND = replace(running(), ports=None, not_seen=("ports and what answers on them: the probe failed",))

    @pytest.fixture
    def against(self, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Compared]:
        def against(*runs: Observation, works: bool = True) -> Compared:
            left = list(runs)
            monkeypatch.setattr(behaviour, "observe", lambda *_, **__: left.pop(0))
            monkeypatch.setattr(Beside, "works", works)
            engine = cast(Engine, None)
            found = behaviour.Original(engine, Subject("before"), How()).against(Subject("after"))
            assert left == []
            return found

        return against

    def test_a_difference_is_looked_at_twice(self, against: Callable[..., Compared]) -> None:
        old, new = running(port("80")), running()
        assert only(against(old, old, new, old, new), Kind.PORTS).startswith("nothing listens on port 80/tcp")
        assert same(against(old, old, new, old, old))

    def test_an_end_that_only_some_runs_come_to_decides_nothing(self, against: Callable[..., Compared]) -> None:
        old, new = ended(0), ended(1, stderr=b"error: no")
        found = against(old, old, new, *[old] * 6, old, old)
        assert not found.differences
        assert found.undecided == (
            "the new program ended with exit code 1 in 1 of 3 runs, and never in 8 of the original: it says `error: no`"
        )

    def test_a_lost_probe_is_tried_again(self, against: Callable[..., Compared]) -> None:
        old = running(port("80"))
        assert "it listens on port 80/tcp" in against(self.BLIND, old, old, self.BLIND, old).seen

    def test_nothing_is_proven_by_a_run_that_nobody_could_look_at(self, against: Callable[..., Compared]) -> None:
        old = running(port("80"))
        with pytest.raises(EngineError, match=r"^not seen, twice: ports and what answers on them: the probe failed$"):
            against(old, old, self.BLIND, self.BLIND)

    def test_an_engine_that_has_no_probe(self, against: Callable[..., Compared]) -> None:
        found = against(self.BLIND, self.BLIND, self.BLIND, works=False)
        assert same(found)
        assert self.BLIND.not_seen[0] in found.not_seen


class TestCauses:
    LACKS = Lacking("/app/page.html", "ENOENT", False, 2)

    def test_the_most_telling_file_goes_to_the_first_difference(self) -> None:
        found = compare([served(http())] * 2, served(http(b"", 500)))
        (difference,) = with_files(found.differences, [self.LACKS])
        assert difference.what.endswith("with 200; the new image lacks /app/page.html, which the old one opened")

    def test_a_file_that_programs_look_for_by_habit_is_evidence_only(self) -> None:
        found = compare([served(http())] * 2, served(http(b"", 500)))
        (difference,) = with_files(found.differences, [Lacking("/etc/some.conf", "ENOENT", False, 4)])
        assert difference.what == found.differences[0].what
        assert "lacks /etc/some.conf" in difference.evidence[-1]

    def test_the_zone_is_the_cause_of_another_time_only(self) -> None:
        lack = [Lacking("/etc/localtime", "ENOENT", False, 4)]
        (other,) = with_files(compare([served(http())] * 2, served(http(b"", 500))).differences, lack)
        assert not any("localtime" in line for line in (other.what, *other.evidence))
        late = compare([served(http(b"at 23:13 CET"))] * 2, served(http(b"at 22:13 UTC")))
        assert "lacks /etc/localtime" in with_files(late.differences, lack)[0].what
        soon = compare([served(http(b"at 23:13, 1 tea"))] * 2, served(http(b"at 23:14, 2 tea")))
        assert "lacks" not in with_files(soon.differences, lack)[0].what

    def test_zones_are_no_cause_of_silence(self) -> None:
        """The line that is quoted has a time, as most lines of a log have."""
        log = running(port("80"), log=b"2026/11/25 23:29:15 listening\n")
        found = compare([log] * 2, running(port("80")))
        lack = [Lacking("/usr/local/go/lib/time/zoneinfo.zip", "ENOENT", False, 2)]
        assert "lacks" not in with_files(found.differences, lack)[0].what

    def test_no_file(self) -> None:
        found = compare([served(http())] * 2, served(http(b"", 500)))
        assert with_files(found.differences, []) == found.differences


class TestChance:
    """A difference counts when every run of the new image shows it."""

    def test_what_only_some_runs_show_is_told(self) -> None:
        olds = [ended(stdout=b"a")] * 2
        found = seen_every_time([compare(olds, ended(1)), compare(olds, ended(stdout=b"a"))])
        assert same(found)
        assert "not every run of the new image showed: the program ends with exit code 1" in found.not_seen[-1]

    def test_what_all_runs_show_stays(self) -> None:
        olds = [served(http())] * 2
        both = compare(olds, served(replace(http(b"bye"), headers=(("location", "/x"),))))
        found = seen_every_time([both, compare(olds, served(http(b"bye")))])
        assert "has another body" in only(found, Kind.HTTP)

    def test_what_is_different_each_time_stays(self) -> None:
        olds = [ended(stdout=b"a")] * 2
        found = seen_every_time([compare(olds, ended(1)), compare(olds, ended(stdout=b"b"))])
        assert "prints `b`" in only(found, Kind.OUTPUT)


@pytest.mark.parametrize(
    ("probe", "request_line"),
    [("/x", "GET /x"), ("x", "GET /x"), ("head /x", "HEAD /x"), ("POST /a b", "POST /a b"), (" /x ", "GET /x")],
)
def test_probes(probe: str, request_line: str) -> None:
    assert request_of(probe) == request_line


@pytest.mark.parametrize("line", ["", "  ", "echo 'x"])
def test_commands_that_are_none(line: str) -> None:
    with pytest.raises(ValueError, match="no command"):
        How(smoke=[line])
