"""The site of a drill: served on loopback, its release proven by signatures, and every file compared with what is signed."""

from __future__ import annotations

import hashlib
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from continuity.model import ContinuityError
from continuity.settings import Trust as TrustSettings
from verifier.model import Answer, Config
from verifier.trust import Trust

SIGNED = {"stale", "frozen"}
"""What only our keys can have signed, and a copy that was taken a while ago may say (`verifier.trust`)."""
SECONDS = 60.0


@dataclass(frozen=True)
class SiteProof:
    """``problem`` is what is wrong with the signatures, or empty; ``wrong`` are paths whose bytes are not the signed ones; ``files`` is how many there are."""

    number: int
    problem: str
    files: int
    wrong: tuple[str, ...]


def prove(serving: Path, trust: TrustSettings, folder: Path, now: float) -> SiteProof:
    """Serve a folder, read its release as `todoke verify` does, and fetch every file of it. Raises `ContinuityError`.

    :param trust: the keys that are believed; without any, the snapshot's own root key: then the copy is proven to be whole, and not to be ours.
    :param now: seconds since 1970.
    """
    folder.mkdir()
    root = str(trust.root or ("" if trust.public_key else _own_root(serving)))
    with _served(serving) as address:
        reader = Trust(Config(root=root, public_key=trust.public_key), folder, address, _get)
        problems = {kind: words for kind, words in reader.refresh(now).items() if kind not in SIGNED}
        wrong = tuple(path for path, file in reader.release.files.items() if _digest(address, path) != file.sha256)
    problem = "; ".join(f"{kind}: {words}" for kind, words in problems.items())
    return SiteProof(reader.release.number, problem, len(reader.release.files), wrong)


def _own_root(serving: Path) -> Path:
    folder = serving / ".well-known" / "todoke" / "metadata"
    roots = sorted(folder.glob("*.root.json"), key=lambda file: int(file.name.partition(".")[0])) or [folder / "root.json"]
    if not roots[0].is_file():
        raise ContinuityError("the release has no root key with which its signatures could be checked / 署名を確かめる鍵がありません")
    return roots[0]


def _digest(address: str, path: str) -> str:
    return hashlib.sha256(_get(f"{address}/{path}", -1).body).hexdigest()


def _get(url: str, limit: int) -> Answer:
    """Fetch a file of our own server, as `verifier.fetch` answers."""
    quoted = urllib.parse.quote(url, safe=":/%")
    try:
        with urllib.request.urlopen(quoted, timeout=SECONDS) as answer:  # noqa: S310 - our own server
            return Answer(url, answer.status, {}, answer.read(limit), 0.0)
    except urllib.error.HTTPError as error:
        return Answer(url, error.code, {}, b"", 0.0)


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_words: Any) -> None:
        """Say nothing."""


@contextmanager
def _served(folder: Path) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
