"""Whatever bytes a file has: it is read, or refused with a reason; nothing that a mail cannot carry comes out, and no status becomes consent."""

from __future__ import annotations

import tracemalloc
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mailer.model.errors import CsvError
from mailer.model.readers import addresses
from mailer.subscribers.imports.content import Choices, read_content
from mailer.subscribers.imports.spool import open_spool
from tests.samples.mail.mail_bundles import LIST

LISTS = {LIST.key: LIST}
CELL = st.text(st.sampled_from("a@b.jp,;\t\"\n\r あ\x00\u202e\ud7ff=?<>'解除"), max_size=12) | st.sampled_from(
    ["a@example.jp", "b@example.jp", "fukko-press", "配信中", "解除", "", "x" * 200, "=cmd()", "\ufeff"]
)
HEADING = st.sampled_from(
    ["email,name,lists,status", "メールアドレス;氏名;リスト;ステータス", "email\tname\tlists\tstatus", "email,name", "a@example.jp", ""]
)
TABLES = st.builds(
    lambda heading, rows, codec: "\n".join([heading, *(",".join(row) for row in rows)]).encode(codec, "replace"),
    HEADING, st.lists(st.lists(CELL, max_size=5), max_size=6), st.sampled_from(["utf-8", "cp932", "utf-16", "utf-16-be", "iso2022_jp", "utf-8-sig"]),
)  # fmt: skip


@given(TABLES | st.binary(max_size=300))
@example(b"email,lists\n" + b'"' * 5000)
@example(b"email,lists\n" + b"a" * 200_000)
@example("email,lists\n".encode("utf-16") + b"\xd8")
@example(b"\x1b$email,lists\n")
@example(b"email,lists\n\x00@example.jp,fukko-press\n")
@settings(max_examples=300)
def test_any_bytes_are_read_or_refused_and_only_safe_addresses_come_out(raw: bytes) -> None:
    with TemporaryDirectory() as folder, open_spool() as spool:
        path = Path(folder) / "x.csv"
        path.write_bytes(raw)
        try:
            content = read_content(path, LISTS, Choices(fixed=(LIST.key,)), spool)
        except CsvError as error:
            assert str(error)
            return
        rows = [row for portion in spool.portions() for row in portion]
        assert content.accepted == len(rows) <= content.rows
        for key, address, name, lists, form, _ in rows:
            assert addresses.parse(address) == address and addresses.address_key(address) == key
            assert addresses.check_name(name) == name and lists == LIST.key and form in ("", "html", "light")


@pytest.mark.parametrize(
    "start",
    [b"email,lists\n", b"", b"a@example.jp\n", b"# roster\n", b'email,lists\n"'],
    ids=["table", "heading", "roster", "comment", "quoted"],
)
def test_a_file_that_is_one_line_without_an_end_is_refused_and_does_not_fill_the_memory(tmp_path: Path, start: bytes) -> None:
    path = tmp_path / "x.csv"
    with path.open("wb") as file:
        file.write(start)
        for _ in range(30):
            file.write(b"a" * (1 << 20))
    tracemalloc.start()
    with pytest.raises(CsvError), open_spool() as spool:
        read_content(path, LISTS, Choices(fixed=(LIST.key,)), spool)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 15_000_000
