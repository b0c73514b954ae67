"""The last line of the audit: one JSON object that other programs read."""

from __future__ import annotations

import json

import pytest

from audit.__main__ import summary
from audit.site import MOMENT
from plugins.checks.results import Audit

PASSED = Audit(
    schema_version=1,
    moment=MOMENT,
    pages=572,
    axe_version="4.12.1",
    axe_violations=0,
    html_errors=0,
    nu_version="26.9.27",
    nu_errors=0,
    broken_links=0,
    addresses=28_281,
)


def test_the_last_line_counts_the_findings_of_both_html_checkers() -> None:
    audit = PASSED.model_copy(update={"html_errors": 2, "nu_errors": 3})
    assert json.loads(summary(audit, 4)) == {
        "pages": 572,
        "axe_violations": 0,
        "html_errors": 2,
        "nu_errors": 3,
        "broken_links": 0,
        "raw_marks": 4,
    }


@pytest.mark.parametrize("check", ["axe_violations", "html_errors", "nu_errors", "broken_links"])
def test_one_finding_of_any_check_fails_the_audit(check: str) -> None:
    assert PASSED.passed
    assert not PASSED.model_copy(update={check: 1}).passed
