"""What one publish did: what was built, what is live where, what was handed over, what was held back, how long each step took."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from publisher.pipeline.handover import NOTHING, HandedOver


@dataclass(frozen=True)
class MirrorState:
    """``number`` is the release that was brought there, or was there; ``is_checked`` whether its pages were fetched from its public address.

    ``failure`` is empty if readers see the release there, as far as that was looked at.
    """

    name: str
    number: int | None
    is_checked: bool = False
    failure: str = ""


@dataclass(frozen=True)
class Report:
    """``build`` is the build's own sentence. ``seconds`` are wall time by step. ``failure`` says what ended the run early, in the words for the operator.

    ``held_back`` are the files that the build held back. ``notes`` are no faults. ``is_stopped``: somebody asked it to end before the last step.
    ``is_broken``: the commit does not build.
    """

    commit: str = ""
    build: str = ""
    release: int | None = None
    is_new_release: bool = False
    mirrors: tuple[MirrorState, ...] = ()
    handed_over: HandedOver = NOTHING
    announcement: str = ""
    held_back: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    seconds: Mapping[str, float] = field(default_factory=dict)
    failure: str = ""
    is_stopped: bool = False
    is_broken: bool = False

    @property
    def is_complete(self) -> bool:
        """Whether everything is live everywhere, and nothing was held back."""
        is_live = not any(mirror.failure for mirror in self.mirrors)
        return is_live and not (self.failure or self.is_stopped or self.handed_over.held or self.held_back)

    def failure_of(self, mirror: str) -> str:
        """Return why a mirror does not show the release; empty if it does, as far as is known."""
        return next((state.failure for state in self.mirrors if state.name == mirror), "")

    def record(self) -> dict[str, Any]:
        """Return the report for other programs (``--json``)."""
        return asdict(self) | {"is_complete": self.is_complete}

    def lines(self) -> Iterator[str]:
        """Yield the report for people, English first."""
        yield f"commit {self.commit[:12] or '-'}" + (f": {self.build}" if self.build else "")
        if self.release is not None:
            yield f"release {self.release}" + (" (new) 新しい版" if self.is_new_release else ": nothing new since 変更なし")
        for mirror in self.mirrors:
            yield f"mirror {mirror.name}: {_words(mirror)}"
        for name, words in self.handed_over.done.items():
            yield f"mail {name}: {words} 配信へ渡しました"
        for name, words in self.handed_over.waiting.items():
            yield f"mail {name}: waits. {words} 待っています"
        for name, words in self.handed_over.held.items():
            yield f"mail {name}: HELD BACK. {words} 見合わせました"
        if self.announcement:
            yield f"announcements: {self.announcement}"
        yield from (f"held back by the build 公開見合わせ: {words}" for words in self.held_back)
        yield from (f"note: {words}" for words in self.notes)
        if self.failure:
            yield f"FAILED: {self.failure}"
        if self.is_stopped:
            yield "Stopped as asked after this step; run it again to go on. 止めました。もう一度実行すると続きます"
        yield "took " + ", ".join(f"{step} {taken:.1f} s" for step, taken in self.seconds.items())


def _words(mirror: MirrorState) -> str:
    if mirror.failure:
        return f"NOT LIVE. {mirror.failure}"
    seen = "fetched and compared 確認済み" if mirror.is_checked else "delivered; without url in publish.toml nobody looks 未確認"
    return f"release {mirror.number}, {seen}"
