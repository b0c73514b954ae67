"""One type for everything that is wrong: in a source file, a table, a mail issue or the built site. `plugins.diagnostic_formats` prints it."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Literal

Severity = Literal["error", "warning", "note"]
"""An error stops what was asked for. A warning stops nothing. A note says what was repaired on the way. The words are SARIF's levels (§3.27.10)."""

_TOO_DEEP = "nested too deeply to be read: fewer lists, quotations or definitions inside each other, and empty lines between them"

_LABELS: dict[Severity, tuple[str, str]] = {"error": ("", ""), "warning": ("注意：", "warning: "), "note": ("参考：", "note: ")}

# C0 and C1 controls, what ends a line for some terminals, and what turns the reading direction (Unicode TR 36): a message quotes what somebody
# wrote, and none of it may move the cursor, forge a second line or hide a word.
CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")


@dataclass(frozen=True)
class Fix:
    """The one right text for a place: it replaces the characters ``start:end`` of the file.

    Offsets count characters of the decoded text with line feeds and without a byte-order mark. A fix never crosses the end of a line.
    """

    start: int
    end: int
    text: str


@dataclass(frozen=True)
class Diagnostic:
    """One thing that is wrong, and what to do.

    ``path`` is relative to the checkout. ``line`` counts from 1, and so does ``column``, in characters; ``column`` 0 means the whole line.
    ``ja`` and ``en`` say the same: what is wrong and what to write. ``rule`` is the code under which `todoke check --explain` gives the reason.
    ``subject`` names what in the line is meant (the column of a table, an address), where the messages do not. ``fix`` is set where no person has to decide.
    ``cause`` is another file that may be what is really wrong: the picture that cannot be read, the document that is linked to (`plugins.builder.held_back`).
    """

    path: PurePosixPath
    line: int
    ja: str
    en: str
    rule: str
    severity: Severity = "error"
    column: int = 0
    subject: str = ""
    fix: Fix | None = dataclasses.field(default=None, compare=False)
    cause: PurePosixPath | None = dataclasses.field(default=None, compare=False)

    def __lt__(self, other: Diagnostic) -> bool:
        """Order by file, line and the rest. Written out, because the comparisons that `dataclass` makes cost every start 1 % of a build without changes."""
        return self._sort_key < other._sort_key

    @property
    def _sort_key(self) -> tuple[object, ...]:
        return self.path, self.line, self.ja, self.en, self.rule, self.severity, self.column, self.subject

    def __str__(self) -> str:
        """Return ``file:line: Japanese / English [rule]`` on one line."""
        (ja, en), name = _LABELS[self.severity], f"{self.subject}：" if self.subject else ""
        return printable(f"{self.path}:{self.line}: {ja}{name}{self.ja} / {en}{self.en} [{self.rule}]")

    def as_record(self) -> dict[str, Any]:
        """Return the diagnostic as JSON can hold it."""
        return dataclasses.asdict(self) | {"path": str(self.path), "cause": str(self.cause) if self.cause else None}

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Diagnostic:
        """Return the diagnostic of which ``record`` was made by `as_record`."""
        fix = Fix(**record["fix"]) if record["fix"] else None
        cause = PurePosixPath(record["cause"]) if record["cause"] else None
        return cls(**{**record, "path": PurePosixPath(record["path"]), "fix": fix, "cause": cause})

    def below(self, folder: str) -> Diagnostic:
        """Return the diagnostic with its paths below ``folder``."""
        cause = PurePosixPath(folder) / self.cause if self.cause else None
        return dataclasses.replace(self, path=PurePosixPath(folder) / self.path, cause=cause)


@dataclass(frozen=True)
class RuleDescription:
    """What `todoke check --explain` and SARIF say of one code: its name and its reason, in both languages.

    ``source`` cites the standard or the law, if there is one. ``bad`` and ``good`` are examples, or empty. Each package describes the codes of
    its diagnostics in one tuple ``RULES``; `plugins.builder.rules` joins them.
    """

    code: str
    ja: str
    en: str
    why_ja: str
    why_en: str
    source: str = ""
    bad: str = ""
    good: str = ""


def unexpected(path: PurePosixPath, error: Exception, *, rule: str = "F106") -> Diagnostic:
    """Return what is told when the reading of one file ends in an error that nobody foresaw. Its traceback goes to the log (`todoke --debug`).

    The outermost step of each reader calls it, so that one file can stop no other, and is always named.
    """
    import logging  # few runs come here

    logging.getLogger(__name__).debug("%s", path, exc_info=error)
    if isinstance(error, RecursionError):
        return Diagnostic(path, 1, "入れ子が深すぎて読めません。並び、引用、定義の段を減らし、間に空行を入れてください", _TOO_DEEP, rule)
    if isinstance(error, MemoryError):
        return Diagnostic(path, 1, "読むのにメモリーが足りません。小さく分けてください", "not enough memory to read it: split it", rule)
    words = f"{type(error).__name__}: {str(error)[:200]}"
    return Diagnostic(
        path, 1, f"読む途中で予期しない誤りが起きました（{words}）", f"unexpected error while it was read: {words}; see --debug", rule
    )


class ContentErrors(Exception):
    """The sources hold errors; nothing was built.

    ``diagnostics`` holds all of them, of all files, sorted by file and line, each once.
    """

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics = tuple(sorted(set(diagnostics)))
        super().__init__("\n".join(map(str, self.diagnostics)))


def folded(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Return the diagnostics as a person reads them: warnings of one rule in one file that `todoke check --fix` repairs are one, with the other places."""
    places: dict[object, list[Diagnostic]] = {}
    for each in diagnostics:
        is_many = each.severity == "warning" and each.fix is not None
        places.setdefault((each.path, each.rule) if is_many else (each, len(places)), []).append(each)
    return [_with_places(first, others) for first, *others in places.values()]


def _with_places(first: Diagnostic, others: list[Diagnostic]) -> Diagnostic:
    if not others:
        return first
    lines = list(dict.fromkeys(each.line for each in others))
    shown, more = "、".join(map(str, lines[:_MOST_LINES])), "など" if len(lines) > _MOST_LINES else ""
    ja = f"{first.ja}（ほかに{len(others)}か所。{shown}行目{more}）"
    en = f"{first.en} ({len(others)} more: line{'s' if len(lines) > 1 else ''} {', '.join(map(str, lines[:_MOST_LINES]))}{' …' if more else ''})"
    return dataclasses.replace(first, ja=ja, en=en)


_MOST_LINES = 10


def printable(text: str) -> str:
    r"""Return ``text`` with each control character written out, such as ``\x1b`` and ``\n``, so that it is one harmless line."""
    return CONTROLS.sub(lambda control: control[0].encode("unicode_escape").decode("ascii"), text)
