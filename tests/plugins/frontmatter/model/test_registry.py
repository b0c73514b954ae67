"""``publications.toml`` and the municipalities: whatever stands in them, every mistake is told with file and line, and none ends in a traceback."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plugins.diagnostics import ContentErrors
from tests.samples.tiny import PLACES, PUBLICATIONS, TinySite, make_site

TABLE = "content/data/municipalities.csv"


def faults_of(site: TinySite) -> list[tuple[str, int, str]]:
    with pytest.raises(ContentErrors) as caught:
        site.registry()
    return [(str(found.path), found.line, found.rule) for found in caught.value.diagnostics]


@pytest.mark.parametrize(
    ("data", "line", "rule"),
    [
        (PLACES.encode("cp932"), 2, "D101"),
        (PLACES.replace("reading", "yomi").encode(), 1, "D102"),
        (PLACES.replace(",", ";").encode(), 1, "D102"),
        (f"{PLACES}042013,仙台市\n".encode(), 4, "R105"),
        (f'{PLACES}042013,仙台市,"いし<img src=x onerror=alert(3)>",sendai\n'.encode(), 4, "R105"),
        (f"{PLACES}042013,仙台市,せんだいし,../sendai\n".encode(), 4, "R105"),
        (f"{PLACES}042013,<b>,せんだいし,sendai\n".encode(), 4, "R105"),
        (f"{PLACES}042013,石巻市,いしのまきし,sendai\n".encode(), 4, "R105"),
        (f"{PLACES}042013,仙台市,せんだいし,ishinomaki\n".encode(), 4, "R105"),
        (b"", 1, "D102"),
        ("code,name,reading,slug,site\n042021,石巻市,いしのまきし,ishinomaki,www.example.jp\n".encode(), 2, "R105"),
        ("code,name,reading,slug,neighbours\n042021,石巻市,いしのまきし,ishinomaki,女川町\n".encode(), 2, "R105"),
        ("code,name,reading,slug,neighbours\n042021,石巻市,いしのまきし,ishinomaki,石巻市\n".encode(), 2, "R105"),
    ],
)
def test_a_mistake_in_the_table_of_municipalities_is_told_with_its_line(tiny: TinySite, data: bytes, line: int, rule: str) -> None:
    (tiny.content / "data/municipalities.csv").write_bytes(data)
    assert set(faults_of(tiny)) == {(TABLE, line, rule)}


@pytest.mark.parametrize(
    ("before", "after", "line"),
    [
        ("[site]", 'publications = 5\n[site]\ntimezone = "Asia/Tokyo"', 1),
        ("sample = true", 'timezone = "Asia/Tokio"', 2),
        ("sample = true", 'timezone = "Asia"', 2),
        ("sample = true", 'timezone = "../../../etc/passwd"', 2),
        ("sample = true", 'timezone = ""', 2),
        ('title = "とどけ"', 'title = ""', 2),
        ('title = "とどけ"', f'title = "{"長" * 201}"', 2),
        ('title = "とどけ"', 'title = "\u200b\u2060\u3164"', 2),
        ('title = "復興プレス メール版"', 'title = "復興\\nBcc: all@example.jp"', 46),
        ("[topics]", "[topics]\nother = 5", 46),
        ('reason = "お申し込みいただいた方にお送りしています。"', "reason = [1]", 46),
        ("[topics]", 'feeds = "x"\n[topics]', 46),
        ("[topics]", '[feeds.a]\ntitle = "a"\nsite = "javascript:alert(1)"\nauthor = "a"\nlicence = "a"\n[topics]', 46),
        ("sample = true", 'data_license = {name = "a", url = "https://[a", summary = "a"}', 2),
    ],
)
def test_a_setting_that_does_not_hold_is_told(tiny: TinySite, before: str, after: str, line: int) -> None:
    text = PUBLICATIONS.replace(before, after)
    text = text if "publications = 5" not in text else text.split("[publications.press]")[0]
    (tiny.root / "publications.toml").write_text(text, encoding="utf-8")
    ((path, found, rule),) = faults_of(tiny)
    assert (path, rule) == ("publications.toml", "R103")
    assert 1 <= found <= line + 30


def test_the_key_that_the_mailer_keeps_for_digests_is_no_list(tiny: TinySite) -> None:
    text = PUBLICATIONS.replace("[lists.press]", "[lists.digest]").replace('list = "press"', 'list = "digest"')
    assert text != PUBLICATIONS
    (tiny.root / "publications.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ContentErrors, match="digest is kept for mails of several lists"):
        tiny.registry()


def test_mistakes_of_both_files_are_told_together(tiny: TinySite) -> None:
    (tiny.content / "data/municipalities.csv").write_bytes(PLACES.encode("cp932"))
    (tiny.root / "publications.toml").write_text("a = ", encoding="utf-8")
    assert faults_of(tiny) == [(TABLE, 2, "D101"), ("publications.toml", 1, "R102")]


TOML_VALUES = st.sampled_from(
    ["5", "[]", "{}", "true", "1979-05-27", '""', '"a/b"', "inf", "[[1], {a = 1}]", '"https://["', '"Asia"', '"\\u202e"']
)


@settings(derandomize=True, max_examples=150, deadline=None)
@given(lines=st.lists(st.integers(0, PUBLICATIONS.count("\n")), min_size=1, max_size=5), value=TOML_VALUES)
def test_any_value_of_any_setting_is_a_registry_or_diagnostics(
    tmp_path_factory: pytest.TempPathFactory, lines: list[int], value: str
) -> None:
    site = make_site(tmp_path_factory.mktemp("toml"))
    changed = [
        f"{line.split(' = ')[0]} = {value}" if number in lines and " = " in line else line
        for number, line in enumerate(PUBLICATIONS.split("\n"))
    ]
    (site.root / "publications.toml").write_text("\n".join(changed), encoding="utf-8")
    try:
        site.registry()
    except ContentErrors as errors:
        assert {str(found.path) for found in errors.diagnostics} == {"publications.toml"}
