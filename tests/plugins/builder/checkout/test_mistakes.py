"""Every mistake of the table (``tests/data/mistakes/``) is told where it is, with its cause and what to write, and nobody else is accused."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import pytest

from plugins.builder.checkout.source_check import check_sources, repair_all
from plugins.diagnostics import Diagnostic
from tests.samples.mistakes import Mistake, put, read_mistakes
from tests.samples.tiny import NOW, TinySite

MISTAKES = read_mistakes()
FEWEST = 250

_PARSERS = re.compile(
    r"mapping|scalar|token|flow|anchor|expected|indentation|invalid|input|value error|field required|pydantic|traceback|codec|not permitted|line \d+, column",
    re.IGNORECASE,
)
"""Words of libyaml, tomllib, Pydantic and Python."""


@pytest.fixture(scope="module")
def points() -> Iterator[dict[str, int]]:
    """The points of each mistake; the sum is printed when all are tried."""
    given: dict[str, int] = {}
    yield given
    print(f"\n{sum(given.values())} of {2 * len(given)} points for {len(given)} mistakes")


def told(site: TinySite) -> list[Diagnostic]:
    report = check_sources(site.content, site.root / "publications.toml", NOW)
    return [*report.errors, *report.warnings]


@pytest.mark.parametrize("mistake", MISTAKES, ids=str)
def test_a_mistake_is_told_at_its_line_with_cause_and_remedy_and_nobody_else_is_accused(
    mistake: Mistake, tiny: TinySite, points: dict[str, int]
) -> None:
    put(tiny, mistake)
    diagnostics = told(tiny)
    points[str(mistake)] = score(mistake, diagnostics)
    assert points[str(mistake)] == 2, "\n".join(map(str, diagnostics))
    assert not [each for each in diagnostics if _PARSERS.search(each.ja) or not re.search("[ぁ-ん]", each.ja)]


def score(mistake: Mistake, diagnostics: Sequence[Diagnostic]) -> int:
    if mistake.ok:
        return 0 if diagnostics else 2
    at_fault = [each for each in diagnostics if (str(each.path), each.line, each.rule) == (mistake.accused, mistake.line, mistake.rule)]
    accused = [each for each in diagnostics if not may_be_told(mistake, each)]
    names_the_rest = {f"{each.path}:{each.rule}" for each in diagnostics} >= {*mistake.others}
    words = any(mistake.cause in each.ja and mistake.write in each.ja for each in at_fault)
    return (bool(at_fault) and not accused and names_the_rest) + words


def may_be_told(mistake: Mistake, each: Diagnostic) -> bool:
    is_here = str(each.path) == mistake.accused and each.rule == mistake.rule
    return is_here or each.rule in mistake.also or f"{each.path}:{each.rule}" in mistake.others


@pytest.mark.parametrize("mistake", [each for each in MISTAKES if each.fixed], ids=str)
def test_what_can_be_repaired_is_right_after_one_repair(mistake: Mistake, tiny: TinySite) -> None:
    put(tiny, mistake)
    assert repair_all(tiny.content, tiny.root / "publications.toml", write=True)
    assert told(tiny) == []


def test_the_table_has_a_section_for_each_program_and_no_mistake_twice() -> None:
    assert len(MISTAKES) >= FEWEST
    assert len({str(each) for each in MISTAKES}) == len(MISTAKES)
    assert {"windows", "excel", "word", "notepad", "phones"} <= {each.section for each in MISTAKES}
    assert all(each.ok or (each.cause and each.write and each.line) for each in MISTAKES)
