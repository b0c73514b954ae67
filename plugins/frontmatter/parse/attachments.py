"""Checks the files that belong to a document: film and captions of a video, PDFs of a record; and that a video has a transcript."""

from __future__ import annotations

import io
import logging
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from plugins.control_characters import CONTROL, control_words, is_blank
from plugins.diagnostics import Diagnostic
from plugins.frontmatter.model.content_types import Meta, Record, Video
from plugins.frontmatter.model.document import File
from plugins.frontmatter.parse.markdown import Body, plain_text
from plugins.frontmatter.parse.references import ReferenceResolver
from plugins.frontmatter.parse.source import Source
from plugins.inputs import UnreadableInput


class UnreadablePdf(Exception):
    """The file is not a PDF that every reader can open."""


@dataclass(frozen=True)
class Pdf:
    """The facts of a PDF that a page shows. ``size`` is in bytes."""

    pages: int
    size: int


def read_pdf(data: bytes) -> Pdf:
    """Return pages and size of the file with these bytes. Raises `UnreadablePdf` if it is damaged, empty, or locked with a password."""
    try:
        pages = _count_pages(data)
    except Exception as error:  # damaged files make pypdf raise errors of every kind
        raise UnreadablePdf(str(error)[:200] or type(error).__name__) from error
    if pages is None:
        raise UnreadablePdf("パスワードがかかっています / it is locked with a password")
    if not pages:
        raise UnreadablePdf("ページがありません / it has no pages")
    return Pdf(pages, len(data))


def _count_pages(data: bytes) -> int | None:
    """Return the number of pages; None if the file is locked with a password."""
    from pypdf import PdfReader  # imported late: few documents have a PDF, and those are read once

    logging.getLogger("pypdf").setLevel(logging.ERROR)  # pypdf warns of damage that it repairs; only the pages count here
    reader = PdfReader(io.BytesIO(data))
    return None if reader.is_encrypted else len(reader.pages)


# WebVTT (W3C), 4.1: hours are optional and may have more than two digits; a cue may have settings after its times.
_TIME = r"(?:([0-9]{2,6}):)?([0-5][0-9]):([0-5][0-9])\.([0-9]{3})"
_CUE = re.compile(rf"{_TIME}[ \t]+-->[ \t]+{_TIME}(?:[ \t].*)?")


def check_captions(text: str) -> list[tuple[int, str, str]]:
    """Check a WebVTT file. Return for each mistake its line (from 1) and the message in Japanese and English.

    WebVTT asks for ``WEBVTT`` in the first line, an end after the start of each cue, and starts in order. A player drops or
    never shows a cue that breaks these rules, and reports nothing.
    """
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")  # nothing else ends a line (4.1)
    if match := CONTROL.search(text):
        return [(text.count("\n", 0, match.start()) + 1, *control_words(match[0]))]
    lines = text.split("\n")
    if not lines or not re.match(r"WEBVTT(?:[ \t]|$)", lines[0]):
        return [(1, "字幕の一行目は「WEBVTT」と書いてください", "the first line of captions has to be WEBVTT")]
    mistakes: list[tuple[int, str, str]] = []
    cues = [(number, line) for number, line in enumerate(lines, 1) if "-->" in line]
    if not cues:
        mistakes.append((1, "字幕が一つもありません", "there is not a single caption"))
    last_start = -1.0
    for number, line in cues:
        following = lines[number] if number < len(lines) else ""  # `number` counts from 1, so this is the line below
        mistakes += [(number, *messages) for messages in _check_cue(line, following, last_start)]
        last_start = _start(line, last_start)
    return mistakes


def _check_cue(line: str, following: str, last_start: float) -> list[tuple[str, str]]:
    cue = _CUE.fullmatch(line.strip())
    if not cue:
        return [
            ("時刻が読めません。00:01.000 --> 00:04.000 のように書いてください", "cannot read the times: write 00:01.000 --> 00:04.000")
        ]
    start, end = _seconds(cue.groups()[:4]), _seconds(cue.groups()[4:])
    if end <= start:
        return [("字幕の終わりが始まりより前です", "the caption ends before it begins")]
    if start < last_start:
        return [("前の字幕より早く始まっています。順番にならべてください", "it begins before the caption above: put them in order")]
    return [("字幕のことばがありません", "the caption has no words")] if is_blank(following) else []


def _start(line: str, default: float) -> float:
    cue = _CUE.fullmatch(line.strip())
    return _seconds(cue.groups()[:4]) if cue else default


