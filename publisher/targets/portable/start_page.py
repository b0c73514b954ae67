"""The page to begin with on a stick: the emergency pages, the whole site, and where the site is public."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Sequence
from urllib.parse import quote
from zoneinfo import ZoneInfo

from publisher.model.release import Release

NAMES = ("はじめにお読みください.html", "START-HERE.html")
EMERGENCY = "emergency/"

JAPAN = ZoneInfo("Asia/Tokyo")

_TITLE = re.compile(r"<title>(.*?)(?: \| .*)?</title>", re.DOTALL)
"""Without the names of publication and site, which all of them share."""


def emergency_pages(release: Release) -> list[str]:
    """Return the paths of the emergency pages, the list of them first."""
    pages = [file.path for file in release.files if file.path.startswith(EMERGENCY) and file.path.endswith(".html")]
    return sorted(pages, key=lambda path: (path.count("/"), path))


def start_page(release: Release, folder: str, read: Callable[[str], bytes], addresses: Sequence[str]) -> bytes:
    """Return the page. ``folder`` is where the copy lies beside it; ``read`` returns a page; ``addresses`` are where the site is public."""

    def link(path: str) -> str:
        title = _TITLE.search(read(path).decode("utf-8", "replace"))
        return f'<li><a href="{quote(folder)}/{quote(path)}">{title[1].strip() if title else html.escape(path)}</a></li>'

    urgent = "\n".join(link(path) for path in emergency_pages(release))
    public = "\n".join(f'<li><a href="{html.escape(address)}">{html.escape(address)}</a></li>' for address in addresses)
    moment = release.moment.astimezone(JAPAN).strftime("%Y-%m-%d %H:%M %Z")
    return f"""<!doctype html>
<html lang="ja">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>はじめにお読みください / Start here</title>
<style>body{{max-width:42rem;margin:2rem auto;padding:0 1rem;font:1.125rem/1.8 sans-serif;overflow-wrap:anywhere}}h1,h2{{line-height:1.4}}ul{{padding-left:1.3rem}}</style>
</head>
<body>
<h1>はじめにお読みください <span lang="en">Start here</span></h1>
<p>{moment} の写しです（第{release.number}版）。インターネットがなくても読めます。 <span lang="en">A copy of that moment; it needs no internet.</span></p>
<h2>緊急のお知らせ <span lang="en">Emergency</span></h2>
<ul>
{urgent or "<li>この写しを作った時点ではありません。 <span lang='en'>None at that moment.</span></li>"}
</ul>
<h2>すべての情報 <span lang="en">Everything</span></h2>
<p><a href="{quote(folder)}/index.html">サイトの入口 <span lang="en">The front page</span></a></p>
<h2>新しい情報のあるところ <span lang="en">Where newer information is</span></h2>
<ul>
{public or "<li>発行者にお尋ねください。 <span lang='en'>Please ask the publisher.</span></li>"}
</ul>
<p>この写しが書き換えられていないことは、だれでも確かめられます。 <span lang="en">Anybody can check this copy:</span>
<code>minisign -Vm {folder}/.well-known/todoke/portable.txt</code></p>
</body>
</html>
""".encode()
