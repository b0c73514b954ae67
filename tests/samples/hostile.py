"""Hostile servers, and a command that imports from all of them: ``python -m tests.samples.hostile FOLDER PORT PATH…``.

``127.0.0.1`` stands for the internet; every other address of this machine is as private as in a real import.
"""

from __future__ import annotations

import asyncio
import gzip
import ipaddress
import itertools
import json
import socket
import sys
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

import brotli
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult

from plugins.partners.http.addresses import AddressRules
from plugins.partners.http.client import Limits
from plugins.partners.model.config import FeedConfig, Settings
from plugins.partners.model.dates import JAPAN
from plugins.partners.sandbox.pool import SandboxLimits
from plugins.partners.update import Options, update
from tests.plugins.partners.http.test_fetch import Answer, drip, hang, page, redirect

PUBLIC = AddressRules((ipaddress.ip_network("127.0.0.1/32"),))
ITEM = "<item><guid isPermaLink='false'>{id}</guid><title>{title}</title><link>http://good.example/{id}</link><description>{body}</description></item>"


def rss(*bodies: str) -> bytes:
    items = "".join(ITEM.format(id=number, title=f"題{number}", body=body) for number, body in enumerate(bodies))
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>t</title>{items}</channel></rss>'.encode()


GOOD = rss(*("本文です。" for _ in range(20)))


async def endless(request: web.Request) -> web.StreamResponse:
    """Answer as fast as can be, without end."""
    response = web.StreamResponse()
    await response.prepare(request)
    while True:
        await response.write(b"<!-- x -->" * 10_000)


def attributes(count: int) -> bytes:
    many = " ".join(f'a{number}="x"' for number in range(count))
    return f'<rss version="2.0"><channel><item><description>x</description></item><x {many}/></channel></rss>'.encode()


def bombs() -> dict[str, bytes]:
    """Documents that ask a parser for too much."""
    billion = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    return {
        "attributes": attributes(100_000),
        "comments": b"<rss version='2.0'><channel><item><title>x</title><description>" + b"<!--" * 87_500,
        "escaped-comments": rss("&lt;!--" * 50_000),
        "nesting": b"<rss version='2.0'><channel>" + b"<a>" * 100_000,
        "nested-html": rss("&lt;div&gt;" * 100_000),
        "lol": f'<!DOCTYPE rss [<!ENTITY l0 "lol">{billion}]><rss version="2.0"><channel><title>&l9;</title></channel></rss>'.encode(),
        "json": b'{"version":"https://jsonfeed.org/version/1.1","items":' + b"[" * 500_000,
        "hungry": rss("&lt;b&gt;x" * 1_200_000),
        "many": rss(*("x" for _ in range(4_000))),
    }


def redirects(port: int, canary: int) -> dict[str, Answer]:
    """Redirects to addresses that must not be asked."""
    inside = [
        f"127.0.0.2:{canary}", f"[::ffff:127.0.0.2]:{canary}", f"2130706434:{canary}", f"0x7f000002:{canary}", f"0177.0.0.2:{canary}",
        f"127.2:{canary}", "169.254.169.254", "[::ffff:a9fe:a9fe]", f"canary.example:{canary}", "canary.example", f"user@127.0.0.2:{canary}",
        f"localhost:{canary}", f"[::1]:{canary}",
    ]  # fmt: skip
    return {f"/inside-{number}": redirect(f"http://{host}/secret", 301) for number, host in enumerate(inside)} | {
        "/loop": redirect("/loop"),
        "/pingpong": redirect(f"http://pingpong.example:{port}/pongping", 307),
        "/pongping": redirect("/pingpong"),
        "/file": redirect("file:///etc/passwd"),
    }


def pages(port: int, canary: int) -> dict[str, Answer]:
    """Every hostile path, and ``/good``."""
    zeros = b"0" * 200_000_000
    spying = rss(
        *(f"&lt;img src='http://{host}/p.png'&gt;" for host in (f"127.0.0.2:{canary}", f"canary.example:{canary}", f"[::1]:{canary}"))
    )
    return {
        "/good": page(GOOD, Content_Type="application/rss+xml"),
        "/gzip": page(gzip.compress(zeros, 1), Content_Encoding="gzip"),
        "/brotli": page(brotli.compress(zeros, quality=1), Content_Encoding="br"),
        "/endless": endless,
        "/drip": drip,
        "/hang": hang,
        "/pictures": page(spying),
        "/rebind": page(GOOD),
        **redirects(port, canary),
        **{f"/{name}": page(body) for name, body in bombs().items()},
    }


class SplitResolver(AbstractResolver):
    """``*.example`` is the internet; ``canary`` lies inside; ``rebind`` is outside first and inside from then on."""

    def __init__(self) -> None:
        self.lookups = itertools.count()

    async def resolve(self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET) -> list[ResolveResult]:
        inside = host == "canary.example" or (host == "rebind.example" and next(self.lookups) > 0) or host == "localhost"
        address = "127.0.0.2" if inside else "127.0.0.1"
        return [ResolveResult(hostname=host, host=address, port=port, family=socket.AF_INET, proto=0, flags=0)]

    async def close(self) -> None:
        """Nothing to close."""


def feeds(port: int, paths: list[str]) -> list[FeedConfig]:
    """One feed on a host of its own for each path, and a good one beside each."""
    keys = [(path.strip("/"), path) for path in paths] + [(f"good-{number}", "/good") for number in range(10)]
    return [FeedConfig(key, key, f"http://{key}.example:{port}{path}", "http://good.example/", "x", "x", "publish") for key, path in keys]


def main(folder: str, port: str, *paths: str) -> None:
    """Import from all with short limits and print the reports."""
    options = Options(
        Path(folder, "content"),
        Path(folder, "feeds.json"),
        datetime(2016, 2, 10, 10, 0, tzinfo=JAPAN),
        rules=PUBLIC,
        limits=Limits(connect=4, first_byte=2, total=10),
        sandbox_limits=SandboxLimits(cpu_seconds=6, wall_seconds=30),
        gap=0,
        resolver=SplitResolver(),
    )
    report = asyncio.run(update(feeds(int(port), list(paths)), Settings((), frozenset(), "x"), options))
    json.dump([asdict(feed) for feed in report.feeds], sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
