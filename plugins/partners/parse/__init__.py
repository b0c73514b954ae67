"""Parsing. It hides formats and encodings: the bytes of a feed (RSS, Atom, JSON Feed) or of a page → plain values. Runs in the sandbox only.

``feeds.read_feed`` returns a ``ParsedFeed`` (its ``version`` is empty for what is no feed); ``discovery.feed_links`` the feeds that a page names;
``discovery.opml_feeds`` those in an OPML file. They may raise anything that a library
raises for a stranger's bytes: ``sandbox.child`` catches it.
"""
