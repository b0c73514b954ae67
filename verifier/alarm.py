"""What follows a finding: evidence, mail, webhook, a command that restores. What could not be sent is tried again at the next tick."""

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
from collections.abc import Callable, Sequence
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from pathlib import Path

from verifier.config import Config
from verifier.model import KINDS, Answer, VerifierError
from verifier.watch import Event, Watch, write

SHOWN, TIMEOUT = 20, 10.0

Restore = Callable[[str, Sequence[str]], str]
"""Called with the name of a mirror and the paths that are wrong there; returns what was done. Raises `VerifierError`."""


def line(event: Event) -> str:
    """One finding as one line, Japanese and English."""
    key, suspicion, is_over = event
    ja, en = KINDS[key.kind][:2]
    place = " ".join(part for part in (key.mirror, key.family, key.subject) if part)
    return plain(f"{'OVER 解消' if is_over else 'FOUND 発見'} [{key.kind}] {place}: {ja} {en}. {suspicion.words}")


def plain(words: str) -> str:
    """Return one line that no terminal and no mail reader takes for a command: paths and headers are a stranger's words."""
    return "".join(sign if sign.isprintable() else f"\\u{ord(sign):04x}" for sign in " ".join(words.split()))


class Alarm:
    """``approved`` returns a released content by digest where it is known, for the evidence beside what was seen."""

    def __init__(
        self, config: Config, watch: Watch, restore: Restore | None, approved: Callable[[str], bytes | None] = lambda _: None
    ) -> None:
        self._config, self._watch, self._restore, self._approved = config, watch, restore, approved
        self.has_mended, self._try_again = False, 0.0
        self._wrong: dict[str, set[str]] = {}
        self._failed: set[str] = set()
        self._unsent: list[tuple[Callable[[list[str], float], None], list[str], float]] = []

    def handle(self, events: Sequence[Event]) -> list[str]:
        """Do what follows; return the lines that say so."""
        now, lines = self._watch.clock(), [line(event) for event in events]
        fresh = [event for event in events if not event[2]]
        lines += [self._evidence(event, now) for event in fresh[:SHOWN] if event[1].answer or not event[0].subject]
        failures = self._send(lines, now)  # the alarm first: a delivery may take minutes
        mended = self._mend(fresh)
        return [*lines, *failures, *mended, *self._send(mended, now)]

    def _send(self, lines: list[str], now: float) -> list[str]:
        """Send by every channel, and again what could not be sent; return the lines that say what failed."""
        channels = [each for each, is_set in ((self._mail, self._config.mail), (self._post, self._config.webhook)) if is_set]
        old = self._unsent if now >= self._try_again else []  # a dead mail server must not hold up the looks
        waiting = [*old, *((channel, lines, now) for channel in channels if lines)]
        self._unsent = [] if old else self._unsent
        failures = []
        for channel, words, at in waiting:
            try:
                channel(words, at)
            except (OSError, smtplib.SMTPException, VerifierError) as error:
                self._unsent.append((channel, words, at))
                self._try_again = now + 60
                failures.append(f"the alarm could not be sent, tried again later 警報を送れません: {type(error).__name__}: {error}")
        return failures

    def _evidence(self, event: Event, now: float) -> str:
        try:
            return f"evidence 証拠: {self._keep(event, now)}"
        except OSError as error:  # a full disk must not silence the alarm
            return f"the evidence could not be kept 証拠を残せません: {error.filename}: {error.strerror}"

    def _mend(self, fresh: Sequence[Event]) -> list[str]:
        """Restore each mirror once for all that is wrong there; what fails is tried again at the next tick."""
        for key, _, _ in fresh if self._restore else ():
            if KINDS[key.kind][3]:
                self._wrong.setdefault(key.mirror, set()).update({key.subject} - {""})
        lines, wrong = [], self._wrong
        self._wrong, self.has_mended = {}, False
        for mirror, paths in wrong.items():
            try:
                assert self._restore is not None
                lines.append(f"RESTORED 復旧 {mirror}: {self._restore(mirror, sorted(paths))}")
                self.has_mended = True
                self._failed.discard(mirror)
            except (VerifierError, OSError, subprocess.SubprocessError) as error:
                self._wrong[mirror] = paths
                lines += [f"NOT RESTORED, tried again 復旧できません {mirror}: {error}"] if mirror not in self._failed else []
                self._failed.add(mirror)
        return lines

    def _mail(self, lines: list[str], at: float) -> None:
        mail = self._config.mail
        assert mail is not None
        message = EmailMessage()
        message["Subject"] = f"[todoke] {lines[0]}"[:160]
        message["From"], message["To"] = mail.sender, ", ".join(mail.to)
        message["Date"], message["Message-ID"] = (
            format_datetime(dt.datetime.fromtimestamp(at, dt.UTC)),
            make_msgid(domain="verifier.invalid"),
        )
        message["Auto-Submitted"] = "auto-generated"
        message.set_content("\n".join([*lines[: 3 * SHOWN], f"({len(lines)} lines 行)", ""]))
        kind = smtplib.SMTP_SSL if mail.security == "tls" else smtplib.SMTP
        with kind(mail.host, mail.port, timeout=TIMEOUT) as connection:
            if mail.security == "starttls":
                connection.starttls(context=ssl.create_default_context(cafile=self._config.ca_file or None))
            if mail.user:
                connection.login(mail.user, secret(mail.password_file))
            connection.send_message(message)

    def _post(self, lines: list[str], at: float) -> None:
        """Standard Webhooks: HMAC-SHA256 over id, time and body."""
        hook = self._config.webhook
        assert hook is not None
        body = json.dumps(
            {"type": "todoke.verify", "timestamp": dt.datetime.fromtimestamp(at, dt.UTC).isoformat(), "data": {"lines": lines}},
            ensure_ascii=False,
        ).encode()
        name = f"msg_{hashlib.sha256(body).hexdigest()[:24]}"
        words = secret(hook.secret_file)
        key = base64.b64decode(words.removeprefix("whsec_")) if words.startswith("whsec_") else words.encode()
        mac = hmac.new(key, f"{name}.{at:.0f}.".encode() + body, "sha256").digest()
        headers = {
            "Content-Type": "application/json",
            "webhook-id": name,
            "webhook-timestamp": f"{at:.0f}",
            "webhook-signature": f"v1,{base64.b64encode(mac).decode()}",
        }
        with urllib.request.urlopen(urllib.request.Request(hook.url, body, headers), timeout=TIMEOUT):  # noqa: S310 - the operator's address
            return

    def _keep(self, event: Event, now: float) -> Path:
        """Write what was seen, what was released, and the chain of signatures. The oldest evidence goes when there is too much."""
        key, suspicion, _ = event
        root = Path(self._config.folder, "evidence")
        name = hashlib.sha256(repr(key).encode()).hexdigest()[:8]
        folder = root / f"{dt.datetime.fromtimestamp(now, dt.UTC):%Y%m%dT%H%M%SZ}-{key.kind}-{name}"
        answer = suspicion.answer
        record = {
            "finding": line(event),
            "url": answer.url if answer else "",
            "status": answer.status if answer else 0,
            "address": answer.address if answer else "",
            "headers": dict(answer.headers) if answer else {},
        }
        write(folder / "seen.json", json.dumps(record, ensure_ascii=False, indent=1).encode())
        view = next((view for view in self._watch.views if (view.mirror.name, view.family) == (key.mirror, key.family)), None)
        if answer:
            write(folder / "seen.body", answer.body)
        if view and view.trust.release:
            file = view.trust.release.files.get(key.subject)
            approved = self._released(file.sha256, key.subject) if file else None
            if approved is not None:
                write(folder / "released.body", approved)
            shutil.copytree(view.trust.folder, folder / "signatures", symlinks=False, dirs_exist_ok=True)
        self._trim(root)
        return folder

    def _released(self, digest: str, path: str) -> bytes | None:
        known = [view.bodies[digest] for view in self._watch.views if digest in view.bodies]
        found = known[0] if known else self._approved(digest)
        for view in [] if found is not None else self._watch.views:
            answer = view.get(path)
            if isinstance(answer, Answer) and hashlib.sha256(answer.body).hexdigest() == digest:
                return answer.body
        return found

    def _trim(self, root: Path) -> None:
        sizes = {folder: sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) for folder in sorted(root.iterdir())}
        for folder in list(sizes)[:-1]:
            if sum(sizes.values()) > self._config.evidence_megabytes * 10**6:
                shutil.rmtree(folder)
                del sizes[folder]


def run_command(command: Sequence[str]) -> Restore:
    """Return what runs a configured command; it gets the mirror and the paths as JSON on its standard input."""

    def restore(mirror: str, paths: Sequence[str]) -> str:
        given = json.dumps({"mirror": mirror, "paths": list(paths)}, ensure_ascii=False)
        ended = subprocess.run(command, input=given, capture_output=True, text=True, timeout=600, check=False)  # noqa: S603 - the operator's command
        words = " ".join((ended.stdout + ended.stderr).split())[-300:]
        if ended.returncode:
            raise VerifierError(f"{command[0]} ended with status {ended.returncode}: {words}")
        return words or "done"

    return restore


def secret(file: str) -> str:
    """Raises `VerifierError` for a file that others can read."""
    try:
        if stat.S_IMODE(Path(file).stat().st_mode) & 0o077:
            raise VerifierError(f"{file}: others can read it. Run: chmod 600 {file} / ほかの人が読めます")
        return Path(file).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise VerifierError(f"{file}: {error.strerror} / 読めません") from error
