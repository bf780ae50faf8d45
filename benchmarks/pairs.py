"""Ours against theirs: single-stage Dockerfiles beside the multi-stage ones that their own authors wrote.

``python benchmarks/pairs.py FOLDER`` takes every folder in it with ``single.Dockerfile``, ``multi.Dockerfile`` and
``context/``, splits the first and prints for both: stages, the image of the last, and what it copies from the others.
With ``--show NAME`` both texts are printed. It exits 1 when a rewrite was unsound.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from rewriter.api import rewrite
from rewriter.io.context_dir import DirectoryContext
from rewriter.model.stages import Model
from rewriter.situation import Situation
from rewriter.source import decode
from rewriter.syntax import DockerfileError


@dataclass(frozen=True)
class Shape:
    """What a Dockerfile comes to: its stages, the base of the last one, and the paths that it copies from others."""

    stages: int
    base: str
    copies: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.stages} stages, {self.base}: {' '.join(self.copies) or '-'}"


def shape_of(text: str) -> Shape | None:
    """The shape of a text; None for one that is no Dockerfile."""
    try:
        model: Model = Situation(text).model
    except DockerfileError:
        return None
    final = model.final
    copied = [i for i in final.instructions if i.name == "COPY" and i.flag("from") is not None]
    return Shape(len(model.stages), final.root.image_word, tuple(i.operands[-1] for i in copied))


def main() -> int:
    """Print the table, and how often the split was made."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--show", default="")
    options = parser.parse_args()
    outcomes: Counter[str] = Counter()
    unsound = 0
    for folder in sorted(path for path in options.folder.iterdir() if (path / "single.Dockerfile").is_file()):
        single, multi = (folder / "single.Dockerfile").read_bytes(), (folder / "multi.Dockerfile").read_bytes()
        dockerfile = folder / "context" / "Dockerfile"
        try:
            result = rewrite(single, context=DirectoryContext(folder / "context", dockerfile))
        except DockerfileError as error:
            outcomes[f"not read: {error}"] += 1
            continue
        unsound += len(result.unsound)
        ours, theirs = shape_of(result.after), shape_of(decode(multi))
        split = ours is not None and ours.stages > 1
        steps = [step for step in result.steps if step.transform.name == "split_stages"]
        reasons = [outcome.why for step in steps for outcome in step.declined]
        outcomes["split" if split else (reasons[0] if reasons else "withheld")] += 1
        print(f"{folder.name}\n  ours    {ours if split else 'left alone: ' + '; '.join(reasons)}\n  theirs  {theirs}")
        if options.show and options.show in folder.name:
            print(f"--- single\n{decode(single)}\n--- ours\n{result.after}\n--- theirs\n{decode(multi)}")
    print(f"\n{sum(outcomes.values())} pairs")
    for outcome, count in outcomes.most_common():
        print(f"{count:5} {outcome}")
    return 1 if unsound else 0


if __name__ == "__main__":
    sys.exit(main())
