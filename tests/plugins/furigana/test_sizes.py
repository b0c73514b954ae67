"""The small kana of the edition can be read: 10 pixels at least at the standard size of text, in the browser."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser

WORD = "<ruby>避難所<rp>（</rp><rt>ひなんじょ</rt><rp>）</rp></ruby>"


@pytest.mark.parametrize("width", [375, 1280])
def test_readings_have_ten_pixels_in_text_headings_notes_and_tables(browser: Browser, width: int) -> None:
    page = browser.new_page(viewport={"width": width, "height": 700})
    style = Path("themes/miyagi/static/style.css").read_text(encoding="utf-8")
    body = f"<main class='main'><h1>{WORD}</h1><p>{WORD}</p><p><small>{WORD}</small></p><p class='reading'>{WORD}</p><table><tr><td>{WORD}</td></tr></table></main>"
    page.set_content(f"<!doctype html><html lang=ja><style>{style}</style><body>{body}</body></html>")
    sizes = page.evaluate("[...document.querySelectorAll('rt')].map(rt => parseFloat(getComputedStyle(rt).fontSize))")
    overlap = page.evaluate(
        "[...document.querySelectorAll('rt')].filter(rt => rt.getBoundingClientRect().bottom > rt.parentNode.getBoundingClientRect().bottom).length"
    )
    page.close()
    assert len(sizes) == 5 and min(sizes) >= 10 and overlap == 0


def test_lines_of_a_heading_are_balanced_only_without_readings(browser: Browser) -> None:
    """Balancing measures a line without what stands above it."""
    page = browser.new_page()
    style = Path("themes/miyagi/static/style.css").read_text(encoding="utf-8")
    page.set_content(f"<!doctype html><html lang=ja><style>{style}</style><body><h1>避難所</h1><h2>{WORD}</h2></body></html>")
    wraps = page.evaluate("[...document.querySelectorAll('h1, h2')].map(heading => getComputedStyle(heading).textWrap)")
    page.close()
    assert wraps == ["balance", "wrap"]
