"""How often Python looks for rubbish in a process that builds a site."""

from __future__ import annotations

import gc


def collect_seldom() -> None:
    """Look for rubbish after 50,000 new objects, not 700, from now on: thousands of documents are made that stay, and looking through them again and
    again is time for nothing. Never looking would be no quicker, and every rendered page leaves circles behind.
    """
    gc.set_threshold(50_000, 20, 100)
