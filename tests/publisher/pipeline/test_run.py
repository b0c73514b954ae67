"""From a commit to readers: real Git, real mirrors behind nginx, a real mailer and a real SMTP server."""

from __future__ import annotations

import datetime as dt
import json
import os
from pathlib import Path

from publisher.pipeline.lock import publish_lock
from tests.samples.publishing.publishing_office import APPROVED, Office, sent_to
from tests.samples.publishing.releases import NOW
from tests.servers.smtp import Behaviour, Receiver
from tests.servers.time_stamp_authority import TimeStampAuthority

SENDS = 'mail = "send"\nlists_without_approval = ["press"]\n'


class Watch(dict[str, str]):
    """Replies to RCPT as the server asks for them: looks at each whether the issue's page is public."""

    def __init__(self, office: Office) -> None:
        super().__init__()
        self.office, self.seen = office, list[bool]()

    def get(self, _address: str, _default: object = None) -> None:  # type: ignore[override]
        self.seen.append("第1号の知らせ" in self.office.shown("mail/press/1/"))


def log(office: Office) -> list[dict[str, object]]:
    return [json.loads(line) for line in (office.machine / "var/publish.jsonl").read_text("utf-8").splitlines()]


def test_a_commit_becomes_public_everywhere_and_a_report_says_so(office: Office) -> None:
    commit = office.commit()
    tried = office.run("publish --dry-run")
    assert tried.exit_code == 0 and commit[:12] in tried.stdout and "release 1 would have" in tried.stdout, tried.output
    assert not (office.machine / "var/publish").exists() and not (office.machine / "www").exists()
    done = office.run("publish")
    assert done.exit_code == 0, done.output
    assert "橋が通れます" in office.shown("press/") and "橋が通れます" in office.shown("press/", mirror=1)
    assert "mirror www: release 1, fetched and compared" in done.stdout and "mirror second: release 1" in done.stdout
    assert json.loads(office.run("releases --json").stdout)[0]["commit"] == commit
    assert [each["step"] for each in log(office)] == ["begin", "build", "release", "release", "release", "announce", "end"]
    again = office.run("publish --json")
    report = json.loads(again.stdout)
    assert again.exit_code == 0 and report["is_complete"] and not report["is_new_release"] and report["release"] == 1
    assert set(report["seconds"]) == {"check out", "build", "release", "verify live", "announce", "hand over"}


def test_a_document_at_fault_is_held_back_and_named_in_report_log_and_manifest_and_all_else_is_live(office: Office) -> None:
    office.commit()
    assert office.run("publish").exit_code == 0
    office.site.write("press/2020/broken.md", "まちがい")
    office.site.article("press/2020/second.md", "橋が二つ通れます")
    office.commit()
    rehearsed = office.run("publish --dry-run")
    assert rehearsed.exit_code == 0 and "held back by the build" in rehearsed.stdout, rehearsed.output
    done = office.run("publish")
    assert done.exit_code == 3, done.output
    assert "橋が二つ通れます" in office.shown("press/")
    assert "held back by the build 公開見合わせ: content/press/2020/broken.md 公開を見合わせました" in done.stdout
    (line,) = [each for each in log(office) if each["step"] == "hold back"]
    assert "content/press/2020/broken.md" in str(line["words"]) and "[F104]" in str(line["words"])
    assert len(json.loads(office.run("releases --json").stdout)[0]["held_back"]) == 1


def test_a_mail_leaves_only_after_its_page_is_public_and_only_once(office: Office) -> None:
    """A mirror whose public address shows another site, one without an address, and at last the right one."""
    watch = Watch(office)
    with Receiver(Behaviour(rcpt=watch)) as receiver:
        office.with_mail(receiver.port)
        office.configure(SENDS, urls=(f"http://127.0.0.1:{office.web[0]}/elsewhere", ""))
        office.commit()
        held = office.run("publish")
        assert held.exit_code == 3 and "press/1: HELD BACK" in held.stdout and "status 404" in held.stdout, held.output
        assert "mirror www: NOT LIVE" in held.stdout and watch.seen == []
        office.configure(SENDS, urls=("", ""))
        unknown = office.run("publish")
        assert unknown.exit_code == 3 and "has no url" in unknown.stdout and watch.seen == []
        office.configure(SENDS)
        mended = office.run("publish")
        assert mended.exit_code == 0 and sent_to(mended.stdout) == {"press/1"}, mended.output
        assert office.run("publish").exit_code == 0
    assert len(receiver.accepted) == 5 and watch.seen == [True] * 5


