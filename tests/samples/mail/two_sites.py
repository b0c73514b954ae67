"""Two sites with copies of one database, and a storage of the right to send that both can reach."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import sqlalchemy as sa

from mailer.config.file import load_config
from mailer.config.settings import Config
from mailer.database.engine import open_database, sqlite_file
from mailer.delivery.recovery.take_over import TakenOver, take_over
from mailer.sending.run import run_event_loop
from tests.samples.mail.mail_bundles import SEAL, Installation, installation, write_config


def write_right(folder: Path, *storages: Path) -> None:
    """Write continuity.toml: the right lies in these folders."""
    tables = [f'[[right]]\nname = "disk{number}"\nkind = "local"\nfolder = "{each}"\n' for number, each in enumerate(storages)]
    (folder / "continuity.toml").write_text("\n".join(tables), "utf-8")
    for each in storages:
        each.mkdir(exist_ok=True)


def first_site(folder: Path, port: int, storages: list[Path], *, readers: int, head: str = "") -> Installation:
    """A site that holds fence 1."""
    folder.mkdir(exist_ok=True)
    write_right(folder, *storages)
    home = installation(folder, port, readers=readers, connections=2, head=head)
    take(home, 1)
    return home


def second_site(folder: Path, home: Installation, port: int, copy: Callable[[Path], str], storages: list[Path]) -> Installation:
    """A site with a copy of the first one's database and mail; its own journals are empty."""
    folder.mkdir()
    write_right(folder, *storages)
    shutil.copytree(home.root, folder / "mail")
    config = load_config(write_config(folder, port, connections=2, head=f'database = "{copy(folder)}"\n'))
    context = replace(home.context, config=config, database=open_database(config.database, SEAL))
    return replace(home, root=folder / "mail", context=context)


def copy_of(config: Config, folder: Path) -> str:
    """Copy the database as a backup does while it is in use, and return the URL of the copy."""
    file = sqlite_file(config.database)
    if file is not None:
        target = folder / "todoke.db"
        with closing(sqlite3.connect(file)) as connection:
            connection.execute("VACUUM INTO ?", (str(target),))
        target.chmod(0o600)
        return f"sqlite:///{target}"
    url = sa.make_url(config.database)
    name = f"copy{os.getpid()}_{abs(hash(folder)) % 10**9}"
    with closing(sa.create_engine(url, isolation_level="AUTOCOMMIT").connect()) as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name}"))
    host = url.query["host"]
    dump = [shutil.which("pg_dump") or "pg_dump", "-Fc", "-h", str(host), "-U", "todoke", "-f", str(folder / "dump"), str(url.database)]
    subprocess.run(dump, check=True)
    restore = [shutil.which("pg_restore") or "pg_restore", "-h", str(host), "-U", "todoke", "-d", name, str(folder / "dump")]
    subprocess.run(restore, check=True)
    return url.set(database=name).render_as_string(hide_password=False)


def take(home: Installation, fence: int) -> TakenOver:
    """Take over, as the operator does."""
    return run_event_loop(take_over(home.context.config, home.database, fence, now=home.clock()))
