"""`make bench-emergency`: seconds from `todoke emergency publish` until a notice is where people look.

A site of ``--articles`` articles is built, and lies on three mirrors: two folders, and one behind a real sshd on loopback. 10,000 readers stand in the
list, the first 1,000 of them first; a real smtp-sink takes their mail. Two people are named, so there is no hold. Counted is the wall time from the start
of the command, with everything that it starts:

- ``live_s``: the light page is live on all three mirrors;
- ``portal_s``: the portal shows the notice on all three;
- ``first_mail_s``, ``thousandth_mail_s``: accepted by the relay, as the ledger has it;
- ``all_pages_s``: every page of the site has the banner, on all three mirrors.

A program that looks at the mirrors every few milliseconds takes a little of the same two processors. The last line is JSON.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import random
import resource
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

from benchmarks.build import fill_cache, temporary_folder
from benchmarks.builders import python_environment, todoke
from benchmarks.corpus import write_corpus
from benchmarks.mail import SINK
from demo.servers import free_port
from plugins.typography.phrases import BREAK
from publisher.targets.sftp.ssh import SshAddress
from tests.samples.mail.mail_bundles import SECRET
from tests.servers.ssh import sftp_server

JAPAN = ZoneInfo("Asia/Tokyo")
TITLE = "石巻市に避難指示"
"""Its beginning; the rest is the name of the notice."""
MIRRORS = ("www", "second", "far")
SAMPLE = 40
"""Pages besides the notice's own that are looked at all the time. At the end every page is."""

NOTICE = """---
title: {title}
date: {date:%Y-%m-%d %H:%M}
expires: {end:%Y-%m-%d %H:%M}
level: 4
hazard: 土砂災害
what: 強い雨が続き、土砂災害の危険が高まっています。
municipalities: [石巻市]
areas: 石巻市の牡鹿地区
action: [いますぐ避難所か、安全な親せきの家へ避難してください。, 避難できない人は、崖から離れた二階へ移ってください。]
phone: [危機対策課 022-211-2375, 石巻市危機対策課 0225-95-1111]
easy: {{title: にげてください, what: 山が くずれます。, areas: 石巻市の 牡鹿, action: いますぐ にげて ください。}}
translations: {{en: {{title: Evacuation order, what: Heavy rain. Landslides are likely., areas: Oshika, action: Leave now.}}}}
---
"""


@dataclass(frozen=True)
class Installation:
    """A machine with a site that is built and public."""

    root: Path
    port: int

    def run(self, *words: str) -> str:
        """Run a command, and return what it wrote. Ends the program if it failed."""
        ended = subprocess.run([*self.command, *words], cwd=self.root, env=self.environ, capture_output=True, text=True, check=False)
        if ended.returncode:
            raise SystemExit(f"todoke {' '.join(words)}: {ended.stderr or ended.stdout}")
        return ended.stdout

    @property
    def command(self) -> list[str]:
        return [sys.executable, "-P", "-m", "todoke"]

    @property
    def environ(self) -> dict[str, str]:
        return python_environment() | {"TODOKE_SECRET": SECRET}

    @property
    def site(self) -> Path:
        return self.root / "output" / "site"

    def published_page(self, mirror: str, page: str) -> Path:
        """Return the file that the mirror's web server shows."""
        return self.root / mirror / "current" / page


def prepare(root: Path, articles: int, readers: int, address: SshAddress) -> Installation:
    """Build, release twice, and let readers join."""
    with temporary_folder() as cache:
        fill_cache(cache)
        write_corpus(root, articles)
        todoke(root, cache)
        installation = Installation(root, free_port())
        installation.run("build")
    _configure(installation, address, readers)
    installation.run("release-keys", "new", "--root", "stick", "--without-passphrase")
    installation.run("release")
    page = installation.site / "index.html"
    text = page.read_text("utf-8")
    page.unlink()
    page.write_text(text + "\n", "utf-8")
    installation.run("release")  # from here on each mirror has two trees
    installation.run("init-db")
    installation.run("subscribers", "import", "readers.csv")
    return installation


def _configure(installation: Installation, address: SshAddress, readers: int) -> None:
    local = "".join(f'[[mirrors]]\nname = "{name}"\nkind = "local"\nfolder = "{name}"\n' for name in MIRRORS[:2])
    far = (
        f'[[mirrors]]\nname = "far"\nkind = "ssh"\nhost = "{address.host}"\nport = {address.port}\nfolder = "{installation.root}/far"\nuser = "{address.user}"\n'
        f'key_file = "{address.key_file}"\nknown_hosts = "{address.known_hosts}"\n'
    )
    (installation.root / "publish.toml").write_text(f'store = "var/releases"\nkeys = "var/keys"\n{local}{far}', "utf-8")
    (installation.root / "mailer.toml").write_text(
        'database = "sqlite:///readers.db"\nservice_url = "https://mail.example.jp"\nmessage_id_domain = "todoke.example.jp"\n'
        f'return_path = "bounce@example.jp"\n[relay]\nhost = "127.0.0.1"\nport = {installation.port}\nconnections = 4\ntls = "none"\n',
        "utf-8",
    )
    rows = "".join(f"reader{number}@example{number % 50}.jp,読者{number},emergency\n" for number in range(readers))
    (installation.root / "readers.csv").write_text(f"email,name,lists\n{rows}", "utf-8")


