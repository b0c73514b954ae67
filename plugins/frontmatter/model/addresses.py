"""The addresses that editors choose, and those that the site makes itself. A chosen one is refused here, not when a build writes its page.

An address becomes a folder of the site. So each of its segments has to be a name that every file system takes, and never ``.`` or ``..``.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

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

_FORMER = re.compile(r"/([a-zA-Z0-9._~-]+/)+")

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


def check_former_address(address: str, own: OwnAddresses) -> Words | None:
    """Return what is wrong with a former address of a document; None if nothing is."""
    if not _FORMER.fullmatch(address):
        return (
            f"前のアドレス「{address}」が正しくありません。「/old/address/」のように / で始めて / で終えてください",
            f"{address!r} is no address of this site: write /old/address/",
        )
    segments = address.strip("/").split("/")
    if any(segment.startswith(".") or segment.endswith(".") for segment in segments):
        return (
            f"前のアドレス「{address}」に、点で始まるか終わる部分があります（「.」や「..」も使えません）。サイトの中のアドレスを書いてください",
            f"{address!r} has a part that begins or ends with a full stop ('.' and '..' included): write an address inside this site",
        )
    if len(address) > LONGEST_ADDRESS or any(len(segment) > LONGEST_NAME for segment in segments):
        return (
            f"前のアドレス「{address[:40]}…」が長すぎます（全体で{LONGEST_ADDRESS}字、/ のあいだは{LONGEST_NAME}字まで）",
            f"{address[:40]!r}… is too long: {LONGEST_ADDRESS} characters at most, {LONGEST_NAME} between two slashes",
        )
    if device := next((segment for segment in segments if _DEVICE.fullmatch(segment)), ""):
        return _device_words(device)
    return _own_words(address) if own.takes(address) else None


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
