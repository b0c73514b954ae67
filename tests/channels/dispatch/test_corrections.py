"""What people see of a record that changes, ends or is withdrawn after it was announced."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol

import pytest

from channels.announcement import Announcement, AnnouncementKind, Change, Live
from channels.destinations import destinations
from channels.model import Traits
from channels.outbox.outbox import PostState
from tests.samples.announcing.announcements import ADDRESS, MOMENT, announcement, channel
from tests.samples.announcing.outboxes import Office, office
from tests.samples.mail.databases import with_tables
from tests.servers.networks.simple_network import Behaviour, SimpleAdapter, SimpleNetwork

KEYS = timedelta(hours=1)
EDITS, ANSWERS, DELETES = (
    Traits(key_life=KEYS, can_edit=True, can_answer=True),
    Traits(key_life=KEYS, can_answer=True),
    Traits(key_life=KEYS, can_delete=True, can_answer=True),
)
END = MOMENT + timedelta(hours=6)


@pytest.fixture
def network() -> Iterator[SimpleNetwork]:
    with SimpleNetwork() as served:
        yield served


class MakeOffice(Protocol):
    """Opens an office whose channel has these traits."""

    def __call__(self, traits: Traits, **values: Any) -> Office: ...


@pytest.fixture
def make_office(tmp_path: Path, network: SimpleNetwork) -> Iterator[MakeOffice]:
    with ExitStack() as opened:

        def make(traits: Traits, **values: Any) -> Office:
            url = with_tables(f"sqlite:///{tmp_path / 'var' / 'todoke.db'}")
            return opened.enter_context(office(url, tmp_path, [channel(name="a", **values)], [SimpleAdapter("a", network.url, traits)]))

        yield make


def warning(number: int, title: str, change: Change = Change.NEW, follows: int | None = None) -> Announcement[Live]:
    return announcement(
        title,
        record=f"emergency/x/{number}",
        kind=AnnouncementKind.EMERGENCY,
        until=END,
        change=change,
        follows=f"emergency/x/{follows}" if follows else None,
        moment=MOMENT + timedelta(minutes=number),
    )


def test_where_a_post_can_be_edited_a_correction_takes_its_place(make_office: MakeOffice, network: SimpleNetwork) -> None:
    here = make_office(EDITS)
    for title in ("十一日から", "十二日から", "十二日から"):
        here.enter(announcement(title))
        here.post()
    assert network.texts() == [f"【訂正】十二日から\n{ADDRESS}"]
    assert network.calls == ["post", "edit"]


def test_where_it_cannot_be_edited_a_correction_answers_it(make_office: MakeOffice, network: SimpleNetwork) -> None:
    here = make_office(ANSWERS)
    for title in ("十一日から", "十二日から"):
        here.enter(announcement(title))
        here.post()
    assert network.texts() == [f"十一日から\n{ADDRESS}", f"【訂正】十二日から\n{ADDRESS}"]
    assert network.seen[1].answers == network.seen[0].remote


def test_where_the_operator_wants_it_the_wrong_post_is_deleted(make_office: MakeOffice, network: SimpleNetwork) -> None:
    here = make_office(DELETES, corrections="delete")
    for title in ("十一日から", "十二日から"):
        here.enter(announcement(title))
        here.post()
    assert network.texts() == [f"【訂正】十二日から\n{ADDRESS}"]
    assert network.calls == ["post", "delete", "post"]


def test_what_has_not_been_tried_yet_is_written_anew_and_is_no_correction(make_office: MakeOffice, network: SimpleNetwork) -> None:
    here = make_office(ANSWERS)
    for title in ("十一日から", "十二日から"):
        here.enter(announcement(title))
    here.post()
    assert network.texts() == [f"十二日から\n{ADDRESS}"]


def test_what_the_network_may_have_is_not_written_anew(make_office: MakeOffice, network: SimpleNetwork) -> None:
    """The same key with other words: the network answers with the post that it has, and the outbox would believe that people read the new words."""
    network.behave = iter([Behaviour.TAKE_AND_DROP, *[Behaviour.TAKE] * 9]).__next__
    here = make_office(ANSWERS)
    here.enter(announcement("十一日から"))
    here.post()
    here.enter(announcement("十二日から"))
    here.clock.pass_(minutes=2)
    here.post(rounds=2)
    assert network.texts() == [f"十一日から\n{ADDRESS}", f"【訂正】十二日から\n{ADDRESS}"]


def test_the_end_of_a_warning_answers_it_and_puts_it_right_where_that_can_be_done(make_office: MakeOffice, network: SimpleNetwork) -> None:
    here = make_office(EDITS)
    here.enter(warning(1, "避難指示"))
    here.post()
    here.enter(warning(2, "避難は終わりです", Change.CANCEL, 1))
    here.post(rounds=2)
    assert network.texts() == [f"【解除】避難は終わりです\n{ADDRESS}"] * 2
    assert network.seen[1].answers == network.seen[0].remote


def test_an_update_of_a_warning_is_a_post_of_its_own_and_leaves_the_one_before(make_office: MakeOffice, network: SimpleNetwork) -> None:
    here = make_office(EDITS)
    here.enter(warning(1, "高齢者等避難"), warning(2, "避難指示", Change.UPDATE, 1))
    here.post(rounds=2)
    assert network.texts() == [f"高齢者等避難\n{ADDRESS}", f"【更新】避難指示\n{ADDRESS}"]


def test_a_correction_waits_until_it_is_known_what_became_of_the_post_that_it_corrects(
    make_office: MakeOffice, network: SimpleNetwork
) -> None:
    network.behave = lambda: Behaviour.TAKE_AND_DROP
    here = make_office(Traits(key_life=None))
    here.enter(announcement("十一日から"))
    here.post()
    here.enter(announcement("十二日から"))
    here.clock.pass_(minutes=5)
    network.behave = lambda: Behaviour.TAKE
    here.post()
    assert here.states() == [PostState.PENDING, PostState.UNKNOWN]
    (post,) = here.outbox.list_posts(states=[PostState.UNKNOWN])
    here.outbox.resolve(post.key, PostState.SENT, by="tests", now=here.clock.now, remote="1")
    here.post()
    assert network.texts()[-1] == f"【訂正】十二日から\n{ADDRESS}"


@pytest.mark.parametrize(
    ("traits", "corrections", "texts"),
    [
        (EDITS, "answer", [f"【取消】開通\n{ADDRESS}"]),
        (DELETES, "delete", []),
        (ANSWERS, "answer", [f"開通\n{ADDRESS}", f"【取消】開通\n{ADDRESS}"]),
    ],
)
def test_what_was_withdrawn_is_taken_back_as_the_network_can(
    make_office: MakeOffice, network: SimpleNetwork, traits: Traits, corrections: str, texts: list[str]
) -> None:
    here = make_office(traits, corrections=corrections)
    here.enter(announcement("開通"))
    here.post()
    for _ in range(2):
        here.outbox.withdraw(announcement().record, destinations(here.settings), here.clock.now)
        here.post()
    assert network.texts() == texts


def test_what_was_withdrawn_before_it_was_tried_is_never_posted(make_office: MakeOffice, network: SimpleNetwork) -> None:
    here = make_office(EDITS)
    here.enter(announcement("開通"))
    here.outbox.withdraw(announcement().record, destinations(here.settings), here.clock.now)
    here.post()
    assert (here.states(), network.calls) == ([PostState.EXPIRED], [])
