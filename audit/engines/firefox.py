"""Firefox without a display, driven by Marionette, the protocol that is built into it (firefox-source-docs, "Marionette Protocol").

A message is ``length:json``. A command is ``[0, id, name, parameters]``, its answer ``[1, id, error, value]``. The names of the commands are those of
WebDriver. No driver stands between: Debian packages none.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedRWPair
from itertools import count
from pathlib import Path
from typing import Any

from audit.engines.window import TIMEOUTS, BrowserError, Command, Window

_START_SECONDS = 60
_COMMAND_SECONDS = 120
# No address but ours is asked, nothing is offered or updated, and the page is told that there is no wish for dark colours or less motion.
_PREFERENCES = {
    "marionette.port": 0,  # Firefox chooses a free one and writes it into its profile
    "app.update.disabledForTesting": True,
    "browser.shell.checkDefaultBrowser": False,
    "browser.aboutConfig.showWarning": False,
    "browser.startup.homepage_override.mstone": "ignore",
    "datareporting.policy.dataSubmissionEnabled": False,
    "toolkit.telemetry.server": "",
    "extensions.systemAddon.update.enabled": False,
    "app.normandy.enabled": False,
    "services.settings.server": "data:,",
    "browser.safebrowsing.downloads.enabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "network.dns.disablePrefetch": True,
    "network.prefetch-next": False,
    "layout.css.prefers-color-scheme.content-override": 1,
    "print.always_print_silent": True,
    "ui.useOverlayScrollbars": 1,  # as on a phone: they take no room
}
# A window is never narrower than 450 pixels, but the page inside it may be: Firefox's own Responsive Design Mode does the same.
_SET_WIDTH = """const style = gBrowser.selectedBrowser.style;
for (const name of ["width", "min-width", "max-width"]) style.setProperty(name, arguments[0] + "px");"""


def firefox_path() -> str | None:
    """Return the program of the system's Firefox, None if there is none."""
    return next((path for name in ("firefox-esr", "firefox") if (path := shutil.which(name))), None)


class _Firefox(Window):
    name = "Firefox"

    def __init__(self, stream: BufferedRWPair) -> None:
        self._stream, self._numbers = stream, count(1)
        self._receive()  # a greeting that names the version of the protocol

    def send(self, command: Command, parameters: dict[str, Any]) -> Any:
        return self._call(command.marionette, parameters)

    def resize(self, width: int) -> None:
        self._call("Marionette:SetContext", {"value": "chrome"})
        self._call("WebDriver:ExecuteScript", {"script": _SET_WIDTH, "args": [width]})
        self._call("Marionette:SetContext", {"value": "content"})
        self.run(
            "width => new Promise(done => {const tell = () => innerWidth === width ? done() : requestAnimationFrame(tell); tell()})", width
        )

    def start(self) -> None:
        """Begin the session."""
        self._call("WebDriver:NewSession", {"acceptInsecureCerts": False})
        self.send(TIMEOUTS, {"pageLoad": _COMMAND_SECONDS * 1000, "script": _COMMAND_SECONDS * 1000})

    def quit(self) -> None:
        """Let Firefox end itself."""
        self._call("Marionette:Quit", {"flags": ["eForceQuit"]})

    def _call(self, name: str, parameters: dict[str, Any]) -> Any:
        message = json.dumps([0, next(self._numbers), name, parameters]).encode()
        self._stream.write(b"%d:%s" % (len(message), message))
        self._stream.flush()
        _, _, error, value = self._receive()
        if error:
            raise BrowserError(f"{self.name}: {name}: {error['message']}")
        return value.get("value") if isinstance(value, dict) and value.keys() == {"value"} else value

    def _receive(self) -> Any:
        length = b""
        while not length.endswith(b":"):
            byte = self._stream.read(1)
            if not byte:
                raise BrowserError(f"{self.name} has ended")
            length += byte
        return json.loads(self._stream.read(int(length[:-1])))


@contextmanager
def firefox() -> Iterator[Window]:
    """Run the system's Firefox with a new profile, without a display. Raises `FileNotFoundError` if there is none, `BrowserError` if it does not start."""
    path = firefox_path()
    if path is None:
        raise FileNotFoundError("Firefox is needed: `make system-audit` installs it (Debian: firefox-esr)")
    with tempfile.TemporaryDirectory(prefix="todoke-firefox-", ignore_cleanup_errors=True) as folder:
        lines = (f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in _PREFERENCES.items())
        (Path(folder) / "user.js").write_text("".join(lines), encoding="utf-8")
        arguments = [path, "--headless", "--marionette", "--remote-allow-system-access", "--no-remote", "--profile", folder]
        with subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=_environment(folder)) as process:  # noqa: S603
            try:
                with socket.create_connection(("127.0.0.1", _port(Path(folder), process)), timeout=_COMMAND_SECONDS) as connection:
                    window = _Firefox(connection.makefile("rwb"))
                    window.start()
                    yield window
                    window.quit()
                process.wait(_START_SECONDS)
            finally:
                process.kill()


def _environment(folder: str) -> dict[str, str]:
    """Return the environment of the program: a home of its own, so that nothing of the person's is read or written."""
    return {**os.environ, "HOME": folder, "MOZ_HEADLESS": "1", "MOZ_CRASHREPORTER_DISABLE": "1"}


def _port(profile: Path, process: subprocess.Popen[bytes]) -> int:
    """Wait for the file into which Firefox writes the port that it listens on."""
    until = time.monotonic() + _START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        with_port = profile / "MarionetteActivePort"
        if with_port.is_file() and (text := with_port.read_text(encoding="ascii").strip()):
            return int(text)
        time.sleep(0.05)
    raise BrowserError("Firefox did not start")
