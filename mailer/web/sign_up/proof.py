"""A proof of work by the open protocol of altcha: the browser looks for a number, which takes it a second; checking it takes a microsecond.

It is asked for only above a threshold (`budgets`), by a script of our own (`templates/proof.js`); no third party takes part. A solution counts once.
"""

from __future__ import annotations

import base64
import json
from collections import OrderedDict
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import parse_qs

from altcha.v1 import ChallengeOptions, Payload, create_challenge, verify_solution

ALGORITHM: Final = "SHA-256"
FIELDS = {"algorithm": str, "challenge": str, "number": int, "salt": str, "signature": str}

HARDNESS = 200_000
"""The largest number to look for: half of it hashes on average, about a second of a telephone."""
LIFETIME = timedelta(minutes=20)
MOST_USED = 100_000
"""Solutions remembered, so that none counts twice. More than that cannot be made in their lifetime at 80 a second."""


class ProofOfWork:
    """Makes challenges and checks solutions.

    :param key: secret.
    """

    def __init__(self, key: str, hardness: int = HARDNESS) -> None:
        self._key = key
        self._hardness = hardness
        self._used: OrderedDict[str, None] = OrderedDict()

    def challenge(self, now: datetime) -> str:
        """Return a new challenge as JSON."""
        options = ChallengeOptions(algorithm=ALGORITHM, max_number=self._hardness, hmac_key=self._key, expires=now + LIFETIME)
        return json.dumps(create_challenge(options).to_dict())

    def is_solved(self, solution: str, now: datetime) -> bool:
        """Whether it solves one of our challenges that is not too old, and for the first time."""
        payload = _parse(solution)
        if payload is None or payload["challenge"] in self._used or not _is_fresh(payload["salt"], now):
            return False
        is_right, _ = verify_solution(Payload(**payload), self._key, check_expires=False)  # altcha asks the wall clock
        if is_right:
            self._used[payload["challenge"]] = None
            if len(self._used) > MOST_USED:
                self._used.popitem(last=False)
        return is_right


def _parse(solution: str) -> dict[str, Any] | None:
    """Return the payload if each of its fields has the type that it must have: altcha trusts that."""
    try:
        payload = json.loads(base64.b64decode(solution, validate=True))
    except (ValueError, RecursionError):
        return None
    if not isinstance(payload, dict) or not all(type(payload.get(name)) is kind for name, kind in FIELDS.items()):
        return None
    return {name: payload[name] for name in FIELDS} if payload["algorithm"] == ALGORITHM else None


def _is_fresh(salt: str, now: datetime) -> bool:
    """Whether the time in the salt, which is part of what was solved, is not over."""
    expires = parse_qs(salt.partition("?")[2]).get("expires", [])
    return len(expires) == 1 and expires[0].isascii() and expires[0].isdigit() and int(expires[0][:12]) >= now.timestamp()
