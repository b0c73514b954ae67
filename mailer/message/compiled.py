"""One issue, composed once with `email` and cut at its personal places; then a message per person costs microseconds.

`message.compose` makes the pattern with place-holders of the length that the real links have, so the base64 lines of
every other person fall in the same places. What differs between two people is five header lines and the few base64
signs that carry a link's token; all else is copied. Tokens of another length (a subscriber's number with more digits) get
a pattern of their own. tests/mailer/message/test_compiled.py proves each message equal to what `email` builds.
"""

from __future__ import annotations

import hashlib
import re
from binascii import a2b_base64, b2a_base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from itertools import pairwise

from mailer.message import alternatives, compose
from mailer.message.compose import SenderIdentity
from mailer.message.headers import format_to as message_to_line
from mailer.message.links import LinkSigner, RecipientLinks
from mailer.model.errors import MessageError
from mailer.model.ids import SubscriberId
from mailer.model.issue import Issue, MailList
from mailer.model.recipient import Addressee, Recipient

RAW_LINE = 57  # bytes that make one base64 line, as `email` and RFC 2045 have it
LINE = 76  # its signs
FOLD_AT = 78
SOMEBODY = Recipient(SubscriberId(0), "somebody@example.invalid")
CRLF = b"\r\n"
END = b".\r\n"  # RFC 5321 section 4.1.1.4

# A mailbox whose To header needs no thought: `email` folds nothing and quotes nothing there. All others ask `email`.
PLAIN_ADDRESS = re.compile(r"[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*@[a-z0-9-]+(?:\.[a-z0-9-]+)+")
LATIN_NAME = re.compile(r"[A-Za-z]+(?: [A-Za-z]+)*")
JAPANESE_NAME = re.compile("[\u3041-\u3096\u30a1-\u30fa\u30fc\u4e00-\u9fff]+(?: [\u3041-\u3096\u30a1-\u30fa\u30fc\u4e00-\u9fff]+)?")

