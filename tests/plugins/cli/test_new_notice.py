"""`todoke new notice` and `todoke new drill`: five questions, one file; what a build would refuse is not written."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

import todoke
from plugins.emergency.new_notice import until_moment
from tests.plugins.emergency.test_jma_telegram import telegram
from tests.plugins.frontmatter.model.test_notices import DRILLS
from tests.samples.tiny import PUBLICATIONS, TinySite

ANSWERS = {
    "--title": "石巻市に避難指示", "--level": "レベル4", "--hazard": "土砂災害", "--what": "強い雨です: 「#」も書けます。", "--where": "石巻市の牡鹿地区",
    "--until": "2021-03-31T21:00", "--action": "逃げてください。", "--by": "県災害対策本部",
}  # fmt: skip


def run(site: TinySite, command: str, *words: str, answers: str = "") -> Result:
    places = ["--content", str(site.content), "--publications", str(site.root / "publications.toml")]
    return CliRunner().invoke(todoke.app, ["new", command, *places, "--now", "2021-03-31T09:00", *words], input=answers)


def given(**changes: str) -> list[str]:
    return [word for pair in ({**ANSWERS, **{f"--{key}": value for key, value in changes.items()}}).items() for word in pair]


def test_the_questions_are_asked_and_the_file_is_written_once(tiny: TinySite) -> None:
    answers = "\n".join([*list(ANSWERS.values())[:6], ANSWERS["--by"], ANSWERS["--action"]]) + "\n"
    result = run(tiny, "notice", answers=answers)
    assert result.exit_code == 0, result.output
    (document,) = tiny.library().live()
    assert (document.meta.title, document.path.as_posix()) == ("石巻市に避難指示", "notices/2021/notice-0331-0900.md")
    again = run(tiny, "notice", *given())
    assert again.exit_code == 1 and "exists already" in again.output


def test_an_answer_that_a_build_would_refuse_is_told_at_once_and_asked_for_again(tiny: TinySite) -> None:
    typed = [
        "石巻市に避難指示",
        "6",
        "４",
        "あめ",
        "土砂災害",
        "強い雨です。",
        "牡鹿地区",
        "昨日の21時",
        "今日の25時",
        "今夜２１時",
        "県",
        "逃げてください。",
    ]
    result = run(tiny, "notice", answers="\n".join(typed) + "\n")
    assert result.exit_code == 0, result.output
    (document,) = tiny.library().live()
    assert document.meta.title == "石巻市に避難指示" and f"{document.meta.expires:%Y-%m-%d %H:%M}" == "2021-03-31 21:00"
    assert result.output.count("Error: ") == 4 and "2021-03-31 21:00 まで" in result.output


@pytest.mark.parametrize(
    ("typed", "moment"),
    [("21時", "2021-03-31 21:00"), ("明日の6時30分", "2021-04-01 06:30"), ("本日 午後9時", "2021-03-31 21:00"), ("あす 24:00", "2021-04-02 00:00"),
     ("令和3年4月2日 9時", "2021-04-02 09:00"), ("2021-04-02T09:00", "2021-04-02 09:00"), ("明日の朝", "明日の朝"), ("当分の間", "当分の間")],
)  # fmt: skip
def test_until_when_is_read_as_people_say_it(typed: str, moment: str) -> None:
    assert until_moment(typed, dt.datetime(2021, 3, 31, 9)) == moment


def test_a_record_that_a_build_would_refuse_is_told_and_not_written(tiny: TinySite) -> None:
    for changes, rule in (({"title": "避難訓練です"}, "F802"), ({"hazard": "あめ"}, "F208"), ({"until": "2021-03-30T21:00"}, "F208")):
        result = run(tiny, "notice", *given(**changes))
        assert result.exit_code == 1 and rule in result.output, result.output
    assert list((tiny.content).glob("notices/**/*.md")) == []


def test_a_drill_gets_its_mark_and_its_folder(tiny: TinySite) -> None:
    (tiny.root / "publications.toml").write_text(PUBLICATIONS + DRILLS, "utf-8")
    assert run(tiny, "drill", *given(), "--name", "spring").exit_code == 0
    (document,) = tiny.library().live()
    assert (document.content_type, document.meta.title, document.path.name) == ("drill", "【訓練】石巻市に避難指示", "spring.md")
    assert run(tiny, "drill", *given(name="../../out")).exit_code == 1 and not (tiny.root / "out.md").exists()


def test_a_telegram_becomes_a_draft_and_a_broken_one_a_line(tiny: TinySite, tmp_path: Path) -> None:
    file = tmp_path / "a.xml"
    file.write_bytes(telegram())
    assert run(tiny, "notice", "--from-jma", str(file), "--name", "rain").exit_code == 0
    assert "draft: true" in (tiny.content / "notices/2021/rain.md").read_text("utf-8") and tiny.library().live() == []
    file.write_bytes(b"<!DOCTYPE a>")
    result = run(tiny, "notice", "--from-jma", str(file), "--name", "more")
    assert result.exit_code == 1 and "document type" in result.output
