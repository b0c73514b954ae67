"""What a build makes of the tables: pages, light pages and files say the same; rows turn unknown by themselves, also in an incremental build."""

from __future__ import annotations

import datetime as dt
import filecmp
import json
import re
from pathlib import Path

import pytest
from lxml import etree, html

from plugins.builder.checkout.source_check import check_sources
from plugins.builder.options import BuildOptions
from plugins.builder.run import build
from plugins.situation.light import LIGHTEST
from plugins.situation.tables import read_situation
from tests.plugins.frontmatter.model.test_notices import record
from tests.plugins.situation.days import DESIGNATED, FULL, OPEN, SHELTERS, STATUS, at, situated
from tests.samples.history import make_checkout
from tests.samples.tiny import TinySite

WATER = "市町村,名称,更新時刻,状態\n女川町,浜の広場,2021-03-31 11:50,給水中\n"
LISTS = ("/situation/shelters/", "/situation/shelters/ishinomaki/", "/situation/places/ishinomaki/")


@pytest.fixture
def site(tiny: TinySite) -> TinySite:
    return situated(tiny)


def words(page: str | bytes) -> str:
    return re.sub(r"\s", "", "".join(map(str, html.fromstring(page).itertext())))


def files(site: Path) -> dict[str, bytes]:
    return {path.relative_to(site).as_posix(): path.read_bytes() for path in site.rglob("*") if path.is_file()}


def test_every_page_and_its_light_form_say_state_age_and_facts(site: TinySite) -> None:
    site.build()
    for url in LISTS:
        for text in (words(site.page(url)), words((site.site / url.strip("/") / "light.html").read_bytes())):
            assert "日和の丘小学校" in text and "3月31日10時40分現在" in text and "120人（定員250人）" in text and "△満員" in text, url
        assert {"tel:0220002001", "tel:0220002002"} <= {str(a.get("href")) for a in site.tree(url).cssselect("main a")}
    front = words(site.page("/situation/"))
    assert "○開設1か所" in front and "災害対策本部022-000-0101" in front and "いま知らせはありません" in front


def test_municipalities_of_which_something_is_known_come_first(site: TinySite) -> None:
    site.write("data/situation/shelter-status.csv", STATUS + "女川町,,寺の本堂,2021-03-31 10:40,開設,12,,,\n")
    site.build()
    assert [h.text_content().strip() for h in site.tree("/situation/shelters/").cssselect("main h2")][:2] == ["女川町", "石巻市"]
    light = words((site.site / "situation/shelters/light.html").read_bytes())
    assert light.index("寺の本堂") < light.index("日和の丘小学校")


def test_there_is_a_page_for_each_kind_also_while_nothing_is_known(site: TinySite) -> None:
    for name in ("shelters", "shelter-status"):
        (site.content / f"data/situation/{name}.csv").unlink()
    site.build()
    for kind in ("shelters", "water", "traffic", "lifelines", "waste", "certificates"):
        assert "いま知らせはありません" in words(site.page(f"/situation/{kind}/"))
        assert len((site.site / f"situation/{kind}.csv").read_bytes().splitlines()) == 1
        assert json.loads((site.site / f"situation/{kind}.geojson").read_bytes())["features"] == []


def test_without_the_setting_there_is_no_page_and_no_link(tiny: TinySite) -> None:
    situated(tiny, settings="").build()
    assert not (tiny.site / "situation").exists() and not tiny.tree("/").cssselect("a[href^='/situation/']")


@pytest.mark.parametrize(
    ("earlier", "later"),
    [(at(12), at(13, 40)), (at(14, 30), at(11)), (at(10, 39), at(10, 40))],
)
def test_a_row_turns_unknown_at_its_minute_in_an_incremental_build_as_in_a_full_one(
    site: TinySite, tmp_path: Path, earlier: dt.datetime, later: dt.datetime
) -> None:
    site.write("data/situation/water.csv", WATER)
    site.build(earlier)
    report = site.build(later)
    assert report.rendered < report.pages / 2
    build(BuildOptions(later, site.content, site.root / "publications.toml", tmp_path / "full", validate_mail=False))
    assert files(site.site) == files(tmp_path / "full" / "site")


def test_at_one_minute_before_its_end_nothing_is_rendered_again(site: TinySite) -> None:
    site.build(at(12))
    assert site.build(at(13, 39)).rendered == 0
    listed = json.loads((site.output / "moments.json").read_bytes())
    assert dt.datetime.fromisoformat(listed["until"]) == at(13, 40)
    first = listed["moments"][0]
    assert (first["what"], first["title"], first["address"]) == ("unknown", "日和の丘小学校", "/situation/shelters/")
    assert first["document"] == "data/situation/shelter-status.csv" and dt.datetime.fromisoformat(first["at"]) == at(13, 40)


