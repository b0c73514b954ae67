"""What an entry could run in a browser or a mail client is gone from both."""

from __future__ import annotations

import html5lib

from plugins.partners.sanitize.sanitizer import sanitize
from plugins.typography.phrases import BREAK
from tests.samples.tiny import TinySite

ATTACKS = (
    "<script>alert(1)</script><p onclick=alert(1)>a</p><a href=javascript:alert(1)>b</a><form action=//evil><input></form><base href=//evil>"
    "<meta http-equiv=refresh content='0;url=//evil'><style>*{display:none}</style><p style='position:fixed'>c</p><svg onload=alert(1)><iframe src=//evil>"
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=alert(1)&gt;'></table></math>{{ 7*7 }} {attach}/etc/passwd"
)
FORBIDDEN = {"script", "form", "input", "base", "meta", "style", "svg", "math", "iframe", "object", "embed"}


def dangerous_markup(html: str, *, chrome: bool) -> list[str]:
    """What a browser would run. ``chrome``: a whole page, whose head is ours."""
    parser = html5lib.HTMLParser(namespaceHTMLElements=False)
    tree = parser.parse(html) if chrome else parser.parseFragment(html)
    dangerous = []
    for element in tree.iter():
        if not isinstance(element.tag, str):
            continue
        if not chrome and element.tag in FORBIDDEN:
            dangerous.append(element.tag)
        dangerous += [f"{element.tag} {name}" for name, value in element.attrib.items() if name.startswith("on") or "javascript:" in value]
    return dangerous


def test_attacks_are_gone_from_the_page_and_from_the_mail(tiny: TinySite) -> None:
    body = sanitize(ATTACKS, "http://a.example/1", "http://a.example/1")
    assert dangerous_markup(body, chrome=False) == [] and "style" not in body
    tiny.write(
        "partners/blog/2020/20200501-aa.md",
        "---\ntitle: '</title><script>alert(1)</script> {{ 7*7 }} {attach}/x'\ndate: 2020-05-01 06:00\noriginal: https://blog.example.com/1\n"
        'author: "<b onclick=x>a"\nlicence: CC\nfeed: blog\nentry_id: x:1\nfirst_seen: 2020-05-02\nhash: abc\n---\n\n' + body,
    )
    tiny.write("mail/press/1.md", "---\ntitle: 五月\ndate: 2020-05-10\n---\nこんにちは。\n\n## 協力ブログから\n\n::前号から partners\n")
    tiny.build()
    page_html = tiny.page("/partners/blog/2020/05/20200501-aa/")
    mail = (tiny.output / "mail/press/1/mail.html").read_text("utf-8")
    for html in (page_html, mail):
        assert dangerous_markup(html, chrome=True) == []
        assert "<script>alert" not in html and "{{ 7*7 }}" in html.replace(BREAK, "")
    assert "協力ブログから" in mail and "/partners/blog/2020/05/20200501-aa/" in mail
