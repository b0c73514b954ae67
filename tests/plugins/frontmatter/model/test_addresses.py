"""Addresses that editors choose: never outside of the site, never in the way of what the site makes itself."""

from __future__ import annotations

import re
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plugins.diagnostics import ContentErrors
from plugins.files import WriteRefused, write_into
from plugins.frontmatter.model.addresses import OwnAddresses, check_former_address, check_name, page_file
from tests.plugins.builder.checkout.test_source_check import PARTNER
from tests.samples.tiny import ARTICLE, PLACES, TinySite

OWN = OwnAddresses(frozenset({"press"}), frozenset({"/", "/places/", "/places/ishinomaki/", "/mail/", "/mail/press/"}))


@pytest.mark.parametrize(
    "address",
    [
        "/old/address/",
        "/index.php/2012/04/",
        "/~user/",
        "/press/2012/03/old-name/",
        "/mail/press-old/7/",
        "/Old/A_b/",
        "/復興/計画/",
        "/a.html",
        "/a/b.PHP",
        "/a/index.htm",
        "/cgi-bin/news.cgi",
        "/v1.2/",
        "/お知らせ・号外.html",
        "/press/2012/03/a.asp",
    ],
)
def test_an_old_address_of_another_site_may_lead_to_a_document(address: str) -> None:
    assert check_former_address(address, OWN) is None


@pytest.mark.parametrize(
    "address",
    [
        "/../../../escaped/", "/a/../b/", "/./", "/a/./", "/.../", "/.git/", "/a./", "//", "/a//b/", "a/", "", "/a b/", "/a\\b/", "/a\n/",
        "/%2e%2e/", f"/{'a' * 300}/", "/" + "ab/" * 200, "/con/", "/a/NUL.txt/", "/C:/", "/日本語の\u200b名/", f"/{'漢' * 67}/", "/a b.html",
    ],
)  # fmt: skip
def test_an_address_that_cannot_be_a_folder_of_the_site_is_refused(address: str) -> None:
    assert check_former_address(address, OWN)


@pytest.mark.parametrize(
    "address",
    [
        "/feed.xml/", "/feed.json/", "/press/feed.xml/", "/theme/style.css/", "/theme/x/", "/Theme/x/", "/search/", "/search/titles/2020/", "/404.html/",
        "/robots.txt/", "/sitemap-press.xml/", "/images/a.png/", "/files/a/", "/data/x/", "/furigana/press/", "/cards/a/", "/press/", "/press/2020/05/",
        "/press/2020/", "/press/place/x/", "/press/calendar/", "/press/situation/x/", "/situation/", "/situation/shelters/", "/places/", "/places/ishinomaki/", "/mail/press/", "/old/index.html/", "/-/x/",
    ],
)  # fmt: skip
def test_an_address_that_the_site_makes_itself_is_refused_also_if_it_does_not_make_it_today(address: str) -> None:
    words = check_former_address(address, OWN)
    assert words and "itself" in words[1]


@pytest.mark.parametrize("name", ["..", ".", "", "a/b", "A", "a_b", "-a", "x" * 101, "石巻", "../../escaped", "nul", "com1", "a\n"])
def test_a_name_of_a_table_that_cannot_be_a_folder_is_refused(name: str) -> None:
    assert check_name(name)


@settings(derandomize=True, max_examples=400, deadline=None)
@given(
    st.one_of(
        st.text(max_size=30),
        st.lists(st.sampled_from(["a", "..", ".", "", "feed.xml", "A.", ".b", "x" * 101, "%2e", "~"]), max_size=6).map(
            lambda parts: "/".join(["", *parts, ""])
        ),
    )
)
def test_what_the_check_accepts_the_writer_writes_inside_the_tree(address: str) -> None:
    with TemporaryDirectory() as folder:
        tree = Path(folder, "site")
        if check_former_address(address, OWN) is None:
            assert re.fullmatch(r"(/[^/.][^/]*)+/?", address) and len(address) <= 300
            write_into(tree, page_file(address), b"page")
            assert [file.read_bytes() for file in tree.rglob("*") if file.is_file()] == [b"page"]
        if set(address.strip("/").split("/")) & {"..", "."}:
            with pytest.raises(WriteRefused):
                write_into(tree, f"{address.lstrip('/')}index.html", b"page")
        assert {file.name for file in Path(folder).iterdir()} <= {"site"}


