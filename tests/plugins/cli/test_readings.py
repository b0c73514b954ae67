"""`todoke readings`: what editors see of doubtful words and of checked sentences."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from plugins.readings import analyser, second_analyser
from tests.samples.tiny import TinySite
from todoke import app


def run(site: TinySite, *command: str) -> Result:
    return CliRunner().invoke(
        app, ["readings", *command, "--publications", str(site.root / "publications.toml"), "--content", str(site.content)]
    )


@pytest.fixture
def doubted(tiny: TinySite) -> TinySite:
    tiny.article("press/2020/a.md", "鹿折の港", lead="鹿折の港の話です。")
    tiny.write("data/works.csv", "名前\n鹿折線\n")
    return tiny


def test_doubtful_words_are_shown_with_their_places_and_the_rows_that_settle_them(doubted: TinySite) -> None:
    done = run(doubted, "doubtful")
    assert done.exit_code == 0
    assert "鹿折　かおり ／ しかおり" in done.stdout
    assert "content/press/2020/a.md:" in done.stdout and "content/data/works.csv:2" in done.stdout
    assert "→ 鹿折,かおり　または　鹿折,しかおり" in done.stdout


def test_a_row_of_the_table_settles_a_word(doubted: TinySite) -> None:
    doubted.write("data/readings.csv", "表記,読み,出典\n鹿折,ししおり,駅名\n")
    done = run(doubted, "doubtful", "--format", "json")
    assert "鹿折" not in [word["word"] for word in json.loads(done.stdout)["words"]]


def test_programs_get_one_document_with_every_place(doubted: TinySite) -> None:
    document = json.loads(run(doubted, "doubtful", "--format", "json", "--most", "1").stdout)
    assert len(document["words"]) == 1 < document["found"]
    assert {"word", "reading", "other", "rows", "places"} == set(document["words"][0])


def test_wrong_words_of_checked_sentences_are_printed_and_decide_how_the_command_ends(tiny: TinySite, tmp_path: Path) -> None:
    file = tmp_path / "checked.txt"
    file.write_text("鹿折《ししおり》の港《みなと》\n", encoding="utf-8")
    done = run(tiny, "compare", str(file))
    assert done.exit_code == 1
    assert f"{file}:1: 【鹿折】の港 は かおり、正しくは ししおり" in done.stdout
    assert run(tiny, "compare", str(file), "--least", "50").exit_code == 0
    document = json.loads(run(tiny, "compare", str(file), "--format", "json").stdout)
    assert (document["words"], document["right_percent"]) == (2, 50.0)


@pytest.mark.parametrize("data", [b"\xff\xfe", "港《みなと".encode()])
def test_a_file_that_holds_no_checked_sentences_is_refused_in_one_line(tiny: TinySite, tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "checked.txt"
    file.write_bytes(data)
    done = run(tiny, "compare", str(file))
    assert done.exit_code == 1 and str(file) in done.stderr and len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(("missing", "extra"), [("second", "readings"), ("first", "readings")])
def test_without_the_analysers_the_command_says_how_to_have_them(
    doubted: TinySite, monkeypatch: pytest.MonkeyPatch, missing: str, extra: str
) -> None:
    if missing == "first":
        monkeypatch.setattr(analyser, "analyser_version", lambda: None)
    else:
        monkeypatch.setattr(second_analyser, "has_second_analyser", lambda: False)
    done = run(doubted, "doubtful")
    assert done.exit_code == 1 and f"todoke[{extra}]" in done.stderr
