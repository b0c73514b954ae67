"""Answers from sizes and times whether anything changed since the last build, without reading a source or loading a library.

A build record names all inputs of a build (sources, theme, code, versions, options) by one digest, all files that it wrote, and the interval in which
the moment makes no difference. If the record still holds, there is nothing to do. If not, it says which files of the site are as they were written.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from plugins.builder.options import BuildOptions, BuildReport
from plugins.builder.trees.file_tree import FileTimes
from plugins.clock import ValidityInterval, parse_interval
from plugins.diagnostics import Diagnostic
from plugins.files import write_atomically

FORMAT = 4

UNSETTLED = 3_000_000_000
"""Nanoseconds. FAT keeps times in steps of 2 s: a file that changed less than this before it was looked at may change again without another time.
So its bytes count as well."""


@dataclass(frozen=True)
class BuildRecord:
    """``input_paths`` are the files and folders that the build depends on, ``input_digest`` is their digest for the moment ``checked_at`` (ns).

    ``outputs`` are the files of the output after the build. ``report`` is the build's report, as JSON holds it.
    """

    checked_at: int
    input_paths: tuple[str, ...]
    input_digest: str
    outputs: FileTimes
    validity: ValidityInterval
    report: Mapping[str, Any]

    def save(self, path: Path) -> None:
        data = vars(self) | {"format": FORMAT, "validity": self.validity.as_text(), "report": dict(self.report)}
        write_atomically(path, json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode())


def load_record(path: Path) -> BuildRecord | None:
    """Return the last build's record; None if it is absent, unreadable or of another version."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if data.pop("format") != FORMAT:
            return None
        data["input_paths"] = tuple(data["input_paths"])
        data["validity"] = parse_interval(*data["validity"])
        return BuildRecord(**data)
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return None


def input_digests(paths: Iterable[str], options: str, *moments: int) -> list[str]:
    """Return a digest of the files at or below ``paths``, of the installed versions, and of ``options``, for each of ``moments`` (ns), from one walk.

    A path may be a file, a folder or absent. Of a file that changed shortly before a moment, the digest for that moment covers the bytes too.
    """
    prefix = f"{options}\0{sys.version}\0{sys.platform}\0".encode()
    prefix += b"".join("\0".join(names).encode() + b"\1" for names in filter(None, map(_installed_versions, sys.path)))
    hashers = [(moment, hashlib.blake2b(prefix, digest_size=16)) for moment in moments]
    for path in paths:
        _update(hashers, [f"{path}\0"])
        _add_files(path, hashers)
    return [str(hasher.hexdigest()) for _, hasher in hashers]


def _update(hashers: Iterable[tuple[int, Any]], lines: Sequence[str]) -> None:
    text = "".join(lines).encode("utf-8", "surrogateescape")
    for _, hasher in hashers:
        hasher.update(text)


def _add_files(path: str, hashers: Sequence[tuple[int, Any]]) -> None:
    """Add a line for every file at or below ``path``; after the line of a file that changed just before a moment, its digest for that moment."""
    lines = list[str]()
    first_moment = min((moment for moment, _ in hashers), default=0)
    for line, file, time in listing(path):
        lines.append(line)
        if first_moment - time <= UNSETTLED:
            _update(hashers, lines)
            lines = []
            _update([(moment, hasher) for moment, hasher in hashers if moment - time <= UNSETTLED], [_file_digest(file)])
    _update(hashers, lines)


def _file_digest(path: str) -> str:
    try:
        return hashlib.blake2b(Path(path).read_bytes(), digest_size=16).hexdigest()
    except OSError:  # gone since it was listed, or not readable: the build says so, if it needs the file
        return "unreadable"


_NO_FILE = -1 << 62
"""The time of a line that stands for no file: so long ago that nothing is read."""


