"""Writes the page of every public document.

Pelican's own generators of articles and pages find nothing here (``ARTICLE_PATHS`` and ``PAGE_PATHS`` are empty). They would make an object for
each of thousands of documents that have not changed, and nobody would use it.
"""

from __future__ import annotations

from pelican.generators import Generator
from pelican.writers import Writer

from plugins.context import context_of
from plugins.diagnostics import ContentErrors
from plugins.frontmatter.library import LIBRARY
from plugins.publications.document_view import page_variables
from plugins.publications.type_templates import missing_templates


class DocumentsGenerator(Generator):  # type: ignore[misc]
    """One page for every document that is public now."""

    def generate_context(self) -> None:
        """Tell Pelican that the sources are no files to be copied. Raises `ContentErrors` if a content type has no template."""
        if missing := missing_templates(context_of(self.settings).theme):
            raise ContentErrors(missing)
        library = context_of(self.settings)[LIBRARY]
        self.context["generated_content"].update(dict.fromkeys(map(str, library.documents)))

    def generate_output(self, writer: Writer) -> None:
        """Write every page."""
        build = context_of(self.settings)
        pages = [(document, *page_variables(document, build)) for document in build[LIBRARY].public]
        # `plugins.incremental` finds the digests of all views here, before the first page is rendered.
        self.context["document_views"] = [view for _, _, variables in pages for view in variables.values()]
        for document, name, variables in pages:
            writer.write_file(name, self.get_template(document.meta.page_template), self.context, **variables)
