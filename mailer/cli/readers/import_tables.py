"""What a file of subscribers holds, and what was done with it, for the operator's terminal."""

from __future__ import annotations

from rich.console import Group, RenderableType

from mailer.cli.screen.listing import Column, Listing, Row
from mailer.cli.screen.tables import count
from mailer.log import escape
from mailer.subscribers.imports.content import MOST_SHOWN, FileContent
from mailer.subscribers.imports.load import Loaded
from mailer.subscribers.imports.statuses import Membership

SEPARATORS = {",": "commas コンマ", ";": "semicolons セミコロン", "\t": "tabs タブ", "": "one address a line 一行に一人"}
MEMBERSHIPS = {
    Membership.SUBSCRIBED: "subscribed 登録する",
    Membership.LEFT: "left: not subscribed 停止した人。登録しない",
    Membership.BLOCKED: "blocked: not subscribed 送れない人。登録しない",
    Membership.UNCONFIRMED: "not confirmed: not subscribed 未確認。登録しない",
    Membership.UNKNOWN: "not known: not subscribed; say it with --map status:WORD=… 意味が不明。登録しない",
}


def content_tables(content: FileContent) -> Group:
    """Return what the file holds: its columns, the words of its status, its lists."""
    parts: list[RenderableType] = [
        f"{escape(content.name)}: {content.encoding}, {SEPARATORS[content.separator]}; {count(content.rows, 'row')} {content.rows:,}行"
    ]
    if content.columns is not None:
        columns = (Column("column\n列", can_wrap=True), Column("is read as\n読み取り方", can_wrap=True))
        rows = (
            Row((escape(each.heading) or str(each.position + 1), each.field.value if each.field else "– (not read 読まない)"))
            for each in content.columns.columns
        )
        parts.append(Listing(columns, tuple(rows)))
    if any(word or membership is not Membership.SUBSCRIBED for word, membership in content.memberships):
        parts.append(_memberships(content))
    if content.lists:
        columns = (Column("list\n配信先"), Column("rows\n行", is_number=True))
        parts.append(Listing(columns, tuple(Row((key, f"{number:,}")) for key, number in sorted(content.lists.items()))))
    return Group(*parts)


def _memberships(content: FileContent) -> Listing:
    columns = (Column("status\n状態"), Column("rows\n行", is_number=True), Column("means\n意味", can_wrap=True))
    shown = content.memberships.most_common(MOST_SHOWN)
    rows = (Row((escape(word) or "(empty 空欄)", f"{number:,}", MEMBERSHIPS[membership])) for (word, membership), number in shown)
    more = len(content.memberships) - len(shown)
    return Listing(columns, tuple(rows), caption=f"and {more:,} more words ほか{more:,}種" if more else "")


def refusal_lines(content: FileContent) -> list[str]:
    """Return one sentence for each of the first lines that were refused, and the sums by reason if there are more."""
    lines = [
        f"line {each.line}: {each.reason.rstrip('.')}. {each.line}行目は登録していません。"
        for each in sorted(content.refused, key=lambda each: each.line)
    ]
    if content.refusals > len(content.refused):
        lines += [f"{count(number, 'line')}: {reason}" for reason, number in content.reasons.most_common(MOST_SHOWN)]
    return lines


def result_lines(content: FileContent, loaded: Loaded, *, is_planned: bool) -> list[str]:
    """Return what was done: one line for each of the first people who stay off a list, then the sum."""
    lines = [
        *(
            f"{address} has left {key} and was not subscribed again. 本人が停止した配信には戻していません。"
            for address, key in loaded.kept_out
        ),
        *(f"{address} may not be mailed and was not subscribed to {key}. 送らないと決めた宛先です。" for address, key in loaded.suppressed),
    ]
    verb, japanese = ("would be added", "登録できます（試しただけ）") if is_planned else ("added", "登録しました")
    ended = sum(number for (_, membership), number in content.memberships.items() if membership is not Membership.SUBSCRIBED)
    kept = f"not subscribed for their status: {ended:,}; " if ended else ""
    held = f"suppressed: {loaded.held_back:,}; " if loaded.held_back else ""
    return [
        *lines,
        f"{count(loaded.people, 'person', 'people')} and {count(loaded.subscriptions, 'subscription')} {verb}; "
        f"there already: {loaded.already:,}; left alone: {loaded.left_alone:,}; {kept}{held}lines refused: {content.refusals:,} ({content.encoding}). "
        f"{loaded.people:,}人、{loaded.subscriptions:,}件を{japanese}。",
    ]
