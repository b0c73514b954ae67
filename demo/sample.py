"""What the demonstration invents: subscribers, settings of the mailer, a signing key."""

from __future__ import annotations

import csv
import itertools
import re
import secrets
import shutil
from pathlib import Path

from mailer import private_files

LEAVER = "reader0007@example.jp"
NEWCOMER = "hanako@example.jp"
FIRST, SECOND = "fukko-press/45", "fukko-press/46"
"""Issues of the sample content."""

_FAMILY_NAMES = (
    "佐藤 鈴木 高橋 佐々木 千葉 阿部 菅原 及川 遠藤 三浦 後藤 今野 斎藤 小野寺 伊藤 加藤 菊地 村上 熊谷 吉田 渡辺 大友 庄司 早坂 星".split()
)
_GIVEN_NAMES = (
    "太郎 花子 一郎 美咲 健 陽子 翔太 さくら 誠 由美 大輔 恵子 直樹 真理 和也 智子 拓海 綾 剛 久美子"
    " 亮 葵 修 結衣 浩 千尋 徹 香織 進 奈々 勇 千夏 光 真央 豊 早紀 稔 彩 学 静"
).split()


TENTH = 10
"""Every so many-th invented person reads the emergency mail too."""


def write_subscribers(path: Path, number: int) -> None:
    """Write invented people of the list ``fukko-press``, at most 1,000, as ``email,name,lists``, some of them of ``emergency`` too. The domain is reserved for examples."""
    names = itertools.islice(itertools.product(_FAMILY_NAMES, _GIVEN_NAMES), number)
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["email", "name", "lists"])
        rows.writerows(
            [f"reader{count:04}@example.jp", f"{family_name} {given_name}", "fukko-press" if count % TENTH else "fukko-press emergency"]
            for count, (family_name, given_name) in enumerate(names, 1)
        )


def write_publications(path: Path, service: str) -> None:
    """Write ``publications.toml`` of the checkout with the demonstration's subscription service in it."""
    text = Path("publications.toml").read_text("utf-8")
    path.write_text(re.sub(r'(?m)^service = "[^"]*"', f'service = "{service}"', text), "utf-8")


def write_settings(settings: Path, service: str, smtp_port: int) -> None:
    """Write ``mailer.toml``, and beside it a fresh signing key."""
    key = settings.with_name("secret")
    private_files.write_new(key, f"{secrets.token_urlsafe(48)}\n".encode())
    settings.write_text(
        f'''# 実演のための設定。 Settings of the demonstration.
service_url = "{service}"
database = "sqlite:///todoke.db"
message_id_domain = "todoke.example.jp"
return_path = "bounce@todoke.example.jp"
secret_file = "secret"

[approval]
default = "required"
identity = "name"    # 実演には鍵がない / nobody has a key here
content = "editors"  # 書いた人の記録がある場所 / whose history says who wrote
authors = "{"git" if shutil.which("git") else "stated"}"
emergency = "off"    # 緊急のお知らせは、出すときに二人の名前を書く / two people are named when a notice goes out

[relay]
host = "127.0.0.1"
port = {smtp_port}
tls = "none"
connections = 4
''',
        encoding="utf-8",
    )
