"""What the programs that a publish starts get, and how they end."""

from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from publisher.config import load_config
from publisher.model.errors import PublisherError
from publisher.pipeline.commands import Commands
from publisher.pipeline.lock import HOLDER, PublishBusy, publish_lock
from publisher.pipeline.log import OperatorLog
from publisher.pipeline.moments import read_moments
from publisher.pipeline.source.checkout import Checkout
from tests.samples.publishing.releases import NOW

SECRETS = {"TODOKE_SECRET": "x", "TODOKE_RELAY_PASSWORD": "x", "AWS_SECRET_ACCESS_KEY": "x", "PGPASSWORD": "x", "TODOKE_AUDIT_KEY": "x"}
PROBE = "import json, os\nopen({file!r}, 'w').write(json.dumps(dict(os.environ)))\n"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init", "--quiet", "--initial-branch=main", ".")
    (folder / "a.txt").write_text("a")
    git(folder, "add", ".")
    git(folder, "-c", "user.name=a", "-c", "user.email=a@example.jp", "commit", "--quiet", "-m", "a")
    return folder


def git(folder: Path, *words: str) -> str:
    return subprocess.run(["git", *words], cwd=folder, capture_output=True, text=True, check=True).stdout.strip()


def checkout(tmp_path: Path, repository: str, branch: str = "main", **environ: str) -> Checkout:
    return Checkout(Commands(environ=os.environ | environ), tmp_path / "checkout", repository, branch, 60)


def test_a_build_gets_no_secret_and_runs_our_program_whatever_the_commit_holds(tmp_path: Path) -> None:
    """The settings file of a branch is code: here it writes down what it can see."""
    seen = tmp_path / "seen.json"
    (tmp_path / "todoke.py").write_text("raise SystemExit('the program of the branch ran')")
    (tmp_path / "pelicanconf.py").write_text(PROBE.format(file=str(seen)) + "raise RuntimeError('seen')")
    (tmp_path / "content").mkdir()
    (tmp_path / "publications.toml").write_text("")
    commands = Commands(environ=os.environ | SECRETS | {"GIT_DIR": "/elsewhere"})
    ended = commands.todoke("build", "--now", NOW.isoformat(), folder=tmp_path, timeout=120)
    assert ended.status and "the program of the branch ran" not in ended.words
    environ = json.loads(seen.read_text())
    assert not SECRETS.keys() & environ.keys() and "GIT_DIR" not in environ and environ["PYTHONPATH"] == str(Path.cwd())


def test_a_program_that_takes_too_long_is_ended_with_all_that_it_started(tmp_path: Path) -> None:
    script = tmp_path / "git"
    script.write_text(f"#!/bin/sh\nsleep 600 & echo $! > {tmp_path}/part; mv {tmp_path}/part {tmp_path}/child; wait\n")
    script.chmod(0o755)
    commands = Commands(environ=os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}"})
    timeout = 0.5
    while not (tmp_path / "child").exists():  # on a busy machine the script may not have begun in that time
        with pytest.raises(PublisherError, match=rf"not ready after {timeout:g} s"):
            commands.git("fetch", folder=tmp_path, timeout=timeout)
        timeout *= 4
    child = Path(f"/proc/{(tmp_path / 'child').read_text().strip()}/stat")
    while not is_gone(child):  # the kernel ends it when it comes to it
        pass


def is_gone(process: Path) -> bool:
    """Whether a process has ended, from its file ``stat`` (proc(5))."""
    os.sched_yield()
    try:
        return process.read_text().split(")")[1].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


def test_a_sending_that_is_under_way_is_asked_to_end_and_nothing_else_is(tmp_path: Path) -> None:
    """The relay's side of it is tested with the mailer; here the program says how it was ended."""
    begun = tmp_path / "begun"
    os.mkfifo(begun)
    program = f"import signal, sys\nsignal.signal(15, lambda *_: sys.exit(75))\nopen({str(begun)!r}, 'w').close()\nsignal.pause()\n"
    commands = Commands()
    commands.end_early()
    with ThreadPoolExecutor(1) as threads:
        ended = threads.submit(commands._run, [sys.executable, "-c", program], tmp_path, os.environ, 60, ends_early=True)
        begun.read_bytes()
        commands.end_early()
        assert ended.result().status == 75


def test_a_hook_of_git_that_publishes_does_not_confuse_our_checkout(tmp_path: Path, repository: Path) -> None:
    ours = checkout(tmp_path, str(repository), GIT_DIR=str(repository / ".git"), GIT_WORK_TREE=str(repository), GIT_INDEX_FILE="x")
    ours.take(ours.head())
    assert (tmp_path / "checkout/a.txt").read_text() == "a" and git(repository, "status", "--porcelain") == ""


