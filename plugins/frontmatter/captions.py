"""WebVTT captions (W3C WebVTT, section 4): is there anything to show, and when? Pure."""

from __future__ import annotations

import re

_TIME = r"(?:(\d{2,}):)?([0-5]\d):([0-5]\d)\.(\d{3})"
_CUE = re.compile(rf"{_TIME}[ \t]+-->[ \t]+{_TIME}(?:[ \t].*)?")


def caption_faults(text: str) -> list[tuple[int, str, str]]:
    """Return what is wrong: line (from 1), and the reason in Japanese and English. An empty list is a file that players show."""
    lines = text.removeprefix("\ufeff").splitlines()
    if not lines or not re.match(r"WEBVTT(?:[ \t]|$)", lines[0]):
        return [(1, "字幕の一行目は「WEBVTT」と書いてください", "the first line of captions has to be WEBVTT")]
    found: list[tuple[int, str, str]] = []
    cues = [(number, line) for number, line in enumerate(lines, 1) if "-->" in line]
    if not cues:
        found.append((1, "字幕が一つもありません", "there is not a single caption"))
    last = -1.0
    for number, line in cues:
        found += [(number, *words) for words in _cue_faults(line, lines[number] if number < len(lines) else "", last)]
        last = _begins(line, last)
    return found


def _cue_faults(line: str, following: str, last: float) -> list[tuple[str, str]]:
    cue = _CUE.fullmatch(line.strip())
    if not cue:
        return [
            ("時刻が読めません。00:01.000 --> 00:04.000 のように書いてください", "cannot read the times: write 00:01.000 --> 00:04.000")
        ]
    start, end = _seconds(cue.groups()[:4]), _seconds(cue.groups()[4:])
    if end <= start:
        return [("字幕の終わりが始まりより前です", "the caption ends before it begins")]
    if start < last:
        return [("前の字幕より早く始まっています。順番にならべてください", "it begins before the caption above: put them in order")]
    return [] if following.strip() else [("字幕のことばがありません", "the caption has no words")]


def _begins(line: str, last: float) -> float:
    cue = _CUE.fullmatch(line.strip())
    return _seconds(cue.groups()[:4]) if cue else last


def _seconds(parts: tuple[str | None, ...]) -> float:
    hours, minutes, seconds, thousandths = (int(part or 0) for part in parts)
    return hours * 3600 + minutes * 60 + seconds + thousandths / 1000
