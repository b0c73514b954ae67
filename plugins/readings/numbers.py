"""Numbers as Japanese writes them, in digits of both widths and in kanji, and how they sound before a counter. Pure.

A counter changes its sound, and the number's, by the last part of the number that is spoken: 十本 じゅっぽん, 三千本 さんぜんぼん (大辞泉, appendix 数え方;
NHK日本語発音アクセント新辞典, appendix 助数詞). That part is called the *end* here: ``"1"`` to ``"9"``, ``"10"``, ``"100"``, ``"1000"``, ``"10000"``, ``"何"``, or
``""`` for those that change nothing (0, 億, 数).
"""

from __future__ import annotations

import re

DIGITS = "0-9０-９"
KANJI_DIGITS = "〇一二三四五六七八九"
_UNITS = "十百千万億兆"

ARABIC = rf"[{DIGITS}](?:[{DIGITS}]|[,，](?=[{DIGITS}]{{3}}))*(?:[.．][{DIGITS}]+)?(?:[百千万億兆]+(?:[{DIGITS}]+[百千万億兆]*)*)?"
KANJI = rf"[何数幾]?[{KANJI_DIGITS}{_UNITS}]+数?|[何数幾]"
NUMBER = rf"(?:{ARABIC}|{KANJI})"
"""A pattern of one number, as it stands: 3, ３, 1,200, 2.5, 3万5千, 十二, 二〇一一, 何, 数十, 十数."""

_ASCII = str.maketrans("０１２３４５６７８９．，〇一二三四五六七八九", "0123456789.,0123456789")
_KANA = dict(enumerate("いち に さん よん ご ろく なな はち きゅう".split(), 1))
_HUNDREDS = {1: "ひゃく", 3: "さんびゃく", 6: "ろっぴゃく", 8: "はっぴゃく"}
_THOUSANDS = {1: "せん", 3: "さんぜん", 8: "はっせん"}
_GROUPS: tuple[tuple[int, str, dict[int, str]], ...] = (
    (10**12, "ちょう", {1: "いっ", 8: "はっ", 10: "じゅっ"}),
    (10**8, "おく", {}),
    (10**4, "まん", {}),
)
_UNIT_KANA = {"十": "じゅう", "百": "ひゃく", "千": "せん", "万": "まん", "億": "おく", "兆": "ちょう"}
_VOICED_UNITS = {"3百": "びゃく", "6百": "ぴゃく", "8百": "ぴゃく", "3千": "ぜん"}
_INDEFINITE = {"何": "なん", "数": "すう", "幾": "いく"}


def end_of(number: str) -> str:
    """Return the last part of ``number`` that is spoken."""
    ascii_number = number.translate(_ASCII).replace(",", "")
    last = ascii_number[-1]
    if last in "何":
        return last
    if last in _UNITS:
        return {"十": "10", "百": "100", "千": "1000", "万": "10000"}.get(last, "")
    if not last.isdigit():
        return ""
    if last != "0":
        return last
    zeros = len(ascii_number) - len(ascii_number.rstrip("0"))
    if "." in ascii_number or zeros == len(ascii_number) or not ascii_number[-zeros - 1].isdigit():
        return ""
    return {1: "10", 2: "100", 3: "1000"}.get(zeros, "10000" if zeros < 8 else "")


def value_of(number: str) -> int | None:
    """Return ``number`` as an integer; None for fractions, and for 何, 数 and 幾."""
    ascii_number = number.translate(_ASCII).replace(",", "")
    if not re.fullmatch(rf"[0-9{_UNITS}]+", ascii_number) or len(ascii_number) > 20:
        return None
    total = group = digits = 0
    for part in re.findall(r"[0-9]+|\D", ascii_number):
        if part.isdigit():
            digits = int(part)
        elif part in "十百千":
            group, digits = group + (digits or 1) * {"十": 10, "百": 100, "千": 1000}[part], 0
        else:
            total, group, digits = total + (group + digits or 1) * {"万": 10**4, "億": 10**8, "兆": 10**12}[part], 0, 0
    return total + group + digits


def kana_of(number: str) -> str:
    """Return how a number in kanji is read by itself: さんびゃくごじゅう; empty if it has no such reading."""
    if number and number[0] in _INDEFINITE:
        return _INDEFINITE[number[0]] + _units(number[1:], is_voiced=number[0] == "何")
    if number.endswith("数"):
        return kana_of(number[:-1]) + "すう"
    value = value_of(number)
    return "" if value is None else kana_of_value(value)


def kana_of_value(value: int) -> str:
    """Return the reading of a whole number from 0 to below 10¹⁶."""
    if value == 0:
        return "ぜろ"
    kana = ""
    for size, name, changed in _GROUPS:
        count, value = divmod(value, size)
        if count:
            kana += (changed.get(count) or _below_ten_thousand(count)) + name
    return kana + _below_ten_thousand(value)


def _below_ten_thousand(value: int) -> str:
    thousands, hundreds, tens, ones = value // 1000, value // 100 % 10, value // 10 % 10, value % 10
    kana = _THOUSANDS.get(thousands, f"{_KANA[thousands]}せん") if thousands else ""
    kana += _HUNDREDS.get(hundreds, f"{_KANA[hundreds]}ひゃく") if hundreds else ""
    kana += ("じゅう" if tens == 1 else f"{_KANA[tens]}じゅう") if tens else ""
    return kana + (_KANA[ones] if ones else "")


def _units(kanji: str, *, is_voiced: bool = False) -> str:
    """The rest of 数十 and 何千万. Its first part is voiced after 何: なんびゃく, なんぜん."""
    first = {"百": "びゃく", "千": "ぜん"} if is_voiced else {}
    return "".join((first if not place else {}).get(unit) or _UNIT_KANA.get(unit, "") for place, unit in enumerate(kanji))


def unit_readings(number: str) -> list[tuple[int, int, str]]:
    """Return the parts of a number in digits that need a reading, as (start, end, kana): the 万 and the 千 of 3万5千."""
    readings = []
    for match in re.finditer(r"[百千万億兆]+", number):
        before = number[: match.start()].translate(_ASCII)[-1:]
        first = _VOICED_UNITS.get(before + match[0][0], _UNIT_KANA[match[0][0]])
        readings.append((match.start(), match.end(), first + _units(match[0][1:])))
    return readings
