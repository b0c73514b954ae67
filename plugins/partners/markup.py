"""Which HTML elements an imported entry may hold, and what each is: the vocabulary of ``clean`` and ``structure``."""

from __future__ import annotations

HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
LISTS = frozenset({"ul", "ol", "dl"})
ROW_GROUPS = frozenset({"thead", "tbody", "tfoot"})
CELLS = frozenset({"td", "th"})
TABLE = frozenset({"table", "caption", "tr"}) | ROW_GROUPS | CELLS
BLOCKS = frozenset({*HEADINGS, *LISTS, "table", "figure", "pre", "hr", "blockquote"})
"""Elements that stand beside paragraphs."""

DISSOLVED = frozenset(
    "p div section article aside header footer main nav center address details summary fieldset li dt dd figcaption caption".split()
)
"""Elements that end a paragraph and leave nothing else. Items and captions are here for when they are outside their list or figure."""

INLINE = frozenset("a strong em b i s del ins sub sup small code kbd var q cite abbr dfn ruby rt rp br".split())
PHRASING_ONLY = frozenset({*HEADINGS, "pre", "dt", "th", "caption"})
"""Elements in which no block may stand (HTML Living Standard, content models)."""

FIRST_PASS = BLOCKS | DISSOLVED | INLINE | TABLE | {"img"}
KEPT = BLOCKS | INLINE | TABLE | {"p", "li", "dt", "dd", "figcaption", "img"}

REMOVED_WITH_CONTENT = frozenset(
    "script style iframe form object svg math template select textarea button noscript noembed noframes video audio canvas title xmp".split()
)
