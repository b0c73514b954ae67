"""A drill: the newest snapshot is restored elsewhere, the site served and compared, an issue sent to a sink, everything measured and taken down again.

Nothing leaves this machine: the relay of the restored settings is a sink on loopback, and the right to send is taken in a folder of the drill.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from continuity import database, drill_mail, drill_site
from continuity.archive import remove_folder
from continuity.drill_report import CHECKS, Check, DrillReport
from continuity.model import ContinuityError, SnapshotName
from continuity.restoring import Restored, restore
from continuity.settings import ContinuitySettings
from continuity.snapshots import FOLDER
from storage.connect import connect
from storage.model import StorageError
from storage.settings import LocalStorage, S3Storage, SshStorage

OLDEST = dt.timedelta(days=1)
LONGEST = 300.0
"""Seconds for everything."""
NEWEST_FEW = 3


class Drill:
    """One drill in ``folder``, which is removed by whoever made it."""

    def __init__(self, folder: Path, identities: Sequence[str], url: str, clock: Callable[[], dt.datetime]) -> None:
        self._folder, self._identities, self._url, self._clock = folder, identities, url, clock
        self._checks: list[Check] = []
        self._seconds: dict[str, float] = {}
        self._moment = clock()

    def run(self, settings: ContinuitySettings, files: Sequence[Path]) -> DrillReport:
        """Go through the checklist as far as it goes. What cannot be tried any more is in the report, too."""
        restored: Restored | None = None
        with self._attempted():
            with self._timed("fetch"):
                fetched = list(files) or self._fetch(settings)
            with self._timed("restore"):
                restored = restore(fetched, self._folder / "restored", self._identities, url=self._url)
            self._judge(restored)
        if restored is not None:
            with self._attempted("signed", "site"), self._timed("site"):
                self._serve(restored, settings)
            with self._attempted("readers", "silent", "sending"), self._timed("sending"):
                self._send(restored)
            with self._attempted("removed"), self._timed("removal"):
                self._remove(restored)
        total = sum(self._seconds.values())
        self._checks += [Check(key, None, "not tried 試せませんでした") for key in CHECKS if key not in self._checked and key != "time"]
        self._add("time", total <= LONGEST, f"{total:.1f} s")
        name = str(restored.index.name) if restored is not None else ""
        ordered = sorted(self._checks, key=lambda check: [*CHECKS].index(check.key))
        return DrillReport(self._moment, name, tuple(ordered), self._seconds)

    @property
    def _checked(self) -> set[str]:
        return {check.key for check in self._checks}

    @contextmanager
    def _attempted(self, *keys: str) -> Iterator[None]:
        """Let an error fail the first of these checks that was not tried; the others of the drill are tried all the same."""
        try:
            yield
        except (ContinuityError, OSError, subprocess.TimeoutExpired) as error:
            self._add(next(key for key in keys or CHECKS if key not in self._checked), False, " ".join(str(error).split()))

    @contextmanager
    def _timed(self, step: str) -> Iterator[None]:
        began = time.monotonic()
        try:
            yield
        finally:
            self._seconds[step] = time.monotonic() - began

    def _add(self, key: str, passed: bool, words: str) -> None:
        self._checks.append(Check(key, passed, words.replace("|", "/")))

    def _fetch(self, settings: ContinuitySettings) -> list[Path]:
        """Fetch the newest few snapshots, and what they build on, from the first storage that has some."""
        troubles: list[str] = []
        for each in settings.targets:
            try:
                if paths := asyncio.run(download_newest(each, self._folder)):
                    self._add("outside", True, f"{each.name}: {len(paths)} fetched")
                    return paths
                troubles.append(f"{each.name}: there is none / 控えがありません")
            except StorageError as error:
                troubles.append(str(error))
        raise ContinuityError("; ".join(troubles) or "continuity.toml names no target / 建物の外に控えがありません")

    def _judge(self, restored: Restored) -> None:
        index = restored.index
        if not any(check.key == "outside" for check in self._checks):
            self._add("outside", True, "files were given ファイルを指定")
        damaged = "; ".join(restored.damaged)
        self._add("whole", not restored.damaged, damaged or f"{len(index.files):,} files are as they were")
        age = self._moment - index.name.time
        self._add("young", age <= OLDEST, f"{age.total_seconds() / 3600:.1f} h")

    def _serve(self, restored: Restored, settings: ContinuitySettings) -> None:
        if restored.serving is None:
            for key in ("signed", "site"):
                self._add(key, False, "no release is in the snapshot 公開版が入っていません")
            return
        proof = drill_site.prove(restored.serving, settings.trust, self._folder / "trust", self._moment.timestamp())
        ours = "the keys of continuity.toml" if settings.trust != type(settings.trust)() else "the root key in the snapshot itself"
        self._add("signed", not proof.problem, proof.problem or f"release {proof.number}, by {ours}")
        wrong = f"; other than released: {', '.join(proof.wrong[:5])}" if proof.wrong else ""
        self._add("site", bool(proof.files) and not proof.wrong, f"{proof.files:,} files fetched{wrong}")

    def _send(self, restored: Restored) -> None:
        url = self._url if restored.index.database == database.DUMP else ""
        place = url or restored.folder / "var" / "todoke.db"
        rows = database.count(place)
        same = all(rows.get(table) == number for table, number in restored.index.rows.items())
        self._add("readers", same, ", ".join(f"{table} {number:,}" for table, number in rows.items()))
        with drill_mail.sink() as (port, received):
            drill_mail.redirect(restored.folder, port, self._folder / "right")
            issue = drill_mail.choose_issue(place, restored.folder / "var")
            if issue is None:
                for key in ("silent", "sending"):
                    self._add(key, True, "no issue in it: nothing to be sent 号がありません")
                return
            before = drill_mail.todoke(restored.folder, url, "send", issue)
            self._add("silent", before.returncode != 0 and not received, f"`todoke send` ended with status {before.returncode}")
            taken = drill_mail.todoke(restored.folder, url, "take-over", "--fence", "1")
            sent = drill_mail.todoke(restored.folder, url, "send", issue)
            twice = sum(count > 1 for count in received.values())
            words = f"{issue}: {sum(received.values()):,} messages, {twice} readers with two"
            failure = "" if taken.returncode == 0 and received else f"; {' '.join((taken.stderr + sent.stderr).split())[:400]}"
            self._add("sending", not failure and not twice, words + failure)

    def _remove(self, restored: Restored) -> None:
        """Remove what was restored, and empty the database of PostgreSQL, which this drill has filled."""
        for name in ("restored", "right", "trust"):
            remove_folder(self._folder / name)
        words = "the restored folder 戻した場所"
        if restored.index.database == database.DUMP:
            database.empty_postgres(self._url)
            words += ", the rows in PostgreSQL データベースの中身"
        self._add("removed", not restored.folder.exists(), words)


async def download_newest(settings: LocalStorage | SshStorage | S3Storage, folder: Path) -> list[Path]:
    """Fetch the newest few snapshots of a storage, and what they build on. Raises `StorageError`."""
    storage = connect(settings)
    try:
        there = {name: text for text in await storage.names(FOLDER) if (name := SnapshotName.parse(text)) is not None}
        newest = sorted(there)[-NEWEST_FEW:]
        wanted = {*newest, *(SnapshotName(name.base) for name in newest if name.base)}
        for name in sorted(wanted & there.keys()):
            await storage.download(f"{FOLDER}/{name}", folder / str(name))
        return [folder / str(name) for name in sorted(wanted & there.keys())]
    finally:
        await storage.close()
