"""`approvers.toml` → who may approve which lists, with the public key of each."""

from __future__ import annotations

import base64
import binascii
import hashlib
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

import regular_file
from mailer.approval import names
from mailer.approval.names import NameRefused
from mailer.approval.repository import Contributor
from mailer.model.errors import AddressError, ConfigError, TodokeMailError
from mailer.model.issue import SAFE_KEY
from mailer.model.readers import addresses

EVERY_LIST = "*"
KEY_TYPES = (
    "ssh-ed25519", "sk-ssh-ed25519@openssh.com", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521",
    "sk-ecdsa-sha2-nistp256@openssh.com", "ssh-rsa",
)  # fmt: skip
"""What `ssh-keygen -Y sign` takes; those with `sk-` are keys on a security token."""


class NoApprover(TodokeMailError):
    """The name is not in `approvers.toml`, or not for this list."""


@dataclass(frozen=True, slots=True)
class Approver:
    """Somebody who may approve. `aliases` are further names and addresses, as Git may have them; `public_key` is `type base64`, or empty."""

    name: str
    mail: str = ""
    lists: tuple[str, ...] = (EVERY_LIST,)
    public_key: str = ""
    aliases: tuple[str, ...] = ()
    is_registered: bool = True

    @property
    def fingerprint(self) -> str:
        """That of the key as `ssh-keygen -l` shows it, or empty."""
        blob = base64.b64decode(self.public_key.partition(" ")[2]) if self.public_key else b""
        return f"SHA256:{base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip('=')}" if blob else ""

    def may_approve(self, key: str) -> bool:
        """Whether the list is one of theirs."""
        return key in self.lists or EVERY_LIST in self.lists

    def is_named(self, text: str) -> bool:
        """Whether this is the name or the address of the approver."""
        return text == self.name or (bool(self.mail) and text.casefold() == self.mail.casefold())

    def is_same_person(self, person: Contributor) -> bool:
        """Whether Git's name or address may be that of the approver. Without an entry in the file every likeness counts."""
        known = [self.name, *(alias for alias in self.aliases if "@" not in alias)]
        mails = {mail.casefold() for mail in (self.mail, *self.aliases) if "@" in mail}
        if person.mail.casefold() in mails:
            return True
        if self.is_registered:
            return any(sorted(names.letters(name)) == sorted(names.letters(person.name)) != [] for name in known)
        local = person.mail.partition("@")[0]
        return names.is_same(self.name, person.name) or sorted(names.letters(self.name)) == sorted(names.letters(local)) != []


def load_approvers(path: Path) -> tuple[Approver, ...]:
    """Read and check the file; without a file there are none.

    :raises ConfigError: the file cannot be read or has bad entries (all of them are named).
    """
    try:
        file = _File.model_validate(tomllib.loads(regular_file.read_bytes(path).decode()))
    except FileNotFoundError:
        return ()
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigError(path, (f"cannot be read: {getattr(error, 'strerror', None) or error}",)) from None
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False, include_context=False)
        raise ConfigError(path, tuple(f"{'.'.join(map(str, each['loc'])) or 'file'}: {each['msg']}" for each in details)) from None
    approvers = tuple(Approver(each.name, each.mail, tuple(each.lists), each.public_key, tuple(each.aliases)) for each in file.approver)
    if twice := _named_twice(approvers):
        raise ConfigError(path, tuple(twice))
    return approvers


def find(approvers: Sequence[Approver], name: str, key: str) -> Approver:
    """Return the approver of that name or address, for a list.

    :raises NoApprover: nobody of the file has that name, or not for the list.
    """
    registered = next((approver for approver in approvers if approver.is_named(name)), None)
    if registered is not None and registered.may_approve(key):
        return registered
    able = "、".join(approver.name for approver in approvers if approver.may_approve(key)) or "nobody"
    words = f"{name} may not approve issues of {key}" if registered else f"{name} is not in approvers.toml"
    raise NoApprover(f"{words}. Those who may: {able}. See `todoke approvers`. 承認できる人は approvers.toml に書かれた人だけです。")


def _name(value: str) -> str:
    try:
        return names.canonical(value)
    except NameRefused as error:
        raise ValueError(str(error)) from None


def _mail(value: str) -> str:
    try:
        return addresses.parse(value)
    except AddressError as error:
        raise ValueError(error.reason) from None


def _list(value: str) -> str:
    if value != EVERY_LIST and not SAFE_KEY.fullmatch(value):
        raise ValueError('is no key of a list; write ["*"] for every list')
    return value


def _alias(value: str) -> str:
    return _mail(value) if "@" in value else _name(value)


def _public_key(value: str) -> str:
    kind, _, rest = value.strip().partition(" ")
    try:
        blob = base64.b64decode(rest.split(" ", 1)[0], validate=True)
    except (binascii.Error, ValueError):
        blob = b""
    if kind not in KEY_TYPES or blob[:4] != len(kind).to_bytes(4, "big") or blob[4 : 4 + len(kind)] != kind.encode() or len(blob) < 40:
        raise ValueError("is no public SSH key: write the line of the .pub file (ssh-ed25519 AAAA…)")
    if kind == "ssh-rsa" and len(blob) < 270:  # 2048 bits are 279 bytes; ssh-keygen itself refuses less than 1024
        raise ValueError("is an RSA key of less than 2048 bits: make a new one with `ssh-keygen -t ed25519`")
    return f"{kind} {base64.b64encode(blob).decode()}"


class _Approver(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    name: Annotated[str, AfterValidator(_name)]
    mail: Annotated[str, AfterValidator(_mail)]
    lists: list[Annotated[str, AfterValidator(_list)]] = Field(min_length=1)
    public_key: Annotated[str, AfterValidator(_public_key)] = ""
    aliases: list[Annotated[str, AfterValidator(_alias)]] = []


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    approver: list[_Approver] = Field(min_length=1)


def _named_twice(approvers: Sequence[Approver]) -> list[str]:
    """Say which two entries could pass for one another."""
    problems = []
    for at, one in enumerate(approvers):
        for other in approvers[at + 1 :]:
            if sorted(names.letters(one.name)) == sorted(names.letters(other.name)):
                problems.append(f"{one.name} and {other.name} look like one person: give each an entry of its own, with another name")
            if one.mail.casefold() == other.mail.casefold():
                problems.append(f"{one.name} and {other.name} have one address: give each their own")
            if one.public_key and one.public_key == other.public_key:
                problems.append(f"{one.name} and {other.name} have one key: each needs their own")
    return problems