@pytest.mark.parametrize(("repository", "branch"), [("ext::sh -c touch% ran", "main"), ("nowhere", "main"), ("repository", "absent")])
def test_what_git_cannot_give_is_one_error_that_names_it(tmp_path: Path, repository: str, branch: str) -> None:
    with pytest.raises(PublisherError, match=r"git ls-remote"):
        checkout(tmp_path, repository, branch).head()
    assert not (tmp_path / "ran").exists()


def test_a_branch_of_the_checkout_in_which_the_settings_lie_is_the_default(tmp_path: Path, repository: Path) -> None:
    (repository / "publish.toml").write_text("")
    settings = load_config(repository / "publish.toml").publish
    assert (settings.repository, settings.branch) == (str(repository), "")
    ours = checkout(tmp_path, settings.repository, settings.branch)
    assert ours.head() == git(repository, "rev-parse", "HEAD")


@pytest.mark.parametrize(
    "line", ['repository = "--upload-pack=x"', 'branch = "--all"', 'branch = "a b"', "poll = 0", 'mail = "now"', 'repositry = "a"']
)
def test_settings_that_git_would_take_for_options_are_refused_and_so_are_slips(tmp_path: Path, line: str) -> None:
    (tmp_path / "publish.toml").write_text(f"[publish]\n{line}\n")
    with pytest.raises(PublisherError, match=rf"publish\.toml: publish\.{line.split(' ')[0]}"):
        load_config(tmp_path / "publish.toml")


@pytest.mark.parametrize(
    ("repository", "is_path"), [("../a", True), ("https://git.example.jp/a", False), ("git@example.jp:a.git", False), ("./a:b", True)]
)
def test_a_relative_repository_is_beside_the_settings_and_an_address_stays_one(tmp_path: Path, repository: str, is_path: bool) -> None:
    (tmp_path / "publish.toml").write_text(f'[publish]\nrepository = "{repository}"\n')
    assert load_config(tmp_path / "publish.toml").publish.repository == (str(tmp_path / repository) if is_path else repository)


def test_the_lock_names_a_publish_that_was_killed_and_whose_program_still_runs(tmp_path: Path) -> None:
    with publish_lock(tmp_path, NOW):
        gone = subprocess.Popen(["true"])
        gone.wait()
        (tmp_path / HOLDER).write_text(json.dumps({"process": gone.pid, "machine": os.uname().nodename, "since": "x"}))
        with (
            pytest.raises(PublishBusy, match=r"was killed \(process \d+ on .+\), and a program that it started is still at work"),
            publish_lock(tmp_path, NOW),
        ):
            pass
        (tmp_path / HOLDER).write_text("nonsense")
        with pytest.raises(PublishBusy, match="Another publish is at work in"), publish_lock(tmp_path, NOW):
            pass
    with publish_lock(tmp_path, NOW):
        assert json.loads((tmp_path / HOLDER).read_text())["process"] == os.getpid()


def test_a_log_that_cannot_be_written_is_told_and_ends_nothing(tmp_path: Path) -> None:
    told = list[str]()
    (tmp_path / "file").write_text("")
    OperatorLog(tmp_path / "file/log.jsonl", lambda: NOW, told.append).event("build", "built")
    assert "the log cannot be written" in told[0] and told[1] == "build: built"


@pytest.mark.parametrize(
    "text",
    ["", "[]", '{"format": 2, "until": null, "moments": []}', '{"format": 1, "until": "x", "moments": []}', '{"format": 1, "until": null}'],
)
def test_a_list_of_moments_that_cannot_be_read_is_an_error_that_names_it(tmp_path: Path, text: str) -> None:
    (tmp_path / "moments.json").write_text(text)
    with pytest.raises(PublisherError, match=r"moments\.json: cannot be read"):
        read_moments(tmp_path, NOW)


def test_moments_that_have_passed_are_not_due_and_a_day_without_a_document_is_named_day(tmp_path: Path) -> None:
    later = NOW + dt.timedelta(hours=3)
    moment = {"what": "ends", "document": "a.md", "title": "a", "address": "/a/"}
    record = {
        "format": 1,
        "built": NOW.isoformat(),
        "until": (NOW + dt.timedelta(hours=1)).isoformat(),
        "moments": [moment | {"at": NOW.isoformat()}, moment | {"at": later.isoformat()}],
    }
    (tmp_path / "moments.json").write_text(json.dumps(record))
    assert [(due.at, due.what) for due in read_moments(tmp_path, NOW)] == [(NOW + dt.timedelta(hours=1), "day"), (later, "ends")]
    assert read_moments(tmp_path / "absent", NOW) == []
