"""The mail of a notice: built, read by the mailer, composed, and refused by a channel that is younger than the notice."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import pytest
from jinja2 import FileSystemLoader
from lxml import html

from mailer import bundle
from mailer.model.issue import IssueRef, ListClass
from plugins.checks.built.html import validate
from plugins.emergency.channel import refusal
from plugins.emergency.mail import MailRenderer, number_of, subject
from tests.plugins.emergency.records import sample_library, sample_records
from tests.plugins.emergency.test_consistency import squeezed
from tests.plugins.frontmatter.model.test_notices import DRILLS, record
from tests.samples.tiny import NOW, PUBLICATIONS, TinySite

LISTS = "".join(
    f"""
[lists.{key}]
title = "{title}"
publication = "{publication}"
from = "{key}@example.jp"
reply_to = "reply@example.jp"
list_id = "{key}.example.jp"
class = "emergency"
reason = "お申し込みいただいた方にお送りしています。"
"""
    for key, title, publication in (("urgent", "緊急メール", "notices"), ("exercise", "訓練メール", "drills"))
)
TOML = (
    PUBLICATIONS.replace('description = "いますぐの知らせ"', 'description = "いますぐの知らせ"\nlist = "urgent"')
    + DRILLS
    + 'list = "exercise"\n'
    + LISTS
)


@pytest.fixture
def site(tiny: TinySite) -> TinySite:
    """A site with a list for notices and one for drills."""
    (tiny.root / "publications.toml").write_text(TOML, "utf-8")
    tiny.write("notices/2021/rain.md", record(phone="危機対策課 022-211-2375"))
    tiny.write("drills/2021/wave.md", record(title="【訓練】大津波警報", body="訓練です。"))
    return tiny


def renderer() -> MailRenderer:
    registry = sample_library().registry
    mail_list = registry.lists["fukko-press"].model_copy(update={"list_class": "emergency"})
    return MailRenderer(FileSystemLoader("themes/miyagi/emergency"), registry.site, registry.publications["emergency"], mail_list)


def test_the_mailer_takes_the_bundle_as_an_emergency_with_its_end(site: TinySite) -> None:
    site.build()
    issue = bundle.read_issue(site.output / "mail", IssueRef("urgent", "20210331-0900-rain"))
    assert (issue.subject, issue.list_class, issue.expires and issue.expires.isoformat()) == (
        "【緊急】石巻市に避難指示", ListClass.EMERGENCY, "2021-03-31T21:00:00+09:00",
    )  # fmt: skip
    assert issue.archive_url == "https://site.example.jp/notices/2021/03/rain/" and issue.light
    assert list(bundle.read_sources(site.output / "mail", issue.ref)) == ["notices/2021/rain.md"]


def test_a_drill_goes_to_the_list_of_drills_alone(site: TinySite) -> None:
    site.build()
    folders = sorted(path.parent.relative_to(site.output / "mail").as_posix() for path in (site.output / "mail").glob("*/*/issue.json"))
    assert folders == ["exercise/20210331-0900-wave", "urgent/20210331-0900-rain"]
    assert bundle.read_issue(site.output / "mail", IssueRef("exercise", "20210331-0900-wave")).subject == "【訓練】大津波警報"


def test_a_channel_takes_nothing_that_is_older_than_itself(site: TinySite) -> None:
    toml = site.root / "publications.toml"
    toml.write_text(TOML.replace('list = "urgent"', 'list = "urgent"\nlive_since = "2021-03-31T09:00:01+09:00"'), "utf-8")
    site.build()
    assert not (site.output / "mail/urgent").exists() and (site.output / "mail/exercise").exists()
    assert "石巻市" not in (site.site / "notices/cap.xml").read_text("utf-8") and not (site.site / "notices/2021/03/rain/cap.xml").exists()
    assert "石巻市に避難指示" in site.page("/notices/2021/03/rain/")


@pytest.mark.parametrize(
    ("since", "now", "word"),
    [(None, 0, None), (0, 0, None), (1, 0, "older"), (None, 12 * 3600, "ended"), (None, 12 * 3600 - 1, None), (None, -1, "begins")],
)
def test_a_channel_says_why_it_does_not_take_a_record(since: int | None, now: int, word: str | None) -> None:
    sample = replace(sample_records()["road-closed"], sent=NOW, expires=NOW + dt.timedelta(hours=12))
    words = refusal(sample, None if since is None else NOW + dt.timedelta(seconds=since), NOW + dt.timedelta(seconds=now))
    assert (words is None) if word is None else bool(words and word in words[1])


@pytest.mark.parametrize("name", sorted(sample_records()))
def test_every_part_says_who_where_what_until_when_and_what_to_do_first(name: str) -> None:
    sample = sample_records()[name]
    parts, message = renderer().render(sample), sample.message
    body = "".join(map(str, html.fromstring(parts.html).findall("body")[0].itertext()))
    for text in (body, parts.text, parts.light.text):
        joined = squeezed(text)
        for answer in (message.title, message.what, message.where, message.issued_by, *message.action, sample.until):
            assert squeezed(answer) in joined, answer
        order = [joined.index(squeezed(words)) for words in (sample.until, message.title, message.action[0], "何が", "どこ")]
        assert order == sorted(order) and "もくじ" not in text
    assert ("訓練" in parts.text) == sample.is_drill and subject(sample).startswith("【訓練】" if sample.is_drill else "【緊急】")


def test_the_html_of_every_mail_is_valid(tmp_path: Path) -> None:
    for name, sample in sample_records().items():
        (tmp_path / f"{name}.html").write_text(renderer().render(sample).html, "utf-8")
    assert validate(tmp_path) == []


def test_a_number_fits_and_two_long_names_have_two() -> None:
    sample = sample_records()["road-closed"]
    numbers = {number_of(replace(sample, path=sample.path.with_name(f"{'a' * 90}{end}.md"))) for end in "bc"}
    assert len(numbers) == 2 and all(len(number) == 64 for number in numbers)


def test_the_text_part_has_every_language_that_the_html_part_has() -> None:
    translated = [each for each in sample_records().values() if each.translations]
    assert translated
    for each in translated:
        parts = renderer().render(each)
        text, page = squeezed(parts.text), squeezed("".join(map(str, html.fromstring(parts.html).itertext())))
        for message in each.translations:
            words = [squeezed(part) for part in (message.title, *message.action)]
            assert all(part in text and part in page for part in words), message.tag
