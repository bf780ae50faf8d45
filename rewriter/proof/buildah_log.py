"""Why a build by podman or buildah failed, read from what they print.

Written from the output of podman 4.3 and 5.4, buildah 1.28 and 1.39.
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
from rewriter.proof.steps import counted, spelled, stages

if TYPE_CHECKING:
    from rewriter.syntax import Dockerfile, Instruction

_STEP = re.compile(r"^(?:\[(\d+)/(\d+)\] )?STEP (\d+)/(\d+): (.*)$", re.MULTILINE)
_AT_STEP = re.compile(r'^building at STEP "(?P<text>.*?)": (?P<error>.*)$', re.DOTALL)
_EXIT = re.compile(r"exit status (\d+)")
_UNKNOWN = re.compile(r'Unknown instruction: "([^"]*)"')
_FETCH = re.compile(r"^(?:creating build container: |.*pulling image|.*initializing source docker://)")
# The builder's own lines between those of the program, and what it repeats of its inner state.
_CHATTER = re.compile(r'^(?:time="|--> |subprocess exited with|container exited on|STEP |\[\d+/\d+\] STEP )')
# The runtime could not make a container for a RUN; whose fault that is, the rest says.
_NO_CONTAINER = re.compile(r"^error running container: from \S+ creating container for \[.*?\]: (.*)$", re.MULTILINE)
_INNER_STATE = re.compile(
    r'error during bulk transfer for copier\.request\{.*\}: |checking on sources under "[^"]*": |'
    r"copier: (?:stat|get): | using \S+/Dockerfile\.dockerignore|reading \"[^\"]*\": (?=error during bulk)",
    re.DOTALL,
)


def read_failure(log: str, dockerfile: Dockerfile | None) -> Failure:
    """The failure that a log ends with."""
    step = _last_step(log)
    line = _line(step, dockerfile)
    error = _INNER_STATE.sub("", _final_error(log))
    at_step = _AT_STEP.match(error)
    if at_step is not None:
        return _failed_step(at_step["text"], at_step["error"], log, step, line)
    if step is not None and _FETCH.match(error):
        image = step[5].split()[1:2]
        reason = error.removeprefix("creating build container: ")
        words = f"the base image {''.join(image)} could not be had: {reason}"
        return Failure(one_line(words), line, is_engines_fault(error))
    blame = is_engines_fault(error) or step is None
    return Failure(one_line(error) or "the engine says nothing about it", line, blame)


def _final_error(log: str) -> str:
    """Behind the last ``Error:`` at the start of a line; a RUN may print such lines, too, but before."""
    return f"\n{log}".rpartition("\nError: ")[2].strip() if "\nError: " in f"\n{log}" else ""


def _failed_step(text: str, error: str, log: str, step: re.Match[str] | None, line: int | None) -> Failure:
    unknown = _UNKNOWN.search(error)
    if unknown is not None:
        return Failure(f"unknown instruction {one_line(unknown[1], 40)}", line)
    code = _EXIT.search(error)
    if code is not None:
        printed = log[step.end() :].splitlines() if step is not None else []
        refused = _NO_CONTAINER.search("\n".join(printed))
        if refused is not None:
            why, blame = start_error(refused[1]), not is_about_the_program(refused[1])
            return Failure(one_line(f"{short(text)} could not be started: {why}"), line, blame)
        spoken = [one for one in printed if not _CHATTER.match(one) and not one.startswith("Error: ")]
        return Failure(ended_with(text, int(code[1]), spoken), line)
    # A RUN that ends without an exit code never came to run: no network, a secret that was not given.
    return Failure(
        one_line(f"{short(text)}: {error}"), line, is_engines_fault(error) or text.upper().startswith("RUN ")
    )


def current_step(log: str, dockerfile: Dockerfile | None) -> tuple[str, int | None]:
    """The step that was under way where the log ends, and its line; for a build that was stopped."""
    step = _last_step(log)
    return (short(step[5]), _line(step, dockerfile)) if step is not None else ("", None)


def _last_step(log: str) -> re.Match[str] | None:
    found = list(_STEP.finditer(log))
    return found[-1] if found else None


def _line(step: re.Match[str] | None, dockerfile: Dockerfile | None) -> int | None:
    if step is None or dockerfile is None:
        return None
    found = _counted(step, dockerfile) or spelled(step[5], dockerfile)
    return found.line if found is not None else None


def _counted(step: re.Match[str], dockerfile: Dockerfile) -> Instruction | None:
    all_stages = stages(dockerfile)
    index = int(step[1]) - 1 if step[1] else 0
    if not 0 <= index < len(all_stages):
        return None
    # The last stage may hold one step more: the label that a proof puts on its images.
    stage, number, total = all_stages[index], int(step[3]), int(step[4])
    return counted(stage, number, total) or counted(stage, number, total - 1)
