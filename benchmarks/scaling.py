"""How time and memory grow with Dockerfiles that nobody writes: ``SHAPES``, each of a size n of its own.

``python benchmarks/scaling.py [NAME…]`` runs the program on every shape (or those whose name holds a NAME) at n, 2n
and 4n, each as a process of its own, and prints the CPU seconds beyond those of a plain file, the growth from 2n to 4n
(2.0 is linear), the peak of memory, and what came of it; and the same for folders of files. It exits 1 when time
grows by more than 3 where it should by 2, when memory grows with the number of files, when a run ends with another code
than 0 or 2 or takes longer than a minute. What looks wrong is measured again: the machine may be busy otherwise.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

NL = "\n"
HEAD = "FROM golang:1.22\nWORKDIR /app\nCOPY . .\n"
TAIL = 'RUN go build -o /app/server .\nCMD ["/app/server"]\n'
TOO_MUCH = 3.0
SHORT = 0.15  # seconds in which growth cannot be told
LONGEST = 60  # seconds


@dataclass(frozen=True)
class Shape:
    """A family of Dockerfiles: ``text`` makes the one of a size, ``n`` is the size to begin with."""

    name: str
    n: int
    text: Callable[[int], str]


def around(body: str) -> str:
    """A Go service that would be split, with something odd in it."""
    return f"{HEAD}{body}{TAIL}"


def lines(one: str) -> Callable[[int], str]:
    """So many lines of a kind; ``%`` in a line is its number, ``@`` the number before."""
    return lambda n: around("".join(f"{one}\n".replace("%", str(i + 1)).replace("@", str(i)) for i in range(n)))


def repeated(before: str, piece: str, after: str = "") -> Callable[[int], str]:
    """One instruction with so many pieces."""
    return lambda n: around(f"{before}{piece * n}{after}\n")


def nested(before: str, opening: str, closing: str, inner: str = "x") -> Callable[[int], str]:
    """One instruction with so many levels."""
    return lambda n: around(f"{before}{opening * n}{inner}{closing * n}\n")


def stages(first: str, one: str, last: str) -> Callable[[int], str]:
    """So many stages of a kind between a first and a last one."""
    return lambda n: first + "".join(one.replace("%", str(i + 1)).replace("@", str(i)) for i in range(n)) + last


SHAPES = tuple(
    Shape(name, n, text)
    for name, n, text in (
        # many of a kind
        ("RUN lines", 450, lines("RUN go version % && cd /tmp")),
        ("LABEL lines", 450, lines("LABEL a%=v")),
        ("USER lines", 450, lines("USER root")),
        ("COPY lines", 450, lines("COPY a% /b/a%")),
        ("COPY lines with a pattern", 450, lines("COPY *a*b*c*%* /b/")),
        ("WORKDIR lines, each below the last", 450, lines("WORKDIR folder")),
        ("go build lines", 300, lines("RUN go build -o /app/a% .")),
        ("RUN heredocs", 450, lines("RUN <<E\ngo version\nE")),
        ("ONBUILD lines", 450, lines("ONBUILD RUN go version")),
        ("HEALTHCHECK lines", 450, lines("HEALTHCHECK CMD go version")),
        ("CMD lines", 450, lines('CMD ["/app/server"]')),
        ("comment lines", 8_000, lines("# comment")),
        ("pragma lines", 4_000, lines("# dfrewrite: ignore=other")),
        ("pragmas above instructions", 450, lines("# dfrewrite: ignore=other\nRUN go version")),
        ("odd pragmas", 5_000, lines("# dfrewrite: whatever")),
        ("blank lines", 8_000, lines("")),
        # variables
        ("ENV lines, each with the one before", 450, lines("ENV A%=$A@")),
        ("ENV lines that double a value", 450, lines("ENV A=$A$A-")),
        ("ENV lines that lengthen a value", 450, lines("ENV PATH=$PATH:/a/folder/%")),
        ("ENV lines that double by replacement", 450, lines("ENV A=${A//a/aa}a")),
        ("ENV and RUN lines in turn", 200, lines("ENV A%=v\nRUN echo $A%")),
        ("ENV with many pairs", 2_500, repeated("ENV", " \\\n a=b")),
        ("ENV with many values in one", 2_500, lambda n: around("ENV A=abc\nENV B=" + "$A\\\n" * n + "$A\n")),
        ("ARG lines, each with the one before", 450, lines("ARG A%=$A@")),
        ("global ARG lines that double a value", 450, stages("ARG A=a\n", "ARG A=$A$A\n", around(""))),
        ("global ARG lines in a circle", 450, stages("", "ARG A@=$A%\n", "ARG A0=$A1\nFROM golang:$A0\n" + TAIL)),
        ("a pattern of many stars", 1_000, lambda n: around(f"ENV A={'a' * n}\nENV B=${{A%{'*a' * n}b}}\n")),
        ("a replacement of many stars", 1_000, lambda n: around(f"ENV A={'a' * n}\nENV B=${{A//{'*a' * n}b/c}}\n")),
        ("a replacement that is found nowhere", 4_000, lambda n: around(f"ENV A={'a' * n}\nENV B=${{A//a*b/c}}\n")),
        ("nested ${:-} in ENV", 2_500, nested("ENV A=", "${a:-", "}")),
        ("nested ${:-} in ARG", 2_500, nested("ARG A=", "${a:-", "}")),
        ("nested ${:-} in COPY", 2_500, nested("COPY x ", "${a:-", "}")),
        ("nested ${:-} in FROM", 2_500, lambda n: f"FROM {'${a:-' * n}x{'}' * n}\n{TAIL}"),
        ("nested ${:-} in RUN", 800, nested("RUN echo ", "${a:-", "}")),
        ("nested ${:-} over many lines", 5_000, nested("ENV A=", "${a:-\\\n", "\\\n}")),
        # stages
        (
            "stages, each on the one before",
            120,
            stages("FROM golang:1.22 AS s0\n", "FROM s@ AS s%\nRUN go version\n", TAIL),
        ),
        ("stages side by side", 120, stages("", "FROM golang:1.22 AS s%\nRUN go version\n", around(""))),
        (
            "stages that copy from the one before",
            120,
            stages(
                "FROM golang:1.22 AS s0\nRUN go build -o /a .\n",
                "FROM alpine AS s%\nCOPY --from=s@ /a /a\n",
                'CMD ["/a"]\n',
            ),
        ),
        # continuation lines
        ("continued RUN", 300, repeated("RUN go version", " && \\\n go version")),
        ("continued RUN with comments", 300, repeated("RUN go version", " && \\\n# comment\n go version")),
        ("continued RUN with blank lines", 300, repeated("RUN go version", " && \\\n\n go version")),
        ("continuations of nothing", 12_000, repeated("RUN go version", " \\\n")),
        ("continued EXPOSE", 8_000, repeated("EXPOSE 1", " \\\n 2")),
        ("continued COPY", 450, lambda n: around("COPY a" + " \\\n b" * n + " /c/\n")),
        ("comments up to the end", 12_000, lambda n: around("") + "RUN a" + " \\\n# b" * n + "\n"),
        ("lines that end in CR LF", 450, lambda n: lines("RUN go version")(n).replace("\n", "\r\n")),
        ("bytes that are not UTF-8", 12_000, repeated("RUN echo", " \udcff\\\n")),
        # shell text
        ("a long && b && c", 350, repeated("RUN go version", " && go version")),
        ("a long a ; b ; c", 350, repeated("RUN go version", " ; go version")),
        ("a long a | b | c", 330, repeated("RUN go version", " | go version")),
        ("a long a >x && b >x", 400, repeated("RUN true", " && true >x")),
        ("assignments of a doubled value", 400, repeated("RUN A=b", " && A=$A$A")),
        (
            "many different assignments",
            400,
            lambda n: around("RUN true" + "".join(f" && A{i}=b" for i in range(n)) + "\n"),
        ),
        ("cd into many folders", 350, repeated("RUN cd /tmp", " && cd folder")),
        ("mkdir of many folders", 400, lambda n: around("RUN mkdir -p" + "".join(f" a/b{i}" for i in range(n)) + "\n")),
        ("rm of many files", 400, lambda n: around("RUN rm -f" + "".join(f" /a/b{i}" for i in range(n)) + "\n")),
        ("a command with many words", 2_000, repeated("RUN echo", " a")),
        ("a command with many variables", 1_500, repeated("RUN echo", " $a")),
        ("a heredoc of many lines", 400, lambda n: around("RUN <<E\n" + "go version\n" * n + "E\n")),
        ("a tabbed heredoc of many lines", 400, lambda n: around("RUN <<-E\n" + "\tgo version\n" * n + "\tE\n")),
        ("a long copied heredoc", 10_000, lambda n: around("COPY <<E /x\n" + "text\n" * n + "E\n")),
        (
            "many heredocs of one RUN",
            400,
            lambda n: around(
                "RUN cat" + "".join(f" <<E{i}" for i in range(n)) + "\n" + "".join(f"E{i}\n" for i in range(n))
            ),
        ),
        ("double quotes", 4_900, repeated("RUN echo ", '"')),
        ("single quotes", 4_900, repeated("RUN echo ", "'")),
        ("alternating quotes", 2_000, repeated("RUN echo ", "\"'")),
        ("quotes in ENV", 15_001, repeated("ENV A=", '"')),
        ("backticks", 4_900, repeated("RUN echo ", "`")),
        ("escaped quotes", 2_000, repeated("RUN echo ", '\\"')),
        ("open $(", 2_000, repeated("RUN echo ", "$(")),
        ("open (", 4_000, repeated("RUN ", "(")),
        ("open ((", 2_000, repeated("RUN ", "((")),
        ("open {", 2_000, repeated("RUN ", "{ ")),
        ("open if", 1_500, repeated("RUN ", "if ")),
        ("nested $(", 500, nested("RUN ", "$(echo ", ")")),
        ("nested (", 2_000, nested("RUN ", "(", ")")),
        ("nested {", 800, nested("RUN ", "{ ", "; }")),
        ("nested if", 200, nested("RUN ", "if true; then ", "; fi")),
        ("nested quoted $(", 400, nested("RUN ", '"$(echo ', ')"')),
        ("nested $((", 500, nested("RUN echo ", "$((1+", "))")),
        # words
        ("JSON with many strings", 5_000, repeated('CMD ["/app/server"', ', \\\n"x"', "]")),
        ("JSON that is not closed", 6_000, repeated('CMD ["/app/server"', ', \\\n"x"')),
        ("JSON arrays in arrays", 4_000, nested("CMD ", "[\\\n", "\\\n]")),
        ("JSON escapes", 8_000, repeated('CMD ["', "\\\\", '"]')),
        ("many flags", 1_500, repeated("RUN ", "--mount=type=cache,target=/x \\\n", "go version")),
        ("one long line", 15_000, repeated("RUN echo ", "a")),
        ("one long line of blanks", 15_000, repeated("RUN go version", " ")),
        ("one long path", 4_000, repeated("WORKDIR ", "/a")),
        # what is refused
        ("too many instructions", 12_000, lines("RUN go version")),
        ("too many stages", 501, stages("FROM golang:1.22 AS s0\n", "FROM s@ AS s%\n", TAIL)),
        ("too much in instructions", 1_000_000, lambda n: around(f"COPY <<E /x\n{(96 * 'x' + NL) * (n // 97)}E\n")),
        ("too many lines", 250_000, lines("# c")),
        ("a shell text that is too long", 21_000, repeated("RUN true", " && \\\ntrue")),
        ("nothing but line ends", 1_200_000, lambda n: "\n" * n),
        ("a line that is too long", 70_000, repeated("RUN echo ", "a")),
        ("too large a file of text", 5_000_001, lambda n: "RUN true\n" * (n // 9 + 1)),
        ("too large a file of one line", 5_000_001, lambda n: "a" * n),
        ("too large a binary", 5_000_001, lambda n: "\0\x7f" * (n // 2 + 1)),
    )
)


@dataclass(frozen=True)
class Measured:
    """One run of the program."""

    seconds: float
    """CPU time, its own and the system's."""
    megabytes: float
    code: int
    said: str


