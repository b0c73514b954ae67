"""A folder to carry away: a USB stick, or a folder of a neighbour's web server under any address.

`links` makes every address relative, so that pages work from ``file://`` and under any sub-path; `names` says which names FAT cannot hold; `start_page` makes
the page to begin with; `target` writes the folder: emergency pages first, whole or not at all.
"""
