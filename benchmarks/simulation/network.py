"""What is outside all sites: the storages of the right, the lines to them, and the readers' mailboxes."""

from __future__ import annotations

from bisect import bisect_right, insort
from collections import Counter
from dataclasses import dataclass, field
from random import Random
from typing import Any

from sending_right.protocol import Create, Names, Read, Request


@dataclass
class Store:
    """A storage: files that are created once, and their sorted paths by folder."""

    files: dict[str, bytes] = field(default_factory=dict)
    paths: list[str] = field(default_factory=list)

    def serve(self, request: Request) -> Any:
        """Do what is asked, at one moment."""
        match request:
            case Create(path, data):
                if path in self.files:
                    return False
                self.files[path] = data
                insort(self.paths, path)
                return True
            case Read(path):
                return self.files.get(path)
            case Names(folder, after):
                start = bisect_right(self.paths, f"{folder}/{after}")
                prefix = len(folder) + 1
                names = []
                for path in self.paths[start:]:
                    if not path.startswith(f"{folder}/"):
                        break
                    names.append(path[prefix:])
                return names


@dataclass
class Network:
    """``cut`` are pairs of a site and a storage that cannot reach each other. ``received`` counts messages by reader."""

    random: Random
    stores: list[Store]
    cut: set[tuple[int, int]] = field(default_factory=set)
    received: Counter[int] = field(default_factory=Counter)
    trace: list[str] | None = None

    def ask(self, site: int, store: int, request: Request) -> tuple[bool, Any]:
        """Return whether an answer came, and the answer. Without one the storage may have done it all the same."""
        if (site, store) in self.cut:
            return False, None
        if self.random.random() < 0.02:  # the line breaks: before the storage heard it, or after
            if self.random.random() < 0.5:
                self.stores[store].serve(request)
            return False, None
        return True, self.stores[store].serve(request)

    def deliver(self, reader: int) -> None:
        """A message leaves."""
        self.received[reader] += 1

    def note(self, words: str) -> None:
        """Write a line of the history, if somebody wants to read it."""
        if self.trace is not None:
            self.trace.append(words)
