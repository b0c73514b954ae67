"""The codes of the import of event tables: E1 refuses a row, E2 notes a repair."""

from __future__ import annotations

from plugins.diagnostics import RuleDescription

SOURCE = "推奨データセット イベント一覧"

RULES = tuple(
    RuleDescription(code, ja, en, why_ja, why_en, SOURCE)
    for code, ja, en, why_ja, why_en in (
        ("E101", "イベント一覧でないファイル", "a file that is no table of events", "列「イベント名」「開始日」のない表は取り込めません", "a table without the columns イベント名 and 開始日 cannot be imported"),
        ("E102", "ずれた行", "a row that slipped", "引用符のない「,」があると、右の列がすべてずれます", "an unquoted comma moves all columns to its right"),
        ("E103", "同じ番号の行", "a number that is there twice", "番号は催しのアドレスになります", "the number becomes the address of the event"),
        ("E104", "なくてはならない列", "a missing cell", "名前、日付、場所のない催しには、だれも行けません", "nobody can go to an event without name, day or place"),
        ("E105", "読めない日付", "a date that cannot be read", "日付を推し量ると、ちがう日に人が来ます", "a guessed date brings people on the wrong day"),
        ("E106", "読めない時刻", "a time that cannot be read", "時刻を推し量ると、ちがう時刻に人が来ます", "a guessed time brings people at the wrong time"),
        ("E107", "合わない市町村コード", "a municipality code that does not fit", "コードと名前のどちらが正しいか、機械には分かりません", "a machine cannot tell whether the code or the name is right"),
        ("E108", "始まりより前の終わり", "an end before the beginning", "どちらの日時が正しいか、機械には分かりません", "a machine cannot tell which of the two is right"),
        ("E201", "直した文字", "repaired characters", "半角カナや機種依存文字は、メールで文字化けします", "half-width kana and machine-dependent characters break in mail"),
        ("E202", "直した座標", "repaired coordinates", "緯度と経度が逆の表が多くあります", "many tables have latitude and longitude swapped"),
        ("E203", "読み取った日付や時刻", "a date or time as it was read", "書き方がまちまちなので、どう読んだかを確かめてください", "people write dates in many ways: check how this one was read"),
        ("E204", "直した市町村コード", "a repaired municipality code", "表計算ソフトは、コードの頭の0を消します", "spreadsheets drop the zero at the head of a code"),
        ("E205", "直した、または載せないアドレス", "an address that was repaired or left out", "アドレスでないものは、リンクにすると行き止まりになります", "what is no address would be a dead link"),
        ("E206", "住所で補った会場", "an address used as venue", "会場の名前がない催しは、住所を会場とします", "an event without a venue gets its address as venue"),
        ("E207", "作った番号", "a number that was made", "番号のない行は、名前と日付から番号を作ります", "a row without a number gets one from its name and day"),
        ("E208", "読み取った表の形", "the shape of the table as it was read", "文字コードや列の名前が標準と違っても、分かるものは読みます", "encodings and column names other than the standard are read where their meaning is clear"),
    )
)  # fmt: skip
