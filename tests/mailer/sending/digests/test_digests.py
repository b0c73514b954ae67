"""Several lists in one mail: who gets which digest, when, and that nobody gets a section twice or loses one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest
import sqlalchemy as sa

from mailer.database import schema
from mailer.database.deliveries import issues, ledger, orders
from mailer.database.readers import frequencies, people, subscriptions
from mailer.database.readers.subscriptions import ImportedSubscriber
from mailer.model.digest import DIGEST
from mailer.model.errors import ContentChanged
from mailer.model.issue import IssueRef, IssueStatus
from mailer.model.readers.subscription import Frequency
from mailer.model.state import DeliveryState
from mailer.sending import digests, send
from mailer.sending.digests import DigestRun
from mailer.sending.ready import ready_issues
from tests.samples.mail.digest_bundles import write_mergeable
from tests.samples.mail.mail_bundles import Installation, RecordedProgress, installation, write_issue
from tests.servers.smtp import Receiver

PRESS, MAGA, NEXT = IssueRef("fukko-press", "45"), IssueRef("mailmaga", "7"), IssueRef("fukko-press", "46")
ISSUE, DAILY, WEEKLY = Frequency.ISSUE, Frequency.DAILY, Frequency.WEEKLY
TUESDAY_NOON = datetime(2026, 3, 10, 3, tzinfo=UTC)
"""12 o'clock in Japan. The day's moment is 18 o'clock, the week's is Friday at 18 o'clock."""


def prepared(folder: Path, receiver: Receiver, url: str, wishes: Mapping[str, Mapping[str, Frequency]]) -> Installation:
    """An installation on a Tuesday, with these readers and how often they want which list."""
    home = installation(folder, receiver.port, head=f'database = "{url}"\n')
    home.clock.moment = TUESDAY_NOON
    readers = [ImportedSubscriber(f"{name}@example.jp", "", tuple(lists)) for name, lists in wishes.items()]
    subscriptions.import_subscribers(home.database, readers, source="test", now=home.clock())
    for name, lists in wishes.items():
        for key, frequency in lists.items():
            choose(home, name, key, frequency)
    write_mergeable(home.root, PRESS, ["駅", "港"], greeting="春のごあいさつ")
    write_mergeable(home.root, MAGA, ["港", "市"])
    write_mergeable(home.root, NEXT, ["橋"])
    return home


def choose(home: Installation, name: str, key: str, frequency: Frequency) -> None:
    number = subscriptions.find(home.database, f"{name}@example.jp")
    assert number is not None
    frequencies.save(home.database, number, {key: frequency}, by="reader", now=home.clock())


def publish(home: Installation, ref: IssueRef) -> send.SendResult:
    return send.send(home.context, home.root, ref, RecordedProgress())


def digest(home: Installation) -> DigestRun:
    return digests.send_digests(home.context, home.root, lambda _ref: nullcontext(RecordedProgress()))


def mail(receiver: Receiver, name: str) -> list[EmailMessage]:
    return [each.mail for each in receiver.accepted if f"{name}@example.jp" in each.recipients]


def text_of(message: EmailMessage) -> str:
    part = message.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def sections(message: EmailMessage) -> list[str]:
    """The articles in the mail, in their order."""
    return re.findall(r"記事 (\w) の本文", text_of(message))


def states(home: Installation, ref: IssueRef) -> dict[DeliveryState, int]:
    frozen = issues.find(home.database, ref)
    assert frozen is not None
    return {state: number for state, number in ledger.counts(home.database, frozen.issue_id).items() if number}


def test_a_reader_gets_two_lists_in_one_mail_at_the_days_moment(tmp_path: Path, database_url: str) -> None:
    with Receiver() as receiver:
        home = prepared(
            tmp_path, receiver, database_url, {"hana": {"fukko-press": DAILY, "mailmaga": DAILY}, "taro": {"fukko-press": ISSUE}}
        )
        publish(home, PRESS)
        home.clock.forward(hours=1)
        publish(home, MAGA)
        assert (len(mail(receiver, "hana")), len(mail(receiver, "taro"))) == (0, 1)
        assert not digest(home).results, "its moment has not come"
        home.clock.forward(hours=6)
        digest(home)
        (merged,) = mail(receiver, "hana")
        text = text_of(merged)
        assert [text.count(f"記事 {each} の本文") for each in ("駅", "港", "市")] == [1, 1, 1]
        assert text.index("駅 の本文") < text.index("港 の本文") < text.index("市 の本文")
        assert "春のごあいさつ" in text
        assert states(home, PRESS) == {DeliveryState.MERGED: 1, DeliveryState.SENT: 1}
        assert states(home, MAGA) == {DeliveryState.MERGED: 1}
        digest(home)
        assert len(mail(receiver, "hana")) == 1
        assert len(mail(receiver, "taro")) == 1


