"""Brings one release to every mirror at once. Each mirror has its own deadline and its own result: a dead one holds up no other."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from publisher.model.errors import PublisherError, TargetError
from publisher.release.precedence import Precedence
from publisher.release.store import SignedRelease
from publisher.targets.target import Inspection, Published, Target

CLOSING = 5.0
"""Seconds for an orderly end, after the deadline."""

STEP = 0.1
"""Seconds between two looks for an emergency."""

GAVE_WAY = "an emergency goes first; it brings what is newest, and the next delivery goes on here / 緊急のお知らせを先に公開します"

STALLED = "nothing arrives there any more; a new connection is tried / 応答がないため、つなぎ直します"

_Answer = TypeVar("_Answer")


@dataclass(frozen=True)
class Result:
    """What became of one mirror. ``failure`` is empty if readers see the release there. ``seconds`` are wall time."""

    name: str
    seconds: float
    published: Published | None = None
    failure: str = ""


Watch = Callable[[str, int, int], None]
"""Called with the name of a mirror, the number of files that are done there and of all that are to be done."""


async def publish(
    targets: Mapping[str, tuple[Target, float]],
    signed: SignedRelease,
    object_of: Callable[[str], Path],
    watch: Watch = lambda *_: None,
    seconds: Callable[[], float] = time.monotonic,
    precedence: Precedence | None = None,
) -> list[Result]:
    """Publish on all ``targets`` (each with its deadline in seconds). A mirror that is cut goes on at the next delivery where it was.

    With ``precedence`` each mirror is taken (give them back afterwards), and an emergency goes first.
    """

    async def one(name: str, target: Target, deadline: float) -> Result:
        start = seconds()
        try:
            _take(precedence, name)
            work = target.publish(signed, object_of, lambda done, total: watch(name, done, total))
            published = await _in_time(target, deadline, work, _gives_way(precedence, name))
            return Result(name, seconds() - start, published)
        except TimeoutError:
            return Result(
                name,
                seconds() - start,
                failure=f"not ready after {deadline:g} s; the next delivery goes on there / 時間内に終わりませんでした",
            )
        except PublisherError as error:
            return Result(name, seconds() - start, failure=str(error))
        except Exception as error:  # a fault of ours with one mirror holds up no other
            return Result(name, seconds() - start, failure=f"unexpected {type(error).__name__}: {error} / 予期しない誤り")
        finally:
            await _close(target)

    return list(await asyncio.gather(*(one(name, target, deadline) for name, (target, deadline) in targets.items())))


@dataclass(frozen=True)
class Limits:
    """For one urgent delivery: seconds for all of it, and seconds in which nothing arrives."""

    deadline: float
    patience: float


async def publish_urgently(
    target: Target, limits: Limits, choose: Callable[[], SignedRelease], object_of: Callable[[str], Path], precedence: Precedence
) -> Result:
    """Publish one release on one mirror, before everybody else. The connection stays open for the next one; give the mirror back afterwards.

    ``choose`` is asked for the release when the mirror is ours: it must never be older than what another program has brought meanwhile.
    """
    start = arrived = time.monotonic()

    def progress(_done: int, _total: int) -> None:
        nonlocal arrived
        arrived = time.monotonic()

    async def work() -> Published:
        while not precedence.take(target.name):  # noqa: ASYNC110 - another process has it
            await asyncio.sleep(STEP)
        return await target.publish_urgently(choose(), object_of, progress)

    try:
        published = await _in_time(target, limits.deadline, work(), lambda: time.monotonic() - arrived > limits.patience, STALLED)
        return Result(target.name, time.monotonic() - start, published)
    except TimeoutError:
        words = f"not ready after {limits.deadline:g} s / 時間内に終わりませんでした"
    except PublisherError as error:
        words = str(error)
    except Exception as error:  # told, and tried again
        words = f"unexpected {type(error).__name__}: {error} / 予期しない誤り"
    return Result(target.name, time.monotonic() - start, failure=words)


def _take(precedence: Precedence | None, name: str) -> None:
    """Take a mirror for an ordinary delivery. Raises `PublisherError` if an emergency is on its way there."""
    if precedence is not None and (precedence.is_claimed(name) or not precedence.take(name)):
        raise PublisherError(GAVE_WAY)


async def current(targets: Mapping[str, tuple[Target, float]], precedence: Precedence | None = None) -> dict[str, int | str | None]:
    """Return for each mirror the number of the release that readers see there, None, or why that is not known. Who holds the store gives ``precedence``."""
    return await _ask_all(targets, lambda target: target.current(), precedence)


async def inspect(
    targets: Mapping[str, tuple[Target, float]],
    signed: SignedRelease,
    object_of: Callable[[str], Path],
    *,
    reads_all: bool,
    precedence: Precedence | None = None,
) -> dict[str, Inspection | str]:
    """Compare all mirrors with the release that they should show; a string says why that could not be done."""
    return await _ask_all(targets, lambda target: target.inspect(signed, object_of, reads_all=reads_all), precedence)


async def repair(target: Target, signed: SignedRelease, paths: Iterable[str], object_of: Callable[[str], Path]) -> Published:
    """Mend files on one mirror. Raises `TargetError`."""
    try:
        return await target.repair(signed, paths, object_of)
    finally:
        await _close(target)


async def renew(
    targets: Mapping[str, tuple[Target, float]], proof: dict[str, bytes], precedence: Precedence | None = None
) -> Mapping[str, str]:
    """Bring a new timestamp to all mirrors. Return for each that failed why. With ``precedence`` an emergency goes first."""

    async def renew_one(target: Target) -> None:
        _take(precedence, target.name)
        await target.renew(proof)

    answers = await _ask_all(targets, renew_one, precedence)
    return {name: failure for name, failure in answers.items() if failure is not None}


async def _ask_all(
    targets: Mapping[str, tuple[Target, float]], ask: Callable[[Target], Coroutine[Any, Any, _Answer]], precedence: Precedence | None
) -> dict[str, _Answer | str]:
    """Ask all mirrors at once, each until its deadline, and close the connections. A string says why a mirror did not answer."""

    async def one(name: str, target: Target, deadline: float) -> _Answer | str:
        try:
            return await _in_time(target, deadline, ask(target), _gives_way(precedence, name))
        except TimeoutError:
            return f"no answer in {deadline:g} s / 時間内に返事がありません"
        except PublisherError as error:
            return str(error)
        finally:
            await _close(target)

    answers = await asyncio.gather(*(one(name, target, deadline) for name, (target, deadline) in targets.items()))
    return dict(zip(targets, answers, strict=True))


def _gives_way(precedence: Precedence | None, name: str) -> Callable[[], bool]:
    return (lambda: precedence.is_claimed(name)) if precedence else (lambda: False)


async def _in_time(
    target: Target, deadline: float, work: Coroutine[Any, Any, _Answer], gives_way: Callable[[], bool] = lambda: False, why: str = ""
) -> _Answer:
    """Return what ``work`` returns. Raises `TimeoutError` at the deadline, whatever the line does: first the connection is given up, then the work.

    As soon as it has to give way, it does the same, and raises `PublisherError`.

    Work that is only cancelled would still close its files over the line, and wait behind everything that the line has not taken yet: minutes, if it is slow.
    """
    task = asyncio.create_task(work)
    try:
        end = time.monotonic() + deadline
        while not (await asyncio.wait({task}, timeout=max(0.0, min(STEP, end - time.monotonic()))))[0]:
            if time.monotonic() >= end:
                raise TimeoutError
            if gives_way():
                raise PublisherError(why or GAVE_WAY)
        return task.result()
    finally:
        if not task.done():
            target.abort()
            task.cancel()
            await asyncio.wait({task}, timeout=CLOSING)
            if task.done() and not task.cancelled():
                task.exception()  # it was looked at: asyncio need not complain


async def _close(target: Target) -> None:
    try:
        async with asyncio.timeout(CLOSING):
            await target.close()
    except (TimeoutError, TargetError):
        return
