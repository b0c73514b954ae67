"""Edits a site at random, builds it after each edit in one resident process, and compares with a fresh build at random moments.

The suite runs a short sequence. A long one, which prints its counts: python -m tests.plugins.builder.resident.edits --examples 20 --steps 100
"""

from __future__ import annotations

import argparse
import datetime as dt
import random
import re
from collections import Counter
from dataclasses import replace

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule, run_state_machine_as_test

from plugins.builder.resident.engine import ResidentBuild
from plugins.builder.run import verify
from plugins.diagnostics import ContentErrors
from tests.plugins.incremental.test_random_edits import Edits

COUNTS: Counter[str] = Counter()
"""What was done: edits, those that were brought in at once, of these those for which Pelican ran again, comparisons."""

_COMPARED = 0.25
"""Edits after which the output is compared with a fresh build. A fault of an earlier edit is in the output still, or was mended by a whole build."""

JOB = "---\ntitle: 仲居さん\ndate: 2020-08-0{day}\nemployer: 見本旅館\nplace: 女川町\nemployment: パート\npay: 時給1,100円\nmunicipalities: [女川町]\ndeadline: 2021-05-0{day}\n---\n{word}の仕事です。\n"
EVENT = "---\ntitle: 集い\ndate: 2021-03-01\nkind: event\nstart: 2021-04-0{day} {hour}:00\nend: 2021-04-0{day} 17:00\nvenue: 駅前\nmunicipalities: [石巻市]\n---\n集まります。\n"
PAGE = "---\ntitle: このサイトについて\n---\n{word}のためのサイトです。\n"


