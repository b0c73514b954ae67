"""What no entry can do, whatever it says: leave its folder, add front matter, run a script."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import lxml.html
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from plugins.partners.entries.entry import make_entry
from plugins.partners.entries.files import read_front, read_stored, render, write
from plugins.partners.entries.reconcile import ImportPlan, plan
from plugins.partners.entries.versions import OUR_KEYS
from plugins.partners.model.config import FeedConfig
from plugins.partners.model.dates import JAPAN, FeedDate
from plugins.partners.model.parsed import ParsedEntry
from plugins.partners.model.text import plain_text
from plugins.partners.model.urls import absolute, canonical, is_web
from plugins.partners.sanitize.elements import KEPT
from plugins.partners.sanitize.sanitizer import sanitize

NOW = datetime(2016, 2, 10, 10, 0, tzinfo=JAPAN)
FEED = FeedConfig("hama", "浜のたより", "http://hama.example/feed", "http://hama.example/", "浜の人", "CC BY 4.0", "publish")
ENTRY = "http://hama.example/1"
PELICAN = re.compile(r"""<[^>]+(?:href|src|poster|data|cite|formaction|action|content)\s*=\s*["'][{|]""")
"""Where Pelican (contents.py, _get_intrasite_link_regex) would put a file of ours."""

NASTY = st.sampled_from(
    """--- \n---\n draft:\u0020true ../../../etc/passwd {attach}/etc/passwd {{x}} {static} |filename| <script> </script> javascript: " ' < > & * ! | % @
    \x00 \x85 \u2028 \u202e \ufeff \ud800 \r\n \t # [ ] { } ? - : , = ~ null yes 2012-03-11 0x1f 1e3 &lt; &#0; &amp;lt; 題 &amp; *id001 !!python/object:os.system""".split(
        " "
    )
)
TEXT = st.lists(st.one_of(NASTY, st.text(max_size=8)), max_size=8).map("".join)
DATE = st.one_of(st.none(), st.builds(FeedDate, st.integers(-(10**14), 10**14), TEXT))
BODY = TEXT.map(lambda text: text.replace("\ud800", ""))
"""``sanitize`` leaves no lone surrogates: another property."""
PARSED = st.builds(ParsedEntry, TEXT, st.one_of(st.just(""), st.just(ENTRY)), TEXT, BODY, DATE, DATE, st.lists(TEXT, max_size=3).map(tuple))
PIECE = st.one_of(
    st.sampled_from(
        """<p> </p> <div> </div> <br> <br><br> <b> </b> <i> <ul> <li> </ul> <dl> <dt> <dd> </dl> <table> <tr> <td> <th> </table> <caption> <h1> </h1> <h4> </h4>
        <ruby> <rt> </ruby> <figure> <figcaption> </figure> <blockquote> </blockquote> <pre> </pre> </a> <hr> <span> <svg> <math> <mi> <style> </style> <script>
        </script> <noscript> <iframe> <form> <textarea> <!-- --> <![CDATA[ ]]> <template> <select> <option> <svg/onload=alert(1)> <p/onclick=alert(1)>
        <img/src=x/onerror=alert(1)> <a/href=javascript:alert(1)> <a/href="/x?href='{static}/y'"> <a/href={attach}/x> <a/href=&#106;avascript:x> <img/alt="href='{attach}'">
        <a/title="href='|filename|x'"href=/x> <img/width=1/src=x> <mglyph> <foreignobject> <annotation-xml/encoding=text/html> <base/href=//evil.example> <meta>""".split()
    ),
    TEXT,
)
HTML = st.lists(PIECE, max_size=14).map("".join)
FEW = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@FEW
@given(HTML)
def test_no_script_no_event_and_no_directive_is_left(source: str) -> None:
    body = sanitize(source, ENTRY, ENTRY)
    tree = lxml.html.fragment_fromstring(body, create_parent="div")
    for element in tree.iterdescendants():
        assert element.tag in KEPT
        assert set(element.attrib) <= {"href", "rel", "colspan", "rowspan", "scope", "lang", "src", "alt"}
        assert element.tag == "img" or not {"src", "alt"} & set(element.attrib)
        assert element.get("src", "https://").startswith(("http://", "https://"))
        assert element.get("href", "https://").startswith(("http://", "https://", "mailto:", "tel:"))
        assert element.tag != "a" or element.get("rel") == "nofollow noopener"
    assert not PELICAN.search(body)


