"""Every object of JSON-LD on the sample has what search engines and schema.org require of its type, and nothing that they would misread."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import pytest

from plugins.builder.options import BuildReport

REQUIRED: dict[str, tuple[str, ...]] = {
    # developers.google.com/search/docs/appearance/structured-data: required properties, and those of the recommended ones that this site always knows.
    "Article": ("headline", "image", "datePublished", "dateModified", "author", "publisher", "mainEntityOfPage"),
    "NewsArticle": ("headline", "image", "datePublished", "dateModified", "author", "publisher", "mainEntityOfPage"),
    "JobPosting": (
        "title",
        "description",
        "datePosted",
        "validThrough",
        "employmentType",
        "hiringOrganization",
        "jobLocation",
        "identifier",
    ),
    "Event": ("name", "startDate", "endDate", "eventStatus", "eventAttendanceMode", "location", "organizer", "description"),
    "VideoObject": ("name", "description", "thumbnailUrl", "uploadDate", "duration", "contentUrl|embedUrl", "transcript"),
    "BreadcrumbList": ("itemListElement",),
    "ListItem": ("position", "name", "item"),
    "Dataset": ("name", "description", "url", "creator", "license", "distribution", "temporalCoverage", "spatialCoverage"),
    "DataDownload": ("encodingFormat", "contentUrl"),
    "SpecialAnnouncement": ("name", "text", "datePosted", "expires", "spatialCoverage"),
    "WebSite": ("name", "url", "potentialAction", "publisher"),
    "SearchAction": ("target", "query-input"),
    # schema.org alone
    "Report": ("headline", "datePublished", "author", "publisher", "temporalCoverage"),
    "EntryPoint": ("urlTemplate",),
    "Organization": ("name",),
    "GovernmentOrganization": ("name",),
    "Place": ("name", "address"),
    "PostalAddress": ("addressCountry",),
    "AdministrativeArea": ("name",),
    "CivicStructure": ("name",),
    "GeoCoordinates": ("latitude", "longitude"),
    "MonetaryAmount": ("currency", "value"),
    "QuantitativeValue": ("unitText", "value|minValue|maxValue"),
    "PropertyValue": ("name", "value|description"),
    "ContactPoint": ("telephone|email|url",),
    "MediaObject": ("contentUrl", "encodingFormat"),
    "ImageObject": ("url",),
    "CreativeWork": ("name",),
    "Periodical": ("name",),
}
TYPES_OF_PAGES = {"Article", "NewsArticle", "JobPosting", "Event", "VideoObject", "Report", "Dataset", "BreadcrumbList", "WebSite"}
ADDRESSES = ("url", "item", "contentUrl", "embedUrl", "thumbnailUrl", "mainEntityOfPage", "isBasedOn", "urlTemplate")
MOMENTS = ("datePublished", "dateModified", "datePosted", "uploadDate", "validThrough", "expires")
DAYS = ("startDate", "endDate", "previousStartDate")


@pytest.fixture(scope="module")
def objects(sample: BuildReport) -> dict[str, list[tuple[str, dict[str, Any]]]]:
    """Every object of the sample by its type, with the page on which it stands."""
    by_type: dict[str, list[tuple[str, dict[str, Any]]]] = defaultdict(list)
    for page in sorted((sample.output / "site").rglob("index.html")):
        if page.relative_to(sample.output / "site").parts[0] == "furigana":
            continue
        for block in re.findall(r'<script type="application/ld\+json">(.*?)</script>', page.read_text("utf-8")):
            for each in walk(json.loads(block)):
                by_type[each["@type"]].append((str(page.relative_to(sample.output / "site")), each))
    return by_type


def walk(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        for each in value.values():
            yield from walk(each)
    elif isinstance(value, list):
        for each in value:
            yield from walk(each)


def test_every_type_that_the_sample_makes_has_what_is_required(objects: dict[str, list[tuple[str, dict[str, Any]]]]) -> None:
    assert objects.keys() <= REQUIRED.keys() and objects.keys() >= TYPES_OF_PAGES
    lacking = [
        (page, name, required)
        for name, found in objects.items()
        for page, each in found
        for required in REQUIRED[name]
        if not any(each.get(one) not in (None, "", [], {}) for one in required.split("|"))
    ]
    assert lacking == []


def test_no_property_is_empty_and_every_address_is_whole(objects: dict[str, list[tuple[str, dict[str, Any]]]]) -> None:
    for page, each in (pair for found in objects.values() for pair in found):
        assert all(value not in (None, "", [], {}) for value in each.values()), (page, each)
        for key in ADDRESSES:
            for address in each[key] if isinstance(each.get(key), list) else [each[key]] if key in each else []:
                assert re.match(r"https?://[^/\s]+/", str(address)), (page, key, address)


def test_moments_have_a_zone_and_no_span_ends_before_it_begins(objects: dict[str, list[tuple[str, dict[str, Any]]]]) -> None:
    for page, each in (pair for found in objects.values() for pair in found):
        for key in set(MOMENTS) & each.keys():
            assert dt.datetime.fromisoformat(each[key]).tzinfo, (page, key)
        days = [each[key][:10] for key in ("startDate", "endDate") if key in each]
        assert days == sorted(days), page
        for key in set(DAYS) & each.keys():
            assert len(each[key]) == 10 or dt.datetime.fromisoformat(each[key]).tzinfo, (page, key)


def test_what_search_engines_show_is_what_the_page_says(objects: dict[str, list[tuple[str, dict[str, Any]]]], sample: BuildReport) -> None:
    for page, each in objects["JobPosting"] + objects["Event"]:
        text = re.sub(r"<[^>]*>", "", (sample.output / "site" / page).read_text("utf-8"))
        name = each["hiringOrganization"]["name"] if each["@type"] == "JobPosting" else each["location"]["name"]
        assert name in text, page
    for _, each in objects["Dataset"]:
        assert 50 <= len(each["description"]) <= 5000  # Google's bounds
