"""Links and images of a body: from files next to the source to addresses of the site.

Editors link to files (``../jinzai/2013/nurse.md``), as every Markdown editor shows them. Here each becomes the address of its page, or a fault.
"""

from __future__ import annotations

import hashlib
import posixpath
import re
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

from plugins.diagnostics import Diagnostic
from plugins.digest import digest
from plugins.frontmatter.model.document import Document, Header, LoadedText, Picture, document_digests
from plugins.frontmatter.parse.attachments import AttachmentResolver
from plugins.frontmatter.parse.directives import KINDS
from plugins.frontmatter.parse.image_files import image_permalink
from plugins.frontmatter.parse.markdown import Body
from plugins.frontmatter.parse.references import ENDED, LIVE, ReferenceResolver
from plugins.frontmatter.parse.source import Source

_OUTSIDE = re.compile(r"^(https?:|mailto:|tel:)", re.IGNORECASE)


@dataclass(frozen=True)
class ParsedSource:
    """A source whose front matter holds, before its links are resolved."""

    head: Header
    source: Source
    body: Body


@dataclass
class LinkResolver:
    """Resolves one draft at a time, with answers about all others."""

    answers: ReferenceResolver

    def resolve(self, draft: ParsedSource) -> tuple[Document, list[Diagnostic]]:
        """Return the finished document, and every fault of its links and images."""
        head = draft.head
        summary = head.meta.summary or draft.body.lead
        faults = self.check(draft)
        if "div" in draft.body.tags:
            faults += [fault for name in KINDS for e in draft.body.directives(name) if (fault := self._directive(draft, name, e))]
        picture = self._picture(draft, faults)
        files, found = AttachmentResolver(self.answers, draft.source, lambda name: self._path(draft, name)).resolve(head.meta, draft.body)
        faults += found
        html = draft.body.html
        document = Document(
            path=head.path,
            kind=head.kind,
            meta=head.meta,
            publication=head.publication,
            url=head.url,
            summary=summary,
            text=LoadedText(html, draft.source.body),
            body_line=draft.source.body_line,
            picture=picture,
            files=files,
            shows=frozenset(image.get("src", "") for image in draft.body.images),
        )
        told = document_digests(document, digest(head.meta), hashlib.blake2b(html.encode(), digest_size=10).hexdigest())
        return replace(document, tracking_digests=told), faults

    def check(self, draft: ParsedSource) -> list[Diagnostic]:
        """Return the faults of the links and images alone."""
        faults = [fault for a in draft.body.links if (fault := self._link(draft, a))]
        return faults + [fault for image in draft.body.images if (fault := self._image(draft, image))]

    def _link(self, draft: ParsedSource, a: Any) -> Diagnostic | None:
        href = a.get("href").strip()
        if _OUTSIDE.match(href):
            return None
        if href.startswith("#"):
            return self._anchor(draft, href)
        parts = urlsplit(href)
        if href.startswith("/"):
            return None if self.answers.ask("address", parts.path) else _missing(draft, href)
        path = self._path(draft, parts.path)
        if path and (page := self.answers.ask("page", str(path))):
            _to_page(a, page[0], page[1], parts.fragment)
            return None
        if path is None or not self.answers.ask("file", str(path)):
            return _missing(draft, href)
        a.set("href", image_permalink(path) if path.parts[0] == "images" else f"/{path}")
        return None

    def _anchor(self, draft: ParsedSource, href: str) -> Diagnostic | None:
        ids = {element.get("id") for element in draft.body.root.iter() if isinstance(element.tag, str)}
        return None if unquote(href[1:]) in ids else _missing(draft, href)

    def _path(self, draft: ParsedSource, href: str) -> PurePosixPath | None:
        """The file that ``href`` names, relative to ``content/``; None if that lies outside."""
        path = posixpath.normpath(posixpath.join(draft.head.path.parent.as_posix(), unquote(href)))
        return None if path.startswith(("..", "/")) else PurePosixPath(path)

    def _image(self, draft: ParsedSource, image: Any) -> Diagnostic | None:
        src = image.get("src", "")
        line = draft.source.line_with(src)
        if not image.get("alt", "").strip():
            return Diagnostic(
                draft.source.path,
                line,
                f"画像「{src}」に説明がありません。![ここに説明]({src}) と書いてください",
                f"image {src!r} has no alt text: write ![what it shows]({src})",
                "F402",
            )
        measured = self._measure(draft, src, line)
        if isinstance(measured, Diagnostic):
            return measured
        image.set("src", measured.url)
        image.set("width", str(measured.width))
        image.set("height", str(measured.height))
        image.set("loading", "lazy")
        return None

    def _measure(self, draft: ParsedSource, src: str, line: int) -> Picture | Diagnostic:
        path = None if _OUTSIDE.match(src) else self._path(draft, src)
        found = self.answers.ask("picture", str(path)) if path else None
        if isinstance(found, Picture):
            return found
        if found is None:
            return Diagnostic(
                draft.source.path,
                line,
                f"画像「{src}」がありません。content/images/ に置き、場所を書き直してください",
                f"no image at {src!r}: put it into content/images/ and name its place",
                "F403",
            )
        return Diagnostic(
            draft.source.path,
            line,
            f"画像「{src}」が読めません。PNGかJPEGで保存し直してください（{found}）",
            f"cannot read image {src!r}: save it as PNG or JPEG ({found})",
            "F404",
        )

    def _picture(self, draft: ParsedSource, faults: list[Diagnostic]) -> Picture | None:
        meta = draft.head.meta
        if not meta.image or not meta.image_alt:
            return None
        measured = self._measure(draft, meta.image, draft.source.line_of(("image",)))
        if isinstance(measured, Diagnostic):
            faults.append(measured)
            return None
        return replace(measured, alt=meta.image_alt)

    def _directive(self, draft: ParsedSource, name: str, element: Any) -> Diagnostic | None:
        value = element.get(f"data-{name}")
        line = draft.source.line_with(value)
        if name == "since":
            registry = self.answers.registry
            unknown = [key for key in value.split() if key not in registry.publications]
            known = "、".join(registry.publications)
            return (
                Diagnostic(
                    draft.source.path,
                    line,
                    f"「{unknown[0]}」という出版物はありません。使えるのは {known} です",
                    f"no publication {unknown[0]!r}: use one of {known}",
                    "F602",
                )
                if unknown
                else None
            )
        if name in ("events", "partners"):
            return None
        path = self._path(draft, value)
        target = self.answers.ask("target", str(path)) if path else None
        if target is None:
            return _missing(draft, value)
        has_figures, is_draft, date = target
        if name == "figures" and not has_figures:
            return Diagnostic(
                draft.source.path,
                line,
                f"「{value}」に figures（数の並び）がありません。::記事 で載せるか、figures を書いてください",
                f"{value!r} has no figures: name it with ::article, or give it figures",
                "F603",
            )
        if is_draft or (date and draft.head.meta.date and date > draft.head.meta.date):
            return Diagnostic(
                draft.source.path,
                line,
                f"「{value}」は、この号が出るときにまだ公開されていません。date を見直してください",
                f"{value!r} is not yet public when this issue goes out: look at its date",
                "F604",
            )
        element.set(f"data-{name}", str(path))
        return None


def _to_page(a: Any, url: str, state: str, fragment: str) -> None:
    if state == LIVE:
        a.set("href", url + (f"#{fragment}" if fragment else ""))
        return
    # The page is not there today, and that is no mistake of this editor: keep the words, drop the link.
    a.tag = "span"
    del a.attrib["href"]
    if state == ENDED:
        a.tail = "（掲載終了）" + (a.tail or "")


def _missing(draft: ParsedSource, href: str) -> Diagnostic:
    return Diagnostic(
        draft.source.path,
        draft.source.line_with(href),
        f"リンク先「{href}」がありません。ファイルの場所を確かめてください",
        f"no page or file at {href!r}: check the path",
        "F401",
    )
