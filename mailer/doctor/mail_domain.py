"""What the DNS says of our domains: SPF, DKIM, DMARC, alignment, MX, PTR, MTA-STS. Each check gives results and never raises: nobody's silence is bad."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from mailer.config.settings import Config
from mailer.doctor import dmarc, mta_sts, spf
from mailer.doctor.dns import Resolver
from mailer.doctor.mta_sts import Fetch, PolicyUnavailable
from mailer.doctor.reserved import is_reserved
from mailer.doctor.results import CheckResult, Level
from mailer.doctor.spf import Spf
from mailer.message.dkim import records
from mailer.message.dkim.keys import DkimKey
from mailer.model.errors import DnsUnavailable

GOOD, WARNING, BAD, UNKNOWN, SKIPPED = Level.GOOD, Level.WARNING, Level.BAD, Level.UNKNOWN, Level.SKIPPED


@dataclass(frozen=True, slots=True)
class MailDomain:
    """What is examined: the domains of From and of the return path, who sends, and who signs."""

    from_domain: str
    return_path: str
    hello: str
    addresses: tuple[str, ...]
    keys: Mapping[str, DkimKey]
    active: str
    relay_dkim: tuple[str, ...]

    @property
    def bounce_domain(self) -> str:
        """The domain of the return path."""
        return self.return_path.rpartition("@")[2]


def mail_domain(config: Config, from_domain: str, keys: Mapping[str, DkimKey], active: str) -> MailDomain:
    """The domain with what the settings say of it."""
    table = config.authentication
    return MailDomain(from_domain, config.return_path, config.message_id_domain, table.addresses, keys, active, table.relay_dkim)


def examine(domain: MailDomain, resolver: Resolver, fetch: Fetch) -> tuple[CheckResult, ...]:
    """Everything about one domain of From."""
    name = domain.from_domain
    if is_reserved(name):
        en = "a name for examples (RFC 2606): nothing can be published for it, and no receiver takes mail from it"
        return (CheckResult("From", name, SKIPPED, en, "例に使う名前なので、調べません"),)
    checks: tuple[tuple[str, str, Callable[[], Iterable[CheckResult]]], ...] = (
        ("From", name, partial(_from, name, resolver)),
        ("SPF", domain.bounce_domain, partial(_spf, domain, domain.bounce_domain, resolver)),
        ("SPF", name, partial(_spf, domain, name, resolver)),
        ("DKIM", name, partial(_dkim, domain, resolver)),
        ("DMARC", name, partial(_dmarc, domain, resolver)),
        ("PTR", domain.hello, partial(_reverse, domain, resolver)),
        ("MTA-STS", domain.bounce_domain, partial(_mta_sts, domain.bounce_domain, resolver, fetch)),
    )
    seen = dict.fromkeys(result for area, subject, check in checks for result in _asked(area, subject, check))
    return tuple(seen)


def _asked(area: str, subject: str, check: Callable[[], Iterable[CheckResult]]) -> Iterator[CheckResult]:
    try:
        yield from check()
    except DnsUnavailable as error:
        yield CheckResult(area, subject, UNKNOWN, str(error), "DNSが答えません")


def _from(name: str, resolver: Resolver) -> Iterator[CheckResult]:
    """Carriers refuse a From that could not be answered (docomo: an A or MX record of the header's domain)."""
    exchanges = resolver.exchanges(name)
    if exchanges == (".",):
        yield CheckResult(
            "From",
            name,
            BAD,
            "it says that it takes no mail (null MX, RFC 7505); receivers refuse mail from it",
            "受信しないドメインになっています",
        )
    elif exchanges or resolver.addresses(name):
        yield CheckResult("From", name, GOOD, f"has {'MX' if exchanges else 'an address'}", "MXかAがあります")
    else:
        line = f"{name}. IN MX 10 mail.{name}."
        yield CheckResult("From", name, BAD, "has neither MX nor A: docomo and others refuse mail from it", "MXもAもありません", (line,))


def _spf(domain: MailDomain, name: str, resolver: Resolver) -> Iterator[CheckResult]:
    if is_reserved(name):
        return
    line = spf_line(name, domain.addresses)
    result = spf.check_host(resolver, (domain.addresses or ("192.0.2.1",))[0], name, sender=domain.return_path, hello=domain.hello)
    if result.result is Spf.NONE:
        yield CheckResult("SPF", name, BAD, "there is no record; docomo wants one for return path and From", "SPFがありません", (line,))
    elif result.result is Spf.PERMERROR:
        yield CheckResult("SPF", name, BAD, f"receivers cannot use the record: {result.why}", "SPFに誤りがあります", (line,))
    elif not domain.addresses:
        en = "there is a record; name your sending addresses in [authentication] addresses, then it can be judged"
        yield CheckResult("SPF", name, UNKNOWN, en, "送信元のIPアドレスを設定に書くと確かめられます")
    else:
        yield from _spf_of_addresses(domain, name, resolver, line)


def _spf_of_addresses(domain: MailDomain, name: str, resolver: Resolver, line: str) -> Iterator[CheckResult]:
    for address in domain.addresses:
        result = spf.check_host(resolver, address, name, sender=domain.return_path, hello=domain.hello)
        if result.result is Spf.PASS and "+all" not in result.record.split() and "all" not in result.record.split():
            yield CheckResult("SPF", name, GOOD, f"allows {address} ({result.why}; {result.lookups} of 10 lookups)", "送信を許しています")
        elif result.result is Spf.PASS:
            yield CheckResult(
                "SPF", name, WARNING, "allows everybody (+all): receivers count that against you", "だれにでも送信を許しています", (line,)
            )
        else:
            en = f"does not allow {address}: {result.result} ({result.why})"
            yield CheckResult("SPF", name, BAD, en, "この送信元を許していません", (line,))


def spf_line(name: str, addresses: Sequence[str]) -> str:
    """A record that allows these addresses and nobody else."""
    terms = [f"ip{6 if ':' in address else 4}:{address}" for address in addresses] or ["mx"]
    return f'{name}. IN TXT "v=spf1 {" ".join(terms)} -all"'


def _dkim(domain: MailDomain, resolver: Resolver) -> Iterator[CheckResult]:
    for name in domain.relay_dkim:
        yield _relay_record(name, resolver)
    for selector, key in domain.keys.items():
        yield _own_record(selector, key, resolver, is_active=selector == domain.active)
    if not domain.keys and not domain.relay_dkim:
        en = "nobody is known to sign: make keys (todoke dkim new), or name the relay's record in [authentication] relay_dkim"
        yield CheckResult("DKIM", domain.from_domain, WARNING, en, "署名するものが設定にありません")


def _relay_record(name: str, resolver: Resolver) -> CheckResult:
    keys = [text for text in resolver.text(name) if records.tags(text).get("p")]
    if keys:
        return CheckResult(
            "DKIM", name, GOOD, "the relay's record is there; send a test to see that it signs", "中継サーバーの公開鍵があります"
        )
    return CheckResult("DKIM", name, BAD, "the relay's record is not there, or is revoked", "中継サーバーの公開鍵がありません")


def _own_record(selector: str, key: DkimKey, resolver: Resolver, *, is_active: bool) -> CheckResult:
    name, line = records.name(key.domain, selector), records.zone_line(key)
    texts = resolver.text(name)
    if not texts:
        level = BAD if is_active else WARNING
        return CheckResult("DKIM", name, level, "there is no record of this key", "公開鍵が登録されていません", (line,))
    rejections = [records.rejection(text, key) for text in texts]
    if all(rejections):
        level = BAD if is_active else WARNING
        return CheckResult("DKIM", name, level, f"the record does not fit: {rejections[0]}", "登録された公開鍵が合いません", (line,))
    if any(records.is_test(text) for text in texts):
        return CheckResult("DKIM", name, WARNING, "the record says t=y (test): receivers may ignore it", "試験中（t=y）の登録です", (line,))
    return CheckResult(
        "DKIM", name, GOOD, "signs; the record fits the key" if is_active else "waits; the record fits the key", "鍵と合っています"
    )


def _dmarc(domain: MailDomain, resolver: Resolver) -> Iterator[CheckResult]:
    name = domain.from_domain
    policy = dmarc.policy_of(resolver, name, exists=resolver.exists(name))
    line = f'_dmarc.{policy.organizational}. IN TXT "v=DMARC1; p=none; rua=mailto:{domain.return_path}"'
    if policy.record is None:
        yield CheckResult(
            "DMARC", name, BAD, "there is no record from here up; Gmail, Yahoo! JAPAN and docomo want one", "DMARCがありません", (line,)
        )
        return
    where = f"the record of {policy.record.domain}"
    if policy.policy == "none" or policy.is_test:
        en = f"{where} asks for reports only (p=none or t=y); raise it to quarantine when `todoke dmarc` shows only your own senders"
        yield CheckResult("DMARC", name, WARNING, en, "報告だけの設定です")
    else:
        yield CheckResult("DMARC", name, GOOD, f"{where}: {policy.policy}", "DMARCがあります")
    if "pct" in policy.record.values:
        yield CheckResult("DMARC", name, WARNING, f"{where} has pct=, which RFC 9989 has dropped: use t=y", "pct= は廃止されました")
    if "rua" not in policy.record.values:
        yield CheckResult("DMARC", name, WARNING, f"{where} asks for no reports (rua=)", "報告先（rua=）がありません")
    yield from _alignment(domain, resolver, policy)


def _alignment(domain: MailDomain, resolver: Resolver, policy: dmarc.DmarcPolicy) -> Iterator[CheckResult]:
    name, signing = domain.from_domain, {key.domain for key in domain.keys.values()} | {signer_of(each) for each in domain.relay_dkim}
    by_spf = dmarc.is_aligned(resolver, domain.bounce_domain, policy, "aspf")
    by_dkim = [each for each in sorted(signing) if dmarc.is_aligned(resolver, each, policy, "adkim")]
    if by_dkim:
        also = " and by SPF" if by_spf else "; not by SPF, so a forwarded copy counts on the signature alone"
        yield CheckResult("alignment", name, GOOD, f"by DKIM ({by_dkim[0]}){also}", "差出人とそろっています")
    elif by_spf:
        en = "by SPF only: forwarded mail fails. Sign with DKIM"
        yield CheckResult("alignment", name, WARNING, en, "SPFだけがそろっています。転送されると失敗します")
    else:
        en = f"neither the return path ({domain.bounce_domain}) nor a signature is of the same organizational domain: DMARC fails"
        yield CheckResult("alignment", name, BAD, en, "差出人とそろうものがありません")


def signer_of(name: str) -> str:
    """The domain (``d=``) of a DKIM record's name."""
    return name.partition("._domainkey.")[2] or name


def _reverse(domain: MailDomain, resolver: Resolver) -> Iterator[CheckResult]:
    """Gmail and the carriers want a name for each address that sends, and the name to lead back (RFC 1912 section 2.1)."""
    for address in domain.addresses:
        names = resolver.names_of(address)
        if not names:
            yield CheckResult("PTR", address, BAD, "has no name: ask your provider for a PTR record", "逆引きがありません")
        elif not any(address in resolver.addresses(each) for each in names):
            yield CheckResult("PTR", address, BAD, f"its name {names[0]} does not lead back to it", "逆引きの名前が元に戻りません")
        else:
            yield CheckResult("PTR", address, GOOD, f"{names[0]} and back", "逆引きが合っています")
    if not is_reserved(domain.hello) and not resolver.addresses(domain.hello) and not resolver.exchanges(domain.hello):
        en = "the name that we give in EHLO (message_id_domain) has no address; only matters where Todoke delivers without a relay"
        yield CheckResult("EHLO", domain.hello, WARNING, en, "EHLOの名前にアドレスがありません")


def _mta_sts(name: str, resolver: Resolver, fetch: Fetch) -> Iterator[CheckResult]:
    if is_reserved(name):
        return
    if not any(mta_sts.is_record(text) for text in resolver.text(f"_mta-sts.{name}")):
        en = "not used: returned mail may come without encryption (RFC 8461). Optional"
        yield CheckResult("MTA-STS", name, GOOD, en, "使っていません（任意）")
        return
    try:
        policy = mta_sts.parse_policy(fetch(name))
    except PolicyUnavailable as error:
        yield CheckResult("MTA-STS", name, BAD, f"announced, and {error}: senders ignore it", "方針を取り出せません")
        return
    hosts = mta_sts.uncovered(policy, resolver.exchanges(name))
    if hosts:
        level = BAD if policy.mode == "enforce" else WARNING
        yield CheckResult(
            "MTA-STS", name, level, f"the policy does not name {', '.join(hosts)}: returned mail is held back", "方針にないMXがあります"
        )
    else:
        yield CheckResult("MTA-STS", name, GOOD, f"{policy.mode}, covers every MX", "MTA-STSがあります")
