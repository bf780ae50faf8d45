"""nginx in the place of another server of static files: its image, and a configuration that answers as that one did.

Sources: nginx.org/en/docs (try_files, types, charset, gzip, absolute_redirect), the Dockerfiles and the
docker-entrypoint.d of nginx/docker-nginx, 2026-08; each configuration was held against the server that it stands for.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rewriter.ecosystems.runtime_base import RuntimeBase
from rewriter.transform import Evidence

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rewriter.ecosystems.static_server import StaticServer
    from rewriter.facts import Facts

COMMAND = ("nginx", "-g", "daemon off;")
PLACE = "/etc/nginx/conf.d/default.conf"
_PLAIN = re.compile(r"/[A-Za-z0-9_./@+-]*\Z")


def nginx_bases(facts: Facts, server: StaticServer, root: str) -> list[RuntimeBase]:
    """The newest stable release, on Alpine and on Debian: of nginx, those with an even second number are stable."""
    page = facts.image("nginx")
    if page is None:
        return [RuntimeBase("nginx", "alpine", ["it is not in the catalogue"])]
    found: list[RuntimeBase] = []
    for kind, ending in (("alpine", "-alpine"), ("slim", "")):
        tag = next((f"{v}{ending}" for v in page.versions if _is_stable(v) and page.listed(f"{v}{ending}")), None)
        if tag is None:
            found.append(RuntimeBase("nginx", kind, ["no stable release of it is in the catalogue"]))
            continue
        base = RuntimeBase(f"nginx:{tag}", kind, [], [Evidence(f"nginx:{tag} exists", f"{page.source}, {page.as_of}")])
        base.programs = page.programs(tag)
        base.setup = tuple(_written(server, root))
        base.announced = frozenset({"STOPSIGNAL"})
        found.append(base)
    return found


def _is_stable(version: str) -> bool:
    parts = version.split(".")
    return len(parts) == 2 and all(part.isdigit() for part in parts) and int(parts[1]) % 2 == 0


def _written(server: StaticServer, root: str) -> Iterator[str]:
    """The RUN that writes the configuration, in lines: no heredoc, for engines that do not know them."""
    yield "RUN printf '%s\\n'"
    for line in _configuration(server, root):
        yield f"'{line}'"
    yield f"> {PLACE}"


def _configuration(server: StaticServer, root: str) -> Iterator[str]:
    yield "server {"
    yield f"    listen {server.port};"
    yield f"    root {root};"
    if server.charset:
        yield "    charset utf-8;"
    # A browser runs no module that comes with another type; the types of nginx do not name it.
    yield "    include mime.types;"
    yield "    types { text/javascript mjs; application/manifest+json webmanifest; }"
    if server.compresses:
        yield "    gzip on;"
        types = "text/css text/javascript application/javascript application/json image/svg+xml"
        yield f"    gzip_types {types};"
    if server.caching:
        yield f'    add_header Cache-Control "{server.caching}";'
    if "$uri/" in server.tries:
        yield "    absolute_redirect off;"
    if server.tries[-1] == "=404" and server.tool != "http.server":
        yield "    error_page 404 /404.html;"
    yield f"    location / {{ try_files {' '.join(server.tries)}; }}"
    yield "}"


def unfit_root(path: str) -> str:
    """Why nginx, whose workers run as a user of their own, cannot serve a folder; empty when it can."""
    if not _PLAIN.match(path):
        return f"the path {path!r} has characters that its configuration would read otherwise"
    if path == "/root" or path.startswith("/root/"):
        return "the folder lies in the home of root, which the workers of nginx cannot enter"
    return ""
