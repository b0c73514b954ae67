"""Opens a connection to a relay: aiosmtplib connects, says EHLO, starts TLS and authenticates. Each failure is told with what a person can do."""

from __future__ import annotations

import ssl

import aiosmtplib
from aiosmtplib import SMTPException, SMTPHeloError, SMTPResponseException

from mailer.config.settings import RelaySettings, is_loopback
from mailer.model.errors import RelayError, RelayRefused, RelayUnavailable
from mailer.secrets import Secret
from mailer.smtp.replies import unreadable

UNKNOWN_COMMAND = frozenset({500, 501, 502, 504})  # RFC 5321 section 4.2.4: not recognized, or not implemented


async def open_client(settings: RelaySettings, password: Secret | None, hello: str) -> aiosmtplib.SMTP:
    """Return a client that is connected, encrypted and authenticated as the settings want it. ``hello`` is the name for EHLO.

    :raises RelayUnavailable: not reachable, or told to come back later.
    :raises RelayRefused: TLS, certificate or password; trying again does not help.
    """
    client = aiosmtplib.SMTP(
        hostname=settings.host,
        port=settings.port,
        timeout=settings.timeout,
        use_tls=settings.tls == "implicit",
        start_tls=False,
        tls_context=_tls_context(settings),
        local_hostname=hello,
    )
    step = "the connection"
    try:
        await client.connect()
        step = "EHLO"
        await _say_hello(client)
        step = "STARTTLS"
        await _start_tls(client, settings)
        step = "AUTH"
        await _log_in(client, settings, password)
    except (SMTPException, OSError) as error:
        client.close()
        raise _relay_error(settings, error, step) from error
    except RelayError:
        client.close()
        raise
    return client


async def _start_tls(client: aiosmtplib.SMTP, settings: RelaySettings) -> None:
    if settings.tls in ("none", "implicit"):
        return
    if client.supports_extension("starttls"):
        # A failure ends the connection (RFC 3207 section 6): an attacker would wait for a fall-back to clear text.
        await client.starttls()
        await _say_hello(client)
    elif settings.tls == "required":
        raise RelayRefused(f"{_name(settings)} does not offer STARTTLS and relay.tls is required. Nothing was sent in the clear.")


async def _log_in(client: aiosmtplib.SMTP, settings: RelaySettings, password: Secret | None) -> None:
    if not settings.username or password is None:
        return
    if client.get_transport_info("sslcontext") is None and not is_loopback(settings.host):
        raise RelayRefused(f"{_name(settings)} is not encrypted; the password was not sent. Set relay.tls to required.")
    await client.login(settings.username, password.value)


async def _say_hello(client: aiosmtplib.SMTP) -> None:
    """EHLO, or HELO for a relay that does not know EHLO (RFC 5321 section 3.2). It then has no extensions, and no TLS."""
    try:
        await client.ehlo()
    except SMTPHeloError as error:
        if error.code not in UNKNOWN_COMMAND:
            raise
        await client.helo()


def _tls_context(settings: RelaySettings) -> ssl.SSLContext | None:
    if settings.tls == "none":
        return None
    try:
        context = ssl.create_default_context(cafile=settings.ca_file)
    except (OSError, ssl.SSLError) as error:
        raise RelayRefused(f"{settings.ca_file}: cannot be used as relay.ca_file ({error}). It must be a PEM file.") from error
    if settings.tls == "opportunistic":  # RFC 7435: encryption against listeners, without asking who it is
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _relay_error(settings: RelaySettings, error: Exception, step: str) -> RelayError:
    """A failure to connect as one of ours: `RelayUnavailable` if another try may help, `RelayRefused` if a person must act.

    :param step: what the relay was to answer.
    """
    name = _name(settings)
    if isinstance(error, SMTPResponseException) and not 200 <= error.code < 600:
        words = unreadable(error.message)
        return RelayUnavailable(
            f"{name} answered {step} with what cannot be read: {words}. Is that an SMTP server? {_advice(RelayUnavailable)}", text=words
        )
    if isinstance(error, SMTPResponseException):
        kind = RelayRefused if error.code >= 500 else RelayUnavailable
        return kind(f"{name} refused us: {error.code} {error.message}. {_advice(kind)}", error.code, error.message)
    if isinstance(error, ssl.SSLError) or isinstance(error.__cause__, ssl.SSLError):
        return RelayRefused(
            f"{name}: TLS failed and nothing was sent in the clear: {error}. Check the certificate, relay.tls and relay.ca_file."
        )
    if isinstance(error, SMTPException) and not isinstance(error, OSError):
        return RelayRefused(f"{name}: {error}. {_advice(RelayRefused)}")
    return RelayUnavailable(f"{name} cannot be reached: {error}. {_advice(RelayUnavailable)}", text=str(error))


def _advice(kind: type[RelayError]) -> str:
    if kind is RelayUnavailable:
        return "Nobody is lost: run `send` again later."
    return "Check [relay] in mailer.toml and the password."


def _name(settings: RelaySettings) -> str:
    return f"The relay {settings.host}:{settings.port}"
