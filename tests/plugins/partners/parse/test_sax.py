"""The parser that feedparser works with: text in one piece, and the same feed as with Python's own settings."""

from __future__ import annotations

import io
import xml.sax
from pathlib import Path
from xml.sax.handler import ContentHandler

import feedparser
import feedparser.api
import pytest

from plugins.partners.parse import feeds, sax
from plugins.partners.parse.charset import decode

FEEDS = sorted(path for path in (Path(__file__).resolve().parents[3] / "data" / "feeds").iterdir() if path.suffix == ".xml")
XHTML = b"""<feed xmlns="http://www.w3.org/2005/Atom"><title>t &amp; u</title><entry><id>1</id><title>a&lt;b&gt;</title><content type="xhtml">
 <div xmlns="http://www.w3.org/1999/xhtml">
  one &amp; two <b>three &lt;</b>
 </div> </content><summary type="html">&lt;p&gt;x&amp;amp;y&lt;/p&gt;</summary></entry></feed>"""


class Pieces(ContentHandler):
    """Notes each piece of text."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []

    def characters(self, content: str) -> None:
        """One more."""
        self.texts.append(content)


def test_the_text_between_two_tags_comes_in_one_piece() -> None:
    pieces, parser = Pieces(), xml.sax.make_parser([sax.__name__])
    parser.setContentHandler(pieces)
    parser.parse(io.BytesIO(b"<a>x&lt;b&gt;\ny<c/>z</a>"))
    assert pieces.texts == ["x<b>\ny", "z"]


@pytest.mark.parametrize("body", [XHTML, *(path.read_bytes() for path in FEEDS)], ids=["xhtml", *(path.name for path in FEEDS)])
def test_a_feed_is_the_same_as_in_pieces(body: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    text = decode(body, "")
    whole = feeds._feedparser_document(text)
    monkeypatch.setattr(feedparser.api, "PREFERRED_XML_PARSERS", [])
    assert whole == feeds._feedparser_document(text)
