"""Copies the files that go public as they are: those of the theme, and those below ``content/`` that are public now. A generator of Pelican's.

Pelican's own generator copies whole folders and follows every link in them. Pictures of ``images/`` go through `plugins.images`.
"""

from __future__ import annotations

from pathlib import Path

from pelican.generators import Generator
from pelican.writers import Writer

from plugins.context import context_of
from plugins.files import write_into
from plugins.frontmatter.library import LIBRARY
from plugins.frontmatter.public_files import public_files
from plugins.incremental.plan import PLAN
from plugins.inputs import InputFolder, survey

_THEME_FILES = "static"
"""The folder of a theme whose files are public, at ``/theme/``."""


class StaticFilesGenerator(Generator):  # type: ignore[misc]
    """Writes no pages."""

    def generate_output(self, _writer: Writer) -> None:
        """Copy everything. Raises `plugins.inputs.UnreadableInput` for a file that was changed into something else since it was found."""
        build = context_of(self.settings)
        static = build.theme / _THEME_FILES
        if static.is_dir():
            self._copy(static, list(survey(static).files), "theme/")
        self._copy(build.content, [path for path in public_files(build[LIBRARY]) if not path.startswith("images/")], "")

    def _copy(self, folder: Path, names: list[str], below: str) -> None:
        files, plan = InputFolder(folder), context_of(self.settings).get(PLAN)
        for name in sorted(names):
            if plan and plan.take_over(f"{below}{name}"):
                continue
            with files.open(name) as file:
                write_into(self.output_path, f"{below}{name}", file)
