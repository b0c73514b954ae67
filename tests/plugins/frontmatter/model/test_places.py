"""A municipality is the same however its name is spelt, in front matter, tables, addresses and search; its code is that of the standard list."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from plugins.diagnostics import ContentErrors
from plugins.frontmatter.model.places import Place, check_digit, is_code, place_named, read_places
from plugins.open_data import codes
from plugins.situation import cells
from plugins.typography.folding import normal
from tests.plugins.events.table_import.test_importer import KOURYU
from tests.samples.tiny import PLACES, PUBLICATIONS, TinySite

SPELLINGS = [
    ("塩竈市", "塩釜市"), ("塩竈市", "塩竃市"), ("塩竈市", "宮城県塩釜市"), ("七ヶ浜町", "七ケ浜町"), ("七ヶ浜町", "七ｹ浜町"),
    ("七ヶ宿町", "七ケ宿町"), ("七ヶ宿町", "刈田郡七ヶ宿町"), ("女川町", "宮城県牡鹿郡女川町"), ("富谷市", "冨谷市"), ("多賀城市", "多賀城市\U000e0100"),
]  # fmt: skip
MORE = "042030,塩竈市,しおがまし,shiogama\n044041,七ヶ浜町,しちがはまちょう,shichigahama\n"


def sample_places() -> dict[str, Place]:
    places, diagnostics = read_places(Path("content/data/municipalities.csv"))
    assert diagnostics == []
    return places


@pytest.mark.parametrize(("name", "spelling"), SPELLINGS)
def test_every_spelling_is_the_same_municipality_everywhere(name: str, spelling: str) -> None:
    places = sample_places()
    assert place_named(places, spelling) is cells.place(spelling, places) is places[name]
    assert codes.municipality("", spelling, places)[0] is places[name]
    assert normal(name) in normal(spelling)


@pytest.mark.parametrize("name", ["石巻", "塩釜港", "みやぎ市", "", "郡女川町村", "七浜町", "宮城県"])
def test_any_other_name_is_no_municipality(name: str) -> None:
    assert place_named(sample_places(), name) is None


def test_front_matter_tables_and_addresses_lead_to_one_page(tiny: TinySite) -> None:
    tiny.write("data/municipalities.csv", PLACES + MORE)
    (tiny.root / "publications.toml").write_text(PUBLICATIONS + KOURYU, encoding="utf-8")
    tiny.write("press/2021/a.md", "---\ntitle: 題\ndate: 2021-03-01\nmunicipalities: [塩釜市, 七ケ浜町]\n---\n文。\n")
    event = "---\ntitle: 市\ndate: 2021-03-01\nmunicipalities: [塩竃市]\nstart: 2021-04-10\nvenue: 港\naddress: 宮城県塩釜市港町一丁目\n---\n文。\n"
    tiny.write("kouryu/2021/b.md", event)
    tiny.write("data/progress.csv", "分野,市町村,年度,完成,計画,単位,状態\n道路,塩釜市,2018,1,4,km,工事中\n")
    tiny.build()
    page = tiny.page("/places/shiogama/")
    assert "/press/2021/03/a/" in page and "/kouryu/2021/03/b/" in page and "<h1" in page and "塩竈市" in page
    blocks = map(json.loads, tiny.tree("/kouryu/2021/03/b/").xpath("//script[@type='application/ld+json']/text()"))
    address = next(block for block in blocks if block["@type"] == "Event")["location"]["address"]
    assert (address["addressLocality"], address["streetAddress"]) == ("塩竈市", "港町一丁目")


def test_the_codes_of_the_sample_are_those_of_the_standard_list() -> None:
    assert all(is_code(place.code) and place.code.startswith("04") for place in sample_places().values())


@pytest.mark.parametrize(
    ("code", "words"), [("042022", "最後が 1 です"), ("042012", "検査数字"), ("04202", "6桁"), ("482021", "6桁"), ("０４２０２１", "6桁")]
)
def test_a_code_with_a_slip_is_told_with_its_row(tiny: TinySite, code: str, words: str) -> None:
    tiny.write("data/municipalities.csv", PLACES.replace("042021", code))
    with pytest.raises(ContentErrors, match=rf"content/data/municipalities\.csv:2: .*{words}"):
        tiny.build()


def test_two_digits_side_by_side_that_change_places_are_noticed() -> None:
    assert check_digit("04202") == "1" and check_digit("04220") != "1"
