"""Packages of a kit: compared with the lock file, kept from one kit to the next, fetched again when something changes."""

from __future__ import annotations

from pathlib import Path

import pytest

from continuity.kit import packages
from continuity.model import ContinuityError
from continuity.settings import Kit
from tests.samples.offline import checkout, lock, wheel


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    program = checkout(tmp_path / "program", tmp_path / "wheels")
    return Kit(folder=tmp_path / "kit", wheels=tmp_path / "wheels", program=program)


def test_a_wheel_that_is_not_the_locked_one_is_refused(kit: Kit) -> None:
    assert kit.wheels
    wheel(kit.wheels, "tiny_letters", "1.0", "WORD = 'altered'\n")
    with pytest.raises(ContinuityError, match="Expected sha256"):
        packages.collect(kit)


def test_wheels_are_kept_until_the_lock_file_changes_or_one_is_damaged(kit: Kit) -> None:
    assert kit.wheels
    before = sorted(kit.program.rglob("*"))
    first = packages.collect(kit)
    assert sorted(kit.program.rglob("*")) == before, "nothing is built in the checkout itself"
    assert [file.name.partition("-")[0] for file in first.wheels] == ["tiny_letters", "todoke"]
    moved = kit.wheels.rename(kit.wheels.with_name("away"))
    assert packages.collect(kit).requirements() == first.requirements()
    first.wheels[0].write_bytes(first.wheels[0].read_bytes()[:-1])
    with pytest.raises(ContinuityError, match="pip:"):
        packages.collect(kit)
    moved.rename(kit.wheels)
    lock(kit.program, wheel(kit.wheels, "tiny_letters", "1.0", "WORD = 'offline'\n"), wheel(kit.wheels, "more", "1.0", ""))
    assert "more==1.0 --hash=sha256:" in packages.collect(kit).requirements()


def test_a_program_without_its_lock_file_is_told(kit: Kit, tmp_path: Path) -> None:
    with pytest.raises(ContinuityError, match="must name a checkout"):
        packages.collect(kit.model_copy(update={"program": tmp_path}))
