"""Keys, branches and markers: what makes a rerun open nothing twice."""

from __future__ import annotations

import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rewriter.bot.identity import WHOLE, Key, Marker, find_marker, slug


def test_the_branch_is_readable_and_stable() -> None:
    assert Key("github.com", "1", "Dockerfile", "default").branch() == "dfrewrite/Dockerfile/default"
    assert (
        Key("github.com", "1", "services/api/Dockerfile", "slim").branch() == "dfrewrite/services--api--Dockerfile/slim"
    )
    assert Key("github.com", "1", WHOLE, "default").branch("bot") == "bot/all/default"


def test_the_key_does_not_hang_on_the_name_of_the_repository() -> None:
    one = Key("github.com", "42", "Dockerfile", "default")
    assert len(one.digest) == 32
    others = [
        Key("gitlab.com", "42", "Dockerfile", "default"),
        Key("github.com", "43", "Dockerfile", "default"),
        Key("github.com", "42", "a/Dockerfile", "default"),
        Key("github.com", "42", "Dockerfile", "slim"),
    ]
    assert len({key.digest for key in (one, *others)}) == 5


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a/b", "a-b"),
        ("a/b", "a b"),
        ("é", "è"),
        ("a.lock", "a-lock"),
        ("..", "."),
        ("A" * 300, "A" * 301),
        ("a_b", "a-b"),
    ],
)
def test_different_paths_have_different_branches(one: str, other: str) -> None:
    assert slug(one) != slug(other)


@given(st.text(min_size=1, max_size=200))
def test_git_takes_every_slug(text: str) -> None:
    name = f"refs/heads/dfrewrite/{slug(text)}/default"
    assert "/" not in slug(text)
    assert len(name) < 150
    assert not any(bad in name for bad in ("..", "@{", "\\", " ", "~", "^", ":", "?", "*", "[")), name
    assert not any(part.startswith(".") or part.endswith((".", ".lock")) for part in name.split("/")), name


def test_git_itself_takes_hostile_paths() -> None:
    for path in ("a.lock", "..", "-x", "@", "a b", "[x]", "~", "x..y/Dockerfile", "\udcff"):
        done = subprocess.run(["git", "check-ref-format", f"refs/heads/dfrewrite/{slug(path)}/x"], check=False)
        assert done.returncode == 0, path


@given(st.builds(Marker, *[st.text(max_size=50)] * 6))
def test_a_marker_is_found_again(marker: Marker) -> None:
    rendered = marker.render()
    assert rendered.count("-->") == 1
    assert "\n" not in rendered
    assert "--" not in rendered[4:-3]
    assert find_marker(f"Some words.\n\n{rendered}\n") == marker


def test_the_last_marker_counts_and_a_broken_one_does_not() -> None:
    one, two = Marker("1", "a", "r", "b", "o", "t"), Marker("2", "a", "r", "b", "o", "t")
    assert find_marker(f"{one.render()}\n{two.render()}") == two
    assert find_marker(f'{one.render()}\n<!-- dfrewrite {{"key": 3}} -->\n<!-- dfrewrite {{oops}} -->') == one
    assert find_marker("nothing") is None
