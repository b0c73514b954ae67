"""Where the system has no locks of this kind, as Windows, the publisher says so, and what only reads a store works."""

from __future__ import annotations

import subprocess
import sys

from tests.samples.publishing.releases import Publishing

WITHOUT_LOCKS = """
import asyncio, subprocess, sys
from pathlib import Path
sys.modules["fcntl"] = None
from publisher.model.errors import PublisherError
from publisher.release.store import ReleaseStore
from publisher.cli import mirrors, publish, release, verify
from publisher.cli.proof import reproduce
store = ReleaseStore(Path(sys.argv[1]))
print(store.load(1).release.number)
try:
    with store.locked():
        print("locked")
except PublisherError as error:
    print(error)
"""


def test_a_system_without_file_locks_is_told_so_and_can_read_releases(publishing: Publishing) -> None:
    publishing.release()
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_LOCKS, str(publishing.store.root)], capture_output=True, text=True, check=False, encoding="utf-8"
    )
    number, words = done.stdout.splitlines()
    assert number == "1" and words.startswith("releases are made and delivered on Linux or macOS only") and "Windows" in words, done.stderr