@contextmanager
def sink(port: int) -> Iterator[None]:
    """Run a real smtp-sink."""
    with subprocess.Popen([SINK, "-u", "nobody", f"127.0.0.1:{port}", "1000"], stderr=subprocess.DEVNULL) as process:
        try:
            while socket.socket().connect_ex(("127.0.0.1", port)):
                time.sleep(0.05)
            yield
        finally:
            process.terminate()


def measure(installation: Installation, name: str) -> dict[str, float]:
    """Publish one notice; return the figures."""
    now, title = dt.datetime.now(JAPAN), f"{TITLE}{name}"
    file = installation.root / "content/emergency" / str(now.year) / f"{name}.md"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(NOTICE.format(title=title, date=now - dt.timedelta(minutes=1), end=now + dt.timedelta(hours=9)), "utf-8")
    pages = [page.relative_to(installation.site).as_posix() for page in installation.site.rglob("*.html")]
    chosen = random.Random(16).sample(pages, min(SAMPLE, len(pages)))
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.time()
    words = ["emergency", "publish", str(file.relative_to(installation.root)), *"--as 佐藤太郎 --second 鈴木花子 --format json".split()]
    with subprocess.Popen(
        [*installation.command, *words], cwd=installation.root, env=installation.environ, stdout=subprocess.PIPE, text=True
    ) as process:
        seen = _watch(installation, title, process, chosen, start)
        assert process.stdout
        report = json.loads(process.stdout.read().splitlines()[-1])
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    print("\n".join(f"  {way['way']}: {way['outcome']} {way['seconds']} s, {way['why']}" for way in report["ways"]), flush=True)
    missing = [
        (mirror, page)
        for mirror in MIRRORS
        for page in pages
        if not _has(installation, title, mirror, page) and not _is_framed(installation, page)
    ]
    if process.returncode or missing:
        raise SystemExit(f"not everywhere (exit status {process.returncode}): {missing[:5]}")
    mails = sent_times(installation, name, start)
    light = max(installation.site.glob("emergency/**/light.html"), key=lambda page: page.stat().st_size).stat().st_size
    return {
        "live_s": round(seen["live"], 2),
        "portal_s": round(seen["portal"], 2),
        "first_mail_s": round(mails[0], 2),
        "thousandth_mail_s": round(mails[min(999, len(mails) - 1)], 2),
        "all_pages_s": round(seen["all pages"], 2),
        "light_bytes": light,
        "cpu_s": round(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, 2),
        "processors": os.cpu_count() or 0,
    }


def _watch(installation: Installation, title: str, process: subprocess.Popen[str], chosen: Sequence[str], start: float) -> dict[str, float]:
    """Look at the mirrors until the program has ended; return when each was first complete, in seconds since ``start``."""
    wanted = {
        "live": ["emergency/light.html"],
        "portal": ["index.html"],
        "all pages": [page for page in chosen if not _is_framed(installation, page)],
    }
    left = {name: [(mirror, page) for mirror in MIRRORS for page in pages] for name, pages in wanted.items()}
    seen: dict[str, float] = {}
    while process.poll() is None or len(seen) < len(wanted):
        for name in wanted.keys() - seen.keys():
            # No further than the first page that is missing: to read all of them again and again would take a third of a processor from what is measured.
            while left[name] and _has(installation, title, *left[name][-1]):
                left[name].pop()
            if not left[name]:
                seen[name] = time.time() - start
        if process.poll() is not None and len(seen) < len(wanted):
            break
        time.sleep(0.02)
    return {name: seen.get(name, float("inf")) for name in wanted}


def _has(installation: Installation, title: str, mirror: str, page: str) -> bool:
    try:
        return title in installation.published_page(mirror, page).read_text("utf-8").replace(BREAK, "")
    except (FileNotFoundError, NotADirectoryError):
        return False


def _is_framed(installation: Installation, page: str) -> bool:
    """Whether a page has no place for a banner: a redirect, a form without the frame of the site."""
    return "urgent" not in (installation.site / page).read_text("utf-8")


def sent_times(installation: Installation, name: str, start: float) -> list[float]:
    """Return when each mail was accepted, in seconds since ``start``."""
    with closing(sqlite3.connect(installation.root / "readers.db")) as connection:
        rows = connection.execute(
            "SELECT changed_at FROM delivery JOIN issue ON issue.id = issue_id WHERE state = 'sent' AND number LIKE ? ORDER BY changed_at",
            (f"%-{name}",),
        ).fetchall()
    return [dt.datetime.fromisoformat(str(moment)).replace(tzinfo=dt.UTC).timestamp() - start for (moment,) in rows]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--articles", type=int, default=10_000)
    parser.add_argument("--readers", type=int, default=10_000)
    options = parser.parse_args()
    if not Path(SINK).exists():
        raise SystemExit("smtp-sink is missing: sudo apt-get install postfix")
    with temporary_folder() as root, sftp_server(root / "sshd") as address:
        installation = prepare(root, options.articles, options.readers, address)
        with sink(installation.port):
            print(json.dumps(measure(installation, "rain")))


if __name__ == "__main__":
    main()
