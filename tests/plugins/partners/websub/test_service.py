"""WebSub from the hub of a real server to files: subscribe, verify, receive, renew, leave. What a hub sends never becomes content."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiohttp import web
from filelock import FileLock

from plugins.partners import state
from plugins.partners.entries.files import read_front
from plugins.partners.http.addresses import GLOBAL_ONLY, WITH_LOOPBACK
from plugins.partners.model.config import Settings
from plugins.partners.update import Options
from plugins.partners.websub.receiver import LARGEST_MESSAGE, create_app
from plugins.partners.websub.service import GAP, Service, subscriptions_path
from plugins.partners.websub.subscription import ANSWER_TIME, LEASE, Subscription, Subscriptions
from tests.plugins.partners.http.test_fetch import Site, page, redirect
from tests.plugins.partners.test_update import HAMA, NOW

CALLBACK = "https://news.example.jp"
ITEM = "<item><title>題{0}</title><link>http://hama.example.com/{0}</link><guid>g{0}</guid><description>見本{0}</description></item>"


def rss(base: str, *numbers: int, links: str = "") -> bytes:
    own = links or f'<atom:link rel="hub" href="{base}/hub"/><atom:link rel="self" href="{base}/topic"/>'
    items = "".join(ITEM.format(number) for number in numbers)
    return f'<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom"><channel><title>浜</title>{own}{items}</channel></rss>'.encode()


@dataclass
class Hub:
    """A partner's server with its hub, and our service. ``forms`` are the requests that the hub got."""

    base: str
    site: Site
    service: Service
    receiver: httpx.AsyncClient
    clock: list[datetime]
    forms: list[dict[str, str]] = field(default_factory=list)
    status: int = 202

    async def answer(self, request: web.Request) -> web.Response:
        self.forms.append({name: str(value) for name, value in (await request.post()).items()})
        return web.Response(status=self.status)

    @property
    def subscription(self) -> Subscription:
        (subscription,) = self.service.subscriptions.by_token.values()
        return subscription

    async def verify(self, mode: str = "subscribe", **parameters: str) -> httpx.Response:
        form = self.forms[-1]
        query = {"hub.mode": mode, "hub.topic": form["hub.topic"], "hub.challenge": "c1", "hub.lease_seconds": "86400"}
        return await self.receiver.get(form["hub.callback"], params=query | {f"hub.{name}": value for name, value in parameters.items()})

    async def send(self, body: bytes = b"anything", secret: str | None = None, method: str = "sha256") -> httpx.Response:
        key = self.subscription.secret if secret is None else secret
        headers = {"X-Hub-Signature": f"{method}={hmac.new(key.encode(), body, getattr(hashlib, method, hashlib.md5)).hexdigest()}"}
        return await self.receiver.post(f"{CALLBACK}/websub/{self.subscription.token}", content=body, headers=headers)

    def named(self) -> list[str]:
        queue = self.service._named
        return [queue.get_nowait() for _ in range(queue.qsize())]

    def titles(self) -> set[str]:
        return {str(read_front(path)["title"]) for path in self.service.options.content.rglob("*.md")}


@asynccontextmanager
async def hub(folder: Path) -> AsyncIterator[Hub]:
    site = Site({})
    async with site.serve() as base:
        feed = replace(HAMA, url=f"{base}/hama")
        options = Options(folder / "content", folder / "var/feeds.json", NOW, rules=WITH_LOOPBACK, gap=0)
        clock, tokens = [NOW], iter(f"token-{number}" for number in range(100))
        subscriptions = Subscriptions.load(subscriptions_path(options.state))
        service = Service(Settings((feed,), frozenset(), "x"), options, subscriptions, CALLBACK, lambda: clock[0], lambda: next(tokens))
        transport = httpx.ASGITransport(create_app(subscriptions, service.notify, lambda: clock[0]))
        async with httpx.AsyncClient(transport=transport) as receiver:
            here = Hub(base, site, service, receiver, clock)
            site.pages |= {"/hama": page(rss(base, 1)), "/hub": here.answer}
            assert await service.fetch("hama")
            yield here


def with_hub(folder: Path, story: Callable[[Hub], Coroutine[Any, Any, None]]) -> None:
    async def run() -> None:
        async with hub(folder) as here:
            await story(here)

    asyncio.run(run())


