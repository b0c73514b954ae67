"""Pictures of the sample site, of mails and of the preview, taken by Chromium, so that no picture is older than the code.

1. `todoke demo` builds the sample and sends two issues to a receiver on this machine; `todoke preview` shows an issue in all its forms.
2. Chromium opens each page of `SHOTS` at a size that a reader knows: a desktop 1280 wide or a telephone 375 wide.

Nothing leaves the machine. The pictures are not part of the repository.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page

from audit.browser import chromium
from demo.servers import free_port, running

WORK = Path(__file__).parent.parent / "_build" / "demo"
NOW = "2021-03-31T12:00"
"""The sample content ends in the spring of 2021."""

SUBSCRIBERS = "20"
BUILD = 300_000
"""Milliseconds that the first build of the preview may take; some thirty seconds are usual."""

DESKTOP, TELEPHONE, SHEET = (1280, 800), (375, 720), (794, 760)
"""Windows in pixels. A sheet of A4 is 794 wide (CSS Values 4, section 6.2); its lower third is free for a stamp."""


@dataclass(frozen=True)
class Shot:
    """One picture: ``name`` of the file, address on its server, size of the window, and the element (CSS) that stands at its top, or none."""

    name: str
    url: str
    size: tuple[int, int]
    top: str = ""


SITE_SHOTS = (
    Shot("portal", "/", DESKTOP),
    Shot("portal-phone", "/", TELEPHONE),
    Shot("article", "/fukko-press/2015/03/ishinomaki-line-reopened/", DESKTOP, "main"),
    Shot("furigana", "/furigana/fukko-press/2015/03/ishinomaki-line-reopened/", TELEPHONE, "main"),
    Shot("progress", "/fukko-dayori/progress/", DESKTOP, "main"),
    Shot("emergency-light", "/emergency/light.html", TELEPHONE),
    Shot("emergency-poster", "/emergency/2021/03/heavy-rain-evacuation/poster.html", SHEET),
    Shot("situation", "/situation/places/ishinomaki/", TELEPHONE, "main"),
    Shot("results", "/accessibility/results/", DESKTOP, "main"),
    Shot("inbox", "/inbox/", DESKTOP),
    Shot("sign-up", "/service/sign-up", TELEPHONE),
)
PREVIEW_SHOTS = (
    Shot("preview", "/-/", DESKTOP),
    Shot("preview-issue", "/-/fukko-press/46/", (1280, 1000)),
)
MESSAGE, PREFERENCES = Shot("mail-phone", "", TELEPHONE), Shot("preferences", "", TELEPHONE)


def take_pictures(folder: Path) -> None:
    """Take every picture into ``folder``, which is made anew. Raises `subprocess.CalledProcessError` when the demonstration fails."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with chromium() as browser:
        with _demonstration() as address:
            _take_all(browser, address, SITE_SHOTS, folder)
            _take_mail(browser, address, folder)
        with _preview() as address:
            _take_all(browser, address, PREVIEW_SHOTS, folder)


@contextmanager
def _demonstration() -> Iterator[str]:
    """Run the demonstration, then serve its site, inbox and subscription service."""
    port, var, output = free_port(), WORK / "var", WORK / "output"
    options = ["--no-serve", "--readers", SUBSCRIBERS, "--port", str(port), "--var", str(var), "--output", str(output)]
    subprocess.run([sys.executable, "-m", "todoke", "demo", *options], check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - our own command
    with running(["-m", "demo.stage", str(var / "mailer.toml"), str(output), str(port)], port):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def _preview() -> Iterator[str]:
    port = free_port()
    arguments = ["-m", "todoke", "preview", "--port", str(port), "--now", NOW, "--output", str(WORK / "preview")]
    with running(arguments, port):
        yield f"http://127.0.0.1:{port}"


def _take_all(browser: Browser, address: str, shots: tuple[Shot, ...], folder: Path) -> None:
    for shot in shots:
        with _window(browser, shot) as page:
            _open(page, address + shot.url)
            if shot.top:  # the urgent notices of the sample would fill a telephone, and hide what the picture is about
                page.locator(shot.top).first.evaluate("element => element.scrollIntoView()")
            _take(page, shot, folder)


def _open(page: Page, address: str) -> None:
    """Open a page; the preview answers 404 until its first build has ended, and then loads itself again."""
    answer = page.goto(address)
    if "/-/" in address and ((answer is not None and answer.status == 404) or page.locator("[role=status]").count()):
        page.wait_for_event("framenavigated", timeout=BUILD)
    page.wait_for_load_state("load")


def _take_mail(browser: Browser, address: str, folder: Path) -> None:
    """Follow the links as a reader does: from the inbox to a message, from the message to the preferences."""
    with _window(browser, MESSAGE) as page:
        page.goto(f"{address}/inbox/")
        issue = page.locator("h2:has-text('号）')").first  # not a notice, nor a letter of the service
        message = issue.locator("xpath=following-sibling::ul[1]//a").first.get_attribute("href")
        page.goto(f"{address}{message}html")
        preferences = page.locator("a[href*='/preferences/']").first.get_attribute("href")
        _take(page, MESSAGE, folder)
    with _window(browser, PREFERENCES) as page:
        page.goto(str(preferences))
        _take(page, PREFERENCES, folder)


@contextmanager
def _window(browser: Browser, shot: Shot) -> Iterator[Page]:
    width, height = shot.size
    page = browser.new_page(viewport={"width": width, "height": height}, color_scheme="light", reduced_motion="reduce", locale="ja-JP")
    page.clock.set_fixed_time(f"{NOW}:00+09:00")  # a page may say that what it shows is too old by now
    yield page
    page.close()


def _take(page: Page, shot: Shot, folder: Path) -> None:
    page.screenshot(path=folder / f"{shot.name}.png", animations="disabled")
