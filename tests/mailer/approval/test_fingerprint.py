"""The hash that an approval is bound to. It is stored, so it must not change with the names in the code."""

from __future__ import annotations

from pathlib import Path

from mailer.approval.fingerprint import differences, digests, fingerprint
from mailer.config.file import load_config
from tests.samples.mail.mail_bundles import ISSUE, LIST, write_config


def test_a_stored_approval_fits_the_same_issue_in_later_versions(tmp_path: Path) -> None:
    bound = digests(ISSUE, LIST, load_config(write_config(tmp_path)), "c" * 40)
    assert fingerprint(bound) == "8dfe51a4eaf1228d613df2b273e109ef18c2e2a1ff17e46a527b36400558b444"  # made by version 0.2.0
    assert differences(bound, bound) == ""
    other = digests(ISSUE, LIST, load_config(write_config(tmp_path)), "d" * 40)
    assert (fingerprint(other) != fingerprint(bound), differences(bound, other)) == (True, "it is another commit")
