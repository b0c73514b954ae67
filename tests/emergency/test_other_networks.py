"""A notice on other networks too, while one of them is dead. The office is a sample, so it has channels of drills."""

from __future__ import annotations

import contextlib
import signal
import subprocess
from pathlib import Path

from emergency.cli.options import EX_STOPPED
from tests.emergency.conftest import MakeOffice
from tests.samples.duty_office import DutyOffice, local_mirror
from tests.servers.networks.in_thread import NetworkThread
from tests.servers.networks.mastodon import FakeMastodon
from tests.servers.networks.trouble import Trouble
from tests.servers.smtp import Receiver


def add_channels(office: DutyOffice, **servers: str) -> None:
    """Write ``channels.toml``, with each channel's key in a file."""
    text = 'mailer = "mailer.toml"\n'
    for name, server in servers.items():
        key = office.folder / f"{name}.key"
        key.write_text(FakeMastodon.token, "ascii")
        key.chmod(0o600)
        text += f'[[channel]]\nname = "{name}"\nkind = "mastodon"\nserver = "{server}"\nsecret_file = "{key.name}"\ndrill = true\ndeadline = 60\n'
    (office.folder / "channels.toml").write_text(text, "utf-8")


def test_a_notice_is_announced_once_beside_everything_else(make_office: MakeOffice, relay: Receiver) -> None:
    with NetworkThread(FakeMastodon) as served:
        office = make_office(local_mirror("www"), port=relay.port)
        add_channels(office, kunren=served.network.address)
        office.notice("rain")
        ended = office.emergency("publish", "rain")
        assert (ended.status, ended.report["complete"]) == (0, True), ended.said
        assert ended.way("other networks")["outcome"] == ended.way("channel kunren")["outcome"] == "done"
        (status,) = served.network.statuses.values()
    assert "石巻市に避難指示" in str(status) and "すること" in str(status)
    assert Path(office.folder, "var/announcement-texts/emergency--notices--2026--rain.html").is_file()


def test_a_dead_network_holds_up_no_other(make_office: MakeOffice, relay: Receiver) -> None:
    """It never answers, so whatever waited for it would not be out when the command is stopped."""
    with NetworkThread(FakeMastodon) as served, NetworkThread(FakeMastodon) as dead:
        dead.network.trouble = Trouble.SILENCE
        office = make_office(local_mirror("www"), port=relay.port)
        add_channels(office, dead=dead.network.address, kunren=served.network.address)
        office.notice("rain")
        process = office.start("publish", "rain", "--for", "600")
        while not served.network.published() and process.poll() is None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(0.05)
        process.send_signal(signal.SIGINT)
        process.communicate()
        assert process.returncode == EX_STOPPED
        assert len(served.network.published()) == 1
