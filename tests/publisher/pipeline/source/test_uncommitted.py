"""A notice that was sent out at night and committed nowhere: later publishes carry it over until the repository has it."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest

from publisher.pipeline.source.uncommitted import carry_over, read_uncommitted
from tests.samples.duty_office import NOTICE
from tests.samples.publishing.publishing_office import JAPAN, Office

MOMENT = dt.datetime.now(JAPAN) - dt.timedelta(minutes=10)
"""When the notice was written. The machine reads the wall clock."""
PAGE = f"notices/{MOMENT:%Y/%m}/rain/"
PATH = "content/notices/2026/rain.md"


def send_out(office: Office, what: str = "強い雨") -> Path:
    """Write a notice into the editors' folder, without a commit, and do what the fast path does."""
    now = dt.datetime.now(JAPAN)
    text = NOTICE.format(title="石巻市に避難指示", date=now - dt.timedelta(minutes=10), end=now + dt.timedelta(hours=6), more="")
    file = office.site.write(
        "notices/2026/rain.md", text.replace("強い雨", what).replace("---\n", "---\n", 1) + "[地図](../../files/map.txt)\n"
    )
    office.site.write("files/map.txt", "地図")
    done = office.run(f"emergency write {file} --content {office.site.root}/content --output var/publish/output")
    assert done.exit_code == 0, done.output
    return file


@pytest.fixture(name="duty")
def fixture_duty(office: Office) -> Office:
    office.commit()
    assert office.run("publish").exit_code == 0
    return office


def publish_another_article(office: Office, name: str = "second", date: str = "2020-06-01") -> str:
    """Let another department commit an article, and publish it. Return what the report says."""
    office.site.article(f"press/2020/{name}.md", f"記事{name}", date)
    office.git("add", f"content/press/2020/{name}.md")
    office.git("commit", "--quiet", "--message", "記事")
    done = office.run("publish")
    assert done.exit_code == 0, done.output
    assert f"記事{name}" in office.shown("press/")
    return done.stdout


def test_it_stays_with_all_its_files_while_others_publish_and_the_report_asks_for_a_commit(duty: Office) -> None:
    send_out(duty)
    for name in ("second", "third"):
        said = publish_another_article(duty, name)
        assert f"{PATH} is in no commit" in said
        assert "強い雨" in duty.shown(PAGE) and "強い雨" in duty.shown(PAGE, mirror=1)
        assert duty.shown("files/map.txt") == "地図"
    assert json.loads(duty.run("releases --json").stdout)[0]["commit"].endswith("+")
    assert f"{PATH} is in no commit" in duty.run("publish --dry-run").stdout


def test_once_it_is_committed_the_repository_has_the_word_also_to_change_and_to_remove_it(duty: Office) -> None:
    file = send_out(duty)
    publish_another_article(duty)
    file.write_text(file.read_text("utf-8").replace("強い雨", "激しい雨"), "utf-8")  # mended before the commit
    commit = duty.commit()
    done = duty.run("publish")
    assert done.exit_code == 0 and "in no commit" not in done.stdout, done.output
    assert "激しい雨" in duty.shown(PAGE)
    assert json.loads(duty.run("releases --json").stdout)[0]["commit"] == commit
    assert read_uncommitted(duty.machine / "var/publish/output") == []
    file.unlink()
    duty.commit()
    assert duty.run("publish").exit_code == 0
    assert duty.shown(PAGE) == ""


def test_a_later_version_that_is_in_no_commit_goes_before_the_committed_one(duty: Office) -> None:
    send_out(duty)
    past = {f"GIT_{who}_DATE": "2020-01-01T00:00:00+09:00" for who in ("AUTHOR", "COMMITTER")}
    with pytest.MonkeyPatch.context() as environ:
        for name, value in past.items():
            environ.setenv(name, value)
        duty.commit()
    assert duty.run("publish").exit_code == 0
    send_out(duty, "堤防が切れた雨")
    publish_another_article(duty)
    assert "堤防が切れた雨" in duty.shown(PAGE)


