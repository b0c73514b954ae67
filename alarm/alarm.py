"""What follows a finding: evidence, mail, webhook, a command that restores. What could not be sent is tried again at a later tick."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
import json
import shutil
import smtplib
import ssl
import stat
import subprocess
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from pathlib import Path

from alarm.memory import write
from alarm.settings import Settings
from alarm.words import VerifierError, line
from verifier.model import MENDED, Finding
from verifier.watch import Watch

SHOWN, TIMEOUT = 20, 10.0

Restore = Callable[[str, Sequence[str]], str]
"""Called with the name of a mirror and the paths that are wrong there; returns what was done. Raises `VerifierError`."""

Released = Callable[[str], bytes | None]
"""Returns a released content by its SHA-256 where it is known."""


class Alarm:
    """Tells and mends what a watch has found."""

    def __init__(self, config: Settings, watch: Watch, restore: Restore | None, released: Released = lambda _: None) -> None:
        self._config, self._watch, self._restore, self._released = config, watch, restore, released
        channels = [*([send_mail] if config.mail else []), *([post] if config.webhook else [])]
        self._unsent: dict[Callable[[Settings, list[str], float], None], list[str]] = {channel: [] for channel in channels}
        self._wrong = dict[str, set[str]]()  # by mirror: what is to be mended
        self._failed = set[str]()
        self._begun, self._inherited = watch.clock(), set[tuple[str, ...]]()
        self.has_mended, self._try_again = False, 0.0

    def handle(self, events: Sequence[Finding]) -> list[str]:
        """Do what follows; return the lines that say so."""
        now, lines = self._watch.clock(), [line(event) for event in events]
        fresh = [event for event in events if not event.is_over]
        lines += [self._evidence(event, now) for event in fresh[:SHOWN] if event.answer or not event.subject]
        failures = self._send(lines, now)  # the alarm first: a delivery may take minutes
        inherited = list(self._inherit())
        mended = self._mend([*fresh, *inherited])
        return [*lines, *failures, *(f"STILL 続く {line(each)}" for each in inherited), *mended, *self._send(mended, now)]

    def _inherit(self) -> Iterator[Finding]:
        """Yield once what an earlier run has told, and this one has seen too: that run may have ended before it mended, or had nothing to mend with."""
        for each in self._watch.findings():
            about = (each.mirror, each.family, each.subject, each.kind)
            if each.announced < self._begun <= each.last and about not in self._inherited:
                self._inherited.add(about)
                yield each

    def _send(self, lines: list[str], now: float) -> list[str]:
        """Send by every channel, with what could not be sent before; return the lines that say what failed."""
        failures = []
        for channel, waiting in self._unsent.items():
            waiting.extend(lines)
            if waiting and (lines or now >= self._try_again):  # a dead mail server must not hold up the looks
                try:
                    channel(self._config, waiting, now)
                    waiting.clear()
                except (OSError, ValueError, smtplib.SMTPException, VerifierError) as error:
                    self._try_again = now + 60
                    failures.append(f"the alarm could not be sent, tried again later 警報を送れません: {type(error).__name__}: {error}")
        return failures

    def _mend(self, fresh: Sequence[Finding]) -> list[str]:
        """Restore each mirror once for all that is wrong there; what fails is told once and tried again at each tick."""
        for finding in fresh:
            if self._restore and finding.kind in MENDED:
                self._wrong.setdefault(finding.mirror, set()).add(finding.subject)
        lines, self.has_mended = [], False
        for mirror, paths in list(self._wrong.items()):
            try:
                assert self._restore is not None
                lines.append(f"RESTORED 復旧 {mirror}: {self._restore(mirror, sorted(paths - {''}))}")
                self.has_mended = True
                self._failed.discard(mirror)
                del self._wrong[mirror]
            except (VerifierError, OSError, subprocess.SubprocessError) as error:
                lines += [f"NOT RESTORED, tried again 復旧できません {mirror}: {error}"] if mirror not in self._failed else []
                self._failed.add(mirror)
        return lines

    def _evidence(self, finding: Finding, now: float) -> str:
        """Write what was seen, what was released, and the chain of signatures. The oldest evidence goes when there is too much."""
        root = Path(self._config.folder, "evidence")
        about = hashlib.sha256(repr((finding.mirror, finding.family, finding.subject)).encode()).hexdigest()[:8]
        folder = root / f"{dt.datetime.fromtimestamp(now, dt.UTC):%Y%m%dT%H%M%SZ}-{finding.kind}-{about}"
        try:
            seen = finding.answer._replace(body=b"")._asdict() if finding.answer else {}
            record = {**seen, "finding": line(finding), "body": "seen.body"}
            write(folder / "seen.json", json.dumps(record, ensure_ascii=False, indent=1, default=str).encode())
            if finding.answer:
                write(folder / "seen.body", finding.answer.body)
            released = self._released_body(finding)
            if released is not None:
                write(folder / "released.body", released)
            for view in self._watch.views:
                if (view.mirror.name, view.family) == (finding.mirror, finding.family):
                    shutil.copytree(view.trust.folder, folder / "signatures", dirs_exist_ok=True)
            trim(root, self._config.evidence_megabytes * 10**6)
        except OSError as error:  # a full disk must not silence the alarm
            return f"the evidence could not be kept 証拠を残せません: {error.filename}: {error.strerror}"
        return f"evidence 証拠: {folder}"

    def _released_body(self, finding: Finding) -> bytes | None:
        """Return what should be there: kept from an earlier look, from the store of this machine, or from another mirror."""
        views = self._watch.views
        digest = next((view.release.files[finding.subject].sha256 for view in views if finding.subject in view.release.files), "")
        kept = next((view.bodies[digest] for view in views if digest in view.bodies), None) or (self._released(digest) if digest else None)
        fetched = (view.get(finding.subject).body for view in views if digest and kept is None)
        return kept or next((body for body in fetched if hashlib.sha256(body).hexdigest() == digest), None)


def trim(root: Path, most: int) -> None:
    """Remove the oldest folders until the others have ``most`` bytes together; the last one stays."""
    sizes = {folder: sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) for folder in sorted(root.iterdir())}
    for folder in list(sizes)[:-1]:
        if sum(sizes.values()) > most:
            shutil.rmtree(folder)
            del sizes[folder]


def send_mail(config: Settings, lines: list[str], at: float) -> None:
    """One mail with the first lines, and how many there are."""
    mail = config.mail
    assert mail is not None
    message = EmailMessage()
    message["Subject"], message["From"], message["To"] = f"[todoke] {lines[0]}"[:160], mail.sender, ", ".join(mail.to)
    message["Date"] = format_datetime(dt.datetime.fromtimestamp(at, dt.UTC))
    message["Message-ID"] = make_msgid(domain=mail.sender.partition("@")[2])
    message["Auto-Submitted"] = "auto-generated"
    message.set_content("\n".join([*lines[: 3 * SHOWN], f"({len(lines)} lines 行)", ""]))
    context = ssl.create_default_context()
    is_tls = mail.security == "tls"
    with (
        smtplib.SMTP_SSL(mail.host, mail.port, timeout=TIMEOUT, context=context)
        if is_tls
        else smtplib.SMTP(mail.host, mail.port, timeout=TIMEOUT)
    ) as connection:
        if mail.security == "starttls":
            connection.starttls(context=context)
        if mail.user:
            connection.login(mail.user, secret(mail.password_file))
        connection.send_message(message)


def post(config: Settings, lines: list[str], at: float) -> None:
    """Standard Webhooks: HMAC-SHA256 over id, time and body."""
    hook = config.webhook
    assert hook is not None
    moment = dt.datetime.fromtimestamp(at, dt.UTC).isoformat()
    body = json.dumps({"type": "todoke.verify", "timestamp": moment, "data": {"lines": lines}}, ensure_ascii=False).encode()
    name, words = f"msg_{hashlib.sha256(body).hexdigest()[:24]}", secret(hook.secret_file)
    key = base64.b64decode(words.removeprefix("whsec_")) if words.startswith("whsec_") else words.encode()
    signature = base64.b64encode(hmac.digest(key, f"{name}.{at:.0f}.".encode() + body, "sha256")).decode()
    headers = {"webhook-id": name, "webhook-timestamp": f"{at:.0f}", "webhook-signature": f"v1,{signature}"}
    request = urllib.request.Request(hook.url, body, {"Content-Type": "application/json", **headers})  # noqa: S310 - the operator's address
    urllib.request.urlopen(request, timeout=TIMEOUT).close()  # noqa: S310


def run_command(command: Sequence[str], mirror: str, paths: Sequence[str]) -> str:
    """Run a configured command, which gets the mirror and the paths as JSON on its standard input; return what it said. Raises
    `VerifierError`.
    """
    given = json.dumps({"mirror": mirror, "paths": list(paths)}, ensure_ascii=False)
    ended = subprocess.run(command, input=given, capture_output=True, text=True, timeout=600, check=False)  # noqa: S603 - the operator's
    words = " ".join((ended.stdout + ended.stderr).split())[-300:]
    if ended.returncode:
        raise VerifierError(f"{command[0]} ended with status {ended.returncode}: {words}")
    return words or "done"


def secret(file: str) -> str:
    """Raises `VerifierError` for a file that others can read."""
    if stat.S_IMODE(Path(file).stat().st_mode) & 0o077:
        raise VerifierError(f"{file}: others can read it. Run: chmod 600 {file} / ほかの人が読めます")
    return Path(file).read_text(encoding="utf-8").strip()
