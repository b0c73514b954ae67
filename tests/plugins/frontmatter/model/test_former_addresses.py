"""Old addresses of any shape lead to the document; what a server of files cannot do is refused with the reason."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import quote
from urllib.request import urlopen

import pytest

from plugins.diagnostics import ContentErrors
from plugins.frontmatter.model.addresses import PAGE_ENDINGS, former_address
from publisher.model.media import media_type
from tests.samples.tiny import TinySite
from tests.servers.nginx import nginx

ARTICLE = "---\ntitle: 題\ndate: 2020-05-01\naliases: [{addresses}]\n---\n文。\n"


@pytest.mark.parametrize(
    ("written", "known"),
    [
        ("/old/a.html", "/old/a.html"),
        ("/old/page", "/old/page/"),
        ("/old/index.html", "/old/"),
        ("/%E5%BE%A9%E8%88%88/%E8%A8%88%E7%94%BB.html", "/復興/計画.html"),
        ("/復興/", "/復興/"),
        ("/か\u3099くしゅう/", "/がくしゅう/"),
        ("/%95%9C%8B%BB/", "/%95%9C%8B%BB/"),
        ("/a%2Fb/", "/a%2Fb/"),
    ],
)
def test_each_way_to_write_an_old_address_is_one(written: str, known: str) -> None:
    assert former_address(written) == known
    assert former_address(known) == known


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("/news.php?id=3", "「\\?」から後は、ファイルを渡すだけのサーバーには区別できません"),
        ("/news.html#top", "「#」から後は"),
        ("/old/report.pdf", "案内のページは置けません"),
        ("/old/photo.JPG", "案内のページは置けません"),
        ("/%95%9C%8B%BB/", "UTF-8ではない"),
        ("https://www.pref.example.jp/old/", "サイトの名前（https://…）を書きません"),
        ("//www.pref.example.jp/old/", "サイトの名前（https://…）を書きません"),
    ],
)
def test_what_a_server_of_files_cannot_do_is_refused_with_the_reason(tiny: TinySite, address: str, reason: str) -> None:
    tiny.write("press/2020/a.md", ARTICLE.format(addresses=f"'{address}'"))
    with pytest.raises(ContentErrors, match=reason):
        tiny.library()


def test_a_file_that_would_have_to_be_a_folder_too_is_a_conflict(tiny: TinySite) -> None:
    tiny.write("press/2020/a.md", ARTICLE.format(addresses="/index.php"))
    tiny.write("press/2020/b.md", ARTICLE.format(addresses="/index.php/2012/04/"))
    with pytest.raises(ContentErrors, match=r"press/2020/b\.md:4: .*/index\.php.* \[F305\]"):
        tiny.library()


@pytest.mark.parametrize("address", ["/old/A.html", "/old/a.html", "/%6Fld/a.html"])
def test_two_documents_cannot_have_one_old_address_however_it_is_written(tiny: TinySite, address: str) -> None:
    tiny.write("press/2020/a.md", ARTICLE.format(addresses="/old/a.html"))
    tiny.write("press/2020/b.md", ARTICLE.format(addresses=f"'{address}'"))
    with pytest.raises(ContentErrors, match=r"press/2020/b\.md:4: .*press/2020/a\.md.* \[F305\]"):
        tiny.library()


def test_the_sample_of_nginx_leads_on_from_every_shape_of_address(tiny: TinySite, tmp_path: Path) -> None:
    addresses = [f"/old/page.{ending}" for ending in PAGE_ENDINGS] + ["/old/folder/", "/復興/計画.html", "/復興/"]
    tiny.write("press/2020/a.md", ARTICLE.format(addresses=", ".join(addresses)))
    tiny.build()
    of_types = "\n".join(re.findall(r"(?m)^ *location .*$", Path("docs/samples/site/nginx.conf").read_text("utf-8")))
    with nginx(tmp_path / "nginx", f"root {tiny.site};\nindex index.html;\n{of_types}") as port:
        for address in addresses:
            with urlopen(f"http://127.0.0.1:{port}{quote(address)}", timeout=10) as answer:
                assert answer.headers["Content-Type"] == "text/html; charset=utf-8", address
                assert "url=/press/2020/05/a/" in answer.read().decode("utf-8")


def test_a_release_says_of_every_old_page_that_it_is_html() -> None:
    assert {media_type(f"old/page.{ending}") for ending in PAGE_ENDINGS} == {"text/html; charset=utf-8"}
