"""Bytes of a feed → text, for feeds that say one encoding and mean another. Pure.

Japanese servers label Shift_JIS pages with characters of cp932 (①, 髙, ～), send EUC-JP under a UTF-8 declaration, or
default to ISO-8859-1 in HTTP. feedparser would read the last two as Western letters.
"""

from __future__ import annotations

import codecs
import re

_DECLARED = re.compile(rb"""^\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._:-]{1,40})["']""")
_DECLARATION = re.compile(r"^\s*<\?xml[^>]{0,400}\?>")
_CHARSET = re.compile(r"""charset\s*=\s*["']?([A-Za-z0-9._:-]{1,40})""", re.IGNORECASE)
_NOT_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
# What the label means in practice (WHATWG Encoding Standard).
_MEANT = {
    "shift_jis": "cp932",
    "cp932": "cp932",
    "euc_jp": "euc_jp",
    "iso2022_jp": "iso2022_jp_ext",
    "ascii": "utf-8",
    "iso8859-1": "cp1252",
}
# Python knows more (utf-7, unicode_escape, zip): they have no business in a feed.
_OF_THE_WEB = frozenset(
    "utf-8 cp932 euc_jp iso2022_jp_ext cp1252 cp1250 cp1251 iso8859-2 iso8859-15 koi8-r gbk gb2312 gb18030 big5 euc_kr cp949".split()
)
_ANYTHING_FITS = frozenset({"cp1252", "cp1250", "cp1251", "iso8859-2", "iso8859-15", "koi8-r"})
"""Encodings in which every byte is some letter: fitting proves nothing."""


def decode(body: bytes, content_type: str) -> str:
    """Return the text of ``body`` without its XML declaration and without characters that XML 1.0 forbids.

    Valid UTF-8 wins over every label; then the HTTP label, the XML declaration, and Japanese encodings are tried.
    """
    marked = _by_mark(body)
    text = marked if marked is not None else _by_trial(body, content_type)
    return _NOT_XML.sub("", _DECLARATION.sub("", text.removeprefix("\ufeff"), count=1))


def _by_mark(body: bytes) -> str | None:
    """Decode by byte order mark, or by the zero bytes of UTF-16 without one."""
    if body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return body.decode("utf-16", "replace")
    if body[:4] == b"<\x00?\x00":
        return body.decode("utf-16-le", "replace")
    return body.decode("utf-16-be", "replace") if body[:4] == b"\x00<\x00?" else None


def _by_trial(body: bytes, content_type: str) -> str:
    """Decode by the first encoding in which all bytes make sense."""
    labels = [label for label in (_http_label(content_type), _xml_label(body)) if label]
    trusted = [label for label in labels if label not in _ANYTHING_FITS]
    seven_bit_japanese = ["iso2022_jp_ext"] if b"\x1b$" in body else []
    for name in [*seven_bit_japanese, "utf-8", *trusted, "euc_jp", "cp932"]:
        try:
            return body.decode(name)
        except UnicodeDecodeError:
            continue
    return body.decode(labels[-1] if labels else "utf-8", "replace")


def _http_label(content_type: str) -> str | None:
    found = _CHARSET.search(content_type)
    return _known(found.group(1)) if found else None


def _xml_label(body: bytes) -> str | None:
    found = _DECLARED.match(body[:500])
    return _known(found.group(1).decode("ascii")) if found else None


def _known(label: str) -> str | None:
    """Return Python's name for what ``label`` means, or None for a label that is not a text encoding."""
    try:
        info = codecs.lookup({"x-sjis": "shift_jis", "windows-31j": "cp932"}.get(label.lower(), label))
    except LookupError:
        return None
    name = _MEANT.get(info.name, info.name)
    return name if name in _OF_THE_WEB else None
