"""A reader's own link takes the place of a whole address, never of a piece of one."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailer import bundle
from mailer.model.errors import BundleError, MessageError
from mailer.model.readers import personal_places
from mailer.model.readers.personal_places import PERSONAL_PLACE, PERSONAL_PREFERENCES, check_html, check_text
from tests.samples.mail.mail_bundles import HTML, REF, TEXT, write_issue, write_lists

OTHER = "https://evil.example.jp/?u="
LEAKING_HTML = [
    f'<a href="{OTHER}{PERSONAL_PLACE}">読む</a>',
    f'<a href="{PERSONAL_PLACE}/../{OTHER}">読む</a>',
    f'<a href=" {PERSONAL_PLACE}">読む</a>',
    f'<a href="{OTHER}" href="{PERSONAL_PLACE}">読む</a>',
    f'<a href="{OTHER}">{PERSONAL_PLACE}</a>',
    f'<img src="{PERSONAL_PLACE}">',
    f'<img src="{OTHER}{PERSONAL_PLACE}">',
    f'<form action="{PERSONAL_PLACE}"></form>',
    f'<link rel="prefetch" href="{PERSONAL_PLACE}">',
    f'<base href="{PERSONAL_PLACE}">',
    f'<a title="{PERSONAL_PLACE}" href="https&#58;//personal.invalid/unsubscribe">読む</a>',
    f'<a ping="{OTHER}" href="{PERSONAL_PLACE}">読む</a>',
    f'<a onclick="x()" href="{PERSONAL_PLACE}">読む</a>',
    f'<a data-href="{PERSONAL_PLACE}">読む</a>',
    f'<!-- <a href="{PERSONAL_PLACE}"> -->',
    f'<!--[if mso]><a href="{PERSONAL_PLACE}"><![endif]-->',
    f"<style>a {{ background: url({PERSONAL_PLACE}) }}</style>",
    f'<form action="{OTHER}"><textarea name="u"><a href="{PERSONAL_PLACE}"></textarea></form>',
    f"<p>{PERSONAL_PLACE}</p>",
    '<a href="https://personal.invalid/other">読む</a>',
    '<a href="https://PERSONAL.invalid/unsubscribe">読む</a>',
    '<a href="https://personal&period;invalid/unsubscribe">読む</a>',
    '<a href="https://evil.example.jp/?u=https%253A%252F%252Fpersonal%252Einvalid">読む</a>',
    '<a href="https://personal。invalid/unsubscribe">読む</a>',
    '<a href="https://perso\u200bnal.invalid/unsubscribe">読む</a>',
    '<a href="https://ｐersonal.invalid/unsubscribe">読む</a>',
]
LEAKING_TEXT = [
    f"{OTHER}{PERSONAL_PLACE}",
    f"{PERSONAL_PLACE}?next={OTHER}",
    f"（{PERSONAL_PLACE}）",
    f"停止：{PERSONAL_PLACE}",
    f"https://evil.example.jp/\u3000{PERSONAL_PLACE}",
    f"https://evil.example.jp/\xa0{PERSONAL_PLACE}",
    f"<{PERSONAL_PLACE}>",
    f"{PERSONAL_PLACE}。",
    "https://personal.invalid/other",
    "HTTPS://PERSONAL.INVALID/unsubscribe",
    "https://evil.example.jp/?u=https://personal%2Einvalid/unsubscribe",
]


@pytest.mark.parametrize("leak", LEAKING_HTML)
def test_html_that_would_put_the_signed_link_anywhere_but_into_a_link_of_its_own_is_refused(leak: str) -> None:
    check_html(HTML)
    with pytest.raises(MessageError, match="personal place"):
        check_html(HTML.replace("<p>", f"{leak}<p>"))


@pytest.mark.parametrize("leak", LEAKING_TEXT)
def test_text_in_which_the_place_does_not_stand_alone_is_refused(leak: str) -> None:
    check_text(TEXT)
    with pytest.raises(MessageError, match="personal place"):
        check_text(f"{TEXT}{leak}\n")


@pytest.mark.parametrize(
    "part", [f"<A class='x' HREF={PERSONAL_PLACE} >止める</A>", f"<svg><a href='{PERSONAL_PREFERENCES}'>変える</a></svg>"]
)
def test_every_way_to_write_a_link_of_its_own_is_accepted(part: str) -> None:
    check_html(part)


def test_text_may_hold_a_place_at_its_beginning_its_end_and_between_blanks() -> None:
    check_text(f"{PERSONAL_PLACE} 停止 {PERSONAL_PREFERENCES}\t{PERSONAL_PLACE}\r\n\n{PERSONAL_PREFERENCES}")


@given(
    before=st.text(st.sampled_from("<a href=\"'> /?&;:=!-\n\tu.%") | st.characters(exclude_categories=["Cs"]), max_size=40),
    after=st.text(st.sampled_from("<a href=\"'> /?&;:=!-\n\tu.%") | st.characters(exclude_categories=["Cs"]), max_size=40),
    place=st.sampled_from([PERSONAL_PLACE, PERSONAL_PREFERENCES, quote(PERSONAL_PLACE, safe=""), html.escape(PERSONAL_PLACE)]),
)
@settings(derandomize=True, max_examples=2000, deadline=None)
def test_whatever_stands_around_a_place_in_accepted_text_is_blank(before: str, after: str, place: str) -> None:
    """The judge is the plain rule, written the other way round: split at blanks, and see whether the place is a word."""
    part = before + place + after
    try:
        check_text(part)
    except MessageError:
        return
    words = re.split("[ \t\r\n]", part)
    assert [word for word in words if "personal" in word.lower() and "invalid" in word.lower() and word not in personal_places.PLACES] == []


@pytest.mark.parametrize(
    ("name", "content"), [("mail.html", HTML.replace("<p>", f"{LEAKING_HTML[0]}<p>")), ("mail.txt", f"{TEXT}{LEAKING_TEXT[0]}\n")]
)
def test_a_bundle_with_a_leak_is_refused_before_the_database_is_touched(tmp_path: Path, name: str, content: str) -> None:
    write_lists(tmp_path)
    changed: dict[str, Any] = {"html" if name == "mail.html" else "text": content}
    write_issue(tmp_path, **changed)
    with pytest.raises(BundleError, match=f"{re.escape(name)}: A personal place"):
        bundle.read_issue(tmp_path, REF)


@pytest.mark.parametrize(("key", "value"), [("subject", PERSONAL_PLACE), ("archive_url", f"{OTHER}{PERSONAL_PLACE}")])
def test_no_header_of_a_bundle_may_name_a_personal_place(tmp_path: Path, key: str, value: str) -> None:
    write_lists(tmp_path)
    path = write_issue(tmp_path) / "issue.json"
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | {key: value}), "utf-8")
    with pytest.raises(BundleError, match="personal"):
        bundle.read_issue(tmp_path, REF)
