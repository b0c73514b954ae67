"""`todoke next`: what begins or ends next, for people and for programs."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

import todoke
from publisher.pipeline.moments import due_moment

MOMENTS = [
    {"at": "2020-01-01T00:00:00+09:00", "what": "begins", "document": "press/2020/a.md", "title": "前", "address": "/press/2020/01/a/"},
    {
        "at": "2099-01-02T10:00:00+09:00",
        "what": "begins",
        "document": "press/2099/b.md",
        "title": "あとの記事",
        "address": "/press/2099/01/b/",
    },
    {"at": "2099-01-03T00:00:00+09:00", "what": "ends", "document": "jobs/2099/c.md", "title": "求人", "address": "/jobs/2099/01/c/"},
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "output").mkdir()
    write(tmp_path, MOMENTS)
    return tmp_path


def write(folder: Path, moments: list[dict[str, str]], until: str | None = "2099-01-02T10:00:00+09:00") -> None:
    record = {"format": 1, "built": "2020-01-01T00:00:00+09:00", "until": until, "moments": moments}
    (folder / "output/moments.json").write_text(json.dumps(record), "utf-8")


def run(folder: Path, line: str) -> Result:
    with contextlib.chdir(folder):
        return CliRunner().invoke(todoke.app, line.split())


def test_the_next_moment_names_its_time_its_document_and_what_happens(folder: Path) -> None:
    told = run(folder, "next")
    assert told.exit_code == 0 and told.stdout.count("\n") == 1
    assert told.stdout.startswith("2099-01-02 10:00 JST (in ") and told.stdout.endswith(": begins 公開 press/2099/b.md「あとの記事」\n")
    assert [each["what"] for each in json.loads(run(folder, "next -n 5 --json").stdout)] == ["begins", "ends"]


def test_a_moment_without_a_document_is_a_day_and_no_moment_is_said(folder: Path) -> None:
    write(folder, [], "2099-01-02T00:00:00+09:00")
    assert "the date changes 日付が変わる" in run(folder, "next").stdout
    write(folder, [], None)
    assert "Nothing begins or ends by itself" in run(folder, "next").stdout
    assert json.loads(run(folder, "next --json").stdout) == []


def test_a_folder_without_a_site_and_a_file_that_is_no_list_are_one_line(folder: Path, tmp_path: Path) -> None:
    for line, words in (("next --output nowhere", "no built site here"), ("next --config broken.toml", "broken.toml")):
        (tmp_path / "broken.toml").write_text("[publish\n")
        told = run(folder, line)
        assert told.exit_code == 1 and words in told.stderr and told.stderr.count("\n") == 1
    (folder / "output/moments.json").write_text("{")
    assert run(folder, "next").exit_code == 1


def test_a_mailer_that_does_not_answer_hides_no_document(folder: Path) -> None:
    (folder / "publish.toml").write_text("")
    (folder / "mailer.toml").write_text("nonsense")
    told = run(folder, "next")
    assert told.exit_code == 0 and "あとの記事" in told.stdout and "without scheduled mail" in told.stderr


def test_publish_due_looks_at_what_has_begun_or_ended_since_the_build(folder: Path) -> None:
    built, soon = dt.datetime(2020, 1, 1, tzinfo=dt.UTC), dt.datetime(2099, 1, 2, 10, 0, tzinfo=dt.timezone(dt.timedelta(hours=9)))
    output = folder / "output"
    assert due_moment(output, built) is None
    assert due_moment(output, soon - dt.timedelta(seconds=1)) is None
    due = due_moment(output, soon)
    assert due is not None and (due.at, due.document) == (soon, "press/2099/b.md")
    assert due_moment(folder / "nowhere", soon) is None


def test_a_row_of_a_table_that_becomes_unknown_is_told_by_its_name(folder: Path) -> None:
    row = {
        "at": "2099-01-01T13:40:00+09:00",
        "what": "unknown",
        "document": "data/situation/shelter-status.csv",
        "title": "日和の丘小学校",
        "address": "/situation/shelters/",
    }
    write(folder, [row], until=row["at"])
    assert "becomes unknown 不明に変わる data/situation/shelter-status.csv「日和の丘小学校」" in run(folder, "next").output
