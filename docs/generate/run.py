"""Writes every generated file into ``docs/_generated/``: Markdown for the references, sources of diagrams, pictures."""

from __future__ import annotations

import argparse
import re
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import mailer.config.file
import todoke
from docs.generate.commands import commands_page
from docs.generate.front_matter import front_matter_page
from docs.generate.metrics import metrics_page
from docs.generate.needs import needs_page
from docs.generate.rules import rules_page
from docs.generate.sequence import sequence_svg
from docs.generate.settings import Setting, root_model, settings, settings_page
from docs.generate.situation import situation_page
from docs.generate.states import states_diagram, states_table
from docs.generate.texts import read_texts
from mailer.model.state import TRANSITIONS
from plugins.frontmatter.model import publications_file
from plugins.partners.model import config as partners

DOCS = Path(__file__).parent.parent
GENERATED = DOCS / "_generated"


def mailer_settings() -> list[Setting]:
    """Return every key of ``mailer.toml``."""
    return settings(root_model(mailer.config.file))


def publications_settings() -> list[Setting]:
    """Return every key of ``publications.toml``. The importer checks the tables of feeds, and knows more of their keys than the site does."""
    feeds = [row for row in settings(root_model(partners)) if row.key.startswith("feeds.")]
    return [*(row for row in settings(root_model(publications_file)) if not row.key.startswith("feeds.")), *feeds]


def pages() -> Iterator[tuple[str, str]]:
    """Yield the name and the content of every generated text."""
    yield "commands.md", commands_page(todoke.app)
    yield "mailer-toml.md", settings_page(mailer_settings(), read_texts("mailer"))
    yield "publications-toml.md", settings_page(publications_settings(), read_texts("publications"))
    yield "front-matter.md", front_matter_page(read_texts("front_matter"))
    yield "rules.md", rules_page()
    yield "situation-tables.md", situation_page()
    yield "needs.md", needs_page()
    yield "metrics.md", metrics_page()
    yield "delivery-states.dot", states_diagram(TRANSITIONS)
    yield "delivery-states.md", states_table(TRANSITIONS)
    source = (DOCS / "diagrams" / "delivery.seq").read_text(encoding="utf-8")
    yield "delivery-sequence.svg", sequence_svg(source, "One delivery: from todoke send to the recorded result")


def stand_in(folder: Path) -> None:
    """Copy ``docs/picture.png`` to every picture that a page shows and nobody has taken so far: Sphinx refuses pages with missing pictures."""
    folder.mkdir(parents=True, exist_ok=True)
    for page in DOCS.glob("*/*.md"):
        for name in re.findall(r"/_generated/pictures/([\w-]+\.png)", page.read_text(encoding="utf-8")):
            if not (folder / name).exists():
                shutil.copyfile(DOCS / "picture.png", folder / name)


def main(arguments: Sequence[str]) -> int:
    """Write all texts, then the pictures. Return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m docs.generate", description=__doc__)
    parser.add_argument(
        "--no-pictures",
        action="store_true",
        help="leave the pictures as they are (they take a minute); one stands in for those that were never taken",
    )
    options = parser.parse_args(arguments)
    GENERATED.mkdir(exist_ok=True)
    for name, text in pages():
        (GENERATED / name).write_text(text, encoding="utf-8")
    if options.no_pictures:
        stand_in(GENERATED / "pictures")
    else:
        from docs.generate.pictures import take_pictures  # Chromium is needed only here

        take_pictures(GENERATED / "pictures")
    return 0
