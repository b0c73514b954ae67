"""The manifest of a release: text for people, for common tools and for programs. `sha256sum --check` reads every part of it.

A signed list, ``manifest.txt``, names the lists of files by their digest; each of these names the files. Lines that begin with ``#`` are comments to
`sha256sum`, each other line is a digest, two spaces and a path. So one signature covers every file, and one edit changes one list of many::

    # todoke-manifest: 2                                manifest.txt
    # number: 12
    # moment: 2021-03-31T12:00:00+09:00
    # build-moment: 2021-03-31T11:58:20.123456+09:00       what the build took for now; `todoke reproduce` repeats it
    # …
    51c0…  .well-known/todoke/files/3f-51c09ab2aa3d70b1.txt

    # files: text/html; charset=utf-8 | no-cache        a list: media type and cache rule of what follows
    #5123                                               length of the next file in bytes
    0f3a…  fukko-press/index.html

In which list a file is follows from the SHA-256 of its path, as with TUF's hash bins. A list is named after its content, and never changes.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby

from publisher.model.errors import PublisherError
from publisher.model.release import WELL_KNOWN, BuildParameters, Release, ReleasedFile, is_safe_path

PATH = f"{WELL_KNOWN}manifest.txt"
LISTS = f"{WELL_KNOWN}files/"
FORMAT = "2"

_HEAD = re.compile(r"# ([a-z-]+): ?(.*)")
_LINE = re.compile(r"([0-9a-f]{64})  (.+)")
_ONE_VALUE = ("todoke-manifest", "number", "moment", "commit", "audit-anchor")


def bin_bits(files: int) -> int:
    """Return how many bits of the digest of a path choose its list: 16 lists for a small site, 64, 256, or 1,024 for 100,000 files.

    An edit sends the names of all lists and the few lists that changed; this keeps both about equally long (decision 0077).
    """
    return next((bits for bits, most in ((4, 512), (6, 4096), (8, 65536)) if files <= most), 10)


def bin_of(path: str, bits: int) -> int:
    """Return the number of the list that names ``path``: the first ``bits`` bits of the SHA-256 of the path (TUF section 4.5)."""
    return int.from_bytes(hashlib.sha256(path.encode()).digest()[:4]) >> (32 - bits)


def render(release: Release) -> dict[str, bytes]:
    """Return the manifest's files by path: the signed list and the lists of files. Files are grouped by media type and cache rule, and sorted by path."""
    bits = bin_bits(len(release.files))
    bins: dict[int, list[ReleasedFile]] = {}
    for file in release.files:
        bins.setdefault(bin_of(file.path, bits), []).append(file)
    lists, lines = {}, []
    for number, files in sorted(bins.items()):
        text = "\n".join([*_rows(files), ""]).encode()
        sha256 = hashlib.sha256(text).hexdigest()
        path = f"{LISTS}{number:0{(bits + 3) // 4}x}-{sha256[:16]}.txt"
        lists[path] = text
        lines.append(f"{sha256}  {path}")
    return {**lists, PATH: "\n".join([*_header_lines(release), *lines, ""]).encode()}


def _header_lines(release: Release) -> Iterator[str]:
    yield f"# todoke-manifest: {FORMAT}"
    yield f"# number: {release.number}"
    yield f"# moment: {release.moment.isoformat()}"
    yield f"# commit: {release.commit}"
    yield f"# audit-anchor: {release.audit_anchor}"
    if release.restores:
        yield f"# restores: {release.restores}"
    if release.build:
        yield f"# build-moment: {release.build.moment.isoformat()}"
        for name, value in sorted(release.build.options.items()):
            yield f"# build-option: {name} {value}"
    for name, version in sorted(release.tools.items()):
        yield f"# tool: {name} {version}"
    for words in release.held_back:
        yield f"# held-back: {words}"


def _rows(files: list[ReleasedFile]) -> Iterator[str]:
    def rule(file: ReleasedFile) -> tuple[str, str]:
        return (file.media_type, file.cache_control)

    for (media_type, cache_control), group in groupby(sorted(files, key=lambda file: (rule(file), file.path)), key=rule):
        yield f"# files: {media_type} | {cache_control}"
        for file in group:
            yield f"#{file.length}"
            yield f"{file.sha256}  {file.path}"


def list_paths(data: bytes) -> list[str]:
    """Return the paths of the lists that a signed list names. Raises `PublisherError` with the line that is wrong."""
    return list(_parse_head(data).lists)


