"""How long a text is, as each network counts it, and how long it may be."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import emoji
import regex

from channels.settings import AnyChannel, BlueskyChannel, LineChannel, MastodonChannel, WebhookChannel, WebPushChannel, XChannel

LINK = 23
"""Characters of a link on X (t.co) and on Mastodon, however long it is."""
LINE_UNITS, BLUESKY_GRAPHEMES, BLUESKY_BYTES, X_WEIGHT = 5_000, 300, 3_000, 280
PUSH_BYTES = 2_400
"""Of the text within a message of Web Push: 3,993 bytes are the most that every push service takes (RFC 8291 section 4), and title, address and key
need the rest.
"""
SINGLE_WEIGHT = ((0, 4351), (8192, 8205), (8208, 8223), (8242, 8247))
"""Code points that count 1 on X; all others count 2 (twitter-text, configuration version 3)."""

_LINKS = regex.compile(r"https?://[^\s\p{Cc}　]+", regex.IGNORECASE)
_X_LINKS = regex.compile(
    r"(?P<scheme>https?://)?(?<![@\w.-])(?:[a-z0-9](?:[a-z0-9_-]{0,62})\.)+[a-z]{2,24}(?::\d{1,5})?(?![\w.-]*@)"
    r"(?P<rest>[/?][a-z0-9!*';:=+,.$%#_~&@/|()?\[\]-]*)?",
    regex.IGNORECASE,
)
_LINK_END = regex.compile(r"[a-z0-9=_#/+-]", regex.IGNORECASE)
_MENTIONS = regex.compile(r"(?<![=/\w])(@[a-z0-9_]+(?:[a-z0-9_.-]+[a-z0-9_]+)?)@[\w.-]*\w", regex.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Ruler:
    """How a network measures. ``unit`` is what it counts, in Japanese and English; all of ``limits`` must hold, and the first is shown."""

    unit: str
    limits: tuple[tuple[Callable[[str], int], int], ...]

    def fits(self, text: str) -> bool:
        """Whether the network takes a text of this length."""
        return all(measure(text) <= most for measure, most in self.limits)

    def length(self, text: str) -> int:
        """How long it is."""
        return self.limits[0][0](text)

    @property
    def most(self) -> int:
        """How long it may be."""
        return self.limits[0][1]


def ruler_of(channel: AnyChannel) -> Ruler:
    """How the network of this channel measures."""
    match channel:
        case LineChannel():
            return Ruler("UTF-16の単位 UTF-16 units", ((utf16_units, LINE_UNITS),))
        case MastodonChannel():
            return Ruler("文字 characters", ((mastodon_length, channel.limit),))
        case BlueskyChannel():
            return Ruler("文字 graphemes", ((graphemes, BLUESKY_GRAPHEMES), (utf8_bytes, BLUESKY_BYTES)))
        case XChannel():
            return Ruler("X の重み weight on X", ((x_weight, X_WEIGHT),))
        case WebhookChannel():
            return Ruler("文字 characters", ((len, channel.limit),))
        case WebPushChannel():
            return Ruler("バイト bytes", ((json_bytes, PUSH_BYTES),))
        case _:
            return Ruler("文字 characters", ((len, LINE_UNITS),))  # a hub gets no text


def graphemes(text: str) -> int:
    """What a reader takes for characters: extended grapheme clusters (Unicode Standard Annex 29)."""
    return len(regex.findall(r"\X", text))


def utf8_bytes(text: str) -> int:
    """Bytes in UTF-8."""
    return len(text.encode())


def utf16_units(text: str) -> int:
    """Code units in UTF-16: two for a character outside the Basic Multilingual Plane."""
    return len(text.encode("utf-16-le")) // 2


def json_bytes(text: str) -> int:
    """Bytes in a JSON string, without its quotes."""
    return len(json.dumps(text, ensure_ascii=False).encode()) - 2


def mastodon_length(text: str) -> int:
    """Graphemes, with 23 for each link, and without the server of an account that is mentioned (Mastodon, StatusLengthValidator)."""
    return graphemes(_MENTIONS.sub(r"\1", _LINKS.sub("x" * LINK, text)))


def x_weight(text: str) -> int:
    """The weighted length on X: links 23, an emoji 2, code points 1 or 2 (twitter-text, configuration version 3), after NFC.

    A name of a domain without ``https://`` is a link there too if its end is a top-level domain. We have no list of those: it counts as the longer of both.
    """
    total, position, normal = 0, 0, unicodedata.normalize("NFC", text)
    for match in _X_LINKS.finditer(normal):
        total += _plain_weight(normal[position : match.start()])
        plain = _plain_weight(match[0])
        total += _tail(match[0]) + LINK if match["scheme"] else max(plain, LINK)
        position = match.end()
    return total + _plain_weight(normal[position:])


def _tail(link: str) -> int:
    """Characters at the end of a link that X does not take as a part of it, e.g. a full stop."""
    kept = len(link)
    while not _LINK_END.match(link[kept - 1]):
        kept -= 1
    return len(link) - kept


def _plain_weight(text: str) -> int:
    if text.isascii():
        return len(text)
    return sum(_cluster_weight(cluster) for cluster in regex.findall(r"\X", text))


@lru_cache(maxsize=10_000)
def _cluster_weight(cluster: str) -> int:
    """2 for one emoji of Unicode's list, however many code points it has; a sequence that is not in the list is counted piece by piece."""
    if cluster in emoji.EMOJI_DATA:
        return 2
    return sum(1 if any(first <= ord(each) <= last for first, last in SINGLE_WEIGHT) else 2 for each in cluster)
