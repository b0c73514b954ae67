"""Bundles, settings and people for the mailer's tests: written to a temporary folder as the site builder writes them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from mailer.config.file import load_config
from mailer.database.engine import Database, create_database
from mailer.database.readers import subscriptions
from mailer.database.readers.subscriptions import ImportedSubscriber
from mailer.delivery.context import DeliveryContext
from mailer.message.links import LinkSigner
from mailer.model.audit_log import AuditSeal
from mailer.model.issue import Issue, IssueRef, ListClass, MailList
from mailer.model.state import DeliveryState
from mailer.secrets import Secret, audit_keys
from tests.mailer.database import guard
from tests.samples.mail.databases import with_tables

VERSION = 5
"""The version of the links of readers whom a test subscribes with `first_version=lambda: VERSION`."""
NOW = datetime(2026, 3, 11, 5, 46, tzinfo=UTC)
SECRET = "only-for-tests-only-for-tests-only-for-tests"
SEAL = AuditSeal(audit_keys({"TODOKE_SECRET": SECRET}, None, None))
REF = IssueRef("fukko-press", "45")
HTML = '<!doctype html><html lang="ja"><body><p>復興の今</p><a href="https://personal.invalid/unsubscribe">配信停止</a></body></html>\n'
SOURCE = "本文\n".encode()
"""The bytes of an issue's source, where a test has a folder of sources."""
TEXT = "復興の今\n\n.で始まる行\n配信停止: https://personal.invalid/unsubscribe\n"
LIST = MailList(
    "fukko-press",
    "みやぎ復興プレス メールマガジン版",
    "みやぎ復興プレス",
    "fukko-press@example.jp",
    "fukko-press-reply@example.jp",
    "fukko-press.todoke.example.jp",
    ListClass.NEWSLETTER,
    "fukko-press@example.jp",
    "https://todoke.example.jp/mail/fukko-press/",
)
ISSUE = Issue(
    REF, "みやぎ復興プレス 第45号", NOW, ListClass.NEWSLETTER, None, "https://todoke.example.jp/mail/fukko-press/45/", HTML, TEXT, "0" * 64
)


def write_lists(root: Path, *keys: str) -> None:
    root.mkdir(parents=True, exist_ok=True)
    write_json(root / "lists.json", {"schema": 1, "lists": [list_json(key) for key in keys or ("fukko-press", "mailmaga")]})


def list_json(key: str) -> dict[str, Any]:
    return {
        "key": key,
        "title": f"{key} メールマガジン版",
        "from": {"name": "みやぎ復興プレス", "address": f"{key}@example.jp"},
        "reply_to": f"{key}-reply@example.jp",
        "list_id": f"{key}.todoke.example.jp",
        "class": "newsletter",
        "contact": f"{key}@example.jp",
        "organisation": "宮城県震災復興本部（見本）",
        "postal_address": "〒980-8570 仙台市（見本）",
        "reason": "お申し込みいただいた方にお送りしています。",
        "archive_url": f"https://todoke.example.jp/mail/{key}/",
    }


def write_issue(root: Path, ref: IssueRef = REF, *, html: str = HTML, text: str = TEXT, **changes: Any) -> Path:
    folder = root / ref.list / ref.number
    folder.mkdir(parents=True, exist_ok=True)
    parts = {"mail.html": html.encode(), "mail.txt": text.encode()}
    for name, raw in parts.items():
        (folder / name).write_bytes(raw)
    write_json(folder / "issue.json", issue_json(ref, parts) | changes)
    return folder


def issue_json(ref: IssueRef, parts: dict[str, bytes]) -> dict[str, Any]:
    return {
        "schema": 1,
        "list": ref.list,
        "number": ref.number,
        "subject": f"みやぎ復興プレス 第{ref.number}号",
        "preheader": "今号の見どころ",
        "date": "2016-02-10T10:00:00+09:00",
        "class": "newsletter",
        "expires": None,
        "archive_url": f"https://todoke.example.jp/mail/{ref.list}/{ref.number}/",
        "parts": {name: {"sha256": hashlib.sha256(raw).hexdigest(), "bytes": len(raw)} for name, raw in parts.items()},
        "sources": {f"mail/{ref}.md": hashlib.sha256(SOURCE).hexdigest()},
    }


def write_json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, indent=2, sort_keys=True) + "\n", "utf-8")


def write_config(folder: Path, port: int = 25, *, connections: int = 4, relay: str = 'tls = "none"', head: str = "") -> Path:
    path = folder / "mailer.toml"
    path.write_text(
        'service_url = "https://mail.example.jp"\nmessage_id_domain = "todoke.example.jp"\nreturn_path = "bounce@example.jp"\n'
        f"{head}"
        f'[relay]\nhost = "127.0.0.1"\nport = {port}\nconnections = {connections}\ntimeout = 10\n{relay}\n',
        "utf-8",
    )
    return path


def make_database(config: Path) -> None:
    """What `todoke init-db` does."""
    create_database(with_tables(load_config(config).database)).close()


def people(number: int, *lists: str) -> list[ImportedSubscriber]:
    return [ImportedSubscriber(f"reader{n}@example.jp", f"読者{n}", lists or ("fukko-press",)) for n in range(1, number + 1)]


@dataclass
class Clock:
    """A clock that stands still until it is moved forward."""

    moment: datetime = NOW

    def __call__(self) -> datetime:
        return self.moment

    def forward(self, **amount: float) -> None:
        self.moment += timedelta(**amount)


@dataclass
class RecordedProgress:
    """A progress that remembers every state; `after` is called with each."""

    total: int = 0
    states: list[DeliveryState] = field(default_factory=list)
    after: Callable[[DeliveryState], None] = lambda _state: None

    def begin(self, total: int) -> None:
        self.total = total

    def step(self, state: DeliveryState) -> None:
        self.states.append(state)
        self.after(state)


@dataclass(frozen=True)
class Installation:
    """A bundle, a database with readers, and a relay's port: all that a `send` needs."""

    root: Path
    context: DeliveryContext
    clock: Clock

    @property
    def database(self) -> Database:
        return self.context.database


def installation(
    folder: Path, port: int, *, readers: int = 0, connections: int = 4, relay: str = 'tls = "none"', head: str = ""
) -> Installation:
    """An installation in this folder. Its database refuses every step of a delivery that the table of states does not have.

    :param relay: further lines of `[relay]` in mailer.toml, and tables after it.
    :param head: further lines before `[relay]`.
    """
    root = folder / "mail"
    write_lists(root)
    write_issue(root)
    config = load_config(write_config(folder, port, connections=connections, relay=relay, head=head))
    clock, database = Clock(), create_database(with_tables(config.database), SEAL)
    guard.install(database)
    subscriptions.import_subscribers(database, people(readers), source="test", now=clock())
    signer = LinkSigner((Secret(SECRET),))
    return Installation(root, DeliveryContext(config, database, signer, None, clock, pauses=(), jitter=lambda: 0.0), clock)
