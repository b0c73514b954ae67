"""Messages for claimed rows: each issue is compiled once in a run, and its return paths are begun once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from mailer.config.settings import Config
from mailer.delivery.limits.domain_queue import QueuedRow
from mailer.message.compiled import CompiledMessage
from mailer.message.compose import SenderIdentity
from mailer.message.dkim.keys import NO_KEYS, DkimKeys
from mailer.message.links import LinkSigner, return_path_for
from mailer.model.ids import IssueId, SubscriberId
from mailer.model.issue import FrozenIssue
from mailer.model.recipient import Envelope
from mailer.smtp.quoting import RecipientQuoting
from mailer.smtp.transaction import Transaction, envelope_commands


class Composer:
    """The issues of a run, compiled."""

    def __init__(self, config: Config, signer: LinkSigner, dkim: DkimKeys = NO_KEYS) -> None:
        self._dkim = dkim
        self._config = config
        self._signer = signer
        self._identity = SenderIdentity.of(config)
        self._compiled: dict[tuple[IssueId, datetime], CompiledMessage] = {}  # an issue that is opened again is frozen anew
        self._return_paths: dict[IssueId, Callable[[SubscriberId], str]] = {}

    def compiled(self, frozen: FrozenIssue) -> CompiledMessage:
        """The issue, compiled.

        :raises MessageError: it has a place that cannot be filled, or a header that must not leave.
        :raises DkimError: no key signs for its From, and other domains have keys.
        """
        key = frozen.version
        compiled = self._compiled.get(key)
        if compiled is None:
            compiled = self._compiled[key] = CompiledMessage(
                frozen.issue,
                frozen.mail_list,
                signer=self._signer,
                service_url=self._config.service_url,
                identity=self._identity,
                key=self._dkim.required_for(frozen.mail_list.from_address),
            )
        return compiled

    def transaction(self, item: QueuedRow, sent_at: datetime, quoting: RecipientQuoting) -> Transaction:
        """The row's message with its envelope, for a relay that wants addresses in this form; the item is its key.

        :raises AddressError: the address or the name could break out of an envelope or a header.
        """
        batch, row = item
        compiled, subscriber_id = batch.compiled, row.subscriber_id
        message_id = compiled.message_id(subscriber_id)
        body = compiled.render(row, sent_at, is_light=row.is_light, message_id=message_id)
        envelope = Envelope(
            self._return_path(batch.claim.issue_id, subscriber_id), quoting.path(row.address) if quoting.is_on else row.address
        )
        return Transaction(item, envelope_commands(envelope), body, message_id=message_id)

    def _return_path(self, issue_id: IssueId, subscriber_id: SubscriberId) -> str:
        """With VERP a bounce says by its address whose it is, and its signature that we made the address."""
        if not self._config.verp:
            return self._config.return_path
        make = self._return_paths.get(issue_id)
        if make is None:
            make = self._return_paths[issue_id] = return_path_for(self._config.return_path, issue_id, self._signer)
        return make(subscriber_id)
