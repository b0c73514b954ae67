"""Puts an audit pack together: what is there, where it came from, and what is missing.

1. Releases of the days asked for: manifests, signatures, time stamps; the chain of TUF's roots and the metadata in force.
2. The mailer's part (`mailer_part`): log, approvals, numbers.
3. Accessibility results, software bill of materials, reports of exercises, the verifier's history.
4. An index page that says item by item what shows what, and a README.
"""

from __future__ import annotations

import datetime as dt
import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from publisher.config import PublishConfig
from publisher.model import manifest
from publisher.model.errors import PublisherError
from publisher.model.release import Release
from publisher.proof import mailer_part
from publisher.proof.archive import Part
from publisher.proof.masking import take_folder
from publisher.proof.sbom import sbom
from publisher.release import time_stamp
from publisher.release.minisign import PublicKey, verify, with_id
from publisher.release.store import SIGNATURE, ReleaseStore, SignedRelease
from publisher.release.tuf_metadata import release_keys

JAPAN = ZoneInfo("Asia/Tokyo")
RESULTS_PAGE = "accessibility/results/index.html"
"""Where the site says what was tested (`plugins.checks.results`)."""


@dataclass(frozen=True)
class ReleaseRow:
    """One release in the index. ``signature`` says why it does not hold, or nothing.

    ``anchor_entry`` is the entry of the exported log at which its anchor stands (None: not in that part); ``stamped`` the moment of its time stamp (None: there
    is none that holds).
    """

    release: Release
    signature: str
    anchor_entry: int | None
    stamped: dt.datetime | None


@dataclass
class Pack:
    """``parts`` by path; ``missing`` and ``notes`` are sentences, English first; ``releases`` oldest first; ``mail`` is the mailer's part, or None."""

    first: dt.date
    last: dt.date
    parts: dict[str, Part] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    releases: list[ReleaseRow] = field(default_factory=list)
    mail: Mapping[str, Any] | None = None

    def has(self, prefix: str) -> bool:
        """Whether a part lies at that path or below it."""
        return any(path.startswith(prefix) for path in self.parts)


def collect(settings: PublishConfig, store: ReleaseStore, folder: Path, first: dt.date, last: dt.date, export: Path | None) -> Pack:
    """Return the pack of the days from ``first`` to ``last``, both included, but for its index. ``folder`` is that of publish.toml.

    ``export`` is what ``todoke audit-export`` printed on another machine; without it the mailer here is asked. Raises `PublisherError`.
    """
    pack = Pack(first, last)
    _take_mail(pack, settings, export)
    chosen = [signed for number in store.numbers() if first <= _day((signed := store.load(number)).release) <= last]
    _take_releases(pack, settings, store, chosen)
    newest = chosen[-1].release if chosen else None
    _take_accessibility(pack, settings, store, folder, newest)
    _take_sbom(pack, settings, newest)
    for name, place, words in (
        ("drills", settings.audit.drills, "reports of exercises / 訓練の記録"),
        ("verifier", settings.audit.verifier, "history of the verifier / 外からの検査の履歴"),
    ):
        taken = take_folder(place, name, first, last, lambda sha256: store.object(sha256).is_file())
        pack.parts |= taken.parts
        pack.notes += taken.notes
        if not taken.parts:
            pack.missing.append(
                f"{name}: none. No {words.partition(' / ')[0]} in {place.name}/ for these days / {words.partition(' / ')[2]}がありません"
            )
    return pack


def _day(release: Release) -> dt.date:
    return release.moment.astimezone(JAPAN).date()


def _take_mail(pack: Pack, settings: PublishConfig, export: Path | None) -> None:
    mailer = settings.audit.mailer or settings.publish.mailer
    if export is None and not mailer.is_file():
        pack.missing.append(
            f"mail, audit-log, approvals: none. There is no {mailer.name} here. Run `todoke audit-export` where the mailer is, and give its "
            "output with --mail-export / 配信の記録がありません"
        )
        return
    record = mailer_part.read_export(export, pack.first, pack.last) if export else mailer_part.export(mailer, pack.first, pack.last)
    pack.mail = record
    pack.parts |= mailer_part.files(record)
    pack.notes += mailer_part.notes(record)
    for name, values, words in (
        ("audit-log", record["log"]["entries"], "no entry in these days / この期間の記録がありません"),
        ("approvals", record["approvals"], "no approval in these days / この期間の承認がありません"),
        ("mail", record["issues"], "no issue was sent in these days / この期間の配信がありません"),
    ):
        if not values:
            pack.missing.append(f"{name}: none, {words}")


