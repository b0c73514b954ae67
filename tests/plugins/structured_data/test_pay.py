"""What search engines are told of pay is what is written, or nothing."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugins.structured_data.pay import base_salary

UNITS = {"時給": "HOUR", "日給": "DAY", "週給": "WEEK", "月給": "MONTH", "月収": "MONTH", "年俸": "YEAR", "年収": "YEAR", "月額": "MONTH"}
RANGES = ("から", "〜", "～", "−", "-", "–", "円〜", "円から", " 〜 ")


def told(pay: str) -> dict[str, Any] | None:
    salary: Any = base_salary(pay)
    return None if salary is None else {key: value for key, value in salary["value"].items() if not key.startswith("@")}


@pytest.mark.parametrize(
    ("pay", "expected"),
    [
        ("時給950円", {"unitText": "HOUR", "value": 950}),
        ("時給１，２００円以上", {"unitText": "HOUR", "minValue": 1200}),
        ("日給8千円〜1万円", {"unitText": "DAY", "minValue": 8000, "maxValue": 10000}),
        ("月給180,000〜24万円", {"unitText": "MONTH", "minValue": 180_000, "maxValue": 240_000}),
        ("日給8〜9千円", {"unitText": "DAY", "minValue": 8000, "maxValue": 9000}),
        ("月給18〜24万円", {"unitText": "MONTH", "minValue": 180_000, "maxValue": 240_000}),
        ("月給 19.8万円", {"unitText": "MONTH", "value": 198_000}),
        ("月給19万8千円", {"unitText": "MONTH", "value": 198_000}),
        ("月給21万8000円（任期3年）", {"unitText": "MONTH", "value": 218_000}),
        ("月給19万8000円から24万円、住宅手当1万5000円", {"unitText": "MONTH", "minValue": 198_000, "maxValue": 240_000}),
        ("月給24万円から36万円（資格手当を含まない）", {"unitText": "MONTH", "minValue": 240_000, "maxValue": 360_000}),
        ("月給16万円〜（経験による）", {"unitText": "MONTH", "minValue": 160_000}),
        ("年収300万円～450万円（税込）", {"unitText": "YEAR", "minValue": 3_000_000, "maxValue": 4_500_000}),
        ("月給25万円まで", {"unitText": "MONTH", "maxValue": 250_000}),
    ],
)
def test_an_amount_is_told_as_it_is_written(pay: str, expected: dict[str, Any]) -> None:
    assert told(pay) == expected


@pytest.mark.parametrize(
    "pay",
    [
        "相談して決めます",
        "20万円",
        "時給1000",
        "月給約20万円",
        "月給20万円程度",
        "月給20万円前後",
        "月給20万円（応相談）",
        "月給20万円（経験による）",
        "月給24万円から20万円",
        "月給0円",
        "月給20万円以上30万円以下",
        "月給25万円（固定残業代3万円を含む）",
        "月給手取り20万円",
        "時給850円（12月からの収穫期は900円）",
        "時給1020円、深夜は1275円",
        "時給1000円（研修中は1割引き）",
        "時給1000円または日給8000円",
        "時給1,2,3円",
        "月給二十万円",
        "月給20万円×12か月",
        "月給20万ドル",
    ],
)
def test_what_cannot_be_told_whole_is_not_told_at_all(pay: str) -> None:
    assert told(pay) is None


@st.composite
def amounts(draw: st.DrawFn) -> tuple[str, int]:
    """An amount in one of the ways in which people write it, and its yen."""
    ten_thousands, ones = draw(st.integers(1, 999)), draw(st.integers(0, 9)) * 1000
    yen = ten_thousands * 10_000 + ones
    forms = [f"{ten_thousands}万{ones or ''}", f"{yen:,}", f"{yen}", f"{ten_thousands}万{f'{ones // 1000}千' if ones else ''}"]
    forms.append(f"{yen / 10_000:.1f}万")
    written = draw(st.sampled_from(forms))
    return draw(st.sampled_from([written, written.translate(str.maketrans("0123456789,.", "０１２３４５６７８９，．"))])), yen


@given(st.sampled_from(sorted(UNITS)), amounts())
def test_every_way_to_write_an_amount_says_the_same(unit: str, amount: tuple[str, int]) -> None:
    assert told(f"{unit}{amount[0]}円") == {"unitText": UNITS[unit], "value": amount[1]}
    assert told(f"{unit}{amount[0]}円以上") == {"unitText": UNITS[unit], "minValue": amount[1]}


@given(st.sampled_from(sorted(UNITS)), amounts(), st.sampled_from(RANGES), amounts())
def test_a_range_has_both_its_ends_or_is_not_told(unit: str, first: tuple[str, int], sign: str, second: tuple[str, int]) -> None:
    bare_first = not sign.startswith("円") and first[0].isdigit() and not second[0].replace(",", "").replace("，", "").isdigit()
    expected = {"unitText": UNITS[unit], "minValue": first[1], "maxValue": second[1]} if first[1] < second[1] and not bare_first else None
    assert told(f"{unit}{first[0]}{sign}{second[0]}円") == expected


@given(
    st.sampled_from(["時給1,000円", "月給18万円から24万円", "年収300万円以上"]),
    st.sampled_from(["（", "、", "。", " ", "・"]),
    st.text("（）()、。・/ 円万千0123456789〜から以上以下まで手当賞与税込経験残業時給日割%引相談約", max_size=20),
)
def test_no_remark_changes_the_amount_that_is_told(pay: str, sign: str, more: str) -> None:
    assert told(f"{pay}{sign}{more}") in (None, told(pay))


@given(st.text(max_size=60))
def test_no_text_is_too_strange(pay: str) -> None:
    answer = told(pay)
    assert answer is None or set(answer) & {"value", "minValue", "maxValue"}
