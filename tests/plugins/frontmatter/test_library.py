"""Front matter: every mistake is reported with file, line and remedy; what is valid becomes typed values."""

from __future__ import annotations

import datetime as dt
from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugins.diagnostics import ContentErrors, Diagnostic
from plugins.frontmatter.model.content_types import Job
from plugins.frontmatter.model.registry import read_registry
from plugins.frontmatter.parse.source import Source, split_front_matter
from tests.samples.faults import FAULTS, GOOD
from tests.samples.tiny import NOW, PUBLICATIONS, TinySite


def messages_of(site: TinySite) -> list[str]:
    with pytest.raises(ContentErrors) as caught:
        site.library()
    return [str(diagnostic) for diagnostic in caught.value.diagnostics]


@pytest.mark.parametrize("case", FAULTS)
def test_a_mistake_is_reported_with_file_line_and_remedy(case: str, tiny: TinySite) -> None:
    path, text, line, ja, en = FAULTS[case]
    tiny.image()
    tiny.write(path, text)
    messages = messages_of(tiny)
    assert len(messages) == 1, messages
    assert messages[0].startswith(f"content/{path}:{line}: ")
    assert ja in messages[0]
    assert en in messages[0]


def test_the_mistakes_of_all_files_are_reported_in_one_run(tiny: TinySite) -> None:
    tiny.write("press/2020/a.md", "---\ntitel: 題\ndate: x\n---\n本文\n")
    tiny.write("press/2020/b.md", f"---\n{GOOD}---\n[駅](no.md)\n\n![](no.png)\n")
    messages = messages_of(tiny)
    assert [line.split(": ")[0] for line in messages] == [
        "content/press/2020/a.md:2",
        "content/press/2020/a.md:3",
        "content/press/2020/b.md:5",
        "content/press/2020/b.md:7",
    ]


def test_links_and_images_are_checked_even_if_the_front_matter_is_not_valid(tiny: TinySite) -> None:
    tiny.write("press/2020/a.md", "---\ntitel: 題\ndate: 2020-01-02\n---\n[駅](no.md)\n\n![海](no.png)\n")
    assert [line.split(": ")[0] for line in messages_of(tiny)] == [f"content/press/2020/a.md:{number}" for number in (2, 5, 7)]


def test_a_colour_with_too_little_contrast_is_refused_in_japanese_with_its_ratio(tiny: TinySite) -> None:
    toml = tiny.root / "publications.toml"
    toml.write_text(PUBLICATIONS.replace("#1a6f8f", "#e0c020"), encoding="utf-8")
    (message,) = messages_of(tiny)
    assert "publications.press.colour：白との対比が1.79です。4.5以上の濃い色にしてください / " in message
    assert "Value error" not in message


def test_a_name_that_two_files_of_a_publication_use_is_refused_with_the_other_file(tiny: TinySite) -> None:
    tiny.article("press/2020/station.md")
    tiny.article("press/2021/station.md", date="2021-01-01")
    assert messages_of(tiny) == [
        "content/press/2021/station.md:1: アドレスの名前が press/2020/station.md と同じです。どちらかのファイル名か slug を変えてください"
        " / the same name as press/2020/station.md: change the file name or slug of one of them [F305]"
    ]


def test_a_file_that_is_not_utf8_is_a_diagnostic(tiny: TinySite) -> None:
    file = tiny.article("press/2020/a.md")
    file.write_bytes(file.read_text(encoding="utf-8").encode("cp932"))
    assert "UTF-8ではなくShift_JISで保存されています" in messages_of(tiny)[0]


def test_an_unreadable_image_is_a_diagnostic(tiny: TinySite) -> None:
    tiny.image()
    (tiny.content / "images" / "sea.png").write_bytes(b"not a picture")
    tiny.write("press/2020/a.md", f"---\n{GOOD}---\n![海](../../images/sea.png)\n")
    assert "が読めません" in messages_of(tiny)[0]


def test_a_date_without_a_zone_is_japanese_time(tiny: TinySite) -> None:
    tiny.article("press/2020/a.md", date="2020-05-01 09:30")
    date = tiny.library().documents[PurePosixPath("press/2020/a.md")].date
    assert date.isoformat() == "2020-05-01T09:30:00+09:00"


