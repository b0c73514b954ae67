"""The table `[inbound]` of mailer.toml."""

from __future__ import annotations

from pathlib import Path

import pytest

from mailer.config.file import load_config
from mailer.message.compose import SenderIdentity
from mailer.model.errors import ConfigError
from tests.samples.mail.mail_bundles import write_config


def settings(folder: Path, inbound: str, rest: str = "") -> Path:
    return write_config(folder, relay=f'tls = "none"\n[inbound]\n{inbound}\n{rest}')


def test_without_the_table_addresses_are_below_the_domain_of_the_return_path_and_nothing_is_announced(tmp_path: Path) -> None:
    config = load_config(write_config(tmp_path))
    assert (config.inbound.domain, config.inbound.complaints, config.inbound.listen) == (
        "example.jp",
        "complaints@example.jp",
        "127.0.0.1:8024",
    )
    assert SenderIdentity.of(config).complaints == ""


def test_an_address_for_complaints_is_announced_where_dkim_signs_it(tmp_path: Path) -> None:
    address = 'complaints = "fbl@example.jp"'
    assert SenderIdentity.of(load_config(settings(tmp_path, address))).complaints == ""
    assert SenderIdentity.of(load_config(settings(tmp_path, address, '[dkim]\ndomains = ["example.jp"]'))).complaints == "fbl@example.jp"


def test_a_socket_is_beside_the_file_of_settings(tmp_path: Path) -> None:
    assert load_config(settings(tmp_path, 'listen = "var/lmtp.sock"')).inbound.listen == f"{tmp_path}/var/lmtp.sock"


@pytest.mark.parametrize("place", ["0.0.0.0:8024", "mail.example.jp:24", "8024", "[::]:24", "127.0.0.1:x"])
def test_lmtp_is_offered_to_no_other_machine(tmp_path: Path, place: str) -> None:
    with pytest.raises(ConfigError, match="LMTP has no password"):
        load_config(settings(tmp_path, f'listen = "{place}"'))
