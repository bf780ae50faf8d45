"""What this machine has and how it is set up: its Debian packages, mirror, certificates and Go settings.

The stand-in images must reach the same mirrors and proxies as the machine that builds them. All of that is read
here from the machine, at the moment the images are made, so that nothing of it is written in a file of the project.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

PROXY_VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy")
GO_SETTINGS = ("GOPROXY", "GOSUMDB", "GOFLAGS", "GONOPROXY", "GONOSUMDB", "GOPRIVATE", "GOINSECURE")
CA_BUNDLE = Path("/etc/ssl/certs/ca-certificates.crt")


class MachineError(RuntimeError):
    """This machine cannot do what the tests need; the message says what is missing."""


def cache_home() -> Path:
    """The folder that keeps the engine's data between runs: ``DFREWRITE_E2E_HOME``, or one in the user's cache."""
    named = os.environ.get("DFREWRITE_E2E_HOME")
    if named:
        return Path(named).absolute()
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache").absolute() / "dfrewrite-e2e"


def ensure_packages(*names: str) -> None:
    """Install those of the Debian packages ``names`` that are missing; that needs root."""
    missing = [name for name in names if not _is_installed(name)]
    if not missing:
        return
    wanted = " ".join(missing)
    if shutil.which("apt-get") is None:
        raise MachineError(f"the Debian packages {wanted} are needed, and this machine has no apt-get")
    if os.geteuid() != 0:
        raise MachineError(f"the Debian packages {wanted} are needed; install them, or run this as root")
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    _checked(["apt-get", "update", "-q"], quiet)
    _checked(["apt-get", "install", "-y", "-q", "--no-install-recommends", *missing], quiet)


def files_of(*packages: str) -> list[Path]:
    """The files that the installed ones among the Debian ``packages`` brought."""
    listing = subprocess.run(["dpkg", "-L", *packages], capture_output=True, text=True, check=False)
    return [Path(line) for line in listing.stdout.splitlines() if line.startswith("/")]


def debian_suite() -> str:
    """The machine's own Debian suite: the one that its mirror surely has."""
    for line in Path("/etc/os-release").read_text(encoding="utf-8").splitlines():
        key, _, value = line.partition("=")
        if key == "VERSION_CODENAME":
            return value.strip('"')
    raise MachineError("/etc/os-release names no VERSION_CODENAME: is this Debian?")


def debian_mirror(suite: str) -> str | None:
    """The mirror that apt is set up with for ``suite``, or None: then debootstrap's own default serves."""
    filters = ["Created-By: Packages", f"Release: {suite}", "Component: main"]
    command = ["apt-get", "indextargets", "--format", "$(REPO_URI)", *filters]
    listing = subprocess.run(command, capture_output=True, text=True, check=False)
    return next((line for line in listing.stdout.splitlines() if line.startswith("http")), None)


def ca_bundle() -> bytes:
    """The certificates that this machine trusts, a company's own included."""
    path = Path(os.environ.get("SSL_CERT_FILE") or CA_BUNDLE)
    if not path.is_file():
        raise MachineError(f"no certificates at {path}: install ca-certificates, or name the bundle in SSL_CERT_FILE")
    return path.read_bytes()


def go_settings() -> dict[str, str]:
    """The Go settings that a build in a container needs as the machine has them, `GOTOOLCHAIN=local` added."""
    settings = {name: go_env(name) for name in GO_SETTINGS}
    return {name: value for name, value in settings.items() if value} | {"GOTOOLCHAIN": "local"}


def go_env(name: str) -> str:
    """The machine's ``go env NAME``."""
    if shutil.which("go") is None:
        raise MachineError("no Go toolchain on PATH: the stand-ins for golang are made of the machine's own")
    return _checked(["go", "env", name], {**os.environ, "GOTOOLCHAIN": "local"}).strip()


def proxies() -> dict[str, str]:
    """The machine's proxy variables, as a build in a container must see them."""
    return {name: os.environ[name] for name in PROXY_VARIABLES if name in os.environ}


def _is_installed(package: str) -> bool:
    query = ["dpkg-query", "--show", "--showformat=${db:Status-Status}", package]
    try:
        found = subprocess.run(query, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return False
    return found.returncode == 0 and found.stdout == "installed"


def _checked(command: list[str], environment: dict[str, str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if done.returncode != 0:
        raise MachineError(f"`{' '.join(command)}` failed:\n{done.stdout}{done.stderr}")
    return done.stdout
