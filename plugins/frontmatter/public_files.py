"""Which files below ``content/`` are public: those that a public document names, and those that ``publications.toml`` declares. No folder is public as such.

So a list of names in ``data/``, the lock file of a spreadsheet, and a PDF that waits for an article of next year stay where they are.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import PurePosixPath

from plugins.diagnostics import Diagnostic
from plugins.frontmatter.library import Library
from plugins.frontmatter.model.addresses import check_file_path
from plugins.frontmatter.model.document import Document
from plugins.frontmatter.parse.image_files import image_permalink
from plugins.frontmatter.parse.source import NOT_SOURCES

_MARKDOWN = (
    ".md",
    ".markdown",
    ".mdown",
    ".mkd",
    ".mkdn",
    ".mdwn",
    ".mdtxt",
    ".mdtext",
    ".mdx",
    ".rmd",
    ".qmd",
    ".txt",
    ".text",
    ".md.bak",
    ".md~",
    ".rst",
)
_WORD_PROCESSORS = (
    ".docx",
    ".doc",
    ".docm",
    ".dotx",
    ".odt",
    ".rtf",
    ".jtd",
    ".jtdc",
    ".pages",
    ".html",
    ".htm",
    ".tex",
    ".pdf",
    ".pptx",
    ".xlsx",
)
"""Among them those of Ichitaro (``.jtd``), which Japanese offices use."""


def public_files(library: Library) -> frozenset[str]:
    """Return the paths, below ``content/``, of the files that are public now.

    A mail issue shows the pictures of the articles that it carries. Its page is public, so they stay, also when an article has ended: the mail that was
    sent still loads them.
    """
    named = {path for document in library.public for path in document.named_files}
    shown = {address for document in library.public for address in document.image_urls}
    by_address = {_address(path): path for path in library.files}
    return library.files & (
        named | {by_address[address] for address in shown if address in by_address} | {*library.registry.site.public_files}
    )


def _address(path: str) -> str:
    return image_permalink(PurePosixPath(path)) if path.startswith("images/") else f"/{path}"


def _folded(address: str) -> str:
    return address.lower() if address.isascii() else unicodedata.normalize("NFC", address).casefold()


def unnamed_files(library: Library, tables: Collection[str]) -> list[Diagnostic]:
    """Return a warning for each file of ``files/``, ``data/`` and ``images/`` that stays out of the site, with paths relative to ``content/``.

    A file of a document that has ended is no fault. ``tables`` are the paths of the tables that the build itself reads.
    """
    known = {*tables, *library.registry.site.public_files}
    naming = [document for document in library.documents.values() if document.named_files]
    waiting = _named_by(document for document in naming if _waits(document, library))
    done = _named_by(document for document in naming if not _waits(document, library))
    candidates = sorted(path for path in library.files - known - done.keys() if path.partition("/")[0] in NOT_SOURCES)
    return [_waiting(path, waiting[path]) if path in waiting else _unnamed(path) for path in candidates]


def _waits(document: Document, library: Library) -> bool:
    return not document.is_live(library.now) and not document.has_ended(library.now)


def _named_by(documents: Iterable[Document]) -> dict[str, Document]:
    """Return by file the first document that names it."""
    by_file: dict[str, Document] = {}
    for document in documents:
        for path in document.named_files:
            by_file.setdefault(path, document)
    return by_file


def _unnamed(path: str) -> Diagnostic:
    return Diagnostic(
        PurePosixPath(path),
        1,
        "どの記事からも使われていないので、公開しません。使わないなら消し、そのまま公開するなら publications.toml の [site] public_files に書いてください",
        "no document names this file, so it is not published: delete it, or to publish it as it is, name it in public_files of [site] in publications.toml",
        "F505",
        "warning",
    )


def _waiting(path: str, document: Document) -> Diagnostic:
    date = "" if document.meta.draft or not document.meta.date else f"{document.meta.date:%Y-%m-%d %H:%M}"
    return Diagnostic(
        PurePosixPath(path),
        1,
        f"まだ公開しません。このファイルを使う {document.path} が{f'公開される {date} から出ます' if date else '下書きです'}",
        f"not published yet: {document.path}, which names it, {f'becomes public at {date}' if date else 'is a draft'}",
        "F506",
        "warning",
    )


HEAVIEST = 20_000_000
"""Bytes. A document of this size takes two minutes where the network has 1.5 Mbit/s, as after a disaster. Films may be larger: they play while they load."""
_PLAYED = (".mp4", ".webm", ".m4v", ".mp3", ".m4a", ".ogg")


def heavy_files(library: Library, size_of: Callable[[str], int]) -> list[Diagnostic]:
    """Return a warning for each file of more than `HEAVIEST` bytes (``size_of``) that a document names, with paths relative to ``content/``."""
    named = {path for document in library.documents.values() for path in document.named_files} | {*library.registry.site.public_files}
    sizes = [(path, size_of(path)) for path in sorted(named & library.files) if not path.lower().endswith(_PLAYED)]
    return [_heavy(path, size) for path, size in sizes if size > HEAVIEST]


def _heavy(path: str, size: int) -> Diagnostic:
    shown, most = f"{size / 1_000_000:.1f}MB", f"{HEAVIEST // 1_000_000}MB"
    return Diagnostic(
        PurePosixPath(path),
        1,
        f"{shown}あります。電波の弱いところでは開けません。{most}より小さく縮めるか、章ごとに分けてください",
        f"{shown}: it does not open where the network is bad; make it smaller than {most}, or divide it",
        "F705",
        "warning",
    )


def ignored_files(library: Library) -> list[Diagnostic]:
    """Return a warning for each file among the sources that nothing reads, with paths relative to ``content/``.

    Directly in ``content/`` no source can be, so a licence or a list of owners may lie there: only what looks like a source is told.
    """
    return [_ignored(path) for path in sorted(library.ignored) if "/" in path or path.lower().endswith(_MARKDOWN + _WORD_PROCESSORS)]


def _ignored(path: str) -> Diagnostic:
    name = unicodedata.normalize("NFKC", path.rpartition("/")[2]).lower()
    if name.startswith("~$"):
        ja = "WordやExcelが、文書を開いているあいだ置くファイルです。その文書を閉じると消えます。残っていれば消してください"
        en = "Word or Excel puts this file here while a document is open: close the document; if it stays, delete it"
    elif name.endswith((".lnk", ".url", ".webloc", ".desktop")):
        ja = "ショートカットで、中身がありません。原稿そのもの（.md）を置き、ショートカットは消してください"
        en = "a shortcut, which holds nothing: put the source itself (.md) here, and delete the shortcut"
    elif name.endswith(_MARKDOWN) or name.endswith("md") or "." not in name:
        ja = "原稿のようですが、名前の終わりが「.md」（半角の小文字）でないので読みません。公開するなら「.md」に変え、使わないなら消してください"
        en = "it looks like a source and is not read, because its name does not end in .md (small letters): rename it, or delete it"
    elif name.endswith(_WORD_PROCESSORS):
        ja = "ワープロなどの文書は読みません。公開するなら、本文を「.md」の原稿にしてください。使わないなら消してください"
        en = "a document of a word processor is not read: to publish it, write its text into a source (.md); else delete it"
    else:
        ja = "原稿ではないので読まず、公開もしません。画像は images/、ほかのファイルは files/ に移し、使わないなら消してください"
        en = "no source, so it is neither read nor published: move pictures to images/ and other files to files/, or delete it"
    return Diagnostic(PurePosixPath(path), 1, ja, en, "F307", "warning")


def similar_sources(library: Library) -> list[Diagnostic]:
    """Return a warning for each source whose path differs from another's by case or by the form of its kana only, with paths relative to ``content/``."""
    first_at = dict[str, str]()
    paths = sorted(map(str, library.documents))
    pairs = [(path, other) for path in paths if (other := first_at.setdefault(_folded(path), path)) != path]
    return [
        Diagnostic(
            PurePosixPath(path),
            1,
            f"{other} と大文字・小文字などしか違わない名前です。WindowsやmacOSではどちらかが消えます。名前を変えてください",
            f"its name differs from {other} by case alone: on Windows and macOS one replaces the other; rename one of them",
            "F308",
            "warning",
        )
        for path, other in pairs
    ]


