"""The pages about channels name what the settings have, and nothing that they do not have."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest

from channels.adapters import bluesky, line, mastodon, web_push, websub
from channels.model import ChannelKind, Traits
from channels.settings import AnyChannel, Channel

PAGE = Path("docs/reference/channels.ja.md").read_text("utf-8")
HOW_TO = Path("docs/how-to/channels.ja.md").read_text("utf-8")


@pytest.mark.parametrize("model", get_args(AnyChannel), ids=lambda model: model.__name__)
def test_each_key_of_a_kind_is_described_and_no_other(model: type[Channel]) -> None:
    kind = get_args(model.model_fields["kind"].annotation)[0]
    table = PAGE.partition("## 種類ごとの項目")[2].partition("\n## ")[0]
    section = re.search(rf"^\| `{kind}` \|.*?(?=^\| `|\Z)", table, re.MULTILINE | re.DOTALL)
    assert section, kind
    named = {name for row in section[0].splitlines() for name in re.findall(r"`(\w+)`", row.split("|")[2] if row.count("|") > 2 else "")}
    assert named == {*model.model_fields} - {*Channel.model_fields} - {"kind"}


@pytest.mark.parametrize("kind", ChannelKind)
def test_the_how_to_has_an_example_of_each_kind(kind: ChannelKind) -> None:
    assert f'kind = "{kind}"' in HOW_TO


@pytest.mark.parametrize(
    ("kind", "traits", "life"),
    [("line", line.TRAITS, "24時間"), ("mastodon", mastodon.TRAITS, "1時間"), ("bluesky", bluesky.TRAITS, "期限なし"), ("web-push", web_push.TRAITS, "7日"), ("websub", websub.TRAITS, "期限なし")],
)  # fmt: skip
def test_the_table_of_what_networks_can_do_is_that_of_the_adapters(kind: str, traits: Traits, life: str) -> None:
    row = re.search(rf"^\| `{kind}` \| [^|]+ \| ([^|]+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", PAGE, re.MULTILINE)
    assert row
    said = [each != "—" for each in row.groups()[1:5]]
    assert said == [traits.can_search, traits.can_edit, traits.can_delete, traits.can_answer]
    assert (row[1], row[6]) == (life, f"{traits.max_pictures}枚" if traits.max_pictures else "—")
    assert traits.key_life is not None
    hours = {"24時間": 24, "1時間": 1, "7日": 7 * 24, "期限なし": 365 * 24}[life]
    assert traits.key_life.total_seconds() == hours * 3600


def test_each_example_of_the_how_to_is_read_as_it_stands() -> None:
    import tomllib

    from channels.settings import Settings

    tables = re.findall(r"```toml\n(.*?)```", HOW_TO, re.DOTALL)
    settings = Settings.model_validate({"channel": [channel for table in tables for channel in tomllib.loads(table)["channel"]]})
    assert {channel.kind for channel in settings.channel} == {*ChannelKind}
