"""Scripts with blocks, run by a real shell before and after: the commands that are kept run as they did.

Every command is a function that notes its name and fails when it is told to; those of Debian always work.
"""

from __future__ import annotations

import shutil
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rewriter.model.run import script_logical
from rewriter.shell import Opaque, parse_shell
from tests.userland.carrying import Carried, Refused, carry, rewritten, run_of

BASH = shutil.which("bash")
pytestmark = pytest.mark.skipif(BASH is None, reason="names such as apt-get are functions in bash alone")

_FUNCTIONS = """
apt-get() { for w in "$@"; do case $w in make|zip) L "add $w"; return;; esac; done; return 0; }
apk() { for w in "$@"; do case $w in make|zip) L "add $w"; return;; esac; done; return 0; }
rm() { return 0; }
L() { echo "$1" >&3; case " $FAIL " in *" $1 "*) return 1;; esac; return 0; }
a() { L a; }; b() { L b; }; c() { L c; }; d() { L d; }
"""
_COMMANDS = st.sampled_from(
    (
        "apt-get update|apt-get clean|rm -rf /var/lib/apt/lists/*|export DEBIAN_FRONTEND=x|apt-get update >/dev/null|"
        "apt-get install -y apt-utils|apt-get install -y zip apt-utils|apt-get install -y make|a|b x|c|d|a|b|! d|"
        "echo y <pipe> c|echo y <pipe> apt-get install -y make"
    )
    .replace("|", "\n")
    .replace("<pipe>", "|")
    .split("\n")
)
_JOINS = st.sampled_from([" && ", " && ", "; ", "; ", " || ", " \\\n && ", " && \\\n  # note\n  ", " \\\n# note\n ; "])


def _lists(units: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    tails = st.lists(st.tuples(_JOINS, units), max_size=3)
    return st.tuples(units, tails).map(lambda drawn: drawn[0] + "".join(join + unit for join, unit in drawn[1]))


def _blocks(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    body = _lists(inner)
    return st.one_of(
        body.map(lambda text: f"({text})"),
        body.map(lambda text: "{ " + text + "; }"),
        st.tuples(body, body).map(lambda two: f"if {two[0]}; then {two[1]}; fi"),
        st.tuples(body, body, body).map(lambda three: f"if {three[0]}; then {three[1]}; else {three[2]}; fi"),
        body.map(lambda text: f"for i in 1 2; do {text}; done"),
    )


_SCRIPTS = st.tuples(st.sampled_from(["", "", "set -e; "]), _lists(st.recursive(_COMMANDS, _blocks, max_leaves=6))).map(
    "".join
)


def _shell(script: str, fail: str) -> tuple[str, bool]:
    assert BASH is not None
    done = subprocess.run(
        [BASH, "-c", f"exec 3>&1 >/dev/null\n{_FUNCTIONS}{script}"], capture_output=True, text=True,
        env={"FAIL": fail, "PATH": "/nonexistent"}, check=False,
    )  # fmt: skip
    assert "syntax error" not in done.stderr, (script, done.stderr)
    return done.stdout, done.returncode == 0


def _text(dockerfile: str) -> str:
    logical = script_logical(run_of(dockerfile))
    assert not isinstance(logical, Opaque)
    return logical.text


@settings(max_examples=60)
@given(_SCRIPTS, st.sampled_from(["a", "a b", "c d", "a b c d"]))
def test_what_is_kept_runs_as_before(script: str, fail: str) -> None:
    dockerfile = f"FROM debian\nRUN {script}\n"
    if isinstance(parse_shell(_text(dockerfile)), Opaque):
        return
    answer = carry(dockerfile)
    if isinstance(answer, Refused):
        assert "soundly" not in answer.reason
    if not isinstance(answer, Carried):
        return
    after = "true" if answer.drops else _text(rewritten(dockerfile, answer))
    told = any("now decides" in item.fact for item in answer.evidence)
    for failing in ("", fail):
        ran, good = _shell(_text(dockerfile), failing)
        ran_now, good_now = _shell(after, failing)
        assert ran == ran_now, (script, after)
        assert good == good_now or told, (script, after)
