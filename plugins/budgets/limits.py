"""How much is too much, and how that is said. Pure but for the sizes that `Files` looks up."""

from __future__ import annotations

from .weigh import Files, Weight

ARTICLE = 60_000
"""Bytes of an article without its pictures, as gzip sends it."""

PORTAL = 200_000
"""Bytes of the portal with every picture, the heaviest candidate of each."""

SCRIPT = 10_000
"""Bytes of JavaScript on one page, unpacked."""

SHEET = 30_000
"""Bytes of all stylesheets of the theme, unpacked."""

ENOUGH = ARTICLE // 2
"""Bytes of HTML below which it does not matter how far gzip gets: the rest of a page may take as much again."""


def complaints(weight: Weight) -> list[str]:
    """Return what is wrong with one page."""
    rows = [("JavaScript", "JavaScript", weight.script, SCRIPT)]
    if weight.is_article:
        rows.append(("本文", "the article without pictures", weight.packed, ARTICLE))
    if weight.url == "/":
        rows.append(("絵も合わせたページ", "the portal with its pictures", weight.packed + weight.pictures, PORTAL))
    return [_say(weight.url, *row) for row in rows if row[2] > row[3]]


def sheet_complaints(files: Files) -> list[str]:
    """Return what is wrong with the stylesheets."""
    size = sum(path.stat().st_size for path in (files.site / "theme").rglob("*.css"))
    return [_say("/theme/", "スタイルシート", "the stylesheets", size, SHEET)] if size > SHEET else []


def _say(url: str, ja: str, en: str, bytes_: int, limit: int) -> str:
    return (
        f"{url}: {ja}が{bytes_ / 1000:.1f}kBあります。{limit // 1000}kBまでです / {en}: {bytes_ / 1000:.1f} kB, at most {limit // 1000} kB"
    )
