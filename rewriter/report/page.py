"""What draws a page of HTML: its frame, tables, bars, and text of others that stays text.

A page is one file that loads nothing and runs nothing: a Content-Security-Policy forbids all but the page's own style
sheet, known by its hash, so that even a mistake here would leave a script dead. All drawing is done by attributes and
classes, since that policy forbids `style="…"`, too.
"""

from __future__ import annotations

import base64
import hashlib
import html
import re
from collections.abc import Iterable, Iterator, Sequence

from rewriter.report.words import masked, visible


class Html(str):
    """Markup: what `escaped` leaves as it is. Whoever makes one vouches for it."""

    __slots__ = ()


def escaped(text: str) -> Html:
    """Text as markup, for between tags and for attributes in quotes; what cannot be seen is written out (`\\u202e`)."""
    if isinstance(text, Html):
        return text
    return Html(html.escape(visible(text)))


_QUOTED = re.compile("`([^`\n]+)`")


def prose(text: str) -> Html:
    """A sentence of ours that may quote somebody: what stands in backticks becomes code."""
    parts = _QUOTED.split(" ".join(masked(text).split()))
    return Html("".join(f"<code>{escaped(p)}</code>" if place % 2 else escaped(p) for place, p in enumerate(parts)))


def link(url: str, text: str) -> Html:
    """A link, if the address is one of the web; else the text alone."""
    if not url.startswith(("https://", "http://")):
        return escaped(text)
    return Html(f'<a href="{escaped(url)}" rel="noopener noreferrer">{escaped(text)}</a>')


def page(title: str, parts: Iterable[str]) -> Iterator[str]:
    """A whole page, piece by piece; the parts are markup, below a heading with the title."""
    yield opening(title)
    for part in parts:
        yield f"{part}\n"
    yield CLOSING


def opening(title: str) -> str:
    """All before the first part."""
    digest = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n<meta name="referrer" content="no-referrer">\n'
        f"<title>{escaped(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n"
        f"<h1>{escaped(title)}</h1>\n"
    )


CLOSING = "</main>\n</body>\n</html>\n"
"""All behind the last part."""


_NUMBER = re.compile(r"[-+≈]?\d[\d,.]*( ?(%|[kMGT]?B|s))?|[-–]")
"""A cell that stands at the right of its column."""


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """A table, line by line; it scrolls where it is wider than the window. A cell is text unless it is `Html`."""
    rows = list(rows)
    first = rows[0] if rows else head
    yield '<div class="wide"><table>'
    heads = (_cell(cell, "th", like) for cell, like in zip(head, first, strict=True))
    yield f"<thead><tr>{''.join(heads)}</tr></thead>"
    yield "<tbody>"
    for row in rows:
        yield f"<tr>{''.join(_cell(cell, 'td', cell) for cell in row)}</tr>"
    yield "</tbody></table></div>"


def _cell(text: str, tag: str, like: str) -> str:
    number = ' class="number"' if _NUMBER.fullmatch(like) and not isinstance(like, Html) else ""
    return f"<{tag}{number}>{escaped(text)}</{tag}>"


_WIDTH = 1000
"""Units that a bar's drawing is wide; it is stretched to the column."""


def bars(rows: Iterable[tuple[str, float, float]]) -> Iterator[str]:
    """Sizes before and after as bars, all on one scale: a label and two sizes in MB for each."""
    rows = list(rows)
    if not rows:
        return
    longest = max(max(before, after) for _, before, after in rows) or 1.0
    yield '<div class="bars">'
    yield '<p class="key"><span class="before">■</span> before <span class="after">■</span> after</p>'
    for label, before, after in rows:
        sizes = f"{megabytes(before)} → {megabytes(after)}"
        yield f'<div class="bar"><div class="label">{escaped(label)}</div><div class="sizes">{sizes}</div>'
        yield f'<svg viewBox="0 0 {_WIDTH} 20" preserveAspectRatio="none" role="img" aria-label="{sizes}">'
        for kind, top, size in (("before", 0, before), ("after", 11, after)):
            yield f'<rect class="{kind}" y="{top}" height="9" width="{max(_WIDTH * size / longest, 2):.1f}"/>'
        yield "</svg></div>"
    yield "</div>"


def megabytes(size: float) -> str:
    """A size in MB in words."""
    return f"{size:,.0f} MB" if size >= 10 else f"{f'{size:.1f}'.removesuffix('.0')} MB"


