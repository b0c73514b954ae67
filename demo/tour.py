"""The tour: every step of the product, in order, each with its command; it stops at the first that does not hold.

Import a partner's feed → build site and issues → start a receiver → import subscribers → send an issue → one reader unsubscribes by
one click → another signs up, by the form and the button behind the link of a mail → send the next issue to those who are readers now → put an urgent
notice on the site without a full build, and send its mail → count → sign a release and bring it to two mirrors → update a notice and release it → deface it
on one mirror, and let the verifier find and mend it.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import urllib.request
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from demo.defacement import Verifier, deface
from demo.inbox import Inbox
from demo.mirrors import make_keys, mirrors_near, release
from demo.sample import FIRST, LEAVER, NEWCOMER, SECOND, TENTH, write_publications, write_settings, write_subscribers
from demo.servers import NotListening, files_served, free_port, is_free, running
from demo.sign_up import sign_up
from demo.stage import serve_arguments
from demo.steps import StepFailed, out, step, timed, todoke
from demo.summary import Seconds, addresses, summary
from demo.urgent import send_urgently
from mailer import private_files

NOW = "2021-03-31T12:00"
"""The sample content ends in the spring of 2021; the demonstration is set on that day."""

LIST = "fukko-press"
WRITER, APPROVER = "見本の書き手", "見本の承認者"
NOTICE = "emergency/2021/earthquake-housing-advice.md"
ADDED = "3月31日から、相談の電話を24時間お受けします（見本）。"
MARK = ".todoke-demo"

CAN_RELEASE = os.name == "posix"
"""The publisher's locks are those of POSIX."""


