"""One header as its lines: whatever stands in it comes out again letter by letter, spaces included. Pure.

Every header with free text is folded here (RFC 5322 section 2.2.3, RFC 2047), because Python's `email` loses a space where it folds between
two encoded words, writes lines that are too long, and cuts some words so that nothing decodes them.
tests/mailer/message/test_folding.py reads the result back with three programs.
"""

from __future__ import annotations

import re
from binascii import b2a_base64
from collections.abc import Iterator

UTF_8, ISO_2022_JP = "utf-8", "iso-2022-jp"
LONGEST_WORD = 75
"""Characters of an encoded word (RFC 2047 section 2)."""
ONE_LINE = 76
"""Characters of a line with an encoded word, the header's name included (RFC 2047 section 2). Other lines keep to it too."""
CRLF = "\r\n"

# ISO-2022-JP has these, but programs map them to different characters of Unicode (〜 or ～). Half-width kana it does not have at all.
_AMBIGUOUS = frozenset("〜−‖¢£¬―＼¥‾")
# Single spaces only: a reader may take several for one (RFC 5322 section 3.2.2), and drops outer ones.
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?: [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_WORDS = re.compile(r"[!-~]+(?: [!-~]+)*")
_QUOTABLE = re.compile(r'["\\]')


def fold(name: str, text: str, after: str = "", *, charset: str = UTF_8) -> str:
    """Return the header with its line ends.

    :param after: ASCII that follows the text and is not encoded, such as ``<a@example.jp>``. With it the text is a phrase
        (RFC 5322 section 3.2.5), without it unstructured.
    :param charset: of encoded words, where it has all characters; otherwise they are UTF-8.
    """
    room = ONE_LINE - len(name) - len(": ")
    parts = _plain(text) if not after else _plain_phrase(text)
    if parts is None or any(len(part) > room for part in parts):
        parts = list(_encoded_words(text, charset_for(text, charset), room))
    return _join(f"{name}:", [*parts, after] if after else parts)


def charset_for(text: str, charset: str) -> str:
    """Return ``charset`` if it has every character of the text and all programs read them alike, otherwise UTF-8."""
    if charset != ISO_2022_JP or not _AMBIGUOUS.isdisjoint(text):
        return UTF_8
    try:
        text.encode("iso2022_jp")
    except UnicodeEncodeError:
        return UTF_8
    return charset


def encoded_word(text: str, charset: str) -> str:
    """Return the text as one encoded word in base64, of whatever length."""
    return f"=?{charset}?b?{b2a_base64(text.encode(charset), newline=False).decode('ascii')}?="


def _plain(text: str) -> list[str] | None:
    """Return the text as one part if nothing needs to be encoded, otherwise None. It is not folded: some programs show the line end."""
    return [text] if _WORDS.fullmatch(text) and "=?" not in text else None  # `=?`: a program might find an encoded word in it


def _plain_phrase(text: str) -> list[str] | None:
    """Return the parts between which a line may end if nothing needs to be encoded, otherwise None."""
    if not text:
        return []
    if _plain(text) is None:
        return None
    if _ATOMS.fullmatch(text):
        return text.split(" ")
    return ['"' + _QUOTABLE.sub(r"\\\g<0>", text) + '"']  # quoted-string; a line does not end inside


def _encoded_words(text: str, charset: str, room: int) -> Iterator[str]:
    """Yield encoded words that hold whole characters (RFC 2047 section 5). The first has ``room`` characters, the others all they may have."""
    size, chunk = _capacity(charset, room), ""
    for character in text:
        if chunk and len((chunk + character).encode(charset)) > size:
            yield encoded_word(chunk, charset)
            size, chunk = _capacity(charset, LONGEST_WORD), ""
        chunk += character
    yield encoded_word(chunk, charset)


def _capacity(charset: str, room: int) -> int:
    """Return how many bytes fit into an encoded word: base64 makes four characters of three."""
    return (min(room, LONGEST_WORD) - len(f"=?{charset}?b??=")) // 4 * 3


def _join(line: str, parts: list[str]) -> str:
    """Return the parts in lines. A space between them is either of no meaning (RFC 2047 section 6.2) or kept by the fold."""
    lines = []
    for part in parts:
        if len(line) + 1 + len(part) > ONE_LINE and not line.endswith(":"):
            lines.append(line)
            line = ""
        line = f"{line} {part}"
    return CRLF.join([*lines, line]) + CRLF
