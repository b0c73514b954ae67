"""One issue, composed once with `email` and cut at its personal places; then a message for a recipient costs microseconds.

`compose` makes a sample with place-holders of the length that the real links have, so that the base64 lines of every other
recipient break at the same places. Two recipients differ in five header lines and in the few base64 characters that carry a link's
token; the rest is copied. Tokens of another length (a subscriber's number with more digits) get a pattern of their own.
tests/mailer/message/test_compiled.py proves that each message is what `email` builds.
"""

from __future__ import annotations

import hashlib
import re
from binascii import a2b_base64, b2a_base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from mailer.message import alternatives, compose
from mailer.message.compose import SenderIdentity
from mailer.message.dkim.compiled import UNSUBSCRIBE, SignedPattern
from mailer.message.dkim.keys import DkimKey
from mailer.message.dkim.signature import LONGEST
from mailer.message.folding import ONE_LINE, UTF_8
from mailer.message.headers import to_line
from mailer.message.links import LinkSigner, RecipientLinks
from mailer.model.errors import MessageError
from mailer.model.ids import SubscriberId
from mailer.model.issue import Issue, MailList
from mailer.model.recipient import Addressee, Recipient

RAW_LINE = 57  # bytes in one line of base64 as `email` writes it
LINE = 76  # characters of that line: the longest that RFC 2045 section 6.8 allows
SOMEBODY = Recipient(SubscriberId(0), "somebody@example.invalid")
CRLF = b"\r\n"
END_OF_DATA = b".\r\n"  # RFC 5321 section 4.1.1.4

SEVEN_BIT = b"\r\nContent-Transfer-Encoding: 7bit\r\n"

# A mailbox whose To header needs no fold and no quotation marks. All others are left to `headers`.
PLAIN_ADDRESS = re.compile(r"[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*@[a-z0-9-]+(?:\.[a-z0-9-]+)+")
LATIN_NAME = re.compile(r"[A-Za-z]+(?: [A-Za-z]+)*")
JAPANESE_NAME = re.compile("[\u3041-\u3096\u30a1-\u30fa\u30fc\u4e00-\u9fff]+(?: [\u3041-\u3096\u30a1-\u30fa\u30fc\u4e00-\u9fff]+)?")

Chunks = list[bytes]
"""A message in pieces, to be joined once on the way to the socket: a message has 40 kB, and each copy of it costs."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a token stands inside base64: which of the recipient's two (`LinkSigner.signer`), the bytes that share a group of three with it, and the
    lines of its characters.
    """

    which: int
    before: bytes
    after: bytes
    lines: tuple[slice, ...]

    def fill(self, token: bytes) -> bytes:
        """The base64 characters for the token, line by line."""
        encoded = b2a_base64(self.before + token + self.after, newline=False)
        return CRLF.join([encoded[line] for line in self.lines])


@dataclass(frozen=True, slots=True)
class _PlainPlace:
    """Where a token stands in a body that is not encoded, and which of the recipient's two."""

    which: int

    def fill(self, token: bytes) -> bytes:
        """The token."""
        return token


@dataclass(frozen=True, slots=True)
class _Pattern:
    """The cut sample. `headers` is the text between the personal headers, `mailto` the text between the two tokens of List-Unsubscribe (empty
    if it has one), `body` the text from the headers to the first place; `places` are the places in the body, each with the text that
    follows it.
    """

    headers: tuple[bytes, ...]
    mailto: bytes
    body: bytes
    places: tuple[tuple[_Place | _PlainPlace, bytes], ...]
    signed: SignedPattern | None