def _take_releases(pack: Pack, settings: PublishConfig, store: ReleaseStore, chosen: Sequence[SignedRelease]) -> None:
    metadata = store.metadata()
    keys = [with_id(key) for key in release_keys(metadata)]
    for key in keys:
        name = key.key_id[::-1].hex().upper()
        pack.parts[f"keys/{name}.pub"] = f"untrusted comment: public key {name}\n{key.text}\n".encode()
    pack.parts |= {f"tuf/{name}": data for name, data in metadata.items()}
    hashes = {entry["hash"]: int(entry["number"]) for entry in (pack.mail or {"log": {"entries": ()}})["log"]["entries"]}
    for signed in chosen:
        release = signed.release
        pack.parts |= {_place(path, release.number): data for path, data in signed.proof.items()}
        row = ReleaseRow(release, _check(signed, keys), hashes.get(release.audit_anchor), _take_time_stamp(pack, settings, store, signed))
        pack.releases.append(row)
    pack.notes += [f"releases: {row.release.number}: {row.signature} / 署名が合いません" for row in pack.releases if row.signature]
    unproved = [
        str(row.release.number)
        for row in pack.releases
        if not row.release.commit or row.release.commit.endswith("+") or not row.release.build
    ]
    if unproved:
        pack.notes.append(f"releases: {', '.join(unproved)} cannot be built anew (see todoke reproduce) / 作り直せない版です")
    if not keys:
        pack.missing.append("keys, tuf: none. No keys were made: todoke release-keys new / 鍵がありません")
    if not chosen:
        pack.missing.append("releases: none in these days / この期間の公開版がありません")


def _place(path: str, number: int) -> str:
    """Return where a file that proves a release lies in the pack. Lists of files are named by their content: each is there once for all releases."""
    name = path.rpartition("/")[2]
    return f"releases/files/{name}" if path.startswith(manifest.LISTS) else f"releases/{number}/{name}"


def _take_time_stamp(pack: Pack, settings: PublishConfig, store: ReleaseStore, signed: SignedRelease) -> dt.datetime | None:
    """Put the time stamp of a release into the pack and return its moment; None if there is none, or none that can be believed."""
    number = signed.release.number
    file = time_stamp.path_of(store, number)
    if not file.is_file():
        if settings.timestamp:
            pack.missing.append(f"releases: {number} has no time stamp / 時刻印がありません")
        return None
    token = pack.parts[f"releases/{number}/{time_stamp.NAME}"] = file.read_bytes()
    if settings.timestamp is None:
        pack.notes.append(f"releases: {number}: the time stamp was not checked: no [timestamp] in publish.toml / 時刻印を確かめていません")
        return None
    try:
        authority = time_stamp.read_authority(settings.timestamp.certificates)
        pack.parts["keys/timestamp-authority.pem"] = settings.timestamp.certificates.read_bytes()
        return time_stamp.verify(token, signed.proof[manifest.PATH], authority)
    except PublisherError as error:
        pack.notes.append(f"releases: {number}: {error}")
        return None


def _check(signed: SignedRelease, keys: Sequence[PublicKey]) -> str:
    """Return why no key of the store's roots signed the manifest; empty if one did."""
    why = "no key"
    for key in keys:
        try:
            verify(signed.proof[manifest.PATH], signed.proof[SIGNATURE], key)
        except PublisherError as error:
            why = str(error).partition(" / ")[0]
        else:
            return ""
    return why


def _take_accessibility(pack: Pack, settings: PublishConfig, store: ReleaseStore, folder: Path, newest: Release | None) -> None:
    page = newest.by_path.get(RESULTS_PAGE) if newest else None
    if page and store.object(page.sha256).is_file():
        pack.parts["accessibility/results.html"] = store.object(page.sha256)
    data = _committed(folder, newest.commit.rstrip("+"), settings.audit.accessibility) if newest and newest.commit else None
    if data is None and settings.audit.accessibility.is_file():
        data = settings.audit.accessibility.read_bytes()
        pack.notes.append("accessibility: audit.json is that of today, not of a release's commit / 今日のものです")
    if data is not None:
        pack.parts["accessibility/audit.json"] = data
    if not pack.has("accessibility/"):
        pack.missing.append("accessibility: none. `make audit` makes the results / アクセシビリティの検証結果がありません")


def _committed(folder: Path, commit: str, file: Path) -> bytes | None:
    """Return the bytes of a file in a commit; None if it is not there."""
    try:
        path = file.resolve().relative_to(folder.resolve()).as_posix()
        done = subprocess.run(["git", "-C", str(folder), "show", f"{commit}:./{path}"], capture_output=True, check=False)  # noqa: S603, S607
    except (ValueError, OSError):
        return None
    return None if done.returncode else done.stdout


def _take_sbom(pack: Pack, settings: PublishConfig, newest: Release | None) -> None:
    if newest is None or not newest.tools:
        pack.missing.append("sbom: none. It is made from a release of these days / 公開版がないため、部品の一覧がありません")
        return
    lock = settings.audit.lock
    if not lock.is_file():
        pack.notes.append(f"sbom: there is no {lock.name}, so no hashes of packages / ハッシュ値がありません")
    pack.parts["sbom/todoke.cdx.json"] = sbom(newest, lock.read_text("utf-8", "replace") if lock.is_file() else "")


def contents(pack: Pack) -> bytes:
    """Return the list of the pack for programs, as JSON."""
    record = {
        "format": 1,
        "from": pack.first.isoformat(),
        "to": pack.last.isoformat(),
        "files": sorted(pack.parts),
        "missing": pack.missing,
        "notes": pack.notes,
        "releases": [
            {
                "number": row.release.number,
                "moment": row.release.moment.isoformat(),
                "commit": row.release.commit,
                "signature_holds": not row.signature,
                "audit_anchor": row.release.audit_anchor,
                "audit_anchor_entry": row.anchor_entry,
                "time_stamp": row.stamped.isoformat() if row.stamped else None,
            }
            for row in pack.releases
        ],
    }
    return (json.dumps(record, ensure_ascii=False, indent=1) + "\n").encode()
