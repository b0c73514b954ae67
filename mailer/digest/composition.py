"""Fragments of several issues → one issue. Each fragment is taken over byte by byte; nothing appears twice.

An article that two issues carry stands in the first of them, in the order that the caller gives. A section whose blocks all stood before is left out.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from mailer.message.folding import ISO_2022_JP
from mailer.model.digest import DIGEST, Fragment, IssueFragments, Section, parse_fragments
from mailer.model.issue import FrozenIssue, Issue, IssueRef, LightPart, ListClass, MailList
from mailer.model.readers.personal_places import PERSONAL_PLACE, PERSONAL_PREFERENCES
from mailer.model.site import DEFAULT_COLOUR, SiteProfile

TEMPLATES = Path(__file__).parent / "templates"
LARGEST_LIGHT = 10_000
"""Bytes of the light part as sent, as of an issue's own: old handsets cut off more."""
RESERVED = 600
"""Bytes kept free: a reader's own links are longer than the places that they replace."""
WIDTH, NARROW = 70, 32
"""Columns of the frame's lines in the text part and in the light part; a Japanese character takes two."""
WEEKDAYS = "月火水木金土日"
NOT_FIRST = frozenset("、。，．」』）】？！ー々ぁぃぅぇぉっゃゅょァィゥェォッャュョ")
"""Characters that no line begins with (JIS X 4051, 行頭禁則)."""


@dataclass(frozen=True, slots=True)
class DigestFrame:
    """What surrounds the fragments: who sends it, for which moment, and the number under which it is kept."""

    site: SiteProfile | None
    moment: datetime
    zone: tzinfo
    number: str


@dataclass(frozen=True, slots=True)
class Chapter:
    """What a digest has of one issue. `sections` are without what stood before."""

    frozen: FrozenIssue
    style: str
    opening: Section
    sections: tuple[Section, ...]

    @property
    def label(self) -> str:
        """The name of the list with the issue's number."""
        return self.opening.title

    @property
    def headlines(self) -> tuple[tuple[str, str], ...]:
        """What the issue has to read, as pairs of words and address: its articles, and the title of a section that is words of the editor alone.

        Bundles of older versions name no headlines: all their sections stand there by their titles.
        """
        opening = _headlines(self.opening)
        return (*opening, *(pair for each in self.sections for pair in _headlines(each) or ((each.title, each.address),)))

    @property
    def is_repeated(self) -> bool:
        """Whether every article of it stood in an issue before."""
        return not self.sections and not self.opening.blocks


def chapters(issues: Sequence[FrozenIssue]) -> tuple[Chapter, ...]:
    """Take each issue apart, in this order, and leave out what an earlier one has.

    :raises MessageError: an issue comes in no fragments, or they cannot be read.
    """
    seen: set[str] = set()
    return tuple(_chapter(frozen, parse_fragments(frozen.issue.sections), seen) for frozen in issues)


def compose(issues: Sequence[FrozenIssue], frame: DigestFrame) -> tuple[Issue, MailList]:
    """Return the digest, and the list that it is sent for.

    :param issues: verified, in the order of the lists, and of each list the oldest first.
    :raises MessageError: an issue comes in no fragments, or they cannot be read.
    """
    parts = chapters(issues)
    mail_list = _mail_list(issues, frame.site)
    values = _variables(parts, mail_list, frame)
    html = _environment(escape=True).get_template("digest.html").render(values)
    text = _environment(escape=False).get_template("digest.txt").render(values).strip() + "\n"
    ends = [frozen.issue.expires for frozen in issues if frozen.issue.expires is not None]
    content = Issue(
        IssueRef(DIGEST, frame.number),
        _subject(issues),
        frame.moment,
        ListClass.NEWSLETTER,
        min(ends, default=None),
        "",
        html,
        text,
        "",
        None,
    )
    content = replace(content, light=_light(parts, values))
    digest = hashlib.sha256("\n".join([html, text, *(frozen.issue.digest for frozen in issues)]).encode()).hexdigest()
    return replace(content, digest=digest), mail_list


def _chapter(frozen: FrozenIssue, fragments: IssueFragments, seen: set[str]) -> Chapter:
    opening, *others = fragments.sections
    first = replace(opening, blocks=tuple(_unseen(opening.blocks, seen)))
    left = [replace(each, blocks=tuple(_unseen(each.blocks, seen))) for each in others]
    return Chapter(frozen, fragments.style, first, tuple(each for each in left if each.blocks))


def _unseen(blocks: Sequence[Fragment], seen: set[str]) -> Iterator[Fragment]:
    for fragment in blocks:
        if fragment.article is not None and fragment.article in seen:
            continue
        if fragment.article is not None:
            seen.add(fragment.article)
        yield fragment


