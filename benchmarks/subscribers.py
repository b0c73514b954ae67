"""`make bench-subscribers`: how long a million readers take to come in, and what the ways in and back hold.

Each row is a function in `ROWS` that returns figures by name; ``--rows import`` measures some of them alone. On a shared machine the seconds of the processor
say more than those of the clock: both are printed. The last line is JSON with every figure; one that was not measured is null.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.mailing import returned, sign_ups
from mailer.config.file import load_config
from mailer.database.engine import create_database, open_database
from mailer.database.readers import subscriptions
from tests.samples.mail.mail_bundles import write_config, write_lists
from tests.servers.postgres import cluster

Figures = Mapping[str, float]
FIGURES = ("import_s", "import_mb", "signups_per_s", "bounces_per_min", "mails_per_victim")
"""What the last line has, in this order; figures of other names follow."""
DOMAINS = ("docomo.ne.jp", "ezweb.ne.jp", "softbank.ne.jp", "gmail.com", "yahoo.co.jp", "example.jp", "pref.example.jp")
LIST = "fukko-press"


def write_table(path: Path, number: int, seed: int = 1) -> None:
    """Write an export in Japanese, as cp932: addresses in no order, of whom one in fifty has left."""
    chance = random.Random(seed)
    with path.open("w", encoding="cp932") as file:
        file.write("メールアドレス,氏名,登録日,ステータス\n")
        for n in range(number):
            status = "解除" if n % 50 == 49 else "配信中"
            file.write(f"{chance.randrange(16**6):06x}.reader{n}@{DOMAINS[n % 7]},読者 太郎{n},2020/04/{n % 28 + 1:02},{status}\n")


def measure_import(options: argparse.Namespace) -> Figures:
    """Import the rows by the command, into SQLite and into PostgreSQL: seconds, and the most memory of the process."""
    figures: dict[str, float] = {}
    with TemporaryDirectory() as name:
        table = Path(name) / "readers.csv"
        write_table(table, options.readers)
        figures |= _import(Path(name) / "sqlite", table, None, options.readers)
        if options.postgres:
            with cluster() as server:
                postgres = _import(Path(name) / "postgres", table, server.format(name="postgres"), options.readers)
            figures |= {f"{key}_postgres": value for key, value in postgres.items()}
    return figures


def _import(folder: Path, table: Path, database: str | None, readers: int) -> Figures:
    folder.mkdir()
    config = write_config(folder, head=f'database = "{database}"\n' if database else "")
    write_lists(folder / "mail")
    create_database(load_config(config).database).close()
    words = ["subscribers", "import", str(table), "--list", LIST, "--yes", "--config", str(config), "--mail", str(folder / "mail")]
    environ = os.environ | {"TODOKE_SECRET": secrets.token_urlsafe(48)}
    start = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-m", "todoke", *words], env=environ, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    opened = open_database(load_config(config).database)
    expected = readers - readers // 50
    if process.returncode != 0 or subscriptions.count(opened, LIST) != expected:
        raise SystemExit(f"the import failed: status {process.returncode}, {subscriptions.count(opened, LIST):,} of {expected:,} readers")
    opened.close()
    return {"import_s": round(seconds, 1), "import_cpu_s": round(used.ru_utime + used.ru_stime, 1), "import_mb": round(_megabytes(used), 0)}


def _megabytes(used: resource.struct_rusage) -> float:
    return used.ru_maxrss / 1024  # KiB on Linux


def measure_bounces(_options: argparse.Namespace) -> Figures:
    """Take returned messages by LMTP, read them, and record what follows."""
    return {"bounces_per_min": returned.bounces_per_min()}


def measure_sign_ups(options: argparse.Namespace) -> Figures:
    """Take sign-ups of people while as many are hostile."""
    return sign_ups.measure(options.seconds)


ROWS: dict[str, Callable[[argparse.Namespace], Figures]] = {
    "import": measure_import,
    "sign-ups": measure_sign_ups,
    "bounces": measure_bounces,
}
"""The rows by their name. A new one is a function here; what it returns is in the last line."""


def run(names: Iterable[str], options: argparse.Namespace) -> dict[str, float | None]:
    """Measure these rows, and return all figures."""
    figures: dict[str, float | None] = dict.fromkeys(FIGURES)
    for name in names:
        measured = ROWS[name](options)
        print(f"{name}: " + ", ".join(f"{key} {value:,}" for key, value in measured.items()))
        figures |= measured
    return figures


def main() -> None:
    """Measure, and print the figures as JSON on the last line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", nargs="*", choices=[*ROWS], default=[*ROWS])
    parser.add_argument("--readers", type=int, default=1_000_000)
    parser.add_argument("--postgres", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--seconds", type=int, default=60, help="of sign-ups")
    options = parser.parse_args()
    print(json.dumps(run(options.rows, options)))


if __name__ == "__main__":
    main()
