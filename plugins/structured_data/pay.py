"""Pay as people write it, as an amount for search engines: what is written, or nothing. A guess would tell job seekers a wrong wage. Pure."""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal

from plugins.structured_data.site import JsonLd

_UNITS = {"時": "HOUR", "日": "DAY", "週": "WEEK", "月": "MONTH", "年": "YEAR"}
_UNIT = r"(?P<unit>時給|時間給|時間額|日給|日額|日当|週給|月給|月収|月額|年俸|年収|年額|月(?=[0-9])|年(?=[0-9]))[ :]*(?:は|、)?"
_AMOUNT = r"[0-9][0-9,.]{0,12}(?:[万千百][0-9,.]{0,12}){0,3}"
_RANGE = re.compile(
    rf"{_UNIT}(?P<first>{_AMOUNT})(?P<yen>円)?"
    rf"(?: ?(?:から|より|~|-) ?(?:(?P<second>{_AMOUNT})円?(?P<until>まで)?)?(?P<open>以上)?|(?P<least>以上)|(?P<most>まで|以下))?"
)
_WAVES = str.maketrans("〜～∼−‐–—―ー", "~~~------")
_NUMBER = re.compile(r"[0-9]{1,3}(?:,[0-9]{3}){1,3}|[0-9]{1,10}(?:\.[0-9]{1,4})?")

# What follows may only say what leaves the amount as it is. A second wage, a share, or a word that nobody foresaw makes the whole unread.
_CLAUSE = re.compile(r"[((](?P<inside>[^()]*)[))]|[、,。・/ ]+(?P<after>[^、。・/ ()]+)")
_NEUTRAL = re.compile(
    r"(?:税込|額面|昇給|賞与|ボーナス|任期|契約|雇用|更新|[0-9一二三]+年(?:ごと|で正社員|後に正社員)|交通費|通勤|正社員|登用|社会保険|各種|別に|ほかに|当日払|月末|翌月|見本"
    r"|[一-龥]{0,6}手当).*"
)
_BY_PERSON = re.compile(r"(?:経験|能力|年齢|資格|職務|スキル|学歴).*")
_MONEY = re.compile(r"円|万|千|%|割|引き|引く|減|手取|半額|時給|時間給|日給|日当|週給|月給|月収|年収|年俸|歩合|相談|含む|込みで")
_ALLOWANCE = re.compile(rf"[一-龥]{{0,6}}手当(?:は|が|に)?(?:月額?)?{_AMOUNT}円(?:まで)?")


def base_salary(pay: str) -> JsonLd | None:
    """Return pay such as ``月給19万8000円から24万円`` as an amount in yen for a unit of time (schema.org/MonetaryAmount).

    Returns None if ``pay`` says anything that the amount would not say.
    """
    text = re.sub(r"\s+", " ", unicodedata.normalize("NFKC", pay.translate(_WAVES))).strip().translate(_WAVES)
    match = _RANGE.match(text)
    amounts = _amounts(match) if match else None
    if not match or not amounts or not _leaves_as_it_is(text[match.end() :], is_exact=set(amounts) == {"value"}):
        return None
    unit = _UNITS[match["unit"][0]]
    return {
        "@type": "MonetaryAmount",
        "currency": "JPY",
        "value": {"@type": "QuantitativeValue", "unitText": unit, **amounts},
    }


def _amounts(match: re.Match[str]) -> dict[str, int] | None:
    second = _yen(match["second"]) if match["second"] else None
    first = _yen(match["first"])
    if first is None or (match["second"] and second is None):
        return None
    if second is not None:
        if not match["yen"] and match["first"].isdigit() and not match["second"].replace(",", "").isdigit():
            sign = re.fullmatch(r"[0-9.]+([万千百])", match["second"])
            first = (_yen(match["first"] + sign[1]) if sign else 0) or 0  # 18〜24万円: the sign stands once, for both
        return {"minValue": first, "maxValue": second} if 0 < first < second and not match["open"] else None
    if first <= 0 or not (match["yen"] or "万" in match["first"]):
        return None
    end = match.string[match.start("first") : match.end()]
    if match["most"]:
        return {"maxValue": first}
    is_open = match["least"] or end.rstrip().endswith(("から", "より", "~", "-"))
    return {"minValue": first} if is_open else {"value": first}


def _yen(written: str) -> int | None:
    """``19万8000``, ``19.8万``, ``5千``, ``1,200`` → yen; None for what is no whole number of yen."""
    total, rest = Decimal(0), written
    for sign, factor in (("万", 10_000), ("千", 1_000), ("百", 100)):
        head, found, tail = rest.partition(sign)
        if found:
            if not _NUMBER.fullmatch(head):
                return None
            total, rest = total + Decimal(head.replace(",", "")) * factor, tail
    if rest:
        if not _NUMBER.fullmatch(rest):
            return None
        total += Decimal(rest.replace(",", ""))
    return int(total) if total == int(total) else None


def _leaves_as_it_is(text: str, *, is_exact: bool) -> bool:
    at = 0
    while at < len(text):
        clause = _CLAUSE.match(text, at)
        if clause is None:
            return text[at:].strip(" 。") == ""
        words = clause["inside"] if clause["inside"] is not None else clause["after"]
        for part in filter(None, re.split(r"[、,・/ ]+", words)):
            if not _is_neutral(part, is_exact=is_exact, is_after=clause["after"] is not None):
                return False
        at = clause.end()
    return True


def _is_neutral(words: str, *, is_exact: bool, is_after: bool) -> bool:
    if is_after and _ALLOWANCE.fullmatch(words):  # an addition of its own: 月給20万円、住宅手当1万円
        return True
    if _MONEY.search(words):
        return False
    return bool(_NEUTRAL.fullmatch(words)) or (not is_exact and bool(_BY_PERSON.fullmatch(words)))
