"""What the page on privacy promises is what the settings and the tables do."""

from __future__ import annotations

import re
from dataclasses import replace
from email import message_from_bytes
from email.policy import default
from pathlib import Path

from mailer.cli import groups
from mailer.config.file import load_config
from mailer.database.readers.erasure import references
from mailer.database.returned import automatic_replies
from mailer.database.schema import delivery, metadata, subscriber, suppression
from mailer.message.compose import SenderIdentity, compose
from mailer.message.links import RecipientLinks
from mailer.model.ids import SubscriberId
from mailer.model.recipient import Recipient
from mailer.web.sign_up.budgets import SignUpBudgets
from mailer.web.sign_up.pages import REFUSED_FOR
from tests.samples.mail.mail_bundles import HTML, ISSUE, LIST, NOW

PAGE = Path("content/pages/privacy.md").read_text("utf-8")
DAYS = {"unconfirmed": "確認されない申し込み", "ended": "やめた配信先の記録", "evidence": "承諾の記録"}
"""Setting of [retention] → the words of the page."""

TOLD = {
    "subscriber": {"email": "メールアドレス", "email_key": "メールアドレス", "name": "お名前", "created_at": "申し込んだ日時", "paused_until": "休止する期限"},
    "subscription": {
        "list": "申し込んだ配信先", "state": "配信をやめた", "source": "方法", "since": "配信をやめた日時", "changed_at": "申し込んだ日時",
        "format": "形式", "frequency": "頻度", "confirmation_at": "確認",
    },
    "consent": {"list": "申し込んだ配信先", "at": "申し込んだ日時", "way": "方法", "proof": "申込書の番号か名簿の行", "words": "承諾していただいた文面", "confirmation": "確認の番号", "frequency": "頻度"},
    "delivery": dict.fromkeys(
        ("address", "state", "attempts", "code", "text", "message_id", "first_tried", "not_before", "changed_at", "queue", "fence", "merged_into"), "号ごとの配信の結果"
    ),
    "sent_before": dict.fromkeys(("list", "number", "state"), "号ごとの配信の結果"),
    "suppression": dict.fromkeys(
        ("address_hash", "key", "reason", "scope", "since", "source", "lifted_at", "lifted_by", "lifted_why"), "照合用の値と、お送りしない理由"
    ),
    "delivery_problem": dict.fromkeys(
        ("event", "queue", "class", "way", "receiver", "status", "code", "phase", "is_hard", "text", "at", "forgiven_at"), "届かなかった理由"
    ),
    "complaint": dict.fromkeys(("event", "list", "feedback_type", "reporter", "at"), "迷惑メールとしての届け出"),
}  # fmt: skip
"""Table → column → the words of the page that tell of it."""
NUMBERS = {"id", "subscriber_id", "issue_id", "token_version"}
"""Numbers of ours that say nothing of a person."""


def test_the_page_names_the_days_of_the_settings() -> None:
    retention = load_config(Path("mailer.toml")).retention
    for name, words in DAYS.items():
        row = re.search(rf"^\| {words} \|[^|]*?(\d+)日", PAGE, re.MULTILINE)
        assert row, f"the page does not say how long {words} is kept"
        assert int(row[1]) == getattr(retention, name).days


def days(words: str) -> int:
    row = re.search(rf"^\| {words}[^|]* \|[^|]*?(\d+)日", PAGE, re.MULTILINE)
    assert row, f"the page does not say how long it is: {words}"
    return int(row[1])


def test_the_page_names_the_days_of_what_has_no_setting_of_its_own() -> None:
    assert (
        days("戻ってきたメールやお送りいただいたメールのうち、機械が読めなかったもの") == load_config(Path("mailer.toml")).inbound.keep_days
    )
    assert days("確認のメールを断ったこと") == REFUSED_FOR.days
    assert days("同じお返事を続けてお送りしないための照合用の値") == automatic_replies.KEPT.days


def test_links_and_pictures_of_a_delivered_mail_are_those_of_the_issue_and_none_is_added_that_counts_readers() -> None:
    html = HTML.replace("</body>", '<a href="https://www.example.jp/a?b=1">a</a><img src="https://todoke.example.jp/c.png" alt=""></body>')
    links = RecipientLinks("https://mail.example.jp/unsubscribe/t", "https://mail.example.jp/preferences/t")
    issue, reader = replace(ISSUE, html=html), Recipient(SubscriberId(7), "hanako@example.jp", "花子")
    identity = SenderIdentity("bounce@example.jp", "todoke.example.jp")
    content = compose(issue, LIST, reader, links=links, sent_at=NOW, identity=identity).content
    delivered = message_from_bytes(content, policy=default).get_body(("html",))
    assert delivered is not None
    own = re.compile(r'(?:href|src)="([^"]+)"')
    expected = [address.replace("https://personal.invalid/unsubscribe", links.unsubscribe) for address in own.findall(html)]
    assert own.findall(delivered.get_content()) == expected


def test_how_often_a_network_asks_is_counted_in_memory_under_a_hash() -> None:
    """The page says that the line is counted in a form that nobody can read."""
    budgets = SignUpBudgets(b"k" * 32)
    budgets.count("203.0.113.0/24", NOW)
    assert "203.0.113" not in repr(vars(budgets))


def test_the_page_tells_of_every_column_that_holds_something_of_a_reader() -> None:
    tables = {column.table.name for column in references()} | {subscriber.name, delivery.name, suppression.name}
    for name in tables:
        for column in {each.name for each in metadata.tables[name].columns} - NUMBERS:
            words = TOLD.get(name, {}).get(column)
            assert words, f"{name}.{column} is new: tell readers on the page what it is for, and name the words here"
            assert words in PAGE, f"the page lost the words {words!r} on {name}.{column}"


def test_what_the_page_says_is_not_recorded_has_no_column() -> None:
    columns = {f"{table.name}.{column.name}" for table in metadata.tables.values() for column in table.columns}
    assert "IPアドレス" in PAGE and "開いたかどうか" in PAGE and "リンクを押したか" in PAGE
    assert [
        name for name in columns if re.search(r"(^|[._])(ip|ip_address|opened|open_at|click|clicks|user_agent|postal|phone)", name)
    ] == []


def test_the_rights_that_the_page_names_are_commands() -> None:
    assert "記録を見たい、消してほしい" in PAGE
    assert {"subscribers show", "subscribers export", "subscribers erase", "subscribers expire"} <= groups.COMMANDS.keys()