def test_what_is_approved_after_the_moment_waits_for_the_next_one(tmp_path: Path, database_url: str) -> None:
    with Receiver() as receiver:
        home = prepared(tmp_path, receiver, database_url, {"hana": {"fukko-press": DAILY}, "jiro": {"fukko-press": WEEKLY}})
        publish(home, PRESS)
        home.clock.forward(hours=7)
        publish(home, NEXT)
        digest(home)
        assert [sections(each) for each in mail(receiver, "hana")] == [["駅", "港"]]
        home.clock.forward(days=1)
        digest(home)
        assert [sections(each) for each in mail(receiver, "hana")] == [["駅", "港"], ["橋"]]
        assert mail(receiver, "jiro") == []
        home.clock.forward(days=2)
        digest(home)
        assert [sections(each) for each in mail(receiver, "jiro")] == [["駅", "港", "橋"]]


def test_who_left_or_rests_gets_nothing_and_who_wants_each_issue_again_loses_nothing(tmp_path: Path, database_url: str) -> None:
    names = ("left", "rests", "again", "stays")
    with Receiver() as receiver:
        home = prepared(tmp_path, receiver, database_url, {name: {"fukko-press": DAILY, "mailmaga": DAILY} for name in names})
        publish(home, PRESS)
        publish(home, MAGA)
        numbers = {name: subscriptions.find(home.database, f"{name}@example.jp") for name in names}
        assert all(numbers.values())
        subscriptions.unsubscribe(home.database, numbers["left"], "fukko-press", source="link", now=home.clock())  # type: ignore[arg-type]
        people.pause(home.database, numbers["rests"], home.clock() + timedelta(days=9))  # type: ignore[arg-type]
        choose(home, "again", "fukko-press", ISSUE)
        publish(home, PRESS)
        assert ["fukko-press.todoke" in str(each["List-Id"]) for each in mail(receiver, "again")] == [True]
        home.clock.forward(hours=8)
        digest(home)
        assert [sections(each) for each in mail(receiver, "left")] == [["港", "市"]]
        assert mail(receiver, "rests") == []
        assert len(mail(receiver, "again")) == 2
        assert sections(mail(receiver, "again")[1]) == ["港", "市"]
        assert [sections(each) for each in mail(receiver, "stays")] == [["駅", "港", "市"]]


def test_leaving_one_list_between_freezing_and_sending_leaves_the_rest_of_the_digest(tmp_path: Path, database_url: str) -> None:
    with Receiver() as receiver:
        home = prepared(tmp_path, receiver, database_url, {"hana": {"fukko-press": DAILY, "mailmaga": DAILY}})
        publish(home, PRESS)
        publish(home, MAGA)
        home.clock.forward(hours=8)
        digests.compose_due(home.context.config, home.database, home.root, now=home.clock())
        assert [str(each.ref) for each in ready_issues(home.context.config, home.database, home.root, home.clock())] == [str(NEXT)]
        number = subscriptions.find(home.database, "hana@example.jp")
        assert number is not None
        subscriptions.unsubscribe(home.database, number, "fukko-press", source="link", now=home.clock())
        digest(home)
        digest(home)
        assert [sections(each) for each in mail(receiver, "hana")] == [["港", "市"]]
        assert states(home, PRESS) == {DeliveryState.SUPPRESSED: 1}


def test_an_issue_that_is_called_off_is_in_no_digest_and_the_others_are(tmp_path: Path, database_url: str) -> None:
    with Receiver() as receiver:
        home = prepared(tmp_path, receiver, database_url, {"hana": {"fukko-press": DAILY, "mailmaga": DAILY}})
        publish(home, PRESS)
        publish(home, MAGA)
        home.clock.forward(hours=8)
        digests.compose_due(home.context.config, home.database, home.root, now=home.clock())
        frozen = issues.find(home.database, PRESS)
        assert frozen is not None
        issues.set_status(home.database, frozen.issue_id, IssueStatus.CANCELLED, old={IssueStatus.SENDING})
        assert orders.call_off(home.database, frozen, now=home.clock()) == 1
        digest(home)
        assert [sections(each) for each in mail(receiver, "hana")] == [["港", "市"]]
        assert states(home, PRESS) == {DeliveryState.SUPPRESSED: 1}


def test_an_issue_whose_words_were_changed_is_never_merged(tmp_path: Path, database_url: str) -> None:
    with Receiver() as receiver:
        home = prepared(tmp_path, receiver, database_url, {"hana": {"fukko-press": DAILY, "mailmaga": DAILY}})
        publish(home, PRESS)
        publish(home, MAGA)
        home.clock.forward(hours=8)
        with home.database.writing() as connection:
            words = sa.func.replace(schema.issue.c.sections, "駅 の本文", "偽 の本文")
            connection.execute(sa.update(schema.issue).where(schema.issue.c.list == PRESS.list).values(sections=words))
        run = digest(home)
        assert [str(frozen.issue.ref) for frozen, _ in run.plan.stopped] == [str(PRESS)]
        assert [sections(each) for each in mail(receiver, "hana")] == [["港", "市"]]
        assert states(home, PRESS) == {DeliveryState.HELD: 1}


