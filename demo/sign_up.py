"""A reader signs up as people do it: fills in the form, opens the mail, presses the button."""

from __future__ import annotations

import re
import time
import urllib.request
from urllib.parse import urlencode

from demo.inbox import Inbox
from demo.steps import StepFailed, out

READING = 3.2
"""Seconds between the form and its answer: the service takes what comes sooner for a machine's."""
DEADLINE = 30.0


def sign_up(service: str, inbox: Inbox, address: str, key: str) -> None:
    """Sign up for a list and confirm it.

    Raises `StepFailed`.
    """
    signed_time = _field(_ask(f"{service}/sign-up/{key}"), "signed_time")
    time.sleep(READING)
    _ask(f"{service}/sign-up", {"address": address, "list": key, "form": "html", "signed_time": signed_time})
    out.print(f"POST {service}/sign-up → 確認のメールを待つ waiting for the confirmation", markup=False)
    link = _link_in_mail(inbox, address, service)
    words = _field(_ask(link), "words")
    if "登録しました" not in _ask(link, {"answer": "yes", "words": words}):
        raise StepFailed("the confirmation was not taken")
    out.print(f"POST {link[:60]}… → 登録しました subscribed", markup=False)


def _link_in_mail(inbox: Inbox, address: str, service: str) -> str:
    end = time.monotonic() + DEADLINE
    while time.monotonic() < end:
        message = inbox.find(to=address)
        if message is not None and (link := re.search(rf"{re.escape(service)}/confirm/\S+", message.text)):
            return link[0]
        time.sleep(0.05)  # another process writes the mail
    raise StepFailed(f"no confirmation reached {address}")


def _field(page: str, name: str) -> str:
    value = re.search(rf'name="{name}" value="([^"]+)"', page)
    if value is None:
        raise StepFailed(f"the page has no field {name}")
    return value[1]


def _ask(address: str, form: dict[str, str] | None = None) -> str:
    """GET, or POST of a form."""
    body = None if form is None else urlencode(form).encode()
    with urllib.request.urlopen(urllib.request.Request(address, data=body), timeout=DEADLINE) as answer:  # noqa: S310 - our own server
        return str(answer.read().decode("utf-8"))
