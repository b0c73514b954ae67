"""Which release a mirror shows, by signatures alone: TUF (python-tuf's client workflow, TUF section 5), minisign, or both, which then
must agree.

What is signed is the plain-text manifest; it names lists of files: lines of ``sha256sum``, and comments with the rest.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import os
import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from tuf.api.exceptions import BadVersionNumberError, DownloadError, DownloadHTTPError, ExpiredMetadataError, RepositoryError
from tuf.ngclient import FetcherInterface, Updater, UpdaterConfig

from verifier.model import WELL_KNOWN, AbsentError, Answer, Config, FetchError, Judgement, Release, SignedFile, TlsError

METADATA, MANIFEST, SIGNATURE = f"{WELL_KNOWN}metadata/", f"{WELL_KNOWN}manifest.txt", f"{WELL_KNOWN}manifest.txt.minisig"
OURS = {"stale", "rolled-back", "frozen"}
"""What only our keys can have signed: no network in between can have made it."""

LIMIT, KEPT = 256 * 2**20, 8
"""Bytes of one file of the proof; earlier releases by which an old page is known as such."""

_NUMBER = re.compile(r"^# number: ([0-9]+)$", re.MULTILINE)
_LIST = re.compile(rf"^([0-9a-f]{{64}})  ({re.escape(WELL_KNOWN)}files/.+)$", re.MULTILINE)
_LINE = re.compile(r"# files: (?P<type>.*?) \| (?P<cache>.*)|#(?P<length>[0-9]+)|(?P<sha256>[0-9a-f]{64})  (?P<path>.+)")


class Trust(FetcherInterface):
    """One mirror over one family. ``folder`` keeps the metadata that was seen: versions only grow, also from one run to the next.

    ``proven`` is the last moment (seconds since 1970) at which our keys had signed what came.
    """

    def __init__(self, config: Config, folder: Path, base: str, get: Callable[[str, int], Answer]) -> None:
        self._root = Path(config.root).read_bytes() if config.root else b""
        self._key, self._frozen = key_of(config.public_key) if config.public_key or not self._root else b"", config.frozen
        self.folder, self._base, self._get = folder, base, get
        self.release, self.older, self.proven, self.is_absent = Release(0, {}), list[Release](), 0.0, False
        self._pointer, self._lock = b"", threading.Lock()
        self._kept = folder / ("timestamp.json" if self._root else "manifest.txt.minisig")
        (folder / "lists").mkdir(parents=True, exist_ok=True)

    def refresh(self, now: float) -> Judgement:
        """Ask the mirror which release it shows, and return what is wrong with that. Never raises.

        A new signed release becomes `release`. What is not signed, or older than what was seen, changes nothing.
        """
        with self._lock:
            try:
                problem = self._refresh(now)
            except FetchError as error:
                self.is_absent = isinstance(error, AbsentError) and not self.release.number
                return {"certificate" if isinstance(error, TlsError) else "unreachable": str(error)}
            except (RepositoryError, DownloadError, ValueError) as error:
                kind = "rolled-back" if isinstance(error, BadVersionNumberError) else "forged"
                problem = {kind: f"{type(error).__name__}: {error}"}
            self.is_absent, self.proven = False, now if problem.keys() <= OURS else self.proven
            return problem

    def _refresh(self, now: float) -> Judgement:
        if self._read(METADATA + "timestamp.json" if self._root else SIGNATURE) != self._pointer:
            self._accept(now)
        since, expires = self._kept.stat().st_mtime, self.release.expires
        if expires and now >= expires.timestamp():
            return {"stale": f"since {expires:%Y-%m-%d %H:%M} UTC"}
        if expires and self._frozen and now - since > self._frozen:
            return {"frozen": f"the same signed time since {dt.datetime.fromtimestamp(since, dt.UTC):%Y-%m-%d %H:%M} UTC"}
        return {}

    def _accept(self, now: float) -> None:
        before = self._kept.read_bytes() if self._kept.exists() else b""
        try:
            release = self._by_tuf(dt.datetime.fromtimestamp(now, dt.UTC)) if self._root else self._by_minisign()
        finally:  # also if what came after it was cut
            if self._kept.exists() and self._kept.read_bytes() != before:
                os.utime(self._kept, (now, now))  # since when it is shown, also over several runs: by it one that stands still is noticed
        if self.release.number and self.release.files != release.files:
            self.older = [self.release, *self.older][:KEPT]
        # What was accepted, not what was read first: between both a network may have changed its mind.
        self.release, self._pointer = release, self._kept.read_bytes()

    def _by_tuf(self, moment: dt.datetime) -> Release:
        base, config = f"{self._base}/", UpdaterConfig(prefix_targets_with_hash=False)
        updater = Updater(str(self.folder), base + METADATA, str(self.folder), base, self, config, bootstrap=self._root)
        trusted = updater._trusted_set  # python-tuf has no parameter for the clock
        trusted.reference_time = moment
        try:
            updater.refresh()
        except ExpiredMetadataError:  # signed all the same: the pages are compared with it, and `refresh` says that it is stale
            return self._by_tuf(dt.datetime.min.replace(tzinfo=dt.UTC))
        expires = min(part.expires for part in (trusted.root, trusted.timestamp, trusted.snapshot, trusted.targets))
        for path in (MANIFEST, SIGNATURE) if self._key else (MANIFEST,):
            target = updater.get_targetinfo(path)
            if target is None:
                raise ValueError(f"{path} is not signed")
            updater.download_target(target, str(self.folder / Path(path).name))
        manifest = (self.folder / "manifest.txt").read_bytes()
        if self._key:
            check_signature(manifest, (self.folder / "manifest.txt.minisig").read_bytes(), self._key)
        return self._release(manifest)._replace(expires=expires)

    def _by_minisign(self) -> Release:
        data, signature, kept = self._read(MANIFEST), self._read(SIGNATURE), self.folder / "manifest.txt"
        check_signature(data, signature, self._key)
        release = self._release(data)
        if kept.exists() and number_of(kept.read_bytes()) > release.number:
            raise BadVersionNumberError(f"release {release.number} is older than one that was seen")
        kept.write_bytes(data)
        self._kept.write_bytes(signature)
        return release

    def _release(self, data: bytes) -> Release:
        """Return the release of a signed manifest. Lists are kept by number (``files/NUMBER-…``): one that is still the same is not
        fetched again.
        """
        files = dict[str, SignedFile]()
        for sha256, path in _LIST.findall(data.decode()):
            kept = self.folder / "lists" / Path(path).name.partition("-")[0]
            text = kept.read_bytes() if kept.exists() else b""
            if hashlib.sha256(text).hexdigest() != sha256:
                text = self._read(path)
                kept.write_bytes(text)
            if hashlib.sha256(text).hexdigest() != sha256:
                raise ValueError(f"{path} is not what the manifest names")
            files |= files_of(text.decode())
        if not files or not number_of(data):
            raise ValueError("the manifest names no release")
        return Release(number_of(data), files)

    def _read(self, path: str) -> bytes:
        return b"".join(self.fetch(f"{self._base}/{path}"))

    def _fetch(self, url: str) -> Iterator[bytes]:
        """Return a file for python-tuf."""
        answer = self._get(url, LIMIT)
        if not answer.is_up:
            raise FetchError(f"{url}: status {answer.status}")
        if answer.status != 200:
            raise DownloadHTTPError(f"{url}: status {answer.status}", answer.status)
        return iter([answer.body])


def number_of(data: bytes) -> int:
    """Return the number of the release of a signed manifest; 0 without one."""
    match = _NUMBER.search(data.decode())
    return int(match[1]) if match else 0


def files_of(text: str) -> dict[str, SignedFile]:
    """Read one list: media type and cache rule of what follows, then length, digest and path of each file. Raises `KeyError`."""
    files, known = {}, {"type": "", "cache": "", "length": "0"}
    for match in filter(None, map(_LINE.fullmatch, text.splitlines())):
        known |= {name: value for name, value in match.groupdict().items() if value is not None}
        if match["path"]:
            files[match["path"]] = SignedFile(match["sha256"], int(known["length"]), known["type"], known["cache"])
    return files


def key_of(text: str) -> bytes:
    """Return the bytes of a public key of minisign: two that name the method, eight of its name, the key. Raises `ValueError`."""
    key = base64.b64decode("".join(text.strip().splitlines()[-1:]), validate=True)
    Ed25519PublicKey.from_public_bytes(key[10:])
    return key


def check_signature(data: bytes, signature: bytes, key: bytes) -> None:
    """Check a detached signature in the format of minisign (prehashed, BLAKE2b). Raises `ValueError`."""
    _, first, comment, second = signature.decode().splitlines()[:4]
    blob, public = base64.b64decode(first, validate=True), Ed25519PublicKey.from_public_bytes(key[10:])
    if blob[:10] != b"ED" + key[2:10]:
        raise ValueError("the signature is of another key")
    try:
        public.verify(blob[10:], hashlib.blake2b(data).digest())
        public.verify(base64.b64decode(second), blob[10:] + comment.removeprefix("trusted comment: ").encode())
    except InvalidSignature as error:
        raise ValueError("the signature does not hold") from error
