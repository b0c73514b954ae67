"""``make audit-deps``: compare the locked versions with the published vulnerabilities, by pip-audit.

pip-audit ends with 0 when it could look nothing up, and with 1 both for a vulnerability and for a network that does not answer. This script tells
them apart: 1 for vulnerabilities, 0 otherwise, and one clear line for whatever was not compared.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

LOCKS = ("requirements.txt", "requirements-test.txt", "requirements-docs.txt")
TIME = 600
"""Seconds for one lock file."""


def audit(lock: Path) -> Mapping[str, Any] | str:
    """Return pip-audit's report on one lock file, or why there is none."""
    with TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        options = ["--progress-spinner", "off", "--disable-pip", "--require-hashes", "--format", "json", "--output", str(report)]
        command = [sys.executable, "-m", "pip_audit", *options, "--requirement", str(lock)]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=TIME, check=False)  # noqa: S603 - our own command
        except subprocess.TimeoutExpired:
            return f"no answer within {TIME} s"
        if report.is_file() and report.stat().st_size:
            return json.loads(report.read_text(encoding="utf-8"))  # type: ignore[no-any-return]
        return (done.stderr.strip().splitlines() or ["no report"])[-1]


def findings(report: Mapping[str, Any]) -> list[str]:
    """Return a line for each vulnerability, with the versions that mend it."""
    return [
        f"{package['name']} {package['version']}: {found['id']}, mended in {', '.join(found['fix_versions']) or 'no version yet'}"
        for package in report["dependencies"]
        for found in package.get("vulns", ())
    ]


def summary(report: Mapping[str, Any]) -> str:
    """Return how many packages were compared, and how many could not be."""
    skipped = sum("skip_reason" in package for package in report["dependencies"])
    compared = len(report["dependencies"]) - skipped
    if not compared:
        return f"NOT AUDITED: the vulnerability data cannot be reached from here ({skipped} packages)"
    return f"{compared} packages compared" + (f"; NOT AUDITED: {skipped} that the data does not know" if skipped else "")


def main() -> int:
    """Audit every lock file; return 1 if one of them has a vulnerability."""
    vulnerable = False
    for lock in map(Path, LOCKS):
        report = audit(lock)
        if isinstance(report, str):
            print(f"{lock}: NOT AUDITED: the vulnerability data cannot be reached from here ({report})")
            continue
        print(f"{lock}: {summary(report)}")
        for line in findings(report):
            vulnerable = True
            print(f"{lock}: {line}")
    return int(vulnerable)


if __name__ == "__main__":
    sys.exit(main())
