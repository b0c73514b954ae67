"""CSS of mails: what a style uses is found however it is written, and colours are read as browsers read them."""

from __future__ import annotations

from pathlib import PurePosixPath

import lxml.html
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugins.diagnostics import Diagnostic
from plugins.magazine.gate.client_support import check_client_support
from plugins.magazine.gate.contrast import check_contrast
from plugins.magazine.gate.styles import dark_rules, declarations, is_hidden, used_in_attribute, used_in_sheet


def report(words: str, ja: str, en: str, rule: str) -> Diagnostic:
    return Diagnostic(PurePosixPath("a.md"), 1, ja, en, rule, subject=words)


def names(css: str, *, sheet: bool = False) -> set[tuple[str, str]]:
    return {(used.kind, used.name) for used in (used_in_sheet(css) if sheet else used_in_attribute(css))}


@pytest.mark.parametrize(
    "css",
    [
        "background: url(https://x.example/a.png)",
        "background: url('https://x.example/a.png')",
        "background: URL(https://x.example/a.png)",
        "background: u\\72l(https://x.example/a.png)",
        "background: /* a comment */ url( a;b.png )",
        "background: image-set(url('a.png') 1x)",
    ],
)
def test_an_address_in_css_is_found_however_it_is_written(css: str) -> None:
    assert ("function", "url") in names(css)
    assert ("property", "background") in names(css)


def test_a_semicolon_inside_a_string_does_not_end_a_declaration() -> None:
    assert names("font-family: 'a;color:b'") == {("property", "font-family")}
    assert declarations("font-family: 'a;color:red'; color: Blue !important") == {"font-family": '"a;color:red"', "color": "blue"}


def test_what_a_browser_drops_is_dropped() -> None:
    assert declarations("color red; ;; 12px; color: blue; ]: x") == {"color": "blue"}


def test_at_rules_features_and_nested_declarations_are_found() -> None:
    css = "@import 'x.css'; @media (prefers-color-scheme: dark) { a:hover { gap: calc(1px + var(--x)) } } @font-face { src: local('x') }"
    assert names(css, sheet=True) == {
        ("at-rule", "import"),
        ("at-rule", "media"),
        ("at-rule", "prefers-color-scheme"),
        ("at-rule", "font-face"),
        ("property", "gap"),
        ("property", "src"),
        ("function", "calc"),
        ("function", "var"),
        ("function", "local"),
    }


def test_only_the_dark_block_gives_dark_rules() -> None:
    css = "a { color: red } @media ( prefers-color-scheme : DARK ) { a, b { color: White } } @media print { a { color: blue } }"
    assert [(rule.selectors, rule.style) for rule in dark_rules(css)] == [("a, b", {"color": "white"})]


def test_a_hidden_element_hides_what_is_in_it() -> None:
    root = lxml.html.fromstring('<div style="DISPLAY : none"><p><b>a</b></p></div>')
    assert is_hidden(root.find(".//b")) and not is_hidden(lxml.html.fromstring("<div style=\"content: 'display:none'\"></div>"))


@pytest.mark.parametrize("colour", ["#999999", "#999", "rgb(153, 153, 153)", "darkgray", "hsl(0, 0%, 60%)"])
def test_a_pale_text_is_found_in_every_notation_of_its_colour(colour: str) -> None:
    root = lxml.html.document_fromstring(f'<body><p style="color: {colour}">うすい字</p></body>')
    assert any("そのままの色で対比が" in diagnostic.ja for diagnostic in check_contrast(root, report))


@pytest.mark.parametrize("colour", ["transparent", "inherit", "no-such-colour", "rgba(0, 0, 0, 0)"])
def test_a_background_that_is_none_shows_the_one_behind_it(colour: str) -> None:
    style = f"color: #ffffff; background-color: {colour}"
    root = lxml.html.document_fromstring(f'<body style="background-color: navy"><p style="{style}">白い字</p></body>')
    assert list(check_contrast(root, report)) == []


@given(st.text(max_size=80))
def test_no_style_that_somebody_writes_stops_the_gate(css: str) -> None:
    root = lxml.html.document_fromstring("<body><p>字</p><style></style></body>")
    (paragraph,) = root.iter("p")
    paragraph.set("style", "".join(c for c in css if c >= " " and not "\ud800" <= c <= "\udfff" and c not in "\ufffe\uffff"))
    for check in (check_client_support, check_contrast):
        list(check(root, report))
