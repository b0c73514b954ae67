"""What two versions of a page have in common."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from publisher.targets.sftp.difference import WORTH, difference

PAGE = b"<html><!--urgent--><!--/urgent-->" + b"<p>text</p>" * 1_000


def test_of_a_page_with_a_new_banner_only_the_banner_is_sent() -> None:
    banner = "<aside>石巻市に避難指示</aside>".encode()
    new = PAGE.replace(b"<!--urgent-->", b"<!--urgent-->" + banner, 1)
    found = difference(PAGE, new)
    assert len(found.middle) == len(banner)
    assert found.is_worth_it


def test_a_banner_that_goes_needs_no_byte() -> None:
    old = PAGE.replace(b"<!--urgent-->", b"<!--urgent--><aside>over</aside>", 1)
    assert difference(old, PAGE).middle == b""


def test_a_page_of_a_few_bytes_is_not_worth_it() -> None:
    assert not difference(b"a" * WORTH, b"a" * (WORTH - 1)).is_worth_it
    assert difference(b"a" * WORTH, b"a" * WORTH + b"b").is_worth_it


@given(st.lists(st.binary(max_size=4), max_size=12), st.data())
def test_beginning_middle_and_end_make_the_new_version_again(parts: list[bytes], data: st.DataObject) -> None:
    old = b"".join(parts)
    new = b"".join(data.draw(st.permutations([*parts, data.draw(st.binary(max_size=4))])))
    found = difference(old, new)
    assert old[: found.begin] + found.middle + (old[-found.end :] if found.end else b"") == new
    assert found.begin + found.end <= min(len(old), len(new))