def test_a_feed_that_names_a_hub_is_subscribed_to_and_its_news_come_when_the_hub_sends(tmp_path: Path) -> None:
    async def story(here: Hub) -> None:
        await here.service.renew()
        (form,) = here.forms
        assert form == {
            "hub.mode": "subscribe",
            "hub.topic": f"{here.base}/topic",
            "hub.callback": f"{CALLBACK}/websub/token-0",
            "hub.lease_seconds": "864000",
        }
        answer = await here.verify()
        assert (answer.status_code, answer.text) == (200, "c1") and here.subscription.lease_until == NOW + timedelta(days=1)
        here.site.pages["/hama"] = page(rss(here.base, 1, 2))
        assert (await here.send(b"<rss>hostile</rss>")).status_code == 202
        assert here.named() == ["hama"]
        await here.service.fetch("hama")
        assert here.titles() == {"題1", "題2"}, "from the partner's own server, not from the message"

    with_hub(tmp_path, story)


@pytest.mark.parametrize("method", ["sha1", "sha256", "sha384", "sha512"])
def test_a_message_counts_only_with_the_signature_of_the_secret(tmp_path: Path, method: str) -> None:
    async def story(here: Hub) -> None:
        await here.service.renew()
        await here.verify()
        here.service.subscriptions.put(replace(here.subscription, secret="our secret"))
        assert (await here.send(method=method)).status_code == 202 and here.named() == ["hama"]
        here.service._waiting.clear()
        for secret, wrong_method in (("another", method), ("", method), ("our secret", "md5")):
            assert (await here.send(secret=secret, method=wrong_method)).status_code == 202, "nobody learns whether the secret was right"
        unsigned = await here.receiver.post(f"{CALLBACK}/websub/{here.subscription.token}", content=b"x")
        assert unsigned.status_code == 202 and here.named() == []

    with_hub(tmp_path, story)


def test_nothing_is_confirmed_that_we_did_not_ask_for(tmp_path: Path) -> None:
    async def story(here: Hub) -> None:
        await here.service.renew()
        for parameters in (
            {"topic": "https://evil.example/"},
            {"mode": "unsubscribe"},
            {"mode": "publish"},
            {"challenge": ""},
            {"challenge": "x" * 3000},
        ):
            assert (await here.verify(**{"mode": "subscribe"} | parameters)).status_code == 404
        assert (await here.receiver.get(f"{CALLBACK}/websub/other", params={"hub.mode": "subscribe"})).status_code == 404
        assert here.subscription.status == "asked"
        assert (await here.send()).status_code == 202 and here.named() == [], "no message counts before the hub verified"
        assert (await here.receiver.post(f"{CALLBACK}/websub/other")).status_code == 410
        answer = await here.verify(challenge="<script>alert(1)</script>")
        assert answer.headers["content-type"].startswith("text/plain") and answer.headers["x-content-type-options"] == "nosniff"

    with_hub(tmp_path, story)


def test_a_lease_is_renewed_before_it_ends_at_the_same_address(tmp_path: Path) -> None:
    async def story(here: Hub) -> None:
        await here.service.renew()
        await here.verify()
        for hours, requests in ((1, 1), (19, 1), (20, 2), (21, 2)):
            here.clock[0] = NOW + timedelta(hours=hours)
            await here.service.renew()
            assert len(here.forms) == requests, hours
        assert here.forms[0]["hub.callback"] == here.forms[1]["hub.callback"] and here.subscription.status == "active"
        await here.verify(lease_seconds="864000")
        assert here.subscription.lease_until == NOW + timedelta(hours=21) + LEASE

    with_hub(tmp_path, story)


def test_a_hub_that_does_not_answer_or_denies_is_asked_again_later(tmp_path: Path) -> None:
    async def story(here: Hub) -> None:
        here.status = 500
        await here.service.renew()
        await here.service.renew()
        assert len(here.forms) == 1
        here.clock[0] += ANSWER_TIME
        await here.service.renew()
        assert len(here.forms) == 2
        assert (await here.verify("denied", reason="いいえ\n\x1b[2J")).status_code == 200
        assert (here.subscription.status, here.subscription.reason) == ("denied", "いいえ [2J")
        here.clock[0] += ANSWER_TIME
        await here.service.renew()
        assert len(here.forms) == 2
        here.clock[0] += LEASE
        await here.service.renew()
        assert len(here.forms) == 3

    with_hub(tmp_path, story)


