"""Random lives of a blog and of its editors: the blog writes, edits, cuts, moves, changes ids, breaks dates and encodings; editors edit, review and take down.

Each entry carries a word of its own. Whatever happens, no such word is lost or comes back, and nothing that a person wrote is undone.
"""

from __future__ import annotations

import html
import random
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from plugins.partners.entries import review, takedown
from plugins.partners.entries.entry import make_entry
from plugins.partners.entries.files import read_entry, read_stored, render, write
from plugins.partners.entries.reconcile import ImportPlan, plan
from plugins.partners.model.config import Mode
from plugins.partners.model.parsed import ParsedFeed
from plugins.partners.parse.feeds import read_feed
from tests.plugins.partners.entries.test_names import FEED, NOW

SENTENCES = (
    "朝市が三年ぶりに開かれました。",
    "仮設住宅の集会所で健診があります。",
    "新しい橋を渡れます。",
    "わかめの芽が出ました。",
    "図書館が再開しました。",
)
NONSENSE = (
    "0000-00-00",
    "9999-12-31T23:59:59Z",
    "令和七十年十三月",
    "x" * 90,
    "Mon, 99 Foo 20205 99:99:99 +9900",
    "-1",
    "２０２５年２月３０日",
)
BAD_GUIDS = ("", " ", "\u202e", "x" * 900, "https://[", "feed:hama:7", "sha256:", "../../etc/passwd", "javascript:alert(1)", "%ff%00")
GUID, NO_PERMALINK = "<guid>", '<guid isPermaLink="false">'
MODES: tuple[Mode, ...] = ("publish", "review")
WORD = r"[印末]\d{4}終"
ENCODINGS = ("utf-8", "utf-16", "cp932", "euc_jp", "iso2022_jp")
LABELS = {"cp932": "Shift_JIS", "euc_jp": "EUC-JP", "iso2022_jp": "ISO-2022-JP"}


@dataclass(frozen=True)
class Post:
    """An entry at the blog. ``word`` begins its text and ``end`` ends it, and neither is anywhere else. ``extent``: how much of the text the feed has."""

    number: int
    guid: str
    link: str
    date: str
    title: str
    text: str
    extent: str = "all"

    @property
    def word(self) -> str:
        return f"印{self.number:04d}終"

    @property
    def end(self) -> str:
        return f"末{self.number:04d}終"

    @property
    def body(self) -> str:
        whole = f"<p>{self.word}</p>{self.text}<p>{self.end}</p>"
        return {"all": whole, "summary": f"<p>{self.word}</p>{self.text[:20]}… <a href='/x'>続きを読む</a>", "nothing": ""}[self.extent]

    def xml(self) -> str:
        parts = {
            "guid": self.guid,
            "link": self.link,
            "pubDate": self.date,
            "title": self.title,
            "description": self.body,
        }
        items = "".join(f"<{name}>{html.escape(value)}</{name}>" for name, value in parts.items() if value)
        return f"<item>{items.replace(GUID, NO_PERMALINK)}</item>"


@dataclass
class Blog:
    """A blog. ``id_style`` and ``link_style`` say what its software gives every entry."""

    id_style: str
    link_style: str
    host: str = "a.example.jp"
    encoding: str = "utf-8"
    posts: list[Post] = field(default_factory=list)

    def write(self, number: int, sentences: tuple[str, ...]) -> None:
        guid = {"own": f"tag:a.example.jp,2025:{number}", "number": str(number), "one": "https://a.example.jp/", "none": ""}[self.id_style]
        link = {
            "own": f"https://{self.host}/{number}",
            "one": f"https://{self.host}/news.html",
            "home": f"https://{self.host}/",
            "none": "",
        }[self.link_style]
        own = "".join(random.Random(number).choices("あいうえおかきくけこさしすせそたちつてとなにぬねのはひふへほ", k=60))
        text = "".join(f"<p>{sentence}</p>" for sentence in (own, *sentences))
        self.posts.insert(
            0, Post(number, guid, link, f"Mon, {number % 28 + 1:02d} Jan 2025 {number % 24:02d}:00:00 +0900", f"題{number}", text)
        )

    def document(self) -> bytes:
        items = "".join(post.xml() for post in self.posts[:8])
        label = LABELS.get(self.encoding, self.encoding)
        text = f'<?xml version="1.0" encoding="{label}"?><rss version="2.0"><channel><title>浜の日記</title><link>https://{self.host}/</link>{items}</channel></rss>'
        return text.encode(self.encoding, "xmlcharrefreplace")


