"""Puts the files of a commit into an empty folder, by Git itself. Neither the repository nor its working tree changes, and no hook runs."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

from publisher.model.errors import PublisherError

_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
"""The full name of a commit, in SHA-1 or SHA-256."""

_SHA256 = 64
"""Digits of a commit's name in a repository of SHA-256."""

_SUBMODULE = "160000 "
"""The mode of a gitlink in Git's index."""


def check_out(repository: Path, commit: str, folder: Path) -> None:
    """Write the files of ``commit`` into ``folder``, which is made. ``repository`` is any folder of a checkout, or a bare repository.

    An index of its own is read, so that shallow clones, commits that no branch reaches and export-ignore do no harm. Raises `PublisherError`: no
    repository, no such commit, submodules.
    """
    require_commit(repository, commit)
    folder.mkdir(parents=True)
    index = folder.parent / f"{folder.name}.index"
    try:
        variables = {"GIT_DIR": _git_dir(repository), "GIT_WORK_TREE": str(folder), "GIT_INDEX_FILE": str(index)}
        _git(folder, "-c", f"core.hooksPath={os.devnull}", "-c", "core.bare=false", "read-tree", "-m", "-u", commit, variables=variables)
        if links := [line for line in _git(folder, "ls-files", "--stage", variables=variables).splitlines() if line.startswith(_SUBMODULE)]:
            raise PublisherError(
                f"commit {commit[:12]} has a submodule at {links[0].partition(chr(9))[2]}, whose files are in no commit of this repository / "
                "サブモジュールの中身は、このリポジトリにありません"
            )
    finally:
        index.unlink(missing_ok=True)
    _lend_history(repository, commit, folder)


def _lend_history(repository: Path, commit: str, folder: Path) -> None:
    """Make ``folder`` a repository whose objects are those of ``repository``: the build takes the place of a file at fault from the history."""
    objects, shallow = (Path(repository, _git(repository, "rev-parse", "--git-path", name)).resolve() for name in ("objects", "shallow"))
    _git(folder, "init", "--quiet", "--template=", f"--object-format={'sha256' if len(commit) == _SHA256 else 'sha1'}")
    (folder / ".git" / "objects" / "info").mkdir(exist_ok=True)
    (folder / ".git" / "objects" / "info" / "alternates").write_text(f"{objects}\n", encoding="utf-8")
    if shallow.is_file():
        shutil.copyfile(shallow, folder / ".git" / "shallow")
    _git(folder, "update-ref", "--no-deref", "HEAD", commit)


def require_commit(repository: Path, commit: str) -> None:
    """Return if ``commit`` is in the repository. Raises `PublisherError`."""
    if not _COMMIT.fullmatch(commit):
        raise PublisherError(f"{commit!r} is no full name of a commit / コミットの名前ではありません")
    _git_dir(repository)
    try:
        _git(repository, "cat-file", "-e", f"{commit}^{{commit}}")
    except PublisherError:
        raise PublisherError(
            f"commit {commit} is not in {repository.absolute()}. Fetch it (git fetch --unshallow, git fetch --all), or name another clone with --repository / "
            "このコミットはここにありません。git fetch で取り寄せてください"
        ) from None


def _git_dir(repository: Path) -> str:
    try:
        return _git(repository, "rev-parse", "--absolute-git-dir")
    except PublisherError as error:
        raise PublisherError(
            f"{repository.absolute()}: no Git repository. Run this in a clone, or name one with --repository / Git のリポジトリではありません ({error})"
        ) from error


def _git(folder: Path, *arguments: str, variables: dict[str, str] | None = None) -> str:
    """Return what Git prints. Variables of the caller that aim Git elsewhere (inside of a hook, say) do not count."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")} | (variables or {})
    command = ["git", "-C", str(folder), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)  # noqa: S603 - no shell
    except OSError as error:
        raise PublisherError(f"git cannot be run: {error.strerror or error} / Git が動きません") from error
    if done.returncode:
        raise PublisherError(f"git {arguments[-2]}: {' '.join(done.stderr.split())[:500]} / Git が断りました")
    return done.stdout.strip()
