"""Generated Dockerfiles: whole files by grammar, lines full of what the reader must not trip over, and plain bytes."""

from __future__ import annotations

from hypothesis import strategies as st

_NAMES = st.sampled_from(["build", "base", "run-time", "x_1", "Final"])
_DIGEST = "registry.example/x/y@sha256:" + "0" * 64
_TAGS = "golang:1.18 golang:1.22 golang golang:1.21-alpine golang:$VERSION alpine:3.20 debian:12 scratch node:20"
_IMAGES = st.sampled_from([*_TAGS.split(), "${BASE:-golang:1.20}", _DIGEST])
_PATHS = st.sampled_from(
    [".", "./", "/app", "/app/", "go.mod", "go.sum ./", "*.go", "main.go", "$HOME/x", '"a b"', "é"]
)
_COMMANDS = st.sampled_from(
    [
        "go build -o /app/server ./cmd/server",
        "go build -o server .",
        "CGO_ENABLED=0 go build -ldflags '-s -w' -o /bin/app",
        "go mod download",
        "cd /src && go install ./...",
        "apt-get update && apt-get install -y git ca-certificates",
        "apk add --no-cache git",
        "adduser -D app",
        "chmod +x /app/server || true",
        "echo 'it''s' > /etc/x; cat < y | tee z",
        "if [ -f x ]; then rm x; fi",
        'for i in $(ls); do echo "$i"; done',
        "echo don't",
        "echo `date` $((1<<2))",
        "echo caf\udce9",
        'test -z "${A#b}" # note',
    ]
)
_EXEC = st.sampled_from(
    ['["/app/server"]', '["sh", "-c", "exec ./server"]', '["a\\u0041", "b"]', "['bad']", "[]", '["go", "run", "."]']
)
_KEYS = st.sampled_from(["A", "PATH", "HOME", "CGO_ENABLED", "VERSION", "a.b"])
_VALUES = st.sampled_from(["b", '"c d"', "'e'", "$PATH:/x", "${A:-b}", "${A%%*}", "x\\ y", "", "1.22", "${"])
_BODIES = st.lists(
    st.sampled_from(["echo a", "# not a comment", "\ttabbed", "go build -o /app .", "", "$A ${B", "EOF ", "é \\"]),
    max_size=3,
)


@st.composite
def _heredoc(draw: st.DrawFn, command: str) -> str:
    name = draw(st.sampled_from(["EOF", "X1"]))
    dash = draw(st.booleans())
    quoted = draw(st.sampled_from([name, f"'{name}'", f'"{name}"']))
    head = command.format(f"<<{'-' if dash else ''}{quoted}")
    return "\n".join([head, *draw(_BODIES), ("\t" if dash else "") + name])


@st.composite
def _run(draw: st.DrawFn, escape: str) -> str:
    flags = draw(st.sampled_from(["", "", "", "--mount=type=cache,target=/root/.cache ", "--network=none "]))
    kind = draw(st.integers(0, 6))
    if kind == 0:
        return draw(_heredoc(f"RUN {flags}{{}}"))
    if kind == 1:
        return draw(_heredoc(f"RUN {flags}cat {{}} > /x"))
    if kind == 2:
        return f"RUN {flags}{draw(_EXEC)}"
    return f"RUN {flags}" + draw(_continued(st.lists(_COMMANDS, min_size=1, max_size=3), escape, " && "))


@st.composite
def _continued(draw: st.DrawFn, parts: st.SearchStrategy[list[str]], escape: str, joiner: str) -> str:
    """Parts joined over continuation lines, with comments and blank lines in between."""
    words = draw(parts)
    text = words[0]
    for word in words[1:]:
        gap = draw(
            st.sampled_from(
                ["", "", f" {escape}\n    ", f"{escape}\n", f" {escape} \t\n  # note {escape}\n  ", f" {escape}\n\n"]
            )
        )
        text += f"{gap}{joiner}{word}"
    return text


@st.composite
def _instruction(draw: st.DrawFn, escape: str) -> str:
    kind = draw(st.integers(0, 13))
    if kind <= 2:
        return draw(_run(escape))
    if kind == 3:
        flags = draw(st.sampled_from(["", "", "--from=build ", "--from=0 ", "--chown=1:1 ", "--link "]))
        return f"COPY {flags}{draw(_PATHS)} {draw(_PATHS)}"
    if kind == 4:
        return draw(_heredoc("COPY {} /etc/conf"))
    if kind == 5:
        pairs = st.lists(st.tuples(_KEYS, _VALUES).map("=".join), min_size=1, max_size=3)
        return draw(st.sampled_from(["ENV ", "LABEL "])) + draw(_continued(pairs, escape, " "))
    if kind == 6:
        return f"ENV {draw(_KEYS)} {draw(_VALUES)}x"
    if kind == 7:
        return f"ARG {draw(_KEYS)}" + draw(st.sampled_from(["", "=", "=1", '="1 2"', "=$VERSION"]))
    if kind == 8:
        return f"WORKDIR {draw(st.sampled_from(['/app', 'sub', '$HOME', '/go/src/x/']))}"
    if kind == 9:
        return draw(st.sampled_from(["ENTRYPOINT ", "CMD "])) + draw(st.one_of(_EXEC, _COMMANDS))
    if kind == 10:
        return draw(
            st.sampled_from(["USER app", "USER 1000:1000", "EXPOSE 80 443/tcp", 'VOLUME ["/data"]', "STOPSIGNAL 9"])
        )
    if kind == 11:
        return draw(
            st.sampled_from(['SHELL ["/bin/bash", "-c"]', 'SHELL ["powershell"]', "MAINTAINER me", "ADD x.tgz /"])
        )
    if kind == 12:
        return "HEALTHCHECK " + draw(
            st.sampled_from(["NONE", "--interval=5s CMD curl -f x", 'CMD ["/app/server", "-h"]'])
        )
    return "ONBUILD " + draw(st.sampled_from(["COPY . /app", "RUN go build", 'CMD ["x"]', "ENV a=b"]))


