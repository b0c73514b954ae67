"""Readers for the operator's terminal, English first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType

from mailer.cli.screen.listing import Column, Listing, Row
from mailer.cli.screen.tables import count
from mailer.database.readers.reader_counts import Affected, ReaderCounts
from mailer.database.readers.reader_records import ReaderRecord
from mailer.log import escape

ADMINISTRATIVE, BUSINESS = 100, 1000
"""More people than this must be reported: 個人情報の保護に関する法律施行規則 43条4号 (行政機関等) and 7条4号 (事業者)."""
MOST_RECEIVERS = 10


def listed(rows: Sequence[Mapping[str, Any]], *, has_more: bool) -> RenderableType:
    """Return subscriptions, one a line."""
    if not rows:
        return "Nobody. いません。"
    columns = (
        Column("number\n番号", is_number=True),
        Column("address\nアドレス"),
        Column("name\n名前", can_wrap=True),
        Column("list\n配信先"),
        Column("state\n状態"),
        Column("form\n形式"),
        Column("since\n日時", can_wrap=True),
    )
    cells = (Row(tuple(escape(str(value)) for value in row.values())) for row in rows)
    return Listing(columns, tuple(cells), caption="There are more: --limit. ほかにもいます。" if has_more else "")


def record(reader: ReaderRecord) -> Group:
    """Return all that is known of a reader."""
    parts: list[RenderableType] = [
        f"subscriber {reader.subscriber_id}: {escape(reader.address)} {escape(reader.name)}".rstrip(),
        f"since 登録 {reader.created_at.isoformat()}"
        + (f"; paused until 休止 {reader.paused_until.isoformat()}" if reader.paused_until else ""),
        f"messages 通数: {'; '.join(f'{state} {number:,}' for state, number in sorted(reader.deliveries.items())) or '0'}; "
        f"problems 不達の記録: {len(reader.problems)}",
    ]
    lists = (
        Row((each.list, each.state, each.format, each.frequency.value, each.since.isoformat(), escape(each.source)))
        for each in reader.subscriptions
    )
    parts.append(
        Listing(
            _columns("list\n配信先", "state\n状態", "form\n形式", "how often\n頻度", "since\n日時", "source\n由来"),
            tuple(lists),
            "lists 配信先",
        )
    )
    given = (
        Row((each.list, each.frequency or "", each.way.value, each.at.isoformat(), escape(each.proof), (each.words or "")[:16]))
        for each in reader.consents
    )
    parts.append(
        Listing(
            _columns("list\n配信先", "how often\n届け方", "way\n方法", "time\n日時", "proof\n証拠", "words\n文面"),
            tuple(given),
            "consents 同意",
        )
    )
    if reader.suppressions:
        held = (
            Row((each.reason.value, each.scope or "all", each.since.isoformat(), escape(f"{each.lifted_by} {each.lifted_why}".strip())))
            for each in reader.suppressions
        )
        parts.append(Listing(_columns("reason\n理由", "lists\n配信先", "since\n日時", "lifted\n解除"), tuple(held), "suppressed 送らない"))
    return Group(*parts)


def _columns(*titles: str) -> tuple[Column, ...]:
    return tuple(Column(title, can_wrap=True) for title in titles)


def counts(counted: ReaderCounts) -> Group:
    """Return all readers in numbers."""
    columns = (
        Column("list\n配信先"),
        Column("subscribed\n購読中", is_number=True),
        Column("left\n停止", is_number=True),
        Column("joined in 30 days\n30日の登録", is_number=True),
        Column("left in 30 days\n30日の停止", is_number=True),
    )
    rows = (
        Row((each.list, f"{each.subscribed:,}", f"{each.left:,}", f"{each.joined_lately:,}", f"{each.left_lately:,}"))
        for each in counted.lists
    )
    words = "; ".join(f"{way} {number:,}" for way, number in sorted(counted.ways.items()))
    held = "; ".join(f"{reason} {number:,}" for reason, number in sorted(counted.suppressed.items()))
    return Group(
        f"{count(counted.people, 'person', 'people')}; paused: {counted.paused:,}. {counted.people:,}人、休止中{counted.paused:,}人。",
        Listing(columns, tuple(rows)),
        f"consents 同意: {words or '0'}",
        f"suppressed 送らない宛先: {held or '0'}",
    )


def affected(what: str, counted: Affected) -> Group:
    """Return the numbers of the form, and whether the law wants a report."""
    erased = f"; erased since, so not counted 消去済み: {counted.erased:,}" if counted.erased else ""
    columns = (Column("receiver\n受信側"), Column("people\n人数", is_number=True))
    top = list(counted.receivers.items())
    rows = [Row((domain, f"{number:,}")) for domain, number in top[:MOST_RECEIVERS]]
    if rest := sum(number for _, number in top[MOST_RECEIVERS:]):
        rows.append(Row(("others ほか", f"{rest:,}")))
    is_over = [f"{limit:,}" for limit in (ADMINISTRATIVE, BUSINESS) if counted.people + counted.erased > limit]
    duty = (
        f"More than {' and '.join(is_over)} people: report it (行政機関等: more than 100; others: more than 1,000) – 速報 in 3 to 5 days, 確報 in 30 "
        "(60 if somebody meant harm). 個人情報保護委員会への報告が必要な人数です。"
        if is_over
        else "100 people or fewer: a report may still be needed, for example if somebody meant harm. 不正の目的によるときなどは、人数によらず報告が必要です。"
    )
    return Group(
        f"{escape(what)}: {count(counted.people, 'person', 'people')} {counted.people:,}人{erased}",
        f"items 項目: メールアドレス {counted.people:,}, 氏名 {counted.named:,}, 購読している配信先 {counted.people:,}",
        Listing(columns, tuple(rows)),
        duty,
    )
