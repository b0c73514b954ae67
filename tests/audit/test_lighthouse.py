"""Lighthouse's report is read, and a page is measured again where other work of the machine lowered its score."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit import lighthouse
from audit.lighthouse import ATTEMPTS, CATEGORIES, Scores, measure_best, read_report

REPORT: dict[str, object] = {
    "categories": {
        name: {
            "score": 0.97 if name == "performance" else 1,
            "auditRefs": [{"id": f"{name}-audit", "weight": 1}, {"id": "idle", "weight": 0}],
        }
        for name in CATEGORIES
    },
    "audits": {f"{name}-audit": {"score": 0.9 if name == "performance" else 1, "title": f"title of {name}"} for name in CATEGORIES}
    | {"idle": {"score": 0, "title": "costs nothing"}},
}


def scored(performance: int) -> Scores:
    return Scores("/", dict.fromkeys(CATEGORIES, 100) | {"performance": performance}, ())


def measured(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *performances: int) -> Scores:
    """Measure a page while the runs of Lighthouse score ``performances``, one after the other."""
    runs = iter(performances)
    monkeypatch.setattr(lighthouse, "measure", lambda *_: scored(next(runs)))
    return measure_best("http://127.0.0.1", "/", tmp_path)


def test_the_scores_and_the_audits_that_cost_points_are_read_from_a_report() -> None:
    scores = read_report("/", REPORT)
    assert scores.scores == {"performance": 97, "accessibility": 100, "best-practices": 100, "seo": 100}
    assert scores.deductions == ("title of performance",)
    assert not scores.enough


def test_a_page_that_scores_enough_is_measured_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert measured(monkeypatch, tmp_path, 98) == scored(98)


def test_a_page_is_measured_again_until_it_scores_enough_and_the_runs_are_counted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    best = measured(monkeypatch, tmp_path, 83, 90, 99)
    assert (best.scores["performance"], best.runs) == (99, 3)


def test_a_page_that_never_scores_enough_fails_with_its_best_run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    best = measured(monkeypatch, tmp_path, 90, 97, 80, 85, 70, 100)
    assert (best.scores["performance"], best.runs) == (97, ATTEMPTS)
    assert not best.enough
