"""Restores the newest snapshot that is whole. What is being put together lies beside its place, and is renamed there as the last step."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import tomlkit

from continuity import archive, database
from continuity.gather import LISTED, LISTS
from continuity.model import ContinuityError, SnapshotDamaged, SnapshotIndex, SnapshotName

ARMOUR = re.compile(r"AGE-SECRET-KEY-1[0-9A-Z]+")
GIT_SECONDS = 1800.0


@dataclass(frozen=True)
class Restored:
    """What was restored. ``damaged`` are files that are no whole snapshots, each with the reason; ``serving`` is the folder of the site, if one was in it."""

    index: SnapshotIndex
    folder: Path
    damaged: tuple[str, ...]
    serving: Path | None = None


def read_identities(file: Path) -> tuple[str, ...]:
    """Return the private keys in a file of `age-keygen`. Raises `ContinuityError`."""
    try:
        keys = tuple(ARMOUR.findall(file.read_text("ascii")))
    except (OSError, UnicodeDecodeError) as error:
        raise ContinuityError(f"{file}: {getattr(error, 'strerror', None) or 'no key of age'} / 秘密鍵が読めません") from error
    if not keys:
        raise ContinuityError(f"{file}: there is no private key of age in it (AGE-SECRET-KEY-1…) / 秘密鍵がありません")
    return keys


def candidates(files: Sequence[Path]) -> list[tuple[SnapshotName, Path]]:
    """Return the snapshots among files and folders, newest first. Raises `ContinuityError` if there are none."""
    every = [each for file in files for each in (sorted(file.iterdir()) if file.is_dir() else [file])]
    named = [(name, file) for file in every if (name := SnapshotName.parse(file.name)) is not None]
    if not named:
        raise ContinuityError(f"no snapshot (todoke-….tar.age) in {', '.join(map(str, files))} / 控えがありません")
    return sorted(named, reverse=True)


def restore(files: Sequence[Path], target: Path, identities: Sequence[str], *, url: str = "", dry_run: bool = False) -> Restored:
    """Restore the newest whole snapshot into ``target``, which must not be there or be empty. Raises `ContinuityError`; then nothing is there.

    :param url: an empty database of PostgreSQL, for a snapshot of one.
    :param dry_run: unpack, compare, and leave nothing.
    """
    target = target.resolve()
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise ContinuityError(f"{target}: there is something already; give a new folder / 空の場所を指定してください")
    target.parent.mkdir(parents=True, exist_ok=True)
    work = target.parent / f".{target.name}.part-{secrets.token_hex(4)}"
    try:
        work.mkdir(mode=0o700)
        index, damaged = unpack_newest(files, work, identities)
        home = _put_together(index, work, url if not dry_run else "")
        if not dry_run:
            with _filled_database(index, work, url):
                _give_name(home, target)
        site = target / "site"
        return Restored(index, target, damaged, site if (home / "site").is_dir() or site.is_dir() else None)
    except OSError as error:
        raise ContinuityError(f"{error.filename or target}: {error.strerror or error} / 書き込めません") from error
    finally:
        archive.remove_folder(work)


def unpack_newest(files: Sequence[Path], work: Path, identities: Sequence[str]) -> tuple[SnapshotIndex, tuple[str, ...]]:
    """Unpack the newest snapshot that is whole into ``work``/files. Return its list, and what is wrong with newer ones."""
    every, damaged = candidates(files), list[str]()
    by_moment = {name.moment: file for name, file in every if not name.base}
    for name, file in every:
        try:
            index = _unpack(name, file, by_moment, work / "files", identities)
        except SnapshotDamaged as error:
            damaged.append(str(error) if str(file) in str(error) else f"{file}: {error}")
            archive.remove_folder(work / "files")
        else:
            return index, tuple(damaged)
    raise ContinuityError("no snapshot is whole: " + "; ".join(damaged))


def _unpack(name: SnapshotName, file: Path, by_moment: dict[str, Path], unpacked: Path, identities: Sequence[str]) -> SnapshotIndex:
    index = archive.read(file, unpacked, identities, lambda index: frozenset(index.files))
    if index.name != name:
        raise SnapshotDamaged(f"{file}: its name is not that of its content / 名前が中身と違います")
    _unpack_base(index, by_moment, unpacked, identities)
    copied = unpacked / index.database
    if index.database == database.SQLITE_FILE:
        try:
            _require_rows(index, database.count(copied))
        except ContinuityError as error:
            raise SnapshotDamaged(str(error)) from error
    else:
        database.check_dump(copied)
    return index


def _unpack_base(index: SnapshotIndex, by_moment: dict[str, Path], unpacked: Path, identities: Sequence[str]) -> None:
    """Take from the snapshot that this one builds on what it does not repeat."""
    missing = {path: file for path, file in index.files.items() if not file.is_here}
    if not missing:
        return
    base = by_moment.get(index.name.base)
    if base is None:
        raise SnapshotDamaged(f"it builds on {SnapshotName(index.name.base)}, which is not here / 元になる控えがありません")
    digests, aside = {file.sha256 for file in missing.values()}, unpacked.with_name("base")
    try:
        held = archive.read(
            base,
            aside,
            identities,
            lambda index: frozenset(path for path, file in index.files.items() if file.is_here and file.sha256 in digests),
        )
        places = {file.sha256: aside / path for path, file in held.files.items() if file.is_here}
        for path, file in missing.items():
            if file.sha256 not in places:
                raise SnapshotDamaged(f"{base} does not have {path} / 元の控えに内容がありません")
            (unpacked / path).parent.mkdir(parents=True, exist_ok=True)
            os.link(places[file.sha256], unpacked / path)
    finally:
        archive.remove_folder(aside)


def _put_together(index: SnapshotIndex, work: Path, url: str) -> Path:
    """Make the folder of the installation from the unpacked files."""
    files, home = work / "files", work / "home"
    if (files / "content.bundle").is_file():
        _clone(files / "content.bundle", home)
    home.mkdir(exist_ok=True)
    _make_way(home, ["var", "site", *(path.name for path in (files / "home").glob("*"))])
    if (files / "home").is_dir():
        shutil.copytree(files / "home", home, dirs_exist_ok=True)
    var = home / "var"
    var.mkdir(mode=0o700, exist_ok=True)
    var.chmod(0o700)
    is_sqlite = index.database == database.SQLITE_FILE
    if is_sqlite:
        (files / index.database).chmod(0o600)
        (files / index.database).replace(var / "todoke.db")
    if (files / "state").is_dir():
        shutil.copytree(files / "state", var / ("todoke.db.state" if is_sqlite else "mailer.state"), dirs_exist_ok=True)
    if (files / "release").is_dir():
        (files / "release").rename(var / "releases")
        for path, source in site_files(var / "releases"):
            (home / "site" / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, home / "site" / path)
    _set_database(home / "mailer.toml", "sqlite:///var/todoke.db" if is_sqlite else _without_password(url))
    return home


def _make_way(home: Path, names: Sequence[str]) -> None:
    """Remove what an editor has committed as a file where the snapshot brings something of its own: it holds no restore up."""
    for name in names:
        if not (home / name).is_dir():
            (home / name).unlink(missing_ok=True)


def site_files(store: Path) -> Iterator[tuple[str, Path]]:
    """Yield each file of the last release in a store: its path in the site, and its content."""
    folders = sorted((file.parent for file in store.glob("releases/*/manifest.txt")), key=lambda folder: int(folder.name))
    manifest = folders[-1] / "manifest.txt"
    for each in sorted(folders[-1].iterdir()):
        yield f".well-known/todoke/{each.name}", each
    for each in sorted((store / "metadata").glob("*.json")):
        yield f".well-known/todoke/metadata/{each.name}", each
    for _, path in LISTED.findall(manifest.read_text("utf-8")):
        if path.startswith(LISTS):
            list_file = store / "lists" / path.removeprefix(LISTS)
            yield path, list_file
            for sha256, inner in LISTED.findall(list_file.read_text("utf-8")):
                yield inner, store / "objects" / sha256[:2] / sha256


def _clone(bundle: Path, target: Path) -> None:
    git = shutil.which("git")
    if git is None:
        raise ContinuityError("git is not installed / git がありません")
    # Editors write the repository: a symbolic link of theirs becomes a plain file, and nothing is written through it to another place of this machine.
    command = [git, "-c", "core.symlinks=false", "clone", "--config", "core.symlinks=false", "--quiet", str(bundle), str(target)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=GIT_SECONDS)  # noqa: S603 - fixed words
    if done.returncode:
        raise SnapshotDamaged(f"content.bundle: {' '.join(done.stderr.split())[:300]} / 原稿の履歴が開けません")


def _set_database(config: Path, url: str) -> None:
    """Let mailer.toml name the restored database."""
    if config.is_file() and url:
        document = tomlkit.parse(config.read_text("utf-8"))
        document["database"] = url
        config.write_text(tomlkit.dumps(document), "utf-8")


def _without_password(url: str) -> str:
    return re.sub(r"(://[^/?#:@]*):[^/?#@]+@", r"\1@", url)


@contextmanager
def _filled_database(index: SnapshotIndex, work: Path, url: str) -> Iterator[None]:
    """Fill the database of a dump. If something fails afterwards, it is emptied again: it was empty."""
    if index.database != database.DUMP:
        yield
        return
    if not url:
        raise ContinuityError(
            "this snapshot is of PostgreSQL: name an empty database with TODOKE_DATABASE / 空のデータベースを指定してください"
        )
    database.restore_postgres(work / "files" / index.database, url)
    try:
        _require_rows(index, database.count(url))
        yield
    except ContinuityError:
        database.empty_postgres(url)
        raise


def _require_rows(index: SnapshotIndex, rows: dict[str, int]) -> None:
    differing = {table: (number, rows.get(table)) for table, number in index.rows.items() if rows.get(table) != number}
    if differing:
        table, (counted, restored) = next(iter(differing.items()))
        raise SnapshotDamaged(f"the table {table} has {restored} rows, and {counted} were counted / 行の数が合いません")


def _give_name(home: Path, target: Path) -> None:
    """The last step. Of two that restore into one place, one finds it taken: rename(2) refuses a folder that is not empty."""
    try:
        if target.is_dir():
            target.rmdir()
        home.rename(target)
    except OSError as error:
        raise ContinuityError(f"{target}: something was put there meanwhile / その間に、ほかのものが置かれました") from error
