"""Reads one source in two steps: `read_header` validates the front matter, `resolve_source` parses the body and resolves its links.

The steps are separate because a link needs the headers of all documents.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from pydantic import ValidationError

from plugins.diagnostics import Diagnostic, unexpected
from plugins.frontmatter.model.addresses import check_name, check_page_address
from plugins.frontmatter.model.content_types import CONTENT_TYPES, Meta, Page, Partner
from plugins.frontmatter.model.document import Document, Header, permalink
from plugins.frontmatter.model.fields import Reading
from plugins.frontmatter.model.registry import Publication, Registry
from plugins.frontmatter.normalise.notes import without_notes
from plugins.frontmatter.parse.body_limits import check_text, check_tree
from plugins.frontmatter.parse.directives import check_directives
from plugins.frontmatter.parse.explain import explain_all
from plugins.frontmatter.parse.links import LinkResolver, ParsedSource
from plugins.frontmatter.parse.markdown import Body, forbidden_elements, parse_html, parse_markdown, plain_text
from plugins.frontmatter.parse.missing import not_allowed
from plugins.frontmatter.parse.notice_words import check_notice
from plugins.frontmatter.parse.references import ReferenceResolver
from plugins.frontmatter.parse.source import Source, read_source, recover_source

DRAFT_MARK = "【下書き】"
"""Put before the title of a draft where drafts are shown."""


@dataclass(frozen=True)
class RejectedSource:
    """A source whose front matter is not valid. Its body is checked all the same, so that an editor hears of all mistakes at once.

    ``source`` is None if the file cannot be split, or if its place says nothing about how to read the body.
    """

    path: PurePosixPath
    content_type: str
    source: Source | None
    diagnostics: list[Diagnostic]


def read_header(content: Path, path: PurePosixPath, reading: Reading) -> tuple[Source, Header] | RejectedSource:
    """Read a source and validate its front matter with the model of its content type."""
    try:
        return _read_header(content, path, reading)
    except Exception as error:  # whatever it is: one source must not stop the others
        return RejectedSource(path, "", None, [unexpected(path, error)])


def _read_header(content: Path, path: PurePosixPath, reading: Reading) -> tuple[Source, Header] | RejectedSource:
    registry, source = reading.registry, read_source(content, path)
    if isinstance(source, Diagnostic):
        return _rejected(content, path, reading)
    placement = _placement(source, registry)
    if isinstance(placement, Diagnostic):
        return RejectedSource(path, _likely_type(path, registry), source, [placement])
    content_type, publication = placement
    meta = _validate(source, CONTENT_TYPES[content_type], reading)
    if not isinstance(meta, Meta):
        return _rejected(content, path, reading)
    if diagnostics := _check_address(source, meta, registry) + (_notes_in_fields(source) if content_type != "partner" else []):
        return RejectedSource(path, content_type, source, diagnostics)
    return source, Header(path, content_type, meta, publication, permalink(path, content_type, meta, publication))


def _rejected(content: Path, path: PurePosixPath, reading: Reading) -> RejectedSource:
    """Return everything that is wrong with the front matter of a source that does not hold: it is read on after each mistake."""
    recovered = recover_source(content, path)
    if isinstance(recovered, Diagnostic):
        return RejectedSource(path, "", None, [recovered])
    source, diagnostics = recovered.source, list(recovered.mistakes)
    placement = _placement(source, reading.registry)
    if isinstance(placement, Diagnostic):
        return RejectedSource(path, _likely_type(path, reading.registry), source, [*diagnostics, placement])
    content_type, _ = placement
    meta = _validate(source, CONTENT_TYPES[content_type], reading) if recovered.knows_fields else []
    if isinstance(meta, list):
        lost = {f"「{key}」がありません" for key in recovered.lost}
        diagnostics += [each for each in meta if not (each.rule == "F201" and each.ja.partition("。")[0] in lost)]
    if "slug" not in source.data:  # a slug that is none is told as a field
        diagnostics += _check_address(source, Meta.model_construct(title=""), reading.registry)
    return RejectedSource(path, content_type, source, diagnostics)


def _likely_type(path: PurePosixPath, registry: Registry) -> str:
    """Return the content type by which the body of a source is checked whose place or ``kind`` is wrong."""
    folder = path.parts[0]
    publication = registry.publications.get(folder)
    return publication.content_type if publication else {"mail": "issue", "pages": "page"}.get(folder, "article")


def _notes_in_fields(source: Source) -> list[Diagnostic]:
    """Return a diagnostic for each field that holds a note for other editors: title, summary and the rest go public as they are."""
    return [
        Diagnostic(
            source.path,
            source.line_of((key,)),
            f"「{key}」に編集メモがあります。この項目は、書いたとおり公開されます。メモは本文に「%% %%」で書いてください",
            f"{key!r} holds a note for other editors, and is published as it is: write notes between %% in the body",
            "F704",
        )
        for key, value in source.data.items()
        if "<!--" in (text := str(value)) or "%%" in text
    ]


def as_if_published(header: Header) -> Header:
    """Return a draft as if it were published. A partner's entry stays a draft: it waits for its review (`plugins.partners`)."""
    if not header.meta.draft or header.content_type == "partner":
        return header
    return replace(header, meta=header.meta.model_copy(update={"draft": False, "title": f"{DRAFT_MARK}{header.meta.title}"}))


