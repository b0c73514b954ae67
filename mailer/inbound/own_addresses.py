"""What an address of ours stands for: a returned message, a command of a list, a letter to a list, complaints. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from mailer.config.settings import Config
from mailer.message.links import LinkSigner, parse_return_path
from mailer.model.errors import AddressError
from mailer.model.ids import IssueId, SubscriberId
from mailer.model.issue import MailList
from mailer.model.readers import addresses


class DestinationKind(StrEnum):
    """What is done with a message."""

    RETURNED = "returned"
    COMPLAINT = "complaint"
    COMMAND = "command"
    TO_LIST = "to list"


class Command(StrEnum):
    """What an empty mail (空メール) asks for; the address is LIST-COMMAND@."""

    SUBSCRIBE = "subscribe"
    UNSUBSCRIBE = "unsubscribe"
    HELP = "help"
    CONFIRM = "confirm"


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a message goes. `issue_id` and `subscriber_id`: from a stamped return path; `key`: the list of a command or a letter."""

    kind: DestinationKind
    issue_id: IssueId | None = None
    subscriber_id: SubscriberId | None = None
    key: str = ""
    command: Command | None = None


@dataclass(frozen=True)
class OwnAddresses:
    """Knows our addresses."""

    config: Config
    lists: Mapping[str, MailList]
    signer: LinkSigner

    def resolve(self, recipient: str) -> Destination | None:
        """What the address stands for. None: it is not ours, and mail to it is refused."""
        address = _normal(recipient)
        stamped = parse_return_path(address, self.signer)
        if stamped is not None:
            return Destination(DestinationKind.RETURNED, *stamped)
        if self._is_return_path(address):
            return Destination(DestinationKind.RETURNED)
        if address in self._complaint_addresses():
            return Destination(DestinationKind.COMPLAINT)
        return self._command(address) or self._list_address(address)

    def command_address(self, key: str, command: Command) -> str:
        """The address of a list's command."""
        return f"{key}-{command}@{self.config.inbound.domain}"

    def domains(self) -> frozenset[str]:
        """The domains that we send from: those in From of the lists, and that of the return path."""
        own = (*(each.from_address for each in self.lists.values()), self.config.return_path)
        return frozenset(address.rpartition("@")[2].lower() for address in own)

    def _is_return_path(self, address: str) -> bool:
        local, _, domain = self.config.return_path.lower().rpartition("@")
        given, _, given_domain = address.rpartition("@")
        return given_domain == domain and (given == local or given.startswith(local + "+"))

    def _complaint_addresses(self) -> frozenset[str]:
        return frozenset({self.config.inbound.complaints.lower()} if self.config.inbound.complaints else ())

    def _command(self, address: str) -> Destination | None:
        local, _, domain = address.rpartition("@")
        key, _, word = local.rpartition("-")
        mail_list = self._by_key(key)
        if mail_list is None or word not in tuple(Command) or domain not in self._domains(mail_list):
            return None
        return Destination(DestinationKind.COMMAND, key=mail_list.key, command=Command(word))

    def _list_address(self, address: str) -> Destination | None:
        local, _, domain = address.rpartition("@")
        for mail_list in self.lists.values():
            named = {mail_list.from_address.lower(), mail_list.reply_to.lower()}
            if address in named or (local == mail_list.key.lower() and domain == self.config.inbound.domain):
                return Destination(DestinationKind.TO_LIST, key=mail_list.key)
        return None

    def _by_key(self, key: str) -> MailList | None:
        return next((each for each in self.lists.values() if each.key.lower() == key), None)

    def _domains(self, mail_list: MailList) -> frozenset[str]:
        return frozenset({self.config.inbound.domain, mail_list.from_address.rpartition("@")[2].lower()})


def _normal(recipient: str) -> str:
    """In lower case, quotation marks undone; what is no address stays as it is, and is nobody's."""
    try:
        return addresses.address_key(addresses.parse(recipient))
    except AddressError:
        return recipient.lower()