def test_only_what_a_person_has_approved_or_a_setting_names_goes_by_itself(office: Office) -> None:
    settings = office.with_mail(9).read_text("utf-8")
    office.issue(2, dt.timedelta(days=30))
    office.issue(3, dt.timedelta(days=30))
    (office.machine / "mailer.toml").write_text(settings + APPROVED, "utf-8")
    office.commit()
    waiting = office.run("publish")
    assert waiting.exit_code == 0 and "press/1: waits" in waiting.stdout and "todoke approve press/1" in waiting.stdout, waiting.output
    approved = office.run("approve press/2 --as 鈴木花子 --author 佐藤太郎 --mail var/publish/output/mail")
    assert approved.exit_code == 0, approved.output
    assert sent_to(office.run("publish").stdout) == {"press/2"}
    assert [(issue["number"], issue["counts"]["pending"]) for issue in json.loads(office.run("status --json").stdout)["issues"]] == [
        ("2", 5)
    ]
    (office.machine / "mailer.toml").write_text(settings, "utf-8")
    assert "needs no approval, so it goes out only by hand" in office.run("publish").stdout
    office.configure('lists_without_approval = ["press"]\n')
    done = office.run("publish")
    assert sent_to(done.stdout) == {"press/1"} and "press/3: waits. it is older than newest_hours" in done.stdout, done.output
    assert sent_to(office.run("publish").stdout) == set(), "an issue is frozen once"


def test_a_commit_that_does_not_build_changes_nothing_and_the_next_one_does(office: Office) -> None:
    office.commit()
    assert office.run("publish").exit_code == 0
    registry = office.site.root / "publications.toml"
    whole = registry.read_text("utf-8")
    registry.write_text("[site\n", "utf-8")  # a document at fault would be held back alone
    office.commit()
    broken = office.run("publish")
    assert broken.exit_code == 3 and "does not build" in broken.stdout and "publications.toml" in broken.stdout, broken.output
    assert "橋が通れます" in office.shown("press/") and "1 " in office.run("releases").stdout
    registry.write_text(whole, "utf-8")
    office.site.article("press/2020/road.md", "道が開きました", "2020-05-02")
    office.commit()
    assert office.run("publish").exit_code == 0 and "道が開きました" in office.shown("press/")


def test_the_second_of_two_publishes_says_who_is_at_work_and_changes_nothing(office: Office) -> None:
    office.commit()
    with publish_lock(office.machine / "var/publish", NOW):
        busy = office.run("publish")
    assert busy.exit_code == 75 and f"process {os.getpid()} on" in busy.stderr and "Nothing was changed" in busy.stderr, busy.output
    assert not (office.machine / "www").exists()


def test_what_a_rollback_took_back_stays_away_until_there_is_another_commit(office: Office) -> None:
    office.commit()
    assert office.run("publish").exit_code == 0
    office.site.article("press/2020/wrong.md", "誤報", "2020-05-03")
    wrong = office.commit()
    assert office.run("publish").exit_code == 0 and "誤報" in office.shown("press/")
    assert office.run("rollback").exit_code == 0
    kept = office.run("publish")
    assert kept.exit_code == 0 and f"commit {wrong[:12]} was taken back" in kept.stdout and "誤報" not in office.shown("press/"), (
        kept.output
    )
    assert office.run("rollback 1").exit_code == 0
    assert "was taken back" in office.run("publish").stdout, "once more"
    assert office.run("publish --again").exit_code == 0 and "誤報" in office.shown("press/")
    assert office.run("rollback 1").exit_code == 0
    office.site.article("press/2020/right.md", "訂正", "2020-05-03")
    office.commit()
    assert office.run("publish").exit_code == 0 and "訂正" in office.shown("press/")
    (office.machine / "publish.toml").touch()
    (office.site.root / "README.md").write_text("no page")
    office.commit()
    assert "nothing new since" in office.run("publish").stdout and "nothing new since" in office.run("publish").stdout


def test_what_became_public_is_written_down_for_those_who_announce_it(office: Office) -> None:
    office.commit()
    office.run("publish")
    office.site.article("press/2020/road.md", "道が開きました", "2020-05-02")
    office.commit()
    office.run("publish")
    folder = office.machine / "var/announcements"
    first, second = (json.loads((folder / name).read_bytes()) for name in ("000001.json", "000002.json"))
    assert first["first"] and first["new"] == [] and second["since"] == 1
    (article,) = [page for page in second["new"] if page["type"] == "article"]
    assert article["title"] == "道が開きました" and article["path"] == "press/2020/05/road/index.html"
    assert article["address"] == f"http://127.0.0.1:{office.web[0]}/press/2020/05/road/"
    assert "press/index.html" in [page["path"] for page in second["changed"]]


def test_an_authority_for_time_stamps_is_asked_after_everything_else_and_holds_nothing_up(office: Office, tmp_path: Path) -> None:
    def tokens() -> list[str]:
        return sorted(file.parent.name for file in (office.machine / "var/releases/releases").glob("*/manifest.tsr"))

    with TimeStampAuthority(tmp_path / "authority").serving() as authority:
        authority.mode = "silent"
        office.configure(f'[timestamp]\nurl = "{authority.url}"\ncertificates = "{authority.certificates}"\ndeadline = 0.5')
        office.commit()
        first = office.run("publish")
        assert first.exit_code == 0 and "no time stamp" in first.stdout and "橋が通れます" in office.shown("press/"), first.output
        assert [each["step"] for each in log(office)][-3:] == ["announce", "stamp", "end"] and tokens() == []
        authority.mode = "honest"
        office.configure(f'[timestamp]\nurl = "{authority.url}"\ncertificates = "{authority.certificates}"\ndeadline = 30')
        office.site.article("press/2020/second.md", "橋が二つ通れます")
        office.commit()
        assert office.run("publish").exit_code == 0 and tokens() == ["1", "2"]
