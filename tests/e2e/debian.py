"""The stand-in for Debian's slim images: a minimal Debian of the machine's own suite, less its manuals."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from .machine import debian_mirror, debian_suite, ensure_packages
from .stand_in import command

if TYPE_CHECKING:
    from .stand_in import Maker

TAGS = ("debian:bullseye-slim", "debian:bookworm-slim")
# As the slim images do: nobody reads manuals in a container, and apt fetches its lists anew.
LEFT_OUT = (
    *("usr/share/doc/*", "usr/share/info/*", "usr/share/locale/*", "usr/share/man/*"),
    *("var/cache/apt/*", "var/lib/apt/lists/*"),
)
# As Debian's official images have it: apt leaves no caches in a layer, and fetches no translations.
APT_CLEANS = """\
DPkg::Post-Invoke { "rm -f /var/cache/apt/archives/*.deb /var/cache/apt/*.bin || true"; };
APT::Update::Post-Invoke { "rm -f /var/cache/apt/archives/*.deb /var/cache/apt/*.bin || true"; };
Dir::Cache::pkgcache "";
Dir::Cache::srcpkgcache "";
Acquire::Languages "none";
"""


def settings() -> object:
    """What of this machine the image hangs on."""
    return debian_suite()


def make(maker: Maker) -> None:
    """By debootstrap."""
    ensure_packages("debootstrap")
    suite = debian_suite()
    root, tar = maker.scratch / "root", maker.scratch / "root.tar"
    mirror = debian_mirror(suite)
    command("debootstrap", "--variant=minbase", suite, str(root), *([mirror] if mirror else []))
    (root / "etc" / "apt" / "apt.conf.d" / "docker-clean").write_text(APT_CLEANS, encoding="utf-8")
    excluded = [f"--exclude=./{pattern}" for pattern in LEFT_OUT]
    command("tar", "--numeric-owner", *excluded, "-cf", str(tar), "-C", str(root), ".")
    shutil.rmtree(root)
    maker.import_image(TAGS, tar, 'CMD ["bash"]')
