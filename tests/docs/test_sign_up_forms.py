"""The forms of the portal behind the sample configuration: they post to the subscription service, which is another origin, and a browser lets them."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from demo.servers import free_port
from mailer.config.file import load_config
from mailer.database.engine import create_database
from mailer.live_bundle import LiveBundle
from mailer.message.links import LinkSigner
from mailer.message.sealed import TokenSealer
from mailer.secrets import Secret
from mailer.subscribers.sign_up_mailer import SignUpMailer
from mailer.web.app import AppOptions, create_app
from mailer.web.connections import ConnectionLimits
from mailer.web.sign_up.background import make_sign_ups
from tests.docs.test_site_headers import SAMPLES, nginx
from tests.samples.mail.mail_bundles import SECRET, write_config
from tests.samples.mail.sign_ups import TurnedClock
from tests.samples.tiny import TinySite, make_site
from tests.servers.web_service import served

SAMPLE_SERVICE = tomllib.loads(Path("publications.toml").read_text("utf-8"))["site"]["service"]


@dataclass(frozen=True)
class Portal:
    """The site and its service, at two origins."""

    folder: Path
    site: TinySite
    service: str


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    folder, port, keys = tmp_path_factory.mktemp("portal"), free_port(), (Secret(SECRET),)
    service = f"http://127.0.0.1:{port}"
    site = make_site(folder / "checkout")
    toml = site.root / "publications.toml"
    toml.write_text(toml.read_text("utf-8").replace("sample = true\n", f'sample = true\nservice = "{service}"\n'), "utf-8")
    site.article("press/2020/a.md")
    site.build()
    config = replace(load_config(write_config(folder)), service_url=service)
    with closing(create_database(config.database)) as database:
        head = LiveBundle(site.output / "mail", service, lambda: 0.0).head()
        mailer = SignUpMailer(database, config, TokenSealer(keys), lambda: head.lists, lambda _relay: None)
        sign_ups = make_sign_ups(mailer, keys, lambda: None)
        app = create_app(database, LinkSigner(keys), head.lists, TurnedClock(), AppOptions(site=head.site, sign_ups=sign_ups))
        with served(app, ConnectionLimits(), port):
            yield Portal(folder, site, service)


def test_each_form_of_the_portal_reaches_the_service_with_the_address_filled_in(portal: Portal, browser: Browser) -> None:
    page = browser.new_page()
    with nginx(portal.folder, portal.site, portal.service) as port:
        for path in ("/", "/press/", "/mail/press/"):
            page.goto(f"http://127.0.0.1:{port}{path}")
            for box in page.locator("form[method=post] input[type=checkbox]").all():
                box.check()
            page.locator("form[method=post] input[type=email]").fill("hanako@example.jp")
            page.locator("form[method=post] button").click()
            page.wait_for_url(f"{portal.service}/sign-up")
            assert page.get_by_label("メールアドレス").input_value() == "hanako@example.jp", path
            assert page.get_by_role("checkbox", checked=True).count() == 1, path
    page.close()


def test_a_policy_that_does_not_name_the_service_blocks_the_form(portal: Portal, browser: Browser) -> None:
    page = browser.new_page()
    with nginx(portal.folder, portal.site) as port, page.expect_console_message(lambda message: "form-action" in message.text):
        page.goto(f"http://127.0.0.1:{port}/press/")
        page.locator("form[method=post] input[type=email]").fill("hanako@example.jp")
        page.locator("form[method=post] button").evaluate(
            "button => button.click()"
        )  # Playwright's own waits for the page that never comes
    assert portal.service not in page.url
    page.close()


@pytest.mark.parametrize("name", ["nginx.conf", "apache.conf", "Caddyfile", "_headers"])
def test_each_sample_names_the_service_of_the_sample_and_says_that_it_must_be_changed(name: str) -> None:
    text = (SAMPLES / name).read_text("utf-8")
    assert re.findall(r"form-action ([^;]+);", text) == [f"'self' {SAMPLE_SERVICE}"]
    comments = "\n".join(line for line in text.splitlines() if line.lstrip().startswith("#"))
    assert "form-action" in comments and SAMPLE_SERVICE.removeprefix("https://") in comments
