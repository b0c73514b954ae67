"""Three hundred other inputs, broken one by one and in random groups: the notice is live all the same, and what is held back is named."""

from __future__ import annotations

import json
import random
from pathlib import Path, PurePosixPath

import pytest

from plugins.emergency.fast_path.publish import FastPath
from plugins.emergency.fast_path.snapshot import load_snapshot
from plugins.emergency.fast_path.source import read_record
from plugins.typography.phrases import BREAK
from tests.plugins.builder.held_back.test_random_faults import FAULTS, FILES, write_sample
from tests.plugins.emergency.test_mail import LISTS
from tests.plugins.frontmatter.model.test_notices import record
from tests.samples.history import Checkout, make_checkout
from tests.samples.tiny import NOW

FLOOD = PurePosixPath("notices/2021/flood.md")
LIVE = ("notices/light.html", "notices/index.html", "index.html", "feed.xml", "notices/2021/03/flood/cap.xml")


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """A built checkout of three hundred inputs, all of which held in the first commit, and a notice that is not published yet."""
    checkout = make_checkout(tmp_path_factory.mktemp("checkout"))
    toml = checkout.root / "publications.toml"
    notices = 'description = "いますぐの知らせ"'
    toml.write_text(
        toml.read_text("utf-8").replace(notices, f'{notices}\nlist = "urgent"') + LISTS.partition("[lists.exercise]")[0], "utf-8"
    )
    write_sample(checkout.site)
    for number in range(250):
        checkout.site.article(f"press/2019/b{number:03}.md", f"題{number}", "2019-03-01")
    for number in range(36):
        checkout.site.image(f"images/p{number:02}.png", number)
        checkout.site.article(f"press/2018/p{number:02}.md", f"絵{number}", "2018-03-01", f"![絵です](../../images/p{number:02}.png)")
    checkout.commit()
    checkout.site.build()
    checkout.site.write(str(FLOOD), record(title="川があふれます", level="5", date="2021-03-31 11:50"))
    return checkout


def inputs(checkout: Checkout) -> list[Path]:
    """Every input but the notice, and what the last build keeps for the next one."""
    files = [path for path in checkout.site.content.rglob("*") if path.is_file() and path.name != FLOOD.name]
    kept = [
        checkout.site.output / name for name in ("content-cache.sqlite", "manifest", "build-record.json", "search.json", "moments.json")
    ]
    return sorted([*files, checkout.root / "publications.toml", *kept])


def first_stage(checkout: Checkout) -> dict[str, bytes]:
    """Publish the notice, and return what is live after the first stage, where nothing was before."""
    site = checkout.site
    for name in LIVE[:1] + LIVE[4:]:
        (site.site / name).unlink(missing_ok=True)
    snapshot = load_snapshot(site.output)
    document = read_record(site.content, FLOOD, snapshot, NOW)
    stage = next(FastPath(snapshot, document, site.content, site.output, site.root / "cache", NOW).stages())
    assert stage.failed == () and stage.bundles == ("urgent/20210331-1150-flood",)
    return {name: (site.site / name).read_bytes() for name in LIVE}


def test_any_of_three_hundred_inputs_may_be_broken_and_the_notice_is_live(checkout: Checkout) -> None:
    whole, files = first_stage(checkout), inputs(checkout)
    assert len(files) >= 300
    for number, path in enumerate(files):
        data = path.read_bytes()
        path.write_bytes((b"", data[: len(data) // 2], b"\x00\xff" + data)[number % 3])
        assert first_stage(checkout) == whole, path
        path.write_bytes(data)


def test_groups_of_broken_inputs_hold_nothing_up_and_the_full_build_names_each(checkout: Checkout) -> None:
    whole, choice = first_stage(checkout), random.Random(311)
    articles = [f"press/2019/b{number:03}.md" for number in range(250)] + list(FILES[:6])
    for size in (2, 20, 250):
        broken = sorted(choice.sample(articles, size))
        texts = {path: (checkout.site.content / path).read_bytes() for path in broken}
        for path, data in texts.items():
            (checkout.site.content / path).write_bytes(FAULTS["emptied"](data))
        assert first_stage(checkout) == whole
        checkout.site.build(strict=False)
        assert [row["path"] for row in json.loads((checkout.site.output / "held-back.json").read_bytes())] == [
            f"content/{p}" for p in broken
        ]
        assert "川があふれます" in checkout.site.page("/notices/").replace(BREAK, "")
        for path, data in texts.items():
            (checkout.site.content / path).write_bytes(data)
