"""The personal places of an issue: where the mailer puts each reader's own links, and nowhere else.

In the HTML part a place is the whole ``href`` of a link, in the text parts a line of its own. Inside another address,
``https://other.example.jp/?u=https://personal.invalid/unsubscribe``, it would give every reader's signed link to that site. The mailer checks the
finished bundle again by itself (`mailer.model.readers.personal_places`): the two halves share no code.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

from plugins.diagnostics import Diagnostic
from plugins.magazine.gate.diagnostic import Report
from plugins.magazine.render.renderer import PREFERENCES, UNSUBSCRIBE, Alternatives

HOST = "personal.invalid"
_PLACES = (UNSUBSCRIBE, PREFERENCES)
_LAYERS = 5
"""How often a text is decoded: an address may be escaped for HTML inside one that is escaped for a URL."""

_INVISIBLE = re.compile("[\u00ad\u034f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\\s]")
"""Characters that a browser drops from an address, and blanks."""


def check_personal_places(root: Any, alternatives: Alternatives, subject: str, report: Report) -> Iterator[Diagnostic]:
    """Yield a diagnostic for each alternative that names the host of the personal places anywhere but in a place. ``root`` is the parsed HTML part."""
    links = sum(link.get("href") in _PLACES and "ping" not in link.attrib for link in root.iter("a"))
    texts = (("mail.txt", alternatives.text), ("light.txt", alternatives.light.text))
    mentions = [("mail.html", alternatives.html, links), ("件名 Subject", subject, 0)]
    mentions += [(name, part, sum(line in _PLACES for line in part.split("\n"))) for name, part in texts]
    for name, part, places in mentions:
        if part.count(HOST) != places or _plain(part).count(HOST) != places:
            yield report(
                HOST,
                f"{name} で「{HOST}」が使われています。読者ごとのリンクが、よそのサイトに渡ります。このアドレスを消してください",
                f"{name} names {HOST} outside of a link of its own: every reader's signed link would go to another site. Remove that address",
                "M503",
            )


def _plain(text: str) -> str:
    """Return ``text`` without escapes of HTML and of URLs, in lower case, with every dot a dot: as a browser compares hosts (UTS 46)."""
    for _ in range(_LAYERS):
        decoded = unquote(html.unescape(text))
        if decoded == text:
            break
        text = decoded
    return _INVISIBLE.sub("", unicodedata.normalize("NFKC", text).replace("。", ".").lower())
