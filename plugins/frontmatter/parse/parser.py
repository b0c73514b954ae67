"""One source: its front matter validated (a `Header`), then its body parsed and its links resolved (a `Document`).

The two steps are apart because links need the heads of all documents.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from pydantic import ValidationError

from plugins.diagnostics import Diagnostic
from plugins.frontmatter.model.content_types import CONTENT_TYPES, Meta
from plugins.frontmatter.model.document import Document, Header, permalink
from plugins.frontmatter.model.registry import Publication, Registry
from plugins.frontmatter.parse.directives import check_directives
from plugins.frontmatter.parse.explain import explain
from plugins.frontmatter.parse.links import LinkResolver, ParsedSource
from plugins.frontmatter.parse.markdown import Body, forbidden_elements, parse_html, parse_markdown, plain_text
from plugins.frontmatter.parse.references import ReferenceResolver
from plugins.frontmatter.parse.source import Source, read_source

DRAFT_MARK = "【下書き】"
"""Stands before the title of a draft where drafts are shown."""


@dataclass(frozen=True)
class RejectedSource:
    """A source whose front matter does not hold. Its body is looked at all the same: an editor hears everything at once.

    ``source`` is None if the file cannot even be cut.
    """

    path: PurePosixPath
    kind: str
    source: Source | None
    faults: list[Diagnostic]


def read_header(content: Path, path: PurePosixPath, registry: Registry) -> tuple[Source, Header] | RejectedSource:
    """Read a source and validate its front matter."""
    source = read_source(content, path)
    if isinstance(source, Diagnostic):
        return RejectedSource(path, "", None, [source])
    home = _home(source, registry)
    if isinstance(home, Diagnostic):
        return RejectedSource(path, "", None, [home])
    kind, publication = home
    meta = _validate(source, CONTENT_TYPES[kind], registry)
    if not isinstance(meta, Meta):
        return RejectedSource(path, kind, source, meta)
    if faults := _name_faults(source, meta):
        return RejectedSource(path, kind, source, faults)
    return source, Header(path, kind, meta, publication, permalink(path, kind, meta, publication))


def as_if_published(head: Header) -> Header:
    """Return a draft of our own as if it were published. Partners' entries wait for their review (`plugins.partners`)."""
    if not head.meta.draft or head.kind == "partner":
        return head
    return replace(head, meta=head.meta.model_copy(update={"draft": False, "title": f"{DRAFT_MARK}{head.meta.title}"}))


def resolve_source(source: Source, head: Header, answers: ReferenceResolver) -> tuple[Document, list[Diagnostic]]:
    """Return the document, and every fault of its body; what it asked is in ``answers.asked`` afterwards."""
    answers.asked = {}
    body = _parse(source, head.kind)
    faults = _body_faults(source, body, head.kind)
    document, found = LinkResolver(answers).resolve(ParsedSource(head, source, body))
    return document, faults or found  # an address that may not stand in a body is no missing page besides


def check_rejected(refused: RejectedSource, answers: ReferenceResolver) -> list[Diagnostic]:
    """Return every fault of the body of a source whose front matter does not hold."""
    if refused.source is None:
        return []
    body = _parse(refused.source, refused.kind)
    head = Header(refused.path, refused.kind, Meta.model_construct(title=""), None, "")
    return _body_faults(refused.source, body, refused.kind) or LinkResolver(answers).check(ParsedSource(head, refused.source, body))


def _parse(source: Source, kind: str) -> Body:
    return parse_html(source.body) if kind == "partner" else parse_markdown(source.body, directives=kind == "issue")


def _body_faults(source: Source, body: Body, kind: str) -> list[Diagnostic]:
    return _markup_faults(source, body) + (check_directives(source) if kind == "issue" else [])


def _home(source: Source, registry: Registry) -> tuple[str, Publication | None] | Diagnostic:
    """The kind and the publication, from the folder and from what the editor wrote."""
    folder = source.path.parts[0]
    if folder == "pages":
        return "page", None
    if folder == "mail":
        return _list_home(source, registry)
    name = str(source.data.get("publication", folder))
    publication = registry.publications.get(name)
    if publication is None:
        known = "、".join(registry.publications)
        line = source.line_of(("publication",))
        return Diagnostic(
            source.path,
            line,
            f"「{name}」という出版物はありません。使えるのは {known} です",
            f"no publication {name!r}: use one of {known}",
            "F301",
        )
    kind = str(source.data.get("kind", publication.kind))
    permitted = [key for key, content_type in CONTENT_TYPES.items() if content_type.chosen_by_editor]
    if kind not in permitted:
        known = "、".join(permitted)
        return Diagnostic(
            source.path,
            source.line_of(("kind",)),
            f"「{kind}」という種類はありません。使えるのは {known} です",
            f"no kind {kind!r}: use one of {known}",
            "F302",
        )
    return kind, publication


def _list_home(source: Source, registry: Registry) -> tuple[str, Publication | None] | Diagnostic:
    key = source.path.parent.name
    if key not in registry.lists or len(source.path.parts) != 3:
        known = "、".join(registry.lists)
        return Diagnostic(
            source.path,
            1,
            f"「{key}」という配信先はありません。content/mail/<配信先>/<号>.md に置きます（配信先：{known}）",
            f"no list {key!r}: use one of {known}",
            "F303",
        )
    return "issue", registry.publications[registry.lists[key].publication]


def _validate(source: Source, model: type[Meta], registry: Registry) -> Meta | list[Diagnostic]:
    data = {key: value for key, value in source.data.items() if key != "kind"}
    try:
        return model.model_validate(data, context=registry)
    except ValidationError as error:
        return [explain(source, model, detail) for detail in error.errors()]


def _markup_faults(source: Source, body: Body) -> list[Diagnostic]:
    titles = [plain_text(h1) for h1 in body.root.iter("h1")]
    return [
        Diagnostic(
            source.path,
            source.line_with(title),
            f"見出し「{title}」は「##」から始めてください。「#」は題名（title）の分です",
            f"begin heading {title!r} with ##: the title is the only # of a page",
            "F701",
        )
        for title in titles
    ] + [
        Diagnostic(
            source.path,
            source.line_with(text),
            f"本文に「{text}」は書けません。Markdownの書き方に直してください",
            f"{text!r} may not stand in a body: write it in Markdown",
            "F702",
        )
        for text in forbidden_elements(body)
    ]


def _name_faults(source: Source, meta: Meta) -> list[Diagnostic]:
    name = source.path.stem
    if meta.slug or all(part.isascii() and part.isalnum() and part == part.lower() for part in name.split("-")):
        return []
    return [
        Diagnostic(
            source.path,
            1,
            f"ファイルの名前「{name}」はアドレスになりません。半角の英小文字、数字、ハイフンにするか、slug を書いてください",
            f"{name!r} cannot be an address: rename the file to a-z, 0-9 and hyphens, or add slug",
            "F304",
        )
    ]
