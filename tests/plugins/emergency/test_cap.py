"""CAP 1.2 and the Atom feed of CAP, judged by the schema of OASIS."""

from __future__ import annotations

from dataclasses import replace

import pytest
from lxml import etree

from plugins.emergency.cap import ATOM, CAP, CapFeed, cap_feed, cap_message, schema_faults
from plugins.frontmatter.library import read_library
from plugins.frontmatter.model.registry import read_registry
from tests.plugins.emergency.records import BASE, records_of, sample_records
from tests.plugins.frontmatter.model.test_notices import record
from tests.samples.tiny import NOW, TinySite


def text(tree: etree._Element, path: str) -> list[str]:
    return [element.text or "" for element in tree.iterfind(path, {"": CAP})]


@pytest.mark.parametrize("name", sorted(sample_records()))
def test_each_message_of_the_sample_is_valid_and_has_one_info_for_each_language(name: str) -> None:
    sample = sample_records()[name]
    message = cap_message(sample)
    assert schema_faults(message) == []
    tree = etree.fromstring(message)
    assert text(tree, "info/language") == ["ja", *(each.tag for each in sample.translations)]
    assert text(tree, "status") == ["Exercise" if sample.is_drill else "Test"]


def test_what_the_schema_does_not_allow_is_found() -> None:
    message = cap_message(sample_records()["road-closed"])
    assert schema_faults(message.replace(b"<scope>Public</scope>", b"<scope>Everybody</scope>"))


def test_an_update_names_the_whole_chain_and_a_cancellation_says_that_all_is_clear(tiny: TinySite) -> None:
    for number, follows in enumerate(({}, {"updates": "n0.md"}, {"updates": "n1.md"}, {"cancels": "n2.md"})):
        tiny.write(f"notices/2021/n{number}.md", record(date=f"2021-03-31 0{number + 1}:00", **follows))
    records = records_of(tiny.library())
    trees = {name: etree.fromstring(cap_message(each)) for name, each in records.items()}
    assert [text(trees[f"n{number}"], "msgType") for number in range(4)] == [["Alert"], ["Update"], ["Update"], ["Cancel"]]
    (references,) = text(trees["n3"], "references")
    assert references.split(" ") == [f"kiki@example.jp,{records[f'n{n}'].identifier},2021-03-31T0{n + 1}:00:00+09:00" for n in (2, 1, 0)]
    assert text(trees["n3"], "info/responseType") == ["AllClear"] and text(trees["n3"], "info/urgency") == ["Past"]
    assert all(schema_faults(cap_message(each)) == [] for each in records.values())


def test_the_status_is_actual_on_a_site_that_is_no_sample_and_identifiers_are_below_the_oid_if_there_is_one(tiny: TinySite) -> None:
    tiny.write("notices/2021/a.md", record())
    toml = tiny.root / "publications.toml"
    toml.write_text(toml.read_text("utf-8").replace("sample = true", 'cap_oid = "2.49.0.0.392.9"'), "utf-8")
    registry = read_registry(toml, tiny.content / "data/municipalities.csv")
    found = records_of(read_library(tiny.content, registry, NOW))["a"]
    tree = etree.fromstring(cap_message(found))
    assert text(tree, "status") == ["Actual"] and text(tree, "identifier") == ["2.49.0.0.392.9.2021.3.31.9.0.0"]


def test_words_of_an_editor_cannot_become_markup() -> None:
    sample = sample_records()["road-closed"]
    hostile = replace(sample, message=replace(sample.message, title="</headline><status>Actual</status>&x;", where="]]>"))
    message = cap_message(hostile)
    assert schema_faults(message) == [] and text(etree.fromstring(message), "info/headline") == ["</headline><status>Actual</status>&x;"]


def test_the_feed_links_to_each_message_in_its_order() -> None:
    samples = [sample_records()["heavy-rain-evacuation"], sample_records()["water-supply-stops"]]
    root = etree.fromstring(
        cap_feed(CapFeed("題", "/emergency/cap.xml", "urn:uuid:7c1c5f0e-5c1e-4e0e-8f0e-0a1b2c3d4e5f", "県", samples[0].sent), BASE, samples)
    )
    entries = root.findall(f"{{{ATOM}}}entry")
    assert [entry.findtext(f"{{{ATOM}}}id") for entry in entries] == [each.identifier for each in samples]
    links = [
        link.get("href") for entry in entries for link in entry.findall(f"{{{ATOM}}}link") if link.get("type") == "application/cap+xml"
    ]
    assert links == [f"{each.address}cap.xml" for each in samples]


def test_the_same_record_gives_the_same_bytes() -> None:
    sample = sample_records()["heavy-rain-evacuation"]
    assert cap_message(sample) == cap_message(sample)
