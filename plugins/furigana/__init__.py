"""Furigana edition: a copy of every page below ``/furigana/`` with the reading above each word in Chinese characters.

The edition is never the default, because screen readers say a word and its reading one after the other. Each page links to its copy and each copy back;
copies are hidden from search engines.

1. `plugin` reads what is known about readings before the first page, so that templates know whether there is an edition.
2. When all pages are written, `edition` makes the copies in several processes, through a cache by content.
3. `page` finds the text of a page and leaves everything else as it is, byte for byte; `plugins.readings` decides the readings.

The readings come from ``content/data/readings.csv`` and from the table of municipalities; SudachiPy (extra ``furigana``) reads the rest. Without SudachiPy
there is no edition, and the build says so.
"""
