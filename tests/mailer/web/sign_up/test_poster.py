"""The sheet for shelters: its code is read back, it prints on one page, and the command refuses lists that nobody can sign up for."""

from __future__ import annotations

import re
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from pypdf import PdfReader

from mailer.model.issue import MailList
from mailer.web.sign_up.poster import poster, qr_code, sign_up_address
from tests.command_line import Ended, run
from tests.samples.mail.mail_bundles import LIST, write_config, write_json, write_lists
from tests.samples.mail.sign_ups import SITE, URL

LONG = replace(LIST, title="みやぎ復興プレス メールマガジン版 沿岸部と内陸部の皆さまへのお知らせ")


@pytest.mark.parametrize("mail_list", [LIST, LONG])
@pytest.mark.parametrize("by_mail", ["", "fukko-press-subscribe@in.todoke.example.jp"])
def test_the_sheet_prints_on_one_page_of_a4_and_says_every_way(browser: Browser, mail_list: MailList, by_mail: str) -> None:
    sheet = poster(mail_list, SITE, URL, by_mail).decode()
    page = browser.new_page()
    page.set_content(sheet)
    document = PdfReader(BytesIO(page.pdf(prefer_css_page_size=True)))
    page.close()
    assert len(document.pages) == 1
    assert [round(float(side) / 72 * 25.4) for side in document.pages[0].mediabox[2:]] == [210, 297]
    assert f"{URL}/sign-up/{LIST.key}" in sheet and SITE.phone in sheet and (by_mail in sheet) and not re.search(r"src=|<script", sheet)


def test_the_code_is_black_on_white_with_a_quiet_zone() -> None:
    drawing = qr_code(sign_up_address(URL, LIST.key), "x").decode()
    assert 'fill="#fff"' in drawing and 'stroke="#000"' in drawing and 'role="img"' in drawing


def write_site(folder: Path, *, service: str | None, is_open: bool) -> None:
    write_lists(folder)
    profile = {"description": "d", "department": "部", "colour": "#1a6f8f", "open": is_open}
    site = {
        "schema": 1,
        "title": "t",
        "organisation": "o",
        "postal_address": "p",
        "contact": "a@example.jp",
        "url": "https://todoke.example.jp",
    }
    write_json(folder / "site.json", site | {"service": service, "lists": {LIST.key: profile}})


def run_poster(folder: Path, key: str) -> Ended:
    config, mail, out = write_config(folder), folder / "mail", folder / "out"
    return run("subscribers", "poster", key, "--output", str(out), "--config", str(config), "--mail", str(mail))


def test_the_command_writes_the_sheet_and_the_code(tmp_path: Path) -> None:
    write_site(tmp_path / "mail", service=URL, is_open=True)
    assert b"make it first" in run_poster(tmp_path, LIST.key).err
    (tmp_path / "out").mkdir()
    done = run_poster(tmp_path, LIST.key)
    assert done.status == 0 and f"{URL}/sign-up/{LIST.key}" in done.out.decode()
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [f"poster-{LIST.key}.html", f"qr-{LIST.key}.svg"]


@pytest.mark.parametrize(
    ("service", "is_open", "key"),
    [(None, True, LIST.key), (URL, False, LIST.key), ("https://other.example.jp", True, LIST.key), (URL, True, "no-list")],
)
def test_the_command_refuses_a_list_that_nobody_can_sign_up_for(tmp_path: Path, service: str | None, is_open: bool, key: str) -> None:
    write_site(tmp_path / "mail", service=service, is_open=is_open)
    done = run_poster(tmp_path, key)
    assert done.status == 1 and key in done.err.decode() and not (tmp_path / "out").exists()
