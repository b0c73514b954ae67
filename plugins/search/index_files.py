"""Keeps the index up: of the files of the last site, only those are written anew that hold something of a document that changed.

What was indexed stands in a small file beside the output: a key for each document in the order of its number, and the weight of all notes. If documents
only changed or came at the end, their old words (the entry of the last site) and their new ones tell which notes change. In every other case all is
made anew.
"""

from __future__ import annotations

import json
from array import array
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from plugins.files import link_if_equal
from plugins.incremental.plan import RenderPlan
from plugins.processes import map_batches
from plugins.search.entries import Entry
from plugins.search.index import collect, ngrams, shard_notes, shard_of, shards_for, update_postings, weigh

_CHUNK = 400
"""Documents of which one process makes the notes at a time."""


@dataclass(frozen=True)
class IndexState:
    """What an index was made of: a key for each document, number of shards, weight of all notes."""

    keys: list[str]
    shards: int
    weight: int

    @property
    def files(self) -> list[str]:
        """The names of the index's files below its folder."""
        return [f"d/{number}.json" for number in range(len(self.keys))] + [f"s/{number}.json" for number in range(self.shards)]

    def save(self, path: Path) -> None:
        """Write it."""
        path.write_text(json.dumps(vars(self)), encoding="utf-8")


def load_state(path: Path, plan: RenderPlan, below: str) -> IndexState | None:
    """Return the state of the last site's index, which lies ``below`` a folder of it; None if it is not known, or a file was touched since."""
    try:
        state = IndexState(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
    return state if plan.is_intact(*(f"{below}/{name}" for name in state.files)) else None


def write_all(folder: Path, entries: Sequence[Callable[[], Entry]], last: Path | None = None) -> tuple[int, int]:
    """Write ``s/<number>.json`` for each shard and ``d/<number>.json`` for each entry; return the number of shards, and the notes' weight.

    A file that came out as it lies in ``last`` is that file.
    """

    def note(chunks: Sequence[int]) -> list[tuple[int, dict[str, bytes]]]:
        return [(at, _noted(folder, entries[at : at + _CHUNK], at, last)) for at in chunks]

    for part in ("s", "d"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    notes: dict[str, array[int]] = defaultdict(lambda: array("I"))
    found = dict(part for _, parts in map_batches(note, range(0, len(entries), _CHUNK), enough=2, batch=1) for part in parts)
    for at in sorted(found):
        for gram, numbers in found.pop(at).items():
            notes[gram].frombytes(numbers)
    shards, weight = shard_notes(notes)
    for number, shard in enumerate(shards):
        write(folder, f"s/{number}.json", shard, last)
    return len(shards), weight


def _noted(folder: Path, entries: Sequence[Callable[[], Entry]], first: int, last: Path | None) -> dict[str, bytes]:
    """Write the entries, and return their notes: by gram, the numbers as an array's bytes."""
    texts = []
    for number, make in enumerate(entries, first):
        entry = result_fields(make())
        write(folder, f"d/{number}.json", entry, last)
        texts.append(text_of(entry))
    return {gram: numbers.tobytes() for gram, numbers in collect(texts, first).items()}


def write_changed(
    folder: Path, last: Path, state: IndexState, keys: Sequence[str], entries: Sequence[Callable[[], Entry]]
) -> tuple[int, int] | None:
    """Write into ``folder`` what is another than in ``last``; return the same as `write_all`, or None if all has to be made anew."""
    if len(keys) < len(state.keys):
        return None
    changed = [number for number, key in enumerate(keys) if number >= len(state.keys) or key != state.keys[number]]
    if len(changed) > max(20, len(keys) // 20):
        return None
    for part in ("s", "d"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    notes, weight = _mended(last, state, {number: result_fields(entries[number]()) for number in changed})
    if shards_for(weight) != state.shards:
        return None
    for number, entry in notes.entries.items():
        write(folder, f"d/{number}.json", entry, last)
    for number, shard in notes.shards.items():
        write(folder, f"s/{number}.json", dict(sorted(shard.items())), last)
    return state.shards, weight


@dataclass(frozen=True)
class _Notes:
    entries: dict[int, dict[str, str]]
    shards: dict[int, dict[str, str]]


def _mended(last: Path, state: IndexState, entries: dict[int, dict[str, str]]) -> tuple[_Notes, int]:
    changes: dict[str, tuple[set[int], set[int]]] = defaultdict(lambda: (set(), set()))
    for number, entry in entries.items():
        old = ngrams(text_of(_read(last / "d" / f"{number}.json"))) if number < len(state.keys) else set[str]()
        new = ngrams(text_of(entry))
        for gram in new - old:
            changes[gram][0].add(number)
        for gram in old - new:
            changes[gram][1].add(number)
    shards: dict[int, dict[str, str]] = {}
    weight = state.weight
    for gram, (come, gone) in changes.items():
        number = shard_of(gram, state.shards)
        if number not in shards:
            shards[number] = _read(last / "s" / f"{number}.json")
        shard = shards[number]
        before = shard.pop(gram, "")
        weight -= weigh(gram, before) if before else 0
        if after := update_postings(before, come, gone):
            shard[gram] = after
            weight += weigh(gram, after)
    return _Notes(entries, shards), weight


def result_fields(entry: Entry) -> dict[str, str]:
    """Return what the script in the reader's browser gets of one page."""
    return {"u": entry.url, "t": entry.title, "d": entry.date, "p": entry.publication, "w": entry.words}


def text_of(entry: dict[str, str]) -> str:
    """Return the words under which a page is found."""
    return f"{entry['t']}\n{entry['w']}"


def write(folder: Path, name: str, value: dict[str, str], last: Path | None) -> None:
    """Write one file of the index."""
    with open(f"{folder}/{name}", "w", encoding="utf-8", newline="\n") as file:  # noqa: PTH123 - a file for each document: no object for each
        file.write(json.dumps(value, ensure_ascii=False, separators=(",", ":")))
    if last:
        link_if_equal(folder / name, last / name)


def _read(path: Path) -> dict[str, str]:
    found: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    return found
