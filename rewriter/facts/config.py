"""What an image's configuration says for one tag: the `config` lines of its data file, applied in order.

config WHICH env NAME=VALUE          config WHICH sets NAME (a value that changes with every release)
config WHICH workdir|user|stopsignal VALUE    (user `-`: not known)
config WHICH entrypoint|cmd WORD…    the exec form, blank-separated, a word with blanks in double quotes; `-` = none
config WHICH expose|volume WORD…     ports (`80/tcp`) and paths, added to those of the lines before
"""

from __future__ import annotations

from rewriter.facts.conditions import holds
from rewriter.facts.records import ImageConfig

TYPE_CHECKING = False
if TYPE_CHECKING:
    from rewriter.facts.table import Table


def config_for(table: Table, variant: str, version: str) -> ImageConfig:
    """The configuration of a tag: its variant ("" = bare), its version ("1.18" = its newest patch, "" = the newest)."""
    env: dict[str, str] = {}
    lists: dict[str, list[str]] = {"sets": [], "expose": [], "volume": []}
    texts = {"workdir": "/", "user": "root", "entrypoint": "", "cmd": "", "stopsignal": ""}
    for conditions, key, value in table.configs:
        if not holds(conditions, variant, version):
            continue
        if key == "env":
            name, _, content = value.partition("=")
            env[name] = content
        elif key in lists:
            lists[key] += value.split()
        else:
            texts[key] = value
    entrypoint, cmd = _exec(texts["entrypoint"]), _exec(texts["cmd"])
    return ImageConfig(
        env,
        texts["workdir"],
        entrypoint,
        cmd,
        texts["user"],
        tuple(lists["sets"]),
        tuple(lists["expose"]),
        texts["stopsignal"],
        tuple(lists["volume"]),
    )


def _exec(value: str) -> tuple[str, ...]:
    words: list[str] = []
    for number, part in enumerate(value.split('"')):
        words += [part] if number % 2 else part.split()
    return () if words == ["-"] else tuple(words)
