"""Where a folder behind SSH is, and how to log in there: mirrors and storages alike."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import asyncssh

CONNECT_SECONDS = 20.0


@dataclass(frozen=True)
class SshAddress:
    """Where the folder is. ``known_hosts`` holds the host's key (OpenSSH's format): another key ends the conversation.

    ``key_file`` is the account's private key. ``compression`` saves four of five bytes of text, and costs more than all the rest of a delivery: on a line of
    more than some 100 Mbit/s a first copy is faster without.
    """

    host: str
    folder: str
    user: str
    key_file: Path
    known_hosts: Path
    port: int = 22
    compression: bool = True


PREFERRED = "^aes128-gcm@openssh.com,aes256-gcm@openssh.com"
"""First of the algorithms: processors compute AES themselves; what asyncssh would choose, ChaCha20, takes a quarter more of a delivery's computing time."""


async def log_in(address: SshAddress) -> asyncssh.SSHClientConnection:
    """Log in. No configuration file, no agent and no password is asked: what counts stands in the settings. Raises `asyncssh.Error` or `OSError`."""
    return await asyncssh.connect(
        address.host,
        address.port,
        username=address.user,
        client_keys=[str(address.key_file)],
        known_hosts=str(address.known_hosts),
        config=None,
        agent_path=None,
        password_auth=False,
        kbdint_auth=False,
        compression_algs=["zlib@openssh.com", "none"] if address.compression else None,
        encryption_algs=PREFERRED,
        connect_timeout=CONNECT_SECONDS,
        login_timeout=CONNECT_SECONDS,
        keepalive_interval=15,
    )
