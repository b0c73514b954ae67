"""A folder with the chosen version of every source, in the place of ``content/`` for one build."""

from __future__ import annotations

import os
import posixpath
from contextlib import suppress
from pathlib import Path

from plugins.files import link
from plugins.inputs import InputFolder, UnreadableInput, survey


class ChosenFiles:
    """The folder ``root``: hard links to the files of ``content`` that may be read (copies, where there can be no links), and versions put in their places.

    A file keeps its time, so that what is cached for it holds. Nothing writes into this folder but `put` and `remove`, which unlink first.
    """

    def __init__(self, content: Path, root: Path) -> None:
        """Make the folder. Raises `OSError`."""
        self.root = root
        root.mkdir(parents=True)
        real, tree = os.path.realpath(content), survey(content)
        entered = {""}
        for name in tree.files:
            self._make_folder(posixpath.dirname(name), entered)
            link(os.path.realpath(f"{real}/{name}"), f"{root}/{name}")
        for name, target in tree.folder_links.items():
            self._make_folder(posixpath.dirname(name), entered)
            (root / name).symlink_to(os.path.relpath(root / target, root / posixpath.dirname(name)))
        self.names = set(tree.files)

    def put(self, name: str, data: bytes) -> None:
        """Let the file ``name`` hold ``data``."""
        self.remove(name)
        file = self.root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
        self.names.add(name)

    def read(self, name: str) -> bytes:
        """Return the bytes of the file ``name``; none if it is not there any more."""
        try:
            return InputFolder(self.root).read(name)
        except UnreadableInput:
            return b""

    def remove(self, name: str) -> None:
        """Take the file ``name`` away."""
        with suppress(FileNotFoundError, NotADirectoryError):
            (self.root / name).unlink()
        self.names.discard(name)

    def _make_folder(self, name: str, entered: set[str]) -> None:
        if name not in entered:
            os.makedirs(self.root / name, exist_ok=True)  # noqa: PTH103 - once for each folder
            entered.add(name)