def test_a_release_by_hand_that_would_take_it_down_is_refused_unless_told(duty: Office) -> None:
    send_out(duty)
    assert duty.run("release --output var/publish/output").exit_code == 0
    for file in (duty.machine / "var/publish/output/site" / PAGE).iterdir():
        file.unlink()  # as a build of another folder leaves it
    refused = duty.run("release --output var/publish/output")
    assert refused.exit_code == 1 and "notices/2026/rain.md: in force and in no commit" in refused.output
    assert "強い雨" in duty.shown(PAGE)
    assert duty.run("release --output var/publish/output --take-down").exit_code == 0
    assert duty.shown(PAGE) == ""


def test_a_rollback_that_would_take_a_notice_down_or_bring_an_old_one_back_is_refused_unless_told(duty: Office) -> None:
    file = send_out(duty)
    duty.commit()
    assert duty.run("publish").exit_code == 0
    file.write_text(file.read_text("utf-8").replace("強い雨", "激しい雨"), "utf-8")
    duty.commit()
    assert duty.run("publish").exit_code == 0
    for words in ("rollback", "rollback 1", "rollback 1 --dry-run"):
        refused = duty.run(words)
        assert refused.exit_code == 1 and f"{PAGE}: in force" in refused.output, refused.output
    assert "激しい雨" in duty.shown(PAGE)
    assert duty.run("rollback 1 --take-down").exit_code == 0
    assert duty.shown(PAGE) == ""


@pytest.mark.parametrize("text", ["[broken", "[]", '{"a.md": 1}', '{"a.md": {"published": "x"}}'])
def test_a_broken_record_carries_nothing_and_stops_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / "uncommitted.json").write_text(text, "utf-8")
    assert carry_over(tmp_path, tmp_path / "checkout", lambda _: None).notices == []


@pytest.mark.parametrize("path", ["../../outside.md", "/outside.md", "a/../../outside.md"])
def test_no_path_of_a_record_leads_out_of_the_checkout(tmp_path: Path, path: str) -> None:
    moment = dt.datetime.now(JAPAN).isoformat()
    record = {path: {"published": moment, "expires": moment, "page": "a/index.html", "files": [path]}}
    (tmp_path / "uncommitted.json").write_text(json.dumps(record), "utf-8")
    assert read_uncommitted(tmp_path) == []


@pytest.mark.parametrize("in_the_way", ["link to a file", "link to a folder", "broken link", "file", "folder"])
@pytest.mark.parametrize("place", ["content", "content/n", "content/n/a.md"])
def test_what_an_editor_has_put_in_its_way_is_replaced_and_nothing_is_written_elsewhere(
    tmp_path: Path, place: str, in_the_way: str
) -> None:
    moment, elsewhere, folder = dt.datetime.now(JAPAN).isoformat(), tmp_path / "elsewhere", tmp_path / "folder"
    record = {"n/a.md": {"published": moment, "expires": moment, "page": "a/index.html", "files": ["n/a.md"]}}
    (tmp_path / "uncommitted.json").write_text(json.dumps(record), "utf-8")
    (tmp_path / "uncommitted/n").mkdir(parents=True)
    (tmp_path / "uncommitted/n/a.md").write_text("知らせ", "utf-8")
    elsewhere.write_text("ほか", "utf-8")
    folder.mkdir()
    barrier = tmp_path / "checkout" / place
    barrier.parent.mkdir(parents=True)
    if in_the_way == "file":
        barrier.write_text("じゃま", "utf-8")
    elif in_the_way == "folder":
        (barrier / "inner").mkdir(parents=True)
    else:
        barrier.symlink_to({"link to a file": elsewhere, "link to a folder": folder, "broken link": tmp_path / "nowhere"}[in_the_way])
    assert len(carry_over(tmp_path, tmp_path / "checkout", lambda _: None).notices) == 1
    assert elsewhere.read_text("utf-8") == "ほか" and list(folder.iterdir()) == [] and not (tmp_path / "nowhere").exists()
    assert (tmp_path / "checkout/content/n/a.md").read_text("utf-8") == "知らせ"
