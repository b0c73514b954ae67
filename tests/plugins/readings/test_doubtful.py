"""Doubtful words: what two analysers read differently, unless a table or a rule settles it."""

from __future__ import annotations

from pathlib import PurePosixPath

from plugins.readings.doubtful import Line, Place, doubtful_words
from plugins.readings.known import KnownReadings
from plugins.readings.second_analyser import read_again
from tests.samples.readings import NOTHING_KNOWN

PATH = PurePosixPath("content/press/a.md")


def test_a_word_that_two_analysers_read_differently_is_listed_with_its_places() -> None:
    lines = [Line(PATH, 3, "鹿折の人に、利府町の人が"), Line(PATH, 9, "鹿折へ")]
    words = {word.word: word for word in doubtful_words(lines, NOTHING_KNOWN)}
    assert (words["鹿折"].ours, words["鹿折"].theirs) == ("かおり", "しかおり")
    assert words["鹿折"].places == (Place(PATH, 3, "【鹿折】の人に、利府町の"), Place(PATH, 9, "【鹿折】へ"))


def test_what_the_table_or_a_rule_says_is_in_no_doubt() -> None:
    lines = [Line(PATH, 1, "鹿折の3本と（月）と一度の大津波")]
    assert doubtful_words(lines, KnownReadings({"鹿折": "ししおり"}, {})) == []


def test_the_word_with_the_most_places_comes_first() -> None:
    lines = [Line(PATH, 1, "鹿折と苦竹"), Line(PATH, 2, "苦竹")]
    counts = [len(word.places) for word in doubtful_words(lines, NOTHING_KNOWN)]
    assert counts == sorted(counts, reverse=True) and counts


def test_a_word_that_the_second_analyser_does_not_know_is_no_doubt() -> None:
    assert [reading.kana for reading in read_again("陸閘")] == ["りく", ""]
    assert [word.word for word in doubtful_words([Line(PATH, 1, "門と陸閘")], NOTHING_KNOWN)] == []
