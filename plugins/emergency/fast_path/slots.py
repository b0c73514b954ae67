"""What all pages share about emergencies, between two marks in each page. Pure."""

from __future__ import annotations

URGENT, PORTAL = "urgent", "portal"
"""The names of the marks (``<!--urgent-->`` … ``<!--/urgent-->``): the banner above the header, and what the portal says below its name."""


def fill(page: bytes, name: str, text: bytes) -> bytes:
    """Return ``page`` with ``text``, marks included, in the place of the slot ``name``. A page without the slot comes back as it is.

    The first pair of marks counts: it stands before anything that an editor wrote.
    """
    begins, ends = f"<!--{name}-->".encode(), f"<!--/{name}-->".encode()
    start = page.find(begins)
    end = page.find(ends, start)
    return page if start < 0 or end < 0 else page[:start] + text + page[end + len(ends) :]


def slot_text(rendered: str, name: str) -> bytes:
    """Return the slot, marks included, out of a rendered fragment. Raises `ValueError` if a template has lost its marks."""
    begins, ends = f"<!--{name}-->", f"<!--/{name}-->"
    return rendered[rendered.index(begins) : rendered.index(ends) + len(ends)].encode()
