"""The form of the recommended open-data table of events (推奨データセット「イベント一覧」)."""

from __future__ import annotations

from plugins.open_data.table import TableForm

NAME, START = "イベント名", "開始日"
COLUMNS = tuple(
    "都道府県コード又は市区町村コード NO 都道府県名 市区町村名 イベント名 イベント名_カナ イベント名_英語 開始日 終了日 開始時間 終了時間 開始日時特記事項 説明"
    " 料金(基本) 料金(詳細) 連絡先名称 連絡先電話番号 連絡先内線番号 主催者 場所名称 住所 方書 緯度 経度 アクセス方法 駐車場情報 定員 参加申込終了日"
    " 参加申込終了時間 参加申込方法 URL 備考".split()
)
"""The columns of the recommended data set イベント一覧, in its order."""

EVENTS = TableForm(
    COLUMNS,
    {
        "市区町村コード": "都道府県コード又は市区町村コード",
        "全国地方公共団体コード": "都道府県コード又は市区町村コード",
        "都道府県コードまたは市区町村コード": "都道府県コード又は市区町村コード",
        "ID": "NO",
        "番号": "NO",
        "地方公共団体名": "市区町村名",
        "名称": "イベント名",
        "開始時刻": "開始時間",
        "終了時刻": "終了時間",
        "料金": "料金(基本)",
        "場所": "場所名称",
        "会場": "場所名称",
        "所在地": "住所",
    },
    needed=(NAME, START),
    title=("イベント一覧", "events"),
    noted="E208",
    slipped="E102",
)
