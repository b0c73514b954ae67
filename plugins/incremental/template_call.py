"""Renders a template without a copy of its variables: a page has a hundred and fifty names, and `jinja2.Template.render` copies them three times."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Mapping
from typing import Any

from jinja2 import Template
from jinja2.runtime import Context
from jinja2.utils import missing


class LayeredContext(Context):
    """A context that looks into ``layers`` for what it does not hold itself, the first layer first: it need not hold what all pages share."""

    layers: tuple[Mapping[str, Any], ...] = ()

    def resolve_or_missing(self, key: str) -> Any:
        if key in self.vars:
            return self.vars[key]
        return self.value_of(key)

    def value_of(self, key: str) -> Any:
        """Return the value that the page began with, or `jinja2.utils.missing`."""
        value = self.parent.get(key, missing)
        for layer in self.layers:
            if value is not missing:
                break
            value = layer.get(key, missing)
        return value

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self.resolve_or_missing(name) is not missing

    def get_all(self) -> dict[str, Any]:
        """Return every variable: a template that is included gets them as one layer."""
        variables: dict[str, Any] = {}
        for layer in (*reversed(self.layers), self.parent, self.vars):
            variables |= layer
        return variables


def render(template: Template, shared: Mapping[str, Any], own: Mapping[str, Any]) -> str:
    """Return what ``template.render({**shared, **own})`` returns, or raise what it raises."""
    environment, made = template.environment, template.environment.context_class
    if issubclass(made, LayeredContext) and not _has_own_globals(template):
        context = made(environment, dict(own), template.name, template.blocks, globals=environment.globals)
        context.layers = shared, environment.globals
    else:
        names = _global_names(template)
        context = made(environment, {**names, **shared, **own}, template.name, template.blocks, globals=names)  # type: ignore[assignment]
    try:
        return environment.concat(template.root_render_func(context))
    except Exception:
        environment.handle_exception()  # raises it with the lines of templates in the traceback


def _has_own_globals(template: Template) -> bool:
    """Tell whether the template brings names besides those of the environment: what it imports takes these from the context's own variables."""
    return not isinstance(template.globals, ChainMap) or any(template.globals.maps[:-1])


def _global_names(template: Template) -> dict[str, Any]:
    """Return the names that the environment and the template bring. Jinja chains the two, and a chain is slow to copy."""
    chained = template.globals
    names: dict[str, Any] = {}
    for layer in reversed(chained.maps) if isinstance(chained, ChainMap) else (chained,):
        names |= layer
    return names
