"""Writes a kit beside the one that is on the disk, and renames: a disk that is pulled out has the old kit or the new one. FAT has neither links nor an exchange."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from continuity import program
from continuity.archive import BLOCK, digest, remove_folder
from continuity.installation import Installation
from continuity.kit import sheet
from continuity.kit.packages import Packages, collect, kind
from continuity.model import ContinuityError, SnapshotName
from continuity.restoring import site_files
from continuity.settings import ContinuitySettings

KIT, NEW, OLD = "todoke-kit", "todoke-kit.new", "todoke-kit.old"
SHEET, SUMS = "STEPS.pdf", "SHA256SUMS"
SITE_SECONDS = 7200.0
SPARE = 2_000_000
"""Bytes for the lists and pages that are made on the disk."""

Step = Callable[[str, int, int], None]
"""Is told what is being written, and how many bytes of how many are there."""


@dataclass(frozen=True)
class Plan:
    """What is to be written: files by their path in the kit, and texts; ``site`` is how many bytes the site takes, None without one."""

    files: Mapping[str, Path]
    texts: Mapping[str, bytes]
    site: int | None

    @property
    def length(self) -> int:
        """Bytes of the files and texts, without the site."""
        return sum(file.stat().st_size for file in self.files.values()) + sum(map(len, self.texts.values()))


@contextmanager
def locked(settings: ContinuitySettings) -> Iterator[None]:
    """Let one kit be made at a time: packages and disk are shared. Raises `ContinuityError`."""
    settings.kit.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    lock = FileLock(settings.kit.folder / ".lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise ContinuityError(f"{settings.kit.folder}: another kit is being written / ほかの持ち出し用を作成中です") from None
    try:
        yield
    finally:
        lock.release()


def plan(settings: ContinuitySettings, installation: Installation, snapshots: Sequence[Path], moment: dt.datetime) -> Plan:
    """Collect everything that does not lie on the disk yet. Raises `ContinuityError`."""
    packages = collect(settings.kit)
    named = (name for file in snapshots if (name := SnapshotName.parse(file.name)) is not None)
    newest = max(named, default=SnapshotName.at(moment))  # before the first one is made, a dry run has none
    page = sheet.draw(settings.people, newest, kind(), settings.kit.font, moment)
    files = {f"snapshots/{file.name}": file for file in snapshots} | _program_files(settings.kit.program, packages)
    texts = {SHEET: page, "program/requirements.txt": packages.requirements().encode(), "program/python.txt": f"{kind()}\n".encode()}
    has_site = any(installation.store.glob("releases/*/manifest.txt.minisig"))
    return Plan(files, texts, sum(file.stat().st_size for _, file in site_files(installation.store)) if has_site else None)


def _program_files(checkout: Path, packages: Packages) -> dict[str, Path]:
    return {
        "program/install.sh": Path(__file__).with_name("install.sh"),
        f"program/pip/{packages.pip.name}": packages.pip,
        **{f"program/wheels/{file.name}": file for file in packages.wheels},
        **{f"program/{file.relative_to(checkout).as_posix()}": file for file in packages.units},
    }


def require_place(folder: Path, planned: Plan) -> int:
    """Return the bytes that are needed. Raises `ContinuityError`: no such folder, or no room beside the kit that is there."""
    if not folder.is_dir():
        raise ContinuityError(f"{folder}: there is no such folder; is the disk in? / ディスクがつながっていますか")
    block = max(os.statvfs(folder).f_frsize, 1)
    count = len(planned.files) + len(planned.texts)
    needed = planned.length + (planned.site or 0) * 11 // 10 + count * block + SPARE
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise ContinuityError(f"{folder}: {free:,} bytes are free, {needed:,} are needed beside the kit that is there / 空きが足りません")
    return needed


def write(folder: Path, planned: Plan, installation: Installation, settings: ContinuitySettings, step: Step) -> Path:
    """Write the kit, and return its folder. Raises `ContinuityError`; then the old kit is as it was."""
    new = folder / NEW
    try:
        _clear(folder)
        require_place(folder, planned)
        new.mkdir()
        sums = _write_files(new, planned, step)
        if planned.site is not None:
            step("site", 0, planned.site)
            _write_site(new, installation, settings.publish)
        (new / SUMS).write_text("".join(f"{sha256}  {path}\n" for path, sha256 in sorted(sums.items())), "utf-8")
        step("sync", 0, 0)
        _swap(folder)
    except OSError as error:
        raise ContinuityError(f"{error.filename or folder}: {error.strerror or error} / 書き込めません") from error
    finally:
        remove_folder(new)
    return folder / KIT


def _clear(folder: Path) -> None:
    """Put right what a cut has left: of the two renames of `_swap`, or a half kit."""
    if (folder / OLD).is_dir() and not (folder / KIT).exists():
        (folder / OLD).rename(folder / KIT)
    remove_folder(folder / NEW)


def _write_files(new: Path, planned: Plan, step: Step) -> dict[str, str]:
    """Copy files and write texts. Return the digest of each as it was read: what the disk makes of it is compared by install.sh."""
    done, sums = 0, dict[str, str]()
    for path, source in planned.files.items():
        target = new / path
        target.parent.mkdir(parents=True, exist_ok=True)
        with source.open("rb") as reading, target.open("xb") as writing:
            while piece := reading.read(BLOCK):
                writing.write(piece)
                done += len(piece)
                step(path, done, planned.length)
        sums[path] = digest(source)
    for path, text in planned.texts.items():
        (new / path).parent.mkdir(parents=True, exist_ok=True)
        (new / path).write_bytes(text)
        sums[path] = digest(new / path)
    return sums


def _write_site(new: Path, installation: Installation, publish: Path) -> None:
    """Let the publisher write the newest release: it makes every address relative, and signs the copy."""
    try:
        done = program.run(installation.home, "portable", str(new), "--config", str(publish), seconds=SITE_SECONDS)
    except subprocess.TimeoutExpired as error:
        raise ContinuityError(f"todoke portable: not ready after {SITE_SECONDS:g} s / 時間内に終わりませんでした") from error
    if done.returncode:
        raise ContinuityError(f"todoke portable: {' '.join((done.stderr or done.stdout).split())[:500]}")


def _swap(folder: Path) -> None:
    """Rename twice, as `todoke portable` does. `_clear` brings the old kit back after a cut between the two."""
    os.sync()  # a disk is pulled out without asking
    remove_folder(folder / OLD)
    if (folder / KIT).exists():
        (folder / KIT).rename(folder / OLD)
    (folder / NEW).rename(folder / KIT)
    remove_folder(folder / OLD)
    os.sync()
