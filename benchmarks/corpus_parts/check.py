"""What one text and one run of the chain over it must hold, and what came of them, as values that go into JSON."""

from __future__ import annotations

import re
import time
import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from benchmarks.corpus_parts.bases import base_outcome, odd_names
from rewriter.chain import run_chain
from rewriter.context import BuildContext
from rewriter.diff import DiffError, make_patch
from rewriter.result import Result, Step
from rewriter.situation import Options
from rewriter.soundness import Unsound, competent, second_reader
from rewriter.source import decode, encode
from rewriter.syntax import DockerfileError, parse
from rewriter.transform import Level, Transform
from tests.oracle import Oracle, Verdict, verdict
from tests.shapes import classes

ROOT = Path(__file__).resolve().parents[2]
TEXT = "text"
"""The mark of what is asked of a text alone; the other marks are the names of levels."""
_OURS = tuple(f"{ROOT / name}/" for name in ("rewriter", "transforms"))
_REMEMBERED = 64  # texts whose verdicts are kept: the same one comes of several levels
_T = TypeVar("_T")

Facts = dict[str, Any]


class Failure(NamedTuple):
    """Something that must not be. Two with the same signature are taken for one fault."""

    kind: str
    what: str
    """The type of the exception, or the message without what is particular to one file."""
    where: str
    """The raising file and function, or the place in the chain."""
    detail: str
    mark: str = ""
    """TEXT or the level of the run."""

    @property
    def signature(self) -> tuple[str, str, str]:
        return self.kind, self.what, self.where


KINDS = {
    "crashed": "crashes",
    "died": "deaths of the interpreter",
    "hung": "over the time limit",
    "bytes": "bytes lost or changed outside of an edit",
    "rejected-result": "results that are no Dockerfile",
    "not-idempotent": "results that a second run changes",
    "disagree": "unexplained differences to the oracle",
    "second-reader": "differences to dockerfile-parse",
    "unsound": "changes thrown away as unsound",
    "comments": "results that lost a comment",
    "diff": "results whose diff does not apply",
    "unknown-tag": "proposed tags that the catalogue does not know",
    "unknown-package": "proposed apk names that the list does not know",
}
"""Every kind of failure, in the words of the table. All of them must be zero."""


