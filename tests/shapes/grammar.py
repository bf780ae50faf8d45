"""Which constructs a shell text is made of, by the grammar's own nodes."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Language, Parser, QueryCursor


def constructs(texts: Iterable[str], kinds: tuple[str, ...]) -> set[str]:
    """Those of the kinds of nodes and tokens that stand in the texts; a text that is wrong in part counts as well."""
    parser, cursor = _parser(), _cursor(kinds)
    found: set[str] = set()
    for text in texts:
        found.update(cursor.captures(parser.parse(text.encode("utf-8", "surrogateescape")).root_node))
    return {kinds[int(name[1:])] for name in found}


@cache
def _grammar() -> Language:
    import tree_sitter_bash
    from tree_sitter import Language

    return Language(tree_sitter_bash.language())


@cache
def _parser() -> Parser:
    from tree_sitter import Parser

    return Parser(_grammar())


@cache
def _cursor(kinds: tuple[str, ...]) -> QueryCursor:
    from tree_sitter import Query, QueryCursor

    grammar = _grammar()
    named = {grammar.node_kind_for_id(i) for i in range(grammar.node_kind_count) if grammar.node_kind_is_named(i)}
    nodes = (f"({kind})" if kind in named else f'"{kind}"' for kind in kinds)
    return QueryCursor(Query(grammar, " ".join(f"{node} @k{index}" for index, node in enumerate(nodes))))
