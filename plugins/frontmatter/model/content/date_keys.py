"""Which keys of front matter hold a day or a moment, taken from the content types themselves."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import get_args

from pydantic import BeforeValidator

from plugins.frontmatter.model.content_types import CONTENT_TYPES
from plugins.frontmatter.model.fields import DATE_VALIDATORS


@cache
def date_keys() -> frozenset[str]:
    """Return the keys of front matter, of every content type, that hold a day or a moment."""
    fields = ((name, field) for model in CONTENT_TYPES.values() for name, field in model.model_fields.items())
    return frozenset(name for name, field in fields if _is_date((field.annotation, *field.metadata)))


def _is_date(annotations: Iterable[object]) -> bool:
    """Whether one of ``annotations``, or of those inside it, is read as a date: ``Moment | None`` hides its validator in the union."""
    return any(each.func in DATE_VALIDATORS if isinstance(each, BeforeValidator) else _is_date(get_args(each)) for each in annotations)
