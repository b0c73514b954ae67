"""Resolves the links and images of a body: from paths of files to addresses of the site.

Editors link to files (``../jinzai/2013/nurse.md``), so that a link works in every Markdown editor. Each becomes the address of its page, or a
diagnostic.
"""

from __future__ import annotations

import hashlib
import posixpath
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

from plugins.control_characters import CONTROL, is_blank
from plugins.diagnostics import Diagnostic
from plugins.digest import digest
from plugins.frontmatter.document_identity import identity_of
from plugins.frontmatter.model.document import Document, Header, LoadedText, Picture, document_digests
from plugins.frontmatter.model.link_targets import has_host, is_allowed, is_outside
from plugins.frontmatter.normalise.notes import without_notes
from plugins.frontmatter.parse.attachments import AttachmentResolver
from plugins.frontmatter.parse.directives import DIRECTIVES
from plugins.frontmatter.parse.image_files import image_permalink
from plugins.frontmatter.parse.markdown import Body
from plugins.frontmatter.parse.missing import anchor_words, link_words, picture_words
from plugins.frontmatter.parse.references import ENDED, LIVE, WAITING, ReferenceResolver
from plugins.frontmatter.parse.source import Source
from plugins.typography.bare_links import link_telephones
from plugins.typography.telephones import has_telephone

_LONGEST_NAME = 255
"""Bytes of a file's name (NAME_MAX of Linux, macOS and Windows). A longer one cannot exist, and asking for it would be an error of the system."""


@dataclass(frozen=True)
class ParsedSource:
    """A source whose front matter is valid, before its links are resolved."""

    header: Header
    source: Source
    body: Body


