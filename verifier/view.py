"""One mirror over one family of addresses: which files are due, what they are, and whether the answers came from the mirror at all."""

from __future__ import annotations

import datetime as dt
import hashlib
import random
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from verifier.config import Config, Mirror
from verifier.judge import Judgement, address_of, is_released, judge_connection, judge_file, links
from verifier.model import Answer, Fetch, FetchError
from verifier.trust import Trust

OURS = ("", "stale", "rolled-back", "frozen")
"""Answers that our keys have signed: no network in between can have made them."""

DOUBTFUL = {"altered", "added", "missing", "rolled-back", "forged", "header", "dns"}
"""Kinds that a captive portal makes as well."""

HOUR, MOST, BODY, TURNS = 3600.0, 1000, 2**20, 4
"""All is seen in one; files of one look; bytes that an answer may have beyond those of the release; quick looks at what is doubtful."""

Each = Callable[[Callable[[Any], Any], Iterable[Any]], Iterable[Any]]
"""`map`, or that of a pool of threads."""


class View:
    """``span``: seconds in which all files of a new release are seen for the first time."""

    def __init__(self, mirror: Mirror, family: str, fetch: Fetch, config: Config, chance: random.Random, span: float) -> None:
        self.mirror, self.family, self.config = mirror, family, config
        folder = Path(config.folder, "metadata", f"{quote(mirror.name, safe='')}-{family}")
        self.trust = Trust(config.keys(), folder, mirror.url, self._ask)
        self.latest: list[Answer] = []
        self.due: dict[str, float] = {}
        self.critical: set[str] = set()
        self.extra: set[str] = set()
        self.answers: dict[str, Answer] = {}
        self.bodies: dict[str, bytes] = {}
        self.is_absent, self.proven, self.changed, self.seconds = False, 0.0, 0.0, 0.0
        self._fetch, self._chance, self._lock = fetch, chance, threading.Lock()
        self._span, self._number, self._bad = span, 0, Counter[str]()

    def _ask(self, url: str, limit: int) -> Answer:
        answer = self._fetch(url, self.family, limit)
        self.latest.append(answer)
        return answer

    def refresh(self, now: float) -> tuple[str, str]:
        """Ask the mirror which release it shows. Return the kind of a finding with words, or empty ones. Never raises."""
        with self._lock:
            try:
                kind, words = self.trust.refresh(dt.datetime.fromtimestamp(now, dt.UTC))
            except FetchError as error:
                cause = error.__cause__.__cause__ if error.__cause__ else None  # python-tuf wraps ours
                failure = cause if isinstance(cause, FetchError) else error
                self.is_absent = failure.is_absent and self.trust.release is None
                return ("certificate" if failure.certificate else "unreachable"), failure.certificate or str(failure)
            self.is_absent = False
            if kind in OURS:
                self.proven = now
            if not kind and self.config.frozen and self.trust.keys.root and now - self.trust.since > self.config.frozen:
                return "frozen", f"the same signed time since {dt.datetime.fromtimestamp(self.trust.since, dt.UTC):%Y-%m-%d %H:%M} UTC"
            return kind, words

    def look(self, now: float, each: Each, vouch: Callable[[View, float], bool]) -> dict[str, Judgement]:
        """Fetch what is due and return what is wrong with each file; ``""`` stands for the mirror. What cannot be judged is left out.

        ``vouch`` asks others whether the network of this machine can be believed just now.
        """
        self.latest = []
        problem = self.refresh(now)
        if self.trust.release is None:
            return {"": [problem]} if not self.is_absent and self._is_believed(problem, now, vouch) else {}
        self._schedule(now)
        answers = dict(self._fetch_due(now, each))
        judged = self._judge(answers, problem, now)
        if any(kind in DOUBTFUL for found in judged.values() for kind, _ in found) or problem[0] in ("certificate", "unreachable"):
            problem = self.refresh(now)  # once more: a release may have come in between, and a network that lies does so now
            judged = self._judge(answers, problem, now)
            if not self._is_believed(problem, now, vouch) or not self._is_steady(judged, now, vouch):
                judged = {path: found for path, found in judged.items() if path and not found}  # what is as released proves itself
        self._plan(answers, judged, now)
        return judged

    def _is_believed(self, problem: tuple[str, str], now: float, vouch: Callable[[View, float], bool]) -> bool:
        """Whether what was seen came from the mirror: signed by our keys, or proven by TLS, or the network is sound as others see it."""
        is_proven = any(one.is_proven for one in self.latest)
        return is_proven or problem[0] in OURS or problem[1] == "expired" or vouch(self, now)

    def _is_steady(self, judged: dict[str, Judgement], now: float, vouch: Callable[[View, float], bool]) -> bool:
        """Look again several times at once: a network that changes its mind (the edge of a captive portal) shows itself by one good answer.

        TLS needs no such thing. What is lost on the way says nothing, and is asked for again at the next turn.
        """
        doubtful = sorted(path for path, found in judged.items() if path and any(kind in DOUBTFUL for kind, _ in found))
        if any(one.is_proven for one in self.latest):
            return True
        for path in self._chance.choices(doubtful or [""], k=TURNS):
            answer = self.get(path) if path else None
            if isinstance(answer, Answer) and not any(kind in (*DOUBTFUL, "unreachable") for kind, _ in self._judge_one(path, answer, now)):
                return False
            if not self._is_believed(self.refresh(now), now, vouch):
                return False
        return True

    def _schedule(self, now: float) -> None:
        """Take a new release: its critical files are due now, the others at random within the hour."""
        release = self.trust.release
        assert release is not None
        if release.number == self._number:
            return
        self._number, self.changed = release.number, now
        fronts = {path for path in release.files if path.endswith("index.html") and path.count("/") < 2}
        self.critical = {path for path in self.config.critical if path in release.files} or fronts
        self.due = {path: at for path, at in self.due.items() if path in release.files or path in self.extra}
        for path in release.files:
            self.due.setdefault(path, now if path in self.critical else now + self._chance.uniform(0, self._span))

    def _fetch_due(self, now: float, each: Each) -> Iterator[tuple[str, Answer | FetchError]]:
        due = [path for path, at in self.due.items() if at <= now]
        first = [path for path in due if path in self.critical]
        answers = dict(zip(first, each(self.get, first), strict=True))
        yield from answers.items()
        if not first or any(map(_is_up, answers.values())):  # else it is down: the others wait
            rest = [path for path in due if path not in self.critical][:MOST]
            yield from zip(rest, each(self.get, rest), strict=True)

    def get(self, path: str) -> Answer | FetchError:
        """Fetch one file of the release, as readers do."""
        file = self.trust.release.files.get(path) if self.trust.release else None
        try:
            return self._ask(f"{self.mirror.url}/{address_of(path)}", (file.length if file else 0) + BODY)
        except FetchError as error:
            return error

    def _judge(self, answers: dict[str, Answer | FetchError], problem: tuple[str, str], now: float) -> dict[str, Judgement]:
        moment = dt.datetime.fromtimestamp(now, dt.UTC)
        whole = judge_connection(self.latest, self.mirror.addresses, moment, self.config.certificate_days, self.config.slow)
        if not answers or any(map(_is_up, answers.values())):
            judged = {path: self._judge_one(path, one, now) for path, one in answers.items()}
        else:
            one = next(iter(answers.values()))
            judged = {}  # the server is down, not each of its files
            problem = problem if problem[0] else ("unreachable", f"status {one.status}" if isinstance(one, Answer) else str(one))
        return judged | {"": [*([problem] if problem[0] else []), *whole]}

    def _judge_one(self, path: str, answer: Answer | FetchError, now: float) -> Judgement:
        release = self.trust.release
        assert release is not None
        if isinstance(answer, FetchError):
            return [("unreachable", str(answer))]
        self.answers[path] = answer
        digest = hashlib.sha256(answer.body).hexdigest()
        file = release.files.get(path)
        if file is None:
            is_added = path in self.extra and answer.status == 200 and all(digest != one.sha256 for one in release.files.values())
            return [("added", f"SHA-256 {digest[:16]}…, {len(answer.body)} bytes")] if is_added else []
        if path.endswith(".html") and digest not in self.bodies:
            self._follow(path, answer.body)
        found = judge_file(file, answer, self.trust.older, self.config.headers)
        is_late = now - self.changed < self.config.grace  # a cache between may hold the page of the release before for a moment
        return [each for each in found if not (is_late and each[0] == "rolled-back")]

    def _follow(self, path: str, body: bytes) -> None:
        """Note where a page leads: files that no release has are looked at, and what a critical page runs is critical too."""
        release = self.trust.release
        assert release is not None
        targets = links(body, self.mirror.url, path)
        if path in self.critical:
            loaded = {target for target in targets if target in release.files and target.endswith((".css", ".js"))}
            self.due |= dict.fromkeys(loaded - self.critical, 0.0)
            self.critical |= loaded
        strange = {target for target in targets if not is_released(target, release) and not target.startswith(self.config.ignored)}
        new = sorted(strange - self.extra)[: max(0, MOST - len(self.extra))]
        self.extra |= set(new)
        self.due |= dict.fromkeys(new, 0.0)

    def _plan(self, answers: dict[str, Answer | FetchError], judged: dict[str, Judgement], now: float) -> None:
        """Say when each file is due again, and keep the good bodies of critical pages as evidence for later."""
        release = self.trust.release
        assert release is not None
        self.seconds = sorted(one.seconds for one in self.latest)[len(self.latest) // 2] if self.latest else self.seconds
        for path, answer in answers.items():
            if judged.get(path) == []:
                self.due[path] = now + (self.config.interval if path in self.critical else self._chance.uniform(0.5, 0.9) * HOUR)
                del self.answers[path], self._bad[path]
                if path in self.critical and isinstance(answer, Answer):
                    self.bodies[release.files[path].sha256] = answer.body
            else:
                self._bad[path] += 1
                is_new, slowly = self._bad[path] <= 3, self.config.interval if path in self.critical else 0.1 * HOUR
                self.due[path] = now + (self.config.again if is_new else slowly)
            if path not in release.files and path not in self.extra:
                self.due.pop(path)
        self.bodies = {
            digest: body for digest, body in self.bodies.items() if any(release.files[path].sha256 == digest for path in self.critical)
        }


def _is_up(answer: Answer | FetchError) -> bool:
    return isinstance(answer, Answer) and answer.status < 500 and answer.status != 429
