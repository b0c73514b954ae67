"""Checks the part of the audit log in this folder with nothing but Python: python3 check_chain.py. 監査記録のつながりを確かめる

The hash of an entry is the SHA-256 of a JSON array of its number, moment (UTC), actor, event, issue, details and the hash before it. Whoever changes an
entry would have to change every hash after it, and the anchors, which lie elsewhere: in signed releases, in mails, in a file on another machine.
An entry that names addresses has them masked here; its own hash cannot be computed then, its place in the chain can.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path
from typing import Any


def entry_hash(entry: dict[str, Any]) -> str:
    """Return what the hash of an entry has to be."""
    values = [entry[name] for name in ("number", "at", "actor", "what", "issue", "details", "previous")]
    return hashlib.sha256(json.dumps(values, ensure_ascii=True, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def problems(log: dict[str, Any]) -> list[str]:
    """Return everything that is wrong with the part of the log."""
    entries, said = log["entries"], []
    previous, number = log["before"], entries[0]["number"] if entries else 0
    for entry in entries:
        if entry["number"] != number or entry["previous"] != previous:
            said.append(f"entry {number}: something before it is missing, or was put in / 前の行とつながっていません")
        if not entry["masked"] and entry["hash"] != entry_hash(entry):
            said.append(f"entry {entry['number']}: its words are not those that were written / 書きかえられています")
        previous, number = entry["hash"], entry["number"] + 1
    hashes = {entry["number"]: entry["hash"] for entry in entries}
    said += [
        f"entry {anchor['number']}: an anchor of {anchor['at']} has another hash / 控えと違います"
        for anchor in log["anchors"]
        if hashes.get(anchor["number"], anchor["hash"]) != anchor["hash"]
    ]
    return said


def main(folder: Path) -> int:
    """Print what is wrong, or how much is right. Return the exit status."""
    log = json.loads((folder / "entries.json").read_text(encoding="utf-8"))
    said = problems(log)
    for line in said:
        print(line)
    entries = log["entries"]
    anchored = [anchor["number"] for anchor in log["anchors"] if any(entry["number"] == anchor["number"] for entry in entries)]
    if not said:
        masked = sum(entry["masked"] for entry in entries)
        print(f"{len(entries)} entries follow from each other; {masked} have addresses masked. つながっています")
        print(f"Anchors among them 控え: {', '.join(map(str, anchored)) or 'none なし'}. Compare also the releases' audit-anchor.")
    return int(bool(said))


if __name__ == "__main__":
    sys.exit(main(Path(__file__).parent))
