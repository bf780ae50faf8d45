"""Whole files: by grammar, and Go builds such as the transforms are made for."""

from __future__ import annotations

from hypothesis import strategies as st

from tests.strategies.instructions import from_lines, instructions

_TRIVIA = st.sampled_from(
    ["", "", "# a comment", "#", "  # dfrewrite: ignore", "# é\udcff", " \t", "\xa0# b", "# escape=`", "\u3000"]
)
_INDENTS = st.sampled_from([""] * 12 + ["  ", "\t", "\xa0 "])
_ARGS = st.sampled_from(["ARG VERSION=1.22", "ARG BASE", "ARG A B=c"])
_MISTAKES = r"""
RAN x
COPY --form=a b c
COPY a
COPY --from=a --from=b c d
ADD --link=no a b
ENV a
LABEL a b=c =d
ARG =a
USER
CMD [1]
RUN <<EOF
RUN --network a
SHELL sh
FROM a b
FROM a AS scratch
ONBUILD FROM a
HEALTHCHECK CURL x
\
""".strip().splitlines()
"""Lines that BuildKit rejects."""


@st.composite
def headers(draw: st.DrawFn, escape: str) -> str:
    """Parser directives in any order and spelling; the escape directive stands there when it must."""
    keys = draw(st.lists(st.sampled_from(["syntax", "check"]), max_size=2, unique=True))
    if escape == "`" or draw(st.integers(0, 5)) == 0:
        keys.insert(draw(st.integers(0, len(keys))), "escape")
    values = {"syntax": "docker/dockerfile:1", "check": "skip=JSONArgsRecommended", "escape": escape}
    lines = []
    for key in keys:
        name = draw(st.sampled_from([key, key, key.upper(), key.title()]))
        form = draw(st.sampled_from(["# {}={}"] * 3 + ["#{}={}", "#\t{} = {} ", "  #  {}= {}\t"]))
        lines.append(form.format(name, values[key]) + "\n")
    return "".join(lines)


@st.composite
def dockerfiles(draw: st.DrawFn) -> str:
    """Whole files that BuildKit accepts in nearly all cases."""
    escape = draw(st.sampled_from(["\\", "\\", "\\", "`"]))
    lines = draw(st.lists(_ARGS, max_size=1))
    for _ in range(draw(st.integers(1, 3))):
        lines.append(draw(from_lines(escape)))
        for written in draw(st.lists(instructions(escape), max_size=5)):
            if draw(st.integers(0, 3)) == 0:
                lines.append(draw(_TRIVIA))
            lines.append(draw(_INDENTS) + written)
    if draw(st.integers(0, 30)) == 17:
        lines.insert(draw(st.integers(0, len(lines))), draw(st.sampled_from(_MISTAKES)))
    return draw(finished(draw(headers(escape)) + "\n".join(lines)))


@st.composite
def finished(draw: st.DrawFn, text: str) -> str:
    """A text with an end, and with other line ends or a byte order mark."""
    text += draw(st.sampled_from(["\n", "\n", "\n", "", "\n\n"]))
    kind = draw(st.integers(0, 17))
    if kind < 3:
        text = text.replace("\n", "\r\n")
    if kind == 3:
        text = text.replace("\n", "\r\n", 2)
    return "\ufeff" + text if draw(st.integers(0, 8)) == 0 else text


@st.composite
def go_dockerfiles(draw: st.DrawFn) -> str:
    """Go builds in one stage, such as the transforms are made for, in many spellings."""
    escape = draw(st.sampled_from(["\\", "\\", "`"]))
    tag = draw(
        st.sampled_from(["golang:1.18", "golang:1.22", "golang:1.20-alpine", "golang:$VERSION", "golang:latest"])
    )
    name = draw(st.sampled_from(["", "", " AS builder"]))
    out = draw(st.sampled_from(["/app/server", "server", "/server", "./bin/server"]))
    lines = ["ARG VERSION=1.22"] if "$" in tag else []
    lines += [f"FROM {tag}{name}", f"WORKDIR {draw(st.sampled_from(['/app', '/go/src/x', '/']))}"]
    lines += draw(st.sampled_from([["COPY . ."], ["COPY go.mod go.sum ./", "RUN go mod download", "COPY . ./"]]))
    lines += draw(
        st.lists(
            st.sampled_from(["ENV CGO_ENABLED=0", "# note", "", "EXPOSE 8080", "ARG X=1", "LABEL a=b"]), max_size=3
        )
    )
    lines.append(draw(st.sampled_from(_builds(f"go build -o {out} .", escape))))
    lines += draw(
        st.lists(st.sampled_from(["USER 1000", "VOLUME /data", "# end", "HEALTHCHECK NONE", "ENV A=b"]), max_size=2)
    )
    path = out if out.startswith("/") else draw(st.sampled_from([out, f"./{out}", f"/app/{out}"]))
    form = draw(
        st.sampled_from(
            ["ENTRYPOINT [{0}]", "CMD [{0}]", "CMD {1}", "ENTRYPOINT exec {1}", 'ENTRYPOINT [{0}]\nCMD ["-v"]']
        )
    )
    lines.append(form.format(f'"{path}"', path))
    text = "\n".join(lines)
    if draw(st.integers(0, 3)) == 0:
        for keyword in ("FROM", "RUN", "COPY", "ENTRYPOINT", "WORKDIR", "CMD"):
            text = text.replace(f"{keyword} ", f"{keyword.lower()} ")
    return draw(finished(draw(headers(escape)) + text))


def _builds(build: str, escape: str) -> list[str]:
    return [
        f"RUN {build}",
        f"RUN go vet ./... && {escape}\n  # build\n    {build}",
        f"RUN <<EOF\n{build}\nEOF",
        f"RUN --mount=type=cache,target=/root/.cache/go-build {build}",
        f"RUN <<-'EOF'\n\tset -e\n\t{build}\n\tEOF",
    ]