def resolve_source(source: Source, header: Header, references: ReferenceResolver) -> tuple[Document | None, list[Diagnostic]]:
    """Return the document (None if its body cannot be read), and the diagnostics of its body. Its references are in ``references.resolved`` afterwards."""
    references.resolved = {}
    try:
        body, diagnostics = _read_body(source, header.content_type, references.registry)
        if body is None:
            return None, diagnostics
        document, link_diagnostics = LinkResolver(references).resolve(ParsedSource(header, source, body))
    except Exception as error:  # as in `read_header`
        return None, [unexpected(source.path, error)]
    diagnostics += check_notice(source, header, references)
    return document, diagnostics + link_diagnostics


def check_rejected(rejected: RejectedSource, references: ReferenceResolver) -> list[Diagnostic]:
    """Return the diagnostics of the body of a source whose front matter is not valid."""
    if rejected.source is None:
        return []
    try:
        body, diagnostics = _read_body(rejected.source, rejected.content_type, references.registry)
        if body is None:
            return diagnostics
        told = {each.line for each in rejected.diagnostics}
        image = "" if rejected.source.line_of(("image",)) in told else str(rejected.source.data.get("image") or "")
        meta = Meta.model_construct(title="", image=image, image_alt="-")
        header = Header(rejected.path, rejected.content_type, meta, None, "")
        return diagnostics + LinkResolver(references).check(ParsedSource(header, rejected.source, body))
    except Exception as error:  # as in `read_header`
        return [unexpected(rejected.path, error)]


def _read_body(source: Source, content_type: str, registry: Registry) -> tuple[Body | None, list[Diagnostic]]:
    """Return the parsed body and its diagnostics; no body if it goes past a bound, or holds what no tree may hold."""
    if diagnostics := check_text(source, in_markdown=content_type != "partner"):
        return None, diagnostics
    body = _parse(source, content_type, registry)
    if diagnostics := check_tree(source, body):
        return None, diagnostics
    return body, _check_body(source, body, content_type)


def _parse(source: Source, content_type: str, registry: Registry) -> Body:
    if content_type == "partner":
        return parse_html(source.body)
    return parse_markdown(source.body, directives=content_type == "issue", breaks=registry.site.line_breaks)


def _check_body(source: Source, body: Body, content_type: str) -> list[Diagnostic]:
    without = replace(source, body=without_notes(source.body))
    return _check_markup(source, body) + (check_directives(without) if content_type == "issue" else [])


def _placement(source: Source, registry: Registry) -> tuple[str, Publication | None] | Diagnostic:
    """Return content type and publication: from the folder, and from what the editor wrote in their place."""
    folder = source.path.parts[0]
    if folder == "pages":
        return "page", None
    if folder == "mail":
        return _issue_placement(source, registry)
    name = str(source.data.get("publication", folder))
    publication = registry.publications.get(name)
    if publication is None:
        known = "、".join(f"{key}（{each.title}）" for key, each in registry.publications.items())
        line = source.line_of(("publication",))
        return Diagnostic(
            source.path,
            line,
            f"「{name}」という出版物はありません。使えるのは {known} です",
            f"no publication {name!r}: use one of {known}",
            "F301",
        )
    content_type = str(source.data.get("kind", publication.content_type))
    # A folder of drills takes drills only, and no other folder takes one: neither may be found where readers look for the other.
    permitted = (
        ["drill"] if publication.content_type == "drill" else [key for key, model in CONTENT_TYPES.items() if model.chosen_by_editor]
    )
    if content_type not in permitted:
        known = "、".join(permitted)
        return Diagnostic(
            source.path,
            source.line_of(("kind",)),
            f"「{content_type}」という種類はありません。使えるのは {known} です",
            f"no kind {content_type!r}: use one of {known}",
            "F302",
        )
    return content_type, publication


def _issue_placement(source: Source, registry: Registry) -> tuple[str, Publication | None] | Diagnostic:
    """Return the placement of ``content/mail/<list>/<number>.md``."""
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


def _validate(source: Source, model: type[Meta], reading: Reading) -> Meta | list[Diagnostic]:
    data = {key: value for key, value in source.data.items() if key != "kind"}
    try:
        return model.model_validate(data, context=reading)
    except ValidationError as error:
        return explain_all(source, model, error.errors())


def _check_markup(source: Source, body: Body) -> list[Diagnostic]:
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
    ] + [Diagnostic(source.path, source.line_with(text), *_forbidden_words(text, body), "F702") for text in forbidden_elements(body)]


def _forbidden_words(text: str, body: Body) -> tuple[str, str]:
    """Say what to write for an element, an attribute, or an address that a body may not hold."""
    if text.startswith("<") or re.fullmatch(r"[\w:-]+=", text):
        return f"本文に「{text}」は書けません。Markdownの書き方に直してください", f"{text!r} may not stand in a body: write it in Markdown"
    is_picture = any(image.get("src") == text for image in body.images)
    return not_allowed(text, "content/images/" if is_picture else "content/files/")


def _check_address(source: Source, meta: Meta, registry: Registry) -> list[Diagnostic]:
    """Check the part of the address that the document names itself: by ``slug``, or else by the name of its file."""
    name = meta.slug or source.path.stem
    line = source.line_of(("slug",)) if meta.slug else 1
    if words := check_name(name):
        hint_ja, hint_en = (
            ("", "") if meta.slug else ("。ファイルの名前を変えるか、slug を書いてください", "; rename the file, or add slug")
        )
        return [Diagnostic(source.path, line, words[0] + hint_ja, words[1] + hint_en, "F304")]
    if isinstance(meta, Partner) and (words := check_name(source.path.parts[1])):  # the folder of the feed is a part of the address
        return [Diagnostic(source.path, 1, *words, "F304")]
    if isinstance(meta, Page) and (words := check_page_address(f"/{name}/", registry.own_addresses)):
        return [Diagnostic(source.path, line, *words, "F306")]
    return []
