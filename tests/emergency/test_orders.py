"""What a person on duty orders: an update, a correction, an end; what is refused; what is only shown; and what is seen from outside."""

from __future__ import annotations

import json
import re
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from demo.servers import free_port
from tests.emergency.conftest import MakeOffice
from tests.samples.duty_office import DutyOffice, local_mirror
from tests.samples.publishing.mirrors import nginx
from tests.servers.smtp import Receiver

CORRECTION = "updates: rain.md\ncorrection: true\n"


def subjects(relay: Receiver) -> Counter[str]:
    return Counter(str(message.mail["Subject"]) for message in relay.accepted)


def test_a_correction_reaches_those_whom_the_wrong_notice_has_reached_and_begins_with_the_word(
    make_office: MakeOffice, relay: Receiver
) -> None:
    office = make_office(port=relay.port, readers=3)
    office.notice("rain")
    assert office.emergency("publish", "rain").status == 0
    (office.folder / "more.csv").write_text("email,name,lists\nlate@example.jp,あとの人,urgent\n", "utf-8")
    assert office.run("subscribers import more.csv").exit_code == 0
    office.notice("fix", "【訂正】石巻市ではなく女川町に避難指示", more=CORRECTION, ago=5)
    ended = office.emergency("correct", "fix")
    assert ended.status == 0, ended.report
    assert subjects(relay) == {"【緊急】石巻市に避難指示": 3, "【訂正】石巻市ではなく女川町に避難指示": 3}
    assert "late@example.jp" not in relay.recipients
    page = (office.site.site / "notices/light.html").read_text("utf-8")
    assert "訂正" in page and "【緊急】" not in page


@pytest.mark.parametrize(
    ("verb", "more", "words"),
    [
        ("update", "", "updates"),
        ("cancel", "", "cancels"),
        ("correct", "correction: true\n", "updates"),
        ("update", "updates: rain.md\ncorrection: true\n", "訂正"),
    ],
)
def test_a_notice_of_another_kind_is_refused_and_nothing_leaves(make_office: MakeOffice, verb: str, more: str, words: str) -> None:
    office = make_office()
    office.notice("rain", ago=30)
    before = sorted(path for path in office.site.output.rglob("*"))
    office.notice("next", more=more)
    ended = office.emergency(verb, "next")
    assert (ended.status, ended.report) == (1, {})
    assert words in ended.said
    assert sorted(path for path in office.site.output.rglob("*")) == before


def test_one_person_named_twice_is_not_two(make_office: MakeOffice) -> None:
    office = make_office(local_mirror("www"))
    office.notice("rain")
    process = office.start("publish", "rain", "--second", "佐藤 太郎")
    _, said = process.communicate()
    assert process.returncode == 1 and "nothing was published or sent" in said.decode()
    assert not (office.folder / "www/current/notices/2026").exists()


def test_a_dry_run_shows_every_form_and_where_it_would_go_and_changes_nothing(make_office: MakeOffice, relay: Receiver) -> None:
    office = make_office(local_mirror("www"), port=relay.port)
    office.notice("rain")
    shown = office.emergency("publish", "rain", "--dry-run").report
    forms = {form.rpartition("/")[2] for form in shown["forms"]}
    assert {"light.html", "cap.xml", "poster.html", "on-air.txt", "feed.xml", "mail.html", "light.txt", "short-140.txt"} <= forms
    assert shown["mirrors"] == ["www"] and list(shown["issues"].values()) == ["【緊急】石巻市に避難指示"]
    assert not (office.site.site / "notices/2026").exists() and not relay.accepted


def test_an_order_says_at_once_that_mail_with_an_approval_waits_for_a_commit_and_what_becomes_of_each_way(make_office: MakeOffice) -> None:
    """Also where nobody looks at a terminal: the words of a log are all that is left of a night."""
    office = make_office(local_mirror("www"))
    office.notice("rain")
    subprocess.run(["git", "init", "-q", office.folder], check=True)
    assert "mail that needs an approval waits for it" in office.run("emergency publish content/notices/2026/rain.md --dry-run").stdout
    said = office.emergency("publish", "rain").said
    assert said.index("is in no commit") < said.index("mirror www")
    assert re.search(r"^DONE 完了 after [0-9.]+ s  mirror www", said, re.MULTILINE)


def status(office: DutyOffice) -> tuple[int, dict[str, object]]:
    done = office.run("emergency status content/notices/2026/rain.md --format json")
    return done.exit_code, json.loads(done.stdout)


def test_status_believes_what_it_fetches_and_nothing_else(make_office: MakeOffice, tmp_path: Path) -> None:
    port = free_port()
    office = make_office(local_mirror("www", f"http://127.0.0.1:{port}"))
    office.notice("rain")
    assert office.emergency("publish", "rain").status == 0
    assert status(office)[0] == 3  # no web server answers
    (tmp_path / "nginx").mkdir()
    with nginx(tmp_path / "nginx", {"127.0.0.1": office.folder / "www/current"}, port, "etag on;"):
        code, first = status(office)
        assert (code, first["live"]) == (0, True), first
        mirror: Any = first["mirrors"][0]  # type: ignore[index]
        assert mirror["since"] and len(mirror["forms"]) > 15
        light = office.folder / "www/current/notices/light.html"
        altered = light.read_bytes().replace("避難".encode(), "安全".encode())
        light.unlink()
        light.write_bytes(altered)
        code, second = status(office)
        mirror = second["mirrors"][0]  # type: ignore[index]
        assert code == 3 and [form["path"] for form in mirror["forms"] if form["failure"]] == ["notices/light.html"]
        seen = {form["path"]: form["first_seen"] for form in first["mirrors"][0]["forms"]}  # type: ignore[index]
        assert all(form["first_seen"] == seen[form["path"]] for form in mirror["forms"] if not form["failure"])


def test_the_list_names_what_is_in_force(make_office: MakeOffice) -> None:
    office = make_office()
    assert "No notice is in force" in office.run("emergency list").output
    office.notice("rain")
    assert office.emergency("publish", "rain").status == 0
    assert "警戒レベル4  石巻市に避難指示" in office.run("emergency list").output
    assert json.loads(office.run("next --json -n 9").stdout)[-1]["document"] == "notices/2026/rain.md"


def test_the_list_says_in_calm_times_what_would_hold_the_next_notice_up(make_office: MakeOffice) -> None:
    office = make_office(local_mirror("www"))
    said = office.run("emergency list").stderr
    assert "mailer.toml: no such file" in said and "snapshot" not in said
    snapshot = office.folder / "output/emergency-snapshot.json"
    snapshot.write_bytes(re.sub(rb'"format":[0-9]+', b'"format":0', snapshot.read_bytes()))  # as an older program left it
    said = office.run("emergency list").stderr
    assert "NOT READY" in said and "run `todoke build --output output` once" in said and "todoke publish" in said
    assert office.run("emergency ready").exit_code == 1
    office.notice("rain")
    refused = office.emergency("publish", "rain")
    assert refused.status == 1 and "todoke build --output output" in refused.said


def test_a_theme_without_the_mark_of_the_banner_is_told_before_it_is_needed(make_office: MakeOffice) -> None:
    office = make_office()
    ready = office.run("emergency ready")
    assert ready.exit_code == 0 and ready.stdout.startswith("出せます Ready"), ready.output
    page = office.site.site / "index.html"
    text = page.read_text("utf-8").replace("<!--urgent-->", "")
    page.unlink()
    page.write_text(text, "utf-8")
    refused = office.run("emergency ready")
    assert refused.exit_code == 1 and "<!--urgent-->" in refused.stderr