class ResidentEdits(Edits):
    """The edits of `Edits`, and more of what is brought in at once."""

    engine: ResidentBuild | None = None

    @initialize(seed=st.integers(0, 1_000_000))
    def create_site(self, seed: int = 0) -> None:
        super().create_site()
        self.moments = random.Random(seed)
        self.begin_another_process()
        self.tiny.write("pages/about.md", PAGE.format(word="みなさま"))

    @rule(number=st.integers(0, 5), word=st.sampled_from(["新しい題", "もっと新しい題", "防災の題"]))
    def retitle(self, number: int, word: str) -> None:
        for file in self.articles()[number : number + 1]:
            file.write_text(re.sub("title: .*", f"title: {word}", file.read_text(encoding="utf-8"), count=1), encoding="utf-8")

    @rule(
        number=st.integers(0, 5), word=st.sampled_from(["春の段落。", "夏の段落。", "石巻市の段落。\n\n| 表 | 数 |\n|---|---|\n| あ | 1 |"])
    )
    def rewrite_body(self, number: int, word: str) -> None:
        for file in self.articles()[number : number + 1]:
            header = file.read_text(encoding="utf-8").split("\n---\n")[0]
            file.write_text(f"{header}\n---\n{word}\n", encoding="utf-8")

    @rule(number=st.integers(0, 5))
    def show_picture(self, number: int) -> None:
        for file in self.articles()[number : number + 1]:
            file.write_text(file.read_text(encoding="utf-8") + "\n![海の色をした板](../../images/sea.png)\n", encoding="utf-8")

    @rule(day=st.integers(1, 9), word=st.sampled_from(["朝", "夜"]))
    def write_job(self, day: int, word: str) -> None:
        self.tiny.write(f"jobs/2020/job{day}.md", JOB.format(day=day, word=word))

    @rule(day=st.integers(1, 5), number=st.integers(0, 3))
    def write_for_later(self, day: int, number: int) -> None:
        """An article that the clock publishes, with a link to it."""
        self.tiny.article(f"press/2020/a1{day}.md", f"{day}日の話", f"2021-04-0{day}")
        for file in self.articles()[number : number + 1]:
            file.write_text(f"{file.read_text(encoding='utf-8')}\n[次の話](a1{day}.md)\n", encoding="utf-8")

    @rule(hours=st.integers(1, 30))
    def turn_the_clock_back(self, hours: int) -> None:
        self.now -= dt.timedelta(hours=hours)

    @rule(day=st.integers(1, 4), hour=st.integers(9, 15))
    def write_event(self, day: int, hour: int) -> None:
        self.tiny.write(f"press/2020/e{day}.md", EVENT.format(day=day, hour=hour))

    @rule(day=st.integers(1, 9))
    def delete_job(self, day: int) -> None:
        (self.tiny.content / f"jobs/2020/job{day}.md").unlink(missing_ok=True)

    @rule(word=st.sampled_from(["みなさま", "県民"]))
    def rewrite_page(self, word: str) -> None:
        self.tiny.write("pages/about.md", PAGE.format(word=word))

    @rule(word=st.sampled_from(["こんにちは", "こんばんは"]))
    def rewrite_issue(self, word: str) -> None:
        self.tiny.write(
            "mail/press/1.md", f"---\ntitle: 号\ndate: 2020-06-01\n---\n{word}。\n\n## 話題\n\n前書きです。\n\n::前号から press\n"
        )

    @rule(reading=st.sampled_from(["おながわ", "をながわ"]))
    def edit_readings(self, reading: str) -> None:
        self.tiny.write("data/readings.csv", f"表記,読み\n女川,{reading}\n")

    @rule(name=st.sampled_from(["a0.md.swp", "a0.md~"]))
    def leave_a_copy_of_an_editor(self, name: str) -> None:
        self.tiny.write(f"press/2020/.{name}", "写し")

    @rule()
    def save(self) -> None:
        assert self.engine
        self.engine.save()

    @rule(then=st.sampled_from(["nothing", "an edit", "another moment"]))
    def let_the_next_moment_come(self, then: str) -> None:
        """It is made ahead; and perhaps something else is needed when it comes."""
        assert self.engine
        self.engine.save()
        until = self.engine.holds_until
        if until is None or until.year > self.now.year:
            return
        self.engine.look_ahead(until - dt.timedelta(seconds=1))
        COUNTS["looked ahead"] += 1
        self.now = until + dt.timedelta(hours=30 if then == "another moment" else 0, seconds=1)
        if then == "an edit":
            self.rewrite_body(0, "春の段落。")

    @rule()
    def begin_another_process(self) -> None:
        if self.engine:
            self.engine.save()
        self.engine = ResidentBuild(on_built=lambda _published: COUNTS.update(["built"]))

    @invariant()
    def equals_a_full_build(self) -> None:
        try:
            self._build()
        except ContentErrors as errors:  # a link to a moved document: remove the link, as an editor would
            for diagnostic in errors.diagnostics:
                file = self.folder / diagnostic.path
                file.write_text(re.sub(r"\n\[次の話\]\(.*\)\n", "", file.read_text(encoding="utf-8")), encoding="utf-8")
            self._build()
        if self.moments.random() < _COMPARED:
            COUNTS["comparisons"] += 1
            assert verify(replace(self.options, strict=True), self.folder / "full") == []

    def _build(self) -> None:
        assert self.engine
        changed, options = self.engine.changed_files(), replace(self.options, strict=True)
        built = COUNTS["built"]
        at_once = self.engine.edit(options, changed) if changed is not None else None
        COUNTS["edits"] += 1
        COUNTS["at once"] += at_once is not None
        COUNTS["gone on"] += COUNTS["built"] - built
        if at_once is None:
            self.engine.build(options)


def run(examples: int, steps: int) -> None:
    """Run ``examples`` sequences of at most ``steps`` edits each."""
    chosen = settings(
        max_examples=examples, stateful_step_count=steps, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True
    )
    run_state_machine_as_test(ResidentEdits, settings=chosen)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=20)
    parser.add_argument("--steps", type=int, default=100)
    options = parser.parse_args()
    run(options.examples, options.steps)
    print(dict(COUNTS))


if __name__ == "__main__":
    main()
