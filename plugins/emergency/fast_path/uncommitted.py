"""Keeps what the fast path has published until a commit has it (``output/uncommitted``, docs/reference/release.md).

`todoke publish` builds from a commit. A notice that somebody sent out at night, and committed nowhere, must not be taken down by the next article of
another department. So its source and its files lie beside the site, and the publisher puts them into its checkout.
"""

from __future__ import annotations

import datetime as dt
import json
from contextlib import suppress
from pathlib import Path

from plugins.emergency.record import EmergencyRecord
from plugins.files import write_atomically, write_into
from plugins.frontmatter.model.document import Document
from plugins.inputs import InputFolder

FOLDER, INDEX = "uncommitted", "uncommitted.json"
"""In ``output/``: files by their paths below ``content/``, and what they are."""


def keep(output: Path, content: Path, document: Document, record: EmergencyRecord, now: dt.datetime) -> None:
    """Keep the source of a record and the files that it shows. Repeated with the same source, the moment stays. Raises `OSError`."""
    files, path = InputFolder(content), str(document.path)
    source, kept = files.read(path), _read(output)
    if path in kept and _is_same(output / FOLDER / path, source):
        return
    names = [path, *sorted(name for name in document.named_files if not name.endswith(".md"))]  # what it links to is published already
    for name in names:
        write_into(output / FOLDER, name, files.read(name), replace=True)
    kept[path] = {
        "published": now.isoformat(),
        "expires": record.expires.isoformat(),
        "page": f"{document.url.lstrip('/')}index.html",
        "files": names,
    }
    write_atomically(output / INDEX, json.dumps(kept, ensure_ascii=False, indent=1, sort_keys=True).encode())


def _is_same(file: Path, data: bytes) -> bool:
    with suppress(OSError):
        return file.read_bytes() == data
    return False


def _read(output: Path) -> dict[str, dict[str, object]]:
    """Return what is kept; nothing if there is none, or if the file is broken."""
    with suppress(OSError, ValueError):
        kept = json.loads((output / INDEX).read_bytes())
        return kept if isinstance(kept, dict) else {}
    return {}