Chunks = list[bytes]


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a token stands inside base64: the bytes that share a group of three with it, and the lines of its signs."""

    before: bytes
    after: bytes
    lines: tuple[slice, ...]

    def fill(self, token: bytes) -> bytes:
        """The signs for the token, line by line."""
        signs = b2a_base64(self.before + token + self.after, newline=False)
        return CRLF.join([signs[line] for line in self.lines])


@dataclass(frozen=True, slots=True)
class _Pattern:
    """The cut message: `head` is what stands between the personal headers, `body` what follows them, `places` the rest."""

    head: tuple[bytes, ...]
    body: bytes
    places: tuple[tuple[_Place, bytes], ...]


class CompiledMessage:
    """Pours messages of one issue.

    :raises MessageError: the issue has a place that cannot be filled, or a header that must not leave.
    """

    def __init__(self, issue: Issue, mail_list: MailList, *, tokens: LinkSigner, service_url: str, origin: SenderIdentity) -> None:
        self._forms = (issue, alternatives.as_light(issue))
        self._mail_list = mail_list
        self._origin = origin
        self._sign = tokens.signer(issue.ref.list)
        self._bases = (f"{service_url}/unsubscribe/".encode(), f"{service_url}/preferences/".encode())
        self._patterns: dict[tuple[int, bool], _Pattern] = {}
        self._date: tuple[datetime, bytes] | None = None
        self._domain = f"@{origin.message_id_domain}>".encode()
        self._identity = hashlib.sha256(f"{issue.ref}\n".encode())
        for is_light in (False, True):
            self._pattern(len(self._sign(SubscriberId(1))), is_light)

    def render(self, recipient: Addressee, sent_at: datetime, *, is_light: bool = False, identity: bytes = b"") -> Chunks:
        """The message as it goes over the line, in pieces to be joined: CRLF, dots doubled, ended by the lone dot.

        :param is_light: the light part alone, for who asked for it.
        :param identity: `message_id`, if it is known already.

        :raises AddressError: an address or name that could break out of its header.
        """
        token = self._sign(recipient.subscriber_id)
        pattern = self._patterns.get((len(token), is_light)) or self._pattern(len(token), is_light)
        head = pattern.head
        pieces = [head[0], format_to_bytes(recipient), head[1], token, head[2], self._dated(sent_at), head[3]]
        pieces += (identity or self.message_id(recipient.subscriber_id), pattern.body)
        for place, following in pattern.places:
            pieces += (place.fill(token), following)
        pieces.append(END)
        return pieces

    def message_id(self, subscriber_id: SubscriberId) -> bytes:
        """As `message.message_id`."""
        identity = self._identity.copy()
        identity.update(b"%d" % subscriber_id)
        return b"<" + identity.hexdigest()[:40].encode() + self._domain

    def _dated(self, sent_at: datetime) -> bytes:
        if self._date is None or self._date[0] is not sent_at:
            self._date = (sent_at, format_datetime(sent_at).encode())
        return self._date[1]

    def _pattern(self, length: int, is_light: bool) -> _Pattern:
        found = self._patterns[length, is_light] = self._cut(length, self._forms[is_light])
        return found

    def _cut(self, length: int, issue: Issue) -> _Pattern:
        """Compose for nobody, with links of this length, and take the message apart."""
        links = tuple(base + bytes([sign]) * length for base, sign in zip(self._bases, b"uv", strict=True))
        sample = compose.compose(
            issue,
            self._mail_list,
            SOMEBODY,
            links=RecipientLinks(*(link.decode() for link in links)),
            sent_at=issue.date,
            origin=self._origin,
        )
        head, _, body = sample.content.partition(CRLF + CRLF)
        marks = (message_to_line(SOMEBODY), links[0], format_datetime(issue.date).encode(), sample.message_id.encode())
        headers = _split(head + CRLF + CRLF, marks)
        static, places = [headers[4]], list[_Place]()
        for piece in re.split(rb"((?:[A-Za-z0-9+/=]{76}\r\n)*[A-Za-z0-9+/=]{1,76}\r\n(?=\r\n|--|\Z))", body):
            _take_apart(piece, links, length, static, places)
        return _Pattern((headers[0], headers[1] + self._bases[0], *headers[2:4]), static[0], tuple(zip(places, static[1:], strict=True)))


def format_to_bytes(recipient: Addressee) -> bytes:
    """The To header with its line end, the short way where `email` would not fold or quote.

    :raises AddressError: characters that must not reach an envelope or a header.
    """
    name, address = recipient.name, recipient.address
    if PLAIN_ADDRESS.fullmatch(address):
        if not name:
            line = f"To: {address}"
        elif LATIN_NAME.fullmatch(name):
            line = f"To: {name} <{address}>"
        elif JAPANESE_NAME.fullmatch(name):
            line = f"To: =?utf-8?b?{b2a_base64(name.encode(), newline=False).decode()}?= <{address}>"
        else:
            return message_to_line(recipient)
        if len(line) <= FOLD_AT:
            return line.encode() + CRLF
    return message_to_line(recipient)


def _split(text: bytes, marks: Sequence[bytes]) -> list[bytes]:
    """What stands between the marks, which come once each and in this order."""
    found: list[bytes] = []
    for mark in marks:
        before, there, text = text.partition(mark)
        if not there:
            raise MessageError("A header of the message is not where it should be; nothing was sent. Please report this.")
        found.append(before)
    return [*found, text]


def _take_apart(piece: bytes, links: Sequence[bytes], length: int, static: Chunks, places: list[_Place]) -> None:
    """Add a piece of the body to what is fixed, cut where a link's last `length` bytes stand, if it is base64."""
    raw = _decoded(piece)
    tokens = [] if raw is None else sorted(at + len(link) - length for link in links for at in _every(raw, link))
    if raw is None or not tokens:
        static[-1] += re.sub(rb"(?m)^\.", b"..", piece)
        return
    done = 0
    for token in tokens:
        first, last = token // 3 * 3, min(-(-(token + length) // 3) * 3, len(raw))
        begin, end = first // 3 * 4, -(-last // 3) * 4  # counted in signs, without line ends
        cuts = [0, *(cut - begin for cut in range(begin // LINE * LINE + LINE, end, LINE)), end - begin]
        lines = tuple(slice(*pair) for pair in pairwise(cuts))
        static[-1] += piece[done : begin + begin // LINE * len(CRLF)]
        places.append(_Place(raw[first:token], raw[token + length : last], lines))
        static.append(b"")
        done = end + (end - 1) // LINE * len(CRLF)
    static[-1] += piece[done:]


def _base64(raw: bytes) -> bytes:
    return CRLF.join([b2a_base64(raw[at : at + RAW_LINE], newline=False) for at in range(0, len(raw), RAW_LINE)])


def _decoded(piece: bytes) -> bytes | None:
    """The raw text, if the piece is base64 as `email` writes it."""
    try:
        raw = a2b_base64(piece)
    except ValueError:
        return None
    return raw if raw and _base64(raw) + CRLF == piece else None


def _every(text: bytes, mark: bytes) -> list[int]:
    places, at = [], text.find(mark)
    while at >= 0:
        places.append(at)
        at = text.find(mark, at + len(mark))
    return places
