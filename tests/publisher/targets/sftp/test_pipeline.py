"""Many small files at once, to a real sshd that offers SFTP and nothing else."""

from __future__ import annotations

import asyncio
import os
from dataclasses import replace
from pathlib import Path

import pytest

from publisher.model.errors import TargetError
from publisher.targets.files import FileCopy
from publisher.targets.sftp.packets import PIECE
from publisher.targets.sftp.ssh import MANY, SftpFiles, SshAddress
from tests.servers.ssh import sftp_server


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
            await mirror.copy([FileCopy(source, path) for path, source in files.items()], lambda: done.append(1), is_seen=True)
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


@pytest.fixture(name="versions")
def fixture_versions(tmp_path: Path) -> list[tuple[FileCopy, bytes]]:
    """Pages of the tree that readers see, with new versions for the other one, and what each new version is."""
    old_files, new_files, there = (tmp_path / name for name in ("old", "new", "www/slots/a"))
    for folder in (old_files, new_files, there):
        folder.mkdir(parents=True)
    copies = []
    for count in range(MANY + 30):
        old = f"<h1>{count}</h1><!--urgent-->".encode() + b"<p>text</p>" * (300 + count * 40)
        new = old.replace(b"<!--urgent-->", "<!--urgent-->避難指示".encode())
        for file, data in ((old_files / str(count), old), (there / f"{count}.html", old), (new_files / str(count), new)):
            file.write_bytes(data)
            os.utime(file, (1_600_000_000,) * 2)
        copies.append((FileCopy(new_files / str(count), f"slots/b/{count}.html", (old_files / str(count), f"slots/a/{count}.html")), new))
    (tmp_path / "www/slots/b").mkdir()
    return copies


def bring(address: SshAddress, root: Path, versions: list[tuple[FileCopy, bytes]]) -> None:
    async def session() -> None:
        mirror = SftpFiles(replace(address, folder=str(root)))
        try:
            await mirror.copy([file for file, _ in versions], lambda: None, is_seen=False)
        finally:
            await mirror.close()

    asyncio.run(session())


def test_a_new_version_is_whole_and_the_server_has_copied_what_did_not_change(
    server: SshAddress, tmp_path: Path, versions: list[tuple[FileCopy, bytes]]
) -> None:
    root, marked = tmp_path / "www", b"<p>TEXT</p>"
    stranger = root / "slots/a/9.html"  # same length, same time: nothing but its bytes says that it was altered
    stranger.write_bytes(stranger.read_bytes()[: -len(marked)] + marked)
    os.utime(stranger, (1_600_000_000,) * 2)
    bring(server, root, versions)
    for count, (file, new) in enumerate(versions):
        wanted = new[: -len(marked)] + marked if count == 9 else new
        assert (root / file.target).read_bytes() == wanted
        assert (root / file.target).stat().st_mtime == 1_600_000_000


def test_an_earlier_version_of_another_length_or_time_a_link_and_a_missing_one_are_not_used(
    server: SshAddress, tmp_path: Path, versions: list[tuple[FileCopy, bytes]]
) -> None:
    there = tmp_path / "www/slots/a"
    (there / "1.html").write_bytes((there / "1.html").read_bytes() + b" ")
    os.utime(there / "1.html", (1_600_000_000,) * 2)
    os.utime(there / "2.html", (1_600_000_001,) * 2)
    (there / "3.html").rename(tmp_path / "elsewhere")
    (there / "3.html").symlink_to(tmp_path / "elsewhere")
    (there / "4.html").unlink()
    (tmp_path / "old/5").unlink()
    bring(server, tmp_path / "www", versions)
    assert all((tmp_path / "www" / file.target).read_bytes() == new for file, new in versions)


def test_a_server_that_cannot_copy_gets_whole_files(tmp_path: Path, versions: list[tuple[FileCopy, bytes]]) -> None:
    with sftp_server(tmp_path / "sshd", without=("copy-data", "limits")) as older:
        bring(older, tmp_path / "www", versions)
    assert all((tmp_path / "www" / file.target).read_bytes() == new for file, new in versions)
