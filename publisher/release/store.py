"""The release store: objects by content, each release with its manifests and signature, and the metadata that is in force.

::

    objects/ab/abcd…                     one file for each content
    releases/12/manifest.txt             and manifest.txt.minisig; manifest.tsr if a time stamp was had
    lists/3f-51c0….txt                   lists of files that manifests name, each once
    metadata/                            TUF, see `publisher.release.tuf_metadata`
    scan.json                            what the last scan saw
    precedence/                          who goes first, see `publisher.release.precedence`
    lock                                 held by the one program that makes a release

Objects are copies, never links to the site or to a mirror: whoever alters a file on a mirror in place must not alter what the mirror is mended from.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from publisher.model import manifest
from publisher.model.errors import PublisherError
from publisher.model.release import WELL_KNOWN, Release, ReleasedFile
from publisher.release.file_lock import take_lock
from publisher.release.files import write_atomically
from publisher.release.precedence import Precedence
from publisher.release.scan import Stamp, digest
from publisher.release.tuf_metadata import FOLDER

SIGNATURE = f"{manifest.PATH}.minisig"
FEW = 1_000
"""Objects that are asked for one by one."""

REMEMBERED = 8
"""Releases in memory: an edit needs the newest and the two that a mirror's trees hold, a rollback a few more."""

_BLOCK = 1_048_576
"""Bytes that are read at once: nearly every file is one block."""


@dataclass(frozen=True)
class SignedRelease:
    """A release with what proves it: ``proof`` are the files below ``.well-known/todoke/`` by path, which every mirror serves."""

    release: Release
    proof: Mapping[str, bytes]


