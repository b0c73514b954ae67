"""What a drill says of a restored site: whole and signed, altered, signed by others, without keys."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from continuity.drill_site import prove
from continuity.model import ContinuityError
from continuity.restoring import read_identities, restore
from continuity.settings import Trust
from continuity.snapshots import make
from publisher.release.keys import new_key
from publisher.release.minisign import public_key
from publisher.release.tuf_metadata import ROOT, SigningKeys, new_root
from tests.samples.continuity.two_buildings import Building, building
from tests.samples.publishing.releases import NOW

LATER = NOW + dt.timedelta(hours=3)
WELL_KNOWN = ".well-known/todoke"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Building:
    return building(tmp_path_factory.mktemp("home"))


@pytest.fixture
def serving(home: Building, tmp_path: Path) -> Path:
    snapshots = sorted(home.settings.snapshot.folder.glob("*.age")) or [make(home.config, home.settings, NOW).file]
    restored = restore(snapshots, tmp_path / "there", read_identities(home.key))
    assert restored.serving
    return restored.serving


@pytest.mark.parametrize("trusted", ["nothing", "root", "minisign", "both"])
def test_a_restored_site_is_signed_by_the_keys_that_are_believed(home: Building, serving: Path, tmp_path: Path, trusted: str) -> None:
    (tmp_path / "root.json").write_bytes(home.publishing.store.metadata()[ROOT])
    root = tmp_path / "root.json" if trusted in ("root", "both") else None
    key = public_key(home.publishing.keys.targets).text if trusted in ("minisign", "both") else ""
    proof = prove(serving, Trust(root=root, public_key=key), tmp_path / "trust", LATER.timestamp())
    assert (proof.number, proof.problem, proof.wrong) == (1, "", ()) and proof.files == len(home.publishing.store.load(1).release.files)


def test_a_snapshot_of_last_month_is_signed_all_the_same(serving: Path, tmp_path: Path) -> None:
    assert prove(serving, Trust(), tmp_path / "trust", (NOW + dt.timedelta(days=30)).timestamp()).problem == ""


def test_keys_of_others_prove_nothing(home: Building, serving: Path, tmp_path: Path) -> None:
    others = SigningKeys(new_key(tmp_path / "a.pem"), new_key(tmp_path / "b.pem"))
    (tmp_path / "root.json").write_bytes(new_root([new_key(tmp_path / "c.pem")], 1, others, NOW))
    for number, trust in enumerate((Trust(root=tmp_path / "root.json"), Trust(public_key=public_key(others.targets).text))):
        proof = prove(serving, trust, tmp_path / f"trust{number}", LATER.timestamp())
        assert "forged" in proof.problem and proof.files == 0


@pytest.mark.parametrize(
    "path", [f"{WELL_KNOWN}/manifest.txt", f"{WELL_KNOWN}/metadata/targets.json", f"{WELL_KNOWN}/metadata/timestamp.json"]
)
def test_an_altered_list_is_not_signed(serving: Path, tmp_path: Path, path: str) -> None:
    file = next(serving.glob(f"{path.removesuffix('targets.json')}*targets.json")) if path.endswith("targets.json") else serving / path
    file.write_bytes(file.read_bytes().replace(b"0", b"1", 1))
    assert "forged" in prove(serving, Trust(), tmp_path / "trust", LATER.timestamp()).problem


def test_a_page_that_is_altered_or_missing_is_named(serving: Path, tmp_path: Path) -> None:
    (serving / "index.html").write_text("<h1>altered</h1>", "utf-8")
    (serving / "feed.xml").unlink()
    assert {*prove(serving, Trust(), tmp_path / "trust", LATER.timestamp()).wrong} == {"index.html", "feed.xml"}


def test_a_release_without_any_key_is_told(serving: Path, tmp_path: Path) -> None:
    for file in (serving / WELL_KNOWN / "metadata").glob("*root.json"):
        file.unlink()
    with pytest.raises(ContinuityError, match="no root key"):
        prove(serving, Trust(), tmp_path / "trust", LATER.timestamp())
