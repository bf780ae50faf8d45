"""The stand-in for Debian's full images: the slim one, and the manuals and translations that were left out of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .stand_in import Maker

TAGS = ("debian:bullseye", "debian:bookworm")
# To install the packages anew would bring a second copy of all that the slim image has.
LINES = """\
FROM debian:bookworm-slim
RUN mkdir /tmp/packages && cd /tmp/packages && apt-get update \\
    && apt-get download $(dpkg-query --show --showformat='${Package} ') \\
    && for each in *.deb; do \\
        dpkg-deb --fsys-tarfile $each | tar -x -C / --keep-directory-symlink --wildcards \\
            './usr/share/doc/*' './usr/share/info/*' './usr/share/locale/*' './usr/share/man/*' 2> /dev/null || true; \\
    done \\
    && rm -rf /tmp/packages /var/lib/apt/lists/*
CMD ["bash"]
"""


def settings() -> object:
    """Nothing of this machine but its Debian, which has a fingerprint of its own."""
    return None


def make(maker: Maker) -> None:
    """Out of the packages of Debian's mirror."""
    maker.scratch.mkdir(exist_ok=True)
    maker.build(TAGS, maker.scratch, LINES)
