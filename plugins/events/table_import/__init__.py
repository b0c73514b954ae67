"""Table import: an open-data table of events, as it comes, becomes Markdown files that an editor can go on with.

1. `table` decodes the file and maps its columns to the standard names.
2. `row` makes one event of a row; `cells`, `dates` and `codes` repair what is known to be wrong in such tables.
3. `files` plans the Markdown files: a file that an editor has changed is kept.
4. `importer` runs these steps, and checks each planned file as a build would.

Every repair and every refusal is reported with its line and column (`notes`). A value that can be read in two ways is refused, and never guessed.
"""
