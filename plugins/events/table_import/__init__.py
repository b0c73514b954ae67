"""Table import: an open-data table of events, as it comes, becomes Markdown files that an editor can go on with.

1. `table` names the columns; `plugins.open_data` decodes the file and knows how to repair cells.
2. `row` makes one event of a row.
3. `files` plans the Markdown files: a file that an editor has changed is kept.
4. `importer` runs these steps, and checks each planned file as a build would.

Every repair and every refusal is reported with its line and column (`plugins.open_data.notes`). A value that can be read in two ways is refused, and never guessed.
"""