def with_alias(address: str) -> str:
    return ARTICLE.format(title="題", date="2020-05-01 10:00", lead="段落です。").replace("title:", f"aliases: ['{address}']\ntitle:")


@pytest.mark.parametrize("address", ["/../../../escaped/", "/feed.xml/", "/theme/style.css/", f"/{'a' * 300}/", "/press/2020/05/a/"])
def test_a_former_address_that_cannot_be_is_told_with_file_and_line_and_leaves_nothing_behind(tiny: TinySite, address: str) -> None:
    tiny.write("press/2020/a.md", with_alias(address))
    with pytest.raises(ContentErrors) as caught:
        tiny.build()
    assert {(str(fault.path), fault.line) for fault in caught.value.diagnostics} == {("content/press/2020/a.md", 2)}
    assert not list(tiny.root.rglob("escaped*")) and not list(tiny.output.glob("next-*"))
    tiny.write("press/2020/a.md", with_alias("/old/a/"))
    tiny.build()
    assert "/press/2020/05/a/" in tiny.page("/old/a/")


def test_the_former_address_of_one_article_cannot_be_the_address_of_another_in_any_case(tiny: TinySite) -> None:
    tiny.article("press/2020/a.md")
    tiny.write("press/2020/b.md", with_alias("/press/2020/05/A/"))
    with pytest.raises(ContentErrors, match=r"press/2020/b\.md:2: .*press/2020/a\.md.* \[F305\]"):
        tiny.library()


@pytest.mark.parametrize(
    ("name", "code"), [("search", "F306"), ("press", "F306"), ("theme", "F306"), ("places", "F306"), ("x" * 101, "F304")]
)
def test_a_page_cannot_have_the_name_of_what_the_site_makes_itself(tiny: TinySite, name: str, code: str) -> None:
    tiny.write(f"pages/{name}.md", "---\ntitle: ページ\n---\n本文です。\n")
    with pytest.raises(ContentErrors, match=rf"pages/{name}\.md:1: .* \[{code}\]"):
        tiny.library()


@pytest.mark.parametrize(
    ("row", "line"),
    [
        ("042021,塩竈市,しおがまし,../../../../escaped3", 4),
        ("042021,塩竈市,しおがまし,", 4),
        ("042021,塩竈市,しおがまし", 4),
        ("042021,塩竈市,しおがまし,ishinomaki", 4),
        ("042021,石巻市,いしのまきし,another", 4),
        (f"042021,塩竈市,しおがまし,{'s' * 300}", 4),
    ],
)
def test_a_municipality_whose_slug_cannot_be_an_address_is_told_with_its_line(tiny: TinySite, row: str, line: int) -> None:
    tiny.write("data/municipalities.csv", PLACES + row + "\n")
    with pytest.raises(ContentErrors) as caught:
        tiny.build()
    assert {(str(fault.path), fault.line) for fault in caught.value.diagnostics} == {("content/data/municipalities.csv", line)}
    assert not list(tiny.root.rglob("escaped*"))


@pytest.mark.parametrize("old", ["[publications.jobs]", "[lists.press]"])
@pytest.mark.parametrize("key", ["search", "theme", "x" * 101, "nul"])
def test_a_key_of_the_settings_that_cannot_be_a_folder_is_told_with_its_line(tiny: TinySite, old: str, key: str) -> None:
    toml = tiny.root / "publications.toml"
    table = old.strip("[]").split(".")[0]
    if table == "lists" and key in ("search", "theme"):
        key = "con"
    toml.write_text(
        toml.read_text("utf-8").replace(old, f"[{table}.{key}]").replace('list = "press"', f'list = "{key}"' if table == "lists" else ""),
        "utf-8",
    )
    with pytest.raises(ContentErrors, match=r"publications\.toml:\d+: .* \[R103\]"):
        tiny.registry()


@pytest.mark.parametrize("folder", ["feed.xml", "Blog", "a b", "x" * 101])
def test_the_folder_of_a_partners_entries_has_to_be_a_part_of_an_address(tiny: TinySite, folder: str) -> None:
    tiny.write(f"partners/{folder}/2020/a.md", PARTNER)
    with pytest.raises(ContentErrors, match=r"partners/.*/a\.md:1: .* \[F304\]"):
        tiny.library()