@st.composite
def dockerfiles(draw: st.DrawFn) -> str:
    """Whole files that BuildKit accepts in nearly all cases."""
    escape = draw(st.sampled_from(["\\", "\\", "\\", "`"]))
    lines = ["# syntax=docker/dockerfile:1"] if draw(st.booleans()) else []
    lines += ["# escape=`"] if escape == "`" else []
    trivia = st.sampled_from(["", "", "# a comment", "#", "  # dfrewrite: ignore", "# é\udcff"])
    lines += draw(st.lists(st.sampled_from(["ARG VERSION=1.22", "ARG BASE", "ARG A B=c"]), max_size=2))
    for _ in range(draw(st.integers(1, 3))):
        name = draw(st.sampled_from(["", "", " AS "]))
        lines.append(f"FROM {draw(_IMAGES)}{name}{draw(_NAMES) if name else ''}")
        for _ in range(draw(st.integers(0, 6))):
            if draw(st.integers(0, 3)) == 0:
                lines.append(draw(trivia))
            lines.append(draw(_instruction(escape)))
    return _finished(draw, "\n".join(lines))


def _finished(draw: st.DrawFn, text: str) -> str:
    keyword_case = draw(st.sampled_from(["", "", "", "lower"]))
    if keyword_case:
        keywords = ("FROM", "RUN", "COPY", "ENTRYPOINT", "WORKDIR", "CMD")
        for keyword in keywords:
            text = text.replace(f"\n{keyword} ", f"\n{keyword.lower()} ")
    text += draw(st.sampled_from(["\n", "\n", "\n", "", "\n\n"]))
    if draw(st.integers(0, 5)) == 0:
        text = text.replace("\n", "\r\n")
    if draw(st.integers(0, 8)) == 0:
        text = "\ufeff" + text
    return text


@st.composite
def go_dockerfiles(draw: st.DrawFn) -> str:
    """Go builds in one stage, such as the transforms are made for, in many spellings."""
    escape = draw(st.sampled_from(["\\", "\\", "`"]))
    tag = draw(
        st.sampled_from(["golang:1.18", "golang:1.22", "golang:1.20-alpine", "golang:$VERSION", "golang:latest"])
    )
    name = draw(st.sampled_from(["", "", " AS builder"]))
    out = draw(st.sampled_from(["/app/server", "server", "/server", "./bin/server"]))
    lines = ["# escape=`"] if escape == "`" else []
    lines += ["ARG VERSION=1.22"] if "$" in tag else []
    lines += [f"FROM {tag}{name}", f"WORKDIR {draw(st.sampled_from(['/app', '/go/src/x', '/']))}"]
    lines += draw(st.sampled_from([["COPY . ."], ["COPY go.mod go.sum ./", "RUN go mod download", "COPY . ./"]]))
    lines += draw(
        st.lists(
            st.sampled_from(["ENV CGO_ENABLED=0", "# note", "", "EXPOSE 8080", "ARG X=1", "LABEL a=b"]), max_size=3
        )
    )
    build = f"go build -o {out} ."
    lines.append(
        draw(
            st.sampled_from(
                [f"RUN {build}", f"RUN go vet ./... && {escape}\n  # build\n    {build}", f"RUN <<EOF\n{build}\nEOF"]
            )
        )
    )
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
    return _finished(draw, "\n".join(lines))


_STARTS = ["FROM a\n", "RUN ", "COPY ", "ENV ", "CMD ", "ONBUILD ", "HEALTHCHECK ", "LABEL ", "ARG ", "SHELL "]
_LINE_ENDS = ["\n", "\r\n", "\r", "\v", "\\\n", "\\ \n", "`\n", "\\\\\n", "# c\n", "\nE\n", "\n\tE\n"]
_MARKS = "a # \\ ' \" = A=b << <<E <<-'E' <<< --f= -- [\"a\"] [1] [ ] ${ } $A $((1<<2))".split(" ")
_ODD = [" ", "\t", "\xa0", "\x85", "\u3000", "\ufeff", "\x00", "\x1c", "\udce9", "\udca0", "é"]
_DIRECTIVES = ["# escape=`\n", "# syntax=x\n"]
HARD_PIECES = st.sampled_from([*_STARTS, *_LINE_ENDS, *_MARKS, *_ODD, *_DIRECTIVES])


def hard_texts() -> st.SearchStrategy[str]:
    """Texts joined from pieces that mean something to the reader."""
    return st.lists(HARD_PIECES, max_size=16).map(lambda pieces: "FROM a\n" + "".join(pieces)) | st.lists(
        HARD_PIECES, max_size=12
    ).map("".join)


def any_text() -> st.SearchStrategy[str]:
    """Every kind of generated text."""
    return dockerfiles() | go_dockerfiles() | hard_texts()
