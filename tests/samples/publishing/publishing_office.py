"""A whole publishing office in a folder: a repository of Git, a machine that publishes, two mirrors behind nginx, readers behind a real SMTP server."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import re
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

from typer.testing import CliRunner, Result

import todoke
from demo.servers import free_port
from plugins.typography.phrases import BREAK
from tests.mailer.web.test_proxies import is_listening
from tests.samples.mail.mail_bundles import SECRET
from tests.samples.tiny import TinySite, make_site

JAPAN = ZoneInfo("Asia/Tokyo")
ROOT = Path(todoke.__file__).parent
SETTINGS = f"""from pathlib import Path
exec(Path({str(ROOT / "pelicanconf.py")!r}).read_text())
THEME = {str(ROOT / "themes/miyagi")!r}
"""
"""A repository of an office has the program's theme; its own pages are its own."""
ISSUE = "---\ntitle: {title}\ndate: {date:%Y-%m-%d %H:%M}\n---\nこんにちは。\n\n## 話題\n\n橋が通れます。\n"
APPROVED = '[approval]\ndefault = "required"\nidentity = "name"\nauthors = "stated"\n'
"""Further lines of ``mailer.toml``: each list needs a second person."""
AUTHOR = ("-c", "user.name=佐藤太郎", "-c", "user.email=sato@example.jp", "-c", "core.hooksPath=/dev/null")


class Office:
    """``site`` is the editors' checkout. ``machine`` is the folder with ``publish.toml``. ``web`` are the ports of the mirrors ``www`` and ``second``."""

    def __init__(self, root: Path, web: tuple[int, int], publish: str = "") -> None:
        self.site: TinySite = make_site(root / "repository")
        (self.site.root / "pelicanconf.py").write_text(SETTINGS, "utf-8")
        self.git("init", "--quiet", "--initial-branch=main", ".")
        self.machine, self.web = root / "machine", web
        self.machine.mkdir()
        self.configure(publish)
        made = self.run("release-keys new --root stick --without-passphrase")
        assert made.exit_code == 0, made.output

    def configure(self, publish: str = "", urls: tuple[str, str] | None = None) -> None:
        """Write ``publish.toml``; ``publish`` are further lines of its table."""
        addresses = urls or tuple(f"http://127.0.0.1:{port}" for port in self.web)
        mirrors = "".join(
            f'[[mirrors]]\nname = "{name}"\nkind = "local"\nfolder = "{name}"\n' + (f'url = "{url}"\n' if url else "")
            for name, url in zip(("www", "second"), addresses, strict=True)
        )
        lines = f'[publish]\nrepository = "../repository"\nbranch = "main"\n{publish}\n'
        (self.machine / "publish.toml").write_text(f'store = "var/releases"\nkeys = "var/keys"\n{mirrors}{lines}', "utf-8")

    def git(self, *words: str) -> str:
        done = subprocess.run(["git", *AUTHOR, *words], cwd=self.site.root, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def commit(self, words: str = "知らせ") -> str:
        """Commit what the editors have written; return the commit."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", words)
        return self.git("rev-parse", "HEAD")

    def run(self, line: str) -> Result:
        """Type a command on the machine."""
        with contextlib.chdir(self.machine):
            return CliRunner().invoke(todoke.app, line.split(), env={"TODOKE_SECRET": SECRET, "COLUMNS": "200"})

    def start(self, *words: str) -> subprocess.Popen[str]:
        """Start a command on the machine as a process of its own."""
        environ = os.environ | {"TODOKE_SECRET": SECRET, "PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-P", "-m", "todoke", *words]
        return subprocess.Popen(command, cwd=self.machine, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def shown(self, path: str = "", mirror: int = 0) -> str:
        """Return what a reader gets; empty if there is no such page."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.web[mirror]}/{path}") as answer:
                return str(answer.read().decode()).replace(BREAK, "")
        except urllib.error.HTTPError:
            return ""

    def issue(self, number: int, ago: dt.timedelta = dt.timedelta(hours=1)) -> None:
        """Write an issue of the list ``press``; the machine reads the wall clock."""
        self.site.write(f"mail/press/{number}.md", ISSUE.format(title=f"第{number}号の知らせ", date=dt.datetime.now(JAPAN) - ago))

    def with_mail(self, smtp: int, readers: int = 5) -> Path:
        """Give the machine a mailer with readers of the list ``press``, and the site an issue; return the mailer's settings."""
        settings = self.machine / "mailer.toml"
        settings.write_text(
            'service_url = "https://mail.example.jp"\ndatabase = "sqlite:///var/todoke.db"\nmessage_id_domain = "example.jp"\n'
            f'return_path = "bounce@example.jp"\n[relay]\nhost = "127.0.0.1"\nport = {smtp}\ntls = "none"\n',
            "utf-8",
        )
        assert self.run("init-db").exit_code == 0
        rows = "".join(f"reader{number}@example.jp,読者{number},press\n" for number in range(1, readers + 1))
        (self.machine / "readers.csv").write_text("email,name,lists\n" + rows, "utf-8")
        self.issue(1)
        (self.machine / "lists").mkdir()
        (self.machine / "lists/lists.json").write_text(LISTS, "utf-8")
        imported = self.run("subscribers import readers.csv --mail lists")
        assert imported.exit_code == 0, imported.output
        return settings


LISTS = (
    '{"schema": 1, "lists": [{"key": "press", "title": "復興プレス", "from": {"name": "復興プレス", "address": "press@example.jp"}, '
    '"reply_to": "reply@example.jp", "list_id": "press.example.jp", "class": "newsletter", "contact": "press@example.jp", '
    '"archive_url": "https://site.example.jp/mail/press/"}]}'
)


@contextlib.contextmanager
def mirrors(folder: Path) -> Iterator[tuple[int, int]]:
    """Serve ``www/current`` and ``second/current`` of the machine in ``folder`` with nginx; yield the two ports."""
    folder.mkdir(exist_ok=True)
    ports = free_port(), free_port()
    servers = "".join(
        f"server {{ listen 127.0.0.1:{port}; root {folder}/machine/{name}/current; index index.html; charset utf-8; }}\n"
        for port, name in zip(ports, ("www", "second"), strict=True)
    )
    paths = "".join(f"{kind}_temp_path {folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    user = "user root;\n" if os.getuid() == 0 else ""
    (folder / "nginx.conf").write_text(
        f"daemon off;\nmaster_process off;\npid {folder}/pid;\n{user}events {{}}\nhttp {{\naccess_log off;\n{paths}{servers}}}\n", "utf-8"
    )
    command = [shutil.which("nginx") or "/usr/sbin/nginx", "-e", f"{folder}/error.log", "-c", f"{folder}/nginx.conf"]
    with subprocess.Popen(command) as process:
        try:
            while not all(map(is_listening, ports)):
                assert process.poll() is None, (folder / "error.log").read_text()
            yield ports
        finally:
            process.terminate()


def sent_to(output: str) -> set[str]:
    """Return the issues that a report says were handed over."""
    return set(re.findall(r"^mail (\S+): (?:sent|frozen)", output, re.MULTILINE))
