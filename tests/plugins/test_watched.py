"""Work that may be killed: the item that stalls or ends its process is named, and all others have their results."""

from __future__ import annotations

import faulthandler
import os
import re
import signal
from collections.abc import Callable
from pathlib import Path, PurePosixPath

import pytest

from plugins import watched
from plugins.diagnostics import ContentErrors
from plugins.processes import WorkerLost
from plugins.watched import Overrun, map_watched
from tests.samples.faults import GOOD
from tests.samples.tiny import TinySite

pytestmark = pytest.mark.usefixtures("forking")

SLOW = f"---\n{GOOD}---\n{'[' * 250}{'あ' * 200_000}\n"
"""A source inside all bounds that takes some ten seconds."""


@pytest.fixture(autouse=True)
def short_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """A quarter of a second of computing: the tests need not wait for five."""
    monkeypatch.setattr(watched, "CPU_SECONDS", 0.25)


def outcomes(work: Callable[[int], int], count: int = 10) -> dict[int, object]:
    return dict(map_watched(work, range(count), enough=4, batch=2))


def squares_but(number: int, fault: Callable[[], object]) -> tuple[Callable[[int], int], dict[int, object]]:
    """Return a function that squares numbers, except that ``number`` runs into ``fault``, and the squares of all others."""

    def work(item: int) -> int:
        if item == number:
            fault()
        return item * item

    return work, {item: item * item for item in range(10) if item != number}


def loop() -> None:
    while True:
        pass


@pytest.mark.parametrize("fault", [loop, lambda: re.fullmatch("(a+)+b", "a" * 60), lambda: 9**9**9])
def test_an_item_that_computes_for_ever_is_given_up_in_python_and_in_c(fault: Callable[[], object]) -> None:
    work, squares = squares_but(5, fault)
    assert outcomes(work) == squares | {5: Overrun(5, out_of_time=True)}


@pytest.mark.parametrize("name", ["SIGSEGV", "SIGABRT", "SIGKILL"])
def test_an_item_that_ends_its_process_twice_is_given_up(name: str) -> None:
    def end() -> None:
        faulthandler.disable()
        os.kill(os.getpid(), getattr(signal, name))

    work, squares = squares_but(5, end)
    assert outcomes(work) == squares | {5: Overrun(5, out_of_time=False)}


def test_two_items_that_stall_are_both_named() -> None:
    work, _ = squares_but(2, loop)
    both, _ = squares_but(6, loop)
    found = outcomes(lambda item: work(item) * both(item))
    assert [item for item, result in found.items() if isinstance(result, Overrun)] == [2, 6]
    assert len(found) == 10


def test_an_item_whose_process_was_killed_once_from_outside_has_its_result(tmp_path: Path) -> None:
    def kill_once() -> None:
        if not (tmp_path / "killed").exists():
            (tmp_path / "killed").touch()
            os.kill(os.getpid(), signal.SIGKILL)

    work, squares = squares_but(5, kill_once)
    assert outcomes(work) == squares | {5: 25}


def test_an_error_is_raised_where_the_results_are_asked_for() -> None:
    work, _ = squares_but(5, lambda: int("no"))
    with pytest.raises(ValueError, match="no"):
        outcomes(work)


def test_processes_that_end_outside_of_any_item_are_lost() -> None:
    class Ends(int):
        def __reduce__(self) -> tuple[Callable[[int, int], None], tuple[int, int]]:  # while results are made ready to be sent
            os.kill(os.getpid(), signal.SIGKILL)
            raise AssertionError

    with pytest.raises(WorkerLost, match="memory"):
        list(map_watched(lambda _: Ends(), range(1)))


def test_a_document_that_takes_too_long_is_named_and_the_mistakes_of_all_others_are_told(tiny: TinySite) -> None:
    for number in range(5):
        tiny.write(f"press/2020/a{number}.md", f"---\n{GOOD}---\n[駅](no.md)\n")
    tiny.write("press/2020/slow.md", SLOW)
    with pytest.raises(ContentErrors) as caught:
        tiny.library()
    found = [(str(each.path), each.rule) for each in caught.value.diagnostics]
    assert found == [*((f"content/press/2020/a{number}.md", "F401") for number in range(5)), ("content/press/2020/slow.md", "F107")]
    assert "more than 0.25 s of computing" in caught.value.diagnostics[-1].en


@pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnraisableExceptionWarning"
)  # the interruption may come in Hypothesis's callback of the collector
@pytest.mark.parametrize("seconds", [0.0001, 0.002, 0.004, 0.01, 1.0])
def test_a_few_small_documents_are_read_alike_whenever_they_are_handed_over_to_another_process(
    tiny: TinySite, monkeypatch: pytest.MonkeyPatch, seconds: float
) -> None:
    for number in range(3):
        tiny.write(f"press/2020/a{number}.md", f"---\n{GOOD}---\n{'段落**です**。[駅](no.md)' * 50}\n\n- 並び\n\n")
    tiny.write("press/2020/front.md", f"---\n{GOOD}titel: い\n---\n本文\n")
    monkeypatch.setattr(watched, "QUICK_SECONDS", seconds)
    with pytest.raises(ContentErrors) as caught:
        tiny.library()
    found = [(each.path.name, each.rule) for each in caught.value.diagnostics]
    assert found == [("a0.md", "F401"), ("a1.md", "F401"), ("a2.md", "F401"), ("front.md", "F202")]
    assert signal.getitimer(signal.ITIMER_VIRTUAL) == (0, 0)


def test_quick_work_that_is_not_quick_is_done_where_it_can_be_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watched, "QUICK_SECONDS", 0.05)
    work, squares = squares_but(5, loop)
    assert dict(map_watched(work, range(10), quick=True)) == squares | {5: Overrun(5, out_of_time=True)}


def test_front_matter_that_takes_too_long_is_named_too(tiny: TinySite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watched, "CPU_SECONDS", 0.02)
    keys = "".join(f"{'あ' * 100}{number}: い\n" for number in range(990))  # for each, the most similar of all known keys is looked for
    tiny.write("press/2020/a.md", f"---\n{GOOD}{keys}---\n本文\n")
    with pytest.raises(ContentErrors) as caught:
        tiny.library()
    assert [(str(each.path), each.rule) for each in caught.value.diagnostics] == [("content/press/2020/a.md", "F107")]


def test_what_an_editor_is_told_names_the_file() -> None:
    told = Overrun("a.md", out_of_time=False).diagnostic(PurePosixPath("content/a.md"))
    assert str(told).startswith("content/a.md:1: 読む途中で、読むためのプロセスが終わりました。")
