"""A file of another system → subscribers. It is read once, by line; what was read waits in a spool; the database gets it in batches.

`text` finds the encoding and the separator, `columns` what each column holds, `statuses` what a word of its status means, `rows` makes a row of
cells, `spool` keeps the rows that were accepted, `content` counts what the file holds, `load` writes the spool into the database.
"""
