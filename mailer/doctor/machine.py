"""Whether this machine is fit to send: clock, disk, the key of links, rights of secrets, schema, senders at work, age of snapshot and drill."""

from __future__ import annotations

import ctypes
import shutil
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from mailer import private_files, secrets
from mailer.config.settings import Config
from mailer.database import audit_log
from mailer.database.deliveries import heartbeats, issues
from mailer.database.engine import Database, sqlite_file
from mailer.doctor.dns import Resolver
from mailer.doctor.results import CheckResult, Level
from mailer.drill_reports import age_in_english, last_drill, late_drill, newest_time
from mailer.message.dkim import keys
from mailer.model.errors import NotPrivate, SecretMissing

LEAST_DISK, LITTLE_DISK = 200_000_000, 2_000_000_000  # bytes: a journal that cannot be written stops everything
LATE = timedelta(minutes=30)  # the timer of `todoke send` comes every 15
TOLERANCE = timedelta(minutes=5)
TIME_ERROR = 5  # adjtimex(2): the clock is not synchronized


def clock(now: datetime, database: Database | None, resolver: Resolver | None) -> Iterator[CheckResult]:
    """Compare the clock with the audit log, with the kernel's own opinion, and with the signatures of the DNS root."""
    newest = audit_log.newest(database) if database is not None else None
    if newest is not None and newest.at > now + TOLERANCE:
        en = f"behind: the audit log has an entry of {newest.at:%Y-%m-%d %H:%M} UTC. Set the clock before anything is sent"
        yield CheckResult("clock", "this machine", Level.BAD, en, "時計が遅れています")
        return
    times = resolver.signature_times() if resolver is not None else None
    if times is not None and not times[0] - TOLERANCE <= now <= times[1] + TOLERANCE:
        en = f"wrong: the DNS root's signatures hold from {times[0]:%Y-%m-%d} to {times[1]:%Y-%m-%d}"
        yield CheckResult("clock", "this machine", Level.BAD, en, "時計が合っていません")
        return
    if is_synchronized() is False:
        yield CheckResult(
            "clock",
            "this machine",
            Level.WARNING,
            "no time service sets it: install chrony or systemd-timesyncd",
            "時刻合わせが動いていません",
        )
    else:
        yield CheckResult("clock", "this machine", Level.GOOD, "agrees with all that was asked", "合っています")


def is_synchronized() -> bool | None:
    """What the kernel says (adjtimex, which anybody may ask). None: it does not say."""
    try:
        library = ctypes.CDLL(None, use_errno=True)
        state = library.adjtimex(ctypes.create_string_buffer(512))  # struct timex has 208 bytes; modes = 0 changes nothing
    except (OSError, AttributeError):
        return None
    return None if state < 0 else state != TIME_ERROR


def disk(config: Config) -> Iterator[CheckResult]:
    """Room for journals and the database."""
    folder = next(each for each in (config.state, *config.state.parents) if each.exists())
    free = shutil.disk_usage(folder).free
    level = Level.BAD if free < LEAST_DISK else Level.WARNING if free < LITTLE_DISK else Level.GOOD
    yield CheckResult("disk", str(folder), level, f"{free / 1e9:.1f} GB free", f"空き {free / 1e9:.1f} GB")


def rights(config: Config) -> Iterator[CheckResult]:
    """Files that only their owner may read."""
    shared = [path for path in _secret_files(config) if path.exists() and _is_shared(path)]
    for path in shared:
        mode = private_files.FOLDER_MODE if path.is_dir() else private_files.FILE_MODE
        yield CheckResult("rights", str(path), Level.BAD, f"other accounts can read it: chmod {mode:o}", "ほかのアカウントから読めます")
    if not shared:
        yield CheckResult("rights", "secrets", Level.GOOD, "for this account alone", "ほかから読めません")


def secret(config: Config, environ: Mapping[str, str]) -> Iterator[CheckResult]:
    """The key that signs links: without it nothing is sent, and nobody can sign up or leave."""
    try:
        secrets.signing_keys(environ, config.secret_file)
    except (SecretMissing, NotPrivate) as error:
        yield CheckResult("key of links", "secret", Level.BAD, str(error).rstrip("."), "リンクに署名する鍵がありません")
    else:
        yield CheckResult("key of links", "secret", Level.GOOD, "there is one", "あります")


def _secret_files(config: Config) -> Iterator[Path]:
    files = (config.secret_file, config.audit_key_file, config.address_key_file, config.metrics_key_file, sqlite_file(config.database))
    yield from (path for path in (*files, *(relay.password_file for relay in config.relays)) if path is not None)
    yield from keys.key_files(config.dkim)
    yield config.state


def _is_shared(path: Path) -> bool:
    stat = path.stat()
    return private_files.HAS_MODES and private_files.is_shared(stat.st_mode, stat.st_uid)


def schema(revisions: tuple[str, str]) -> Iterator[CheckResult]:
    """Whether the database has the newest tables.

    :param revisions: of the database, and of this program (`mailer.database.engine.revisions`).
    """
    current, newest = revisions
    if current == newest:
        yield CheckResult("schema", newest, Level.GOOD, "up to date", "最新です")
    else:
        en = f"the database has {current or 'no revision'}: the next command that opens it migrates it. Make a copy first"
        yield CheckResult("schema", newest, Level.WARNING, en, "次に開くと更新されます。先に控えを取ってください")


def senders(database: Database, now: datetime) -> Iterator[CheckResult]:
    """Whether somebody sends what is due: `todoke work`, or the timer of `todoke send`."""
    live = len({each.owner for each in heartbeats.live_heartbeats(database)})
    since = issues.oldest_due_since(database, now=now)
    if since is not None and now - since > LATE and not live:
        en = f"something is due since {since:%Y-%m-%d %H:%M} UTC and nobody sends: start `todoke work`, or the timer todoke-send@"
        yield CheckResult("senders", "at work", Level.BAD, en, "送るものがあるのに、だれも送っていません")
    else:
        words = f"{live} at work" if live else "none at work, and nothing is late"
        yield CheckResult("senders", "at work", Level.GOOD, words, "遅れはありません")


def ages(config: Config, now: datetime) -> Iterator[CheckResult]:
    """How old the last snapshot and the last drill are."""
    table = config.doctor
    for area, path, days in (("snapshot", table.snapshot, table.snapshot_days), ("drill", table.drill, table.drill_days)):
        if path is None:
            en = f"[doctor] {area} in mailer.toml names no file: nobody would see that there has been none for long"
            yield CheckResult(area, "-", Level.WARNING, en, "どこを見ればよいか、設定にありません")
        elif area == "drill" and (late := late_drill(path, days, now)) is not None:
            yield CheckResult(area, late.subject, Level.BAD, late.en, late.ja)
        elif not path.exists():
            yield CheckResult(area, str(path), Level.BAD, "there is none", "ありません")
        else:
            last = last_drill(path) if area == "drill" else None
            age = now - (datetime.fromtimestamp(newest_time(path), UTC) if last is None else last.moment)
            level = Level.BAD if age > timedelta(days=days) else Level.GOOD
            yield CheckResult(area, str(path), level, age_in_english(age, days), f"{age / timedelta(days=1):.1f}日前")
