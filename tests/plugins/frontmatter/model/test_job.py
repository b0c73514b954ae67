"""A job posting shows what the law asks for, on its page, in the mail and to search engines, and how to apply."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from plugins.diagnostics import ContentErrors
from tests.samples.tiny import TinySite

JOB = """---
title: 看護師
date: 2021-03-01
employer: 見本病院
place: 石巻市
employment: 正社員
pay: 月給20万円（応相談）
deadline: 2021-05-31
{more}
---
病棟で働く人を募集します。
"""
TERMS = """number: 3
duties: 病棟の看護
duties_change: 院内の看護
place_change: 変更なし
contract: 期間の定めなし
probation: 3か月
hours: 8:30から17:15まで
holidays: 週に2日
insurance: 健康保険、雇用保険
smoking: 敷地の中は禁煙
employer_address: 石巻市見本町1
apply_url: https://apply.example.jp/nurse
apply_email: saiyo@example.jp
phone: 採用の係 022-211-2375"""
ISSUE = "---\ntitle: 三月の号\ndate: 2021-03-02\n---\nこんにちは。\n\n## 求人\n\n::記事 ../../jobs/2021/a.md\n"


def test_page_mail_and_search_engine_say_the_conditions_and_how_to_apply(tiny: TinySite) -> None:
    tiny.write("jobs/2021/a.md", JOB.format(more=TERMS))
    tiny.write("mail/press/1.md", ISSUE)
    tiny.build()
    card = tiny.tree("/jobs/2021/03/a/").xpath("//dl[@class='card']")[0]
    shown = dict(zip((dt.text_content() for dt in card.xpath(".//dt")), (dd.text_content() for dd in card.xpath(".//dd")), strict=True))
    assert shown["募集する人数"] == "3人" and shown["働く時間"] == "8:30から17:15まで" and shown["働く場所が変わる範囲"] == "変更なし"
    assert {"契約の期間", "休日", "加入する保険", "試用期間", "たばこの煙への対策", "仕事の内容が変わる範囲"} <= shown.keys()
    targets = card.xpath(".//a/@href")
    assert targets == ["https://apply.example.jp/nurse", "mailto:saiyo@example.jp", "tel:0222112375"]
    mail = tiny.root / "output/mail/press/1"
    for name in ("mail.html", "mail.txt", "light.txt"):
        text = re.sub(r"<[^>]*>", "", (mail / name).read_text("utf-8"))
        assert "8:30から17:15まで" in text and "週に2日" in text and "正社員、期間の定めなし" in text, name
    blocks = map(json.loads, tiny.tree("/jobs/2021/03/a/").xpath("//script[@type='application/ld+json']/text()"))
    posting: Any = next(block for block in blocks if block["@type"] == "JobPosting")
    assert "baseSalary" not in posting and posting["totalJobOpenings"] == 3 and posting["workHours"] == "8:30から17:15まで"
    assert posting["applicationContact"]["telephone"] == "022-211-2375" and "加入する保険：健康保険、雇用保険" in posting["description"]


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ("apply_email: 見本病院", "メールアドレスではありません"),
        ("apply_url: www.example.jp", "「https://」から書いてください"),
        ("phone: 電話ください", "電話番号「電話ください」が読めません"),
        ("number: 数名", "number"),
    ],
)
def test_a_way_to_apply_that_leads_nowhere_is_refused(tiny: TinySite, more: str, words: str) -> None:
    tiny.write("jobs/2021/a.md", JOB.format(more=more))
    with pytest.raises(ContentErrors, match=words):
        tiny.build()
