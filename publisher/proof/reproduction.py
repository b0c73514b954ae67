"""Builds the commit of a release anew in an empty folder and compares with the manifest, byte for byte.

1. `check_repeatable`: what the release names must be enough, otherwise the reason is said.
2. `reproduce`: check out, build with the moment and the options of the manifest, by the program of that commit.
3. `compare`: what differs, what is missing, what is additional, and which versions are others than those that the release names.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from publisher.model.errors import PublisherError
from publisher.model.release import BuildParameters, Release, ReleasedFile, is_safe_path
from publisher.proof.checkout import check_out, require_commit
from publisher.release.provenance import read_provenance
from publisher.release.scan import scan

CHECKOUT, OUTPUT, LOG = "checkout", "output", "build.log"
"""What lies in the folder of a reproduction."""

_BLOCK = 1 << 16


@dataclass(frozen=True)
class Version:
    """A tool that is not what it was. ``recorded`` or ``here`` is empty if it was not there, or is not."""

    name: str
    recorded: str
    here: str


@dataclass(frozen=True)
class Reproduction:
    """What came out. ``differing`` are the released and the new file of one path; ``missing`` were released and are not built now; all sorted by path."""

    equal: int
    differing: tuple[tuple[ReleasedFile, ReleasedFile], ...]
    missing: tuple[ReleasedFile, ...]
    additional: tuple[ReleasedFile, ...]
    versions: tuple[Version, ...]

    @property
    def is_equal(self) -> bool:
        """Whether every file came out as it was released, and no other."""
        return not (self.differing or self.missing or self.additional)


def check_repeatable(release: Release, repository: Path) -> BuildParameters:
    """Return with what to build. Raises `PublisherError` that says why the release cannot be repeated."""
    title = f"release {release.number} cannot be built anew"
    if not release.commit:
        raise PublisherError(f"{title}: it was made outside of a Git repository, and names no commit / コミットの記録がありません")
    if release.commit.endswith("+"):
        raise PublisherError(
            f"{title}: files differed from commit {release.commit[:12]} when it was made, and they are in no commit. Commit everything before "
            "`todoke build` / 公開したとき、コミットしていない変更がありました"
        )
    if release.build is None:
        raise PublisherError(f"{title}: the moment of its build was not recorded; give it with --now / ビルドの日時の記録がありません")
    if missing := [name for name in ("folder", "content", "publications") if name not in release.build.options]:
        raise PublisherError(
            f"{title}: its {', '.join(missing)} lay outside of the repository. Keep everything that is built, partners' entries too, in Git / "
            "リポジトリの外にあったものから作られました"
        )
    if wrong := [value for name, value in release.build.options.items() if name != "site-url" and value != "." and not is_safe_path(value)]:
        raise PublisherError(
            f"{title}: its manifest names a folder that leads elsewhere: {wrong[0]!r} / 目録が外のフォルダーを指しています"
        )
    require_commit(repository, release.commit)
    return release.build


def reproduce(release: Release, repository: Path, folder: Path, python: str) -> Reproduction:
    """Build the release anew below ``folder``, which is empty, with the interpreter ``python``, and compare. Raises `PublisherError`."""
    parameters = check_repeatable(release, repository)
    check_out(repository, release.commit, folder / CHECKOUT)
    _build(parameters, folder, python)
    output = folder / OUTPUT
    return compare(release, scan(output / "site", {}).files, read_provenance(output).tools)


def _build(parameters: BuildParameters, folder: Path, python: str) -> None:
    options, checkout = parameters.options, folder / CHECKOUT
    workplace = checkout / options["folder"]
    for name in ("folder", "content", "publications"):
        if not (checkout / options[name]).exists():
            raise PublisherError(
                f"the commit has no {options[name]!r}, from which the release was built: is it left out of Git (.gitignore)? / "
                "公開のもとになったものが、コミットにありません"
            )
    paths = {name: os.path.relpath(checkout / options[name], workplace) for name in ("content", "publications")}
    command = [
        python,
        "-m",
        "todoke",
        "build",
        "--fresh",
        "--now",
        parameters.moment.isoformat(),
        "--output",
        str((folder / OUTPUT).absolute()),
    ]
    command += ["--content", paths["content"], "--publications", paths["publications"]]
    command += ["--site-url", options["site-url"]] if "site-url" in options else []
    with (folder / LOG).open("wb") as log:
        try:
            done = subprocess.run(command, cwd=workplace, env=_environment(workplace), stdout=log, stderr=log, check=False)  # noqa: S603 - no shell
        except OSError as error:
            raise PublisherError(f"{python}: {error.strerror or error} / この Python が動きません") from error
    if not (folder / OUTPUT / "site" / "index.html").is_file():
        last = " ".join((folder / LOG).read_text("utf-8", "replace").split())[-800:]
        raise PublisherError(
            f"the build of the commit ended with status {done.returncode}: {last} / コミットからのビルドが終わりませんでした"
        )


def _environment(workplace: Path) -> Mapping[str, str]:
    """Return the variables of the build: nothing of ours that would change it. A commit with content alone is built by the program that runs now."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("TODOKE_", "PYTHON", "SOURCE_DATE_EPOCH"))}
    program = {} if (workplace / "todoke.py").is_file() else {"PYTHONPATH": str(Path(__file__).parents[2])}
    return kept | program | {"PYTHONDONTWRITEBYTECODE": "1"}


def compare(release: Release, built: Sequence[ReleasedFile], tools: Mapping[str, str]) -> Reproduction:
    """Compare what was released with what was built; ``tools`` are the versions of the new build."""
    before, after = release.by_path, {file.path: file for file in built}
    both = [(before[path], after[path]) for path in sorted(before.keys() & after.keys())]
    differing = tuple((old, new) for old, new in both if old.sha256 != new.sha256)
    return Reproduction(
        equal=len(both) - len(differing),
        differing=differing,
        missing=tuple(before[path] for path in sorted(before.keys() - after.keys())),
        additional=tuple(after[path] for path in sorted(after.keys() - before.keys())),
        versions=_other_versions(release.tools, tools),
    )


def _other_versions(recorded: Mapping[str, str], here: Mapping[str, str]) -> tuple[Version, ...]:
    if "python" not in here:  # the program of an older commit leaves no record
        return ()
    pairs = [Version(name, recorded.get(name, ""), here.get(name, "")) for name in sorted(recorded.keys() | here.keys())]
    return tuple(pair for pair in pairs if pair.recorded != pair.here)


def first_difference(old: Path, new: Path) -> int | None:
    """Return the offset of the first byte in which two files differ; None if they are equal or one cannot be read."""
    try:
        with old.open("rb") as left, new.open("rb") as right:
            for start in count(step=_BLOCK):
                one, other = left.read(_BLOCK), right.read(_BLOCK)
                if one != other:
                    shorter = min(len(one), len(other))
                    return start + next((at for at in range(shorter) if one[at] != other[at]), shorter)
                if not one:
                    return None
    except OSError:
        return None
    return None
