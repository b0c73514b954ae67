"""`todoke feeds receive`: the service in a process of its own, with a hub that verifies and sends."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import aiohttp
from aiohttp import web

from plugins.partners.entries.files import read_front
from tests.plugins.cli.feeds.test_commands import PUBLICATIONS, ROOT, call, served, toml  # noqa: F401 - the fixture
from tests.plugins.partners.http.test_fetch import Site, page
from tests.plugins.partners.websub.test_service import rss


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def stop_at_the_first_news_of(process: subprocess.Popen[str], feed: str) -> None:
    """Read what the service prints until it has taken in an entry of the feed, and end it."""
    assert process.stdout is not None
    watchdog = threading.Timer(180, process.kill)
    watchdog.start()
    try:
        assert any(feed in line and "1" in line for line in process.stdout if "│" in line)
    finally:
        process.send_signal(signal.SIGTERM)
        process.stdout.read()
        watchdog.cancel()


def test_news_come_as_soon_as_the_hub_sends_them(toml: Path) -> None:  # noqa: F811
    port, site, tasks = free_port(), Site({}), []

    async def verify_and_send(form: dict[str, str]) -> None:
        async with aiohttp.ClientSession() as session:
            query = {"hub.mode": "subscribe", "hub.topic": form["hub.topic"], "hub.challenge": "c", "hub.lease_seconds": "86400"}
            async with session.get(form["hub.callback"], params=query) as answer:
                assert await answer.text() == "c"
            site.pages["/feed"] = page(rss("", 1, 2))
            async with session.post(form["hub.callback"], data=b"news") as answer:
                assert answer.status == 202

    async def hub(request: web.Request) -> web.Response:
        form = {name: str(value) for name, value in (await request.post()).items()}
        tasks.append(asyncio.create_task(verify_and_send(form)))
        return web.Response(status=202)

    with served(site) as base:
        site.pages |= {"/feed": page(rss(base, 1)), "/hub": hub}
        toml.write_text(PUBLICATIONS.replace("https://hama.example/feed", f"{base}/feed"), "utf-8")
        assert call("update", "hama", "--allow-loopback").exit_code == 0
        callback = ["--callback", f"http://127.0.0.1:{port}", "--port", str(port), "--allow-loopback"]
        with subprocess.Popen(
            [sys.executable, "-m", "todoke", "feeds", "receive", *callback],
            cwd=toml.parent,
            env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", "COLUMNS": "200"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process:
            stop_at_the_first_news_of(process, "hama")
        assert process.returncode in (0, -signal.SIGTERM)
    titles = {str(read_front(path)["title"]) for path in (toml.parent / "content").rglob("*.md")}
    assert titles == {"題1", "題2"}


def test_a_callback_that_is_no_address_is_a_usage_error(toml: Path) -> None:  # noqa: F811
    for callback in ("news.example.jp", "ftp://news.example.jp", "https://news.example.jp/?a=1"):
        assert call("receive", "--callback", callback).exit_code == 2
    assert call("receive").exit_code == 2
