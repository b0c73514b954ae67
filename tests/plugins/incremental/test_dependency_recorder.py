"""A recorder hears of every read by the templates of an environment, with a digest of the value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import pytest
from jinja2 import Environment

from plugins.digest import digest
from plugins.incremental.dependency_recorder import ALL_MEMBERS, MISSING, VOLATILE, DependencyRecorder, record_environment


class Record:
    """A record with one attribute, one entry and one mapping."""

    tracking_key = "record:a"

    def __init__(self) -> None:
        self.title = "題"
        self.pages = {"a": 1, "b": 2}

    def __getitem__(self, name: str) -> str:
        return {"entry": "値"}[name]


def render(template: str, own: Mapping[str, Any] | None = None, **shared: Any) -> tuple[str, dict[tuple[str, str], str], dict[str, str]]:
    """Return the text, the reads of shared values, and the digests of the page's own variables."""
    environment, recorder = Environment(autoescape=True), DependencyRecorder()
    record_environment(environment, recorder)
    recorder.begin_page(shared, own or {})
    text = environment.from_string(template).render({**shared, **(own or {})})
    return text, *recorder.end_page()


@pytest.mark.parametrize(
    ("template", "read", "value"),
    [
        ("{{ site }}", ("name:", "site"), "とどけ"),
        ("{{ record.title }}", ("record:a", "title"), "題"),
        ("{{ record['entry'] }}", ("record:a", "entry"), "値"),
        ("{{ record.entry }}", ("record:a", "entry"), "値"),
        ("{{ [record]|map(attribute='title')|join }}", ("record:a", "title"), "題"),
        ("{% set r = record %}{{ r.title }}", ("record:a", "title"), "題"),
        ("{% macro m(r) %}{{ r.title }}{% endmacro %}{{ m(record) }}", ("record:a", "title"), "題"),
        ("{{ record.pages['b'] }}", ("record:a.pages", "'b'"), 2),
        ("{{ record.pages.get('c') }}", ("record:a.pages", "'c'"), MISSING),
        ("{{ 'c' in record.pages }}", ("record:a.pages", "'c'"), MISSING),
        ("{{ record.pages|length }}", ("record:a.pages", ALL_MEMBERS), {"a": 1, "b": 2}),
        ("{% for key in record.pages %}{{ key }}{% endfor %}", ("record:a.pages", ALL_MEMBERS), {"a": 1, "b": 2}),
        ("{{ record.pages|tojson }}", ("record:a.pages", ALL_MEMBERS), {"a": 1, "b": 2}),
        ("{{ absent }}", ("name:", "absent"), MISSING),
    ],
)
def test_a_read_is_recorded_with_its_owner_its_name_and_the_digest_of_its_value(
    template: str, read: tuple[str, str], value: object
) -> None:
    plain = Environment(autoescape=True).from_string(template).render(site="とどけ", record=Record())
    text, reads, _ = render(template, site="とどけ", record=Record())
    assert text == plain
    assert reads[read] == digest(value)


def test_variables_of_one_page_are_recorded_apart_from_those_that_all_pages_share() -> None:
    _, reads, own_digests = render("{{ site }}{{ number }}", {"number": 3}, site="とどけ")
    assert set(reads) == {("name:", "site")}
    assert own_digests == {"number": digest(3)}


def test_a_variable_that_a_template_sets_is_no_read() -> None:
    _, reads, own_digests = render("{% set site = 'other' %}{% for x in [1] %}{{ site }}{{ x }}{% endfor %}", site="とどけ")
    assert (reads, own_digests) == ({}, {})


def test_a_value_without_a_digest_is_recorded_as_volatile() -> None:
    _, reads, _ = render("{{ thing }}", thing=object())
    assert reads == {("name:", "thing"): VOLATILE}


def test_between_pages_nothing_is_recorded() -> None:
    environment, recorder = Environment(autoescape=True), DependencyRecorder()
    record_environment(environment, recorder)
    assert environment.from_string("{{ record.title }}").render(record=Record()) == "題"
    assert recorder.reads is None
    assert recorder.record_reads == {}


class Slotted:
    """A record that reads its attributes by slots: it brings digests for ``head`` and for all, and none for ``notes``."""

    tracking_key = "slotted:a"
    tracking_slots: ClassVar[Mapping[str, str]] = {"title": "head", "date": "head", "pages": "head", "note": "notes"}
    tracking_whole = "digest of all"

    def __init__(self) -> None:
        self.title, self.date, self.note, self.body = "題", "五月", "注", "本文"
        self.pages = {"a": 1}
        self.tracking_digests = {"head": "digest of the head"}


@pytest.mark.parametrize(
    ("template", "reads"),
    [
        ("{{ r.title }}{{ r.date }}", {("slotted:a", "head"): "digest of the head"}),
        ("{{ r.pages['a'] }}{{ r.pages|length }}", {("slotted:a", "head"): "digest of the head"}),
        ("{{ r.body }}", {("slotted:a", "whole"): "digest of all"}),
        ("{{ r.absent }}", {("slotted:a", "whole"): "digest of all"}),
        ("{{ r.note }}", {("slotted:a", "notes"): VOLATILE}),
    ],
)
def test_attributes_of_one_slot_are_one_read_and_a_slot_without_a_digest_is_volatile(
    template: str, reads: dict[tuple[str, str], str]
) -> None:
    record = Slotted()
    text, recorded, _ = render(f"{{% for r in all %}}{template}{{% endfor %}}", all=[record])
    assert text == Environment(autoescape=True).from_string(template).render(r=record)
    assert {read: digest for read, digest in recorded.items() if read[0] == "slotted:a"} == reads


def test_a_name_that_is_read_twice_is_the_pages_own_again_after_a_fragment_that_read_it() -> None:
    environment, recorder = Environment(autoescape=True), DependencyRecorder()
    record_environment(environment, recorder)
    template = environment.from_string("{{ site }}")
    recorder.begin_page({"site": "とどけ"}, {"site": "このページ"})
    with recorder.separate_reads({"site": "とどけ"}) as of_fragment:
        template.render(site="とどけ")
    template.render(site="このページ")
    template.render(site="このページ")
    assert of_fragment == {("name:", "site"): digest("とどけ")}
    assert recorder.end_page() == ({}, {"site": digest("このページ")})
