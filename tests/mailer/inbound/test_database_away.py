"""PostgreSQL dies under the pages and under the reader of returned mail, and comes back: nothing is lost and nobody has to restart anything."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from mailer.database.returned import delivery_problems
from mailer.model.ids import SubscriberId
from tests.mailer.inbound.arrivals import Office, office
from tests.mailer.inbound.test_hostile_bytes import report
from tests.samples.mail.sign_ups import Service
from tests.servers.postgres import cluster, stopped


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """A cluster of its own: the others share one for the whole session."""
    with cluster(tempfile.gettempdir()) as server:
        yield server.format(name="postgres")


@pytest.fixture
def home(url: str, tmp_path: Path) -> Iterator[Office]:
    with office(tmp_path, url) as opened:
        yield opened


def test_while_the_database_is_away_pages_say_so_and_mail_waits_and_then_both_go_on(home: Office, url: str) -> None:
    service = Service(home.database, home.config)
    form = service.form("hanako@example.org")
    waiting = home.put(home.stamped(1), report(b"x"))
    with stopped(url):
        answer = service.post("/sign-up", form)
        assert answer.status_code == 503 and "hanako" not in answer.text
        assert service.get("/healthz").status_code == 503
        home.read()
        assert home.spool.names() == [waiting]
    assert "まだ登録は終わっていません" in service.post("/sign-up", form).text
    assert service.get("/healthz").status_code == 200
    home.read()
    assert home.spool.names() == []
    assert len(delivery_problems.problems_of(home.database, SubscriberId(1))) == 1
