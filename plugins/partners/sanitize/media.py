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
from plugins.partners.sanitize.foreign import NOSCRIPT
from plugins.partners.sanitize.image_marks import escape_directives, is_tracking_address, lazy_address

LONGEST_NAME = 150

EMBEDS = frozenset({"iframe", "embed", "object", "applet", "canvas", "video", "audio"})
_WITH_FALLBACK = frozenset({"object", "applet", "canvas"})
"""What stands inside these stands for what they show (WHATWG HTML, sections 4.8.7 and 4.12.5). In a film it asks for another browser; a frame has none."""

WIDGET_ADDRESSES = ("data-href", "data-instgrm-permalink")
"""Where boxes that a script fills (Facebook, Instagram) keep the address of what they show."""

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
    _replace_controls(tree, original)
    for noscript in tree.xpath(f"//*[@{NOSCRIPT}]"):
        _open_noscript(noscript, tree, base)
    for picture in list(tree.iter("picture")):
        if next(picture.iter("img"), None) is None:
            picture.append(lxml.html.Element("img"))
    for widget in tree.xpath(f"//*[{' or '.join(f'@{name}' for name in WIDGET_ADDRESSES)}]"):
        _name_widget(widget, base)
    linked: set[str] = set()
    for embed in list(tree.iter(*EMBEDS)):
        if embed.getroottree().getroot() is tree.getroottree().getroot():
            _replace_embed(embed, base, original, linked)


def _replace_controls(tree: Element, original: str) -> None:
    """Remove the controls of forms. A box that is ticked or not is a sign; a control outside of a form leaves the link of one."""
    outside = []
    for control in list(tree.iter(*CONTROLS)):
        in_form = next(control.iterancestors("form"), None) is not None
        if control.tag == "input" and control.get("type") == "checkbox" and not in_form:
            control.tail = ("☑ " if "checked" in control.attrib else "☐ ") + (control.tail or "")
        elif control.tag == "button" and not in_form:
            control.drop_tag()
            continue
        elif not in_form and control.get("type") != "hidden":
            outside.append(control)
            continue
        control.drop_tree()
    for control in outside[:1]:
        control.addprevious(_link_paragraph(original, FORM_LABEL))
    for control in outside:
        control.drop_tree()


def _name_widget(widget: Element, base: str) -> None:
    """Put a link into a box that a script would fill, unless it has one."""
    address = next((absolute(base, widget.get(name)) for name in WIDGET_ADDRESSES if widget.get(name)), None)
    in_link = widget.tag == "a" or next(widget.iterancestors("a"), None) is not None
    if address and address.startswith("http") and not in_link and next(widget.iter("a"), None) is None:
        widget.append(_link_paragraph(address, _label(address, widget.tag, "")))


_ASKS_FOR_SCRIPTS = re.compile(r"java\s*script|スクリプト", re.IGNORECASE)


def _open_noscript(noscript: Element, tree: Element, base: str) -> None:
    """Keep what readers without scripts see: words and links, unless they ask to switch scripts on, and pictures, unless the entry has them already."""
    inside = set(noscript.iter("img"))
    known = {lazy_address(image, base) for image in tree.iter("img") if image not in inside}
    for image in inside:
        if lazy_address(image, base) in known:
            image.drop_tree()
    if _ASKS_FOR_SCRIPTS.search(noscript.text_content()):
        for image in list(noscript.iter("img")):
            image.tail = None
            noscript.addprevious(image)
        noscript.drop_tree()
    else:
        noscript.drop_tag()


def _replace_embed(embed: Element, base: str, original: str, linked: set[str]) -> None:
    """Replace one element by a link to what it shows, and its fallback content. ``linked``: addresses that have a link already."""
    if label := embed.get("data-label"):
        _replace_with_inline_link(embed, original, label)
        return
    address = _address(embed, base)
    if address and is_tracking_address(address):
        embed.drop_tag() if embed.tag == "embed" else embed.drop_tree()
        return
    links = {absolute(base, link.get("href", "")) for link in embed.iter("a")} if embed.tag != "embed" else set()
    if address not in links | linked and (address or not links):
        _add_link(embed, _watch_address(address or original), _label(address or original, embed.tag, embed.get("title", "")))
    linked |= {address} - {""}
    if embed.tag == "video":
        _keep_companions(embed, base)
    if embed.tag == "embed":
        embed.drop_tag()  # libxml2 does not know that it is empty: what follows stands inside it
    elif embed.tag in _WITH_FALLBACK or (links and embed.tag != "iframe"):
        embed.tag = "div"
        embed.attrib.clear()
    else:
        embed.drop_tree()


def _add_link(embed: Element, address: str, label: str) -> None:
    """Put a paragraph with a link before an element, or only its words if it stands in a link already."""
    in_link = next(embed.iterancestors("a"), None) is not None
    embed.addprevious(_paragraph(label) if in_link else _link_paragraph(address, label))


def _replace_with_inline_link(embed: Element, original: str, label: str) -> None:
    """Replace a drawing or a formula, which may stand in a sentence."""
    embed.text = label
    embed.tag = "span" if next(embed.iterancestors("a"), None) is not None else "a"
    embed.attrib.clear()
    if embed.tag == "a":
        embed.set("href", original)
    else:
        embed.drop_tag()


def _keep_companions(video: Element, base: str) -> None:
    """Keep the still picture of a film, and the files of its captions."""
    if poster := absolute(base, video.get("poster", "")) if video.get("poster") else None:
        image = lxml.html.Element("img", src=poster, alt=video.get("title", ""))
        video.addprevious(image)
    for track in video.iter("track"):
        address = absolute(base, track.get("src")) if track.get("src") else None
        if address and address.startswith("http"):
            _add_link(
                video, address, escape_directives(f"字幕：{shorten(fold(track.get('label', '')), LONGEST_NAME) or _file_name(address)}")
            )


def _address(embed: Element, base: str) -> str:
    """Return the address of what an element shows, from itself or from its first source."""
    own = [embed.get(name) for name in ("src", "data-src", "data-lazy-src", "data-litespeed-src", "data")]
    inside = () if embed.tag == "embed" else tuple(embed.iter("source", "embed", "param"))
    sources = [element.get("src") for element in inside if element.tag != "param"]
    params = [
        element.get("value")
        for element in inside
        if element.tag == "param" and element.get("name", "").lower() in ("movie", "src", "filename")
    ]
    addresses = (absolute(base, value) for value in (*own, *sources, *params) if value and not value.startswith(("data:", "about:")))
    return next((address for address in addresses if address and address.startswith("http")), "")


def _watch_address(address: str) -> str:
    """Return the page of a film instead of the address of its frame, which shows no title and no description."""
    parts = urlsplit(address)
    if (parts.hostname or "").removeprefix("www.") in ("youtube.com", "youtube-nocookie.com") and (
        match := re.match(r"/embed/([\w-]+)", parts.path)
    ):
        return f"https://www.youtube.com/watch?v={match.group(1)}"
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
