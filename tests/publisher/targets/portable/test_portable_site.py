"""The whole sample site on a stick: every address in every file leads to a file of the stick, from ``file://`` and under a sub-path, and nothing is fetched from elsewhere."""

from __future__ import annotations

import asyncio
import datetime as dt
import html.parser
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

import pytest
from playwright.sync_api import Browser

from audit.site import every_page, one_of_each
from plugins.builder.options import BuildReport
from publisher.model import manifest
from publisher.release.keys import new_key
from publisher.release.make import draft, make
from publisher.release.minisign import public_key, sign
from publisher.release.store import ReleaseStore
from publisher.release.tuf_metadata import ROOT, SigningKeys, new_root
from publisher.targets.portable.target import OWN, PortableTarget
from tests.servers.nginx import nginx

NOW = dt.datetime(2021, 3, 31, 12, 0, tzinfo=dt.UTC)


@pytest.fixture(scope="module")
def stick(sample: BuildReport, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample, released and written to a stick; ``key`` beside it holds the public key."""
    root = tmp_path_factory.mktemp("publishing")
    keys = SigningKeys(new_key(root / "release.pem"), new_key(root / "timestamp.pem"))
    store = ReleaseStore(root / "store")
    store.keep_metadata({ROOT: new_root([new_key(root / "root.pem")], 1, keys, NOW)})
    signed = make(store, sample.output, draft(store, sample.output, NOW), keys)
    folder = root / "stick"
    folder.mkdir()
    target = PortableTarget("stick", folder, lambda data, comment: sign(data, keys.targets, comment), ["https://www.example.jp/"])
    published = asyncio.run(target.publish(signed, store.object, lambda *_: None))
    assert published.written == len(signed.release.files)
    (root / "key").write_text(public_key(keys.targets).text)
    return folder


class Addresses(html.parser.HTMLParser):
    """Collects what a page leads to, and what a browser would fetch for it."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.fetched: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        rel = set(found.get("rel", "").split())
        for name in ("href", "src", "poster", "data", "xlink:href", "action"):
            if name in found:
                is_link = tag in ("a", "area", "form") or rel & {"canonical", "license"}
                (self.links if is_link else self.fetched).append(found[name])
        for candidate in re.split(r",\s+", found.get("srcset", "")):
            if candidate.strip():
                self.fetched.append(candidate.split()[0])
        self.fetched += re.findall(r"url\(([^)]*)\)", found.get("style", ""))


def addresses_of(page: Path) -> Addresses:
    found = Addresses()
    found.feed(page.read_text(encoding="utf-8"))
    return found


def leads_nowhere(page: Path, address: str) -> bool:
    parts = urlsplit(address)
    if parts.scheme in ("data", "mailto", "tel", "geo") or not parts.path:
        return False
    return address.startswith("/") or not (page.parent / unquote(parts.path)).is_file()


def test_every_address_of_every_page_leads_to_a_file_of_the_stick(stick: Path) -> None:
    pages = [*stick.rglob("*.html")]
    assert len(pages) > 100
    wrong, count = [], 0
    for page in pages:
        found = addresses_of(page)
        local = [address for address in found.links if not urlsplit(address).scheme or urlsplit(address).scheme == "file"]
        count += len(local)
        wrong += [f"{page.relative_to(stick)}: {address}" for address in (*local, *found.fetched) if leads_nowhere(page, address)]
        wrong += [
            f"{page.relative_to(stick)}: fetched {address}" for address in found.fetched if urlsplit(address).scheme in ("http", "https")
        ]
    assert wrong == [] and count > 1000


def test_every_address_of_every_style_sheet_leads_to_a_file_of_the_stick(stick: Path) -> None:
    for sheet in stick.rglob("*.css"):
        for address in re.findall(r"url\(\s*[\"']?([^\"')]*)", sheet.read_text(encoding="utf-8")):
            assert not leads_nowhere(sheet, address), f"{sheet}: {address}"


@pytest.fixture(params=["file", "sub-path"])
def place(request: pytest.FixtureRequest, stick: Path, tmp_path: Path) -> Iterator[str]:
    """The address of the stick's folder, without a slash at the end."""
    if request.param == "file":
        yield stick.absolute().as_uri()
        return
    with nginx(tmp_path / "nginx", f"location /neighbour/of/ours/ {{ alias {stick}/; }}\nlocation / {{ return 404; }}") as port:
        yield f"http://127.0.0.1:{port}/neighbour/of/ours"


def test_a_browser_shows_pages_with_their_styles_and_pictures_and_asks_nobody_else(
    stick: Path, place: str, browser: Browser, templates: dict[str, str]
) -> None:
    paths = ["START-HERE.html", "はじめにお読みください.html"]
    paths += [f"site{url}index.html" if url.endswith("/") else f"site{url}" for url in one_of_each(templates)]
    page = browser.new_page()
    asked, failed = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on(
        "requestfailed", lambda request: failed.append(request.url) if request.failure != "net::ERR_ABORTED" else None
    )  # by the next page
    page.on("response", lambda response: failed.append(response.url) if response.status >= 400 else None)
    for path in paths:
        if "http-equiv" in (stick / path).read_text(encoding="utf-8"):
            continue  # a page that only forwards: the crawl has followed it
        page.goto(f"{place}/{quote(path)}", wait_until="load")
        if path.startswith("site/"):
            assert page.evaluate("document.styleSheets.length") > 0
            assert page.evaluate("[...document.images].filter(i => i.loading !== 'lazy' && i.complete && !i.naturalWidth).length") == 0, (
                path
            )
    page.goto(f"{place}/START-HERE.html")
    page.click("text=サイトの入口")
    page.click("header a.brand")
    assert page.url.endswith("/site/index.html")
    page.close()
    assert failed == [] and [url for url in asked if not url.startswith((place, "data:"))] == []


def test_what_needs_a_server_says_so_in_words(stick: Path) -> None:
    front = (stick / "site/index.html").read_text(encoding="utf-8")
    assert "この持ち運び用の写しでは、ことばでさがせません" in front
    assert re.findall(r'<form[^>]* action="([^"]*)"', front) == [
        "https://mail.todoke.example.jp/sign-up"
    ]  # which leads elsewhere, and stays
    for page in every_page(stick / "site")[:50]:
        text = (stick / "site" / f"{page[1:]}index.html" if page.endswith("/") else stick / "site" / page[1:]).read_text(encoding="utf-8")
        assert not re.search(r"<script(?![^>]*ld\+json)", text), page


def test_the_page_to_begin_with_has_the_emergency_pages_and_the_other_mirrors(stick: Path) -> None:
    text = (stick / "はじめにお読みください.html").read_text(encoding="utf-8")
    assert text == (stick / "START-HERE.html").read_text(encoding="utf-8")
    assert 'href="site/emergency/index.html"' in text and "https://www.example.jp/" in text
    titles = re.findall(r"<li><a href=\"site/emergency/[^>]*>(.*?)</a>", text)
    assert len(titles) > 1
    assert not any(" | " in title for title in titles)  # the names of publication and site would stand on every line


def test_common_tools_check_the_copy_and_the_original_that_it_is_of(stick: Path) -> None:
    key = (stick.parent / "key").read_text()
    for name in (OWN, manifest.PATH):
        assert subprocess.run(["minisign", "-Vm", name, "-P", key], cwd=stick / "site", capture_output=True, check=False).returncode == 0
    check = ["sha256sum", "--check", "--quiet", "--strict"]
    assert subprocess.run([*check, OWN], cwd=stick / "site", check=False).returncode == 0
    assert subprocess.run([*check, manifest.PATH], cwd=stick / "site", check=False).returncode == 0  # the lists of the original
