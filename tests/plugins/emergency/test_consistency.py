"""Every form of every sample notice says the same: who, where, what, until when, and what to do; and that a drill is one."""

from __future__ import annotations

import csv
import io
import json
import re
from functools import cache

import pytest
from jinja2 import FileSystemLoader
from lxml import etree, html

from plugins.emergency.forms import forms_of_all, forms_of_record
from plugins.emergency.labels import end_of
from plugins.emergency.pages import PageRenderer
from plugins.emergency.record import Message
from plugins.frontmatter.model.words.languages import LANGUAGES
from plugins.readings.table import ReadingTable
from tests.plugins.emergency.records import BASE, sample_library, sample_records

NAMES = sorted(sample_records())


@cache
def forms(name: str) -> dict[str, bytes]:
    """Every form of one record by the end of its address."""
    record, library = sample_records()[name], sample_library()
    publication = library.documents[record.path].publication
    assert publication
    pages = PageRenderer(FileSystemLoader("themes/miyagi/emergency"), library.registry.site, BASE)
    single = {
        url.removeprefix(record.url): data for url, data in forms_of_record(record, publication, pages, ReadingTable(), is_refused=False)
    }
    together = {
        f"all {url.removeprefix(publication.url)}": data
        for url, data in forms_of_all([record], publication, pages, library.registry.site, BASE, record.sent)
    }
    return single | together


def words(name: str, data: bytes) -> str:
    """Return what a reader of the form gets, without white space."""
    if name.endswith(".html"):
        text = "".join(map(str, html.fromstring(data).itertext()))
    elif name.endswith(".json"):
        text = str(json.loads(data))
    elif name.endswith(".csv"):
        text = "".join("".join(row) for row in csv.reader(io.StringIO(data.decode("utf-8-sig"))))
    elif name.endswith(".xml"):
        text = "".join(map(str, etree.fromstring(data).itertext()))
    else:
        text = data.decode()
    return squeezed(text)


def squeezed(text: str) -> str:
    return re.sub(r"\s", "", text)


def answers(message: Message) -> list[str]:
    return [message.title, message.what, message.where, message.issued_by, *message.action]


def in_japanese(name: str) -> dict[str, str]:
    return {form: words(form, data) for form, data in forms(name).items() if not form.endswith("/index.html")}


@pytest.mark.parametrize("name", NAMES)
def test_every_form_in_japanese_says_who_where_what_and_what_to_do(name: str) -> None:
    record = sample_records()[name]
    for form, text in in_japanese(name).items():
        if form != "short-140.txt":
            for answer in answers(record.message):
                title = answer.removeprefix("【訓練】") if form == "on-air.txt" else answer
                assert squeezed(title) in text, (form, answer)


@pytest.mark.parametrize("name", NAMES)
def test_every_form_says_until_when(name: str) -> None:
    record = sample_records()[name]
    for form, text in in_japanese(name).items():
        moment = record.expires.isoformat()
        expected = {"short": record.until.partition("年")[2], "xml": moment, "json": moment, "csv": moment}
        kind = "short" if form.startswith("short") else form.rpartition(".")[2]
        expected["xml"] = record.until if form == "all cap.xml" else moment
        assert squeezed(expected.get(kind, record.until)) in text, form


@pytest.mark.parametrize("name", NAMES)
def test_the_shortest_text_says_all_five_if_only_in_part_and_ends_with_the_address(name: str) -> None:
    record = sample_records()[name]
    text = forms(name)["short-140.txt"].decode().strip()
    assert text.endswith(f"\n{record.address}") and record.until.partition("年")[2] in text
    for answer in (record.message.title, record.message.where, record.message.issued_by.split()[0], record.message.action[0]):
        assert answer[:6] in text, (answer, text)


@pytest.mark.parametrize("name", NAMES)
def test_every_page_in_another_language_says_the_same_in_the_words_of_its_writer(name: str) -> None:
    record = sample_records()[name]
    pages = [("easy", record.easy)] if record.easy else []
    pages += [(LANGUAGES[message.tag].slug, message) for message in record.translations]
    for slug, message in pages:
        assert message
        data = forms(name)[f"{slug}/index.html"]
        text, tree = words("a.html", data), html.fromstring(data)
        for answer in (*answers(message), end_of(message.tag, record.expires)):
            assert squeezed(answer) in text, (slug, answer)
        assert tree.get("lang") == message.tag
        assert [a.get("href") for a in tree.cssselect('a[href^="tel:"]')] == [f"tel:{phone.dialled}" for phone in record.phones]


@pytest.mark.parametrize("name", NAMES)
def test_every_form_of_a_drill_says_so_and_no_form_of_a_real_notice_does(name: str) -> None:
    record = sample_records()[name]
    for form, data in forms(name).items():
        text = words(form, data)
        language = next((message.tag for message in record.translations if form.startswith(LANGUAGES[message.tag].slug)), "ja")
        mark = "訓練" if language == "ja" else squeezed(LANGUAGES[language].drill_mark)
        assert (mark in text) == record.is_drill, form


def test_there_are_samples_of_every_kind() -> None:
    records = sample_records().values()
    assert {record.kind for record in records} == {"Alert", "Update", "Cancel"} and {record.is_drill for record in records} == {True, False}
    assert any(record.easy for record in records) and len({m.tag for record in records for m in record.translations}) >= 3
