"""`serve` and `work` as processes: whatever writes in them, every line of their log has one form and holds nothing private."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

import pytest
from alembic import command

from demo.servers import free_port
from mailer.database.deliveries import issues
from mailer.database.engine import create_database
from mailer.database.readers import subscriptions
from mailer.message.links import LinkClaim, LinkSigner
from mailer.model.ids import SubscriberId
from mailer.secrets import Secret
from tests.mailer.database.test_migrations import alembic
from tests.samples.mail.mail_bundles import ISSUE, LIST, NOW, SEAL, SECRET, make_database, people, write_config, write_issue, write_lists
from tests.servers.smtp import Behaviour, Receiver

DEADLINE = 90  # seconds until a process that says nothing counts as broken


@contextmanager
def daemon(*words: str, folder: Path, **environ: str) -> Iterator[subprocess.Popen[str]]:
    """Run a command until the end of the block, then ask it to end as systemd does."""
    options = ["--config", str(folder / "mailer.toml")]
    environment = os.environ | {"TODOKE_SECRET": SECRET} | environ
    process = subprocess.Popen(
        [sys.executable, "-m", "todoke", *words, *options], env=environment, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    timer = threading.Timer(DEADLINE, process.kill)  # then the streams end, and the test fails instead of waiting for ever
    timer.start()
    try:
        yield process
    finally:
        timer.cancel()
        process.kill()
        process.communicate()


def read_until(stream: IO[str], pattern: str) -> list[str]:
    """Read lines up to the first one that the pattern matches."""
    lines: list[str] = []
    for line in stream:
        lines.append(line.rstrip("\n"))
        if re.search(pattern, line):
            return lines
    raise AssertionError(f"no line with {pattern!r} in:\n" + "\n".join(lines))


def ask_to_end(process: subprocess.Popen[str], signals: int = signal.SIGTERM) -> tuple[str, list[str]]:
    process.send_signal(signals)
    out, err = process.communicate(timeout=DEADLINE)
    return out, err.splitlines()


def parse(lines: list[str], kind: str) -> list[tuple[str, str, str]]:
    """Level, logger and event of each line. Fails for a line of another form."""
    if kind == "json":
        return [(line["level"], line["logger"], line["event"]) for line in map(json.loads, lines)]
    matches = [re.fullmatch(r"\S+T\S+\+00:00 (\w+) (\S+): (.*)", line) for line in lines]
    assert None not in matches, lines
    return [(match[1], match[2], match[3]) for match in matches if match]


@pytest.mark.parametrize("kind", ["json", "text"])
def test_the_lines_of_uvicorn_have_the_form_of_the_log(tmp_path: Path, kind: str) -> None:
    make_database(write_config(tmp_path))
    write_lists(tmp_path / "mail")
    token = LinkSigner((Secret(SECRET),)).sign(LinkClaim(SubscriberId(7), "fukko-press"))
    with daemon("serve", "--log", kind, "--port", str(free_port()), "--mail", str(tmp_path / "mail"), folder=tmp_path) as process:
        assert process.stderr is not None
        lines = read_until(process.stderr, "Uvicorn running on")
        address = re.findall(r"http://127\.0\.0\.1:\d+", lines[-1])[0]
        with urllib.request.urlopen(f"{address}/healthz", timeout=30) as answer:
            assert answer.status == 200
        with pytest.raises(urllib.error.HTTPError, match="400"):
            urllib.request.urlopen(f"{address}/unsubscribe/{token}", data=b"List-Unsubscribe=One-Click", timeout=30)
        out, last_lines = ask_to_end(process)
    events = parse(lines + last_lines, kind)
    assert {logger for _, logger, _ in events} >= {"uvicorn.error"}
    assert any("Finished server process" in event for _, _, event in events)
    assert token not in "\n".join(lines + last_lines) and SECRET not in "\n".join(lines + last_lines)
    assert out == ""


@pytest.mark.parametrize("kind", ["json", "text"])
def test_the_lines_of_a_migration_and_of_the_queue_have_the_form_of_the_log(tmp_path: Path, database_url: str, kind: str) -> None:
    behaviour = Behaviour(rcpt={"reader2@example.jp": "550 <reader2@example.jp> is unknown, ask postmaster@example.jp"})
    with Receiver(behaviour) as receiver:
        write_config(tmp_path, receiver.port, head=f'database = "{database_url}"\n')
        with closing(create_database(database_url)) as database:
            subscriptions.import_subscribers(database, people(3), source="test", now=NOW)
            with database.writing() as connection:
                command.downgrade(alembic(connection), "0005")
        with daemon("work", "--log", kind, folder=tmp_path) as process:
            assert process.stderr is not None
            lines = read_until(process.stderr, "Running upgrade 0005")
            with closing(create_database(database_url, SEAL)) as database:  # waits for the end of the migration
                issues.freeze(database, ISSUE, LIST, datetime.now(UTC))  # the worker has the machine's clock, and an old issue ends
            lines += read_until(process.stderr, "batch ended" if database_url.startswith("sqlite") else "ended with status")
            out, last_lines = ask_to_end(process)
            assert process.returncode == 0
    events = parse(lines + last_lines, kind)
    loggers = {logger for _, logger, _ in events}
    assert any("Running upgrade 0005" in event for _, _, event in events)
    assert loggers >= ({"mailer"} if database_url.startswith("sqlite") else {"mailer", "procrastinate.worker"})
    assert not re.search(r"reader\d|@example", "\n".join(lines + last_lines))
    assert out == "" and sorted(receiver.recipients) == ["reader1@example.jp", "reader3@example.jp"]


@pytest.mark.parametrize("kind", ["json", "text"])
def test_an_error_that_ends_a_command_is_a_line_of_the_log_too(tmp_path: Path, kind: str) -> None:
    write_config(tmp_path, head='secret_file = "none"\n')
    write_lists(tmp_path / "mail")
    with daemon("serve", "--log", kind, folder=tmp_path, TODOKE_SECRET="") as process:
        out, err = process.communicate(timeout=DEADLINE)
    ((level, logger, event),) = parse(err.splitlines(), kind)
    assert (level, logger, process.returncode, out) == ("error", "mailer", 1, "")
    assert "No secret to sign" in event and "秘密の値" in event


def test_a_fault_of_the_program_is_one_line_and_a_traceback_only_with_verbose(tmp_path: Path) -> None:
    make_database(write_config(tmp_path))
    write_issue(tmp_path / "mail")
    write_lists(tmp_path / "mail")
    for options, has_traceback in (((), False), (("--verbose",), True)):
        script = (
            "import sys, mailer.cli.daemons as daemons\n"
            "def broken(*_a, **_k): raise ZeroDivisionError('reader1@example.jp')\n"
            "daemons.create_app = broken\n"
            "import todoke; todoke.main()\n"
        )
        words = ["serve", "--log", "json", "--config", str(tmp_path / "mailer.toml"), "--mail", str(tmp_path / "mail"), *options]
        done = subprocess.run(
            [sys.executable, "-c", script, *words], env=os.environ | {"TODOKE_SECRET": SECRET}, capture_output=True, text=True, check=False
        )
        lines = [json.loads(line) for line in done.stderr.splitlines()]
        line = next(each for each in lines if each["event"] == "unexpected error")
        assert done.returncode == 70 and line["why"] == "ZeroDivisionError: (address)"
        assert ("traceback" in line) is has_traceback and "reader1" not in done.stderr
