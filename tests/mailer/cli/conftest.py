"""The operator of the mailer's commands."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.samples.mail.mail_bundles import make_database, write_config
from tests.samples.mail.mail_terminal import Terminal


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    make_database(write_config(tmp_path))
    return Terminal(tmp_path)
