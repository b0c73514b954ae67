"""``kill -9`` at random moments of a publish and after each thing that it does: nothing is lost, nothing goes out twice."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import random
import signal
import subprocess
from pathlib import Path

import pytest

from publisher.cli.publish import make_publisher
from publisher.cli.runtime import load, now
from publisher.pipeline.commands import Commands
from publisher.pipeline.lock import publish_lock
from publisher.pipeline.log import OperatorLog
from publisher.pipeline.run import Watcher
from tests import fork
from tests.samples.mail.mail_bundles import SECRET
from tests.samples.publishing.publishing_office import Office
from tests.servers.smtp import Receiver

SENDS = 'mail = "send"\nlists_without_approval = ["press"]\n'
KILLS = 3
MOST_EVENTS = 8
"""A publish of a commit that is new, or was not announced yet, writes at least seven lines: begin, build, signed, two mirrors, announced, end."""
LONGEST = 6.0
"""Seconds after which a publish is killed at the latest: about as long as one takes."""


@pytest.mark.parametrize("seed", [15])
def test_a_publish_that_is_killed_again_and_again_is_finished_by_the_next_one(office: Office, seed: int) -> None:
    moments = random.Random(seed)
    with Receiver() as receiver:
        office.with_mail(receiver.port)
        office.configure(SENDS)
        office.commit()
        for number in range(KILLS):
            office.site.article(f"press/2020/news{number}.md", f"{number}番目の知らせ", f"2020-05-0{number + 1}")
            office.commit()
            with office.start("publish", "--wait", "60") as process:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(moments.uniform(0.5, LONGEST))
                process.kill()
        done = office.run("publish --wait 60 --json")
        report = json.loads(done.stdout)
        assert done.exit_code == 0 and report["is_complete"], done.output
    assert sorted(receiver.recipients) == [f"reader{number}@example.jp" for number in range(1, 6)]
    for mirror in (0, 1):
        assert all(f"{number}番目の知らせ" in office.shown("press/", mirror) for number in range(KILLS))
    numbers = [row["number"] for row in json.loads(office.run("releases --json").stdout)]
    assert numbers == sorted(set(numbers), reverse=True)
    _everything_is_announced_once(office, report["release"])


def kill_after(machine: str, events: int) -> None:
    """Publish in this process, which is killed when so many lines of the log are written."""
    count = itertools.count(1)

    def die(_words: str) -> None:
        if next(count) == events:
            os.kill(os.getpid(), signal.SIGKILL)

    os.chdir(machine)
    os.environ["TODOKE_SECRET"] = SECRET
    settings, store = load(Path("publish.toml"))
    with publish_lock(settings.publish.folder, now(), 60) as lock:
        publisher = make_publisher(settings, store, Commands(lock), Watcher())
        publisher.log = OperatorLog(settings.publish.log, now, die)
        publisher.publish(*publisher.choose_commit())


def test_a_publish_that_is_killed_after_any_line_of_its_log_is_finished_by_the_next_one(office: Office) -> None:
    with Receiver() as receiver:
        office.with_mail(receiver.port)
        office.configure(SENDS)
        for events in range(1, MOST_EVENTS):
            if events % 2:
                office.site.article(f"press/2020/news{events}.md", f"{events}番目の知らせ", "2020-05-01")
                office.commit()
            process = fork.start(kill_after, str(office.machine), events)
            process.join()
            assert process.exitcode == -signal.SIGKILL, "there are so many lines"
        done = office.run("publish --wait 60 --json")
        report = json.loads(done.stdout)
        assert done.exit_code == 0 and report["is_complete"], done.output
    assert sorted(receiver.recipients) == [f"reader{number}@example.jp" for number in range(1, 6)]
    assert all(f"{events}番目の知らせ" in office.shown("press/", mirror) for mirror in (0, 1) for events in range(1, MOST_EVENTS, 2))
    _everything_is_announced_once(office, report["release"])


def _everything_is_announced_once(office: Office, newest: int) -> None:
    files = sorted((office.machine / "var/announcements").glob("*.json"))
    records = [json.loads(file.read_bytes()) for file in files]
    assert [record["since"] for record in records] == [None, *(record["release"] for record in records[:-1])]
    assert records[-1]["release"] == newest
    titles = [page["title"] for record in records for page in record["new"] if page["type"] == "article"]
    assert len(titles) == len(set(titles))
