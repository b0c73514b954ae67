"""Open-data tables as they come out of spreadsheets: hides encodings, separators, names of columns, and what is known to be wrong in their cells.

1. `table` decodes the bytes of a table and maps its columns to the names of a `table.TableForm`.
2. `cells`, `dates` and `codes` repair single cells. Each returns the value with `notes`; a value that can be read in two ways is refused.
3. `row_reader` collects the notes of one row as diagnostics.

`plugins.events.table_import` and `plugins.situation` know what their columns mean.
"""
