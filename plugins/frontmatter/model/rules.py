"""The codes of front matter (F), of publications.toml (R1) and of tables in general (D1), and why each rule is there. None can be switched off."""

from __future__ import annotations

from plugins.diagnostics import RuleDescription

RULES = tuple(
    RuleDescription(*row)
    for row in (
        ("F101", "大きすぎるファイル", "a file that is too large", "原稿は文章です。1MBを超えるのは、画像を本文に埋め込んだときです", "a source is text; only an embedded picture makes it larger than 1 MB"),
        ("F102", "UTF-8でないファイル", "a file that is not UTF-8", "ほかの文字コードで読むと、別の字になって公開されます", "read in another encoding, the text would go public as other characters"),
        ("F103", "見えない制御文字", "a control character", "見えない字は、画面やメールを壊したり、文の向きを変えて別の語に見せたりします", "invisible characters break pages and mail, or turn the reading direction and make a word look like another", "Unicode TR 36"),
        ("F104", "題名や日付のないファイル", "a file without front matter", "題名と日付がないと、ページの名前も並べる順番も決まりません", "without title and date a page has neither a name nor a place in the lists"),
        ("F105", "読めないYAML", "front matter that is not YAML", "「: 」や「#」は、YAMLでは区切りやコメントの印です", "a colon with a space and a number sign have a meaning in YAML", "YAML 1.1", "title: 時間: 10時", 'title: "時間: 10時"'),
        ("F106", "読めない原稿", "a source that cannot be read", "一つの原稿の誤りで、ほかの原稿まで止まらないように、その名前を示します。詳しくは --debug で出ます", "one source must not stop all others: its name is told, and --debug shows the details"),
        ("F107", "時間のかかりすぎる原稿", "a source that takes too long", "一つの原稿を読むのに計算で5秒を超えると、サイト全体が待たされます", "one source that needs more than 5 seconds of computing would hold up the whole site"),
        ("F108", "限りを超える原稿", "a source that goes past a bound", "深すぎる入れ子や長すぎる並びは、書き誤りです。読む道具も止めてしまいます", "nesting that is too deep, or a list that is too long, is a slip, and stops the tools that read it"),
        ("F201", "なくてはならない項目", "a missing field", "この項目がないと、ページが作れません", "the page cannot be made without this field"),
        ("F202", "知らない項目", "an unknown field", "つづりの違う項目は、だまって捨てると気付かれません", "a misspelt field would be dropped and nobody would notice", "", "titel: 駅が開きました", "title: 駅が開きました"),
        ("F203", "形の違う値", "a value of the wrong type", "並び、ことば、true と false は、書き方が違います", "lists, text, and true or false are written differently", "", "municipalities: 石巻市", "municipalities: [石巻市]"),
        ("F204", "決まったことばでない値", "a value that is not among the allowed words", "決まったことばだけが、並べ方や表示に使えます", "sorting and display know the allowed words only"),
        ("F205", "空の値", "an empty value", "空のままでは、読む人に何も伝わりません", "an empty value tells readers nothing"),
        ("F206", "長すぎる値", "a value that is too long", "長い題名は、メールの件名や一覧で途中までしか見えません", "a long title is cut off in the subject of a mail and in lists"),
        ("F207", "アドレスに使えない字", "characters that cannot be in an address", "半角の英小文字、数字、ハイフンだけが、どこでも同じアドレスになります", "only a-z, 0-9 and hyphens give the same address everywhere", "RFC 3986"),
        ("F208", "読めない値", "a value that cannot be read", "日付、市町村、テーマなどは、書いたとおりに推し量らず、決まった書き方だけを受け付けます", "dates, places, topics and the like are accepted in their one form only: a guess could publish something false", "", "date: 2020年1月2日", "date: 2020-01-02"),
        ("F209", "正しくない値", "a value that does not hold", "項目の決まりに合わない値です", "the value breaks a constraint of its field"),
        ("F301", "知らない出版物", "an unknown publication", "フォルダーの名前で、どの出版物の記事かが決まります", "the folder names the publication of an article"),
        ("F302", "知らない種類", "an unknown content type", "種類で、書ける項目と表示が決まります", "the content type decides on fields and display"),
        ("F303", "知らない配信先", "an unknown mail list", "フォルダーの名前で、どのメールの号かが決まります", "the folder names the mail list of an issue"),
        ("F304", "アドレスにならないファイルの名前", "a file name that cannot be an address", "ファイルの名前がページのアドレスになり、公開したあとは変えられません", "the file name becomes the address of the page, and never changes after publication", "RFC 3986"),
        ("F305", "二つのページの同じアドレス", "one address for two pages", "あとのページが先のページを消してしまいます", "the second page would replace the first"),
        ("F401", "行き先のないリンク", "a link that leads nowhere", "読む人が行き止まりに着きます", "readers would come to a dead end"),
        ("F402", "説明のない画像", "an image without alt text", "見えない人、画像を読み込めない人に、何も伝わりません", "people who do not see the image, or cannot load it, get nothing", "JIS X 8341-3 1.1.1", "![](../../images/a.png)", "![高台の新しい家並み](../../images/a.png)"),
        ("F403", "ない画像", "a missing image", "画像は content/images/ に置きます", "images belong into content/images/"),
        ("F404", "読めない画像", "an image that cannot be read", "大きさが分からないと、読み込む間に文章が動きます", "without its size, text moves while the image loads"),
        ("F405", "途中で壊れている画像", "a broken image", "一部しか見えない画像が公開されます", "a picture would go public of which only a part can be seen"),
        ("F406", "アドレスになっていないリンク先", "a link target that is no address", "どのブラウザーでも開けません", "no browser can open it", "RFC 3986", "[申込](https://[ここに])", "[申込](https://example.jp/)"),
        ("F407", "動くもののあるSVG", "an SVG file with something active in it", "SVGはスクリプトを持てる文書です。開いた人のところで動きます", "an SVG file is a document that can hold scripts: they run where it is opened", "SVG 2, 2.6"),
        ("F501", "ないファイル", "a missing file", "字幕、動画、PDFは content/files/ に置きます", "captions, films and PDFs belong into content/files/"),
        ("F502", "読めない字幕", "captions that players cannot read", "字幕がないと、聞こえない人に動画の内容が伝わりません", "without captions a film says nothing to people who do not hear", "WebVTT, JIS X 8341-3 1.2.2"),
        ("F503", "書き起こしのない動画", "a video without a transcript", "書き起こしは、見えない人にも、通信の弱いところの人にも届きます", "a transcript reaches people who do not see, and people on a weak network", "JIS X 8341-3 1.2.3"),
        ("F504", "読めないPDF", "a PDF that cannot be read", "パスワードの付いたPDFや壊れたPDFは、だれも開けません", "nobody can open a damaged PDF or one with a password"),
        ("F601", "読めない指示", "a directive that cannot be read", "読めない指示は、そのままの文字でメールに出てしまいます", "an unreadable directive would go out as it stands", "", "::催し すぐ", "::催し 4週間"),
        ("F602", "知らない出版物を指す指示", "a directive with an unknown publication", "知らない出版物からは何も載りません", "an unknown publication gives nothing"),
        ("F603", "数のない記事を指す ::数字", "::figures for an article without figures", "記事の figures にある数を文にします", "the directive writes the figures of an article as sentences"),
        ("F604", "まだ公開されていない記事", "an article that is not public yet", "号が届いたときに、リンクの先がありません", "when the issue arrives, its link would lead nowhere"),
        ("F701", "本文の「#」の見出し", "a heading with one #", "一つの「#」はページの題名の段です", "one # is the level of the page's title", "JIS X 8341-3 1.3.1", "# 駅が開きました", "## 駅が開きました"),
        ("F702", "本文に書けないHTML", "HTML that may not be in a body", "動くもの、よそから読み込むもの、見た目だけの指定は、読めない人を生みます", "what runs, loads or only styles shuts some readers out", "JIS X 8341-3 4.1.1"),
        ("R101", "ない設定のファイル", "a missing settings file", "出版物と市町村の一覧がないと、何も作れません", "nothing can be built without the lists of publications and municipalities"),
        ("R102", "読めないTOML", "settings that are not TOML", "publications.toml はTOMLで書きます", "publications.toml is written in TOML", "TOML 1.0"),
        ("R103", "正しくない設定", "a setting that does not hold", "publications.toml の項目の決まりに合わない値です", "the value breaks a constraint of its field in publications.toml"),
        ("R105", "正しくない市町村の行", "a row of the municipalities that does not hold", "市町村の名前と読みは、どのページにも出ます", "names and readings of municipalities are shown on every page"),
        ("D101", "UTF-8でない表", "a table that is not UTF-8", "表計算ソフトの「CSV UTF-8」で保存すると読めます", "a spreadsheet saves it so as CSV UTF-8"),
        ("D102", "列のない表", "a table without its columns", "列は名前で探します。順番は自由です", "columns are found by their names, in any order"),
        ("D103", "読めない表、大きすぎる表", "a table that cannot be read, or is too large", "閉じていない引用符が一つあると、残りの行がすべて一つの欄になります", "one quote that is not closed makes one cell of all lines that follow"),
    )
)  # fmt: skip
