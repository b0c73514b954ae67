"""The codes of the gate, by what a mail must hold, and why."""

from __future__ import annotations

from plugins.diagnostics import RuleDescription

RULES = tuple(
    RuleDescription(*row)
    for row in (
        ("M101", "書かなければならないこと", "what every mail has to say", "発行者、住所、届く理由、止め方は、三つの形のどれにも書きます", "all three alternatives name the sender, the address, the reason and the way to stop", "特定電子メール法 第4条"),
        ("M102", "preheader のない号", "an issue without a preheader", "件名の次に見える一文がないと、メールの中の別のことばが出ます", "without it a mail program shows other words after the subject"),
        ("M201", "ことばと向きの指定", "language and direction", "指定がないと、読み上げソフトが別のことばで読みます", "without them a screen reader may speak in another language", "JIS X 8341-3 3.1.1"),
        ("M202", "見出し", "headings", "見出しを飛ばしながら読む人が、内容の組み立てを追えます", "people who read by headings can follow the structure", "JIS X 8341-3 1.3.1, 2.4.6"),
        ("M203", "表", "tables", "並べるための表とデータの表を、読み上げソフトが区別できます", "a screen reader can tell a layout table from a data table", "JIS X 8341-3 1.3.1"),
        ("M204", "画像", "images", "画像を読み込まないメールソフトは多く、説明だけが読まれます", "many mail programs load no images and show the alt text only", "JIS X 8341-3 1.1.1"),
        ("M205", "リンクのことば", "link words", "リンクだけを拾い読みする人にも、行き先が分かります", "people who go from link to link know where each leads", "JIS X 8341-3 2.4.4"),
        ("M206", "文字の大きさ", "the size of text", "小さい文字は、携帯電話では拡大しないと読めません", "small text cannot be read on a phone without zooming", "WCAG 2.2 1.4.4"),
        ("M301", "メールソフトで使えない書き方", "what mail programs do not support", "多くのメールソフトが消すか、別の形で表示します", "many mail programs drop it or show something else", "caniemail.com"),
        ("M302", "動くもの、よそから読み込むもの", "what runs or loads", "メールソフトが止めるか、迷惑メールとして捨てます", "mail programs block it, or throw the mail away as spam"),
        ("M303", "メールから開けないアドレス", "an address that a mail cannot open", "メールには、サイトのアドレスが前に付きません", "a mail has no base address"),
        ("M401", "色の対比", "colour contrast", "明るい画面、暗い画面、色を反転する画面のどれでも読めるようにします", "text can be read in light, dark and inverted colours", "WCAG 2.2 1.4.3"),
        ("M501", "https:// で始まらないアドレス", "an address that is not whole", "メールには、サイトのアドレスが前に付きません", "a mail has no base address"),
        ("M502", "サイトにないアドレス", "an address that is not on the site", "送ったメールは直せません", "a mail cannot be corrected once it is sent"),
        ("M503", "読者ごとのリンクの置き場所", "the places of a reader's own links", "よそのアドレスの中にあると、そのサイトが読者の配信を止められます", "inside another address it would let that site end readers' subscriptions"),
        ("M601", "テキスト版にないことばや順番", "words or order missing from the text part", "どの形で読む人にも、同じことが同じ順番で届きます", "readers of every alternative get the same in the same order", "RFC 2046 5.1.4"),
        ("M602", "飾りの記号", "drawn characters", "読み上げソフトが一つずつ読みます", "a screen reader speaks every sign", "WCAG 2.2 H86"),
        ("M603", "テキスト版の長い行、途中の空白", "long lines and gaps in the text part", "折り返しと読み上げが、ことばの途中で切れます", "wrapping and speech break inside a word", "RFC 5322 2.1.1, WCAG 2.2 F32"),
        ("M604", "軽い版の大きさ", "the size of the light part", "古い携帯電話や弱い電波でも受け取れる大きさにします", "old handsets and weak networks can receive it"),
        ("M701", "メールの大きさ", "the size of the mail", "Gmailは、およそ102kBから先を切り取って表示します", "Gmail clips a message at about 102 kB"),
        ("M801", "HTMLの誤り", "an HTML error", "誤りのあるHTMLは、メールソフトによって別のものになります", "mail programs repair an error each in its own way", "JIS X 8341-3 4.1.1"),
    )
)  # fmt: skip
