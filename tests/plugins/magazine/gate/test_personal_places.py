"""The gate refuses an issue that would put a reader's signed link anywhere but into a link of its own."""

from __future__ import annotations

import pytest

from plugins.diagnostics import ContentErrors
from tests.plugins.magazine.gate.test_gate import ISSUE, built, examine, render  # noqa: F401 - a fixture
from tests.samples.tiny import TinySite

PLACE = "https://personal.invalid/unsubscribe"
LEAKS = [
    f"[外部の説明を読む](https://evil.example.jp/?u={PLACE})",
    "[外部の説明を読む](https://evil.example.jp/?u=https://personal.invalid/preferences)",
    "[外部の説明を読む](https://evil.example.jp/personal.invalid/)",
    "[外部の説明を読む](https://PERSONAL.invalid/unsubscribe/)",
    "[外部の説明を読む](https://evil.example.jp/?u=https%3A%2F%2Fpersonal%2Einvalid%2Funsubscribe)",
    "[外部の説明を読む](https://evil.example.jp/?u=https://personal&#46;invalid/unsubscribe)",
    f"くわしくは {PLACE} をご覧ください。",
    f"<https://evil.example.jp/?u={PLACE}>",
    "personal.invalid",
]


@pytest.mark.parametrize("leak", LEAKS)
def test_an_issue_that_names_a_personal_place_inside_something_else_is_not_built(tiny: TinySite, leak: str) -> None:
    tiny.article("press/2020/station.md")
    tiny.write("mail/press/1.md", ISSUE.replace("本文です。", f"本文です。\n\n{leak}"))
    with pytest.raises(ContentErrors, match=r"content/mail/press/1\.md:\d+: .*「personal\.invalid」が使われています"):
        tiny.build()
    assert not (tiny.output / "mail").exists()


@pytest.mark.parametrize("key", ["title", "preheader"])
def test_a_subject_or_a_preheader_that_names_a_personal_place_is_refused(tiny: TinySite, key: str) -> None:
    tiny.article("press/2020/station.md")
    line = f"title: {PLACE}" if key == "title" else f"title: 春の号\npreheader: {PLACE}"
    tiny.write("mail/press/1.md", ISSUE.replace("title: 春の号", line))
    with pytest.raises(ContentErrors, match=r"personal\.invalid"):
        tiny.build()


def test_an_article_that_an_issue_takes_up_is_examined_too(tiny: TinySite) -> None:
    tiny.write(
        "press/2020/station.md", f"---\ntitle: 駅\ndate: 2020-05-01 10:00\nsummary: 'https://evil.example.jp/?u={PLACE}'\n---\n本文です。\n"
    )
    tiny.write("mail/press/1.md", ISSUE)
    with pytest.raises(ContentErrors, match=r"personal\.invalid"):
        tiny.build()


@pytest.mark.parametrize("part", ["html", "text"])
def test_a_template_that_hides_the_place_in_another_address_is_refused(built: TinySite, part: str) -> None:  # noqa: F811
    rendered = render(built)
    changed = getattr(rendered.alternatives, part).replace(PLACE, f"https://evil.example.jp/?u={PLACE}", 1)
    assert "personal.invalid" in examine(built, rendered, **{part: changed})
