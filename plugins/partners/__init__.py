"""Partner blogs, imported as Markdown files that are credited, kept, and reviewed in Git.

The steps of one import, in the order of the data::

    publications.toml ─ config ─► FeedConfig; var/feeds.json ─ state ─► Standing ─ schedule ─► asked now, or later
    network ─ fetch (client: address, resolver, turns; robots; body) ─► Fetched bytes or Failure
    bytes ─ parse, in a child process (readers, child: feeds, jsonfeed, charset, clean) ─► RawEntry
    RawEntry ─ entry (links, text, times) ─► Entry, unless takedown names it
    Entry + files already there ─ matching ─► Change
    Change ─ album (copies; drawing, in a child process) ─► Change with its pictures beside it
    Change ─ files ─► content/partners/<feed>/<yyyy>/<slug>.md, <slug>-<hash>.jpg

``update`` runs the steps (``importing``) for all feeds, ``commands`` is the edge: command line, clock, messages. ``shown`` is the plugin
that gives Pelican the pictures. Nothing here is imported at start-up except what the command line needs.
"""
