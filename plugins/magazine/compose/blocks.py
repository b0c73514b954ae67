"""The blocks of a section: words of the editor, an article, an event, progress in figures. Values; nothing is selected or rendered here.

To add a kind of block, write one class here with its ``kind``, and one branch in `plugins.magazine.compose.selection`,
`plugins.magazine.render.text_blocks` and the templates of ``themes/*/mail``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from plugins.frontmatter.model.content_types import Event, Figure, Partner, Progress
from plugins.frontmatter.model.document import Document, Picture
from plugins.magazine.compose.safe_text import heading, strip_controls
from plugins.typography.dates import japanese_date, number


@dataclass(frozen=True)
class Prose:
    """Blocks of HTML that the editor wrote in the issue itself."""

    kind: ClassVar[str] = "prose"
    html: str


@dataclass(frozen=True)
class Teaser:
    """An article that the issue links to. One that has been taken down keeps its words and loses its link.

    ``credit`` names who wrote a partner's entry and under which licence; it is empty for our own.
    """

    kind: ClassVar[str] = "teaser"
    document: Document
    linked: bool
    credit: str = ""

    @property
    def title(self) -> str:
        return heading(self.document.meta.title)

    @property
    def picture(self) -> Picture | None:
        """The picture beside the words; a block that shows something of its own has none."""
        return self.document.picture

    @property
    def summary(self) -> str:
        return strip_controls(self.document.summary)

    @property
    def facts(self) -> tuple[tuple[str, str], ...]:
        """Pairs of label and value, ready to show: time and place of an event, conditions of a job."""
        return tuple((label, strip_controls(value)) for label, value in self.document.meta.facts)


@dataclass(frozen=True)
class EventTeaser(Teaser):
    """An event. ``over``: it was over when the issue went out, which the title says as it says 中止 and 延期."""

    kind: ClassVar[str] = "event"
    over: bool = False

    @property
    def meta(self) -> Event:
        if not isinstance(self.document.meta, Event):
            raise TypeError(f"{self.document.path} is no event")
        return self.document.meta

    @property
    def title(self) -> str:
        """The title, after what became of the event: `Event` has put 中止 and the like there already."""
        is_said = self.meta.status in ("中止", "延期") or "終了" in self.document.meta.title
        return heading(self.document.meta.title) if is_said or not self.over else f"【終了】{heading(self.document.meta.title)}"


@dataclass(frozen=True)
class FigureLine:
    """One figure of progress as it is shown: ``15,361戸``, ``16,000戸`` and 96 (percent)."""

    label: str
    done: str
    total: str
    percent: int


@dataclass(frozen=True)
class ProgressFigures(Teaser):
    """The figures of a progress document."""

    kind: ClassVar[str] = "figures"

    @property
    def picture(self) -> Picture | None:
        """None: the figures are drawn."""
        return None

    @property
    def meta(self) -> Progress:
        if not isinstance(self.document.meta, Progress):
            raise TypeError(f"{self.document.path} has no figures")
        return self.document.meta

    @property
    def lines(self) -> tuple[FigureLine, ...]:
        return tuple(_figure_line(figure) for figure in self.meta.figures)

    @property
    def as_of(self) -> str:
        """``2018年2月28日現在``; the day of publication if the document does not say."""
        return f"{japanese_date(self.meta.as_of or self.document.date)}現在"


Block = Prose | Teaser | EventTeaser | ProgressFigures


def _figure_line(figure: Figure) -> FigureLine:
    unit = strip_controls(figure.unit)
    return FigureLine(strip_controls(figure.label), f"{number(figure.done)}{unit}", f"{number(figure.total)}{unit}", figure.percent)


def credit(document: Document, feed_title: str) -> str:
    """Return ``ココロプレス、取材班、CC BY 4.0``, which a licence asks for (CC BY 4.0, section 3a1); nothing for a document that is no partner's."""
    meta = document.meta
    return strip_controls("、".join((feed_title, meta.author, meta.licence))) if isinstance(meta, Partner) else ""
