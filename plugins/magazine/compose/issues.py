"""All issues of the checkout together: an issue does not carry again what an earlier issue of the same list has carried.

1. Go through the issues of every list in the order of their dates. Drafts are left out.
2. A named article that an earlier issue carried is an error, unless the editor wrote もう一度.
3. An issue with nothing in it, a digest that found nothing, and a placeholder of `todoke new issue` are errors.
"""

from __future__ import annotations

from pathlib import PurePosixPath

from plugins.diagnostics import ContentErrors, Diagnostic, unexpected
from plugins.frontmatter.library import Library
from plugins.frontmatter.model.document import Document
from plugins.frontmatter.parse.markdown import parse_html
from plugins.magazine.compose.composition import Composition, compose, has_directives, named_documents

PLACEHOLDER = "〔ここに"
"""How `todoke new issue` marks what a person has to write. An issue that still holds it never goes out."""


def compose_all(library: Library) -> list[Composition]:
    """Return every issue that is public now, composed, oldest first.

    Raises `ContentErrors` with every error of every issue, future ones included.
    """
    composed, diagnostics = compose_each(library)
    if diagnostics:
        raise ContentErrors(diagnostics)
    return [composition for composition in composed if composition.document.is_live(library.now)]


def compose_each(library: Library) -> tuple[list[Composition], list[Diagnostic]]:
    """Return every issue that is no draft, also one of the future, composed, oldest first; and every error."""
    diagnostics: list[Diagnostic] = []
    composed: list[Composition] = []
    carried: dict[PurePosixPath, dict[PurePosixPath, Document]] = {}
    for issue in _in_order(library):
        earlier = carried.setdefault(issue.path.parent, {})
        try:
            composition = compose(issue, library, earlier)
            diagnostics += [*_repeated(issue, earlier), *_unfinished(composition, library)]
        except Exception as error:  # whatever it is: it belongs to this issue
            diagnostics.append(unexpected(PurePosixPath("content") / issue.path, error))
            continue
        composed.append(composition)
        earlier.update({path: earlier.get(path, issue) for path in composition.articles})
    return composed, diagnostics


def issue_diagnostic(issue: Document, words: str, ja: str, en: str, rule: str) -> Diagnostic:
    """Return a diagnostic of ``issue`` at the first line of its body that holds ``words``, or at the body's first line."""
    lines = issue.markdown.split("\n")
    at = next((number for number, line in enumerate(lines) if words and words in line), 0)
    return Diagnostic(PurePosixPath("content") / issue.path, issue.body_line + at, ja, en, rule)


def carried_earlier(library: Library, folder: PurePosixPath) -> dict[PurePosixPath, Document]:
    """Return every article that an issue in ``folder`` has carried, and the first issue that did."""
    carried: dict[PurePosixPath, Document] = {}
    for issue in _in_order(library):
        if issue.path.parent == folder:
            carried |= {path: carried.get(path, issue) for path in compose(issue, library, carried).articles}
    return carried


def _in_order(library: Library) -> list[Document]:
    issues = [document for document in library.documents.values() if document.content_type == "issue" and not document.meta.draft]
    return sorted(issues, key=lambda issue: (issue.date, issue.path))


def _repeated(issue: Document, earlier: dict[PurePosixPath, Document]) -> list[Diagnostic]:
    """Return a diagnostic for each article that the issue names although it, or an earlier issue, has it already."""
    diagnostics, seen = [], set[PurePosixPath]()
    for path in named_documents(parse_html(issue.html), again=False):
        if path in earlier:
            number = earlier[path].path.stem
            diagnostics.append(
                issue_diagnostic(
                    issue,
                    path.name,
                    f"「{path}」は第{number}号に載せました。もう一度載せるときは、行の終わりに「もう一度」と書いてください",
                    f"{path} was in issue {number}: delete the line, or end it with 'again'",
                    "I101",
                )
            )
        elif path in seen:
            diagnostics.append(
                issue_diagnostic(
                    issue, path.name, f"「{path}」がこの号に二度あります。一つを消してください", f"{path} is here twice: delete one", "I102"
                )
            )
        seen.add(path)
    return diagnostics


def _unfinished(issue: Composition, library: Library) -> list[Diagnostic]:
    """Return what keeps an issue from going out. In the preview, which shows drafts, placeholders are no error."""
    empty = _empty(issue) if issue.document.date <= library.now else []  # until its day, something may still come in
    return empty + ([] if library.shows_drafts else _blanks(issue))


def _empty(issue: Composition) -> list[Diagnostic]:
    document = issue.document
    if not issue.sections:
        return [
            issue_diagnostic(
                document,
                "",
                "載せるものがありません。コーナー（##）に文章か ::記事 を書いてください",
                "nothing to send: write a section (##) with words or ::article",
                "I103",
            )
        ]
    if (
        has_directives(parse_html(document.html)) and not issue.articles and len(issue.sections) == 1
    ):  # an editor's note is no reason to write
        return [
            issue_diagnostic(
                document,
                "::",
                "前の号のあとに載せるものが一つも見つかりません。日時を先に延ばすか、文章だけで送るなら :: の行を消してください",
                "a digest with nothing in it: move its date, or delete the :: lines to send the words alone",
                "I103",
            )
        ]
    return []


def _blanks(issue: Composition) -> list[Diagnostic]:
    document = issue.document
    empty = [name for name, value in (("title", issue.meta.title), ("preheader", issue.meta.preheader or "")) if PLACEHOLDER in value]
    in_header = [
        Diagnostic(PurePosixPath("content") / document.path, 1, f"{name} を書いてください", f"write the {name}", "I104") for name in empty
    ]
    lines = [line for line in document.markdown.split("\n") if PLACEHOLDER in line]
    return in_header + [
        issue_diagnostic(document, line, f"「{line.strip()}」のところを書いてください", f"fill in {line.strip()!r}", "I104")
        for line in lines
    ]
