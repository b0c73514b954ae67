"""WebKitGTK's MiniBrowser, driven by WebKitWebDriver over HTTP (WebDriver, W3C), on a display of its own that nobody sees (Xvfb)."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from audit.engines.window import FRAME, TIMEOUTS, BrowserError, Command, Window

_START_SECONDS = 60
_COMMAND_SECONDS = 120
_SCREEN = "1600x1200x24"
_NARROWEST = 460
"""CSS pixels. The buttons of MiniBrowser keep its window this wide; a narrower page is shown in a frame."""

_IN_FRAME = """(address, width) => new Promise(done => {
  const frame = document.createElement('iframe');
  frame.style.cssText = `position: fixed; inset: 0 auto auto 0; z-index: 99; width: ${width}px; max-width: none; height: 100vh; border: 0; background: #fff`;
  frame.onload = () => done(true);
  frame.src = address;
  document.body.replaceChildren(frame);
})"""


class _WebKit(Window):
    name = "WebKit"

    def __init__(self, client: httpx.Client) -> None:
        self._client = client
        capabilities = {"alwaysMatch": {"browserName": "MiniBrowser"}}
        self._session = self._call("POST", "/session", {"capabilities": capabilities})["sessionId"]

    def send(self, command: Command, parameters: dict[str, Any]) -> Any:
        return self._call("POST", f"/session/{self._session}/{command.path}", parameters)

    def open(self, address: str, width: int) -> None:
        super().open(address, max(width, _NARROWEST))
        if width < _NARROWEST:
            self.run(_IN_FRAME, address, width)
            self.send(FRAME, {"id": 0})

    def start(self) -> None:
        """Give commands as much time as the other browser has."""
        self.send(TIMEOUTS, {"pageLoad": _COMMAND_SECONDS * 1000, "script": _COMMAND_SECONDS * 1000})

    def quit(self) -> None:
        """End the session, and the browser with it."""
        self._call("DELETE", f"/session/{self._session}", None)

    def _call(self, method: str, path: str, parameters: dict[str, Any] | None) -> Any:
        response = self._client.request(method, path, json=parameters)
        value = response.json()["value"]
        if response.is_error:
            raise BrowserError(f"{self.name}: {path}: {value['message'] or value['error']}")
        return value


@contextmanager
def webkit() -> Iterator[Window]:
    """Run WebKitGTK's MiniBrowser. Raises `FileNotFoundError` if a part is not installed, `BrowserError` if it does not start."""
    driver, screen = shutil.which("WebKitWebDriver"), shutil.which("Xvfb")
    if driver is None or screen is None:
        raise FileNotFoundError(
            "WebKitGTK's driver and Xvfb are needed: `make system-audit` installs them (Debian: webkit2gtk-driver xvfb)"
        )
    with tempfile.TemporaryDirectory(prefix="todoke-webkit-", ignore_cleanup_errors=True) as home, _display(screen) as display:
        port = _free_port()
        environment = {**os.environ, "HOME": home, "XDG_RUNTIME_DIR": home, "DISPLAY": display, "GDK_BACKEND": "x11", "NO_AT_BRIDGE": "1"}
        # Its own sandbox needs namespaces that containers refuse; it opens our pages only.
        environment |= {
            "WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS": "1",
            "WEBKIT_DISABLE_COMPOSITING_MODE": "1",
            "LIBGL_ALWAYS_SOFTWARE": "1",
        }
        with subprocess.Popen([driver, f"--port={port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment) as process:  # noqa: S603
            try:
                _wait_for(port, process)
                with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=_COMMAND_SECONDS, trust_env=False) as client:
                    window = _WebKit(client)
                    window.start()
                    yield window
                    window.quit()
            finally:
                process.terminate()


@contextmanager
def _display(program: str) -> Iterator[str]:
    """Run an X server without a screen; yield its name. It chooses a free number and writes it to a pipe (Xserver(1), ``-displayfd``)."""
    reader, writer = os.pipe()
    arguments = [program, "-displayfd", str(writer), "-screen", "0", _SCREEN, "-nolisten", "tcp"]
    with subprocess.Popen(arguments, pass_fds=(writer,), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:  # noqa: S603
        os.close(writer)
        try:
            with os.fdopen(reader, encoding="ascii") as answer:
                number = answer.readline().strip()
            if not number:
                raise BrowserError("Xvfb did not start")
            yield f":{number}"
        finally:
            process.terminate()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + _START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise BrowserError("WebKitWebDriver did not start")
