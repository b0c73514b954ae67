"""Events: list and month pages, iCalendar, the script to read on air, and the import of open-data tables.

- `generator` (a Pelican plugin) writes the pages from the documents of kind ``event``: `months`, `calendar`, `on_air`, `readings`.
- `commands` brings a table of the recommended open-data form into ``content/``: `table` decodes and maps columns, `cells`, `dates` and `codes`
  repair what is known to be wrong in the wild, `entry` makes one event of a row, `files` writes it as Markdown. Every repair and every refusal
  is told with its line; nothing is guessed in silence.
"""
