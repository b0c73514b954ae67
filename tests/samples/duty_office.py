"""A place with somebody on duty: a built site, mirrors, readers of a list for emergencies, and notices to send out. Everything by the wall clock."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from typer.testing import CliRunner, Result

import todoke
from tests.samples.mail.mail_bundles import SECRET
from tests.samples.tiny import PUBLICATIONS, TinySite, make_site

JAPAN = ZoneInfo("Asia/Tokyo")
ROOT = Path(todoke.__file__).parent
LIST = """
[lists.urgent]
title = "緊急メール"
publication = "notices"
from = "kiki@example.jp"
reply_to = "kiki@example.jp"
list_id = "urgent.example.jp"
class = "emergency"
reason = "お申し込みいただいた方にお送りしています。"
"""
NOTICE = """---
title: {title}
date: {date:%Y-%m-%d %H:%M}
expires: {end:%Y-%m-%d %H:%M}
level: 4
hazard: 大雨
what: 強い雨が続いています。
areas: 石巻市の牡鹿地区
action: いますぐ避難してください。
phone: 危機対策課 022-211-2375
{more}---
"""


def build(folder: Path) -> Path:
    """Build the site that every office begins with a copy of, and return its folder."""
    site = make_site(folder)
    text = PUBLICATIONS.replace('description = "いますぐの知らせ"', 'description = "いますぐの知らせ"\nlist = "urgent"')
    (folder / "publications.toml").write_text(text + LIST, "utf-8")
    site.article("press/2020/a1.md")
    with contextlib.chdir(ROOT):
        site.build(dt.datetime.now(JAPAN).replace(second=0, microsecond=0))
    return folder


@dataclass(frozen=True)
class Ended:
    """How a command ended: its status, what it wrote for programs, and what it said to people."""

    status: int
    report: dict[str, Any]
    said: str

    def way(self, name: str) -> dict[str, Any]:
        """What it says of one way."""
        [found] = [way for way in self.report["ways"] if way["way"] == name]
        return dict(found)


class DutyOffice:
    """``folder`` is the machine. ``mirrors`` are tables of ``publish.toml``; ``port`` is that of the relay, 0 for no mail at all."""

    def __init__(self, folder: Path, mirrors: Sequence[str] = (), port: int = 0, readers: int = 5) -> None:
        self.folder, self.site = folder, TinySite(folder)
        self.now = dt.datetime.now(JAPAN).replace(second=0, microsecond=0)
        if mirrors:
            self.configure(mirrors)
        if port:
            self._subscribe(port, readers)

    def configure(self, mirrors: Sequence[str]) -> None:
        """Write ``publish.toml``, make keys, and release."""
        (self.folder / "publish.toml").write_text('store = "var/releases"\nkeys = "var/keys"\n' + "".join(mirrors), "utf-8")
        assert self.run("release-keys new --root stick --without-passphrase").exit_code == 0
        self.run("release")  # to the mirrors that are alive

    def _subscribe(self, port: int, readers: int) -> None:
        (self.folder / "mailer.toml").write_text(
            'database = "sqlite:///readers.db"\nservice_url = "https://mail.example.jp"\nmessage_id_domain = "todoke.example.jp"\n'
            f'return_path = "bounce@example.jp"\n[relay]\nhost = "127.0.0.1"\nport = {port}\nconnections = 2\ntimeout = 10\ntls = "none"\n',
            "utf-8",
        )
        rows = "".join(f"reader{number}@example.jp,読者{number},urgent\n" for number in range(readers))
        (self.folder / "readers.csv").write_text(f"email,name,lists\n{rows}", "utf-8")
        for line in ("init-db", "subscribers import readers.csv"):
            done = self.run(line)
            assert done.exit_code == 0, done.output

    def run(self, line: str) -> Result:
        """Type a command on the machine."""
        with contextlib.chdir(self.folder):
            return CliRunner().invoke(todoke.app, line.split(), env=self.environ)

    @property
    def environ(self) -> dict[str, str]:
        """The environment of commands."""
        return {"TODOKE_SECRET": SECRET, "COLUMNS": "200", "PYTHONPATH": str(ROOT)}

    def notice(self, name: str, title: str = "石巻市に避難指示", *, more: str = "", ago: int = 10) -> Path:
        """Write a notice of so many minutes ago."""
        date = self.now - dt.timedelta(minutes=ago)
        text = NOTICE.format(title=title, date=date, end=self.now + dt.timedelta(hours=6), more=more)
        return self.site.write(f"notices/2026/{name}.md", text)

    def start(self, verb: str, name: str, *more: str) -> subprocess.Popen[bytes]:
        """Start `todoke emergency VERB` with two people as a process of its own."""
        people = ("--as", "佐藤太郎", "--second", "鈴木花子")
        words = ("emergency", verb, f"content/notices/2026/{name}.md", *people, "--format", "json", *more)
        command = [sys.executable, "-P", "-m", "todoke", *words]
        environ = os.environ | self.environ
        return subprocess.Popen(
            command, cwd=self.folder, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
        )

    def emergency(self, verb: str, name: str, *more: str) -> Ended:
        """Do it, and wait until it has ended."""
        process = self.start(verb, name, *more)
        out, err = process.communicate()
        last = out.decode().strip().splitlines()[-1:] or ["{}"]
        return Ended(process.returncode, json.loads(last[0]), err.decode())

    def states(self) -> dict[tuple[str, str], str]:
        """The ledger: issue and address → state."""
        with contextlib.closing(sqlite3.connect(self.folder / "readers.db")) as connection:
            rows = connection.execute("SELECT number, address, state FROM delivery JOIN issue ON issue.id = issue_id").fetchall()
        return {(number, address): state for number, address, state in rows}


def local_mirror(name: str, url: str = "") -> str:
    """A table of ``publish.toml``: a folder of the machine."""
    return f'[[mirrors]]\nname = "{name}"\nkind = "local"\nfolder = "{name}"\nurl = "{url}"\n'


def ssh_mirror(name: str, port: int, deadline: float = 3.0) -> str:
    """A table of ``publish.toml``: whatever answers on a port of this machine."""
    return (
        f'[[mirrors]]\nname = "{name}"\nkind = "ssh"\nhost = "127.0.0.1"\nport = {port}\nfolder = "/srv/www"\nuser = "www"\n'
        f'key_file = "no-key"\nknown_hosts = "no-hosts"\ndeadline = {deadline}\n'
    )
