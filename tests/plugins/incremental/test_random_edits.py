"""After any sequence of edits, the incremental build has written what a full build writes, byte for byte."""

from __future__ import annotations

import datetime as dt
import os
import re
import shutil
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from plugins.builder.options import BuildOptions
from plugins.builder.run import build, verify
from plugins.diagnostics import ContentErrors
from tests.samples import unforked
from tests.samples.tiny import NOW, PUBLICATIONS, make_site

PICTURE = """---
title: 絵のある話
date: 2020-05-05
---
本文です。

![海の色をした板](../../images/sea.png)
"""


class Edits(RuleBasedStateMachine):
    """Edits a site at random. After each edit, the incremental build equals a full build."""

    @initialize()
    def create_site(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.tiny = make_site(self.folder)
        self.now, self.is_built = NOW, False
        theme = self.folder / "theme"
        shutil.copytree("themes/miyagi", theme)
        self.settings = self.folder / "settings.py"
        self.settings.write_text(
            f"import sys\nsys.path.insert(0, {str(Path.cwd())!r})\nfrom pelicanconf import *\nTHEME = {str(theme)!r}\n"
        )
        for number in range(4):
            self.tiny.article(f"press/2020/a{number}.md", f"第{number}話", f"2020-0{number + 1}-01")
        self.tiny.image()
        self.tiny.write("press/2020/picture.md", PICTURE)
        self.tiny.write(
            "mail/press/1.md", "---\ntitle: 号\ndate: 2020-06-01\n---\nこんにちは。\n\n## 話題\n\n前書きです。\n\n::前号から press\n"
        )

    def teardown(self) -> None:
        shutil.rmtree(self.folder)

    @property
    def options(self) -> BuildOptions:
        return BuildOptions(
            self.now, self.tiny.content, self.folder / "publications.toml", self.tiny.output, self.settings, validate_mail=False
        )

    def articles(self) -> list[Path]:
        return sorted(self.tiny.content.glob("press/*/a*.md"))

    @rule(
        number=st.integers(0, 9),
        month=st.integers(1, 12),
        topic=st.sampled_from(["住まい", "道路・交通"]),
        word=st.sampled_from(["春", "夏", "秋"]),
    )
    def write(self, number: int, month: int, topic: str, word: str) -> None:
        self.tiny.write(
            f"press/2020/a{number}.md",
            f"---\ntitle: 第{number}話（{word}）\ndate: 2020-{month:02}-0{number + 1 if number < 9 else 9}\ntopics: [{topic}]\n---\n{word}の話です。\n\n## 見出し\n\n本文です。\n",
        )

    @rule(number=st.integers(0, 3), word=st.sampled_from(["直した", "足した"]))
    def edit_body(self, number: int, word: str) -> None:
        for file in self.articles()[number : number + 1]:
            file.write_text(file.read_text(encoding="utf-8") + f"\n{word}段落。\n", encoding="utf-8")

    @rule(number=st.integers(0, 3))
    def delete(self, number: int) -> None:
        for file in self.articles()[2:][number : number + 1]:
            file.unlink()

    @rule(number=st.integers(0, 3))
    def expire(self, number: int) -> None:
        for file in self.articles()[number : number + 1]:
            text = file.read_text(encoding="utf-8")
            end = "2021-04-06" if "\ndate: 2021-04" in text else "2021-04-01"  # after its date
            if "\nexpires: " not in text:
                file.write_text(text.replace("\n---\n", f"\nexpires: {end}\n---\n", 1), encoding="utf-8")

    @rule(days=st.integers(1, 3))
    def let_time_pass(self, days: int) -> None:
        self.now += dt.timedelta(days=days)

    @rule(day=st.integers(1, 5))
    def write_notice(self, day: int) -> None:
        self.tiny.write(
            f"notices/2021/n{day}.md",
            f"---\ntitle: 通行止め{day}\ndate: 2021-03-30\nseverity: 注意\nexpires: 2021-04-0{day}\n---\n通れません。\n",
        )

    @rule(name=st.sampled_from(["復興プレス", "新しい名前"]))
    def rename_publication(self, name: str) -> None:
        (self.folder / "publications.toml").write_text(PUBLICATIONS.replace("復興プレス", name), encoding="utf-8")

    @rule(
        name=st.sampled_from(["base.html", "parts.html", "article.html", "fragments/row.html", "fragments/foot.html"]),
        mark=st.sampled_from(["一", "二"]),
    )
    def edit_template(self, name: str, mark: str) -> None:
        file = self.folder / "theme" / "templates" / name
        file.write_text(file.read_text(encoding="utf-8") + f"{{# {mark} #}}", encoding="utf-8")

    @rule(number=st.integers(0, 3), name=st.sampled_from(["moved", "renamed"]))
    def move(self, number: int, name: str) -> None:
        for file in self.articles()[1:][number : number + 1]:
            file.rename(file.with_name(f"{file.stem.split('-')[0]}-{name}.md"))

    @rule(number=st.integers(0, 3), other=st.integers(0, 3))
    def link(self, number: int, other: int) -> None:
        for file, to in zip(self.articles()[number : number + 1], self.articles()[other : other + 1], strict=False):
            file.write_text(f"{file.read_text(encoding='utf-8')}\n[次の話]({to.name})\n", encoding="utf-8")

    @rule(sample=st.booleans())
    def edit_settings(self, sample: bool) -> None:
        self.settings.write_text(f"{self.settings.read_text(encoding='utf-8')}\nFURIGANA = {sample}\n", encoding="utf-8")

    @rule(shade=st.integers(0, 3))
    def recolour_image(self, shade: int) -> None:
        self.tiny.image(shade=shade)

    @rule()
    def change_all_times(self) -> None:
        """As after a fresh checkout: the same bytes, other times."""
        for file in self.tiny.content.rglob("*.*"):
            os.utime(file, (self.now.timestamp(), self.now.timestamp()))

    @rule(word=st.sampled_from(["朝", "夕"]))
    def import_partner(self, word: str) -> None:
        self.tiny.write(
            "partners/blog/2020/20200501-abc.md",
            f"---\ntitle: 浜の{word}\ndate: 2020-05-01 06:00\noriginal: https://blog.example.com/1\nauthor: 見本\nlicence: CC BY 4.0\nfeed: blog\n"
            f"entry_id: x:1\nfirst_seen: 2020-05-02\nhash: abc\n---\n<p>浜の{word}です。</p>\n",
        )

    @invariant()
    def equals_a_full_build(self) -> None:
        try:
            self._build()
        except ContentErrors as errors:  # a link to a moved document: remove the link, as an editor would
            for diagnostic in errors.diagnostics:
                file = self.folder / diagnostic.path
                file.write_text(re.sub(r"\n\[次の話\]\(.*\)\n", "", file.read_text(encoding="utf-8")), encoding="utf-8")
            self._build()
        if self.is_built:  # the first build is a full one
            assert verify(self.options, self.folder / "full") == []
        self.is_built = True

    def _build(self) -> None:
        """The pages are divided among processes here, and in the build with which this one is compared they are not."""
        with unforked.forking():
            build(self.options)


Edits.TestCase.settings = settings(max_examples=6, stateful_step_count=10, deadline=None, suppress_health_check=list(HealthCheck))
TestEdits = Edits.TestCase
