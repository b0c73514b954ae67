"""An operator of the mailer with a folder and a terminal, for the tests of the commands."""

from __future__ import annotations

from pathlib import Path

from typer.testing import CliRunner, Result

from tests.samples.mail.mail_bundles import SECRET, write_issue, write_lists
from todoke import app

CSV = "email,name,lists\n" + "".join(f"reader{n}@example.jp,読者{n},fukko-press\n" for n in range(1, 6))


class Terminal:
    """An operator's folder and terminal."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environ: dict[str, str | None] = {"TODOKE_SECRET": SECRET, "COLUMNS": "200"}
        write_lists(folder / "mail")
        write_issue(folder / "mail")
        (folder / "people.csv").write_text(CSV, "utf-8")

    def run(self, line: str, *, mail: bool = True) -> Result:
        return self.run_words(line.replace("FILE", str(self.folder / "people.csv")).split(), mail=mail)

    def run_words(self, words: list[str], *, mail: bool) -> Result:
        options = ["--config", str(self.folder / "mailer.toml"), *(["--mail", str(self.folder / "mail")] if mail else [])]
        return CliRunner().invoke(app, [*words, *options], env=self.environ)
