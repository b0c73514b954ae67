"""Emergency notices, and drills of them: who, where, what, until when, what to do (Warning Lexicon: source, hazard, place, time, action).

A drill is a type of its own and not a flag: in Wakayama (2018), Yamaguchi (2019) and Miyakojima, drills and what was left of them went out as real. It
has its own folder, addresses and lists, and `plugins.frontmatter.parse.notice_words` refuses a notice and a drill that could be taken for each other.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from plugins.frontmatter.model.fields import Line, NeededEnd, field_error
from plugins.frontmatter.model.meta import Dated
from plugins.frontmatter.model.telephones import Telephone, parse_telephone
from plugins.frontmatter.model.words.hazards import HAZARDS, Hazard
from plugins.frontmatter.model.words.languages import LANGUAGES
from plugins.frontmatter.model.words.warning_levels import LEVELS, SEVERITIES, SEVERITY_OF_LEVEL, Level

DRILL_MARK = "【訓練】"
"""Begins the title of every drill, and so every form of it."""

CORRECTION_WORD = "訂正"
"""Begins the title of every correction, after the mark of a drill: whoever was told something wrong must see at once that this is about it."""


class Phone(BaseModel):
    """One telephone, with the name of who answers."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Line | None = None
    number: Annotated[str, Field(pattern=r"^\+?[0-9-]{3,20}$")]

    @property
    def dialled(self) -> str:
        """The number as ``tel:`` takes it."""
        return Telephone(self.number).dialled


def read_phone(value: Any) -> Any:
    """Read ``危機対策課 022-211-2375`` or a number alone; digits may be full-width, as Japanese keyboards write them."""
    if not isinstance(value, str):
        return value
    if (telephone := parse_telephone(value)) is None:
        value = value.strip()
        raise field_error(
            f"電話番号「{value[:60]}」が読めません。「危機対策課 022-211-2375」のように、名前と市外局番からの番号で書いてください",
            f"{value[:60]!r} is no telephone: write a name and the number with its area code",
        )
    return Phone(name=telephone.name or None, number=telephone.number)


def _several(value: Any) -> Any:
    """Take one value for a list of one: an editor at night should not have to know about brackets."""
    return [value] if isinstance(value, (str, dict)) else value


def _level(value: Any) -> int:
    number = unicodedata.normalize("NFKC", str(value)).removeprefix("警戒").removeprefix("レベル").strip()
    if number in {"1", "2", "3", "4", "5"}:
        return int(number)
    words = "、".join(f"{level.number}（{level.instruction}）" for level in LEVELS.values())
    raise field_error(
        f"警戒レベルは {words} のどれかです。レベルのない知らせには severity を書きます",
        "level is 1 to 5; a notice without one has a severity",
    )


def _hazard(value: str) -> str:
    if value in HAZARDS:
        return value
    raise field_error(
        f"「{value[:40]}」は、災いの種類の一覧にありません。使えるのは {'、'.join(HAZARDS)} です",
        f"no hazard {value[:40]!r}: use one of {', '.join(HAZARDS)}",
    )


def _source_path(value: str) -> str:
    if re.fullmatch(r"(\.\./|[a-z0-9]+(-[a-z0-9]+)*/)*[a-z0-9]+(-[a-z0-9]+)*\.md", value):
        return value
    raise field_error(
        f"「{value[:60]}」は原稿のファイルではありません。「../2026/flood.md」のように、このファイルから見た場所で書いてください",
        f"{value[:60]!r} is no source: write its place as seen from this file, such as ../2026/flood.md",
    )


ONE_OR_SEVERAL = frozenset({_several})
"""What reads a list that may also be its only entry."""

Lines = Annotated[tuple[Line, ...], BeforeValidator(_several), Field(min_length=1, max_length=12)]
"""One sentence, or several in the order in which people do them."""

Phones = Annotated[tuple[Annotated[Phone, BeforeValidator(read_phone)], ...], BeforeValidator(_several)]
"""Telephones, each with the name of who answers or without."""

SourcePath = Annotated[Line, AfterValidator(_source_path)]


