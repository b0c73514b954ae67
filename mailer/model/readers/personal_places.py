"""Where a part of an issue may hold a reader's own links: as the whole address of a link in HTML, alone between blanks in text. Pure.

The mailer replaces the personal places of every reader. One that is a piece of another address, such as
``https://other.example.jp/?u=https://personal.invalid/unsubscribe``, would hand each reader's signed link to that site. So an issue that names
`PERSONAL_HOST` anywhere else, however it is written, is refused as a whole.
"""

from __future__ import annotations

import html
import re
import unicodedata
from html.parser import HTMLParser
from urllib.parse import unquote

from mailer.model.errors import MessageError

PERSONAL_HOST = "personal.invalid"  # RFC 2606 section 2 reserves .invalid: a link that is left over leads nowhere
PERSONAL_PLACE = f"https://{PERSONAL_HOST}/unsubscribe"
PERSONAL_PREFERENCES = f"https://{PERSONAL_HOST}/preferences"
PLACES = (PERSONAL_PLACE, PERSONAL_PREFERENCES)

ALONE = re.compile(rf"(?<![^ \t\r\n])(?:{'|'.join(map(re.escape, PLACES))})(?![^ \t\r\n])")
"""A place between blanks or line ends. Nothing else ends an address for every mail program: some take an ideographic space as a part of it."""
RAW_TEXT = frozenset({"iframe", "noembed", "noframes", "noscript", "plaintext", "template", "textarea", "title", "xmp"})
"""Elements whose content is no mark-up for a browser (HTML Standard, 13.2.5), or is not shown. `html.parser` reads it as mark-up in some versions."""
LAYERS = 5
"""How often a text is decoded: an address may be escaped for HTML inside one that is escaped for a URL."""
INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\\s]"
)
"""Characters that browsers drop from an address (URL Standard, "tab or newline"; UTS 46, ignored), and other blanks."""


def check_html(part: str) -> None:
    """Check the HTML part.

    :raises MessageError: the host of the personal places stands anywhere but as the whole ``href`` of an ``a``.
    """
    finder = _LinkFinder()
    finder.feed(part)
    finder.close()
    _compare(part, finder.places)


def check_text(part: str) -> None:
    """Check a text part.

    :raises MessageError: the host of the personal places stands anywhere but in a place between blanks or line ends.
    """
    _compare(part, len(ALONE.findall(part)))


def names_host(text: str) -> bool:
    """Whether the text names the host of the personal places, plainly or in any way that a browser would read as that."""
    return PERSONAL_HOST in text or (_may_hide_host(text) and PERSONAL_HOST in _plain(text))


def _compare(part: str, places: int) -> None:
    """Every mention of the host must be one of the ``places`` that were found where they may be."""
    if part.count(PERSONAL_HOST) != places or (_may_hide_host(part) and _plain(part).count(PERSONAL_HOST) != places):
        raise MessageError(
            f"A personal place ({PERSONAL_HOST}) stands where it must not: a personal link has to be the whole address of a link, or stand alone in text. "
            "Nothing was sent. Correct the issue or the mail template, and build again."
        )


def _may_hide_host(text: str) -> bool:
    return not text.isascii() or "&" in text or "%" in text or any(sign.isupper() for sign in text)


def _plain(text: str) -> str:
    """The text without escapes of HTML and of URLs, in lower case, with every dot a dot, as a browser compares hosts (UTS 46)."""
    for _ in range(LAYERS):
        decoded = unquote(html.unescape(text))
        if decoded == text:
            break
        text = decoded
    return INVISIBLE.sub("", unicodedata.normalize("NFKC", text).replace("\u3002", ".").lower())


class _LinkFinder(HTMLParser):
    """Counts the ``a`` whose ``href`` is a personal place, written without escapes: so the place is what will be replaced."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.places = 0
        self._raw: str | None = None

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        """See `html.parser`. Of an attribute that is there twice, browsers take the first; ``ping`` would tell another site the address."""
        if self._raw is None and tag in RAW_TEXT:
            self._raw = tag
        addresses = [value or "" for name, value in attributes if name == "href"]
        if self._raw or tag != "a" or not addresses or any(name == "ping" or name.startswith("on") for name, _ in attributes):
            return
        self.places += addresses[0] in PLACES and addresses[0] in (self.get_starttag_text() or "")

    def handle_endtag(self, tag: str) -> None:
        """See `html.parser`."""
        if tag == self._raw:
            self._raw = None
