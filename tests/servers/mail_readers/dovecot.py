"""A real IMAP server (Debian's Dovecot) on loopback with one mailbox, a Maildir: for programs that read mail over IMAP."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from demo.servers import free_port, running_process

USER, PASSWORD = "reader", "secret"
_UNPRIVILEGED = "nobody"
"""Dovecot reads no mail as root, which tests often are."""

_SETTINGS = """
base_dir = {home}/run
state_dir = {home}/run
log_path = {home}/log
protocols = imap
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
default_internal_user = {owner}
default_internal_group = {group}
default_login_user = {owner}
first_valid_uid = 1
mail_location = maildir:{home}/mail
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={owner} gid={group} home={home}/mail
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service anvil {{
  chroot =
}}
"""


@dataclass(frozen=True)
class ImapServer:
    """A running server; `address` is the mailbox as mail programs write it."""

    port: int

    @property
    def address(self) -> str:
        return f"imap://{USER}:{PASSWORD}@127.0.0.1:{self.port}/INBOX"


@contextmanager
def imap_server(messages: Sequence[bytes]) -> Iterator[ImapServer]:
    """Serve ``messages`` as the mailbox of `USER`, in this order, for the length of the block."""
    home = Path(tempfile.mkdtemp(prefix="todoke-imap-"))
    owner = pwd.getpwnam(_UNPRIVILEGED) if os.getuid() == 0 else pwd.getpwuid(os.getuid())
    port = free_port()
    try:
        _deliver(home / "mail", messages)
        group = subprocess.run(["id", "-gn", owner.pw_name], check=True, capture_output=True, text=True).stdout.strip()
        settings = _SETTINGS.format(home=home, owner=owner.pw_name, group=group, password=PASSWORD, port=port)
        (home / "dovecot.conf").write_text(settings, "utf-8")
        for path in (home, *home.rglob("*")):
            os.chown(path, owner.pw_uid, owner.pw_gid)
        with running_process([_command(), "-F", "-c", str(home / "dovecot.conf")], port):
            yield ImapServer(port)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _deliver(maildir: Path, messages: Sequence[bytes]) -> None:
    for name in ("cur", "new", "tmp"):
        (maildir / name).mkdir(parents=True)
    for number, message in enumerate(messages, 1):
        (maildir / "new" / f"{1_600_000_000 + number}.M{number}P1.sample").write_bytes(message)


def _command() -> str:
    """Debian keeps it in /usr/sbin, which is not in everybody's PATH."""
    return shutil.which("dovecot", path=f"{os.environ.get('PATH', '')}:/usr/sbin") or "dovecot"