def test_a_digest_that_was_changed_in_the_database_is_not_sent(tmp_path: Path, database_url: str) -> None:
    with Receiver() as receiver:
        home = prepared(tmp_path, receiver, database_url, {"hana": {"fukko-press": DAILY}})
        publish(home, PRESS)
        home.clock.forward(hours=8)
        digests.compose_due(home.context.config, home.database, home.root, now=home.clock())
        with home.database.writing() as connection:
            connection.execute(sa.update(schema.issue).where(schema.issue.c.list == DIGEST).values(text=schema.issue.c.text + "偽"))
        with pytest.raises(ContentChanged):
            digest(home)
        assert receiver.accepted == []


def test_issues_that_fit_into_no_one_mail_go_as_several(tmp_path: Path, database_url: str) -> None:
    with Receiver() as receiver:
        home = prepared(tmp_path, receiver, database_url, {"hana": {"fukko-press": DAILY, "mailmaga": DAILY}})
        write_mergeable(home.root, PRESS, {"駅": "記事 駅 の本文" + "あ" * 20_000})
        write_mergeable(home.root, MAGA, {"市": "記事 市 の本文" + "い" * 15_000})
        publish(home, PRESS)
        publish(home, MAGA)
        home.clock.forward(hours=8)
        run = digest(home)
        assert [sections(each) for each in mail(receiver, "hana")] == [["駅"], ["市"]]
        assert "at most 100 kB" in run.plan.split[0]


def test_an_issue_that_fits_into_no_digest_goes_to_everybody_at_once(tmp_path: Path, database_url: str) -> None:
    with Receiver() as receiver:
        home = prepared(tmp_path, receiver, database_url, {"hana": {"fukko-press": WEEKLY}})
        write_mergeable(home.root, PRESS, {"駅": "あ" * 30_000})
        publish(home, PRESS)
        assert len(mail(receiver, "hana")) == 1
        write_issue(home.root, NEXT)
        publish(home, NEXT)
        assert len(mail(receiver, "hana")) == 2, "an issue of an older build comes in no fragments"


def test_a_warning_and_a_correction_wait_for_no_digest(tmp_path: Path, database_url: str) -> None:
    with Receiver() as receiver:
        home = prepared(tmp_path, receiver, database_url, {"hana": {"fukko-press": DAILY, "mailmaga": DAILY}})
        publish(home, PRESS)
        write_mergeable(home.root, MAGA, ["市"], **{"class": "emergency"})
        publish(home, MAGA)
        assert len(mail(receiver, "hana")) == 1
        home.clock.forward(hours=8)
        digest(home)
        assert sections(mail(receiver, "hana")[1]) == ["駅", "港"]
        write_mergeable(home.root, NEXT, ["訂"], replaces=PRESS.number, audience="reached")
        publish(home, NEXT)
        assert len(mail(receiver, "hana")) == 3, "the correction goes to whoever has the digest with the issue"


def test_the_headers_of_a_digest_lead_to_all_of_its_lists(tmp_path: Path, database_url: str) -> None:
    with Receiver() as receiver:
        home = prepared(tmp_path, receiver, database_url, {"hana": {"fukko-press": DAILY, "mailmaga": DAILY, "other": ISSUE}})
        publish(home, PRESS)
        publish(home, MAGA)
        home.clock.forward(hours=8)
        digest(home)
        (merged,) = mail(receiver, "hana")
        assert merged["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        token = str(merged["List-Unsubscribe"]).partition("/unsubscribe/")[2].partition(">")[0]
        claim = home.context.signer.read(token)
        assert claim.list == DIGEST
        assert "digest.todoke.example.jp" in str(merged["List-Id"])
        assert merged["Archived-At"] is None
        assert merged["To"] == "hana@example.jp"
        assert subscriptions.unsubscribe(home.database, claim.subscriber_id, claim.list, source="link", now=home.clock())
        assert frequencies.of_reader(home.database, claim.subscriber_id) == {"other": ISSUE}
        assert subscriptions.ended_with_digests(home.database, claim.subscriber_id) == ("fukko-press", "mailmaga")


def test_a_reader_of_a_light_list_gets_the_light_form(tmp_path: Path, database_url: str) -> None:
    with Receiver() as receiver:
        home = prepared(tmp_path, receiver, database_url, {"hana": {"fukko-press": DAILY, "mailmaga": DAILY}})
        with home.database.writing() as connection:
            connection.execute(sa.update(schema.subscription).where(schema.subscription.c.list == "mailmaga").values(format="light"))
        publish(home, PRESS)
        publish(home, MAGA)
        home.clock.forward(hours=8)
        digest(home)
        (merged,) = mail(receiver, "hana")
        assert not merged.is_multipart() and merged.get_content_charset() == "iso-2022-jp"
        assert sections(merged) == ["駅", "港", "市"]
