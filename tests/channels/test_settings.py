"""``channels.toml``: every bad key is told together, and a secret that others could read is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from channels.settings import ChannelsError, load_settings, secret_of
from tests.samples.announcing.announcements import KINDS, OWN, channel


def write(folder: Path, text: str) -> Path:
    path = folder / "channels.toml"
    path.write_text(text, "utf-8")
    return path


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_can_be_written_in_the_file_and_its_paths_are_beside_it(tmp_path: Path, kind: str) -> None:
    own = "".join(f"{key} = {value if isinstance(value, int | float) else repr(value)}\n" for key, value in OWN[kind].items())
    text = f'mailer = "m.toml"\n[[channel]]\nname = "a"\nkind = "{kind}"\nsecret_file = "key"\n{own}'
    settings = load_settings(write(tmp_path, text))
    (only,) = settings.channel
    assert (only.kind.value, only.secret_file, settings.mailer) == (kind, tmp_path / "key", tmp_path / "m.toml")


def test_every_bad_key_is_told_together_and_no_value_with_it(tmp_path: Path) -> None:
    text = (
        '[[channel]]\nname = "A B"\nkind = "mastodon"\nserver = "http://social.example.jp"\npassword = "hidden"\n'
        '[[channel]]\nname = "b"\nkind = "bluesky"\nhandle = "news.example.jp"\nper_day = 10\nreserved = 10\n'
    )
    with pytest.raises(ChannelsError) as caught:
        load_settings(write(tmp_path, text))
    told = str(caught.value)
    assert all(word in told for word in ("name", "server", "https://", "password", "reserved = 10 leaves nothing of 10"))
    assert "hidden" not in told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "there is no such file, or nothing in it"),
        ("[[channel]\n", "cannot be read"),
        ('[[channel]]\nname = "a"\nkind = "fax"\n', "channel.0"),
        ('[[channel]]\nname = "a"\nkind = "line"\n' * 2, "two channels have one name: a"),
    ],
)
def test_what_is_no_settings_is_told(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(ChannelsError, match=told):
        load_settings(write(tmp_path, text))


def test_a_secret_comes_from_the_environment_or_from_a_file_that_nobody_else_reads(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text("from the file\n", "ascii")
    key.chmod(0o600)
    own = channel(name="kenmin-line", kind="line", secret_file=key)
    assert secret_of(own, {}).get_secret_value() == "from the file"
    assert secret_of(own, {"TODOKE_CHANNEL_KENMIN_LINE": "from there"}).get_secret_value() == "from there"
    assert "from" not in repr(secret_of(own, {}))
    key.chmod(0o640)
    with pytest.raises(ChannelsError, match="chmod 600"):
        secret_of(own, {})
    with pytest.raises(ChannelsError, match="set secret_file or TODOKE_CHANNEL_X"):
        secret_of(channel("x"), {})
    assert secret_of(channel("websub"), {}).get_secret_value() == ""
