"""Running git for a repository of somebody else: nothing of it is run, no token is shown."""

from __future__ import annotations

import base64
import contextlib
import os
import select
import signal
import subprocess
import urllib.parse
from dataclasses import dataclass, field

from rewriter.io.gitcmd import FOREIGN_VARIABLES, SAFE_OPTIONS, SAFE_VARIABLES

OPTIONS = (
    *SAFE_OPTIONS,
    *("-c", "core.symlinks=true"),
    *("-c", "core.attributesFile=/dev/null"),
    *("-c", "core.autocrlf=false"),
    *("-c", "protocol.version=2"),
    *("-c", "http.followRedirects=false"),  # elsewhere our token has no business
    *("-c", "credential.helper="),
    *("-c", "submodule.recurse=false"),
    *("-c", "fetch.recurseSubmodules=false"),
    *("-c", "gc.auto=0"),
    *("-c", "maintenance.auto=false"),
    *("-c", "advice.detachedHead=false"),
    *("-c", "transfer.fsckObjects=true"),
    *("-c", "fetch.fsck.zeroPaddedFilemode=ignore"),  # of old repositories, and harmless
    *("-c", "fetch.fsck.missingSpaceBeforeDate=ignore"),
    *("-c", "fetch.fsck.badTimezone=ignore"),
)
_TRACES = "GIT_TRACE"
"""The beginning of variables that make git print what it sends."""
_LONGEST_ERROR = 200


class GitFailed(Exception):
    """Git did not do what was asked; the message is one line and holds no secret."""


@dataclass(frozen=True)
class Remote:
    """Where to clone from and push to. Its repr shows no password."""

    url: str
    user: str = ""
    password: str = field(default="", repr=False)
    certificates: str = ""
    """A file of authorities to trust, instead of the system's."""


def environment() -> dict[str, str]:
    """Nothing of the user's own configuration, nothing that points elsewhere, nothing that prints what is sent."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in FOREIGN_VARIABLES and not name.startswith((_TRACES, "GIT_CONFIG"))
    }
    # A token is for whom it is meant: git does not inherit ours, and neither does what git starts.
    kept = {name: value for name, value in kept.items() if "TOKEN" not in name and "PRIVATE_KEY" not in name}
    return (
        kept
        | SAFE_VARIABLES
        | {
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_LITERAL_PATHSPECS": "1",
            "GIT_LFS_SKIP_SMUDGE": "1",
            "GIT_ASKPASS": "true",
            "SSH_ASKPASS": "true",
            "SSH_ASKPASS_REQUIRE": "force",  # a key with a passphrase is refused, and nobody is asked on the terminal
        }
    )


def access(remote: Remote) -> dict[str, str]:
    """What lets git talk to one host, as configuration in its environment."""
    scheme, host, *_ = urllib.parse.urlsplit(remote.url)
    settings: list[tuple[str, str]] = []
    if remote.password and scheme in ("http", "https"):
        shown = base64.b64encode(f"{remote.user}:{remote.password}".encode()).decode()
        settings.append((f"http.{scheme}://{host}/.extraHeader", f"Authorization: Basic {shown}"))
    if remote.certificates:
        settings.append(("http.sslCAInfo", remote.certificates))
    found = {"GIT_ALLOW_PROTOCOL": "https:http:ssh:file", "GIT_CONFIG_COUNT": str(len(settings))}
    for number, (name, value) in enumerate(settings):
        found |= {f"GIT_CONFIG_KEY_{number}": name, f"GIT_CONFIG_VALUE_{number}": value}
    return found


def ended(process: subprocess.Popen[bytes], seconds: float) -> bool:
    """Waits so long for a process, and says whether it has ended.

    Where the system tells at once (Linux); ``Popen.wait`` asks again and again, up to 50 ms apart.
    """
    with contextlib.suppress(AttributeError, OSError):
        if process.poll() is None:
            descriptor = os.pidfd_open(process.pid)
            try:
                waiting = select.poll()
                waiting.register(descriptor, select.POLLIN)
                waiting.poll(seconds * 1000)
            finally:
                os.close(descriptor)
        return process.poll() is not None
    try:
        process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        return False
    return True


def end(process: subprocess.Popen[bytes]) -> None:
    """Ends git and what it started, if they still run."""
    if process.poll() is None:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except OSError:
            process.kill()
        process.wait()


def essence(errors: bytes, remote: Remote | None) -> str:
    """The line of git's complaints that says what is wrong; nothing of an address's user or password."""
    lines = [line.strip() for line in errors.decode("utf-8", "replace").splitlines() if line.strip()]
    chosen = next((line for line in lines if line.startswith(("fatal: ", "error: "))), lines[-1] if lines else "")
    if remote is not None:
        for secret in (remote.password, urllib.parse.urlsplit(remote.url).password or ""):
            chosen = chosen.replace(secret, "…") if secret else chosen
    return one_line(chosen.removeprefix("fatal: ").removeprefix("error: ")) or "failed without a word"


def one_line(text: str) -> str:
    shown = "".join(c if c.isprintable() else " " for c in text).strip()
    return shown if len(shown) <= _LONGEST_ERROR else f"{shown[:_LONGEST_ERROR]}…"
