"""What a forge's words about a pull request mean."""

from __future__ import annotations

import pytest

from rewriter.bot.gitlab_shapes import pull_of
from rewriter.bot.shapes import Shape


@pytest.mark.parametrize(
    ("said", "conflicted"),
    [
        ({"detailed_merge_status": "mergeable", "has_conflicts": False}, False),
        ({"detailed_merge_status": "not_approved", "has_conflicts": False}, False),
        ({"detailed_merge_status": "conflict", "has_conflicts": True}, True),
        ({"detailed_merge_status": "draft_status", "has_conflicts": True}, True),
        ({"detailed_merge_status": "checking", "has_conflicts": False}, None),
        ({"detailed_merge_status": "draft_status", "merge_status": "unchecked", "has_conflicts": False}, None),
        ({"merge_status": "can_be_merged"}, False),
        ({"merge_status": "cannot_be_merged"}, True),
        ({"merge_status": "unchecked"}, None),
        ({}, None),
    ],
)
def test_conflicts_on_gitlab(said: dict[str, object], conflicted: bool | None) -> None:
    known = {"iid": 1, "state": "opened", "title": "t", "source_branch": "b", "target_branch": "main", "web_url": "u"}
    assert pull_of(Shape({**known, **said}, "merge request")).conflicted is conflicted
