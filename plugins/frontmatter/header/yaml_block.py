"""The YAML between the two lines ``---``: nested dicts and lists of text, with the line of every key.

It is built from the events of the parser, so that every bound holds before memory or the stack is used: libyaml's composer calls itself for each
level, and some ten thousand brackets end the process. Every scalar stays the text that the editor wrote, and the models convert it. PyYAML follows
YAML 1.1, which would read ``4:30`` as 270 (a number in base 60), ``no`` as False, and ``2015-03-21`` as a date without a zone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import yaml

from plugins.control_characters import CONTROL, control_words
from plugins.frontmatter.header.yaml_words import find_culprit

Place = tuple[int | str, ...]
"""The keys and list indices that lead to a value in the front matter: ``("attachments", 0, "file")``."""

DEEPEST = 8
"""Levels of lists and tables inside each other. No content type has more than three (``attachments``, an entry of it, its ``file``)."""

LONGEST = 1_000
"""Entries of one list or table. The prefecture has 35 municipalities, and the longest list of attachments some dozens."""

LONGEST_TEXT = 10_000
"""Characters of one value. What readers see is bounded by its field (`plugins.frontmatter.model.fields.Line`)."""


_ESCAPED = (
    "二重の引用符の中の「\\」は、次の字と合わせて見えない字になります。一重の引用符「'」に替えるか、「\\\\」と二つ書いてください",
    "a backslash between double quotes makes an invisible character of what follows: write single quotes, or two backslashes",
)


class FrontMatterError(Exception):
    """The YAML does not hold. ``line`` counts from 1 in the YAML; ``rule`` is the code of the diagnostic.

    ``mended`` is that line as it was meant, if that is known; empty for a line that has to go.
    """

    def __init__(self, line: int, ja: str, en: str, rule: str, mended: str | None = None) -> None:
        super().__init__(en)
        self.line, self.ja, self.en, self.rule, self.mended = line, ja, en, rule, mended


# libyaml parses ten times as fast. Where a platform's wheel of PyYAML lacks it, the parser in Python gives the same events.
# The base loaders resolve no types: every scalar is text (see above).
_Loader: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


def parse_yaml(text: str, first_line: int = 1) -> tuple[dict[str, object], dict[Place, int]]:
    """Return the table in ``text``, and the line of each place in it; ``first_line`` is that of the first line of ``text``.

    Raises `FrontMatterError` for what is not YAML, is no table, or goes past a bound, and for a control character that an escape stands for.
    """
    loader = _Loader(text)
    try:
        return _read_document(loader, text, first_line)
    except yaml.MarkedYAMLError as error:
        raise _unreadable(text, error.problem_mark.line if error.problem_mark else 0, first_line) from error
    except (yaml.YAMLError, ValueError) as error:  # ValueError: an escape beyond U+10FFFF; YAMLError: a character that YAML does not allow
        raise _unreadable(text, 0, first_line) from error
    finally:
        loader.dispose()


def _unreadable(text: str, line: int, first_line: int) -> FrontMatterError:
    """Return the error for what the parser cannot read. Its own words are not shown: they are terms of YAML."""
    culprit = find_culprit(text, line)
    if culprit:
        return FrontMatterError(culprit.line + first_line, culprit.ja, culprit.en, "F105", culprit.mended)
    shown = [*text.split("\n"), ""][min(line, text.count("\n"))].strip()[:30]
    ja = f"「{shown}」のあたりが読めません。「項目: 内容」の形にし、内容に記号があれば引用符「'」で囲んでください"
    return FrontMatterError(
        line + first_line,
        ja,
        f"cannot read what is near {shown!r}: write 'key: value', and put the value between quotes if it holds signs",
        "F105",
    )


def _not_yaml(line: int, ja: str, en: str, first_line: int) -> FrontMatterError:
    return FrontMatterError(line + first_line, ja, en, "F105")


def _read_document(loader: Any, text: str, first_line: int) -> tuple[dict[str, object], dict[Place, int]]:
    loader.get_event()  # the start of the stream
    event = loader.get_event()
    if isinstance(event, yaml.StreamEndEvent):
        return {}, {}
    event = loader.get_event()
    line = event.start_mark.line
    if not isinstance(event, yaml.MappingStartEvent):
        raise _unreadable(text, line, first_line)
    table = _Table((), {})
    lines: dict[Place, int] = {(): first_line - 1}
    _Builder(loader, first_line, lines).fill(table)
    loader.get_event()  # the end of the document
    if not isinstance(event := loader.get_event(), yaml.StreamEndEvent):
        raise _not_yaml(
            event.start_mark.line,
            "ここから先が別の文書になっています。行の「---」か「...」を消してください",
            "a second document begins here: delete the line --- or ...",
            first_line,
        )
    return table.value, lines


@dataclass
class _Table:
    """An open table; ``key`` is the one whose value comes next."""

    place: Place
    value: dict[str, object]
    key: str | None = None


@dataclass
class _List:
    """An open list."""

    place: Place
    value: list[object] = field(default_factory=list)


@dataclass
class _Builder:
    """Builds one table with a stack of its own."""

    loader: Any
    first_line: int
    lines: dict[Place, int]
    stack: list[_Table | _List] = field(default_factory=list)

    def fill(self, table: _Table) -> None:
        """Read events until ``table`` is closed."""
        stack, next_event = self.stack, self.loader.get_event
        stack.append(table)
        while stack:
            event, top = next_event(), stack[-1]
            kind = type(event)
            if kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
                stack.pop()
            elif kind is yaml.AliasEvent or event.anchor is not None:
                # A few aliases can grow to gigabytes ("billion laughs"), and no editor needs one.
                raise _not_yaml(
                    event.start_mark.line,
                    "内容が「&」か「*」で始まっています。引用符「'」で囲んでください",
                    "the value begins with & or *: put it between quotes (anchors and aliases are not used here)",
                    self.first_line,
                )
            elif isinstance(top, _Table) and top.key is None:
                self._begin_entry(top, event)
            else:
                self._add_value(top, event)

    def _begin_entry(self, table: _Table, event: Any) -> None:
        line = event.start_mark.line
        if not isinstance(event, yaml.ScalarEvent):
            raise _not_yaml(
                line,
                "「{」か「[」のあとを、項目の名前として読めません。内容の字なら、全体を引用符「'」で囲んでください。「項目: 内容」の形で書きます",
                "a key is a word, not a list or table: write 'key: value'",
                self.first_line,
            )
        name = self._text(event)
        if name in table.value:  # YAML forbids it (1.1, 3.2.1.1); PyYAML would silently keep the last
            raise _not_yaml(
                line,
                f"「{name}」が二度書かれています。どちらかを消してください",
                f"{name!r} is written twice: delete one of them",
                self.first_line,
            )
        if len(table.value) >= LONGEST:
            raise self._too_long(event)
        table.key = name
        table.value[name] = ""  # keeps its place in the order
        self.lines[(*table.place, name)] = line + self.first_line

    def _add_value(self, top: _Table | _List, event: Any) -> None:
        key: int | str = len(top.value) if isinstance(top, _List) else top.key or ""
        place = (*top.place, key)
        if isinstance(top, _List) and len(top.value) >= LONGEST:
            raise self._too_long(event)
        self.lines.setdefault(place, event.start_mark.line + self.first_line)
        value = self._value(event, place)
        if isinstance(top, _List):
            top.value.append(value)
        else:
            top.value[top.key or ""] = value
            top.key = None

    def _value(self, event: Any, place: Place) -> object:
        """Return a text, or an empty list or table, which is filled next."""
        if isinstance(event, yaml.ScalarEvent):
            return self._text(event)
        if len(self.stack) >= DEEPEST:
            ja, en = f"並びや表の入れ子が深すぎます（{DEEPEST}段まで）", f"lists inside lists are too deep: at most {DEEPEST} levels"
            raise self._error(event, ja, en, "F108")
        opened = _Table(place, {}) if isinstance(event, yaml.MappingStartEvent) else _List(place)
        self.stack.append(opened)
        return opened.value

    def _text(self, event: Any) -> str:
        text = str(event.value)
        if len(text) > LONGEST_TEXT:
            ja, en = f"一つの値が長すぎます（{LONGEST_TEXT:,}文字まで）", f"one value is too long: at most {LONGEST_TEXT:,} characters"
            raise self._error(event, ja, en, "F108")
        if match := CONTROL.search(text):
            raise self._error(event, *(_ESCAPED if event.style == '"' else control_words(match[0])), "F103")
        return text

    def _too_long(self, event: Any) -> FrontMatterError:
        ja, en = f"並びや表が長すぎます（{LONGEST:,}個まで）", f"a list or table is too long: at most {LONGEST:,} entries"
        return self._error(event, ja, en, "F108")

    def _error(self, event: Any, ja: str, en: str, rule: str) -> FrontMatterError:
        return FrontMatterError(event.start_mark.line + self.first_line, ja, en, rule)
