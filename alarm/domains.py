"""Until when the domains of the mirrors are registered."""

from __future__ import annotations

import datetime as dt
import json
from contextlib import suppress

from alarm.settings import Settings
from verifier.model import Answer, Fetch, FetchError, Finding, Judgement
from verifier.watch import Watch

DOMAIN_DAYS, DAY = 60, 86400.0


class Domains:
    """Asks an RDAP server once a day."""

    def __init__(self, settings: Settings, fetch: Fetch) -> None:
        self._settings, self._fetch, self._asked = settings, fetch, 0.0

    def tick(self, watch: Watch) -> list[Finding]:
        """Return what became a finding, or is over."""
        now, settings, events = watch.clock(), self._settings, list[Finding]()
        if not settings.rdap or now - self._asked < DAY:
            return []
        self._asked = now
        for mirror in settings.mirrors:
            for family in settings.families if mirror.domain else ():
                with suppress(FetchError):
                    answer = self._fetch(f"{settings.rdap.rstrip('/')}/domain/{mirror.domain}", family, 2**20)
                    suspicion = judge_domain(answer, mirror.domain, now)
                    if suspicion is not None:
                        events += watch.settle((mirror.name, "", ""), suspicion, now)
                        break
        return events


def judge_domain(answer: Answer, domain: str, now: float) -> Judgement | None:
    """Return a finding if a domain ends soon, none if not, and None if the RDAP server does not say (RFC 9083 section 4.5)."""
    with suppress(ValueError, KeyError, TypeError):
        events = json.loads(answer.body)["events"]
        ends = min(dt.datetime.fromisoformat(each["eventDate"]) for each in events if each["eventAction"] == "expiration")
        return {"domain": f"{domain} ends {ends:%Y-%m-%d}"} if ends.timestamp() - now < DOMAIN_DAYS * 86400 else {}
    return None
