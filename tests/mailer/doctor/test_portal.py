"""The doctor asks the public site whether its sign-up forms may post to the service."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from demo.servers import free_port
from mailer.config.file import load_config
from mailer.doctor import machine, portal
from mailer.doctor.results import Level
from mailer.model.site import SiteProfile
from tests.mailer.cli.test_new_lists import write_bundle
from tests.mailer.doctor.test_machine import level
from tests.samples.mail.mail_bundles import SECRET, make_database, write_config
from tests.samples.mail.mail_terminal import Terminal
from tests.samples.mail.sign_ups import SITE

SERVICE = "https://mail.example.jp"


@contextmanager
def page_with(*policies: str) -> Iterator[SiteProfile]:
    """A site whose pages have these policies."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            for policy in policies:
                self.send_header("Content-Security-Policy", policy)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield replace(SITE, url=f"http://127.0.0.1:{server.server_address[1]}")
    finally:
        server.shutdown()
        server.server_close()


def verdict(site: SiteProfile) -> Level:
    (result,) = portal.examine(site, SERVICE, portal.fetch_policies)
    return result.level


@pytest.mark.parametrize(
    ("policies", "expected"),
    [
        ((), Level.GOOD),
        (("default-src 'none'",), Level.GOOD),
        ((f"form-action 'self' {SERVICE}",), Level.GOOD),
        (("default-src 'none'; Form-Action HTTPS://MAIL.example.jp/",), Level.GOOD),
        (("form-action https:",), Level.GOOD),
        (("form-action *.example.jp",), Level.GOOD),
        (("form-action 'self'",), Level.BAD),
        (("form-action 'none'",), Level.BAD),
        (("form-action",), Level.BAD),
        (("form-action https://mail.example.jp.evil.example *.mail.example.jp http:",), Level.BAD),
        ((f"form-action {SERVICE}", "form-action 'self'"), Level.BAD),
        ((f"form-action {SERVICE}, form-action 'self'",), Level.BAD),
    ],
)
def test_a_policy_is_read_as_a_browser_reads_it(policies: tuple[str, ...], expected: Level) -> None:
    with page_with(*policies) as site:
        assert verdict(site) is expected


@pytest.mark.parametrize(
    ("policies", "expected"),
    [
        ((), []),
        (("script-src 'self'",), []),
        ((f"default-src 'none'; connect-src 'self' {SERVICE}",), []),
        ((f"default-src {SERVICE}",), []),
        (("default-src 'none'",), [Level.BAD]),
        (("connect-src 'self'; default-src *",), [Level.BAD]),
        ((f"connect-src {SERVICE}", "default-src 'self'"), [Level.BAD]),
    ],
)
def test_a_policy_that_blocks_the_button_for_web_push_is_told_where_there_is_one(policies: tuple[str, ...], expected: list[Level]) -> None:
    with page_with(*policies) as site:
        results = [*portal.examine(replace(site, push_key="B" + "x" * 86), SERVICE, portal.fetch_policies)]
        assert [each.level for each in results[1:]] == expected
        assert verdict(site) is Level.GOOD


@pytest.mark.parametrize("name", ["nginx.conf", "apache.conf", "Caddyfile", "_headers"])
def test_the_sample_configurations_pass_with_the_service_of_the_sample_and_fail_with_another(name: str) -> None:
    text = Path("docs/samples/site", name).read_text("utf-8")
    (policy,) = re.findall(r"default-src 'none'; script-src[^\"\n]*", text)
    assert portal.allows_form(policy, "https://mail.todoke.example.jp", "https://www.example.jp")
    assert not portal.allows_form(policy, SERVICE, "https://www.example.jp")
    assert portal.allows_button(policy, "https://mail.todoke.example.jp", "https://www.example.jp")
    assert not portal.allows_button(policy, SERVICE, "https://www.example.jp")


def test_a_site_that_cannot_be_asked_or_takes_no_sign_ups_is_no_fault() -> None:
    assert verdict(replace(SITE, url=f"http://127.0.0.1:{free_port()}")) is Level.UNKNOWN
    assert verdict(replace(SITE, url="file:///etc")) is Level.UNKNOWN
    assert [*portal.examine(replace(SITE, takes_sign_ups=False), SERVICE, portal.fetch_policies)] == []
    assert [*portal.examine(None, SERVICE, portal.fetch_policies)] == []
    assert [*portal.examine(SITE, SERVICE, None)] == []


def test_the_command_says_that_the_forms_are_blocked(tmp_path: Path) -> None:
    make_database(write_config(tmp_path))
    write_bundle(tmp_path / "mail", "fukko-press")
    with page_with("form-action 'self'") as site:
        file = tmp_path / "mail" / "site.json"
        file.write_text(file.read_text("utf-8").replace("https://todoke.example.jp", site.url), "utf-8")
        result = Terminal(tmp_path).run("doctor --format json --from news.miyagi.internal")
    assert "browsers block the sign-up forms" in result.stdout


def test_a_missing_key_of_links_is_bad(tmp_path: Path) -> None:
    config = load_config(write_config(tmp_path))
    assert level(machine.secret(config, {})) is Level.BAD
    assert level(machine.secret(config, {"TODOKE_SECRET": SECRET})) is Level.GOOD
