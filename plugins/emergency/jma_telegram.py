"""Reads a telegram of the Meteorological Agency (気象庁防災情報XMLフォーマット) as far as a notice needs it: warnings (VPWW55 to 61), earthquakes (VXSE5x), tsunami (VTSE4x).

The element names are those of the Agency's published schema: ``Control`` and ``Head`` are the same in all telegrams, and ``Head/Headline`` says for people
what is in force where. The file comes from outside and is taken for hostile: no document type, no entities, no network, at most 1 MB.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lxml import etree

LARGEST = 1_000_000
"""Bytes. The largest telegrams of warnings, with every municipality of a prefecture, have some 300 kB."""

MOST_AREAS = 2_000
"""Areas of one telegram. Japan has 1,741 municipalities."""

REPORT = "http://xml.kishou.go.jp/jmaxml1/"
_BASIS = "http://xml.kishou.go.jp/jmaxml1/informationBasis1/"
_LEVEL = re.compile(r"レベル([1-5１-５])")

# The first that a kind of warning names is the hazard. 洪水 is the old word for 氾濫, 波浪 the Agency's for 高波.
_HAZARDS = (
    ("津波", "津波"), ("土砂災害", "土砂災害"), ("氾濫", "氾濫"), ("洪水", "氾濫"), ("高潮", "高潮"), ("波浪", "高波"), ("暴風", "暴風"), ("強風", "暴風"),
    ("大雪", "大雪"), ("竜巻", "竜巻"), ("大雨", "大雨"), ("震度", "地震"), ("震源", "地震"), ("地震", "地震"), ("噴火", "火山"),
)  # fmt: skip
_WEIGHTS = (("特別警報", "特別警報"), ("大津波警報", "特別警報"), ("危険警報", "危険警報"), ("警報", "警報"), ("注意報", "注意"))


class UnreadableTelegram(Exception):
    """The file is no telegram that can become a notice. The message is in two languages."""


@dataclass(frozen=True)
class Telegram:
    """``kinds`` are what is in force (レベル4土砂災害危険警報), ``areas`` where, both without repetition and in the order of the telegram."""

    title: str
    publishing_office: str
    reported: dt.datetime
    valid: dt.datetime | None
    is_drill: bool
    is_cancelled: bool
    headline: str
    kinds: tuple[str, ...]
    areas: tuple[str, ...]

    @property
    def _words(self) -> tuple[str, ...]:
        """What is in force. Only where no kind is named, the title says it: 津波警報・注意報 stands above an advisory too."""
        return self.kinds or (self.title,)

    @property
    def level(self) -> int | None:
        """The highest level that the kinds or the title name."""
        levels = [int(number) for text in self._words for number in _LEVEL.findall(text)]
        return max(levels, default=None)

    @property
    def severity(self) -> str:
        """The weight of a telegram without levels."""
        return next((word for sign, word in _WEIGHTS if any(sign in text for text in self._words)), "情報")

    @property
    def hazard(self) -> str:
        """A word of the table of hazards. The gravest kind decides: it stands first among those of the highest level."""
        ranked = sorted(self.kinds, key=lambda kind: -max((int(number) for number in _LEVEL.findall(kind)), default=0))
        texts = (*ranked, self.title)
        return next((word for text in texts for sign, word in _HAZARDS if sign in text), "その他")


def read_telegram(file: Path) -> Telegram:
    """Read ``file``. Raises `UnreadableTelegram`, `OSError`."""
    if not file.is_file():
        raise UnreadableTelegram(f"{file} はふつうのファイルではありません / not a regular file")
    with file.open("rb") as opened:
        data = opened.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise UnreadableTelegram("電文が1MBを超えています / larger than 1 MB: no telegram")
    return parse_telegram(data)


def parse_telegram(data: bytes) -> Telegram:
    """Return what the bytes say. Raises `UnreadableTelegram`."""
    report = _root(data)
    status = _text(report, f"{{{REPORT}}}Control/{{{REPORT}}}Status")
    if status not in ("通常", "訓練"):
        raise UnreadableTelegram(
            f"電文の種別が「{status[:20]}」です。通常か訓練のものだけを読みます / status {status[:20]!r}: only 通常 and 訓練 are read"
        )
    head = report.find(f"{{{_BASIS}}}Head")
    if head is None:
        raise UnreadableTelegram("気象庁の電文の見出し（Head）がありません / no Head: not a telegram of the Meteorological Agency")
    kinds, areas = zip(*_items(head), strict=True) if any(_items(head)) else ((), ())
    return Telegram(
        title=_text(head, f"{{{_BASIS}}}Title"),
        publishing_office=_text(report, f"{{{REPORT}}}Control/{{{REPORT}}}PublishingOffice"),
        reported=_moment(_text(head, f"{{{_BASIS}}}ReportDateTime")),
        valid=_moment(valid) if (valid := _text(head, f"{{{_BASIS}}}ValidDateTime")) else None,
        is_drill=status == "訓練",
        is_cancelled=_text(head, f"{{{_BASIS}}}InfoType") == "取消",
        headline=_text(head, f"{{{_BASIS}}}Headline/{{{_BASIS}}}Text"),
        kinds=tuple(dict.fromkeys(kind for kind in kinds if kind)),
        areas=tuple(dict.fromkeys(area for area in areas if area)),
    )


def _root(data: bytes) -> Any:
    if re.search(rb"<!\s*(DOCTYPE|ENTITY)", data, re.IGNORECASE) or re.search(rb"<\0?!\0?D\0?O\0?C", data):
        raise UnreadableTelegram("電文に文書型の宣言があります。気象庁の電文にはありません / a document type: telegrams have none")
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        root: Any = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise UnreadableTelegram(f"XMLとして読めません / not XML: {str(error)[:200]}") from error
    if root.tag != f"{{{REPORT}}}Report" or root.getroottree().docinfo.doctype:
        raise UnreadableTelegram("気象庁の電文（Report）ではありません / no Report: not a telegram of the Meteorological Agency")
    return root


def _items(header: Any) -> list[tuple[str, str]]:
    return list(_pairs(header))[:MOST_AREAS]


def _pairs(header: Any) -> Iterator[tuple[str, str]]:
    """Yield each kind with each of its areas; what is no longer in force (解除) is left out."""
    for item in header.iterfind(f"{{{_BASIS}}}Headline/{{{_BASIS}}}Information/{{{_BASIS}}}Item"):
        names = [_clean(name.text) for name in item.iterfind(f"{{{_BASIS}}}Kind/{{{_BASIS}}}Name")]
        areas = [_clean(name.text) for name in item.iterfind(f"{{{_BASIS}}}Areas/{{{_BASIS}}}Area/{{{_BASIS}}}Name")]
        yield from ((name, area) for name in names if "解除" not in name for area in areas)


def _text(element: Any, path: str) -> str:
    child = element.find(path)
    return "" if child is None else _clean(child.text)


def _clean(text: str | None) -> str:
    """Return the text on one line, without what XML allows and a source does not (C1 controls, marks of direction)."""
    return " ".join(re.sub(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]", " ", text or "").split())


def _moment(text: str) -> dt.datetime:
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError as error:
        raise UnreadableTelegram(f"日時「{text[:40]}」が読めません / {text[:40]!r} is no moment") from error
    if moment.tzinfo is None:
        raise UnreadableTelegram(f"日時「{text[:40]}」に時差がありません / {text[:40]!r} has no offset")
    return moment
