"""Bytes of a feed → text, for feeds that name one encoding and are written in another. Pure.

Japanese servers label as Shift_JIS pages with characters of Windows-31J (①, 髙, ～), send EUC-JP under a declaration of UTF-8, or have
ISO-8859-1 as the default of HTTP. feedparser would read the last two as Western letters.

Order of precedence: byte order mark (WHATWG Encoding, section 6; RFC 7303, section 3.3), valid UTF-8, the charset parameter of HTTP (RFC 7303,
section 3.2), the XML declaration (XML 1.0, section 4.3.3), the encodings of Japan. RFC 8259, section 8.1: JSON is UTF-8.
"""

from __future__ import annotations

import codecs
import re

import webencodings

_DECLARED = re.compile(rb"""^\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._:-]{1,40})["']""")
_DECLARATION = re.compile(r"^\s*<\?xml[^>]{0,400}\?>")
_CHARSET = re.compile(r"""charset\s*=\s*["']?([A-Za-z0-9._:-]{1,40})""", re.IGNORECASE)

_NOT_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
"""Characters outside the production Char (XML 1.0, section 2.2): an XML parser would refuse the whole document."""

_PYTHON_NAMES = {
    "shift_jis": "cp932",
    "euc-jp": "euc_jp",
    "iso-2022-jp": "iso2022_jp_ext",
    "utf-16le": "utf-8",
    "utf-16be": "utf-8",
}
"""Where Python's codec of the same name is not the encoding of the standard. Shift_JIS of the web is Windows-31J (section 13.3); a document whose
declaration can be read as ASCII is not UTF-16, so such a label means UTF-8 (WHATWG HTML, section 13.2.3.2, prescan)."""

_MULTIBYTE = frozenset({"utf-8", "cp932", "euc_jp", "iso2022_jp_ext", "gb18030", "gbk", "big5hkscs", "cp949"})
"""Encodings in which not every sequence of bytes is text. In the others every byte is some letter: that the bytes decode proves nothing."""


def decode(body: bytes, content_type: str) -> str:
    """Return the text of ``body`` without its XML declaration and without characters that XML 1.0 forbids."""
    marked = _by_mark(body)
    text = marked if marked is not None else _by_trial(body, content_type)
    return _NOT_XML.sub("", _DECLARATION.sub("", text.removeprefix("\ufeff"), count=1))


def _by_mark(body: bytes) -> str | None:
    """Decode by byte order mark, or by the zero bytes of ``<?`` in UTF-16 without a mark (XML 1.0, appendix F.1)."""
    if body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return body.decode("utf-16", "replace")
    if body[:4] == b"<\x00?\x00":
        return body.decode("utf-16-le", "replace")
    return body.decode("utf-16-be", "replace") if body[:4] == b"\x00<\x00?" else None


def _by_trial(body: bytes, content_type: str) -> str:
    """Decode by the first encoding in which all bytes make sense."""
    labels = [label for label in (_http_label(content_type), _xml_label(body)) if label]
    trusted = [label for label in labels if label in _MULTIBYTE]
    seven_bit_japanese = ["iso2022_jp_ext"] if b"\x1b$" in body else []  # the escape sequences are valid UTF-8, too
    for name in [*seven_bit_japanese, "utf-8", *trusted, "euc_jp", "cp932"]:
        try:
            return body.decode(name)
        except UnicodeDecodeError:
            continue
    return body.decode(labels[-1] if labels else "utf-8", "replace")


def _http_label(content_type: str) -> str | None:
    match = _CHARSET.search(content_type)
    return _encoding(match.group(1)) if match else None


def _xml_label(body: bytes) -> str | None:
    match = _DECLARED.match(body[:500])
    return _encoding(match.group(1).decode("ascii")) if match else None


def _encoding(label: str) -> str | None:
    """Return Python's name for the encoding of ``label`` (WHATWG Encoding, section 4.2), or None for a label that is no encoding of the web.

    Python knows more labels (utf-7, unicode_escape, zip): they have no business in a feed, and the standard forbids UTF-7.
    """
    encoding = webencodings.lookup(label)
    if encoding is None or encoding.name in ("replacement", "x-user-defined"):  # section 14: no text encodings, no codec of Python's
        return None
    return _PYTHON_NAMES.get(encoding.name, encoding.codec_info.name)
