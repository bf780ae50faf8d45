"""Fuzzes the reader, the model, the shell and the chain for some time, guided by what code the inputs reach.

``python tests/fuzz/fuzz_reader.py --seconds 600 --corpus DIR`` grows the inputs in DIR, from the fixtures and what
earlier runs left there. An input that breaks a promise is saved in the folder of crashes, one for each kind of
failure, and the run goes on; then the exit code is 1, with the command that runs each such input again.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib
import importlib.util
import pkgutil
import re
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MODULE = "tests.fuzz.fuzz_reader"
LONGEST = 3000
_OUTSIDE = ("rewriter.io", "rewriter.proof", "rewriter.cli", "rewriter.__main__")
_TOKENS = (
    "ADD ARG CMD COPY ENTRYPOINT ENV EXPOSE FROM HEALTHCHECK LABEL MAINTAINER ONBUILD RUN SHELL STOPSIGNAL USER "
    "VOLUME WORKDIR NONE AS --from= --chown= --mount=type=cache,target= --link --platform= <<EOF <<-'EOF' EOF << "
    'golang:1.22 scratch go build -o /app . " \' ` \\ # ${ :- :+ ## %% // } $( ) && || ; [" "] '
    "#escape=` #syntax= #check="
).split()
_BLANKS = ["\n", "\\\n", " \\\n# c\n", "`\n", "\r\n", "\t", "\v", "\xa0", "\ufeff", "\0", "\\\\\n"]


def main() -> int:
    """The command line; the fuzzer itself runs in a process of its own, which libFuzzer ends."""
    sys.path.insert(0, str(ROOT))  # for those who run the file itself
    options = _options()
    if options.again is not None:
        return _again(options.again)
    if importlib.util.find_spec("atheris") is None:
        print("atheris is missing: pip install atheris", file=sys.stderr)
        return 2
    if options.fuzz is not None:
        _fuzz(options)
    crashes: Path = options.crashes
    crashes.mkdir(parents=True, exist_ok=True)
    before = set(crashes.iterdir())
    arguments = ["--seconds", str(options.seconds), "--corpus", str(options.corpus), "--crashes", str(crashes)]
    with tempfile.TemporaryDirectory() as scratch:
        command = [sys.executable, "-m", MODULE, "--fuzz", scratch, *arguments]
        ended = subprocess.run(command, cwd=ROOT, check=False)
    found = sorted(set(crashes.iterdir()) - before)
    for path in found:
        print(f"again: {sys.executable} {Path(__file__).resolve()} --again {path}")
    return 1 if found or ended.returncode else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    folder = Path(tempfile.gettempdir()) / "dfrewrite-fuzz"
    parser.add_argument("--seconds", type=int, default=600, help="how long to run (default 600)")
    parser.add_argument("--corpus", type=Path, default=folder / "corpus", help="where inputs are read and kept")
    parser.add_argument("--crashes", type=Path, default=folder / "crashes", help="where inputs that break are saved")
    parser.add_argument("--again", type=Path, metavar="FILE", help="run one input again, without atheris")
    parser.add_argument("--fuzz", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    options.corpus, options.crashes = options.corpus.resolve(), options.crashes.resolve()
    return options


def _again(path: Path) -> int:
    from tests.fuzz.promises import hold
    from tests.oracle import Oracle

    with Oracle() as oracle:
        hold(path.read_bytes(), oracle)
    print("all promises hold")
    return 0


def _fuzz(options: argparse.Namespace) -> None:
    """Never returns: libFuzzer ends the process."""
    atheris = importlib.import_module("atheris")  # it has no types
    with atheris.instrument_imports(include=["rewriter", "transforms"]):
        for name in _modules():
            importlib.import_module(name)
        from tests.fuzz.promises import hold
        from tests.oracle import Oracle

    oracle, kinds = Oracle(), set[str]()

    def one(data: bytes) -> None:
        try:
            hold(data, oracle)
        except Exception as error:
            kind = _kind(error)
            if kind not in kinds:
                kinds.add(kind)
                _save(options.crashes, data, error)

    options.corpus.mkdir(parents=True, exist_ok=True)
    _seed(options.corpus)
    words = options.fuzz / "tokens"
    words.write_text("".join(f'"{_escaped(token)}"\n' for token in [*_TOKENS, *_BLANKS]))
    limits = [f"-max_total_time={options.seconds}", f"-max_len={LONGEST}", "-timeout=60", "-rss_limit_mb=4096"]
    places = [f"-artifact_prefix={options.crashes}/", f"-dict={words}", str(options.corpus)]
    atheris.Setup([sys.argv[0], *limits, *places], one)
    atheris.Fuzz()


def _modules() -> Iterator[str]:
    """All of ours but what touches the outside, so that a late import is instrumented too."""
    for package in ("rewriter", "transforms"):
        for info in pkgutil.walk_packages([str(ROOT / package)], f"{package}."):
            if not info.name.startswith(_OUTSIDE):
                yield info.name


def _kind(error: Exception) -> str:
    """Failures of one kind: the same exception from the same line, and what it says last, without names and places."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    said = re.sub(r"[^a-z ]", "", str(error).rpartition(": ")[2])
    return f"{type(error).__name__} {frame.filename}:{frame.lineno} {said[:40]}"


def _save(folder: Path, data: bytes, error: Exception) -> None:
    path = folder / f"{type(error).__name__}-{hashlib.sha1(data).hexdigest()[:12]}"
    path.write_bytes(data)
    print(f"\n{path}: {type(error).__name__}: {str(error)[:500]}", file=sys.stderr, flush=True)


def _seed(corpus: Path) -> None:
    for path in (ROOT / "tests" / "fixtures").rglob("*Dockerfile"):
        data = path.read_bytes()
        if len(data) <= LONGEST:
            (corpus / hashlib.sha1(data).hexdigest()).write_bytes(data)


def _escaped(token: str) -> str:
    return "".join(chr(b) if 32 <= b < 127 and b not in b'"\\' else f"\\x{b:02x}" for b in token.encode())


if __name__ == "__main__":
    sys.exit(main())
