"""The codes of an issue's composition (I), and why each rule is there."""

from __future__ import annotations

from plugins.diagnostics import RuleDescription

RULES = (
    RuleDescription("I101", "前の号に載せた記事", "an article that an earlier issue carried", "同じ記事を二度送ると、読む人が離れます。もう一度載せるなら、そう書きます", "readers leave when the same article comes twice; write 'again' if it is meant", "", "::記事 ../../press/2021/a.md", "::記事 ../../press/2021/a.md もう一度"),
    RuleDescription("I102", "一つの号に二度ある記事", "an article that is twice in one issue", "どちらかを消し忘れています", "one of the two lines was forgotten"),
    RuleDescription("I103", "載せるもののない号", "an issue with nothing in it", "中身のない号を受け取る人は、次の号を開きません", "whoever gets an empty issue does not open the next"),
    RuleDescription("I104", "書き終えていない号", "an unfinished issue", "〔ここに…〕は todoke new issue が置いた目印です", "todoke new issue marks with 〔ここに…〕 what a person has to write"),
)  # fmt: skip
