"""A site of any size, from a seed: the real publications, theme and pictures, with invented articles.

python -m benchmarks.corpus 10000 FOLDER
"""

from __future__ import annotations

import datetime as dt
import random
import shutil
import sys
from pathlib import Path

_SUBJECTS = "駅 港 堤防 学校 商店街 住宅 公園 橋 道路 市場 水門 図書館 診療所 田 いちご畑 養殖場 工場 集会所 灯台 記念館".split()
_VERBS = "が完成しました が再開しました の工事が進みました の計画がまとまりました を訪ねました で催しが開かれました に人が戻りました が十年を迎えました".split()
_WORDS = (
    "復興 まちづくり 漁業 農業 観光 県民 市町村 住まい 仮設住宅 災害公営住宅 避難 支援 ボランティア 子ども 高齢者 記憶 津波 海岸"
    " 道路 鉄道 かさ上げ 防災 訓練 商工業 雇用 水産加工 笹かまぼこ 牡蠣 わかめ さんま 米 いちご 酒蔵 温泉 祭り 神楽 太鼓"
).split()
_LINKS = "について を中心に とともに に向けて を通じて のなかで として から まで への".split()
_ENDS = "が進められています。 に取り組んでいます。 が始まりました。 の声が聞かれました。 を見守っています。 が続いています。".split()
_PUBLICATIONS = ("fukko-press", "musubimaru", "mailmaga")
_TOPICS = "住まい まちづくり 道路・交通 港・海岸 水産業 農業 商工業・仕事 観光 記憶の継承 支援と交流 防災 くらし".split()
START = dt.datetime(2011, 4, 1, 10, 0)  # noqa: DTZ001 - written as front matter, which has no zone


def write_corpus(root: Path, number: int, seed: int = 311) -> None:
    """Write ``content/`` and ``publications.toml`` below ``root``: ``number`` articles from 2011 to 2021 over three publications.

    The sample's pictures, tables and pages are copied; its articles are not.
    """
    rng = random.Random(seed)
    content = root / "content"
    for folder in ("images", "data", "pages"):
        shutil.copytree(Path("content") / folder, content / folder, ignore=shutil.ignore_patterns("drawings"))
    shutil.copy("publications.toml", root)
    pictures = sorted(path.name for path in (content / "images").glob("press-*.png"))
    places = [line.split(",")[1] for line in (content / "data/municipalities.csv").read_text(encoding="utf-8").splitlines()[1:]]
    for count in range(number):
        date = START + dt.timedelta(hours=count * 24 * 3650 / number)
        write_article(content, count, date, rng, pictures, places)


def write_article(content: Path, count: int, date: dt.datetime, rng: random.Random, pictures: list[str], places: list[str]) -> Path:
    """Write article ``count`` of about 900 characters: a lead and three sections, two in five with a table, three in ten with a picture."""
    publication = _PUBLICATIONS[count % len(_PUBLICATIONS)]
    path = content / publication / f"{date.year}" / f"a{count:06}.md"
    path.parent.mkdir(parents=True, exist_ok=True)
    place = rng.choice(places)
    header = [f"title: {place}の{rng.choice(_SUBJECTS)}{rng.choice(_VERBS)}", f"date: {date:%Y-%m-%d %H:%M}", f"municipalities: [{place}]"]
    header.append(f"topics: [{', '.join(rng.sample(_TOPICS, 2))}]")
    if rng.random() < 0.3:
        header += [f"image: ../../images/{rng.choice(pictures)}", "image_alt: 見本の絵"]
    body = [_paragraph(rng, 2)]
    for section in range(3):
        body += [f"## {rng.choice(_WORDS)}と{rng.choice(_WORDS)}", _paragraph(rng, 4), _paragraph(rng, 3)]
        if section == 1 and rng.random() < 0.4:
            body.append(_table(rng))
    path.write_text("---\n" + "\n".join(header) + "\n---\n" + "\n\n".join(body) + "\n", encoding="utf-8", newline="\n")
    return path


def _paragraph(rng: random.Random, sentences: int) -> str:
    return "".join(_sentence(rng) for _ in range(sentences))


def _sentence(rng: random.Random) -> str:
    return f"{rng.choice(_WORDS)}{rng.choice(_LINKS)}、{rng.choice(_WORDS)}と{rng.choice(_WORDS)}{rng.choice(_LINKS)}{rng.choice(_WORDS)}{rng.choice(_ENDS)}"


def _table(rng: random.Random) -> str:
    rows = [f"| {rng.choice(_WORDS)} | {rng.randrange(1, 500)}件 | {rng.randrange(1, 100)}％ |" for _ in range(4)]
    return "\n".join(["| 区分 | 数 | 割合 |", "|---|---|---|", *rows])


if __name__ == "__main__":
    write_corpus(Path(sys.argv[2]), int(sys.argv[1]))
