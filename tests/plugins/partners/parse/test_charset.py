"""Bytes of a feed → text, whatever the label says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugins.partners.parse.charset import decode
from plugins.partners.parse.jis import decode_euc_jp, decode_iso_2022_jp


def euc(text: str) -> bytes:
    """Encode as browsers and Windows do: the characters that Python's codec lacks by way of cp932."""
    out = bytearray()
    for char in text:
        data = char.encode("cp932")
        if len(data) == 2:
            first, second = data
            row = (first - (0x81 if first < 0xA0 else 0xC1)) * 2 + (second >= 0x9F)
            cell = second - (0x9F if second >= 0x9F else 0x40 if second < 0x7F else 0x41)
            out += bytes([row + 0xA1, cell + 0xA1])
        else:
            out += data
    return bytes(out)


def seven_bit(text: str) -> bytes:
    return b"\x1b$B" + bytes(byte & 0x7F for byte in euc(text)) + b"\x1b(B"


DECLARED = '<?xml version="1.0" encoding="{}"?>'
ROW_13 = "①②の申込み㈱浜商店平成㍻〝題〟№℡"
IBM = b"\xfc\xe2\xf9\xd4\xfb\xb2"  # 髙, and two more of the rows 89 to 92


def test_nec_row_13_is_read_in_euc_jp_and_iso_2022_jp() -> None:
    assert decode_euc_jp(euc(ROW_13)) == ROW_13
    assert decode(DECLARED.format("EUC-JP").encode() + b"<rss>" + euc(ROW_13), "") == f"<rss>{ROW_13}"
    assert decode(DECLARED.format("ISO-2022-JP").encode() + b"<rss>" + seven_bit(ROW_13), "") == f"<rss>{ROW_13}"


def test_the_ibm_characters_are_read_in_euc_jp_and_iso_2022_jp() -> None:
    text = decode_euc_jp(IBM)
    assert text[0] == "髙" and len(text) == 3 and "\ufffd" not in text
    assert decode_iso_2022_jp(b"\x1b$B" + bytes(byte & 0x7F for byte in IBM) + b"\x1b(B") == text


def test_every_character_of_index_jis0208_is_read_as_windows_reads_it() -> None:
    for lead in range(0x21, 0x7F):
        for trail in range(0x21, 0x7F):
            first = (lead - 0x21) // 2 + (0x81 if lead - 0x21 < 62 else 0xC1)
            second = trail - 0x21 + (0x9F if lead % 2 == 0 else 0x40 if trail - 0x21 < 63 else 0x41)
            try:
                expected = bytes([first, second]).decode("cp932")
            except UnicodeDecodeError:
                continue
            assert decode_euc_jp(bytes([lead | 0x80, trail | 0x80])) == expected
            assert decode_iso_2022_jp(b"\x1b$B" + bytes([lead, trail]) + b"\x1b(B") == expected


def test_the_other_character_sets_of_iso_2022_jp_are_read() -> None:
    assert decode_iso_2022_jp(b"a\x1b(J\\~\x1b(I\x31\x1b$@F|\x1b(B\\") == "a¥‾ｱ日\\"
    assert decode_iso_2022_jp(b"\x1b$BF|\nabc") == "日\nabc", "the end of a line ends two-byte characters"
    assert decode_euc_jp(b"\x8e\xb1\x8f\xb0\xa1") == "ｱ" + b"\x8f\xb0\xa1".decode("euc_jp")


@pytest.mark.parametrize("encoding", ["EUC-JP", "ISO-2022-JP"])
def test_one_broken_byte_spoils_one_character_only(encoding: str) -> None:
    whole = euc("浜の日記") if encoding == "EUC-JP" else seven_bit("浜の日記")
    text = decode(DECLARED.format(encoding).encode() + b"<rss>" + whole + b"\xff" + whole, "")
    assert text.startswith("<rss>浜の日記") and text.endswith("浜の日記") and text.count("\ufffd") == 1


WESTERN = "Expansão dos Parâmetros – à propos de Île-de-France, café, Übergrößen, niño"


@pytest.mark.parametrize("label", ["ISO-8859-1", "windows-1252", "ISO-8859-15", "latin1"])
@pytest.mark.parametrize("place", ["xml", "http"])
def test_a_declared_western_encoding_is_believed(label: str, place: str) -> None:
    encoding = "cp1252" if label != "ISO-8859-15" else "iso8859-15"
    text = WESTERN.replace("–", "-") if label == "ISO-8859-15" else WESTERN
    for words in (text, "Expansão", "Parâmetros", "café", "ção"):
        declaration = DECLARED.format(label).encode() if place == "xml" else b""
        content_type = f"text/xml; charset={label}" if place == "http" else ""
        assert decode(declaration + f"<rss>{words}".encode(encoding), content_type) == f"<rss>{words}"


@pytest.mark.parametrize("label", ["koi8-r", "windows-1251"])
def test_a_declared_cyrillic_encoding_is_believed(label: str) -> None:
    assert decode(DECLARED.format(label).encode() + "<rss>Новости города".encode(label), "") == "<rss>Новости города"


@pytest.mark.parametrize("encoding", ["euc_jp", "cp932"])
def test_japanese_bytes_refute_a_western_label(encoding: str) -> None:
    assert decode("<rss>浜のたよりです".encode(encoding), "text/xml; charset=ISO-8859-1") == "<rss>浜のたよりです"


def test_euc_jp_bytes_refute_a_label_of_shift_jis_and_the_other_way_round() -> None:
    assert decode("<rss>浜のたよりです".encode("euc_jp"), "text/xml; charset=Shift_JIS").endswith("です")
    assert decode("<rss>浜のたよりです。髙".encode("cp932"), "text/xml; charset=EUC-JP") == "<rss>浜のたよりです。髙"


def test_nearly_all_utf8_is_utf8_whatever_the_label() -> None:
    body = "<rss>復興の町と浜のたよりです。わかめの芽が出ました。".encode() + b"\xe6\x97"
    for label in ("", "text/xml; charset=us-ascii", "text/xml; charset=ISO-8859-1"):
        assert decode(body, label).startswith("<rss>復興の町と浜のたよりです。")


@given(
    st.binary(max_size=300),
    st.sampled_from(["", "utf-8", "euc-jp", "iso-2022-jp", "shift_jis", "iso-8859-1", "big5", "utf-16", "hz-gb-2312", "zip"]),
)
def test_no_bytes_break_the_decoder(body: bytes, label: str) -> None:
    text = decode(body, f"text/xml; charset={label}")
    assert not set(text) & set("\x00\x08\x0b\x1f\ufffe\uffff")


JAPANESE = st.text(st.sampled_from("あいうえおアイウ漢字浜髙①㈱～−。、abc <>&"), min_size=1, max_size=40).map(
    lambda text: text.replace("−", "－")
)


@given(JAPANESE)
def test_declared_japanese_text_comes_back(text: str) -> None:
    assert decode(DECLARED.format("EUC-JP").encode() + b"<rss>" + euc(text), "") == f"<rss>{text}"
    assert decode(DECLARED.format("Shift_JIS").encode() + b"<rss>" + text.encode("cp932"), "") == f"<rss>{text}"