def _headlines(section: Section) -> tuple[tuple[str, str], ...]:
    return tuple((block.title, block.url) for block in section.blocks if block.title)


def _contents(parts: Sequence[Chapter]) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Each issue's name and headlines. Of two with the same words, 編集後記, only the first is a link: links of one name lead to one place (WCAG 2.4.4)."""
    first: dict[str, str] = {}
    for part in parts:
        pairs = [(words, url if first.setdefault(words, url) == url else "") for words, url in part.headlines]
        yield part.label, pairs


def _variables(parts: Sequence[Chapter], mail_list: MailList, frame: DigestFrame) -> dict[str, object]:
    day = frame.moment.astimezone(frame.zone)
    names = list(dict.fromkeys(part.frozen.mail_list.title for part in parts))
    return {
        "chapters": parts,
        "contents": list(_contents(parts)),
        "style": Markup("\n".join(dict.fromkeys(part.style for part in parts))),  # noqa: S704 - approved bytes of the issues
        "title": mail_list.title,
        "heading": "新しい号が出ました" if len(parts) == 1 else f"{len(parts)}つの号をまとめました",
        "subject": _subject([part.frozen for part in parts]),
        "date": f"{day.year}年{day.month}月{day.day}日（{WEEKDAYS[day.weekday()]}曜日）",
        "names": names,
        "site": frame.site,
        "organisation": frame.site.organisation if frame.site else parts[0].frozen.mail_list.from_name,
        "colour": frame.site.colour if frame.site else DEFAULT_COLOUR,
        "contact": mail_list.contact,
        "archives": list({part.frozen.mail_list.key: part.frozen.mail_list for part in parts}.values()),
        "unsubscribe": PERSONAL_PLACE,
        "preferences": PERSONAL_PREFERENCES,
    }


def _subject(issues: Sequence[FrozenIssue]) -> str:
    first = issues[0].issue.subject
    return first if len(issues) == 1 else f"{first} ほか{len(issues) - 1}号"


def _mail_list(issues: Sequence[FrozenIssue], site: SiteProfile | None) -> MailList:
    """The list of digests. From and Reply-To are those of the first issue's list, whose domain is authenticated; so is the domain of the List-Id."""
    first = issues[0].mail_list
    publisher = site.title if site else first.from_name
    contact = site.contact if site else first.contact
    list_id = f"{DIGEST}.{first.list_id.partition('.')[2]}"
    title = f"{publisher} メールマガジンのまとめ"
    return MailList(DIGEST, title, publisher, first.from_address, first.reply_to, list_id, ListClass.NEWSLETTER, contact, first.archive_url)


def _light(parts: Sequence[Chapter], values: dict[str, object]) -> LightPart:
    """As many fragments as keep the part small, each issue the same number at most; after them comes where the rest is."""
    fragments = [[(part.opening.heading.light, "")] + [(block.light, "") for block in part.opening.blocks] for part in parts]
    for own, part in zip(fragments, parts, strict=True):
        for section in part.sections:
            first, *others = section.blocks
            own.append((f"{section.heading.light}\n\n{first.light}", section.address))
            own += [(block.light, section.address) for block in others]
    is_latin = all(part.frozen.issue.light is None or part.frozen.issue.light.charset == ISO_2022_JP for part in parts)
    template = _environment(escape=False).get_template("digest-light.txt")
    for most in range(max(map(len, fragments)), -1, -1):
        shown = [
            (own[: max(1, most)], own[max(1, most)][1] or part.opening.address if len(own) > max(1, most) else "")
            for own, part in zip(fragments, parts, strict=True)
        ]
        text = template.render(values, shown=list(zip(parts, shown, strict=True))).strip() + "\n"
        light = LightPart(text, _charset(text) if is_latin else "utf-8")
        if len(text.encode(light.charset)) <= LARGEST_LIGHT - RESERVED:
            break
    return light


def _charset(text: str) -> str:
    try:
        text.encode(ISO_2022_JP)
    except UnicodeEncodeError:
        return "utf-8"
    return ISO_2022_JP


@cache
def _environment(*, escape: bool) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=escape,  # noqa: S701 - on for HTML, off for the text parts
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    environment.filters["approved"] = Markup
    environment.filters["fold"] = lambda text: _fold(text, WIDTH)
    environment.filters["narrow"] = lambda text: _fold(text, NARROW)
    return environment


def _fold(text: str, width: int) -> str:
    """The text in lines of so many columns."""
    lines, line, columns = list[str](), "", 0
    for sign in text:
        wide = 2 if unicodedata.east_asian_width(sign) in "WFA" else 1
        if columns + wide > width and sign not in NOT_FIRST:
            lines.append(line.rstrip())
            line, columns = "", 0
        line, columns = line + sign, columns + wide
    return "\n".join([*lines, line])
