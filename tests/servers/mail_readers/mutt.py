"""mutt, the mail program for terminals, as a reader has it: over IMAP, in a terminal of its own, driven by keys."""

from __future__ import annotations

import os
import pty
import select
import shutil
from pathlib import Path

_SETTINGS = """
set charset=utf-8 ssl_starttls=no ssl_force_tls=no
set pipe_decode=yes wait_key=no mail_check=0 header_cache="" sort=mailbox-order
push "{keys}<quit>"
"""
_SECONDS = 60.0
"""In which mutt must have read everything: it asks a server on this machine."""


def read_with_mutt(address: str, number: int, folder: Path) -> list[str]:
    """Return the first ``number`` messages of the mailbox at ``address`` as mutt shows them: the headers that it shows, and the part that it chooses.

    ``folder`` gets its files. Whoever calls this needs mutt: tests/system.sh installs it.
    """
    assert shutil.which("mutt"), "The tests need mutt: tests/system.sh installs it, or: sudo apt-get install mutt"
    shown = [folder / f"shown-{count}" for count in range(1, number + 1)]
    keys = "".join(f"{count}<enter><pipe-message>cat > {file}<enter>" for count, file in enumerate(shown, 1))
    (folder / "muttrc").write_text(_SETTINGS.format(keys=keys), "utf-8")
    screen = _run(["mutt", "-n", "-F", str(folder / "muttrc"), "-R", "-f", address], folder)
    assert all(file.exists() for file in shown), screen[-2000:]
    return [file.read_text("utf-8") for file in shown]


def _run(command: list[str], home: Path) -> str:
    """Run a program in a terminal until it ends; return what it wrote there."""
    process, terminal = pty.fork()
    if process == 0:
        os.execvpe(command[0], command, {**os.environ, "HOME": str(home), "TERM": "xterm", "LC_ALL": "C.UTF-8"})
    screen = b""
    try:
        while select.select([terminal], [], [], _SECONDS)[0] and (written := _read(terminal)):
            screen += written
    finally:
        os.close(terminal)  # a program that waits for a key ends here
        os.waitpid(process, 0)
    return screen.decode("utf-8", "replace")


def _read(terminal: int) -> bytes:
    """Return what the program wrote; nothing once it has ended, which Linux reports as an error of the terminal."""
    try:
        return os.read(terminal, 65536)
    except OSError:
        return b""
