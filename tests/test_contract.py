"""What every transform promises, read from its page (the docstring) and from its folder of cases.

``tests/fixtures/<transform>/<case>/`` holds ``before.Dockerfile``, ``after.Dockerfile`` (absent: the file must be left
alone), ``case.toml`` and ``context/`` (absent: there is no build context at all). ``tests/fixtures/_chain/`` is the
same with all default transforms. Everything is compared as bytes. A file ``context/_dot_git`` stands for a ``.git``
folder.

Keys of ``case.toml``, all optional but ``reason`` where the file is left alone:

    level, alpine, runtime, target      as on the command line
    [build_args]                        as on the command line
    [surroundings.targets]              stage name = "the file that builds it as a target"
    [surroundings.health]               "command of a health check" = "the file that calls it"
    reason                              stands in the reason for leaving the file alone
    finding                             stands in a finding
    change_level                        the highest level among the changes made
    about                               what the case is for, when its name does not say it
"""

from __future__ import annotations

import re
import shutil
import tomllib
from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from rewriter import Level, Options, Result, Surroundings, rewrite
from rewriter.discovery import all_transforms, chosen
from rewriter.io.context_dir import DirectoryContext
from rewriter.source import encode

if TYPE_CHECKING:
    from rewriter import Transform

FIXTURES = Path(__file__).parent / "fixtures"
CHAIN = "_chain"
NOT_TRANSFORMS = {CHAIN, "_syntax", "_shapes"}
HEADINGS = ("Why:", "Safe when:", "Review when:", "Leaves alone:")
KEYS = {
    *("level", "alpine", "runtime", "target", "build_args", "surroundings"),
    *("reason", "finding", "change_level", "about"),
}
HARD_SHAPES = {
    "a comment inside a RUN of several lines": re.compile(
        rb"^RUN[^\n]*[\\`]\r?\n(?:[^\n]*[\\`]\r?\n)*\s*#", re.M | re.I
    ),
    "a heredoc": re.compile(rb"^(?:RUN|COPY)\s[^\n]*<<-?['\"]?[A-Z]", re.M | re.I),
    "another escape character": re.compile(rb"\A(?:#[^\n]*\n)*#\s*escape\s*=\s*`", re.I),
    "CRLF line endings": re.compile(rb"\r\n"),
    "no newline at the end": re.compile(rb"[^\n]\Z"),
}