@FEW
@given(HTML)
def test_a_sanitized_body_consists_of_blocks_that_are_properly_nested(source: str) -> None:
    body = sanitize(source, ENTRY, ENTRY)
    tree = lxml.html.fragment_fromstring(body, create_parent="div")
    assert not (tree.text or "").strip() and not any((child.tail or "").strip() for child in tree)
    for path in ("//p//p", "//p//ul", "//p//table", "//a//a", "//h2//p", "//ul/*[not(self::li)]", "//tr/*[not(self::td or self::th)]"):
        assert tree.xpath(path) == []
    for path in (
        "//p[not(normalize-space()) and not(.//img)]",
        "//li[not(ancestor::ul or ancestor::ol)]",
        "//rt[not(parent::ruby)]",
        "//figcaption[not(parent::figure)]",
    ):
        assert tree.xpath(path) == []
    body.encode("utf-8")


@FEW
@given(HTML)
def test_sanitizing_twice_adds_no_words(source: str) -> None:
    once = sanitize(source, ENTRY, ENTRY)
    words = lxml.html.fragment_fromstring(once, create_parent="div").text_content().split()
    again = lxml.html.fragment_fromstring(sanitize(once, ENTRY, ENTRY), create_parent="div").text_content().split()
    assert "".join(again) == "".join(words)


@FEW
@given(st.lists(PARSED, max_size=4))
def test_entries_stay_in_their_folder_and_come_back_as_they_were(parsed_entries: list[ParsedEntry]) -> None:
    entries = [make_entry(parsed, FEED, frozenset({"題"}), NOW) for parsed in parsed_entries]
    import_plan = plan(entries, [], FEED, NOW)
    with TemporaryDirectory() as temporary:
        folder = Path(temporary, "content", "partners", "hama")
        for change in import_plan.changes:
            path = write(folder, change)
            assert re.fullmatch(r"\d{4}/\d{8}-[0-9a-f]{8,64}\.md", path.resolve().relative_to(folder.resolve()).as_posix())
            assert read_front(path) == dict(change.front)
            assert path.read_bytes().endswith(f"\n---\n\n{change.body}".encode())
            assert set(change.front) - {"topics"} == set(OUR_KEYS) - {"updated", "also_known_as", "edit_of"}
        written = {path for path in Path(temporary).rglob("*") if path.is_file()}
        assert len(written) == len(import_plan.changes)
        assert plan(entries, read_stored(folder), FEED, NOW) == ImportPlan((), len(import_plan.changes))


@FEW
@given(TEXT)
def test_a_title_is_one_line_and_front_matter_gives_it_back(markup: str) -> None:
    entry = make_entry(ParsedEntry("tag:1", ENTRY, markup, "", None, None), FEED, frozenset(), NOW)
    text = render({"title": entry.title, "entry_id": entry.entry_id}, "<p>---</p>\n").decode()
    assert 0 < len(entry.title) <= 200 and entry.title.splitlines() == [entry.title] and entry.title == entry.title.strip()
    parts = text.removeprefix("---\n").split("\n---\n", 1)
    assert yaml.safe_load(parts[0]) == {"title": entry.title, "entry_id": "tag:1"}
    assert not re.search(r"<(?:script|/script)", plain_text(markup))


@FEW
@given(TEXT, TEXT)
def test_an_address_is_safe_or_none_and_its_canonical_form_is_stable(base: str, href: str) -> None:
    for address in (absolute(ENTRY, href), absolute(base, href)):
        assert address is None or (
            address.startswith(("http://", "https://", "mailto:", "tel:")) and not re.search(r"[\s\"'<>{}|\\^`\x00-\x1f]", address)
        )
        if address is not None and is_web(address):
            assert canonical("https:" + canonical(address)) == canonical(address)
