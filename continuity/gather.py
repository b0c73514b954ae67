"""Gathers what goes into a snapshot. Small files that change are copied first, so that what is compared is what is written.

The order matters: journals are copied after the database. So they know what left after it, and nothing that left is in neither.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from continuity import database
from continuity.archive import digest
from continuity.installation import Installation
from continuity.model import ContinuityError, StoredFile

PASSWORD = re.compile(r"(://[^/?#\s\"']*:)[^/?#@\s\"']+(@)|([?&]password=)[^&\s\"']+", re.IGNORECASE)
"""The two places of a password in the URL of a PostgreSQL server."""
LISTED = re.compile(r"^([0-9a-f]{64})  (.+)$", re.MULTILINE)
LISTS = ".well-known/todoke/files/"
GIT_SECONDS = 1800.0
LEFT_OUT = (
    "the key that signs links (TODOKE_SECRET or secret_file of mailer.toml): without it links in mails that were sent open nothing",
    "the keys of the audit log and of suppressed addresses (audit_key_file, address_key_file)",
    "the keys of DKIM (var/dkim): `todoke dkim new` makes others; then the DNS must be changed",
    "the keys of releases (var/release-keys): the root keys can name new ones",
    "passwords of relays, of the database and of storages, and the keys of SSH",
    "the private key that opens snapshots",
)
"""Kept apart from the snapshot, on paper or in another safe."""


@dataclass
class Gathered:
    """Files by their path in the snapshot; ``rows`` by table."""

    database: str = ""
    sources: dict[str, Path] = field(default_factory=dict)
    files: dict[str, StoredFile] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)

    def add(self, path: str, source: Path, sha256: str = "") -> None:
        """Add a file. Its digest is computed if it is not known by its name."""
        self.sources[path] = source
        self.files[path] = StoredFile(sha256 or digest(source), source.stat().st_size)


def gather(installation: Installation, folder: Path) -> Gathered:
    """Gather everything; copies are made in ``folder``. Raises `ContinuityError`."""
    gathered = Gathered()
    path, copied, gathered.rows = database.copy(installation.database, folder)
    gathered.database = path
    gathered.add(path, copied)
    for name, source in _copied_files(_journals(installation), folder / "state"):
        gathered.add(f"state/{name}", source)
    for name, source in _settings(installation, folder / "settings"):
        gathered.add(f"home/{name}", source)
    if (bundle := _bundle(installation, folder / "content.bundle")) is not None:
        gathered.add("content.bundle", bundle)
    for name, source, sha256 in _release(installation.store):
        gathered.add(f"release/{name}", source, sha256)
    return gathered


def _journals(installation: Installation) -> Iterator[tuple[str, Path]]:
    """Journals first, then the logs of what was sent: a journal that ends meanwhile is in a log."""
    state = installation.state
    for pattern in ("*/*.log", "*.sent", "ledger.json", "audit-anchor"):
        for file in sorted(state.glob(pattern)):
            yield file.relative_to(state).as_posix(), file


def _copied_files(files: Iterator[tuple[str, Path]], folder: Path) -> Iterator[tuple[str, Path]]:
    for name, source in files:
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileNotFoundError):  # ended while we looked
            shutil.copyfile(source, target)
            yield name, target


def _settings(installation: Installation, folder: Path) -> Iterator[tuple[str, Path]]:
    """Settings, without the passwords that somebody has written into a URL."""
    for source in installation.settings:
        name = source.relative_to(installation.home).as_posix() if source.is_relative_to(installation.home) else source.name
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        text = source.read_text("utf-8")
        target.write_text(PASSWORD.sub(lambda match: f"{match[1] or match[3]}***{match[2] or ''}", text), "utf-8")
        yield name, target


def _bundle(installation: Installation, target: Path) -> Path | None:
    """Write all branches of the content's repository; None where there is none, or nothing was committed."""
    folder = installation.content if installation.content.is_dir() else installation.home
    git = shutil.which("git")
    if git is None or _git(git, folder, "rev-parse", "--verify", "--quiet", "HEAD").returncode:
        return None
    done = _git(git, folder, "bundle", "create", "--quiet", str(target.resolve()), "--all", "HEAD")
    if done.returncode:
        raise ContinuityError(f"git bundle: {' '.join(done.stderr.split())[:300]} / 原稿の履歴を書き出せません")
    return target


def _git(git: str, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - fixed words
        [git, "-C", str(folder), *words], capture_output=True, text=True, check=False, timeout=GIT_SECONDS, stdin=subprocess.DEVNULL
    )


def _release(store: Path) -> Iterator[tuple[str, Path, str]]:
    """The last release: manifest, signatures, metadata, and the contents of its files by their digest, which is their name."""
    numbers = sorted(int(file.parent.name) for file in store.glob("releases/*/manifest.txt.minisig") if file.parent.name.isdecimal())
    if not numbers:
        return
    folder = store / "releases" / str(numbers[-1])
    for file in (*sorted(folder.iterdir()), *sorted((store / "metadata").glob("*.json"))):
        if file.is_file():
            yield file.relative_to(store).as_posix(), file, ""
    objects = dict[str, None]()
    for _, path in LISTED.findall((folder / "manifest.txt").read_text("utf-8")):
        if path.startswith(LISTS):
            list_file = store / "lists" / path.removeprefix(LISTS)
            yield list_file.relative_to(store).as_posix(), list_file, ""
            objects |= dict.fromkeys(sha256 for sha256, _ in LISTED.findall(list_file.read_text("utf-8")))
    for sha256 in objects:
        yield f"objects/{sha256[:2]}/{sha256}", store / "objects" / sha256[:2] / sha256, sha256
