"""Questions to the DNS, with the three answers that matter: here it is, there is none, nobody answered."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import dns.exception
import dns.flags
import dns.name
import dns.nameserver
import dns.rdatatype
import dns.resolver
import dns.reversename

from mailer.model.errors import DnsUnavailable

LIFETIME = 4.0  # seconds for one question with all repetitions: a command must not hang because a resolver is dead
DNS_PORT = 53


class Resolver:
    """Asks the system's name servers, or those given as ``address`` or ``address:port``."""

    def __init__(self, nameservers: Sequence[str] = (), lifetime: float = LIFETIME) -> None:
        self._resolver = dns.resolver.Resolver(configure=not nameservers)
        self._resolver.lifetime = lifetime
        self._resolver.cache = dns.resolver.Cache()
        if nameservers:
            parsed = [parse_server(server) for server in nameservers]
            self._resolver.nameservers = [dns.nameserver.Do53Nameserver(host, port) for host, port in parsed]

    def text(self, name: str) -> tuple[str, ...]:
        """The TXT records, each with its strings joined (RFC 7208 section 3.3). None if there are none.

        :raises DnsUnavailable: nobody answered.
        """
        return tuple(b"".join(record.strings).decode("utf-8", "replace") for record in self._ask(name, "TXT"))

    def addresses(self, name: str) -> tuple[str, ...]:
        """The A and AAAA records.

        :raises DnsUnavailable: nobody answered.
        """
        return tuple(record.address for kind in ("A", "AAAA") for record in self._ask(name, kind))

    def exchanges(self, name: str) -> tuple[str, ...]:
        """The hosts of the MX records, the preferred one first; ``.`` alone is a domain that takes no mail (RFC 7505).

        :raises DnsUnavailable: nobody answered.
        """
        records = sorted(self._ask(name, "MX"), key=lambda record: record.preference)
        return tuple(record.exchange.to_text(omit_final_dot=True).lower() or "." for record in records)

    def names_of(self, address: str) -> tuple[str, ...]:
        """The names that the PTR records give the address.

        :raises DnsUnavailable: nobody answered.
        """
        reverse = dns.reversename.from_address(address).to_text()
        return tuple(record.target.to_text(omit_final_dot=True).lower() for record in self._ask(reverse, "PTR"))

    def exists(self, name: str) -> bool:
        """Whether there is any record at the name or below it (RFC 8020).

        :raises DnsUnavailable: nobody answered.
        """
        try:
            self._resolver.resolve(dns.name.from_text(name), "A", raise_on_no_answer=False)
        except dns.resolver.NXDOMAIN:
            return False
        except (dns.exception.DNSException, OSError, ValueError) as error:
            raise DnsUnavailable(f"The DNS does not answer about {name}: {type(error).__name__}.") from None
        return True

    def signature_times(self) -> tuple[datetime, datetime] | None:
        """From when until when the root's newest signature holds (RFC 4034 section 3.1.5): a rough clock that nobody sets. None if it is not told."""
        resolver = self._resolver
        resolver.use_edns(0, dns.flags.DO, 1232)
        try:
            response = resolver.resolve(dns.name.root, "SOA").response
        except (dns.exception.DNSException, OSError):
            return None
        times = [(each.inception, each.expiration) for record in response.answer if record.rdtype == dns.rdatatype.RRSIG for each in record]
        if not times:
            return None
        begin, end = max(times)
        return datetime.fromtimestamp(begin, UTC), datetime.fromtimestamp(end, UTC)

    def _ask(self, name: str, kind: str) -> Sequence[Any]:
        try:
            answer = self._resolver.resolve(dns.name.from_text(name), kind, raise_on_no_answer=False)
        except dns.resolver.NXDOMAIN:
            return ()
        except (dns.exception.DNSException, OSError, ValueError, UnicodeError) as error:
            raise DnsUnavailable(f"The DNS does not answer about {name} ({kind}): {type(error).__name__}.") from None
        return tuple(answer.rrset or ())


def parse_server(text: str) -> tuple[str, int]:
    """An address with a port or without: ``192.0.2.1``, ``192.0.2.1:5353``, ``2001:db8::1``, ``[2001:db8::1]:5353``.

    :raises ValueError: it is none.
    """
    host, colon, port = text.rpartition(":")
    if colon and port.isdecimal() and (host.startswith("[") or ":" not in host):
        return str(ipaddress.ip_address(host.strip("[]"))), int(port)
    return str(ipaddress.ip_address(text.strip("[]"))), DNS_PORT
