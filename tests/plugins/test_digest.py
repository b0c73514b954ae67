"""Digests: equal values have equal digests in every process; a record goes in as its key alone."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugins.digest import NoDigest, digest, members, record_key, records_in

LEAVES = st.none() | st.booleans() | st.integers() | st.text()
VALUES = st.recursive(LEAVES, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.frozensets(LEAVES), max_leaves=12)


@dataclass(frozen=True)
class Point:
    x: float
    y: float


@dataclass
class Record:
    """A record that leads to others, or to none if it is a leaf."""

    name: str
    others: list[Any] = field(default_factory=list)
    tracking_leaf: bool = False

    @property
    def tracking_key(self) -> str:
        return self.name

    def title(self) -> str:
        return self.tracking_key


def is_same(left: object, right: object) -> bool:
    """Compare values as a digest does: `1`, `1.0` and `True` are equal in Python, and three values here."""
    return left == right and repr(left) == repr(right)


@given(VALUES, VALUES)
def test_two_values_have_the_same_digest_only_if_they_are_the_same(left: object, right: object) -> None:
    if is_same(left, right):
        assert digest(left) == digest(right)
    elif left != right:
        assert digest(left) != digest(right)


@pytest.mark.parametrize(
    ("left", "right"), [(1, "1"), (1, True), (None, "None"), ([], {}), (["a", "b"], ["a\0str 'b'"]), ([1], Point(1, 2))]
)
def test_values_of_different_types_differ(left: object, right: object) -> None:
    assert digest(left) != digest(right)


def test_the_digest_of_a_set_does_not_depend_on_the_process() -> None:
    code = "from plugins.digest import digest; print(digest({'a', 'b', 'c', 'd', 'e'}))"
    runs = {
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env={"PYTHONHASHSEED": seed}).stdout
        for seed in ("1", "2", "3")
    }
    assert runs == {digest(set("abcde")) + "\n"}


def test_a_record_goes_in_as_its_key_whatever_it_holds() -> None:
    assert digest([Record("document:a.md")]) == digest([Record("document:a.md", [1, 2])]) != digest([Record("document:b.md")])
    assert record_key(Record("document:a.md").title) == "document:a.md.title()"
    assert record_key(Point(1, 2)) is None


def test_a_value_of_an_unknown_type_has_no_digest() -> None:
    with pytest.raises(NoDigest, match="object"):
        digest([1, object()])


def test_every_record_within_reach_is_found_and_a_leaf_leads_no_further() -> None:
    hidden = Record("hidden")
    leaf = Record("leaf", [hidden], tracking_leaf=True)
    circle = Record("circle", [leaf])
    circle.others.append(circle)
    known = {"known": Record("known")}
    new_keys = records_in({"pages": [circle, [circle]], "point": Point(1, 2), "known": known["known"]}, known)
    assert sorted(new_keys) == ["circle", "leaf"] and sorted(known) == ["circle", "known", "leaf"]


def test_the_members_of_a_value_are_what_it_holds_directly() -> None:
    assert members({"a": 1, "b": [2]}) == [1, [2]]
    assert members(Point(1, 2)) == [1, 2]
    assert members("text") == []