class CompiledMessage:
    """Renders messages of one issue.

    :param key: signs them (`sign`); None: they leave without a signature of ours.
    :raises MessageError: the issue has a place that cannot be filled, or a header that must not leave.
    """

    def __init__(
        self,
        issue: Issue,
        mail_list: MailList,
        *,
        signer: LinkSigner,
        service_url: str,
        identity: SenderIdentity,
        key: DkimKey | None = None,
    ) -> None:
        self._key = key
        self.signature_size = 0 if key is None else LONGEST
        self._signed: dict[tuple[int, bool], SignedPattern] = {}  # by the length of the piece in List-Unsubscribe
        self._forms = (issue, alternatives.as_light(issue))
        self._mail_list = mail_list
        self._sender = identity
        self._sign = signer.signer(issue.ref.list)
        self._bases = (f"{service_url}/unsubscribe/".encode(), f"{service_url}/preferences/".encode())
        self._patterns: dict[tuple[int, bool], _Pattern] = {}
        self._charsets = tuple(form.charset for form in self._forms)
        self._last_date: tuple[datetime, bytes] | None = None
        self._domain = f"@{identity.message_id_domain}>".encode()
        self._id_hash = hashlib.sha256(f"{issue.ref}\n".encode())  # the part of a Message-ID that all recipients share
        for is_light in (False, True):
            self._add_pattern(len(self._sign(SubscriberId(1), 0)[0]), is_light)

    def render(self, recipient: Addressee, sent_at: datetime, *, is_light: bool = False, message_id: bytes = b"") -> Chunks:
        """The message as it is sent: CRLF, dots doubled, ended by the lone dot.

        :param is_light: the light part alone, for readers who asked for it.
        :param message_id: as `message_id` returns it, if it is known already.

        :raises AddressError: an address or name that could break out of its header.
        """
        tokens = self._sign(recipient.subscriber_id, recipient.token_version)
        length = len(tokens[0])
        pattern = self._patterns.get((length, is_light)) or self._add_pattern(length, is_light)
        headers = pattern.headers
        unsubscribe = tokens[0] + pattern.mailto + tokens[0] if pattern.mailto else tokens[0]
        to = format_to_bytes(recipient, self._charsets[is_light])
        chunks = [headers[0], to, headers[1], unsubscribe, headers[2], self._date(sent_at), headers[3]]
        chunks += (message_id or self.message_id(recipient.subscriber_id), pattern.body)
        for place, following in pattern.places:
            chunks += (place.fill(tokens[place.which]), following)
        chunks.append(END_OF_DATA)
        return chunks

    def sign(self, chunks: Chunks, sent_at: datetime, *, is_light: bool = False) -> bytes:
        """The DKIM-Signature of a message that `render` has returned, to be put before it. Any thread may call it. Only with a key."""
        return self._signed[len(chunks[UNSUBSCRIBE]), is_light].sign(chunks, sent_at)

    def message_id(self, subscriber_id: SubscriberId) -> bytes:
        """As `compose.message_id`."""
        id_hash = self._id_hash.copy()
        id_hash.update(b"%d" % subscriber_id)
        return b"<" + id_hash.hexdigest()[:40].encode() + self._domain

    def _date(self, sent_at: datetime) -> bytes:
        """The Date. Many messages in a row share a time, which is formatted once."""
        if self._last_date is None or self._last_date[0] is not sent_at:
            self._last_date = (sent_at, compose.format_date(sent_at, self._sender.time_zone).encode())
        return self._last_date[1]

    def _add_pattern(self, length: int, is_light: bool) -> _Pattern:
        pattern = self._patterns[length, is_light] = self._cut(length, self._forms[is_light])
        if pattern.signed is not None:
            self._signed[len(pattern.mailto) + length * (2 if pattern.mailto else 1), is_light] = pattern.signed
        return pattern

    def _cut(self, length: int, issue: Issue) -> _Pattern:
        """Compose for nobody, with links of this length, and take the message apart."""
        links = tuple(base + bytes([filler]) * length for base, filler in zip(self._bases, b"uv", strict=True))
        sample = compose.compose(
            issue,
            self._mail_list,
            SOMEBODY,
            links=RecipientLinks(*(link.decode() for link in links)),
            sent_at=issue.date,
            identity=self._sender,
        )
        header_text, _, body = sample.content.partition(CRLF + CRLF)
        date = compose.format_date(issue.date, self._sender.time_zone)
        marks = (to_line(SOMEBODY, issue.charset), links[0], date.encode(), sample.message_id.encode())
        before_to, before_link, before_date, before_id, after = _split(header_text + CRLF + CRLF, marks)
        mailto, before_date = _second_token(before_date, links[0][-length:])
        static, places = [after], list[_Place | _PlainPlace]()
        if SEVEN_BIT in header_text + CRLF:
            _take_apart_plain(body, links, length, static, places)
        else:
            for encoded in re.split(rb"((?:[A-Za-z0-9+/=]{76}\r\n)*[A-Za-z0-9+/=]{1,76}\r\n(?=\r\n|--|\Z))", body):
                _take_apart(encoded, links, length, static, places)
        headers = (before_to, before_link + self._bases[0], before_date, before_id)
        signed = None
        if self._key is not None:
            token = links[0][-length:]
            own = (marks[0], token + mailto + token if mailto else token, *marks[2:])
            signed = SignedPattern(self._key, header_text, own, [static[0].partition(CRLF + CRLF)[2], *static[1:]], _split)
        return _Pattern(headers, mailto, static[0], tuple(zip(places, static[1:], strict=True)), signed)