class ReleaseStore:
    """``root`` is a folder of the publishing machine that no web server serves."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._loaded: dict[int, SignedRelease] = {}
        self._lists: manifest.ReadLists = {}
        self.precedence = Precedence(root / "precedence")

    @contextmanager
    def locked(self, seconds: float = 0.0) -> Iterator[None]:
        """Hold the store alone. Raises `PublisherError` if another program holds it for longer than ``seconds``."""
        self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (self.root / "lock").open("w") as lock:
            if not take_lock(lock, seconds):
                raise PublisherError(f"{self.root}: another program is releasing just now / ほかの処理が公開の途中です")
            yield

    def numbers(self) -> list[int]:
        """Return the numbers of all releases, oldest first."""
        folders = (self.root / "releases").glob("*/manifest.txt.minisig")
        return sorted(int(file.parent.name) for file in folders if file.parent.name.isdecimal())

    def load(self, number: int) -> SignedRelease:
        """Return one release, which never changes. Raises `PublisherError` if there is none of that number, or if its files are damaged."""
        return self._loaded.get(number) or self._remember(self._load(number))

    def _remember(self, signed: SignedRelease) -> SignedRelease:
        """Keep the last few in memory: a release of 12,000 files takes 5 MB, and `todoke publish --follow` runs for months."""
        self._loaded[signed.release.number] = signed
        if len(self._loaded) > REMEMBERED:
            del self._loaded[next(iter(self._loaded))]
            self._lists.clear()
        return signed

    def _load(self, number: int) -> SignedRelease:
        folder = self.folder(number)
        try:
            proof = {WELL_KNOWN + name: (folder / name).read_bytes() for name in ("manifest.txt", "manifest.txt.minisig")}
        except OSError as error:
            raise PublisherError(
                f"there is no release {number} in {self.root}: todoke releases lists them / その番号の公開版はありません"
            ) from error
        lists: dict[str, bytes] = {}
        for path in manifest.list_paths(proof[manifest.PATH]):
            with suppress(FileNotFoundError):  # `parse` names it
                lists[path] = self._list(path).read_bytes()
        return SignedRelease(manifest.parse(proof[manifest.PATH], lists.get, self._lists), {**lists, **proof})

    def find(self, number: int, sha256: str) -> Release | None:
        """Return the release with this number if its manifest has this digest: what a mirror says it holds, without reading it from there."""
        try:
            signed = self.load(number)
        except PublisherError:
            return None
        return signed.release if hashlib.sha256(signed.proof[manifest.PATH]).hexdigest() == sha256 else None

    def newest(self) -> SignedRelease | None:
        """Return the newest release, or None."""
        numbers = self.numbers()
        return self.load(numbers[-1]) if numbers else None

    def keep(self, signed: SignedRelease, site: Path | None, changed: Collection[str] | None = None) -> None:
        """Copy what is new of ``site`` (None: nothing is new) and write the release. Its signature comes last: without it there is no release of that number.

        ``changed`` are the paths whose content no earlier release has for sure; None: all.

        An object gets the moment of its first release as its time, and keeps it on every mirror: so all mirrors answer with one ``Last-Modified`` and,
        behind nginx and Apache, with one ETag for one content, also after a rollback.

        Raises `PublisherError` if a file of the site is no longer what was scanned.
        """
        if site:
            self._copy_new(signed.release, site, changed)
        folder = self.folder(signed.release.number)
        for path, data in signed.proof.items():
            if not path.startswith(manifest.LISTS):
                write_atomically(folder / path.removeprefix(WELL_KNOWN), data)
            elif not self._list(path).is_file() or self._list(path).read_bytes() != data:
                write_atomically(self._list(path), data, is_durable=False)
        self._remember(signed)

    def _copy_new(self, release: Release, site: Path, changed: Collection[str] | None) -> None:
        files = release.files if changed is None else [file for file in release.files if file.path in changed]
        stored, moment = self._stored(files), release.moment.timestamp()
        for file in files:
            if file.sha256 not in stored:
                self._copy(f"{site}/{file.path}", file, self._object(file.sha256), moment)
                stored.add(file.sha256)

    def _stored(self, files: Sequence[ReleasedFile]) -> set[str]:
        """Return the digests of the objects that are there: of many, by listing the 256 folders, since asking for 12,000 takes four times as long."""
        folders = self.root / "objects"
        if len(files) < FEW:
            return {file.sha256 for file in files if self.object(file.sha256).exists()}
        return {entry.name for folder in folders.iterdir() for entry in folder.iterdir()} if folders.is_dir() else set()

    def _copy(self, source: str, file: ReleasedFile, target: str, moment: float) -> None:
        """Copy one file. Paths are strings, since an emergency waits while 10,000 files are copied, and a fifth of the time was pathlib's."""
        state, temporary = hashlib.sha256(), f"{target}.part"
        os.makedirs(os.path.dirname(target), exist_ok=True)  # noqa: PTH103, PTH120
        with open(source, "rb", buffering=0) as read, open(temporary, "wb", buffering=0) as written:  # noqa: PTH123
            while block := read.read(_BLOCK):
                state.update(block)
                written.write(block)
        if state.hexdigest() != file.sha256:
            os.unlink(temporary)  # noqa: PTH108
            raise PublisherError(f"{file.path}: changed while the release was made. Try again / 公開版を作る間に変わりました")
        os.utime(temporary, (moment, moment))
        os.replace(temporary, target)  # noqa: PTH105

    def add(self, sha256: str, data: bytes, moment: dt.datetime) -> None:
        """Keep a content that was just read, if it is new. ``moment`` is that of the release to come. Several processes may add at once."""
        if os.path.exists(target := self._object(sha256)):  # noqa: PTH110 - as in `_copy`
            return
        temporary, time = f"{target}.{os.getpid()}.part", moment.timestamp()
        os.makedirs(os.path.dirname(target), exist_ok=True)  # noqa: PTH103, PTH120
        with open(temporary, "wb", buffering=0) as written:  # noqa: PTH123
            view = memoryview(data)
            while view:
                view = view[written.write(view) :]
        os.utime(temporary, (time, time))
        os.replace(temporary, target)  # noqa: PTH105

    def object(self, sha256: str) -> Path:
        """Return where the content with this digest lies, whether or not it is there."""
        return Path(self._object(sha256))

    def _object(self, sha256: str) -> str:
        return f"{self.root}/objects/{sha256[:2]}/{sha256}"

    def missing_or_damaged(self, files: Iterable[ReleasedFile]) -> list[ReleasedFile]:
        """Return the files whose object is not what it should be: a mirror must not be mended from them."""
        return [file for file in files if not self.object(file.sha256).is_file() or digest(self.object(file.sha256)) != file.sha256]

    def drop_damaged(self, files: Iterable[ReleasedFile]) -> None:
        """Remove damaged objects, so that `keep` copies them anew."""
        for file in self.missing_or_damaged(files):
            self.object(file.sha256).unlink(missing_ok=True)

    def metadata(self) -> dict[str, bytes]:
        """Return the TUF metadata in force by file name."""
        folder = self.root / "metadata"
        return {file.name: file.read_bytes() for file in sorted(folder.glob("*.json"))} if folder.is_dir() else {}

    def keep_metadata(self, files: Mapping[str, bytes]) -> None:
        """Write the metadata, ``timestamp.json`` last, and remove what is no longer named."""
        folder = self.root / "metadata"
        for name in sorted(files, key=lambda name: name == "timestamp.json"):
            if not (folder / name).is_file() or (folder / name).read_bytes() != files[name]:
                write_atomically(folder / name, files[name], is_durable=False)
        for file in folder.glob("*.json"):
            if file.name not in files and not file.name.endswith(".root.json"):  # a verifier goes from root to root (TUF section 5.3)
                file.unlink()

    def proof(self, signed: SignedRelease) -> dict[str, bytes]:
        """Return everything below ``.well-known/todoke/`` that goes out with a release: manifests, signature, metadata."""
        return {**signed.proof, **{FOLDER + name: data for name, data in self.metadata().items()}}

    def stamps(self) -> dict[str, Stamp]:
        """Return what the last scan saw; nothing if that cannot be read."""
        with suppress(OSError, ValueError, TypeError):
            record = json.loads((self.root / "scan.json").read_bytes())
            return {path: (int(inode), int(time), int(size), str(sha256)) for path, (inode, time, size, sha256) in record.items()}
        return {}

    def keep_stamps(self, stamps: Mapping[str, Stamp]) -> None:
        """Remember what a scan saw."""
        write_atomically(self.root / "scan.json", json.dumps(stamps).encode(), is_durable=False)

    def _list(self, path: str) -> Path:
        return self.root / "lists" / path.removeprefix(manifest.LISTS)

    def folder(self, number: int) -> Path:
        """Return where what proves a release lies, whether or not there is one of that number."""
        return self.root / "releases" / str(number)
