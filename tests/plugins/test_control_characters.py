"""No source, table, settings file or caption goes public with a character that nobody sees, or that turns the reading direction."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from plugins.control_characters import CONTROL, is_blank, words
from plugins.diagnostics import ContentErrors
from tests.samples.tiny import PLACES, PUBLICATIONS, TinySite

SOURCE = "---\ntitle: {title}\ndate: 2020-05-01\n{more}---\n{body}\n"
FILM = 'kind: video\nvideo: https://example.jp/v\nduration: "4:30"\ncaptions: ../../files/a.vtt\n'
CAPTIONS = "WEBVTT\n\n00:01.000 --> 00:02.000\n字{}幕\n"


def _captions(tiny: TinySite, sign: str) -> None:
    tiny.write("press/2020/a.md", SOURCE.format(title="題", more=FILM, body="本文です。\n\n## 書き起こし\n\nことば"))
    tiny.write("files/a.vtt", CAPTIONS.format(sign))


PLACES_OF_A_SIGN: dict[str, Callable[[TinySite, str], object]] = {
    "title": lambda tiny, sign: tiny.article("press/2020/a.md", title=f"石{sign}巻"),
    "escape in a title": lambda tiny, sign: tiny.article("press/2020/a.md", title=f'"石\\u{ord(sign):04x}巻"'),
    "body": lambda tiny, sign: tiny.article("press/2020/a.md", lead=f"石{sign}巻"),
    "entity in a body": lambda tiny, sign: tiny.article("press/2020/a.md", lead=f"石&#x{ord(sign):x};巻"),
    "table": lambda tiny, sign: tiny.write("data/municipalities.csv", PLACES.replace("女川町", f"女{sign}川町")),
    "settings": lambda tiny, sign: (tiny.root / "publications.toml").write_text(PUBLICATIONS.replace("見本県", f"見{sign}本県"), "utf-8"),
    "captions": _captions,
}


@pytest.mark.parametrize("sign", ["\u202e", "\u2066", "\x81", "\u2028", "\x1b"])
@pytest.mark.parametrize("write", PLACES_OF_A_SIGN.values(), ids=PLACES_OF_A_SIGN)
def test_a_character_that_nobody_sees_is_told_wherever_it_stands(
    tiny: TinySite, write: Callable[[TinySite, str], object], sign: str
) -> None:
    write(tiny, sign)
    with pytest.raises(ContentErrors) as caught:
        tiny.library()
    assert len(caught.value.diagnostics) == 1


@pytest.mark.parametrize("text", ["か\u3099", "👨\u200d👩\u200d👧", "葛\U000e0100城", "タブ\t", "a\u00adb"])
def test_what_joins_and_chooses_characters_is_no_control_character(text: str) -> None:
    assert CONTROL.search(text) is None


@pytest.mark.parametrize(
    "text", ["", " \u3000", "\u200b", "\u2060\ufeff", "\u3164", "\u115f\u1160", "\ufe0f", "\u200f\u202b", "\u2800", "\u0301", "\ue000"]
)
def test_a_text_of_characters_that_nobody_sees_is_blank(text: str) -> None:
    assert is_blank(text) and words(text) == ""
    assert words(f" {text}海{text}") == f" {text}海{text}".strip()


@pytest.mark.parametrize("text", ["海", "a", "1", "…", "☆", "👩\u200d🚒", "葛\U000e0100", "e\u0301"])
def test_a_text_with_anything_to_see_is_not_blank(text: str) -> None:
    assert not is_blank(text)
