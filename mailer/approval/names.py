"""Names of people: one canonical form to write, and a comparison that takes two names for one person wherever an eye could.

Sources: Unicode TR36 and TR39 (confusable characters, single scripts; the data come with the package `confusable-homoglyphs`), and Unicode
Standard Annex 15 (NFKC). A name is evidence of nothing: it only must not pass for another name. Where that cannot be told, it is refused.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from confusable_homoglyphs import categories, confusables

from mailer.model.errors import TodokeMailError

LONGEST = 100
BETWEEN = " -'’.・ー々〆ヶ"
"""Besides letters and marks: what stands inside names."""

INVISIBLE = "\u00ad\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0"
"""Shown as nothing, or as a blank, although they are letters, marks or symbols (Default_Ignorable_Code_Point and U+2800)."""

JAPANESE = {"HAN", "HIRAGANA", "KATAKANA"}
TOGETHER = (JAPANESE | {"LATIN"}, {"HAN", "HANGUL", "LATIN"}, {"HAN", "BOPOMOFO", "LATIN"})
"""Scripts that one name may mix: the level Highly Restrictive of TR39, section 5.2."""

VARIANTS = str.maketrans(
    "髙﨑嵜碕𠮷邉邊齋齊斎濵濱德惠國澤廣眞黑榮櫻龍髮彌嶋嶌冨淸緖瀨祐都",
    "高崎崎崎吉辺辺斉斉斉浜浜徳恵国沢広真黒栄桜竜髪弥島島富清緒瀬祐都",
)
"""Older and family forms of characters in names. Two people may differ in them; an eye in a hurry does not."""


class NameRefused(TodokeMailError):
    """A name that cannot stand for one person: empty, with characters that are not seen, or of scripts that look like each other."""


def canonical(name: str) -> str:
    """Return the name in the form in which it is stored and shown: NFKC, single spaces.

    :raises NameRefused: see the class.
    """
    for character in name:
        if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp") or _is_ignorable(character):
            raise NameRefused(f"The name {_quoted(name)} has a character that is not seen (U+{ord(character):04X}). Type the name anew.")
    words = " ".join(unicodedata.normalize("NFKC", name).split())
    if len(words) > LONGEST or not any(map(str.isalpha, words)):
        raise NameRefused(f"The name {_quoted(name)} is empty or longer than {LONGEST} characters. Write the full name of who approves.")
    for character in words:
        if not (character in BETWEEN or unicodedata.category(character)[0] in "LN" or _is_mark_of_a_letter(words, character)):
            raise NameRefused(f"The name {_quoted(name)} has a sign that names do not have ({_quoted(character)}). Write the name alone.")
    found = scripts(words)
    if len(found) > 1 and not any(found <= allowed for allowed in TOGETHER):
        raise NameRefused(f"The name {_quoted(name)} mixes scripts that look like each other ({', '.join(sorted(found))}). Type it in one.")
    return words


def letters(name: str) -> str:
    """Return what of a name counts in a comparison: each letter as the simplest one that looks like it; no case, width, marks, spaces, signs."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold()).translate(VARIANTS)
    folded = folded.replace("rn", "m").replace("i", "l")  # a capital I is an l to the eye, and case was folded away
    simple = "".join(_hiragana(_simplest(character)) for character in _without_accents(folded) if character.isalnum())
    return simple.casefold()


def is_same(one: str, other: str) -> bool:
    """Whether two names may be those of one person: the same letters in whatever order, or one of them inside the other."""
    mine, theirs = letters(one), letters(other)
    if not mine or not theirs:
        return False
    shorter, longer = sorted((mine, theirs), key=len)
    return sorted(mine) == sorted(theirs) or (len(shorter) > 1 and shorter in longer) or _has_all_words(one, other)


def is_comparable(one: str, other: str) -> bool:
    """Whether the two names have letters of one script. The reading of a name (kana, Latin) cannot be told from its characters."""
    return bool(scripts(one) & scripts(other))


def scripts(name: str) -> set[str]:
    """Return the scripts of the letters, as Unicode names them (`LATIN`, `HAN`); the two kana count as two."""
    known = {categories.alias(character) for character in unicodedata.normalize("NFKC", name) if character.isalpha()}
    return {script for script in known if script not in ("COMMON", "INHERITED")}


def _has_all_words(one: str, other: str) -> bool:
    mine, theirs = ({letters(word) for word in re.split(r"[\s・,、.]+", name)} - {""} for name in (one, other))
    fewer = min(mine, theirs, key=len)
    return bool(fewer) and any(len(word) > 1 for word in fewer) and (mine <= theirs or theirs <= mine)


def _is_ignorable(character: str) -> bool:
    code = ord(character)
    return character in INVISIBLE or 0xFE00 <= code <= 0xFE0F or 0xE0100 <= code <= 0xE01EF or 0x180B <= code <= 0x180F


def _is_mark_of_a_letter(words: str, character: str) -> bool:
    """Marks are letters' parts in many scripts. In those of Japan and Europe NFKC has joined them: one that is left over is decoration."""
    return unicodedata.category(character)[0] == "M" and not scripts(words) & (JAPANESE | {"LATIN", "GREEK", "CYRILLIC"})


def _without_accents(text: str) -> str:
    """Take off accents, and leave the marks of voiced kana, which make another sound."""
    parts = unicodedata.normalize("NFD", text)
    kept = (character for character in parts if not unicodedata.combining(character) or character in "\u3099\u309a")
    return unicodedata.normalize("NFC", "".join(kept))


def _hiragana(character: str) -> str:
    return chr(ord(character) - 0x60) if "ァ" <= character <= "ヶ" else character


@cache
def _simplest(character: str) -> str:
    """Return one letter for all that look like each other, whichever of them comes in."""
    alike, new = set[str](), {character, character.upper()} if len(character.upper()) == 1 else {character}
    while new:
        alike |= new
        linked = {entry["c"] for each in new for entry in confusables.confusables_data.get(each, ())}
        new = {text.strip("\u200e") for text in linked if len(text.strip("\u200e")) == 1} - alike
        new |= {low for each in new if len(low := each.lower()) == 1} - alike
    return min((each for each in alike if each.isalnum()), default="")


def _quoted(text: str) -> str:
    return ascii(text) if not text.isprintable() or any(map(_is_ignorable, text)) else repr(text)
