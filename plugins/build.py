"""The build: from the checkout to ``output/``, whole or not at all.

1. If nothing has changed since the last build, say so (`plugins.incremental.stamp`); nothing is loaded that makes pages.
2. Otherwise make everything in ``output/next/`` (`plugins.making`): pages that would come out the same are taken over.
3. Only when everything held, put ``site`` and then ``mail`` in the place of the last ones, each in one step (`plugins.incremental.exchange`).
4. Any fault leaves the last good output where it was.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from plugins.frontmatter.faults import Fault
from plugins.incremental import stamp
from plugins.incremental.exchange import put_in_place, recover
from plugins.incremental.rubbish import collect_seldom

from .order import MANIFEST, BuildFailed, BuildOrder, BuildReport

if TYPE_CHECKING:
    from plugins.incremental.sharing import Change
    from plugins.making import Made

__all__ = ["BuildFailed", "BuildOrder", "BuildReport", "build", "verify"]

MARK = ".todoke"
"""A file in ``output/`` that says: this folder is ours, and may be replaced."""

STAMP = "stamp.json"
PARTS = ("site", "mail")


def build(
    order: BuildOrder, on_page: Callable[[], None] = lambda: None, on_made: Callable[[Made], None] = lambda _made: None
) -> BuildReport:
    """Build site and mail. ``on_page`` is called after each page, ``on_made`` when something was made and put in place.

    Raises `plugins.frontmatter.faults.ContentFaults` with every fault of the sources, `BuildFailed` for anything else.
    """
    start = time.perf_counter()
    output = order.output.absolute()
    _claim(output)
    for part in PARTS:
        recover(output / part, output / "previous" / part)
    last = None if order.fresh else stamp.load_stamp(output / STAMP)
    if last and last.bounds.hold(order.now) and _same(order, last):
        return _untouched(output, last, time.perf_counter() - start)
    collect_seldom()
    return _anew(order, output, on_page, on_made, start)


def _anew(order: BuildOrder, output: Path, on_page: Callable[[], None], on_made: Callable[[Made], None], start: float) -> BuildReport:
    from plugins.incremental.sharing import share
    from plugins.making import Making

    following = output / "next"
    shutil.rmtree(following, ignore_errors=True)
    making = Making(order, following / "site")
    taken = time.time_ns()
    inputs = stamp.inputs(making.places, _said(order), taken)
    made = making.run(on_page)
    change = share(output, following, PARTS)
    (output / "previous").mkdir(exist_ok=True)
    for part in PARTS:
        put_in_place(following / part, output / part, output / "previous" / part)
    for note in following.glob("*.json"):  # what rooms noted of what they made
        note.replace(output / note.name)
    made.plan.now.save(output / MANIFEST)
    report = _report(output, made, change)
    stamp.Stamp(taken, making.places, inputs, _outputs(output), made.bounds, _told(report)).save(output / STAMP)
    shutil.rmtree(output / "previous")
    shutil.rmtree(following)
    on_made(made)
    return replace(report, seconds=time.perf_counter() - start)


def _same(order: BuildOrder, last: stamp.Stamp) -> bool:
    return stamp.inputs(last.places, _said(order), last.taken) == last.inputs and _outputs(order.output.absolute()) == last.outputs


def _outputs(output: Path) -> str:
    return stamp.outputs(str(output / name) for name in (*PARTS, MANIFEST))


def _said(order: BuildOrder) -> str:
    spoken = {name: value for name, value in os.environ.items() if name.startswith("TODOKE_")}
    return repr(
        (
            order.content,
            order.publications,
            order.settings,
            order.site_url,
            order.validate_mail,
            order.shows_drafts,
            str(Path.cwd()),
            sorted(spoken.items()),
        )
    )


def _told(report: BuildReport) -> dict[str, Any]:
    warnings = [(str(fault.path), fault.line, fault.ja, fault.en) for fault in report.warnings]
    return {
        "pages": report.pages,
        "issues": report.issues,
        "files": report.files,
        "kept": report.rendered + report.kept,
        "warnings": warnings,
    }


def _untouched(output: Path, last: stamp.Stamp, seconds: float) -> BuildReport:
    told: Mapping[str, Any] = last.report
    warnings = tuple(Fault(PurePosixPath(path), line, ja, en) for path, line, ja, en in told["warnings"])
    return BuildReport(output, told["pages"], told["issues"], told["files"], seconds, 0, told["kept"], 0, 0, {}, warnings)


def _report(output: Path, made: Made, change: Change) -> BuildReport:
    plan = made.plan
    issues = sum(1 for _ in (output / "mail").rglob("issue.json"))
    counts = (len(plan.rendered), len(plan.kept), change.written, change.removed)
    return BuildReport(output, change.pages, issues, change.files, 0.0, *counts, plan.rendered, made.warnings)


def verify(order: BuildOrder, folder: Path) -> list[str]:
    """Build everything anew into ``folder`` and return the files in which the output differs from it. Nothing is replaced."""
    fresh = build(replace(order, output=folder, fresh=True)).output
    names = {
        path.relative_to(tree).as_posix()
        for tree in (order.output.absolute(), fresh)
        for part in PARTS
        for path in (tree / part).rglob("*")
        if path.is_file()
    }
    return sorted(name for name in names if _bytes(order.output / name) != _bytes(fresh / name))


def _bytes(file: Path) -> bytes | None:
    return file.read_bytes() if file.is_file() else None


def _claim(output: Path) -> None:
    """Take ``output`` for ours if it is new or empty; refuse a folder of somebody else's (getpelican/pelican#731)."""
    mark = output / MARK
    if output.exists() and not mark.exists() and any(output.iterdir()):
        raise BuildFailed(f"{output} holds files that no build of ours made. Choose another folder with --output, or move them away.")
    output.mkdir(parents=True, exist_ok=True)
    mark.write_text("Made by todoke build; everything here may be replaced.\n", encoding="utf-8")
