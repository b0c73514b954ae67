"""Every sample issue as a phone and a desktop show it: light, dark, without images. axe-core checks it, and nothing is wider than the screen."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from plugins.builder.options import BuildReport

READABLE = "() => [...document.querySelectorAll('p, li, h1, h2, h3, td')].filter(e => e.innerText && e.checkVisibility() && parseFloat(getComputedStyle(e).fontSize) < 14).map(e => e.innerText)"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [375, 640])
def test_every_issue_is_whole_and_accessible_without_images(browser: Browser, sample: BuildReport, width: int, scheme: str) -> None:
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme="dark" if scheme == "dark" else "light")
    context.route("**/*", lambda request: request.continue_() if request.request.url.startswith("file:") else request.abort())
    files = sorted(sample.output.glob("mail/*/*/mail.html"))
    assert len(files) == 5 + 4  # the notices in force have a mail each
    for file in files:
        page = context.new_page()
        page.goto(file.as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") <= width, file
        assert page.evaluate(READABLE) == [], file
        assert page.evaluate("[...document.images].every(i => i.getBoundingClientRect().height > 100)"), file  # the place is kept
        result = Axe().run(page)
        assert result.violations_count == 0, result.generate_report()
        page.close()
    context.close()
