"""Why a build by BuildKit failed, read from what ``--progress=plain`` prints.

Written from the output of Docker 20.10 (BuildKit 0.8), which names no line, and of Docker 26.1 with buildx 0.13,
which does.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rewriter.proof.messages import (
    Failure,
    ended_with,
    is_about_the_program,
    is_engines_fault,
    one_line,
    short,
    start_error,
)
from rewriter.proof.steps import COUNTED_BY_BUILDKIT, counted, spelled, stage_of

if TYPE_CHECKING:
    from rewriter.syntax import Dockerfile

# What stands before the error proper, in the order in which the parts may be nested.
_WRAPPINGS = re.compile(
    r"^(?:ERROR: |failed to solve(?: with frontend [\w.]+)?: |failed to create LLB definition: |"
    r"failed to compute cache key: |failed to calculate checksum of ref \S+: |failed to load cache key: |"
    r"rpc error: code = \w+ desc = |failed to build: |error from sender: )+"
)
_STEP_ERROR = re.compile(r"^#(\d+) ERROR: (.*)$", re.MULTILINE)
_FAILED_STEP = re.compile(r"^ > (.+):$", re.MULTILINE)
_NUMBERED = re.compile(r"^\[(?:(?P<stage>[^\]]*\S) )?\s*(?P<number>\d+)/(?P<total>\d+)\] (?P<text>.*)$", re.DOTALL)
_PLATFORM = re.compile(r"^[a-z]+/[a-z0-9]+(?:/v\d+)? ?")
_EXCERPT = re.compile(r"^[^\s:]+:(\d+)\n-{10,}$", re.MULTILINE)
_PARSE_ERROR = re.compile(r"dockerfile parse error (?:on )?line (\d+): (.*)")
_EXIT_CODE = re.compile(r"exit code: (\d+)")
# The runtime could not make a container for a RUN; whose fault that is, the rest says.
_NO_CONTAINER = re.compile(r"^(?:runc|crun) (?:run|create) failed: (.*)$")
_METADATA = re.compile(r"^\[(?:\S+ )?internal\] load metadata for (\S+)$")
_FRONT_END = re.compile(r"^resolve image config for (?:docker-image://)?(\S+)$")
_STARTED = re.compile(r"^#(\d+) (\[[^\]]+\] .*)$", re.MULTILINE)
_FINISHED = re.compile(r"^#(\d+) (?:DONE|CACHED|ERROR)\b", re.MULTILINE)


def read_failure(log: str, dockerfile: Dockerfile | None) -> Failure:
    """The failure that a log ends with. Without the tree, lines that BuildKit does not name stay unknown."""
    error = _final_error(log)
    parsed = _PARSE_ERROR.search(error)
    if parsed is not None:
        return Failure(one_line(f"line {parsed[1]}: {parsed[2]}"), int(parsed[1]))
    step = _last(_FAILED_STEP, log)
    line = _line(log, step, dockerfile)
    if step is None:
        # What goes wrong before the Dockerfile is read (a secret that is not there) is no fault of it.
        blame = is_engines_fault(error) or "failed to solve" not in log
        return Failure(one_line(error) or "the engine says nothing about it", line, blame)
    fetched = _fetched(step, error, line)
    if fetched is not None:
        return fetched
    numbered = _NUMBERED.match(step)
    instruction = numbered["text"] if numbered is not None else step
    code = _EXIT_CODE.search(error)
    if code is not None:
        printed = _output(log)
        refused = _NO_CONTAINER.match(printed[-1]) if printed else None
        if refused is not None:
            why, blame = start_error(refused[1]), not is_about_the_program(refused[1])
            return Failure(one_line(f"{short(instruction)} could not be started: {why}"), line, blame)
        return Failure(ended_with(instruction, int(code[1]), printed), line)
    reason = one_line(f"{short(instruction)}: {error.removesuffix(': not found') if _says_twice(error) else error}")
    # A RUN that ends without an exit code never came to run: no network, a secret that was not given.
    return Failure(reason, line, is_engines_fault(error) or instruction.upper().startswith("RUN "))


def current_step(log: str, dockerfile: Dockerfile | None) -> tuple[str, int | None]:
    """The step that was under way where the log ends, and its line; for a build that was stopped."""
    finished = {match[1] for match in _FINISHED.finditer(log)}
    for match in reversed(list(_STARTED.finditer(log))):
        numbered = _NUMBERED.match(match[2])
        if match[1] not in finished and numbered is not None:
            return short(numbered["text"]), _step_line(match[2], dockerfile)
    return "", None


def _final_error(log: str) -> str:
    lines = [line for line in log.splitlines() if line.strip()]
    for index in range(len(lines) - 1, -1, -1):
        if lines[index].startswith("ERROR: "):
            return _WRAPPINGS.sub("", " ".join(lines[index:]))
    return _WRAPPINGS.sub("", lines[-1]) if lines else ""


def _says_twice(error: str) -> bool:
    return error.endswith("not found: not found")


def _fetched(step: str, error: str, line: int | None) -> Failure | None:
    """The failure to fetch an image, which is the engine's as long as no registry said that there is no such image."""
    for pattern, what in ((_METADATA, "the base image"), (_FRONT_END, "the front end of # syntax=")):
        match = pattern.match(step)
        if match is not None:
            name = match[1].removeprefix("docker.io/library/").removeprefix("docker.io/")
            reason = re.sub(rf"^(?:{re.escape(name)}: )?(?:failed to resolve source metadata for \S+: )?", "", error)
            blame = is_engines_fault(error) or pattern is _FRONT_END
            return Failure(one_line(f"{what} {name} could not be had: {reason}"), line, blame)
    return None


def _line(log: str, step: str | None, dockerfile: Dockerfile | None) -> int | None:
    named = _last(_EXCERPT, log)
    if named is not None:
        return int(named)
    return _step_line(step, dockerfile) if step is not None else None


def _step_line(step: str, dockerfile: Dockerfile | None) -> int | None:
    if dockerfile is None:
        return None
    metadata = _METADATA.match(step)
    if metadata is not None:
        return _from_line(metadata[1], dockerfile)
    numbered = _NUMBERED.match(step)
    if numbered is None:
        return None
    # A build for another platform names that one first.
    stage = stage_of(_PLATFORM.sub("", numbered["stage"] or ""), dockerfile)
    steps = [one for one in stage or () if one.name in COUNTED_BY_BUILDKIT]
    found = counted(steps, int(numbered["number"]), int(numbered["total"])) or spelled(numbered["text"], dockerfile)
    return found.line if found is not None else None


def _from_line(image: str, dockerfile: Dockerfile) -> int | None:
    for instruction in dockerfile.instructions:
        if instruction.name == "FROM" and instruction.words:
            written = instruction.words[0].text
            if image in (written, f"docker.io/{written}", f"docker.io/library/{written}"):
                return instruction.line
            if image == f"docker.io/library/{written}:latest":
                return instruction.line
    return None


def _output(log: str) -> list[str]:
    """What the failed step printed, without the times in front."""
    number = _last(_STEP_ERROR, log)
    if number is None:
        return []
    return re.findall(rf"^#{number} \d+\.\d+ (.*)$", log, re.MULTILINE)


def _last(pattern: re.Pattern[str], log: str) -> str | None:
    found = [match[1] for match in pattern.finditer(log)]
    return found[-1] if found else None
