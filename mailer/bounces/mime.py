"""Parses a message of a stranger within bounds: bytes, parts, depth. Python's older parser (`compat32`) takes anything and repairs nothing. Pure."""

from __future__ import annotations

import binascii
import quopri
import re
from base64 import b64decode
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from email import message_from_bytes
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from email.utils import parseaddr

from mailer.model.errors import TodokeMailError

MOST_BOUNDARIES = 60  # a report has three parts; a forwarded one a few more
MOST_PARTS = 200
MOST_LEVELS = 12
MOST_HEADERS = 2_000
MOST_DELIMITERS = 5_000  # lines that begin as a delimiter of parts does; a text newsletter has a few rules of hyphens
MOST_LINES = 500_000  # ten megabytes in base64 are 131,000 lines
LONGEST_BODY = 100_000  # characters of text that are looked at
TAG = re.compile(r"<[^<>]{0,2000}>")
UNSEEN = re.compile(r"<(?:style|script)\b", re.IGNORECASE)
Fields = dict[str, str]


class UnreadableMessage(TodokeMailError):
    """A message cannot be parsed within the bounds."""


@dataclass(frozen=True)
class Mail:
    """A parsed message. Names of headers are in any case."""

    root: Message

    def header(self, name: str) -> str:
        """The first header of this name, decoded and on one line, or nothing."""
        return next(iter(self.headers(name)), "")

    def headers(self, name: str) -> list[str]:
        """All headers of this name, the topmost first."""
        return [decoded(value) for label, value in raw_headers(self.root) if label == name.lower()]

    def address(self, name: str) -> str:
        """The address in a header, or nothing."""
        with suppress(ValueError, IndexError, AttributeError):
            return parseaddr(self.header(name))[1]
        return ""

    def all_parts(self) -> list[Message]:
        """All parts, from outside in, each whole before the next."""
        return list(_walk(self.root))

    def text(self) -> str:
        """The prose for people: plain text, else HTML without its tags; only of the message itself, not of one that it encloses."""
        plain = [part for part in self._own_parts() if part.get_content_type() == "text/plain"]
        html = [part for part in self._own_parts() if part.get_content_type() == "text/html"]
        if plain or not html:
            return "\n".join(_text(part) for part in plain)[:LONGEST_BODY]
        return _without_tags("\n".join(_text(part) for part in html)[:LONGEST_BODY])

    def enclosed(self) -> Message | None:
        """The message, or its headers, that a report sends back."""
        return next((message for part in self.all_parts() if (message := _enclosed(part)) is not None), None)

    def _own_parts(self) -> Iterator[Message]:
        return _walk(self.root, into_messages=False)


def parse(content: bytes) -> Mail:
    """Parse a message.

    :raises UnreadableMessage: it has more boundaries, parts, levels or headers than mail has, or the parser fails.
    """
    if content.lower().count(b"boundary=") > MOST_BOUNDARIES:
        raise UnreadableMessage("more than a report's boundaries")
    if content.count(b"\n--") > MOST_DELIMITERS or content.count(b"\n") > MOST_LINES:
        raise UnreadableMessage("more parts or lines than mail has")
    try:
        mail = Mail(message_from_bytes(content))
        parts = mail.all_parts()
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError, AssertionError) as error:
        raise UnreadableMessage(f"the parser failed: {type(error).__name__}") from error
    if len(parts) > MOST_PARTS or any(len(part.keys()) > MOST_HEADERS for part in parts):
        raise UnreadableMessage("more parts or headers than mail has")
    return mail


def raw_headers(part: Message) -> list[tuple[str, str]]:
    """Names in lower case, and values as the parser keeps them: `items` would replace bytes above 127."""
    return [(name.lower(), str(value)) for name, value in part.raw_items()]


def decoded(value: str) -> str:
    """A header's value with its encoded words decoded (RFC 2047), on one line; raw UTF-8 (RFC 6532) too."""
    words: list[str] = []
    try:
        encoded_words: list[tuple[bytes | str, str | None]] = decode_header(value[:5_000])
    except (HeaderParseError, ValueError, binascii.Error):
        encoded_words = [(value[:5_000], None)]
    for word, charset in encoded_words:
        words.append(utf_8(word) if isinstance(word, str) else _in_charset(word, charset or "utf-8"))
    return " ".join("".join(words).split())


