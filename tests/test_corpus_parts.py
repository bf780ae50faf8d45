"""The parts of benchmarks/corpus.py: what is checked, where files come from, and what is kept."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from benchmarks.corpus_parts.check import KINDS, TEXT, Examiner, Failure, general, outside
from benchmarks.corpus_parts.failures import collect, write_reproducer
from benchmarks.corpus_parts.outcomes import Outcomes, failures_of, item_of, outcome
from benchmarks.corpus_parts.pool import Examined, Probe
from benchmarks.corpus_parts.sources import Item, Origin, find_items, find_origins, open_source
from benchmarks.corpus_parts.worker import Settings
from rewriter.edit import Edit
from rewriter.result import Result, Step
from rewriter.transform import Change, Declined, Evidence, Outcome, Phase, Transform
from tests.corpus_files import GO, bare, git, lay_out
from tests.oracle import Oracle

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from rewriter.situation import Situation

# --- what is checked


@pytest.fixture(scope="module")
def oracle() -> Iterator[Oracle]:
    with Oracle() as opened:
        yield opened


def transform(plan: Callable[[Situation], Iterable[Outcome]]) -> Transform:
    return Transform("planted", "Plant a fault", Phase.BASE, True, plan)


def change(*edits: Edit) -> Change:
    return Change(edits, "because", (Evidence("it was read", "line 1"),), 0)


def crashing(_: Situation) -> Iterable[Outcome]:
    raise ZeroDivisionError("planted 7")


def growing(situation: Situation) -> Iterable[Outcome]:
    end = len(situation.text)
    yield change(Edit(end, end, "LABEL more=1\n"))


def deleting(situation: Situation) -> Iterable[Outcome]:
    yield change(Edit(situation.dockerfile.instructions[1].start, situation.dockerfile.instructions[1].end, ""))


def labelling(situation: Situation) -> Iterable[Outcome]:
    end = len(situation.text)
    if "LABEL" not in situation.text:
        yield change(Edit(end, end, "LABEL more=1\n"))
    else:
        yield Declined(0, "it has 1 label already")


@pytest.mark.parametrize(
    ("plan", "kind", "what", "where"),
    [
        (crashing, "crashed", "ZeroDivisionError", "rewriter/chain.py:_step"),
        (growing, "not-idempotent", "running the chain again changes the result once more", "chain"),
        (deleting, "unsound", "something is deleted that is moved nowhere", "planted"),
    ],
)
def test_faults_of_a_transform(
    oracle: Oracle, plan: Callable[[Situation], Iterable[Outcome]], kind: str, what: str, where: str
) -> None:
    examiner = Examiner(oracle, [transform(plan)])
    _, failures = examiner.level(b"FROM scratch\nRUN a\n", None, "safe")
    assert [(failure.signature, failure.mark) for failure in failures] == [((kind, what, where), "safe")]
    assert {failure.kind for failure in failures} <= KINDS.keys()


def test_a_good_run(oracle: Oracle) -> None:
    facts, failures = Examiner(oracle, [transform(labelling)]).level(b"FROM scratch\n# c\nRUN a\n", None, "review")
    assert failures == []
    assert facts.pop("seconds") > 0
    assert facts == {
        "changed": {"planted": ["safe"]},
        "declined": {},
        "withheld": {},
        "findings": [],
        "oracle": {"planted": ["equal", ""]},
        "second": {"planted": "agrees"},
        "comments": [1, 1],
        "again": False,
        "base": ("scratch", "nothing to swap"),
    }
    facts, failures = Examiner(oracle, [transform(labelling)]).level(b"FROM scratch\nLABEL a=b\n", None, "review")
    assert (failures, facts["declined"], facts["changed"]) == ([], {"planted": ["it has … label already"]}, {})


def test_what_the_chain_itself_would_not_let_through(oracle: Oracle) -> None:
    """Results as a broken chain would give them."""
    before, planted = "FROM a\n# c\nRUN b\n", transform(labelling)

    def kinds(after: str, *edits: Edit, told: str | None = None) -> list[tuple[str, str]]:
        failures: list[Failure] = []
        step = Step(planted, before, after, (change(*edits),) if edits else ())
        result = Result(before, after if told is None else told, (step,))
        Examiner(oracle, [planted])._result(before.encode(), result, failures)
        return [(failure.kind, failure.what) for failure in failures]

    assert kinds("FROM a\n# c\nRUN d\n", Edit(15, 16, "d")) == []
    assert kinds("FROM a\nRUN b\n", Edit(7, 11, "")) == [("comments", "lost")]
    assert kinds("FROM a\n# c\nRUN <<X\n", Edit(15, 16, "<<X")) == [("rejected-result", "unterminated heredoc …")]
    assert kinds("FROM a\n# c\nRUN d \n", Edit(15, 16, "d")) == [("bytes", "outside")]
    assert kinds("FROM a\n# c\nRUN d\n") == [("bytes", "chain")]
    assert kinds("FROM a\n# c\nRUN d\n", Edit(15, 16, "d"), told=before + "RUN c\n") == [("bytes", "chain")]


@pytest.mark.parametrize(
    ("data", "rejected", "verdict", "second"),
    [
        (b"FROM scratch\nRUN a\n", "", "equal", "agrees"),
        (b"\xef\xbb\xbfFROM scratch\r\nRUN \xff <<A\nx\nA\n", "", "equal", "not asked"),
        (b"FROM scratch\nRUN <<A\n", "unterminated heredoc 'A'", "both-reject", None),
        (b"FROM scratch\nNOTHING\n", "unknown instruction 'NOTHING'", "known", None),
        (b"FROM scratch\nRUN a\0b\n", "holds a NUL byte", "equal", None),
    ],
)
def test_what_is_asked_of_a_text(oracle: Oracle, data: bytes, rejected: str, verdict: str, second: str | None) -> None:
    facts, failures = Examiner(oracle, []).text(data)
    assert failures == []
    assert (facts["bytes"], facts["rejected"], facts["oracle"][0]) == (len(data), rejected, verdict)
    assert facts.get("second") == second


def test_bytes_outside_of_edits() -> None:
    edits = (Edit(7, 7, "# a\n"), Edit(0, 4, "from"), Edit(7, 7, "# b\n"))
    step = Step(transform(labelling), "FROM a\nRUN b\nRUN c\n", "from a\n# a\n# b\nRUN b\nRUN c\n", (change(*edits),))
    assert outside(step) == ""
    for after in ("from a\n# b\n# a\nRUN b\nRUN c\n", step.after[:-1], step.after + "\n", "from A\n# a\n# b\nRUN b\n"):
        assert outside(replace(step, after=after)) != ""


def test_what_is_particular_is_left_out_of_a_message() -> None:
    left = "line 3: 'a \\' b' of ubuntu:14.04 (golang) (\"x\", 'y') [1, 2], in /a/b.c: KEY=x."
    assert general(left) == "line …: … of … (golang) (…) (…), in …: …."


# --- where files come from


def test_files_of_repositories_and_folders(tmp_path: Path) -> None:
    root = tmp_path / "root"
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 1\n"
    files: dict[str, str | bytes] = {"a/Dockerfile": GO, "a/go.mod": "module a", "Dockerfile": pointer, "x.txt": ""}
    bare(root / "one" / "repo", {**files, "b/Dockerfile": GO, "b/go.mod": "module a"})
    bare(root / "two", {**files, "a/.dockerignore": "go.mod"})
    lay_out(root / "tree", {"Dockerfile": "FROM a\n", "sub/prod.Dockerfile": "FROM b\n", "x.go": ""})
    git(root / "tree", "init", "-q")
    lay_out(root / "loose", {"x.Dockerfile": GO, "case/before.Dockerfile": GO, "case/context/go.mod": "", "x.txt": ""})
    origins = list(find_origins(root))
    assert [(origin.kind, origin.name) for origin in origins] == [
        ("loose", "root/loose"),
        ("loose", "root/loose/case"),
        ("git", "root/one/repo"),
        ("folder", "root/tree"),
        ("git", "root/two"),
    ]
    items = {origin.name: list(find_items(origin, contexts=True)) for origin in origins}
    assert [item.path for item in items["root/tree"] if item] == ["Dockerfile", "sub/prod.Dockerfile"]
    assert [item and item.identity for item in items["root/loose"]] == [""]
    assert items["root/one/repo"][0] is None  # a pointer to what is elsewhere
    one = [item for item in items["root/one/repo"] if item]
    two = [item for item in items["root/two"] if item]
    assert [item.path for item in one] == ["a/Dockerfile", "b/Dockerfile"]
    assert one[0].key == one[1].key  # the same in the same context
    assert two[0].digest == one[0].digest
    assert two[0].identity != one[0].identity
    assert [item.identity for item in find_items(origins[2], contexts=False) if item] == ["", ""]


def test_contexts(tmp_path: Path) -> None:
    bare(tmp_path / "git", {"a/Dockerfile": GO, "a/go.mod": "m", "b": ""})
    lay_out(tmp_path / "tree", {".git/x": "", "a/Dockerfile": GO, "a/go.mod": "m", "b": ""})
    lay_out(tmp_path / "case", {"before.Dockerfile": GO, "context/go.mod": "m"})
    for origin in find_origins(tmp_path):
        (item,) = (item for item in find_items(origin, contexts=True) if item)
        source = open_source(origin)
        context = source.context(item.path)
        assert context is not None
        assert [name for name in context.files() if name != "Dockerfile"] == ["go.mod"]
        assert (context.read("go.mod"), source.read(item.path)) == (b"m", GO.encode())
        source.close()


# --- outcomes


def examined(key: str, *failures: Failure) -> dict[str, Any]:
    item = Item(Origin("loose", "/nowhere", "here"), "x\udcff.Dockerfile", key)
    return outcome(Examined(item, {TEXT: {"bytes": 3}}, list(failures)), "code")


def test_outcomes_are_kept_for_the_same_code(tmp_path: Path) -> None:
    path = tmp_path / "new" / "outcomes.jsonl"
    failure = Failure("crashed", "KeyError", "a.py:f", "detail \udcff", "safe")
    outcomes = Outcomes(path, "code")
    outcomes.add(examined("one", failure))
    outcomes.add(examined("two"))
    outcomes.close()
    path.write_text(path.read_text() + path.read_text() + '{"key":"three","co')  # twice, and cut off
    again = Outcomes(path, "code")
    assert again.keys == {"one", "two"}
    first, second = again.read()
    assert (failures_of(first), failures_of(second)) == ([failure], [])
    assert item_of(first) == Item(Origin("loose", "/nowhere", "here"), "x\udcff.Dockerfile", "one")
    again.add(examined("three"))
    assert [found["key"] for found in again.read()] == ["one", "two", "three"]
    again.close()
    without = Outcomes(path, "code", without={"one"})
    assert without.keys == {"two", "three"}
    without.close()
    other = Outcomes(path, "other code")
    assert (other.keys, list(other.read())) == (set(), [])
    other.close()


def test_one_example_of_each_failure() -> None:
    failure = Failure("crashed", "KeyError", "a.py:f", "detail", "safe")
    small, large = examined("small", failure, failure._replace(what="other")), examined("large", failure)
    large["marks"][TEXT]["bytes"] = 9
    placed = {**examined("placed", failure), "context": "somewhere"}
    found = collect([placed, large, small, placed])
    assert [(example.failure.what, example.item.digest, example.runs) for example in found] == [
        ("KeyError", "small", 4),
        ("other", "small", 1),
    ]


def test_a_failure_that_cannot_be_repeated(tmp_path: Path) -> None:
    lay_out(tmp_path, {"x.Dockerfile": GO})
    (origin,) = find_origins(tmp_path)
    (item,) = (item for item in find_items(origin, contexts=True) if item)
    failure = Failure("crashed", "KeyError", "a.py:f", "detail", "safe")
    found = outcome(Examined(item, {}, [failure]), "code")
    target = write_reproducer(collect([found])[0], tmp_path / "out", Settings(("safe",)), "code")
    assert (target / "before.Dockerfile").read_text() == GO
    assert "reproducer: not reduced" in (target / "failure.txt").read_text()


def test_a_reproducer_that_the_disk_cannot_hold(tmp_path: Path) -> None:
    """A commit can hold names that no file system takes."""
    work = lay_out(tmp_path / "work", {"a/Dockerfile": GO, "long": "x"})
    git(work, "init", "-q")
    git(work, "add", "-A")
    oid = subprocess.run(["git", "-C", str(work), "rev-parse", ":long"], capture_output=True, check=True).stdout
    subprocess.run(
        ["git", "-C", str(work), "update-index", "--add", "--index-info"],
        input=b"100644 %s\ta/%s\n" % (oid.strip(), b"x" * 300),
        check=True,
    )
    git(work, "commit", "-q", "-m", "long")
    git(work, "clone", "-q", "--bare", ".", str(tmp_path / "bare"))
    (origin,) = find_origins(tmp_path / "bare")
    (item,) = (item for item in find_items(origin, contexts=True) if item)
    failure = Failure("crashed", "KeyError", "a.py:f", "detail", "safe")
    found = outcome(Examined(item, {}, [failure]), "code")
    target = write_reproducer(collect([found])[0], tmp_path / "out", Settings(("safe",)), "code")
    assert f"not written: '{'x' * 300}'" in (target / "failure.txt").read_text()


def test_a_probe_survives_what_it_tries(tmp_path: Path) -> None:
    probe = Probe(Settings(("safe",), seconds=60), tmp_path)
    assert probe.failures(b"FROM scratch\n", None, "safe") == []
    assert probe.failures(b"FROM scratch\nRUN <<A\n", {"a": b""}, "safe") == []
    assert probe.failures(GO.encode(), {"go.mod": b"module a\n\ngo 1.18\n", "main.go": b"package main\n"}, TEXT) == []
    probe.close()
    probe.close()
