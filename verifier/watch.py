"""The rounds: looks at every view when something is due, and turns suspicions into findings."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path

from verifier.config import Config
from verifier.domain import domain_ends
from verifier.judge import Judgement
from verifier.model import KINDS, Fetch, FetchError, Key, Suspicion
from verifier.view import HOUR, OURS, Each, View

TRIES = 2
HISTORY = 1000
"""Events that are kept."""

Event = tuple[Key, Suspicion, bool]
"""A finding, and whether it is over."""


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
        self._file = Path(config.folder, "state.json")
        span = 0.8 * HOUR if is_patient else 0.0
        self.views = [View(mirror, family, fetch, config, chance, span) for mirror in config.mirrors for family in config.families]
        self.open: dict[Key, Suspicion] = {}
        self.history: list[dict[str, object]] = []
        self._domains_asked, self._sound = 0.0, dict.fromkeys(config.families, clock())
        self._load()

    def tick(self) -> list[Event]:
        """Look at everything that is due; return what became a finding (or is one still after ``remind`` seconds), and what is over."""
        now = self.clock()
        events: list[Event] = []
        for view, judged in zip(self.views, self._each_view(lambda view: self._look(view, now), self.views), strict=True):
            for subject, found in self._with_rest(view, judged).items():
                events += self._apply(view, subject, found, now)
        for family in self.config.families:
            events += self._network(family, now)
        events += self._domains(now)
        if events:
            self._save(events, now)
        return events

    def _look(self, view: View, now: float) -> dict[str, Judgement]:
        """A fault of ours with one mirror hides no other, and is told like blindness."""
        try:
            return view.look(now, self._each_file, self._vouch)
        except Exception as error:
            return {"": [("blind", f"unexpected {type(error).__name__}: {error}")]}

    def wait(self) -> float:
        """Return seconds until the next tick."""
        now = self.clock()
        urgent = {key.subject for key, each in self.open.items() if not each.announced}
        due = [view.due[path] for view in self.views for path in view.critical | urgent if path in view.due]
        if any(not key.subject for key, each in self.open.items() if not each.announced):
            due.append(now + self.config.again)
        return max(1.0, min([now + self.config.interval, *due]) - now)

    def findings(self) -> dict[Key, Suspicion]:
        """Return what is announced and not over."""
        return {key: each for key, each in sorted(self.open.items()) if each.announced}

    def doubts(self) -> bool:
        """Whether one more try can make a finding of a suspicion."""
        return any(not each.announced for each in self.open.values())

    def _with_rest(self, view: View, judged: dict[str, Judgement]) -> dict[str, Judgement]:
        """Add what all mirrors together show (one is behind the others), and that files which no release has any more are nobody's concern."""
        newest = max((one.trust.release.number for one in self.views if one.trust.release), default=0)
        shown = view.trust.release.number if view.trust.release else newest
        if "" in judged and shown < newest:
            judged[""].append(("differ", f"shows release {shown}, another mirror shows {newest}"))
        about = (view.mirror.name, view.family)
        gone = [key.subject for key in self.open if (key.mirror, key.family) == about and key.subject and key.subject not in view.due]
        return judged | {subject: [] for subject in gone if view.trust.release}

    def _vouch(self, view: View, now: float) -> bool:
        """Whether another mirror or a control address answers over the same family as it should, just now."""
        others = [one for one in self.views if one.family == view.family and one.mirror.name != view.mirror.name]
        if any(one.refresh(now)[0] in OURS for one in others):
            return True
        for url in self.config.controls:
            try:
                answer = self._fetch(url, view.family, 2**20)
            except FetchError:
                continue
            if answer.is_proven or answer.status == 204:
                self._sound[view.family] = now
                return True
        return False

    def _network(self, family: str, now: float) -> Iterator[Event]:
        """A machine that sees nothing at all must say so; no mirror is accused."""
        views = [view for view in self.views if view.family == family]
        self._sound[family] = max([self._sound[family], *(view.proven for view in views)])
        is_blind = self._sound[family] < now and not all(view.is_absent for view in views)
        found = [("blind", f"since {(now - self._sound[family]) / 60:.0f} minutes")] if is_blind else []
        yield from self._settle(Key("", family, "", ""), found, now, 0.0, HOUR)

    def _domains(self, now: float) -> Iterator[Event]:
        if not self.config.rdap or now - self._domains_asked < 86400:
            return
        self._domains_asked = now
        for mirror in self.config.mirrors:
            found = domain_ends(self._fetch, self.config, mirror.domain, now) if mirror.domain else []
            if found is not None:
                yield from self._settle(Key(mirror.name, "", "", ""), found, now, 0.0, 0.0, tries=1)

    def _apply(self, view: View, subject: str, found: Judgement, now: float) -> Iterator[Event]:
        key = Key(view.mirror.name, view.family, subject, "")
        gap = 4 * self.config.interval if not subject or subject in view.critical else 600.0
        for event in self._settle(key, found, now, view.mirror.patience if subject else 0.0, gap):
            event[1].answer = view.answers.get(subject)
            if not event[2] and KINDS[event[0].kind][3]:  # whoever altered one file may have altered others
                view.due = {path: min(at, now) for path, at in view.due.items()}
            yield event

    def _settle(self, about: Key, found: Judgement, now: float, patience: float, gap: float, tries: int = TRIES) -> Iterator[Event]:
        """Count what was seen of one subject, and forget what was not: one good answer ends a suspicion. No answer ends nothing."""
        kinds = dict(found)
        for key in [
            key
            for key in self.open
            if replace(key, kind="") == about and key.kind not in kinds and not {"unreachable", "certificate"} & kinds.keys()
        ]:
            suspicion = self.open.pop(key)
            if suspicion.announced:
                yield key, suspicion, True
        for kind, words in kinds.items():
            suspicion = self.open.setdefault(replace(about, kind=kind), Suspicion(words, now, now))
            if now - suspicion.last > gap and not suspicion.announced:  # what was between is not known: it does not count as lasting
                suspicion.first, suspicion.count = now, 0
            suspicion.last = now
            if now >= suspicion.first + suspicion.count * self.config.again * 0.9:
                suspicion.count, suspicion.words = suspicion.count + 1, words
            lasts = max(KINDS[kind][2], patience) if self.is_patient else 0.0
            needed = tries if not lasts else 2 * tries  # what must last must be seen more than at its two ends
            is_due = not suspicion.announced or now - suspicion.announced >= self.config.remind
            if suspicion.count >= needed and now - suspicion.first >= lasts and is_due:
                suspicion.announced = now
                yield replace(about, kind=kind), suspicion, False

    def _load(self) -> None:
        try:
            record = json.loads(self._file.read_bytes())
            self.open = {Key(**key): Suspicion(**each) for key, each in record["open"]}
            self.history = list(record["history"])
        except (OSError, ValueError, KeyError, TypeError):
            return

    def _save(self, events: list[Event], now: float) -> None:
        self.history = [
            *self.history,
            *({"at": now, "is_over": is_over, "words": each.words, **asdict(key)} for key, each, is_over in events),
        ][-HISTORY:]
        kept = [(asdict(key), {**asdict(replace(each, answer=None)), "answer": None}) for key, each in self.open.items()]
        with suppress(OSError):  # a full disk must not silence the alarm
            write(self._file, json.dumps({"open": kept, "history": self.history}, ensure_ascii=False).encode())


def write(path: Path, data: bytes) -> None:
    """Write a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.part")
    temporary.write_bytes(data)
    temporary.replace(path)
