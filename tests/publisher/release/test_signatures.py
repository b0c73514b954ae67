"""Signatures hold for other people's programs: minisign, and python-tuf's own client; and they fail for everything else."""

from __future__ import annotations

import datetime as dt
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tuf.api.exceptions import DownloadError, DownloadHTTPError, ExpiredMetadataError, RepositoryError
from tuf.ngclient import FetcherInterface, Updater, UpdaterConfig

from publisher.model import manifest
from publisher.model.errors import PublisherError
from publisher.model.release import Release, ReleasedFile
from publisher.release.keys import new_key, read_key
from publisher.release.minisign import public_key, read_public_key, sign, verify
from publisher.release.store import SIGNATURE, SignedRelease
from publisher.release.tuf_metadata import FOLDER, ROOT, SigningKeys, new_root, renew_timestamp, sign_release
from tests.samples.publishing.releases import NOW, Publishing


def test_minisign_itself_believes_a_release_and_no_altered_one(publishing: Publishing, tmp_path: Path) -> None:
    signed, public = publishing.release(), public_key(publishing.keys.targets)
    (tmp_path / "manifest.txt").write_bytes(signed.proof[manifest.PATH])
    (tmp_path / "manifest.txt.minisig").write_bytes(signed.proof[SIGNATURE])
    command = ["minisign", "-Vm", str(tmp_path / "manifest.txt"), "-P", public.text]
    believed = subprocess.run(command, capture_output=True, text=True, check=False)
    assert believed.returncode == 0 and "todoke release 1" in believed.stdout
    (tmp_path / "manifest.txt").write_bytes(signed.proof[manifest.PATH].replace("知".encode(), b"") + b"#\n")
    assert subprocess.run(command, capture_output=True, check=False).returncode != 0


@settings(derandomize=True, max_examples=200, deadline=None)
@given(st.binary(max_size=300), st.integers(0, 10**6), st.integers(1, 255), st.booleans())
def test_a_flipped_bit_in_data_or_signature_is_noticed(data: bytes, at: int, flip: int, in_data: bool) -> None:
    key = _KEY
    signature = sign(data, key, "第1版")
    assert verify(data, signature, public_key(key)) == "第1版"
    damaged = bytearray(data if in_data else signature)
    if not damaged:
        return
    damaged[at % len(damaged)] ^= flip
    first_line = 0 if in_data else signature.index(b"\n")  # the untrusted comment is what it says
    if not in_data and at % len(damaged) <= first_line:
        return
    with pytest.raises(PublisherError):
        verify(bytes(damaged) if in_data else data, signature if in_data else bytes(damaged), public_key(key))


def test_a_public_key_is_read_back_from_its_file() -> None:
    public = public_key(_KEY)
    assert read_public_key(f"untrusted comment: x\n{public.text}\n").text == public.text
    with pytest.raises(PublisherError):
        read_public_key("RWQ")


