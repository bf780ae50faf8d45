"""Files that others publish as packages of npm, for judging ours by them."""

from __future__ import annotations

import subprocess
import tarfile
from pathlib import Path

from .machine import cache_home


def from_npm(package: str, version: str, member: str) -> Path:
    """One file of a package; fetched once, and kept in the cache folder."""
    name = f"{package.removeprefix('@').replace('/', '-')}-{version}"
    folder = cache_home() / "npm"
    kept = folder / f"{name}-{member.rpartition('/')[2]}"
    if not kept.exists():
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(["npm", "pack", "--silent", f"{package}@{version}"], cwd=folder, check=True, capture_output=True)
        archive = folder / f"{name}.tgz"
        with tarfile.open(archive) as packed:
            found = packed.extractfile(member)
            assert found is not None
            part = kept.with_suffix(".part")
            part.write_bytes(found.read())
            part.rename(kept)
        archive.unlink()
    return kept
