"""Many small files at once, to a real sshd that offers SFTP and nothing else."""

from __future__ import annotations

import asyncio
import os
from dataclasses import replace
from pathlib import Path

import pytest

from publisher.model.errors import TargetError
from publisher.targets.sftp.pipeline import PIECE
from publisher.targets.sftp.ssh import MANY, SftpFiles, SshAddress


def sources(folder: Path, number: int = MANY + 30) -> dict[str, Path]:
    """So many files of all lengths, empty ones and some of several pieces among them; each has a time of its own."""
    files = {}
    folder.mkdir()
    for count in range(number):
        file = folder / str(count)
        file.write_bytes(f"{count} 橋".encode() * ((count * 997) % (3 * PIECE // 4)))
        os.utime(file, (1_600_000_000 + count,) * 2)
        files[f"slots/a/記事/{count}/index.html"] = file
    return files


def copy(address: SshAddress, root: Path, files: dict[str, Path]) -> int:
    """Send them; return how many were told to be done."""
    done = []

    async def session() -> None:
        mirror = SftpFiles(replace(address, folder=str(root)))
        try:
            await mirror.copy([(source, path) for path, source in files.items()], lambda: done.append(1), is_seen=True)
        finally:
            await mirror.close()

    asyncio.run(session())
    return len(done)


def test_every_file_is_there_whole_with_its_time_in_folders_that_were_not_there(server: SshAddress, tmp_path: Path) -> None:
    files, root = sources(tmp_path / "sources"), tmp_path / "www"
    assert copy(server, root, files) == len(files)
    for path, source in files.items():
        assert (root / path).read_bytes() == source.read_bytes()
        assert (root / path).stat().st_mtime == source.stat().st_mtime
        assert (root / path).stat().st_mode & 0o777 == 0o644
    assert list((root / "incoming").iterdir()) == []


def test_files_take_the_place_of_older_ones_and_of_a_folder(server: SshAddress, tmp_path: Path) -> None:
    files, root = sources(tmp_path / "sources"), tmp_path / "www"
    linked = tmp_path / "linked"
    for count, path in enumerate(files):
        (root / path).parent.mkdir(parents=True)
        if count == 7:
            (root / path / "folder").mkdir(parents=True)
        else:
            (root / path).write_text("old", "utf-8")
    os.link(root / next(iter(files)), linked)
    copy(server, root, files)
    assert all((root / path).read_bytes() == source.read_bytes() for path, source in files.items())
    assert linked.read_text("utf-8") == "old"  # a new file, and nothing is written into one that another tree shares


def test_a_server_that_cannot_write_is_told(server: SshAddress, tmp_path: Path) -> None:
    files, root = sources(tmp_path / "sources"), tmp_path / "www"
    root.mkdir()
    files["slots/a/gone.html"] = tmp_path / "sources/gone"
    with pytest.raises((TargetError, OSError)):
        copy(server, root, files)
    assert not (root / "slots/a/gone.html").exists()
