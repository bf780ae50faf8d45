"""What an image's configuration says for one tag: the `config` lines of its data file, applied in order.

A line names WHICH tags it speaks of, by conditions that must all hold, joined by commas: `*` (all), `alpine` (the tag
is an alpine variant), `debian` (it is not), the name of another variant (`onbuild`), `>=V` or `<=V` (the version,
compared as far as V is written).
"""

from __future__ import annotations

from rewriter.facts.records import ImageConfig
from rewriter.facts.tags import numbers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from rewriter.facts.table import Table


def config_for(table: Table, variant: str, version: str) -> ImageConfig:
    """The configuration of a tag: its variant ("" = bare), its version ("1.18" = its newest patch, "" = the newest)."""
    env: dict[str, str] = {}
    sets: list[str] = []
    texts = {"workdir": "/", "user": "root", "entrypoint": "", "cmd": ""}
    for conditions, key, value in table.configs:
        if not all(_holds(condition, variant, version) for condition in conditions):
            continue
        if key == "env":
            name, _, content = value.partition("=")
            env[name] = content
        elif key == "sets":
            sets.append(value)
        else:
            texts[key] = value
    entrypoint, cmd = tuple(texts["entrypoint"].split()), tuple(texts["cmd"].split())
    return ImageConfig(env, texts["workdir"], entrypoint, cmd, texts["user"], tuple(sets))


def _holds(condition: str, variant: str, version: str) -> bool:
    alpine = variant.startswith("alpine")
    if condition == "*":
        return True
    if condition in ("alpine", "debian"):
        return alpine == (condition == "alpine")
    if condition[:2] in (">=", "<="):
        bound, own = numbers(condition[2:]), numbers(version)
        # A version that is written with fewer numbers than the bound stands for its newest patch.
        if own[: len(bound)] == bound[: len(own)]:
            return condition[0] == ">" or len(own) >= len(bound)
        return own < bound if condition[0] == "<" else own > bound
    return variant == condition
