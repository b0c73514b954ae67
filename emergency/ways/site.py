"""Puts the notice on the built site (`todoke emergency write`). A file that could not be written is tried again; a notice with a fault is not, since a person has to mend it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from tempfile import TemporaryFile

from emergency import program
from emergency.board import PAGES, SITE, Board
from emergency.model import EmergencyError, Outcome, Places, Request

PAUSE = 1.0
"""Seconds until it is tried again."""

SECONDS = 120.0
"""The deadline of one try: 10,000 pages take a few seconds."""

_ENDS = {"first": SITE, "all_pages": PAGES}


@dataclass(frozen=True)
class WrittenStage:
    """One stage that is on the site: ``paths`` below ``output/site``, ``bundles`` are issues, ``LIST/NUMBER``."""

    stage: str
    paths: Sequence[str]
    bundles: Sequence[str]


async def write(request: Request, places: Places, board: Board) -> AsyncIterator[WrittenStage]:
    """Yield each stage when it is written. Raises `EmergencyError` if the notice itself is refused; then nothing was written."""
    for name in _ENDS.values():
        board.set(name, Outcome.WORKING)
    done: set[str] = set()
    while board.left > 0 and len(done) < len(_ENDS):
        words = ("emergency", "write", str(request.file), "--only", request.verb.value, "--format", "json")
        places_of = ("--content", str(places.content), "--output", str(places.output))
        with TemporaryFile() as errors:
            async with program.conversation(*words, *places_of, errors=errors) as process, asyncio.timeout(SECONDS):
                async for record in program.records(process):
                    if (stage := str(record.get("stage", ""))) in _ENDS:
                        board.set(_ENDS[stage], Outcome.DONE, f"{len(record['paths'])} files")
                        done.add(stage)
                        program.be_nice(process)
                        yield WrittenStage(stage, record["paths"], record.get("bundles", ()))
                status = await process.wait()
            errors.seek(0)
            said = " ".join(errors.read().decode("utf-8", "replace").split())
        if not done and status in (1, 2):
            raise EmergencyError(said or f"todoke emergency write ended with {status}")
        if len(done) < len(_ENDS):
            for stage in _ENDS.keys() - done:
                board.set(_ENDS[stage], Outcome.WORKING, said or f"it ended with {status}", is_try=True)
            await asyncio.sleep(PAUSE)
