"""Which release a mirror shows, by signatures alone: TUF (python-tuf's client workflow, TUF section 5), minisign, or both, which then must agree.

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

from verifier.config import Config
from verifier.model import WELL_KNOWN, AbsentError, Answer, CertificateError, FetchError, Judgement, Release, SignedFile, VerifierError

METADATA, MANIFEST, SIGNATURE = f"{WELL_KNOWN}metadata/", f"{WELL_KNOWN}manifest.txt", f"{WELL_KNOWN}manifest.txt.minisig"
LIMIT = 256 * 2**20
OURS = {"stale", "rolled-back", "frozen"}
"""What only our keys can have signed: no network in between can have made it."""

KEPT = 8
"""Earlier releases by which an old page is known as such."""

_NUMBER = re.compile(r"^# number: ([0-9]+)$", re.MULTILINE)
_LIST = re.compile(rf"^([0-9a-f]{{64}})  ({re.escape(WELL_KNOWN)}files/.+)$", re.MULTILINE)
_LINE = re.compile(r"# files: (?P<type>.*?) \| (?P<cache>.*)|#(?P<length>[0-9]+)|(?P<sha256>[0-9a-f]{64})  (?P<path>.+)")


class Trust(FetcherInterface):
    """One mirror over one family. ``folder`` keeps the metadata that was seen: versions only grow, also from one run to the next.

    ``proven`` is the last moment (seconds since 1970) at which our keys had signed what came.
    """

    def __init__(self, config: Config, folder: Path, base: str, get: Callable[[str, int], Answer]) -> None:
        self._root, self._key, self._frozen = root_of(config), key_of(config.public_key), config.frozen
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
            except BadVersionNumberError as error:
                problem = {"rolled-back": str(error)}
            except FetchError as error:
                self.is_absent = isinstance(error, AbsentError) and not self.release.number
                return {"certificate" if isinstance(error, CertificateError) else "unreachable": str(error)}
            except (RepositoryError, DownloadError, ValueError) as error:
                problem = {"forged": f"{type(error).__name__}: {error}"}
            self.is_absent, self.proven = False, now if is_ours(problem) else self.proven
            return problem

    def _refresh(self, now: float) -> Judgement:
        pointer = self._read(METADATA + "timestamp.json" if self._root else SIGNATURE)
        if pointer != self._pointer:
            self._accept(now)
        since, expires = self._kept.stat().st_mtime, self.release.expires
        if expires and now >= expires.timestamp():
            return {"stale": f"since {expires:%Y-%m-%d %H:%M} UTC"}
        if expires and self._frozen and now - since > self._frozen:
            return {"frozen": f"the same signed time since {dt.datetime.fromtimestamp(since, dt.UTC):%Y-%m-%d %H:%M} UTC"}
        return {}

    def _accept(self, now: float) -> None:
        before = self._kept.read_bytes() if self._kept.exists() else b""
        release = self._by_tuf(now) if self._root else self._by_minisign()
        if self.release.number and self.release.files != release.files:
            self.older = [self.release, *self.older][:KEPT]
        self.release = release
        # What was accepted, not what was read first: between both a network may have changed its mind.
        self._pointer = self._kept.read_bytes()
        if self._pointer != before:
            os.utime(self._kept, (now, now))  # since when it is shown, also over several runs: by it one that stands still is noticed
        named = (self.folder / "manifest.txt").read_text(encoding="utf-8")
        for file in (self.folder / "lists").iterdir():
            if file.name not in named:
                file.unlink()

    def _by_tuf(self, now: float) -> Release:
        try:
            return self._update(dt.datetime.fromtimestamp(now, dt.UTC))
        except ExpiredMetadataError:  # signed all the same: the pages are compared with it, and `refresh` says that it is stale
            return self._update(dt.datetime.min.replace(tzinfo=dt.UTC))

    def _update(self, moment: dt.datetime) -> Release:
        base, config = f"{self._base}/", UpdaterConfig(prefix_targets_with_hash=False)
        updater = Updater(str(self.folder), base + METADATA, str(self.folder), base, self, config, bootstrap=self._root)
        trusted = updater._trusted_set  # python-tuf has no parameter for the clock
        trusted.reference_time = moment
        updater.refresh()
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
        """Return the release of a signed manifest. A list that was read before is not fetched again: its name says its content."""
        files = dict[str, SignedFile]()
        for sha256, path in _LIST.findall(data.decode()):
            kept = self.folder / "lists" / sha256
            text = kept.read_bytes() if kept.exists() else self._read(path)
            if hashlib.sha256(text).hexdigest() != sha256:
                kept.unlink(missing_ok=True)
                raise ValueError(f"{path} is not what the manifest names")
            kept.write_bytes(text)
            files |= files_of(text.decode())
        if not files:
            raise ValueError("the manifest names no files")
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


def is_ours(problem: Judgement) -> bool:
    """Whether our keys have signed what a mirror shows."""
    return problem.keys() <= OURS


def number_of(data: bytes) -> int:
    """Return the number of the release of a signed manifest. Raises `ValueError`."""
    if found := _NUMBER.search(data.decode()):
        return int(found[1])
    raise ValueError("the manifest names no release")


def files_of(text: str) -> dict[str, SignedFile]:
    """Read one list: media type and cache rule of what follows, then length, digest and path of each file. Raises `KeyError`."""
    files, known = {}, {"type": "", "cache": "", "length": "0"}
    for match in filter(None, map(_LINE.fullmatch, text.splitlines())):
        known |= {name: value for name, value in match.groupdict().items() if value is not None}
        if match["path"]:
            files[match["path"]] = SignedFile(match["sha256"], int(known["length"]), known["type"], known["cache"])
    return files


def root_of(config: Config) -> bytes:
    """Return the root file that is trusted. Raises `VerifierError`."""
    try:
        return Path(config.root).read_bytes() if config.root else b""
    except OSError as error:
        raise VerifierError(f"{config.root}: {error.strerror} / 読めません") from error


def key_of(text: str) -> bytes:
    """Return the bytes of a public key of minisign. Raises `VerifierError`."""
    try:
        key = base64.b64decode(text.strip().splitlines()[-1], validate=True) if text else b""
        Ed25519PublicKey.from_public_bytes(key[10:]) if text else None
    except ValueError as error:
        raise VerifierError(f"this is no public key of minisign: {error} / minisign の公開鍵ではありません") from error
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
