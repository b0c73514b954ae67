"""Says why there is nothing at the place that a link or a picture names, and what to write: a path of somebody's own computer, other case, an address
without its beginning, a file in another folder.

Only what leads nowhere comes here, so the whole folder may be looked through.
"""

from __future__ import annotations

import posixpath
import re
import unicodedata
from collections.abc import Collection, Iterator
from difflib import get_close_matches
from pathlib import PurePosixPath

_MAIL = re.compile(r"[\w.%+-]+@[\w-]+(?:\.[\w-]+)+", re.ASCII)
_TELEPHONE = re.compile(r"\+?[0-9][0-9()ー‐−-]{8,15}")
_WEB = re.compile(r"(?:www\.[\w-]+\.|(?:[\w-]+\.)+(?:jp|com|org|net|info|gov|edu)(?=[/?#:]|$))", re.ASCII | re.IGNORECASE)
_SCHEME = re.compile(r"(?P<scheme>[a-z]{2,7}):/{0,3}(?P<rest>.*)", re.IGNORECASE)
_NEAR_HTTPS = ("ttps", "htps", "htpps", "httsp", "htttps", "https", "http", "ttp", "htp", "htttp", "hhtps", "hhtp", "shttp")
_OWN_COMPUTER = re.compile(r"(?:file:|[a-z]:[\\/¥￥])", re.IGNORECASE)
_OFFICE = re.compile(r"[\\¥￥]{1,2}[\w.-]+[\\¥￥/]")

Words = tuple[str, str]
"""The cause and what to write, in Japanese and English."""


_OWN_PAGE = re.compile(r"https?://")
"""What a directive may not name; links that begin so are not looked for among files."""


def not_allowed(address: str, folder: str) -> Words:
    """Say why nobody may lead readers to ``address``, which has no scheme of the web, and what to write. ``folder`` is where the file would lie."""
    if _OWN_COMPUTER.match(address):
        return (
            f"「{address[:80]}」は自分のパソコンの中の場所で、ほかの人には開けません。ファイルを {folder} に置き、その場所を「../../{folder.partition('/')[2]}」からの形で書いてください",
            f"{address[:80]!r} is a place on one computer: put the file into {folder}, and name that place",
        )
    if address.lower().startswith("data:"):
        return (
            "画像が、字の並びとして本文に埋め込まれています。画像のファイルを content/images/ に置き、その場所を書いてください",
            "a picture is pasted into the text: put its file into content/images/, and name that place",
        )
    match = _SCHEME.fullmatch(address)
    if match and match["scheme"].lower() in _NEAR_HTTPS and "." in match["rest"]:
        return (
            f"「{address[:80]}」のはじめの綴りが違います。「https://{match['rest'][:80]}」と書いてください",
            f"the beginning of {address[:80]!r} is misspelt: write 'https://{match['rest'][:80]}'",
        )
    if address.startswith(("//", "\\")):
        return _of_office(address)
    return (
        f"本文に「{address[:80]}」は書けません。リンクは https:// か mailto: か tel: で始めるか、content/ の中のファイルの場所を書いてください",
        f"{address[:80]!r} may not stand in a body: begin with https://, mailto: or tel:, or name a file below content/",
    )


def link_words(href: str, source: PurePosixPath, files: Collection[str], urls: dict[str, str]) -> Words:
    """Say why ``href``, written in ``source``, leads nowhere. ``files`` are all paths below ``content/``, ``urls`` the paths of documents by their address."""
    if words := next(_of_form(href), None):
        return words
    if document := urls.get(href.partition("#")[0].rstrip("/") + "/"):
        near = posixpath.relpath(document, source.parent.as_posix())
        return (
            f"記事へは、ページのアドレスではなくファイルでリンクします。「{near}」と書いてください",
            f"link to an article by its file: write {near!r}",
        )
    if words := _of_files(href, source, files):
        return words
    return "ファイルの場所を確かめてください", "check the path"


def picture_words(src: str, source: PurePosixPath, files: Collection[str]) -> Words:
    """Say why there is no picture at ``src``, written in ``source``."""
    if _OWN_COMPUTER.match(src) or src.startswith("data:"):
        return not_allowed(src, "content/images/")
    if src.lower().startswith(("http:", "https:")):
        return (
            "よそのサイトの画像は使えません。使う許しを得て content/images/ に保存し、その場所を書いてください",
            "a picture of another site is not shown: with leave to use it, put it into content/images/, and name that place",
        )
    ja, en = _place_words(src, source, files)
    if src.lower().endswith((".heic", ".heif")):
        return f"{ja}。HEICの写真は出せません。JPEGで保存し直してください", f"{en}; a HEIC picture is not shown: save it as JPEG"
    return ja, en


def _place_words(src: str, source: PurePosixPath, files: Collection[str]) -> Words:
    return _of_files(src, source, files) or (
        "content/images/ に置き、場所を書き直してください",
        "put it into content/images/ and name its place",
    )


