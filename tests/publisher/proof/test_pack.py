"""`todoke audit-pack`: one zip that common tools can check, that names what it lacks, and that holds no subscriber's address."""

from __future__ import annotations

import contextlib
import csv
import datetime as dt
import io
import json
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

import html5lib
import pytest
from cyclonedx.schema import SchemaVersion
from typer.testing import CliRunner, Result

import todoke
from mailer.database.engine import open_database
from mailer.database.schema import delivery, subscriber
from publisher.proof.needs import read_needs
from tests.mailer.approval.terminal import Terminal
from tests.mailer.database.test_audit_log import tamper
from tests.samples.editors import HANAKO, ICHIRO, entry, key, repository, write_approvers
from tests.samples.mail.mail_bundles import SECRET
from tests.samples.publishing.releases import PAGES
from tests.servers.smtp import Receiver

ISSUE = "fukko-press/45"
TODAY = dt.datetime.now(dt.UTC).date()  # the commands read the wall clock
RANGE = f"--from {TODAY - dt.timedelta(days=1)} --to {TODAY + dt.timedelta(days=1)}"
CONFIG = 'store = "var/releases"\nkeys = "var/keys"\n'
LOCK = "pillow==13.0.0 \\\n    --hash=sha256:" + "a" * 64 + " \\\n    --hash=sha256:" + "b" * 64 + "\n"
PROVENANCE = {
    "format": 1, "moment": "2021-03-31T12:00:00+09:00", "folder": ".", "content": "content", "publications": "publications.toml",
    "settings": "pelicanconf.py", "site_url": "", "python": "CPython 3.11.9", "platform": "linux-x86_64", "packages": {"pillow": "13.0.0", "todoke": "0.1.0"},
    "encoders": {"webp": "1.6.0"},
}  # fmt: skip


@dataclass(frozen=True)
class Office:
    """The operator's folder: mailer, releases, and what others put beside them."""

    folder: Path

    def run(self, line: str) -> Result:
        with contextlib.chdir(self.folder):
            return CliRunner().invoke(todoke.app, line.split(), env={"TODOKE_SECRET": SECRET})

    def pack(self, words: str = "", name: str = "pack.zip") -> Path:
        """Make the pack and unpack it; return the folder."""
        done = self.run(f"audit-pack {RANGE} --output {name} --overwrite {words}")
        assert done.exit_code == 0, done.output
        target = self.folder / "unpacked"
        shutil.rmtree(target, ignore_errors=True)
        with zipfile.ZipFile(self.folder / name) as archive:
            archive.extractall(target)
        return target


def checked(folder: Path, *command: str, data: bytes = b"") -> str:
    done = subprocess.run(command, cwd=folder, input=data, capture_output=True, check=False)
    assert done.returncode == 0, (done.stdout, done.stderr)
    return done.stdout.decode()


def write(folder: Path, files: dict[str, str]) -> None:
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")


