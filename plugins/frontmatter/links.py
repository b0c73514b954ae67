"""Links and images of a body: from files next to the source to addresses of the site.

Editors link to files (``../jinzai/2013/nurse.md``), as every Markdown editor shows them. Here each becomes the address of its page, or a fault.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import posixpath
import re
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

from .attached import Attached
from .body import Body
from .directives import KINDS
from .document import Document, Picture
from .faults import Fault
from .kinds import Meta, Progress
from .pictures import UnreadableImage, image_size, standing_address
from .registry import Publication, Registry
from .source import Source

_OUTSIDE = re.compile(r"^(https?:|mailto:|tel:)", re.IGNORECASE)


@dataclass(frozen=True)
class Draft:
    """A source whose front matter holds, before its links are resolved."""

    source: Source
    kind: str
    meta: Meta
    publication: Publication | None
    url: str
    body: Body

    def ends_before(self, now: dt.datetime) -> bool:
        """Tell whether it has been taken down by ``now``."""
        return self.meta.ends is not None and self.meta.ends <= now

    def is_live(self, now: dt.datetime) -> bool:
        """Tell whether it is public at ``now``."""
        return not self.meta.draft and (self.meta.date is None or self.meta.date <= now) and not self.ends_before(now)


@dataclass
class Resolver:
    """Resolves one draft at a time against all others; remembers image sizes."""

    content: Path
    registry: Registry
    drafts: dict[PurePosixPath, Draft]
    now: dt.datetime
    _pictures: dict[PurePosixPath, Picture] = field(default_factory=dict)

    def resolve(self, draft: Draft) -> tuple[Document, list[Fault]]:
        """Return the finished document, and every fault of its links and images."""
        summary = draft.meta.summary or draft.body.lead
        faults = self._looks(draft)
        faults += [fault for name in KINDS for e in draft.body.directives(name) if (fault := self._directive(draft, name, e))]
        picture = self._picture(draft, faults)
        files, found = Attached(self.content, draft.source, lambda name: self._path(draft, name)).look(draft.meta, draft.body)
        faults += found
        document = Document(
            path=draft.source.path,
            kind=draft.kind,
            meta=draft.meta,
            publication=draft.publication,
            url=draft.url,
            summary=summary,
            html=draft.body.html,
            markdown=draft.source.body,
            body_line=draft.source.body_line,
            picture=picture,
            files=files,
        )
        return document, faults

    def look_only(self, source: Source, body: Body) -> list[Fault]:
        """Return the faults of the links and images of a source whose front matter does not hold."""
        return self._looks(Draft(source, "", Meta.model_construct(title=""), None, "", body))

    def _looks(self, draft: Draft) -> list[Fault]:
        faults = [fault for a in draft.body.links if (fault := self._link(draft, a))]
        return faults + [fault for image in draft.body.images if (fault := self._image(draft, image))]

    def _link(self, draft: Draft, a: Any) -> Fault | None:
        href = a.get("href").strip()
        if _OUTSIDE.match(href):
            return None
        if href.startswith("#"):
            return self._anchor(draft, href)
        parts = urlsplit(href)
        if href.startswith("/"):
            return None if self._is_page(parts.path) else _missing(draft, href)
        path = self._path(draft, parts.path)
        if path in self.drafts:
            self._to_page(a, self.drafts[path], parts.fragment)
            return None
        if path is None or not (self.content / path).is_file():
            return _missing(draft, href)
        a.set("href", standing_address(path) if path.parts[0] == "images" else f"/{path}")
        return None

    def _to_page(self, a: Any, target: Draft, fragment: str) -> None:
        if target.is_live(self.now):
            a.set("href", target.url + (f"#{fragment}" if fragment else ""))
            return
        # The page is not there today, and that is no mistake of this editor: keep the words, drop the link.
        a.tag = "span"
        del a.attrib["href"]
        if target.ends_before(self.now):
            a.tail = "（掲載終了）" + (a.tail or "")

    def _anchor(self, draft: Draft, href: str) -> Fault | None:
        ids = {element.get("id") for element in draft.body.root.iter() if isinstance(element.tag, str)}
        return None if unquote(href[1:]) in ids else _missing(draft, href)

    def _is_page(self, url: str) -> bool:
        """Standing addresses only; articles are linked by file, so that a moved file is noticed."""
        registry = self.registry
        fronts = {"/", "/search/", "/mail/", "/places/", "/topics/", "/feed.xml", "/feed.json", "/accessibility/results/"}
        fronts |= {front for p in registry.publications.values() for front in p.fronts} | {f"/mail/{key}/" for key in registry.lists}
        fronts |= {place.url for place in registry.places.values()} | {topic.url for topic in registry.topics.values()}
        return url in fronts or any(d.url == url for d in self.drafts.values() if d.kind == "page")

    def _path(self, draft: Draft, href: str) -> PurePosixPath | None:
        """The file that ``href`` names, relative to ``content/``; None if that lies outside."""
        path = posixpath.normpath(posixpath.join(draft.source.path.parent.as_posix(), unquote(href)))
        return None if path.startswith(("..", "/")) else PurePosixPath(path)

    def _image(self, draft: Draft, image: Any) -> Fault | None:
        src = image.get("src", "")
        line = draft.source.line_with(src)
        if not image.get("alt", "").strip():
            return Fault(
                draft.source.path,
                line,
                f"画像「{src}」に説明がありません。![ここに説明]({src}) と書いてください",
                f"image {src!r} has no alt text: write ![what it shows]({src})",
            )
        measured = self._measure(draft, src, line)
        if isinstance(measured, Fault):
            return measured
        image.set("src", measured.url)
        image.set("width", str(measured.width))
        image.set("height", str(measured.height))
        image.set("loading", "lazy")
        return None

    def _measure(self, draft: Draft, src: str, line: int) -> Picture | Fault:
        path = None if _OUTSIDE.match(src) else self._path(draft, src)
        if path is None or not (self.content / path).is_file():
            return Fault(
                draft.source.path,
                line,
                f"画像「{src}」がありません。content/images/ に置き、場所を書き直してください",
                f"no image at {src!r}: put it into content/images/ and name its place",
            )
        try:
            return self._look(path)
        except UnreadableImage as error:
            return Fault(
                draft.source.path,
                line,
                f"画像「{src}」が読めません。PNGかJPEGで保存し直してください（{error}）",
                f"cannot read image {src!r}: save it as PNG or JPEG ({error})",
            )

    def _look(self, path: PurePosixPath) -> Picture:
        """Raises `UnreadableImage`. Each file is read once a build."""
        if path not in self._pictures:
            version = hashlib.blake2b((self.content / path).read_bytes(), digest_size=10).hexdigest()
            address = standing_address(path) if path.parts[0] == "images" else f"/{path}"
            self._pictures[path] = Picture(address, "", *image_size(self.content / path), version)
        return self._pictures[path]

    def _picture(self, draft: Draft, faults: list[Fault]) -> Picture | None:
        if not draft.meta.image or not draft.meta.image_alt:
            return None
        measured = self._measure(draft, draft.meta.image, draft.source.line_of(("image",)))
        if isinstance(measured, Fault):
            faults.append(measured)
            return None
        return replace(measured, alt=draft.meta.image_alt)

    def _directive(self, draft: Draft, name: str, element: Any) -> Fault | None:
        value = element.get(f"data-{name}")
        line = draft.source.line_with(value)
        if name == "since":
            unknown = [key for key in value.split() if key not in self.registry.publications]
            known = "、".join(self.registry.publications)
            return (
                Fault(
                    draft.source.path,
                    line,
                    f"「{unknown[0]}」という出版物はありません。使えるのは {known} です",
                    f"no publication {unknown[0]!r}: use one of {known}",
                )
                if unknown
                else None
            )
        if name in ("events", "partners"):
            return None
        target = self.drafts.get(self._path(draft, value) or PurePosixPath())
        if target is None:
            return _missing(draft, value)
        if name == "figures" and not (isinstance(target.meta, Progress) and target.meta.figures):
            return Fault(
                draft.source.path,
                line,
                f"「{value}」に figures（数の並び）がありません。::記事 で載せるか、figures を書いてください",
                f"{value!r} has no figures: name it with ::article, or give it figures",
            )
        if target.meta.draft or (target.meta.date and draft.meta.date and target.meta.date > draft.meta.date):
            return Fault(
                draft.source.path,
                line,
                f"「{value}」は、この号が出るときにまだ公開されていません。date を見直してください",
                f"{value!r} is not yet public when this issue goes out: look at its date",
            )
        element.set(f"data-{name}", str(target.source.path))
        return None


def _missing(draft: Draft, href: str) -> Fault:
    return Fault(
        draft.source.path,
        draft.source.line_with(href),
        f"リンク先「{href}」がありません。ファイルの場所を確かめてください",
        f"no page or file at {href!r}: check the path",
    )
