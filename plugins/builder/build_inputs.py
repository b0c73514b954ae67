"""What a build depends on, as it is now: looked at before anything is read, so that a source that changes meanwhile is noticed next time."""

from __future__ import annotations

import os
import shutil
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from plugins.builder import up_to_date
from plugins.builder.options import BuildOptions
from plugins.builder.trees import file_tree

RECORD = "build-record.json"

_OLDER_NAMES = ("twin", "stamp.json", "store.sqlite")
"""Earlier names of `STAGING`, `RECORD` and the content cache. They are removed: no version reads them any more, and the first holds a whole tree."""


@dataclass(frozen=True)
class BuildInputs:
    """The record of the last build, and the digest of its inputs as they are today: for the moment of the record, and for today's (``checked_at``)."""

    record: up_to_date.BuildRecord | None
    checked_at: int
    digest_then: str
    digest_now: str

    def record_if_unchanged(self, options: BuildOptions) -> up_to_date.BuildRecord | None:
        """Return the record of the last build if today's build has the same inputs."""
        record = None if options.fresh else self.record
        is_same = record and record.validity.contains(options.now) and record.input_digest == self.digest_then
        return record if record and is_same and up_to_date.has_same_history(record, options) else None

    def intact_files(self, files: file_tree.FileTree, tree: str) -> frozenset[str]:
        """Return those of ``files``, which are now in one ``tree`` of the output, that are as the last build wrote them."""
        recorded = file_tree.files_below(self.record.outputs, tree) if self.record else {}
        return frozenset(name for name, times in file_tree.without_inodes(files).items() if recorded.get(name) == times)


def check_inputs(options: BuildOptions, output: Path) -> BuildInputs:
    """Look at sizes and times of all that the last build depended on. Without a record of it there is nothing to look at."""
    record, checked_at = up_to_date.load_record(output / RECORD), time.time_ns()
    if record is None:
        _remove_older_names(output)
        return BuildInputs(None, checked_at, "", "")
    then, now = up_to_date.input_digests(record.input_paths, options_text(options), record.checked_at, checked_at)
    return BuildInputs(record, checked_at, then, now)


def _remove_older_names(output: Path) -> None:
    for name in _OLDER_NAMES:
        shutil.rmtree(output / name, ignore_errors=True)
        with suppress(OSError):
            (output / name).unlink()


def options_text(options: BuildOptions) -> str:
    """Return the options that change what is built, with the environment variables of ours; the moment is judged by an interval."""
    variables = sorted((name, value) for name, value in os.environ.items() if name.startswith("TODOKE_"))
    paths = (options.content, options.publications, options.settings)
    return repr((*paths, options.site_url, options.validate_mail, options.shows_drafts, options.strict, str(Path.cwd()), variables))
