"""After any sequence of edits, a process that stays has written what a fresh build writes, byte for byte."""

from __future__ import annotations

import pytest

from tests.plugins.builder.resident.edits import COUNTS, run

pytestmark = pytest.mark.usefixtures("forking")


def test_a_resident_build_equals_a_fresh_build_after_edits_of_all_kinds() -> None:
    COUNTS.clear()
    run(examples=2, steps=10)
    assert COUNTS["edits"] > COUNTS["at once"]
