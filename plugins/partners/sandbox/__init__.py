"""The sandbox. It hides the child processes in which everything that strangers wrote is read, with limits on processor, memory and clock.

1. ``pool.open_sandbox`` opens the one ``pool.Sandbox`` of a run, with ``pool.SandboxLimits``.
2. ``feed.parse`` turns the bytes of a feed into a ``ParsedFeed``; ``feed.feed_links`` returns the feeds that a page names, ``feed.opml_feeds`` those in an OPML file.
3. ``Sandbox.run("picture", ...)`` re-encodes a picture (``reencode``).

All raise ``ParseError`` (``model.errors``) for a document that cannot be read or goes past a limit; such a document fails alone. ``child`` is the program of
the child process; nothing imports it.
"""