_STYLE = """
:root { color-scheme: light dark;
  --page: #fff; --card: #fff; --ink: #1f2328; --quiet: #59636e; --line: #d1d9e0; --code: #f2f4f6; --link: #0860ca;
  --add: #dafbe1; --add-ink: #0a4620; --remove: #ffebe9; --remove-ink: #82071e; --hunk: #e4f0fc; --hunk-ink: #0a4a8f;
  --warn: #9a6700; --bad: #c21c28; --good: #1a7f37; --before: #9aa4ae; --after: #1a7f37; }
@media (prefers-color-scheme: dark) { :root {
  --page: #0d1117; --card: #131922; --ink: #e6edf3; --quiet: #9aa4ae; --line: #333b45; --code: #1f2630; --link: #6cb0ff;
  --add: #10301c; --add-ink: #9be9b4; --remove: #3c1518; --remove-ink: #ffb4ad; --hunk: #12263f; --hunk-ink: #a5d0ff;
  --warn: #e0b040; --bad: #ff7b72; --good: #4ac26b; --before: #69737e; --after: #3fb950; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); overflow-wrap: anywhere;
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", sans-serif; }
main { max-width: 66rem; margin: 0 auto; padding: 1.5rem clamp(.75rem, 3vw, 2rem) 4rem; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 1rem; }
h2 { font-size: 1.2rem; line-height: 1.3; margin: 2.2rem 0 .6rem; }
h3 { font-size: 1rem; margin: 1.2rem 0 .3rem; }
p, ul { margin: .5rem 0; }
ul { padding-left: 1.3rem; }
a { color: var(--link); }
.quiet, small, .key { color: var(--quiet); }
.good { color: var(--good); } .warn { color: var(--warn); } .bad { color: var(--bad); }
code, pre { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace; tab-size: 4; }
code { font-size: .88em; background: var(--code); border-radius: .25rem; padding: .1em .3em; }
h1 code, h2 code { background: none; padding: 0; }
pre { font-size: .82rem; line-height: 1.45; margin: .6rem 0; padding: .5rem 0; overflow-x: auto; overflow-wrap: normal;
  border: 1px solid var(--line); border-radius: .4rem; }
pre code { display: block; width: max-content; min-width: 100%; padding: 0; font-size: 1em; background: none; }
pre span { display: block; min-height: 1.45em; padding: 0 .75rem; }
pre .add { background: var(--add); color: var(--add-ink); }
pre .remove { background: var(--remove); color: var(--remove-ink); }
pre .hunk { background: var(--hunk); color: var(--hunk-ink); }
section { margin: 1.2rem 0; padding: .2rem 1.1rem .9rem; background: var(--card);
  border: 1px solid var(--line); border-radius: .6rem; }
section > h2 { margin-top: .8rem; }
details { margin: .6rem 0; }
summary { cursor: pointer; font-weight: 600; }
.wide { overflow-x: auto; margin: .6rem 0 1.2rem; }
table { border-collapse: collapse; font-size: .93rem; min-width: 60%; overflow-wrap: break-word; }
th, td { text-align: left; vertical-align: top; padding: .35rem .8rem .35rem 0; border-bottom: 1px solid var(--line); }
th { color: var(--quiet); font-weight: 600; }
th.number, td.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
.bars { margin: .6rem 0 1.2rem; }
.bar { display: grid; grid-template-columns: minmax(6rem, 16rem) 1fr auto; gap: .1rem .8rem; align-items: center;
  padding: .3rem 0; font-size: .93rem; }
.bar svg { grid-column: 2; grid-row: 1; width: 100%; height: 20px; display: block; }
.bar .sizes { grid-column: 3; min-width: 9.5rem; text-align: right; white-space: nowrap;
  font-variant-numeric: tabular-nums; }
span.before { color: var(--before); } span.after { color: var(--after); }
rect.before { fill: var(--before); } rect.after { fill: var(--after); }
@media (max-width: 40rem) {
  section { padding: .1rem .8rem .7rem; }
  .bar { grid-template-columns: 1fr auto; }
  .bar svg { grid-column: 1 / -1; grid-row: 2; } .bar .sizes { grid-column: 2; min-width: 0; }
}
@media print { section { break-inside: avoid-page; } pre { white-space: pre-wrap; } }
"""

__all__ = ["CLOSING", "Html", "bars", "escaped", "link", "megabytes", "opening", "page", "prose", "table"]