class Life:
    """One feed and its editors, from the first import on. All that happens is drawn from ``seed``."""

    def __init__(self, seed: int, content: Path) -> None:
        self.random = random.Random(seed)
        self.content = content
        self.days = 0
        self.numbers = 0
        self.has_broken_ids = False
        self.seen: set[str] = set()
        self.given_up: set[str] = set()
        self.taken_down: set[str] = set()
        self.persons: dict[Path, str] = {}
        self.blog = Blog(
            self.random.choice(["own", "own", "number", "one", "none"]), self.random.choice(["own", "own", "one", "home", "none"])
        )
        self.feed = replace(FEED, mode=self.random.choice(MODES))

    @property
    def has_own_names(self) -> bool:
        """True if the feed gives each entry an id and an address of its own, and keeps the ids."""
        return self.blog.id_style in ("own", "number") and self.blog.link_style == "own" and not self.has_broken_ids

    @property
    def folder(self) -> Path:
        return self.content / "partners" / self.feed.key

    def entries(self) -> list[Path]:
        return [path for path in sorted(self.folder.rglob("*.md")) if not path.name.startswith("edit-")]

    def words(self) -> set[str]:
        return {word for path in self.folder.rglob("*.md") for word in re.findall(WORD, read_entry(path)[1])}

    # What the blog does.

    def blog_writes(self) -> None:
        self.numbers += 1
        self.blog.write(self.numbers, tuple(self.random.sample(SENTENCES, self.random.randint(1, 4))))

    def change(self, **values: Any) -> None:
        if self.blog.posts:
            index = self.random.randrange(len(self.blog.posts))
            self.blog.posts[index] = replace(self.blog.posts[index], **values)

    def blog_edits(self) -> None:
        if self.blog.posts:
            post = self.random.choice(self.blog.posts)
            title = self.random.choice([f"直した題{post.number}", post.title])
            self.blog.posts[self.blog.posts.index(post)] = replace(
                post, title=title, text=f"{post.text}<p>{self.random.choice(SENTENCES)}</p>"
            )

    def blog_cuts_its_feed(self) -> None:
        self.change(extent=self.random.choice(["all", "summary", "nothing"]))

    def blog_breaks_a_date(self) -> None:
        self.change(date=self.random.choice(NONSENSE))

    def blog_breaks_an_id(self) -> None:
        self.has_broken_ids = True
        guid = self.random.choice(BAD_GUIDS)
        self.change(guid=guid.strip() and f"{guid}{self.days}")  # the same nonsense on two days would be one id

    def blog_changes_its_encoding(self) -> None:
        self.blog.encoding = self.random.choice(ENCODINGS)

    def blog_moves(self) -> None:
        self.blog.host = f"{'b' if self.blog.host.startswith('a') else 'a'}.example.jp"
        self.blog.posts = [replace(post, link=re.sub(r"//[ab]\.", f"//{self.blog.host[0]}.", post.link)) for post in self.blog.posts]

    def blog_drops_its_oldest(self) -> None:
        self.blog.posts = self.blog.posts[:-1]

    # What the importer does.

    def fetch(self) -> tuple[ParsedFeed, ImportPlan]:
        now = NOW + timedelta(days=self.days)
        parsed = read_feed(self.blog.document(), {"url": self.feed.url, "site": self.feed.site, "content_type": "", "max_entries": 50})
        entries = [make_entry(entry, self.feed, frozenset(), now) for entry in parsed.entries]
        allowed, _, _ = takedown.read_takedown(self.content).split(entries, self.feed)
        import_plan = plan(allowed, read_stored(self.folder), self.feed, now)
        for change in import_plan.changes:
            write(self.folder, change)
        return parsed, import_plan

    def import_it(self) -> None:
        self.days += 1
        parsed, _ = self.fetch()
        assert len(parsed.entries) == len(self.blog.posts[:8]) and parsed.broken == 0, "one entry's nonsense costs at most that entry"
        self.seen |= {word for post in self.blog.posts[:8] for word in (post.word, post.end) if word in post.body}
        before = {path: path.read_bytes() for path in self.folder.rglob("*") if path.is_file()}
        self.fetch()
        assert {path: path.read_bytes() for path in self.folder.rglob("*") if path.is_file()} == before, "twice is once"

    # What editors do.

    def a_person_edits(self) -> None:
        if entries := self.entries():
            path = self.random.choice(entries)
            front, body = read_entry(path)
            self.persons[path] = f"{body.rstrip()}\n\n<p>職員の注{self.days}</p>\n"
            path.write_bytes(render(front, self.persons[path]))

    @contextmanager
    def decision(self) -> Iterator[None]:
        """What is gone after a person's decision was meant to go."""
        before = self.words()
        yield
        self.given_up |= before - self.words()

    def a_person_decides_on_a_new_version(self) -> None:
        waiting = review.waiting(self.content)
        if not waiting:
            return
        draft = self.random.choice(waiting)
        path = self.content / "partners" / draft.path
        with self.decision():
            if draft.kind == "new":
                review.publish(self.content, draft.path)
            elif self.random.random() < 0.5:
                self.persons.pop(self.content / "partners" / draft.edit_of, None)
                path.write_text(path.read_text("utf-8").replace("draft: true\n", ""), "utf-8")
                review.publish_by_hand(self.content)
            else:
                review.refuse(self.content, draft.path)

    def a_person_takes_one_entry_down(self) -> None:
        if entries := self.entries():
            path = self.random.choice(entries)
            front, body = read_entry(path)
            numbers = re.findall(r"(\d+)$", str(front["title"]))  # the feed may have shown a part of the text only
            words = {*re.findall(WORD, body), *(f"{mark}{int(number):04d}終" for number in numbers for mark in "印末")}
            self.taken_down |= words
            self.given_up |= words
            with self.decision():
                removed = takedown.take_down_file(self.content, path)
            assert self.entries() == [entry for entry in entries if entry != path] and path.as_posix() in removed
            self.persons.pop(path, None)

    # What holds always.

    def check(self) -> None:
        assert self.seen - self.given_up - self.words() == set(), "no text is lost"
        for path, body in self.persons.items():
            assert read_entry(path)[1] == body, "nothing that a person wrote is undone"
        if self.has_own_names:
            words = [word for path in self.entries() for word in re.findall(WORD, read_entry(path)[1])]
            assert len(words) == len(set(words)), "no entry has two files"
            assert not self.taken_down & self.words(), "what was taken down never comes back"

    def live(self, steps: int) -> None:
        happenings = dict(EVENTS)
        for _ in range(steps):
            name = self.random.choices(list(happenings), list(happenings.values()))[0]
            getattr(self, name)()
            self.check()


EVENTS = (
    ("blog_writes", 5), ("blog_edits", 3), ("blog_cuts_its_feed", 2), ("blog_breaks_a_date", 1), ("blog_breaks_an_id", 1), ("blog_changes_its_encoding", 1),
    ("blog_moves", 1), ("blog_drops_its_oldest", 1), ("import_it", 8), ("a_person_edits", 1), ("a_person_decides_on_a_new_version", 3),
    ("a_person_takes_one_entry_down", 1),
)  # fmt: skip
"""What happens, and how often."""


@pytest.mark.parametrize("seed", range(60))
def test_nothing_is_lost_undone_or_brought_back_whatever_a_blog_and_its_editors_do(seed: int, tmp_path: Path) -> None:
    Life(seed, tmp_path).live(40)