def test_a_feed_that_is_removed_or_has_another_hub_leaves_the_old_one(tmp_path: Path) -> None:
    async def story(here: Hub) -> None:
        await here.service.renew()
        await here.verify()
        token = here.subscription.token
        links = f'<atom:link rel="hub" href="{here.base}/other-hub"/><atom:link rel="self" href="{here.base}/topic"/>'
        here.site.pages |= {"/hama": page(rss(here.base, 1, links=links)), "/other-hub": here.answer}
        await here.service.fetch("hama")
        await here.service.renew()
        assert [form["hub.mode"] for form in here.forms] == ["subscribe", "unsubscribe", "subscribe"]
        here.forms.pop()
        assert (await here.verify("unsubscribe")).text == "c1"
        assert (await here.receiver.post(f"{CALLBACK}/websub/{token}")).status_code == 410
        here.service.settings = replace(here.service.settings, feeds=())
        await here.service.renew()
        assert here.subscription.status == "leaving"
        here.clock[0] += ANSWER_TIME + timedelta(seconds=1)
        await here.service.renew()
        assert here.service.subscriptions.by_token == {}

    with_hub(tmp_path, story)


def test_the_hub_is_found_in_the_header_too_and_in_json_feed(tmp_path: Path) -> None:
    async def story(here: Hub) -> None:
        path = here.service.options.state
        link = f'<{here.base}/header-hub>; rel="hub", </self>; rel=self'
        here.site.pages["/hama"] = page(rss(here.base, 1), Link=link)
        await here.service.fetch("hama")
        assert (state.load(path)["hama"].hub, state.load(path)["hama"].topic) == (f"{here.base}/header-hub", f"{here.base}/self")
        document = '{"version":"https://jsonfeed.org/version/1.1","title":"x","feed_url":"https://a.example/t","hubs":[{"type":"WebSub","url":"https://hub.example/"}],"items":[]}'
        here.site.pages["/hama"] = page(document.encode())
        await here.service.fetch("hama")
        assert (state.load(path)["hama"].hub, state.load(path)["hama"].topic) == ("https://hub.example/", "https://a.example/t")
        here.site.pages["/hama"] = page(rss(here.base, 1, links="<x/>"))
        await here.service.fetch("hama")
        assert state.load(path)["hama"].hub is None

    with_hub(tmp_path, story)


def test_a_redirect_of_the_hub_is_followed_with_the_form_and_other_redirects_are_not(tmp_path: Path) -> None:
    async def story(here: Hub) -> None:
        here.site.pages |= {"/hub": redirect("/real-hub", 307), "/real-hub": here.answer}
        await here.service.renew()
        assert [form["hub.mode"] for form in here.forms] == ["subscribe"]
        here.clock[0] += ANSWER_TIME
        here.site.pages["/hub"] = redirect("/real-hub", 302)
        await here.service.renew()
        assert len(here.forms) == 1

    with_hub(tmp_path, story)


def test_a_hub_inside_our_network_is_never_asked(tmp_path: Path) -> None:
    async def story(here: Hub) -> None:
        here.service.options = replace(here.service.options, rules=GLOBAL_ONLY)
        await here.service.renew()
        assert here.forms == [] and here.site.asked("/hub") == []

    with_hub(tmp_path, story)


def test_a_flood_of_messages_makes_one_fetch_and_a_huge_one_none(tmp_path: Path) -> None:
    async def story(here: Hub) -> None:
        await here.service.renew()
        await here.verify()
        for _ in range(20):
            await here.send()
        assert here.named() == ["hama"]
        assert here.service._pause("hama") == GAP, "it was fetched a moment ago"
        here.service._waiting.clear()
        assert (await here.send(b"x" * (LARGEST_MESSAGE + 1))).status_code == 413 and here.named() == []

    with_hub(tmp_path, story)


def test_a_feed_that_is_named_while_another_update_is_at_work_is_fetched_later(tmp_path: Path) -> None:
    async def story(here: Hub) -> None:
        with FileLock(here.service.options.state.with_suffix(".lock")):
            assert not await here.service.fetch("hama")
        assert await here.service.fetch("hama")

    with_hub(tmp_path, story)
