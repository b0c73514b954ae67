"""A reader's whole way in Chromium, without a script: sign-up, mail, confirmation, preferences, the reader's own page, another address, and out."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, Page

from demo.servers import free_port
from mailer.config.file import load_config
from mailer.config.settings import Config
from mailer.database import audit_log
from mailer.database.engine import Database, create_database
from mailer.database.readers import consents, frequencies, people, subscriptions
from mailer.message.links import LinkClaim, LinkSigner, Purpose
from mailer.message.sealed import TokenSealer
from mailer.model.ids import SubscriberId
from mailer.model.readers.subscription import Frequency
from mailer.model.readers.suppression import AddressKeys
from mailer.secrets import Secret
from mailer.subscribers.confirmation import ConfirmationMailer
from mailer.subscribers.sign_up_mailer import SignUpMailer
from mailer.web.app import AppOptions, create_app
from mailer.web.connections import ConnectionLimits
from mailer.web.sign_up.background import WakeUp, make_sign_ups, sending_confirmations
from mailer.web.sign_up.budgets import ALL, NETWORK, Budget, SignUpBudgets
from mailer.web.sign_up.proof import ProofOfWork
from tests.samples.mail.databases import with_tables
from tests.samples.mail.mail_bundles import LIST, SEAL, SECRET, write_config
from tests.samples.mail.sign_ups import LISTS, OTHER, SITE, TurnedClock
from tests.servers.smtp import Accepted, Behaviour, Receiver
from tests.servers.web_service import served

HANAKO, NEW = "hanako@example.jp", "hanako@new.example.jp"


@dataclass
class Town:
    """A running service, its mail, and a browser that shows each page to axe."""

    database: Database
    url: str
    page: Page
    clock: TurnedClock
    mail: Callable[[], Accepted]
    tokens: LinkSigner
    checker: Page

    def look(self, heading: str) -> None:
        """Whatever the page says must be accessible, in both schemes, and fit a telephone."""
        assert heading in self.page.inner_text("h1"), self.page.content()
        self.checker.set_content(self.page.content())  # axe needs a script, and the reader's own browser has none
        self.checker.evaluate(AXE_SCRIPT)
        for scheme in ("light", "dark"):
            self.checker.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
            violations = self.checker.evaluate("axe.run({rules: {'target-size': {enabled: true}}}).then(result => result.violations)")
            assert [(each["id"], [node["target"] for node in each["nodes"]]) for each in violations] == []
        assert self.checker.evaluate("document.documentElement.scrollWidth") <= 375
        assert SITE.title in self.page.inner_text("header") and SITE.contact in self.page.inner_text("footer")

    def open_link(self) -> None:
        """Open the link of the newest mail, as a scanner and as a reader do."""
        text = self.mail().mail.get_content()
        link = next(word for word in text.split() if word.startswith(self.url))
        self.page.goto(link)


@contextmanager
def town(tmp_path: Path, url: str, browser: Browser, network: Budget = NETWORK, *, script: bool = False) -> Iterator[Town]:
    arrived = threading.Semaphore(0)
    with Receiver(Behaviour(on_accept=lambda _count: arrived.release())) as relay:
        port, clock, wake = free_port(), TurnedClock(), WakeUp()
        config: Config = replace(load_config(write_config(tmp_path, relay.port)), service_url=f"http://127.0.0.1:{port}")
        database = create_database(url, SEAL, address_keys=AddressKeys((b"k" * 32,)))
        keys = (Secret(SECRET),)
        sealer, tokens = TokenSealer(keys), LinkSigner(keys)
        mailer = SignUpMailer(database, config, sealer, lambda: LISTS, lambda _relay: None)
        budgets, proof = SignUpBudgets(b"k" * 32, network, ALL), ProofOfWork("key", 3000)
        sign_ups = replace(make_sign_ups(mailer, keys, wake.set), budgets=budgets, proof=proof)
        confirm = ConfirmationMailer(config, tokens, lambda _relay: None).send
        lifespan = sending_confirmations(mailer, wake, clock)
        app = create_app(database, tokens, LISTS, clock, AppOptions(confirm=confirm, site=SITE, sign_ups=sign_ups, lifespan=lifespan))

        def newest() -> Accepted:
            assert arrived.acquire(timeout=90)
            return relay.accepted[-1]

        page, checker = (
            browser.new_page(viewport={"width": 375, "height": 800}, java_script_enabled=enabled) for enabled in (script, True)
        )
        with served(app, ConnectionLimits(), port):
            yield Town(database, config.service_url, page, clock, newest, tokens, checker)
        page.close()
        checker.close()


def sign_up(here: Town) -> None:
    here.page.goto(f"{here.url}/sign-up")
    here.clock.turn(seconds=5)
    here.page.get_by_label(LIST.title).first.check()
    here.page.get_by_label("文字だけの軽いメール").check()
    here.page.get_by_label(f"届け方（{LIST.title}）").select_option("weekly")
    here.page.get_by_label("メールアドレス").fill(HANAKO)
    here.page.get_by_role("button", name="確認のメールを受け取る").click()


def test_a_reader_signs_up_confirms_changes_and_leaves(database_url: str, tmp_path: Path, browser: Browser) -> None:
    with town(tmp_path, database_url, browser) as here:
        reader = join(here)
        here.page.get_by_role("link", name="受け取り方を見る、変える").click()
        here.look("メールマガジンの受け取り方")
        preferences = here.page.url
        change_how_often(here, reader)
        rest_and_come_back(here, reader)
        move(here, reader)
        here.page.goto(preferences)
        here.look("このリンクは、もう使えません")
        leave(here, reader)


def join(here: Town) -> SubscriberId:
    """From the front page to a consent, by the link of a mail; nothing is kept before."""
    here.page.goto(here.url)
    here.look("メールマガジンの受け取り方")
    here.page.get_by_role("link", name="メールマガジンを申し込む").click()
    here.look("メールマガジンのお申し込み")
    sign_up(here)
    here.look("確認のメールをお送りします")
    here.open_link()
    here.look("お申し込みを確定しますか")
    assert subscriptions.find(here.database, HANAKO) is None
    here.page.get_by_role("button", name="同意して登録する").click()
    here.look("登録しました")
    reader = subscriptions.find(here.database, HANAKO)
    assert reader is not None
    assert [each.frequency for each in consents.consents_of(here.database, reader)] == [Frequency.WEEKLY]
    return reader


def change_how_often(here: Town, reader: SubscriberId) -> None:
    """Each day instead of each week, which the log tells; then each issue."""
    here.page.get_by_label(f"届け方（{LIST.title}）").select_option("daily")
    here.page.get_by_role("button", name="保存する").click()
    here.look("受け取り方を保存しました")
    assert frequencies.of_reader(here.database, reader) == {LIST.key: Frequency.DAILY}
    changes = [entry.event.details for entry in audit_log.entries(here.database) if entry.event.what == frequencies.CHANGED]
    assert changes == [{"reader": str(reader), "list": LIST.key, "before": "weekly", "after": "daily"}]
    here.page.get_by_label(f"届け方（{LIST.title}）").select_option("issue")
    here.page.get_by_role("button", name="保存する").click()


def rest_and_come_back(here: Town, reader: SubscriberId) -> None:
    here.page.get_by_label("また受け取りはじめる日").fill("2026-04-01")
    here.page.get_by_role("button", name="この日まで休む").click()
    here.look("メールマガジンの受け取り方")
    assert people.paused_until(here.database, reader) is not None
    here.page.get_by_role("button", name="いますぐ再開する").click()
    assert people.paused_until(here.database, reader) is None


def move(here: Town, reader: SubscriberId) -> None:
    """To another address, behind a link of a mail to the old one and a link of a mail to the new one."""
    here.page.get_by_role("button", name="リンクをメールで受け取る").click()
    here.look("メールをお送りします")
    here.open_link()
    here.look("あなたについての登録内容")
    here.page.get_by_label("新しいアドレス").fill(NEW)
    here.page.get_by_role("button", name="新しいアドレスに確認のメールを送る").click()
    here.look("あなたについての登録内容")
    here.open_link()
    here.look("届け先を変えますか")
    here.page.get_by_role("button", name="新しいアドレスに変える").click()
    here.look("届け先を変えました")
    assert subscriptions.find(here.database, NEW) == reader


def leave(here: Town, reader: SubscriberId) -> None:
    """By the link of the next magazine: out, back as somebody else had ended it, and out for good."""
    version = subscriptions.token_version(here.database, reader) or 0
    link = f"{here.url}/unsubscribe/{here.tokens.sign(LinkClaim(reader, LIST.key, version))}"
    here.page.goto(link)
    here.look("配信を停止しますか")
    here.page.get_by_role("button", name="配信を停止する").click()
    here.look("配信を停止しました")
    here.page.goto(link)
    here.look("配信は止まっています")
    here.page.get_by_role("button", name="また受け取る").click()
    here.look("確認のメールをお送りしました")
    here.open_link()
    here.look("また受け取りますか")
    here.page.get_by_role("button", name="また受け取る").click()
    here.look("配信を再開しました")
    assert subscriptions.count(here.database, LIST.key) == 1
    here.page.goto(link)
    here.page.get_by_role("button", name="配信を停止する").click()
    assert subscriptions.count(here.database, LIST.key) == 0
    erase(here, reader, version)


def erase(here: Town, reader: SubscriberId, version: int) -> None:
    """The day after, the reader asks for the own page once more, and is forgotten."""
    here.clock.turn(days=1)
    here.page.goto(f"{here.url}/preferences/{here.tokens.sign(LinkClaim(reader, LIST.key, version, Purpose.PREFERENCES))}")
    here.page.get_by_role("button", name="リンクをメールで受け取る").click()
    here.open_link()
    here.page.get_by_label("すべて消してよいことを確かめました").check()
    here.page.get_by_role("button", name="登録をすべて消す").click()
    here.look("登録を消しました")
    assert subscriptions.find(here.database, NEW) is None


def test_above_the_threshold_the_script_of_the_page_does_the_work(tmp_path: Path, browser: Browser) -> None:
    with town(tmp_path, with_tables(f"sqlite:///{tmp_path / 'x.db'}"), browser, Budget(free=0, most=9, refill=60), script=True) as here:
        sign_up(here)
        here.page.get_by_text("確認が終わりました").wait_for()
        here.clock.turn(seconds=5)
        here.look("メールマガジンのお申し込み")
        here.page.get_by_role("button", name="確認のメールを受け取る").click()
        assert "確認のメールをお送りします" in here.page.inner_text("h1")
        assert here.mail().recipients == (HANAKO,)


def test_whoever_forgets_something_is_told_where(tmp_path: Path, browser: Browser) -> None:
    with town(tmp_path, with_tables(f"sqlite:///{tmp_path / 'x.db'}"), browser) as here:
        here.page.goto(f"{here.url}/sign-up/{OTHER.key}")
        assert here.page.get_by_label(OTHER.title).first.is_checked()
        here.clock.turn(seconds=5)
        here.page.get_by_label(OTHER.title).first.uncheck()
        here.page.get_by_label("メールアドレス").fill("hanako..x@example.jp")
        here.page.get_by_role("button", name="確認のメールを受け取る").click()
        here.look("メールマガジンのお申し込み")
        assert here.page.get_by_role("alert").get_by_role("link").all_inner_texts() == [
            "メールアドレスを確かめてください",
            "メールマガジンを一つ以上選んでください",
        ]