def _seconds(numbers: tuple[str | None, ...]) -> float:
    hours, minutes, seconds, milliseconds = (int(number or 0) for number in numbers)
    return hours * 3600 + minutes * 60 + seconds + milliseconds / 1000


LARGEST_CAPTIONS = 1_000_000
"""Bytes. The captions of a film of two hours take 200 kB."""

TRANSCRIPT = "書き起こし"
"""The heading under which the transcript of a video stands (WCAG 2.2, 1.2.3 and 1.2.8)."""


@dataclass(frozen=True)
class AttachmentResolver:
    """Checks the files of one source. ``place`` turns what an editor wrote into a path below ``content``, or None if that lies outside."""

    references: ReferenceResolver
    source: Source
    place: Callable[[str], PurePosixPath | None]

    def resolve(self, meta: Meta, body: Body) -> tuple[tuple[File, ...], list[Diagnostic]]:
        """Return the attachments to link, and the diagnostics of the files."""
        if isinstance(meta, Video):
            return (), self._video(meta, body)
        if isinstance(meta, Record):
            return self._record(meta)
        return (), []

    def _video(self, meta: Video, body: Body) -> list[Diagnostic]:
        diagnostics = [] if "://" in meta.video else self._missing("video", meta.video)
        diagnostics += self._missing("captions", meta.captions) or self._captions(meta)
        return diagnostics + self._transcript(body)

    def _missing(self, key: str, name: str, *index: int) -> list[Diagnostic]:
        path = self.place(name)
        if path is not None and self.references.resolve("file", str(path)):
            return []
        ja, en = f"ファイル「{name}」がありません。content/files/ に置いてください", f"no file at {name!r}: put it into content/files/"
        return [Diagnostic(self.source.path, self.source.line_of((key, *index)), ja, en, "F501", cause=path)]

    def _captions(self, meta: Video) -> list[Diagnostic]:
        path = self.place(meta.captions) or PurePosixPath()
        self.references.resolve("stat", str(path))  # so that the document is read again when the captions change
        try:
            data = self.references.files.read(str(path), LARGEST_CAPTIONS + 1)
            text = data.decode("utf-8") if len(data) <= LARGEST_CAPTIONS else None
        except UnreadableInput as error:
            return [error.diagnostic()]
        except UnicodeDecodeError:
            return [Diagnostic(path, 1, "字幕がUTF-8で保存されていません", "the captions are not UTF-8", "F502")]
        if text is None:
            return [Diagnostic(path, 1, "字幕が1MBを超えています", "the captions are larger than 1 MB", "F502")]
        return [Diagnostic(path, line, ja, en, "F502") for line, ja, en in check_captions(text)]

    def _transcript(self, body: Body) -> list[Diagnostic]:
        heading = next((h for h in body.root.iter("h2", "h3") if plain_text(h) == TRANSCRIPT), None)
        if heading is None:
            ja = f"書き起こしがありません。本文に「## {TRANSCRIPT}」と書き、話されたことばをすべて書いてください"
            return [
                Diagnostic(
                    self.source.path,
                    self.source.body_line,
                    ja,
                    f"no transcript: write '## {TRANSCRIPT}' and below it all that is said",
                    "F503",
                )
            ]
        if not _has_words(heading):
            line = self.source.line_with(TRANSCRIPT)
            return [
                Diagnostic(self.source.path, line, f"「{TRANSCRIPT}」の下に、話されたことばがありません", "the transcript is empty", "F503")
            ]
        return []

    def _record(self, meta: Record) -> tuple[tuple[File, ...], list[Diagnostic]]:
        files, diagnostics = [], []
        for number, attachment in enumerate(meta.attachments):
            missing = self._missing("attachments", attachment.file, number)
            path = self.place(attachment.file) or PurePosixPath()
            self.references.resolve("stat", str(path))
            try:
                pdf = None if missing else read_pdf(self.references.files.read(str(path)))
            except (UnreadableInput, UnreadablePdf) as error:
                ja, en = (
                    f"PDF「{attachment.file}」が読めません。作り直してください（{error}）",
                    f"cannot read the PDF {attachment.file!r}: {error}",
                )
                missing = [Diagnostic(self.source.path, self.source.line_of(("attachments", number)), ja, en, "F504", cause=path)]
                pdf = None
            diagnostics += missing
            if pdf:
                files.append(File(attachment.title, f"/{path}", pdf.size, pdf.pages))
        return tuple(files), diagnostics


def _has_words(heading: Any) -> bool:
    following = heading.getnext()
    return following is not None and following.tag not in ("h2", heading.tag) and not is_blank(following.text_content())
