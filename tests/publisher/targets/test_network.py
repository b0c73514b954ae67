"""Mirrors on hosts of their own (network namespaces), one cable cut, slow, or leading to another host: the others are live in time, and nothing goes to strangers."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from tests.servers.namespaces import enter
from tests.servers.network_drill import DEADLINE

CLOSING = 20.0
"""Seconds after the deadline in which a connection is given up."""


@pytest.fixture(scope="module")
def happened(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    command = [*enter(), sys.executable, "-m", "tests.servers.network_drill", str(tmp_path_factory.mktemp("network"))]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, (
        f"{' '.join(command)}: the tests need network namespaces (util-linux, iproute2, the right to make them)\n{done.stderr}"
    )
    record: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return record


@pytest.mark.parametrize(("moment", "number"), [("joined", 1), ("joined again", 2), ("after the cut", 3), ("fast again", 4)])
def test_with_all_cables_in_each_mirror_shows_the_newest_release(happened: dict[str, Any], moment: str, number: int) -> None:
    for name, result in happened[moment].items():
        assert (result["failure"], result["shown"]) == ("", [f"release {number}"] * 2), (moment, name)


@pytest.mark.parametrize(("moment", "number"), [("cut", 2), ("cut on the way", 3), ("slow", 4)])
def test_a_bad_cable_to_one_mirror_holds_up_no_other_and_ends_at_its_deadline(happened: dict[str, Any], moment: str, number: int) -> None:
    for name in ("www", "bucket"):
        assert happened[moment][name]["failure"] == "" and happened[moment][name]["shown"] == [f"release {number}"] * 2
        assert happened[moment][name]["seconds"] < DEADLINE
    kyoto = happened[moment]["kyoto"]
    assert kyoto["failure"] != "" and kyoto["seconds"] < DEADLINE + CLOSING


def test_behind_a_slow_cable_readers_see_the_old_site_until_the_new_one_is_whole(happened: dict[str, Any]) -> None:
    assert happened["slow"]["kyoto"]["shown"] == ["release 3"] * 2


def test_a_host_that_answers_for_a_mirror_gets_nothing_and_is_told(happened: dict[str, Any]) -> None:
    result = happened["another answers"]
    assert result["www"]["shown"] == ["release 5"] * 2 and result["www"]["failure"] == ""
    assert "10.77.2.2" in result["kyoto"]["failure"] and not result["kyoto"]["stranger got"]
    assert result["bucket"]["failure"].startswith("bucket: ") and "\n" not in result["bucket"]["failure"]
