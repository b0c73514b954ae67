"""A very small site: four publications, one list, two municipalities, and the documents that a test writes."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import lxml.html
from PIL import Image

from plugins.builder.options import BuildOptions, BuildReport
from plugins.builder.run import build
from plugins.frontmatter.library import Library, read_library
from plugins.frontmatter.model.registry import Registry, read_registry

NOW = dt.datetime(2021, 3, 31, 12, 0, tzinfo=ZoneInfo("Asia/Tokyo"))

PUBLICATIONS = """
[site]
title = "とどけ"
url = "https://site.example.jp"
description = "小さな見本"
organisation = "見本県"
address = "〒980-0000 見本市1-1"
contact = "todoke@example.jp"
sample = true

[publications.press]
title = "復興プレス"
reading = "ふっこうプレス"
kind = "article"
colour = "#1a6f8f"
department = "復興推進課"
contact = "press@example.jp"
description = "復興の知らせ"
list = "press"

[publications.jobs]
title = "求人"
reading = "きゅうじん"
kind = "job"
colour = "#0b5fa5"
department = "雇用対策課"
contact = "jobs@example.jp"
description = "求人の知らせ"

[publications.notices]
title = "緊急のお知らせ"
reading = "きんきゅうのおしらせ"
kind = "notice"
colour = "#b3261e"
department = "危機対策課"
contact = "kiki@example.jp"
description = "いますぐの知らせ"

[publications.partners]
title = "協力ブログ"
reading = "きょうりょくブログ"
kind = "partner"
colour = "#4a5568"
department = "復興推進課"
contact = "partners@example.jp"
description = "協力者の記録"

[lists.press]
title = "復興プレス メール版"
publication = "press"
from = "press@example.jp"
reply_to = "reply@example.jp"
list_id = "press.example.jp"
class = "newsletter"
reason = "お申し込みいただいた方にお送りしています。"

[topics]
housing = "住まい"
roads = "道路・交通"
"""

PLACES = "code,name,reading,slug\n042021,石巻市,いしのまきし,ishinomaki\n045811,女川町,おながわちょう,onagawa\n"

ARTICLE = """---
title: {title}
date: {date}
municipalities: [石巻市]
topics: [住まい]
---
{lead}

## 見出し

本文です。
"""


@dataclass(frozen=True)
class TinySite:
    """A checkout in a temporary folder."""

    root: Path

    @property
    def content(self) -> Path:
        return self.root / "content"

    @property
    def output(self) -> Path:
        return self.root / "output"

    @property
    def site(self) -> Path:
        return self.output / "site"

    def write(self, path: str, text: str) -> Path:
        """Write a source below ``content/``."""
        file = self.content / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8", newline="\n")
        return file

    def article(self, path: str, title: str = "題", date: str = "2020-05-01 10:00", lead: str = "最初の段落です。") -> Path:
        """Write a valid article."""
        return self.write(path, ARTICLE.format(title=title, date=date, lead=lead))

    def image(self, path: str = "images/sea.png", shade: int = 0) -> None:
        """Write a small picture; another ``shade`` gives other bytes."""
        file = self.content / path
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (64, 36), (30 + shade, 120, 140)).save(file)

    def registry(self) -> Registry:
        """Read ``publications.toml``."""
        return read_registry(self.root / "publications.toml", self.content / "data" / "municipalities.csv")

    def library(self, now: dt.datetime = NOW) -> Library:
        """Read and check every source."""
        return read_library(self.content, self.registry(), now)

    def build(self, now: dt.datetime = NOW, settings: Path = Path("pelicanconf.py"), *, strict: bool = True) -> BuildReport:
        """Build with the real theme, or with that of other ``settings``; unless ``strict``, faults are held back."""
        toml = self.root / "publications.toml"
        return build(BuildOptions(now, self.content, toml, self.output, settings=settings, validate_mail=False, strict=strict))

    def three(self) -> TinySite:
        """Write three articles in three months, and build."""
        for number in range(1, 4):
            self.article(f"press/2020/a{number}.md", f"第{number}話", f"2020-0{number}-01")
        self.build()
        return self

    def page(self, url: str) -> str:
        """Return the built page at ``url``."""
        return (self.site / url.strip("/") / "index.html").read_text(encoding="utf-8")

    def tree(self, url: str) -> Any:
        """Return the built page at ``url`` as an lxml tree."""
        return lxml.html.fromstring(self.page(url))


def make_site(root: Path) -> TinySite:
    """Create a checkout without documents in ``root``."""
    site = TinySite(root)
    site.write("data/municipalities.csv", PLACES)
    (root / "publications.toml").write_text(PUBLICATIONS, encoding="utf-8")
    return site
