"""Whether the theme has the template of every content type. Without this check a new type would be built and show nothing of its own."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from plugins.diagnostics import Diagnostic, RuleDescription
from plugins.frontmatter.model.content_types import CONTENT_TYPES, Meta

RULES = (
    RuleDescription(
        "R201",
        "ひな形のない種類",
        "a content type without a template",
        "ひな形がないと、その種類のページには何も出ません",
        "without its template, a page of this type would show nothing of its own",
    ),
)


def missing_templates(theme: Path) -> list[Diagnostic]:
    """Return a diagnostic for every content type whose template the theme lacks. ``theme`` is the folder that holds ``templates/``."""
    missing = [
        (content_type, name)
        for content_type in CONTENT_TYPES.values()
        for name in _template_files(content_type)
        if not (theme / "templates" / name).is_file()
    ]
    return [
        Diagnostic(
            PurePosixPath(theme.as_posix(), "templates", name),
            1,
            f"「{kind.word}」（{kind.key}、{kind.__name__}）のひな形がありません。このファイルを作ってください",
            f"the content type {kind.key} (class {kind.__name__}) has no template: write this file",
            "R201",
        )
        for kind, name in missing
    ]


def _template_files(content_type: type[Meta]) -> tuple[str, ...]:
    page = f"{content_type.page_template}.html"
    return (page, f"types/{content_type.key}.html") if content_type.page_template == "article" else (page,)
