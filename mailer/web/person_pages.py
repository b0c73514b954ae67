"""The reader's own page: everything that is stored, as a page and as JSON; another address; erasure.

Its link is mailed to the reader on request: a magazine's link, which may be in a forwarded mail, does not open it. A new address is confirmed twice: this page
opens only for whoever reads the old mailbox, and the mail that it sends only for whoever reads the new one.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import Response

from mailer.database.engine import Database
from mailer.database.readers import people, person_data, sign_ups, subscriptions
from mailer.database.readers.person_data import PersonData
from mailer.database.readers.sign_ups import NewConfirmation
from mailer.message.sealed import SealedPurpose, TokenSealer
from mailer.model.clock import Clock
from mailer.model.errors import AddressError, LinkOutdated, PreferenceError, SubscriberBusy, TokenError
from mailer.model.ids import SubscriberId
from mailer.model.readers import addresses
from mailer.model.readers.person import PersonClaim
from mailer.web.pages import Pages
from mailer.web.requests import BODY_SECONDS, read_body
from mailer.web.sign_up.pages import Erase
from mailer.web.threads import WorkThreads

ERASE = b"erase=yes&sure=yes"
DOWNLOAD = {"Content-Disposition": 'attachment; filename="todoke.json"'}


class PersonPages:
    """`/person/{token}`, `/person/{token}/data.json` and `/address/{token}`.

    :param wake: called when a mail waits to be sent.
    :param erase: erases a reader everywhere.
    """

    def __init__(
        self,
        database: Database,
        sealer: TokenSealer,
        wake: Callable[[], None],
        erase: Erase,
        pages: Pages,
        work: WorkThreads,
        clock: Clock,
    ) -> None:
        self._database = database
        self._erase_reader = erase
        self._sealer = sealer
        self._wake = wake
        self._pages = pages
        self._work = work
        self._clock = clock

    async def ask_for_link(self, subscriber_id: SubscriberId, now: datetime) -> None:
        """Mail the reader the link to the page. Once a day: the last mail's link holds as long."""
        await self._work.run(self._note_link, subscriber_id, now)
        self._wake()

    async def show(self, request: Request) -> Response:
        """Show everything that is stored. Changes nothing."""
        claim, data = await self._open(request, SealedPurpose.PERSON)
        return self._page(request, claim, data)

    async def download(self, request: Request) -> Response:
        """Return everything that is stored as JSON, for another program (GDPR article 20 and its Japanese like ask for such a form)."""
        _, data = await self._open(request, SealedPurpose.PERSON)
        return Response(json.dumps(data, ensure_ascii=False, indent=1) + "\n", media_type="application/json", headers=DOWNLOAD)

    async def post(self, request: Request) -> Response:
        """Erase the reader, or ask the new address."""
        claim, data = await self._open(request, SealedPurpose.PERSON)
        body = await read_body(request, BODY_SECONDS)
        if b"erase=" in body:
            return await self._erase(request, claim, data, body)
        try:
            address = addresses.parse(_field(body, "address"))
        except AddressError:
            return self._page(request, claim, data, 400, note="address")
        await self._work.run(self._note_address, claim, address)
        self._wake()
        return self._page(request, claim, data, note="asked", address=address)

    async def ask_address(self, request: Request) -> Response:
        """Show the one button that changes the address. Changes nothing."""
        claim, _ = await self._open(request, SealedPurpose.ADDRESS)
        return self._pages.page(request, "address.html", asked=claim)

    async def change_address(self, request: Request) -> Response:
        """Change the address, and revoke the links that are in the old mailbox."""
        claim, _ = await self._open(request, SealedPurpose.ADDRESS)
        body = await read_body(request, BODY_SECONDS)
        if body != b"answer=yes":
            return self._pages.page(request, "address.html", 400, asked=claim)
        is_changed = await self._work.run(self._change, claim)
        return self._pages.page(request, "address-changed.html", 200 if is_changed else 409, asked=claim, is_changed=is_changed)

    async def _open(self, request: Request, purpose: SealedPurpose) -> tuple[PersonClaim, PersonData]:
        """Return whose link it is, and what is stored.

        :raises LinkOutdated: it is older than a day, was revoked, or the reader has another address now.
        """
        claim = PersonClaim.unpack(self._sealer.open(purpose, request.path_params["token"]))
        if not claim.holds(self._clock()):
            raise LinkOutdated("The link is too old.")
        if await self._work.run(subscriptions.token_version, self._database, claim.subscriber_id) != claim.version:
            raise LinkOutdated("The link was revoked, or the reader is not there any more.")
        data = await self._work.run(person_data.everything_about, self._database, claim.subscriber_id)
        if not data or data["subscriber"][0]["email"] != claim.address:
            raise LinkOutdated("The reader has another address now.")
        return claim, data

    async def _erase(self, request: Request, claim: PersonClaim, data: PersonData, body: bytes) -> Response:
        if body != ERASE:
            return self._page(request, claim, data, 400, note="unsure")
        try:
            await self._work.run(self._erase_reader, claim.subscriber_id, self._clock())
        except SubscriberBusy:
            return self._page(request, claim, data, 503, note="busy")
        return self._pages.page(request, "erased.html")

    def _page(
        self, request: Request, claim: PersonClaim, data: PersonData, status: int = 200, note: str = "", address: str = ""
    ) -> Response:
        token = request.path_params["token"]
        return self._pages.page(request, "person.html", status, asked=claim, data=data, note=note, address=address, token=token)

    def _note_link(self, subscriber_id: SubscriberId, now: datetime) -> None:
        person = people.recipient(self._database, subscriber_id)
        if person is None:
            raise TokenError("There is no such subscriber.")
        claim = PersonClaim(subscriber_id, person.token_version, person.address, now)
        self._begin(SealedPurpose.PERSON, claim, now)

    def _note_address(self, claim: PersonClaim, address: str) -> None:
        now = self._clock()
        self._begin(SealedPurpose.ADDRESS, PersonClaim(claim.subscriber_id, claim.version, claim.address, now, address), now)

    def _begin(self, purpose: SealedPurpose, claim: PersonClaim, now: datetime) -> None:
        confirmation = NewConfirmation(self._sealer.hash_address(claim.mailed_to, purpose), self._sealer.seal(purpose, claim.pack()))
        sign_ups.begin(self._database, [confirmation], now)

    def _change(self, claim: PersonClaim) -> bool:
        return people.change_address(self._database, claim.subscriber_id, claim.new_address, now=self._clock())


def _field(body: bytes, name: str) -> str:
    """:raises PreferenceError: it is no form."""
    try:
        return parse_qs(body.decode("ascii"), max_num_fields=10, errors="strict").get(name, [""])[0]
    except ValueError:
        raise PreferenceError("The form cannot be read.") from None