def test_an_unknown_row_says_what_was_known_and_when(site: TinySite) -> None:
    site.build(at(13, 40))
    for url in LISTS:
        page = words(site.page(url))
        assert "？不明2021年3月31日10時40分には「開設」でした" in page and "120人" not in page, url
        assert "？不明日和の丘小学校2021年3月31日10時40分には開設" in words((site.site / url.strip("/") / "light.html").read_bytes())
    assert [row.get("data-until") for row in site.tree(LISTS[0]).cssselect("li.row[id]")] == ["2021-03-31T14:30:00+09:00", None]


def test_light_pages_of_a_big_city_are_light_and_begin_with_what_is_open(site: TinySite) -> None:
    numbers = range(1, 401)
    site.write(
        "data/situation/shelters.csv",
        SHELTERS + "".join(f"042021,{n},第{n}見本小学校の体育館,石巻市見本町{n}番地,38.43,141.30,022-000-2001,1,250\n" for n in numbers),
    )
    site.write(
        "data/situation/shelter-status.csv",
        STATUS + "".join(f"石巻市,{n},,2021-03-31 10:40,{'閉鎖' if n % 4 else '開設'},120,やや混雑,可,\n" for n in numbers),
    )
    site.build()
    for path in (site.site / "situation").rglob("light.html"):
        data = path.read_bytes()
        assert len(data) <= LIGHTEST, path
        if path.parent.name in ("shelters", "ishinomaki"):
            assert data.decode().count("○開設") > 20 and "すべて見る" in data.decode()
    assert "石巻市の避難所400か所を見る" in words(site.page("/situation/shelters/")) and "第7見本" not in site.page("/situation/shelters/")
    assert len(site.tree("/situation/shelters/ishinomaki/").cssselect("li.row[id]")) == 400


def test_a_light_page_asks_no_server_for_anything(site: TinySite) -> None:
    site.build()
    pages = sorted((site.site / "situation").rglob("light.html"))
    assert len(pages) == len(list((site.site / "situation").rglob("index.html")))
    for path in pages:
        tree = html.fromstring(path.read_bytes())
        assert not tree.xpath("//@src | //@class | //@onclick | //script | //link | //style | //img")
        assert all(str(a.get("href")).startswith(("https://", "tel:")) for a in tree.iter("a"))


def test_a_drill_has_addresses_of_its_own_and_its_mark_in_every_form(site: TinySite) -> None:
    site.write("data/drills/shelter-status.csv", STATUS + OPEN.replace("120", "77"))
    site.write("drills/2021/wave.md", record(title="【訓練】大津波警報", body="訓練です。"))
    site.build()
    drill = site.site / "drills/situation"
    for path in [*drill.rglob("*.html"), *drill.rglob("feed.xml"), *drill.rglob("shelters.csv")]:
        assert "訓練" in path.read_text("utf-8"), path
        if path.suffix == ".html":
            assert "【訓練】" in str(html.fromstring(path.read_bytes()).findtext(".//h1")) + words(path.read_bytes())
    assert "77人" in words(site.page("/drills/situation/shelters/")) and "77人" not in words(site.page("/situation/shelters/"))
    assert site.tree("/drills/").cssselect("main a[href='/drills/situation/']")
    for path in (site.site / "situation").rglob("*"):
        assert path.is_dir() or "訓練" not in path.read_text("utf-8"), path


def test_feeds_tell_changes_and_lead_to_the_row_that_changed(site: TinySite) -> None:
    site.write("data/situation/shelter-status.csv", STATUS + OPEN + FULL + OPEN.replace("10:40,開設", "11:50,閉鎖"))
    site.build()
    for url in ("/situation/", "/situation/places/ishinomaki/"):
        feed = etree.parse(str(site.site / url.strip("/") / "feed.xml"))
        titles = [entry.findtext("{*}title") for entry in feed.findall("{*}entry")]
        assert titles == ["避難所 石巻市 日和の丘小学校：閉鎖", "避難所 石巻市 牡鹿の里：満員", "避難所 石巻市 日和の丘小学校：開設"]
        links = [str(link.get("href")) for link in feed.findall("{*}entry/{*}link")]
        page, _, anchor = links[0].removeprefix("https://site.example.jp").partition("#")
        assert site.tree(page).cssselect(f"li#{anchor}")


