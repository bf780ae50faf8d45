"""All instructions of the language, each with all its flags."""

from __future__ import annotations

from hypothesis import strategies as st

from tests.strategies.layout import exec_forms, json_arrays, scripts, spaced, with_heredocs
from tests.strategies.words import IMAGES, KEYS, NAMES, PATHS, VALUES

_MOUNTS = [
    "type=cache,target=/root/.cache",
    "type=bind,source=.,target=/src,readonly",
    "type=secret,id=token,env=T",
    '"type=tmpfs,target=/a b,size=1m"',
    "target=$HOME/x,from=build",
    "type=ssh",
]
_CHOWN = ["1:1", "app", "$USER:app", "'a:b'"]
_CHMOD = ["755", "u=rwX,go=rX", "$MODE"]
_EXCLUDE = ["*.md", "'a b'", "é"]
_TRUTH = ["", "=true", "=false", "=TRUE"]
_REPEATABLE = {"mount", "device", "exclude"}
_TIMES = ["5s", "1m30s", "0"]

FLAGS: dict[str, dict[str, list[str]]] = {
    "FROM": {"platform": ["linux/amd64", "$BUILDPLATFORM"]},
    "RUN": {
        "mount": _MOUNTS,
        "network": ["none", "default", "host"],
        "security": ["insecure", "sandbox"],
        "device": ["vendor.example/d=all"],
    },
    "COPY": {"from": ["build", "0", "alpine:3.20", '"base"', "'build'"], "chown": _CHOWN, "chmod": _CHMOD}
    | {"link": [], "parents": [], "exclude": _EXCLUDE},
    "ADD": {"chown": _CHOWN, "chmod": _CHMOD, "link": [], "keep-git-dir": [], "unpack": [], "exclude": _EXCLUDE}
    | {"checksum": ["sha256:" + "0" * 64]},
    "HEALTHCHECK": {"interval": _TIMES, "timeout": _TIMES, "start-period": _TIMES, "start-interval": _TIMES}
    | {"retries": ["3", "0"]},
}
"""Every flag of every instruction, with values that BuildKit takes; none stands for a boolean."""


@st.composite
def flags(draw: st.DrawFn, name: str) -> list[str]:
    """Some flags of an instruction, each at most once but for those that may be repeated."""
    known = FLAGS[name]
    drawn = draw(st.lists(st.sampled_from(sorted(known)), max_size=3)) if draw(st.booleans()) else []
    chosen = [key for at, key in enumerate(drawn) if key in _REPEATABLE or key not in drawn[:at]]
    return [f"--{key}" + draw(st.sampled_from([f"={v}" for v in known[key]] or _TRUTH)) for key in chosen]


@st.composite
def keywords(draw: st.DrawFn, name: str) -> str:
    """A keyword in any case."""
    return draw(st.sampled_from([name] * 8 + [name.lower(), name.title()]))


@st.composite
def from_lines(draw: st.DrawFn, escape: str) -> str:
    name = draw(st.sampled_from([[], [], ["AS"], ["as"], ["As"]]))
    words = [draw(keywords("FROM")), *draw(flags("FROM")), draw(IMAGES), *name, *([draw(NAMES)] if name else [])]
    return draw(spaced(words, escape))


@st.composite
def run_lines(draw: st.DrawFn, escape: str) -> str:
    head = " ".join([draw(keywords("RUN")), *draw(flags("RUN"))])
    kind = draw(st.integers(0, 6))
    if kind == 0:
        return draw(with_heredocs(head, [], escape))
    if kind == 1:
        return draw(with_heredocs(head, ["cat", ">", "/x"], escape))
    return f"{head} " + draw(exec_forms(escape) if kind == 2 else scripts(escape))


