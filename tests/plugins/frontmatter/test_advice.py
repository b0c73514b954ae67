"""What only all documents together show: links that wait for their target, changes dated ahead, postings that say too little."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from plugins.builder.checkout.source_check import check_sources
from plugins.diagnostics import ContentErrors
from tests.plugins.frontmatter.model.test_notices import record
from tests.samples.tiny import NOW, TinySite

LINKING = "---\ntitle: 駅の話\ndate: 2021-03-01\n---\n駅が開きました。\n\n[次の計画](later.md)を待ちます。\n"
LATER = "---\ntitle: 次の計画\ndate: {date}\n{more}---\n計画です。\n"
JOB = "---\ntitle: 看護師\ndate: {date}\nemployer: 見本病院\nplace: 石巻市\nemployment: 正社員\npay: 月給20万円\ndeadline: 2031-05-31\n{more}---\n病棟で働く人を募集します。\n"
TERMS = (
    "contract: 2026年4月1日から1年\nhours: 8:30から17:15まで\nholidays: 土曜、日曜\ninsurance: 雇用保険\nprobation: なし\nsmoking: 禁煙\n"
)
SINCE_2024 = "duties_change: 変更なし\nplace_change: 変更なし\nrenewal: 3年まで\n"


def warnings(site: TinySite, rule: str, now: dt.datetime = NOW) -> list[str]:
    """Return what `todoke check` tells of ``rule``, as ``file:line`` and the words in Japanese."""
    settings = site.root / "pelicanconf.py"
    settings.write_text(f"THEME = {str(Path('themes/miyagi').resolve())!r}\n", encoding="utf-8")
    report = check_sources(site.content, site.root / "publications.toml", now, settings)
    return [f"{each.path}:{each.line} {each.ja}" for each in report.warnings if each.rule == rule]


def test_a_link_is_text_and_told_until_its_target_is_public_and_then_the_page_is_made_again(tiny: TinySite) -> None:
    tiny.write("press/2021/a.md", LINKING)
    tiny.write("press/2021/later.md", LATER.format(date="2021-04-10 10:00", more=""))
    tiny.build()
    for text in (tiny.page("/press/2021/03/a/"), (tiny.site / "press/feed.xml").read_text("utf-8")):
        assert "次の計画" in text and "/press/2021/04/later/" not in text
    (told,) = warnings(tiny, "F721")
    assert told.startswith("content/press/2021/a.md:7 ") and "2021-04-10 10:00 に公開されます" in told
    after = dt.datetime(2021, 4, 10, 10, 0, tzinfo=NOW.tzinfo)
    tiny.build(now=after)
    assert 'href="/press/2021/04/later/"' in tiny.page("/press/2021/03/a/")
    assert "/press/2021/04/later/" in (tiny.site / "press/feed.xml").read_text("utf-8")
    assert warnings(tiny, "F721", after) == []


@pytest.mark.parametrize(
    ("date", "more", "told"),
    [
        ("2021-02-01", "draft: true\n", True),
        ("2021-02-01", "", False),
        ("2021-02-01", "expires: 2021-02-10\n", False),
    ],
)
def test_a_draft_is_told_and_what_is_public_or_has_ended_is_not(tiny: TinySite, date: str, more: str, told: bool) -> None:
    tiny.write("press/2021/a.md", LINKING)
    tiny.write("press/2021/later.md", LATER.format(date=date, more=more))
    assert bool(warnings(tiny, "F721")) is told


def test_two_documents_that_become_public_together_are_no_fault(tiny: TinySite) -> None:
    tiny.write("press/2021/a.md", LINKING.replace("2021-03-01", "2021-04-10 10:00"))
    tiny.write("press/2021/later.md", LATER.format(date="2021-04-10 10:00", more=""))
    assert warnings(tiny, "F721") == []


def test_the_build_tells_what_check_tells(tiny: TinySite) -> None:
    tiny.write("press/2021/a.md", LINKING)
    tiny.write("press/2021/later.md", LATER.format(date="2021-04-10 10:00", more=""))
    assert [each.rule for each in tiny.build().warnings if each.rule == "F721"] == ["F721"]


def test_a_change_that_has_not_happened_yet_is_refused_with_its_line(tiny: TinySite) -> None:
    tiny.write("press/2021/a.md", "---\ntitle: 題\ndate: 2021-03-01\nupdated: 2021-03-31 12:01\n---\n文。\n")
    with pytest.raises(ContentErrors, match=r"content/press/2021/a\.md:4: .*先の日時です（2021-03-31 12:01）.*F720"):
        tiny.build()
    tiny.build(now=NOW + dt.timedelta(minutes=1))
    assert "更新" in tiny.page("/press/2021/03/a/")


def test_a_slip_in_the_update_of_a_notice_is_told_and_holds_up_nothing(tiny: TinySite) -> None:
    tiny.write("notices/2021/rain.md", record(date="2021-03-31 09:00", updated="2021-04-30 09:30"))
    assert len(warnings(tiny, "F720")) == 1
    tiny.build()
    assert (tiny.site / "notices/2021/03/rain/index.html").is_file()


@pytest.mark.parametrize(
    ("date", "more", "missing"),
    [
        ("2016-03-01", "", {"contract", "hours", "holidays", "insurance", "phone"}),
        ("2019-03-01", "phone: 022-211-2375\n", {"contract", "hours", "holidays", "insurance", "probation"}),
        ("2021-03-01", f"{TERMS}apply_email: saiyo@example.jp\n", set()),
        ("2021-03-01", TERMS, {"phone"}),
        ("2024-04-01", f"{TERMS}apply_url: https://example.jp/\n", {"duties_change", "place_change", "renewal"}),
        ("2024-04-01", f"{TERMS}{SINCE_2024}apply_url: https://example.jp/\n", set()),
    ],
)
def test_a_posting_is_told_what_the_law_of_its_day_asks(tiny: TinySite, date: str, more: str, missing: set[str]) -> None:
    tiny.write("jobs/2021/a.md", JOB.format(date=date, more=more))
    told = " ".join(warnings(tiny, "F722", dt.datetime(2026, 3, 31, 12, tzinfo=NOW.tzinfo)))
    keys = ("contract", "hours", "holidays", "insurance", "probation", "smoking", "duties_change", "place_change", "renewal", "phone")
    assert {key for key in keys if f"（{key}）" in told or (key == "phone" and "応募の窓口" in told)} == missing


def test_work_without_an_end_is_not_asked_about_its_renewal(tiny: TinySite) -> None:
    more = TERMS.replace("2026年4月1日から1年", "期間の定めなし") + "phone: 022-211-2375\nduties_change: 変更なし\nplace_change: 変更なし\n"
    tiny.write("jobs/2021/a.md", JOB.format(date="2024-04-01", more=more))
    assert warnings(tiny, "F722", dt.datetime(2026, 3, 31, 12, tzinfo=NOW.tzinfo)) == []


def test_a_posting_that_is_over_is_left_alone(tiny: TinySite) -> None:
    tiny.write("jobs/2021/a.md", JOB.format(date="2021-03-01", more=""))
    assert warnings(tiny, "F722", dt.datetime(2031, 6, 1, tzinfo=NOW.tzinfo)) == []
