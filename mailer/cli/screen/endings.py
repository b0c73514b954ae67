"""Why a run has ended before everybody has the issue, in sentences for the operator."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import tzinfo

from mailer.cli.screen import tables
from mailer.cli.screen.japanese import in_both_languages
from mailer.database.deliveries.ledger import ReplyCount
from mailer.model.clock import format_time
from mailer.model.issue import IssueRef, IssueStatus
from mailer.model.state import DeliveryState
from mailer.sending.run import IssueSummary


def reasons(ref: IssueRef, summary: IssueSummary, replies: Sequence[ReplyCount], zone: tzinfo) -> Iterator[str]:
    """Yield why the run has ended before everybody has the issue, for standard error: also where the table goes elsewhere, or nowhere.

    :param replies: the most frequent reply, or none.
    """
    if summary.trouble is not None:
        yield in_both_languages(summary.trouble)
    if summary.stopped:
        yield "Stopped as asked. Run `send` again to go on. 止めました。もう一度 send を実行すると続きます。"
    elif summary.status is IssueStatus.PAUSED:
        yield f"{ref} was paused while it was sent. `todoke resume {ref}` lets it go on. 送信中に一時停止されました。"
    elif summary.status is IssueStatus.CANCELLED:
        yield f"{ref} was called off while it was sent. 送信中に取りやめになりました。"
    elif summary.remaining and summary.trouble is None:
        reply = f", most often with {replies[0].code or 'a lost connection'}" if replies else ""
        due = "" if summary.next_due is None else f" The next try is due at {format_time(summary.next_due, zone)}."
        yield (
            f"{ref}: not finished; {tables.count(summary.remaining, 'delivery is', 'deliveries are')} put off{reply}.{due} Run `send` again then. "
            f"{summary.remaining:,}件は、あとでもう一度 send を実行すると送ります。"
        )
    if expired := summary.counts[DeliveryState.EXPIRED]:
        yield f"{ref}: too late for {tables.count(expired, 'person', 'people')}; the issue has expired. {expired:,}人には期限を過ぎて送れませんでした。"
    if unknown := summary.counts[DeliveryState.UNKNOWN]:
        yield (
            f"{ref}: of {tables.count(unknown, 'delivery', 'deliveries')} it is unknown whether they arrived; see `todoke who-missed {ref}` and "
            f"`todoke resolve unknown {ref}`. {unknown:,}件は届いたか分かりません。"
        )
