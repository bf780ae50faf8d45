"""Words of a Dockerfile: names, images, paths, commands, expansions and quoting."""

from __future__ import annotations

from hypothesis import strategies as st

NAMES = st.sampled_from(["build", "base", "run-time", "x_1", "Final"])
_DIGEST = "registry.example/x/y@sha256:" + "0" * 64
_TAGS = "golang:1.18 golang:1.22 golang golang:1.21-alpine golang:$VERSION alpine:3.20 debian:12 scratch node:20"
IMAGES = st.sampled_from([*_TAGS.split(), "${BASE:-golang:1.20}", "${BASE}:${VERSION}", '"golang:1.22"', _DIGEST])
KEYS = st.sampled_from(["A", "PATH", "HOME", "CGO_ENABLED", "VERSION", "a.b"])
COMMANDS = st.sampled_from(
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
        "[ -f x ] || exit 1",
        "echo don't",
        "echo `date` $((1<<2))",
        "echo caf\udce9",
        'test -z "${A#b}" # note',
        "cat <<< word",
        'echo "a <<b"',
    ]
)


def _with_operator(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    name = st.sampled_from(["A", "VERSION", "_x1", "1"])
    replaced = st.tuples(name, st.sampled_from(["/", "//"]), st.sampled_from(["b", "*", "?x", "\\/"]), inner)
    return st.tuples(name, st.sampled_from([":-", "-", ":+", "+", ":?", "?", "#", "##", "%", "%%"]), inner).map(
        lambda parts: f"${{{''.join(parts)}}}"
    ) | replaced.map(lambda parts: f"${{{parts[0]}{parts[1]}{parts[2]}/{parts[3]}}}")


_PLAIN = st.sampled_from(["b", "", "1.22", "/x", "é", "a*", "\\}", "caf\udce9"])
_REFERENCES = st.sampled_from(["$A", "${A}", "$VERSION", "${PATH}", "$1", "$$", "$@"])
EXPANSIONS = st.recursive(_REFERENCES, lambda inner: _with_operator(inner | _PLAIN), max_leaves=3)
"""``$x`` and ``${x…}`` with every operator, nested; no blanks."""


def _quoted(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return (
        inner.map(lambda text: f'"{text} z"')
        | inner.map(lambda text: f'"it\'s {text}"')
        | inner.map(lambda text: '"\\"' + text + '\\""')
        | inner.map(lambda text: "'" + text.replace("'", "") + ' "y"\'')
        | inner.map(lambda text: f'{text}"\'"x')
    )


_SIMPLE_VALUES = st.sampled_from(["b", "1.22", "", '"c d"', "'e'", "$PATH:/x", "${A:-b}", "x\\ y", "a=b", "caf\udce9"])
VALUES = _SIMPLE_VALUES | EXPANSIONS | _quoted(EXPANSIONS | _PLAIN)
"""Values of ENV, LABEL and ARG."""

PATHS = (
    st.sampled_from([".", "./", "/app", "/app/", "go.mod", "*.go", "main.go", "$HOME/x", '"a b"', "é", "caf\udce9"])
    | EXPANSIONS
)
