"""A template and all that it extends, includes or imports, as one digest."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from jinja2 import Environment, TemplateNotFound, meta, nodes

from plugins.incremental.fragment_cache import PIECE

References = dict[str, list[str | None]]
"""By the digest of a template's source, the templates that it names; None for one named by a variable."""


class TemplateDigests:
    """Digests of templates, each found once a build. What templates ``before`` named is not looked up again; ``now`` takes what is in use."""

    def __init__(self, environment: Environment, before: References | None = None, now: References | None = None) -> None:
        self._environment = environment
        self._before, self._now = before or {}, now if now is not None else {}
        self._direct: dict[str, tuple[str, frozenset[str | None]]] = {}
        self._known: dict[str, str] = {}

    def digest(self, name: str) -> str:
        """Return the digest. A template that names another by a variable depends on every template there is."""
        if name not in self._known:
            self._known[name] = self._find(name)
        return self._known[name]

    def _find(self, name: str) -> str:
        waiting, found = [name], dict[str, str]()
        while waiting:
            current = waiting.pop()
            if current in found:
                continue
            found[current], references = self._look(current)
            waiting += self._environment.list_templates(["html"]) if None in references else []
            waiting += [reference for reference in references if reference is not None]
        return hashlib.blake2b(repr(sorted(found.items())).encode(), digest_size=10).hexdigest()

    def _look(self, name: str) -> tuple[str, frozenset[str | None]]:
        if name not in self._direct:
            self._direct[name] = self._parse(name)
        return self._direct[name]

    def _parse(self, name: str) -> tuple[str, frozenset[str | None]]:
        if self._environment.loader is None:
            return "absent", frozenset()
        try:
            source, _, _ = self._environment.loader.get_source(self._environment, name)
        except TemplateNotFound:
            return "absent", frozenset()
        told = hashlib.blake2b(source.encode(), digest_size=10).hexdigest()
        if told not in self._now:
            self._now[told] = (
                self._before[told] if told in self._before else sorted(set(_references(self._environment.parse(source))), key=str)
            )
        return told, frozenset(self._now[told])


def _references(template: nodes.Template) -> Iterator[str | None]:
    yield from meta.find_referenced_templates(template)
    for call in template.find_all(nodes.Call):
        if isinstance(call.node, nodes.Name) and call.node.name == PIECE:
            name = call.args[0] if call.args else None
            yield name.value if isinstance(name, nodes.Const) else None
