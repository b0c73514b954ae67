"""The seam is not trusted: everything that can be wrong with a bundle."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mailer import bundle
from mailer.model.errors import BundleError, IssueUnknown
from mailer.model.issue import IssueRef, ListClass
from tests.samples.mail.mail_bundles import HTML, REF, TEXT, list_json, write_issue, write_json, write_lists


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_lists(tmp_path)
    write_issue(tmp_path)
    return tmp_path


def test_a_good_bundle_is_read(root: Path) -> None:
    issue = bundle.read_issue(root, REF)
    assert (issue.ref, issue.html, issue.text, issue.list_class) == (REF, HTML, TEXT, ListClass.NEWSLETTER)
    assert issue.date.utcoffset() is not None
    assert bundle.read_lists(root)["fukko-press"].list_id == "fukko-press.todoke.example.jp"


def test_the_digest_is_the_same_for_the_same_issue_and_another_for_another_subject(root: Path) -> None:
    first = bundle.read_issue(root, REF).digest
    write_issue(root)
    assert bundle.read_issue(root, REF).digest == first
    write_issue(root, subject="別の件名")
    assert bundle.read_issue(root, REF).digest != first


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"schema": 2}, "schema"),
        ({"schema": "1"}, "schema"),
        ({"list": "mailmaga"}, "says it is"),
        ({"number": "46"}, "says it is"),
        ({"number": "../../x"}, "number"),
        ({"subject": "a\r\nBcc: x@example.jp"}, "control characters"),
        ({"subject": ""}, "subject"),
        ({"subject": "\u200b\u3164\ufe0f"}, "nothing in it can be seen"),
        ({"date": "2016-02-10T10:00:00"}, "date"),
        ({"class": "spam"}, "class"),
        ({"expires": "soon"}, "expires"),
        ({"archive_url": "javascript:alert(1)"}, "archive_url"),
        ({"parts": {}}, "parts"),
    ],
)
def test_a_faulty_issue_json_is_refused_with_the_reason(root: Path, change: dict[str, Any], reason: str) -> None:
    write_issue(root, **change)
    with pytest.raises(BundleError, match=reason) as caught:
        bundle.read_issue(root, REF)
    assert caught.value.path == root / "fukko-press" / "45" / "issue.json"


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda folder: (folder / "mail.txt").unlink(), "missing"),
        (lambda folder: (folder / "issue.json").unlink(), "missing"),
        (lambda folder: (folder / "issue.json").write_text("{"), "JSON"),
        (lambda folder: (folder / "mail.txt").write_text(TEXT + "x", "utf-8"), "promises"),
        (lambda folder: (folder / "mail.html").write_text(HTML.replace("今", "昔"), "utf-8"), "SHA-256"),
    ],
)
def test_a_bundle_with_a_missing_or_changed_part_is_refused(root: Path, spoil: Callable[[Path], object], reason: str) -> None:
    spoil(root / "fukko-press" / "45")
    with pytest.raises(BundleError, match=reason):
        bundle.read_issue(root, REF)


def test_a_part_without_a_place_for_the_unsubscribe_link_is_refused(root: Path) -> None:
    write_issue(root, text="なし\n")
    with pytest.raises(BundleError, match="unsubscribe"):
        bundle.read_issue(root, REF)


def test_an_issue_of_a_list_that_is_not_published_is_refused(root: Path) -> None:
    write_lists(root, "mailmaga")
    with pytest.raises(BundleError, match="knows no list 'fukko-press'"):
        bundle.read_issue(root, REF)


@pytest.mark.parametrize(
    "change",
    [
        {"key": "../x"},
        {"title": "a\nb"},
        {"from": {"name": "x", "address": "a@b>\r\nRCPT TO:<c@d"}},
        {"reply_to": "nobody"},
        {"list_id": "no dots or > signs"},
        {"archive_url": "file:///etc/passwd"},
    ],
)
def test_a_list_with_an_unsafe_or_missing_value_is_refused(root: Path, change: dict[str, object]) -> None:
    write_json(root / "lists.json", {"schema": 1, "lists": [list_json("fukko-press") | change]})
    with pytest.raises(BundleError, match=next(iter(change))):
        bundle.read_lists(root)


def test_two_lists_of_one_key_are_refused(root: Path) -> None:
    write_json(root / "lists.json", {"schema": 1, "lists": [list_json("a"), list_json("a")]})
    with pytest.raises(BundleError, match="twice"):
        bundle.read_lists(root)


def test_keys_that_a_later_builder_adds_are_ignored(root: Path) -> None:
    write_issue(root, colour="#fff")
    lists = json.loads((root / "lists.json").read_text("utf-8"))
    write_json(root / "lists.json", lists | {"note": "x"})
    assert bundle.read_issue(root, REF).ref == REF


@pytest.mark.parametrize("text", ["", "45", "fukko-press/", "/45", "../45", "fukko-press/../x", "a/b/c", "a\n/1", "a/１"])
def test_a_name_that_is_not_list_and_number_is_refused(text: str) -> None:
    with pytest.raises(IssueUnknown, match="LIST/NUMBER"):
        IssueRef.parse(text)
