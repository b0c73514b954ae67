"""Keys of DKIM: made once, private, changed without a moment in which nothing signs, and what a record must say of them."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from stat import S_IMODE

import pytest

from mailer.config.settings import DkimSettings
from mailer.message.dkim import keys, records
from mailer.message.dkim.keys import DkimKey
from mailer.model.errors import DkimError, NotPrivate

NOW = datetime(2026, 3, 11, 5, 46, tzinfo=UTC)


@pytest.fixture
def settings(tmp_path: Path) -> DkimSettings:
    made = DkimSettings(("example.jp",), folder=tmp_path / "dkim")
    assert keys.make_missing(made, "example.jp") == ("todoke1", "todoke2")
    return made


def active(settings: DkimSettings) -> DkimKey:
    (key,) = keys.load_active(settings).keys
    return key


def test_keys_are_for_their_owner_alone_and_are_never_replaced_by_making_them_again(settings: DkimSettings) -> None:
    before = {path: path.read_bytes() for path in settings.folder.rglob("*") if path.is_file()}
    assert keys.make_missing(settings, "example.jp") == ()
    assert {path: path.read_bytes() for path in settings.folder.rglob("*") if path.is_file()} == before
    assert {S_IMODE(path.stat().st_mode) for path in before} == {0o600}
    assert {S_IMODE(path.stat().st_mode) for path in (settings.folder, settings.folder / "example.jp")} == {0o700}


def test_a_key_that_others_can_read_signs_nothing(settings: DkimSettings) -> None:
    (settings.folder / "example.jp" / "todoke1.pem").chmod(0o644)
    with pytest.raises(NotPrivate):
        keys.load_active(settings)


def test_rotating_lets_the_waiting_key_sign_and_keeps_both(settings: DkimSettings) -> None:
    first = active(settings)
    assert keys.rotate(settings, "example.jp") == ("todoke1", "todoke2")
    second = active(settings)
    assert (first.selector, second.selector) == ("todoke1", "todoke2") and set(keys.all_keys(settings, "example.jp")) == {
        "todoke1",
        "todoke2",
    }
    assert records.public_value(keys.all_keys(settings, "example.jp")["todoke1"]) == records.public_value(first)


def test_the_waiting_selector_gets_a_new_key_and_the_old_file_stays(settings: DkimSettings) -> None:
    signing, waiting = active(settings), keys.all_keys(settings, "example.jp")["todoke2"]
    assert keys.renew_waiting(settings, "example.jp", NOW) == "todoke2"
    assert records.public_value(active(settings)) == records.public_value(signing)
    assert records.public_value(keys.all_keys(settings, "example.jp")["todoke2"]) != records.public_value(waiting)
    assert [path.name for path in (settings.folder / "example.jp").glob("*.old")] == ["todoke2-until-20260311T054600.pem.old"]


@pytest.mark.parametrize(
    ("name", "content"),
    [("active", "other\n"), ("active", "\xe9"), ("todoke1.pem", "no key"), ("todoke1.pem", "")],
)
def test_a_damaged_folder_is_told_and_nothing_is_signed(settings: DkimSettings, name: str, content: str) -> None:
    (settings.folder / "example.jp" / name).write_text(content, "latin-1")
    with pytest.raises(DkimError, match=name):
        keys.load_active(settings)


def test_a_domain_without_keys_says_how_to_make_them(tmp_path: Path) -> None:
    with pytest.raises(DkimError, match=r"todoke dkim new example\.jp"):
        keys.load_active(DkimSettings(("example.jp",), folder=tmp_path))


def test_the_nearest_domain_above_from_signs() -> None:
    settings = DkimSettings(("example.jp", "news.example.jp"))
    assert settings.domain_for("a@news.example.jp") == settings.domain_for("a@b.News.example.jp") == "news.example.jp"
    assert settings.domain_for("a@example.jp") == "example.jp" and settings.domain_for("a@notexample.jp") is None


def test_the_line_for_a_zone_has_strings_that_the_dns_can_hold(settings: DkimSettings) -> None:
    key = active(settings)
    line = records.zone_line(key)
    strings = re.findall('"([^"]*)"', line)
    assert line.startswith("todoke1._domainkey.example.jp. IN TXT (") and all(len(each) <= 255 for each in strings)
    assert "".join(strings) == records.text(key) and records.rejection("".join(strings), key) == ""


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda text: text.replace("DKIM1", "DKIM2"), "v="),
        (lambda text: re.sub("p=.*", "p=", text), "revoked"),
        (lambda text: re.sub("p=.*", "", text), "no key"),
        (lambda text: text.replace("k=rsa", "k=ed25519"), "kind"),
        (lambda text: f"{text}; h=sha1", "SHA-256"),
        (lambda text: f"{text}; s=tls", "mail"),
        (lambda text: re.sub("p=....", "p=AAAA", text), "another key"),
        (lambda text: f"{text}; p=AAAA", "no key"),
        (lambda text: re.sub("p=.*", "p=%%%", text), "another key"),
    ],
)
def test_a_record_that_would_fail_at_a_receiver_is_found(settings: DkimSettings, change: Callable[[str], str], words: str) -> None:
    key = active(settings)
    assert words in records.rejection(change(records.text(key)), key)


def test_a_record_with_other_spacing_and_further_tags_is_good(settings: DkimSettings) -> None:
    key = active(settings)
    value = records.public_value(key)
    spaced = f" v = DKIM1 ; n=a note; h=sha1 : sha256 ; s=email; t=y; p = {value[:60]} {value[60:]} ;"
    assert records.rejection(spaced, key) == "" and records.is_test(spaced) and not records.is_test(records.text(key))
