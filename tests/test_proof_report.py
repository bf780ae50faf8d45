"""The report on a proof: the reason once, evidence beneath it, sizes as a table; and all of it for a program."""

from __future__ import annotations

import json

from rewriter.proof.verdict import Difference, Kind, Measured, Proof, Verdict
from rewriter.report.proof import proof_as_json, proof_lines
from rewriter.report.text import plain

BEFORE = Measured(873_400_000, 339_100_000, 11, 12.34, 0.4)
AFTER = Measured(11_500_000, 6_200_000, 3, 3.0, None)


def test_a_proof_with_its_sizes() -> None:
    proof = Proof(Verdict.PROVEN, "", (), BEFORE, AFTER, ("port 80 answers",), ("what udp does",), "docker 27.0")
    assert "\n".join(proof_lines(proof, plain)) == (
        "Proof (docker 27.0): proven\n"
        "                             before        after\n"
        "  uncompressed             873.4 MB      11.5 MB    1.3 %\n"
        "  compressed               339.1 MB       6.2 MB    1.8 %\n"
        "  layers                         11            3\n"
        "  build                      12.3 s        3.0 s\n"
        "  build again, cached         0.4 s            -\n"
        "  the same:\n"
        "    port 80 answers\n"
        "  not looked at:\n"
        "    what udp does"
    )


def test_a_difference_is_said_once_with_its_evidence() -> None:
    first = Difference(Kind.HTTP, "GET / is answered with 500", "8080/tcp GET /", ("open page: no such file",))
    second = Difference(Kind.CONFIGURATION, "EXPOSE 8080/tcp is lost", "EXPOSE")
    proof = Proof(Verdict.DIFFERS, first.what, (first, second), BEFORE)
    lines = list(proof_lines(proof, plain))
    assert lines[:3] == [
        "Proof: differs: GET / is answered with 500",
        "    open page: no such file",
        "  configuration: EXPOSE 8080/tcp is lost",
    ]
    assert "  uncompressed             873.4 MB            -" in lines


def test_a_log_is_shown_by_its_end_and_lists_are_cut() -> None:
    log = "\n".join(f"line {number}" for number in range(100))
    lines = list(proof_lines(Proof(Verdict.BASELINE_BROKEN, "line 3: exit 1", log=log), plain))
    assert lines[-1] == "    line 99"
    assert len(lines) < 20
    seen = tuple(f"fact {number}" for number in range(20))
    assert list(proof_lines(Proof(Verdict.PROVEN, seen=seen), plain))[-1] == "    and 8 more"


def test_a_program_gets_all_of_it() -> None:
    difference = Difference(Kind.PORTS, "nothing listens on port 80/tcp", "80/tcp", ("no",))
    proof = Proof(Verdict.DIFFERS, difference.what, (difference,), BEFORE, AFTER, ("a",), ("b",), "podman 5", "log")
    assert json.loads(json.dumps(proof_as_json(proof))) == {
        "verdict": "differs",
        "reason": "nothing listens on port 80/tcp",
        "engine": "podman 5",
        "differences": [
            {"kind": "ports", "what": "nothing listens on port 80/tcp", "subject": "80/tcp", "evidence": ["no"]}
        ],
        "before": {
            "uncompressed": 873_400_000,
            "compressed": 339_100_000,
            "layers": 11,
            "build_seconds": 12.34,
            "warm_seconds": 0.4,
        },
        "after": {
            "uncompressed": 11_500_000,
            "compressed": 6_200_000,
            "layers": 3,
            "build_seconds": 3.0,
            "warm_seconds": None,
        },
        "same": ["a"],
        "not_looked_at": ["b"],
        "log": "log",
    }
