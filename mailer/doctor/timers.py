"""Whether systemd's timers of ours are alive (`deploy/`): each has a next time, and the services that they start have not failed."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from shutil import which
from typing import Any

from mailer.doctor.results import CheckResult, Level

RUNNING = Path("/run/systemd/system")
"""Is there where systemd runs the machine (sd_booted(3))."""
TIMEOUT = 10.0  # seconds
OURS = "todoke-*"


def examine() -> Iterator[CheckResult]:
    """Ask systemd. Without it (a container, another system) nothing is said: whether mail is late is seen in the ledger."""
    systemctl = which("systemctl")
    if systemctl is None or not RUNNING.is_dir():
        yield CheckResult(
            "timers", "systemd", Level.SKIPPED, "no systemd here; whether something is late is seen below", "systemdがありません"
        )
        return
    timers = _ask(systemctl, "list-timers", "--all", f"{OURS}.timer")
    failed = _ask(systemctl, "list-units", "--failed", f"{OURS}.service")
    yield from results(timers, failed)


def results(timers: list[dict[str, Any]] | None, failed: list[dict[str, Any]] | None) -> Iterator[CheckResult]:
    """What the two lists of systemd (``--output=json``) say; None: it did not answer."""
    if timers is None or failed is None:
        yield CheckResult("timers", "systemd", Level.UNKNOWN, "systemctl does not answer", "systemctlが答えません")
        return
    for each in failed:
        name = str(each.get("unit", ""))
        yield CheckResult("timers", name, Level.BAD, f"its last run failed: journalctl -u {name}", "前回の実行が失敗しています")
    for each in timers:
        if not each.get("next"):
            name = str(each.get("unit", ""))
            yield CheckResult("timers", name, Level.BAD, f"does not run: systemctl enable --now {name}", "動いていません")
    if not timers:
        en = "none is installed: make install-units, unless `todoke work` and another scheduler do their work"
        yield CheckResult("timers", "systemd", Level.WARNING, en, "タイマーがありません")
    elif not failed and all(each.get("next") for each in timers):
        yield CheckResult("timers", "systemd", Level.GOOD, f"{len(timers)} alive", f"{len(timers)}個動いています")


def _ask(systemctl: str, *words: str) -> list[dict[str, Any]] | None:
    command = [systemctl, *words, "--output=json", "--no-pager"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=TIMEOUT)  # noqa: S603 - fixed words
        values = json.loads(done.stdout)
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None
    return [each for each in values if isinstance(each, dict)] if isinstance(values, list) else None
