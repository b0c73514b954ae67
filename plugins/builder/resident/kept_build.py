"""A build that is public and kept in memory, and how an edit of words is brought into it."""

from __future__ import annotations

import shutil
import time
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from plugins.builder import provenance
from plugins.builder.build_inputs import RECORD, options_text
from plugins.builder.held_back.history import is_in_repository
from plugins.builder.held_back.last_good import LastGoodBuild
from plugins.builder.lock import output_lock
from plugins.builder.options import MANIFEST, BuildOptions, BuildReport
from plugins.builder.resident.kept_sources import KeptSources
from plugins.builder.resident.next_build import build_next, publish_changes, sources_of
from plugins.builder.resident.next_moment import NextMoment
from plugins.builder.resident.seen_inputs import SeenInputs, marks_of, walk
from plugins.builder.run import MOMENTS, PublishedBuild, list_outputs, scan
from plugins.builder.trees.exchange import TREES, Exchange
from plugins.builder.trees.staging import TreeChange, compare_trees
from plugins.builder.up_to_date import input_digests
from plugins.checks.built.page_weight import pages_over_budget
from plugins.clock import ValidityInterval
from plugins.context import BuildContext
from plugins.diagnostics import ContentErrors
from plugins.files import write_atomically
from plugins.frontmatter import moments
from plugins.frontmatter.library import Library, read_again
from plugins.frontmatter.model.document import Document
from plugins.frontmatter.text_edits import EDITS, NeedsWholeBuild, TextEdits, put_in_place, require_same_place
from plugins.incremental.manifest import PageEntry
from plugins.incremental.page_readers import PageReaders, forget_cached
from plugins.publications.document_view import DocumentView, page_variables

_MOST = 20
"""Documents that are brought in one by one. More of them come from a merge, or from a program, and a whole build reads them with every processor."""

_OURS = "plugins."
"""How the names of our plugins begin. What another one makes of documents nobody here knows."""


