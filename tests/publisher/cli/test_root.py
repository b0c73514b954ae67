"""A new root by command: longer life, a stolen key replaced, root keys replaced; clients of TUF that knew the first root follow, and thieves do not lead them."""

from __future__ import annotations

import datetime as dt
import subprocess
from pathlib import Path

import pytest

from publisher.model.errors import PublisherError
from publisher.release.keys import new_key, read_key
from publisher.release.root import WARNING, RootChange, next_root, warnings
from publisher.release.store import ReleaseStore
from publisher.release.tuf_metadata import ROOT, ROOT_LIFE
from tests.publisher.release.test_signatures import client
from tests.samples.mail.operators import Operator
from tests.samples.publishing.releases import NOW, PAGES, Publishing

SIGNED = "--sign stick/root-1.pem --sign stick/root-2.pem"


@pytest.fixture
def operator(tmp_path: Path) -> Operator:
    operator = Operator(tmp_path)
    assert operator.run("release-keys new --root stick --without-passphrase").exit_code == 0
    assert operator.run("release").exit_code == 0
    return operator


def metadata_of(operator: Operator, mirror: str = "www") -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in (operator.folder / mirror / "current/.well-known/todoke/metadata").iterdir()}


def require_believed(operator: Operator, first_root: bytes) -> None:
    """A client that has seen the first root only believes what the mirrors show now."""
    for mirror in ("www", "second"):
        updater = client(operator.folder / f"client-{mirror}", first_root, metadata_of(operator, mirror), dt.datetime.now(dt.UTC))
        assert updater.get_targetinfo("index.html") is not None
    key = operator.run("release-keys show").stdout.strip()
    signed = ["minisign", "-Vm", "www/current/.well-known/todoke/manifest.txt", "-P", key]
    assert subprocess.run(signed, cwd=operator.folder, capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize(
    ("options", "release"),
    [
        ("", 1),
        ("--new-time-key", 1),
        ("--new-release-key", 2),
        ("--new-release-key --new-time-key --new-root-keys safe --number 2 --threshold 1 --without-passphrase", 2),
    ],
)
def test_a_new_root_is_on_all_mirrors_at_once_and_clients_follow(operator: Operator, options: str, release: int) -> None:
    first_root = metadata_of(operator)["1.root.json"]
    require_believed(operator, first_root)
    done = operator.run(f"release-keys root {SIGNED} {options}")
    assert done.exit_code == 0 and f"www: release {release}" in done.stdout, done.stderr
    assert "2.root.json" in metadata_of(operator)
    require_believed(operator, first_root)
    operator.write("index.html", "<h1>danach</h1>")
    assert operator.run("release").exit_code == 0
    require_believed(operator, first_root)
    assert operator.run("mirrors --check --full").exit_code == 0


def test_new_root_keys_are_the_ones_that_count_next_time(operator: Operator) -> None:
    assert operator.run(f"release-keys root {SIGNED} --new-root-keys safe --number 2 --threshold 1 --without-passphrase").exit_code == 0
    refused = operator.run(f"release-keys root {SIGNED}")
    assert refused.exit_code == 1 and "no root key of version 2" in refused.stderr
    assert operator.run("release-keys root --sign safe/root-2.pem").exit_code == 0
    assert "3.root.json" in metadata_of(operator)


def test_the_old_key_is_kept_aside_and_signs_nothing_any_more(operator: Operator) -> None:
    old = (operator.folder / "var/keys/release.pem").read_bytes()
    assert operator.run(f"release-keys root {SIGNED} --new-release-key").exit_code == 0
    kept = list((operator.folder / "var/keys").glob("release.pem.until-*"))
    assert [file.read_bytes() for file in kept] == [old]
    (operator.folder / "var/keys/release.pem").write_bytes(old)  # the thief's copy, or a backup that was brought back
    operator.write("index.html", "<h1>gefälscht</h1>")
    refused = operator.run("release")
    assert refused.exit_code == 1 and "release.pem is not the key that root 2 names" in refused.stderr
    assert operator.page("www") == PAGES["index.html"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ("--sign stick/root-1.pem", "2 root keys must agree, 1 were given"),
        ("--sign stick/root-1.pem --sign stick/root-1.pem", "2 root keys must agree, 1 were given"),
        ("--sign stick/root-1.pem --sign var/keys/release.pem", "no root key"),
        ("--sign stick/root-1.pem --sign nowhere.pem", "nowhere.pem"),
        (f"{SIGNED} --new-root-keys safe --number 2 --threshold 3 --without-passphrase", "3 of 2"),
    ],
)
def test_too_few_or_wrong_root_keys_change_nothing_and_make_no_key(operator: Operator, options: str, words: str) -> None:
    before = {file: file.read_bytes() for file in (operator.folder / "var").rglob("*") if file.is_file()}
    refused = operator.run(f"release-keys root {options} --new-release-key")
    assert refused.exit_code == 1 and words in refused.stderr and refused.stderr.count("\n") == 1
    assert {file: file.read_bytes() for file in (operator.folder / "var").rglob("*") if file.is_file()} == before
    assert not (operator.folder / "safe").exists()


def test_a_dry_run_says_what_would_be_and_changes_nothing(operator: Operator) -> None:
    tried = operator.run(f"release-keys root {SIGNED} --new-release-key --dry-run")
    assert tried.exit_code == 0 and "a new release key" in tried.stdout and "Nothing was changed" in tried.stdout
    assert "2.root.json" not in metadata_of(operator) and not list((operator.folder / "var/keys").glob("*.new"))


def test_a_warning_comes_two_months_before_the_end_and_another_after_it(publishing: Publishing, tmp_path: Path) -> None:
    files, end = publishing.store.metadata(), NOW + ROOT_LIFE
    assert warnings(files, NOW) == [] and warnings(files, end - WARNING - dt.timedelta(hours=1)) == []
    assert "in 59 days" in warnings(files, end - dt.timedelta(days=59))[0]
    assert "no verifier believes" in warnings(files, end)[0]
    later = next_root(files, publishing.root_keys, RootChange(), end)
    assert warnings(files | later, end) == []
    with pytest.raises(PublisherError, match="no root key"):
        next_root(files, [*publishing.root_keys, new_key(tmp_path / "thief.pem")], RootChange(), NOW)


def test_the_commands_print_the_warning(operator: Operator) -> None:
    store = ReleaseStore(operator.folder / "var/releases")
    signers = [read_key(operator.folder / f"stick/root-{number}.pem") for number in (1, 2)]
    soon = dt.datetime.now(dt.UTC) - ROOT_LIFE + dt.timedelta(days=10)
    store.keep_metadata(store.metadata() | next_root(store.metadata(), signers, RootChange(), soon))
    assert ROOT in store.metadata()
    for command in ("release", "mirrors"):
        assert "ends on" in operator.run(command).stderr
