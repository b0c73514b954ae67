"""The words of warnings: the five levels of the scheme in force since 28 May 2026, what each asks people to do, and words that no longer exist.

Sources: 内閣府「避難情報に関するガイドライン」 (May 2021, for what municipalities order), and the Meteorological Agency's warnings as re-ordered on 28 May 2026, which
name the level before the phenomenon (レベル4大雨危険警報). Every form of a notice takes its words from here, so that no two forms differ.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True)
class Level:
    """One of the five levels. ``instruction`` is what a municipality calls it, ``warning`` the ending of the Meteorological Agency's warnings, ``meaning`` what everybody does.

    ``shape`` tells the level without colour, ``colour`` and ``ink`` are those of the Cabinet Office's tables. ``cap`` are severity, urgency and certainty (CAP 1.2, 3.2.2).
    """

    number: int
    instruction: str
    warning: str
    meaning: str
    easy: str
    english: str
    shape: str
    cap: tuple[str, str, str]

    @property
    def words(self) -> str:
        """``警戒レベル4 避難指示``."""
        return f"警戒レベル{self.number} {self.instruction}"


LEVELS: dict[int, Level] = {
    level.number: level
    for level in (
        Level(5, "緊急安全確保", "特別警報", "命の危険が迫っています。直ちに身の安全を確保してください", "いのちが あぶないです。いますぐ 安全な ところへ 行ってください", "Emergency Safety Measures", "◆", ("Extreme", "Immediate", "Observed")),
        Level(4, "避難指示", "危険警報", "危険な場所から全員避難してください", "あぶない ところから、みんな 逃げてください", "Evacuation Order", "▲", ("Severe", "Expected", "Likely")),
        Level(3, "高齢者等避難", "警報", "危険な場所から高齢者などは避難してください", "お年寄りや、逃げるのに 時間が かかる 人は、逃げてください", "Evacuation of the Elderly, Etc.", "■", ("Moderate", "Expected", "Likely")),
        Level(2, "注意報", "注意報", "避難の場所と行き方を確かめてください", "逃げる ところと 行き方を 見てください", "Advisory", "●", ("Minor", "Future", "Possible")),
        Level(1, "早期注意情報", "早期注意情報", "災害への心構えを高めてください", "これから 天気が 悪く なるかもしれません。準備を してください", "Probability of Warnings", "○", ("Minor", "Future", "Possible")),
    )
}  # fmt: skip

SEVERITIES: dict[str, int] = {"情報": 1, "注意": 2, "警報": 3, "危険警報": 4, "特別警報": 5}
"""The weight of a notice to which no level belongs (tsunami, earthquake, a supply that is cut), by its word. A notice with a level has the word of that level."""

SEVERITY_OF_LEVEL = {weight: word for word, weight in SEVERITIES.items()}


@dataclass(frozen=True)
class Abolished:
    """A word that has meant nothing since the day ``since``; ``instead`` is what took its place."""

    word: str
    since: dt.date
    instead: str


ABOLISHED = (
    Abolished("避難勧告", dt.date(2021, 5, 20), "避難指示（警戒レベル4）"),
    Abolished("避難準備", dt.date(2021, 5, 20), "高齢者等避難（警戒レベル3）"),
)
"""Orders that the law (災害対策基本法, as of 20 May 2021) no longer knows: who hears them does not know what to do. A notice that says one is refused."""

RENAMED = (
    Abolished("土砂災害警戒情報", dt.date(2026, 5, 28), "レベル4土砂災害危険警報"),
    Abolished("氾濫発生情報", dt.date(2026, 5, 28), "レベル5氾濫特別警報"),
    Abolished("氾濫危険情報", dt.date(2026, 5, 28), "レベル4氾濫危険警報"),
    Abolished("氾濫警戒情報", dt.date(2026, 5, 28), "レベル3氾濫警報"),
    Abolished("氾濫注意情報", dt.date(2026, 5, 28), "レベル2氾濫注意報"),
    Abolished("洪水警報", dt.date(2026, 5, 28), "レベル3氾濫警報（川ごと）かレベル3大雨警報"),
    Abolished("洪水注意報", dt.date(2026, 5, 28), "レベル2氾濫注意報（川ごと）かレベル2大雨注意報"),
)
"""Names of telegrams before 28 May 2026. A notice that says one is warned of, and not held up: people know what to do all the same."""
