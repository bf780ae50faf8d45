"""Signals during a proof: real processes that are sent them."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from dataclasses import dataclass, field

import pytest

from rewriter.proof.interrupt import SIGNALS, Interrupted, guarded, held


@dataclass
class Cleaned:
    """Counts how often it is cleaned."""

    times: int = 0
    kept: list[bool] = field(default_factory=list)

    def clean(self, *, keep_images: bool = False) -> None:
        """Count."""
        self.times += 1
        self.kept.append(keep_images)


def _run(script: str, *signals: signal.Signals, nohup: bool = False) -> subprocess.CompletedProcess[str]:
    """Run a script; every time that it prints ``now``, it is sent the next signal."""
    lines = ["import sys, time", "from rewriter.proof.interrupt import *", "import signal"]
    lines += ["signal.signal(signal.SIGHUP, signal.SIG_IGN)"] if nohup else []
    command = [sys.executable, "-u", "-c", "\n".join([*lines, script])]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        said, waiting = [], list(signals)
        for line in process.stdout:
            said.append(line)
            if line == "now\n" and waiting:
                process.send_signal(waiting.pop(0))
        errors = process.stderr.read()
        return subprocess.CompletedProcess(command, process.wait(20), "".join(said), errors)


# Many short sleeps: a signal that comes just before a sleep begins does not end it.
SLEEP = "[time.sleep(0.1) for _ in range(200)]"
GUARDED = f"""
class Engine:
    def clean(self, *, keep_images=False):
        print("cleaning"); print("now"); time.sleep(0.3); print("clean")
try:
    with guarded(Engine()):
        print("now"); {SLEEP}; print("not reached")
except Interrupted as interrupted:
    print(interrupted, interrupted.number)
"""


@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize("more", [(), (signal.SIGINT,), (signal.SIGTERM,), (signal.SIGTERM, signal.SIGINT)])
def test_a_signal_ends_a_proof_and_nothing_ends_the_cleaning(
    number: signal.Signals, more: tuple[signal.Signals]
) -> None:
    ran = _run(GUARDED, number, *more)
    assert ran.stdout.startswith("now\ncleaning\nnow\nclean\n"), ran.stderr
    assert ran.stdout.endswith(f"clean\nended by {number.name} {number}\n")
    assert ran.returncode == 0


def test_a_signal_during_the_last_cleaning_is_told_behind_it() -> None:
    ran = _run(GUARDED.replace(f'print("now"); {SLEEP}; print("not reached")', "pass"), signal.SIGTERM)
    assert ran.stdout.startswith("cleaning\nnow\nclean\n")
    assert ran.stdout.endswith("ended by SIGTERM 15\n")


def test_what_the_starter_of_the_program_ignores_stays_ignored() -> None:
    script = GUARDED.replace(SLEEP, "time.sleep(0.5)")
    ran = _run(script, signal.SIGHUP, nohup=True)
    assert "not reached" in ran.stdout
    assert "ended" not in ran.stdout


def test_a_signal_waits_until_a_held_block_is_done() -> None:
    script = """
try:
    with held():
        with held():
            print("now"); time.sleep(0.5)
        print("whole")
    print("not reached")
except KeyboardInterrupt:
    print("then")
"""
    assert _run(script, signal.SIGINT).stdout == "now\nwhole\nthen\n"
    ran = _run(script, signal.SIGTERM)
    assert (ran.stdout, ran.returncode) == ("now\nwhole\n", -signal.SIGTERM)


def test_cleaned_without_a_signal() -> None:
    engine = Cleaned()
    before = [signal.getsignal(number) for number in SIGNALS]
    with guarded(engine, keep_images=True):
        assert engine.times == 0
    assert engine.times >= 1
    assert all(engine.kept)
    assert [signal.getsignal(number) for number in SIGNALS] == before


def test_cleaned_after_an_error() -> None:
    engine = Cleaned()
    with pytest.raises(ZeroDivisionError), guarded(engine):
        _ = 1 / 0
    assert engine.times >= 1


def test_a_thread_may_use_it() -> None:
    engine = Cleaned()

    def work() -> None:
        with guarded(engine), held():
            pass

    thread = threading.Thread(target=work)
    thread.start()
    thread.join(10)
    assert engine.times >= 1


def test_the_exception_is_a_keyboard_interrupt() -> None:
    assert issubclass(Interrupted, KeyboardInterrupt)
    assert Interrupted(signal.SIGTERM).number == signal.SIGTERM