@pytest.mark.parametrize(
    ("expires", "minutes", "live"), [("2021-03-31", 12 * 60 - 1, True), ("2021-03-31", 12 * 60, False), ("2021-03-31 12:00", 0, False)]
)
def test_expires_lasts_to_the_end_of_its_day_or_to_its_minute(tiny: TinySite, expires: str, minutes: int, live: bool) -> None:
    tiny.write("press/2020/a.md", f"---\n{GOOD}expires: {expires}\n---\n本文\n")
    document = tiny.library().documents[PurePosixPath("press/2020/a.md")]
    assert document.is_live(NOW + dt.timedelta(minutes=minutes)) is live


def test_a_future_date_is_not_published_until_then(tiny: TinySite) -> None:
    tiny.article("press/2021/a.md", date="2021-03-31 12:01")
    document = tiny.library().documents[PurePosixPath("press/2021/a.md")]
    assert not document.is_live(NOW)
    assert document.is_live(NOW + dt.timedelta(minutes=1))


def test_a_job_is_taken_down_when_the_day_of_its_deadline_is_over(tiny: TinySite) -> None:
    tiny.write(
        "jobs/2021/a.md", f"---\n{GOOD}employer: 社\nplace: 石巻市\nemployment: 正社員\npay: 月20万円\ndeadline: 2021-04-01\n---\n本文\n"
    )
    document = tiny.library().documents[PurePosixPath("jobs/2021/a.md")]
    assert isinstance(document.meta, Job)
    assert document.meta.ends == dt.datetime(2021, 4, 2, tzinfo=NOW.tzinfo)


def test_a_link_to_a_page_that_is_not_public_becomes_plain_text(tiny: TinySite) -> None:
    tiny.write("press/2020/gone.md", f"---\n{GOOD}expires: 2021-01-01\n---\n本文\n")
    tiny.article("press/2021/soon.md", date="2022-01-01")
    tiny.write("press/2020/a.md", f"---\n{GOOD}---\n[前の話](gone.md)と[次の話](../2021/soon.md)\n")
    html = tiny.library().documents[PurePosixPath("press/2020/a.md")].html
    assert "<a" not in html
    assert "前の話</span>（掲載終了）" in html
    assert "次の話</span>" in html


def test_without_a_summary_the_first_paragraph_is_taken_without_footnote_marks_and_ruby(tiny: TinySite) -> None:
    tiny.write(
        "press/2020/a.md", f"---\n{GOOD}---\n<ruby>閖上<rp>（</rp><rt>ゆりあげ</rt><rp>）</rp></ruby>の朝[^1]。\n\n次。\n\n[^1]: 注。\n"
    )
    assert tiny.library().documents[PurePosixPath("press/2020/a.md")].summary == "閖上の朝。"


def test_all_mistakes_in_publications_toml_are_reported_together(tiny: TinySite) -> None:
    toml = tiny.root / "publications.toml"
    toml.write_text(
        PUBLICATIONS.replace('colour = "#1a6f8f"', 'colour = "#ffee00"').replace('kind = "job"', 'kind = "work"'), encoding="utf-8"
    )
    with pytest.raises(ContentErrors) as caught:
        read_registry(toml, tiny.content / "data" / "municipalities.csv")
    messages = [str(diagnostic) for diagnostic in caught.value.diagnostics]
    assert [line.split(" ")[0] for line in messages] == ["publications.toml:15:", "publications.toml:24:"]
    assert "対比" in messages[0]
    assert "publications.jobs.kind" in messages[1]


@given(st.text(max_size=300))
def test_any_text_is_a_source_or_a_diagnostic(text: str) -> None:
    assert isinstance(split_front_matter(PurePosixPath("a.md"), f"---\n{text}\n---\n"), Source | Diagnostic)


def test_a_missing_publications_toml_is_a_diagnostic(tiny: TinySite) -> None:
    with pytest.raises(ContentErrors, match="no such file"):
        read_registry(tiny.root / "nowhere.toml", tiny.content / "data" / "municipalities.csv")
