"""A dry run: says what a publish would do, in a temporary folder. Nothing is signed, delivered, frozen or sent, and nothing is left."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from publisher.config import PublishConfig, read_audit_anchor
from publisher.model.errors import PublisherError
from publisher.pipeline.commands import HELD_BACK, Commands
from publisher.pipeline.handover import NOTHING, HandedOver, Handover
from publisher.pipeline.source.checkout import checkout_of
from publisher.pipeline.source.uncommitted import carry_over
from publisher.release.make import Draft, draft
from publisher.release.store import ReleaseStore


@dataclass(frozen=True)
class Rehearsal:
    """What would happen: the commit, the release that would be made, and what the mailer would get."""

    commit: str
    planned: Draft
    mail: HandedOver
    notes: tuple[str, ...] = ()

    def lines(self, mirrors: tuple[str, ...]) -> Iterator[str]:
        """Yield it for people."""
        difference = self.planned.changes
        yield f"commit {self.commit[:12]}. Nothing was changed: this is a dry run. 試しです。何も変えていません"
        yield (
            f"release {self.planned.release.number} would have {len(self.planned.release.files)} files: {len(difference.added)} new, "
            f"{len(difference.changed)} changed, {len(difference.removed)} gone; {difference.length:,} bytes for {', '.join(mirrors) or 'no mirror'}"
        )
        yield from (f"mail {name}: would go ({words}) when its page is live 配信します" for name, words in self.mail.done.items())
        yield from (f"mail {name}: waits. {words}" for name, words in self.mail.waiting.items())
        yield from (f"held back by the build 公開見合わせ: {words}" for words in self.planned.release.held_back)
        yield from (f"note: {words}" for words in self.notes)


def rehearse(config: PublishConfig, store: ReleaseStore, commands: Commands, now: dt.datetime) -> Rehearsal:
    """Build the newest commit aside, and compare. Raises `PublisherError` where a publish would fail."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        checkout = checkout_of(config.publish, commands, folder / "checkout")
        commit = checkout.head()
        checkout.take(commit)
        carried = carry_over(config.publish.folder / "output", checkout.folder, checkout.touched_at)
        words = ("build", "--output", str(folder / "output"), "--now", now.isoformat())
        ended = commands.todoke(*words, folder=checkout.folder, timeout=config.publish.build_timeout)
        if ended.status not in (0, HELD_BACK):
            raise PublisherError(f"commit {commit[:12]} does not build (status {ended.status}) / ビルドできません\n{ended.words}")
        planned = draft(store, folder / "output", now, commit=commit, audit_anchor=read_audit_anchor(config.audit_anchor))
        mail = NOTHING
        if config.publish.mail != "off" and config.publish.mailer.is_file():
            mail = Handover(config, commands, folder / "output", planned.release, now).plan()
        return Rehearsal(commit, planned, mail, carried.words)