def test_the_portal_has_one_link_in_calm_times_and_the_row_when_a_notice_is_grave(site: TinySite) -> None:
    site.build()
    assert [a.get("href") for a in site.tree("/").cssselect("a[href^='/situation/']")] == ["/situation/"]
    site.write("notices/2021/rain.md", record(title="石巻市の大雨の知らせ", level="2"))
    site.build()
    assert not site.tree("/").cssselect("nav.help")
    site.write("notices/2021/rain.md", record(title="石巻市の大雨の知らせ", level="3"))
    site.build()
    links = site.tree("/").cssselect("nav.help a")
    assert [re.sub(r"\s", "", link.text_content()) for link in links] == ["避難所", "給水", "通行止め", "安否（171）", "電話"]
    for link in links[:3]:
        assert (site.site / link.get("href").strip("/") / "index.html").is_file()
    assert links[3].get("href") == "tel:171" and site.tree("/situation/").cssselect("#phones")
    assert not site.tree("/press/").cssselect("nav.help")


def test_an_editor_may_link_to_a_kind_that_is_always_there(site: TinySite) -> None:
    site.article("press/2020/b.md", lead="[避難所](/situation/shelters/)と[一覧](/situation/)をご覧ください。")
    site.build()
    assert site.tree("/press/2020/05/b/").cssselect("a[href='/situation/shelters/']")


@pytest.mark.parametrize("encoding", ["utf-8", "cp932"])
@pytest.mark.parametrize("separator", [",", "\t"])
def test_a_faulty_row_is_held_back_alone_whatever_the_encoding(tmp_path: Path, encoding: str, separator: str) -> None:
    checkout = make_checkout(tmp_path / "checkout")
    site = situated(checkout.site)
    file = site.content / "data/situation/shelter-status.csv"
    file.write_bytes((STATUS + OPEN + FULL).replace(",", separator).encode(encoding))
    checkout.commit()
    faulty = OPEN.replace("10:40", "11:45").replace("開設", "あいてる")
    file.write_bytes((STATUS + OPEN + faulty + FULL.replace("80,満員", "79,混雑")).replace(",", separator).encode(encoding))
    report = site.build(strict=False)
    assert [(each.path, each.what, each.diagnostics[0].line) for each in report.held_back] == [
        ("content/data/situation/shelter-status.csv", "row", 3)
    ]
    page = words(site.page("/situation/shelters/"))
    assert "79人（定員80人）" in page and "3月31日10時40分現在" in page
    assert filecmp.cmp(file, site.content / "data/situation/shelter-status.csv", shallow=False)


def test_a_table_that_cannot_be_read_holds_up_nothing_else(tmp_path: Path) -> None:
    checkout = make_checkout(tmp_path / "checkout")
    site = situated(checkout.site)
    checkout.commit()
    site.write("data/situation/shelter-status.csv", "こわれた表\n")
    site.write("data/situation/water.csv", WATER)
    report = site.build(strict=False)
    assert [(each.path, each.what) for each in report.held_back] == [("content/data/situation/shelter-status.csv", "file")]
    assert "120人（定員250人）" in words(site.page("/situation/shelters/")) and "浜の広場" in words(site.page("/situation/water/"))


def test_what_was_repaired_is_told_as_a_note_and_stops_nothing(site: TinySite) -> None:
    site.write("data/situation/shelters.csv", SHELTERS + DESIGNATED.replace("042021,0000000001", "42021,1"))
    notes = [each for each in site.build().warnings if each.rule == "D302"]
    assert [(str(note.path), note.line, note.severity) for note in notes] == [("content/data/situation/shelters.csv", 2, "note")]
    report = check_sources(site.content, site.root / "publications.toml", at(12))
    assert report.errors == () and [each for each in report.warnings if each.rule == "D302"] == notes


def test_a_row_that_is_more_than_a_day_ahead_is_warned_of_and_no_other(site: TinySite) -> None:
    site.write(
        "data/situation/shelter-status.csv", STATUS + OPEN + FULL.replace("2021-03-31", "2021-04-01") + FULL.replace("2021-", "2012-")
    )
    site.write("data/drills/shelter-status.csv", STATUS + FULL.replace("2021-03-31", "2061-03-31"))
    warnings = [each for each in site.build(at(11, 30)).warnings if each.rule == "D303"]
    assert [(str(each.path), each.line, each.severity) for each in warnings] == [("content/data/drills/shelter-status.csv", 2, "warning")]
    later = check_sources(site.content, site.root / "publications.toml", at(11, 29)).warnings
    assert [each.line for each in later if each.rule == "D303"] == [3, 2]


def test_the_same_repair_in_a_thousand_rows_is_told_twenty_times_and_then_counted(site: TinySite) -> None:
    rows = "".join(f"42021,{number},第{number}学校,,,,,,\n" for number in range(1, 1001))
    site.write("data/situation/shelters.csv", SHELTERS + rows)
    notes = read_situation(site.content, site.registry())[0].notes
    assert len(notes) == 21 and "ほかに980か所" in notes[-1].ja