@st.composite
def copy_lines(draw: st.DrawFn, escape: str) -> str:
    name = draw(st.sampled_from(["COPY", "COPY", "COPY", "ADD"]))
    words = [draw(keywords(name)), *draw(flags(name))]
    kind = draw(st.integers(0, 7))
    if kind == 0:
        return draw(with_heredocs(" ".join(words), [draw(PATHS)], escape, last=False))
    if kind == 1:
        return draw(spaced([*words, draw(json_arrays(escape, 2))], escape))
    return draw(spaced([*words, *draw(st.lists(PATHS, min_size=2, max_size=3))], escape))


@st.composite
def pair_lines(draw: st.DrawFn, escape: str) -> str:
    """ENV and LABEL in both forms, ARG."""
    name = draw(st.sampled_from(["ENV", "ENV", "LABEL", "ARG"]))
    keyword = draw(keywords(name))
    if name == "ARG":
        words = KEYS | st.tuples(KEYS, VALUES).map("=".join)
        return draw(spaced([keyword, *draw(st.lists(words, min_size=1, max_size=2))], escape))
    if draw(st.integers(0, 4)) == 0:
        return draw(spaced([keyword, draw(KEYS), draw(VALUES) + "x", "y"], escape))
    keys = KEYS | st.sampled_from(['"a b"', "org.example.x"])
    pairs = draw(st.lists(st.tuples(keys, VALUES).map("=".join), min_size=1, max_size=3))
    return draw(spaced([keyword, *pairs], escape))


@st.composite
def command_lines(draw: st.DrawFn, escape: str) -> str:
    """CMD and ENTRYPOINT, SHELL, HEALTHCHECK."""
    name = draw(st.sampled_from(["CMD", "ENTRYPOINT", "SHELL", "HEALTHCHECK", "CMD", "ENTRYPOINT"]))
    words = [draw(keywords(name))]
    if name == "SHELL":
        return draw(spaced([*words, draw(st.sampled_from(['["/bin/bash", "-c"]', '["powershell"]']))], escape))
    if name == "HEALTHCHECK":
        if draw(st.integers(0, 3)) == 0:
            return draw(spaced([*words, draw(st.sampled_from(["NONE", "none"]))], escape))
        words += [*draw(flags("HEALTHCHECK")), draw(st.sampled_from(["CMD", "CMD", "cmd"]))]
    return draw(spaced([*words, draw(exec_forms(escape) | scripts(escape))], escape))


_SMALL = {
    "WORKDIR": ["/app", "sub", "$HOME", "/go/src/x/", "${A:-/b}/c d", "'a b'"],
    "USER": ["app", "1000:1000", "$USER", "a b"],
    "EXPOSE": ["80", "443/tcp 53/UDP", "8000-8010", "$PORT"],
    "VOLUME": ["/data", "/a /b", '["/data"]', '["/a b", "$C"]', "'/x'"],
    "STOPSIGNAL": ["9", "SIGTERM", "$SIG"],
    "MAINTAINER": ["me", "caf\udce9 <a@b>", "a  b"],
}


@st.composite
def small_lines(draw: st.DrawFn, escape: str) -> str:
    """Instructions without flags and forms of their own."""
    name = draw(st.sampled_from(sorted(_SMALL)))
    return draw(spaced([draw(keywords(name)), draw(st.sampled_from(_SMALL[name]))], escape))


@st.composite
def onbuild_lines(draw: st.DrawFn, escape: str) -> str:
    """ONBUILD with any instruction that it may hold."""
    inner = run_lines(escape) | copy_lines(escape) | pair_lines(escape) | command_lines(escape) | small_lines(escape)
    return draw(spaced([draw(keywords("ONBUILD")), draw(inner)], escape))


def instructions(escape: str) -> st.SearchStrategy[str]:
    """Any instruction but FROM, with the bodies of its heredocs, without its line end."""
    frequent = [run_lines(escape)] * 3 + [copy_lines(escape)] * 2 + [pair_lines(escape)] * 2
    return st.one_of(
        [*frequent, command_lines(escape), command_lines(escape), small_lines(escape), onbuild_lines(escape)]
    )
