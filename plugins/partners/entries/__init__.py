"""Entries as files. It hides which entry is which file, what a file holds, what waits for review, and what was taken down.

1. ``entry.make_entry``: ParsedEntry → ``entry.Entry``. Pure.
2. ``reconcile.plan``: entries against files → ``reconcile.ImportPlan`` of ``reconcile.EntryChange``s. Pure. ``names`` recognises entries, ``versions`` and ``texts`` compare their texts,
   ``attached`` names the files that are copied.
3. ``files.read_stored`` and ``files.write``: the Markdown files. Raises ``EntryFileError`` for a file that cannot be read, ``OSError`` for one that cannot be written.
4. ``takedown.read_takedown``, ``apply``, ``take_down`` and ``take_down_file``: entries that never come back. Raises ``TakedownError``, ``EntryNotFoundError``, ``SharedNameError``.
5. ``review.waiting``, ``publish``, ``publish_by_hand`` and ``refuse``: an editor's decisions on drafts and on new versions of entries. Raises ``EntryFileError``.
"""
