"""What every storage promises, on a real disk, a real sshd and a store that speaks S3 with ``If-None-Match``."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import asyncssh
import pytest

from storage.connect import connect
from storage.model import Storage, StorageError
from storage.settings import LocalStorage, S3Storage, SshStorage

Answer = TypeVar("Answer")
Settings = LocalStorage | SshStorage | S3Storage


def asked(settings: Settings, questions: Callable[[Storage], Awaitable[Answer]]) -> Answer:
    async def ask() -> Answer:
        storage = connect(settings)
        try:
            return await questions(storage)
        finally:
            await storage.close()

    return asyncio.run(ask())


def test_of_many_who_create_one_file_at_once_exactly_one_succeeds_and_its_bytes_stay(settings: Settings) -> None:
    async def questions(storage: Storage) -> tuple[list[bool], bytes | None]:
        created = await asyncio.gather(*(storage.create("fence/00000001", b"%d" % number) for number in range(8)))
        return created, await storage.read("fence/00000001")

    created, kept = asked(settings, questions)
    assert created.count(True) == 1
    assert kept == b"%d" % created.index(True)


def test_names_are_sorted_come_behind_the_one_that_is_given_and_leave_out_other_folders(settings: Settings) -> None:
    paths = ["claims/1/0000/0001-a", "claims/1/0000/0002-b", "claims/1/0001/0003-c", "claims/2/0000/0004-d", "ended/1/0000/0001-a"]

    async def questions(storage: Storage) -> list[list[str]]:
        for path in paths:
            assert await storage.create(path, b"x")
        asking = (("claims/1", ""), ("claims/1", "0000/0002-b"), ("claims/1", "0000/0001"), ("claims", "1/0001/0003-c"), ("nothing", ""))
        return [await storage.names(folder, after) for folder, after in asking]

    every = ["0000/0001-a", "0000/0002-b", "0001/0003-c"]
    assert asked(settings, questions) == [every, every[2:], every, ["2/0000/0004-d"], []]


def test_a_large_file_is_uploaded_over_an_older_one_measured_downloaded_and_removed(settings: Settings, tmp_path: Path) -> None:
    source, target, data = tmp_path / "source", tmp_path / "target", os.urandom(20_000_003)
    source.write_bytes(data)

    async def questions(storage: Storage) -> tuple[dict[str, int], dict[str, int]]:
        await storage.create("snapshots/a", b"old")
        await storage.upload(source, "snapshots/a")
        await storage.download("snapshots/a", target)
        sizes = await storage.sizes("snapshots")
        await storage.remove("snapshots/a")
        await storage.remove("snapshots/a")
        return sizes, await storage.sizes("snapshots")

    assert asked(settings, questions) == ({"a": len(data)}, {})
    assert target.read_bytes() == data


def test_what_is_not_there_is_read_as_nothing_and_cannot_be_downloaded(settings: Settings, tmp_path: Path) -> None:
    assert asked(settings, lambda storage: storage.read("fence/00000009")) is None
    with pytest.raises(StorageError, match=settings.name):
        asked(settings, lambda storage: storage.download("snapshots/none", tmp_path / "target"))


@pytest.mark.parametrize("question", ["create", "names"])
def test_a_folder_that_is_not_there_is_no_empty_storage(tmp_path: Path, question: str) -> None:
    settings = LocalStorage(name="disk", kind="local", folder=tmp_path / "not-mounted")
    with pytest.raises(StorageError, match="is the disk mounted"):
        asked(settings, lambda storage: storage.create("a", b"x") if question == "create" else storage.names("a"))


@pytest.mark.parametrize("has_key", [True, False])
def test_a_host_that_does_not_listen_and_a_key_that_is_none_are_told_with_the_storage(tmp_path: Path, has_key: bool) -> None:
    key = asyncssh.generate_private_key("ssh-ed25519")
    (tmp_path / "key").write_bytes(key.export_private_key() if has_key else b"")
    (tmp_path / "hosts").touch()
    settings = SshStorage(
        name="kyoto",
        kind="ssh",
        host="127.0.0.1",
        port=9,
        folder="/x",
        user="me",
        key_file=tmp_path / "key",
        known_hosts=tmp_path / "hosts",
    )
    with pytest.raises(StorageError, match="kyoto"):
        asked(settings, lambda storage: storage.read("a"))


def test_a_secret_that_others_can_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "secret").chmod(0o644)
    settings = S3Storage(name="bucket", kind="s3", bucket="todoke", access_key_id="key", secret_key_file=tmp_path / "secret")
    with pytest.raises(StorageError, match="chmod 600"):
        connect(settings)
