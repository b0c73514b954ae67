"""One publish: checkout, build, release, look, hand over. Each step may be repeated, and the run may be cut anywhere.

A mail goes to the mailer last, and only after its page was fetched from the first mirror. After that an authority is asked for a time stamp: it holds up
no page and no mail.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from publisher.config import PublishConfig, read_audit_anchor
from publisher.model import manifest
from publisher.model.errors import PublisherError
from publisher.pipeline.announcements import announce
from publisher.pipeline.build_process import BuildProcess
from publisher.pipeline.commands import HELD_BACK, Commands
from publisher.pipeline.handover import NOTHING, Handover
from publisher.pipeline.live import check_pages, manifest_file
from publisher.pipeline.log import OperatorLog
from publisher.pipeline.report import MirrorState, Report
from publisher.pipeline.source.checkout import Checkout
from publisher.pipeline.source.uncommitted import Carried, carry_over, forget, require_kept
from publisher.pipeline.state import PublishedState, read_state, write_state
from publisher.release.make import draft, make, renew
from publisher.release.store import ReleaseStore, SignedRelease
from publisher.release.tuf_metadata import SigningKeys
from publisher.targets import delivery
from publisher.targets.delivery import Result, Watch
from publisher.targets.target import Target

STATE = "published.json"
"""The file of `publisher.pipeline.state`, in the folder of publish."""

STORE_WAIT = 120.0
"""Seconds that a publish waits for the timer that signs the time anew."""

Targets = Callable[[tuple[str, ...]], Mapping[str, tuple[Target, float]]]


class BuildRefused(PublisherError):
    """The commit does not build. What is public stays as it is."""


@dataclass(frozen=True)
class Watcher:
    """Who looks on: ``step`` is told of each step, ``mirror`` of each file (see `publisher.targets.delivery.Watch`)."""

    step: Callable[[str], None] = lambda _words: None
    mirror: Watch = lambda *_: None


@dataclass
class Publisher:
    """All that a publish needs. ``targets`` makes the mirrors of those names, or all. ``stop`` ends a run after the step that is under way.

    With a ``build_process``, a process stays in memory that builds the next commit.
    """

    config: PublishConfig
    store: ReleaseStore
    keys: Callable[[], SigningKeys]
    targets: Targets
    commands: Commands
    checkout: Checkout
    clock: Callable[[], dt.datetime]
    log: OperatorLog
    stop: threading.Event = field(default_factory=threading.Event)
    watcher: Watcher = Watcher()
    seconds: Callable[[], float] = time.monotonic
    build_process: BuildProcess | None = None
    _head: str = ""
    _carried: Carried = field(default_factory=Carried)

    @property
    def output(self) -> Path:
        """The folder of the built site."""
        return self.config.publish.folder / "output"

    def choose_commit(self, *, again: bool = False) -> tuple[str, str]:
        """Return the commit to publish and a note: the branch's newest, or what a rollback brought back, until the branch has another or with ``again``.

        Raises `PublisherError`.
        """
        self._head, newest = self.checkout.head(), self.store.newest()
        head = self._head
        shown = newest.release.commit.removesuffix("+") if newest else ""
        if again or not shown or head == shown or head not in self._state().withdrawn_after(newest):
            return head, ""
        words = f"commit {head[:12]} was taken back by a rollback to {shown[:12]}; a new commit goes out, or this one with --again / 取り下げた版は出しません"
        return shown, words

    def publish(self, commit: str, note: str = "") -> Report:
        """Publish ``commit``. Never raises `PublisherError`: the report says what failed."""
        report = Report(commit=commit, notes=(note,) if note else ())
        self.log.event("begin", f"publishing commit {commit}", commit=commit)
        for step in (self._check_out, self._build, self._release, self._verify_live, self._announce, self._hand_over):
            if self.stop.is_set():
                report = replace(report, is_stopped=True)
                break
            report = self._run_step(step, report)
            if report.failure:
                break
        if report.is_new_release and not self.stop.is_set():
            report = self._request_time_stamp(report)
        self.log.event("end", "complete" if report.is_complete else "not complete", report=report.record())
        return report

    def hand_over(self, before: Report) -> Report:
        """Look again for what may be sent, with the release that is there."""
        return self._run_step(self._hand_over, replace(before, handed_over=NOTHING, failure="", seconds={}))

    def _run_step(self, step: Callable[[Report], Report], report: Report) -> Report:
        name, start = step.__name__.strip("_").replace("_", " "), self.seconds()
        self.watcher.step(name)
        try:
            after = step(report)
        except PublisherError as error:
            after = replace(report, failure=f"{name}: {error}", is_broken=isinstance(error, BuildRefused))
        except OSError as error:
            after = replace(report, failure=f"{name}: {error.filename or ''}: {error.strerror or error} / 読み書きできません")
        if after.failure:
            self.log.event(name, after.failure, is_failure=True)
        return replace(after, seconds={**after.seconds, name: self.seconds() - start})

    def _check_out(self, report: Report) -> Report:
        self.checkout.take(report.commit)
        self._carried = carry_over(self.output, self.checkout.folder, self.checkout.touched_at)
        return replace(report, notes=(*report.notes, *self._carried.words))

    def _build(self, report: Report) -> Report:
        words = ("build", "--output", str(self.output), "--now", self.clock().isoformat())
        ended = self.commands.todoke(*words, folder=self.checkout.folder, timeout=self.config.publish.build_timeout)
        if ended.status not in (0, HELD_BACK):
            raise BuildRefused(
                f"commit {report.commit[:12]} does not build (status {ended.status}); the last good site stays public / ビルドできません\n{ended.words}"
            )
        sentence = next(reversed([line for line in ended.out.splitlines() if "Built:" in line]), "built").partition(" → ")[0]
        self.log.event("build", sentence, commit=report.commit)
        if self.build_process:
            self.build_process.ensure(*words[1:], folder=self.checkout.folder)
        return replace(report, build=sentence)

    def _release(self, report: Report) -> Report:
        with self.store.locked(STORE_WAIT):
            before = self._state().after(report.commit, self._head, self.store.newest())
            signed, is_new = self._signed(report.commit)
            number = signed.release.number
            states = self._bring(signed, is_new=is_new)
            write_state(self.config.publish.folder / STATE, replace(before, release=number))
            self.checkout.keep(report.commit)
            forget(self.output, self._carried.committed)
        for words in signed.release.held_back:
            self.log.event("hold back", words, is_failure=True)
        for state in states:
            self.log.event(
                "release", state.failure or f"release {number} is on {state.name}", mirror=state.name, is_failure=bool(state.failure)
            )
        return replace(report, release=number, is_new_release=is_new, mirrors=states, held_back=signed.release.held_back)

    def _signed(self, commit: str) -> tuple[SignedRelease, bool]:
        """Return a new release, or the newest one with its time signed anew if nothing changed."""
        anchor, keys = read_audit_anchor(self.config.audit_anchor), self.keys()
        name = f"{commit}+" if self._carried.notices else commit  # nobody can build it anew from the commit alone
        planned = draft(self.store, self.output, self.clock(), commit=name, audit_anchor=anchor)
        newest = self.store.newest()
        require_kept(self.output, newest.release if newest else None, planned.release, self.clock())
        if not planned.is_new:
            return renew(self.store, keys.timestamp, self.clock()), False
        signed = make(self.store, self.output, planned, keys)
        self.log.event("release", f"release {signed.release.number} is signed", number=signed.release.number, bytes=planned.changes.length)
        return signed, True

    def _bring(self, signed: SignedRelease, *, is_new: bool) -> tuple[MirrorState, ...]:
        number = signed.release.number
        names = tuple(mirror.name for mirror in self.config.mirrors)
        shown = {} if is_new or not names else asyncio.run(delivery.current(self.targets(()), self.store.precedence))
        missing = tuple(name for name in names if shown.get(name) != number)
        results: list[Result] = []
        if missing:
            publishing = delivery.publish(
                self.targets(missing), signed, self.store.object, self.watcher.mirror, precedence=self.store.precedence
            )
            results = asyncio.run(publishing)
            self.store.precedence.give_back()
        failures = {result.name: result.failure for result in results}
        return tuple(MirrorState(name, None if failures.get(name) else number, failure=failures.get(name, "")) for name in names)

    def _verify_live(self, report: Report) -> Report:
        """Fetch the manifest and the front page from each mirror that has a public address: what readers see is not what a delivery says."""
        assert report.release is not None
        signed = self.store.load(report.release)
        files = [manifest_file(signed.proof[manifest.PATH]), signed.release.by_path["index.html"]]
        addresses = {mirror.name: mirror.url for mirror in self.config.mirrors}

        async def fetch_pages(state: MirrorState) -> MirrorState:
            if state.failure or not addresses[state.name]:
                return state
            pages = await check_pages(addresses[state.name], files, self.config.publish.check_timeout)
            return replace(state, is_checked=True, failure=next((page.failure for page in pages if page.failure), ""))

        async def look_everywhere() -> list[MirrorState]:
            return list(await asyncio.gather(*map(fetch_pages, report.mirrors)))

        states = tuple(asyncio.run(look_everywhere()))
        for state in states:
            if state.failure:
                self.log.event("look", state.failure, mirror=state.name, is_failure=True)
        return replace(report, mirrors=states)

    def _announce(self, report: Report) -> Report:
        first = self.config.first_mirror
        if first is None or report.failure_of(first.name) or report.release is None:
            return report
        release = self.store.load(report.release).release
        file = announce(self.config.publish.announcements, self.store, release, first.url)
        if file is None:
            return report
        self.log.event("announce", str(file), release=report.release)
        return replace(report, announcement=str(file))

    def _hand_over(self, report: Report) -> Report:
        if self.config.publish.mail == "off" or report.release is None:
            return report
        if not self.config.publish.mailer.is_file():
            return replace(
                report, notes=(*report.notes, f"{self.config.publish.mailer}: no such file, so no mail / メールの設定がありません")
            )
        release = self.store.load(report.release).release
        failure = report.failure_of(self.config.first_mirror.name) if self.config.first_mirror else ""
        handed = Handover(self.config, self.commands, self.output, release, self.clock(), failure).run(self.watcher.step)
        for name, words in handed.done.items():
            self.log.event("hand over", f"{name}: {words}", issue=name)
        for name, words in handed.held.items():
            self.log.event("hand over", f"{name} is held back: {words}", issue=name, is_failure=True)
        return replace(report, handed_over=handed)

    def _request_time_stamp(self, report: Report) -> Report:
        """Ask for the time stamps of this release and of earlier ones that have none. What fails is a note: the next release asks again."""
        asked = self.config.timestamp
        if asked is None:
            return report
        from publisher.release import time_stamp  # its libraries take a while to load: only for those who have an authority

        self.watcher.step("stamp")
        try:
            for number, moment in time_stamp.stamp_missing(self.store, asked.certificates, asked.url, asked.deadline):
                self.log.event("stamp", f"release {number}: time stamp of {moment.isoformat()}", release=number)
        except PublisherError as error:
            self.log.event("stamp", str(error), is_failure=True)
            return replace(report, notes=(*report.notes, f"{error}. The next release asks again / 次の公開でもう一度試します"))
        return report

    def _state(self) -> PublishedState:
        return read_state(self.config.publish.folder / STATE)
