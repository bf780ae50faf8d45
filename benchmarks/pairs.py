"""Ours against theirs: single-stage Dockerfiles beside the multi-stage ones that their own authors wrote.

``python benchmarks/pairs.py FOLDER`` takes every folder in it that holds ``context/`` with the single-stage
``Dockerfile`` and, beside it, ``multi.Dockerfile``; a ``single.Dockerfile`` beside it counts before the one in the
context. It rewrites the first with everything on, and prints a table: what came of it, and for both the number of
stages, the runtime image and what that copies from the others. ``--show NAME`` prints our diff and their file.

``pair.toml`` may say ``language``, and ``comparable = false`` with ``why`` for a pair whose single-stage file does not
build what the other runs: such pairs are listed and counted on their own. It exits 1 when a rewrite was unsound or the
rewriter failed.
"""

from __future__ import annotations

import argparse
import re
import sys
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from rewriter.api import rewrite
from rewriter.diff import make_patch
from rewriter.io.context_dir import DirectoryContext
from rewriter.result import Result, Step
from rewriter.situation import Situation
from rewriter.source import decode
from rewriter.syntax import DockerfileError

USAGE = 2
SPLIT, SWAPPED, LEFT_ALONE, NOT_READ, FAILED = "split", "swapped", "left alone", "not read", "failed"

# The first that fits is the family of a runtime image.
FAMILIES = (
    ("scratch", r"^scratch$"),
    ("distroless", r"distroless|chainguard|cgr\.dev"),
    ("web server", r"(^|/)(nginx|httpd|caddy)\b|nginx-unprivileged"),
    ("jre", r"jre"),
    (".NET runtime", r"dotnet/([a-z]+/)?(runtime|aspnet)|aspnetcore(?!-build)|dotnet:.*runtime"),
    ("alpine", r"alpine|busybox"),
    ("slim", r"slim"),
)


@dataclass(frozen=True)
class Shape:
    """What a Dockerfile comes to: its stages, the image of the last one, and what that copies from the others."""

    stages: int
    image: str
    copies: tuple[str, ...]
    """The targets of COPY --from, as they are written."""

    @property
    def family(self) -> str:
        """What kind of image it runs on: ``alpine``, ``slim``, ``jre`` and so on, else ``full``."""
        return next((name for name, pattern in FAMILIES if re.search(pattern, self.image.lower())), "full")


@dataclass(frozen=True)
class Pair:
    """A folder with both files."""

    folder: Path
    single: bytes
    multi: bytes
    about: dict[str, Any]

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.folder.name

    @property
    def language(self) -> str:
        """What ``pair.toml`` says, else ``?``."""
        return str(self.about.get("language", "?"))

    @property
    def incomparable(self) -> str:
        """Why the two files cannot be measured against each other; empty when they can."""
        return "" if self.about.get("comparable", True) else str(self.about.get("why", "not comparable"))


@dataclass(frozen=True)
class Outcome:
    """What came of one pair."""

    pair: Pair
    kind: str
    reason: str = ""
    """Why it was not split; of a failure, what failed."""
    result: Result | None = None
    ours: Shape | None = None
    theirs: Shape | None = None

    @property
    def same_family(self) -> bool:
        """True when ours and theirs run on the same kind of image."""
        return self.ours is not None and self.theirs is not None and self.ours.family == self.theirs.family


def find_pairs(folder: Path) -> Iterator[Pair]:
    """Every pair in a folder, by name."""
    for path in sorted(folder.iterdir()):
        files = (path / "single.Dockerfile", path / "context" / "Dockerfile")
        single = next((file for file in files if file.is_file()), None)
        multi, about = path / "multi.Dockerfile", path / "pair.toml"
        if single is None or not multi.is_file():
            continue
        read = tomllib.loads(about.read_text(encoding="utf-8")) if about.is_file() else {}
        yield Pair(path, single.read_bytes(), multi.read_bytes(), read)


def shape_of(text: str) -> Shape | None:
    """The shape of a text; None for one that is no Dockerfile."""
    try:
        model = Situation(text).model
    except DockerfileError:
        return None
    copies = [
        instruction.operands[-1]
        for stage in model.final.lineage
        for instruction in stage.instructions
        if instruction.name == "COPY" and instruction.flag("from") is not None
    ]
    root = model.final.root
    return Shape(len(model.stages), root.image_text or root.image_word, tuple(copies))


def judge(pair: Pair) -> Outcome:
    """Rewrites the single-stage file of a pair, and compares."""
    theirs = shape_of(decode(pair.multi))
    try:
        context = DirectoryContext(pair.folder / "context", pair.folder / "context" / "Dockerfile")
        result = rewrite(pair.single, context=context)
    except DockerfileError as error:
        return Outcome(pair, NOT_READ, str(error), theirs=theirs)
    except Exception as error:  # whatever it is: one failure must not hide the other pairs
        return Outcome(pair, FAILED, f"{type(error).__name__}: {error}", theirs=theirs)
    ours = shape_of(result.after)
    if result.unsound:
        return Outcome(pair, FAILED, f"unsound: {'; '.join(result.unsound)}", result, ours, theirs)
    step = next((step for step in result.steps if step.transform.name == "split_stages"), None)
    if step is not None and step.changes:
        return Outcome(pair, SPLIT, "", result, ours, theirs)
    return Outcome(pair, SWAPPED if result.changed else LEFT_ALONE, why_not(step), result, ours, theirs)


def why_not(step: Step | None) -> str:
    """Why the split was not made."""
    if step is None:
        return "split_stages was not run"
    if step.withheld:
        return f"withheld: {step.withheld[0].reason}"
    return step.declined[0].why if step.declined else "no reason given"


