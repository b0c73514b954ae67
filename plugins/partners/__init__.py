"""Partner blogs, imported as Markdown files that are credited, kept, and reviewed in Git.

It hides how a stranger's feed becomes files of ours: politely fetched, read in a sandbox, sanitized, matched with the files that exist. The flow::

    publications.toml ─ model.config ─► FeedConfig; var/feeds.json ─ state ─► FeedState ─ schedule ─► asked now, or later
    network ─ http (addresses, throttle, robots, fetch) ─► bytes or Failure
    bytes ─ sandbox: parse, sanitize (child process) ─► ParsedFeed
    ParsedEntry ─ entries.entry ─► Entry, unless entries.takedown covers it
    Entry + files ─ entries.reconcile ─► EntryChange
    EntryChange ─ images, attachments (made anew or checked in a child process) ─► EntryChange with its pictures and files beside it
    EntryChange ─ entries.files ─► content/partners/<feed>/<yyyy>/<slug>.md, <slug>-<hash>.jpg

``update.update`` runs all feeds, each as a ``feed_import.FeedImport``; ``subscriptions`` finds a feed and writes it into ``publications.toml``; ``websub`` is told of news
by hubs and runs ``update``; ``plugin`` gives Pelican the pictures and files that a public page shows. Entry points raise ``model.errors.PartnersError`` and ``OSError``; a fault of one feed is in its ``FeedReport`` and stops no other feed.
"""
