"""The last line of the audit: one JSON object that other programs read."""

from __future__ import annotations

import json

import pytest

from audit.__main__ import summary
from audit.site import MOMENT
from plugins.checks.results import COUNTS, Audit

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


def test_the_last_line_counts_the_findings_of_every_check() -> None:
    audit = PASSED.model_copy(update={"html_errors": 2, "nu_errors": 3, "raw_marks": 4, "axe_undecided": 5, "engine_problems": 6})
    assert json.loads(summary(audit)) == {
        "pages": 572,
        "axe_undecided": 5,
        "axe_violations": 0,
        "axe_unsettled": 0,
        "html_errors": 2,
        "nu_errors": 3,
        "broken_links": 0,
        "engine_problems": 6,
        "paper_problems": 0,
        "name_spaces": 0,
        "focus_covered": 0,
        "raw_marks": 4,
    }


@pytest.mark.parametrize("check", COUNTS)
def test_one_finding_of_any_check_fails_the_audit(check: str) -> None:
    assert PASSED.passed
    assert not PASSED.model_copy(update={check: 1}).passed
