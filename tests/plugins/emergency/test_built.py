"""What a build makes of a notice: page, banner, list, feeds and all other forms say the same; what is replaced comes down."""

from __future__ import annotations

import datetime as dt
import json
import re

from lxml import etree, html

from tests.plugins.frontmatter.model.test_notices import DRILLS, record
from tests.samples.tiny import NOW, PUBLICATIONS, TinySite

EASY = "{title: にげてください, what: あぶないです。, areas: 海の 近く, action: 高い ところへ 行ってください。}"
ENGLISH = "{en: {title: Evacuation order, what: Heavy rain., areas: Oshika, action: Leave now.}}"
ANSWERS = ("石巻市に避難指示", "強い雨が続いています。", "いますぐ避難してください。")


def words(text: str | bytes) -> str:
    return re.sub(r"\s", "", "".join(map(str, html.fromstring(text).itertext())))


def written(site: TinySite) -> None:
    (site.root / "publications.toml").write_text(PUBLICATIONS + DRILLS, encoding="utf-8")
    site.article("press/2020/a.md")
    site.write("notices/2021/rain.md", record(phone="危機対策課 022-211-2375", issued_by="県災害対策本部", easy=EASY, translations=ENGLISH))
    site.write("drills/2021/wave.md", record(title="【訓練】大津波警報", body="訓練です。"))
    site.build()


def test_page_banner_list_and_feeds_say_the_same(tiny: TinySite) -> None:
    written(tiny)
    feed = etree.parse(str(tiny.site / "feed.xml"))
    first = feed.find("{*}entry")
    assert first is not None and first.findtext("{*}title") == ANSWERS[0]
    item = json.loads((tiny.site / "feed.json").read_text("utf-8"))["items"][0]
    texts = {
        "page": words(tiny.page("/notices/2021/03/rain/")),
        "list": words(tiny.page("/notices/")),
        "banner": words(html.tostring(tiny.tree("/press/").cssselect("aside.urgent")[0], encoding="unicode")),
        "feed": f"{first.findtext('{*}title')}{first.findtext('{*}summary')}",
        "JSON feed": item["title"] + item["summary"],
    }
    for name, text in texts.items():
        for answer in ANSWERS:
            assert answer in text, (name, answer)
    for name in ("page", "list", "banner"):
        assert "2021年3月31日21時まで" in texts[name] and "警戒レベル4避難指示" in texts[name], name
    assert "石巻市の牡鹿地区" in texts["page"] and "石巻市の牡鹿地区" in texts["list"] and "県災害対策本部" in texts["page"]


def test_the_page_leads_to_every_other_form_and_each_is_there(tiny: TinySite) -> None:
    written(tiny)
    tree = tiny.tree("/notices/2021/03/rain/")
    links = [a.get("href") for a in tree.cssselect("main a") if a.get("href", "").startswith("/notices/2021/03/rain/")]
    assert {link.removeprefix("/notices/2021/03/rain/") for link in links} == {
        "easy/", "en/", "light.html", "poster.html", "on-air.txt", "cap.xml", "notice.json",
    }  # fmt: skip
    for link in links:
        assert (tiny.site / link.lstrip("/") / ("index.html" if link.endswith("/") else "")).is_file()
    assert [a.get("lang") for a in tree.cssselect("main nav a[hreflang]")] == [None, "en"]
    assert [a.get("href") for a in tree.cssselect("main a[href^='tel:']")] == ["tel:0222112375"]
    sitemap = (tiny.site / "sitemap-notices.xml").read_text("utf-8")
    assert "/rain/easy/</loc>" in sitemap and "/rain/en/</loc>" in sitemap


def test_a_drill_is_in_no_list_of_real_notices(tiny: TinySite) -> None:
    written(tiny)
    for file in (
        "index.html",
        "feed.xml",
        "feed.json",
        "notices/index.html",
        "notices/light.html",
        "notices/cap.xml",
        "notices/notices.json",
        "press/index.html",
    ):
        assert "大津波" not in (tiny.site / file).read_text("utf-8"), file
    assert "【訓練】大津波警報" in words(tiny.page("/drills/")) and "【訓練】大津波警報" in (tiny.site / "drills/light.html").read_text(
        "utf-8"
    )


def test_an_update_takes_the_earlier_notice_down_and_its_page_says_so(tiny: TinySite) -> None:
    written(tiny)
    tiny.write(
        "notices/2021/over.md",
        record(title="避難指示は終わりました", level=None, severity="情報", date="2021-03-31 11:00", cancels="rain.md"),
    )
    tiny.build()
    assert "避難指示は終わりました" in words(tiny.page("/press/")) and ANSWERS[0] not in words(tiny.page("/press/"))
    assert "この知らせは終わりました。避難指示は終わりました" in words(tiny.page("/notices/2021/03/rain/"))
    assert ANSWERS[0] not in (tiny.site / "notices/light.html").read_text("utf-8")
    holding, replaced = tiny.tree("/notices/").cssselect("main section")[:2]
    assert ANSWERS[0] not in holding.text_content() and ANSWERS[0] in replaced.text_content()


def test_after_its_end_no_form_of_a_notice_is_left(tiny: TinySite) -> None:
    written(tiny)
    tiny.build(NOW + dt.timedelta(hours=9))
    assert not (tiny.site / "notices/2021").exists() and "いま出ている緊急のお知らせはありません" in words(tiny.page("/notices/"))
    assert "いま出ている緊急のお知らせはありません" in words((tiny.site / "notices/light.html").read_bytes())
    assert not tiny.tree("/press/").cssselect("aside.urgent")