ReadLists = dict[str, tuple[ReleasedFile, ...]]
"""SHA-256 of a list → the files that it names. Two releases that follow each other share nearly all of them."""


def parse(data: bytes, read: Callable[[str], bytes | None], known: ReadLists | None = None) -> Release:
    """Return the release of which `render` made ``data``; ``read`` returns a list by its path. Raises `PublisherError` with the line that is wrong.

    Lists in ``known`` are not parsed again, and those that were are added to it.
    """
    header, known = _parse_head(data), {} if known is None else known
    files: list[ReleasedFile] = []
    for path, sha256 in header.lists.items():
        text = read(path)
        if text is None or hashlib.sha256(text).hexdigest() != sha256:
            raise PublisherError(f"{path}: {'missing' if text is None else 'altered'} / 目録の一部が正しくありません")
        if sha256 not in known:
            known[sha256] = tuple(_parse_list(path, text))
        files += known[sha256]
    return _release(header.values, tuple(sorted(files, key=lambda file: file.path)))


@dataclass(frozen=True)
class _Header:
    """``values`` are the comments by name, ``lists`` path → SHA-256."""

    values: Mapping[str, list[str]]
    lists: Mapping[str, str]


def _parse_head(data: bytes) -> _Header:
    values: dict[str, list[str]] = {}
    lists: dict[str, str] = {}
    for number, line in enumerate(data.decode("utf-8", "replace").splitlines(), 1):
        if match := _LINE.fullmatch(line):
            if not is_safe_path(match[2]) or not match[2].startswith(LISTS):
                raise _broken("manifest.txt", number, "a path that leads elsewhere")
            lists[match[2]] = match[1]
        elif match := _HEAD.fullmatch(line):
            values.setdefault(match[1], []).append(match[2])
        else:
            raise _broken("manifest.txt", number, "neither a comment nor a digest with a path")
    return _Header(values, lists)


def _parse_list(name: str, data: bytes) -> Iterator[ReleasedFile]:
    rule, length = ("", ""), -1
    for number, line in enumerate(data.decode("utf-8", "replace").splitlines(), 1):
        if line[:1] == "#" and line[1:].isdecimal():
            length = int(line[1:])
        elif match := _LINE.fullmatch(line):
            if length < 0 or not rule[0]:
                raise _broken(name, number, "a file without its length or its rule")
            if not is_safe_path(match[2]):
                raise _broken(name, number, "a path that leads elsewhere")
            yield ReleasedFile(match[2], match[1], length, *rule)
            length = -1
        elif line.startswith("# files: ") and " | " in line:
            media_type, _, cache_control = line.removeprefix("# files: ").partition(" | ")
            rule = (media_type, cache_control)
        else:
            raise _broken(name, number, "neither a comment nor a digest with a path")


def _release(header: Mapping[str, list[str]], files: tuple[ReleasedFile, ...]) -> Release:
    if header.get("todoke-manifest") != [FORMAT]:
        raise _broken("manifest.txt", 1, f"not a manifest of format {FORMAT}")
    if wrong := [name for name in _ONE_VALUE if len(header.get(name, ())) != 1]:
        raise _broken("manifest.txt", 1, f"{wrong[0]} must be there once")
    try:
        return Release(
            number=int(header["number"][0]),
            moment=dt.datetime.fromisoformat(header["moment"][0]),
            files=files,
            commit=header["commit"][0],
            tools=_pairs(header.get("tool", ())),
            held_back=tuple(header.get("held-back", ())),
            audit_anchor=header["audit-anchor"][0],
            restores=int(header.get("restores", ["0"])[0]),
            build=_build(header),
        )
    except ValueError as error:
        raise _broken("manifest.txt", 1, str(error)) from error


def _build(header: Mapping[str, list[str]]) -> BuildParameters | None:
    """Return the parameters of the build; None in a release from before they were recorded. Raises `ValueError`."""
    if "build-moment" not in header:
        return None
    return BuildParameters(dt.datetime.fromisoformat(header["build-moment"][0]), _pairs(header.get("build-option", ())))


def _pairs(values: Iterable[str]) -> dict[str, str]:
    """Return value by name of lines that hold both."""
    return {name: value for name, _, value in (line.partition(" ") for line in values)}


def _broken(name: str, line: int, words: str) -> PublisherError:
    return PublisherError(f"{name}:{line}: {words} / 目録が読めません")
