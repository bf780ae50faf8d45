"""What an engine says that it does not know of a Dockerfile."""

from __future__ import annotations

import pytest

from rewriter.proof.features import (
    NEWEST,
    Version,
    buildkit_of_engine,
    dockerfile_of_buildkit,
    front_end,
    front_end_version,
    not_granted,
    unknown_to_buildah,
    unknown_to_dockerfile,
    version_of,
)
from rewriter.syntax import parse

FEATURES = [
    ("RUN <<E\ntrue\nE", "heredocs", (1, 4), (1, 33)),
    ("COPY <<a <<b /x/\n1\na\n2\nb", "heredocs", (1, 4), (1, 33)),
    ("RUN --mount=type=cache,target=/x true", "RUN --mount", (1, 2), (1, 24)),
    ("RUN --mount=type=secret,id=a,env=A true", "secrets as variables", (1, 10), (1, 44)),
    ("RUN --network=none true", "RUN --network", (1, 3), (1, 30)),
    ("RUN --security=sandbox true", "RUN --security", (1, 20), None),
    ("RUN --device=vendor.com/x true", "RUN --device", (1, 27), None),
    ("COPY --chmod=755 a /b", "COPY --chmod", (1, 2), (1, 20)),
    ("COPY --chmod=u+x,go-w a /b", "--chmod with letters", (1, 14), None),
    ("COPY --link a /b", "COPY --link", (1, 4), (1, 41)),
    ("COPY --parents a/b /c/", "COPY --parents", (1, 20), (1, 40)),
    ("COPY --exclude=*.md a /b", "COPY --exclude", (1, 19), (1, 38)),
    ("ADD --checksum=sha256:ab https://x.org/a /b", "ADD --checksum", (1, 6), (1, 33)),
    ("ADD --keep-git-dir=true https://x.org/a.git /b", "ADD --keep-git-dir", (1, 6), None),
    ("ADD --unpack=true a.tar /b", "ADD --unpack", (1, 17), None),
    ("ADD https://github.com/a/b.git#v1 /b", "ADD of a git repository", (1, 6), (1, 38)),
    ("ADD git@github.com:a/b.git /b", "ADD of a git repository", (1, 6), (1, 38)),
    ("HEALTHCHECK --start-interval=1s CMD true", "HEALTHCHECK --start-interval", (1, 6), (1, 37)),
    ("ONBUILD COPY --link a /b", "COPY --link", (1, 4), (1, 41)),
]


def _older(version: Version) -> Version:
    return version[0], version[1] - 1


@pytest.mark.parametrize(("line", "what", "dockerfile", "buildah"), FEATURES, ids=[line for line, *_ in FEATURES])
def test_features(line: str, what: str, dockerfile: Version, buildah: Version | None) -> None:
    tree = parse(f"FROM a\n{line}\n")
    assert unknown_to_dockerfile(tree, dockerfile) is None
    came = f"which came with Dockerfile {dockerfile[0]}.{dockerfile[1]}"
    assert unknown_to_dockerfile(tree, _older(dockerfile)) == f"it knows no {what} (line 2), {came}"
    if buildah is None:
        assert unknown_to_buildah(tree, NEWEST) == f"it knows no {what} (line 2)"
    else:
        assert unknown_to_buildah(tree, buildah) is None
        came = f"which came with buildah {buildah[0]}.{buildah[1]}"
        assert unknown_to_buildah(tree, _older(buildah)) == f"it knows no {what} (line 2), {came}"


@pytest.mark.parametrize(
    "line",
    [
        "RUN cat <<-x",
        "COPY --link=false a /b",
        "COPY --chown=a --from=b /c /d",
        "COPY --chmod=${MODE:-755} a /b",
        "ADD https://x.org/a.tar.gz /b",
        "ADD a.git /b",
        "HEALTHCHECK --interval=1s CMD true --start-interval=2s",
        "RUN echo --mount=x",
    ],
)
def test_what_is_none_of_them(line: str) -> None:
    text = f"FROM a\n{line}\nx\n" if "<<-" in line else f"FROM a\n{line}\n"
    tree = parse(text)
    plain = {"RUN cat <<-x": "heredocs"}.get(line)
    found = unknown_to_dockerfile(tree, (1, 2))
    assert (found is None) if plain is None else (found is not None and plain in found)


@pytest.mark.parametrize(
    ("engine", "dockerfile"),
    [
        ("20.10.24+dfsg1", (1, 2)),
        ("23.0.6", (1, 4)),
        ("24.0.9", (1, 5)),
        ("25.0.5", (1, 6)),
        ("26.1.5+dfsg1", (1, 7)),
        ("27.5.1", (1, 12)),
        ("28.2.2", (1, 16)),
        ("29.1.0", (1, 20)),
        ("99.0", (1, 26)),
    ],
)
def test_the_language_of_a_docker_engine(engine: str, dockerfile: Version) -> None:
    version = version_of(engine)
    assert version is not None
    assert dockerfile_of_buildkit(buildkit_of_engine(version)) == dockerfile


def test_versions() -> None:
    assert version_of("v0.13.2") == (0, 13)
    assert version_of("v0.0.0+unknown") is None
    assert version_of("unknown") is None
    assert buildkit_of_engine((17, 6)) == (0, 0)
    assert dockerfile_of_buildkit((1, 0)) == NEWEST


@pytest.mark.parametrize(
    ("image", "version"),
    [
        ("docker/dockerfile:1", NEWEST),
        ("docker/dockerfile", NEWEST),
        ("docker/dockerfile:1.4", (1, 4)),
        ("docker.io/docker/dockerfile:1.4.3@sha256:ab", (1, 4)),
        ("docker/dockerfile-upstream:1.2.0", (1, 2)),
        ("docker/dockerfile:1.7-labs", NEWEST),
        ("docker/dockerfile:experimental", NEWEST),
        ("example.org/own/front-end:0.1", NEWEST),
    ],
)
def test_front_ends(image: str, version: Version) -> None:
    assert front_end(parse(f"#  SyntaX = {image}  \nFROM a\n")) == image
    assert front_end_version(image) == version


def test_only_a_directive_names_a_front_end() -> None:
    assert front_end(parse("FROM a\n# syntax=x\n")) is None
    assert front_end(parse("# escape=`\nFROM a\n")) is None


@pytest.mark.parametrize(
    ("flag", "granted"),
    [
        ("--security=insecure", False),
        ("--security=sandbox", True),
        ("--network=host", False),
        ("--network=none", True),
        ("--device=vendor.com/x", False),
    ],
)
def test_what_a_proof_does_not_grant(flag: str, granted: bool) -> None:
    reason = f"RUN {flag} (line 3) asks for a right that a proof does not grant"
    assert not_granted(parse(f"FROM a\n\nRUN {flag} true\n")) == (None if granted else reason)
