"""Writes what is to be announced on other networks: one file for each record, below ``output/announcements``, which is no part of the public site.

The format is docs/reference/announcement-files.md. Who posts them, and what was posted already, is none of the build's business: `channels` reads the files.

records  a document or an emergency record → its file. Pure
plugin   writes the files of a full build; the fast path of emergencies writes its own with the same functions
"""
