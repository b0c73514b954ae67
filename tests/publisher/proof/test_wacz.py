"""`todoke archive` writes a web archive whose records, index and digests say what the release says."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from warcio.archiveiterator import ArchiveIterator

from publisher.model.errors import PublisherError
from publisher.proof.wacz import surt, write_wacz
from tests.samples.mail.operators import Operator
from tests.samples.publishing.releases import PAGES, Publishing

SITE = "https://www.example.jp/"


def test_every_file_of_a_release_is_a_record_that_the_index_finds(publishing: Publishing, tmp_path: Path) -> None:
    publishing.write("index.html", "<title>知らせ &amp; 橋</title>")
    release = publishing.release().release
    write_wacz(publishing.store, release, SITE, tmp_path / "one.wacz")
    with zipfile.ZipFile(tmp_path / "one.wacz") as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    package = json.loads(parts["datapackage.json"])
    assert package["wacz_version"] == "1.1.1" and package["profile"] == "data-package"
    for resource in package["resources"]:
        data = parts[resource["path"]]
        assert (resource["hash"], resource["bytes"]) == (f"sha256:{hashlib.sha256(data).hexdigest()}", len(data))
    assert json.loads(parts["datapackage-digest.json"])["hash"] == f"sha256:{hashlib.sha256(parts['datapackage.json']).hexdigest()}"
    warc = parts["archive/data.warc.gz"]
    records = list(ArchiveIterator(io.BytesIO(warc), check_digests="raise"))
    assert len(records) == len(PAGES)
    lines = parts["indexes/index.cdx"].decode().splitlines()
    assert lines == sorted(lines) and len(lines) == len(PAGES)
    for line in lines:
        values = json.loads(line.split(" ", 2)[2])
        record = gzip.decompress(warc[int(values["offset"]) : int(values["offset"]) + int(values["length"])])
        assert f"WARC-Target-URI: {values['url']}\r\n".encode() in record
        body = record.split(b"\r\n\r\n", 2)[2].removesuffix(b"\r\n\r\n")
        assert values["digest"] == f"sha256:{hashlib.sha256(body).hexdigest()}"
    pages = [json.loads(line) for line in parts["pages/pages.jsonl"].decode().splitlines()]
    assert pages[0]["format"] == "json-pages-1.0" and {"知らせ & 橋"} <= {page["title"] for page in pages[1:]}
    assert {page["url"] for page in pages[1:]} == {SITE, f"{SITE}press/", f"{SITE}press/2026/bridge/"}


@pytest.mark.parametrize("damage", [b"", b"20"])
def test_the_checker_of_webrecorder_finds_an_archive_valid_and_a_damaged_one_not(
    publishing: Publishing, tmp_path: Path, damage: bytes
) -> None:
    write_wacz(publishing.store, publishing.release().release, SITE, tmp_path / "one.wacz")
    if damage:
        with zipfile.ZipFile(tmp_path / "one.wacz") as whole, zipfile.ZipFile(tmp_path / "damaged.wacz", "w") as damaged:
            for name in whole.namelist():
                damaged.writestr(name, whole.read(name).replace(b"200", damage) if name == "indexes/index.cdx" else whole.read(name))
        (tmp_path / "damaged.wacz").replace(tmp_path / "one.wacz")
    command = [str(Path(sys.executable).with_name("wacz")), "validate", "-f", str(tmp_path / "one.wacz")]
    judged = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ("the passed WACZ is valid" in judged.stdout) is not bool(damage), judged.stdout + judged.stderr


def test_the_same_release_gives_the_same_archive_and_a_damaged_one_none(publishing: Publishing, tmp_path: Path) -> None:
    release = publishing.release().release
    for name in ("one", "two"):
        write_wacz(publishing.store, release, SITE, tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    publishing.store.object(release.by_path["feed.xml"].sha256).write_text("altered", encoding="utf-8")
    with pytest.raises(PublisherError, match=r"1 files are missing or damaged: feed\.xml"):
        write_wacz(publishing.store, release, SITE, tmp_path / "three")
    assert not (tmp_path / "three").exists() and not list(tmp_path.glob(".three*"))


def test_the_command_needs_an_address_and_overwrites_nothing(operator: Operator) -> None:
    assert operator.run("release").exit_code == 0
    unknown = operator.run("archive 1 one.wacz")
    assert unknown.exit_code == 1 and "give it with --url" in unknown.stderr
    assert operator.run(f"archive 1 one.wacz --url {SITE}").exit_code == 0
    assert zipfile.is_zipfile(operator.folder / "one.wacz")
    again = operator.run(f"archive 1 one.wacz --url {SITE}")
    assert again.exit_code == 1 and "nothing is overwritten" in again.stderr
    assert "there is no release 7" in operator.run(f"archive 7 seven.wacz --url {SITE}").stderr


@pytest.fixture
def operator(tmp_path: Path) -> Operator:
    operator = Operator(tmp_path)
    assert operator.run("release-keys new --root stick --without-passphrase").exit_code == 0
    return operator


def test_keys_of_the_index_turn_the_host_round() -> None:
    assert surt("https://www.Example.jp/Press/a.html") == "jp,example)/press/a.html"
    assert surt("http://127.0.0.1:8000") == "127.0.0.1:8000)/"
