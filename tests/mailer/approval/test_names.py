"""Names: one canonical form, and no way to write a name so that it passes for another person's."""

from __future__ import annotations

import random
import unicodedata

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from mailer.approval import names
from mailer.approval.names import NameRefused

INVISIBLE = (
    "\u200b\u200c\u200d\u2060\ufeff\u00ad\u034f\u061c\u115f\u1160\u17b4\u180e\u2800\u3164\ufe0f\uffa0\U000e0100\u202e\u2066\u2028\x00\x1b\n"
)
JAPANESE = st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5)
LATIN = st.sampled_from("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
WORD = st.one_of(st.text(JAPANESE, min_size=2, max_size=4), st.text(LATIN, min_size=3, max_size=8))
NAME = st.lists(WORD, min_size=1, max_size=3).map(" ".join)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("佐藤 花子", "佐藤花子"), ("佐藤 花子", "佐藤　花子"), ("佐藤 花子", "花子 佐藤"), ("佐藤 花子", "佐藤・花子"), ("佐藤 花子", "佐藤 花子."),
        ("佐藤 花子", "佐藤"), ("佐藤 花子", "佐藤 花子 主査"), ("高橋 誠", "髙橋 誠"), ("山崎 實", "山﨑 實"), ("渡邊 恵", "渡邉 恵"), ("吉田 翔", "𠮷田 翔"),
        ("佐藤 二郎", "佐藤 ニ郎"), ("力石 徹", "カ石 徹"), ("山口 学", "山ロ 学"), ("さとう はなこ", "サトウ ハナコ"), ("サトウ ハナコ", "ｻﾄｳ ﾊﾅｺ"),
        ("Hanako Sato", "SATO HANAKO"), ("Hanako Sato", "Hanako Satō"), ("Hanako Sato", "Ｈａｎａｋｏ Ｓａｔｏ"), ("Hanako Sato", "Hanak0 Sat0"),
        ("Bill Marn", "BiII Mam"), ("Hanako Sato", "Hanako"), ("Hanako Sato", "Нanako Sato"), ("Hanako Sato", "Hаnako Sаto"),
        ("鈴木 一郎", "鈴木－郎"), ("鈴木 一郎", "鈴木ー朗"), ("鈴木 一郎", "鈴朩一郞"), ("佐藤 花子", "佐籐 華子"), ("日下 末広", "曰下 未廣"), ("太田 実", "大田 實"),
        ("渕上 円", "淵上 圓"), ("滝 静", "瀧 靜"), ("Hanako Sato", "Hanako Satou"), ("Hanako Sato", "Satoh Hanako"), ("Hanako Sato", "H. Sato"),
        ("Hanako Sato", "H4nako 5ato"), ("Ken Wada", "Ken VVada"), ("Bo Holm", "Bø Hołm"), ("Ken Dato", "Ken Đato"), ("Anne-Marie Li", "Anne–Marie Li"),
    ],
)  # fmt: skip
def test_names_that_an_eye_takes_for_one_are_one_person(one: str, other: str) -> None:
    assert names.is_same(one, other) and names.is_same(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("佐藤 花子", "鈴木 一郎"), ("佐藤 花子", "佐藤 太郎"), ("佐藤 花子", "佐々木 花子"), ("高橋 誠", "髙橋 実"), ("さとう はなこ", "すずき はなこ"),
        ("Hanako Sato", "Taro Sato"), ("Hanako Sato", "Kenji Suzuki"), ("Ana Lima", "Maria Silva"), ("はた みき", "ばだ みき"),
        ("鈴木 一郎", "鈴木 二郎"), ("John F. Kennedy", "John G. Adams"), ("H. Sato", "Kenji Sato"),
    ],
)  # fmt: skip
def test_people_with_a_name_in_common_are_two(one: str, other: str) -> None:
    assert not names.is_same(one, other) and not names.is_same(other, one)


@pytest.mark.parametrize(("one", "other"), [("佐藤 花子", "さとう はなこ"), ("佐藤 花子", "Sato Hanako"), ("Sato", "サトウ")])
def test_names_of_different_scripts_cannot_be_compared(one: str, other: str) -> None:
    assert not names.is_comparable(one, other)


@pytest.mark.parametrize(
    "name", ["Сато Ханако", "Hanako Sato", "佐藤 花子", "고길동", "สมชาย ใจดี", "محمد علي", "Nguyễn Văn An", "O'Neil", "Jean-Luc"]
)
def test_names_of_people_from_everywhere_are_names(name: str) -> None:
    assert names.canonical(name) == unicodedata.normalize("NFKC", name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        "\u3000",
        "-",
        "・",
        "1234",
        "a@b",
        "<佐藤>",
        "佐藤\t花子",
        "佐\u0301藤",
        "Sаto",
        "Ηanako",
        "佐藤 Сато",
        "あ" * 101,
        "Hanaĸo Sato",
        "Hanaᴋo Sato",
        "ɢato Ken",
        "Ƨato Hanako",
        "\udc80",
    ],
)
def test_what_is_no_name_of_one_person_is_refused(name: str) -> None:
    with pytest.raises(NameRefused) as refused:
        names.canonical(name)
    assert str(refused.value).isprintable()


@settings(derandomize=True, max_examples=200, deadline=None)
@given(NAME, st.sampled_from(INVISIBLE), st.integers(0, 30))
def test_an_invisible_character_is_refused_wherever_it_stands(name: str, hidden: str, at: int) -> None:
    with pytest.raises(NameRefused):
        names.canonical(name[:at] + hidden + name[at:] if hidden not in "\n" else name[:1] + hidden + name[1:])


@settings(derandomize=True, max_examples=200, deadline=None)
@given(st.text(max_size=20))
def test_the_canonical_form_of_anything_is_its_own_and_holds_nothing_hidden(text: str) -> None:
    try:
        form = names.canonical(text)
    except NameRefused:
        return
    assert names.canonical(form) == form == unicodedata.normalize("NFKC", form)
    assert form.strip() == form != "" and form.isprintable()
    assert names.letters(form) and names.is_same(form, text)


@settings(derandomize=True, max_examples=200, deadline=None)
@given(NAME, st.integers(0, 2**32), st.sampled_from(["upper", "wide", "order", "dots", "joined", "title", "accents"]))
def test_no_way_to_write_a_name_makes_another_person_of_it(name: str, seed: int, way: str) -> None:
    changed = _written(name, way, random.Random(seed))
    assert names.is_same(name, changed)


@settings(derandomize=True, max_examples=150, deadline=None)
@given(NAME, NAME)
def test_the_comparison_is_the_same_both_ways(one: str, other: str) -> None:
    assume(one != other)
    assert names.is_same(one, other) == names.is_same(other, one)


def _written(name: str, way: str, chance: random.Random) -> str:
    words = name.split(" ")
    chance.shuffle(words)
    return {
        "upper": name.swapcase(),
        "wide": "".join(chr(ord(character) + 0xFEE0) if "!" <= character <= "~" else character for character in name),
        "order": " ".join(words),
        "dots": name.replace(" ", "・") + ".",
        "joined": "".join(words),
        "title": f"{name} 課長",
        "accents": "".join(f"{character}\u0301" if character in "aeiou" else character for character in name),
    }[way]
