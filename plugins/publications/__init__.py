"""Hides the pages of documents and the pages that list them: sections, months, terms, facets, feeds, sitemap and redirects.

1. `taxonomies` and `facets` group the public documents. Pure.
2. `document_pages` writes the page of each document, `listing_pages` the pages of the groups, with `feeds` beside them.
3. `static_files` copies the files that go public as they are.
4. `plugin` registers all of them with Pelican.
"""
