"""The kinds of tables: their columns, the words of their states, and which cells name a thing. To add a kind, add it here and to `UnknownAfter`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Tone = Literal[0, 1, 2, 3]
"""How a state is drawn: 0 unknown, 1 can be used, 2 with limits, 3 cannot be used."""

MARKS: Mapping[int, str] = {0: "？", 1: "○", 2: "△", 3: "×"}
"""A shape for each tone, so that a state is understood without colour."""

UNKNOWN = "不明"

CellType = Literal["text", "moment", "place", "places", "state", "time", "count", "phone", "url", "yes", "number"]


@dataclass(frozen=True)
class State:
    """A word of the column of states, how it is drawn, and other words that mean the same."""

    word: str
    tone: Tone
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True)
class Column:
    """``words`` say in Japanese what the column holds. With ``is_fact`` its value stands among the facts of a row; with ``lasts`` also when the row is old: what
    one brings to a window does not change, how many people are in a shelter does.
    """

    name: str
    type: CellType
    words: str
    aliases: tuple[str, ...] = ()
    needed: bool = False
    is_fact: bool = False
    lasts: bool = False


@dataclass(frozen=True)
class Kind:
    """``key`` is that of the settings and the part of the address, ``file`` the name of the table. ``names`` are the columns that make the name of a thing.

    ``counter`` counts things in a sentence; ``state`` is the name of the column of states. With ``worst_first`` lists begin with what cannot be used: people
    look for the open shelter, and for the closed road.
    """

    key: str
    file: str
    title: str
    reading: str
    description: str
    counter: str
    state: str
    states: tuple[State, ...]
    columns: tuple[Column, ...]
    names: tuple[str, ...]
    worst_first: bool = False


UPDATED, DAY, PLACE, NAME, NUMBER, NORTH, EAST = "更新時刻", "更新日", "市町村", "名称", "ID", "緯度", "経度"
CODE, PEOPLE, CAPACITY = "全国地方公共団体コード", "人数", "定員"
PHONE, URL, ADDRESS = "電話番号", "URL", "所在地_連結表記"

_UPDATED = Column(
    UPDATED,
    "moment",
    "この行の中身を確かめた日時。2021-03-31 10:40 のように、年から分まで書く",
    ("更新日時", "確認時刻", "現在時刻", "時点", "更新"),
    needed=True,
)
_DAY = Column(DAY, "text", "更新時刻の欄に時刻だけを書くときの日付。2021-03-31", ("更新年月日", "日付"))
_PLACE = Column(PLACE, "place", "市町村の正式な名前", ("市区町村", "市町村名", "市区町村名", "地方公共団体名", "自治体名"), needed=True)
_NUMBER = Column(NUMBER, "number", "市町村の中で一つだけの番号。なければ名前で見分ける", ("NO", "番号", "施設ID", "避難所ID"))
_PHONE = Column(PHONE, "phone", "市外局番からの番号。名前を前に書いてもよい", ("電話", "連絡先電話番号", "問い合わせ先電話番号", "TEL"))
_URL = Column(URL, "url", "くわしいページのアドレス", ("ホームページ", "リンク"))
_NOTE = Column("備考", "text", "そのほかに知らせること", ("その他", "特記事項"), is_fact=True)
_OUTLOOK = Column("復旧の見込み", "text", "いつごろ直るか。分からなければ空", ("見込み", "復旧見込み"), is_fact=True)
_POINT = (
    Column(NAME, "text", "場所の名前", ("場所", "施設名", "会場", "名前"), needed=True),
    Column(ADDRESS, "text", "住所", ("住所", "所在地")),
    Column(NORTH, "text", "緯度（世界測地系、十進の度）", ("北緯", "lat")),
    Column(EAST, "text", "経度（世界測地系、十進の度）", ("東経", "lon", "lng")),
)
_HOURS = (
    Column("開始時間", "time", "開く時刻", ("開始時刻", "開始"), is_fact=True),
    Column("終了時間", "time", "閉じる時刻。夜中の12時は 24:00", ("終了時刻", "終了"), is_fact=True),
)
_BRING = Column("持ち物", "text", "持ってきてほしいもの", ("必要なもの", "持参するもの"), is_fact=True, lasts=True)
_ACCESS = Column("バリアフリー", "text", "車いす用トイレ、段差など", ("車いす", "バリアフリー対応"), is_fact=True, lasts=True)


def _state(name: str, states: tuple[State, ...], *aliases: str) -> Column:
    return Column(name, "state", f"{'、'.join(state.word for state in states)} のどれか", aliases, needed=True)


_OPEN = (
    State("開設", 1, ("開設中", "開設済", "開設済み", "開いています", "受入可", "受入中", "○", "1")),
    State("満員", 2, ("満杯", "受入不可", "定員到達")),
    State("準備中", 2, ("開設準備中", "開設準備", "開設予定")),
    State("閉鎖", 3, ("閉鎖済", "閉所", "閉じました", "撤収")),
    State("未開設", 3, ("開設なし", "開設していません", "×", "0")),
)
_WORKS = (
    State("使えます", 1, ("正常", "復旧", "復旧済", "復旧済み", "異常なし", "通常", "支障なし", "○")),
    State("一部使えません", 2, ("一部停止", "一部復旧", "一部停電", "一部断水", "一部不通", "一部支障", "復旧中", "つながりにくい", "△")),
    State("使えません", 3, ("停止", "停電", "断水", "不通", "供給停止", "全域停電", "全域断水", "圏外", "×")),
)
_RUNS = (
    State("通れます", 1, ("通行可", "通行可能", "規制解除", "解除", "開通", "○")),
    State("平常運転", 1, ("平常", "平常どおり", "通常運行", "平常運行", "運転再開", "運行再開", "運航再開")),
    State("片側交互通行", 2, ("片側通行", "交互通行", "一車線規制", "徐行", "一部規制", "△")),
    State("遅れ", 2, ("遅延", "遅れあり", "ダイヤ乱れ")),
    State("一部運休", 2, ("間引き運転", "減便", "一部運転見合わせ", "代行輸送", "バス代行")),
    State("通行止め", 3, ("全面通行止め", "通行止", "通行不可", "不通", "閉鎖", "×")),
    State("運転見合わせ", 3, ("運休", "全面運休", "運転中止", "欠航", "運行中止", "運航見合わせ", "終日運休")),
)


def _serving(open_word: str, *aliases: str) -> tuple[State, ...]:
    """The states of a place that serves people during some hours."""
    return (
        State(open_word, 1, (*aliases, "開設", "開設中", "実施中", "○")),
        State("準備中", 2, ("予定", "開設予定", "開始前")),
        State("休止", 3, ("中止", "一時休止", "休み", "本日休止")),
        State("終了", 3, ("終わり", "閉鎖", "撤収", "×")),
    )


_WATER = _serving("給水中", "給水", "配っています")
_WASTE = (*_serving("受け入れ中", "受入中", "受入れ中", "搬入可"), State("満杯", 2, ("受入制限", "いっぱい")))
_WINDOW = _serving("受付中", "受け付け中", "受付")

SHELTERS = Kind(
    "shelters", "shelter-status.csv", "避難所", "ひなんじょ", "開いている避難所、人数と混み具合、ペットとバリアフリーをお知らせします。", "か所", "開設", _OPEN,
    (
        Column(CODE, "number", "市町村のコード（検査数字まで6桁）", ("市区町村コード", "都道府県コード又は市区町村コード", "団体コード")),
        _NUMBER, _PLACE,
        Column(NAME, "text", "避難所の名前。指定避難所の表（shelters.csv）にあるものは、コードとIDだけでもよい", ("施設名", "避難所名", "場所")),
        _UPDATED, _DAY, _state("開設", _OPEN, "開設状況", "状態", "開閉"),
        Column(PEOPLE, "count", "いまいる人の数", ("避難者数", "避難人数", "収容人数"), is_fact=True),
        Column(CAPACITY, "count", "入れる人の数。空なら、指定避難所の表の想定収容人数", ("収容可能人数", "想定収容人数"), is_fact=True, lasts=True),
        Column("混雑", "text", "空いています、やや混雑、混雑、満員など", ("混雑状況", "混雑度", "混み具合"), is_fact=True),
        Column("ペット", "yes", "可、不可、または「別の部屋で可」のような言葉", ("ペット同行", "ペット受入"), is_fact=True),
        _ACCESS, _PHONE, _URL, _NOTE,
    ),
    (NAME,),
)  # fmt: skip
LIFELINES = Kind(
    "lifelines", "lifelines.csv", "電気・水道・ガス・通信", "ライフライン", "停電、断水、ガスの停止、電話とインターネットの不通と、直る見込みをお知らせします。", "件", "状態", _WORKS,
    (
        _NUMBER, _PLACE,
        Column("種類", "text", "電気、水道、ガス、通信など", ("区分", "ライフライン"), needed=True),
        Column("地区", "text", "市町村の中の地区。全域なら空", ("地域", "範囲", "対象地区")),
        _UPDATED, _DAY, _state("状態", _WORKS, "状況", "供給状況"),
        Column("影響", "text", "使えない戸数など", ("影響戸数", "停電戸数", "断水戸数", "戸数"), is_fact=True),
        _OUTLOOK,
        Column("会社", "text", "電力会社、水道事業者など", ("事業者", "事業者名", "問い合わせ先"), is_fact=True, lasts=True),
        _PHONE, _URL, _NOTE,
    ),
    ("種類", "地区"),
    worst_first=True,
)  # fmt: skip
TRAFFIC = Kind(
    "traffic", "traffic.csv", "道路・鉄道", "どうろ・てつどう", "通行止めの道路と、止まっている鉄道、バス、船をお知らせします。", "件", "状態", _RUNS,
    (
        _NUMBER,
        Column(PLACE, "places", "通る市町村。いくつかあれば「、」で区切る。県全体なら空", ("市区町村", "市町村名", "市区町村名", "地方公共団体名")),
        Column("種類", "text", "道路、鉄道、バス、船、空港など", ("区分", "交通機関"), needed=True),
        Column("路線", "text", "路線の名前", ("路線名", "道路名", "名称"), needed=True),
        Column("区間", "text", "止まっている区間。全線なら空", ("規制区間", "範囲", "場所")),
        _UPDATED, _DAY, _state("状態", _RUNS, "状況", "規制", "規制内容", "運行状況"),
        Column("原因", "text", "土砂崩れ、冠水など", ("理由", "規制理由"), is_fact=True),
        Column("回り道", "text", "回り道や代わりの乗り物", ("迂回路", "う回路", "代行", "代替"), is_fact=True),
        _OUTLOOK,
        Column(NORTH, "text", "緯度（世界測地系、十進の度）", ("北緯", "lat")),
        Column(EAST, "text", "経度（世界測地系、十進の度）", ("東経", "lon", "lng")),
        _PHONE, _URL, _NOTE,
    ),
    ("種類", "路線", "区間"),
    worst_first=True,
)  # fmt: skip
WATER = Kind(
    "water", "water.csv", "給水所", "きゅうすいじょ", "水を配っているところと時間をお知らせします。", "か所", "状態", _WATER,
    (
        _NUMBER, _PLACE, *_POINT, _UPDATED, _DAY, _state("状態", _WATER, "状況", "給水状況"), *_HOURS,
        Column("一人の量", "text", "一人がもらえる水の量", ("給水量", "上限"), is_fact=True),
        _BRING, _ACCESS, _PHONE, _URL, _NOTE,
    ),
    (NAME,),
)  # fmt: skip
WASTE = Kind(
    "waste", "waste.csv", "災害ごみの仮置場", "さいがいごみのかりおきば", "災害で出たごみを持ち込めるところと、出し方をお知らせします。", "か所", "状態", _WASTE,
    (
        _NUMBER, _PLACE, *_POINT, _UPDATED, _DAY, _state("状態", _WASTE, "状況", "受入状況"), *_HOURS,
        Column("出せるもの", "text", "持ち込めるごみ", ("受入品目", "品目"), is_fact=True, lasts=True),
        Column("出せないもの", "text", "持ち込めないごみ", ("受入不可品目", "対象外"), is_fact=True, lasts=True),
        _BRING, _PHONE, _URL, _NOTE,
    ),
    (NAME,),
)  # fmt: skip
CERTIFICATES = Kind(
    "certificates", "certificates.csv", "罹災証明の窓口", "りさいしょうめいのまどぐち", "住まいの被害の証明（罹災証明書）を申し込むところをお知らせします。", "か所", "状態", _WINDOW,
    (
        _NUMBER, _PLACE, *_POINT, _UPDATED, _DAY, _state("状態", _WINDOW, "状況", "受付状況"), *_HOURS,
        Column("受付の終わり", "text", "申し込みの締め切りの日", ("期限", "申請期限", "締め切り"), is_fact=True),
        _BRING, _ACCESS, _PHONE, _URL, _NOTE,
    ),
    (NAME,),
)  # fmt: skip

KINDS: Mapping[str, Kind] = {kind.key: kind for kind in (SHELTERS, WATER, TRAFFIC, LIFELINES, WASTE, CERTIFICATES)}
"""All kinds, in the order in which people need them."""


def state_named(kind: Kind, word: str) -> State | None:
    """Return the state that ``word`` means, also by another of its words."""
    return next((state for state in kind.states if word == state.word or word in state.aliases), None)
