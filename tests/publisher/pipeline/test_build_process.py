"""`todoke publish --follow` keeps a build in memory, to which the build of the next commit hands over, and ends it when it ends."""

from __future__ import annotations

import signal
import subprocess

from tests.samples.publishing.publishing_office import Office


def next_report(process: subprocess.Popen[str]) -> list[str]:
    """Return the lines up to the end of the next report."""
    assert process.stdout is not None
    lines = list[str]()
    while not (lines and lines[-1].startswith("took")):
        lines.append(process.stdout.readline())
        assert lines[-1], lines
    return lines


def test_the_next_commit_is_built_by_the_process_that_stays(office: Office) -> None:
    office.configure("poll = 1\nretry = 60\n")
    office.commit()
    door = office.machine / "var/publish/output/resident/socket"
    with office.start("publish", "--follow") as process:
        next_report(process)
        while not door.is_socket():
            assert process.poll() is None
        office.site.article("press/2020/bridge.md", "橋の記事", "2020-05-01", "橋が直りました。")
        office.commit()
        next_report(process)
        assert "橋の記事" in office.shown("press/")
        process.send_signal(signal.SIGTERM)
        assert process.wait() == 0
    assert not door.exists()
