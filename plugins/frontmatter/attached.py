"""Files that belong to a document: captions and films of a video, PDFs of a record. And the transcript, without which a video is shut to many."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from .answers import Answers
from .body import Body, plain
from .captions import caption_faults
from .document import File
from .faults import Fault
from .kinds import Meta, Record, Video
from .pdfs import UnreadablePdf, read_pdf
from .source import Source

TRANSCRIPT = "書き起こし"
"""The heading under which the transcript of a video stands (WCAG 2.2, 1.2.3 and 1.2.8)."""


@dataclass(frozen=True)
class Attached:
    """Looks for the files of one source. ``place`` turns what an editor wrote into a path below ``content``, or None if that lies outside."""

    answers: Answers
    source: Source
    place: Callable[[str], PurePosixPath | None]

    def look(self, meta: Meta, body: Body) -> tuple[tuple[File, ...], list[Fault]]:
        """Return the attachments ready to be linked, and every fault of the files."""
        if isinstance(meta, Video):
            return (), self._video(meta, body)
        if isinstance(meta, Record):
            return self._record(meta)
        return (), []

    def _video(self, meta: Video, body: Body) -> list[Fault]:
        faults = [] if "://" in meta.video else self._missing("video", meta.video)
        faults += self._missing("captions", meta.captions) or self._captions(meta)
        return faults + self._transcript(body)

    def _missing(self, key: str, name: str, *more: int | str) -> list[Fault]:
        path = self.place(name)
        if path is not None and self.answers.ask("file", str(path)):
            return []
        ja, en = f"ファイル「{name}」がありません。content/files/ に置いてください", f"no file at {name!r}: put it into content/files/"
        return [Fault(self.source.path, self.source.line_of((key, *more)), ja, en)]

    def _captions(self, meta: Video) -> list[Fault]:
        path = self.place(meta.captions) or PurePosixPath()
        self.answers.ask("stat", str(path))
        try:
            text = (self.answers.content / path).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            return [Fault(path, 1, "字幕がUTF-8で保存されていません", "the captions are not UTF-8")]
        return [Fault(path, line, ja, en) for line, ja, en in caption_faults(text)]

    def _transcript(self, body: Body) -> list[Fault]:
        heading = next((h for h in body.root.iter("h2", "h3") if plain(h) == TRANSCRIPT), None)
        if heading is None:
            ja = f"書き起こしがありません。本文に「## {TRANSCRIPT}」と書き、話されたことばをすべて書いてください"
            return [
                Fault(self.source.path, self.source.body_line, ja, f"no transcript: write '## {TRANSCRIPT}' and below it all that is said")
            ]
        if not _has_words(heading):
            line = self.source.line_with(TRANSCRIPT)
            return [Fault(self.source.path, line, f"「{TRANSCRIPT}」の下に、話されたことばがありません", "the transcript is empty")]
        return []

    def _record(self, meta: Record) -> tuple[tuple[File, ...], list[Fault]]:
        files, faults = [], []
        for number, attachment in enumerate(meta.attachments):
            missing = self._missing("attachments", attachment.file, number)
            path = self.place(attachment.file) or PurePosixPath()
            self.answers.ask("stat", str(path))
            try:
                pdf = None if missing else read_pdf(self.answers.content / path)
            except UnreadablePdf as error:
                ja, en = (
                    f"PDF「{attachment.file}」が読めません。作り直してください（{error}）",
                    f"cannot read the PDF {attachment.file!r}: {error}",
                )
                missing = [Fault(self.source.path, self.source.line_of(("attachments", number)), ja, en)]
                pdf = None
            faults += missing
            if pdf:
                files.append(File(attachment.title, f"/{path}", pdf.size, pdf.pages))
        return tuple(files), faults


def _has_words(heading: Any) -> bool:
    following = heading.getnext()
    return following is not None and following.tag not in ("h2", heading.tag) and bool(following.text_content().strip())