def shortened(text: str, width: int) -> str:
    """A text that fits into a column."""
    return text if len(text) <= width else text[: width - 1] + "…"


def grouped(reason: str) -> str:
    """A reason without what differs from file to file: the line, and names in quotes and in brackets."""
    reason = re.sub(r"\bline \d+", "line …", re.sub(r"^line \d+: ", "", reason))
    reason = re.sub(r"`[^`]*`", "`…`", re.sub(r"\([^)]*\)", "(…)", reason))
    reason = re.sub(r"the stage on \S+", "the stage on …", reason)
    reason = re.sub(r"^\S+ is (none of the images in|not in) the catalogue", r"an image is \1 the catalogue", reason)
    return re.sub(r"; seen: .*", "", reason)


def columns(shape: Shape | None) -> tuple[str, str, str]:
    """Stages, image and copies of a file, as they stand in the table."""
    if shape is None:
        return "?", "not read", ""
    return str(shape.stages), shortened(shape.image, 38), shortened(" ".join(shape.copies) or "-", 44)


def print_table(outcomes: list[Outcome]) -> None:
    """Prints a row for each pair: their columns stand below ours."""
    width = max(len(outcome.pair.name) for outcome in outcomes)
    heads = ("language", "name", "outcome", "", "stages", "runtime image", "copied from other stages")
    form = f"{{:10}} {{:{width}}} {{:10}} {{:6}} {{:>6}} {{:38}} {{}}"
    print(form.format(*heads))
    for outcome in outcomes:
        ours = columns(outcome.ours) if outcome.kind in (SPLIT, SWAPPED) else ("", "", outcome.reason)
        print(form.format(outcome.pair.language, outcome.pair.name, outcome.kind, "ours", *ours).rstrip())
        if outcome.kind == SWAPPED:
            print(form.format("", "", "", "", "", "", f"not split: {outcome.reason}"))
        print(form.format("", "", "", "theirs", *columns(outcome.theirs)).rstrip())


def print_summary(outcomes: list[Outcome]) -> None:
    """Prints how many were split, in each language, and the reasons why the others were not."""
    measured = [outcome for outcome in outcomes if not outcome.pair.incomparable]
    split = [outcome for outcome in measured if outcome.kind == SPLIT]
    same = sum(outcome.same_family for outcome in split)
    kinds = Counter(outcome.kind for outcome in measured)
    others = ", ".join(f"{count} {kind}" for kind, count in kinds.most_common() if kind != SPLIT)
    print(f"\n{len(measured)} pairs: {len(split)} split, {same} of them on the same kind of image as theirs; {others}")
    languages: defaultdict[str, list[Outcome]] = defaultdict(list)
    for outcome in measured:
        languages[outcome.pair.language].append(outcome)
    for language, found in sorted(languages.items()):
        done = [outcome for outcome in found if outcome.kind == SPLIT]
        alike = sum(outcome.same_family for outcome in done)
        print(f"  {language:12} {len(found):3} pairs, {len(done):3} split, {alike:3} on the same kind of image")
    print("\nours and theirs where it was split")
    both = ((outcome.ours, outcome.theirs) for outcome in split)
    images = Counter((ours.family, theirs.family) for ours, theirs in both if ours and theirs)
    for (mine, other), count in images.most_common():
        print(f"{count:5} {mine} against {other}")
    print("\nnot split, and why")
    reasons = Counter(grouped(outcome.reason) for outcome in measured if outcome.kind != SPLIT)
    for reason, count in reasons.most_common():
        print(f"{count:5} {reason}")
    apart = Counter(outcome.pair.incomparable for outcome in outcomes if outcome.pair.incomparable)
    if apart:
        print(f"\n{apart.total()} pairs that are not counted above")
        for reason, count in apart.most_common():
            print(f"{count:5} {reason}")


def show(outcome: Outcome) -> None:
    """Prints our diff and their file in full."""
    after = outcome.result.after if outcome.result is not None else decode(outcome.pair.single)
    before = decode(outcome.pair.single)
    diff = "" if after == before else str(make_patch(before, after))
    print(f"=== {outcome.pair.name}: {outcome.kind} {outcome.reason}".rstrip())
    print(f"--- ours\n{diff or before}\n--- theirs\n{decode(outcome.pair.multi)}")


def main(arguments: list[str] | None = None) -> int:
    """Prints the table; returns the exit code."""
    parser = argparse.ArgumentParser(description="Compares our splits with those of the files' own authors.")
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="a folder of pairs")
    parser.add_argument("--show", metavar="NAME", help="print our diff and their file of pairs whose name holds NAME")
    parser.add_argument("--language", metavar="NAME", help="only the pairs of this language")
    options = parser.parse_args(arguments)
    if not options.folder.is_dir():
        parser.error(f"{options.folder} is no folder")
    pairs = [
        pair
        for pair in find_pairs(options.folder)
        if (options.language in (None, pair.language)) and (options.show is None or options.show in pair.name)
    ]
    if not pairs:
        print("there is no such pair", file=sys.stderr)
        return USAGE
    outcomes = sorted(map(judge, pairs), key=lambda outcome: (outcome.pair.language, outcome.pair.name))
    if options.show is not None:
        for outcome in outcomes:
            show(outcome)
    else:
        print_table(outcomes)
        print_summary(outcomes)
    return 1 if any(outcome.kind == FAILED for outcome in outcomes) else 0


if __name__ == "__main__":
    sys.exit(main())
