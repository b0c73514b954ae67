"""The whole way: people come in by CSV, an issue goes out, one of them presses the button, the next issue goes to the others."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx

from mailer import bundle
from mailer.database.readers import subscriptions
from mailer.model.issue import IssueRef
from mailer.sending import send
from mailer.subscribers.imports.content import Choices, read_content
from mailer.subscribers.imports.load import load
from mailer.subscribers.imports.spool import open_spool
from mailer.web.app import create_app
from tests.samples.mail.mail_bundles import REF, Installation, RecordedProgress, installation, write_issue
from tests.servers.smtp import Receiver

NEXT = IssueRef("fukko-press", "46")


def test_a_reader_who_unsubscribes_by_one_click_does_not_get_the_next_issue(tmp_path: Path) -> None:
    with Receiver() as receiver:
        home = installation(tmp_path, receiver.port)
        import_fifty(home)
        send.send(home.context, home.root, REF, RecordedProgress())
        assert len(receiver.accepted) == 50
        leaving = receiver.accepted[20]
        press(home, leaving.mail["List-Unsubscribe"].partition(",")[0].strip("<>"))
        receiver.accepted.clear()
        write_issue(home.root, NEXT)
        send.send(home.context, home.root, NEXT, RecordedProgress())
    assert len(receiver.recipients) == len(set(receiver.recipients)) == 49
    assert leaving.recipients[0] not in receiver.recipients


def import_fifty(home: Installation) -> None:
    table = "email,name,lists\r\n" + "".join(f"reader{n}@example.jp,読者{n},fukko-press;mailmaga\r\n" for n in range(1, 51))
    path = home.root.parent / "people.csv"
    path.write_bytes(table.encode("cp932"))
    with open_spool() as spool:
        content = read_content(path, bundle.read_lists(home.root), Choices(), spool)
        assert content.refusals == 0
        assert [each.people for each in load(spool, content, home.database, now=home.clock, keep=True)] == [50]


def press(home: Installation, link: str) -> None:
    """As a mail program does it (RFC 8058 section 3.1)."""

    async def post() -> httpx.Response:
        app = create_app(home.database, home.context.signer, bundle.read_lists(home.root), home.clock)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app)) as client:
            await client.get(link)
            return await client.post(link, data={"List-Unsubscribe": "One-Click"})

    assert asyncio.run(post()).status_code == 200
    assert subscriptions.count(home.database, "fukko-press") == 49
    assert subscriptions.count(home.database, "mailmaga") == 50
