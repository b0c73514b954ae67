"""The manifest of a release: one text for people, for common tools and for programs.

`sha256sum --check` reads it: lines that begin with ``#`` are comments to it, each other line is a digest, two spaces and a path. The comments hold the rest::

    # todoke-manifest: 1
    # number: 12
    # moment: 2021-03-31T12:00:00+09:00
    # …
    # files: text/html; charset=utf-8 | no-cache        media type and cache rule of what follows
    #5123                                               length of the next file in bytes
    0f3a…  fukko-press/index.html
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from itertools import groupby

from publisher.model.errors import PublisherError
from publisher.model.release import WELL_KNOWN, Release, ReleasedFile, is_safe_path

PATH = f"{WELL_KNOWN}manifest.txt"
FORMAT = "1"

_HEAD = re.compile(r"# ([a-z-]+): ?(.*)")
_FILE = re.compile(r"([0-9a-f]{64})  (.+)")
_ONE_VALUE = ("todoke-manifest", "number", "moment", "commit", "audit-anchor")


def render(release: Release) -> bytes:
    """Return the manifest. Files are grouped by media type and cache rule, and sorted by path in each group."""
    return "\n".join([*_head(release), *_rows(release), ""]).encode()


def _head(release: Release) -> Iterator[str]:
    yield f"# todoke-manifest: {FORMAT}"
    yield f"# number: {release.number}"
    yield f"# moment: {release.moment.isoformat()}"
    yield f"# commit: {release.commit}"
    yield f"# audit-anchor: {release.audit_anchor}"
    for name, version in sorted(release.tools.items()):
        yield f"# tool: {name} {version}"
    for words in release.held_back:
        yield f"# held-back: {words}"


def _rows(release: Release) -> Iterator[str]:
    def rule(file: ReleasedFile) -> tuple[str, str]:
        return (file.media_type, file.cache_control)

    for (media_type, cache_control), files in groupby(sorted(release.files, key=lambda file: (rule(file), file.path)), key=rule):
        yield f"# files: {media_type} | {cache_control}"
        for file in files:
            yield f"#{file.length}"
            yield f"{file.sha256}  {file.path}"


def parse(data: bytes) -> Release:
    """Return the release of which `render` made ``data``. Raises `PublisherError` with the line that is wrong."""
    head: dict[str, list[str]] = {}
    files: list[ReleasedFile] = []
    rule, length = ("", ""), -1
    for number, line in enumerate(data.decode("utf-8", "replace").splitlines(), 1):
        if match := _FILE.fullmatch(line):
            if length < 0 or not rule[0]:
                raise _broken(number, "a file without its length or its rule")
            if not is_safe_path(match[2]):
                raise _broken(number, "a path that leads elsewhere")
            files.append(ReleasedFile(match[2], match[1], length, *rule))
            length = -1
        elif line.startswith("#") and line[1:].isdecimal():
            length = int(line[1:])
        elif line.startswith("# files: ") and " | " in line:
            media_type, _, cache_control = line.removeprefix("# files: ").partition(" | ")
            rule = (media_type, cache_control)
        elif match := _HEAD.fullmatch(line):
            head.setdefault(match[1], []).append(match[2])
        else:
            raise _broken(number, "neither a comment nor a digest with a path")
    return _release(head, tuple(sorted(files)))


def _release(head: dict[str, list[str]], files: tuple[ReleasedFile, ...]) -> Release:
    if head.get("todoke-manifest") != [FORMAT]:
        raise _broken(1, f"not a manifest of format {FORMAT}")
    if wrong := [name for name in _ONE_VALUE if len(head.get(name, ())) != 1]:
        raise _broken(1, f"{wrong[0]} must be there once")
    try:
        return Release(
            number=int(head["number"][0]),
            moment=dt.datetime.fromisoformat(head["moment"][0]),
            files=files,
            commit=head["commit"][0],
            tools=dict((name, version) for name, _, version in (tool.partition(" ") for tool in head.get("tool", ()))),  # noqa: C402 - three parts
            held_back=tuple(head.get("held-back", ())),
            audit_anchor=head["audit-anchor"][0],
        )
    except ValueError as error:
        raise _broken(1, str(error)) from error


def _broken(line: int, words: str) -> PublisherError:
    return PublisherError(f"manifest.txt:{line}: {words} / 目録が読めません")
