"""Signing up over the real application: a form, a mail, a button; and what machines try."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlencode

import pytest
from altcha.v1 import Challenge, solve_challenge
from sqlalchemy import event

from mailer.config.file import load_config
from mailer.database.engine import create_database
from mailer.database.readers import consents, subscriptions, suppressions
from mailer.model.readers.consent import ConsentWay
from mailer.model.readers.subscription import ListPreference, Preference
from mailer.model.readers.suppression import AddressKeys, SuppressionReason
from mailer.web.sign_up.budgets import Budget
from tests.samples.mail.databases import with_tables
from tests.samples.mail.mail_bundles import LIST, write_config
from tests.samples.mail.sign_ups import CLOSED, OTHER, Service, link_in
from tests.servers.smtp import Receiver

HANAKO = "hanako@example.jp"
BAD_HEADERS = ["\r\nBcc: x@example.jp", "\nX: y", "\u2028", "\x00", "=?utf-8?q?=0aBcc?="]


@pytest.fixture
def relay() -> Iterator[Receiver]:
    with Receiver() as relay:
        yield relay


@pytest.fixture
def service(database_url: str, tmp_path: Path, relay: Receiver) -> Service:
    return Service(create_database(database_url, address_keys=AddressKeys((b"k" * 32,))), load_config(write_config(tmp_path, relay.port)))


@pytest.fixture
def local(tmp_path: Path, relay: Receiver) -> Service:
    """On SQLite: for what never reaches the database."""
    return Service(create_database(with_tables(f"sqlite:///{tmp_path / 'x.db'}")), load_config(write_config(tmp_path, relay.port)))


def mailed_link(service: Service, relay: Receiver) -> str:
    service.send()
    return link_in(relay.accepted[-1].mail.get_content())


def answer_yes(page: str) -> str:
    words = re.search(r'name="words" value="([0-9a-f]{64})"', page)
    assert words is not None
    return f"answer=yes&words={words[1]}"


def test_a_form_a_mail_and_a_button_subscribe_with_a_record_of_the_consent(service: Service, relay: Receiver) -> None:
    asked = service.post("/sign-up", service.form(lists=(LIST.key, OTHER.key)).replace("form=html", "form=light"))
    assert asked.status_code == 200 and "まだ登録は終わっていません" in asked.text
    link = mailed_link(service, relay)
    page = service.get(link)
    assert page.status_code == 200 and LIST.title in page.text and HANAKO in page.text
    done = service.post(link, answer_yes(page.text))
    assert done.status_code == 200 and "登録しました" in done.text
    person = subscriptions.find(service.database, HANAKO)
    assert person is not None
    assert subscriptions.preferences(service.database, person) == tuple(
        ListPreference(key, Preference.LIGHT) for key in (LIST.key, OTHER.key)
    )
    records = consents.consents_of(service.database, person)
    assert [(each.list, each.way) for each in records] == [(LIST.key, ConsentWay.WEB), (OTHER.key, ConsentWay.WEB)]
    assert len({each.confirmation for each in records}) == 1
    words = consents.words_of(service.database, records[0].words or "")
    assert words is not None and all(html.escape(line) in page.text for line in words.text.splitlines())
    preferences = re.search(r'href="\.\./(preferences/[^"]+)"', done.text)
    assert preferences is not None and service.get("/" + preferences[1]).status_code == 200


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_scanners_that_open_every_link_confirm_nothing(service: Service, relay: Receiver, method: str) -> None:
    service.post("/sign-up", service.form())
    link = mailed_link(service, relay)
    for _ in range(3):
        assert service.get(link).status_code == 200
    assert subscriptions.find(service.database, HANAKO) is None


@pytest.mark.parametrize("body", ["", "answer=yes", "answer=yes&words=" + "0" * 64, "List-Unsubscribe=One-Click", "answer=no"])
def test_a_post_without_the_words_of_the_page_confirms_nothing(service: Service, relay: Receiver, body: str) -> None:
    service.post("/sign-up", service.form())
    assert service.post(mailed_link(service, relay), body).status_code == 400
    assert subscriptions.find(service.database, HANAKO) is None


def test_the_answer_is_the_same_for_a_known_an_unknown_and_a_tired_address(service: Service, relay: Receiver) -> None:
    service.post("/sign-up", service.form())
    link = mailed_link(service, relay)
    service.post(link, answer_yes(service.get(link).text))
    known, unknown = service.post("/sign-up", service.form()), service.post("/sign-up", service.form("taro@example.jp"))
    again = service.post("/sign-up", service.form("taro@example.jp"))
    assert known.content.replace(HANAKO.encode(), b"") == unknown.content.replace(b"taro@example.jp", b"")
    assert again.content == unknown.content and again.status_code == known.status_code == 200


def test_the_database_does_the_same_work_for_a_known_an_unknown_and_a_tired_address(service: Service, relay: Receiver) -> None:
    """So the time of the answer tells nothing either: no question comes first, and the mail is sent by nobody who waits for the page."""
    service.post("/sign-up", service.form())
    link = mailed_link(service, relay)
    service.post(link, answer_yes(service.get(link).text))
    statements: list[str] = []
    event.listen(service.database._engine, "before_cursor_execute", lambda *arguments: statements.append(arguments[2]))
    service.clock.turn(days=2)
    work = []
    for address in (HANAKO, "new@example.jp", "new@example.jp"):
        form = service.form(address)
        statements.clear()
        service.post("/sign-up", form)
        work.append([each.partition("(")[0] for each in statements])
    assert work[0] == work[1] == work[2] and work[0][-1] == "INSERT INTO sign_up "


def test_a_reader_who_wants_no_more_confirmations_says_so_behind_the_link(service: Service, relay: Receiver) -> None:
    service.post("/sign-up", service.form())
    link = mailed_link(service, relay)
    assert "断りました" in service.post(link, "answer=refuse").text
    service.clock.turn(days=2)
    service.post("/sign-up", service.form())
    assert service.send() == 0


def test_a_suppressed_reader_returns_by_a_new_confirmed_sign_up_and_one_forbidden_by_the_operator_does_not(
    service: Service, relay: Receiver
) -> None:
    for address, reason in ((HANAKO, SuppressionReason.COMPLAINT), ("taro@example.jp", SuppressionReason.OPERATOR)):
        suppressions.suppress(service.database, address, reason, source="test", now=service.clock())
    statuses = []
    for address in (HANAKO, "taro@example.jp"):
        service.post("/sign-up", service.form(address))
        link = mailed_link(service, relay)
        statuses.append(service.post(link, answer_yes(service.get(link).text)).status_code)
    assert statuses == [200, 403]
    assert not suppressions.is_suppressed(service.database, HANAKO) and suppressions.is_suppressed(service.database, "taro@example.jp")
    assert subscriptions.find(service.database, "taro@example.jp") is None


def test_a_link_is_too_old_after_two_days(service: Service, relay: Receiver) -> None:
    service.post("/sign-up", service.form())
    link = mailed_link(service, relay)
    body = answer_yes(service.get(link).text)
    service.clock.turn(days=2, seconds=1)
    assert (service.get(link).status_code, service.post(link, body).status_code) == (410, 410)


def test_the_form_of_the_portal_fills_in_the_form_of_the_service_and_asks_for_nothing(local: Service) -> None:
    page = local.post(
        "/sign-up", urlencode({"address": HANAKO, "list": OTHER.key}), origin="https://todoke.example.jp", sec_fetch_site="same-site"
    )
    assert page.status_code == 200 and f'value="{HANAKO}"' in page.text and "まだ送っていません" in page.text
    assert re.findall(r'value="([\w-]+)" aria-describedby="h-[\w-]+" checked', page.text) == [OTHER.key]
    assert local.send() == 0


@pytest.mark.parametrize(
    "headers", [{"sec_fetch_site": "cross-site"}, {"sec_fetch_site": "same-site"}, {"origin": "https://evil.example"}, {"origin": "null"}]
)
def test_a_form_on_another_site_asks_for_nothing_even_with_a_stamp_of_ours(local: Service, headers: dict[str, str]) -> None:
    assert "まだ送っていません" in local.post("/sign-up", local.form(), **headers).text
    assert local.send() == 0


@pytest.mark.parametrize("signed_time", ["", "1", "99999999999.x", "1773207960." + "0" * 32, "あ.い"])
def test_a_form_without_a_time_of_ours_asks_for_nothing(local: Service, signed_time: str) -> None:
    assert "まだ送っていません" in local.post("/sign-up", urlencode({"address": HANAKO, "list": LIST.key, "signed_time": signed_time})).text
    assert local.send() == 0


def test_a_form_that_is_posted_within_three_seconds_or_after_a_day_is_shown_again(local: Service) -> None:
    form = local.form()
    local.clock.turn(seconds=-2)
    assert "まだ送っていません" in local.post("/sign-up", form).text
    local.clock.turn(days=1, seconds=2)
    assert "まだ送っていません" in local.post("/sign-up", form).text
    assert local.send() == 0


def test_whoever_presses_too_soon_presses_again_and_need_not_wait_anew(local: Service) -> None:
    form = local.form()
    local.clock.turn(seconds=-2)  # two seconds after the form was shown
    early = local.post("/sign-up", form).text
    assert "もう一度" in early and parse_qs(form)["signed_time"][0] in early
    local.clock.turn(seconds=1)
    assert "まだ登録は終わっていません" in local.post("/sign-up", form).text


def test_a_filled_trap_is_answered_as_a_success_and_asks_for_nothing(local: Service) -> None:
    plain, trapped = local.post("/sign-up", local.form("a@example.jp")), local.post("/sign-up", local.form("b@example.jp", website="x"))
    assert plain.content.replace(b"a@example.jp", b"") == trapped.content.replace(b"b@example.jp", b"")
    assert local.send() == 1


@pytest.mark.parametrize("smuggled", BAD_HEADERS)
@pytest.mark.parametrize("name", ["address", "list", "form", "signed_time", "altcha", "website", "often.fukko-press"])
def test_no_field_reaches_a_header_or_the_mail(local: Service, relay: Receiver, name: str, smuggled: str) -> None:
    fields = dict(re.findall(r"([\w.]+)=([^&]*)", local.form()))
    body = "&".join(f"{key}={value}" for key, value in fields.items() if key != name)
    local.post("/sign-up", body + "&" + urlencode({name: (HANAKO if name == "address" else "") + smuggled + "spam"}))
    local.send()
    for accepted in relay.accepted:
        assert accepted.recipients == (HANAKO,) and accepted.mail["Bcc"] is None
        assert "spam" not in accepted.mail.get_content() and b"spam" not in accepted.content


@pytest.mark.parametrize("typed", ["", "hanako", "a@b@c", "<script>@example.jp", '"><img src=x>@x', "ｈａｎａｋｏ＠ｅｘａｍｐｌｅ．ｊｐ"])
def test_an_address_that_is_none_is_shown_again_harmlessly_and_full_width_is_read(local: Service, typed: str) -> None:
    answer = local.post("/sign-up", local.form(typed))
    assert "<script>" not in answer.text and "<img src=x>" not in answer.text
    assert answer.status_code == (200 if typed.startswith("ｈ") else 400)
    assert local.send() == (1 if typed.startswith("ｈ") else 0)


def test_only_open_lists_are_offered_and_taken(local: Service) -> None:
    assert CLOSED.title not in re.sub(r"(?s)<section class=.contacts.*", "", local.get("/sign-up").text)
    assert (local.get(f"/sign-up/{OTHER.key}").status_code, local.get(f"/sign-up/{CLOSED.key}").status_code) == (200, 404)
    assert local.post("/sign-up", local.form(lists=(CLOSED.key,))).status_code == 400


def test_above_the_threshold_a_proof_of_work_is_asked_for_and_counts_once(tmp_path: Path, relay: Receiver) -> None:
    config = load_config(write_config(tmp_path, relay.port))
    service = Service(create_database(with_tables(f"sqlite:///{tmp_path / 'x.db'}")), config, network=Budget(free=2, most=4, refill=3600))
    answers = [service.post("/sign-up", service.form(f"{n}@example.jp"), host=f"203.0.113.{n}") for n in range(3)]
    assert ["混み合って" in each.text for each in answers] == [False, False, True]
    assert "別の方法" in answers[2].text and "022-000-0000" in answers[2].text  # what to do without a script
    assert "script-src 'sha256-" in answers[2].headers["Content-Security-Policy"]
    task = json.loads(html.unescape(re.findall(r'data-challenge="([^"]+)"', answers[2].text)[0]))
    challenge = Challenge(task["algorithm"], task["challenge"], task["maxNumber"], task["salt"], task["signature"])
    solution = solve_challenge(challenge)
    assert solution is not None
    fields = {name: task[name] for name in ("algorithm", "challenge", "salt", "signature")} | {"number": solution.number}
    proof = base64.b64encode(json.dumps(fields).encode()).decode()
    solved, replayed = (service.post("/sign-up", service.form(f"{n}@example.jp", altcha=proof)) for n in (7, 8))
    assert "まだ登録は終わっていません" in solved.text and "混み合って" in replayed.text
    other = service.post("/sign-up", service.form("else@example.jp"), host="198.51.100.1")
    assert "まだ登録は終わっていません" in other.text


def test_too_many_sign_ups_of_one_network_wait_whatever_they_prove(tmp_path: Path, relay: Receiver) -> None:
    config = load_config(write_config(tmp_path, relay.port))
    service = Service(create_database(with_tables(f"sqlite:///{tmp_path / 'x.db'}")), config, network=Budget(free=1, most=1, refill=60))
    service.post("/sign-up", service.form("1@example.jp"), host="2001:db8:1:2::3")
    late = service.post("/sign-up", service.form("2@example.jp"), host="2001:db8:1:ffff::9")
    assert late.status_code == 429 and late.headers["Retry-After"] == "600" and "022-000-0000" in late.text
    service.clock.turn(seconds=60)
    assert service.post("/sign-up", service.form("2@example.jp"), host="2001:db8:1:ffff::9").status_code == 200