def clashing_files(library: Library) -> list[Diagnostic]:
    """Return a diagnostic for each file that would have the address of another, with paths relative to ``content/``.

    Windows and macOS take no account of case, and macOS none of how a voiced kana is composed (UAX #15): there one file would replace the other.
    """
    first_at = dict[str, str]()
    clashes = [(path, other) for path in sorted(library.files) if (other := first_at.setdefault(_folded(_address(path)), path)) != path]
    return [
        Diagnostic(
            PurePosixPath(path),
            1,
            f"公開するアドレス {_address(path)} が {other} と{_how_similar(path, other)}同じになります。どちらかの名前を変えてください",
            f"it would have the address {_address(path)}, as {other} has: rename one of them",
            "F305",
            cause=PurePosixPath(other),
        )
        for path, other in clashes
    ]


def _how_similar(path: str, other: str) -> str:
    return (
        "、大文字と小文字などの違いしかなく、WindowsやmacOSでは"
        if path.rpartition(".")[2].lower() == other.rpartition(".")[2].lower()
        else ""
    )


def unusable_names(library: Library) -> list[Diagnostic]:
    """Return a diagnostic for each file that is to be public and whose name is no address: a link to it would lead nowhere."""
    named = {path for document in library.documents.values() for path in document.named_files} | {*library.registry.site.public_files}
    checked = [(path, check_file_path(path)) for path in sorted(named & library.files)]
    return [Diagnostic(PurePosixPath(path), 1, *words, "F304") for path, words in checked if words]


def missing_declarations(library: Library) -> Iterator[tuple[str, str, str]]:
    """Yield each declared file that is not there or may not be public, with the words for it."""
    for path in library.registry.site.public_files:
        if path not in library.files:
            yield (
                path,
                f"public_files の「{path}」が content/ にないか、公開できない場所にあります。files/、data/、images/ の中のファイルを書いてください",
                f"public_files: no file {path!r} below content/ that can be public: name one of files/, data/ or images/",
            )
