"""Where the library of documents is to be found while Pelican runs."""

from __future__ import annotations

SETTING = "TODOKE_LIBRARY"
"""The name under which the `library.Library` lies in Pelican's settings."""
