"""Whether each relay can be reached, takes us, and encrypts."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from mailer.config.settings import Config, RelaySettings, is_loopback
from mailer.doctor.results import CheckResult, Level
from mailer.model.errors import RelayError
from mailer.secrets import Secret
from mailer.smtp.connection import SmtpConnection


async def examine(config: Config, password_for: Callable[[RelaySettings], Secret | None]) -> tuple[CheckResult, ...]:
    """Connect to each relay as a `send` does, and say QUIT."""
    results: list[CheckResult] = []
    for relay in config.relays:
        subject = f"{relay.host}:{relay.port}"
        connection = SmtpConnection(relay, password_for(relay), hello=config.message_id_domain)
        try:
            await connection.ready()
        except RelayError as error:
            results.append(CheckResult("relay", subject, Level.BAD, str(error), "中継サーバーが使えません"))
        else:
            results += _encryption(relay, subject, connection.tls_version)
        finally:
            await connection.close()
    return tuple(results)


def _encryption(relay: RelaySettings, subject: str, version: str) -> Iterator[CheckResult]:
    if version in ("TLSv1.2", "TLSv1.3"):  # RFC 8996: nothing below 1.2
        yield CheckResult("relay", subject, Level.GOOD, f"takes us, {version}", f"使えます（{version}）")
    elif version:
        yield CheckResult("relay", subject, Level.WARNING, f"takes us with {version}, which is broken (RFC 8996)", "古いTLSです")
    elif is_loopback(relay.host):
        yield CheckResult(
            "relay", subject, Level.GOOD, "takes us on this machine; see that it encrypts towards others", "この機械の中継が使えます"
        )
    else:
        en = 'takes us without encryption: set tls = "required", or every router on the way reads the addresses'
        yield CheckResult("relay", subject, Level.BAD, en, "暗号化されていません")
