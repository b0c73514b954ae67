"""Partner blogs, imported as Markdown files that are credited, kept, and reviewed in Git.

The steps of one import, in the order of the data::

    publications.toml ─ config ─► FeedConfig
    network ─ fetch (address, resolver, body) ─► Fetched bytes or Failure
    bytes ─ parse, in a child process (child: charset, feedparser, clean) ─► RawEntry
    RawEntry ─ entry (links, text, times) ─► Entry
    Entry + files already there ─ matching ─► Change
    Change ─ files ─► content/partners/<feed>/<yyyy>/<slug>.md

``update`` runs the steps for several feeds, ``commands`` is the edge: command line, clock, messages.
Nothing here is imported at start-up except what the command line needs.
"""
