"""Diagrams are drawn from their sources."""

from __future__ import annotations

import re
from enum import StrEnum
from xml.etree import ElementTree

import pytest

from docs.generate.sequence import sequence_svg
from docs.generate.states import states_diagram, states_table

SOURCE = "# a comment\nactors: editor, mailer\n-- begin\neditor -> mailer: send <b> & go\nmailer: thinks\nmailer -> editor: done\n"


class Light(StrEnum):
    PENDING = "pending"
    SENT = "sent"


LIGHTS = {Light.PENDING: frozenset({Light.SENT}), Light.SENT: frozenset[Light]()}


def test_a_sequence_is_well_formed_svg_with_a_name_and_every_text() -> None:
    root = ElementTree.fromstring(sequence_svg(SOURCE, "One <delivery>"))
    texts = ["".join(element.itertext()) for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert texts == ["editor", "mailer", "begin", "send <b> & go", "thinks", "done"]
    assert root.findtext("{http://www.w3.org/2000/svg}title") == "One <delivery>"


def test_arrows_point_from_the_one_who_sends_to_the_one_who_receives() -> None:
    there, back = (tuple(map(int, found)) for found in re.findall(r'd="M(\d+) \d+H(\d+)" stroke="#55606e"', sequence_svg(SOURCE, "t")))
    assert there == back[::-1]
    assert there[0] < there[1]


def test_a_message_to_somebody_who_is_not_in_the_list_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="no actor 'relay': use one of editor, mailer"):
        sequence_svg(SOURCE + "mailer -> relay: hello\n", "t")


def test_states_without_a_way_out_are_drawn_as_final_and_said_to_be_final() -> None:
    diagram = states_diagram(LIGHTS)
    assert '"pending" -> "sent"' in diagram
    assert '{rank=max; "sent"}' in diagram
    assert "| `sent` | none: final |" in states_table(LIGHTS)
