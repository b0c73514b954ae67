"""An exception where none is expected, in a callback of the event loop: the run ends with it, and what has left is known."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path

import pytest

from mailer.database.deliveries import issues, ledger
from mailer.model.state import DeliveryState
from mailer.sending import send as sending
from tests.samples.mail.mail_bundles import REF, Installation, RecordedProgress, installation
from tests.servers.smtp import Behaviour, Receiver

FAULTS = [ValueError("a fault of ours"), BrokenPipeError("the terminal is gone")]
"""asyncio tells its exception handler of the first and nobody of the second."""


def counts(home: Installation) -> dict[DeliveryState, int]:
    frozen = issues.find(home.database, REF)
    assert frozen is not None
    return {state: number for state, number in ledger.counts(home.database, frozen.issue_id).items() if number}


def raising(fault: Exception) -> RecordedProgress:
    def fail(_state: DeliveryState) -> None:
        raise fault

    return RecordedProgress(after=fail)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: type(fault).__name__)
@pytest.mark.parametrize("pipelining", ["auto", "off"])
@pytest.mark.parametrize("behaviour", [Behaviour(), Behaviour(drop_after_body={"reader1@example.jp"})], ids=["answered", "lost"])
def test_a_fault_while_a_reply_is_recorded_ends_the_run_and_nobody_gets_a_second_copy(
    tmp_path: Path, fault: Exception, pipelining: str, behaviour: Behaviour
) -> None:
    with Receiver(behaviour) as receiver:
        home = installation(tmp_path, receiver.port, readers=30, connections=2, relay=f'tls = "none"\npipelining = "{pipelining}"')
        with pytest.raises(type(fault)):
            sending.send(home.context, home.root, REF, raising(fault))
        sending.send(home.context, home.root, REF, RecordedProgress())
    got, known = Counter(receiver.recipients), counts(home)
    assert max(got.values()) == 1, "somebody got two copies"
    assert known.get(DeliveryState.SENT, 0) + known.get(DeliveryState.UNKNOWN, 0) == 30
    assert known.get(DeliveryState.SENT, 0) <= sum(got.values())


def test_a_fault_in_a_callback_of_the_loop_ends_the_run(tmp_path: Path) -> None:
    def fail() -> None:
        raise ValueError("a fault of ours")

    def plan(_state: DeliveryState) -> None:
        asyncio.get_running_loop().call_soon(fail)

    with Receiver() as receiver:
        home = installation(tmp_path, receiver.port, readers=200, connections=1)
        with pytest.raises(ValueError, match="of ours"):
            sending.send(home.context, home.root, REF, RecordedProgress(after=plan))
        sending.send(home.context, home.root, REF, RecordedProgress())
    assert max(Counter(receiver.recipients).values()) == 1
    assert sum(counts(home).values()) == 200 and DeliveryState.CLAIMED not in counts(home)
