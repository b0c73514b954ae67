"""Progress of public works: a table (``content/data/progress.csv``) becomes pages with charts, each beside its table.

1. `table` reads and checks the CSV file; `works` is one row of it, and all rows.
2. `totals` adds up: percent by field, by municipality, by fiscal year.
3. `charts` draws inline SVG, `captions` says the same in a sentence, and `panels` joins a chart, its caption and its table.
4. `plugin` writes the pages.
"""
