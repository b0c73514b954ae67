"""What Lighthouse says is read whole, and measured again where the machine was in the way."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit import lighthouse
from audit.lighthouse import ATTEMPTS, CATEGORIES, Scores, measure_calmly, read

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
    """Let each run of Lighthouse score what is next."""
    runs = iter(performances)
    monkeypatch.setattr(lighthouse, "measure", lambda *_: scored(next(runs)))
    return measure_calmly("http://127.0.0.1", "/", tmp_path)


def test_scores_and_what_cost_points_are_read() -> None:
    found = read("/", REPORT)
    assert found.scores == {"performance": 97, "accessibility": 100, "best-practices": 100, "seo": 100}
    assert found.lost == ("title of performance",)
    assert not found.enough


def test_a_page_that_scores_enough_is_measured_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert measured(monkeypatch, tmp_path, 98) == scored(98)


def test_a_page_is_measured_again_until_it_scores_enough_and_the_runs_are_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    found = measured(monkeypatch, tmp_path, 83, 90, 99)
    assert (found.scores["performance"], found.runs) == (99, 3)


def test_a_page_that_never_scores_enough_fails_with_its_best_run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    found = measured(monkeypatch, tmp_path, 90, 97, 80, 85, 70, 100)
    assert (found.scores["performance"], found.runs) == (97, ATTEMPTS)
    assert not found.enough