@dataclass(frozen=True)
class Tour:
    """Where the tour happens and with how many readers. Everything it writes lies in ``var`` and ``output``."""

    port: int
    readers: int
    var: Path
    output: Path

    @property
    def urgent_readers(self) -> int:
        """How many read the emergency mail."""
        return self.readers // TENTH if CAN_RELEASE else 0

    @property
    def site(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def service(self) -> str:
        return f"{self.site}/service"

    @property
    def inbox(self) -> Inbox:
        return Inbox(self.var / "inbox" / "new")

    @property
    def settings(self) -> Path:
        return self.var / "mailer.toml"

    @property
    def mail_options(self) -> list[str]:
        return ["--config", str(self.settings), "--mail", str(self.output / "mail")]


def run(tour: Tour, *, serve: bool) -> int:
    """Run every step; return the exit status. With ``serve`` and a terminal, show site and inbox until Ctrl-C."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # Ctrl-C and `kill` both leave through `finally`, so that the servers end
    try:
        with ExitStack() as stack:
            seconds = _run_steps(tour, stack)
            verifier = None
            if CAN_RELEASE:
                verifier, seconds = _release_and_defend(tour, stack, seconds)
            else:
                out.print("\n公開版は Linux か macOS で作ります Releases are made on Linux or macOS: that part is left out here.")
            out.print(summary(tour, seconds))
            out.print(addresses(tour, verifier))
            if serve and sys.stdout.isatty():
                _wait_for_interrupt()
    except (StepFailed, NotListening) as failure:
        out.print(f"止まりました Stopped: {failure}", style="bold red", markup=False)
        return 1
    except KeyboardInterrupt:
        out.print("\nとちゅうでやめました Interrupted", style="bold")
        return 130
    return 0


def _run_steps(tour: Tour, stack: ExitStack) -> Seconds:
    if not is_free(tour.port):
        raise StepFailed(f"port {tour.port} is taken. Choose another: make demo PORT=8010")
    _clean(tour)
    _import_feed(tour)
    build_seconds = _build(tour)
    _start_servers(tour, stack)
    _import_subscribers(tour)
    send_seconds = _send(tour, FIRST)
    _unsubscribe(tour)
    _sign_up(tour)
    send_seconds += _send(tour, SECOND)
    todoke("who-missed", SECOND, "--config", str(tour.settings))
    if CAN_RELEASE:
        send_urgently(tour.output, tour.var / "duty", tour.settings, (WRITER, APPROVER))
    return Seconds(build_seconds, send_seconds)


def _import_feed(tour: Tour) -> None:
    """Import into a copy of the content: eight entries of the feed are there already, two are new."""
    step("協力ブログを取り込む Import a partner's feed")
    content = tour.var / "content"
    shutil.copytree("content", content)
    with files_served(Path(__file__).parent / "data") as port:
        url = f"kokoropress=http://127.0.0.1:{port}/kokoropress-new.xml"
        state = str(tour.var / "feeds.json")
        todoke("feeds", "update", "--content", str(content), "--state", state, "--allow-loopback", "--url", url, "--now", NOW)


def _build(tour: Tour) -> float:
    step("サイトとメールを作る Build site and mail")
    write_publications(tour.var / "publications.toml", tour.service)
    return _build_site(tour)


def _build_site(tour: Tour) -> float:
    sources = ("--content", str(tour.var / "content"), "--publications", str(tour.var / "publications.toml"))
    return timed("build", "--now", NOW, *sources, "--output", str(tour.output), "--site-url", tour.site)


def _start_servers(tour: Tour, stack: ExitStack) -> None:
    """Start aiosmtpd, which files what it accepts as a Maildir, and the server behind the unsubscribe links."""
    port = free_port()
    handler = ["-c", "aiosmtpd.handlers.Mailbox", str(tour.var / "inbox")]
    stack.enter_context(running(["-m", "aiosmtpd", "-n", "-l", f"127.0.0.1:{port}", *handler], port))
    write_settings(tour.settings, tour.service, port)
    todoke("init-db", "--config", str(tour.settings))
    stack.enter_context(running(serve_arguments(tour.settings, tour.output, tour.port), tour.port))


def _import_subscribers(tour: Tour) -> None:
    step(f"購読者{tour.readers:,}人を登録する Import {tour.readers:,} subscribers")
    write_subscribers(tour.var / "subscribers.csv", tour.readers)
    todoke("subscribers", "import", str(tour.var / "subscribers.csv"), *tour.mail_options)


def _approve(tour: Tour, issue: str) -> None:
    """A second person approves. The editors' repository is played by a copy with one commit; without Git the author is stated."""
    step(f"書いた人とは別の人が承認する A second person approves {issue}")
    editors = tour.settings.with_name("editors")
    for file in json.loads((tour.output / "mail" / issue / "issue.json").read_text("utf-8"))["sources"]:
        (editors / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(Path("content") / file, editors / file)
    if shutil.which("git"):
        author = ["-c", f"user.name={WRITER}", "-c", "user.email=writer@example.jp", "-c", "commit.gpgsign=false"]
        for command in (["init", "--quiet"], ["add", "--all"], [*author, "commit", "--quiet", "--no-verify", "--message", issue]):
            subprocess.run(["git", "-C", str(editors), *command], check=True)  # noqa: S603, S607 - our own folder
    stated = () if shutil.which("git") else ("--author", WRITER)
    todoke("approve", issue, "--as", APPROVER, *stated, *tour.mail_options)


def _send(tour: Tour, issue: str) -> float:
    _approve(tour, issue)
    step(f"号を送る Send {issue}")
    return timed("send", issue, *tour.mail_options)


def _unsubscribe(tour: Tour) -> None:
    """Do what a mail program does on the reader's click: POST to the address in the header."""
    step(f"{LEAVER} が一度の操作で配信を止める One reader leaves by one click (RFC 8058)")
    message = tour.inbox.find(to=LEAVER)
    link = re.search(r"<(https?://[^>]+)>", message.header("List-Unsubscribe")) if message else None
    if link is None:
        raise StepFailed(f"no mail with an unsubscribe link reached {LEAVER}")
    request = urllib.request.Request(link[1], data=b"List-Unsubscribe=One-Click", method="POST")  # noqa: S310 - our own server's address
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
        out.print(f"POST {link[1][:60]}… → {answer.status}", markup=False)


def _sign_up(tour: Tour) -> None:
    step(f"{NEWCOMER} が申し込み、メールのリンクで確かめる Another reader signs up and confirms")
    sign_up(tour.service, tour.inbox, NEWCOMER, LIST)


def _release_and_defend(tour: Tour, stack: ExitStack, seconds: Seconds) -> tuple[Verifier, Seconds]:
    """Release twice, so that there is something to go back to; then let an intruder in. The servers stay until ``stack`` ends."""
    mirrors = mirrors_near(tour.var, tour.port)
    make_keys(mirrors)
    release(mirrors, tour.output, "署名して二つの公開先へ出す Sign the site and bring it to two mirrors")
    _update_notice(tour)
    releasing = release(mirrors, tour.output, "新しい知らせを出す Release the update")
    stack.enter_context(mirrors.served())
    verifier = Verifier(mirrors, free_port(after=mirrors.ports[-1]))
    over = stack.enter_context(verifier.watching())
    mending = deface(mirrors, over)
    step("すべてのファイルを確かめる Compare every byte of both mirrors with the signed release")
    todoke("mirrors", "--check", "--full", *mirrors.options)
    todoke("releases", *mirrors.options)
    return verifier, replace(seconds, releasing=releasing, mending=mending)


def _update_notice(tour: Tour) -> None:
    step("緊急の知らせに一文を足して作り直す Add a sentence to an emergency notice and build again")
    notice = tour.var / "content" / NOTICE
    if not notice.is_file():
        raise StepFailed(f"the sample has no content/{NOTICE}: the demonstration needs content/ as it came")
    with notice.open("a", encoding="utf-8") as file:
        file.write(f"\n{ADDED}\n")
    _build_site(tour)


def _wait_for_interrupt() -> None:
    out.print("表示しています。止めるには Ctrl-C Serving; Ctrl-C ends it.", style="bold")
    if CAN_RELEASE:
        out.print("公開先のページを書き換えてみてください。見張りが直します Alter a page of a mirror yourself: the verifier mends it.")
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        out.print("")


def _clean(tour: Tour) -> None:
    """Remove what the last tour left, except the built site, which is built on. Raises `StepFailed` for a folder that no tour made."""
    var, kept = tour.var, {(tour.var / MARK).absolute(), tour.output.absolute()}
    if var.exists() and not (var / MARK).exists():
        raise StepFailed(f"{var} was not made by the demonstration. Move it away, or choose another folder with --var.")
    private_files.make_folder(var)
    for path in [path for path in var.iterdir() if path.absolute() not in kept]:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
    (var / MARK).touch()
