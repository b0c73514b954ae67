"""What the build says of the subscription service: a form where people read, and a profile for the service's own pages."""

from __future__ import annotations

import json

import lxml.html
import pytest

from mailer.site_file import read_site
from plugins.diagnostics import ContentErrors
from tests.samples.tiny import TinySite

SERVICE = "https://mail.example.jp"
PUSH_KEY = "B" + "x" * 86
PAGES = ("index.html", "press/index.html", "mail/press/index.html")


def with_service(tiny: TinySite, *, sign_up: bool = True) -> TinySite:
    toml = tiny.root / "publications.toml"
    text = toml.read_text("utf-8").replace("sample = true", f'sample = true\nphone = "022-000-0000"\nservice = "{SERVICE}/"')
    toml.write_text(text if sign_up else text.replace('class = "newsletter"', 'class = "newsletter"\nsign_up = false'), "utf-8")
    tiny.article("press/2020/a.md")
    tiny.build()
    return tiny


def forms(tiny: TinySite, page: str) -> list[tuple[str, str, dict[str, str]]]:
    root = lxml.html.parse(str(tiny.site / page)).getroot()
    found = [form for form in root.forms if str(form.action).startswith(SERVICE)]
    return [(form.method, form.action, {name: str(value) for name, value in form.fields.items()}) for form in found]


def test_portal_section_and_list_have_a_form_that_posts_to_the_service_without_a_script(tiny: TinySite) -> None:
    with_service(tiny)
    assert [len(forms(tiny, page)) for page in PAGES] == [1, 1, 1]
    for page in PAGES:
        ((method, action, fields),) = forms(tiny, page)
        assert (method, action) == ("POST", f"{SERVICE}/sign-up") and {"address", "list"} == {*fields}
    assert forms(tiny, "press/index.html")[0][2]["list"] == "press"
    assert "022-000-0000" in (tiny.site / "mail/press/index.html").read_text("utf-8")


def test_without_a_service_the_pages_name_the_department_as_before(tiny: TinySite) -> None:
    tiny.article("press/2020/a.md")
    tiny.build()
    assert [forms(tiny, page) for page in PAGES] == [[], [], []]
    assert "mailto:press@example.jp" in (tiny.site / "mail/press/index.html").read_text("utf-8")


def test_a_list_of_invited_readers_is_in_no_form(tiny: TinySite) -> None:
    with_service(tiny, sign_up=False)
    assert [forms(tiny, page) for page in PAGES] == [[], [], []]
    assert json.loads((tiny.output / "mail" / "site.json").read_bytes())["lists"]["press"]["open"] is False


def test_the_service_reads_who_publishes_and_takes_sign_ups_only_if_the_site_means_it(tiny: TinySite) -> None:
    with_service(tiny)
    mine, other = read_site(tiny.output / "mail", SERVICE), read_site(tiny.output / "mail", "https://other.example.jp")
    assert mine is not None and other is not None
    assert (mine.title, mine.organisation, mine.contact, mine.phone) == ("とどけ", "見本県", "todoke@example.jp", "022-000-0000")
    assert (mine.takes_sign_ups, other.takes_sign_ups) == (True, False)
    assert mine.lists["press"].colour == "#1a6f8f" and mine.mark is not None and mine.mark.startswith(b"<svg")


def test_the_service_gets_the_key_of_the_button_for_web_push_only_if_the_site_means_it(tiny: TinySite) -> None:
    toml = tiny.root / "publications.toml"
    toml.write_text(toml.read_text("utf-8").replace("sample = true", f'sample = true\npush_key = "{PUSH_KEY}"'), "utf-8")
    with_service(tiny)
    mine, other = read_site(tiny.output / "mail", SERVICE), read_site(tiny.output / "mail", "https://other.example.jp")
    assert mine is not None and other is not None
    assert (mine.push_key, other.push_key) == (PUSH_KEY, "")
    page = (tiny.site / "mail/index.html").read_text("utf-8")
    assert f'data-push="{SERVICE}/push" data-key="{PUSH_KEY}" data-site="https://site.example.jp"' in page


def test_without_a_service_there_is_no_button(tiny: TinySite) -> None:
    toml = tiny.root / "publications.toml"
    toml.write_text(toml.read_text("utf-8").replace("sample = true", f'sample = true\npush_key = "{PUSH_KEY}"'), "utf-8")
    tiny.build()
    assert "data-push" not in (tiny.site / "mail/index.html").read_text("utf-8") + (tiny.site / "index.html").read_text("utf-8")


@pytest.mark.parametrize(
    "line",
    [
        'push_key = ""',
        'push_key = "AAAA"',
        f'push_key = "{"C" * 87}"',
        'service = "mail.example.jp"',
        'service = "javascript:x"',
        'colour = "#ffff00"',
        'colour = "blue"',
    ],
)
def test_a_service_or_colour_that_cannot_be_used_is_refused(tiny: TinySite, line: str) -> None:
    toml = tiny.root / "publications.toml"
    toml.write_text(toml.read_text("utf-8").replace("sample = true", f"sample = true\n{line}"), "utf-8")
    with pytest.raises(ContentErrors):
        tiny.registry()
