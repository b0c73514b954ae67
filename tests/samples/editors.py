"""The editors' repository for tests of the approval: real Git, with people who write, commit and merge; and approvers with real SSH keys."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.samples.mail.mail_bundles import SOURCE

HANAKO = ("佐藤 花子", "hanako@example.jp")
MAKOTO = ("高橋 誠", "makoto@example.jp")
ICHIRO = ("鈴木 一郎", "ichiro@example.jp")


@dataclass(frozen=True)
class Editors:
    """A repository whose folder `content` holds the sources."""

    top: Path

    @property
    def content(self) -> Path:
        return self.top / "content"

    def git(self, *arguments: str, by: tuple[str, str] = HANAKO, committer: tuple[str, str] | None = None) -> str:
        name, mail = committer or by
        who = ["-c", f"user.name={name}", "-c", f"user.email={mail}", "-c", "commit.gpgsign=false", "-c", "protocol.file.allow=always"]
        author = {"GIT_AUTHOR_NAME": by[0], "GIT_AUTHOR_EMAIL": by[1], "PATH": "/usr/bin:/bin", "HOME": str(self.top)}
        command = ["git", "-C", str(self.top), *who, *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True, env=author).stdout

    def write(self, path: str, raw: bytes) -> Path:
        file = self.content / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(raw)
        return file

    def commit(
        self, path: str, raw: bytes, *, by: tuple[str, str] = HANAKO, committer: tuple[str, str] | None = None, message: str = "原稿"
    ) -> Path:
        file = self.write(path, raw)
        self.git("add", "--all", by=by)
        self.git("commit", "--quiet", "--allow-empty", "-m", message, by=by, committer=committer)
        return file


def repository(folder: Path, *, by: tuple[str, str] = HANAKO, message: str = "45号", number: str = "45") -> Editors:
    """A repository with one issue, which `by` has written."""
    editors = Editors(folder)
    folder.mkdir(parents=True, exist_ok=True)
    editors.git("init", "--quiet", "--initial-branch=main")
    editors.commit(f"mail/fukko-press/{number}.md", SOURCE, by=by, message=message)
    return editors


def key(folder: Path, name: str, *, kind: str = "ed25519") -> Path:
    """A new SSH key without a passphrase; its public half is beside it."""
    file = folder / name
    folder.mkdir(parents=True, exist_ok=True)
    command = ["ssh-keygen", "-q", "-t", kind, "-N", "", "-C", name, "-f", str(file)]
    subprocess.run(command, check=True, capture_output=True)
    return file


def write_approvers(path: Path, *entries: str) -> None:
    path.write_text("\n".join(entries), "utf-8")


def entry(person: tuple[str, str], file: Path | None = None, *, lists: str = '["*"]', further: str = "") -> str:
    """An entry of approvers.toml."""
    public = f'public_key = "{file.with_suffix(".pub").read_text("utf-8").strip()}"\n' if file else ""
    return f'[[approver]]\nname = "{person[0]}"\nmail = "{person[1]}"\nlists = {lists}\n{public}{further}\n'
