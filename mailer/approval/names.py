"""Names of people: one canonical form to write, and a comparison that takes two names for one person wherever an eye could.

Sources: Unicode TR36 and TR39 (confusable characters, single scripts; the data come with the package `confusable-homoglyphs`), and Unicode
Standard Annex 15 (NFKC). A name is evidence of nothing: it only must not pass for another name. Where that cannot be told, it is refused.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache

from mailer.model.errors import TodokeMailError

LONGEST = 100
BETWEEN = " -'’.・ー々〆ヶ"
"""Besides letters and marks: what stands inside names."""

INVISIBLE = "\u00ad\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0"
"""Shown as nothing, or as a blank, although they are letters, marks or symbols (Default_Ignorable_Code_Point and U+2800)."""

JAPANESE = {"HAN", "HIRAGANA", "KATAKANA"}
TOGETHER = (JAPANESE | {"LATIN"}, {"HAN", "HANGUL", "LATIN"}, {"HAN", "BOPOMOFO", "LATIN"})
"""Scripts that one name may mix: the level Highly Restrictive of TR39, section 5.2."""

FORMS = (
    "高髙 崎﨑嵜碕 吉𠮷 辺邉邊 斉齋齊斎 浜濵濱 徳德 恵惠 国國 沢澤 広廣 真眞 黒黑 栄榮 桜櫻 竜龍 髪髮 弥彌 島嶋嶌 富冨 清淸 緒緖 瀬瀨 亜亞 悪惡 圧壓 "
    "囲圍 壱壹 隠隱 衛衞 駅驛 円圓 塩鹽 縁緣 艶艷 応應 奥奧 横橫 温溫 穏穩 仮假 価價 画畫 会會 壊壞 懐懷 絵繪 概槪 拡擴 覚覺 学學 岳嶽 楽樂 渇渴 "
    "勧勸 巻卷 関關 陥陷 観觀 顔顏 気氣 帰歸 亀龜 偽僞 戯戲 犠犧 旧舊 拠據 挙擧 虚虛 峡峽 挟挾 狭狹 郷鄕 尭堯 暁曉 勲勳 薫薰 径徑 恵惠 掲揭 渓溪 経經 "
    "継繼 茎莖 蛍螢 軽輕 鶏鷄 芸藝 撃擊 県縣 倹儉 剣劍 険險 圏圈 検檢 権權 献獻 研硏 顕顯 験驗 厳嚴 呉吳 娯娛 効效 恒恆 鉱鑛 号號 砕碎 済濟 剤劑 "
    "雑雜 参參 桟棧 蚕蠶 惨慘 賛贊 残殘 糸絲 歯齒 児兒 辞辭 湿濕 実實 釈釋 寿壽 収收 従從 渋澁 獣獸 縦縱 処處 叙敍 将將 称稱 渉涉 焼燒 "
    "証證 奨奬 条條 状狀 乗乘 浄淨 剰剩 畳疊 縄繩 壌壤 嬢孃 譲讓 醸釀 嘱囑 触觸 寝寢 慎愼 尽盡 図圖 粋粹 酔醉 穂穗 随隨 髄髓 枢樞 数數 声聲 静靜 摂攝 "
    "窃竊 専專 浅淺 戦戰 践踐 銭錢 潜潛 繊纖 禅禪 双雙 壮壯 捜搜 挿插 巣巢 曽曾 荘莊 装裝 総總 騒騷 蔵藏 臓臟 増增 続續 属屬 堕墮 体體 対對 "
    "帯帶 滞滯 台臺 滝瀧 択擇 担擔 単單 胆膽 団團 弾彈 断斷 痴癡 虫蟲 鋳鑄 庁廳 徴徵 聴聽 勅敕 鎮鎭 逓遞 鉄鐵 転轉 点點 伝傳 灯燈 当當 党黨 盗盜 稲稻 "
    "闘鬪 独獨 読讀 届屆 弐貳 悩惱 脳腦 覇霸 廃廢 売賣 発發 麦麥 抜拔 蛮蠻 秘祕 浜濱 払拂 仏佛 並竝 変變 辺邊 弁辨瓣辯 歩步 穂穗 宝寶 豊豐 褒襃 翻飜 "
    "毎每 万萬 満滿 黙默 訳譯 薬藥 予豫 余餘 与與 誉譽 揺搖 様樣 謡謠 来來 頼賴 乱亂 覧覽 両兩 猟獵 緑綠 励勵 礼禮 隷隸 霊靈 齢齡 暦曆 歴歷 恋戀 "
    "錬鍊 炉爐 労勞 楼樓 録錄 湾灣 渕淵 船舩 薮藪 芦蘆 館舘 桧檜 鴬鶯 諌諫 蛎蠣 蝋蠟 藤籐 橋槗 閒間 婦媍 峰峯 晋晉 遥遙 瑶瑤 凛凜 裕祐 花華 "
    "郎郞朗 一ー 末未 己巳已 日曰 大太犬 土士 干千于 王玉 木朩 人入 祇祗 戌戍戊 藤膝 刀刃 天夭"
)
"""Older and family forms of characters in names, and characters that differ in a stroke; the first of each group stands for it. Two people may differ
in them; an eye in a hurry does not. The older forms are those of the Japanese government's tables of characters for names (人名用漢字)."""

