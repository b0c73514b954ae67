"""Everything that `todoke doctor` looks at, in the order of its table."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from mailer.config.settings import Config, RelaySettings
from mailer.database.engine import Database
from mailer.doctor import machine, mail_domain, mta_sts, portal, relays, timers
from mailer.doctor.dns import Resolver
from mailer.doctor.mta_sts import Fetch
from mailer.doctor.portal import Policies, fetch_policies
from mailer.doctor.results import CheckResult, Level
from mailer.message.dkim import keys
from mailer.message.dkim.keys import DkimKey
from mailer.model.errors import DkimError, NotPrivate, TodokeMailError
from mailer.model.site import SiteProfile
from mailer.secrets import Secret


@dataclass(frozen=True, slots=True)
class Patient:
    """What is examined. `database` is None if it cannot be opened; `revisions` are of the database and of the program; `site`: who publishes, if
    the bundle says it.
    """

    config: Config
    from_domains: Collection[str]
    database: Database | None
    revisions: tuple[str, str]
    password_for: Callable[[RelaySettings], Secret | None]
    environ: Mapping[str, str]
    site: SiteProfile | None = None


def examine(
    patient: Patient, now: datetime, *, is_offline: bool = False, fetch: Fetch = mta_sts.fetch, policies: Policies = fetch_policies
) -> tuple[CheckResult, ...]:
    """Look at everything; offline, at what needs neither DNS nor relays."""
    config, results = patient.config, list[CheckResult]()
    resolver = None if is_offline else Resolver(config.authentication.nameservers)
    if resolver is not None:
        for domain in sorted(patient.from_domains):
            results += _domain(config, domain, resolver, fetch)
        results += asyncio.run(relays.examine(config, patient.password_for))
        results += portal.examine(patient.site, config.service_url, policies)
    else:
        results.append(CheckResult("DNS, relays", "-", Level.SKIPPED, "not asked (--offline)", "調べていません"))
        results += _keys_alone(config)
    results += _machine(patient, now, resolver)
    return tuple(dict.fromkeys(results))


def _domain(config: Config, domain: str, resolver: Resolver, fetch: Fetch) -> Iterator[CheckResult]:
    signing = config.dkim.domain_for(domain)
    own: dict[str, DkimKey] = {}
    active = ""
    if signing is not None:
        try:
            own, active = dict(keys.all_keys(config.dkim, signing)), keys.active_selector(config.dkim, signing)
        except (DkimError, NotPrivate) as error:
            yield CheckResult("DKIM", signing, Level.BAD, str(error), "鍵が使えません")
    elif config.dkim.domains:
        en = "no domain of [dkim] signs for it: `send` refuses its lists"
        yield CheckResult("DKIM", domain, Level.BAD, en, "[dkim] にないドメインです")
    yield from mail_domain.examine(mail_domain.mail_domain(config, domain, own, active), resolver, fetch)


def _keys_alone(config: Config) -> Iterator[CheckResult]:
    for domain in config.dkim.domains:
        try:
            selector = keys.active_selector(config.dkim, domain)
            keys.all_keys(config.dkim, domain)
        except (DkimError, NotPrivate) as error:
            yield CheckResult("DKIM", domain, Level.BAD, str(error), "鍵が使えません")
        else:
            yield CheckResult("DKIM", domain, Level.GOOD, f"{selector} signs; its record was not looked up", f"{selector} が署名します")


def _machine(patient: Patient, now: datetime, resolver: Resolver | None) -> Iterator[CheckResult]:
    config, database = patient.config, patient.database
    try:
        yield from machine.clock(now, database, resolver)
    except TodokeMailError as error:
        yield CheckResult("clock", "this machine", Level.UNKNOWN, str(error), "分かりません")
    yield from machine.disk(config)
    yield from machine.secret(config, patient.environ)
    yield from machine.rights(config)
    yield from machine.schema(patient.revisions)
    yield from timers.examine()
    if database is None:
        yield CheckResult("senders", "at work", Level.UNKNOWN, "the database was not opened", "データベースを開けません")
    else:
        yield from machine.senders(database, now)
    yield from machine.ages(config, now)
