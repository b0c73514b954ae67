"""Telegrams of the Meteorological Agency become drafts and nothing else; hostile ones become one line. The samples are ours, after the published element names."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugins.emergency.jma_telegram import LARGEST, UnreadableTelegram, parse_telegram, read_telegram
from plugins.emergency.new_notice import check_new, from_telegram
from tests.samples.tiny import NOW, TinySite

TELEGRAM = """<?xml version="1.0" encoding="UTF-8"?>
<Report xmlns="http://xml.kishou.go.jp/jmaxml1/">
<Control><Title>気象警報・注意報</Title><DateTime>2021-03-31T00:00:00Z</DateTime><Status>{status}</Status>
<EditorialOffice>見本気象台</EditorialOffice><PublishingOffice>見本地方気象台</PublishingOffice></Control>
<Head xmlns="http://xml.kishou.go.jp/jmaxml1/informationBasis1/">
<Title>宮城県土砂災害警報・注意報</Title><ReportDateTime>2021-03-31T09:00:00+09:00</ReportDateTime>
<TargetDateTime>2021-03-31T09:00:00+09:00</TargetDateTime><EventID/><InfoType>{info_type}</InfoType><Serial/><InfoKind>気象警報・注意報</InfoKind>
<InfoKindVersion>1.0_0</InfoKindVersion>
<Headline><Text>{text}</Text>
<Information type="市町村等"><Item><Kind><Name>{kind}</Name><Code>00</Code></Kind>
<Areas codeType="市町村等"><Area><Name>石巻市</Name><Code>0420200</Code></Area><Area><Name>女川町</Name><Code>0458100</Code></Area></Areas></Item>
<Item><Kind><Name>レベル2大雨注意報</Name><Code>00</Code></Kind><Areas codeType="市町村等"><Area><Name>仙台市東部</Name><Code>0410001</Code></Area></Areas></Item>
<Item><Kind><Name>暴風警報解除</Name><Code>00</Code></Kind><Areas codeType="市町村等"><Area><Name>白石市</Name><Code>0420600</Code></Area></Areas></Item>
</Information></Headline></Head>
<Body/></Report>"""


def telegram(
    kind: str = "レベル4土砂災害危険警報",
    status: str = "通常",
    info_type: str = "発表",
    text: str = "牡鹿半島では土砂災害の危険がとても高くなっています。",
) -> bytes:
    return TELEGRAM.format(kind=kind, status=status, info_type=info_type, text=text).encode()


def test_a_warning_becomes_a_draft_with_its_level_places_and_moment(tiny: TinySite) -> None:
    source = from_telegram(parse_telegram(telegram()), tiny.registry(), "notices", "")
    assert source.path.as_posix() == "notices/2021/notice-0331-0900.md"
    assert check_new(source, tiny.registry(), NOW) == []
    rows = dict(line.split(": ", 1) for line in source.text.split("---")[1].strip().splitlines())
    assert (rows["level"], rows["hazard"], rows["draft"], rows["date"]) == ("4", '"土砂災害"', "true", "2021-03-31 09:00")
    assert rows["municipalities"] == '["石巻市", "女川町"]' and "仙台市東部" in rows["areas"] and "白石市" not in source.text
    tiny.write(str(source.path), source.text)
    assert tiny.library().live() == []


@pytest.mark.parametrize(
    ("kind", "level", "severity", "hazard"),
    [
        ("レベル5氾濫特別警報", 5, "特別警報", "氾濫"),
        ("レベル３高潮警報", 3, "警報", "高潮"),
        ("大津波警報", None, "特別警報", "津波"),
        ("津波注意報", None, "注意", "津波"),
        ("震度５弱", None, "情報", "地震"),
    ],
)
def test_kinds_give_level_weight_and_hazard(kind: str, level: int | None, severity: str, hazard: str) -> None:
    found = parse_telegram(telegram(kind).replace("レベル2大雨注意報".encode(), b"") if level is None else telegram(kind))
    assert found.hazard == hazard
    assert found.severity == severity
    assert found.level == level


def test_a_drill_of_the_agency_becomes_a_drill_and_a_test_is_refused(tiny: TinySite) -> None:
    source = from_telegram(parse_telegram(telegram(status="訓練")), tiny.registry(), "drills", "a")
    assert source.path.parts[0] == "drills" and 'title: "【訓練】' in source.text
    with pytest.raises(UnreadableTelegram, match="試験"):
        parse_telegram(telegram(status="試験"))


def test_a_withdrawn_telegram_has_no_level(tiny: TinySite) -> None:
    source = from_telegram(parse_telegram(telegram(info_type="取消")), tiny.registry(), "notices", "a")
    assert "level:" not in source.text and 'severity: "情報"' in source.text and "取り消されました" in source.text


BOMB = b'<?xml version="1.0"?><!DOCTYPE Report [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><Report>&b;</Report>'
FILE = b'<?xml version="1.0"?><!DOCTYPE Report [<!ENTITY a SYSTEM "file:///etc/passwd">]><Report>&a;</Report>'


@pytest.mark.parametrize(
    "data",
    [
        b"", b"x", b"<Report/>", BOMB, FILE, BOMB.decode().encode("utf-16"), b"<a>" * 100_000, telegram()[:600],
        telegram().replace(b"2021-03-31T09:00:00+09:00", b"soon"), telegram().replace(b"+09:00", b""), telegram().replace(b"<Head ", b"<Foot "),
        b'<?xml version="1.0" encoding="nonsense"?><Report/>', b"\xff\xfe\x00",
    ],
)  # fmt: skip
def test_what_is_no_telegram_is_refused_with_words(data: bytes) -> None:
    with pytest.raises(UnreadableTelegram, match=" / "):
        parse_telegram(data)


def test_a_file_that_is_too_large_or_no_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "large.xml").write_bytes(b" " * (LARGEST + 1))
    for file in (tmp_path / "large.xml", tmp_path, Path("/dev/zero")):
        with pytest.raises(UnreadableTelegram):
            read_telegram(file)


@given(st.text(max_size=300), st.text(max_size=300))
def test_whatever_a_telegram_says_the_draft_is_a_source_with_the_keys_that_we_wrote(kind: str, text: str) -> None:
    from xml.sax.saxutils import escape

    try:
        found = parse_telegram(telegram(escape(kind), text=escape(text)))
    except UnreadableTelegram:  # a character that XML does not have
        return
    assert "\n" not in found.headline and all("\n" not in each for each in found.kinds)
    assert found.reported == dt.datetime.fromisoformat("2021-03-31T09:00:00+09:00")
