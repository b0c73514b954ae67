"""Keeps dates, times, postal codes and telephone numbers of a finished HTML text on one line. Pure.

Japanese may break between nearly any two characters (UAX #14, class ID), so a narrow screen shows 「2018年3月」 and 「24日」 on two lines, and half a
telephone number. What matches gets a span with ``white-space:nowrap``, as a style of its own: webmail cuts style sheets off. Breaks between phrases inside go.
Programs make links of dates and numbers by themselves; a theme's rule for ``.k a`` gives those the colour of the text around them.
"""

from __future__ import annotations

import re

_BREAK = r"(?:<wbr\b[^>]*>)?"
_DIGIT = "[0-9０-９]"
_WEEKDAY = rf"(?:{_BREAK}[（(]{_BREAK}[月火水木金土日](?:{_BREAK}曜{_BREAK}日?)?{_BREAK}[)）])?"
_YEAR = rf"(?:{_DIGIT}{{4}}|(?:令和|平成|昭和|大正|明治){_BREAK}(?:元|{_DIGIT}{{1,2}})){_BREAK}年"
_MONTH, _DAY = rf"{_DIGIT}{{1,2}}{_BREAK}月", rf"{_DIGIT}{{1,2}}{_BREAK}日"
_DATE = rf"(?:{_YEAR}{_BREAK})?{_MONTH}{_BREAK}{_DAY}{_WEEKDAY}|{_YEAR}{_BREAK}{_MONTH}|{_DAY}(?![間目本])"
_TIME = rf"(?:午前|午後)?{_BREAK}{_DIGIT}{{1,2}}{_BREAK}時(?:{_BREAK}{_DIGIT}{{1,2}}{_BREAK}分|半)?(?!間)|{_DIGIT}{{1,2}}[:：]{_DIGIT}{{2}}"
_POSTCODE = rf"〒{_BREAK}{_DIGIT}{{3}}[-－]{_DIGIT}{{4}}"
_NUMBER = rf"(?<![0-9０-９-])[0０]{_DIGIT}{{1,4}}[-－(（]{_DIGIT}{{1,4}}[-－)）]{_DIGIT}{{3,4}}(?![0-9０-９-])"
_WHOLE = re.compile(f"{_DATE}|{_TIME}|{_POSTCODE}|{_NUMBER}")
_BREAKS = re.compile(r"<wbr\b[^>]*>")
_APART = re.compile(r"(<!--.*?-->|<pre\b.*?</pre>|<(?!wbr\b)[^>]*>)", re.DOTALL)
"""What stays as it is: comments, what is laid out already, tags."""


def keep_whole(html: str) -> str:
    """Return the HTML document with a span around each date, time, postal code and telephone number of its body."""
    head, body, rest = html.partition("<body")
    parts = _APART.split(body + rest)
    return head + "".join(part if index % 2 else _WHOLE.sub(_span, part) for index, part in enumerate(parts))


def _span(match: re.Match[str]) -> str:
    return f'<span class="k" style="white-space:nowrap">{_BREAKS.sub("", match[0])}</span>'