VARIANTS = str.maketrans({form: group[0] for group in FORMS.split() for form in group[1:]} | dict.fromkeys("-‐‑‒–—―−", "一"))
"""A dash is the character for one in a vertical or horizontal line; in Latin letters it is taken out before."""

STROKES = str.maketrans({
    "ø": "o", "ł": "l", "đ": "d", "ð": "d", "ħ": "h", "ı": "l", "ß": "ss", "æ": "ae", "œ": "oe", "þ": "p", "ŧ": "t", "ŋ": "n",
    "ə": "e", "ɛ": "e", "ɔ": "o", "ɓ": "b", "ɗ": "d", "ƙ": "k",
})  # fmt: skip
"""Latin letters with strokes, and joined ones: Unicode does not take them apart as it does accents. No others stand in names: small capitals
and signs of phonetics only look like letters."""

DASH_IN_LATIN = re.compile(r"(?<=[a-z])[-‐‑‒–—―−]|[-‐‑‒–—―−](?=[a-z])")

ROMAJI = re.compile(r"o[uo]|oh(?![aeiouy])")
"""A long o of Japanese, as it is written besides ō: Sato, Satou, Satoh."""

DIGITS = str.maketrans("34578", "eastb")


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
        if _script(character) == "LATIN" and not _is_plain(character):
            raise NameRefused(
                f"The name {_quoted(name)} has a sign that only looks like a letter (U+{ord(character):04X}). Type the name anew."
            )
    used_scripts = scripts(words)
    if len(used_scripts) > 1 and not any(used_scripts <= allowed for allowed in TOGETHER):
        raise NameRefused(
            f"The name {_quoted(name)} mixes scripts that look like each other ({', '.join(sorted(used_scripts))}). Type it in one."
        )
    return words


def letters(name: str) -> str:
    """Return what of a name counts in a comparison: each letter as the simplest one that looks like it; no case, width, marks, spaces, signs."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    folded = DASH_IN_LATIN.sub("", folded).translate(STROKES).translate(VARIANTS).translate(DIGITS)
    folded = (
        ROMAJI.sub("o", folded).replace("rn", "m").replace("vv", "w").replace("cl", "d").replace("i", "l")
    )  # a capital I is an l to the eye, and case was folded away
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
    known = {_script(character) for character in unicodedata.normalize("NFKC", name) if character.isalpha()}
    return {script for script in known if script not in ("COMMON", "INHERITED")}


@lru_cache(maxsize=10_000)
def _script(character: str) -> str:
    from confusable_homoglyphs import categories  # its tables take 35 ms of the start of every command, and few of them compare names

    return str(categories.alias(character))


def _has_all_words(one: str, other: str) -> bool:
    mine, theirs = ({letters(word) for word in re.split(r"[\s・,、.]+", name)} - {""} for name in (one, other))
    fewer, more = sorted((mine, theirs), key=len)
    return any(len(word) > 1 for word in fewer) and all(_is_among(word, more) for word in fewer)


def _is_among(word: str, words: set[str]) -> bool:
    """Whether it is one of the words, or the initial of one, or one of which an initial is there."""
    return (
        word in words
        or any(len(word) == 1 != len(each) and each.startswith(word) for each in words if word.isascii())
        or (word.isascii() and word[:1] in words)
    )


def _is_plain(character: str) -> bool:
    """Whether it is one of a to z, with or without accents, or a letter with a stroke that languages have."""
    base = unicodedata.normalize("NFD", character.casefold())[:1]
    return base.isascii() or base in map(chr, STROKES)


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
    from confusable_homoglyphs import confusables

    alike, new = set[str](), {character, character.upper()} if len(character.upper()) == 1 else {character}
    while new:
        alike |= new
        linked = {entry["c"] for each in new for entry in confusables.confusables_data.get(each, ())}
        new = {text.strip("\u200e") for text in linked if len(text.strip("\u200e")) == 1} - alike
        new |= {low for each in new if len(low := each.lower()) == 1} - alike
    return min((each for each in alike if each.isalnum()), default="")


def _quoted(text: str) -> str:
    return ascii(text) if not text.isprintable() or any(map(_is_ignorable, text)) else repr(text)