class Wording(BaseModel):
    """What a person wrote in another language, or in やさしい日本語."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    title: Line
    what: Line
    action: Lines
    areas: Line | None = None
    issued_by: Line | None = None


def _languages(value: dict[str, Wording]) -> dict[str, Wording]:
    unknown = [tag for tag in value if tag not in LANGUAGES]
    if not unknown:
        return value
    raise field_error(
        f"「{unknown[0][:20]}」ということばの印はありません。使えるのは {'、'.join(f'{each.tag}（{each.name}）' for each in LANGUAGES.values())} です",
        f"no language {unknown[0][:20]!r}: use one of {', '.join(LANGUAGES)}",
        unknown[0],
    )


class Alert(Dated):
    """What a notice and a drill have in common. ``expires`` is required: an old warning is dangerous."""

    is_news: ClassVar[bool] = True
    is_listed: ClassVar[bool] = False
    shows_age: ClassVar[bool] = False
    is_drill: ClassVar[bool] = False
    shown_elsewhere: ClassVar[frozenset[str]] = frozenset(
        {"severity", "hazard", "areas", "updates", "cancels", "correction", "easy", "translations"}
    )
    """`plugins.emergency` shows them, in every language of the notice."""

    level: Annotated[int, BeforeValidator(_level)] | None = None
    severity: Literal["情報", "注意", "警報", "危険警報", "特別警報"] | None = None
    hazard: Annotated[Line, AfterValidator(_hazard)] | None = None
    what: Line | None = None
    action: Lines | None = None
    areas: Line | None = None
    expires: NeededEnd
    issued_by: Line | None = None
    phone: Phones = ()
    updates: SourcePath | None = None
    cancels: SourcePath | None = None
    correction: bool = False
    easy: Wording | None = None
    translations: Annotated[dict[str, Wording], AfterValidator(_languages)] = Field(default_factory=dict)

    @model_validator(mode="after")
    def has_a_weight(self) -> Alert:
        """Refuse a notice that says nothing of how grave it is, and one whose two words for it disagree."""
        if self.level is None and self.severity is None:
            raise field_error(
                "level（警戒レベル1から5）がありません。レベルのない知らせには severity を書いてください",
                "level is missing: add it, or severity where no level belongs",
                "level",
            )
        if self.level and self.severity and SEVERITIES[self.severity] != self.level:
            raise field_error(
                f"severity（{self.severity}）が警戒レベル{self.level}と食い違っています。severity の行を消してください",
                f"severity {self.severity} contradicts level {self.level}: delete the line",
                "severity",
            )
        return self

    @model_validator(mode="after")
    def answers_five_questions(self) -> Alert:
        """Refuse a record that says what happens, and not where, or not what to do. The old form of a notice has none of these keys, and its body says it."""
        if self.is_old_form:
            return self
        if self.hazard is None:
            raise _missing("hazard", "何の災いか", "what the danger is")
        if self.action is None:
            raise _missing("action", "いま何をするか", "what to do now")
        if not self.areas and not self.municipalities:
            raise _missing("areas", "どこの人に向けたものか（または municipalities）", "whom it concerns (or municipalities)")
        return self

    @model_validator(mode="after")
    def follows_one(self) -> Alert:
        """Refuse a notice that both updates and cancels."""
        if self.updates and self.cancels:
            raise field_error(
                "updates と cancels は、どちらか一つだけ書いてください",
                "write updates or cancels, not both",
                "cancels",
            )
        return self

    @model_validator(mode="after")
    def corrects_one(self) -> Alert:
        """Refuse a correction of nothing, and one that does not begin with the word."""
        if not self.correction:
            return self
        if self.updates is None:
            raise field_error(
                "correction: true には、訂正する前の知らせが要ります。updates: 前の原稿.md を書いてください",
                "a correction needs the notice that it corrects: add updates",
                "correction",
            )
        if not self.title.removeprefix(DRILL_MARK).lstrip("【（").startswith(CORRECTION_WORD):
            raise field_error(
                f"訂正の題名は「{CORRECTION_WORD}」で始めてください。例 {DRILL_MARK if self.is_drill else ''}【{CORRECTION_WORD}】{self.title.removeprefix(DRILL_MARK)[:20]}",
                f"the title of a correction begins with {CORRECTION_WORD}",
                "title",
            )
        return self

    @property
    def is_old_form(self) -> bool:
        """Whether the notice was written before records had fields of their own: its title says what, and its first paragraph what to do."""
        return not any((self.level, self.hazard, self.what, self.action, self.phone, self.issued_by, self.easy, self.translations))

    @property
    def own_summary(self) -> str:
        """What happens and what to do: feeds, search engines and lists show it in the place of the first paragraph."""
        return "".join((self.what or "", *(self.action or ())))

    @property
    def weight(self) -> int:
        """1 to 5, by which notices are put in order."""
        return self.level or SEVERITIES[self.severity or "情報"]

    @property
    def severity_word(self) -> str:
        """``警報``, also where only the level is written."""
        return self.severity or SEVERITY_OF_LEVEL[self.weight]

    @property
    def level_words(self) -> Level | None:
        """The words of the level, if the notice has one."""
        return LEVELS[self.level] if self.level else None

    @property
    def hazard_words(self) -> Hazard:
        """The words of the hazard."""
        return HAZARDS[self.hazard or "その他"]

    @property
    def where(self) -> str:
        """Whom it concerns, in words; empty if nothing is said."""
        return self.areas or "、".join(place.name for place in self.municipalities)


def _missing(key: str, ja: str, en: str) -> Exception:
    return field_error(f"{key}（{ja}）がありません。書き足してください", f"{key} is missing: say {en}", key)


class Notice(Alert):
    """An emergency notice."""

    key: ClassVar[str] = "notice"
    word: ClassVar[str] = "お知らせ"


class Drill(Alert):
    """A drill: written and sent like a notice, and never taken for one."""

    key: ClassVar[str] = "drill"
    word: ClassVar[str] = "訓練"
    is_drill: ClassVar[bool] = True
    is_news: ClassVar[bool] = False
    chosen_by_editor: ClassVar[bool] = False


ALERTS = frozenset(kind.key for kind in (Notice, Drill))
"""The content types that the fast path of an emergency publishes too. Their pages say nothing that other documents may change, and nobody else's do of theirs."""
