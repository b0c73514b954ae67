"""mailer.toml: all faults are reported at once, and no secret is printed."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from mailer import secrets
from mailer.config.file import load_config
from mailer.model.errors import ConfigError, NotPrivate, SecretMissing
from mailer.secrets import Secret
from tests.samples.mail.mail_bundles import LIST, write_config

GOOD = """
service_url = "https://mail.example.jp/"
message_id_domain = "todoke.example.jp"
return_path = "bounce@example.jp"
"""
KEY = "k" * 40


def write(folder: Path, text: str) -> Path:
    path = folder / "mailer.toml"
    path.write_text(text, "utf-8")
    return path


def test_relative_paths_are_relative_to_the_folder_of_the_file(tmp_path: Path) -> None:
    config = load_config(write(tmp_path, GOOD + 'secret_file = "var/secret"\n[relay]\nca_file = "ca.pem"\n'))
    assert config.database == f"sqlite:///{(tmp_path / 'var' / 'todoke.db').as_posix()}"
    assert (config.secret_file, config.relay.ca_file) == (tmp_path / "var" / "secret", tmp_path / "ca.pem")
    assert config.service_url == "https://mail.example.jp"


def test_the_file_in_the_repository_is_valid() -> None:
    assert load_config(Path(__file__).parents[2] / "mailer.toml").relay.port == 25


def test_all_bad_keys_are_reported_together(tmp_path: Path) -> None:
    text = 'service_url = "ftp://x"\nreturn_path = "nobody"\nmessage_id_domain = "a b"\nserivce = 1\n[relay]\nport = 0\ntls = "yes"\nspeed = 9\n'
    with pytest.raises(ConfigError) as caught:
        load_config(write(tmp_path, text))
    message = str(caught.value)
    assert len(caught.value.diagnostics) == 7
    assert all(
        key in message
        for key in ("mailer.toml", "service_url", "return_path", "message_id_domain", "serivce", "relay.port", "relay.tls", "relay.speed")
    )


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('service_url = "http://mail.example.jp"', "https://"),
        ('service_url = "https://mail.example.jp/?a=1"', "query"),
        ('service_url = "https://u:p@mail.example.jp"', "password"),
        ('service_url = "https://mail.example.jp/<"', "do not belong"),
    ],
)
def test_an_unsafe_service_url_is_refused_with_the_reason(tmp_path: Path, line: str, reason: str) -> None:
    with pytest.raises(ConfigError, match=reason):
        load_config(write(tmp_path, re.sub("service_url.*", line, GOOD)))


def test_times_are_shown_in_japan_unless_the_file_names_another_zone(tmp_path: Path) -> None:
    assert load_config(write(tmp_path, GOOD)).time_zone.key == "Asia/Tokyo"
    assert load_config(write(tmp_path, GOOD + 'time_zone = "Pacific/Auckland"\n')).time_zone.key == "Pacific/Auckland"


@pytest.mark.parametrize("zone", ["Tokyo", "", "../../etc/passwd", "Asia", "JST+9", "/etc/localtime"])
def test_a_zone_that_does_not_exist_is_refused(tmp_path: Path, zone: str) -> None:
    with pytest.raises(ConfigError, match=r"time_zone: .*Asia/Tokyo"):
        load_config(write(tmp_path, GOOD + f'time_zone = "{zone}"\n'))


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "git@example.jp:todoke", "https://git.example.jp/<b>", 'https://git.example.jp/\\"', "https:///x"]
)
def test_an_address_of_the_source_that_is_no_safe_link_is_refused(tmp_path: Path, url: str) -> None:
    with pytest.raises(ConfigError, match="source_url"):
        load_config(write(tmp_path, GOOD + f'source_url = "{url}"\n'))


@pytest.mark.parametrize("url", ["http://127.0.0.1:8025", "http://localhost:8025", "http://[::1]:8025"])
def test_plain_http_is_accepted_for_this_machine_only(tmp_path: Path, url: str) -> None:
    assert load_config(write(tmp_path, re.sub("service_url.*", f'service_url = "{url}"', GOOD))).service_url == url


@pytest.mark.parametrize("tls", ["none", "opportunistic"])
def test_a_password_is_not_sent_without_verified_tls(tmp_path: Path, tls: str) -> None:
    with pytest.raises(ConfigError, match="verified TLS"):
        load_config(write(tmp_path, GOOD + f'[relay]\nhost = "relay.example.jp"\ntls = "{tls}"\nusername = "u"\n'))


@pytest.mark.parametrize("text", ["a = ", "\x00", 'password = "x"\n' + GOOD])
def test_a_file_that_is_not_toml_is_an_error_that_names_it(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError, match=r"mailer\.toml"):
        load_config(write(tmp_path, text))


def test_a_missing_file_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="--config"):
        load_config(tmp_path / "none.toml")


def test_keys_come_from_the_environment_first_then_from_the_file(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.touch(0o600)
    file.write_text(f"{KEY}-file\n")
    assert secrets.signing_keys({}, file) == (Secret(f"{KEY}-file"),)
    assert secrets.signing_keys({"TODOKE_SECRET": f"{KEY}-new, {KEY}-old"}, file) == (Secret(f"{KEY}-new"), Secret(f"{KEY}-old"))


@pytest.mark.parametrize("environ", [{}, {"TODOKE_SECRET": " , "}, {"TODOKE_SECRET": "short"}, {"TODOKE_SECRET": f"{KEY},short"}])
def test_a_missing_or_weak_key_is_an_error_that_says_how_to_make_one(environ: dict[str, str]) -> None:
    with pytest.raises(SecretMissing, match="todoke secret new") as caught:
        secrets.signing_keys(environ, None)
    assert "short," not in str(caught.value)


def test_the_keys_of_the_audit_log_are_their_own_then_those_of_links_and_never_the_same_bytes(tmp_path: Path) -> None:
    file = tmp_path / "audit"
    file.touch(0o600)
    file.write_text(f"{KEY}-audit-new\n{KEY}-audit-old\n")
    of_links = secrets.audit_keys({"TODOKE_SECRET": f"{KEY}-a, {KEY}-b"}, None, None)
    both = secrets.audit_keys({"TODOKE_SECRET": f"{KEY}-a, {KEY}-b"}, file, None)
    assert len(set(both)) == 4 and both[2:] == of_links
    assert not any(KEY.encode() in key for key in both)
    assert secrets.audit_keys({"TODOKE_AUDIT_KEY": f"{KEY}-a"}, file, None) == of_links[:1]
    assert secrets.audit_keys({}, None, None) == ()
    with pytest.raises(SecretMissing, match="shorter than"):
        secrets.audit_keys({"TODOKE_AUDIT_KEY": "short"}, None, None)
    file.chmod(0o644)
    with pytest.raises(NotPrivate, match="chmod 600"):
        secrets.audit_keys({}, file, None)


@pytest.mark.parametrize("secret", ["signing_keys", "metrics_key", "relay_password"])
@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660, 0o602])
def test_a_key_or_password_that_other_accounts_can_read_is_refused_with_the_command_that_mends_it(
    tmp_path: Path, secret: str, mode: int
) -> None:
    file = tmp_path / "the secret"
    file.write_text(f"{KEY}\n")
    os.chown(file, 1, -1) if os.geteuid() == 0 else None  # the group may read what root has made
    file.chmod(mode)
    with pytest.raises(NotPrivate, match=f"chmod 600 '{file}'") as caught:
        getattr(secrets, secret)({}, file)
    assert KEY not in str(caught.value)
    file.chmod(0o400)
    assert getattr(secrets, secret)({}, file)


def test_settings_with_a_password_for_the_database_must_be_private_too(tmp_path: Path) -> None:
    for url in ("postgresql://todoke:tohoku@db.example.jp/todoke", "postgresql:///todoke?host=db.example.jp&password=tohoku"):
        path = write(tmp_path, f'database = "{url}"\n' + GOOD)
        path.chmod(0o644)
        with pytest.raises(NotPrivate, match="chmod 600") as caught:
            load_config(path)
        assert "tohoku" not in str(caught.value)
        path.chmod(0o600)
        assert load_config(path).database == url
    path = write(tmp_path, 'database = "postgresql://todoke@db.example.jp/todoke"\n' + GOOD)
    path.chmod(0o644)
    assert load_config(path).path == path


def test_a_missing_password_says_where_to_put_it(tmp_path: Path) -> None:
    with pytest.raises(SecretMissing, match="TODOKE_RELAY_PASSWORD"):
        secrets.relay_password({}, tmp_path / "none")
    assert secrets.relay_password({"TODOKE_RELAY_PASSWORD": "x"}, None) == Secret("x")


def test_a_secret_shows_itself_nowhere() -> None:
    hidden = Secret("tohoku")
    assert "tohoku" not in f"{hidden!r} {hidden} {(hidden,)}"


def test_an_error_does_not_repeat_the_value_that_was_written(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load_config(write(tmp_path, GOOD + '[relay]\npassword = "tohoku"\n'))
    assert "tohoku" not in str(caught.value)


def test_the_old_name_of_queues_is_still_read_and_one_line_says_what_to_write(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    old = write(tmp_path, GOOD + '[lanes."slow.example.jp"]\nrate = 5\n')
    assert [(queue.name, queue.rate) for queue in load_config(old).queues] == [("slow.example.jp", 5.0)]
    (line,) = caplog.messages
    assert "\n" not in line and 'write [queues."slow.example.jp"]' in line
    caplog.clear()
    new = write(tmp_path, GOOD + '[queues."slow.example.jp"]\nrate = 5\n')
    assert [(queue.name, queue.rate) for queue in load_config(new).queues] == [("slow.example.jp", 5.0)]
    assert caplog.messages == []


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('[lanes."a.jp"]\n[queues."b.jp"]\n', r"\[lanes\] is the old name of \[queues\]"),
        ('[lanes."a.jp"]\nspeed = 5\n', "queues.a.jp.speed"),
        ("[[lanes]]\n", "queues: "),
        ("lanes = 5\n", "queues: "),
    ],
)
def test_mistakes_under_the_old_name_are_reported_under_the_new_one(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(ConfigError, match=reason):
        load_config(write(tmp_path, GOOD + text))


def test_the_address_for_unsubscriptions_by_mail_is_the_contact_unless_the_file_says_otherwise(tmp_path: Path) -> None:
    def address(table: str) -> str | None:
        return load_config(write_config(tmp_path, head="", relay=f'tls = "none"\n{table}')).unsubscribe_mailto.address_for(LIST)

    assert address("") == LIST.contact
    assert address('[unsubscribe_mailto]\ndefault = "off"') is None
    assert address('[unsubscribe_mailto]\ndefault = "off"\nfukko-press = "contact"') == LIST.contact
    assert address('[unsubscribe_mailto]\nfukko-press = "Stop@Example.jp"\nmailmaga = "off"') == "Stop@example.jp"


@pytest.mark.parametrize(
    ("head", "relay", "key"),
    [
        ("", '[unsubscribe_mailto]\ndefault = "nobody"', "unsubscribe_mailto"),
        ("", 'quote_local_part = "sometimes"', "relay.quote_local_part"),
    ],
)
def test_a_setting_that_says_nothing_is_refused(tmp_path: Path, head: str, relay: str, key: str) -> None:
    with pytest.raises(ConfigError, match=key):
        load_config(write_config(tmp_path, head=head, relay=f'tls = "none"\n{relay}'))


@pytest.mark.parametrize("address", ['"a b"@example.jp', "a..b@docomo.ne.jp", '"a..b"@docomo.ne.jp'])
def test_a_return_path_that_cannot_be_extended_is_refused(tmp_path: Path, address: str) -> None:
    path = write_config(tmp_path)
    path.write_text(path.read_text("utf-8").replace('"bounce@example.jp"', f"'{address}'"), "utf-8")
    with pytest.raises(ConfigError, match="return_path"):
        load_config(path)
