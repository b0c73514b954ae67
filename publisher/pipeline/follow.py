"""Stays, and publishes each new commit and at each moment at which something begins or ends.

A commit that does not build is tried once. What is public stays, and keeps changing at its moments: an old warning comes down although the newest commit
is broken.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field

from publisher.model.errors import PublisherError
from publisher.pipeline.moments import read_moments
from publisher.pipeline.report import Report
from publisher.pipeline.run import Publisher

SHORTEST_WAIT = 1.0
"""Seconds. A build that says it holds for no time at all must not keep the machine busy."""


@dataclass
class Follower:
    """``on_report`` is given each report that says something new. ``wait`` sleeps for seconds, or less if the publisher is asked to stop."""

    publisher: Publisher
    on_report: Callable[[Report], None]
    wait: Callable[[float], object]
    _broken: set[str] = field(default_factory=set)
    _built: str = ""
    _last: Report | None = None
    _released: Report | None = None
    _tried_at: dt.datetime | None = None
    _retry_at: dt.datetime | None = None
    _trouble: str = ""

    def run(self) -> None:
        """Follow until the publisher's ``stop`` is set."""
        while not self.publisher.stop.is_set():
            self.wait(self.step())

    def step(self) -> float:
        """Do what is due now, and return for how many seconds there is nothing to do."""
        try:
            self._do_what_is_due(self.publisher.clock())
            self._trouble = ""
        except PublisherError as error:  # the repository does not answer, a file of ours cannot be read: told once, tried again
            self._notify(str(error))
        return self._seconds_to_wait(self.publisher.clock())

    def _do_what_is_due(self, now: dt.datetime) -> None:
        is_moment = (due := self.due()) is not None and now >= due
        is_retry = self._retry_at is not None and now >= self._retry_at
        commit, note = self._commit(is_moment=is_moment)
        is_new = self._last is None or commit not in (self._built, self._last.commit)
        is_cut = any(_is_cut(report) for report in (self._last, self._released) if report is not None)
        if commit and (is_new or is_moment or (is_retry and is_cut)):
            self._publish(commit, note, now)
        elif is_retry and self._released is not None:
            self._hand_over(self._released, now)

    def due(self) -> dt.datetime | None:
        """Return the first moment after the last try at which the site changes, or None."""
        if self._tried_at is None:
            return None
        moments = read_moments(self.publisher.output, self._tried_at)
        return moments[0].at if moments else None

    def _commit(self, *, is_moment: bool) -> tuple[str, str]:
        """Return what to publish: the branch's newest commit if it builds, else the one that is public; empty if that does not build either."""
        commit, note = self.publisher.choose_commit()
        if commit not in self._broken:
            return commit, note
        newest = self.publisher.store.newest()
        public = newest.release.commit.removesuffix("+") if newest else ""
        if public == commit or (public in self._broken and not is_moment):
            return "", ""
        return public, f"the newest commit {commit[:12]} does not build; published is {public[:12]} / 新しいコミットはビルドできません"

    def _publish(self, commit: str, note: str, now: dt.datetime) -> None:
        report = self.publisher.publish(commit, note)
        self._tried_at, self._last = now, report
        if report.is_broken:
            self._broken.add(commit)
        elif report.build:
            self._built = commit
            self._broken.discard(commit)
        self._remember(report, now)
        self.on_report(report)

    def _hand_over(self, before: Report, now: dt.datetime) -> None:
        """Look again for mail: somebody may have approved an issue, or its page may be there now."""
        report = self.publisher.hand_over(before)
        is_new = bool(report.handed_over.done) or (report.handed_over.held, report.failure) != (before.handed_over.held, before.failure)
        self._remember(report, now)
        if is_new:
            self.on_report(report)

    def _remember(self, report: Report, now: dt.datetime) -> None:
        self._retry_at = now + dt.timedelta(seconds=self.publisher.config.publish.retry)
        if report.release is not None:
            self._released = report

    def _notify(self, words: str) -> None:
        if words != self._trouble:
            self._trouble = words
            self.publisher.log.event("follow", words, is_failure=True)
            self.on_report(Report(failure=words))

    def _seconds_to_wait(self, now: dt.datetime) -> float:
        moments = [self._retry_at]
        try:
            moments.append(self.due())
        except PublisherError as error:
            self._notify(str(error))
        seconds = [(moment - now).total_seconds() for moment in moments if moment is not None]
        return max(SHORTEST_WAIT, min([self.publisher.config.publish.poll, *seconds]))


def _is_cut(report: Report) -> bool:
    """Whether the way to the public was cut, so that it has to be gone again; a commit that does not build is another matter."""
    return not report.is_broken and (bool(report.failure) or any(mirror.failure for mirror in report.mirrors))
