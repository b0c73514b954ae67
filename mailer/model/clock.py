"""A claimed slice on its way: its journal, its lease, and how many of its rows are still without an end."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

JAPAN = ZoneInfo("Asia/Tokyo")


Clock = Callable[[], datetime]
