"""An announcement and a channel of the same purpose → the post that the channel gets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from channels.announcement import Announcement, Change, Purpose, SitePicture, Wording
from channels.composer.cutting import cut
from channels.composer.lengths import Ruler, ruler_of
from channels.destinations import Destination
from channels.model import Link, Picture, Post
from channels.settings import AnyChannel

ALTERNATIVE = 1_000
"""Characters of a picture's text: X takes 1,000, Mastodon 1,500, Bluesky 2,000."""
CARD_TITLE, CARD_DESCRIPTION = 200, 300
LEAST = 8
"""Characters below which the beginning of a sentence says nothing."""

_MARKS = {
    Change.CORRECT: {
        "ja": "【訂正】",
        "en": "[Correction] ",
        "zh": "【更正】",
        "ko": "[정정] ",
        "pt": "[Correção] ",
        "vi": "[Đính chính] ",
    },
    Change.CANCEL: {"ja": "【解除】", "en": "[Lifted] ", "zh": "【解除】", "ko": "[해제] ", "pt": "[Encerrado] ", "vi": "[Dỡ bỏ] "},
    Change.WITHDRAW: {"ja": "【取消】", "en": "[Withdrawn] ", "zh": "【撤回】", "ko": "[취소] ", "pt": "[Retirado] ", "vi": "[Rút lại] "},
    Change.UPDATE: {"ja": "【更新】", "en": "[Update] ", "zh": "【更新】", "ko": "[갱신] ", "pt": "[Atualização] ", "vi": "[Cập nhật] "},
}
_DRILL_MARKS = {"ja": "【訓練】", "en": "[Drill] ", "zh": "【演习】", "ko": "[훈련] ", "pt": "[Simulado] ", "vi": "[Diễn tập] "}


class CannotCompose(ValueError):
    """No post of this network can hold what must be in it, e.g. an address that is longer than a whole post."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A post without its key, and how its network measures it."""

    text: str
    language: str
    link: Link
    pictures: tuple[SitePicture, ...]
    ruler: Ruler
    is_cut: bool

    @property
    def length(self) -> int:
        """How long the text is, as the network counts it."""
        return self.ruler.length(self.text)


@dataclass(frozen=True, slots=True)
class _Lines:
    """What stands before hashtags and address. ``is_cut``: something was cut or left out."""

    lines: list[str]
    is_cut: bool


def compose(announcement: Announcement[Purpose], destination: Destination[Purpose], change: Change | None = None) -> Draft:
    """Write the post.

    :param change: what it does to the post before; None: what the record says itself.
    :raises CannotCompose: the address alone is longer than a post.
    """
    language, wording = announcement.wording(destination.channel.language)
    mark = _mark(announcement, change or announcement.change, language, wording.title)
    marked = Wording(mark + " ".join(wording.title.split()), wording.body)
    return _draft(destination.channel, marked, language, announcement.address, announcement.pictures)


def _draft(channel: AnyChannel, wording: Wording, language: str, address: str, pictures: tuple[SitePicture, ...]) -> Draft:
    ruler = ruler_of(channel)
    if not ruler.fits(address):
        raise CannotCompose(f"{channel.name}: the address is longer than a whole post / アドレスだけで長さの限りを超えます: {address}")
    tail = [" ".join(f"#{tag}" for tag in channel.hashtags), address]
    if not channel.hashtags or not ruler.fits("\n".join(tail)):
        tail = [address]
    shown = _lines(wording, tail, ruler, language)
    link = Link(address, _short(wording.title, CARD_TITLE, language), _short(" ".join(wording.body), CARD_DESCRIPTION, language))
    return Draft("\n".join([*shown.lines, *tail]), language, link, pictures, ruler, shown.is_cut)


def post_of(draft: Draft, key: UUID, announcement: Announcement[Purpose], site: Path, in_reply_to: str | None = None) -> Post:
    """Return the post with its key, and its pictures as files of the built site."""
    pictures = tuple(Picture(site / each.path, each.media_type, _alternative(each, draft.language)) for each in draft.pictures)
    return Post(key, draft.text, draft.language, announcement.moment, draft.link, pictures, announcement.is_urgent, in_reply_to)


def _mark(announcement: Announcement[Purpose], change: Change, language: str, title: str) -> str:
    """What stands before the title: a drill is told as one first of all. A mark that the title has already is not said twice."""
    marks = [_word(_DRILL_MARKS, language)] if announcement.purpose.is_drill else []
    marks += [_word(_MARKS[change], language)] if change in _MARKS else []
    return "".join(mark for mark in marks if mark.strip(" 【】[]") not in title[:20])


def _word(words: dict[str, str], language: str) -> str:
    return words.get(language.partition("-")[0], words["en"])


def _lines(wording: Wording, tail: list[str], ruler: Ruler, language: str) -> _Lines:
    """Return the title, and as many sentences as have room before the tail."""

    def fits_after(lines: list[str]) -> Callable[[str], bool]:
        return lambda text: ruler.fits("\n".join([*lines, text, *tail]))

    title = cut(wording.title, fits_after([]), language)
    lines: list[str] = [title] if title else []
    is_cut = title != wording.title
    for sentence in () if is_cut else (" ".join(each.split()) for each in wording.body):
        shown = cut(sentence, fits_after(lines), language)
        if shown == sentence or len(shown) >= LEAST:
            lines += [shown] if shown else []
        if shown != sentence:
            return _Lines(lines, True)
    return _Lines(lines, is_cut)


def _short(text: str, most: int, language: str) -> str:
    return cut(" ".join(text.split()), lambda part: len(part) <= most, language)


def _alternative(picture: SitePicture, language: str) -> str:
    words = picture.alternatives.get(language) or next(iter(picture.alternatives.values()))
    return cut(words, lambda part: len(part) <= ALTERNATIVE, language)