_QUOTED = re.compile(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|`[^`]*`""")
_WORD = re.compile(r"[^\s()\[\],;]*[^\s()\[\],;:.]")
_LIST = re.compile(r"[(\[]…(?:, ?…)*,?[)\]]")


def general(message: str) -> str:
    """A message without what is particular to one file: quoted words, paths, images, numbers, and lists of them."""
    text = _WORD.sub(lambda word: "…" if re.search(r"[\d/:=.@$…]", word[0]) else word[0], _QUOTED.sub("…", message))
    text = _LIST.sub("(…)", text)
    return text if len(text) <= 120 else text[:119] + "…"


def place(error: BaseException) -> str:
    """The innermost function of ours that an exception passed, as `file:function`; else the one that raised it."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if frame.filename.startswith(_OURS)]
    if not frames:
        return ""
    frame = (ours or frames)[-1]
    return f"{shown(frame.filename)}:{frame.name}"


def shown(filename: str) -> str:
    """A path within the project from its top, any other by its name."""
    path = Path(filename)
    return path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else path.name


def crash(error: BaseException) -> Failure:
    """The failure that an exception is."""
    return Failure("crashed", type(error).__name__, place(error), " ".join(f"{type(error).__name__}: {error}".split()))


def rejection(data: bytes) -> str:
    """Why a file is not rewritten at all, or an empty text."""
    if b"\0" in data:
        return "holds a NUL byte"  # as rewriter.session says
    try:
        parse(decode(data))
    except DockerfileError as error:
        return error.reason
    return ""


class Examiner:
    """Asks everything of texts and runs. Nothing raises; a failure is one of the answers."""

    def __init__(self, oracle: Oracle, transforms: Sequence[Transform]) -> None:
        self._oracle = oracle
        self._transforms = transforms
        self._verdicts: dict[str, Verdict] = {}
        self._seconds: dict[str, str] = {}

    def text(self, data: bytes) -> tuple[Facts, list[Failure]]:
        """What is asked of a text before anything is rewritten."""
        failures: list[Failure] = []
        facts: Facts = {"bytes": len(data), "rejected": rejection(data)}
        text = decode(data)
        if encode(text) != data:
            failures.append(Failure("bytes", "decode", "before", "encode(decode(data)) is not data"))
        facts["oracle"] = self._against_oracle(text, "before", failures)
        none: frozenset[str] = frozenset()
        facts["classes"] = sorted(_guarded(lambda: classes(text), none, failures))
        if not facts["rejected"]:
            tree = parse(text)
            facts["comments"] = len(tree.comments)
            if "".join(text[node.start : node.end] for node in tree.nodes) != text:
                failures.append(Failure("bytes", "tiling", "before", "the nodes of the tree do not tile the text"))
            facts["second"] = self._against_second_reader(text, "before", failures)
        return facts, [failure._replace(mark=TEXT) for failure in failures]

    def level(self, data: bytes, context: BuildContext | None, level: str) -> tuple[Facts, list[Failure]]:
        """What comes of a run of the whole chain at a level (`safe`, `review` or `risky`)."""
        failures: list[Failure] = []
        started = time.perf_counter()
        options = Options(level=Level[level.upper()])
        facts: Facts = {}
        try:
            result = run_chain(decode(data), self._transforms, context, options)
            facts = self._result(data, result, failures)
            facts["base"] = base_outcome(result, context)
            if result.changed:
                failures += [Failure(kind, name, "chain", name) for kind, name in odd_names(result)]
                again = run_chain(result.after, self._transforms, context, options)
                facts["again"] = again.changed
                if again.changed or again.unsound:
                    detail = " ".join(again.unsound) or "the second run changes the text once more"
                    failures.append(Failure("not-idempotent", general(detail), "chain", detail))
        except Exception as error:
            failures.append(crash(error))
        facts["seconds"] = round(time.perf_counter() - started, 4)
        return facts, [failure._replace(mark=level) for failure in failures]

    def _result(self, data: bytes, result: Result, failures: list[Failure]) -> Facts:
        facts: Facts = {"changed": {}, "declined": {}, "withheld": {}, "oracle": {}, "second": {}}
        if result.ignored:
            facts["ignored"] = True
        for step in result.steps:
            name = step.transform.name
            if step.changes:
                facts["changed"][name] = sorted(str(change.level) for change in step.changes)
                self._step(step, facts, failures)
            if step.declined:
                facts["declined"][name] = sorted({general(declined.why) for declined in step.declined})
            if step.withheld:
                facts["withheld"][name] = sorted(general(withheld.reason) for withheld in step.withheld)
        facts["findings"] = [general(finding.message) for finding in result.findings]
        failures.extend(self._unsound(fault) for fault in result.unsound)
        wrong = _chained(data, result)
        if wrong:
            failures.append(Failure("bytes", "chain", "chain", wrong))
        if result.changed:
            facts["comments"] = _comments(result, failures)
            _diff(result, failures)
        return facts

    def _unsound(self, fault: str) -> Failure:
        name, _, message = fault.partition(": ")
        if any(transform.name == name for transform in self._transforms):
            return Failure("unsound", general(message), name, fault)
        return Failure("not-idempotent", general(fault), "chain", fault)  # the one fault of a chain as a whole

    def _step(self, step: Step, facts: Facts, failures: list[Failure]) -> None:
        name, where = step.transform.name, f"after {step.transform.name}"
        wrong = outside(step)
        if wrong:
            failures.append(Failure("bytes", "outside", where, wrong))
        try:
            parse(step.after)
        except DockerfileError as error:
            failures.append(Failure("rejected-result", general(error.reason), where, str(error)))
            return
        facts["oracle"][name] = self._against_oracle(step.after, where, failures)
        facts["second"][name] = self._against_second_reader(step.after, where, failures)

    def _against_oracle(self, text: str, where: str, failures: list[Failure]) -> list[str]:
        """The kind of the verdict and, for a known difference, its class."""
        found = self._verdicts.get(text)
        if found is None:
            found = _guarded(lambda: verdict(encode(text), self._oracle), Verdict("no-verdict", "crashed"), failures)
            _remember(self._verdicts, text, found)
        if found.kind == "disagree":
            failures.append(Failure("disagree", general(found.detail), where, found.detail))
        if found.kind == "both-reject" and where != "before":
            failures.append(Failure("rejected-result", "both-reject", where, found.detail))
        name = found.detail.partition(":")[0] if found.kind == "known" else ""
        return [found.kind, name or (general(found.detail) if found.kind == "no-verdict" else "")]

    def _against_second_reader(self, text: str, where: str, failures: list[Failure]) -> str:
        found = self._seconds.get(text)
        if found is None:
            found = _guarded(lambda: _second(text), "crashed", failures)
            _remember(self._seconds, text, found)
        if found.startswith("differs"):
            failures.append(Failure("second-reader", general(found), where, found))
        return found.partition(":")[0]


def _guarded(ask: Callable[[], _T], otherwise: _T, failures: list[Failure]) -> _T:
    try:
        return ask()
    except Exception as error:
        failures.append(crash(error))
        return otherwise


def _remember(kept: dict[str, _T], text: str, found: _T) -> None:
    if len(kept) >= _REMEMBERED:
        kept.clear()
    kept[text] = found


def _second(text: str) -> str:
    """`agrees`, `not asked` where dockerfile-parse is known to read otherwise, or `differs: how`."""
    tree = parse(text)
    if not competent(tree):
        return "not asked"
    try:
        second_reader(tree)
    except Unsound as error:
        return f"differs: {error}"
    return "agrees"


def outside(step: Step) -> str:
    """What is wrong with the bytes outside of a step's edits, or an empty text; told without the product's splice."""
    edits = sorted((edit for change in step.changes for edit in change.edits), key=lambda edit: (edit.start, edit.end))
    read = written = 0
    for edit in edits:
        for piece in (step.before[read : edit.start], edit.text):
            if not step.after.startswith(piece, written):
                return f"the text differs at character {written} of the result"
            written += len(piece)
        read = edit.end
    return "" if step.after[written:] == step.before[read:] else f"the text differs behind character {written}"


def _chained(data: bytes, result: Result) -> str:
    texts = [decode(data)]
    for step in result.steps:
        if step.before != texts[-1]:
            return f"{step.transform.name} did not start from the text before it"
        if not step.changes and step.before != step.after:
            return f"{step.transform.name} changed the text without a change"
        texts.append(step.after)
    if result.before != texts[0] or result.after != texts[-1]:
        # Faults of the whole chain leave no steps, and must leave the text.
        return "the result is not what the steps made"
    after = encode(result.after)
    return "" if encode(decode(after)) == after else "the result does not survive decoding"


def _comments(result: Result, failures: list[Failure]) -> list[int]:
    try:
        before, after = parse(result.before).comments, parse(result.after).comments
    except DockerfileError:
        return []  # told of the step already
    lost = Counter(before) - Counter(after)
    if lost:
        failures.append(Failure("comments", "lost", "chain", f"lost: {sorted(lost)}"))
    return [len(before), len(after)]


def _diff(result: Result, failures: list[Failure]) -> None:
    try:
        make_patch(result.before, result.after)
    except DiffError as error:
        failures.append(Failure("diff", general(str(error)), place(error), str(error)))
