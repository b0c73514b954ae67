"""All issues of the checkout together: what one has carried, a later one of the same list does not carry again.

1. Go through the issues of every list in the order of their dates, drafts aside.
2. A named article that an earlier issue carried is a fault, unless the editor wrote もう一度.
3. An issue with nothing in it, or with a place still to be filled in, is a fault.
"""

from __future__ import annotations

from pathlib import PurePosixPath

from plugins.frontmatter.body import parse_html
from plugins.frontmatter.document import Document
from plugins.frontmatter.faults import ContentFaults, Fault
from plugins.frontmatter.library import Library

from .composition import Composition, compose, named

PLACEHOLDER = "〔ここに"
"""How `todoke new issue` marks what a person has to write. It never goes out."""


def compose_all(library: Library) -> list[Composition]:
    """Return every issue that is public now, composed, oldest first.

    Raises `ContentFaults` with every fault of every issue, future ones included.
    """
    faults: list[Fault] = []
    composed: list[Composition] = []
    carried: dict[PurePosixPath, dict[PurePosixPath, Document]] = {}
    for issue in _in_order(library):
        before = carried.setdefault(issue.path.parent, {})
        composition = compose(issue, library, before)
        faults += [*_twice(issue, before), *_unfinished(composition)]
        composed.append(composition)
        before.update({path: before.get(path, issue) for path in composition.articles})
    if faults:
        raise ContentFaults(faults)
    return [composition for composition in composed if composition.document.is_live(library.now)]


def fault(issue: Document, words: str, ja: str, en: str) -> Fault:
    """Return a fault of ``issue`` at the first line of its body that holds ``words``, or at the body's first line."""
    lines = issue.markdown.split("\n")
    at = next((number for number, line in enumerate(lines) if words and words in line), 0)
    return Fault(PurePosixPath("content") / issue.path, issue.body_line + at, ja, en)


def carried_before(library: Library, folder: PurePosixPath) -> dict[PurePosixPath, Document]:
    """Return every article that an issue in ``folder`` has carried, and which issue it was."""
    carried: dict[PurePosixPath, Document] = {}
    for issue in _in_order(library):
        if issue.path.parent == folder:
            carried |= {path: carried.get(path, issue) for path in compose(issue, library, carried).articles}
    return carried


def _in_order(library: Library) -> list[Document]:
    found = [d for d in library.documents.values() if d.kind == "issue" and not d.meta.draft]
    return sorted(found, key=lambda d: (d.date, d.path))


def _twice(issue: Document, before: dict[PurePosixPath, Document]) -> list[Fault]:
    faults, seen = [], set[PurePosixPath]()
    for path in named(parse_html(issue.html), again=False):
        if path in before:
            earlier = before[path].path.stem
            faults.append(
                fault(
                    issue,
                    path.name,
                    f"「{path}」は第{earlier}号に載せました。もう一度載せるときは、行の終わりに「もう一度」と書いてください",
                    f"{path} was in issue {earlier}: delete the line, or end it with 'again'",
                )
            )
        elif path in seen:
            faults.append(
                fault(issue, path.name, f"「{path}」がこの号に二度あります。一つを消してください", f"{path} is here twice: delete one")
            )
        seen.add(path)
    return faults


def _unfinished(issue: Composition) -> list[Fault]:
    document = issue.document
    if not issue.corners:
        return [
            fault(
                document,
                "",
                "載せるものがありません。コーナー（##）に文章か ::記事 を書いてください",
                "nothing to send: write a corner (##) with words or ::article",
            )
        ]
    if PLACEHOLDER in f"{issue.meta.title}{issue.meta.preheader}{document.markdown}":
        return [fault(document, PLACEHOLDER, f"「{PLACEHOLDER}…〕」のところを書いてください", f"fill in every {PLACEHOLDER}…〕")]
    return []
