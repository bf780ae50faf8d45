"""The stand-ins for node: the machine's own Node on Debian, laid out as in the official images.

npm comes from the machine, yarn from the npm registry, as the official images hold it. What the machine's npm is told
about its registry goes into the images' own ``npmrc``, so that a build in them reaches the same one.
"""

from __future__ import annotations

import json
import platform
import shutil
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING

from .machine import MachineError, ca_bundle
from .stand_in import apt_install, command, library_packages

if TYPE_CHECKING:
    from .stand_in import Maker

FULL_TAGS = ("node:20", "node:20-bookworm")
SLIM_TAGS = ("node:20-slim", "node:20-bookworm-slim")
TAGS = (*FULL_TAGS, *SLIM_TAGS)
YARN = "1.22.22"
SETTINGS = ("registry", "strict-ssl", "replace-registry-host")
# Beside npm's own settings: a slim image trusts no certificates of Debian's, because it has none.
TRUSTED = "/usr/local/etc/npm-ca.crt"
# Does what the official one does: what is no program of the system is for Node.
ENTRYPOINT = """\
#!/bin/sh
set -e
case "$1" in
    -*) is_for_node=yes ;;
    *) command -v "$1" > /dev/null && { [ ! -f "$1" ] || [ -x "$1" ]; } || is_for_node=yes ;;
esac
[ -z "$is_for_node" ] || set -- node "$@"
exec "$@"
"""


def settings() -> object:
    """What of this machine the images hang on: its Node and npm, and how npm is set up."""
    return [command("node", "--version"), command("npm", "--version"), _npm_settings()]


def make(maker: Maker) -> None:
    """The full image and the slim one."""
    program = Path(command("node", "--print", "process.execPath")).resolve()
    _lay_out(maker.scratch, program)
    for tags, lines in (
        (FULL_TAGS, "FROM buildpack-deps:bookworm\n"),
        (SLIM_TAGS, f"FROM debian:bookworm-slim\n{apt_install(*library_packages([program]))}"),
    ):
        maker.build(tags, maker.scratch, lines + _lines())


def _lines() -> str:
    version = command("node", "--version").removeprefix("v")
    return (
        "RUN groupadd --gid 1000 node && useradd --uid 1000 --gid node --shell /bin/bash --create-home node\n"
        f"ENV NODE_VERSION={version} YARN_VERSION={YARN}\n"
        "COPY local /usr/local\n"
        f"COPY yarn /opt/yarn-v{YARN}\n"
        f"RUN ln -s node /usr/local/bin/nodejs && for name in yarn yarnpkg; do"
        f" ln -s /opt/yarn-v{YARN}/bin/$name /usr/local/bin/$name; done\n"
        'ENTRYPOINT ["docker-entrypoint.sh"]\n'
        'CMD ["node"]\n'
    )


def _lay_out(context: Path, program: Path) -> None:
    """What is copied into the images: ``local``, which becomes /usr/local, and ``yarn``."""
    local = context / "local"
    binaries, modules = local / "bin", local / "lib" / "node_modules"
    binaries.mkdir(parents=True)
    shutil.copy2(program, binaries / "node")
    npm = Path(shutil.which("npm") or "npm").resolve().parents[1]
    if not (npm / "bin" / "npm-cli.js").is_file() or not (npm / "node_modules").is_dir():
        raise MachineError("the machine's npm is not in one folder with all that it needs, so it cannot be copied")
    shutil.copytree(npm, modules / "npm", symlinks=True)
    for name in ("npm", "npx"):
        (binaries / name).symlink_to(f"../lib/node_modules/npm/bin/{name}-cli.js")
    headers = program.parents[1] / "include" / "node"
    npmrc = {**_npm_settings(), "cafile": TRUSTED}
    if headers.is_dir():
        # Otherwise node-gyp downloads them from a server that a machine may not reach.
        shutil.copytree(headers, local / "include" / "node")
        _keep_one_architecture(local / "include" / "node" / "openssl" / "archs")
        npmrc["nodedir"] = "/usr/local"
    (local / "etc").mkdir()
    (local / "etc" / "npmrc").write_text("".join(f"{key}={value}\n" for key, value in npmrc.items()), encoding="utf-8")
    (context / "local" / TRUSTED.removeprefix("/usr/local/")).write_bytes(ca_bundle())
    script = binaries / "docker-entrypoint.sh"
    script.write_text(ENTRYPOINT, encoding="utf-8")
    script.chmod(0o755)
    _fetch_yarn(context)


def _keep_one_architecture(folder: Path) -> None:
    """OpenSSL's headers for all others are half of all headers; the official images leave them out as well."""
    for each in folder.glob("*"):
        if not each.name.startswith(f"linux-{platform.machine()}"):
            shutil.rmtree(each)


def _fetch_yarn(context: Path) -> None:
    packed = context / command("npm", "pack", "--silent", f"yarn@{YARN}", folder=context).splitlines()[-1]
    with tarfile.open(packed) as archive:
        archive.extractall(context, filter="data")
    packed.unlink()
    (context / "package").rename(context / "yarn")


def _npm_settings() -> dict[str, str]:
    """The machine's npm settings that a build in a container needs as well."""
    found = json.loads(command("npm", "config", "list", "--long", "--json", folder=Path("/")))
    values = {name: found[name] for name in SETTINGS if found.get(name) is not None}
    return {name: value if isinstance(value, str) else json.dumps(value) for name, value in values.items()}
