"""One digest for a template and for every template that it extends, includes, imports or calls as a fragment."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from jinja2 import Environment, TemplateNotFound, meta, nodes

from plugins.incremental.fragment_cache import FRAGMENT

References = dict[str, list[str | None]]
"""By the digest of a template's source, the names of the templates that it uses; None for a name that only a variable knows."""


class TemplateDigests:
    """Finds each digest once a build. A source that the last build parsed (``last``) is not parsed again; ``current`` collects those in use today."""

    def __init__(self, environment: Environment, last: References | None = None, current: References | None = None) -> None:
        self._environment = environment
        self._last, self._current = last or {}, current if current is not None else {}
        self._sources: dict[str, tuple[str, frozenset[str | None]]] = {}
        self._digests: dict[str, str] = {}

    def digest(self, name: str) -> str:
        """Return the digest. A template that names another by a variable depends on every template there is."""
        if name not in self._digests:
            self._digests[name] = self._compute(name)
        return self._digests[name]

    def _compute(self, name: str) -> str:
        pending, digests = [name], dict[str, str]()
        while pending:
            current = pending.pop()
            if current in digests:
                continue
            digests[current], references = self._source(current)
            pending += self._environment.list_templates(["html"]) if None in references else []
            pending += [reference for reference in references if reference is not None]
        return hashlib.blake2b(repr(sorted(digests.items())).encode(), digest_size=10).hexdigest()

    def _source(self, name: str) -> tuple[str, frozenset[str | None]]:
        """The digest of one template's own source, and the templates that it uses."""
        if name not in self._sources:
            self._sources[name] = self._read(name)
        return self._sources[name]

    def _read(self, name: str) -> tuple[str, frozenset[str | None]]:
        if self._environment.loader is None:
            return "absent", frozenset()
        try:
            source, _, _ = self._environment.loader.get_source(self._environment, name)
        except TemplateNotFound:
            return "absent", frozenset()  # an optional include: the digest changes when the template appears
        digest = hashlib.blake2b(source.encode(), digest_size=10).hexdigest()
        if digest not in self._current:
            known = self._last.get(digest)
            self._current[digest] = sorted(set(_references(self._environment.parse(source))), key=str) if known is None else known
        return digest, frozenset(self._current[digest])


def _references(template: nodes.Template) -> Iterator[str | None]:
    yield from meta.find_referenced_templates(template)
    for call in template.find_all(nodes.Call):
        if isinstance(call.node, nodes.Name) and call.node.name == FRAGMENT:
            name = call.args[0] if call.args else None
            yield name.value if isinstance(name, nodes.Const) else None