@dataclass
class LinkResolver:
    """Resolves one source at a time. It changes the tree of the source's body."""

    references: ReferenceResolver
    _early_links: list[tuple[int, str]] = field(default_factory=list, init=False)

    def resolve(self, parsed: ParsedSource) -> tuple[Document, list[Diagnostic]]:
        """Return the finished document, and every diagnostic of its links and images."""
        header = parsed.header
        summary = header.meta.summary or header.meta.own_summary or parsed.body.lead
        self._early_links.clear()
        diagnostics = self.check(parsed)
        if "div" in parsed.body.tags:
            diagnostics += self._directives(parsed)
        picture = self._picture(parsed, diagnostics)
        attachments = AttachmentResolver(self.references, parsed.source, lambda name: self._path(parsed, name))
        files, attachment_diagnostics = attachments.resolve(header.meta, parsed.body)
        diagnostics += attachment_diagnostics
        if has_telephone(parsed.source.body):
            link_telephones(parsed.body.root)
        html = parsed.body.html
        document = Document(
            path=header.path,
            content_type=header.content_type,
            meta=header.meta,
            publication=header.publication,
            url=header.url,
            summary=summary,
            text=LoadedText(html, _public_text(parsed)),
            body_line=parsed.source.body_line,
            identity=identity_of(header, self.references.registry),
            picture=picture,
            files=files,
            image_urls=frozenset(image.get("src", "") for image in parsed.body.images),
            named_files=self.references.named_files,
            early_links=tuple(self._early_links),
        )
        digests = document_digests(document, digest(header.meta), hashlib.blake2b(html.encode(), digest_size=10).hexdigest())
        return replace(document, tracking_digests=digests), diagnostics

    def check(self, parsed: ParsedSource) -> list[Diagnostic]:
        """Resolve links and images, and return their diagnostics."""
        diagnostics = [diagnostic for link in parsed.body.links if (diagnostic := self._link(parsed, link))]
        self._picture(parsed, diagnostics)
        return diagnostics + [diagnostic for image in parsed.body.images if (diagnostic := self._image(parsed, image))]

    def _directives(self, parsed: ParsedSource) -> list[Diagnostic]:
        elements = [(name, element) for name in DIRECTIVES for element in parsed.body.directives(name)]
        return [diagnostic for name, element in elements if (diagnostic := self._directive(parsed, name, element))]

    def _link(self, parsed: ParsedSource, link: Any) -> Diagnostic | None:
        href = link.get("href").strip()
        if is_outside(href):
            return self._outside(parsed, link, href)
        if not is_allowed(href):
            return None  # `parser` tells what may not stand in a body
        if href.startswith("#"):
            return self._anchor(parsed, href)
        parts = urlsplit(href)
        if href.startswith("/"):
            return None if self.references.resolve("address", parts.path) else self._missing(parsed, href)
        path = self._path(parsed, parts.path)
        if path and (page := self.references.resolve("page", str(path))):
            if page[1] == WAITING:
                self._early_links.append((parsed.source.line_with(href), str(path)))
            _to_page(link, page[0], page[1], parts.fragment)
            return None
        if path is None or not self.references.resolve("file", str(path)):
            return self._missing(parsed, href, path)
        link.set("href", image_permalink(path) if path.parts[0] == "images" else f"/{path}")
        return None

    def _outside(self, parsed: ParsedSource, link: Any, href: str) -> Diagnostic | None:
        if not href.lower().startswith("http") or (has_host(href) and "://" in href):
            return None
        if parsed.header.content_type == "partner":  # another author's slip, which no editor of ours can mend: the words stay
            link.tag = "span"
            del link.attrib["href"]
            return None
        return _broken(parsed, href)

    def _anchor(self, parsed: ParsedSource, href: str) -> Diagnostic | None:
        ids = {element.get("id") for element in parsed.body.root.iter() if isinstance(element.tag, str)}
        if unquote(href[1:]) in ids:
            return None
        if href.startswith("#fnref-"):  # the way back from a note to the place that names it
            return _unused_note(parsed, unquote(href.removeprefix("#fnref-")))
        return _nowhere(parsed, href, anchor_words(unquote(href), [each for each in ids if each]))

    def _missing(self, parsed: ParsedSource, href: str, path: PurePosixPath | None = None) -> Diagnostic:
        """Say that ``href`` leads nowhere. Where a source at fault lies at ``path``, `read_library` leaves this out: what is wrong is told there."""
        words = link_words(href, parsed.header.path, self.references.all_files, self.references.urls)
        return _nowhere(parsed, href, words, path)

    def _path(self, parsed: ParsedSource, href: str) -> PurePosixPath | None:
        """Return the path, relative to ``content/``, of the file that ``href`` names; None if it lies outside of ``content/`` or no file can have it."""
        name = unquote(href)
        if CONTROL.search(name) or any(len(part.encode()) > _LONGEST_NAME for part in name.split("/")):
            return None
        path = posixpath.normpath(posixpath.join(parsed.header.path.parent.as_posix(), name))
        return None if path.startswith(("..", "/")) else PurePosixPath(path)

    def _image(self, parsed: ParsedSource, image: Any) -> Diagnostic | None:
        src = image.get("src", "")
        line = parsed.source.line_with(src)
        if is_blank(image.get("alt", "")):
            return Diagnostic(
                parsed.source.path,
                line,
                f"画像「{src}」に説明がありません。![ここに説明]({src}) と書いてください",
                f"image {src!r} has no alt text: write ![what it shows]({src})",
                "F402",
            )
        if not is_allowed(src):
            return None  # as for links
        picture = self._read_picture(parsed, src, line)
        if isinstance(picture, Diagnostic):
            return picture
        image.set("src", picture.url)
        # With a size the browser reserves the space, and the text does not jump when the image arrives.
        image.set("width", str(picture.width))
        image.set("height", str(picture.height))
        image.set("loading", "lazy")
        return None

    def _read_picture(self, parsed: ParsedSource, src: str, line: int) -> Picture | Diagnostic:
        path = None if is_outside(src) else self._path(parsed, src)
        picture = self.references.resolve("picture", str(path)) if path else None
        if isinstance(picture, Picture):
            return picture
        if picture is None:
            ja, en = picture_words(src, parsed.header.path, self.references.all_files)
            return Diagnostic(
                parsed.source.path,
                line,
                f"画像「{src}」がありません。{ja}",
                f"no image at {src!r}: {en}",
                "F403",
                cause=path,
            )
        reason_ja, _, reason_en = picture.partition(" / ")
        return Diagnostic(
            parsed.source.path,
            line,
            f"画像「{src}」が読めません。{reason_ja}。PNGかJPEGで保存し直してください",
            f"cannot read image {src!r}: {reason_en or reason_ja}; save it as PNG or JPEG",
            "F404",
            cause=path,
        )

    def _picture(self, parsed: ParsedSource, diagnostics: list[Diagnostic]) -> Picture | None:
        meta = parsed.header.meta
        if not meta.image or not meta.image_alt:
            return None
        picture = self._read_picture(parsed, meta.image, parsed.source.line_of(("image",)))
        if isinstance(picture, Diagnostic):
            diagnostics.append(picture)
            return None
        return replace(picture, alt=meta.image_alt)

    def _directive(self, parsed: ParsedSource, name: str, element: Any) -> Diagnostic | None:
        value = element.get(f"data-{name}")
        line = parsed.source.line_with(value)
        if name == "since":
            registry = self.references.registry
            unknown = [key for key in value.split() if key not in registry.publications]
            known = "、".join(registry.publications)
            return (
                Diagnostic(
                    parsed.source.path,
                    line,
                    f"「{unknown[0]}」という出版物はありません。使えるのは {known} です",
                    f"no publication {unknown[0]!r}: use one of {known}",
                    "F602",
                )
                if unknown
                else None
            )
        if name in ("events", "partners") or not value:  # F601 tells a directive without its value
            return None
        path = self._path(parsed, value)
        target = self.references.resolve("target", str(path)) if path else None
        if target is None:
            return self._missing(parsed, value, path)
        has_figures, is_draft, date = target
        if name == "figures" and not has_figures:
            return Diagnostic(
                parsed.source.path,
                line,
                f"「{value}」に figures（数の並び）がありません。::記事 で載せるか、figures を書いてください",
                f"{value!r} has no figures: name it with ::article, or give it figures",
                "F603",
            )
        if is_draft or (date and parsed.header.meta.date and date > parsed.header.meta.date):
            return Diagnostic(
                parsed.source.path,
                line,
                f"「{value}」は、この号が出るときにまだ公開されていません。date を見直してください",
                f"{value!r} is not yet public when this issue goes out: look at its date",
                "F604",
            )
        element.set(f"data-{name}", str(path))
        return None


