"""The button for Web Push in Chromium: never asked on arrival, told to the real service, and shown by the real service worker."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from audit.browser import examine
from audit.server import serving
from channels.adapters.web_push import notification, public_key
from demo.servers import free_port
from mailer.database.engine import Database, create_database
from mailer.database.push import push_subscriptions
from mailer.message.links import LinkSigner
from mailer.model.site import SiteProfile
from mailer.secrets import Secret
from mailer.web.app import AppOptions, create_app
from mailer.web.connections import ConnectionLimits
from mailer.web.sign_up.budgets import Budget, SignUpBudgets
from tests.samples.mail.databases import with_tables
from tests.samples.mail.mail_bundles import LIST, NOW, SECRET
from tests.samples.tiny import make_site
from tests.servers.networks.cases import POST, VAPID
from tests.servers.networks.push_service import encode
from tests.servers.web_service import served

KEY = public_key(VAPID)
BUTTON = "ブラウザーでお知らせを受け取る"
STOP = "ブラウザーへのお知らせを止める"
BUDGET = Budget(free=100, most=100, refill=1)
SERVICE = "https://mail.example.jp"
ASKED = """
// Chromium has no push service here: this is what one would give it. `asked` counts the browser's questions.
window.asked = 0;
let given = null;
const keys = { p256dh: "KEY", auth: "AUTH" }, endpoint = "https://push.example.com/send/browser";
const subscription = { endpoint, toJSON: () => ({ endpoint, keys }), unsubscribe: async () => { given = null; return true; } };
PushManager.prototype.getSubscription = async () => given;
PushManager.prototype.subscribe = async (options) => { window.asked += 1; window.options = options; given = subscription; return given; };
Notification.requestPermission = async () => { window.asked += 1; return "granted"; };
""".replace("KEY", KEY).replace("AUTH", encode(b"0123456789abcdef"))  # a point of P-256 is a point, whoever's


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    site = make_site(tmp_path_factory.mktemp("push"))
    file = site.root / "publications.toml"
    file.write_text(file.read_text("utf-8").replace("sample = true", f'sample = true\nservice = "{SERVICE}"\npush_key = "{KEY}"'), "utf-8")
    site.build()
    return site.site


@pytest.fixture
def folder(built: Path, tmp_path: Path) -> Path:
    """A copy of the site, to be told where it is served."""
    return Path(shutil.copytree(built, tmp_path / "site"))


@dataclass
class Visit:
    """A browser that visits the site. ``address``: the site's; ``database``: the service's."""

    page: Page
    context: BrowserContext
    address: str
    database: Database

    def open(self, url: str = "/mail/") -> None:
        self.page.goto(self.address + url)

    @property
    def browsers(self) -> int:
        return push_subscriptions.count(self.database, KEY)


@contextmanager
def visiting(browser: Browser, folder: Path, database: Database, *, script: bool = True, port: int | None = None) -> Iterator[Visit]:
    """The site and the service on loopback; the page is told where they are."""
    with serving(folder) as address:
        site = SiteProfile("とどけ", "見本県", "見本市", "k@example.jp", address, push_key=KEY)
        budgets = SignUpBudgets(b"k" * 32, BUDGET, BUDGET)
        app = create_app(
            database, LinkSigner((Secret(SECRET),)), {LIST.key: LIST}, lambda: NOW, AppOptions(site=site, push_budgets=budgets)
        )
        with served(app, ConnectionLimits()) as running, closing(browser.new_context(java_script_enabled=script)) as context:
            page = folder / "mail/index.html"
            told = (
                page.read_text("utf-8").replace(SERVICE, f"http://127.0.0.1:{port or running}").replace("https://site.example.jp", address)
            )
            page.write_text(told, "utf-8")
            context.add_init_script(ASKED)
            context.grant_permissions(["notifications"], origin=address)
            yield Visit(context.new_page(), context, address, database)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with closing(create_database(with_tables(f"sqlite:///{tmp_path / 'x.db'}"))) as opened:
        yield opened


def test_nobody_is_asked_on_arrival_and_whoever_presses_is_noted_and_can_end_it(browser: Browser, folder: Path, database: Database) -> None:
    with visiting(browser, folder, database) as visit:
        visit.open()
        button = visit.page.get_by_role("button", name=BUTTON)
        expect(button).to_be_visible()
        assert visit.page.evaluate("asked") == 0
        assert visit.page.evaluate("navigator.serviceWorker.getRegistrations().then((all) => all.length)") == 0
        button.click()
        expect(visit.page.get_by_role("status")).to_contain_text("このブラウザーに届けます")
        assert visit.page.evaluate("options") == {"userVisibleOnly": True, "applicationServerKey": KEY}
        assert visit.browsers == 1
        visit.page.get_by_role("button", name=STOP).click()
        expect(visit.page.get_by_role("status")).to_contain_text("止めました")
        assert visit.browsers == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_with_the_button_is_accessible(
    browser: Browser, folder: Path, database: Database, scheme: Literal["light", "dark"]
) -> None:
    with visiting(browser, folder, database) as visit:
        visit.open()
        expect(visit.page.get_by_role("button", name=BUTTON)).to_be_visible()
        assert not examine(visit.page, "/mail/", scheme, 320).violations
        assert visit.page.evaluate("document.documentElement.scrollWidth") <= 320


def test_a_service_that_is_away_is_told_and_leaves_no_subscription(browser: Browser, folder: Path, database: Database) -> None:
    with visiting(browser, folder, database, port=free_port()) as visit:
        visit.open()
        visit.page.get_by_role("button", name=BUTTON).click()
        expect(visit.page.get_by_role("status")).to_contain_text("もう一度お試しください")
        expect(visit.page.get_by_role("button", name=BUTTON)).to_be_enabled()


def test_without_a_script_the_page_is_whole_and_shows_no_button(browser: Browser, folder: Path, database: Database) -> None:
    with visiting(browser, folder, database, script=False) as visit:
        visit.open()
        expect(visit.page.get_by_text(BUTTON, exact=True)).to_be_hidden()
        expect(visit.page.get_by_role("heading", level=1)).to_be_visible()


def test_a_mirror_shows_no_button(browser: Browser, folder: Path, database: Database) -> None:
    with visiting(browser, folder, database) as visit:
        visit.page.goto(visit.address.replace("127.0.0.1", "localhost") + "/mail/")
        visit.page.wait_for_load_state("load")
        expect(visit.page.get_by_text(BUTTON, exact=True)).to_be_hidden()


def test_the_service_worker_shows_what_is_pushed_and_a_repeat_takes_its_place(browser: Browser, folder: Path, database: Database) -> None:
    with visiting(browser, folder, database) as visit:
        visit.open()
        visit.page.get_by_role("button", name=BUTTON).click()
        expect(visit.page.get_by_role("status")).to_contain_text("届けます")
        client = visit.context.new_cdp_session(visit.page)
        found: list[dict[str, Any]] = []
        client.on("ServiceWorker.workerRegistrationUpdated", lambda event: found.extend(event["registrations"]))
        client.send("ServiceWorker.enable")
        while not found:
            visit.page.evaluate("0")
        for _ in range(2):
            message = {"origin": visit.address, "registrationId": found[0]["registrationId"], "data": json.dumps(notification(POST))}
            client.send("ServiceWorker.deliverPushMessage", message)
        shown = "navigator.serviceWorker.getRegistration('/theme/').then((r) => r.getNotifications()).then((all) => all.map((n) => [n.title, n.body, n.tag, n.lang]))"
        title, body = "女川港の朝市が再開します", "🐟 さんま & わかめ"
        visit.page.wait_for_function(f"{shown}.then((all) => all.length)")
        assert visit.page.evaluate(shown) == [[title, body, str(POST.key), "ja"]]


def test_a_site_without_a_key_has_no_button_and_no_script(tmp_path: Path) -> None:
    site = make_site(tmp_path)
    site.build()
    assert "web-push" not in (site.site / "mail/index.html").read_text("utf-8") + (site.site / "index.html").read_text("utf-8")
    assert json.loads((site.site.parent / "mail/site.json").read_text("utf-8"))["push_key"] is None