def format_to_bytes(recipient: Addressee, charset: str = UTF_8) -> bytes:
    """The To header with its line end. Written directly where nothing is folded or quoted; otherwise by `headers.to_line`.

    :raises AddressError: characters that must not reach an envelope or a header.
    """
    name, address = recipient.name, recipient.address
    if PLAIN_ADDRESS.fullmatch(address):
        if not name:
            line = f"To: {address}"
        elif LATIN_NAME.fullmatch(name):
            line = f"To: {name} <{address}>"
        elif JAPANESE_NAME.fullmatch(name):
            try:
                line = f"To: =?{charset}?b?{b2a_base64(name.encode(charset), newline=False).decode()}?= <{address}>"
            except UnicodeEncodeError:
                return to_line(recipient, charset)
        else:
            return to_line(recipient, charset)
        if len(line) <= ONE_LINE:
            return line.encode() + CRLF
    return to_line(recipient, charset)


def _second_token(text: bytes, token: bytes) -> tuple[bytes, bytes]:
    """The text up to the token of a `mailto:` and the text after it; nothing and the text if there is none."""
    before, separator, after = text.partition(token)
    return (before, after) if separator else (b"", text)


def _split(text: bytes, marks: Sequence[bytes]) -> list[bytes]:
    """The text between the marks, which come once each and in this order."""
    parts: list[bytes] = []
    for mark in marks:
        before, separator, text = text.partition(mark)
        if not separator:
            raise MessageError("A header of the message is not where it should be; nothing was sent. Please report this.")
        parts.append(before)
    return [*parts, text]


def _take_apart(section: bytes, links: Sequence[bytes], length: int, static: Chunks, places: list[_Place | _PlainPlace]) -> None:
    """Add a section of the body to `static`; if it is base64, cut out the last `length` bytes of each link as a place.

    Base64 makes four characters of three bytes, so a place begins and ends at a group of three.
    """
    data = _decode_base64(section)
    tokens = (
        []
        if data is None
        else sorted((at + len(link) - length, which) for which, link in enumerate(links) for at in _positions(data, link))
    )
    if data is None or not tokens:
        static[-1] += re.sub(rb"(?m)^\.", b"..", section)
        return
    done = 0
    for token, which in tokens:
        first, last = token // 3 * 3, min(-(-(token + length) // 3) * 3, len(data))
        begin, end = first // 3 * 4, -(-last // 3) * 4  # in characters, without line ends
        cuts = [0, *(cut - begin for cut in range(begin // LINE * LINE + LINE, end, LINE)), end - begin]
        lines = tuple(slice(*pair) for pair in pairwise(cuts))
        static[-1] += section[done : begin + begin // LINE * len(CRLF)]
        places.append(_Place(which, data[first:token], data[token + length : last], lines))
        static.append(b"")
        done = end + (end - 1) // LINE * len(CRLF)
    static[-1] += section[done:]


def _take_apart_plain(body: bytes, links: Sequence[bytes], length: int, static: Chunks, places: list[_Place | _PlainPlace]) -> None:
    """Add a body that is not encoded to `static`, and cut out the last `length` bytes of each link as a place."""
    text, done = re.sub(rb"(?m)^\.", b"..", body), 0  # a link begins no line with a dot, and none of its tokens begins a line
    for token, which in sorted((at + len(link) - length, which) for which, link in enumerate(links) for at in _positions(text, link)):
        static[-1] += text[done:token]
        places.append(_PlainPlace(which))
        static.append(b"")
        done = token + length
    static[-1] += text[done:]


def _encode_base64(data: bytes) -> bytes:
    return CRLF.join([b2a_base64(data[at : at + RAW_LINE], newline=False) for at in range(0, len(data), RAW_LINE)])


def _decode_base64(section: bytes) -> bytes | None:
    """The bytes behind it, if the section is base64 as `email` writes it."""
    try:
        data = a2b_base64(section)
    except ValueError:
        return None
    return data if data and _encode_base64(data) + CRLF == section else None


def _positions(text: bytes, mark: bytes) -> list[int]:
    """Where the mark begins, each time that it occurs."""
    positions, at = [], text.find(mark)
    while at >= 0:
        positions.append(at)
        at = text.find(mark, at + len(mark))
    return positions