@dataclass
class KeptBuild:
    """``seen`` are the inputs as the build saw them; None if one has changed since: then only a walk by the next whole build tells."""

    published: PublishedBuild
    seen: SeenInputs | None
    _marks: tuple[object, ...] = ()
    is_saved: bool = True
    is_sound: bool = True
    """Whether what is in memory is what is public."""
    behind: BuildOptions | None = None
    """The build that is public, if what is in memory is the one before it: `next` comes first."""

    @classmethod
    def of(cls, published: PublishedBuild) -> KeptBuild | None:
        """Keep ``published``; None if it cannot be brought up to date: something was held back, or a plugin of somebody else took part."""
        held_back = published.report.held_back or not published.is_mirrored
        if held_back or not all(name.startswith(_OURS) for name in published.result.plugins):
            return None
        seen, _ = walk(published.record.input_paths)
        (digest,) = input_digests(published.record.input_paths, options_text(published.options), published.record.checked_at)
        kept = cls(published, seen if digest == published.record.input_digest else None)
        kept._marks = marks_of(kept.output)
        return kept

    @property
    def output(self) -> Path:
        return self.published.options.output.absolute()

    @property
    def library(self) -> Library:
        return self.published.result.rerenderer.library

    @cached_property
    def page_readers(self) -> PageReaders:
        """Which pages read what."""
        return PageReaders(self.published.result.plan)

    def get_ready(self) -> None:
        """Make what the first edit needs: the staging trees, unless it has to say why they cannot be made, and the index of readers."""
        with output_lock(self.output, self.published.options.wait), suppress(OSError):
            Exchange(self.output, self.published.result.plan.site.parent, self.published.files, {}).complete()
        self.page_readers  # noqa: B018 - made when it is first asked for

    def fits(self, options: BuildOptions) -> bool:
        """Tell whether a build with ``options`` has the same output, sources and settings."""
        ours, theirs = ((each.output.absolute(), each.strict, options_text(each)) for each in (self.published.options, options))
        return ours == theirs and not options.fresh and self.seen is not None

    @property
    def validity(self) -> ValidityInterval:
        """The moments for which what is in memory is right."""
        return self.published.result.plan.clock.validity

    def next(self, files: Collection[Path], options: BuildOptions) -> KeptBuild:
        """Build and publish what follows (`next_build`). The lock of the output is held. Raises as `build_next` does; then this is still what is public."""
        self._require_untouched()
        changed = sources_of(files, self._build.content)
        if len(changed) > _MOST:
            raise NeedsWholeBuild(f"{len(changed)} files changed")
        assert self.seen
        self.seen.note(files)
        self.is_sound = False  # templates and bodies may be those of the next build already
        try:
            published = build_next(self.published, changed, options, lambda: marks_of(self.output) != self._marks)
        except ContentErrors:
            is_new = len(changed) == 1 and changed.isdisjoint({*self.library.links, *self._sources.documents})
            # Then no document that there was has a new body in the cache.
            self.is_sound = is_new and self.published.result.plan.is_current
            raise
        return KeptBuild(published, self.seen if published.is_mirrored else None, marks_of(self.output), is_saved=False)

    def apply(self, files: Collection[Path], options: BuildOptions) -> BuildReport:
        """Bring ``files`` in, and publish. The lock of the output is held. Raises `NeedsWholeBuild`; after any exception, ask `is_sound`."""
        self._require_untouched()
        if not self.validity.contains(options.now):
            raise NeedsWholeBuild("something has begun or ended")
        assert self.seen
        paths = [self._sources.path_of(file) for file in files]
        if len(paths) > _MOST:
            raise NeedsWholeBuild(f"{len(paths)} files changed")
        self.seen.note(files)
        folder = self.published.result.plan.site.parent  # that of the run: what Pelican's generators hold points there
        shutil.rmtree(folder, ignore_errors=True)
        try:
            return self._apply(folder, paths, options)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _apply(self, folder: Path, paths: list[str], options: BuildOptions) -> BuildReport:
        (folder / "site").mkdir(parents=True)
        plan = self.published.result.plan
        plan.kept_files = set(self.published.files["site"])
        entries = dict(plan.manifest.pages)
        edits, reasons = self._edit(paths)
        if not edits.documents:
            return replace(self.published.report, seconds=0.0, rendered=0, kept=self._pages, changed=0, removed=0, reasons={})
        for update in self._build[EDITS].updates:
            update(edits)
        if pages_over_budget(folder / "site", self._to_weigh(edits), plan.find_file):
            raise NeedsWholeBuild("a page is too heavy")
        if not self.validity.contains(options.now):
            raise NeedsWholeBuild("a page asked something of the clock that is not so now")
        titles = {str(document.path): document.meta.title for document in edits.retitled}
        write_atomically(folder / MOMENTS, moments.built_at((self.output / MOMENTS).read_bytes(), options.now, self.validity, titles))
        provenance.save(options, folder)
        return self._publish(folder, edits, reasons, self._dropped(edits, entries))

    def _edit(self, paths: Collection[str]) -> tuple[TextEdits, dict[str, str]]:
        """Read the documents at ``paths``, change them in place, and render the pages that read them; return why, by page."""
        library = self.library
        changed = [path for path in paths if self._sources.is_changed(path)]
        self.is_sound = len(changed) < 2  # if one of them is at fault, the bodies of others are in the cache already
        read = read_again(library, self._build.content, changed, self._sources.documents)
        self.is_sound = True
        pairs = [(library.documents[after.path], after) for after, _ in read]
        for before, after in pairs:
            self._require_words_alone(before, after)
        for refuse in self._build[EDITS].refusals:
            refuse(frozenset(after.path for _, after in pairs))
        retitled = tuple(before for before, after in pairs if before.meta.title != after.meta.title)
        records: dict[str, Any] = {}
        self.is_sound = not pairs
        for document, after in pairs:
            put_in_place(document, after)
            view = self._view_of(document)
            forget_cached(view)
            records |= {document.tracking_key: document, view.tracking_key: view}
        self._sources.digests.update({document.path: digest for document, digest in read})
        reasons = self.page_readers.render_readers(records) if records else {}
        return TextEdits(tuple(before for before, _ in pairs), retitled, tuple(sorted(reasons))), reasons

    def _require_words_alone(self, before: Document, after: Document) -> None:
        """Raises `NeedsWholeBuild` unless both are public, at the same place, and the rules say the same of both."""
        if not before.is_live(self.library.now):
            raise NeedsWholeBuild(f"{after.path} is not public")
        require_same_place(before, after)
        if self._sources.has_other_hints(after.path):
            raise NeedsWholeBuild(f"{after.path}: a rule has something else to say")

    def _view_of(self, document: Document) -> DocumentView:
        name, variables = page_variables(document, self._build)
        (variable,) = variables
        view: DocumentView = self.published.result.plan.page_variables[name][2][variable]
        return view

    def _dropped(self, edits: TextEdits, before: Mapping[str, PageEntry]) -> frozenset[str]:
        """Return the files that were made with the pages before and with none now: the card with an old title."""
        pages = self.published.result.plan.manifest.pages
        gone = {name for page in edits.pages for name in set(before[page].side_files) - set(pages[page].side_files)}
        return frozenset(gone - {name for entry in pages.values() for name in entry.side_files} if gone else ())

    def _publish(self, folder: Path, edits: TextEdits, reasons: Mapping[str, str], dropped: frozenset[str]) -> BuildReport:
        files = self.published.files
        kept = {tree: frozenset(files[tree].keys() - dropped) for tree in TREES}
        changes = {tree: compare_trees(files[tree], self.output / tree, folder / tree, kept[tree]) for tree in TREES}
        self._exchange(folder, changes)
        if self.seen is None:
            raise NeedsWholeBuild("the staging tree could not be brought up to date")
        self.is_sound = True
        return replace(
            self.published.report,
            seconds=0.0,
            rendered=len(edits.pages),
            kept=self._pages - len(edits.pages),
            changed=sum(len(change.changed) for change in changes.values()),
            removed=sum(len(change.removed) for change in changes.values()),
            reasons=reasons,
        )

    def publish_ahead(self, ahead: NextMoment, options: BuildOptions) -> BuildReport:
        """Publish what another process has made of this build. The lock of the output is held. What is in memory is `behind` then.

        Raises as `build_next` does, and `NeedsWholeBuild` if it does not hold at the moment of ``options``; then what is public is as it was.
        """
        self._require_untouched()
        made = ahead.made_for(options)
        self._exchange(made.folder, made.changes)
        self.behind = options
        return made.report

    def _exchange(self, folder: Path, changes: Mapping[str, TreeChange]) -> None:
        published, overtaken = self.published, lambda: marks_of(self.output) != self._marks
        files, is_mirrored = publish_changes(self.output, published.files, folder, changes, overtaken)
        self.published = replace(published, files=files)
        self._marks, self.is_saved = marks_of(self.output), False
        if not is_mirrored:
            self.seen = None

    def is_output_intact(self) -> bool:
        """See `ResidentBuild.is_output_intact`."""
        with output_lock(self.output, self.published.options.wait):
            return scan(self.output, mirrors=True) == self.published.files

    def save(self) -> None:
        """Write what the next build by another process takes over. The lock of the output is held. Until this is done, it renders anew what we changed."""
        if self.is_saved or marks_of(self.output) != self._marks:
            return
        published, output = self.published, self.output
        plan, record = published.result.plan, published.record
        plan.manifest.save(output / MANIFEST)
        for saver in self._build[EDITS].savers:
            saver(output)
        checked_at = time.time_ns()
        (digest,) = input_digests(record.input_paths, options_text(published.options), checked_at)
        is_seen = (
            self.seen is not None and walk(record.input_paths)[0] == self.seen
        )  # otherwise something has changed that no build has read
        outputs = list_outputs(output / MANIFEST, published.files)
        self.published = replace(
            published,
            record=replace(record, checked_at=checked_at, input_digest=digest if is_seen else "", outputs=outputs, validity=self.validity),
        )
        self.published.record.save(output / RECORD)
        if not is_in_repository(published.options.content):
            LastGoodBuild(output).keep(published.options.content, self.library)
        self._marks, self.is_saved = marks_of(self.output), True

    @cached_property
    def _sources(self) -> KeptSources:
        return KeptSources(self.library, self._build)

    @property
    def _build(self) -> BuildContext:
        return self.published.result.rerenderer.build

    @property
    def _pages(self) -> int:
        return len(self.published.result.plan.manifest.pages)

    def _to_weigh(self, edits: TextEdits) -> set[str]:
        pages = self.published.result.plan.manifest.pages
        names = {name for page in edits.pages for name in (page, *pages[page].side_files)}
        return {name for name in names if name.endswith(".html")}

    def _require_untouched(self) -> None:
        """Raises `NeedsWholeBuild` if another process has built, or has published a notice."""
        if marks_of(self.output) != self._marks:
            raise NeedsWholeBuild("another process has changed the output")
