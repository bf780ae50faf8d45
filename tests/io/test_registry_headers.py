"""Headers of registries, and of whoever wants to confuse their readers."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rewriter.io.registry_headers import Allowance, Challenge, allowance, challenges, next_link, retry_after

NOW = datetime.datetime(2026, 8, 1, 12, 0, 0, tzinfo=datetime.UTC)


@pytest.mark.parametrize(
    ("header", "target"),
    [
        ("", None),
        ('</v2/a/tags/list?last=x&n=2>; rel="next"', "/v2/a/tags/list?last=x&n=2"),
        ("<https://r.example/x>; rel=next", "https://r.example/x"),
        ('<a>;rel="prev next"', "a"),
        ('<a>; REL="NEXT"; title="x, y; <z>"', "a"),
        ('<a>; rel="prev", <b>; rel="next"', "b"),
        ('<a>; title="a \\" b"; rel=next', "a"),
        ("<a>; rel=prev", None),
        ("<a>", None),
        (", <a,b>; rel=next ,", "a,b"),
        ('<>; rel="next"', ""),
        ('<a>; rel="next", <a>; rel="next"', "a"),
    ],
)
def test_links(header: str, target: str | None) -> None:
    assert next_link(header) == target


@pytest.mark.parametrize(
    "header", ["a; rel=next", "<a; rel=next", "x<a>; rel=next", '<a>; rel=next, <b>; rel="next"', "<a> <"]
)
def test_odd_links(header: str) -> None:
    with pytest.raises(ValueError, match=r"link|next"):
        next_link(header)


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ("", ()),
        ("Basic", (Challenge("basic"),)),
        ('Basic realm="a, b=c"', (Challenge("basic", {"realm": "a, b=c"}),)),
        (
            'Bearer realm="https://auth.example/token",service="r.example",scope="repository:a/b:pull,push"',
            (
                Challenge(
                    "bearer",
                    {
                        "realm": "https://auth.example/token",
                        "service": "r.example",
                        "scope": "repository:a/b:pull,push",
                    },
                ),
            ),
        ),
        (
            'Basic realm="x", Bearer realm="y" , service=z',
            (Challenge("basic", {"realm": "x"}), Challenge("bearer", {"realm": "y", "service": "z"})),
        ),
        ("Negotiate, Basic realm=a", (Challenge("negotiate"), Challenge("basic", {"realm": "a"}))),
        ("Bearer realm=https://a.example/t", (Challenge("bearer", {"realm": "https://a.example/t"}),)),
        ('Bearer REALM = "a\\"b"', (Challenge("bearer", {"realm": 'a"b'}),)),
        ('Bearer realm="first",realm="second"', (Challenge("bearer", {"realm": "first"}),)),
        ('Bearer realm="never ends', (Challenge("bearer", {"realm": "never ends"}),)),
        ("=,;", ()),
        ("Bearer(x)", ()),
    ],
)
def test_challenges(header: str, found: tuple[Challenge, ...]) -> None:
    assert challenges(header) == found


def test_challenges_come_to_an_end() -> None:
    assert len(challenges("a, " * 10_000)) == 20


@given(st.text(alphabet='<>;,=" \\relnxtBb/', max_size=60))
def test_readers_never_fail_in_another_way(header: str) -> None:
    assert all(challenge.scheme for challenge in challenges(header))
    try:
        found = next_link(header)
    except ValueError:
        return
    assert found is None or f"<{found}>" in header


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("0", 0.0),
        (" 17 ", 17.0),
        ("Sat, 01 Aug 2026 12:00:30 GMT", 30.0),
        ("Sat, 01 Aug 2026 11:00:00 GMT", 0.0),
        ("Sat, 01 Aug 2026 14:00:10 +0200", 10.0),
        ("Sat, 01 Aug 2026 12:00:05 -0000", 5.0),
        ("", None),
        ("soon", None),
        ("-1", None),
        ("1.5", None),
        ("٣", None),
        ("Sat, 99 Aug 2026 12:00:30 GMT", None),
    ],
)
def test_how_long_a_server_wants_to_be_left_alone(header: str, seconds: float | None) -> None:
    assert retry_after(header, NOW) == seconds


def test_a_very_long_number_is_a_very_long_time() -> None:
    found = retry_after("9" * 5000, NOW)
    assert found is not None
    assert found > 10**8


@pytest.mark.parametrize(
    ("headers", "found", "low", "shown"),
    [
        (
            {"ratelimit-limit": "100;w=21600", "ratelimit-remaining": "76;w=21600"},
            Allowance(76, 100, 21600),
            False,
            "76 of 100 requests left in 360 minutes",
        ),
        ({"ratelimit-remaining": "0"}, Allowance(0, None, None), True, "0 requests left"),
        (
            {"x-ratelimit-limit": "5000", "x-ratelimit-remaining": "499"},
            Allowance(499, 5000, None),
            True,
            "499 of 5000 requests left",
        ),
        (
            {"ratelimit-limit": "100;w=60", "ratelimit-remaining": "9"},
            Allowance(9, 100, 60),
            True,
            "9 of 100 requests left in 1 minutes",
        ),
    ],
)
def test_rate_limits(headers: dict[str, str], found: Allowance, low: bool, shown: str) -> None:
    assert allowance(headers) == found
    assert found.is_low is low
    assert str(found) == shown


def test_no_rate_limits() -> None:
    assert allowance({}) is allowance({"ratelimit-remaining": "many"}) is allowance({"ratelimit-limit": "100"}) is None
