"""Bytes of a feed → text, for feeds that name one encoding and are written in another. Pure.

Japanese servers label as Shift_JIS pages with characters of Windows-31J (①, 髙, ～), send EUC-JP under a declaration of UTF-8, or have
ISO-8859-1 as the default of HTTP. feedparser would read the last two as Western letters.

Order of precedence: byte order mark (WHATWG Encoding, section 6; RFC 7303, section 3.3), valid UTF-8, the charset parameter of HTTP (RFC 7303,
section 3.2), the XML declaration (XML 1.0, section 4.3.3), each unless the bytes refute it; then the encodings of Japan. RFC 8259, section 8.1: JSON is UTF-8.
"""

from __future__ import annotations

import codecs
import re
from contextlib import suppress

import webencodings

from plugins.partners.parse.jis import decode_euc_jp, decode_iso_2022_jp

_DECLARED = re.compile(rb"""^\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._:-]{1,40})["']""")
_DECLARATION = re.compile(r"^\s*<\?xml[^>]{0,400}\?>")
_CHARSET = re.compile(r"""charset\s*=\s*["']?([A-Za-z0-9._:-]{1,40})""", re.IGNORECASE)

_NOT_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
"""Characters outside the production Char (XML 1.0, section 2.2): an XML parser would refuse the whole document."""

_PYTHON_NAMES = {
    "shift_jis": "cp932",
    "euc-jp": "euc_jp",
    "iso-2022-jp": "iso2022_jp",
    "utf-16le": "utf-8",
    "utf-16be": "utf-8",
}
"""Where Python's codec of the same name is not the encoding of the standard. Shift_JIS of the web is Windows-31J (section 13.3); a document whose
declaration can be read as ASCII is not UTF-16, so such a label means UTF-8 (WHATWG HTML, section 13.2.3.2, prescan)."""

_MULTIBYTE = frozenset({"utf-8", "cp932", "euc_jp", "iso2022_jp", "gb18030", "gbk", "big5hkscs", "cp949"})
"""Encodings in which not every sequence of bytes is text. In the others every byte is some letter: that the bytes decode proves nothing."""


_JAPANESE = ("euc_jp", "cp932")
"""Tried without a label. EUC-JP first: few texts in Shift_JIS fit it, and many in EUC-JP fit Shift_JIS."""


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
    multibyte = [label for label in labels if label in _MULTIBYTE]
    single_byte = [label for label in labels if label not in _MULTIBYTE]
    certain = [*(["iso2022_jp"] if b"\x1b$" in body else []), "utf-8"]  # the escape sequences of ISO-2022-JP are valid UTF-8, too
    for name in certain:
        with suppress(UnicodeDecodeError):
            return _decode(body, name)
    japanese = [name for name in _JAPANESE if _has_kana(body, name)]
    for name in multibyte:
        if not japanese or name in japanese:  # kana in the one refute a label of the other
            with suppress(UnicodeDecodeError):
                return _decode(body, name)
    if nearly := next((name for name in certain if _is_nearly(body, name)), None):
        return _decode(body, nearly, "replace")
    if single_byte and not japanese:
        return body.decode(single_byte[-1], "replace")
    if not japanese and (nearly := next((name for name in multibyte if _is_nearly(body, name)), None)):
        return _decode(body, nearly, "replace")
    for name in [*japanese, *_JAPANESE]:
        with suppress(UnicodeDecodeError):
            return _decode(body, name)
    return _decode(body, labels[-1] if labels else "utf-8", "replace")


def _decode(body: bytes, name: str, errors: str = "strict") -> str:
    decoder = {"euc_jp": decode_euc_jp, "iso2022_jp": decode_iso_2022_jp}.get(name)
    return decoder(body, errors) if decoder else body.decode(name, errors)


def _is_nearly(body: bytes, name: str) -> bool:
    """Tell whether ``body`` is in an encoding but for a few bytes: text cut in the middle of a character, or a comment in another encoding."""
    text = _decode(body, name, "replace")
    broken = text.count("\ufffd")
    return sum(char > "\x7f" for char in text) - broken > 3 * broken


def _has_kana(body: bytes, name: str) -> bool:
    """Tell whether ``body`` is Japanese in an encoding: all bytes fit, and a tenth of the characters outside ASCII are kana.

    That refutes a Western label, which Japanese servers have as their default. Western letters can fit Shift_JIS, too, but they make no kana:
    these begin with 0x82, 0x83, 0xA4 or 0xA5, which are no letters in Latin encodings.
    """
    try:
        text = _decode(body, name)
    except UnicodeDecodeError:
        return False
    kana = sum("\u3041" <= char <= "\u30fe" for char in text)
    return kana > 0 and kana * 10 >= sum(char > "\x7f" for char in text)


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
