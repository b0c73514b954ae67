"""``python -m benchmarks.simulation``: many histories, and the report; or one of them again, step by step."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator

from benchmarks.simulation.broken import BROKEN
from benchmarks.simulation.history import Outcome, run_history
from benchmarks.simulation.site import Rules

HISTORIES = 100_000
MOST_OF_BROKEN = 5_000
"""Histories in which each broken protocol must be caught."""
SHOWN = 5


def main() -> int:
    """Run what the command line asks for; status 1 if a history of the true protocol fails, or a mistake is not found."""
    options = _options()
    if options.seed is not None:
        return _replay(options.seed, options.broken)
    began, kinds, failed, unknown = time.monotonic(), Counter[str](), list[Outcome](), 0
    for outcome in _outcomes(options.first, options.histories):
        kinds += outcome.kinds
        unknown += outcome.unknown
        failed += [] if outcome.is_sound else [outcome]
    caught = {name: _first_failure(rules) for name, rules in BROKEN.items()}
    seconds = time.monotonic() - began
    for line in _report(options.first, options.histories, kinds, failed, unknown, caught, seconds):
        print(line)
    doubles, lost = sum(len(each.doubles) for each in failed), sum(len(each.lost) for each in failed)
    missed = [name for name, failure in caught.items() if failure is None]
    print(json.dumps({"histories": options.histories, "doubles": doubles, "lost": lost, "unknown": unknown, "missed": missed}))
    return 1 if failed or missed else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.simulation", description=__doc__)
    parser.add_argument("--histories", type=int, default=HISTORIES)
    parser.add_argument("--first", type=int, default=0, help="the seed of the first history")
    parser.add_argument("--seed", type=int, help="replay one history")
    parser.add_argument("--broken", type=int, choices=range(1, len(BROKEN) + 1), help="replay it on a broken protocol")
    return parser.parse_args()


def _outcomes(first: int, histories: int) -> Iterator[Outcome]:
    for seed in range(first, first + histories):
        yield run_history(seed)
        if sys.stderr.isatty() and seed % 500 == 0:
            print(f"\r{seed - first:,}", end="", file=sys.stderr)


def _first_failure(rules: Rules) -> Outcome | None:
    return next((outcome for seed in range(MOST_OF_BROKEN) if not (outcome := run_history(seed, rules)).is_sound), None)


def _report(
    first: int,
    histories: int,
    kinds: Counter[str],
    failed: list[Outcome],
    unknown: int,
    caught: dict[str, Outcome | None],
    seconds: float,
) -> Iterator[str]:
    yield f"{histories:,} histories, seeds {first} to {first + histories - 1}, in {seconds:.0f} s. What happened in them:"
    yield from (f"  {number:>10,}  {kind}" for kind, number in kinds.most_common())
    yield f"readers with two messages: {sum(len(each.doubles) for each in failed)}; forgotten: {sum(len(each.lost) for each in failed)}"
    yield f"listed as unknown at the end: {unknown:,} of {histories * 12:,}"
    for outcome in failed[:SHOWN]:
        yield f"seed {outcome.seed}: doubles {outcome.doubles}, forgotten {outcome.lost}: python -m benchmarks.simulation --seed {outcome.seed}"
    yield "Protocols with a mistake, and the first history that shows it:"
    for number, (name, failure) in enumerate(caught.items(), 1):
        where = f"seed {failure.seed} (--seed {failure.seed} --broken {number})" if failure else "NOT FOUND"
        yield f"  {name}: {where}"


def _replay(seed: int, broken: int | None) -> int:
    rules = [*BROKEN.values()][broken - 1] if broken else Rules()
    outcome = run_history(seed, rules, traces=True)
    for line in outcome.trace:
        print(line)
    print(json.dumps({"seed": seed, "doubles": outcome.doubles, "lost": outcome.lost, "unknown": outcome.unknown}))
    return 0 if outcome.is_sound else 1


if __name__ == "__main__":
    sys.exit(main())
