"""The preview shows every form of an issue, puts diagnostics into the page, and builds again after a change."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import httpx
import pytest
import uvicorn
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Route, TimeoutError
from starlette.applications import Starlette

from demo.servers import free_port
from plugins.builder.options import BuildOptions
from plugins.builder.run import verify
from plugins.builder.trees import staging, swap
from plugins.magazine.compose.issues import PLACEHOLDER
from plugins.preview.live import LivePreview
from plugins.preview.server import create_app, reload_script
from plugins.typography.phrases import BREAK
from tests.samples.tiny import NOW, TinySite

ISSUE = "---\ntitle: 春の号\ndate: 2020-05-10\n---\nこんにちは。\n\n## 話題\n\n::前号から press\n"


@pytest.fixture
def preview(tiny: TinySite) -> LivePreview:
    tiny.article("press/2020/station.md", "駅が開きました")
    tiny.write("mail/press/1.md", ISSUE)
    options = BuildOptions(
        NOW,
        tiny.content,
        tiny.root / "publications.toml",
        tiny.output,
        site_url="http://127.0.0.1:8000",
        validate_mail=False,
        shows_drafts=True,
    )
    return LivePreview(options, (tiny.content,))


def get(preview: LivePreview, *paths: str) -> list[httpx.Response]:
    async def request() -> list[httpx.Response]:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(create_app(preview)), base_url="http://127.0.0.1:8000") as client:
            return [await client.get(path) for path in paths]

    return asyncio.run(request())


def test_an_issue_is_shown_in_every_form(preview: LivePreview) -> None:
    asyncio.run(preview.build())
    page, dark, light, bare, text, other = get(
        preview,
        "/-/press/1/",
        "/-/press/1/html?scheme=dark",
        "/-/press/1/html",
        "/-/press/1/html?images=off",
        "/-/press/1/light.txt",
        "/-/press/1/issue.json",
    )
    assert all(words in page.text for words in ("375px", "640px", "暗い", "画像なし", "List-Id", "1-1. 駅が開きました"))
    assert "@media all" in dark.text and "@media not all" in light.text
    assert bare.headers["Content-Security-Policy"].endswith("img-src 'none'")
    assert "第1号" in text.text and other.status_code == 404


def test_the_script_is_in_the_served_page_and_not_in_the_built_one(preview: LivePreview) -> None:
    asyncio.run(preview.build())
    (page,) = get(preview, "/press/")
    assert reload_script(1) in page.text
    assert "/-/" not in (preview.site / "press" / "index.html").read_text(encoding="utf-8")


def test_diagnostics_are_shown_with_file_and_line_in_the_pages_of_the_last_good_build(preview: LivePreview, tiny: TinySite) -> None:
    asyncio.run(preview.build())
    tiny.write("mail/press/1.md", ISSUE.replace("::前号から press", "::前号 press"))
    asyncio.run(preview.build())
    page, index = get(preview, "/press/", "/-/")
    for html in (page.text, index.text):
        assert "content/mail/press/1.md:9:" in html and "::前号" in html
    assert preview.version == 2


def test_a_draft_with_placeholders_is_shown_and_marked_as_a_draft(preview: LivePreview, tiny: TinySite) -> None:
    draft = ISSUE.replace("title: 春の号\n", "title: 春の号\ndraft: true\n").replace("こんにちは。", f"{PLACEHOLDER}あいさつ〕")
    tiny.write("mail/press/1.md", draft)
    asyncio.run(preview.build())
    (page,) = get(preview, "/-/press/1/")
    assert "【下書き】春の号" in page.text and f"{PLACEHOLDER}あいさつ〕" in page.text
    tiny.build()
    assert not (tiny.output / "mail/press").exists()


def test_a_changed_file_starts_a_build_and_wakes_the_waiting_browser(preview: LivePreview, tiny: TinySite) -> None:
    async def edit() -> None:
        stop = asyncio.Event()
        await preview.build()
        watching = asyncio.create_task(preview.watch(stop))
        waiting = asyncio.create_task(preview.wait_for_change(1))
        number = 0
        while not waiting.done():  # the watcher may not have begun to look at the first change
            number += 1
            tiny.article("press/2020/station.md", f"新しい題{number}")
            await asyncio.wait([waiting], timeout=1)
        assert await waiting >= 2
        stop.set()
        await watching

    asyncio.run(edit())
    assert "新しい題" in (preview.site / "mail/press/1/index.html").read_text(encoding="utf-8").replace(BREAK, "")


def test_a_document_saved_during_a_build_is_shown_at_once_and_stays_after_that_build(
    preview: LivePreview, tiny: TinySite, monkeypatch: pytest.MonkeyPatch
) -> None:
    page, ready, may_swap, swap_in = preview.site / "press/2020/05/station/index.html", threading.Event(), threading.Event(), swap.swap_in

    def wait_and_swap(*paths: Path) -> None:
        ready.set()
        assert may_swap.wait(60)
        swap_in(*paths)

    async def save_meanwhile() -> list[str]:
        await preview.build()
        tiny.article("press/2020/other.md", "別の話")
        monkeypatch.setattr(staging, "swap_in", wait_and_swap)
        building = asyncio.create_task(preview.build())
        assert await asyncio.to_thread(ready.wait, 60)  # everything is built, nothing is published
        await preview.show([tiny.article("press/2020/station.md", lead="いま直した文です。")])
        texts = [page.read_text(encoding="utf-8")]
        may_swap.set()
        await building
        return [*texts, page.read_text(encoding="utf-8")]

    assert all("いま直した文です。" in html for html in asyncio.run(save_meanwhile()))
    assert (preview.site / "press/2020/05/other/index.html").exists()
    asyncio.run(preview.build())
    assert verify(preview.options, tiny.root / "full") == []


def test_no_file_outside_the_site_is_served(preview: LivePreview) -> None:
    asyncio.run(preview.build())
    (response,) = get(preview, "/%2e%2e/mail/lists.json")
    assert response.status_code == 404


@contextmanager
def served(app: Starlette) -> Iterator[str]:
    """The preview as the command serves it, on loopback."""
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="warning"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        assert thread.is_alive()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()


def test_a_page_that_is_older_than_its_script_is_loaded_again(browser: Browser, preview: LivePreview) -> None:
    with served(create_app(preview)) as address, closing(browser.new_page()) as page:

        def answer_after_the_first_build(route: Route) -> None:
            while httpx.get(f"{address}/-/version?known=0", timeout=60).text == "0":  # answered at the next version, or after a while
                pass
            route.continue_()

        page.route("**/-/reload.js", answer_after_the_first_build)
        page.goto(f"{address}/-/press/1/")
        page.wait_for_selector("iframe")


def test_a_browser_shows_every_form_side_by_side_and_reloads_after_a_build(browser: Browser, preview: LivePreview, tiny: TinySite) -> None:
    with served(create_app(preview)) as address, closing(browser.new_page(viewport={"width": 1500, "height": 900})) as page:
        page.goto(f"{address}/-/press/1/")  # before the first build: it loads itself when there is one
        page.wait_for_selector("iframe")
        assert page.evaluate("document.documentElement.scrollWidth") <= 1500
        assert (
            sorted(frame["width"] for frame in (f.bounding_box() or {"width": 0} for f in page.locator("iframe").all()))
            == [377] * 4 + [642] * 2
        )
        results = Axe().run(page)
        assert results.violations_count == 0, results.generate_report()
        for number in range(60):  # the watcher may not have begun to look at the first change
            tiny.article("press/2020/station.md", f"新しい題{number}")
            with suppress(TimeoutError):
                page.wait_for_function("document.body.innerText.includes('新しい題')", timeout=5000)
                break
        assert "新しい題" in page.inner_text("pre >> nth=0")
