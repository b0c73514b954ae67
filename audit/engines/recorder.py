"""A page that keeps a list of what went wrong in it, the same in every browser: the place of a console that a program can read.

Not every browser tells its driver what its console shows (WebDriver has no command for it). So the page itself listens, from its first element on:
uncaught errors, promises that nobody caught, files that did not load, what the Content Security Policy refused, and what is written to the console.
"""

from __future__ import annotations

import re

_REFRESH = re.compile(rb'<meta http-equiv="refresh"[^>]*>')
_RECORDER = b"""<script>(() => {
const list = window.auditProblems = [], tell = text => list.push(String(text));
addEventListener('error', e => tell(e.message ? 'error: ' + e.message : e.target.tagName.toLowerCase() + ' did not load: ' + (e.target.src || e.target.href || '')), true);
addEventListener('unhandledrejection', e => tell('rejected: ' + e.reason));
addEventListener('securitypolicyviolation', e => tell('refused by ' + e.violatedDirective + ': ' + e.blockedURI));
for (const kind of ['error', 'warn']) { const write = console[kind]; console[kind] = (...texts) => { tell('console.' + kind + ': ' + texts.join(' ')); write.apply(console, texts); }; }
})()</script>"""

PROBLEMS = "() => window.auditProblems || ['the page was not recorded']"
"""The JavaScript function that returns the list."""


def record(page: bytes) -> bytes:
    """Return the HTML with the recorder as the first element of its head. A page that only forwards stays: some readers switch that off, and see it."""
    return _REFRESH.sub(b"", page).replace(b"<head>", b"<head>" + _RECORDER, 1)