def _public_text(parsed: ParsedSource) -> str:
    """Return the Markdown that pages may quote (the transcript of a film): without what editors write for each other."""
    return parsed.source.body if parsed.header.content_type == "partner" else without_notes(parsed.source.body)


def _to_page(link: Any, url: str, state: str, fragment: str) -> None:
    if state == LIVE:
        link.set("href", url + (f"#{fragment}" if fragment else ""))
        return
    # The page is not public at this moment, which is no mistake of this editor: keep the text, remove the link.
    link.tag = "span"
    del link.attrib["href"]
    if state == ENDED:
        link.tail = "（掲載終了）" + (link.tail or "")


def _nowhere(parsed: ParsedSource, href: str, words: tuple[str, str], path: PurePosixPath | None = None) -> Diagnostic:
    return Diagnostic(
        parsed.source.path,
        parsed.source.line_with(target if (target := f"]({href}" if href else "]()") in parsed.source.body else href),
        f"リンク先「{href}」がありません。{words[0]}" if href else words[0],
        f"no page or file at {href!r}: {words[1]}",
        "F401",
        cause=path,
    )


def _unused_note(parsed: ParsedSource, name: str) -> Diagnostic:
    source, marks = parsed.source, (f"[^{name}]", f"［^{name}］")
    return Diagnostic(
        source.path,
        next((source.line_with(mark) for mark in marks if mark in source.body), source.body_line),
        f"注「[^{name}]」を指す印が本文にありません。注を付けるところに「[^{name}]」と書くか、注を消してください",
        f"nothing in the body refers to the note [^{name}]: write [^{name}] where it belongs, or delete the note",
        "F401",
    )


def _broken(parsed: ParsedSource, href: str) -> Diagnostic:
    return Diagnostic(
        parsed.source.path,
        parsed.source.line_with(href),
        f"リンク先「{href}」はアドレスになっていません。https:// のあとを確かめてください",
        f"{href!r} is no address: look at what follows https://",
        "F406",
    )
