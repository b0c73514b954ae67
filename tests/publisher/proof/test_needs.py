"""The table of needs names commands and files that exist, and says of each item what is not shown."""

from __future__ import annotations

from mailer.cli import groups as mail
from plugins.cli import groups as site
from publisher.cli import groups as publication
from publisher.proof.needs import COVERS, SOURCES, read_needs

PARTS = {
    "approvals/",
    "audit-log/",
    "mail/",
    "mail/export.json",
    "releases/",
    "keys/",
    "tuf/",
    "accessibility/",
    "sbom/",
    "drills/",
    "verifier/",
}


def test_each_item_names_parts_of_the_pack_and_commands_that_exist() -> None:
    commands = {name for table in (publication, mail, site) for name in table.COMMANDS}
    needs = read_needs()
    assert {need.source for need in needs} == set(SOURCES) and len({need.id for need in needs}) == len(needs)
    for need in needs:
        assert set(need.files) <= PARTS | {"index.html", "SHA256SUMS"}, need.id
        words = [line.split() for line in need.command.split("; ") if line.startswith("todoke ")]
        assert all(" ".join(line[1:3]) in commands or line[1] in commands for line in words), need.id
        assert need.cover in COVERS and (need.cover == "no") == (not need.files), need.id
        assert need.note_ja and need.note_en
