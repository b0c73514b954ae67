"""Search without a server: an index of small static files, which a script in the reader's browser reads.

1. `entries` takes from a document what can be found: its title, its text, its fields.
2. `index` turns texts into n-grams, postings and shards. Its docstring is the format of the files, for both sides.
3. `index_files` writes the files; of the last site's index it changes only those that a changed document needs.
4. `plugin` writes the index, the search page, and for readers without JavaScript the titles of every year.

Japanese has no spaces between words, so the index holds single characters and pairs of characters. The script then reads the pages that hold all pairs of
a query, and shows those that hold the query itself: no page is missed, and none is shown in vain.
"""
