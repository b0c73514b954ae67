"""What word processors, spreadsheets, phones and wrong encodings leave behind in a text: T566 to T572."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from plugins.checks.rules.manuscript import HIDDEN, Manuscript
from plugins.checks.rules.rule import Hit, Rule

_UNSEEN = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200c\u200e\u200f\u2060-\u2064\u206a-\u206f\u3164\uffa0\ufff9-\ufffb"
    "\ue000-\uf8ff\U000e0001-\U000e007f\U000f0000-\U000ffffd\U00100000-\U0010fffd]"
    "|\u200d(?![\u2190-\u2bff\U0001f000-\U0001faff])"  # joins emoji (UTS #51, 2.3); between other characters it does nothing
)
_PRIVATE = re.compile("[\ue000-\uf8ff\U000f0000-\U0010fffd]")
_NAMES = {"\u00ad": "ソフトハイフン", "\u200b": "幅のない空白", "\u200e": "向きの印", "\u200f": "向きの印", "\u2060": "幅のない空白"}
_CELL = re.compile(
    r"#(?:REF!|N/A|NAME\?|VALUE!|DIV/0!|NUM!|NULL!|SPILL!|CALC!)|(?<=\|)[ \t]*#{4,}(?=[ \t]*\|)|(?<=\|)[ \t]*=[A-Z]{2,12}\([^|\n]*\)"
)
_FIELD = re.compile(
    r"エラー[!！][ 　]*(?:参照元が見つかりません|ブックマークが(?:定義されていません|自己参照を行っています)|ハイパーリンクの参照に誤りがあります|リンクが正しくありません|指定したスタイルは使われていません)[。.]?"
    r"|Error! (?:Reference source not found|Bookmark not defined|Hyperlink reference not valid|Not a valid link)\.?"
)
_LOST = re.compile(
    "\ufffd+"
    "|(?:[縺繧繝][^\\s]?){2,}"  # UTF-8 read as Shift_JIS: each kana begins so
    "|(?:[ãâ][\u0080-\u00bf\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u02c6\u02dc\u2013-\u203a\u20ac\u2122]{1,2}){2,}"  # UTF-8 read as Windows-1252
    "|(?:ƒ.){3,}"  # Shift_JIS read as Windows-1252: each katakana begins so
)
_LOST_SIGN = re.compile("[\ufffd縺繧繝ãâƒ]")
"""One of them stands in each match of `_LOST`: a search for single characters skips what is not there."""
_CELL_SIGNS = ("#R", "#N", "#V", "#D", "#S", "#C", "####", "|=", "| =")
_APART = re.compile(
    r"(?P<words>\[[^\[\]\n]{1,200}\])[ \t\u3000]+\((?P<to>(?:https?://|mailto:|tel:|\.{1,2}/)[^()\s]{1,2000}|[\w./-]{1,200}\.md)\)"
)
_SWAPPED = re.compile(r"[(（](?P<words>[^()（）\[\]\n]{1,200})[)）][\[［](?P<to>(?:https?://|mailto:|\.{1,2}/)[^\[\]［］\s]{1,2000})[\]］]")
_GAP = re.compile(r"\[(?P<words>[^\[\]\n]{1,200})\]\((?P<to>[ \u3000]*https?:[ \u3000]*//(?=[^()\n]*[ \u3000])[^()\n\"]{1,2000})\)")
_DECOMPOSED = re.compile("[\u3046-\u30fd][\u3099\u309a]")
_MARK = re.compile(r"(?<!\!)\[\^(?P<name>[^\]\s]{1,60})\](?!:)")


def _unseen(source: Manuscript) -> Iterator[Hit]:
    if source.text.isascii():
        return
    for match in _UNSEEN.finditer(source.text):
        code = f"U+{ord(match[0]):04X}"
        if _PRIVATE.match(match[0]):
            ja = f"外字や記号フォントの字（{code}）があります。ほかの機器では出ないか、別の字になります。ことばか、ふつうの字に替えてください"
            yield Hit(*match.span(), ja, f"a character of a private font ({code}), which other devices do not have: write words", None)
        else:
            ja = f"見えない字（{_NAMES.get(match[0], '')}{code}）があります。検索や読み上げで語が切れます。消してください"
            yield Hit(*match.span(), ja, f"an invisible character ({code}) splits the word for search and speech: delete it", "")


def _errors(source: Manuscript) -> Iterator[Hit]:
    for match in _CELL.finditer(source.marked) if any(sign in source.marked for sign in _CELL_SIGNS) else ():
        shown = match[0].strip()
        if shown.startswith("##"):
            ja = f"「{shown}」は、表計算ソフトの列の幅が足りない印で、数ではありません。列を広げてから写すか、数を書いてください"
        else:
            ja = f"「{shown}」は、表計算ソフトの{'式' if shown.startswith('=') else '誤りの印'}です。正しい数かことばを書いてください"
        yield Hit(*match.span(), ja, f"{shown!r} comes from a spreadsheet and says nothing: write the number or words")
    for match in _FIELD.finditer(source.prose) if "エラー" in source.prose or "Error!" in source.prose else ():
        ja = f"「{match[0]}」は、Wordの相互参照が切れた印です。指していたことばや番号を書いてください"
        yield Hit(*match.span(), ja, f"{match[0]!r} is a broken cross-reference of Word: write what it referred to")


def _lost(source: Manuscript) -> Iterator[Hit]:
    if not _LOST_SIGN.search(source.prose):
        return
    told = set[int]()
    for match in _LOST.finditer(source.prose):
        if (line := source.line(match.start())) not in told:
            told.add(line)
            ja = f"「{match[0][:20]}」は文字化けです。別の文字コードで開いて保存されています。元の文を見て、この行を書き直してください"
            yield Hit(*match.span(), ja, f"{match[0][:20]!r} was read in another encoding and saved: write this line anew")


_BRACKETS = (
    (_APART, "{words}({to})", True, "「]」と「(」の間に空白があり、リンクになりません。「{right}」と続けて書いてください", "a space between ] and ( : this is no link; write {right!r}"),
    (_SWAPPED, "[{words}]({to})", True, "リンクの括弧が逆です。「{right}」と書いてください", "the brackets of the link are the wrong way round: write {right!r}"),
    (_GAP, "[{words}]({to})", False, "リンクのアドレスの中に空白があり、リンクになりません。「{right}」と書いてください", "a space inside the address: this is no link; write {right!r}"),
)  # fmt: skip
"""Pattern, the link as it has to be written, whether that is certain, and the words."""


def _links(source: Manuscript) -> Iterator[Hit]:
    if "http" not in source.marked and ".md" not in source.marked and "mailto:" not in source.marked:
        return
    for pattern, form, is_certain, ja, en in _BRACKETS:
        for match in pattern.finditer(source.marked, source.body):
            right = form.format(words=match["words"], to=re.sub("[ \u3000]", "", match["to"]))
            yield Hit(*match.span(), ja.format(right=right[:120]), en.format(right=right[:120]), right if is_certain else None)


def _decomposed(source: Manuscript) -> Iterator[Hit]:
    for match in _DECOMPOSED.finditer(source.prose) if "\u3099" in source.prose or "\u309a" in source.prose else ():
        kana = unicodedata.normalize("NFC", match[0])
        if len(kana) == 1:
            ja = f"「{kana}」の濁点や半濁点が、別の字に分かれています（Macの名前の形）。検索で見つからず、メールで離れて出ます。「{kana}」と打ち直してください"
            yield Hit(*match.span(), ja, f"the mark of {kana!r} is a character of its own, as a Mac writes names: type it anew", kana)


def _notes(source: Manuscript) -> Iterator[Hit]:
    body = source.marked[source.body :]
    for match in _MARK.finditer(source.marked, source.body) if "[^" in body else ():
        if HIDDEN not in match[0] and f"[^{match['name']}]:" not in body and f"［^{match['name']}］" not in body:
            ja = f"注の印「{match[0]}」に当たる注がありません。本文の終わりに「{match[0]}: 注のことば」と書いてください"
            yield Hit(*match.span(), ja, f"there is no note for {match[0]!r}: write '{match[0]}: words' at the end of the body")


_FIELDS = re.compile(r"^(?P<key>title|summary|image_alt|preheader|venue|reporter):[ \t]+(?P<value>\S[^\n]*)$", re.MULTILINE)
_MARKUP = re.compile(
    r"</?[A-Za-z][A-Za-z0-9]*(?:\s[^<>\n]*)?/?>|&(?:[A-Za-z]{2,8}|#[0-9]{2,5});|\*\*[^*\n]{1,100}\*\*|\[[^\[\]\n]{1,100}\]\([^()\s]{1,300}\)"
)


def _marked_fields(source: Manuscript) -> Iterator[Hit]:
    header = source.text[: source.body]
    if not any(sign in header for sign in ("<", "&", "**", "](")):
        return
    for field in _FIELDS.finditer(header):
        for match in _MARKUP.finditer(header, *field.span("value")):
            if not match[0].startswith("<!--"):
                ja = f"「{field['key']}」の「{match[0][:40]}」は、そのままの字で出ます。この項目に書けるのは、ことばだけです。印を消してください"
                yield Hit(*match.span(), ja, f"{match[0][:40]!r} in {field['key']} is shown as it is: this field holds words alone")


RULES = (
    Rule(
        "T566", "warn", "見えない字、外字", "invisible characters, characters of a private font",
        "見えない字は、検索や読み上げで語を切ります。外字は、ほかの機器では出ません", "an invisible character splits a word for search and speech; a private one is drawn nowhere else",
        "Unicode 4.12, 23.2, 23.5", "石巻\u200b市の春です。", "石巻市の春です。", _unseen, fixes=True,
    ),
    Rule(
        "T567", "warn", "表計算やWordの誤りの印", "error signs of a spreadsheet or of Word",
        "「#REF!」や「エラー! 参照元が見つかりません。」は、写したときに値が切れた印です", "#REF! and 'Error! Reference source not found' say that a value was lost when it was copied",
        "ECMA-376 18.17.3", "| 区分 | 数 |\n|---|---|\n| 大人 | #REF! |", "| 区分 | 数 |\n|---|---|\n| 大人 | 12 |", _errors,
    ),
    Rule(
        "T568", "error", "文字化け", "characters lost to a wrong encoding",
        "別の文字コードで開いて保存した文は、元に戻せません", "a text that was opened in another encoding and saved cannot be read any more",
        "Unicode 23.8", "石巻\ufffdの春です。", "石巻の春です。", _lost,
    ),
    Rule(
        "T569", "warn", "リンクにならない括弧", "brackets that make no link",
        "括弧の間の空白や、逆の括弧では、リンクにならず、括弧とアドレスがそのまま出ます", "with a space between them, or the wrong way round, the brackets and the address are shown as they are",
        "CommonMark 6.3", "[県のページ] (https://www.example.jp/)を見ます。", "[県のページ](https://www.example.jp/)を見ます。", _links,
    ),
    Rule(
        "T570", "warn", "濁点の離れた仮名", "kana whose voicing mark stands apart",
        "Macの名前などから写した仮名は、濁点が別の字です。検索で見つからず、古いメールソフトでは離れて出ます",
        "kana copied from names of a Mac have their mark as a character of its own: search does not find them, and some mail programs draw them apart",
        "UAX #15", "か\u3099れきを運びます。", "がれきを運びます。", _decomposed, fixes=True,
    ),
    Rule(
        "T571", "warn", "注のない印", "a mark without its note",
        "注がないと、「[^1]」がそのまま出ます", "without its note the mark is shown as it is",
        "PHP Markdown Extra, Footnotes", "石巻市です[^1]。", "石巻市です[^1]。\n\n[^1]: 2015年の統計です。", _notes,
    ),
    Rule(
        "T572", "warn", "項目の中のHTMLとMarkdown", "HTML and Markdown in a field",
        "題名や要約は、一覧、メールの件名、検索にそのまま出ます", "title and summary go into lists, subjects of mails and search as they are",
        "", "title: <b>石巻</b>の春", "title: 石巻の春", _marked_fields,
    ),
)  # fmt: skip
