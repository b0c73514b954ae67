"""Numbers with counters: the sound changes with the number, in digits of both widths and in kanji."""

from __future__ import annotations

import pytest

from plugins.readings.counters import counters
from tests.samples.readings import in_kana


@pytest.mark.parametrize("example", [counter.example for counter in counters().values() if counter.example])
def test_each_counter_is_read_as_its_example_says(example: str) -> None:
    writing, _, kana = example.partition("=")
    digits = "".join(c for c in writing if c.isdigit())
    assert in_kana(f"{writing}が") == (f"{digits}{kana.removeprefix('さん')}が" if digits else f"{kana}が")


@pytest.mark.parametrize(
    ("numbers", "counter", "kana"),
    [
        ("1 6 8 10 100 ６ ８ 20 1,600 2.8", "本", "ぽん"),
        ("2 4 5 7 9 0 ４ 1.0 1億", "本", "ほん"),
        ("3 13 1000 5,000 10,000 3万 ３", "本", "ぼん"),
        ("1 3 4 6 8 10 24 30 １０", "分", "ぷん"),
        ("2 5 7 9 0 12 05", "分", "ふん"),
        ("1 8 10 600", "杯", "ぱい"),
        ("3 3000", "杯", "ばい"),
        ("3 13", "階", "がい"),
        ("1 2 10", "階", "かい"),
        ("3", "軒", "げん"),
        ("1 2 4 1,000", "軒", "けん"),
        ("4 10 99", "人", "にん"),
        ("11 15 26 31 120", "日", "にち"),
    ],
)
def test_after_digits_the_counter_alone_has_its_reading(numbers: str, counter: str, kana: str) -> None:
    for number in numbers.split():
        whole = in_kana(f"{number}{counter}、")
        assert whole.endswith(f"{kana}、") and whole.removesuffix(f"{kana}、").replace("まん", "万").replace("おく", "億") == number


@pytest.mark.parametrize(
    ("text", "kana"),
    [
        ("1人と2人と一人と二人", "ひとりとふたりとひとりとふたり"),
        (
            "3月1日、4月2日、5月10日、6月20日、7月24日",
            "3がつついたち、4がつふつか、5がつとおか、6がつはつか、7がつ24にち".replace("24にち", "にじゅうよっか"),
        ),
        ("三月十一日と二十日", "さんがつじゅういちにちとはつか"),
        ("1日から始まる。1日に3回、1日だけ", "ついたちからはじまる。いちにちに3かい、いちにちだけ"),
        ("2日間と3日間と14日間", "ふつかかんとみっかかんとじゅうよっかかん"),
        ("2日目、2、3日で、3、4日で", "ふつかめ、2、3にちで、3、よっかで"),
        ("三分の一と3分の2と十分な", "さんぶんのいちと3ぶんの2とじゅうぶんな"),
        ("3割5分と五分咲き", "3わり5ぶとごぶざき"),
        ("徒歩十分、三時十分", "とほじゅっぷん、さんじじゅっぷん"),
        ("何本と数本と数十人と十数年", "なんぼんとすうほんとすうじゅうにんとじゅうすうねん"),
        ("数日後に", "すうじつごに"),
        ("八戸の家、三百本、八百円、一万匹", "はっこのいえ、さんびゃっぽん、はっぴゃくえん、いちまんびき"),
        ("二〇一一年四月七日", "にせんじゅういちねんしがつなのか"),
        ("3万5千円、12億円", "3まん5せんえん、12おくえん"),
        ("10 分の道と3 本の木", "10 ぷんのみちと3 ぼんのき"),
    ],
)
def test_dates_parts_and_large_numbers_are_read_as_people_say_them(text: str, kana: str) -> None:
    assert in_kana(text) == kana


@pytest.mark.parametrize(
    ("text", "kana"),
    [
        ("3本店と2部屋", "3ほんてんと2へや"),
        ("2回線の4社会", "2かいせんの4しゃかい"),
        ("人数分の席", "にんずうぶんのせき"),
        ("2 名前を書く", "2 なまえをかく"),
        ("八百屋と三陸と五十音", "やおやとさんりくとごじゅうおん"),
    ],
)
def test_where_a_word_goes_on_after_the_kanji_there_is_no_counter(text: str, kana: str) -> None:
    assert in_kana(text) == kana
