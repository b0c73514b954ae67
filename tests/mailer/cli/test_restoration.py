"""`todoke adopt-restored`, as an operator types it."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from pathlib import Path

from tests.mail_bundles import write_config
from tests.mailer.cli.test_commands import Terminal
from tests.smtp import Receiver

EVERYBODY = Counter(f"reader{n}@example.jp" for n in range(1, 6))


def test_a_restored_database_is_refused_shown_adopted_and_then_sent_from_to_those_who_are_left(tmp_path: Path) -> None:
    with Receiver() as receiver:
        write_config(tmp_path, receiver.port)
        terminal = Terminal(tmp_path)
        terminal.run("init-db", mail=False)
        assert terminal.run("subscribers import FILE").exit_code == 0
        assert "nothing to adopt" in terminal.run("adopt-restored", mail=False).output
        shutil.copy(tmp_path / "var" / "todoke.db", tmp_path / "backup.db")
        assert terminal.run("send fukko-press/45").exit_code == 0
        (tmp_path / "backup.db").replace(tmp_path / "var" / "todoke.db")
        for line in ("send fukko-press/45", "send fukko-press/45 --resend-unknown"):
            refused = terminal.run(line)
            assert refused.exit_code == 1 and "adopt-restored" in refused.stderr and refused.stderr.count("\n") == 1
        for line, verb in (("adopt-restored --dry-run", "would be marked"), ("adopt-restored", "marked")):
            result = terminal.run(line, mail=False)
            assert result.exit_code == 0 and f"fukko-press/45: {verb} sent 5, unknown 0" in result.output, result.output
        assert "nothing to adopt" in terminal.run("adopt-restored", mail=False).output
        assert terminal.run("send fukko-press/45").exit_code == 0
    assert Counter(receiver.recipients) == EVERYBODY
    log = json.loads(terminal.run("audit --format json", mail=False).output)
    assert "restored database adopted" in [entry["what"] for entry in log]
