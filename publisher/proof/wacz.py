"""A release as a web archive: WARC records (ISO 28500) by warcio, in a WACZ 1.1.1, which archives and browsers' replay tools open without a server.

Every file becomes a response with the media type that the manifest names, as of the release's moment. The same release gives the same bytes.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import html
import io
import json
import os
import re
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote, urlsplit
from uuid import NAMESPACE_URL, uuid5

from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from publisher.model.errors import PublisherError
from publisher.model.release import Release, ReleasedFile
from publisher.release.store import ReleaseStore

WARC, INDEX, PAGES = "archive/data.warc.gz", "indexes/index.cdx", "pages/pages.jsonl"
_TITLE = re.compile(rb"<title[^>]*>(.*?)</title>", re.IGNORECASE | re.DOTALL)
_WWW = re.compile(r"^www\d*\.")


@dataclass(frozen=True)
class _Entry:
    """Where a response lies in the WARC: ``offset`` and ``length`` in bytes of the compressed record."""

    url: str
    file: ReleasedFile
    offset: int
    length: int
    title: str


def write_wacz(store: ReleaseStore, release: Release, site: str, target: Path) -> int:
    """Write a release as it was at the address ``site``, whole or not at all; return the length in bytes. Raises `PublisherError`."""
    if damaged := store.missing_or_damaged(release.files):
        raise PublisherError(
            f"release {release.number}: {len(damaged)} files are missing or damaged: {damaged[0].path} / 保管した版が壊れています"
        )
    temporary, warc = (target.with_name(f".{target.name}.{os.getpid()}.{kind}") for kind in ("part", "warc"))
    try:
        with warc.open("wb") as stream:
            entries = _write_warc(store, release, site, stream)
        _write_zip(temporary, warc, release, entries)
        temporary.replace(target)
    except OSError as error:
        raise PublisherError(f"{error.filename or target}: {error.strerror or error} / 書けません") from error
    finally:
        temporary.unlink(missing_ok=True)
        warc.unlink(missing_ok=True)
    return target.stat().st_size


def _write_warc(store: ReleaseStore, release: Release, site: str, stream: BinaryIO) -> list[_Entry]:
    writer, entries = WARCWriter(stream, gzip=True), []
    moment = release.moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    for file in release.files:
        url, data, offset = _address(site, file.path), store.object(file.sha256).read_bytes(), stream.tell()
        answer = StatusAndHeaders("200 OK", [("Content-Type", file.media_type), ("Content-Length", str(len(data)))], protocol="HTTP/1.1")
        named = {"WARC-Date": moment, "WARC-Record-ID": f"<urn:uuid:{uuid5(NAMESPACE_URL, f'{url} {file.sha256} {moment}')}>"}
        writer.write_record(
            writer.create_warc_record(url, "response", io.BytesIO(data), len(data), warc_headers_dict=named, http_headers=answer)
        )
        entries.append(_Entry(url, file, offset, stream.tell() - offset, _title(file, data)))
    return entries


def _address(site: str, path: str) -> str:
    """Return the address at which readers found a file: that of the folder for its index."""
    return f"{site.rstrip('/')}/{quote(path.removesuffix('index.html') if f'/{path}'.endswith('/index.html') else path)}"


def _title(file: ReleasedFile, data: bytes) -> str:
    match = _TITLE.search(data) if file.media_type.startswith("text/html") else None
    return html.unescape(" ".join(match[1].decode("utf-8", "replace").split())) if match else ""


def surt(url: str) -> str:
    """Return the key by which an index is sorted: the host turned round, without ``www.``, then the path (as OpenWayback and pywb have it)."""
    parts = urlsplit(url.lower())
    name = _WWW.sub("", parts.hostname or "")
    host = name if name.replace(".", "").isdecimal() or ":" in name else ",".join(reversed(name.split(".")))  # a number stays as it is
    port = f":{parts.port}" if parts.port else ""
    return f"{host}{port}){parts.path or '/'}"


def _write_zip(target: Path, warc: Path, release: Release, entries: Iterable[_Entry]) -> None:
    moment = release.moment.astimezone(dt.UTC)
    entries = sorted(entries, key=lambda entry: surt(entry.url))
    parts = {INDEX: _index(entries, moment), PAGES: _pages(entries, moment)}
    with warc.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    resources = [{"name": "data.warc.gz", "path": WARC, "hash": f"sha256:{digest}", "bytes": warc.stat().st_size}]
    resources += [
        {"name": path.rpartition("/")[2], "path": path, "hash": f"sha256:{hashlib.sha256(data).hexdigest()}", "bytes": len(data)}
        for path, data in parts.items()
    ]
    package = _json(
        {
            "profile": "data-package",
            "wacz_version": "1.1.1",
            "title": f"todoke release {release.number}, commit {release.commit or 'unknown'}",
            "created": moment.isoformat().replace("+00:00", "Z"),
            "software": f"todoke {release.tools.get('todoke', '')}".strip(),
            "resources": resources,
        }
    )
    parts["datapackage.json"] = package
    parts["datapackage-digest.json"] = _json({"path": "datapackage.json", "hash": f"sha256:{hashlib.sha256(package).hexdigest()}"})
    with zipfile.ZipFile(
        target, "w", zipfile.ZIP_STORED
    ) as archive:  # replay tools read records in the middle: nothing is compressed twice
        _copy(archive, warc, moment)
        for path, data in parts.items():
            archive.writestr(_member(path, moment), data)


def _copy(archive: zipfile.ZipFile, warc: Path, moment: dt.datetime) -> None:
    with archive.open(_member(WARC, moment), "w", force_zip64=True) as out, warc.open("rb") as stream:
        while block := stream.read(1 << 20):
            out.write(block)


def _member(path: str, moment: dt.datetime) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(path, (moment.year, moment.month, moment.day, moment.hour, moment.minute, moment.second))
    entry.create_system, entry.external_attr = 3, 0o100644 << 16
    return entry


def _index(entries: Iterable[_Entry], moment: dt.datetime) -> bytes:
    """Return CDXJ: key, moment and a JSON object a line."""
    lines = []
    for entry in entries:
        values = {
            "url": entry.url,
            "mime": entry.file.media_type.partition(";")[0],
            "status": "200",
            "digest": f"sha256:{entry.file.sha256}",
            "length": str(entry.length),
            "offset": str(entry.offset),
            "filename": "data.warc.gz",
        }
        lines.append(f"{surt(entry.url)} {moment:%Y%m%d%H%M%S} {json.dumps(values)}\n")
    return "".join(lines).encode()


def _pages(entries: Iterable[_Entry], moment: dt.datetime) -> bytes:
    rows: list[dict[str, str]] = [{"format": "json-pages-1.0", "id": "pages", "title": "Pages"}]
    rows += [
        {"id": entry.file.sha256[:16], "url": entry.url, "ts": moment.strftime("%Y-%m-%dT%H:%M:%SZ"), "title": entry.title or entry.url}
        for entry in entries
        if entry.file.media_type.startswith("text/html")
    ]
    return "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows).encode()


def _json(value: object) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=1) + "\n").encode()
