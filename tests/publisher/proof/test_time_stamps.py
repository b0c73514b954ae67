"""Time stamps by a real authority (OpenSSL): kept beside the manifest, checked in the pack, and never in the way of a release."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

import todoke
from tests.samples.publishing.releases import PAGES
from tests.servers.time_stamp_authority import TimeStampAuthority

TODAY = dt.datetime.now(dt.UTC).date()  # the commands and OpenSSL read the wall clock
RANGE = f"--from {TODAY - dt.timedelta(days=1)} --to {TODAY + dt.timedelta(days=1)}"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TimeStampAuthority]:
    with TimeStampAuthority(tmp_path_factory.mktemp("authority") / "tsa").serving() as serving:
        yield serving


class Operator:
    """A publishing machine with one mirror and an authority."""

    def __init__(self, folder: Path, authority: TimeStampAuthority) -> None:
        self.folder, self.authority = folder, authority
        authority.mode, authority.asked = "honest", 0
        for path, text in PAGES.items():
            (folder / "output" / "site" / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / "output" / "site" / path).write_text(text, encoding="utf-8")
        self.configure(authority.certificates)
        assert self.run("release-keys new --root stick --without-passphrase").exit_code == 0

    def configure(self, certificates: Path, deadline: float = 10) -> None:
        (self.folder / "publish.toml").write_text(
            'store = "var/releases"\nkeys = "var/keys"\n[[mirrors]]\nname = "www"\nkind = "local"\nfolder = "www"\n'
            f'[timestamp]\nurl = "{self.authority.url}"\ncertificates = "{certificates}"\ndeadline = {deadline}\n',
            encoding="utf-8",
        )

    def run(self, line: str) -> Result:
        with contextlib.chdir(self.folder):
            return CliRunner().invoke(todoke.app, line.split())

    @property
    def tokens(self) -> list[str]:
        return sorted(file.parent.name for file in (self.folder / "var" / "releases" / "releases").glob("*/manifest.tsr"))


@pytest.fixture
def operator(tmp_path: Path, authority: TimeStampAuthority) -> Operator:
    return Operator(tmp_path, authority)


def test_a_release_gets_a_time_stamp_that_openssl_and_the_pack_believe(operator: Operator) -> None:
    released = operator.run("release")
    assert released.exit_code == 0 and "release 1: time stamp of" in released.stdout, released.output
    folder = operator.folder / "var" / "releases" / "releases" / "1"
    words = ["ts", "-verify", "-in", "manifest.tsr", "-data", "manifest.txt", "-CAfile", str(operator.authority.certificates)]
    assert subprocess.run(["openssl", *words], cwd=folder, capture_output=True, check=False).returncode == 0
    assert operator.run(f"audit-pack {RANGE} --output pack.zip").exit_code == 0
    with zipfile.ZipFile(operator.folder / "pack.zip") as pack:
        assert {"releases/1/manifest.tsr", "keys/timestamp-authority.pem"} <= set(pack.namelist())
        (row,) = json.loads(pack.read("contents.json"))["releases"]
    assert abs(dt.datetime.fromisoformat(row["time_stamp"]) - dt.datetime.now(dt.UTC)) < dt.timedelta(minutes=5)


@pytest.mark.parametrize(
    ("mode", "words"),
    [
        ("busy", "answers 503"),
        ("garbage", "does not hold"),
        ("empty", "does not hold"),
        ("other", "does not hold"),
        ("elsewhere", "answers 307"),
        ("endless", "is longer than"),
        ("silent", "no time stamp"),
    ],
)
def test_an_authority_that_misbehaves_holds_up_no_release_and_is_asked_again_at_the_next_renewal(
    operator: Operator, mode: str, words: str
) -> None:
    operator.authority.mode = mode
    operator.configure(operator.authority.certificates, deadline=0.5 if mode == "silent" else 10)
    released = operator.run("release")
    assert released.exit_code == 0 and "www: release 1" in released.stdout
    assert words in released.stderr and "release-keys renew" in released.stderr and operator.tokens == []
    missing = operator.run(f"audit-pack {RANGE} --dry-run").stderr
    assert "releases: 1 has no time stamp" in missing
    operator.authority.mode = "honest"
    operator.configure(operator.authority.certificates)
    renewed = operator.run("release-keys renew")
    assert renewed.exit_code == 0 and "release 1: time stamp of" in renewed.stdout and operator.tokens == ["1"]
    asked = operator.authority.asked
    assert operator.run("release-keys renew").exit_code == 0 and operator.authority.asked == asked, "once there, it is not asked for again"


def test_a_mirror_that_fails_keeps_no_time_stamp_away(operator: Operator) -> None:
    (operator.folder / "www").write_text("no folder", encoding="utf-8")
    released = operator.run("release")
    assert released.exit_code == 3 and operator.tokens == ["1"]


def test_another_authority_is_not_believed_neither_at_the_release_nor_in_the_pack(operator: Operator, tmp_path: Path) -> None:
    stranger = TimeStampAuthority(tmp_path / "stranger")
    operator.configure(stranger.certificates)
    assert "does not hold" in operator.run("release").stderr and operator.tokens == []
    operator.configure(operator.authority.certificates)
    operator.run("release-keys renew")
    operator.configure(stranger.certificates)
    noted = operator.run(f"audit-pack {RANGE} --dry-run").stderr
    assert "releases: 1: the time stamp does not hold" in noted
    token = operator.folder / "var" / "releases" / "releases" / "1" / "manifest.tsr"
    token.write_bytes(token.read_bytes()[:-40])
    operator.configure(operator.authority.certificates)
    assert "releases: 1: the time stamp does not hold" in operator.run(f"audit-pack {RANGE} --dry-run").stderr


def test_an_authority_that_sends_its_chain_in_any_order_is_believed_by_its_own_certificate(tmp_path: Path) -> None:
    """OpenSSL writes the authority's certificate first; whether that is DER's order is a matter of chance, and most often it is not."""
    with TimeStampAuthority(tmp_path / "tsa").serving() as chained:
        chained.send_chain()
        (tmp_path / "office").mkdir()
        operator = Operator(tmp_path / "office", chained)
        both = tmp_path / "both.pem"
        both.write_bytes(chained.certificates.read_bytes() + (chained.folder / "tsa.pem").read_bytes())
        operator.configure(both)
        released = operator.run("release")
        assert released.exit_code == 0 and operator.tokens == ["1"], released.stderr
        folder = operator.folder / "var" / "releases" / "releases" / "1"
        words = ["ts", "-verify", "-in", "manifest.tsr", "-data", "manifest.txt", "-CAfile", str(both), "-untrusted", str(both)]
        assert subprocess.run(["openssl", *words], cwd=folder, capture_output=True, check=False).returncode == 0
        assert "the time stamp does not hold" not in operator.run(f"audit-pack {RANGE} --dry-run").stderr


def test_settings_without_a_certificate_of_an_authority_are_told_and_hold_up_nothing(operator: Operator) -> None:
    operator.configure(operator.authority.folder / "tsa.pem")
    released = operator.run("release")
    assert released.exit_code == 0 and "no self-signed certificate" in released.stderr
    operator.configure(operator.authority.folder / "nowhere.pem")
    assert "nowhere.pem: No such file" in operator.run("release-keys renew").stderr
    file = operator.folder / "publish.toml"
    file.write_text(file.read_text("utf-8").replace("http://", "file://"), encoding="utf-8")
    assert operator.run("release").exit_code == 1
