"""A small day for the tests: a site with tables of shelters and water, and builds at any moment."""

from __future__ import annotations

import datetime as dt

from plugins.situation.table_kinds import Kind
from plugins.situation.tables import form_of
from tests.plugins.frontmatter.model.test_notices import DRILLS
from tests.samples.tiny import NOW, PUBLICATIONS, TinySite

SETTINGS = """
[site.situation]
phones = ["災害対策本部 022-000-0101"]

[site.situation.unknown_after]
shelters = 3
"""
SHELTERS = "全国地方公共団体コード,ID,名称,所在地_連結表記,緯度,経度,電話番号,災害種別_地震,想定収容人数\n"
DESIGNATED = "042021,0000000001,日和の丘小学校,石巻市1-1,38.43,141.30,022-000-2001,1,250\n042021,0000000002,牡鹿の里,石巻市2-2,38.41,141.31,022-000-2002,,80\n"
STATUS = "市町村,ID,名称,更新時刻,開設,人数,混雑,ペット,備考\n"
OPEN = "石巻市,1,,2021-03-31 10:40,開設,120,やや混雑,可,\n"
FULL = "石巻市,2,,2021-03-31 11:30,満員,80,満員,不可,ほかへ\n"
TODAY = NOW.date()


def full_table(kind: Kind) -> str:
    """Return a table of ``kind`` with one row in which every cell says something."""
    texts = {
        "moment": "2021-03-31 10:40",
        "place": "石巻市",
        "places": "石巻市、女川町",
        "state": kind.states[0].word,
        "time": "9:00",
        "count": "5",
    }
    texts |= {"phone": "022-000-0101", "url": "https://example.jp/", "yes": "可", "number": "7", "text": "ことば"}
    own = {"全国地方公共団体コード": "042021", "緯度": "38.4", "経度": "141.3", "更新日": ""}
    cells = [own.get(column.name, texts[column.type]) for column in kind.columns]
    return f"{','.join(form_of(kind).columns)}\n{','.join(cells)}\n"


def at(hour: int, minute: int = 0) -> dt.datetime:
    """Return a moment of the day."""
    return dt.datetime.combine(TODAY, dt.time(hour, minute), NOW.tzinfo)


def situated(site: TinySite, *, settings: str = SETTINGS) -> TinySite:
    """Give the site the settings and the tables."""
    text = (PUBLICATIONS + DRILLS).replace("[publications.press]", settings + "\n[publications.press]", 1)
    (site.root / "publications.toml").write_text(text, encoding="utf-8")
    site.write("data/situation/shelters.csv", SHELTERS + DESIGNATED)
    site.write("data/situation/shelter-status.csv", STATUS + OPEN + FULL)
    site.article("press/2020/a.md")
    return site
