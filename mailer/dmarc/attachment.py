"""Finds the report in a message or a file, and unpacks gzip and zip within bounds (RFC 9990 section 3.2; the bounds are ours)."""

from __future__ import annotations

import io
import lzma
import zipfile
import zlib

from mailer.bounces.mime import Mail
from mailer.model.errors import TodokeMailError

MOST_PACKED = 10_000_000  # octets of an attachment
MOST_UNPACKED = 20_000_000  # octets of XML: a day of a large sender has 5 MB
MOST_FILES = 20  # in a zip file; a report is one
TYPES = frozenset(
    {"application/gzip", "application/x-gzip", "application/zip", "application/x-zip-compressed", "text/xml", "application/xml"}
)
ENDINGS = (".xml", ".xml.gz", ".gz", ".zip")
GZIP, ZIP = b"\x1f\x8b", b"PK\x03\x04"


class ReportUnreadable(TodokeMailError):
    """It is no aggregate report, or larger than one may be. Nothing of it was kept."""


def attached_report(mail: Mail) -> bytes | None:
    """The attachment that may be a report; None if there is none. It is not unpacked yet."""
    for part in mail.all_parts():
        name = str(part.get_filename() or "").lower()
        if part.is_multipart() or not (part.get_content_type() in TYPES or name.endswith(ENDINGS)):
            continue
        payload = part.get_payload(decode=True)
        if isinstance(payload, bytes) and payload:
            return payload
    return None


def looks_like_report(mail: Mail) -> bool:
    """Whether a message is meant as an aggregate report: by its subject (section 3.2.2), or by the name of its attachment (section 3.2.1)."""
    subject = mail.header("subject").lower()
    names = [str(part.get_filename() or "").lower() for part in mail.all_parts() if not part.is_multipart()]
    return (subject.startswith("report domain:") or any(name.count("!") >= 3 for name in names)) and attached_report(mail) is not None


def unpack(content: bytes) -> bytes:
    """The XML.

    :raises ReportUnreadable: it is larger than the bounds, damaged, or packed in another way.
    """
    if len(content) > MOST_PACKED:
        raise ReportUnreadable(f"The attachment has more than {MOST_PACKED:,} bytes.")
    try:
        if content.startswith(GZIP):
            return _gunzip(content)
        if content.startswith(ZIP):
            return _unzip(content)
    except (OSError, EOFError, ValueError, zlib.error, zipfile.BadZipFile, NotImplementedError, RuntimeError, lzma.LZMAError) as error:
        raise ReportUnreadable(f"The attachment is damaged ({type(error).__name__}).") from None
    return content


def _gunzip(content: bytes) -> bytes:
    unpacker = zlib.decompressobj(16 + zlib.MAX_WBITS)
    unpacked = unpacker.decompress(content, MOST_UNPACKED + 1)
    if len(unpacked) > MOST_UNPACKED:
        raise ReportUnreadable(f"The report has more than {MOST_UNPACKED:,} bytes when it is unpacked.")
    if not unpacker.eof:
        raise ReportUnreadable("The attachment is cut off.")
    return unpacked


def _unzip(content: bytes) -> bytes:
    """The first XML file. What a zip file says of its sizes is not believed."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = [entry for entry in archive.infolist() if not entry.is_dir()]
        if len(names) > MOST_FILES:
            raise ReportUnreadable("The zip file has more files than a report.")
        entry = next((each for each in names if each.filename.lower().endswith(".xml")), None)
        if entry is None:
            raise ReportUnreadable("The zip file has no XML file.")
        with archive.open(entry) as file:
            unpacked = file.read(MOST_UNPACKED + 1)
    if len(unpacked) > MOST_UNPACKED:
        raise ReportUnreadable(f"The report has more than {MOST_UNPACKED:,} bytes when it is unpacked.")
    return unpacked
