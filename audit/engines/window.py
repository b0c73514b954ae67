"""A window of a browser that a program drives: the commands of WebDriver (W3C, https://www.w3.org/TR/webdriver2/) that the audit needs."""

from __future__ import annotations

import abc
import base64
from dataclasses import dataclass
from typing import Any

TAB, ENTER, ESCAPE = "\ue004", "\ue007", "\ue00c"
"""Keys (WebDriver, 17.4.2)."""


@dataclass(frozen=True)
class Command:
    """One command: its end of the address over HTTP, and its name in Marionette, Firefox's own form of the protocol."""

    path: str
    marionette: str


NAVIGATE = Command("url", "WebDriver:Navigate")
RUN = Command("execute/async", "WebDriver:ExecuteAsyncScript")
RESIZE = Command("window/rect", "WebDriver:SetWindowRect")
TIMEOUTS = Command("timeouts", "WebDriver:SetTimeouts")
FRAME = Command("frame", "WebDriver:SwitchToFrame")
ACT = Command("actions", "WebDriver:PerformActions")
PRINT = Command("print", "WebDriver:Print")

_AS_PROMISE = """const done = arguments[arguments.length - 1], values = [...arguments].slice(0, -1);
Promise.resolve().then(() => (%s)(...values)).then(value => done([true, value]), error => done([false, String(error)]));"""
_HEIGHT = 900
# A4 in centimetres (ISO 216). The margins are those of the page's own style sheet (``@page``).
_A4 = {"page": {"width": 21.0, "height": 29.7}, "shrinkToFit": True}


class BrowserError(Exception):
    """The browser refused a command, or a script failed in the page."""


class Window(abc.ABC):
    """One window. ``name`` is the browser's, for messages."""

    name: str

    @abc.abstractmethod
    def send(self, command: Command, parameters: dict[str, Any]) -> Any:
        """Send one command and return its value. Raises `BrowserError`."""

    def open(self, address: str, width: int) -> None:
        """Load a page in a window of ``width`` CSS pixels and wait for its ``load`` event."""
        self.send(NAVIGATE, {"url": address})
        self.resize(width)

    def run(self, function: str, *values: Any) -> Any:
        """Call a JavaScript function in the page with JSON ``values``; return what it or its promise gives. Raises `BrowserError`."""
        is_done, value = self.send(RUN, {"script": _AS_PROMISE % function, "args": list(values)})
        if not is_done:
            raise BrowserError(f"{self.name}: {value}")
        return value

    def resize(self, width: int) -> None:
        """Give the page a width in CSS pixels: windows have borders, so the first answer tells how much wider the window must be."""
        for _ in range(2):
            outer, inner = self.run("() => [outerWidth, innerWidth]")
            self.send(RESIZE, {"width": max(width + outer - inner, width), "height": _HEIGHT})

    def type_key(self, key: str, times: int = 1) -> None:
        """Press and release a key of the keyboard."""
        presses = [{"type": kind, "value": key} for _ in range(times) for kind in ("keyDown", "keyUp")]
        self.send(ACT, {"actions": [{"type": "key", "id": "keyboard", "actions": presses}]})

    def pdf(self) -> bytes:
        """Print the page on A4."""
        return base64.b64decode(self.send(PRINT, _A4))