@dataclass(frozen=True)
class Case:
    """One folder."""

    folder: Path

    @property
    def name(self) -> str:
        return f"{self.folder.parent.name}/{self.folder.name}"

    @cached_property
    def before(self) -> bytes:
        return (self.folder / "before.Dockerfile").read_bytes()

    @cached_property
    def after(self) -> bytes | None:
        path = self.folder / "after.Dockerfile"
        return path.read_bytes() if path.exists() else None

    @cached_property
    def settings(self) -> dict[str, Any]:
        path = self.folder / "case.toml"
        return tomllib.loads(path.read_text(encoding="utf-8")) if path.exists() else {}

    @property
    def transforms(self) -> tuple[Transform, ...]:
        name = self.folder.parent.name
        return chosen() if name == CHAIN else chosen(select=(name,))

    def options(self) -> Options:
        settings = self.settings
        return Options(
            level=Level[settings.get("level", "review").upper()],
            alpine=settings.get("alpine"),
            runtime=settings.get("runtime"),
            target=settings.get("target"),
            build_args=settings.get("build_args", {}),
            surroundings=self._surroundings,
        )

    @property
    def _surroundings(self) -> Surroundings:
        said = self.settings.get("surroundings", {})
        health = ((tuple(command.split()), where) for command, where in said.get("health", {}).items())
        return Surroundings(targets=said.get("targets", {}), health=tuple(health))

    def context(self, scratch: Path) -> DirectoryContext | None:
        folder = self.folder / "context"
        if not folder.exists():
            return None
        if (folder / "_dot_git").exists():
            folder = Path(shutil.copytree(folder, scratch / "context"))
            (folder / "_dot_git").unlink()
            (folder / ".git").mkdir()
            (folder / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
        return DirectoryContext(folder)


def cases(name: str) -> list[Case]:
    """The cases of one folder of fixtures."""
    folder = FIXTURES / name
    return [Case(path) for path in sorted(folder.iterdir()) if path.is_dir()] if folder.is_dir() else []


ALL_CASES = [case for name in (*(transform.name for transform in all_transforms()), CHAIN) for case in cases(name)]


@dataclass
class Page:
    """A docstring taken apart."""

    transform: Transform
    lines: list[str] = field(init=False)

    def __post_init__(self) -> None:
        self.lines = self.transform.page.strip().splitlines()

    @property
    def left_alone(self) -> list[str]:
        heading = self.lines.index("Leaves alone:")
        return [line for line in self.lines[heading + 1 :] if line.startswith("- ")]


def reasons(result: Result) -> list[str]:
    """Why nothing, or not more, was changed."""
    declined = [outcome.why for step in result.steps for outcome in step.declined]
    withheld = [outcome.reason for step in result.steps for outcome in step.withheld]
    return [*declined, *withheld, *([result.ignored] if result.ignored else [])]


@pytest.mark.parametrize("case", ALL_CASES, ids=lambda case: case.name)
def test_case(case: Case, tmp_path: Path) -> None:
    context, options = case.context(tmp_path), case.options()
    result = rewrite(case.before, context=context, options=options, transforms=case.transforms)
    assert result.unsound == ()
    found = encode(result.after).decode("latin-1")
    assert found == (case.before if case.after is None else case.after).decode("latin-1"), "\n".join(reasons(result))
    again = rewrite(encode(result.after), context=context, options=options, transforms=case.transforms)
    assert encode(again.after).decode("latin-1") == found, "the second run changes it again"
    assert again.unsound == ()
    _check_words(case, result)


def _check_words(case: Case, result: Result) -> None:
    settings = case.settings
    if "reason" in settings:
        assert any(settings["reason"] in reason for reason in reasons(result)), reasons(result)
    if "finding" in settings:
        messages = [finding.message for finding in result.findings]
        assert any(settings["finding"] in message for message in messages), messages
    if "change_level" in settings:
        made = [change for _, change in result.changes]
        assert made
        shown = [(item.fact, str(item.certainty)) for change in made for item in change.evidence]
        assert str(max(change.level for change in made)) == settings["change_level"], shown


@pytest.mark.parametrize("case", ALL_CASES, ids=lambda case: case.name)
def test_case_is_well_formed(case: Case) -> None:
    assert (case.folder / "before.Dockerfile").is_file()
    known = {"before.Dockerfile", "after.Dockerfile", "case.toml", "context"}
    assert {path.name for path in case.folder.iterdir()} <= known
    assert set(case.settings) <= KEYS
    assert case.after != case.before, "a file that is left alone has no after.Dockerfile"
    if case.after is None:
        assert case.settings.get("reason"), "a case that is left alone says the reason that it expects"
        assert "change_level" not in case.settings


def test_no_two_cases_are_the_same() -> None:
    def key(case: Case) -> tuple[object, ...]:
        files = sorted((case.folder / "context").rglob("*")) if (case.folder / "context").exists() else None
        context = None if files is None else tuple((f.name, f.read_bytes()) for f in files if f.is_file())
        asked = {name: value for name, value in case.settings.items() if name not in ("reason", "finding", "about")}
        return case.folder.parent.name, case.before, repr(asked), context

    counts = Counter(key(case) for case in ALL_CASES)
    assert [case.name for case in ALL_CASES if counts[key(case)] > 1] == []


def test_every_folder_is_a_transform() -> None:
    names = {path.name for path in FIXTURES.iterdir() if path.is_dir()} - NOT_TRANSFORMS
    assert names == {transform.name for transform in all_transforms()}


def test_the_chain_has_cases() -> None:
    assert {case.after is None for case in cases(CHAIN)} == {True, False}


def test_more_is_left_alone_than_changed() -> None:
    changed = sum(case.after is not None for case in ALL_CASES)
    assert len(ALL_CASES) - changed > changed


@pytest.mark.parametrize("transform", all_transforms(), ids=lambda transform: transform.name)
class TestTransform:
    def test_fires(self, transform: Transform) -> None:
        assert any(case.after is not None for case in cases(transform.name))

    def test_leaves_alone_at_least_what_its_page_names(self, transform: Transform) -> None:
        left_alone = [case for case in cases(transform.name) if case.after is None]
        assert len(left_alone) >= len(Page(transform).left_alone) > 0

    @pytest.mark.parametrize("shape", HARD_SHAPES)
    def test_keeps_hard_shapes(self, transform: Transform, shape: str) -> None:
        changed = [case for case in cases(transform.name) if case.after is not None]
        assert any(HARD_SHAPES[shape].search(case.before) for case in changed), f"no case that fires has {shape}"

    def test_page(self, transform: Transform) -> None:
        page = Page(transform)
        assert 0 < len(page.lines[0]) <= 72
        assert page.lines[0][0].isupper()
        assert not page.lines[0].endswith(".")
        assert page.lines[1] == ""
        found = [heading for line in page.lines for heading in HEADINGS if line.startswith(heading)]
        assert found == list(HEADINGS)
        assert page.left_alone
