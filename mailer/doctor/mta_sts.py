"""MTA-STS (RFC 8461): whether senders must use TLS towards a domain, and whether its policy fits its MX."""

from __future__ import annotations

import http.client
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from mailer.message.dkim.records import tags

LARGEST = 64 * 1024  # octets; section 3.3 allows a limit of this size
TIMEOUT = 10.0  # seconds
LONGEST_AGE = 31_557_600  # seconds; section 3.2
Fetch = Callable[[str], bytes]
"""The policy of a domain."""


class PolicyUnavailable(Exception):
    """There is a record and no policy that can be read: senders take it for none."""


@dataclass(frozen=True, slots=True)
class MtaStsPolicy:
    """`mode` is enforce, testing or none; `hosts` are the patterns of MX hosts; `max_age` is in seconds."""

    mode: str
    hosts: tuple[str, ...]
    max_age: int

    def covers(self, host: str) -> bool:
        """Whether a host is one of the policy (section 4.1): the same name, or one label in the place of ``*``."""
        name = host.lower().rstrip(".")
        return any(name == each or (each.startswith("*.") and name.partition(".")[2] == each[2:]) for each in self.hosts)


def is_record(text: str) -> bool:
    """Whether a TXT record announces a policy (section 3.1)."""
    values = tags(text)
    return values.get("v") == "STSv1" and values.get("id", "").isalnum()


def parse_policy(content: bytes) -> MtaStsPolicy:
    """Read a policy (section 3.2).

    :raises PolicyUnavailable: it is none.
    """
    pairs = [line.partition(":") for line in content.decode("utf-8", "replace").splitlines() if line.strip()]
    values = {name.strip(): value.strip() for name, _, value in pairs}
    hosts = tuple(value.strip().lower() for name, _, value in pairs if name.strip() == "mx")
    age, mode = values.get("max_age", ""), values.get("mode", "")
    if values.get("version") != "STSv1" or mode not in ("enforce", "testing", "none"):
        raise PolicyUnavailable("the policy has no version: STSv1 or no mode")
    if not (age.isascii() and age.isdigit() and len(age) < 12 and int(age) <= LONGEST_AGE):
        raise PolicyUnavailable("the policy has no max_age up to a year")
    if mode != "none" and not hosts:
        raise PolicyUnavailable("the policy names no mx")
    return MtaStsPolicy(mode, hosts, int(age))


def uncovered(policy: MtaStsPolicy, exchanges: Sequence[str]) -> tuple[str, ...]:
    """The MX hosts that senders would refuse by this policy."""
    return () if policy.mode == "none" else tuple(host for host in exchanges if not policy.covers(host))


def fetch(domain: str, *, port: int = 443, host: str = "", context: ssl.SSLContext | None = None) -> bytes:
    """The policy of the domain by HTTPS (section 3.3): a valid certificate, no redirect, no more than 64 kB.

    :param host: where to connect, if it is not ``mta-sts.`` and the domain.
    :raises PolicyUnavailable: there is none.
    """
    name = host or f"mta-sts.{domain}"
    connection = http.client.HTTPSConnection(name, port, timeout=TIMEOUT, context=context or ssl.create_default_context())
    try:
        connection.request("GET", "/.well-known/mta-sts.txt", headers={"Host": f"mta-sts.{domain}"})
        response = connection.getresponse()
        content = response.read(LARGEST + 1)
    except (OSError, http.client.HTTPException) as error:
        raise PolicyUnavailable(f"https://mta-sts.{domain}/.well-known/mta-sts.txt cannot be fetched: {type(error).__name__}") from None
    finally:
        connection.close()
    if response.status != 200:
        raise PolicyUnavailable(f"https://mta-sts.{domain}/.well-known/mta-sts.txt answers {response.status}")
    if len(content) > LARGEST:
        raise PolicyUnavailable("the policy is larger than 64 kB")
    return content
