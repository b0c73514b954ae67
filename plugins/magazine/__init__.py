"""Issue Markdown → page, HTML mail, text mail, light mail, bundle.

1. When Pelican asks for generators, every live issue is composed, and its document gets the page's body.
2. Pelican renders the page like any other, so the page exists before its mail can be sent.
3. When the whole site is written, the parts are printed and go through the `gate`; only if all hold, the bundles are written to
   ``output/mail/``, beside the site.
"""

from __future__ import annotations


def register() -> None:
    """Register with Pelican, which is loaded here and not before: the command line imports this room too."""
    from .generating import connect

    connect()
