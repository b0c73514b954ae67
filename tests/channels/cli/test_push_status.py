"""`todoke channels status` tells how many browsers a channel of Web Push reaches, each channel those of its own key."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

from channels.adapters.web_push import public_key
from mailer.database.engine import open_database
from mailer.database.push import push_subscriptions
from mailer.database.push.push_subscriptions import PushSubscription
from tests.command_line import run
from tests.samples.mail.databases import with_tables
from tests.samples.mail.mail_bundles import NOW, SECRET
from tests.servers.networks.cases import VAPID, VAPID_PEM

MAILER = """
database = "sqlite:///var/todoke.db"
service_url = "https://mail.example.jp"
message_id_domain = "todoke.example.jp"
return_path = "bounce@example.jp"
"""
CHANNEL = '[[channel]]\nname = "{name}"\nkind = "web-push"\ncontact = "mailto:k@example.jp"\n'


def test_each_channel_counts_the_browsers_of_its_own_key(tmp_path: Path) -> None:
    (tmp_path / "mailer.toml").write_text(MAILER, "utf-8")
    (tmp_path / "channels.toml").write_text(CHANNEL.format(name="push") + CHANNEL.format(name="keyless"), "utf-8")
    with closing(open_database(with_tables(f"sqlite:///{tmp_path / 'var' / 'todoke.db'}"))) as database:
        for number, key in enumerate((public_key(VAPID), public_key(VAPID), "another")):
            browser = PushSubscription(f"https://push.example.com/{number}", "p" * 87, "a" * 22, key)
            push_subscriptions.subscribe(database, browser, NOW)
    environ = {"TODOKE_SECRET": SECRET, "TODOKE_CHANNEL_PUSH": VAPID_PEM}
    told = run("channels", "status", "--format", "json", folder=tmp_path, **environ)
    assert told.status == 0, told.err
    lines = [json.loads(line) for line in told.out.decode().splitlines()]
    assert [(line["channel"], line.get("browsers")) for line in lines] == [("push", 2), ("keyless", None)]
    assert "2 browsers ブラウザー" in run("channels", "status", folder=tmp_path, **environ).out.decode()
