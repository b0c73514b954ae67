"""The pages behind the links in every message: end a list, see and change one's lists, join a list again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta, tzinfo
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import Response

from mailer.database.engine import Database
from mailer.database.readers import people, subscriptions
from mailer.message.links import NOBODY, JoinClaim, LinkClaim, LinkSigner, Purpose
from mailer.model.clock import Clock
from mailer.model.digest import DIGEST, HELD_FREQUENCIES
from mailer.model.errors import LinkOutdated, TokenError
from mailer.model.ids import SubscriberId
from mailer.model.issue import MailList
from mailer.model.readers.delivery_problem import DeliveryProblem
from mailer.model.readers.subscription import Frequency, ListPreference, Preference
from mailer.subscribers import delivery_problems
from mailer.web import preferences
from mailer.web.joining import Joining, JoinNote, refuse_expired
from mailer.web.pages import Pages
from mailer.web.requests import read_body
from mailer.web.threads import WorkThreads

MOST_PROBLEMS = 10
"""The newest ones; all are on the reader's own page."""


class ReturnedToReader(NamedTuple):
    """What came back for a reader. `is_ended`: nothing is sent to the address for it."""

    problems: Sequence[DeliveryProblem]
    is_ended: bool


class ReaderPages:
    """`/unsubscribe/{token}`, `/return/{token}`, `/preferences/{token}` and `/join/{token}`.

    :param body_seconds: how long a client may take for the body of a form.
    :param ask_for_link: mails the reader the link to the reader's own page; None: no mail can be sent.
    :param zone: in which the days begin until which readers pause.
    """

    def __init__(
        self,
        database: Database,
        tokens: LinkSigner,
        lists: Mapping[str, MailList],
        pages: Pages,
        joining: Joining,
        work: WorkThreads,
        clock: Clock,
        body_seconds: float,
        ask_for_link: Callable[[SubscriberId, datetime], Awaitable[None]] | None,
        zone: tzinfo,
    ) -> None:
        self._database = database
        self._tokens = tokens
        self._lists = lists
        self._pages = pages
        self._joining = joining
        self._work = work
        self._clock = clock
        self._body_seconds = body_seconds
        self._ask_for_link = ask_for_link
        self._zone = zone

    async def confirm(self, request: Request) -> Response:
        """Show the page with the one button. Changes nothing."""
        return await self._ask(request, await self._claim(request, Purpose.UNSUBSCRIBE))

    async def unsubscribe(self, request: Request) -> Response:
        """End the subscription, whatever the body says: a mail program may send it as a form or as multipart (RFC 8058 section 3.2)."""
        claim = await self._claim(request, Purpose.UNSUBSCRIBE)
        await read_body(request, self._body_seconds)
        if claim.subscriber_id == NOBODY:
            return self._test_page(request, claim)
        if not await self._work.run(self._end_subscription, claim, self._clock()):
            raise TokenError("There is no such subscription.")
        return self._pages.page(request, "done.html", claim=claim, token=request.path_params["token"])

    async def return_to_list(self, request: Request) -> Response:
        """Mail the reader the question whether to receive the list again: somebody else may have ended it, with a forwarded mail."""
        claim, now = await self._claim(request, Purpose.UNSUBSCRIBE), self._clock()
        await read_body(request, self._body_seconds)
        if claim.subscriber_id == NOBODY:
            return self._test_page(request, claim)
        keys = [claim.list]
        if claim.list == DIGEST:
            keys = [*await self._work.run(subscriptions.ended_with_digests, self._database, claim.subscriber_id)]
        note = await self._joining.ask_as_before(claim.subscriber_id, keys, now)
        return self._pages.page(request, "returning.html", 503 if note is JoinNote.NOT_SENT else 200, claim=claim, note=note)

    async def preferences(self, request: Request) -> Response:
        """Show all lists of the person. Changes nothing. A link that may only unsubscribe, as all of older versions, leads to its own page."""
        claim = await self._claim(request)
        if claim.purpose is Purpose.UNSUBSCRIBE and claim.subscriber_id != NOBODY:
            return await self._ask(request, claim)
        if claim.subscriber_id == NOBODY:
            return self._test_page(request, claim)
        return await self._show(request, claim, await self._work.run(subscriptions.preferences, self._database, claim.subscriber_id), "")

    async def save_preferences(self, request: Request) -> Response:
        """Change what the form asks for, and show the lists as they are then. May be repeated."""
        claim = await self._claim(request, Purpose.PREFERENCES)
        body, now = await read_body(request, self._body_seconds), self._clock()
        if claim.subscriber_id == NOBODY:
            return self._test_page(request, claim)
        if body == preferences.REVOCATION:
            await self._work.run(subscriptions.revoke_links, self._database, claim.subscriber_id)
            return self._pages.page(request, "revoked.html", claim=claim)
        if body == preferences.FORGIVE:
            await self._work.run(self._forgive, claim.subscriber_id, now)
            current = await self._work.run(subscriptions.preferences, self._database, claim.subscriber_id)
            return await self._show(request, claim, current, "forgiven")
        if body == preferences.PERSON and self._ask_for_link is not None:
            await self._ask_for_link(claim.subscriber_id, now)
            return self._pages.page(request, "link-asked.html", claim=claim)
        if body.startswith(b"pause="):
            return await self._pause(request, claim, body, now)
        current, joins = await self._work.run(self._save, claim, body, now)
        note = await self._joining.ask(claim.subscriber_id, joins, now)
        return await self._show(request, claim, current, note or "saved", 503 if note is JoinNote.NOT_SENT else 200)

    async def ask_to_join(self, request: Request) -> Response:
        """Show the page with the one button that resumes a list. Changes nothing."""
        claim = await self._join_claim(request)
        refuse_expired(claim, self._clock())
        return self._pages.page(request, "join.html", claim=LinkClaim(claim.subscriber_id, claim.list))

    async def join(self, request: Request) -> Response:
        """Resume the list. May be repeated."""
        claim = await self._join_claim(request)
        await read_body(request, self._body_seconds)
        await self._work.run(self._joining.resume, claim, self._clock())
        return self._pages.page(request, "joined.html", claim=LinkClaim(claim.subscriber_id, claim.list))

    async def _ask(self, request: Request, claim: LinkClaim) -> Response:
        """Show the page with the button that ends the list, or that it has ended and how to return."""
        current = await self._work.run(subscriptions.preferences, self._database, claim.subscriber_id)
        standing = {each.list: each.frequency for each in current if each.preference is not Preference.STOP}
        has_left = claim.list not in standing and any(each.list == claim.list for each in current)
        ends = None
        if claim.list == DIGEST:
            ends = [self._lists[key] for key, frequency in standing.items() if frequency in HELD_FREQUENCIES and key in self._lists]
            has_left = not ends
        return self._pages.page(request, "ask.html", claim=claim, token=request.path_params["token"], has_left=has_left, ends=ends)

    async def _pause(self, request: Request, claim: LinkClaim, body: bytes, now: datetime) -> Response:
        until = preferences.parse_pause(body, now, self._zone)
        await self._work.run(people.pause, self._database, claim.subscriber_id, until)
        current = await self._work.run(subscriptions.preferences, self._database, claim.subscriber_id)
        return await self._show(request, claim, current, "paused" if until else "resumed")

    async def _show(
        self, request: Request, claim: LinkClaim, current: tuple[ListPreference, ...], note: str, status: int = 200
    ) -> Response:
        paused_until = await self._work.run(people.paused_until, self._database, claim.subscriber_id)
        returned = await self._work.run(self._returned, claim.subscriber_id, self._clock())
        return self._preferences(request, claim, current, note, status, paused_until, returned)

    def _returned(self, subscriber_id: SubscriberId, now: datetime) -> ReturnedToReader:
        """What came back, for the reader to see."""
        problems, _ = delivery_problems.delivery_problems_of(self._database, subscriber_id, now)
        is_ended = bool(problems) and bool(delivery_problems.suppressions_of_problems(self._database, subscriber_id))
        return ReturnedToReader(problems[-MOST_PROBLEMS:], is_ended)

    def _forgive(self, subscriber_id: SubscriberId, now: datetime) -> None:
        delivery_problems.forgive(self._database, subscriber_id, by="reader", why="preferences page", now=now)

    def _end_subscription(self, claim: LinkClaim, now: datetime) -> bool:
        return subscriptions.unsubscribe(self._database, claim.subscriber_id, claim.list, source="link", now=now)

    async def _claim(self, request: Request, purpose: Purpose | None = None) -> LinkClaim:
        """Return what the token in the address claims. The links of a test message, which are nobody's, open every page.

        :raises TokenError: not one of our tokens, for another purpose, or of a person who is not there any more.
        :raises LinkOutdated: the reader has revoked it.
        """
        claim = self._tokens.read(request.path_params["token"])
        if claim.subscriber_id != NOBODY:
            if purpose is not None and claim.purpose is not purpose:
                raise TokenError("The link is for something else.")
            await self._work.run(self._refuse_revoked, claim.subscriber_id, claim.version)
        return claim

    async def _join_claim(self, request: Request) -> JoinClaim:
        claim = self._tokens.read_join(request.path_params["token"])
        await self._work.run(self._refuse_revoked, claim.subscriber_id, claim.version)
        return claim

    def _refuse_revoked(self, subscriber_id: SubscriberId, version: int) -> None:
        current = subscriptions.token_version(self._database, subscriber_id)
        if current is None:
            raise TokenError("There is no such subscriber.")
        if current != version:
            raise LinkOutdated("The link was revoked.")

    def _save(self, claim: LinkClaim, body: bytes, now: datetime) -> tuple[tuple[ListPreference, ...], dict[str, Preference]]:
        """Save what may be changed at once. Return the preferences after that, and the lists to be joined again."""
        joins: dict[str, Preference] = {}
        frequencies: dict[str, Frequency] = {}

        def choose(current: tuple[ListPreference, ...]) -> Mapping[str, Preference]:
            changes, again = preferences.split_joins(current, preferences.parse_form(body, current))
            joins.update(again)
            offered = preferences.digestible(self._lists) & {each.list for each in current}
            frequencies.update(preferences.parse_frequencies(body, offered))
            return changes  # inside the transaction, from the preferences of that moment

        saved = subscriptions.save_preferences(
            self._database, claim.subscriber_id, choose, source="preferences", now=now, frequencies=frequencies
        )
        return saved, joins

    def _test_page(self, request: Request, claim: LinkClaim) -> Response:
        """Show what a reader would see, behind the link of a test send, which belongs to nobody."""
        return self._preferences(request, claim, (ListPreference(claim.list, Preference.HTML),), "test")

    def _preferences(
        self,
        request: Request,
        claim: LinkClaim,
        current: tuple[ListPreference, ...],
        note: str,
        status: int = 200,
        paused_until: datetime | None = None,
        returned: ReturnedToReader | None = None,
    ) -> Response:
        if not current:
            raise TokenError("There is no such subscription.")
        now = self._clock()
        is_paused = paused_until is not None and paused_until > now
        return self._pages.page(
            request,
            "preferences.html",
            status,
            claim=claim,
            offers=preferences.list_offers(current, self._lists),
            note=note,
            field=preferences.FIELD,
            paused_until=paused_until.astimezone(self._zone).date() if paused_until is not None and is_paused else None,
            tomorrow=(now.astimezone(self._zone) + timedelta(days=1)).date(),
            latest=(now.astimezone(self._zone) + preferences.LONGEST_PAUSE).date(),
            has_own_page=self._ask_for_link is not None,
            returned=returned,
            zone=self._zone,
        )
