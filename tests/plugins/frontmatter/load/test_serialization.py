"""Documents as bytes: every content type comes back as it was, and no bytes of anybody else are a document."""

from __future__ import annotations

import datetime as dt
import marshal
import pickle
from functools import cache
from pathlib import Path, PurePosixPath

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plugins.frontmatter.library import read_library
from plugins.frontmatter.load.serialization import CachedSource, DocumentCodec, Unreadable, ValueCodec, encode_value
from plugins.frontmatter.model.content_types import CONTENT_TYPES
from plugins.frontmatter.model.document import Picture
from plugins.frontmatter.model.registry import read_registry
from tests.samples.tiny import NOW

MUNICIPALITIES = Path("content/data/municipalities.csv")


@cache
def sample() -> tuple[DocumentCodec, list[CachedSource]]:
    """The documents of the sample site with references of every kind."""
    registry = read_registry(Path("publications.toml"), MUNICIPALITIES)
    library = read_library(Path("content"), registry, NOW)
    references = {
        ("page", "a.md"): ("/a/", "live"), ("page", "b.md"): None, ("target", "a.md"): (True, False, NOW), ("target", "b.md"): (False, True, None),
        ("target", "c.md"): None, ("file", "x.pdf"): True, ("stat", "x.pdf"): (7, 2**62), ("address", "/a/"): False,
        ("picture", "a.png"): Picture("/a.png", "", 3, 4, "v"), ("picture", "b.png"): "壊れています", ("picture", "c.png"): None,
    }  # fmt: skip
    return DocumentCodec(registry), [(document, references) for document in library.documents.values()]


def test_every_document_of_the_sample_comes_back_as_it_was_in_all_its_values() -> None:
    codec, sources = sample()
    assert {document.content_type for document, _ in sources} == set(CONTENT_TYPES)
    for (before, references), (after, resolved) in zip(sources, codec.decode(codec.encode(sources)), strict=True):
        assert after == before and repr(after.meta) == repr(before.meta) and type(after.meta) is type(before.meta)
        assert vars(after).keys() == {*vars(before)} - {"tracking_key"} and after.meta.model_fields_set >= before.meta.model_fields_set
        assert resolved == references


def test_moments_keep_the_zone_of_the_site() -> None:
    codec, sources = sample()
    (document, resolved) = codec.decode(codec.encode(sources[:1]))[0]
    assert document.date.tzinfo == sources[0][0].date.tzinfo and str(document.date.tzinfo) == "Asia/Tokyo"
    assert str(resolved["target", "a.md"][2].tzinfo) == "Asia/Tokyo"


IMAGES = ValueCodec(dict[str, tuple[int, int, Picture | str]])


class Payload:
    """Unpickling it would leave a mark."""

    loaded = False

    def __reduce__(self) -> tuple[object, ...]:
        return exec, ("import tests.plugins.frontmatter.load.test_serialization as t; t.Payload.loaded = True",)


@pytest.mark.parametrize(
    "data", [pickle.dumps(Payload()), marshal.dumps(compile("1/0", "x", "exec")), b"", b"\xc1", b"\x93" * 100_000, None, 7, "x"]
)
def test_what_is_no_document_is_refused_and_not_run(data: object) -> None:
    with pytest.raises(Unreadable):
        sample()[0].decode(data)
    with pytest.raises(Unreadable):
        ValueCodec(Picture).decode(data)
    assert Payload.loaded is False


def test_a_place_topic_or_publication_that_the_registry_does_not_have_is_refused() -> None:
    codec, sources = sample()
    data = codec.encode(sources)
    for name in ("石巻市", "fukko-press"):
        assert name.encode() in data
        with pytest.raises(Unreadable):
            codec.decode(data.replace(name.encode(), b"x" * len(name.encode())))


@given(st.data())
@settings(derandomize=True, max_examples=400, deadline=None)
def test_damaged_bytes_are_refused_or_are_documents_of_the_right_types(data: st.DataObject) -> None:
    codec, sources = sample()
    raw = bytearray(codec.encode([data.draw(st.sampled_from(sources))]))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(raw) - 1))
        match data.draw(st.sampled_from(["set", "cut", "insert"])):
            case "set":
                raw[at] = data.draw(st.integers(0, 255))
            case "cut":
                del raw[at : at + data.draw(st.integers(1, 40))]
                raw = raw or bytearray(b"\x90")
            case _:
                raw[at:at] = data.draw(st.binary(max_size=10))
    try:
        decoded = codec.decode(bytes(raw))
    except Unreadable:
        return
    for document, references in decoded:
        assert isinstance(document.path, PurePosixPath) and isinstance(document.url, str) and isinstance(document.body_line, int)
        assert type(document.meta) is CONTENT_TYPES[document.content_type] and isinstance(document.meta.title, str)
        assert document.meta.date is None or isinstance(document.meta.date, dt.datetime)
        assert all(isinstance(target, str) for _, target in references)


@given(st.binary(max_size=200) | st.recursive(st.none() | st.integers(-5, 5) | st.text(max_size=3), st.lists).map(msgspec.msgpack.encode))
@settings(derandomize=True, max_examples=400, deadline=None)
def test_no_bytes_by_chance_raise_anything_but_unreadable(data: bytes) -> None:
    for decode in (sample()[0].decode, IMAGES.decode):
        try:
            value = decode(data)
        except Unreadable:
            continue
        assert value in ([], {})


def test_a_value_of_a_type_that_nobody_reads_back_is_not_written() -> None:
    with pytest.raises(NotImplementedError):
        encode_value(Payload())
