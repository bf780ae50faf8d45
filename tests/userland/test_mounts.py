"""Cache mounts of a package manager, and paths that lie elsewhere on Alpine."""

from __future__ import annotations

import pytest

from rewriter.edit import splice
from rewriter.soundness import check
from rewriter.syntax import parse
from rewriter.userland.carried import Refused
from rewriter.userland.mounts import carry_mounts, moved_path

MOUNTS = {
    "RUN --mount=type=cache,target=/var/cache/apt make\n": "RUN --mount=type=cache,target=/etc/apk/cache make\n",
    "RUN --mount=type=cache,id=x,target=/var/cache/apt/,sharing=locked make\n": (
        "RUN --mount=type=cache,id=x,target=/etc/apk/cache,sharing=locked make\n"
    ),
    "RUN --mount=target=/var/lib/apt/lists,type=cache,sharing=locked \\\n"
    "    --mount=dst=/var/cache/apt,type=cache,sharing=locked \\\n    make\n": (
        "RUN --mount=target=/etc/apk/cache,type=cache,sharing=locked \\\n    make\n"
    ),
    "RUN --mount=type=cache,target=/var/cache/apt --mount=type=cache,target=/var/lib/apt --mount=type=ssh make\n": (
        "RUN --mount=type=cache,target=/etc/apk/cache --mount=type=ssh make\n"
    ),
    "RUN --mount=type=cache,target=/a --mount=type=cache,destination=/var/cache/yum "
    "--mount=type=cache,target=/var/lib/dnf --mount=type=cache,target=/var/cache/dnf make\n": (
        "RUN --mount=type=cache,target=/a --mount=type=cache,destination=/etc/apk/cache make\n"
    ),
}


@pytest.mark.parametrize("before", MOUNTS)
def test_caches(before: str) -> None:
    text = f"FROM x\n{before}"
    dockerfile = parse(text)
    edits = carry_mounts(dockerfile.instructions[1])
    assert not isinstance(edits, Refused)
    after = splice(text, edits)
    assert after == f"FROM x\n{MOUNTS[before]}"
    check(dockerfile, edits, after)


@pytest.mark.parametrize(
    "run",
    [
        "RUN make\n",
        "RUN --mount=type=cache,target=/root/.cache make\n",
        "RUN --mount=type=bind,target=/src --network=none make\n",
        "RUN --mount=type=cache,target=/var/cache/aptitude make\n",
        "RUN --mount=type=secret,id=x make\n",
    ],
)
def test_other_mounts_are_left_alone(run: str) -> None:
    assert carry_mounts(parse(f"FROM x\n{run}").instructions[1]) == ()


REFUSED = {
    "RUN --mount=type=bind,target=/var/cache/apt make\n": "line 2: `--mount` of /var/cache/apt is not a cache",
    "RUN --mount=type=cache,target=/var/cache/apt/$X make\n": "only known at build time",
    'RUN --mount=type=cache,"target=/var/cache/apt" make\n': "soundly",
    "RUN --mount=type=cache,target=/var/cache/apt \\\n# why\n --mount=type=cache,target=/var/lib/apt make\n": "soundly",
    "RUN --mount=type=cache,target=/var/\\\ncache/apt make\n": "soundly",
}


@pytest.mark.parametrize("run", REFUSED)
def test_refusals(run: str) -> None:
    answer = carry_mounts(parse(f"FROM x\n{run}").instructions[1])
    assert isinstance(answer, Refused), answer
    assert REFUSED[run] in answer.reason


def test_moved_paths() -> None:
    assert moved_path("/usr/bin/tini") == "/sbin/tini"
    assert moved_path("/usr/bin//tini") == "/sbin/tini"
    assert moved_path("/usr/bin/dumb-init") is None
