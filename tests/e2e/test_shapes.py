"""Programs that end: the image before and after the rewrite prints the same, and is configured the same.

Each program prints what it finds: arguments, user, working directory, environment, files and their owners. A shape
that the tool leaves alone fails here: these are the ones that it is to get right.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from .stand_in import LABEL

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path

    from .engine import Engine

pytestmark = pytest.mark.e2e

LOOKS_AROUND = """\
package main

import (
	"fmt"
	"os"
	"syscall"
)

func main() {
	dir, _ := os.Getwd()
	fmt.Println(os.Args, os.Getuid(), os.Getgid(), dir, os.Getenv("GREETING"))
	for _, name := range []string{%s} {
		info, err := os.Stat(name)
		if err != nil {
			fmt.Println(name, err)
			continue
		}
		owner := info.Sys().(*syscall.Stat_t)
		fmt.Println(name, info.Mode(), owner.Uid, owner.Gid)
		if data, err := os.ReadFile(name); err == nil && len(data) < 1000 {
			fmt.Printf("%%q\\n", data)
		}
	}
}
"""


def program(*names: str) -> str:
    """Sources of a program that looks at some paths."""
    return LOOKS_AROUND % ", ".join(f'"{name}"' for name in names)


@dataclass(frozen=True)
class Shape:
    """A Dockerfile and its context."""

    name: str
    dockerfile: str
    files: dict[str, str] = field(default_factory=dict)
    options: tuple[str, ...] = ()


SHAPES = [
    Shape(
        "a user of Debian with a home, data of his own, and an environment",
        """\
FROM golang:1.18
RUN useradd --uid 1234 --create-home shop && mkdir -p /data && chown shop /data
ENV GREETING=hello GO111MODULE=on
WORKDIR /app
COPY . .
RUN go build -o shop . && chown shop shop
USER shop
VOLUME /data
EXPOSE 8080
LABEL org.example.team=shops
CMD ["./shop", "serve"]
""",
        {"main.go": program("shop", "/data", "/home/shop", "templates/page.html"), "templates/page.html": "<p>"},
        # By default it goes to Alpine; the busybox that the stand-in for that is made of has no adduser.
        ("--runtime=slim",),
    ),
    Shape(
        "an entry script that hands over to the command",
        """\
FROM golang:1.18
WORKDIR /src
COPY . .
# what runs is made here
RUN go build -o /usr/local/bin/shop \\
    # the package of the program
    ./cmd/shop
COPY entry.sh /entry.sh
RUN chmod 755 /entry.sh
ENTRYPOINT ["/entry.sh"]
CMD ["shop", "serve"]
""",
        {
            "cmd/shop/main.go": program("/entry.sh", "conf/shop.toml"),
            "conf/shop.toml": "port = 1\n",
            "entry.sh": '#!/bin/sh\nset -e\nexport GREETING="from the script"\nexec "$@"\n',
        },
    ),
    Shape(
        "a shell form, an output into a folder, and a log that goes to the terminal",
        """\
from golang:1.18
workdir /app
run mkdir -p bin /var/log/shop && ln -sf /dev/stdout /var/log/shop/out.log
copy . .
run go build -o bin/ ./...
env GREETING "good day"
stopsignal SIGINT
cmd GREETING="$GREETING and good night" bin/app --config=conf/shop.toml && echo done
""",
        {"main.go": program("conf/shop.toml", "/var/log/shop"), "conf/shop.toml": "a = 1\n"},
    ),
    Shape(
        "files that the build makes",
        """\
FROM golang:1.18-alpine3.17
WORKDIR /app
COPY . .
RUN echo v1.2.3 > VERSION && mkdir -p public && cp assets/index.html public/index.html
RUN CGO_ENABLED=0 go build -o app . && echo "10.0.0.1 shop" > /etc/shop.hosts
CMD ["/app/app"]
""",
        {"main.go": program("VERSION", "public/index.html", "/etc/shop.hosts"), "assets/index.html": "<h1>"},
    ),
]


def configuration(engine: Engine, tag: str) -> dict[str, object]:
    """What an image promises to its users, without the toolchain's own environment."""
    found = engine.config(tag)
    kept = ("User", "WorkingDir", "ExposedPorts", "Volumes", "Labels", "Healthcheck", "StopSignal", "Entrypoint", "Cmd")
    listed = found.get("Env")
    environment = {entry for entry in listed if entry.startswith("GREETING")} if isinstance(listed, list) else set()
    labels = {**found["Labels"]} if isinstance(found["Labels"], dict) else {}
    labels.pop(LABEL, None)  # Each stand-in carries a label of its own, which no real base image has.
    return {**{name: found.get(name) for name in kept}, "Env": environment, "Labels": labels}


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name.replace(" ", "_"))
def test_a_program_prints_the_same(
    shape: Shape, engine: Engine, dfrewrite: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    for name, text in {"go.mod": "module example.com/app\n\ngo 1.18\n", **shape.files}.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        path.chmod(0o755 if name.endswith(".sh") else 0o644)
    dockerfile = tmp_path / "Dockerfile"
    dockerfile.write_text(shape.dockerfile, encoding="utf-8")
    tags = ("dfrewrite-e2e:shape-before", "dfrewrite-e2e:shape-after")
    try:
        engine.build(tmp_path, tags[0])
        applied = dfrewrite("--apply", *shape.options, tmp_path)
        assert applied.returncode == 0, applied.stderr
        after = dockerfile.read_text(encoding="utf-8")
        assert after.lower().count("\nfrom ") == 1, applied.stdout
        engine.build(tmp_path, tags[1])
        outputs = [engine.run(tag) for tag in tags]
        assert [run.stdout for run in outputs] == [outputs[0].stdout] * 2, after
        assert [run.returncode for run in outputs] == [0, 0]
        assert configuration(engine, tags[0]) == configuration(engine, tags[1]), after
        sizes = [engine.size(tag) for tag in tags]
        print(f"\n{shape.name}: {sizes[0] / 1e6:.0f} MB before, {sizes[1] / 1e6:.0f} MB after")
        assert sizes[1] < sizes[0] / 5
    finally:
        engine.remove(*tags)
