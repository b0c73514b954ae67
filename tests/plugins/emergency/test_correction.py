"""A correction says that it is one in every form, first thing, and its mail names the issue whose readers it is for."""

from __future__ import annotations

import json

import pytest

from plugins.diagnostics import ContentErrors
from plugins.typography.phrases import BREAK
from tests.plugins.frontmatter.model.test_notices import record
from tests.samples.tiny import PUBLICATIONS, TinySite

LIST = """
[lists.urgent]
title = "緊急メール"
publication = "notices"
from = "kiki@example.jp"
reply_to = "kiki@example.jp"
list_id = "urgent.example.jp"
class = "emergency"
reason = "お申し込みいただいた方にお送りしています。"
"""
ENGLISH = "{en: {title: Evacuation order, what: Heavy rain., areas: Oshika, action: Leave now.}}"
EASY = "{title: にげてください, what: あぶないです。, areas: 海の 近く, action: 高い ところへ 行ってください。}"


def write(site: TinySite, **changes: str) -> None:
    """An earlier notice, and one that corrects it."""
    with_list = PUBLICATIONS.replace('description = "いますぐの知らせ"', 'description = "いますぐの知らせ"\nlist = "urgent"')
    (site.root / "publications.toml").write_text(with_list + LIST, encoding="utf-8")
    site.write("notices/2021/rain.md", record(date="2021-03-31 09:10"))
    site.write("notices/2021/fix.md", record(**{"date": "2021-03-31 10:00", "updates": "rain.md", "correction": "true"} | changes))


def test_every_form_of_a_correction_begins_with_the_word(tiny: TinySite) -> None:
    write(tiny, title="【訂正】女川町に避難指示", easy=EASY, translations=ENGLISH)
    tiny.build()
    folder = tiny.site / "notices/2021/03/fix"
    assert json.loads((folder / "notice.json").read_bytes())["notices"][0]["correction"] is True
    for name in ("light.html", "poster.html", "short-140.txt", "cap.xml"):
        text = (folder / name).read_text("utf-8").replace(BREAK, "")
        assert "【訂正】女川町に避難指示" in text and "【緊急】" not in text, name
    assert "Correction: Evacuation order" in (folder / "en/index.html").read_text("utf-8")
    assert "【訂正】にげてください" in (folder / "easy/index.html").read_text("utf-8").replace(BREAK, "")


def test_the_mail_of_a_correction_is_for_those_whom_the_earlier_issue_has_reached(tiny: TinySite) -> None:
    write(tiny, title="訂正　女川町に避難指示")
    tiny.build()
    issue = json.loads((tiny.output / "mail/urgent/20210331-1000-fix/issue.json").read_bytes())
    assert (issue["replaces"], issue["audience"]) == ("20210331-0910-rain", "reached")
    assert issue["subject"].startswith("訂正")


def test_the_mail_of_an_update_goes_to_the_whole_list(tiny: TinySite) -> None:
    write(tiny, correction="false")
    tiny.build()
    issue = json.loads((tiny.output / "mail/urgent/20210331-1000-fix/issue.json").read_bytes())
    assert (issue["replaces"], issue["audience"], issue["subject"][:4]) == ("20210331-0910-rain", "list", "【緊急】")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"title": "女川町に避難指示"}, "「訂正」で始めて"),
        ({"title": "女川町に避難指示の訂正"}, "「訂正」で始めて"),
        ({"title": "訂正", "updates": ""}, "updates"),
    ],
)
def test_a_correction_without_the_word_or_without_what_it_corrects_is_refused(tiny: TinySite, changes: dict[str, str], words: str) -> None:
    write(tiny, **changes)
    with pytest.raises(ContentErrors) as refused:
        tiny.library()
    assert any(words in diagnostic.ja for diagnostic in refused.value.diagnostics)
