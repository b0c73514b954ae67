"""A stranger's sound or PDF file → suffix and bytes of a copy. Runs in the child process, since PDF is a favourite way of attackers.

A PDF is written anew without scripts, actions that open or start something, and files inside it. A sound is copied as it is, if its bytes are what a player
expects: encoding it anew would need a codec of its own for each format, and lose quality.
"""

from __future__ import annotations

import io
import logging
from typing import Any

_SOUNDS: tuple[tuple[bytes, int, str], ...] = (
    (b"ID3", 0, "mp3"),
    (b"OggS", 0, "ogg"),  # RFC 3533, section 6
    (b"fLaC", 0, "flac"),  # RFC 9639, section 6
    (b"ftypM4A", 4, "m4a"),  # ISO/IEC 14496-12, section 4.3
    (b"ftypM4B", 4, "m4a"),
    (b"WAVE", 8, "wav"),
)

_HARMLESS_ACTIONS = frozenset({"/URI", "/GoTo", "/Named"})
"""Actions of links that a reader follows (ISO 32000-2, section 12.6.4). ``/Launch`` starts a program, ``/JavaScript`` is one."""

_ACTIVE_KEYS = ("/OpenAction", "/AA", "/AcroForm", "/Collection")
_ACTIVE_NAMES = ("/JavaScript", "/EmbeddedFiles")


class AttachmentRejected(Exception):
    """A file that is no sound and no PDF, or a PDF that not everybody can open."""


def check_attachment(data: bytes) -> tuple[str, bytes]:
    """Return suffix and bytes of the copy. Raises AttachmentRejected, and what pypdf raises."""
    if data.lstrip()[:5] == b"%PDF-":
        return "pdf", _clean_pdf(data)
    suffix = next((suffix for mark, offset, suffix in _SOUNDS if data[offset : offset + len(mark)] == mark), "") or _mpeg_suffix(data)
    if not suffix:
        raise AttachmentRejected("no sound and no PDF")
    return suffix, data


def _mpeg_suffix(data: bytes) -> str:
    """Tell MPEG audio (ISO/IEC 11172-3, section 2.4.1.3: eleven bits of sync) from AAC in ADTS (ISO/IEC 13818-7: twelve bits, layer 0)."""
    if len(data) < 4 or data[0] != 0xFF or data[1] & 0xE0 != 0xE0:
        return ""
    layer, bitrate, rate = data[1] >> 1 & 3, data[2] >> 4, data[2] >> 2 & 3
    if layer == 0:
        return "aac" if data[1] & 0xF0 == 0xF0 else ""
    return "mp3" if bitrate not in (0, 15) and rate != 3 else ""


def _clean_pdf(data: bytes) -> bytes:
    """Return a PDF without anything that acts. Its pages, tags and links stay."""
    from pypdf import PdfReader, PdfWriter

    logging.getLogger("pypdf").setLevel(logging.ERROR)
    reader = PdfReader(io.BytesIO(data))
    if reader.is_encrypted or not len(reader.pages):
        raise AttachmentRejected("locked with a password, or without pages")
    writer = PdfWriter(clone_from=reader)
    root: Any = writer.root_object
    for key in _ACTIVE_KEYS:
        root.pop(key, None)
    names = root.get("/Names")
    for key in _ACTIVE_NAMES if names is not None else ():
        names.get_object().pop(key, None)
    for page in writer.pages:
        page.pop("/AA", None)
        _clean_annotations(page)
    writer.compress_identical_objects(remove_duplicates=False, remove_unreferenced=True)  # what was removed would stay in the file
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def _clean_annotations(page: Any) -> None:
    """Keep notes and links; remove actions, and annotations that hold files, films, forms or 3-D scenes."""
    annotations = [reference.get_object() for reference in page.get("/Annots", ()) or ()]
    for annotation in annotations:
        annotation.pop("/AA", None)
        action = annotation.get("/A")
        if action is not None and (action.get_object().get("/S") not in _HARMLESS_ACTIONS or "/Next" in action.get_object()):
            annotation.pop("/A")
        if annotation.get("/Subtype") in ("/FileAttachment", "/Screen", "/Movie", "/RichMedia", "/3D", "/Widget", "/Sound"):
            annotation.clear()
