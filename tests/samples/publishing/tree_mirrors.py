"""A mirror on a file system, here or behind a real sshd, for the tests of the publisher."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from publisher.release.store import SignedRelease
from publisher.targets.files import Files
from publisher.targets.local import LocalFiles
from publisher.targets.sftp.ssh import SftpFiles, SshAddress
from publisher.targets.target import Inspection, Known, Published
from publisher.targets.tree import TreeTarget
from tests.samples.publishing.releases import Publishing


class Mirror:
    """A mirror whose files this machine sees too."""

    def __init__(self, root: Path, address: SshAddress | None, known: Known) -> None:
        self.root, self.address, self.known = root, address, known

    def files(self) -> Files:
        return SftpFiles(self.address) if self.address else LocalFiles(self.root)

    def target(self) -> TreeTarget:
        return TreeTarget("mirror", self.files(), self.known)

    def run(self, act: Any) -> Any:
        async def session() -> Any:
            target = self.target()
            try:
                return await act(target)
            finally:
                await target.close()

        return asyncio.run(session())

    def publish(self, publishing: Publishing, signed: SignedRelease) -> Published:
        published: Published = self.run(lambda target: target.publish(signed, publishing.store.object, lambda *_: None))
        return published

    def shown(self) -> dict[str, bytes]:
        """What a web server would serve, without the proof."""
        current = self.root / "current"
        files = {file.relative_to(current).as_posix(): file.read_bytes() for file in current.rglob("*") if file.is_file()}
        return {path: data for path, data in files.items() if not path.startswith(".well-known/")}

    def inspect(self, publishing: Publishing, signed: SignedRelease, *, reads_all: bool) -> Inspection:
        found: Inspection = self.run(lambda target: target.inspect(signed, publishing.store.object, reads_all=reads_all))
        return found


def contents(publishing: Publishing, signed: SignedRelease) -> dict[str, bytes]:
    return {file.path: publishing.store.object(file.sha256).read_bytes() for file in signed.release.files}