class _Mirror(FetcherInterface):
    """Fetches metadata from memory."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files = files

    def _fetch(self, url: str) -> Any:
        name = url.rpartition("/")[2]
        if name not in self.files:
            raise DownloadHTTPError("not found", 404)
        return iter([self.files[name]])


def metadata_of(signed: SignedRelease) -> dict[str, bytes]:
    return {path.removeprefix(FOLDER): data for path, data in signed.proof.items() if path.startswith(FOLDER)}


def client(folder: Path, root: bytes, files: dict[str, bytes], now: dt.datetime = NOW) -> Updater:
    folder.mkdir(exist_ok=True)
    config = UpdaterConfig(prefix_targets_with_hash=False)
    updater = Updater(str(folder), "http://mirror/", fetcher=_Mirror(files), config=config, bootstrap=root)
    updater._trusted_set.reference_time = now
    return updater


def test_a_client_of_tuf_finds_each_file_of_a_release(publishing: Publishing, tmp_path: Path) -> None:
    signed = publishing.release()
    files = metadata_of(signed)
    updater = client(tmp_path / "client", files[ROOT], files)
    for file in signed.release.files:
        target = updater.get_targetinfo(file.path)
        assert target is not None and (target.length, target.hashes["sha256"]) == (file.length, file.sha256)
    assert updater.get_targetinfo("press/evil/index.html") is None
    assert updater.get_targetinfo(manifest.PATH) is not None


def test_an_old_release_that_is_served_again_is_refused(publishing: Publishing, tmp_path: Path) -> None:
    old = metadata_of(publishing.release())
    publishing.write("index.html", "neu")
    new = metadata_of(publishing.release())
    client(tmp_path / "client", new[ROOT], new).refresh()
    with pytest.raises((RepositoryError, DownloadError)):
        client(tmp_path / "client", new[ROOT], old).refresh()


def test_a_mirror_that_stands_still_is_noticed_after_a_day_and_the_timer_prevents_it(publishing: Publishing, tmp_path: Path) -> None:
    files = metadata_of(publishing.release())
    later = publishing.now + dt.timedelta(hours=25)
    with pytest.raises(ExpiredMetadataError):
        client(tmp_path / "client", files[ROOT], files, later).refresh()
    renewed = files | {"timestamp.json": renew_timestamp(files, publishing.keys.timestamp, later)}
    client(tmp_path / "client", files[ROOT], renewed, later).refresh()


def test_keys_of_a_thief_sign_nothing_that_counts(publishing: Publishing, tmp_path: Path) -> None:
    signed = publishing.release()
    files = metadata_of(signed)
    thief = SigningKeys(new_key(tmp_path / "t.pem"), new_key(tmp_path / "ts.pem"))
    forged = sign_release(signed.release, [], thief, files, publishing.now)
    with pytest.raises(RepositoryError):
        client(tmp_path / "client", files[ROOT], forged).refresh()


def many_files(release: Release, number: int) -> Release:
    files = [ReleasedFile(f"press/{count}/index.html", f"{count:064x}", count, "text/html", "no-cache") for count in range(number)]
    return replace(release, files=tuple(files))


def test_an_edit_changes_one_bin_of_many(publishing: Publishing, tmp_path: Path) -> None:
    release = many_files(publishing.release().release, 5000)
    first = sign_release(release, [], publishing.keys, publishing.store.metadata(), publishing.now)
    assert sum(".bin-" in name for name in first) == 256
    edited = replace(release, files=(ReleasedFile(release.files[0].path, "f" * 64, 1, "text/html", "no-cache"), *release.files[1:]))
    second = sign_release(edited, [], publishing.keys, first, publishing.now)
    assert len([name for name in second if ".bin-" in name and name not in first]) == 1
    target = client(tmp_path / "client", second[ROOT], second).get_targetinfo("press/0/index.html")
    assert target is not None and target.hashes["sha256"] == "f" * 64


def test_a_site_that_grows_and_becomes_small_again_keeps_its_clients(publishing: Publishing, tmp_path: Path) -> None:
    """A client of TUF refuses a snapshot that lacks a role which the last one named; the number of bins grows and never shrinks."""
    small = publishing.release().release
    files, bins = publishing.store.metadata(), []
    for number in (10, 600, 5000, 5):
        release = many_files(small, number)
        files = sign_release(release, [], publishing.keys, files, publishing.now)
        updater = client(tmp_path / "client", files[ROOT], files)  # the same client, which remembers
        for path in (release.files[0].path, release.files[-1].path):
            assert updater.get_targetinfo(path) is not None
        assert updater.get_targetinfo(f"press/{number}/index.html") is None
        bins.append(sum(".bin-" in name for name in files))
    assert bins == [16, 64, 256, 256]


def test_a_threshold_that_cannot_be_met_is_refused(publishing: Publishing) -> None:
    with pytest.raises(PublisherError, match="3 of 2 root keys"):
        new_root(publishing.root_keys, 3, publishing.keys, NOW)


def test_a_key_is_private_never_overwritten_and_opened_by_its_passphrase_only(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    new_key(path, b"secret")
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(PublisherError, match="never overwritten"):
        new_key(path)
    assert read_key(path, b"secret").public_key() is not None
    for passphrase in (None, b"wrong"):
        with pytest.raises(PublisherError):
            read_key(path, passphrase)
    path.chmod(0o644)
    with pytest.raises(PublisherError, match="chmod 600"):
        read_key(path, b"secret")
    shutil.copy(Path(__file__), tmp_path / "no-key.pem")
    (tmp_path / "no-key.pem").chmod(0o600)
    with pytest.raises(PublisherError):
        read_key(tmp_path / "no-key.pem")


def _fixed_key() -> Any:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


_KEY = _fixed_key()
