"""All issues of the checkout together: what one has carried, a later one of the same list does not carry again.

1. Go through the issues of every list in the order of their dates, drafts aside.
2. A named article that an earlier issue carried is a fault, unless the editor wrote もう一度.
3. An issue with nothing in it, a digest that found nothing, and a place still to be filled in are faults.
"""

from __future__ import annotations

from pathlib import PurePosixPath

from plugins.diagnostics import ContentErrors, Diagnostic
from plugins.frontmatter.library import Library
from plugins.frontmatter.model.document import Document
from plugins.frontmatter.parse.markdown import parse_html
from plugins.magazine.compose.composition import Composition, compose, has_directives, named_documents

PLACEHOLDER = "〔ここに"
"""How `todoke new issue` marks what a person has to write. It never goes out."""


def compose_all(library: Library) -> list[Composition]:
    """Return every issue that is public now, composed, oldest first.

    Raises `ContentErrors` with every fault of every issue, future ones included.
    """
    faults: list[Diagnostic] = []
    composed: list[Composition] = []
    carried: dict[PurePosixPath, dict[PurePosixPath, Document]] = {}
    for issue in _in_order(library):
        before = carried.setdefault(issue.path.parent, {})
        composition = compose(issue, library, before)
        faults += [*_twice(issue, before), *_unfinished(composition, library)]
        composed.append(composition)
        before.update({path: before.get(path, issue) for path in composition.articles})
    if faults:
        raise ContentErrors(faults)
    return [composition for composition in composed if composition.document.is_live(library.now)]


def issue_diagnostic(issue: Document, words: str, ja: str, en: str, rule: str) -> Diagnostic:
    """Return a diagnostic of ``issue`` at the first line of its body that holds ``words``, or at the body's first line."""
    lines = issue.markdown.split("\n")
    at = next((number for number, line in enumerate(lines) if words and words in line), 0)
    return Diagnostic(PurePosixPath("content") / issue.path, issue.body_line + at, ja, en, rule)


def carried_earlier(library: Library, folder: PurePosixPath) -> dict[PurePosixPath, Document]:
    """Return every article that an issue in ``folder`` has carried, and which issue it was."""
    carried: dict[PurePosixPath, Document] = {}
    for issue in _in_order(library):
        if issue.path.parent == folder:
            carried |= {path: carried.get(path, issue) for path in compose(issue, library, carried).articles}
    return carried


def _in_order(library: Library) -> list[Document]:
    found = [d for d in library.documents.values() if d.content_type == "issue" and not d.meta.draft]
    return sorted(found, key=lambda d: (d.date, d.path))


def _twice(issue: Document, before: dict[PurePosixPath, Document]) -> list[Diagnostic]:
    faults, seen = [], set[PurePosixPath]()
    for path in named_documents(parse_html(issue.html), again=False):
        if path in before:
            earlier = before[path].path.stem
            faults.append(
                issue_diagnostic(
                    issue,
                    path.name,
                    f"「{path}」は第{earlier}号に載せました。もう一度載せるときは、行の終わりに「もう一度」と書いてください",
                    f"{path} was in issue {earlier}: delete the line, or end it with 'again'",
                    "I101",
                )
            )
        elif path in seen:
            faults.append(
                issue_diagnostic(
                    issue, path.name, f"「{path}」がこの号に二度あります。一つを消してください", f"{path} is here twice: delete one", "I102"
                )
            )
        seen.add(path)
    return faults


def _unfinished(issue: Composition, library: Library) -> list[Diagnostic]:
    """What keeps an issue from going out. A draft that is only shown may have places left to fill in."""
    empty = _empty(issue) if issue.document.date <= library.now else []  # until its day, something may still come in
    return empty + ([] if library.shows_drafts else _blanks(issue))


def _empty(issue: Composition) -> list[Diagnostic]:
    document = issue.document
    if not issue.corners:
        return [
            issue_diagnostic(
                document,
                "",
                "載せるものがありません。コーナー（##）に文章か ::記事 を書いてください",
                "nothing to send: write a corner (##) with words or ::article",
                "I103",
            )
        ]
    if (
        has_directives(parse_html(document.html)) and not issue.articles and len(issue.corners) == 1
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
    names = [name for name, value in (("title", issue.meta.title), ("preheader", issue.meta.preheader or "")) if PLACEHOLDER in value]
    head = [
        Diagnostic(PurePosixPath("content") / document.path, 1, f"{name} を書いてください", f"write the {name}", "I104") for name in names
    ]
    lines = [line for line in document.markdown.split("\n") if PLACEHOLDER in line]
    return head + [
        issue_diagnostic(document, line, f"「{line.strip()}」のところを書いてください", f"fill in {line.strip()!r}", "I104")
        for line in lines
    ]
