"""Checked sentences: 300 of the sample are read right, and what is read otherwise is found, word for word."""

from __future__ import annotations

from pathlib import Path

import pytest

from plugins.readings.analyser import read_text
from plugins.readings.checked import checked_sentences, wrong_words
from plugins.readings.reading import Reading
from tests.samples.readings import sample_readings

FOLDER = Path("tests/data/readings")


@pytest.mark.parametrize(("file", "sentences"), [("sentences.txt", 300), ("unseen.txt", 100)])
def test_of_the_words_of_checked_sentences_all_but_one_in_two_hundred_are_read_right(file: str, sentences: int) -> None:
    checked = checked_sentences((FOLDER / file).read_text(encoding="utf-8"))
    assert len(checked) >= sentences
    wrong = [word for sentence in checked for word in wrong_words(sentence, read_text(sentence.text, sample_readings()))]
    words = sum(len(sentence.words) for sentence in checked)
    shown = [f"{w.sentence.line}: {w.sentence.text[w.start : w.end]} {w.kana}, not {w.expected}" for w in wrong]
    assert sum(max(1, word.words) for word in wrong) <= words * 0.005, shown


def test_a_checked_sentence_has_its_words_at_their_places() -> None:
    (sentence,) = checked_sentences("# 見本\n\n4月《がつ》｜1日《ついたち》の行《い／ゆ》き先《さき》\n")
    assert (sentence.text, sentence.line) == ("4月1日の行き先", 3)
    assert [(word.start, word.end, word.accepted) for word in sentence.words] == [
        (1, 2, ("がつ",)),
        (2, 4, ("ついたち",)),
        (5, 6, ("い", "ゆ")),
        (7, 8, ("さき",)),
    ]


@pytest.mark.parametrize("line", ["あ《あ》", "港《みなと", "港《minato》", "｜港《みなと》｜"])
def test_a_bracket_that_belongs_to_nothing_is_named_with_its_line(line: str) -> None:
    with pytest.raises(ValueError, match="line 2"):
        checked_sentences(f"港《みなと》\n{line}\n")


@pytest.mark.parametrize(
    ("read", "wrong"),
    [
        ([Reading(0, 2, "だいしん"), Reading(2, 3, "さい")], []),
        ([Reading(0, 1, "おお"), Reading(1, 3, "しんさい")], [("大震災", "おおしんさい", 1)]),
        ([], [("大震災", "大震災", 1)]),
        ([Reading(0, 3, "だいしんさい"), Reading(4, 5, "あと")], [("後", "あと", 0)]),
    ],
)
def test_readings_are_compared_where_both_sides_begin_and_end_together(read: list[Reading], wrong: list[tuple[str, str, int]]) -> None:
    (sentence,) = checked_sentences("大震災《だいしんさい》の後")
    found = wrong_words(sentence, read)
    assert [(sentence.text[word.start : word.end], word.kana, word.words) for word in found] == wrong


def test_katakana_of_the_text_and_hiragana_of_a_reading_are_the_same() -> None:
    (sentence,) = checked_sentences("段《だん》ボール")
    assert wrong_words(sentence, [Reading(0, 4, "だんぼーる")]) == []
