"""The worker: answers one text after the other with what the package `dockerfile` reads, which is BuildKit's parser.

A process of its own, because the Go code in that package ends the process on some texts. It imports nothing of ours.
Both ways a message is four bytes of length, most significant first, and as many bytes: UTF-8 text in, JSON out. The
first message out says that the package is there. An answer is a list of commands, ``{"rejected": reason}``, or
``{"silent": why}`` for a text that the package cannot take.
"""

from __future__ import annotations

import json
import resource
import struct
import sys
from typing import BinaryIO

import dockerfile


def answer(data: bytes) -> object:
    """What the package says of one text."""
    try:
        # On text that is no UTF-8 the package ends the process; whoever asks must know how to do without an answer.
        return dockerfile.parse_string(data.decode("utf-8", "surrogateescape"))  # named tuples, which become lists
    except dockerfile.GoParseError as error:
        return {"rejected": str(error)}
    except UnicodeDecodeError:
        return {"silent": "a part of the answer is no UTF-8"}


def main() -> None:
    """Answers until the input ends."""
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a process that ends itself leaves no core file
    _send(sink, "ready")
    while head := source.read(4):
        (size,) = struct.unpack(">I", head)
        _send(sink, answer(source.read(size)))


def _send(sink: BinaryIO, message: object) -> None:
    body = json.dumps(message, separators=(",", ":")).encode("ascii")
    sink.write(struct.pack(">I", len(body)) + body)
    sink.flush()


if __name__ == "__main__":
    main()
