"""Files under `var/` that hold a reader's address: messages that were received. The database and the journals are not looked at here."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

BLOCK = 1 << 20


def files_with(folder: Path, address: str) -> tuple[Path, ...]:
    """The messages below a folder (`*.mail`) in which the address stands, in any case."""
    return tuple(sorted(path for path in folder.rglob("*.mail") if path.is_file() and holds(path, address)))


def holds(path: Path, address: str) -> bool:
    """Whether the file has the address somewhere."""
    wanted, before = address.lower().encode(), b""
    for block in _blocks(path):
        if wanted in (before + block).lower():
            return True
        before = block[-len(wanted) :]
    return False


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            yield block
