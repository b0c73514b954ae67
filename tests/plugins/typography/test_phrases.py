"""Line breaks: no phrase ends inside of a name of the editors' table, in pages of a build and in the rule itself."""

from __future__ import annotations

import pytest

from plugins.readings.table import read_table
from plugins.typography.phrases import WholeNames, breakable, phrases
from tests.samples.readings import sample_readings
from tests.samples.tiny import TinySite


def test_no_name_of_the_sample_is_cut_wherever_it_stands() -> None:
    sure = sample_readings().sure
    names = WholeNames(sure)
    for name in sure:
        for text in (f"{name}の記事", f"新しい{name}が開きました", f"宮城県の{name}から東松島の{name}まで歩きました"):
            assert name in "|".join(phrases(text, names)), phrases(text, names)
            assert "".join(phrases(text, names)) == text


@pytest.mark.parametrize("text", ["", "春", "仙石東北ラインの駅", "　千賀の浦　の朝"])
def test_without_names_phrases_are_as_before(text: str) -> None:
    assert phrases(text, WholeNames()) == phrases(text)


def test_a_page_breaks_around_a_name_of_the_table_and_breaks_anew_when_the_table_changes(tiny: TinySite) -> None:
    title = "新しい仙石東北ラインで石巻へ行きました"
    tiny.article("press/2020/a.md", title)
    tiny.build()
    assert "仙石<wbr" in tiny.page("/press/2020/05/a/")
    tiny.write("data/readings.csv", "表記,読み\n仙石東北ライン,せんせきとうほくらいん\n")
    tiny.build()
    page = tiny.page("/press/2020/05/a/")
    assert "仙石東北ライン" in page and "仙石<wbr" not in page
    assert str(breakable(title, WholeNames(read_table(tiny.content, tiny.registry())[0].names))) in page
