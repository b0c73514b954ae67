"""Sphinx's settings. ``make docs`` first writes ``docs/_generated/`` (`docs.generate`), then builds with ``-W``: a warning is an error."""

import logging
import re
import sys
import tomllib
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))  # autodoc imports the packages of the checkout

logging.getLogger("alembic").setLevel(logging.WARNING)  # autodoc imports it; what it sets up is no news here

project = "Todoke（届け）"
version = release = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
author = "Todoke contributors"
project_copyright = "Todoke contributors, AGPL-3.0-or-later"
language = "ja"  # search splits Japanese; pages in English are found as well

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.graphviz"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["_build", "_generated", "samples"]
myst_heading_anchors = 3
myst_enable_extensions = ["colon_fence", "deflist"]
nitpicky = False

graphviz_output_format = "svg"
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
default_role = "code"  # docstrings write `name` for code

html_theme = "furo"
html_title = "Todoke"
html_static_path = ["_static"]
html_css_files = ["docs.css"]
html_copy_source = False
html_show_sourcelink = False
html_last_updated_fmt = None  # the same checkout gives the same pages

_BREAK = re.compile(r"(?<=[\u3000-\u9fff\uff00-\uffef])\n(?=[\u3000-\u9fff\uff00-\uffef])")


def join_japanese_lines(_app: Sphinx, doctree: nodes.document) -> None:
    """Take out the line breaks of the source between Japanese characters: a browser would show each as a space."""
    for text in list(doctree.findall(nodes.Text)):
        if "\n" in text and not isinstance(text.parent, nodes.FixedTextElement):
            text.parent.replace(text, nodes.Text(_BREAK.sub("", str(text))))


def setup(app: Sphinx) -> None:
    """Called by Sphinx."""
    app.connect("doctree-read", join_japanese_lines)
