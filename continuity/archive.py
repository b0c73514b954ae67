"""A snapshot's file: a tar in an envelope of age (age-encryption.org/v1), streamed both ways. ``age -d`` and ``tar`` open it."""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import tarfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, cast

import pyrage
from pyrage import x25519

from continuity.model import INDEX, ContinuityError, SnapshotDamaged, SnapshotIndex

BLOCK = 1 << 20


def digest(path: Path) -> str:
    """Return the SHA-256 of a file, a piece at a time."""
    state = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(BLOCK):
            state.update(piece)
    return state.hexdigest()


def write(target: Path, index: SnapshotIndex, sources: Mapping[str, Path], recipients: Sequence[str]) -> None:
    """Write a snapshot. What leaves this process is encrypted; the tar itself lies nowhere. Raises `ContinuityError`."""
    try:
        keys = [x25519.Recipient.from_str(each) for each in recipients]
    except pyrage.RecipientError as error:
        raise ContinuityError(f"continuity.toml: recipients: no public key of age: {error} / 公開鍵ではありません") from error

    def pack(stream: IO[bytes]) -> None:
        with tarfile.open(fileobj=stream, mode="w|", format=tarfile.PAX_FORMAT, bufsize=BLOCK) as tar:
            _add(tar, INDEX, io.BytesIO(index.render()), index)
            for path, file in sorted(index.files.items()):
                if file.is_here:
                    with sources[path].open("rb") as source:
                        _add(tar, path, source, index)

    with target.open("xb") as output, _streamed(pack) as stream:
        try:
            pyrage.encrypt_io(cast("Any", stream), output, keys)
        except pyrage.EncryptError as error:
            raise ContinuityError(f"{target}: cannot be written: {error} / 書き込めません") from error
        output.flush()
        os.fsync(output.fileno())


def _add(tar: tarfile.TarFile, path: str, source: IO[bytes], index: SnapshotIndex) -> None:
    entry = tarfile.TarInfo(path)
    source.seek(0, os.SEEK_END)
    entry.size, entry.mode, entry.mtime = source.tell(), 0o600, int(index.name.time.timestamp())
    source.seek(0)
    tar.addfile(entry, source)


def read(source: Path, folder: Path, identities: Sequence[str], selected: Callable[[SnapshotIndex], frozenset[str]]) -> SnapshotIndex:
    """Unpack a snapshot's own files into ``folder``, and compare each with the list.

    :param selected: which of them are to be unpacked; all are compared.
    :raises SnapshotDamaged: it is not whole, or none of the keys opens it.
    """
    try:
        keys = [x25519.Identity.from_str(each) for each in identities]
    except pyrage.IdentityError as error:
        raise ContinuityError(f"no private key of age: {error} / 秘密鍵ではありません") from error

    def decrypt(stream: IO[bytes]) -> None:
        with source.open("rb") as encrypted:
            try:
                pyrage.decrypt_io(encrypted, cast("Any", stream), keys)
            except OSError as error:  # the library's own, of a piece that is altered: it has no number
                raise error if error.errno else pyrage.DecryptError(str(error)) from error

    try:
        with _streamed(decrypt) as stream, tarfile.open(fileobj=stream, mode="r|", bufsize=BLOCK) as tar:
            index = _unpack(tar, folder, selected)
            while stream.read(BLOCK):  # to the end: the last piece of the envelope proves that none is missing
                pass
            return index
    except (tarfile.TarError, pyrage.DecryptError, EOFError, UnicodeError) as error:
        raise SnapshotDamaged(f"{source}: it is damaged, cut, or not for this key: {error} / 壊れているか、鍵が違います") from error


def _unpack(tar: tarfile.TarFile, folder: Path, selected: Callable[[SnapshotIndex], frozenset[str]]) -> SnapshotIndex:
    entries = iter(tar)
    first = next(entries, None)
    opened = tar.extractfile(first) if first is not None and first.name == INDEX else None
    if opened is None:
        raise SnapshotDamaged("it does not begin with its list / 目録がありません")
    index = SnapshotIndex.parse(opened.read())
    missing, unpacked = {path for path, file in index.files.items() if file.is_here}, selected(index)
    for entry in entries:
        file, content = index.files.get(entry.name), tar.extractfile(entry)
        if file is None or content is None or entry.name not in missing:
            raise SnapshotDamaged(f"{entry.name} is not in its list / 目録にないファイルがあります")
        if _copy(content, folder / entry.name if entry.name in unpacked else None) != file.sha256:
            raise SnapshotDamaged(f"{entry.name} is altered / 内容が違います")
        missing.remove(entry.name)
    if missing:
        raise SnapshotDamaged(f"{min(missing)} is missing / 足りないファイルがあります")
    return index


def _copy(content: IO[bytes], target: Path | None) -> str:
    state = hashlib.sha256()
    if target is not None:
        target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("xb") if target is not None else io.BytesIO() as output:
        while piece := content.read(BLOCK):
            state.update(piece)
            if target is not None:
                output.write(piece)
    return state.hexdigest()


@contextmanager
def _streamed(work: Callable[[IO[bytes]], None]) -> Iterator[IO[bytes]]:
    """Run ``work`` in a thread with the writing end of a stream, and yield the reading end. Its error goes before one of the reader, which saw a cut stream."""
    reading, writing = os.pipe()
    errors: list[BaseException] = []

    def run() -> None:
        try:
            with os.fdopen(writing, "wb", BLOCK) as stream:
                work(stream)
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        with os.fdopen(reading, "rb", BLOCK) as stream:
            yield stream
    except (tarfile.TarError, EOFError):
        thread.join()
        if errors:  # the stream was cut because of it
            raise errors[0] from None
        raise
    except BaseException:
        thread.join()
        raise
    thread.join()
    if errors:
        raise errors[0]


def remove_folder(folder: Path) -> None:
    """Remove a folder with all that is in it, if it is there."""
    with suppress(FileNotFoundError):
        shutil.rmtree(folder)
