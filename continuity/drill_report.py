"""The report of a drill: what was asked, what came of it, and how long it took; for people (Markdown with a chart) and for programs (JSON)."""

from __future__ import annotations

import datetime as dt
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

CHECKS: Mapping[str, str] = {
    "outside": "A snapshot lies outside the building 建物の外に控えがある",
    "whole": "The newest one is whole 最も新しい控えが壊れていない",
    "young": "It is not older than a day 一日より古くない",
    "signed": "The release is signed by our keys 公開版の署名が正しい",
    "site": "The site is served, and every file is as it was signed サイトが署名された目録どおりに見られる",
    "readers": "Readers, issues and deliveries are all there 購読者・号・配信の記録がそろっている",
    "silent": "The restored site sends nothing before it has taken over 引き継ぐまで何も送らない",
    "sending": "An issue goes on to a sink, and nobody gets it twice 号の続きが送られ、二通届く人がいない",
    "removed": "Nothing of it is left on this machine 訓練のあとに何も残らない",
    "time": "Everything within five minutes 五分以内に終わる",
}
"""The checklist of docs/how-to/drill.md, in the order of the drill."""
WIDTH = 40


@dataclass(frozen=True)
class Check:
    """A line of the checklist. ``passed`` None: it could not be tried, and ``words`` say why."""

    key: str
    passed: bool | None
    words: str


@dataclass(frozen=True)
class DrillReport:
    """A drill. ``seconds`` by step; ``snapshot`` is the name of the one that was restored, or empty."""

    moment: dt.datetime
    snapshot: str
    checks: Sequence[Check]
    seconds: Mapping[str, float]

    @property
    def is_passed(self) -> bool:
        """Whether everything that was tried came out well, and nothing could not be tried."""
        return len(self.checks) == len(CHECKS) and all(check.passed for check in self.checks)

    def record(self) -> dict[str, object]:
        """Return it for programs."""
        checks = [{"check": check.key, "passed": check.passed, "words": check.words} for check in self.checks]
        seconds = {step: round(number, 2) for step, number in self.seconds.items()}
        return {
            "moment": self.moment.isoformat(timespec="seconds"),
            "passed": self.is_passed,
            "snapshot": self.snapshot,
            "seconds": seconds,
            "checks": checks,
        }

    def markdown(self) -> str:
        """Return it for people."""
        words = "Passed 合格" if self.is_passed else "**Not passed 不合格**"
        lines = [
            f"# Drill of {self.moment:%Y-%m-%d} / 復旧訓練",
            "",
            f"{words}. {self.moment:%Y-%m-%d %H:%M} UTC, snapshot `{self.snapshot or '-'}`, {sum(self.seconds.values()):.1f} s in all.",
            "",
            "| | check 確認すること | result 結果 |",
            "|---|---|---|",
        ]
        mark = {True: "OK", False: "**NO**", None: "?"}
        lines += [f"| {mark[check.passed]} | {CHECKS[check.key]} | {check.words} |" for check in self.checks]
        return "\n".join([*lines, "", "## Seconds 秒", "", "```text", *self._chart(), "```", ""])

    def _chart(self) -> list[str]:
        longest = max([*self.seconds.values(), 0.01])
        return [f"{step:<10}{number:>8.1f}  {'█' * max(1, round(number / longest * WIDTH))}" for step, number in self.seconds.items()]


def write_report(report: DrillReport, folder: Path) -> Path:
    """Write both forms, each whole. Return the one for people."""
    folder.mkdir(parents=True, exist_ok=True)
    stem = f"drill-{report.moment:%Y%m%dT%H%M%SZ}"
    record = json.dumps(report.record(), ensure_ascii=False, indent=1)
    for ending, text in ((".md", report.markdown()), (".json", f"{record}\n")):
        temporary = folder / f".{stem}{ending}.part"
        temporary.write_text(text, "utf-8")
        os.replace(temporary, folder / f"{stem}{ending}")  # noqa: PTH105 - as it is called everywhere
    return folder / f"{stem}.md"