def run(text: str, copies: int = 1) -> Measured:
    """Run the program on a folder with so many files of a text."""
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile() as said:
        for number in range(copies):
            place = Path(folder, f"{number}")
            place.mkdir()
            (place / "Dockerfile").write_bytes(text.encode("utf-8", "surrogateescape"))
        process = subprocess.Popen(
            [sys.executable, "-m", "rewriter.cli", "."],
            cwd=folder,
            stdout=said,
            stderr=said,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (LONGEST, LONGEST)),
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        last = [line.strip() for line in said.read().decode("utf-8", "replace").splitlines() if line.strip()][-1:]
    return Measured(
        usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, process.returncode, last[0] if last else "nothing"
    )


@dataclass
class Row:
    """One line of the table: the least seconds at n, 2n and 4n beyond those of a plain file, and the last run."""

    name: str
    n: int
    measure: Callable[[int], Measured]
    flat: bool = False
    """Whether memory must not grow with the size."""

    def fill(self, plain: float) -> None:
        """Measure; again when something looks wrong."""
        self.seconds = [float("inf")] * 3
        for _ in range(4):
            runs = [self.measure(self.n << place) for place in range(3)]
            self.seconds = [min(old, run.seconds - plain) for old, run in zip(self.seconds, runs, strict=True)]
            self.memory = runs[2].megabytes - runs[0].megabytes
            self.last = runs[2]
            self.factor = self.seconds[2] / max(self.seconds[1], SHORT / 4) if self.seconds[2] > SHORT else None
            if not self.wrong:
                break

    @property
    def wrong(self) -> bool:
        """Whether it grows too fast or ends as nothing should."""
        grows = self.factor is not None and self.factor > TOO_MUCH
        return grows or self.last.code not in (0, 2) or (self.flat and self.memory > 10)

    def show(self) -> str:
        """The line."""
        times = " ".join(f"{max(each, 0.0):6.2f}s" for each in self.seconds)
        told = f"{self.factor:5.1f}x" if self.factor is not None else "     -"
        code = self.last.code
        end = self.last.said if code in (0, 2) else f"exit code {code}: {self.last.said}"
        sizes = f"{self.name:38} {self.n * 4:10,} {times} {told} {self.last.megabytes:4.0f} MB"
        return f"{sizes}  {'TOO MUCH: ' if self.wrong else ''}{end[:100]}"


def rows() -> list[Row]:
    """All lines of the table."""
    files = [Row("files of a folder", 100, lambda n: run(around("LABEL a=b\n"), n), flat=True)]
    return [*(Row(shape.name, shape.n, partial(_run_shape, shape)) for shape in SHAPES), *files]


def _run_shape(shape: Shape, n: int) -> Measured:
    return run(shape.text(n))


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Shows how time and memory grow with odd Dockerfiles.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="only shapes whose name holds one of these")
    names = parser.parse_args().names
    plain = min(run(around("")).seconds for _ in range(5))
    print(f"{'shape':38} {'4n':>10} {'n':>7} {'2n':>7} {'4n':>7} {'growth':>6} {'memory':>7}  what came of it")
    wrong = 0
    for row in rows():
        if not names or any(name in row.name for name in names):
            row.fill(plain)
            wrong += row.wrong
            print(row.show(), flush=True)
    print(f"{wrong} wrong" if wrong else "all as it should be")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
