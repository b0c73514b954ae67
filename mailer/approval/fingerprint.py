"""What an approval binds, as one SHA-256 over named parts, so that a refusal can say which of them has changed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict

from mailer.config.settings import Config
from mailer.model.issue import Issue, MailList, content_digest

VERSION = "2"
"""Raise it when a part is computed otherwise. Approvals of version 1 were bound to readers and unsigned; none of them counts any more."""

PARTS = {
    "issue": "the bundle was built anew with other words",
    "list": "the list's entry in lists.json was changed",
    "sender": "service_url, return_path, message_id_domain or verp in mailer.toml was changed",
    "commit": "it is another commit",
}
"""Part → what is said when it differs."""


def digests(issue: Issue, mail_list: MailList, config: Config, commit: str) -> dict[str, str]:
    """Return the SHA-256 of each part, in hexadecimal.

    `sender` is all in the settings that readers, or the filters in front of them, take for the sender: where the links lead, and the domains that
    SPF and DKIM speak of. This program does not sign with DKIM itself; when it does, the settings of the From domain belong to this part.
    """
    sender = [
        config.service_url,
        config.return_path,
        config.message_id_domain,
        config.verp,
        mail_list.from_address.rpartition("@")[2].lower(),
    ]
    return {
        "issue": content_digest(issue, mail_list),
        "list": _sha256(asdict(mail_list) | {"list_class": issue.list_class}),
        "sender": _sha256(sender),
        "commit": _sha256(commit),
    }


def fingerprint(bound: Mapping[str, str]) -> str:
    """Return the one SHA-256 over all parts."""
    return _sha256([VERSION, {name: bound[name] for name in PARTS}])


def differences(bound: Mapping[str, str], now: Mapping[str, str]) -> str:
    """Say in words which parts have changed."""
    return "; ".join(words for name, words in PARTS.items() if bound.get(name) != now[name])


def _sha256(value: object) -> str:
    return hashlib.sha256(json.dumps(value, ensure_ascii=True, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
