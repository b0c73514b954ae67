"""Writes the files of the index, and changes of the last site's index only what changed documents need.

`IndexState`, a small file beside the output, says what the last index was made of: the number of each document with a key, and the weight of all postings.
Where another document, or none, has a number now, its old text (in the last site's entries) and its new one tell which postings change. If that is so
for too many, the whole index is written anew. The format of the files is stated in `plugins.search.index`.
"""

from __future__ import annotations

import json
from array import array
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from plugins.files import link_if_equal, write_into
from plugins.incremental.plan import RenderPlan
from plugins.processes import map_batches
from plugins.search.entries import Entry
from plugins.search.index import collect, ngrams, shard_of, shard_postings, shards_for, update_postings, weigh
from plugins.search.page_readings import reading_grams

_CHUNK = 400
"""Documents whose postings one process collects at a time."""


@dataclass(frozen=True)
class IndexState:
    """What an index was made of: the number of each document with a key, the number of shards, the weight of all postings in bytes."""

    keys: dict[int, str]
    shards: int
    weight: int

    @property
    def files(self) -> list[str]:
        """The names of the index files, relative to their folder."""
        return [f"d/{number}.json" for number in self.keys] + [f"s/{number}.json" for number in range(self.shards)]

    def save(self, path: Path, *, replace: bool = False) -> None:
        stored = {"keys": list(self.keys.items()), "shards": self.shards, "weight": self.weight}
        write_into(path.parent, path.name, json.dumps(stored).encode("utf-8"), replace=replace)


def load_state(path: Path, plan: RenderPlan, folder: str) -> IndexState | None:
    """Return the state of the index in ``folder`` of the last site; None if there is none, or if one of its files is not as that build left it."""
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        state = IndexState({int(number): str(key) for number, key in stored["keys"]}, int(stored["shards"]), int(stored["weight"]))
    except (OSError, ValueError, TypeError, KeyError):
        return None
    return state if plan.is_intact(*(f"{folder}/{name}" for name in state.files)) else None


def write_all(folder: Path, entries: Mapping[int, Callable[[], Entry]], last: Path | None = None) -> tuple[int, int]:
    """Write the whole index into ``folder``; return the number of shards, and the weight of all postings in bytes. The numbers of ``entries`` ascend.

    A file that is equal to that in ``last`` becomes a link to it.
    """
    numbered = list(entries.items())

    def write_chunks(starts: Sequence[int]) -> list[tuple[int, dict[str, bytes]]]:
        return [(start, _write_entries(folder, numbered[start : start + _CHUNK], last)) for start in starts]

    postings: dict[str, array[int]] = defaultdict(lambda: array("I"))
    chunks = dict(chunk for _, result in map_batches(write_chunks, range(0, len(numbered), _CHUNK), enough=2, batch=1) for chunk in result)
    for start in sorted(chunks):  # in the order of the numbers, since postings are ascending
        for gram, numbers in chunks.pop(start).items():
            postings[gram].frombytes(numbers)
    shards, weight = shard_postings(postings)
    for number, shard in enumerate(shards):
        write(folder, f"s/{number}.json", shard, last)
    return len(shards), weight


def _write_entries(folder: Path, entries: Iterable[tuple[int, Callable[[], Entry]]], last: Path | None) -> dict[str, bytes]:
    """Write the entries, and return their postings: by n-gram, the numbers as the bytes of an array, which are cheap to send to another process."""
    grams = []
    for number, make in entries:
        fields = result_fields(make())
        write(folder, f"d/{number}.json", fields, last)
        grams.append((number, grams_of(fields)))
    return {gram: numbers.tobytes() for gram, numbers in collect(grams).items()}


def write_changed(
    folder: Path, last: Path, state: IndexState, keys: Mapping[int, str], entries: Mapping[int, Callable[[], Entry]]
) -> tuple[int, int] | None:
    """Write into ``folder`` the files that differ from those in ``last``; return the same as `write_all`, or None if the whole index has to be written.

    The whole index is written when more than a twentieth of the numbers have another document, and when the number of shards changes.
    """
    changed = [number for number in keys.keys() | state.keys.keys() if keys.get(number) != state.keys.get(number)]
    if len(changed) > max(20, len(keys) // 20):
        return None
    return write_entries(folder, last, state, {number: entries.get(number) for number in changed})


def write_entries(folder: Path, last: Path, state: IndexState, entries: Mapping[int, Callable[[], Entry] | None]) -> tuple[int, int] | None:
    """Write the ``entries``, by number, and the shards that they change; return the same as `write_changed`. None stands for a document that is gone."""
    changes, weight = _update(last, state, {number: result_fields(make()) if make else {} for number, make in entries.items()})
    if shards_for(weight) != state.shards:
        return None
    for number, fields in changes.entries.items():
        if fields:
            write(folder, f"d/{number}.json", fields, last)
    for number, shard in changes.shards.items():
        write(folder, f"s/{number}.json", dict(sorted(shard.items())), last)
    return state.shards, weight


@dataclass(frozen=True)
class _Changes:
    """The files to write, by number. An entry without fields is gone."""

    entries: dict[int, dict[str, str]]
    shards: dict[int, dict[str, str]]


def _update(last: Path, state: IndexState, entries: dict[int, dict[str, str]]) -> tuple[_Changes, int]:
    """Return the changed files, and the weight of all postings after the change."""
    changes: dict[str, tuple[set[int], set[int]]] = defaultdict(lambda: (set(), set()))  # by n-gram: documents added, documents removed
    for number, fields in entries.items():
        old = grams_of(_read(last / "d" / f"{number}.json")) if number in state.keys else set[str]()
        new = grams_of(fields) if fields else set[str]()
        for gram in new - old:
            changes[gram][0].add(number)
        for gram in old - new:
            changes[gram][1].add(number)
    shards: dict[int, dict[str, str]] = {}
    weight = state.weight
    for gram, (added, removed) in changes.items():
        number = shard_of(gram, state.shards)
        if number not in shards:
            shards[number] = _read(last / "s" / f"{number}.json")
        shard = shards[number]
        before = shard.pop(gram, "")
        weight -= weigh(gram, before) if before else 0
        if after := update_postings(before, added, removed):
            shard[gram] = after
            weight += weigh(gram, after)
    return _Changes(entries, shards), weight


def result_fields(entry: Entry) -> dict[str, str]:
    """Return the fields of ``d/<document>.json``."""
    fields = {"u": entry.url, "t": entry.title, "d": entry.date, "p": entry.publication, "w": entry.text}
    return fields | {"r": entry.readings} if entry.readings else fields


def grams_of(fields: dict[str, str]) -> set[str]:
    """Return the n-grams of a document that are in the index: of title and text, and of the readings."""
    return ngrams(f"{fields['t']}\n{fields['w']}") | reading_grams(fields.get("r", ""))


def write(folder: Path, name: str, value: object, last: Path | None) -> None:
    """Write one file of the index, or link it to that in ``last`` if they are equal."""
    write_into(folder, name, msgspec.json.encode(value))  # 0.7 µs for an entry; `json.dumps` takes 25
    if last:
        link_if_equal(folder / name, last / name)


def _read(path: Path) -> dict[str, str]:
    content: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    return content
