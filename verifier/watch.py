"""The rounds: looks at every view when something is due, and turns suspicions into findings."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path

from verifier.config import Config
from verifier.judge import judge_domain
from verifier.model import KINDS, Fetch, FetchError, Finding, Judgement
from verifier.trust import is_ours
from verifier.view import HOUR, Each, View

TRIES, REMIND, DAY = 2, 3600.0, 86400.0
"""Looks that make a finding; seconds after which an open one is told again."""

HISTORY = 1000
"""Events that are kept."""


class Watch:
    """``clock`` returns seconds since 1970. ``is_patient`` is False where one run must decide (`--once`)."""

    def __init__(
        self,
        config: Config,
        fetch: Fetch,
        clock: Callable[[], float],
        chance: random.Random,
        each_file: Each = map,
        each_view: Each = map,
        *,
        is_patient: bool = True,
    ) -> None:
        self.config, self.clock, self.is_patient = config, clock, is_patient
        self._fetch, self._each_file, self._each_view = fetch, each_file, each_view
        span = 0.8 * HOUR if is_patient else 0.0
        self.views = [View(mirror, family, fetch, config, chance, span) for mirror in config.mirrors for family in config.families]
        self.open = dict[tuple[str, str, str], dict[str, Finding]]()  # by mirror, family and subject; by kind
        self.history = list[Finding]()
        self._domains_asked, self._sound = 0.0, dict.fromkeys(config.families, clock())
        self._file = Path(config.folder, "state.json")
        self._load()

    def tick(self) -> list[Finding]:
        """Look at everything that is due; return what became a finding (or is one still after `REMIND` seconds), and what is over."""
        now, events = self.clock(), list[Finding]()
        for view, judged in zip(self.views, self._each_view(lambda view: self._look(view, now), self.views), strict=True):
            for subject, found in self._with_rest(view, judged).items():
                events += self._apply(view, subject, found, now)
        for family in self.config.families:
            events += self._network(family, now)
        events += self._domains(now)
        if events:
            self._save(events)
        return events

    def wait(self) -> float:
        """Return seconds until the next tick."""
        now, doubts = self.clock(), self.doubts()
        urgent = {each.subject for each in doubts}
        due = [view.due[path] for view in self.views for path in view.critical | urgent if path in view.due]
        soon = now + (self.config.again if "" in urgent else self.config.interval)
        return max(1.0, min([soon, *due]) - now)

    def findings(self) -> list[Finding]:
        """Return what is announced and not over."""
        return [kinds[kind] for _, kinds in sorted(self.open.items()) for kind in sorted(kinds) if kinds[kind].announced]

    def doubts(self) -> list[Finding]:
        """Return the suspicions of which one more try can make a finding."""
        return [each for kinds in self.open.values() for each in kinds.values() if not each.announced]

    def _look(self, view: View, now: float) -> dict[str, Judgement]:
        """A fault of ours with one mirror hides no other, and is told like blindness."""
        try:
            return view.look(now, self._each_file, self._vouch)
        except Exception as error:
            return {"": {"blind": f"unexpected {type(error).__name__}: {error}"}}

    def _with_rest(self, view: View, judged: dict[str, Judgement]) -> dict[str, Judgement]:
        """Add what all mirrors together show (one is behind the others), and that files which no release has any more are nobody's concern."""
        newest = max(one.release.number for one in self.views)
        if "" in judged and 0 < view.release.number < newest:
            judged[""]["differ"] = f"shows release {view.release.number}, another mirror shows {newest}"
        if not view.release.number:
            return judged
        about = (view.mirror.name, view.family)
        return judged | {key[2]: {} for key in self.open if key[:2] == about and key[2] and key[2] not in view.due}

    def _vouch(self, view: View, now: float) -> bool:
        """Whether another mirror or a control address answers over the same family as it should, just now."""
        others = [one for one in self.views if one.family == view.family and one.mirror.name != view.mirror.name]
        if any(is_ours(one.trust.refresh(now)) for one in others):
            return True
        for url in self.config.controls:
            with suppress(FetchError):
                answer = self._fetch(url, view.family, 2**20)
                if answer.certificate_ends or answer.status == 204:
                    self._sound[view.family] = now
                    return True
        return False

    def _network(self, family: str, now: float) -> Iterator[Finding]:
        """A machine that sees nothing at all must say so; no mirror is accused."""
        views = [view for view in self.views if view.family == family]
        self._sound[family] = max([self._sound[family], *(view.trust.proven for view in views)])
        is_blind = self._sound[family] < now and not all(view.trust.is_absent for view in views)
        found = {"blind": f"since {(now - self._sound[family]) / 60:.0f} minutes"} if is_blind else {}
        yield from self._settle(("", family, ""), found, now, gap=HOUR)

    def _domains(self, now: float) -> Iterator[Finding]:
        """Ask once a day when each domain ends."""
        if not self.config.rdap or now - self._domains_asked < DAY:
            return
        self._domains_asked = now
        for mirror in self.config.mirrors:
            for family in self.config.families if mirror.domain else ():
                with suppress(FetchError):
                    answer = self._fetch(f"{self.config.rdap.rstrip('/')}/domain/{mirror.domain}", family, 2**20)
                    found = judge_domain(answer, mirror.domain, now)
                    if found is not None:
                        yield from self._settle((mirror.name, "", ""), found, now, tries=1)
                        break

    def _apply(self, view: View, subject: str, found: Judgement, now: float) -> Iterator[Finding]:
        gap = 4 * self.config.interval if not subject or subject in view.critical else 600.0
        patience = view.mirror.patience if subject else 0.0
        for event in self._settle((view.mirror.name, view.family, subject), found, now, patience, gap):
            event.answer = view.answers.get(subject)
            if not event.is_over and KINDS[event.kind][3]:  # whoever altered one file may have altered others
                view.due = {path: min(at, now) for path, at in view.due.items()}
            yield event

    def _settle(
        self, about: tuple[str, str, str], found: Judgement, now: float, patience: float = 0.0, gap: float = 0.0, tries: int = TRIES
    ) -> Iterator[Finding]:
        """Count what was seen of one subject, and forget what was not: one good answer ends a suspicion. No answer ends nothing.

        After ``gap`` seconds in which it was not seen a suspicion begins anew: what was between is not known, and does not count as lasting.
        """
        known = self.open.setdefault(about, {})
        for kind in known.keys() - found.keys() if not {"unreachable", "certificate"} & found.keys() else ():
            ended = known.pop(kind)
            if ended.announced:
                yield replace(ended, is_over=True, last=now)
        for kind, words in found.items():
            each = known.setdefault(kind, Finding(*about, kind, words, now, now))
            if now - each.last > gap and not each.announced:
                each.first, each.count = now, 0
            each.last = now
            if now >= each.first + each.count * self.config.again * 0.9:
                each.count, each.words = each.count + 1, words
            lasts = max(KINDS[kind][2], patience) if self.is_patient else 0.0
            needed = 2 * tries if lasts else tries  # what must last must be seen more than at its two ends
            is_due = not each.announced or now - each.announced >= REMIND
            if each.count >= needed and now - each.first >= lasts and is_due:
                each.announced = now
                yield replace(each)
        if not known:
            del self.open[about]

    def _load(self) -> None:
        with suppress(OSError, ValueError, KeyError, TypeError):
            record = json.loads(self._file.read_bytes())
            self.history = [Finding(**row) for row in record["history"]]
            for each in (Finding(**row) for row in record["open"]):
                self.open.setdefault((each.mirror, each.family, each.subject), {})[each.kind] = each

    def _save(self, events: list[Finding]) -> None:
        self.history = [*self.history, *(replace(event, answer=None) for event in events)][-HISTORY:]
        known = [each for kinds in self.open.values() for each in kinds.values()]
        record = {"open": [asdict(each) for each in known], "history": [asdict(each) for each in self.history]}
        with suppress(OSError):  # a full disk must not silence the alarm
            write(self._file, json.dumps(record, ensure_ascii=False).encode())


def write(path: Path, data: bytes) -> None:
    """Write a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.part")
    temporary.write_bytes(data)
    temporary.replace(path)
