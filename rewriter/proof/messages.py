"""What engines and programs print, made fit for one line of a report."""

from __future__ import annotations

import re
from dataclasses import dataclass

INSTRUCTION_WIDTH = 80
LINE_WIDTH = 300
LOG_BYTES = 16_000

# Colours, cursor movements and titles, which a RUN may print; then every other control character but the line end.
_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\^_])")
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")

# A line of output that says what went wrong. The last line often is only "make: *** [all] Error 2".
_TELLING = re.compile(
    r"\berror\b|\berr!|\bfatal\b|\bfailed\b|\bfailure\b|\bpanic\b|\bexception\b|\bcannot\b|\bcan't\b|\bcould not\b|"
    r"\bunable\b|not found|no such|denied|not permitted|undefined|unknown|\bkilled\b|no space left|^E: ",
    re.IGNORECASE,
)
_HOLLOW = re.compile(r"^make(\[\d+\])?: |^npm (ERR!|error) (A complete log|\s*/)|^The command '|^\s*$", re.IGNORECASE)
_LOOKED_THROUGH = 30

# What keeps an engine from its work without any fault of a Dockerfile, as engines and registries word it.
_ENGINE_FAULTS = (
    "cannot connect to the docker daemon",
    "error during connect",
    "cannot connect to podman",
    "no such host",
    "server misbehaving",
    "temporary failure in name resolution",
    "network is unreachable",
    "no route to host",
    "connection refused",
    "connection reset",
    "i/o timeout",
    "tls handshake timeout",
    "context deadline exceeded",
    "client.timeout exceeded",
    "x509:",
    "proxyconnect",
    "toomanyrequests",
    "500 internal server error",
    "502 bad gateway",
    "503 service unavailable",
    "504 gateway time",
    "no unqualified-search registries",
    "no space left on device",
    "disk quota exceeded",
    "transport is closing",
    "unexpected eof",
    "failed to start daemon",
    "is not allowed by the entitlements",
    "network.host is not allowed",
)

# What engines and runtimes put around the one thing that is wrong.
_AROUND_START_ERRORS = re.compile(
    r'^(?:time="[^"]*" level=\w+ msg="|unable to start container [0-9a-f]{64}: |OCI runtime create failed: |'
    r"failed to create (?:shim )?task(?: for container)?: |(?:runc|crun)(?: create failed)?: |"
    r"unable to start container process: |error during container init: |container_linux\.go:\d+: )+"
)
_BEHIND_START_ERRORS = re.compile(r'(?:: unknown|: OCI [\w ]++|"|\s)++\Z')
_LONGEST_BEHIND = 1_000
# What a runtime says when it is the image that a container cannot be started from.
_ABOUT_THE_PROGRAM = re.compile(
    r"\bexec(?:ve)?\b|executable file|no such file or directory|not found|unable to find (?:user|group)|"
    r"no matching entries|no users found|chdir|working directory|cwd|not a directory|is a directory|"
    r"argument list too long",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a build ended: one line, the Dockerfile's line (from 1) when it is known, whether the engine is to blame."""

    reason: str
    line: int | None = None
    engines_fault: bool = False


def text_of(output: bytes) -> str:
    """Output as text with plain line ends, without anything that would act on a terminal."""
    text = output.decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n")
    return _CONTROLS.sub("", _ESCAPES.sub("", text))


def one_line(text: str, width: int = LINE_WIDTH) -> str:
    """Blanks and line ends joined to single blanks; what is too long loses its middle."""
    joined = " ".join(text.split())
    if len(joined) <= width:
        return joined
    front = (width - 3) * 2 // 3
    return f"{joined[:front]} … {joined[front - width + 3 :]}"


def end_of(output: bytes) -> str:
    """The end of a log, from the start of a line."""
    text = text_of(output[-LOG_BYTES:])
    return text if len(output) <= LOG_BYTES else text.partition("\n")[2]


def is_engines_fault(message: str) -> bool:
    """True for an error that says that a registry, a network, a disk or the engine itself failed."""
    lower = message.lower()
    return any(fault in lower for fault in _ENGINE_FAULTS)


def is_about_the_program(message: str) -> bool:
    """True for an error at the start of a container that the image brings about: no such program, user or folder."""
    return _ABOUT_THE_PROGRAM.search(message) is not None


def start_error(message: str) -> str:
    """What a runtime says about a container that it could not start, without the names of those who pass it on."""
    message = _AROUND_START_ERRORS.sub("", message)
    behind = _BEHIND_START_ERRORS.search(message, max(0, len(message) - _LONGEST_BEHIND))
    return one_line(message[: behind.start() if behind else None].replace('\\"', '"'))


def telling_line(lines: list[str]) -> str:
    """The line of a program's output that best says why it ended; empty when it printed nothing."""
    spoken = [one_line(line) for line in lines if not _HOLLOW.search(line)][-_LOOKED_THROUGH:]
    for line in reversed(spoken):
        if _TELLING.search(line):
            return line
    return spoken[-1] if spoken else ""


def ended_with(instruction: str, code: int, lines: list[str]) -> str:
    """The reason of a RUN that ended with an exit code other than 0, and what it printed last."""
    killed = " (killed, as by a lack of memory)" if code == 137 else ""
    why = telling_line(lines)
    ended = f"{short(instruction)} ended with exit code {code}{killed}"
    return one_line(f"{ended}: {why}" if why else ended, 2 * LINE_WIDTH)


def short(instruction: str) -> str:
    """An instruction as a report names it."""
    return one_line(instruction, INSTRUCTION_WIDTH)
