"""Two people for one notice: what makes a hold needless. The rules are those of an approval: two who are not one, each allowed to, the second with a key.

The notice is no mail yet, so nothing of the ledger is asked, and a database that does not answer holds up nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import regular_file
from mailer.approval import approvers, names, signature
from mailer.approval.approvers import Approver, NoApprover
from mailer.approval.repository import Contributor
from mailer.config.settings import ApprovalRules
from mailer.model.errors import TodokeMailError

Sign = Callable[[bytes, Approver, Path | None], str]


class OnePerson(TodokeMailError):
    """Two names that are one person's, or cannot be told from each other."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """Who agreed to what: names, the SHA-256 of the notice, and the second person's signature of `statement`, or nothing where names are believed."""

    first: str
    second: str
    sha256: str
    signature: str = ""

    @property
    def statement(self) -> bytes:
        """What the second person signs."""
        return f"todoke emergency\nnotice {self.sha256}\nfirst {self.first}\nsecond {self.second}\n".encode()


def agree(rules: ApprovalRules, notice: Path, first: str, second: str, key: Path | None = None, sign: Sign = signature.sign) -> Agreement:
    """Return that two people agree to the bytes of a notice.

    :param key: the second person's private key; otherwise it is looked for in `~/.ssh`, then in the agent.
    :raises OnePerson: they are one, or cannot be told from one another.
    :raises NoApprover: one of them is not in `approvers.toml`, or there are keys to be and none is known.
    :raises NameRefused: a name cannot stand for one person.
    :raises SignatureError: the second person did not sign.
    """
    known = approvers.load_approvers(rules.approvers)
    one, other = (_person(known, name) for name in (first, second))
    if other.is_same_person(Contributor(one.name, one.mail)) or one.is_same_person(Contributor(other.name, other.mail)):
        raise OnePerson(f"{one.name} and {other.name} look like one person: two must agree, or wait for the hold. 別の二人が必要です。")
    if not (one.is_registered or names.is_comparable(one.name, other.name)):
        raise OnePerson(
            f"{one.name} and {other.name} have no characters in common and cannot be told apart: write them into approvers.toml. 同じ人か分かりません。"
        )
    agreed = Agreement(one.name, other.name, hashlib.sha256(regular_file.read_bytes(notice)).hexdigest())
    if rules.identity == "name" or not known:
        return agreed
    return Agreement(agreed.first, agreed.second, agreed.sha256, sign(agreed.statement, other, key))


def _person(known: tuple[Approver, ...], name: str) -> Approver:
    if not known:
        return Approver(names.canonical(name), is_registered=False)
    written = names.canonical(name) if "@" not in name else name.strip()
    registered = next((approver for approver in known if approver.is_named(written)), None)
    if registered is None:
        able = "、".join(approver.name for approver in known)
        raise NoApprover(f"{written} is not in approvers.toml. Those who may: {able}. 承認できる人は approvers.toml に書かれた人だけです。")
    return registered
