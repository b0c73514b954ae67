"""The preview watches the folders of the sources and nothing that a link leads to, and shares an output with other builds."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Collection
from pathlib import Path

import pytest

from plugins.builder.lock import output_lock
from plugins.builder.options import BuildOptions, BuildReport
from plugins.builder.resident.engine import ResidentBuild
from plugins.preview.live import LivePreview, real_folders
from tests.samples.tiny import NOW, TinySite


@pytest.fixture
def preview(tiny: TinySite) -> LivePreview:
    tiny.article("press/2020/a.md")
    toml = tiny.root / "publications.toml"
    return LivePreview(BuildOptions(NOW, tiny.content, toml, tiny.output, validate_mail=False, wait=0), (tiny.content, toml))


def test_what_a_link_leads_to_is_not_watched(tiny: TinySite) -> None:
    tiny.article("press/2020/a.md")
    (tiny.content / "press" / "everything").symlink_to("/")
    (tiny.content / "press" / "up").symlink_to("..")
    names = {folder.relative_to(tiny.content).as_posix() for folder in real_folders(tiny.content)}
    assert names == {".", "data", "press", "press/2020"}
    toml = tiny.root / "publications.toml"
    assert real_folders(toml) == [toml] and real_folders(tiny.root / "none") == []


def test_a_document_in_a_new_folder_is_noticed(preview: LivePreview, tiny: TinySite) -> None:
    async def write() -> None:
        stop, number = asyncio.Event(), 0
        await preview.build()
        watching = asyncio.create_task(preview.watch(stop))
        while not (preview.site / "press/2021/02/later/index.html").is_file():
            number += 1  # the watcher may not have begun to look at the first change
            tiny.article(f"press/new{number}/{'later' if number == 1 else f'other{number}'}.md", date="2021-02-01")
            await asyncio.wait([asyncio.create_task(preview.wait_for_change(preview.version))], timeout=1)
        stop.set()
        await watching

    asyncio.run(write())


def test_a_preview_says_who_builds_in_its_output_and_builds_when_that_has_ended(preview: LivePreview, tiny: TinySite) -> None:
    async def share() -> list[str]:
        stop = asyncio.Event()
        with output_lock(_claimed(tiny.output), 0):
            running = asyncio.create_task(preview.run(stop))
            await preview.wait_for_change(0)
            told = [diagnostic.en for diagnostic in preview.diagnostics]
        while preview.diagnostics:
            await preview.wait_for_change(preview.version)
        stop.set()
        await running
        return told

    (words,) = asyncio.run(share())
    assert "another build (process " in words
    assert (preview.site / "press/2020/05/a/index.html").is_file()


def _claimed(output: Path) -> Path:
    """An output folder as a build leaves it."""
    output.mkdir()
    (output / ".todoke").write_text("")
    return output


def test_words_of_a_small_document_are_brought_in_without_another_process(preview: LivePreview, tiny: TinySite) -> None:
    forks: list[int] = []
    os.register_at_fork(before=lambda: forks.append(1))
    article = tiny.article("press/2020/a.md")

    async def save(words: str) -> str:
        article.write_text(f"{article.read_text('utf-8')}\n{words}\n", "utf-8")
        forks.clear()
        await preview.show([article])
        return (preview.site / "press/2020/05/a/index.html").read_text("utf-8")

    async def edit() -> None:
        await preview.build()
        assert "はじめの一文です。" in await save("はじめの一文です。")
        assert "つぎの一文です。" in await save("つぎの一文です。")
        assert forks == []
        assert "おわりの一文です。" not in await save("おわりの一文です。[どこにもない](none.md)")
        assert [diagnostic.rule for diagnostic in preview.diagnostics] == ["F401"]

    asyncio.run(edit())


class Halting(ResidentBuild):
    """Stands still before it builds, if it is to, until it may go on."""

    def __init__(self) -> None:
        super().__init__()
        self.halts, self.has_begun, self.may_go_on = False, threading.Event(), threading.Event()

    def build(self, options: BuildOptions, changed: Collection[Path] | None = None) -> BuildReport:
        if self.halts:
            self.has_begun.set()
            self.may_go_on.wait()
        return super().build(options, changed)


def test_a_small_document_is_shown_without_another_process_while_something_else_is_built(preview: LivePreview, tiny: TinySite) -> None:
    forks, engine = list[int](), Halting()
    os.register_at_fork(before=lambda: forks.append(1))
    preview = LivePreview(preview.options, preview.watched, _resident_build=engine)
    article = tiny.article("press/2020/a.md")

    def page() -> str:
        return (preview.site / "press/2020/05/a/index.html").read_text("utf-8")

    async def edit() -> None:
        await preview.build()
        engine.halts = True
        building = asyncio.create_task(preview.build())
        await asyncio.to_thread(engine.has_begun.wait)
        forks.clear()
        article.write_text(f"{article.read_text('utf-8')}\nそのあいだの一文です。\n", "utf-8")
        await preview.show([article])
        assert "そのあいだの一文です。" in page() and forks == []
        engine.may_go_on.set()
        await building
        assert "そのあいだの一文です。" in page()

    asyncio.run(edit())
