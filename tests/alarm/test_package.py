"""The package with the verifier alone: it runs from its settings, and keeps what it found."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from pathlib import Path

from tests.samples.publishing.mirrors import WWW, Mirrors
from tests.verifier.test_package import install

SETTINGS = """root = "root.json"
folder = "state"
again = 0.2
families = ["ipv4"]

[[mirrors]]
url = "http://{host}:{port}"
"""


def test_it_is_installed_with_the_verifier_and_keeps_what_it_finds(tmp_path: Path, mirrors: Mirrors) -> None:
    environment = install(tmp_path, "verifier", "alarm")
    mirrors.now = time.time()  # the program alone has the wall clock
    mirrors.publish()
    alone = tmp_path / "alone"
    alone.mkdir()
    shutil.copy(mirrors.root / "store" / "metadata" / "1.root.json", alone / "root.json")
    (alone / "verify.toml").write_text(SETTINGS.format(host=WWW, port=mirrors.port), encoding="utf-8")

    def run() -> subprocess.CompletedProcess[str]:
        words = [sys.executable, "-m", "alarm", "verify.toml", "--once"]
        return subprocess.run(words, cwd=alone, env=environment, capture_output=True, text=True, check=False)

    assert run().returncode == 0
    mirrors.replace("feed.xml", b"Hacked")
    ended = run()
    assert ended.returncode == 1, ended.stderr
    assert "FOUND 発見 [altered]" in ended.stdout
    assert "[altered]" in (alone / "state" / "status" / "index.html").read_text(encoding="utf-8")
    assert len(list((alone / "state" / "evidence").iterdir())) == 1
