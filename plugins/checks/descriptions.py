"""The codes of the checks that are no rules on one source: on the built site (H, L), on ``[checks]`` and on the facts of the last audit."""

from __future__ import annotations

from plugins.diagnostics import RuleDescription

RULES = (
    RuleDescription("H101", "HTMLの誤り", "an HTML error", "誤りのあるHTMLは、ブラウザーや読み上げソフトによって別のものになります", "browsers and screen readers repair an error each in its own way", "JIS X 8341-3 4.1.1"),
    RuleDescription("L101", "行き先のないアドレス", "an address that leads nowhere", "できたサイトに、そのページやファイルがありません", "the built site has no such page or file"),
    RuleDescription("L102", "目印のないアドレス", "an address without its anchor", "ページはありますが、「#」のあとの目印（id）がありません", "the page exists, but no element has the id after the number sign"),
    RuleDescription("L103", "メールの中の行き先のないアドレス", "an address in a mail that leads nowhere", "送ったメールは直せません", "a mail cannot be corrected once it is sent"),
    RuleDescription("L104", "ページやメールに残ったMarkdownの記号", "marks of Markdown that are left on a page or in a mail", "「**」や「](」が、読む人にそのまま見えます", "readers see ** and ]( as they are", "CommonMark 0.31.2"),
    RuleDescription("R104", "知らない規則や扱い", "an unknown rule or level", "つづりの違う規則は、だまって働かなくなります", "a misspelt rule would silently have no effect"),
    RuleDescription("D401", "読めない検査の結果", "audit results that cannot be read", "検査の結果のページは、make audit が書いたことだけを載せます", "the results page states only what make audit has written"),
)  # fmt: skip
