"""The reference of ``/metrics``, from what the mailer exposes with an empty database."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from docs.generate.tables import code, table
from mailer.config.file import load_config
from mailer.database.engine import create_database
from mailer.monitoring.metrics import exposition

SETTINGS = 'service_url = "https://mail.example.jp"\nmessage_id_domain = "example.jp"\nreturn_path = "bounce@example.jp"\ndatabase = "sqlite:///mail.db"\n'


def metrics() -> dict[str, str]:
    """Return the help text of every metric by its name."""
    with TemporaryDirectory() as folder:
        toml = Path(folder) / "mailer.toml"
        toml.write_text(SETTINGS, encoding="utf-8")
        config = load_config(toml)
        database = create_database(config.database)
        text = exposition(config, database, datetime(2021, 3, 31, 12, tzinfo=UTC)).decode()
        database.close()
    return dict(re.findall(r"^# HELP (\S+) (.*)$", text, re.MULTILINE))


def metrics_page() -> str:
    """Return Markdown: a table of every metric."""
    return table(("metric", "meaning"), ((code(name), text) for name, text in metrics().items()))
