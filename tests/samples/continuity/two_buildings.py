"""An installation as a whole: readers, an issue, journals, a release, content in Git, settings, keys; and what it takes to make snapshots of it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from continuity.settings import ContinuitySettings, load_settings
from tests.samples.mail.mail_bundles import Installation, installation
from tests.samples.publishing.releases import Publishing


@dataclass(frozen=True)
class Building:
    """``home`` is the folder of the installation, ``key`` the file of the private key, which lies elsewhere."""

    home: Path
    key: Path
    mail: Installation
    publishing: Publishing

    @property
    def config(self) -> Path:
        return self.home / "continuity.toml"

    @property
    def settings(self) -> ContinuitySettings:
        return load_settings(self.config)


def new_key(file: Path) -> str:
    """Make a pair of keys with age's own tool, and return the public one."""
    subprocess.run(["age-keygen", "-o", str(file)], check=True, capture_output=True)
    return subprocess.run(["age-keygen", "-y", str(file)], check=True, capture_output=True, text=True).stdout.strip()


def building(
    folder: Path, port: int = 25, *, readers: int = 5, head: str = "", more: Iterable[str] = (), storages: Iterable[str] = ()
) -> Building:
    """Make one. ``more`` are lines before the tables of continuity.toml, ``storages`` its tables."""
    home = folder / "building"
    home.mkdir(parents=True)
    recipient = new_key(folder / "key.txt")
    mail = installation(home, port, readers=readers, head=head)
    publishing = Publishing(home / "publishing")
    publishing.release()
    (home / "publish.toml").write_text('store = "publishing/store"\n', "utf-8")
    write_content(home, "一つめの記事")
    lines = [f'recipients = ["{recipient}"]', *more, *storages]
    (home / "continuity.toml").write_text("\n".join(lines), "utf-8")
    (home / "var").mkdir(exist_ok=True)
    (home / "var" / "secret").write_text("NEVER-IN-A-SNAPSHOT", "ascii")
    return Building(home, folder / "key.txt", mail, publishing)


def write_content(home: Path, words: str) -> None:
    """Commit an article."""
    folder = home / "content"
    folder.mkdir(exist_ok=True)
    (folder / "article.md").write_text(words, "utf-8")
    git = ["git", "-C", str(home), "-c", "user.name=t", "-c", "user.email=t@example.jp"]
    if not (home / ".git").is_dir():
        subprocess.run([*git, "init", "--quiet", "--initial-branch=main"], check=True)
    subprocess.run([*git, "add", "content"], check=True)
    subprocess.run([*git, "commit", "--quiet", "-m", words], check=True)