@pytest.fixture(scope="module")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A signed approval, a test send to a subscriber, an issue sent to two readers, and two releases."""
    folder = tmp_path_factory.mktemp("office")
    repository(folder, by=HANAKO)
    office = Office(folder)
    with Receiver() as receiver:
        terminal = Terminal(folder, receiver.port, "")
        write_approvers(folder / "approvers.toml", entry(ICHIRO, key(folder / "keys", "ichiro")))
        terminal.run("subscribers", "import", str(folder / "people.csv"))
        assert terminal.run("approve", ISSUE, "--as", ICHIRO[0], "--key", str(folder / "keys" / "ichiro")).exit_code == 0
        assert terminal.run("send", ISSUE, "--test", "a@example.jp").exit_code == 0
        assert terminal.run("send", ISSUE).exit_code == 0
    write(folder / "output" / "site", PAGES | {"accessibility/results/index.html": "<p>調べました</p>"})
    write(folder, {"publish.toml": CONFIG, "requirements.txt": LOCK, "output/provenance.json": json.dumps(PROVENANCE)})
    assert office.run("release-keys new --root stick --without-passphrase").exit_code == 0
    for title in ("知らせ", "知らせ、直したもの"):
        write(folder / "output" / "site", {"new.html": title})
        assert office.run("release").exit_code == 0
    return folder


@pytest.fixture(scope="module")
def unpacked(made_once: Path) -> Path:
    """The pack of that, for tests that only look at it."""
    return Office(made_once).pack()


@pytest.fixture
def office(made_once: Path, tmp_path: Path) -> Office:
    shutil.copytree(made_once, tmp_path / "office")
    return Office(tmp_path / "office")


def addresses(office: Office) -> set[bytes]:
    with open_database(f"sqlite:///{office.folder / 'var/todoke.db'}").reading() as connection:
        rows = [*connection.execute(subscriber.select()), *connection.execute(delivery.select())]
    return {str(getattr(row, name)).lower().encode() for row in rows for name in ("email", "email_key", "address") if hasattr(row, name)}


def members(folder: Path) -> Iterator[tuple[str, bytes]]:
    for file in sorted(folder.rglob("*")):
        if file.is_file():
            yield file.relative_to(folder).as_posix(), file.read_bytes()


def test_no_address_of_the_database_is_anywhere_in_the_pack(office: Office) -> None:
    write(office.folder / "var" / "drills", {"restore.md": "A@EXAMPLE.JP に送れた。b@example.jp も", "log.json": '["a@example.jp"]'})
    known = addresses(office)
    assert b"a@example.jp" in known and b"b@example.jp" in known
    folder = office.pack()
    found = [
        (name, address)
        for name, data in members(folder)
        for address in known
        if address in data.lower() or address.decode() in name.lower()
    ]
    assert found == []
    assert (folder / "drills" / "restore.md").read_text("utf-8") == "(address) に送れた。(address) も"
    assert "drills/restore.md: 2 mail addresses masked" in (folder / "README.txt").read_text("utf-8")


def test_every_part_is_checked_by_the_tools_that_the_readme_names(unpacked: Path) -> None:
    folder = unpacked
    checked(folder, "sha256sum", "--check", "--strict", "SHA256SUMS")
    assert {path for path, _ in members(folder)} == {
        line.split("  ", 1)[1] for line in (folder / "SHA256SUMS").read_text("utf-8").splitlines()
    } | {"SHA256SUMS"}
    (public,) = (folder / "keys").glob("*.pub")
    for number in (1, 2):
        checked(folder, "minisign", "-Vm", f"releases/{number}/manifest.txt", "-p", str(public))
    assert "Anchors among them" in checked(folder, sys.executable, "-I", "audit-log/check_chain.py")
    (statement,) = (folder / "approvals").glob("*.statement")
    words = ["-Y", "verify", "-f", str(statement.with_suffix(".allowed_signers")), "-I", "approver", "-n", "todoke-approve"]
    checked(folder, "ssh-keygen", *words, "-s", str(statement.with_suffix(".sig")), data=statement.read_bytes())
    rows = list(csv.DictReader(io.StringIO((folder / "mail" / "issues.csv").read_text("utf-8-sig"))))
    assert [(row["list"], row["deliveries"], row["sent"]) for row in rows] == [("fukko-press", "2", "2")]
    releases = json.loads((folder / "contents.json").read_text("utf-8"))["releases"]
    newest = json.loads((folder / "audit-log" / "entries.json").read_text("utf-8"))["entries"][-1]["number"]
    assert [row["audit_anchor_entry"] for row in releases] == [newest, newest], "a release proves how far the log had come"


def test_the_bill_of_materials_is_valid_and_names_what_the_release_names(unpacked: Path) -> None:
    from cyclonedx.validation.json import JsonStrictValidator  # compiles forty grammars: only the worker that needs them

    text = (unpacked / "sbom" / "todoke.cdx.json").read_text("utf-8")
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    bill = json.loads(text)
    (pillow,) = bill["components"]
    assert (pillow["purl"], bill["metadata"]["component"]["version"]) == ("pkg:pypi/pillow@13.0.0", "0.1.0")
    assert {each["value"] for each in pillow["properties"]} == {"a" * 64, "b" * 64}
    assert {"name": "todoke:pillow:webp", "value": "1.6.0"} in bill["metadata"]["properties"]


def test_the_index_leads_to_files_of_the_pack_and_has_every_item(unpacked: Path) -> None:
    folder = unpacked
    page = (folder / "index.html").read_text("utf-8")
    html5lib.HTMLParser(strict=True).parse(page)
    links = {unquote(link) for link in re.findall(r'href="([^"]+)"', page)}
    assert [link for link in links if not link.startswith("#") and not (folder / link).is_file()] == []
    anchors = set(re.findall(r'id="([^"]+)"', page))
    assert [link for link in links if link.startswith("#") and link[1:] not in anchors] == []
    for need in read_needs():
        assert f'<th scope="row">{need.id}</th>' in page
    assert "drills/：この期間にはありません" in page and "<script" not in page


def test_the_same_input_gives_the_same_bytes_and_an_old_zip_is_not_overwritten(made_once: Path, unpacked: Path) -> None:
    office = Office(made_once)
    tried = office.run(f"audit-pack {RANGE} --dry-run")
    assert tried.stdout.splitlines()[:-1] == sorted(path for path, _ in members(unpacked)) and not (made_once / "again.zip").exists()
    assert office.run(f"audit-pack {RANGE} --output again.zip").exit_code == 0
    assert (made_once / "pack.zip").read_bytes() == (made_once / "again.zip").read_bytes()
    with zipfile.ZipFile(made_once / "pack.zip") as archive:
        assert archive.namelist()[:2] == ["index.html", "README.txt"] and archive.namelist()[-1] == "SHA256SUMS"
    refused = office.run(f"audit-pack {RANGE} --output pack.zip")
    assert refused.exit_code == 1 and "--overwrite" in refused.stderr


def test_what_is_not_there_is_named_in_the_zip_and_on_the_terminal(tmp_path: Path) -> None:
    office = Office(tmp_path)
    write(tmp_path, {"publish.toml": CONFIG})
    done = office.run(f"audit-pack {RANGE} --output pack.zip")
    assert done.exit_code == 0, done.output
    for name in ("mail, audit-log, approvals", "keys, tuf", "releases", "accessibility", "sbom", "drills", "verifier"):
        assert f"missing ないもの: {name}: none" in done.stderr, done.stderr
    readme = (office.pack() / "README.txt").read_text("utf-8")
    assert readme.count(": none") == 7


def test_a_log_that_somebody_changed_is_told_in_the_pack_and_found_by_the_script(office: Office) -> None:
    database = open_database(f"sqlite:///{office.folder / 'var/todoke.db'}")
    tamper(database, "UPDATE audit SET actor = 'somebody' WHERE number = 1")
    folder = office.pack()
    assert "audit-log: NOT proved" in (folder / "README.txt").read_text("utf-8")
    done = subprocess.run([sys.executable, "audit-log/check_chain.py"], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "entry 1: its words are not those that were written" in done.stdout


def test_a_release_that_somebody_changed_is_told(office: Office) -> None:
    file = office.folder / "var" / "releases" / "releases" / "1" / "manifest.txt"
    file.write_text(file.read_text("utf-8").replace("# commit: ", "# commit: 0"), encoding="utf-8")
    folder = office.pack()
    assert "releases: 1: the signature does not hold" in (folder / "README.txt").read_text("utf-8")
    assert [row["signature_holds"] for row in json.loads((folder / "contents.json").read_text("utf-8"))["releases"]] == [False, True]


def test_the_mailers_part_may_come_from_another_machine(office: Office) -> None:
    exported = office.run(f"audit-export {RANGE}")
    (office.folder / "mail.json").write_text(exported.stdout, encoding="utf-8")
    (office.folder / "mailer.toml").unlink()
    assert (office.pack("--mail-export mail.json") / "mail" / "issues.csv").is_file()
    other = office.run("audit-pack --from 2020-01-01 --to 2020-12-31 --output other.zip --mail-export mail.json")
    assert other.exit_code == 1 and "期間の違う記録です" in other.stderr and not (office.folder / "other.zip").exists()
    (office.folder / "mail.json").write_text('{"format": 1}', encoding="utf-8")
    assert "not what todoke audit-export prints" in office.run(f"audit-pack {RANGE} --output o.zip --mail-export mail.json").stderr


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("--from 2026-04-01 --to 2026-03-31 --dry-run", "is before"),
        ("--from april --to 2026-03-31 --dry-run", "--from april: not a day"),
        ("--from 2026-04-01 --to 2026-04-02", "--output FILE is needed"),
        ("--from 2026-04-01 --to 2026-04-02 --output nowhere/pack.zip", "no such folder"),
        ("--from 2026-04-01 --to 2026-04-02 --output stick --overwrite", "is there already"),
        ("--from 2026-04-01 --to 2026-04-02 --dry-run --mail-export nowhere.json", "nowhere.json: No such file"),
        ("--from 2026-04-01 --to 2026-04-02 --dry-run --config nowhere.toml", "nowhere.toml"),
    ],
)
def test_what_cannot_be_done_is_one_line(made_once: Path, line: str, words: str) -> None:
    done = Office(made_once).run(f"audit-pack {line}")
    assert done.exit_code == 1 and words in done.stderr and done.stderr.count("\n") == 1
