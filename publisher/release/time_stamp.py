"""Time stamps of releases (RFC 3161), by rfc3161-client: somebody else signs that a manifest existed at some moment.

The clock of the publishing machine proves nothing to a court. An authority gets the SHA-256 of the manifest, nothing else, and returns a signed token, which
lies beside the manifest in the store. A token that cannot be had holds up no release: the next `todoke release-keys renew` asks again.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

import aiohttp
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID
from rfc3161_client import (
    HashAlgorithm,
    TimestampRequestBuilder,
    TimeStampResponse,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

from publisher.model import manifest
from publisher.model.errors import PublisherError
from publisher.release.files import write_atomically
from publisher.release.store import ReleaseStore

NAME = "manifest.tsr"
MOST_BYTES = 1_000_000
"""A token with a long chain of certificates has some 10 kB."""
AT_A_TIME = 24
"""Of so many newest releases a missing token is asked for: a day of hourly releases."""

Fetch = Callable[[bytes], bytes]
"""Sends a request in DER to the authority and returns its answer. Raises `PublisherError`."""


@dataclass(frozen=True)
class Authority:
    """Whose tokens count: ``roots`` are self-signed certificates that the operator has chosen, ``intermediates`` those between.

    ``signers`` are the authority's own. Where one is known, answers are asked for without certificates: OpenSSL's authorities send several in an order that
    DER does not allow (X.690 section 11.6), and rfc3161-client refuses them.
    """

    roots: tuple[x509.Certificate, ...]
    intermediates: tuple[x509.Certificate, ...] = ()
    signers: tuple[x509.Certificate, ...] = ()


def read_authority(file: Path) -> Authority:
    """Read certificates in PEM. Raises `PublisherError`: none, not readable, no self-signed one among them."""
    try:
        certificates = x509.load_pem_x509_certificates(file.read_bytes())
    except (OSError, ValueError) as error:
        raise PublisherError(f"{file}: {getattr(error, 'strerror', None) or error} / 時刻印の証明書が読めません") from error
    roots = tuple(each for each in certificates if each.issuer == each.subject)
    if not roots:
        raise PublisherError(f"{file}: no self-signed certificate of an authority in it / 認証局の証明書がありません")
    others = [each for each in certificates if each.issuer != each.subject]
    signers = tuple(each for each in others if _may_stamp(each))
    return Authority(roots, tuple(each for each in others if each not in signers), signers)


def _may_stamp(certificate: x509.Certificate) -> bool:
    """Whether a certificate is that of an authority itself (RFC 3161 section 2.3)."""
    try:
        usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except (x509.ExtensionNotFound, ValueError):
        return False
    return ExtendedKeyUsageOID.TIME_STAMPING in usage


def verify(token: bytes, data: bytes, authority: Authority, nonce: int | None = None) -> dt.datetime:
    """Return the moment at which the authority has seen ``data``. Raises `PublisherError`: another's, of other bytes, or no token."""
    try:
        response = decode_timestamp_response(token)
        signer = None if response.signed_data.certificates else _signer(response, authority)
        intermediates = list(authority.intermediates)
        verifier = VerifierBuilder(tsa_certificate=signer, roots=list(authority.roots), intermediates=intermediates, nonce=nonce).build()
        verifier.verify_message(response, data)
        moment = response.tst_info.gen_time
    except (VerificationError, ValueError, TypeError) as error:
        hint = "; put the authority's own certificate into the file of certificates" if "InvalidSetOrdering" in str(error) else ""
        raise PublisherError(f"the time stamp does not hold: {error}{hint} / 時刻印が合いません") from error
    return moment


def _signer(response: TimeStampResponse, authority: Authority) -> x509.Certificate | None:
    """Return the certificate that the token names, of those that are known: an authority changes its own every few years."""
    named = {(info.issuer, info.serial_number) for info in response.signed_data.signer_infos}
    return next((each for each in authority.signers if (each.issuer, each.serial_number) in named), None)


def request(data: bytes, authority: Authority, fetch: Fetch) -> tuple[bytes, dt.datetime]:
    """Ask for a token over ``data``; return it with its moment. Raises `PublisherError`; what does not verify is not kept."""
    builder = TimestampRequestBuilder(data=data, hash_algorithm=HashAlgorithm.SHA256)
    query = builder.cert_request(cert_request=not authority.signers).build()
    token = fetch(query.as_bytes())
    return token, verify(token, data, authority, query.nonce)


def over_http(url: str, seconds: float) -> Fetch:
    """Return a `Fetch` by HTTP POST (RFC 3161 section 3.4) that takes ``seconds`` at most, whatever the server does, and follows no redirect."""

    def fetch(query: bytes) -> bytes:
        try:
            return asyncio.run(_post(url, query, seconds))
        except (TimeoutError, OSError, ValueError, aiohttp.ClientError) as error:
            why = str(error) or f"no answer in {seconds:g} s"
            raise PublisherError(f"{url}: no time stamp: {why} / 時刻印が取れませんでした") from error

    return fetch


async def _post(url: str, query: bytes, seconds: float) -> bytes:
    timeout, kind = aiohttp.ClientTimeout(total=seconds), {"Content-Type": "application/timestamp-query"}
    async with (
        aiohttp.ClientSession(timeout=timeout, trust_env=True) as session,
        session.post(url, data=query, headers=kind, allow_redirects=False) as answer,
    ):
        if answer.status != HTTPStatus.OK:
            raise ValueError(f"the authority answers {answer.status} {answer.reason}")
        data = b""
        while len(data) <= MOST_BYTES and (block := await answer.content.read(MOST_BYTES)):
            data += block
        if len(data) > MOST_BYTES:
            raise ValueError(f"the answer is longer than {MOST_BYTES:,} bytes")
        return data


def stamp_missing(store: ReleaseStore, certificates: Path, url: str, seconds: float) -> Iterator[tuple[int, dt.datetime]]:
    """Ask for each token that is missing, of the newest release first; yield number and moment. Raises `PublisherError` at the first that cannot be had.

    So an authority that hangs takes ``seconds`` once, however many tokens are missing.
    """
    authority, fetch = read_authority(certificates), over_http(url, seconds)
    for number in missing(store):
        yield number, stamp(store, number, authority, fetch)


def missing(store: ReleaseStore) -> Sequence[int]:
    """Return which of the newest releases have no token, newest first."""
    return [number for number in reversed(store.numbers()[-AT_A_TIME:]) if not path_of(store, number).is_file()]


def path_of(store: ReleaseStore, number: int) -> Path:
    """Return where the token of a release lies, whether or not it is there."""
    return store.folder(number) / NAME


def stamp(store: ReleaseStore, number: int, authority: Authority, fetch: Fetch) -> dt.datetime:
    """Ask for the token of a release and keep it; return its moment. Raises `PublisherError`; then nothing is kept."""
    token, moment = request(store.load(number).proof[manifest.PATH], authority, fetch)
    write_atomically(path_of(store, number), token)
    return moment
