"""`View`: one mirror over one family of addresses; which files are due, what they are, and whether the answers came from the mirror at all.

`Watch`: the rounds; looks at every view when something is due, and turns suspicions into findings.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from random import Random
from statistics import median_high
from typing import Any
from urllib.parse import quote

from verifier.judge import address_of, is_released, judge_connection, judge_file, links
from verifier.model import LASTS, MENDED, About, Answer, Config, Fetch, FetchError, Finding, Judgement, Mirror, Release
from verifier.trust import OURS, Trust

DOUBTFUL = {"altered", "added", "missing", "rolled-back", "forged", "header", "dns"}
"""Kinds that a captive portal makes as well."""

HOUR, MOST, BODY, TURNS, GRACE = 3600.0, 1000, 2**20, 4, 60.0
"""All is seen in one; files of one look; bytes that an answer may have beyond those of the release; quick looks at what is doubtful;
seconds after a new release
in which a cache between may still show the page before."""

Each = Callable[[Callable[[Any], Any], Iterable[Any]], Iterable[Any]]
"""`map`, or that of a pool of threads."""

Pools = tuple[Each, Each]

TRIES, REMIND = 2, 3600.0
"""Looks that make a finding; seconds after which an open one is told again."""


class View:
    """``span``: seconds in which all files of a new release are seen for the first time."""

    def __init__(self, mirror: Mirror, family: str, fetch: Fetch, config: Config, chance: Random, span: float) -> None:
        self.mirror, self.family, self.config, self.seconds, self.changed = mirror, family, config, 0.0, 0.0
        folder = Path(config.folder, "metadata", f"{quote(mirror.name, safe='')}-{family}")
        self.trust = Trust(config, folder, mirror.url, self._ask)
        self.latest, self.due = list[Answer](), dict[str, float]()  # what came in this look; when each file is looked at next
        self.critical, self.extra = set[str](), set[str]()  # extra: where pages lead although no release has it
        self.responses, self.bodies = dict[str, Answer](), dict[str, bytes]()  # the last bad ones by path, the good ones by digest
        self._fetch, self._chance, self._span, self._number, self._bad = fetch, chance, span, 0, Counter[str]()

    @property
    def release(self) -> Release:
        """What the mirror should show."""
        return self.trust.release

    def _ask(self, url: str, limit: int) -> Answer:
        answer = self._fetch(url, self.family, limit)
        self.latest.append(answer)
        return answer

    def get(self, path: str) -> Answer:
        """Fetch one file of the release, as readers do."""
        url, file = f"{self.mirror.url}/{address_of(path)}", self.release.files.get(path)
        try:
            return self._ask(url, (file.length if file else 0) + BODY)
        except FetchError as error:
            return Answer(url, 0, {}, b"", 0.0, failure=str(error))

    def inspect(self, now: float, each: Each, vouch: Callable[[View, float], bool]) -> dict[str, Judgement]:
        """Fetch what is due and return what is wrong with each file; ``""`` stands for the mirror. What cannot be judged is left out.

        ``vouch`` asks others whether the network of this machine can be believed just now.
        """
        self.latest = []
        problem = self.trust.refresh(now)
        if not self.release.number:
            return {"": problem} if not self.trust.is_absent and self._is_believed(problem, now, vouch) else {}
        self._schedule(now)
        responses = self._fetch_due(now, each)
        judged = self._judge(responses, problem, now)
        if any(DOUBTFUL & judgement.keys() for judgement in judged.values()) or {"certificate", "unreachable"} & problem.keys():
            problem = self.trust.refresh(now)  # once more: a release may have come in between, and a network that lies does so now
            judged = self._judge(responses, problem, now)
            if not self._is_believed(problem, now, vouch) or not self._is_steady(judged, now, vouch):
                judged = {path: bad for path, bad in judged.items() if path and not bad}  # what is as released proves itself
        self._plan(responses, judged, now)
        return judged

    def _is_believed(self, problem: Judgement, now: float, vouch: Callable[[View, float], bool]) -> bool:
        """Whether what was seen came from the mirror: signed by our keys, or proven by TLS, or the network is sound as others see it."""
        is_proven = any(one.certificate_ends for one in self.latest)
        return is_proven or problem.keys() <= OURS or problem.get("certificate") == "expired" or vouch(self, now)

    def _is_steady(self, judged: dict[str, Judgement], now: float, vouch: Callable[[View, float], bool]) -> bool:
        """Look again several times at once: a network that changes its mind (the edge of a captive portal) shows itself by one good answer.

        TLS needs no such thing. What is lost on the way says nothing, and is asked for again at the next turn.
        """
        doubtful = sorted(path for path, judgement in judged.items() if path and DOUBTFUL & judgement.keys())
        for path in self._chance.choices(doubtful or [""], k=0 if any(one.certificate_ends for one in self.latest) else TURNS):
            is_good = path and not (DOUBTFUL | {"unreachable"}) & self._judge_one(path, self.get(path), now).keys()
            if is_good or not self._is_believed(self.trust.refresh(now), now, vouch):
                return False
        return True

    def _schedule(self, now: float) -> None:
        """Take a new release: its critical files are due now, the others at random within the hour."""
        files = self.release.files
        if self.release.number == self._number:
            return
        self._number, self.changed = self.release.number, now
        fronts = {path for path in files if path.endswith("index.html") and path.count("/") < 2}
        self.critical = {path for path in self.config.critical if path in files} or fronts
        self.due = {path: at for path, at in self.due.items() if path in files or path in self.extra}
        for path in files:
            self.due.setdefault(path, now if path in self.critical else now + self._chance.uniform(0, self._span))
        self.bodies = {file.sha256: self.bodies[file.sha256] for file in files.values() if file.sha256 in self.bodies}

    def _fetch_due(self, now: float, each: Each) -> dict[str, Answer]:
        due = [path for path, at in self.due.items() if at <= now]
        first = [path for path in due if path in self.critical]
        rest = [path for path in due if path not in self.critical][:MOST]
        responses = dict(zip(first, each(self.get, first), strict=True))
        if not first or any(one.is_up for one in responses.values()):  # else it is down: the others wait
            responses |= zip(rest, each(self.get, rest), strict=True)
        return responses

    def _judge(self, responses: dict[str, Answer], problem: Judgement, now: float) -> dict[str, Judgement]:
        judged = dict[str, Judgement]()
        if not responses or any(one.is_up for one in responses.values()):
            judged = {path: self._judge_one(path, one, now) for path, one in responses.items()}
        elif not problem:  # the server is down, not each of its files
            one = next(iter(responses.values()))
            problem = {"unreachable": one.failure or f"status {one.status}"}
        return judged | {"": problem | judge_connection(self.latest, self.mirror.addresses, now, self.config.slow)}

    def _judge_one(self, path: str, answer: Answer, now: float) -> Judgement:
        if answer.failure:
            return {"unreachable": answer.failure}
        self.responses[path] = answer
        digest, file = hashlib.sha256(answer.body).hexdigest(), self.release.files.get(path)
        if file is None:
            is_added = path in self.extra and answer.status == 200 and all(digest != one.sha256 for one in self.release.files.values())
            return {"added": f"SHA-256 {digest[:16]}…, {len(answer.body)} bytes"} if is_added else {}
        if path.endswith(".html") and digest not in self.bodies:
            self._follow(path, answer.body)
        judgement = judge_file(path, file, answer, self.trust.older, self.config.headers)
        return {} if "rolled-back" in judgement and now - self.changed < GRACE else judgement

    def _follow(self, path: str, body: bytes) -> None:
        """Note where a page leads: files that no release has are looked at, and what a critical page runs is critical too."""
        targets = links(body, self.mirror.url, path)
        if path in self.critical:
            loaded = {target for target in targets if target in self.release.files and target.endswith((".css", ".js"))}
            self.due |= dict.fromkeys(loaded - self.critical, 0.0)
            self.critical |= loaded
        strange = {each for each in targets if not is_released(each, self.release) and not each.startswith(self.config.ignored)}
        new = sorted(strange - self.extra)[: max(0, MOST - len(self.extra))]
        self.extra |= set(new)
        self.due |= dict.fromkeys(new, 0.0)

    def _plan(self, responses: dict[str, Answer], judged: dict[str, Judgement], now: float) -> None:
        """Say when each file is due again, and keep the good bodies of critical pages as evidence for later."""
        self.seconds = median_high([one.seconds for one in self.latest] or [self.seconds])
        for path, answer in responses.items():
            if path not in self.release.files and path not in self.extra:
                self.due.pop(path, None)
            elif judged.get(path) == {}:
                self.due[path] = now + (self.config.interval if path in self.critical else self._chance.uniform(0.5, 0.9) * HOUR)
                del self.responses[path], self._bad[path]
                if path in self.critical:
                    self.bodies[self.release.files[path].sha256] = answer.body
            else:
                self._bad[path] += 1
                self.due[path] = now + (
                    self.config.again if self._bad[path] <= 3 else self.config.interval if path in self.critical else 360
                )


class Watch:
    """``clock`` returns seconds since 1970; ``each`` are two of `map`, for the files of a look and for the views. ``is_once``: one run
    must decide.
    """

    def __init__(
        self, config: Config, fetch: Fetch, clock: Callable[[], float], chance: Random, each: Pools = (map, map), *, is_once: bool = False
    ) -> None:
        self.config, self.clock, self._is_once, self._fetch, self._each = config, clock, is_once, fetch, each
        span = 0.0 if is_once else 0.8 * HOUR
        self.views = [View(mirror, family, fetch, config, chance, span) for mirror in config.mirrors for family in config.families]
        self.open = dict[About, dict[str, Finding]]()  # by mirror, family and subject; by kind
        self._sound = dict.fromkeys(config.families, clock())

    def tick(self) -> list[Finding]:
        """Look at everything that is due; return what became a finding (or is one still after `REMIND` seconds), and what is over."""
        now, events = self.clock(), list[Finding]()
        for view, judged in zip(self.views, self._each[1](lambda view: self._inspect(view, now), self.views), strict=True):
            for subject, judgement in self._with_rest(view, judged).items():
                events += self._apply(view, subject, judgement, now)
        for family in self.config.families:
            events += self._network(family, now)
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

    def _inspect(self, view: View, now: float) -> dict[str, Judgement]:
        """A fault of ours with one mirror hides no other, and is told like blindness."""
        try:
            return view.inspect(now, self._each[0], self._vouch)
        except Exception as error:
            return {"": {"blind": f"unexpected {type(error).__name__}: {error}"}}

    def _with_rest(self, view: View, judged: dict[str, Judgement]) -> dict[str, Judgement]:
        """Add what all mirrors together show (one is behind the others), and that files which no release has any more are nobody's
        concern.
        """
        newest = max(one.release.number for one in self.views)
        if "" in judged and 0 < view.release.number < newest:
            judged[""]["differ"] = f"shows release {view.release.number}, another mirror shows {newest}"
        about = (view.mirror.name, view.family)
        gone = [key[2] for key in self.open if key[:2] == about and key[2] and key[2] not in view.due]
        return judged | dict.fromkeys(gone, Judgement()) if view.release.number else judged

    def _vouch(self, view: View, now: float) -> bool:
        """Whether another mirror or a control address answers over the same family as it should, just now."""
        if any(one.trust.refresh(now).keys() <= OURS for one in self.views if one.family == view.family and one.mirror != view.mirror):
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
        judgement = {"blind": f"since {(now - self._sound[family]) / 60:.0f} minutes"} if is_blind else {}
        yield from self.settle(("", family, ""), judgement, now, gap=HOUR)

    def _apply(self, view: View, subject: str, judgement: Judgement, now: float) -> Iterator[Finding]:
        gap = 4 * self.config.interval if not subject or subject in view.critical else 600.0
        patience = view.mirror.patience if subject else 0.0
        for event in self.settle((view.mirror.name, view.family, subject), judgement, now, patience, gap):
            event.answer = view.responses.get(subject)
            if not event.is_over and event.kind in MENDED:  # whoever altered one file may have altered others
                view.due = {path: min(at, now) for path, at in view.due.items()}
            yield event

    def settle(self, about: About, judgement: Judgement, now: float, patience: float = 0.0, gap: float = 0.0) -> Iterator[Finding]:
        """Count what was seen of one subject, and forget what was not: one good answer ends a suspicion. No answer ends nothing.

        After ``gap`` seconds in which it was not seen a suspicion begins anew: what was between is not known, and does not count as
        lasting.
        """
        known = self.open.setdefault(about, {})
        for kind in known.keys() - judgement.keys() if not {"unreachable", "certificate"} & judgement.keys() else ():
            ended = known.pop(kind)
            if ended.announced:
                yield replace(ended, is_over=True, last=now)
        for kind, words in judgement.items():
            each = known.setdefault(kind, Finding(*about, kind, words, now, now))
            if now - each.last > gap and not each.announced:
                each.first, each.count = now, 0
            each.last = now
            if now >= each.first + each.count * self.config.again * 0.9:
                each.count, each.words = each.count + 1, words
            lasts = max(LASTS.get(kind, 0.0), patience) if not self._is_once else 0.0
            needed = 1 if kind == "domain" else 2 * TRIES if lasts else TRIES  # what must last must be seen more than at its two ends
            if each.count >= needed and now - each.first >= lasts and now - each.announced >= REMIND:
                each.announced = now
                yield replace(each)
        if not known:
            del self.open[about]