def utf_8(text: str) -> str:
    """Text of the parser, in which bytes above 127 are surrogates, as UTF-8."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def status_text(part: Message) -> str:
    """The text of a part such as message/delivery-status, which the parser has taken for messages, with its encoding undone."""
    payload = part.get_payload()
    text = "\n".join(_flat(block) for block in payload) if isinstance(payload, list) else _own_text(part)
    encoding = str(part.get("Content-Transfer-Encoding", "")).strip().lower()
    raw = text.encode("utf-8", "surrogateescape")
    with suppress(ValueError):
        if encoding == "base64":
            raw = b64decode(b"".join(raw.split()))
        elif encoding == "quoted-printable":
            raw = quopri.decodestring(raw)
    return raw.decode("utf-8", "replace")


def field_groups(text: str) -> list[Fields]:
    """Groups of fields between empty lines, names in lower case, values unfolded (RFC 3464 section 2.1). A name that comes twice keeps its first value."""
    groups: list[Fields] = [{}]
    name = ""
    for line in text.splitlines()[:5_000]:
        if not line.strip():
            groups, name = ([*groups, {}] if groups[-1] else groups), ""
        elif line[0] in " \t" and name:
            groups[-1][name] = f"{groups[-1][name]} {line.strip()}"[:5_000]
        elif ":" in line:
            label, _, value = line.partition(":")
            name = label.strip().lower()
            if name in groups[-1]:
                name = ""
            else:
                groups[-1][name] = value.strip()[:5_000]
    return [group for group in groups if group]


def _without_tags(html: str) -> str:
    """The text of HTML, for finding words in it. In linear time: a pattern from an opening to a closing tag would not be."""
    texts, at = list[str](), 0
    while opening := UNSEEN.search(html, at):
        texts.append(html[at : opening.start()])
        end = html.find("</", opening.end())
        at = len(html) if end < 0 else end + 2
    return TAG.sub(" ", " ".join([*texts, html[at:]]))


def _flat(block: object) -> str:
    if not isinstance(block, Message):
        return str(block)
    head = "".join(f"{name}: {value}\n" for name, value in raw_headers(block))
    payload = block.get_payload()
    below = "\n".join(map(_flat, payload)) if isinstance(payload, list) else _own_text(block)
    return f"{head}\n{below}"


def _own_text(part: Message) -> str:
    """The text of a part that is no container. Undecoded it would have lost its bytes above 127."""
    payload = part.get_payload(decode=True)
    return payload.decode("utf-8", "surrogateescape") if isinstance(payload, bytes) else ""


def _walk(part: Message, level: int = 0, *, into_messages: bool = True) -> Iterator[Message]:
    if level > MOST_LEVELS:
        raise RecursionError("too many levels")
    yield part
    payload = part.get_payload()
    is_message = part.get_content_maintype() == "message"
    if isinstance(payload, list) and (into_messages or not is_message):
        for each in payload:
            if isinstance(each, Message):
                yield from _walk(each, level + 1, into_messages=into_messages)


def _enclosed(part: Message) -> Message | None:
    kind = part.get_content_type()
    payload = part.get_payload()
    if kind in ("message/rfc822", "message/global") and isinstance(payload, list) and payload and isinstance(payload[0], Message):
        return payload[0]
    if kind in ("text/rfc822-headers", "message/global-headers", "message/rfc822-headers"):
        return message_from_bytes(status_text(part).encode("utf-8", "surrogateescape"))
    return None


def _text(part: Message) -> str:
    payload = part.get_payload(decode=True)
    if not isinstance(payload, bytes):
        return ""
    return _in_charset(payload[: 4 * LONGEST_BODY], str(part.get_content_charset("utf-8")))


def _in_charset(raw: bytes, charset: str) -> str:
    for name in (charset, "utf-8"):
        with suppress(LookupError, ValueError):
            return raw.decode(name, "strict" if name == charset else "replace")
    return raw.decode("ascii", "replace")
