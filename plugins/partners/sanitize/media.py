"""Frames, films, sounds, objects, forms and files in an entry → links that say what they are, so that nothing goes without a trace.

No file is ever shown from the other site: that site would learn every reader's address, and its frames could run scripts on our page.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import parse_qs, unquote, urlsplit

import lxml.html

from plugins.partners.model.text import fold, shorten
from plugins.partners.model.urls import absolute
from plugins.partners.sanitize.elements import Element
from plugins.partners.sanitize.image_marks import escape_directives, is_tracking_address, lazy_address

LONGEST_NAME = 150

EMBEDS = frozenset({"iframe", "frame", "embed", "object", "video", "audio"})
_WITHOUT_FALLBACK = frozenset({"iframe", "frame", "embed"})
"""What stands inside these is no content (WHATWG HTML, sections 4.8.5 and 4.8.6)."""

CONTROLS = frozenset({"input", "select", "textarea", "button"})

_KINDS = {"audio": "音声", "video": "動画", "image": "画像", "application/pdf": "PDF"}
_SUFFIXES = {
    "音声": frozenset("mp3 m4a aac ogg oga wav flac opus".split()),
    "動画": frozenset("mp4 m4v mov webm ogv avi wmv mpg mpeg m3u8".split()),
    "画像": frozenset("jpg jpeg png gif webp avif svg bmp".split()),
    "PDF": frozenset({"pdf"}),
}
_HOSTS = {
    "youtube.com": "動画（YouTube）",
    "youtube-nocookie.com": "動画（YouTube）",
    "youtu.be": "動画（YouTube）",
    "vimeo.com": "動画（Vimeo）",
    "nicovideo.jp": "動画（ニコニコ動画）",
    "soundcloud.com": "音声（SoundCloud）",
    "google.com/maps": "地図（Google）",
    "google.co.jp/maps": "地図（Google）",
    "maps.google": "地図（Google）",
    "openstreetmap.org": "地図（OpenStreetMap）",
    "docs.google.com/forms": "入力フォーム（Google）",
    "twitter.com": "投稿（X）",
    "x.com": "投稿（X）",
    "instagram.com": "投稿（Instagram）",
    "facebook.com": "投稿（Facebook）",
}
FORM_LABEL = "入力フォーム（元の記事で使う）"
CUT_LABEL = "長い記事なので、ここまでです。続きは元の記事で読めます"


@dataclass(frozen=True)
class Attachment:
    """A file that a feed names beside an entry: RSS enclosure, Atom link rel="enclosure", JSON Feed attachment, Media RSS content."""

    url: str
    media_type: str = ""
    title: str = ""


def replace_embeds(tree: Element, base: str, original: str) -> None:
    """Replace each frame, film, sound and object with a link; its own words stay. Forms keep their words, and end with a link if they had controls."""
    for form in list(tree.iter("form")):
        if next(form.iter(*CONTROLS), None) is not None:
            form.append(_link_paragraph(original, FORM_LABEL))
    for struck in list(tree.iter("strike")):
        struck.tag = "s"
    for control in list(tree.iter(*CONTROLS)):
        if control.tag == "button" and next(control.iterancestors("form"), None) is None:
            control.drop_tag()
        else:
            control.drop_tree()
    for noscript in list(tree.iter("noscript")):
        _open_noscript(noscript, tree, base)
    for picture in list(tree.iter("picture")):
        if next(picture.iter("img"), None) is None:
            picture.append(lxml.html.Element("img"))
    for embed in list(tree.iter(*EMBEDS)):
        if embed.getroottree().getroot() is tree.getroottree().getroot():
            _replace_embed(embed, base, original)


def _open_noscript(noscript: Element, tree: Element, base: str) -> None:
    """Keep the pictures and links for readers without scripts, unless the entry has them already; its words only ask to switch scripts on."""
    known = {lazy_address(image, base) for image in tree.iter("img") if next(image.iterancestors("noscript"), None) is None}
    inside = lxml.html.fragment_fromstring(noscript.text or "", create_parent="div") if not len(noscript) else noscript
    kept = [image for image in inside.iter("img") if lazy_address(image, base) not in known]
    for image in kept:
        image.tail = None
        noscript.addprevious(image)
    noscript.drop_tree()


def _replace_embed(embed: Element, base: str, original: str) -> None:
    """Replace one element by a link to what it shows, and its fallback content: the links and pictures in it, and the words in an object."""
    address = _address(embed, base)
    if address and is_tracking_address(address):
        embed.drop_tree()
        return
    links = {absolute(base, link.get("href", "")) for link in embed.iter("a")}
    label = _label(address or original, embed.tag, embed.get("title", ""))
    inside_link = next(embed.iterancestors("a"), None) is not None
    if address not in links and (address or not links):
        paragraph = _paragraph(label) if inside_link else _link_paragraph(_watch_address(address or original), label)
        embed.addprevious(paragraph)
    if embed.tag not in _WITHOUT_FALLBACK and (links or embed.tag == "object"):
        embed.tag = "div"
        embed.attrib.clear()
    else:
        embed.drop_tree()


def _address(embed: Element, base: str) -> str:
    """Return the address of what an element shows, from itself or from its first source."""
    own = [embed.get(name) for name in ("src", "data-src", "data-lazy-src", "data-litespeed-src", "data")]
    sources = [source.get("src") for source in embed.iter("source", "embed")]
    params = [param.get("value") for param in embed.iter("param") if param.get("name", "").lower() in ("movie", "src", "filename")]
    addresses = (absolute(base, value) for value in (*own, *sources, *params) if value and not value.startswith(("data:", "about:")))
    return next((address for address in addresses if address and address.startswith("http")), "")


def _watch_address(address: str) -> str:
    """Return the page of a film instead of the address of its frame, which shows no title and no description."""
    parts = urlsplit(address)
    if (parts.hostname or "").removeprefix("www.") in ("youtube.com", "youtube-nocookie.com") and (
        found := re.match(r"/embed/([\w-]+)", parts.path)
    ):
        return f"https://www.youtube.com/watch?v={found.group(1)}"
    return address


def _label(address: str, tag: str, title: str) -> str:
    """Return what a link leads to: the kind, and the title or the name of the file or host."""
    parts = urlsplit(address)
    place = f"{(parts.hostname or '').removeprefix('www.')}{parts.path}"
    known = next((label for host, label in _HOSTS.items() if place.startswith(host) or f".{host}" in place.partition("/")[0] + "/"), "")
    kind = known or _kind_of(parts.path, "") or {"video": "動画", "audio": "音声"}.get(tag, "")
    name = shorten(fold(title), LONGEST_NAME) or ("" if known else _file_name(address) if kind else parts.hostname or "")
    return escape_directives("：".join(part for part in (kind or "埋め込み", name) if part))


def _kind_of(path: str, media_type: str) -> str:
    by_type = _KINDS.get(media_type.lower()) or _KINDS.get(media_type.partition("/")[0].lower())
    suffix = path.rpartition(".")[2].lower()
    return by_type or next((kind for kind, suffixes in _SUFFIXES.items() if suffix in suffixes), "")


def _file_name(address: str) -> str:
    parts = urlsplit(address)
    name = unquote(parts.path.rpartition("/")[2]) or next(iter(parse_qs(parts.query).values()), [""])[0]
    return shorten(fold(name), LONGEST_NAME) or (parts.hostname or "")


def add_attachments(tree: Element, attachments: Sequence[Attachment], base: str) -> None:
    """Add the files that the feed names beside the entry and that the entry does not show itself: pictures as pictures, others as links."""
    if not attachments:
        return
    shown = {absolute(base, element.get(name, "")) for element in tree.iter("a", "img") for name in ("href", "src") if element.get(name)}
    for attachment in attachments:
        address = absolute(base, attachment.url)
        if not address or not address.startswith("http") or address in shown or is_tracking_address(address):
            continue
        shown.add(address)
        kind = _kind_of(urlsplit(address).path, attachment.media_type)
        if kind == "画像":
            paragraph = lxml.html.Element("div")
            image = lxml.html.Element("img")
            image.set("src", address)
            image.set("alt", attachment.title)
            paragraph.append(image)
        else:
            name = shorten(fold(attachment.title), LONGEST_NAME) or _file_name(address)
            paragraph = _link_paragraph(address, escape_directives(f"{kind or 'ファイル'}：{name}"))
        tree.append(paragraph)


def add_cut_mark(tree: Element, original: str) -> None:
    """Say at the end of the body that the entry goes on."""
    tree.append(_link_paragraph(original, CUT_LABEL))


def _paragraph(label: str) -> Element:
    paragraph = lxml.html.Element("div")
    paragraph.text = label
    return paragraph


def _link_paragraph(address: str, label: str) -> Element:
    paragraph, link = lxml.html.Element("div"), lxml.html.Element("a")
    link.set("href", address)
    link.text = label
    paragraph.append(link)
    return paragraph
