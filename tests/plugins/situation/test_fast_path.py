"""The fast path of an emergency changes the pages of the situation as a full build would, and gives the portal its row."""

from __future__ import annotations

from tests.plugins.emergency.fast_path.test_publish import FLOOD, differing, full_build, only_counts, publish
from tests.plugins.frontmatter.model.test_notices import record
from tests.plugins.situation.days import OPEN, STATUS, situated
from tests.samples.tiny import TinySite


def test_a_grave_notice_brings_the_row_to_the_portal_and_its_banner_to_all_tables_as_a_full_build_does(tiny: TinySite) -> None:
    site = situated(tiny)
    site.write("data/drills/shelter-status.csv", STATUS + OPEN)
    site.build()
    assert not site.tree("/").cssselect("nav.help")
    site.write(str(FLOOD), record(title="石巻市の大雨の知らせ", level="3"))
    publish(site)
    assert len(site.tree("/").cssselect("nav.help a")) == 5
    assert site.tree("/situation/shelters/").cssselect("aside.urgent") and site.tree("/drills/situation/").cssselect("aside.urgent")
    assert only_counts(differing(site.site, full_build(site) / "site"))
