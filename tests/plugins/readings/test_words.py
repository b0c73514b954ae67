"""Words that analysers misread are read by what stands beside them."""

from __future__ import annotations

import pytest

from plugins.readings.analyser import read_text
from plugins.readings.known import KnownReadings
from plugins.readings.words import WordFinder, WordReading, word_examples
from tests.samples.readings import NOTHING_KNOWN, in_kana


@pytest.mark.parametrize(("example", "word", "kana"), [(example, *row) for example, row in word_examples().items()])
def test_each_row_reads_its_example(example: str, word: str, kana: str) -> None:
    start = example.index(word)
    around = [r for r in read_text(example, NOTHING_KNOWN) if r.start < start + len(word) and r.end > start]
    assert kana in "".join(r.kana + example[r.end : start + len(word)] for r in around).replace("市場いちば", "いちば")


@pytest.mark.parametrize(
    ("text", "kana"),
    [
        ("何時に始まりますか", "なんじにはじまりますか"),
        ("一度だけ、今日の魚市場で", "いちどだけ、きょうのうおいちばで"),
        ("大津波警報", "おおつなみけいほう"),
        ("人気の店と人気のない道", "にんきのみせとひとけのないみち"),
        ("国内市場で、漁師が市場で", "こくないしじょうで、りょうしがいちばで"),
        ("調査を行った人が海へ行った", "ちょうさをおこなったひとがうみへいった"),
        ("震災後の駅前、津波の後、その後", "しんさいごのえきまえ、つなみのあと、そのご"),
        ("今月中に、世界中の、箱の中に", "こんげつちゅうに、せかいじゅうの、はこのなかに"),
        ("避難所と保健所と市役所", "ひなんじょとほけんじょとしやくしょ"),
        ("被災地の生物、上手な工夫", "ひさいちのせいぶつ、じょうずなくふう"),
    ],
)
def test_the_same_word_is_read_by_its_neighbours(text: str, kana: str) -> None:
    assert in_kana(text) == kana


def test_the_site_says_how_it_reads_its_country() -> None:
    assert in_kana("日本の西日本と日本銀行") == "にほんのにしにほんとにっぽんぎんこう"
    assert in_kana("日本の港と日本海", KnownReadings({"日本": "にっぽん"}, {})) == "にっぽんのみなととにほんかい"


def test_a_name_is_not_seen_inside_of_another_word() -> None:
    readings = KnownReadings({"山下": "やました", "松島": "おためし", "東名": "とうな"}, {})
    assert in_kana("登山下見、東松島の松島、東名高速", readings) == "とざんしたみ、ひがしまつしまのおためし、とうめいこうそく"


def test_no_word_is_read_across_a_tag() -> None:
    assert in_kana("2013年5月次の月", cuts=(7,)) == "2013ねん5がつつぎのつき"


def test_of_rows_for_one_word_the_first_whose_condition_holds_counts() -> None:

    finder = WordFinder([WordReading("方", "ほう", after="が早"), WordReading("方", "かた")])
    assert [reading.kana for reading in finder.readings("働く方の方が早い", lambda _start, _end: True)] == ["かた", "ほう"]
