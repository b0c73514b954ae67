"""The addresses that editors choose, and those that the site makes itself. A chosen one is refused here, not when a build writes its page.

An address becomes a folder of the site. So each of its segments has to be a name that every file system takes, and never ``.`` or ``..``.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import unquote

from plugins.frontmatter.model.words.languages import LANGUAGES

Words = tuple[str, str]
"""What is wrong and what to do, in Japanese and in English."""

LONGEST_NAME = 100
"""Characters of one segment. File systems take 255 bytes; a build adds endings to names while it writes."""

LONGEST_ADDRESS = 300
"""Characters of a former address. A path of the site has to stay below 4096 bytes (Linux), and such an address would be a mistake long before that."""

NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
"""The name of a document, a municipality, a topic, a publication, a list."""

PERMALINK = re.compile(r"/(?P<publication>[a-z0-9-]+)/(?P<month>[0-9]{4}/[0-9]{2})/(?P<name>[a-z0-9-]+)/")
"""The address of an article, as `plugins.frontmatter.model.document.permalink` makes it."""

PAGE_ENDINGS = ("html", "htm", "shtml", "php", "php3", "asp", "aspx", "jsp", "cgi", "do", "cfm", "pl")
"""Endings of pages of old sites. A file of such a name holds the page that leads on; the servers in ``docs/samples/site`` say that it is HTML."""

_FORMER = re.compile(r"(/[^/]+)+/?")
_PAGE = re.compile(rf"[^/]+\.(?:{'|'.join(PAGE_ENDINGS)})", re.IGNORECASE)

# Windows: names of devices, whatever their ending (Microsoft, "Naming Files, Paths, and Namespaces"). An editor there could not even check the site out.
_DEVICE = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)

# The rest of what Windows does not take in a name; what ends or escapes a path in an address (RFC 3986, 3.3 to 3.5); what nobody sees.
_NOT_IN_FILES = re.compile(r"[%?#\\\"<>|*:\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]|[. ](?=/|$)")

_TREES = frozenset({"theme", "search", "pictures", "cards", "furigana", "images", "files", "data", "situation", "-"})
"""Folders of the site, in lower case, that hold only what the build makes; ``-`` is that of `plugins.preview`."""

_SHARED = frozenset({"places", "topics", "mail", "accessibility"})
"""Folders in which the build makes pages, beside those of editors."""

_SECTION_TREES = frozenset({"place", "employment", "fiscal", "level", "type", "calendar", "on-air", "progress", "situation"})
"""Folders of a publication that hold only what the build makes: facets, calendar, script to read on air, progress, the tables of a drill."""

_FILES = frozenset(
    "index.html feed.xml feed.json event.ics events.ics script.txt 404.html robots.txt "
    "light.html cap.xml notice.json notices.json notices.csv poster.html on-air.txt short-140.txt short-300.txt short-500.txt short-5000.txt".split()
)
"""Files that the build writes in many folders. A page with such a name would be a folder in the place of a file."""

_SITEMAP = re.compile(r"sitemap.*\.xml")
_TONGUES = frozenset({"easy", *(language.slug for language in LANGUAGES.values())})
"""Folders of a notice that hold it in other words."""

_MONTH = re.compile(r"\d{4}(/\d{2})?")


@dataclass(frozen=True)
class OwnAddresses:
    """The addresses that the site makes itself: ``pages`` one by one, those of ``publications`` (keys) by their form.

    What a publication makes depends on what is published in it. A month without an article gets its page with the first one, and a former address must
    not be in its way then.
    """

    publications: Collection[str]
    pages: Collection[str] = ()

    def takes(self, address: str) -> bool:
        """Tell whether the site makes ``address`` itself, or files below it or in its place. Case does not count: it does not on Windows and macOS."""
        segments = address.lower().strip("/").split("/")
        first, *below = segments
        if first in _TREES or not _FILES.isdisjoint(segments) or _SITEMAP.fullmatch(first) or address.lower() in self.pages:
            return True
        if first in self.publications:
            return (
                not below
                or below[0] in _SECTION_TREES
                or (len(below) == 4 and below[3] in _TONGUES)
                or bool(_MONTH.fullmatch("/".join(below)))
            )
        return False


def former_address(written: str) -> str:
    """Return a former address in the one form that the site knows: decoded (RFC 3986, 2.5: UTF-8), NFC, with a slash at the end where it is a folder.

    ``/old/index.html`` is ``/old/``. What cannot be decoded stays as it is written, and is refused by `check_former_address`.
    """
    try:
        decoded = unquote(written, errors="strict")
    except UnicodeDecodeError:
        return written
    address = unicodedata.normalize(
        "NFC", written if _NOT_IN_FILES.search(decoded) or decoded.count("/") != written.count("/") else decoded
    )
    if address.lower().endswith("/index.html"):
        return address[: -len("index.html")]
    return address if address.endswith("/") or "." in address.rpartition("/")[2] else f"{address}/"


def page_file(address: str) -> str:
    """Return the file of the page at ``address``, below the site: ``a/index.html`` for ``/a/``, ``a.php`` for ``/a.php``."""
    return f"{address.lstrip('/')}index.html" if address.endswith("/") else address.lstrip("/")


def check_former_address(address: str, own: OwnAddresses) -> Words | None:
    """Return what is wrong with a former address of a document, in the form of `former_address`; None if nothing is."""
    if words := _never_served(address):
        return words
    if not _FORMER.fullmatch(address) or re.search(r"\s", address) or _NOT_IN_FILES.search(address):
        return (
            f"前のアドレス「{address}」が正しくありません。「/old/address/」や「/old/page.html」のように、サイトの名前を除いて / から書いてください",
            f"{address!r} is no address of this site: write /old/address/ or /old/page.html",
        )
    segments = address.strip("/").split("/")
    if any(segment.startswith(".") or segment.endswith(".") for segment in segments):
        return (
            f"前のアドレス「{address}」に、点で始まるか終わる部分があります（「.」や「..」も使えません）。サイトの中のアドレスを書いてください",
            f"{address!r} has a part that begins or ends with a full stop ('.' and '..' included): write an address inside this site",
        )
    # 255 bytes is the longest name of a file (NAME_MAX); a kanji has three.
    if len(address) > LONGEST_ADDRESS or any(len(segment) > LONGEST_NAME or len(segment.encode()) > 200 for segment in segments):
        return (
            f"前のアドレス「{address[:40]}…」が長すぎます（全体で{LONGEST_ADDRESS}字、/ のあいだは{LONGEST_NAME}字、漢字やかななら66字まで）",
            f"{address[:40]!r}… is too long: {LONGEST_ADDRESS} characters at most, {LONGEST_NAME} between two slashes, 66 if they are Japanese",
        )
    if device := next((segment for segment in segments if _DEVICE.fullmatch(segment)), ""):
        return _device_words(device)
    return _own_words(address) if own.takes(address) else None


def _never_served(address: str) -> Words | None:
    """Say why a server that only hands out files can never lead on from an address."""
    if re.match(r"[a-z]+:|//", address, re.IGNORECASE):
        return (
            f"前のアドレス「{address[:80]}」には、サイトの名前（https://…）を書きません。名前のあとの / からを書いてください",
            f"{address[:80]!r}: leave out the name of the site, and write what follows it, from the slash",
        )
    if "?" in address or "#" in address:
        sign = "?" if "?" in address else "#"
        return (
            f"前のアドレス「{address[:80]}」の「{sign}」から後は、ファイルを渡すだけのサーバーには区別できません。その前までを書くか、サーバーの設定で案内してください",
            f"{address[:80]!r}: a server of files does not see what follows {sign!r}: write what stands before it, or add a rule to the server's settings",
        )
    if "%" in address:
        return (
            f"前のアドレス「{address[:80]}」の % の文字は、UTF-8ではないか、アドレスの区切りです。そのままのファイルは置けません。サーバーの設定で案内してください",
            f"{address[:80]!r}: its % stand for another encoding than UTF-8, or for a sign of addresses. No file can have this name: add a rule to the server's settings",
        )
    name = address.rpartition("/")[2]
    if "." in name.strip(".") and not _PAGE.fullmatch(name) and not name.endswith("."):
        return (
            f"前のアドレス「{address[:80]}」はページではなく、ファイルのアドレスです。サーバーはその種類のファイルとして渡すので、案内のページは置けません。"
            f"同じファイルを content/files/ に置いてリンクするか、ページなら {'、'.join(PAGE_ENDINGS[:4])} などで終わるアドレスを書いてください",
            f"{address[:80]!r} is a file and no page: a server hands it out as that kind of file, so it cannot lead on. Put the file itself into content/files/",
        )
    return None


def check_name(name: str) -> Words | None:
    """Return what is wrong with the name of a document, a municipality or another entry of a table; None if nothing is."""
    if not NAME.fullmatch(name):
        return (
            f"「{name[:40]}」はアドレスになりません。半角の英小文字、数字、ハイフンだけを使ってください",
            f"{name[:40]!r} cannot be an address: use a-z, 0-9 and hyphens only",
        )
    if len(name) > LONGEST_NAME:
        return f"「{name[:40]}…」は長すぎます（{LONGEST_NAME}字まで）", f"{name[:40]!r}… is too long: at most {LONGEST_NAME} characters"
    return _device_words(name) if _DEVICE.fullmatch(name) else None


def check_file_path(path: str) -> Words | None:
    """Return what is wrong with the path of a file that is published as it is; None if nothing is."""
    if match := _NOT_IN_FILES.search(path):
        shown = match[0] if match[0].isprintable() else f"U+{ord(match[0]):04X}"
        return (
            f"ファイルの名前の「{shown}」は、アドレスかWindowsで使えません。名前を変えてください",
            f"{shown!r} in the name of a file works not in addresses, or not on Windows: rename the file",
        )
    device = next((name for name in path.split("/") if _DEVICE.fullmatch(name)), "")
    return _device_words(device) if device else None


def check_page_address(address: str, own: OwnAddresses) -> Words | None:
    """Return what is wrong with the address of a document that lies in no publication; None if nothing is."""
    return _own_words(address) if own.takes(address) or address.strip("/") in _SHARED - {"accessibility"} else None


def check_section_key(key: str) -> Words | None:
    """Return what is wrong with the key of a publication, which is a folder of the site; None if nothing is."""
    return check_name(key) or (_own_words(f"/{key}/") if key in _TREES | _SHARED else None)


def _own_words(address: str) -> Words:
    return (
        f"「{address}」は、このサイトが自分で作るアドレスです。別のアドレスにしてください",
        f"the site makes {address} itself: choose another address",
    )


def _device_words(name: str) -> Words:
    return (
        f"「{name}」という名前は、Windowsではファイルにもフォルダーにも使えません。別の名前にしてください",
        f"Windows takes {name!r} neither for a file nor for a folder: choose another name",
    )
