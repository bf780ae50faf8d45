"""The stand-ins for python: a Python 3.11 of this machine on Debian, laid out as in the official images.

It is the one that runs these tests, or one of pyenv's. Such a build keeps to one folder and finds its library from
wherever it lies, so that it can be moved to /usr/local. Debian's own is spread over /usr and cannot.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from .machine import MachineError, ca_bundle
from .stand_in import CERTIFICATES, apt_install, command, library_packages

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .stand_in import Maker

NAME = "python3.11"
FULL_TAGS = ("python:3.11", "python:3.11-bookworm")
SLIM_TAGS = ("python:3.11-slim", "python:3.11-slim-bookworm")
TAGS = (*FULL_TAGS, *SLIM_TAGS)
SETTINGS = ("index-url", "extra-index-url", "trusted-host")
WHEEL = "0.45.1"
# The official images leave these out as well.
LEFT_OUT = shutil.ignore_patterns("site-packages", "test", "tests", "idle_test", "__pycache__", "*.a")


def settings() -> object:
    """What of this machine the images hang on: its Python, and how pip is set up."""
    return [_version(_home()), str(_home()), _pip_settings()]


def make(maker: Maker) -> None:
    """The full image and the slim one."""
    home = _home()
    _lay_out(maker.scratch, home)
    (maker.scratch / "ca.crt").write_bytes(ca_bundle())
    needed = library_packages([home / "bin" / NAME, *(home / "lib" / NAME / "lib-dynload").glob("*.so")])
    for tags, base, packages in (
        (FULL_TAGS, "buildpack-deps:bookworm", ["libbluetooth-dev", "uuid-dev", *needed]),
        (SLIM_TAGS, "debian:bookworm-slim", ["ca-certificates", "netbase", "tzdata", *needed]),
    ):
        maker.build(tags, maker.scratch, f"FROM {base}\n{apt_install(*packages)}{_lines(_version(home))}")


def _lines(version: str) -> str:
    return (
        f"COPY ca.crt {CERTIFICATES}\n"
        "COPY pip.conf /etc/pip.conf\n"
        f"ENV LANG=C.UTF-8 PYTHON_VERSION={version} UV_NATIVE_TLS=true\n"
        "COPY local /usr/local\n"
        "RUN ldconfig && python3 -m ensurepip --default-pip \\\n"
        f"    && pip install --no-cache-dir --root-user-action=ignore wheel=={WHEEL} \\\n"
        "    && find /usr/local -depth -name __pycache__ -exec rm -r {} +\n"
        'CMD ["python3"]\n'
    )


def _lay_out(context: Path, home: Path) -> None:
    """What is copied into the images: ``local``, which becomes /usr/local, and pip's settings."""
    local = context / "local"
    (local / "bin").mkdir(parents=True)
    for name in (NAME, f"{NAME}-config"):
        shutil.copy2(home / "bin" / name, local / "bin" / name)
        for link in ("python3", "python"):
            (local / "bin" / name.replace(NAME, link)).symlink_to(name)
    shutil.copytree(home / "lib" / NAME, local / "lib" / NAME, symlinks=True, ignore=LEFT_OUT)
    (local / "lib" / NAME / "site-packages").mkdir()
    shutil.copytree(home / "lib" / "pkgconfig", local / "lib" / "pkgconfig", symlinks=True)
    for library in (home / "lib").glob("libpython3*.so*"):
        shutil.copy2(library, local / "lib" / library.name, follow_symlinks=False)
    shutil.copytree(home / "include", local / "include")
    for path in _texts(local):
        path.write_bytes(path.read_bytes().replace(bytes(home), b"/usr/local"))
    conf = "".join(f"{name} = {value}\n" for name, value in _pip_settings().items())
    (context / "pip.conf").write_text(f"[global]\ncert = {CERTIFICATES}\n{conf}", encoding="utf-8")


def _texts(local: Path) -> Iterator[Path]:
    """The files in which a build writes where it lies."""
    yield local / "bin" / f"{NAME}-config"
    yield from (path for path in (local / "lib" / "pkgconfig").iterdir() if not path.is_symlink())
    yield from (local / "lib" / NAME).glob("_sysconfigdata*.py")
    yield from (path for path in (local / "lib" / NAME).glob("config-*/*") if path.is_file())


def _home() -> Path:
    """The folder of a Python that can be moved."""
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    # Newest first: 3.11.10 comes after 3.11.9.
    others = sorted((pyenv / "versions").glob("3.11.*"), key=lambda path: [len(path.name), path.name], reverse=True)
    for home in (Path(sys.base_prefix), *others):
        if home not in (Path("/"), Path("/usr")) and (home / "bin" / NAME).is_file():
            return home.resolve()
    raise MachineError(f"no {NAME} that can be moved, such as pyenv's: Debian's own is spread over /usr")


def _version(home: Path) -> str:
    return command(str(home / "bin" / NAME), "--version").split()[1]


def _pip_settings() -> dict[str, str]:
    """The machine's pip settings that a build in a container needs as well."""
    done = subprocess.run([sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=True)
    found: dict[str, str] = {}
    # One line each, `scope.name='value'`; pip lists what is in force last, and the environment goes before all files.
    lines = sorted(done.stdout.splitlines(), key=lambda line: line.startswith(":env:"))
    for line in lines:
        key, _, value = line.partition("=")
        found[key.rpartition(".")[2]] = value.strip("'\"")
    return {name: found[name] for name in SETTINGS if name in found}
