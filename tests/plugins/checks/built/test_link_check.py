"""The check of internal links, on small sites with one error each and on the sample."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from plugins.builder.options import BuildReport
from plugins.checks.built.link_check import check_links, check_mail_links

PAGE = '<!doctype html><html lang="ja"><head><title>題</title>{head}</head><body id="top">{body}</body></html>'
Site = Callable[..., Path]


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """Writes a site of two pages; ``files`` adds or replaces."""

    def write(body: str = "", head: str = "", **files: str) -> Path:
        pages = {
            "index.html": PAGE.format(head=head, body=body),
            "a/index.html": PAGE.format(head="", body='<h2 id="駅">駅</h2>'),
            "robots.txt": "User-agent: *\nSitemap: https://site.example.jp/sitemap.xml\n",
        }
        for name, text in (pages | {key.replace("__", "."): value for key, value in files.items()}).items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(text, encoding="utf-8")
        return tmp_path

    return write


@pytest.mark.parametrize(
    "body",
    [
        '<a href="/a/">a</a>',
        '<a href="a/">a</a>',
        '<a href="a/?page=2#%E9%A7%85">a</a>',
        '<a href="#top">a</a>',
        '<a href="https://site.example.jp/a/#駅">a</a>',
        '<a href="https://other.example.jp/none/">a</a>',
        '<a href="mailto:a@example.jp">a</a><a href="tel:0">a</a>',
    ],
)
def test_an_address_that_exists_or_leads_out_of_the_site_passes(body: str, site: Site) -> None:
    assert check_links(site(body)).diagnostics == ()


@pytest.mark.parametrize(
    ("body", "head", "address"),
    [
        ('<a href="/b/">b</a>', "", "/b/"),
        ('<a href="/a">a</a>', "", "/a"),
        ('<a href="/a/#港">a</a>', "", "/a/#港"),
        ('<img src="/x.png" alt="">', "", "/x.png"),
        ('<img srcset="/a/ 1x, /y.webp 2x" alt="">', "", "/y.webp"),
        ('<video poster="/p.png"></video>', "", "/p.png"),
        ('<p style="background:url(/z.png)"></p>', "", "/z.png"),
        ('<p style="background:URL( /z.png )"></p>', "", "/z.png"),
        ("", '<link rel="stylesheet" href="/s.css">', "/s.css"),
        ("", '<meta http-equiv="refresh" content="0; url=/gone/">', "/gone/"),
        ("", '<meta property="og:image" content="https://site.example.jp/card.png">', "https://site.example.jp/card.png"),
        ("", '<script type="application/ld+json">{"item": ["https://site.example.jp/no/"]}</script>', "https://site.example.jp/no/"),
    ],
)
def test_an_address_that_leads_nowhere_is_reported(body: str, head: str, address: str, site: Site) -> None:
    assert [(diagnostic.path.name, diagnostic.subject) for diagnostic in check_links(site(body, head)).diagnostics] == [
        ("index.html", address)
    ]


def test_the_addresses_of_feeds_sitemaps_and_stylesheets_are_followed(site: Site) -> None:
    base = "https://site.example.jp"
    root = site(
        feed__xml=f'<feed xmlns="http://www.w3.org/2005/Atom"><link href="{base}/1/"/><content type="html">&lt;a href="{base}/2/"&gt;</content></feed>',
        feed__json=f'{{"version": "https://jsonfeed.org/version/1.1", "items": [{{"url": "{base}/3/", "content_html": "<img src=/4.png>"}}]}}',
        sitemap__xml=f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><url><loc>{base}/5/</loc></url></urlset>',
        style__css="@import '7.css'; a { background: url(6.svg) /* url(8.svg) */ }",
    )
    broken = check_links(root).diagnostics
    assert sorted(diagnostic.subject.replace(base, "") for diagnostic in broken) == ["/1/", "/2/", "/3/", "/4.png", "/5/", "6.svg", "7.css"]
    assert str(broken[0]).endswith("このアドレスのページやファイルがありません / no such page or file [L101]")


def test_a_mail_that_links_to_a_missing_page_is_reported(site: Site, tmp_path_factory: pytest.TempPathFactory) -> None:
    mail = tmp_path_factory.mktemp("mail")
    (mail / "press" / "1").mkdir(parents=True)
    links = "".join(
        f'<a href="{to}">a</a>' for to in ("https://site.example.jp/a/", "https://site.example.jp/b/", "https://personal.invalid/x")
    )
    (mail / "press" / "1" / "mail.html").write_text(PAGE.format(head="", body=links), encoding="utf-8")
    assert [diagnostic.subject for diagnostic in check_mail_links(mail, site())] == ["https://site.example.jp/b/"]


def test_a_site_without_pages_is_no_pass(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="build first"):
        check_links(tmp_path)


def test_every_address_of_the_sample_leads_somewhere(sample: BuildReport) -> None:
    report = check_links(sample.output / "site")
    assert report.diagnostics == ()
    assert report.addresses > 5_000
    assert check_mail_links(sample.output / "mail", sample.output / "site") == ()
