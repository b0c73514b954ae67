"""Browsers other than Chromium, and what is asked of every page in them.

1. `window` is what the audit needs of a browser: WebDriver's commands (W3C). `firefox` speaks Marionette, which is built into Firefox; `webkit` speaks
   HTTP with WebKitWebDriver. Neither needs a Python package of its own.
2. `recorder` puts into each page a list of what goes wrong in it.
3. `visit` opens a page and tells what is wrong: errors, width, main content, menu, search.
4. `paper` reads what a browser prints: filled pages, whole lines.
"""
