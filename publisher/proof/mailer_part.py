"""The mailer's part of a pack, through its own door: the command ``todoke audit-export``, or a file that it wrote on another machine."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from publisher.model.errors import PublisherError
from publisher.proof import check_chain
from publisher.proof.archive import Part

FORMAT = 1
COLUMNS = ("list", "number", "class", "subject", "status", "frozen_at", "send_at", "deliveries")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def export(settings: Path, first: dt.date, last: dt.date) -> dict[str, Any]:
    """Ask the mailer on this machine. Raises `PublisherError`. A broken log is no error: the answer says so."""
    command = [
        sys.executable,
        "-m",
        "todoke",
        "audit-export",
        "--config",
        str(settings),
        "--from",
        first.isoformat(),
        "--to",
        last.isoformat(),
    ]
    program = os.pathsep.join(filter(None, (str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH"))))
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | {"PYTHONPATH": program, "PYTHONUTF8": "1"})  # noqa: S603
    if not done.stdout.strip():
        raise PublisherError(f"todoke audit-export: {' '.join(done.stderr.split())[-500:]} / 配信の記録が出せませんでした")
    return parse(done.stdout.encode(), "todoke audit-export", first, last)


def read_export(file: Path, first: dt.date, last: dt.date) -> dict[str, Any]:
    """Read what ``todoke audit-export`` printed on another machine. Raises `PublisherError`."""
    try:
        return parse(file.read_bytes(), str(file), first, last)
    except OSError as error:
        raise PublisherError(f"{file}: {error.strerror} / 配信の記録が読めません") from error


def parse(data: bytes, source: str, first: dt.date, last: dt.date) -> dict[str, Any]:
    """Return the record. Raises `PublisherError` if it is none, or of other days."""
    try:
        record: dict[str, Any] = json.loads(data)
        if record["format"] != FORMAT or (record["from"], record["to"]) != (first.isoformat(), last.isoformat()):
            raise PublisherError(
                f"{source}: of format {record['format']}, from {record['from']} to {record['to']}; wanted {FORMAT}, {first} to {last} / "
                "期間の違う記録です"
            )
        check_chain.problems(record["log"])
        [(each["list"], each["counts"].items(), each["deliveries"]) for each in record["issues"]]
        [(each["number"], each["issue"], each["statement"]) for each in record["approvals"]]
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise PublisherError(
            f"{source}: not what todoke audit-export prints: {error!r} / todoke audit-export の形ではありません"
        ) from error
    return record


def files(record: Mapping[str, Any]) -> dict[str, Part]:
    """Return the files of the mailer's part by path."""
    log = record["log"]
    files: dict[str, Part] = {
        "mail/export.json": _json(record),
        "mail/issues.csv": _issues(record),
        "audit-log/entries.json": _json(log),
        "audit-log/anchors.txt": "".join(f"{each['number']} {each['hash']} {each['at']}\n" for each in log["anchors"]).encode(),
        "audit-log/check_chain.py": Path(check_chain.__file__).read_bytes(),
    }
    for approval in record["approvals"]:
        name = f"approvals/{int(approval['number']):06}-{re.sub(r'[^A-Za-z0-9._-]', '_', approval['issue'])}"
        files |= {f"{name}.statement": approval["statement"].encode()} if approval["statement"] else {}
        files |= {f"{name}.sig": approval["signature"].encode()} if approval["signature"] else {}
        files |= {f"{name}.allowed_signers": approval["allowed_signers"].encode()} if approval["allowed_signers"] else {}
    return files


def notes(record: Mapping[str, Any]) -> list[str]:
    """Return what an auditor has to know of the mailer's part, one sentence each: what is broken, masked or not proved."""
    log, said = record["log"], []
    if not log["verified"]:
        said.append(f"audit-log: NOT proved: {log['problem']} / 監査記録が確かめられませんでした")
    said += [f"audit-log: {line}" for line in check_chain.problems(log)]
    if masked := [each["number"] for each in log["entries"] if each["masked"]]:
        said.append(f"audit-log: addresses are masked in entries {', '.join(map(str, masked))} / アドレスを伏せた行です")
    if not log["anchors"]:
        said.append("audit-log: there is no anchor, so that nothing was cut off at the end is not proved / 控えがありません")
    for each in record["approvals"]:
        if not each["signature"]:
            said.append(f"approvals: entry {each['number']} ({each['issue']}) has no signature: taken at a name / 署名のない承認です")
        elif not each["allowed_signers"]:
            said.append(
                f"approvals: entry {each['number']} ({each['issue']}): the approver's key is not in approvers.toml any more / 公開鍵がありません"
            )
        if each["masked"]:
            said.append(
                f"approvals: entry {each['number']} names an address, masked here; its signature is checked by `todoke audit` / アドレスを伏せました"
            )
    return said


def _json(value: object) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=1) + "\n").encode()


def _issues(record: Mapping[str, Any]) -> bytes:
    """Return a table for spreadsheets, with a byte-order mark: Excel takes it for another encoding otherwise."""
    states = list(record["issues"][0]["counts"]) if record["issues"] else []
    out = io.StringIO()
    table = csv.writer(out)
    table.writerow((*COLUMNS, *states))
    for each in record["issues"]:
        cells = [*(each[name] for name in COLUMNS), *(each["counts"].get(state, 0) for state in states)]
        table.writerow([f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell for cell in cells])
    return out.getvalue().encode("utf-8-sig")
