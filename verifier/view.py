"""One mirror over one family of addresses: which files are due, what they are, and whether the answers came from the mirror at all."""

from __future__ import annotations

import hashlib
import random
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from statistics import median_high
from typing import Any
from urllib.parse import quote

from verifier.config import Config, Mirror
from verifier.judge import address_of, is_released, judge_connection, judge_file, links
from verifier.model import Answer, Fetch, FetchError, Judgement, Release
from verifier.trust import Trust, is_ours

DOUBTFUL = {"altered", "added", "missing", "rolled-back", "forged", "header", "dns"}
"""Kinds that a captive portal makes as well."""

HOUR, MOST, BODY, TURNS = 3600.0, 1000, 2**20, 4
"""All is seen in one; files of one look; bytes that an answer may have beyond those of the release; quick looks at what is doubtful."""

GRACE = 60.0
"""Seconds after a new release in which a cache between may still show the page before."""

Each = Callable[[Callable[[Any], Any], Iterable[Any]], Iterable[Any]]
"""`map`, or that of a pool of threads."""


class View:
    """``span``: seconds in which all files of a new release are seen for the first time."""

    def __init__(self, mirror: Mirror, family: str, fetch: Fetch, config: Config, chance: random.Random, span: float) -> None:
        self.mirror, self.family, self.config = mirror, family, config
        folder = Path(config.folder, "metadata", f"{quote(mirror.name, safe='')}-{family}")
        self.trust = Trust(config, folder, mirror.url, self._ask)
        self.latest = list[Answer]()  # those of this look
        self.due = dict[str, float]()
        self.critical, self.extra = set[str](), set[str]()  # extra: where pages lead although no release has it
        self.answers, self.bodies = dict[str, Answer](), dict[str, bytes]()  # the last bad ones by path, the good ones by digest
        self.seconds, self.changed = 0.0, 0.0
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

    def look(self, now: float, each: Each, vouch: Callable[[View, float], bool]) -> dict[str, Judgement]:
        """Fetch what is due and return what is wrong with each file; ``""`` stands for the mirror. What cannot be judged is left out.

        ``vouch`` asks others whether the network of this machine can be believed just now.
        """
        self.latest = []
        problem = self.trust.refresh(now)
        if not self.release.number:
            return {"": problem} if not self.trust.is_absent and self._is_believed(problem, now, vouch) else {}
        self._schedule(now)
        answers = self._fetch_due(now, each)
        judged = self._judge(answers, problem, now)
        if any(DOUBTFUL & found.keys() for found in judged.values()) or {"certificate", "unreachable"} & problem.keys():
            problem = self.trust.refresh(now)  # once more: a release may have come in between, and a network that lies does so now
            judged = self._judge(answers, problem, now)
            if not self._is_believed(problem, now, vouch) or not self._is_steady(judged, now, vouch):
                judged = {path: found for path, found in judged.items() if path and not found}  # what is as released proves itself
        self._plan(answers, judged, now)
        return judged

    def _is_believed(self, problem: Judgement, now: float, vouch: Callable[[View, float], bool]) -> bool:
        """Whether what was seen came from the mirror: signed by our keys, or proven by TLS, or the network is sound as others see it."""
        is_proven = any(one.certificate_ends for one in self.latest)
        return is_proven or is_ours(problem) or problem.get("certificate") == "expired" or vouch(self, now)

    def _is_steady(self, judged: dict[str, Judgement], now: float, vouch: Callable[[View, float], bool]) -> bool:
        """Look again several times at once: a network that changes its mind (the edge of a captive portal) shows itself by one good answer.

        TLS needs no such thing. What is lost on the way says nothing, and is asked for again at the next turn.
        """
        doubtful = sorted(path for path, found in judged.items() if path and DOUBTFUL & found.keys())
        is_proven = any(one.certificate_ends for one in self.latest)
        for path in self._chance.choices(doubtful or [""], k=0 if is_proven else TURNS):
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
        answers = dict(zip(first, each(self.get, first), strict=True))
        if not first or any(one.is_up for one in answers.values()):  # else it is down: the others wait
            answers |= zip(rest, each(self.get, rest), strict=True)
        return answers

    def _judge(self, answers: dict[str, Answer], problem: Judgement, now: float) -> dict[str, Judgement]:
        judged = dict[str, Judgement]()
        if not answers or any(one.is_up for one in answers.values()):
            judged = {path: self._judge_one(path, one, now) for path, one in answers.items()}
        elif not problem:  # the server is down, not each of its files
            one = next(iter(answers.values()))
            problem = {"unreachable": one.failure or f"status {one.status}"}
        return judged | {"": problem | judge_connection(self.latest, self.mirror.addresses, now, self.config.slow)}

    def _judge_one(self, path: str, answer: Answer, now: float) -> Judgement:
        if answer.failure:
            return {"unreachable": answer.failure}
        self.answers[path] = answer
        digest, file = hashlib.sha256(answer.body).hexdigest(), self.release.files.get(path)
        if file is None:
            is_added = path in self.extra and answer.status == 200 and all(digest != one.sha256 for one in self.release.files.values())
            return {"added": f"SHA-256 {digest[:16]}…, {len(answer.body)} bytes"} if is_added else {}
        if path.endswith(".html") and digest not in self.bodies:
            self._follow(path, answer.body)
        found = judge_file(path, file, answer, self.trust.older, self.config.headers)
        return {} if "rolled-back" in found and now - self.changed < GRACE else found

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

    def _plan(self, answers: dict[str, Answer], judged: dict[str, Judgement], now: float) -> None:
        """Say when each file is due again, and keep the good bodies of critical pages as evidence for later."""
        self.seconds = median_high([one.seconds for one in self.latest] or [self.seconds])
        for path, answer in answers.items():
            if path not in self.release.files and path not in self.extra:
                self.due.pop(path, None)
            elif judged.get(path) == {}:
                self.due[path] = now + (self.config.interval if path in self.critical else self._chance.uniform(0.5, 0.9) * HOUR)
                del self.answers[path], self._bad[path]
                if path in self.critical:
                    self.bodies[self.release.files[path].sha256] = answer.body
            else:
                self._bad[path] += 1
                slowly = self.config.interval if path in self.critical else 0.1 * HOUR
                self.due[path] = now + (self.config.again if self._bad[path] <= 3 else slowly)
