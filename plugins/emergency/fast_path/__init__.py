"""The fast path: one record on the site, in the feeds and in a mail in seconds, beside the full build and without it.

It needs the record, what the last good build left (`snapshot`), Jinja and lxml. It loads neither Pelican nor premailer, and of the other documents only
notices and drills. A theme, ``publications.toml`` or an article that is broken since then holds nothing up.

1. `snapshot` is written by every full build, beside the site: registry, templates, notices, and what feeds and frames of pages need.
2. `source` reads the record with the same parser as a full build, and refuses what no channel would take.
3. `site_pages` renders whole pages with the same templates; `slots` puts what all pages share between two marks in a page that is there already.
4. `publish` writes them: first what helps most people, then the banner of every other page.

What it writes equals what a full build at the same moment writes, byte for byte; `publish.COUNTING` are the two pages that count things of the whole site.
"""
