"""The hash that an approval is bound to. It is stored, so it must not change with the names in the code."""

from __future__ import annotations

from mailer.approval.approval import fingerprint
from tests.mail_bundles import ISSUE, LIST


def test_an_approval_of_an_older_version_still_fits_the_same_issue() -> None:
    assert fingerprint(ISSUE, LIST) == "4c6763d783a4f5cb6e8e7d4d96e5666dfd3dfb964f473b99e40a2315201f4e27"  # made by version 0.1.0
