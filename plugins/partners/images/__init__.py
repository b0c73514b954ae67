"""The pictures of an entry. It hides where they are fetched, how they are re-encoded, and what their files beside the entry are called.

``download.ImageDownloads`` holds the pictures of one feed in one run: ``download`` returns an ``EntryChange`` with its final body. A picture that cannot be had
stays a link; nothing is raised for it. ``OSError`` is raised if a file cannot be written.
"""