def anchor_words(href: str, ids: Collection[str]) -> Words:
    """Say which headings of the page a link may lead to."""
    near = get_close_matches(href[1:], ids, n=1, cutoff=0.4)
    if near:
        return (
            f"このページに、その見出しはありません。「#{near[0]}」ではありませんか",
            f"no such heading on this page: did you mean '#{near[0]}'?",
        )
    return (
        "このページに、その見出しはありません。見出しの名前を確かめるか、リンクを外してください",
        "no such heading on this page: check its name",
    )


def _of_form(href: str) -> Iterator[Words]:
    """Yield what the form of an address says of it."""
    plain = unicodedata.normalize("NFKC", href)
    if not href:
        yield (
            "リンク先が空です。括弧の中に、アドレスかファイルの場所を書いてください",
            "there is nothing between the brackets: write an address, or a file",
        )
    if _OWN_PAGE.match(href):
        yield (
            "記事へは、ページのアドレス（https://）ではなく、原稿のファイルの場所（../../press/2021/name.md）を書いてください",
            "name the file of an article, such as ../../press/2021/name.md, not an address that begins with https://",
        )
    if plain != href and re.match(r"(?:https?|mailto|tel):|www\.", plain, re.IGNORECASE):
        yield f"アドレスが全角で書かれています。半角で「{plain[:80]}」と書いてください", f"the address is full-width: write {plain[:80]!r}"
    if _MAIL.fullmatch(plain):
        yield f"メールアドレスには「mailto:」が要ります。「mailto:{plain}」と書いてください", f"a mail address: write 'mailto:{plain}'"
    if _TELEPHONE.fullmatch(href):
        yield f"電話番号には「tel:」が要ります。「tel:{plain}」と書いてください", f"a telephone number: write 'tel:{plain}'"
    if _WEB.match(href) and not href.lower().endswith(".md"):
        yield (
            f"アドレスのはじめがありません。「https://{href[:80]}」と書いてください",
            f"an address without its beginning: write 'https://{href[:80]}'",
        )
    if _OFFICE.match(href):
        yield _of_office(href)


def _of_office(href: str) -> Words:
    return (
        f"「{href[:80]}」は庁内のサーバーなどの場所で、読む人には開けません。ファイルを content/files/ に置き、その場所を書いてください",
        f"{href[:80]!r} is a place on the office's network: put the file into content/files/, and name that place",
    )


def _of_files(href: str, source: PurePosixPath, files: Collection[str]) -> Words | None:
    """Look for the file that was meant: with other slashes, in other case, in another folder, with another ending, of a similar name."""
    name = re.split(r"[#?]", href, maxsplit=1)[0]
    slashed = re.sub(r"[\\¥￥]+", "/", name)
    folder = source.parent.as_posix()
    near = _near_file(posixpath.normpath(posixpath.join(folder, slashed)), [file for file in files if file != str(source)])
    if near is None:
        return None
    shown = posixpath.relpath(near, folder)
    if slashed != name:
        sign = next(each for each in name if each in "\\¥￥")
        return f"フォルダーの区切りが「{sign}」です。「/」を使い、「{shown}」と書いてください", f"write slashes, not {sign!r}: {shown!r}"
    written = posixpath.normpath(posixpath.join(folder, name))
    if unicodedata.normalize("NFC", written) == unicodedata.normalize("NFC", near):
        return (
            "見た目は同じ名前のファイルがありますが、濁点や半濁点が二つの字に分かれています（Macの名前の形）。ファイルの名前を、半角の英数字に付け直してください",
            "there is a file whose name looks the same, but its kana are decomposed, as a Mac has them: rename it, with ASCII letters",
        )
    if _folded(written) == _folded(near):
        return (
            f"大文字と小文字が、ファイルの名前と違います。「{shown}」と書いてください",
            f"its case is not that of the file: write {shown!r}",
        )
    return f"「{shown}」ではありませんか", f"did you mean {shown!r}?"


def _near_file(path: str, files: Collection[str]) -> str | None:
    """Return the one of ``files`` that is most likely meant by ``path``."""
    by_folded = {_folded(file): file for file in sorted(files)}
    folded = _folded(path)
    if folded in by_folded:
        return by_folded[folded]
    name = folded.rpartition("/")[2].lstrip(".")
    same_name = [by_folded[each] for each in by_folded if each.rpartition("/")[2] == name]
    stem = name.rpartition(".")[0] or name
    same_stem = [by_folded[each] for each in by_folded if each.rpartition("/")[2].rpartition(".")[0] == stem]
    if candidates := same_name or same_stem:
        return min(candidates, key=lambda file: (len(posixpath.relpath(file, posixpath.dirname(path) or ".")), file))
    beside = {each.rpartition("/")[2]: file for each, file in by_folded.items() if posixpath.dirname(each) == posixpath.dirname(folded)}
    return next((beside[each] for each in get_close_matches(name, beside, n=1, cutoff=0.8)), None)


def _folded(path: str) -> str:
    return unicodedata.normalize("NFC", path).casefold()
