"""The files of an entry. It hides how a stranger's sound or PDF file becomes a copy of ours beside the entry.

``download.FileDownloads`` holds the files of one feed in one run: ``download`` returns an ``EntryChange`` whose body links to the copies. A file that cannot be had
stays a link; nothing is raised for it. ``OSError`` is raised if a copy cannot be written.
"""
