"""The clock that everything is handed, so that a test can stop it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

JAPAN = ZoneInfo("Asia/Tokyo")

Clock = Callable[[], datetime]
"""The time now, with a zone."""
