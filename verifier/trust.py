"""Which release a mirror shows, by signatures alone: TUF (python-tuf's client workflow, TUF section 5), minisign, or both, which then must agree."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from tuf.api.exceptions import BadVersionNumberError, DownloadError, DownloadHTTPError, ExpiredMetadataError, RepositoryError
from tuf.ngclient import FetcherInterface, Updater, UpdaterConfig

from verifier.manifest import LIMIT, PATH, SIGNATURE, check_signature, number_of, read_release
from verifier.model import WELL_KNOWN, Answer, FetchError, Release

METADATA = f"{WELL_KNOWN}metadata/"
KEPT = 8
"""Earlier releases by which an old page is known as such."""


@dataclass(frozen=True)
class Keys:
    """From outside: bytes of a root file of TUF, and the line of a public key of minisign. One of both at least."""

    root: bytes = b""
    public_key: str = ""


class Trust(FetcherInterface):
    """One mirror over one family. ``folder`` keeps the metadata that was seen: versions only grow, also from one run to the next."""

    def __init__(self, keys: Keys, folder: Path, base: str, get: Callable[[str, int], Answer]) -> None:
        self.keys, self.folder, self._base, self._get = keys, folder, base, get
        self.release: Release | None = None
        self.older: list[Release] = []
        self.since, self._pointer, self._named = 0.0, b"", set[str]()
        folder.mkdir(parents=True, exist_ok=True)

    def refresh(self, now: dt.datetime) -> tuple[str, str]:
        """Read what the mirror shows now; return the kind of a finding with words, or ``("", "")``. Raises `FetchError`.

        A new signed release becomes `release`. What is not signed, or older than what was seen, changes nothing.
        """
        try:
            pointer = self._read(METADATA + "timestamp.json" if self.keys.root else SIGNATURE)
            if pointer != self._pointer:
                self._accept(self._by_tuf(now) if self.keys.root else self._by_minisign())
                # What was accepted, not what was read first: between both a network may have changed its mind.
                self._pointer = (self.folder / ("timestamp.json" if self.keys.root else "manifest.txt.minisig")).read_bytes()
                self.since = self._first_seen(now.timestamp())
        except BadVersionNumberError as error:
            return "rolled-back", str(error)
        except DownloadHTTPError as error:
            if error.status_code >= 500 or error.status_code in (408, 429):
                raise FetchError(str(error)) from error
            return "forged", str(error)
        except DownloadError as error:
            raise FetchError(f"{error}: {error.__cause__}") from error
        except (RepositoryError, ValueError) as error:
            return "forged", f"{type(error).__name__}: {error}"
        expires = self.release.expires if self.release else None
        return ("stale", f"since {expires:%Y-%m-%d %H:%M} UTC") if expires and now >= expires else ("", "")

    def _by_tuf(self, now: dt.datetime) -> Release:
        try:
            return self._update(now)
        except ExpiredMetadataError:  # signed all the same: the pages are compared with it, and `refresh` says that it is stale
            return self._update(dt.datetime.min.replace(tzinfo=dt.UTC))

    def _update(self, moment: dt.datetime) -> Release:
        config = UpdaterConfig(prefix_targets_with_hash=False)
        base = f"{self._base}/"
        updater = Updater(str(self.folder), base + METADATA, str(self.folder), base, self, config, bootstrap=self.keys.root)
        trusted = updater._trusted_set  # python-tuf has no parameter for the clock
        trusted.reference_time = moment
        updater.refresh()

        def read(path: str) -> bytes:
            target = updater.get_targetinfo(path)
            if target is None:
                raise ValueError(f"{path} is not signed")
            kept = updater.find_cached_target(target, str(self.folder / path.rpartition("/")[2]))
            return Path(kept or updater.download_target(target, str(self.folder / path.rpartition("/")[2]))).read_bytes()

        if self.keys.public_key:
            check_signature(read(PATH), read(SIGNATURE), self.keys.public_key)
        expires = min(part.expires for part in (trusted.root, trusted.timestamp, trusted.snapshot, trusted.targets))
        return replace(read_release(read(PATH), self._list), expires=expires)

    def _by_minisign(self) -> Release:
        data, signature = self._read(PATH), self._read(SIGNATURE)
        check_signature(data, signature, self.keys.public_key)
        release, kept = read_release(data, self._list), self.folder / "manifest.txt"
        if kept.exists() and number_of(kept.read_bytes()) > release.number:
            raise BadVersionNumberError(f"release {release.number} is older than one that was seen")
        kept.write_bytes(data)
        (self.folder / "manifest.txt.minisig").write_bytes(signature)
        return release

    def _list(self, path: str, sha256: str) -> bytes:
        """Return a list of files; its name says its content, so that one that was read before is not fetched again."""
        kept = self.folder / "lists" / sha256
        self._named.add(sha256)
        if kept.exists() and hashlib.sha256(kept.read_bytes()).hexdigest() == sha256:
            return kept.read_bytes()
        data = self._read(path)
        if hashlib.sha256(data).hexdigest() != sha256:
            raise ValueError(f"{path} is not what the manifest names")
        kept.parent.mkdir(exist_ok=True)
        kept.write_bytes(data)
        return data

    def _accept(self, release: Release) -> None:
        if self.release and self.release.files != release.files:
            self.older = [self.release, *self.older][:KEPT]
        self.release = release
        for kept in (self.folder / "lists").glob("*"):
            if kept.name not in self._named:
                kept.unlink()
        self._named = set()

    def _first_seen(self, now: float) -> float:
        """Return since when (seconds since 1970) the mirror has shown this, also over several runs: by it one that stands still is noticed."""
        note, digest = self.folder / "since", hashlib.sha256(self._pointer).hexdigest()
        known = note.read_text().split() if note.exists() else []
        since = float(known[1]) if known[:1] == [digest] else now
        note.write_text(f"{digest} {since}")
        return since

    def _read(self, path: str) -> bytes:
        return b"".join(self.fetch(f"{self._base}/{path}"))

    def _fetch(self, url: str) -> Iterator[bytes]:
        """Return a file for python-tuf."""
        answer = self._get(url, LIMIT)
        if answer.status != 200:
            raise DownloadHTTPError(f"{url}: status {answer.status}", answer.status)
        return iter([answer.body])
