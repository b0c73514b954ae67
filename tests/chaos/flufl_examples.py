"""The examples of flufl.bounce, 117 returned messages of twenty years of servers, read by our readers.

The installed package does not have them, its source archive does (Apache-2.0); they are read from there and no copy is kept:
`python -m tests.chaos.flufl_examples ARCHIVE.tar.gz` prints what is read otherwise than flufl expects, and ends with 1 if an address is missed, if a message
that says it will be tried again counts as refused for good, or if a message is an error of ours. `make chaos` fetches the archive with pip.
"""

from __future__ import annotations

import ast
import sys
import tarfile
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from mailer.bounces import mime
from mailer.bounces.last_resort import LastResort
from mailer.bounces.reading import read_bounces
from mailer.model.returned.bounce import BounceClass

KNOWN = frozenset({"yale_01.txt"})
"""A directory of the year 2000 that names a person and no address. The return path says whom it is about."""
SOFT = frozenset({BounceClass.TEMPORARY, BounceClass.FULL, BounceClass.AUTO_REPLY})


@dataclass(frozen=True)
class Example:
    """One message, and the addresses that flufl finds in it."""

    name: str
    content: bytes
    refused: frozenset[str]
    delayed: frozenset[str]


def examples(archive: Path) -> Iterator[Example]:
    """Read them all: messages below `tests/data`, and what is expected from the table in `tests/test_detectors.py`."""
    with tarfile.open(archive) as tar:
        files = {
            PurePosixPath(each.name).name: file.read()
            for each in tar
            if each.isfile() and (file := tar.extractfile(each)) is not None and "/tests/" in each.name
        }
    expected: dict[str, tuple[set[str], set[str]]] = defaultdict(lambda: (set(), set()))
    for _detector, name, found, is_temporary in _table(files["test_detectors.py"].decode()):
        expected[name][bool(is_temporary)].update(address.decode().lower() for address in found)
    for name, content in sorted(files.items()):
        if name.endswith(".txt"):
            refused, delayed = expected[name]
            yield Example(name, content, frozenset(refused), frozenset(delayed - refused))


def _table(source: str) -> list[tuple[str, str, list[bytes], bool]]:
    for node in ast.parse(source).body:
        if isinstance(node, ast.Assign) and any(isinstance(each, ast.Name) and each.id == "DETECTORS" for each in node.targets):
            rows: list[tuple[str, str, list[bytes], bool]] = ast.literal_eval(node.value)
            return rows
    raise SystemExit("the archive has no table of what its detectors find")


def problems_of(example: Example, last_resort: LastResort) -> list[str]:
    """Say what is read otherwise."""
    bounces = read_bounces(mime.parse(example.content), example.content, last_resort)
    read = {each.refusal.recipient.lower(): each for each in bounces}
    expected = example.refused | example.delayed  # of several one is enough: each message of ours has one recipient
    problems = (
        [f"read {', '.join(map(repr, read)) or 'nothing'}, not {', '.join(sorted(expected))}"]
        if expected and not expected & set(read)
        else []
    )
    delayed = [read[address] for address in example.delayed if address in read]
    return problems + [
        f"{each.verdict.bounce_class} though it will be tried again" for each in delayed if each.verdict.bounce_class not in SOFT
    ]


def main() -> None:
    """Read every example."""
    number = wrong = 0
    with LastResort() as last_resort:
        for example in examples(Path(sys.argv[1])):
            number += 1
            if (problems := problems_of(example, last_resort)) and example.name not in KNOWN:
                wrong += 1
                print(f"{example.name}: {'; '.join(problems)}")
    print(f"{number} examples, {wrong} read otherwise")
    sys.exit(number == 0 or wrong > 0)


if __name__ == "__main__":
    main()
