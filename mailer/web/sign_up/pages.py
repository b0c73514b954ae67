"""Signing up on the web: a form, a mail, a button. GET changes nothing; the form asks for a mail, and only the button behind the mail's link subscribes.

Steps of a posted form: it must be a form at all; the service's own (signed, three seconds old, posted from the service itself), or it only fills that in;
not trapped; within the budgets of its network, or with a proof of work. Then the wish is noted. The page that follows is the same for every address.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from urllib.parse import urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from mailer.config.settings import LOOPBACK
from mailer.database.engine import Database
from mailer.database.readers import sign_ups
from mailer.database.readers.sign_ups import NewConfirmation
from mailer.message.links import LinkClaim, LinkSigner, Purpose
from mailer.message.sealed import TokenSealer
from mailer.model.clock import Clock
from mailer.model.errors import LinkOutdated, PreferenceError
from mailer.model.ids import SubscriberId
from mailer.model.issue import ListClass, MailList
from mailer.model.readers.sign_up import SignUpClaim, Way
from mailer.subscribers.sign_up import prepare, read_token
from mailer.subscribers.words import consent_words
from mailer.web.pages import Pages
from mailer.web.requests import BODY_SECONDS, SCRIPT, read_body
from mailer.web.sign_up import form as sign_up_form
from mailer.web.sign_up.budgets import SignUpBudgets, Verdict, client_network
from mailer.web.sign_up.form import SignUpForm
from mailer.web.sign_up.proof import ProofOfWork
from mailer.web.sign_up.queue import SignUpQueue
from mailer.web.threads import WorkThreads

Erase = Callable[[SubscriberId, datetime], object]
"""Erases a reader from everything (`mailer.subscribers.erase`)."""
REFUSED_FOR = timedelta(days=90)
"""How long somebody who wants no confirmations gets none."""
RETRY_AFTER = {"Retry-After": "600"}
OWN_PAGE = {"Referrer-Policy": "same-origin"}
"""The address of the form is no secret, and with `no-referrer` a browser would say `Origin: null` of our own form too (Fetch, "append a request Origin header")."""


@dataclass(frozen=True)
class SignUps:
    """What signing up, and the reader's own page, need. `service_url` has no slash at the end; `wake` is called when a mail waits to be sent.

    `trusted_proxies`: networks whose `X-Forwarded-For` is believed. `mail_domain`: where an empty mail to LIST-subscribe signs up (空メール); empty: nowhere.
    """

    sealer: TokenSealer
    service_url: str
    budgets: SignUpBudgets
    proof: ProofOfWork
    erase: Erase
    wake: Callable[[], None] = lambda: None
    trusted_proxies: tuple[str, ...] = LOOPBACK
    mail_domain: str = ""


class SignUpPages:
    """The pages `/sign-up` and `/confirm/{token}`."""

    def __init__(
        self,
        options: SignUps,
        database: Database,
        tokens: LinkSigner,
        lists: Mapping[str, MailList],
        pages: Pages,
        work: WorkThreads,
        clock: Clock,
    ) -> None:
        self._options = options
        self._database = database
        self._tokens = tokens
        self._pages = pages
        self._work = work
        self._clock = clock
        self._lists = lists
        site = pages.site
        is_open = {key for key, profile in site.lists.items() if profile.is_open} if site and site.takes_sign_ups else set()
        self._open = {key: mail_list for key, mail_list in lists.items() if key in is_open}
        self._digestible = {key for key, mail_list in self._open.items() if mail_list.list_class is not ListClass.EMERGENCY}
        self._queue = SignUpQueue(database, work, clock, options.wake)

    async def show(self, request: Request) -> Response:
        """Show the form; with the key of a list in the address, that list is chosen."""
        key = request.path_params.get("list", "")
        if not self._open or (key and key not in self._open):
            raise HTTPException(404)
        return self._form(request, SignUpForm(lists=(key,) if key else tuple(self._open) if len(self._open) == 1 else ()))

    async def post(self, request: Request) -> Response:
        """Ask for a confirmation, or show what is missing."""
        if not self._open:
            raise HTTPException(404)
        body = await read_body(request, BODY_SECONDS)
        form, now = sign_up_form.parse(body, self._open, self._digestible), self._clock()
        if form is None:
            raise PreferenceError("The form cannot be read.")
        if not _is_same_origin(request, self._options.service_url):
            return self._form(request, form, step="review")
        if sign_up_form.is_early(self._options.sealer, form.signed_time, now):
            return self._form(request, form, step="early", signed_time=form.signed_time)  # the three seconds go on
        if not sign_up_form.is_timely(self._options.sealer, form.signed_time, now):
            return self._form(request, form, step="review")
        if form.problems:
            return self._form(request, form, 400, step="mend")
        network = client_network(request, self._options.trusted_proxies)
        verdict = self._options.budgets.verdict(network, now)
        if verdict is Verdict.WORK and form.proof and self._options.proof.is_solved(form.proof, now):
            verdict = Verdict.FREE
        if verdict is not Verdict.FREE:
            return self._form(request, form, 429 if verdict is Verdict.WAIT else 200, step=verdict.value)
        self._options.budgets.count(network, now)
        if not form.is_trapped:
            await self._note(form, now)
        return self._pages.page(request, "asked.html", address=form.address)

    async def ask(self, request: Request) -> Response:
        """Show what would be confirmed, and the words that the person agrees to. Changes nothing: mail scanners follow links."""
        claim = self._read(request)
        if not claim.holds(self._clock()):
            raise LinkOutdated("The confirmation is too old.")
        return self._ask(request, claim)

    async def confirm(self, request: Request) -> Response:
        """Subscribe, or refuse further confirmations."""
        claim, now = self._read(request), self._clock()
        body = await read_body(request, BODY_SECONDS)
        if not claim.holds(now):
            raise LinkOutdated("The confirmation is too old.")
        words = consent_words(self._pages.site, self._lists_of(claim))
        mailbox = self._options.sealer.hash_address(claim.address)
        if body == b"answer=refuse":
            await self._work.run(sign_ups.refuse, self._database, mailbox, now + REFUSED_FOR)
            return self._pages.page(request, "refused.html")
        if body != f"answer=yes&words={words.digest}".encode():
            return self._ask(request, claim, 400)  # the words have been changed since the page was shown, or it is no form of ours
        token = request.path_params["token"]
        confirm = partial(sign_ups.confirm, self._database, claim, mailbox, token, now, words=words)
        subscriber = await self._work.run(confirm)
        if subscriber is None:
            raise LinkOutdated("The confirmation was used, or a newer one has been asked for.")
        first = claim.wishes[0].list
        preferences = self._tokens.sign(LinkClaim(subscriber.subscriber_id, first, subscriber.token_version, Purpose.PREFERENCES))
        return self._pages.page(request, "subscribed.html", chosen=self._lists_of(claim), preferences=preferences)

    async def _note(self, form: SignUpForm, now: datetime) -> None:
        lists = [self._open[key] for key in form.lists]
        sealer = self._options.sealer
        new = prepare(form.address, lists, form.form, now, Way.WEB, sealer=sealer, frequencies=form.frequencies)
        await self._queue.put(NewConfirmation(sealer.hash_address(form.address), new.token))

    def _form(self, request: Request, form: SignUpForm, status: int = 200, step: str = "first", signed_time: str = "") -> Response:
        now = self._clock()
        response = self._pages.page(
            request,
            "sign-up.html",
            status,
            form=form,
            step=step,
            offers=list(self._open.values()),
            signed_time=signed_time or sign_up_form.make_signed_time(self._options.sealer, now),
            challenge=self._options.proof.challenge(now) if step == Verdict.WORK else "",
            script=SCRIPT if step == Verdict.WORK else "",
            honeypot=sign_up_form.HONEYPOT,
            digestible=self._digestible,
            by_mail={key: f"{key}-subscribe@{domain}" for key in self._open} if (domain := self._options.mail_domain) else {},
        )
        response.headers.update(OWN_PAGE | (RETRY_AFTER if status == 429 else {}))
        return response

    def _ask(self, request: Request, claim: SignUpClaim, status: int = 200) -> Response:
        chosen = self._lists_of(claim)
        words = consent_words(self._pages.site, chosen)
        return self._pages.page(
            request,
            "confirm.html",
            status,
            claim=None,
            asked=claim,
            chosen=chosen,
            words=words,
            often={wish.list: wish.frequency for wish in claim.wishes},
        )

    def _read(self, request: Request) -> SignUpClaim:
        return read_token(self._options.sealer, request.path_params["token"])

    def _lists_of(self, claim: SignUpClaim) -> list[MailList]:
        """The lists that are asked for, as far as there are such lists still.

        :raises LinkOutdated: there is none.
        """
        lists = [self._lists[wish.list] for wish in claim.wishes if wish.list in self._lists]
        if not lists:
            raise LinkOutdated("The lists are not there any more.")
        return lists


def _is_same_origin(request: Request, service_url: str) -> bool:
    """Whether the browser says that the form is on a page of this service, or says nothing (Fetch Metadata; RFC 6454 section 7).

    Another site could make its visitors sign up people; so their form is only filled into ours.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = request.headers.get("origin")
    parts = urlsplit(service_url)
    return origin is None or origin == f"{parts.scheme}://{parts.netloc}"
