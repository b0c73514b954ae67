from __future__ import annotations

from pathlib import Path

import pytest

from plugins.builder.options import BuildReport
from tests.samples.history import Checkout, make_checkout

HEAD = "分野,市町村,年度,完成,計画,単位,状態\n"
ROWS = ("道路,石巻市,2019,3,10,km,工事中\n", "道路,女川町,2019,4,10,km,工事中\n", '住宅,石巻市,2020,5,10,"戸",工事中\n')
NEW = "港湾,女川町,2020,1,2,か所,工事中\n"


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """A checkout with a table of public works, committed."""
    checkout = make_checkout(tmp_path / "checkout")
    checkout.site.write("data/progress.csv", HEAD + "".join(ROWS))
    checkout.commit()
    return checkout


def table(checkout: Checkout) -> str:
    """Return the table that the page offers as open data: the one that was read."""
    return (checkout.site.site / "data/progress.csv").read_text("utf-8")


def lines(report: BuildReport) -> list[tuple[int, str]]:
    """Return the line of each row that was held back, and the day of the version in its place."""
    assert {each.what for each in report.held_back} <= {"row"}
    return [(each.diagnostics[0].line, each.date) for each in report.held_back]


def test_a_row_at_fault_is_as_it_last_held_and_a_new_one_stays_out_while_all_others_go_out(checkout: Checkout) -> None:
    changed = ROWS[0].replace("2019,3,10", "2019,30,10")  # more than planned
    other = ROWS[2].replace("5,10", "6,10")
    checkout.site.write("data/progress.csv", HEAD + NEW.replace("か所", "") + changed + ROWS[1] + other + NEW)
    report = checkout.site.build(strict=False)
    assert lines(report) == [(2, ""), (3, "2020-06-01")]
    assert table(checkout) == HEAD + ROWS[0] + ROWS[1] + other + NEW
    assert "この行の公開を見合わせ" in report.held_back[0].as_record()["reason"]


def test_a_new_row_at_fault_never_takes_the_place_of_another_row_that_changed_too(checkout: Checkout) -> None:
    faulty = ROWS[1].replace("女川町,2019,4,10,km", "女川町,2020,40,10,km")
    changed = ROWS[1].replace("4,10", "5,10")
    checkout.site.write("data/progress.csv", HEAD + ROWS[0] + faulty + changed + ROWS[2])
    assert lines(checkout.site.build(strict=False)) == [(3, "")]
    assert table(checkout) == HEAD + ROWS[0] + changed + ROWS[2]


def test_a_row_goes_back_past_versions_that_do_not_hold(checkout: Checkout) -> None:
    for done in (30, 40):
        checkout.site.write("data/progress.csv", HEAD + ROWS[0].replace("2019,3,10", f"2019,{done},10") + ROWS[1] + ROWS[2])
        checkout.commit()
    assert lines(checkout.site.build(strict=False)) == [(2, "2020-06-01")]
    assert table(checkout) == HEAD + "".join(ROWS)


def test_a_table_that_cannot_be_read_goes_back_as_a_whole(checkout: Checkout) -> None:
    checkout.site.write("data/progress.csv", HEAD.replace("年度", "年") + NEW)
    (entry,) = checkout.site.build(strict=False).held_back
    assert (entry.what, entry.date) == ("file", "2020-06-01")
    assert table(checkout) == HEAD + "".join(ROWS)


def test_a_municipality_at_fault_stays_as_it_was_with_all_that_names_it(checkout: Checkout) -> None:
    checkout.site.article("press/2020/a.md")
    places = checkout.site.content / "data/municipalities.csv"
    places.write_text(places.read_text("utf-8").replace("いしのまきし", "x"), "utf-8")
    assert lines(checkout.site.build(strict=False)) == [(2, "2020-06-01")]
    assert (checkout.site.site / "press/2020/05/a/index.html").is_file()


def test_a_table_of_municipalities_that_lost_rows_goes_back_and_what_names_them_stays(checkout: Checkout) -> None:
    checkout.site.article("press/2020/a.md", "石巻の記事")
    places = checkout.site.content / "data/municipalities.csv"
    places.write_text("".join(line for line in places.read_text("utf-8").splitlines(keepends=True) if "石巻市" not in line), "utf-8")
    checkout.site.article("press/2020/typo.md")
    typo = checkout.site.content / "press/2020/typo.md"
    typo.write_text(typo.read_text("utf-8").replace("石巻市", "石巻し"), "utf-8")
    report = checkout.site.build(strict=False)
    assert [(each.path, each.what, each.date) for each in report.held_back] == [
        ("content/data/municipalities.csv", "file", "2020-06-01"),
        ("content/press/2020/typo.md", "file", ""),
    ]
    assert "石巻の記事" in checkout.site.page("/press/2020/05/a/")
    assert table(checkout) == HEAD + "".join(ROWS)


def test_a_table_that_everything_needs_and_somebody_deleted_comes_back(checkout: Checkout) -> None:
    checkout.site.article("press/2020/a.md")
    (checkout.site.content / "data/municipalities.csv").unlink()
    checkout.commit()
    (entry,) = checkout.site.build(strict=False).held_back
    assert (entry.path, entry.date) == ("content/data/municipalities.csv", "2020-06-01")
