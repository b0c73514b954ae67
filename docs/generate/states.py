"""The states of a delivery, as a diagram and as a table, from the one table of transitions that the mailer enforces."""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import TypeVar

from docs.generate.tables import code, table

State = TypeVar("State", bound=str)

START, END = "#dceefb", "#e5e5e5"
HEAD = """digraph states {
  bgcolor="white"; rankdir=TB; nodesep=0.45; ranksep=0.75; size="7.5,9"
  node [shape=box, style="rounded,filled", fillcolor="white", fontname="Noto Sans CJK JP, sans-serif", fontsize=12, margin="0.18,0.09"]
  edge [color="#55606e", arrowsize=0.7]
"""


def states_diagram(transitions: Mapping[State, Set[State]]) -> str:
    """Return the state machine in Graphviz's language. Final states are grey; the state in which a delivery is created is blue."""
    lines = [f'  "{state}" [fillcolor="{_colour(state, targets)}"]' for state, targets in transitions.items()]
    lines += [f'  "{state}" -> "{target}"' for state, targets in transitions.items() for target in _in_order(targets, transitions)]
    final = " ".join(f'"{state}"' for state, targets in transitions.items() if not targets)
    return HEAD + "\n".join([*lines, f'  {{rank=min; "pending"}} {{rank=max; {final}}}']) + "\n}\n"


def _colour(state: str, targets: Set[State]) -> str:
    return START if state == "pending" else "white" if targets else END


def states_table(transitions: Mapping[State, Set[State]]) -> str:
    """Return Markdown: each state with the states that may follow it."""
    rows = ((code(state), " ".join(map(code, _in_order(targets, transitions))) or "none: final") for state, targets in transitions.items())
    return table(("state", "may become"), rows)


def _in_order(targets: Set[State], transitions: Mapping[State, Set[State]]) -> list[State]:
    return [state for state in transitions if state in targets]
