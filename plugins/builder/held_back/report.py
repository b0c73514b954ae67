"""What a build held back, for people and for programs (``docs/reference/held-back.md``)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import PurePosixPath
from typing import Any

from plugins.diagnostics import Diagnostic, printable

HELD_BACK = "held-back.json"
"""In ``output/``, after every build: a list, empty when nothing was held back. `todoke release` reads it."""


@dataclass(frozen=True)
class HeldBack:
    """A file of which another version was published, or none.

    ``path`` is relative to the checkout, ``diagnostics`` are those of the version in the checkout. ``commit``, ``date`` and ``name`` say which version was
    published; ``is_public`` is false if none was. ``because_of`` are other files that were held back, and broke this one. ``is_cut`` says that older
    versions may exist outside of this shallow clone. ``what`` is ``file``, ``row`` for one row of a table, or ``mail`` for an issue whose page is as written and whose mail is not made.
    """

    path: str
    diagnostics: tuple[Diagnostic, ...]
    is_public: bool = False
    commit: str = ""
    date: str = ""
    name: str = ""
    because_of: tuple[str, ...] = ()
    is_cut: bool = False
    what: str = "file"

    def lines(self) -> list[Diagnostic]:
        """Return its diagnostics, each with what is published in its place."""
        ja, en = self._instead()
        return [
            replace(each, ja=f"{self._named(each)}{ja}：{each.ja}", en=f"{self._named(each)}{en}: {each.en}") for each in self.diagnostics
        ]

    def _named(self, diagnostic: Diagnostic) -> str:
        """Return the path, if the diagnostic is told in another file: the one that shows a picture, or that names a PDF."""
        return "" if str(diagnostic.path) == self.path else f"{self.path} "

    def _instead(self) -> tuple[str, str]:
        if self.what == "mail":
            return "このメールは作りませんでした（ページは公開）", "held back, no mail is made (its page is public)"
        row_ja, row_en = ("この行の", "this row is ") if self.what == "row" else ("", "")
        named = f" {self.name}" if self.name and self.name != self.path else ""
        if self.commit:
            words = f"{self.date} {self.commit[:10]}{named}"
            return f"{row_ja}公開を見合わせ、{words} の版を出しています", f"{row_en}held back, the version of {words} is published"
        if self.is_public:
            return (
                f"{row_ja}公開を見合わせ、前に作ったときの版を出しています",
                f"{row_en}held back, that of the last good build is published",
            )
        cut_ja, cut_en = (
            ("。履歴が途中で切れています（shallow clone）", ", the history is cut off here: a shallow clone") if self.is_cut else ("", "")
        )
        return (
            f"{row_ja}公開を見合わせました（よかった版がありません{cut_ja}）",
            f"{row_en}held back, not published (no version of it holds{cut_en})",
        )

    def as_record(self) -> dict[str, Any]:
        """Return the entry as the file holds it: `from_record` reads it."""
        reason = printable("; ".join(f"{each.ja} / {each.en} [{each.rule}]" for each in self.lines()))
        return {**asdict(self), "diagnostics": [each.as_record() for each in self.diagnostics], "reason": reason}

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> HeldBack:
        """Return the entry of which `as_record` made ``record``."""
        values = {name: value for name, value in record.items() if name != "reason"}
        diagnostics = tuple(Diagnostic.from_record(each) for each in record["diagnostics"])
        return cls(**{**values, "diagnostics": diagnostics, "because_of": tuple(record["because_of"])})


def render(held: Iterable[HeldBack]) -> bytes:
    """Return the bytes of `HELD_BACK`."""
    return (json.dumps([each.as_record() for each in held], ensure_ascii=False, indent=1) + "\n").encode("utf-8", "backslashreplace")


def in_order(held: Iterable[HeldBack]) -> tuple[HeldBack, ...]:
    """Return the entries by path."""
    return tuple(sorted(held, key=lambda each: PurePosixPath(each.path)))
