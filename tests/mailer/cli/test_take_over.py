"""`todoke take-over`, as an operator types it."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from pathlib import Path

from tests.samples.mail.mail_bundles import write_config
from tests.samples.mail.mail_terminal import Terminal
from tests.samples.mail.two_sites import write_right
from tests.servers.smtp import Receiver


def test_the_right_is_shown_taken_lost_to_another_site_and_told_in_one_line(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    with Receiver() as receiver:
        for folder in (first, second):
            folder.mkdir()
            write_right(folder, tmp_path / "outside")
            write_config(folder, receiver.port)
        terminal = Terminal(first)
        terminal.run("init-db", mail=False)
        assert terminal.run("subscribers import FILE").exit_code == 0
        assert "take-over --fence 1" in terminal.run("take-over", mail=False).output
        refused = terminal.run("send fukko-press/45")
        assert refused.exit_code == 1 and "take-over" in refused.stderr and refused.stderr.count("\n") == 1
        assert "holds fence 1" in terminal.run("take-over --fence 1", mail=False).output
        assert "may send" in terminal.run("take-over", mail=False).output
        (second / "var").mkdir()
        shutil.copy(first / "var" / "todoke.db", second / "var" / "todoke.db")
        assert terminal.run("send fukko-press/45").exit_code == 0
        other = Terminal(second)
        assert "copy of the database" in other.run("send fukko-press/45").stderr
        taken = other.run("take-over --fence 2", mail=False)
        assert taken.exit_code == 0 and "fukko-press/45: marked sent 5, unknown 0" in taken.output, taken.output
        assert other.run("send fukko-press/45").exit_code == 0
        assert "fence 2" in terminal.run("send fukko-press/45").stderr
    assert Counter(receiver.recipients) == Counter(f"reader{number}@example.jp" for number in range(1, 6))
    log = json.loads(other.run("audit --format json", mail=False).output)
    assert "right to send taken" in [entry["what"] for entry in log]


def test_without_storages_the_command_says_where_they_are_written(tmp_path: Path) -> None:
    write_config(tmp_path, 25)
    terminal = Terminal(tmp_path)
    terminal.run("init-db", mail=False)
    result = terminal.run("take-over --fence 1", mail=False)
    assert result.exit_code == 1 and "continuity.toml" in result.stderr


def test_a_bad_key_in_continuity_toml_is_named_with_its_file(tmp_path: Path) -> None:
    write_config(tmp_path, 25)
    (tmp_path / "continuity.toml").write_text('[[right]]\nname = "a"\nkind = "local"\nfolders = "x"\n', "utf-8")
    result = Terminal(tmp_path).run("init-db", mail=False)
    assert result.exit_code == 1 and "continuity.toml" in result.stderr and "folders" in result.stderr