def listing(path: str) -> Iterator[tuple[str, str, int]]:
    """Yield a line for every file and folder at or below ``path``, in a fixed order, with the path of the file and its time (ns).

    No link is followed, and only regular files are there to be read: a link to a folder above would have no end, and a pipe would wait for ever.
    """
    try:
        entries = sorted(os.scandir(path), key=lambda entry: entry.name)
    except NotADirectoryError:
        yield _line("", path, os.stat(path))  # noqa: PTH116 - thousands of files: no object for each
        return
    except OSError:  # no such folder, or one that may not be read
        yield "gone\0", "", _NO_FILE
        return
    for entry in entries:
        if entry.name == "__pycache__":
            continue
        if entry.is_symlink():
            yield _link_line(entry), "", _NO_FILE
        elif entry.is_dir(follow_symlinks=False):
            yield f"{entry.name}(\0", "", _NO_FILE
            yield from listing(entry.path)
            yield ")\0", "", _NO_FILE
        else:
            yield _line(entry.name, entry.path, entry.stat(follow_symlinks=False))


def _line(name: str, path: str, attributes: os.stat_result) -> tuple[str, str, int]:
    time = attributes.st_mtime_ns if stat.S_ISREG(attributes.st_mode) else _NO_FILE
    return f"{name}\0{attributes.st_size} {attributes.st_mtime_ns}\0", path, time


def file_line(path: str) -> str:
    """Return the line that `listing` yields for the regular file at ``path``. Raises `OSError`."""
    return _line(path.rpartition(os.sep)[2], path, os.stat(path, follow_symlinks=False))[0]  # noqa: PTH116 - see above


def _link_line(entry: os.DirEntry[str]) -> str:
    """Where a link leads, with size and time of what is there."""
    try:
        attributes = entry.stat()
        return f"{entry.name}@{os.readlink(entry.path)}\0{attributes.st_size} {attributes.st_mtime_ns}\0"  # noqa: PTH115 - as above
    except OSError:  # nothing is there, or the link leads back to itself
        return f"{entry.name}@\0"


def _installed_versions(folder: str) -> list[str]:
    """The names of the distributions in ``folder``, which hold their versions: quicker than reading each one's metadata."""
    try:
        return sorted(name for name in os.listdir(folder) if name.endswith((".dist-info", ".egg-info", ".pth")))  # noqa: PTH208 - see above
    except OSError:
        return []


def summary_of(report: BuildReport) -> dict[str, Any]:
    """What a build record keeps of a report."""
    warnings = [warning.as_record() for warning in report.warnings]
    pages = {"pages": report.pages, "issues": report.issues, "files": report.files, "kept": report.rendered + report.kept}
    return pages | {"warnings": warnings, "held_back": [held.as_record() for held in report.held_back]}


def repeated_report(output: Path, record: BuildRecord) -> BuildReport:
    """The report of a build that had nothing to do."""
    report = report_of(output, record.report)
    if report.held_back:
        from plugins.builder.held_back.report import HELD_BACK, render

        write_atomically(
            output / HELD_BACK, render(report.held_back)
        )  # somebody may have deleted it, and `todoke release` names what is in it
    return report


def report_of(output: Path, summary: Mapping[str, Any]) -> BuildReport:
    """Return the report of which `summary_of` made ``summary``, without what was rendered."""
    warnings = tuple(Diagnostic.from_record(warning) for warning in summary["warnings"])
    report = BuildReport(output, summary["pages"], summary["issues"], summary["files"], 0.0, 0, summary["kept"], 0, 0, {}, warnings)
    if not summary["held_back"]:
        return report
    from plugins.builder.held_back.report import HeldBack

    return replace(report, held_back=tuple(map(HeldBack.from_record, summary["held_back"])))


def has_same_history(record: BuildRecord, options: BuildOptions) -> bool:
    """Tell whether the history is the same, if the last build published anything from it."""
    if not record.report["held_back"]:
        return True
    from plugins.builder.held_back.history import history_identity

    return bool(record.report["history"] == history_identity(options.content))
