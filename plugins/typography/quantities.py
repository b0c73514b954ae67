"""Numbers with units as a voice has to say them: ``98.6km`` is 98.6 キロメートル, and 42％ before 40基 needs a pause. For accessible names; the text stays as it is."""

from __future__ import annotations

import re

_UNITS = {
    "km": "キロメートル",
    "m": "メートル",
    "cm": "センチメートル",
    "mm": "ミリメートル",
    "ha": "ヘクタール",
    "a": "アール",
    "km²": "平方キロメートル",
    "㎢": "平方キロメートル",
    "m²": "平方メートル",
    "㎡": "平方メートル",
    "m³": "立方メートル",
    "㎥": "立方メートル",
    "t": "トン",
    "kg": "キログラム",
    "g": "グラム",
    "L": "リットル",
    "kW": "キロワット",
    "MW": "メガワット",
    "℃": "度",
    "％": "パーセント",
    "%": "パーセント",
}
"""Unit → what it is called (JIS Z 8000). A unit in kanji is said as it is written."""

_SIGNS = "|".join(sorted(map(re.escape, _UNITS), key=len, reverse=True))
_QUANTITY = re.compile(rf"(?P<number>[0-9][0-9,.]*) ?(?:(?P<sign>{_SIGNS})(?![A-Za-z²³])|(?=[\u4e00-\u9fffか]))(?P<next>(?=[0-9]))?")


def aloud(text: str) -> str:
    """Return ``text`` with a space between a number and its unit, units in words, and ``、`` where another number follows at once."""

    def say(match: re.Match[str]) -> str:
        return f"{match['number']} {_UNITS.get(match['sign'] or '', '')}{'、' if match['next'] is not None else ''}"

    return _QUANTITY.sub(say, text)
