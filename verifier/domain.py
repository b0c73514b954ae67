"""Until when a domain is registered, by RDAP (RFC 9083 section 4.5)."""

from __future__ import annotations

import datetime as dt
import json

from verifier.config import Config
from verifier.judge import Judgement
from verifier.model import Fetch, FetchError


def domain_ends(fetch: Fetch, config: Config, domain: str, now: float) -> Judgement | None:
    """Return a finding if it ends soon, none if not, and None if the server does not say."""
    for family in config.families:
        try:
            answer = fetch(f"{config.rdap.rstrip('/')}/domain/{domain}", family, 2**20)
            events = json.loads(answer.body)["events"]
            ends = min(dt.datetime.fromisoformat(each["eventDate"]) for each in events if each["eventAction"] == "expiration")
            left = ends.timestamp() - now
        except (FetchError, ValueError, KeyError, TypeError):
            continue
        return [("domain", f"{domain} ends {ends:%Y-%m-%d}")] if left < config.domain_days * 86400 else []
    return None
