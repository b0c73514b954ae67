"""What the tour has shown: figures of its steps, and how to look at what it made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.table import Table

from demo.defacement import Verifier
from demo.mirrors import NAMES
from demo.sample import FIRST, LEAVER, NEWCOMER, SECOND
from demo.steps import StepFailed

if TYPE_CHECKING:
    from demo.tour import Tour


@dataclass(frozen=True)
class Seconds:
    """Seconds of wall time of the long steps, with the start of their processes; ``mending`` is from the defacement until the page was whole."""

    building: float
    sending: float
    releasing: float = 0.0
    mending: float = 0.0


def summary(tour: Tour, seconds: Seconds) -> Table:
    """Return the figures. Raises `StepFailed` if mails arrived that were not due, or others did not."""
    delivered = _count_arrived(tour)
    pages = sum(1 for _ in (tour.output / "site").rglob("*.html"))
    table = Table(title="まとめ Summary", show_header=False)
    for _ in range(2):
        table.add_column(overflow="fold")
    table.add_row("ページ Pages", f"{pages:,} in {seconds.building:.1f} s")
    table.add_row("届いたメール Messages accepted", f"{delivered:,} = {tour.readers:,} + {tour.readers:,} + {tour.urgent_readers:,}")
    table.add_row("速さ Messages per second", f"{delivered / seconds.sending:,.0f}")
    table.add_row("送らなかった人 Left out", f"{LEAVER}：本人が配信を止めたため unsubscribed by one click")
    table.add_row("申し込んだ人 Signed up", f"{NEWCOMER}：確認のメールのあと、次の号から confirmed by mail, gets the next issue")
    if seconds.mending:
        table.add_row("公開 Update live on two mirrors", f"{seconds.releasing:.1f} s")
        table.add_row("改ざん Defacement found and mended", f"{seconds.mending:.1f} s")
    return table


def _count_arrived(tour: Tour) -> int:
    """Return how many copies of issues arrived.

    Raises `StepFailed` unless it is everybody once; once more without the one who left, with the one who signed up; and the readers of the emergency list.
    """
    copies = [message for message in tour.inbox.summaries() if message.archived_at]
    due = tour.readers * 2 + tour.urgent_readers
    if len(copies) != due:
        raise StepFailed(f"{len(copies)} messages arrived, {due} were due")
    for person, issue in ((LEAVER, FIRST), (NEWCOMER, SECOND)):
        mine = [message for message in copies if person in message.to]
        if len(mine) != 1 or f"/{issue}/" not in mine[0].archived_at:
            raise StepFailed(f"{person} did not get {issue} alone")
    return len(copies)


def addresses(tour: Tour, verifier: Verifier | None) -> Table:
    """Say how to look at what was made."""
    table = Table(title="見るには How to look", show_header=False)
    for _ in range(2):
        table.add_column(overflow="fold")
    table.add_row("サイト Site", f"{tour.site}/\n{tour.output / 'site' / 'index.html'}")
    table.add_row("受信箱 Inbox", f"{tour.site}/inbox/\n{tour.var / 'inbox'}")
    table.add_row(
        "申し込み Sign up",
        f"{tour.service}/sign-up\n{tour.site}/ の「メールで受け取る」から。確認のメールは受信箱に届きます The mail comes to the inbox.",
    )
    if verifier:
        mirrors = verifier.mirrors
        for name in NAMES:
            table.add_row(f"公開先 Mirror {name}", f"{mirrors.url(name)}/\n{mirrors.tree(name)}")
        table.add_row("見張りの状態 Verifier's status", f"{verifier.url}\n{verifier.folder / 'status' / 'index.html'}")
        table.add_row("改ざんの証拠 Evidence", str(verifier.folder / "evidence"))
        for words, command in (("公開した版 Releases", "releases"), ("一つ前の版に戻す Roll back", "rollback")):
            table.add_row(words, f".venv/bin/todoke {command} --config {mirrors.settings}")
    return table
