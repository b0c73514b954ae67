"""An operator's folder with the editors' repository in it, and the command line."""

from __future__ import annotations

from pathlib import Path

from typer.testing import CliRunner, Result

from tests.samples.mail.mail_bundles import SECRET, make_database, write_config, write_issue, write_lists
from todoke import app


class Terminal:
    """Lists need an approval; `rules` are further lines of `[approval]`."""

    def __init__(self, folder: Path, port: int, rules: str = 'identity = "name"\n') -> None:
        self.folder = folder
        write_config(folder, port)
        with (folder / "mailer.toml").open("a", encoding="utf-8") as toml:
            toml.write(f'[approval]\ndefault = "required"\n{rules}')
        make_database(folder / "mailer.toml")
        write_lists(folder / "mail")
        write_issue(folder / "mail")
        (folder / "people.csv").write_text(
            "email,name,lists,format\na@example.jp,甲,fukko-press,light\nb@example.jp,乙,fukko-press,\n", "utf-8"
        )

    def run(self, *words: str, mail: bool = True) -> Result:
        options = ["--config", str(self.folder / "mailer.toml"), *(["--mail", str(self.folder / "mail")] if mail else [])]
        return CliRunner().invoke(app, [*words, *options], env={"TODOKE_SECRET": SECRET, "COLUMNS": "200"})
