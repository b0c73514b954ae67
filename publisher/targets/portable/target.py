"""Writes a release into a folder to carry away. FAT has neither links nor an exchange, so:

::

    はじめにお読みください.html      and START-HERE.html
    site/                        the copy, with the proof of the original and a manifest of its own: .well-known/todoke/portable.txt, signed
    site.new/                    a copy on its way; what of it is right is kept at the next try
    site.old/                    the copy before, for the moment of two renames

Emergency pages are written first: a copy that is pulled out half way has them, and the page to begin with leads there.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from publisher.model import manifest
from publisher.model.errors import TargetError
from publisher.model.release import WELL_KNOWN, ReleasedFile
from publisher.release.files import write_atomically
from publisher.release.store import SignedRelease
from publisher.targets.portable.links import Site, address_of, relative
from publisher.targets.portable.names import unfit
from publisher.targets.portable.start_page import EMERGENCY, NAMES, start_page
from publisher.targets.target import Inspection, Progress, Published

OWN = f"{WELL_KNOWN}portable.txt"
OWN_SIGNATURE = f"{OWN}.minisig"
SITE, NEW, OLD = "site", "site.new", "site.old"

SHOWN = 5
"""Names that a message lists."""

_NUMBER = re.compile(rb"# number: ([0-9]+)\n# of-manifest: ([0-9a-f]{64})\n")

Sign = Callable[[bytes, str], bytes]
"""Returns the detached signature of a text, with a comment."""


class PortableTarget:
    """``folder`` is on the stick. ``addresses`` are where the site is public."""

    def __init__(self, name: str, folder: Path, sign: Sign, addresses: Sequence[str] = ()) -> None:
        self.name = name
        self._folder = folder
        self._sign = sign
        self._addresses = addresses

    async def current(self) -> int | None:
        """Return the number of the release that lies there, or None."""
        held = self._held()
        return held[0] if held else None

    async def publish(self, signed: SignedRelease, object_of: Callable[[str], Path], progress: Progress) -> Published:
        """Write the copy beside the one that is there, then rename."""
        return await asyncio.to_thread(self._publish, signed, object_of, progress)

    async def publish_urgently(self, signed: SignedRelease, object_of: Callable[[str], Path], progress: Progress) -> Published:
        """Do what `publish` does: whoever carries the copy away waits anyway."""
        return await self.publish(signed, object_of, progress)

    def _publish(self, signed: SignedRelease, object_of: Callable[[str], Path], progress: Progress) -> Published:
        with self._failures():
            self._require_folder()
            if self._held() == (signed.release.number, _digest(signed.proof[manifest.PATH])):
                return Published(signed.release.number, 0, 0, 0)
            copy = _Copy(signed, object_of)
            self.require_names_and_space(signed)
            has_site = (self._folder / SITE).is_dir()
            self._write_start(copy, NEW if not has_site else SITE)
            sent, digests = self._write_files(copy, progress)
            proof_sent = self._write_proof(signed, digests)
            self._remove_strange(digests.keys() | signed.proof.keys() | {OWN, OWN_SIGNATURE})
            self._swap()
            self._write_start(copy, SITE)
            return Published(signed.release.number, len(digests), 0, sent, proof_sent)

    def require_names_and_space(self, signed: SignedRelease) -> int:
        """Return the bytes that the copy needs. Raises `TargetError` for names that FAT cannot hold, and if there is no room; nothing was written then."""
        if problems := unfit([*(file.path for file in signed.release.files), *signed.proof, *NAMES]):
            more = f" (and {len(problems) - SHOWN} more)" if len(problems) > SHOWN else ""
            raise TargetError(
                f"{self.name}: a stick cannot hold these names: {'; '.join(problems[:SHOWN])}{more} / 保存できない名前があります"
            )
        self._require_folder()
        block = max(os.statvfs(self._folder).f_frsize, 1)
        there = {path: (self._folder / NEW / path).stat().st_size for path in _paths(self._folder / NEW)}
        lengths = {file.path: file.length for file in signed.release.files} | {path: len(data) for path, data in signed.proof.items()}
        needed = sum(_blocks(length, block) for path, length in lengths.items() if path not in there) + 2 * block * len(NAMES)
        free = shutil.disk_usage(self._folder).free
        if needed > free:
            raise TargetError(f"{self.name}: {self._folder} has {free:,} bytes free, {needed:,} are needed / 空きが足りません")
        return needed

    def _write_files(self, copy: _Copy, progress: Progress) -> tuple[int, dict[str, str]]:
        """Write the files of the site. Return the bytes that were written, and the digest of each file as it is in the copy."""
        digests, sent = {}, 0
        files = sorted(copy.signed.release.files, key=_sort_key)
        for count, file in enumerate(files, 1):
            data = copy.read(file.path)
            digests[file.path] = _digest(data)
            sent += self._write(self._folder / NEW / file.path, data)
            progress(count, len(files))
        return sent, digests

    def _write_proof(self, signed: SignedRelease, digests: dict[str, str]) -> int:
        """Write the proof of the original, and the signed manifest of this copy."""
        release = signed.release
        lines = [
            "# todoke-portable: 1",
            f"# number: {release.number}",
            f"# of-manifest: {_digest(signed.proof[manifest.PATH])}",
            *(f"{sha256}  {path}" for path, sha256 in sorted(digests.items())),
        ]
        own = "\n".join((*lines, "")).encode()
        proof = {**signed.proof, OWN: own, OWN_SIGNATURE: self._sign(own, f"portable copy of todoke release {release.number}")}
        return sum(self._write(self._folder / NEW / path, data) for path, data in proof.items())

    def _write(self, path: Path, data: bytes) -> int:
        """Write a file unless it is there as it should be. Return the bytes that were written."""
        with suppress(OSError):
            if path.stat().st_size == len(data) and path.read_bytes() == data:
                return 0
        write_atomically(path, data, is_durable=False)
        return len(data)

    def _write_start(self, copy: _Copy, folder: str) -> None:
        page = start_page(copy.signed.release, folder, copy.read, self._addresses)
        for name in NAMES:
            self._write(self._folder / name, page)

    def _remove_strange(self, kept: Iterable[str]) -> None:
        """Remove what an earlier try has left in the new copy."""
        for path in set(_paths(self._folder / NEW)) - set(kept):
            (self._folder / NEW / path).unlink()

    def _swap(self) -> None:
        """Rename twice. Between the two there is no copy; `_require_folder` brings the old one back after a cut there."""
        os.sync()  # a stick is pulled out without asking; one call for all files, since each alone takes a stick some ms
        shutil.rmtree(self._folder / OLD, ignore_errors=True)
        if (self._folder / SITE).exists():
            (self._folder / SITE).rename(self._folder / OLD)
        (self._folder / NEW).rename(self._folder / SITE)
        shutil.rmtree(self._folder / OLD, ignore_errors=True)
        os.sync()

    async def inspect(self, signed: SignedRelease, object_of: Callable[[str], Path], *, reads_all: bool) -> Inspection:
        """Compare the copy with what it should be: by length, or by content."""
        return await asyncio.to_thread(self._inspect, signed, object_of, reads_all)

    def _inspect(self, signed: SignedRelease, object_of: Callable[[str], Path], reads_all: bool) -> Inspection:
        with self._failures():
            self._require_folder()
            held = self._held()
            if held != (signed.release.number, _digest(signed.proof[manifest.PATH])):
                raise TargetError(
                    f"{self.name}: holds release {held[0] if held else '-'}, not {signed.release.number}: todoke release / 古い版です"
                )
            copy, site = _Copy(signed, object_of), self._folder / SITE
            there = set(_paths(site))
            kept = [*signed.release.by_path, *(path for path in signed.proof if not path.endswith("timestamp.json"))]
            altered = [path for path in kept if path not in there or _differs(site / path, copy.read(path), reads_all)]
            strange = there - signed.release.by_path.keys() - signed.proof.keys() - {OWN, OWN_SIGNATURE}
            return Inspection(signed.release.number, tuple(sorted(altered)), tuple(sorted(strange)))

    async def repair(self, signed: SignedRelease, paths: Iterable[str], object_of: Callable[[str], Path]) -> Published:
        """Write files anew, and remove those that the release does not have."""
        copy, every = _Copy(signed, object_of), set(paths)
        good = sorted(every & (signed.release.by_path.keys() | signed.proof.keys()))
        with self._failures():
            sent = sum(self._write(self._folder / SITE / path, copy.read(path)) for path in good)
            strange = every - set(good)
            for path in strange & set(_paths(self._folder / SITE)):
                (self._folder / SITE / path).unlink()
        return Published(signed.release.number, len(good), len(strange), sent)

    async def renew(self, proof: dict[str, bytes]) -> None:
        """Write files of the proof, if the stick is there."""
        if self._held():
            with self._failures():
                for path, data in proof.items():
                    self._write(self._folder / SITE / path, data)

    async def close(self) -> None:
        """Nothing is held."""

    def abort(self) -> None:
        """Nothing is held."""

    def _held(self) -> tuple[int, str] | None:
        """Return number and digest of the manifest of the release that lies there."""
        with suppress(OSError):
            match = _NUMBER.search((self._folder / SITE / OWN).read_bytes()[:1000])
            return (int(match[1]), match[2].decode()) if match else None
        return None

    def _require_folder(self) -> None:
        if not self._folder.is_dir():
            raise TargetError(f"{self._folder}: there is no such folder; is the stick in? / 媒体が差し込まれていますか")
        if (self._folder / OLD).is_dir() and not (self._folder / SITE).exists():
            (self._folder / OLD).rename(self._folder / SITE)

    @contextmanager
    def _failures(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise TargetError(f"{error.filename or self._folder}: {error.strerror} / 書き込めません") from error


class _Copy:
    """A release as it is in the copy."""

    def __init__(self, signed: SignedRelease, object_of: Callable[[str], Path]) -> None:
        self.signed = signed
        self._object_of = object_of
        self._files = signed.release.by_path
        front = self._original("index.html") if "index.html" in self._files else b""
        self._site = Site(self._files.keys(), address_of(front))

    def read(self, path: str) -> bytes:
        """Return a file of the site with relative links, or a file of the proof. Raises `TargetError` if the store is damaged."""
        return relative(path, self._original(path), self._site) if path in self._files else self.signed.proof[path]

    def _original(self, path: str) -> bytes:
        file = self._files[path]
        source = self._object_of(file.sha256)
        data = source.read_bytes() if source.is_file() else b""
        if _digest(data) != file.sha256:
            raise TargetError(
                f"{source}: the stored content of {path} is missing or damaged: todoke release --force / 保管した内容が壊れています"
            )
        return data


def _sort_key(file: ReleasedFile) -> tuple[int, int, str]:
    """Return the key by which files are written: emergency pages, styles, pages from the front page down, the rest."""
    is_page = file.path.endswith(".html")
    rank = 0 if file.path.startswith(EMERGENCY) and is_page else 1 if file.path.endswith(".css") else 2 if is_page else 3
    return (rank, file.path.count("/"), file.path)


def _paths(folder: Path) -> list[str]:
    return [file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file() or file.is_symlink()]


def _differs(file: Path, data: bytes, reads_all: bool) -> bool:
    return file.is_symlink() or file.stat().st_size != len(data) or (reads_all and file.read_bytes() != data)


def _blocks(length: int, block: int) -> int:
    return -(-length // block) * block


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
