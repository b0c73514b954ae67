"""`todoke check --fix`: nothing that held before fails after it, and to repair twice changes nothing, whatever editors wrote."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from plugins.builder.checkout.source_check import check_sources, repair_all
from plugins.frontmatter.model.content.date_keys import date_keys
from tests.samples.mistakes import Mistake, put, read_mistakes
from tests.samples.tiny import NOW, TinySite, make_site

DAYS = st.sampled_from(
    "2016-02-10|2016-2-10 9:00|2016/2/10|令和3年3月11日|R3.3.11|20160210|2016年2月10日（水） 午後2時|２０１６．２．１０|2016-02-10T10:00+09:00|2016-02-10 24:00"
    "|平成31年5月1日|2016/2/30|来週|“2016-02-10”|'2016/2/10'|\"H27.3.21\"|2016-02-10　10:30|9999-12-31|2016年2月|2/10|令和三年三月十一日".split(
        "|"
    )
)
WORDS = st.text(alphabet="石巻の春２０①ﾎﾞか\u3099\u200b日時　 #:：'\"[]{}@&*!|>%-,、。\\/2016年3月1日~～()（）`", max_size=25)
ENTRIES = st.one_of(
    st.tuples(st.just("title"), WORDS),
    st.tuples(st.sampled_from(["date", "expires", "updated", "start", "deadline"]), DAYS),
    st.tuples(st.just("summary"), WORDS),
    st.tuples(st.just("topics"), st.sampled_from(["[住まい]", "[住まい、道路・交通]", "住まい", "[住まい", "\n  - 住まい", "\n  -住まい"])),
)
COLONS = st.sampled_from([": ", ": ", ": ", "：", ":", ":　", ":\t"])
BODIES = st.text(alphabet="石巻①２０ﾎﾞか\u3099\u200b\u00ad日時　 \n#`*[]()!|-=<>/・～年月:h^3.%", max_size=60)


@contextmanager
def site_with(text: str) -> Iterator[TinySite]:
    with tempfile.TemporaryDirectory() as folder:
        site = make_site(Path(folder))
        site.write("press/2020/a.md", text)
        yield site


def errors(site: TinySite) -> set[tuple[str, str, int]]:
    return {(str(each.path), each.rule, each.line) for each in check_sources(site.content, site.root / "publications.toml", NOW).errors}


def assert_repair_is_safe(site: TinySite) -> None:
    before = errors(site)
    repair_all(site.content, site.root / "publications.toml", write=True)
    after = errors(site)
    # What could not be read at all hides nothing, but a mended line may show what was wrong with its value all along, which may be on the next line.
    unread = {(path, line + further) for path, rule, line in before if rule in ("F103", "F105") for further in (0, 1)}
    assert {each for each in after - before if (each[0], each[2]) not in unread} == set()
    assert repair_all(site.content, site.root / "publications.toml", write=True) == []


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(ENTRIES, COLONS), max_size=5), BODIES)
@example([(("title", "ﾞ"), ": ")], "")  # a voicing mark alone is a letter that is seen, in full width too
@example([(("title", "\u200b>"), ": ")], "")  # without what is not seen, the rest is a mark of YAML
@example([(("title", "\u200b|"), ": "), (("topics", "[住まい]"), ": ")], "")
@example([(("title", "\u200b\u200b#春"), ": ")], "")
@example([(("title", "\u200b[春]"), ": ")], "")
@example([(("summary", "\u200b& 春"), ": ")], "")
def test_a_repair_breaks_nothing_and_is_done_once(entries: list[tuple[tuple[str, str], str]], body: str) -> None:
    header = "".join(f"{key}{colon}{value}\n" for (key, value), colon in entries)
    with site_with(f"---\n{header}---\n{body}\n") as site:
        assert_repair_is_safe(site)


@pytest.mark.parametrize("section", sorted({each.section for each in read_mistakes()}))
def test_a_repair_of_all_mistakes_of_a_section_breaks_nothing(section: str, tmp_path: Path) -> None:
    site = make_site(tmp_path)
    for number, mistake in enumerate(
        each
        for each in read_mistakes()
        if each.section == section and each.encoding == "utf-8" and not each.settings[0] and "/data/" not in each.accused
    ):
        put(site, _renamed(mistake, number))
    assert_repair_is_safe(site)


def _renamed(mistake: Mistake, number: int) -> Mistake:
    values = vars(mistake) | {"at": f"content/press/2020/m{number}.md"}
    return Mistake(**values)


@pytest.mark.parametrize("value", ["2016/2/10", "令和3年3月11日", "２０１６．２．１０", "20160210", "2016年2月10日 午後2時"])
def test_what_is_advised_for_a_date_is_read(value: str, tmp_path: Path) -> None:
    for key in sorted(date_keys()):
        site = make_site(tmp_path / key)
        site.write("press/2020/a.md", f"---\ntitle: 題\n{key}: {value}\n---\n本文です。\n")
        advised = [each.ja for each in check_sources(site.content, site.root / "publications.toml", NOW).errors if value in each.ja]
        repair_all(site.content, site.root / "publications.toml", write=True)
        written = site.content.joinpath("press/2020/a.md").read_text(encoding="utf-8").split(f"{key}: ")[1].split("\n")[0]
        assert all(f"「{written}」" in each for each in advised)
        assert not [
            each
            for each in check_sources(site.content, site.root / "publications.toml", NOW).errors
            if f"「{written}」" in each.ja and each.rule == "F208" and "読め" in each.ja
        ]
