"""Whether the theme has the template of every content type, and each template the fields of its type. Without this check a new type would be built and
show nothing, or not all, of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from types import CodeType, FunctionType

from plugins.diagnostics import Diagnostic, RuleDescription
from plugins.frontmatter.model.content_types import CONTENT_TYPES, Dated, Meta

RULES = (
    RuleDescription(
        "R201",
        "ひな形のない種類",
        "a content type without a template",
        "ひな形がないと、その種類のページには何も出ません",
        "without its template, a page of this type would show nothing of its own",
    ),
    RuleDescription(
        "R202",
        "ひな形にない項目",
        "a field that the template forgets",
        "編集者が書いた項目がページに出ないと、だれも気付きません",
        "an editor fills in a field, the page does not show it, and nobody notices",
    ),
)


def missing_templates(theme: Path) -> list[Diagnostic]:
    """Return a diagnostic for every content type whose template the theme lacks, and for every field that a template forgets. ``theme`` is the folder that holds ``templates/``."""
    return [*_missing_files(theme), *_forgotten_fields(theme)]


def _missing_files(theme: Path) -> list[Diagnostic]:
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


def _forgotten_fields(theme: Path) -> Iterator[Diagnostic]:
    """Yield each field that only one type has, and that neither its template nor a property of its class names."""
    for kind in CONTENT_TYPES.values():
        name = f"types/{kind.key}.html"
        if kind.page_template != "article" or not (theme / "templates" / name).is_file():
            continue
        text = _with_includes(theme / "templates", name)
        used = {*_named_in_properties(kind)}
        for field in kind.model_fields.keys() - Dated.model_fields.keys() - kind.shown_elsewhere - used:
            if not re.search(rf"\.{field}\b", text):
                yield Diagnostic(
                    PurePosixPath(theme.as_posix(), "templates", name),
                    1,
                    f"「{kind.word}」（{kind.key}、{kind.__name__}）の項目 {field} がページに出ません。ひな形に m.{field} を書くか、クラスの shown_elsewhere に入れてください",
                    f"the field {field} of {kind.key} (class {kind.__name__}) is shown nowhere: write m.{field} here, or name it in shown_elsewhere of the class",
                    "R202",
                )


def _with_includes(templates: Path, name: str) -> str:
    """Return the text of a template with those that it includes or imports from."""
    text = (templates / name).read_text(encoding="utf-8")
    named = (templates / each for each in re.findall(r"{%-? *(?:include|import|from) +[\"']([\w./-]+)[\"']", text))
    return text + "".join(file.read_text(encoding="utf-8") for file in named if file.is_file())


def _named_in_properties(kind: type[Meta]) -> Iterator[str]:
    """Yield the attributes that the properties of a class read, from their byte code: no source need be parsed in each build."""
    pending = [each.fget.__code__ for each in vars(kind).values() if isinstance(each, property) and isinstance(each.fget, FunctionType)]
    while pending:
        code = pending.pop()
        yield from code.co_names
        pending += [each for each in code.co_consts if isinstance(each, CodeType)]  # comprehensions and lambdas
