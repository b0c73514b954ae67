"""The languages in which people write notices: the tag of each (BCP 47), its own name in its own script, and its word for a drill."""

from __future__ import annotations

from typing import NamedTuple


class Language(NamedTuple):
    """``drill_mark`` stands before a title; ``drill_words`` are what a drill is called in a text (lower case)."""

    tag: str
    name: str
    drill_mark: str
    drill_words: tuple[str, ...]

    @property
    def slug(self) -> str:
        """The tag as a part of an address, which has no capitals."""
        return self.tag.lower()


LANGUAGES: dict[str, Language] = {
    language.tag: language
    for language in (
        Language("en", "English", "[DRILL]", ("drill", "this is a test", "this is an exercise")),
        Language("zh-Hans", "简体中文", "【演练】", ("演练", "演习")),
        Language("zh-Hant", "繁體中文", "【演練】", ("演練", "演習")),
        Language("ko", "한국어", "[훈련]", ("훈련",)),
        Language("vi", "Tiếng Việt", "[DIỄN TẬP]", ("diễn tập",)),
        Language("pt", "Português", "[SIMULADO]", ("simulado", "simulação")),
        Language("fil", "Filipino", "[PAGSASANAY]", ("pagsasanay", "drill")),
        Language("es", "Español", "[SIMULACRO]", ("simulacro",)),
        Language("id", "Bahasa Indonesia", "[LATIHAN]", ("latihan", "simulasi")),
        Language("th", "ภาษาไทย", "[ซ้อม]", ("ซ้อม",)),
        Language("ne", "नेपाली", "[अभ्यास]", ("अभ्यास",)),
    )
}
